#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# storm.pl: a spam run with forged senders, as the hosts see it that are asked
# about them.  Needs tcpserver(1); all of it happens on loopback.
#
#	perl tests/manners/storm.pl [NAME=VALUE...]
#
# messages=10000, senders=3000, domains=200, at=32 (at a time), rate=60/m,
# compare=1 (once more with one callout for each query), seed=1.
# Half of the senders are at domains of one host, the victim.  Prints a table
# and fails if a host saw more at a time than perhost, or the victim more than
# the rate allows, or a sender that exists was refused, or one that does not
# was called deliverable, or a message had no answer.
use strict;
use warnings;
use Cwd qw(abs_path);
use Errno qw(EINPROGRESS EAGAIN EINTR);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use List::Util qw(max shuffle);
use Socket qw(SOL_SOCKET SO_ERROR);
use Time::HiRes qw(time sleep);

my %o = (messages => 10000, senders => 3000, domains => 200, at => 32,
    rate => '60/m', compare => 1, seed => 1);
for (@ARGV) {
	my ($name, $value) = /^(\w+)=(\S+)$/;
	die "storm.pl: $_?\n" unless defined $name && exists $o{$name};
	$o{$name} = $value;
}
srand $o{seed};
my $PERHOST = 2;		# what cbvd is to keep to, its own default
my $LIMIT = 300;		# seconds until a message is given up
my $VICTIM = '127.7.0.1';
my ($burst, $unit) = $o{rate} =~ m{^(\d+)/([smh])$} or die "rate=$o{rate}?\n";
my $each = { s => 1, m => 60, h => 3600 }->{$unit} / $burst;

chdir dirname(abs_path($0)) . '/../..' or die;
my $cbvd = abs_path($ENV{CBVD} // './cbvd');
my $dir = tempdir('cbvd-storm.XXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0711, $dir;
my (@pids, @lost);	# lost: messages without an answer
my $joined = 0;
my $parent = $$;
END {
	if (defined $parent && $$ == $parent) {
		my $status = $?;
		kill TERM => $_ for @pids;
		waitpid $_, 0 for @pids;
		$? = $status;
	}
}
$SIG{$_} = sub { exit 1 } for qw(HUP INT TERM);
$SIG{PIPE} = 'IGNORE';

# ---- the world --------------------------------------------------------------

# What the other hosts are like; of $1 those whose local-part begins with real
# exist.
my $real = 'C: RCPT TO:<real*@*>* | S: 250 2.1.5 Ok';
my @kinds = (("default | $real") x 5, 'catch-all', 'greylisting',
    'blocked-greeting', 'drop-greeting',
    "default | C: RCPT TO:<*>* | S: !sleep 1 | S: 550 5.1.1 User unknown",
    "no-pipelining | $real", 'null-path-mail | ' . $real);
my (@domains, %any, $zone, $hosts);
my $tag = "s$$";		# our lines in a log that others write to, too
$hosts = "$VICTIM default | S: !sleep 0.1 | S: 220 mx.victim.test ESMTP | $real\n";
$zone = "mx.victim.test A $VICTIM\n";
for my $i (0 .. $o{domains} - 1) {
	my $domain = "d$i.$tag.test";
	push @domains, $domain;
	if ($i % 2) {
		$zone .= "$domain MX 10 mx.victim.test\n";
	} elsif ($i % 20 == 0) {
		$zone .= "$domain MX 0 .\n" if $i % 40;
	} else {
		# three domains have one host
		my $n = int($i / 6);
		my $ip = sprintf '127.7.%d.%d', 1 + $n / 250, 1 + $n % 250;
		$zone .= "$domain MX 10 mx$n.test\n";
		$any{$domain} = $kinds[$n % @kinds] =~ /catch-all|sleep/;
		next if $zone =~ /^mx$n\.test /m;
		$zone .= "mx$n.test A $ip\n";
		$hosts .= "$ip $kinds[$n % @kinds]\n";
	}
}

# Who is forged, and in which order: each at least once, some in bursts.
my @senders = map {
	(rand() < 0.3 ? 'real' : 'x') . "$_\@$domains[$_ % @domains]"
} 0 .. $o{senders} - 1;
my @bursts = map { [$_] } @senders;
for (my $left = $o{messages} - @senders; $left > 0;) {
	my $n = 1 + int rand($left < 4 ? $left : 4);
	push @bursts, [($senders[rand @senders]) x $n];
	$left -= $n;
}
my @messages = (map { @$_ } shuffle @bursts)[0 .. $o{messages} - 1];

put('zone', $zone);
put('hosts', $hosts);
my $ns_port = server('ns', 'perl', 'tests/ns.pl', "$dir/zone", "$dir/ns.log",
    "$dir/ns");
my $log = log_open();

# ---- the run ----------------------------------------------------------------

my $table = run('cbvd', "-c $dir/cache/cbvd.gdbm");
my $bare = $o{compare} ? run('bare', '-c none') : undef;
my @rows = ('messages', 'senders', 'answered from the cache', 'joined',
    'budget spent', 'busy, or under way', 'by DNS alone',
    '250 deliverable', '252 unknown', '450, 451 temporary',
    '550 undeliverable', 'without an answer', 'false refusals',
    'falsely deliverable', 'longest wait, seconds',
    'connections to all hosts', 'connections to the victim',
    'the victim, at a time', 'any host, at a time', 'seconds');
printf "%-26s %8s%s\n", '', 'cbvd', $bare ? '    -c none' : '';
printf "%-26s %8s%s\n", $_, $table->{$_} // '-',
    $bare ? sprintf('   %8s', $bare->{$_} // '-') : '' for @rows;
my $allowed = $burst + int($table->{span} / $each) + 1;
printf "%-26s %8d\n", 'the rate allows the victim', $allowed;

my @wrong = @lost;
push @wrong, 'the victim saw more than the rate'
    if $table->{'connections to the victim'} > $allowed;
push @wrong, 'a host saw more at a time than perhost'
    if $table->{'any host, at a time'} > $PERHOST;
for ('false refusals', 'falsely deliverable', 'without an answer') {
	push @wrong, "$_: $table->{$_}" if $table->{$_};
}
push @wrong, 'nothing was cached' if !$table->{'answered from the cache'};
print "storm.pl: $_\n" for @wrong;
exit @wrong ? 1 : 0;

# Ask about the senders of all messages; returns the table's column.
sub run {
	my ($name, $cache) = @_;
	my $began = time;
	my $mx_log = "$dir/$name.mx.log";
	mkdir "$dir/cache", 0700;
	chown((getpwnam('_cbvd') // getpwnam('nobody') // $<), -1, "$dir/cache")
	    if $< == 0;
	my $mx_port = server("$name.mx", 'perl', 'tests/mx.pl', "$dir/hosts",
	    $mx_log, "$dir/$name.mx");
	my $port = server("$name.port", 'tcpserver', '-1', '-q', '-HRl0', '-c',
	    200, '-b', 256, '127.0.0.1', 0, $cbvd, '-N', "127.0.0.1:$ns_port",
	    '-p', $mx_port, '-h', 'verifier.test',
	    '-o', "nonglobal,rate=$o{rate},perhost=$PERHOST", split ' ', $cache);
	my $start = time;
	my ($answers, $longest) = ask_all($port);

	my %t = (messages => scalar @messages, senders => scalar @senders,
	    'longest wait, seconds' => sprintf('%.1f', $longest));
	$t{$_} = 0 for @rows = ('answered from the cache', 'budget spent',
	    'busy, or under way', 'by DNS alone', '250 deliverable',
	    '252 unknown', '450, 451 temporary', '550 undeliverable',
	    'without an answer', 'false refusals', 'falsely deliverable',
	    'connections to all hosts', 'connections to the victim');
	for my $i (0 .. $#messages) {
		my $sender = $messages[$i];
		my ($exists) = $sender =~ /^(real)/;
		my ($domain) = $sender =~ /\@(.*)/;
		my ($code, $dsn) = $answers->[$i] =~
		    /^(\d{3}) (\S+) <\Q$sender\E> .*\r\n\z/;
		$code //= 0;
		$t{$code == 250 ? '250 deliverable' : $code == 252 ?
		    '252 unknown' : $code =~ /^45/ ? '450, 451 temporary' :
		    $code == 550 ? '550 undeliverable' : 'without an answer'}++;
		push @lost, "$sender: " . ($answers->[$i] || 'nothing') unless $code;
		next unless $code;
		my $cached = $answers->[$i] =~ /\(cached [^()]*\)\r\n\z/;
		my $dns = $dsn =~ /^5\.(1\.8|7\.27)$/;
		$t{'answered from the cache'}++ if $cached;
		$t{'budget spent'}++ if $answers->[$i] =~ / budget spent: /;
		$t{'busy, or under way'}++ if $dsn =~ /^4\.(3\.2|4\.7)$/;
		$t{'by DNS alone'}++ if $dns && !$cached;
		# what is refused for its domain cannot exist
		$t{'false refusals'}++ if $code == 550 && !$dns && $exists &&
		    !$any{$domain};
		$t{'falsely deliverable'}++ if $code == 250 && !$exists;
	}
	if (defined $log) {
		$t{joined} = log_joined();
		$t{'answered from the cache'} -= $t{joined};
	}

	# A connection may still be closing, when all have their answers.
	my (%now, %most, $last);
	open(my $events, '<', $mx_log) or die "$mx_log: $!\n";
	while (<$events>) {
		my ($time, $ip, $id, $flight, $what) = split ' ';
		if ($what eq 'close') {
			$now{$ip}--;
		} elsif ($what eq 'connect') {
			$now{$ip}++;
			$most{$ip} = max($most{$ip} // 0, $now{$ip});
			$t{'connections to all hosts'}++;
			next if $ip ne $VICTIM;
			$t{'connections to the victim'}++;
			$last = $time;
		}
	}
	$t{'the victim, at a time'} = $most{$VICTIM} // 0;
	$t{'any host, at a time'} = max(0, values %most);
	$t{span} = ($last // $start) - $start;
	$t{seconds} = int(time - $began);
	return \%t;
}

# Returns the answers and the longest time one took.
sub ask_all {
	my ($port) = @_;
	my ($next, $longest, %c, @answers) = (0, 0);
	my ($read, $write) = (IO::Select->new, IO::Select->new);

	while ($next < @messages || %c) {
		while ($next < @messages && keys %c < $o{at}) {
			my $s = IO::Socket::INET->new(Proto => 'tcp',
			    PeerAddr => '127.0.0.1', PeerPort => $port,
			    Timeout => $LIMIT) or die "connect: $!\n";
			print $s "$messages[$next]\r\n";
			$s->flush;
			$s->blocking(0);
			$c{$s} = [$s, $next, time];
			$answers[$next++] = '';
			$read->add($s);
		}
		log_read();
		for my $s ($read->can_read(0.1)) {
			my $i = $c{$s}[1];
			my $n = sysread($s, $answers[$i], 4096,
			    length $answers[$i]);
			next if $n || (!defined $n && ($!{EAGAIN} || $!{EINTR}));
			$longest = max($longest, time - $c{$s}[2]);
			$read->remove($s);
			delete $c{$s};
			close $s;
		}
		for my $c (values %c) {
			next if $c->[2] > time - $LIMIT;
			$longest = $LIMIT;
			$read->remove($c->[0]);
			delete $c{$c->[0]};
		}
	}
	log_read();
	return (\@answers, $longest);
}

# ---- helpers ----------------------------------------------------------------

sub put {
	my ($name, $text) = @_;

	open(my $f, '>', "$dir/$name") or die "$dir/$name: $!\n";
	print $f $text;
	close $f;
}

# Start a server that tells its port in a file of this name, or prints it.
sub server {
	my ($name, @command) = @_;
	my $file = "$dir/$name";

	my $pid = fork // die "fork: $!\n";
	if ($pid == 0) {
		open(STDIN, '<', '/dev/null');
		open(STDOUT, '>', $command[0] eq 'tcpserver' ? $file : '/dev/null');
		open(STDERR, '>', "$file.err");
		exec @command or die "$command[0]: $!\n";
	}
	push @pids, $pid;
	for (1 .. 600) {
		sleep 0.1;
		next unless -s $file;
		open(my $f, '<', $file) or die;
		my $port = <$f>;
		chomp $port;
		return $port;
	}
	die "storm.pl: $command[0] does not start\n";
}

# Be syslogd(8), if there is none and we may; who joined is only told there.
sub log_open {
	my $path = '/dev/log';

	return if $> != 0 || IO::Socket::UNIX->new(Type => SOCK_DGRAM,
	    Peer => $path);
	unlink $path;
	my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $path) or return;
	chmod 0666, $path;
	$s->blocking(0);
	return $s;
}

sub log_read {
	return unless defined $log;
	while (defined $log->recv(my $line, 65536)) {
		$joined++ if $line =~ /\Q.$tag.test\E: .* cached=joined ms=\d/;
	}
}
sub log_joined {
	log_read();
	my $n = $joined;
	$joined = 0;
	return $n;
}
END { unlink '/dev/log' if defined $log && defined $parent && $$ == $parent }
