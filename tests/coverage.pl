#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# coverage.pl LINES BRANCHES ROOM...: read what gcov(1) has written of each, and
# print how many lines and branches were run, and the lines that were not, or of
# which a branch was not ("-" and how many).  Ends with 1 where fewer of all are
# run than LINES and BRANCHES, per cent.
use strict;
use warnings;

my ($lines, $branches, @rooms) = @ARGV;
my (%all, @never);
printf "%-12s %14s %16s\n", qw(room lines branches);
for my $room (@rooms) {
	my %n = map { $_ => 0 } qw(lines run branches taken);
	open(my $gcov, '<', "$room.c.gcov") or die "$room.c.gcov: $!\n";
	my ($line, $text, $missed);
	my $tell = sub {
		push @never, sprintf("%s.c:%d: -%d %s", $room, $line, $missed,
		    $text) if $missed;
		$missed = 0;
	};
	while (<$gcov>) {
		if (/^\s*(\S+):\s*(\d+):\s*(.*)/) {
			$tell->();
			($line, $text) = ($2, $3);
			my $count = $1;
			next if $count eq '-';
			$n{lines}++;
			$n{run}++ if $count !~ /^[#=]/;
			push @never, "$room.c:$line: never $text"
			    if $count =~ /^[#=]/;
		} elsif (/^branch\s+\d+ (taken (\d+)|never executed)/) {
			$n{branches}++;
			$n{taken}++ if $2;
			$missed++ if defined $2 && !$2;
		}
	}
	$tell->();
	line($room, \%n);
	$all{$_} += $n{$_} for keys %n;
}
line('all', \%all);
print map { "$_\n" } @never;
exit($all{run} < $all{lines} * $lines / 100 ||
    $all{taken} < $all{branches} * $branches / 100);

sub line {
	my ($name, $n) = @_;

	printf "%-12s %5d %7.1f %% %7d %7.1f %%\n", $name, $n->{lines},
	    100 * $n->{run} / ($n->{lines} || 1), $n->{branches},
	    100 * $n->{taken} / ($n->{branches} || 1);
}
