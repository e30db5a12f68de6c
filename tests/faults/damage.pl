#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# damage.pl: have cbvd read and write TIMES caches, and lock files, in each of
# which something is wrong.
#
#	perl damage.pl TIMES SEED SOUND FOLDER OWNER COMMAND...
#
# COMMAND is cbvd and the options of its world, in which real@good.test is
# there, nobody@good.test is not, and gone.elsewhere does not exist.  The file
# SOUND is a cache that knows the first two.  The third is written.  A line is
# printed for whatever is wrong, and "NAME NUMBER" on descriptor 3.
use strict;
use warnings;
use POSIX ();

my $WORKERS = 3;
my ($times, $seed, $sound, $folder, $owner, @cbvd) = @ARGV;
open(my $count, '>&=', 3) or die;
open(STDERR, '>', '/dev/null');
$| = 1;
my $uid = getpwnam($owner);
my $good = slurp($sound);
my $locks = slurp("$sound.lock");
# octets that mean something: most of a file is zeros
my @at;
push @at, $-[0] while $good =~ /[^\0]/g;

my @workers;
for my $n (0 .. $WORKERS - 1) {
	pipe(my $from, my $to) or die "pipe: $!\n";
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		srand($seed * $WORKERS + $n);
		my $used = 0;
		for (my $i = $n; $i < $times; $i += $WORKERS) {
			my $wrong = trial($i, "$folder/$n", \$used);
			$wrong =~ s/\n/\\n/g;
			syswrite($to, "wrong\t$wrong\n") if $wrong ne '';
		}
		syswrite($to, "used\t$used\n");
		POSIX::_exit(0);
	}
	close($to);
	push @workers, [$pid, $from];
}
my $used = 0;
for my $w (@workers) {
	while (readline $w->[1]) {
		chomp;
		my ($what, $text) = split /\t/, $_, 2;
		$what eq 'used' ? $used += $text : print "$text\n";
	}
	waitpid($w->[0], 0);
	print "a worker ended with $?\n" if $?;
}
print $count "damaged\t$times\nof use\t$used\n";

# One trial; returns what is wrong.
sub trial {
	my ($i, $room, $used) = @_;
	my $cache = "$room/cbvd.gdbm";
	my ($bytes, $lock, $what) = ($good, $locks, '');

	if (!-d $room) {
		mkdir $room, 0700;
		chown $uid, -1, $room if $> == 0;
	}
	# in one of eight it is the lock file
	$what = $i % 8 == 7 ? 'lock file: ' . damage($i, \$lock, 0) :
	    damage($i, \$bytes, 1);
	my $said = '';
	for my $try (1 .. 4) {
		put($cache, $bytes);
		put("$cache.lock", $lock);
		odd($i, "$cache.lock", \$what) if $i % 200 == 7;
		for my $mode ($i % 8 ? () : '-L', $i % 24 == 8 ? '-E' : ()) {
			my ($text, $status) = ask($cache, $mode);
			return "$what: $mode: signal $status" if $status & 127;
		}
		($said, my $status) = ask($cache, 'real@good.test',
		    'nobody@good.test', 'any@gone.elsewhere');
		return "$what: signal $status: $said" if $status & 127;
		return "$what: " . (-s $cache) . ' octets'
		    if -e $cache && -s $cache > 10_000_000;
		if ($status >> 8 == 67 && $said =~ m/\A250\ 2\.1\.5\ <real\@.*
		    \n550\ 5\.1\.7\ <nobody\@.*
		    \n550\ 5\.1\.8\ <any\@.*\n\z/x) {
			$$used++ if $said =~ /\(cached/;
			return '';
		}
		# a host that is starved may be temporary, and only that
		last if $said !~ /\A(250|45\d) .*\n(550|45\d) .*\n(550|45\d) .*\n\z/;
	}
	return "$what: $said";
}

# Do something to the octets; returns what.
sub damage {
	my ($i, $octets, $records) = @_;
	my $len = length $$octets;
	my $kind = int($i / 8) % 10;

	if ($kind == 0) {
		my $n = int rand $len;
		substr($$octets, $n) = '';
		return "cut to $n";
	} elsif ($kind == 1) {
		my $n = int(rand($len / 512)) * 512;
		substr($$octets, $n, 512) = "\0" x 512;
		return "zeros at $n";
	} elsif ($kind == 2) {
		my $n = int rand($len - 64);
		substr($$octets, $n, 64) = noise(64);
		return "noise at $n";
	} elsif ($kind == 3) {
		substr($$octets, 0, 128) = noise(128);
		return 'a header of noise';
	} elsif ($kind == 4) {
		# a number of the header, the directory or a bucket
		my $n = 4 * int rand(rand() < 0.5 ? 32 : $len / 4 - 1);
		my @numbers = (0, 1, -1, 2**31 - 1, -2**31, 1 << int rand 31,
		    int rand 65536);
		my $number = $numbers[rand @numbers];
		substr($$octets, $n, 4) = pack('l', $number);
		return "$number at $n";
	} elsif ($kind == 5) {
		my $n = int rand 100_000;
		$$octets .= noise($n % 1000) . "\0" x $n;
		return "$n more octets";
	} elsif ($kind == 6) {
		flip($octets, int rand $len) for 1 .. 100;
		return '100 bits';
	} elsif ($kind == 7 && $records) {
		# what stands before one name, put before the other
		my $n = 2 * (1 + int rand 24);
		my ($from, $to) = map { index $good, "$_\@good.test\0" }
		    rand() < 0.5 ? qw(real nobody) : qw(nobody real);
		substr($$octets, $to - $n, $n) = substr($good, $from - $n, $n);
		return "$n octets put elsewhere";
	}
	# the header and the directory as often as all the rest
	my $n = !$records ? int rand $len : $kind == 8 ? $at[rand @at] :
	    $at[rand(@at < 200 ? @at : 200)];
	return 'bit ' . flip($octets, $n) . " of $n";
}

sub flip {
	my ($octets, $n) = @_;
	my $bit = int rand 8;

	substr($$octets, $n, 1) ^= chr(1 << $bit);
	return $bit;
}

sub noise { join '', map { chr rand 256 } 1 .. $_[0] }

# Something else than a file in its place.
sub odd {
	my ($i, $path, $what) = @_;
	my $kind = int($i / 200) % 4;

	unlink $path;
	if ($kind == 0) {
		symlink 'cbvd.gdbm', $path;
	} elsif ($kind == 1) {
		POSIX::mkfifo($path, 0600);
	} elsif ($kind == 2) {
		mkdir $path;
	} else {
		link $path =~ s/\.lock$//r, $path;
	}
	chown $uid, -1, $path if $> == 0 && $kind;
	$$what = 'lock file: ' . (qw(link FIFO folder), 'second name')[$kind];
}

sub put {
	my ($path, $octets) = @_;

	unlink $path, "$path.bad";
	rmdir $path;
	open(my $out, '>:raw', $path) or die "$path: $!\n";
	print $out $octets;
	close $out;
	chmod 0600, $path;
	chown $uid, -1, $path if $> == 0;
}

sub ask {
	my ($cache, @args) = @_;

	open(my $pipe, '-|', @cbvd, '-c', $cache, @args) or die "$cbvd[0]: $!\n";
	local $/;
	my $said = <$pipe>;
	close $pipe;
	return ($said // '', $?);
}

sub slurp {
	open(my $in, '<:raw', $_[0]) or die "$_[0]: $!\n";
	local $/;
	return <$in>;
}
