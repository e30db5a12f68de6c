#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# storm.pl: end cbvd by SIGKILL, TIMES times, at random moments, of 32 that
# run at a time: readers, writers, those who lead a callout and those who wait.
#
#	perl storm.pl TIMES SEED CACHE COMMAND...
#
# COMMAND is cbvd and the options of its world, in which is.*@kill.test is
# there and nobody else.  Now and then the storm is over for a moment: then no
# lock may be left, the next query has the right verdict, and so has every
# record.  A line is printed for whatever is wrong, and "NAME NUMBER" on
# descriptor 3.
use strict;
use warnings;
use Fcntl qw(:flock F_GETLK F_WRLCK F_UNLCK SEEK_SET);
use POSIX qw(WNOHANG);
use Socket;
use Time::HiRes qw(time sleep);

my $TOGETHER = 32;
my $LULL = 250;		# kills from one look at the cache to the next
my $LIMIT = 180;	# seconds that nobody takes, however busy it is
my ($times, $seed, $cache, @cbvd) = @ARGV;
open(my $count, '>&=', 3) or die;
open(my $null, '<', '/dev/null') or die;
$| = 1;
srand($seed);
@cbvd = (@cbvd, '-c', $cache);

my %n = (kills => 0, answered => 0, started => 0, lulls => 0, 'set aside' => 0);
my $lasts = 0.1;	# seconds within which they die
my %run;		# pid => { from, began, end, who }
my ($number, $since) = (0, 0);

while ($n{kills} < $times) {
	start() if keys %run < $TOGETHER;
	look();
	if ($since >= $LULL) {
		lull();
		$since = 0;
	}
	sleep 0.001 if keys %run == $TOGETHER;
}
lull();
print $count map { "$_\t$n{$_}\n" } sort keys %n;

# One more, who asks of somebody known, of somebody new, or of whom others ask
# at this moment.
sub start {
	my $kind = int rand 4;
	my $i = $kind == 0 ? int rand($number / 8 + 1) : int(++$number / 8);
	my $who = ('is', 'no')[rand 2] . ".$i\@kill.test";
	my ($from, $to);
	my $line = rand() < 0.5;

	socketpair($from, $to, AF_UNIX, SOCK_STREAM, PF_UNSPEC)
	    or die "socketpair: $!\n";
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		POSIX::dup2($line ? fileno $to : fileno $null, 0);
		POSIX::dup2(fileno $to, 1);
		open(STDERR, '>', '/dev/null');
		$ENV{NOCOVERAGE} = 1;	# it could die while it writes that
		exec { $cbvd[0] } @cbvd, $line ? () : $who or POSIX::_exit(127);
	}
	close($to);
	{
		local $SIG{PIPE} = 'IGNORE';
		syswrite($from, "$who\n") if $line;
		shutdown($from, 1);
	}
	$n{started}++;
	# one in eight lives
	$run{$pid} = { from => $from, began => time, who => $who,
	    end => rand() < 0.125 ? undef : time + rand $lasts };
}

# End those whose time has come, and hear those who have ended.
sub look {
	my $now = time;

	for my $pid (keys %run) {
		my $r = $run{$pid};
		my $over = $now > $r->{began} + $LIMIT;
		my $killed = 0;
		if ($over || defined $r->{end} && $now >= $r->{end}) {
			$killed = kill KILL => $pid;
			$r->{end} = $now;
		}
		next if waitpid($pid, $killed ? 0 : WNOHANG) != $pid;
		my $signal = $? & 127;
		delete $run{$pid};
		$n{kills}++, $since++ if $killed && $signal == 9;
		print "$r->{who}: hangs\n" if $over && $signal == 9;
		print "$r->{who}: signal $signal\n" if $signal && !$killed;
		# two of three that are to die shall not come too late for it
		$lasts *= $killed && $signal == 9 ? 1.02 : 0.96
		    if defined $r->{end};
		sysread($r->{from}, my $said, 65536);
		right($r->{who}, $said // '', $signal) and $n{answered}++;
	}
}

# What was said, if anything, is right or temporary.
sub right {
	my ($who, $said, $signal) = @_;
	my $code = $who =~ /^is/ ? 250 : 550;

	return 0 if $said eq '' && $signal;
	return 1 if $said =~ /\A($code|45[01]) \d\.\d\.\d <\Q$who\E> [ -~]+\r?\n\z/;
	$said =~ s/\n/\\n/g;
	print "$who: $said\n";
	return 0;
}

# Nobody runs: look at what is left.
sub lull {
	for my $pid (keys %run) {
		kill KILL => $pid;
		waitpid($pid, 0);
	}
	%run = ();
	$n{lulls}++;
	if ($^O eq 'linux' && open(my $fh, '+<', "$cache.lock")) {
		my $all = pack('s s x4 q q l x4', F_WRLCK, SEEK_SET, 0, 0, 0);
		fcntl($fh, F_GETLK, $all) or print "lock file: $!\n";
		print "a lock is left in $cache.lock\n"
		    if unpack('s', $all) != F_UNLCK;
	}
	if (open(my $fh, '+<', $cache)) {
		flock($fh, LOCK_EX | LOCK_NB) or print "$cache is locked: $!\n";
		close $fh;
	}
	$n{'set aside'}++ if unlink "$cache.bad";

	my ($new, $old) = ("x$n{lulls}", int rand($number / 8));
	my @ask = map { ("is.$_\@kill.test", "no.$_\@kill.test") } $new, $old;
	my $said;
	for (1 .. 5) {
		$said = output(@cbvd, @ask);
		last if $said !~ /^45/m;
		sleep 1.2;
	}
	print "after $n{kills}: $said\n" if $said !~
	    /\A250 .*\n550 5\.1\.7 .*\n250 .*\n550 5\.1\.7 .*\n\z/;
	$said = output(@cbvd, @ask);
	my $cached = () = $said =~ /\(cached/g;
	print "after $n{kills} from the cache: $said\n" if $cached != 4 ||
	    $said !~ /\A250 .*\n550 5\.1\.7 .*\n250 .*\n550 5\.1\.7 .*\n\z/;
	for (split /\n/, output(@cbvd, '-L')) {
		my ($who, $code) = split /\t/;
		print "listed: $_\n" if $who =~ /^(is|no)\./ && $code !~ /^45/ &&
		    $code ne ($who =~ /^is/ ? 250 : 550);
	}
}

sub output
{
	open(my $pipe, '-|', @_) or die "$_[0]: $!\n";
	local $/;
	return <$pipe> // '';
}
