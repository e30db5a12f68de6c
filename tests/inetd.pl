#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# inetd.pl: start a command as inetd(8) does, its descriptors 0, 1 and 2 a
# connection, and be the client.
#
#	perl inetd.pl tcp|unix|pipe STEP... -- COMMAND...
#
# With "pipe" 0 is one pipe, 1 and 2 another.  The steps, in turn:
#
#	send:TEXT	send TEXT (\r \n \0 \xHH)
#	times:N:TEXT	send TEXT N times
#	sleep:S		wait S seconds	shut	send no more
#	keep		do not close after EOF, but when the command has ended
#	close		close without waiting for an answer
#	after:SCRIPT	once the client has seen the end, sh SCRIPT PID-OF-COMMAND
#
# Prints what came and when: "answer TEXT", "end eof|reset|timeout",
# "eof_ms N", "exit_ms N", "status N" (as in sh).
use strict;
use warnings;
use IO::Socket::INET;
use POSIX qw(WNOHANG);
use Socket;
use Time::HiRes qw(time sleep);

my $LIMIT = 90;		# seconds until we give up
my ($via, @steps) = @ARGV;
my @command;
for my $i (0 .. $#steps) {
	next if $steps[$i] ne '--';
	@command = @steps[$i + 1 .. $#steps];
	splice @steps, $i;
	last;
}
die "usage: inetd.pl tcp|unix|pipe STEP... -- COMMAND...\n" unless @command;
$SIG{PIPE} = 'IGNORE';

my ($to, $from, $in, $out);	# ours, and the command's 0 and 1
if ($via eq 'pipe') {
	pipe($in, $to) && pipe($from, $out) or die "pipe: $!\n";
} elsif ($via eq 'unix') {
	socketpair($to, $in, AF_UNIX, SOCK_STREAM, PF_UNSPEC)
	    or die "socketpair: $!\n";
} else {
	my $l = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')
	    or die "listen: $!\n";
	$to = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $l->sockport) or die "connect: $!\n";
	$in = $l->accept;
}
$from //= $to;
$out //= $in;

my $began = time;
my $pid = fork // die "fork: $!\n";
if (!$pid) {
	$SIG{PIPE} = 'DEFAULT';
	POSIX::dup2(fileno $in, 0);
	POSIX::dup2(fileno $out, 1);
	POSIX::dup2(fileno $out, 2);
	exec { $command[0] } @command or POSIX::_exit(127);
}
close($in);
close($out);

my ($answer, $end, $keep, $closed, $next, $after) = ('', '', 0, 0, time);
while (time < $began + $LIMIT && !$end) {
	while (@steps && time >= $next) {
		my $step = shift @steps;
		if ($step =~ /^send:(.*)/s) {
			syswrite($to, octets($1));
		} elsif ($step =~ /^times:(\d+):(.*)/s) {
			my $all = octets($2) x $1;
			while (length $all) {
				my $n = syswrite($to, $all) or last;
				substr($all, 0, $n, '');
			}
		} elsif ($step =~ /^sleep:(.*)/) {
			$next = time + $1;
		} elsif ($step eq 'shut') {
			$via eq 'pipe' ? close($to) : shutdown($to, 1);
		} elsif ($step eq 'keep') {
			$keep = 1;
		} elsif ($step =~ /^after:(.*)/) {
			$after = $1;
		} elsif ($step eq 'close') {
			($end, $closed) = ('closed', 1);
			close($to);
			close($from);
		} else {
			die "inetd.pl: $step?\n";
		}
	}
	last if $closed;
	my $r = '';
	vec($r, fileno $from, 1) = 1;
	select($r, undef, undef, @steps ? 0.02 : 0.5) > 0 or next;
	my $n = sysread($from, $answer, 65536, length $answer);
	$end = !defined $n ? 'reset' : $n == 0 ? 'eof' : '';
}
my $eof = time;
system('sh', $after, $pid) if defined $after && $end;
if (!$keep && !$closed) {
	close($to);
	close($from);
}
my $gone = 0;
until (($gone = waitpid($pid, WNOHANG)) || time > $began + $LIMIT) {
	sleep 0.01;
}
my $status = $?;
if (!$gone) {
	kill KILL => $pid;
	waitpid($pid, 0);
	$status = 9;
}
$answer =~ s/([^ -~])/{ "\r" => '\r', "\n" => '\n' }->{$1} \/\/
    sprintf('\x%02x', ord $1)/ge;
printf "answer %s\nend %s\neof_ms %d\nexit_ms %d\nstatus %d\n", $answer,
    $end || 'timeout', ($eof - $began) * 1000, (time - $began) * 1000,
    $status & 127 ? 128 + ($status & 127) : $status >> 8;

sub octets {
	my ($text) = @_;

	$text =~ s/\\(x[0-9a-fA-F]{2}|.)/$1 =~ m,^x(..), ? chr hex $1 :
	    { n => "\n", r => "\r", 0 => "\0" }->{$1} \/\/ $1/gse;
	return $text;
}
