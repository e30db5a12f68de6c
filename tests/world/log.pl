#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# log.pl SOCKET FILE: be syslogd at SOCKET; a line of FILE for each message.
use strict;
use warnings;
use IO::Handle;
use IO::Socket::UNIX;

my ($path, $file) = @ARGV;
open(my $out, '>>', $file) or die "$file: $!\n";
$out->autoflush(1);
my $sock = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $path)
    or die "$path: $!\n";
chmod(0666, $path);
$SIG{TERM} = sub { unlink($path); exit(0) };
while (1) {
	defined($sock->recv(my $line, 65536)) or next;
	$line =~ s/[\0\n]+\z//;
	$line =~ tr/\0-\x1f/ /;
	print $out "$line\n";
}
