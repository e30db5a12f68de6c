#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# smtp.pl ADDRESS PORT SESSIONS: send messages, spread over so many sessions at
# a time.  Standard input has a line for each, "SENDER RECIPIENT[,RECIPIENT]";
# SENDER may be <>.  Prints for each "SENDER RECIPIENT MS REPLY": what decided,
# the reply to the end of DATA or the refusal of MAIL or RCPT, its lines joined,
# and how long MAIL and the last RCPT took.  Comes from 127.0.80.1, which nobody
# knows.
use strict;
use warnings;
use IO::Handle;
use IO::Socket::INET;
use Time::HiRes qw(time);

my ($address, $port, $sessions) = @ARGV;
my @messages = <STDIN>;
my $server;
STDOUT->autoflush(1);
for my $i (0 .. $sessions - 1) {
	next if fork // die "fork: $!\n";
	my $out = session(map { $messages[$_] }
	    grep { $_ % $sessions == $i } 0 .. $#messages);
	print $out;
	exit(0);
}
1 while wait() != -1;

sub session {
	my $out = '';

	$server = IO::Socket::INET->new(PeerAddr => $address,
	    PeerPort => $port, LocalAddr => '127.0.80.1');
	my $greeting = $server ? heard() : "connect: $!";
	command('EHLO client.test') if $server;
	for (@_) {
		my ($sender, $recipient) = split;
		$sender =~ s/^<(.*)>$/$1/;
		my ($ms, $reply) = $server ? message($sender, split /,/, $recipient)
		    : (0, $greeting);
		$out .= "<$sender> <$recipient> $ms $reply\n";
	}
	command('QUIT') if $server;
	return $out;
}

sub message {
	my ($sender, @recipients) = @_;
	my $began = time;

	my $reply = command("MAIL FROM:<$sender>");
	my $s = time - $began;
	for (@recipients) {
		last if $reply !~ /^2/;
		$began = time;
		$reply = command("RCPT TO:<$_>");
	}
	my $ms = sprintf("%.1f", ($s + time - $began) * 1000);
	if ($reply !~ /^2/) {
		command('RSET');
		return ($ms, $reply);
	}
	$reply = command('DATA');
	$reply = command("Subject: test\r\n\r\ntest\r\n.") if $reply =~ /^3/;
	return ($ms, $reply);
}

sub command {
	print $server "$_[0]\r\n";
	$server->flush;
	return heard();
}

# A whole reply, its lines joined.
sub heard {
	my $reply = '';

	alarm(300);
	while (<$server>) {
		s/\s*$//;
		$reply .= $reply eq '' ? $_ =~ s,^(...)-,$1 ,r
		    : ' ' . s,^....(\d\.\d+\.\d+ )?,,r;
		return $reply if /^\d{3}( |$)/;
	}
	return "$reply connection lost";
}
