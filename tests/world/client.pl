#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# client.pl PORT PARALLEL REQUEST ...: send each request, a line, to PORT, so
# many at a time, and print "REQUEST MS eof|reset ANSWER" for it, \r and \n as
# such: what came, how the connection ended, and when.
use strict;
use warnings;
use IO::Socket::INET;
use Time::HiRes qw(time);

my ($port, $parallel, @requests) = @ARGV;
for my $i (0 .. $parallel - 1) {
	next if fork // die "fork: $!\n";
	for (my $j = $i; $j < @requests; $j += $parallel) {
		syswrite(STDOUT, ask($requests[$j]));
	}
	exit(0);
}
1 while wait() != -1;

sub ask {
	my ($request) = @_;
	my ($answer, $began) = ('', time);

	alarm(30);
	my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port")
	    or return "$request 0 refused $!\n";
	syswrite($s, "$request\r\n");
	my $n;
	1 while $n = sysread($s, $answer, 4096, length $answer);
	my $end = defined $n ? 'eof' : 'reset';
	$answer =~ s/([^ -~])/{ "\r" => '\r', "\n" => '\n' }->{$1} \/\/ '?'/ge;
	return sprintf("%s %d %s %s\n", $request, (time - $began) * 1000,
	    $end, $answer);
}
