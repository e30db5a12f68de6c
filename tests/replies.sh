#!/bin/sh
# SPDX-License-Identifier: ISC
# Judge reply.c by the shared replies: figures, then every miss.

cd "$(dirname "$0")/.." || exit 1
REPLIES=${REPLIES:-tests/replies}
DATA=${1:-../shared/data/smtp_replies_dev.jsonl}
export REPLIES DATA

echo "patterns: $(grep -c '^	{ CAUSE_' reply.c) (60 at most)"
exec perl -MJSON::PP -e '
	use strict;
	use warnings;
	use File::Temp;

	open(my $in, "<", $ENV{DATA}) or die "$ENV{DATA}: $!\n";
	my @rows = map { decode_json($_) } grep { /\S/ } <$in>;

	# judged: said at RCPT as far as is known, and of one meaning
	@rows = grep { !$_->{ambiguous} &&
	    (!defined $_->{stage} || $_->{stage} eq "RCPT") } @rows;

	my $out = File::Temp->new;
	binmode($out, ":utf8");
	for my $row (@rows) {
		(my $line = $row->{reply}) =~ s/\s+/ /g;
		print $out "$line\n";
	}
	close($out);
	my @meanings = `"$ENV{REPLIES}" < $out`;
	chomp(@meanings);
	@meanings == @rows or die "$ENV{REPLIES}: wrong number of answers\n";

	my ($reject, $hit, $false, $later, $wrong) = (0) x 5;
	my @bad;
	for my $i (0 .. $#rows) {
		my ($row, $meaning) = ($rows[$i], $meanings[$i]);
		my $refused = $meaning eq "no-mailbox";
		my $is4xx = $row->{reply} =~ /^4/;

		$later++ if $is4xx && $refused;
		$wrong++ if $is4xx != ($meaning eq "later");
		if ($row->{verdict} eq "reject") {
			$reject++;
			$hit++ if $refused;
			push @bad, "missed ($meaning): $row->{reply}" if !$refused;
		} elsif ($refused) {
			$false++;
			push @bad, "FALSE: $row->{reply}";
		}
	}
	my $percent = $reject ? 100 * $hit / $reject : 0;
	printf "rows judged: %d\n", scalar @rows;
	printf "to reject: %d\n", $reject;
	printf "recognised: %d (%.1f %%)\n", $hit, $percent;
	printf "percent missed: %d\n", 100 - $percent + 0.999;
	printf "false refusals: %d\n", $false;
	printf "4xx refused: %d\n", $later;
	printf "4xx not told from 5xx: %d\n", $wrong;
	print "$_\n" for @bad;
'
