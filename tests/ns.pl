#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# ns.pl: a scripted name server for the tests, good answers and byte-exact
# faults, over UDP and TCP on 127.0.0.1.
#
#	perl ns.pl [-u | -6] ZONE LOG PORTFILE [PORT]
#
# The port (a free one unless given) is written to PORTFILE once it listens.
# Each query is a line "proto name type" in LOG.  ZONE is read again for every
# query.  With -u there is no TCP; with -6 it listens on ::1.  A line of ZONE is
#
#	NAME TYPE[*COUNT] DATA		a record; %d in DATA counts from 1
#	NAME TYPE !FAULT		queries for TYPE (or any, *) meet FAULT
#
# NAME and DATA have \DDD and \. as in a master file (RFC 1035, 5.1).  A name
# that has no line is NXDOMAIN, one without the type asked for is NODATA;
# CNAMEs are followed as a resolver does.  The faults:
#
#	silence		no answer		delay S		after S seconds
#	tc		TC by UDP, good by TCP	tc-stall	TCP is silent
#	tc-close	TCP is closed		cut N		first N octets
#	msg TOKENS	these octets: hex, ID, Q (the question as it came),
#			n:NAME, "text", [ ... ] with its length in two octets
#	servfail refused formerr notimp noqr	by name, see %msg
use strict;
use warnings;
use IO::Select;
use IO::Socket::IP;
use Time::HiRes qw(time);

my %type = (A => 1, NS => 2, CNAME => 5, SOA => 6, PTR => 12, MX => 15,
    TXT => 16, AAAA => 28, DNAME => 39, OPT => 41, RRSIG => 46);
my %type_name = reverse %type;
my %msg = (
	servfail => 'ID 8182 0001 0000 0000 0000 Q',
	refused	 => 'ID 8185 0001 0000 0000 0000 Q',
	formerr	 => 'ID 8181 0001 0000 0000 0000 Q',
	notimp	 => 'ID 8184 0001 0000 0000 0000 Q',
	noqr	 => 'ID 0100 0001 0000 0000 0000 Q',
);

my $udp_only = @ARGV && $ARGV[0] eq '-u' && shift;
my $addr = @ARGV && $ARGV[0] eq '-6' && shift ? '::1' : '127.0.0.1';
my ($zone_file, $log_file, $port_file, $port) = @ARGV;
die "usage: ns.pl [-u | -6] ZONE LOG PORTFILE [PORT]\n" unless $port_file;

open(my $log, '>>', $log_file) or die "$log_file: $!\n";
$log->autoflush(1);
$SIG{PIPE} = 'IGNORE';

my ($udp, $tcp) = listen_both($port || 0);
announce($port_file, $udp->sockport);
my $select = IO::Select->new($udp, $tcp ? $tcp : ());
my %conn;		# descriptor => octets read from a TCP client
my ($zone_state, @zone) = ('');	# as it was read last
my @later;		# [time, sub]: answers that are delayed

for (;;) {
	my $wait = @later ? $later[0][0] - time : undef;
	$wait = 0 if defined $wait && $wait < 0;
	for my $sock ($select->can_read($wait)) {
		if ($sock == $udp) {
			my $peer = recv($udp, my $query, 65535, 0) // next;
			answer('udp', $query,
			    sub { send($udp, $_[0], 0, $peer) }, sub { });
		} elsif ($tcp && $sock == $tcp) {
			$select->add($tcp->accept // next);
		} else {
			serve_tcp($sock);
		}
	}
	while (@later && $later[0][0] <= time) {
		(shift @later)->[1]->();
	}
}

sub listen_both {
	my ($port) = @_;

	for (1 .. 50) {
		my $udp = IO::Socket::IP->new(Proto => 'udp',
		    LocalHost => $addr, LocalPort => $port) or next;
		return ($udp) if $udp_only;
		my $tcp = IO::Socket::IP->new(Proto => 'tcp', Listen => 50,
		    LocalHost => $addr, LocalPort => $udp->sockport,
		    ReuseAddr => 1) or next;
		return ($udp, $tcp);
	}
	die "ns.pl: no free port: $!\n";
}

# The file appears whole: its existence says that we listen.
sub announce {
	my ($file, $port) = @_;

	open(my $fh, '>', "$file.new") or die "$file: $!\n";
	print $fh "$port\n";
	close($fh);
	rename("$file.new", $file) or die "$file: $!\n";
}

sub serve_tcp {
	my ($sock) = @_;
	my $drop = sub { $select->remove($sock); delete $conn{$sock}; close($sock) };

	$conn{$sock} //= '';
	sysread($sock, $conn{$sock}, 65537, length $conn{$sock})
	    or return $drop->();
	while (length $conn{$sock} >= 2) {
		my $len = unpack('n', $conn{$sock});
		last if length $conn{$sock} < 2 + $len;
		my $query = substr($conn{$sock}, 0, 2 + $len, '');
		answer('tcp', substr($query, 2),
		    sub { syswrite($sock, pack('n', length $_[0]) . $_[0]) },
		    $drop);
		last unless exists $conn{$sock};
	}
}

# Log one query and answer it, or not, as the zone says.
sub answer {
	my ($proto, $query, $reply, $drop) = @_;
	return if length $query < 17;
	my ($name, $end) = name_read($query, 12);
	my $qtype = unpack('n', substr($query, $end, 2));
	my $ask = { id => substr($query, 0, 2), type => $qtype, name => $name,
	    q => substr($query, 12, $end + 4 - 12), proto => $proto };
	print $log "$proto $name ", $type_name{$qtype} // $qtype, "\n";

	my ($records, $faults, $exists) = zone_read();
	my $fault = $faults->{lc $name}{$qtype} // $faults->{lc $name}{'*'} // '';
	my ($word, $arg) = split ' ', $fault, 2;
	$word //= '';
	$fault = "msg $msg{$word}" if $msg{$word};

	return if $word eq 'silence';
	return $reply->(message($1, $ask)) if $fault =~ /^msg (.*)/;
	return $reply->("$ask->{id}\x83\x80\0\1\0\0\0\0\0\0$ask->{q}")
	    if $word =~ /^tc/ && $proto eq 'udp';
	return if $word eq 'tc-stall';
	return $drop->() if $word eq 'tc-close';
	my $good = good_answer($records, $exists, $ask);
	if ($word eq 'delay') {
		@later = sort { $a->[0] <=> $b->[0] }
		    (@later, [time + $arg, sub { $reply->($good) }]);
		return;
	}
	$good = substr($good, 0, $arg) if $word eq 'cut';
	$reply->($good);
}

# Returns { name => { type => [data, ...] } } and { name => { type => fault } }.
# and { name => 1 } of all that exist, names in between included.  The file is
# read when it has changed.
sub zone_read {
	my (%records, %faults, %exists);
	my $state = join ' ', (Time::HiRes::stat($zone_file))[1, 7, 9];

	return @zone if $state eq $zone_state;
	open(my $zone, '<', $zone_file) or die "$zone_file: $!\n";
	while (my $line = <$zone>) {
		next if $line =~ /^\s*(#|$)/;
		my ($name, $type, $data) = $line =~ /^(\S+)\s+(\S+)\s+(.*?)\s*$/
		    or die "ns.pl: $zone_file:$.: $line";
		my $count = $type =~ s/\*(\d+)$// ? $1 : 1;
		my $num = $type{$type} // $type;
		$records{lc $name} //= {};
		if ($data =~ s/^!//) {
			$faults{lc $name}{$num} = $data;
			next;
		}
		for my $n (1 .. $count) {
			push @{$records{lc $name}{$num}}, $data =~ s/%d/$n/gr;
		}
	}
	for my $name (keys %records) {
		for (my $n = $name; !$exists{$n}; ) {
			$exists{$n} = 1;
			$n =~ s/^(?:\\.|[^\\.])*\.(?=.)//s or last;
		}
	}
	$zone_state = $state;
	@zone = (\%records, \%faults, \%exists);
	return @zone;
}

# What an honest resolver says.  Over UDP, 512 octets or TC (RFC 1035, 4.2.1).
sub good_answer {
	my ($records, $exists, $ask) = @_;
	my ($at, $count, $body, %seen) = (lc $ask->{name}, 0, '');

	while ($ask->{type} != $type{CNAME} && $records->{$at}{5} && !$seen{$at}++) {
		my $next = $records->{$at}{5}[0];
		$body .= record($at, $type{CNAME}, name_write($next));
		$count++;
		$at = lc $next;
	}
	# What a signing or renaming server adds comes beside the answer.
	for my $type ($ask->{type}, $type{DNAME}, $type{RRSIG}) {
		for my $data (@{$records->{$at}{$type} // []}) {
			$body .= record($at, $type, rdata($type, $data));
			$count++;
		}
	}
	my $whole = $ask->{id} . pack('n5', $exists->{$at} ? 0x8180 : 0x8183, 1,
	    $count, 0, 0) . $ask->{q} . $body;
	return $whole if $ask->{proto} eq 'tcp' || length $whole <= 512;
	return $ask->{id} . pack('n5', 0x8380, 1, 0, 0, 0) . $ask->{q};
}

sub record {
	my ($owner, $type, $rdata) = @_;

	return name_write($owner) . pack('nnNn', $type, 1, 60, length $rdata)
	    . $rdata;
}

sub rdata {
	my ($type, $data) = @_;

	return inet_aton($data) if $type == $type{A};
	return Socket::inet_pton(Socket::AF_INET6(), $data)
	    if $type == $type{AAAA};
	return pack('n', $1) . name_write($2)
	    if $type == $type{MX} && $data =~ /^(\d+)\s+(.*)/;
	return message($data) if $type == $type{RRSIG};
	return pack('C/a', $data) if $type == $type{TXT};
	return name_write($data);
}

# The octets that TOKENS stand for.
sub message {
	my ($tokens, $ask) = @_;
	my @open = ('');

	while ($tokens =~ /\G\s*("[^"]*"|\S+)/g) {
		my $t = $1;
		if ($t eq '[') {
			push @open, '';
		} elsif ($t eq ']') {
			my $inner = pop @open;
			$open[-1] .= pack('n/a', $inner);
		} else {
			$open[-1] .= $t eq 'ID' ? $ask->{id}
			    : $t eq 'Q' ? $ask->{q}
			    : $t =~ /^n:(.*)/ ? name_write($1)
			    : $t =~ /^"(.*)"/ ? $1
			    : pack('H*', $t);
		}
	}
	return $open[0];
}

# Names: text with \DDD and \. to labels, and back.
sub name_write {
	my ($text) = @_;
	my $wire = '';

	while ($text =~ /\G((?:\\\d{3}|\\.|[^\\.])+)\.?/g) {
		my $label = $1;
		$label =~ s/\\(\d{3})|\\(.)/defined $1 ? chr $1 : $2/ge;
		$wire .= pack('C/a', $label);
	}
	return "$wire\0";
}

sub name_read {
	my ($octets, $at) = @_;
	my @labels;

	while (my $len = ord substr($octets, $at, 1)) {
		push @labels, substr($octets, $at + 1, $len);
		$at += 1 + $len;
	}
	s/([^\w-])/sprintf '\\%03d', ord $1/ge for @labels;
	return (join('.', @labels) || '.', $at + 1);
}
