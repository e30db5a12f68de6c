#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# mx.pl: scripted MX hosts for the tests, all in one process and on one port,
# each on a loopback address of its own.
#
#	perl mx.pl HOSTS LOG PORTFILE [PORT]
#
# The port (a free one unless given) is written to PORTFILE once all listen.
# HOSTS says which address follows which transcript, and is read again for
# every connection; a new address needs a new start.  A line of it is
#
#	ADDRESS NAME[+NAME...] [| RULE | RULE ...]
#
# where NAME is a transcript in smtp/ beside this file and RULE a line of one.
# The first rule that fits a command counts; smtp/default comes last.
# ADDRESS "full" accepts no connection: SYNs meet a full backlog.
#
# A transcript is a list of "C: PATTERN" lines, each followed by what is said
# to a command that PATTERN (with *, in any case of letters) fits, and begins
# with the greeting.  $1 is what the first * stood for.
# A PATTERN after "null " fits only where the reverse-path is null.
#
#	S: TEXT		TEXT and CRLF; \n, \0, \xHH in TEXT are octets,
#			and \c at its end means that no CRLF follows
#	S: !silence	nothing more is said, nor is the connection closed
#	S: !sleep S	wait S seconds
#	S: !until FILE	wait until FILE exists
#	S: !drop	close the connection	S: !reset	with a RST
#	S: !drip TEXT	one octet a second
#	S: !times N TEXT	TEXT N times (no CRLF but by \r\n)
#	S: !endless TEXT	TEXT for ever (no CRLF but by \r\n)
#
# LOG gets a line for each event, "SECONDS ADDRESS CONNECTION FLIGHT TEXT":
# TEXT is "connect", "close" or a command as it came, and FLIGHT counts the
# reads that brought something after we had spoken: the client's round trips.
use strict;
use warnings;
use File::Basename qw(dirname);
use IO::Select;
use IO::Socket::IP;
use Socket qw(SOL_SOCKET SO_LINGER IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);

my ($hosts_file, $log_file, $port_file, $port) = @ARGV;
die "usage: mx.pl HOSTS LOG PORTFILE [PORT]\n" unless $port_file;
my $smtp = dirname($0) . '/smtp';

open(my $log, '>>', $log_file) or die "$log_file: $!\n";
binmode($log);
$log->autoflush(1);
$SIG{PIPE} = 'IGNORE';

my ($hosts_state, %hosts_last, %rules) = ('');	# as they were read last
my (%listen, @plugs);	# socket => address; what fills the full backlogs
$port = listen_all($port || 0);
open(my $fh, '>', "$port_file.new") or die "$port_file: $!\n";
print $fh "$port\n";
close($fh);
rename("$port_file.new", $port_file) or die "$port_file: $!\n";

my $readers = IO::Select->new(map { $_->[0] } values %listen);
my $writers = IO::Select->new;
my $count = 0;		# connections so far
my %conn;		# socket => { sock addr id in out wake flight spoke rules }

for (;;) {
	my $wait;
	for my $c (values %conn) {
		my $left = ($c->{wake} // next) - time;
		$wait = $left if !defined $wait || $left < $wait;
	}
	$wait = 0 if defined $wait && $wait < 0;
	my ($can_read, $can_write) =
	    IO::Select->select($readers, $writers, undef, $wait);
	for my $sock (@{$can_read // []}) {
		$listen{$sock} ? greet($listen{$sock}) : hear($conn{$sock} // next);
	}
	for my $sock (@{$can_write // []}) {
		speak($conn{$sock}) if $conn{$sock};
	}
	for my $c (values %conn) {
		next unless defined $c->{wake} && $c->{wake} <= time;
		$c->{wake} = undef;
		speak($c);
	}
}

sub listen_all {
	my ($port) = @_;
	my %hosts = hosts_read();

	TRY: for (1 .. 50) {
		(%listen, @plugs) = ();
		my $try = $port;
		for my $addr (sort keys %hosts) {
			my $full = $hosts{$addr} =~ /^full\b/;
			my $sock = IO::Socket::IP->new(LocalHost => $addr,
			    LocalPort => $try, Listen => 100,
			    Proto => 'tcp', ReuseAddr => 1, V6Only => 1);
			next TRY if !$sock;
			$try ||= $sock->sockport;
			if ($full) {
				listen($sock, 0);
				push @plugs, $sock, map { IO::Socket::IP->new(
				    PeerHost => $addr, PeerPort => $try,
				    Proto => 'tcp', Timeout => 0.2) } 1 .. 3;
				next;
			}
			$listen{$sock} = [$sock, $addr];
		}
		return $try;
	}
	die "mx.pl: cannot listen: $!\n";
}

# The file is read when it has changed.
sub hosts_read {
	my %hosts;
	my $state = join ' ', (Time::HiRes::stat($hosts_file))[1, 7, 9];

	return %hosts_last if $state eq $hosts_state;
	open(my $fh, '<', $hosts_file) or die "$hosts_file: $!\n";
	while (<$fh>) {
		next if /^\s*(#|$)/;
		chomp;
		my ($addr, $script) = split ' ', $_, 2;
		$hosts{$addr} = $script;
	}
	$hosts_state = $state;
	%hosts_last = %hosts;
	return %hosts;
}

# Returns [pattern, [line, ...]], ...; the greeting's pattern is ''.
sub rules_read {
	my ($script) = @_;
	return $rules{$script} if $rules{$script};
	my ($names, @lines) = split /\s*\|\s*/, $script;
	my (@rules, %greeting);

	for my $name ('', split(/\+/, $names =~ s/\s+$//r), 'default') {
		if ($name ne '') {
			open(my $fh, '<', "$smtp/$name") or die "$smtp/$name: $!\n";
			@lines = <$fh>;
		}
		my $rule = ['', []];
		push @rules, $rule;
		for (@lines) {
			chomp;
			if (/^C: ?(.*)/) {
				$rule = [$1, []];
				push @rules, $rule;
			} elsif (/^S: ?(.*)/) {
				push @{$rule->[1]}, $1;
			} elsif (!/^\s*(#|$)/) {
				die "mx.pl: $script: $_\n";
			}
		}
	}
	return $rules{$script} = [grep { @{$_->[1]} } @rules];
}

sub greet {
	my ($listener) = @_;
	my $sock = $listener->[0]->accept or return;
	my %hosts = hosts_read();

	$sock->blocking(0);
	setsockopt($sock, IPPROTO_TCP, TCP_NODELAY, 1);
	my $c = $conn{$sock} = { sock => $sock, addr => $listener->[1],
	    id => ++$count, in => '', out => [], flight => 0, spoke => 0,
	    rules => rules_read($hosts{$listener->[1]} // 'default') };
	$readers->add($sock);
	note($c, 'connect');
	reply($c, '');
}

sub hear {
	my ($c) = @_;

	if (!sysread($c->{sock}, $c->{in}, 65536, length $c->{in})) {
		return hang_up($c);
	}
	$c->{flight}++ if $c->{spoke};
	$c->{spoke} = 0;
	while ($conn{$c->{sock}} && $c->{in} =~ s/^(.*?)\r?\n//s) {
		note($c, $1);
		reply($c, $1);
	}
}

# Queue what the transcript says to a command.
sub reply {
	my ($c, $command) = @_;

	$c->{null} = $command =~ /<>/ if $command =~ /^MAIL/i;
	for my $rule (@{$c->{rules}}) {
		next if ($rule->[0] eq '') != ($command eq '');
		next if $rule->[0] =~ /^null / && !$c->{null};
		my @parts = split /\*/, $rule->[0] =~ s/^null //r, -1;
		my $pattern = join '(.*)', map { quotemeta } @parts;
		next if $command !~ /^$pattern$/si;
		my $star = $1 // '';
		for my $line (map { s/\$1/$star/gr } @{$rule->[1]}) {
			# lines that belong together travel in one packet
			if ($line =~ /^!/) {
				push @{$c->{out}}, $line;
			} elsif (@{$c->{out}} && ref $c->{out}[-1]) {
				$c->{out}[-1] = \(${$c->{out}[-1]} . octets($line));
			} else {
				push @{$c->{out}}, \octets($line);
			}
		}
		return speak($c);
	}
}

# Say what is queued, as far as the client takes it and no pause comes.
sub speak {
	my ($c) = @_;

	$writers->remove($c->{sock});
	while (!defined $c->{wake} && @{$c->{out}}) {
		my $line = $c->{out}[0];
		my ($verb, $arg) = ref $line ? '' : $line =~ /^!(\w+) ?(.*)/s;
		if (!$verb) {
			return if !push_octets($c, $line);
		} elsif ($verb eq 'silence') {
			return;
		} elsif ($verb eq 'sleep') {
			shift @{$c->{out}};
			$c->{wake} = time + $arg;
		} elsif ($verb eq 'until') {
			$c->{wake} = time + 0.02 if !-e $arg;
			shift @{$c->{out}} if !defined $c->{wake};
		} elsif ($verb eq 'drip') {
			my @octets = split //, octets($arg);
			splice @{$c->{out}}, 0, 1,
			    map { (\"$_", '!sleep 1') } @octets;
		} elsif ($verb eq 'times') {
			my ($n, $text) = split ' ', $arg, 2;
			$c->{out}[0] = \(octets("$text\\c") x $n);
		} elsif ($verb eq 'endless') {
			unshift @{$c->{out}}, \(octets("$arg\\c") x 1000);
		} else {
			setsockopt($c->{sock}, SOL_SOCKET, SO_LINGER,
			    pack('ii', 1, 0)) if $verb eq 'reset';
			return hang_up($c);
		}
	}
}

# Write the head of the queue; returns whether all of it went.
sub push_octets {
	my ($c, $line) = @_;
	my $n = syswrite($c->{sock}, $$line) // 0;

	$c->{spoke} = 1 if $n > 0;
	if ($n < length $$line) {
		$c->{out}[0] = \substr($$line, $n);
		$writers->add($c->{sock});
		return 0;
	}
	shift @{$c->{out}};
	return 1;
}

sub octets {
	my ($text) = @_;
	my $end = $text =~ s/\\c$// ? '' : "\r\n";

	$text =~ s/\\(x[0-9a-fA-F]{2}|.)/$1 =~ m,^x(..), ? chr hex $1 :
	    { n => "\n", r => "\r", 0 => "\0" }->{$1} \/\/ $1/gse;
	return $text . $end;
}

sub hang_up {
	my ($c) = @_;

	note($c, $_) for split /\r?\n/, $c->{in};
	note($c, 'close');
	$readers->remove($c->{sock});
	$writers->remove($c->{sock});
	delete $conn{$c->{sock}};
	close($c->{sock});
}

sub note {
	my ($c, $text) = @_;

	printf $log "%.3f %s %d %d %s\n", time, @$c{qw(addr id flight)}, $text;
}
