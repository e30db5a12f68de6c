#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# faults.pl: ask cbvd while a system call, or an allocation, fails, and again
# when none does.
#
#	perl faults.pl TIMES SEED FOLDER OWNER INJECT ALLOC COMMAND...
#
# COMMAND is cbvd and the options of its world, in which real@good.test is
# there and nobody@good.test is not.  TIMES faults are made, chosen by SEED out
# of all there are; 0: all.  With FAULT_TELL set those are told that had a
# temporary answer that was remembered.  FOLDER is for the caches, which OWNER must own.
# A line is printed for whatever is wrong, and "NAME NUMBER" on descriptor 3.
# What is wrong: a verdict that is neither right nor temporary; in service
# anything but one answer of the right form; an end by a signal, or none in
# $LIMIT seconds; and a next query, without faults, that has not the right one.
use strict;
use warnings;
use Errno qw(EINTR);
use POSIX qw(WNOHANG);
use Socket;
use Time::HiRes qw(time sleep);

my $LIMIT = 120;
my $WORKERS = 4;
my ($times, $seed, $folder, $owner, $inject, $alloc, @cbvd) = @ARGV;
open(my $count_fh, '>&=', 3) or die;
$count_fh->autoflush(1);
open(STDERR, '>&', \*STDOUT) or die;
$| = 1;
my $uid = getpwnam($owner) // die "$owner: no such user\n";
my $gid = (getpwuid($uid))[3];
# whose names need not be looked up each time, in a dozen files of the system
my @user = $> == 0 ? ('-u', "$uid:$gid") : ();
# what is temporary is asked again soon; what waits does not wait for long
my @often = ('-o', 'temporary=1s,wait=8s,total=12s,connect=4s,command=4s');

# ---- what is asked, and what may be said -------------------------------------

my %address = (good => 'real@good.test', bad => 'nobody@good.test');
my %right = (good => '250', bad => '550');
my %policy = (good => 'DUNNO', bad => '550');

my @scenes;
for my $who (qw(good bad)) {
	for my $cache (qw(hit new old none)) {
		push @scenes, [$_, $who, $cache, @user]
		    for $cache eq 'none' ? qw(command) : qw(command line);
	}
	for my $form (qw(policy socketmap exists)) {
		push @scenes, [$form, $who, $_, @user] for qw(hit old);
	}
	push @scenes, ['command', $who, 'hit'],
	    ['line', $who, 'old', @user, '-o', 'lenient', '-f', 'none', '-n'];
}

my %request = (
	line => sub { "$_[0]\n" },
	policy => sub { "request=smtpd_access_policy\nsender=$_[0]\n\n" },
	socketmap => sub { length("verdict $_[0]") . ":verdict $_[0]," },
	exists => sub { length("exists $_[0]") . ":exists $_[0]," },
);

# Whether this may be said of such a mailbox: "right", "temporary" or "wrong".
sub judge {
	my ($form, $who, $said, $status) = @_;
	my $address = quotemeta $address{$who};

	if ($form eq 'command') {
		my %status = (250 => 0, 550 => 67, 450 => 75, 451 => 75);
		# no word, for it could not begin or not write
		return 'none' if $said eq '' && $status =~ /^(6[469]|7[0-8])$/ ||
		    # the answer was lost on its way out
		    $said =~ /^(250|550|45[01]) / && $status == 74;
		return 'wrong' unless $said =~
		    /\A(250|550|450|451) \d\.\d+\.\d+ <$address> [ -~]+\n\z/ &&
		    $status == $status{$1};
		return $1 eq $right{$who} ? 'right' :
		    $1 >= 500 || $1 < 300 ? 'wrong' : 'temporary';
	}
	# set up wrongly, as far as it can tell
	return 'temporary' if $said =~ /\A451 4\.3\.0 <> [ -~]+\r\n\z/ && $status;
	# and of what could not be read
	return 'temporary' if $said =~ /\A500 5\.5\.2 <> [ -~]+\r\n\z/;
	if ($form eq 'line') {
		return 'wrong' unless $said =~
		    /\A(250|550|450|451) \d\.\d+\.\d+ <$address> [ -~]+\r\n\z/;
		return $1 eq $right{$who} ? 'right' :
		    $1 >= 500 || $1 < 300 ? 'wrong' : 'temporary';
	}
	if ($form eq 'policy') {
		return 'wrong' unless $said =~
		    /\Aaction=(DUNNO|550|DEFER_IF_PERMIT)( \d\.\d+\.\d+ [ -~]+)?\n\n\z/;
		# DUNNO refuses nobody: so it says nothing bad of the bad
		return $1 eq $policy{$who} ? 'right' :
		    $1 eq '550' ? 'wrong' : 'temporary';
	}
	return 'wrong' unless $said =~ /\A(\d+):(.*),\z/s && $1 == length $2;
	my $text = $2;
	if ($form eq 'exists') {
		return $who eq 'good' ? 'right' : 'wrong' if $text =~ /^OK \S+@/;
		return $who eq 'bad' ? 'right' : 'wrong' if $text =~ /^NOTFOUND /;
		return $text =~ /^TEMP [ -~]+$/ ? 'temporary' : 'wrong';
	}
	return 'wrong' unless $text =~ /^OK (250|550|450|451) \d\.\d+\.\d+ [ -~]+$/;
	return $1 eq $right{$who} ? 'right' :
	    $1 >= 500 || $1 < 300 ? 'wrong' : 'temporary';
}

# ---- asking ------------------------------------------------------------------

my $err = "$folder/err";	# what was said there; each worker has its own

# Returns what was said and the status, 128 + N for a signal and "hang".
sub ask {
	my ($cache, $form, $who, $options, @before) = @_;
	my @command = (@before, @cbvd, @often, '-c', $cache, @$options);
	my ($ours, $theirs);

	if ($form eq 'command') {
		pipe($ours, $theirs) or die "pipe: $!\n";
		push @command, $who eq 'both' ? @address{qw(good bad)} :
		    $address{$who};
	} else {
		socketpair($ours, $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC)
		    or die "socketpair: $!\n";
	}
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		if ($form eq 'command') {
			open(STDIN, '<', '/dev/null');
			POSIX::dup2(fileno $theirs, 1);
		} else {
			POSIX::dup2(fileno $theirs, $_) for 0, 1;
		}
		open(STDERR, '>', $err);
		exec { $command[0] } @command or POSIX::_exit(127);
	}
	close($theirs);
	if ($form ne 'command') {
		local $SIG{PIPE} = 'IGNORE';
		syswrite($ours, $request{$form}->($address{$who}));
		shutdown($ours, 1);
	}
	my ($said, $until, $gone) = ('', time + $LIMIT, 0);
	while (time < $until) {
		my $r = '';
		vec($r, fileno $ours, 1) = 1;
		select($r, undef, undef, 1) > 0 or next;
		sysread($ours, $said, 65536, length $said) or last;
	}
	close($ours);
	until (($gone = waitpid($pid, WNOHANG)) || time > $until) {
		sleep 0.002;
	}
	return ($said, $? & 127 ? 128 + ($? & 127) : $? >> 8) if $gone;
	kill KILL => $pid;
	waitpid($pid, 0);
	return ($said, 'hang');
}

# Put a cache of this kind there: with both mailboxes, with others, or none.
sub place {
	my ($kind, $cache) = @_;

	unlink $cache, "$cache.lock", "$cache.bad";
	return if $kind !~ /^(hit|old)$/;
	for my $end ('', '.lock') {
		open(my $in, '<:raw', "$folder/$kind.gdbm$end") or next;
		local $/;
		my $octets = <$in>;
		open(my $out, '>:raw', "$cache$end") or die "$cache: $!\n";
		print $out $octets;
		close $out;
		chmod 0600, "$cache$end";
		chown $uid, $gid, "$cache$end" if $> == 0;
	}
}

# ---- the faults there are ----------------------------------------------------

sub output { open(my $pipe, '-|', @_) or die "@_: $!\n"; local $/; return <$pipe> // '' }

$address{other} = 'other@good.test';
for my $who (qw(good bad)) {
	ask("$folder/hit.gdbm", 'command', $who, \@user);
}
ask("$folder/old.gdbm", 'command', 'other', \@user);

my $room = "$folder/count.gdbm";
my @faults;		# [scene, kind, at, errno, name]
for my $nth (0 .. $#scenes) {
	my $scene = $scenes[$nth];
	my ($form, $who, $cache, @options) = @$scene;
	if ($inject ne 'none') {
		place($cache, $room);
		my ($said, $status) = ask($cache eq 'none' ? 'none' : $room,
		    $form, $who, \@options, $inject, '-l', "$folder/calls");
		judge($form, $who, $said, $status) =~ /^(right|temporary)$/ or
		    print "without faults, @$scene: $said [$status]\n";
		open(my $calls, '<', "$folder/calls") or die;
		my ($at, %seen) = 0;
		while (<$calls>) {
			my ($name, @errs) = split;
			$at++;
			# each with one of its errors; other scenes have others
			my $err = $errs[($at + $nth) % @errs];
			push @faults, [$scene, 'call', $at, $err, $name];
			# all from now on: the first of a kind, and some later;
			# no signals without end
			push @faults, [$scene, 'calls', $at, $errs[0], $name]
			    if $seen{$name}++ % 8 == 0 && $errs[0] != EINTR;
		}
	}
	if ($alloc ne 'none') {
		place($cache, $room);
		open(my $count, '>', "$folder/allocs") or die;
		print $count "\0" x 8;
		close $count;
		my ($said, $status) = ask($cache eq 'none' ? 'none' : $room,
		    $form, $who, \@options, 'env', "LD_PRELOAD=$alloc",
		    "ALLOC_COUNT=$folder/allocs");
		judge($form, $who, $said, $status) =~ /^(right|temporary)$/ or
		    print "with $alloc, @$scene: $said [$status]\n";
		open($count, '<:raw', "$folder/allocs") or die;
		read($count, my $octets, 8);
		my $n = unpack('q', $octets);
		print "$alloc: counts nothing\n" if !$n;
		push @faults, [$scene, 'alloc', $_, 12, 'malloc'] for 1 .. $n;
		push @faults, [$scene, 'alloc', -$_, 12, 'mallocs']
		    for grep { $_ % 4 == 1 } 1 .. $n;
	}
}
my $all = @faults;
if ($times && $times < $all) {
	# some of every kind of call, however rare it is
	srand($seed);
	my (%kind, @some);
	push @{$kind{"$$_[1] $$_[4]"}}, $_ for @faults;
	while (@some < $times) {
		for my $name (sort keys %kind) {
			my $list = $kind{$name};
			delete $kind{$name}, next if !@$list;
			push @some, splice(@$list, rand @$list, 1);
			last if @some == $times;
		}
	}
	@faults = @some;
}

# ---- making them -------------------------------------------------------------

# Returns what is wrong, and what came of it.
sub make {
	my ($cache, $fault) = @_;
	my ($scene, $kind, $at, $errno, $name) = @$fault;
	my ($form, $who, $store, @options) = @$scene;
	my $used = $store eq 'none' ? 'none' : $cache;
	local $! = $errno;
	my $what = "@$scene: $kind $at, $name: $!";

	place($store, $cache);
	my ($said, $status) = ask($used, $form, $who, \@options,
	    $kind eq 'alloc' ? ('env', "LD_PRELOAD=$alloc", "ALLOC_AT=$at") :
	    ($inject, $kind eq 'calls' ? '-a' : (), $at, $errno));
	my $came = judge($form, $who, $said, $status);
	if ($kind ne 'alloc' && open(my $said_there, '<', $err)) {
		while (<$said_there>) {
			# calls move as time goes by: which one was it?
			my ($real) = /^inject: (.*)/ or next;
			return ('', 'not reached')
			    if $real eq 'not reached' && $came eq 'right';
			$what =~ s/, \Q$name\E:/, $real:/;
			$name = $real;
		}
	}
	# of what could not be read or written nothing can be told
	$came = 'none' if $form ne 'command' && $said eq '' && $status !~ /hang/ &&
	    $status < 128 && ($name =~ /^(p?poll|read|write)$/ || $status);
	# glibc's getpwnam(3) aborts or crashes for want of memory, before
	# anything is read
	$came = 'libc' if $kind eq 'alloc' && !@options && $said eq '' &&
	    $status =~ /^(134|139|127)$/;
	$said =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;
	return ("$what: $said [$status]", $came)
	    if $came eq 'wrong' || $status eq 'hang' ||
	    $status >= 128 && $came ne 'libc';
	return ("$what: " . (-s $cache) . ' octets', $came)
	    if -e $cache && -s $cache > 4_000_000;
	# what was temporary may be so for a second
	my $first = $said;
	for my $try (1 .. 8) {
		my ($next, $end) = ask($used, 'command', 'both', \@user);
		$said = "$next [$end]";
		print $count_fh "# $what: $first\n"
		    if $ENV{FAULT_TELL} && $try == 2;
		return ('', $came . ($try > 1 ? ' and remembered' : ''))
		    if $next =~ /\A250 2\.1\.5 <.*\n550 5\.1\.7 <.*\n\z/ &&
		    $end eq '67';
		last if $next !~ /\A(250|45\d) .*\n(550|45\d) .*\n\z/;
		sleep 1.2;
	}
	return ("$what: and then $said", $came);
}

my %total = (faults => scalar @faults, possible => $all);
my @workers;
for my $n (0 .. $WORKERS - 1) {
	pipe(my $from, my $to) or die "pipe: $!\n";
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		close($from);
		mkdir "$folder/$n", 0700;
		$err = "$folder/$n/err";
		chown $uid, $gid, "$folder/$n" if $> == 0;
		for (my $i = $n; $i < @faults; $i += $WORKERS) {
			my ($wrong, $came) = make("$folder/$n/cbvd.gdbm", $faults[$i]);
			$wrong =~ s/\n/\\n/g;
			syswrite($to, "$came\t$wrong\n");
		}
		POSIX::_exit(0);
	}
	close($to);
	push @workers, [$pid, $from];
}
for my $w (@workers) {
	# a pipe holds what a worker has to say until its turn comes
	while (readline $w->[1]) {
		chomp;
		my ($came, $wrong) = split /\t/, $_, 2;
		$total{$came}++;
		print "$wrong\n" if $wrong ne '';
	}
	waitpid($w->[0], 0);
	print "a worker ended with $?\n" if $?;
}
print $count_fh map { "$_\t$total{$_}\n" } sort keys %total;
