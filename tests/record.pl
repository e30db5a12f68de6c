#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# record.pl: give records of a cache other times, so that no test need wait.
#
#	perl record.pl CACHE KEY FIELD=SECONDS...
#
# adds SECONDS to the fields of all records of KEY, a mailbox, domain or IP
# address: when, mono, until, tat, or all for each of them.  The records stay
# sound: layout and checksum are those of struct record in cache.c.  text=TEXT
# gives them another evidence, and OFFSET:HEX puts octets where only another
# cbvd, or who has the secret, could have put them.
use strict;
use warnings;
use Digest::SHA qw(sha256);

use constant { KEY => 16, RECORD => 496, SUM => 16, STRINGS => 64 };
my %at = (when => 24, mono => 32, tat => 40, until => 48);
my ($cache, $key, @changes) = @ARGV;

open(my $file, '+<:raw', $cache) or die "$cache: $!\n";
my $bytes = do { local $/; <$file> };
my $secret = '';
while ($bytes =~ /(?=\0{16}(.{480}.{16}))/sg) {
	next if sum("\0" x 16, "\0" x KEY, $1) ne substr($1, 0, SUM);
	$secret = substr($1, STRINGS, 16);
	last;
}
die "$cache: no secret\n" if $secret eq '';

my $found = 0;
while ($bytes =~ /\Q$key\E\0/g) {
	my $start = $-[0] - STRINGS;
	next if $start < KEY;
	my $record = substr($bytes, $start, RECORD);
	my $name = substr($bytes, $start - KEY, KEY);
	next if length $record < RECORD ||
	    sum($secret, $name, $record) ne substr($record, 0, SUM);
	for (@changes) {
		if (/^text=(.*)/s) {
			my @part = split /\0/, substr($record, STRINGS), -1;
			substr($record, STRINGS) = substr("$part[0]\0$part[1]\0" .
			    substr($1, 0, 300) . "\0" x RECORD, 0, RECORD - STRINGS);
			next;
		}
		if (/^(\d+):((?:[0-9a-f]{2})+)$/) {
			substr($record, $1, length($2) / 2) = pack('H*', $2);
			next;
		}
		my ($field, $seconds) = /^(\w+)=(-?\d+)$/ or die "$_?\n";
		for my $f ($field eq 'all' ? keys %at : $field) {
			my $old = unpack('q', substr($record, $at{$f}, 8));
			next if $old == 0 && $f ne 'when';
			substr($record, $at{$f}, 8) = pack('q', $old +
			    $seconds * ($f eq 'tat' ? 1_000_000 : 1));
		}
	}
	substr($record, 0, SUM) = sum($secret, $name, $record);
	seek($file, $start, 0);
	print $file $record;
	$found++;
}
close($file) or die "$cache: $!\n";
die "$cache: nothing of $key\n" unless $found;

sub sum { substr(sha256($_[0], $_[1], substr($_[2], SUM)), 0, SUM) }
