#!/bin/sh
# SPDX-License-Identifier: ISC
# 90-manners.t: other people's hosts: one callout for all who ask at a time,
# slots, the rate, leaving alone who wants no calls, what is remembered, and
# that nothing of it depends on how a process ends or how a clock is set.
# Nothing here is timed: hosts wait for files, and records are made old.
# shellcheck disable=SC2046,SC2086,SC2119,SC2154
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh

plan 245
go=$tmp/go
hold="S: !until $go"
jobs=''
limits=command=110s	# those of cbvd; and a host is held as long as it takes

# ---- a log, where there can be one -------------------------------------------

log_server
# logged NAME N GLOB: N lines of the log have GLOB in them
logged()
{
	if [ -n "$no_log" ]; then
		skip "$no_log" "$1"
	else
		within log_has "$2" "$3"
		is "$1" "$(log_count "$3")" "$2"
	fi
}
log_count() { grep -c -- "$1" "$log"; }
log_has() { [ "$(log_count "$2")" -ge "$1" ]; }

# ---- queries at the same time ----------------------------------------------------

# within COMMAND...: wait until it succeeds; give up after a minute
within()
{
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -le 1200 ] || { echo "# in vain: $*"; return 1; }
		sleep 0.05
	done
}

# later TAG ARGS...: ask on the command line, in the background
later()
{
	tag=$1
	shift
	# not by run: the number is to be that of cbvd
	"$cbvd" -N "127.0.0.1:$ns_port" -p "$mx_port" -h client.test \
	    -o "nonglobal,$limits" -c "$cache" "$@" >"$tmp/later.$tag" 2>/dev/null &
	eval "job_$tag=$!"
	jobs="$jobs $!"
}
# all_done: those have ended
all_done()
{
	for job in $jobs; do
		wait "$job" 2>/dev/null
	done
	jobs=''
}
# many FROM TO ARGS...: each asks; "%" stands for its number
many()
{
	n=$1 to=$2
	shift 2
	while [ $n -le $to ]; do
		later "$n" $(printf '%s ' "$@" | sed "s/%/$n/")
		n=$((n + 1))
	done
}
# said FROM TO: the codes of their answers, and how often
said()
{
	n=$1
	while [ $n -le "$2" ]; do
		cut -c1-9 "$tmp/later.$n"
		n=$((n + 1))
	done | sort | uniq -c | awk '{ printf "%s%d of %s %s", s, $1, $2, $3; s = ", " }'
}
# called N [ADDRESS]: there have been N connections
called() { [ "$(event_count connect "$2")" -ge "$1" ]; }
rcpts() { [ "$(event_count RCPT)" -ge "$1" ]; }
# waiting N: so many wait for a lock of ours, where the system tells
waiting()
{
	if [ ! -r /proc/locks ]; then
		sleep 3
		return 0
	fi
	inode=$(stat -c %i "$cache.lock" 2>/dev/null)
	[ "$(grep -c -- "-> POSIX.*:$inode " /proc/locks)" -ge "$1" ]
}
# at_once [ADDRESS]: how many connections a host had at a time
at_once()
{
	events | awk -v a="$1" 'a != "" && $2 != a { next }
	    $5 == "connect" { if (++n > max) max = n } $5 == "close" { n-- }
	    END { print max + 0 }'
}
# older KEY SECONDS: what is known of it is so much older
older() { perl tests/record.pl "$cache" "$1" "all=-$2"; }
# left IP: for how many seconds a host is left alone from now on
left()
{
	run -L "$1" | perl -MTime::Local -ne 'print timegm($6, $5, $4, $3,
	    $2 - 1, $1) - time if
	    /left alone until (\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)Z/'
}
alone() { ok "$1" alone_for "$2" "$3"; }	# NAME IP SECONDS
alone_for() { t=$(left "$1"); at_most "${t:-0}" "$2" && at_least "${t:-0}" $(($2 - 600)); }
# fresh NAME: a cache of its own
fresh() { cache=$tmp/cache/$1.gdbm; }
# asks N NAME GLOB ARGS...: the answer fits, and N connections are made for it
asks()
{
	asks_n=$1 asks_name=$2
	shift
	mark
	verdict "$@"
	is "$asks_name: connections" "$(event_count connect)" "$asks_n"
}
# one NAME GLOB MAILBOX: served, one query by the line
one()
{
	one_name=$1 one_glob=$2
	serve "send:$3\\n"
	like "$one_name" "$out" "$one_glob"
}

blocked='554 5.7.1 Your IP address is blocked by our list'
host join "default | C: RCPT TO:<real@*>* | $hold | S: 250 2.1.5 Ok | C: RCPT TO:<none@*>* | $hold | S: 550 5.1.1 No such user"
host shyheld "default | $hold | S: $blocked"
host slot "default | C: RCPT TO:<a*@*>* | $hold | S: 550 5.1.1 No such user"
slot=$addr
host slot2 "default | C: RCPT TO:<a*@*>* | $hold | S: 550 5.1.1 No such user"
host slowquit 'default | C: RCPT TO:<a*@*>* | S: 550 5.1.1 No such user | C: QUIT | S: !sleep 0.3 | S: 221 Bye | S: !drop'
slowquit=$addr
host nulls 'null-path-mail'
nulls=$addr
host rate default
rate=$addr
host spare default
zone 'two.test MX 10 mx.rate.test' 'two.test MX 20 mx.spare.test'
host ours default
ours=$addr
host greeting "default | S: $blocked"
greeting=$addr
host ehlo "default | C: EHLO * | S: $blocked"
host mail "default | C: MAIL * | S: $blocked"
host utf8 'smtputf8 | C: MAIL *SMTPUTF8 | S: 555 5.5.4 Unsupported option'
host dead drop-greeting
dead=$addr
host rcpt drop-rcpt
host batch 'default | C: MAIL * | S: !drop'
host later later-greeting
host victim default
victim=$addr
host tarpit silent-greeting
tarpit=$addr
zone 'evil.test MX 10 mx.tarpit.test' 'evil.test MX 20 mx.victim.test' \
    'gone.test A 127.1.9.9'
host shy "default | S: $blocked"
shy=$addr
host probe "default | $hold | S: $blocked"
probe=$addr
host turns drop-greeting
turns=$addr
host all catch-all
host rcptblock blocked-rcpt
rcptblock=$addr
zone "neighbour.test MX 10 mx.neighbour.test" "mx.neighbour.test A $rcptblock"
host anew default
host anew3 default
host anew4 default
host anew2 "default | C: RCPT TO:<real@*>* | $hold | S: 250 2.1.5 Ok"
host many 'default | C: RCPT TO:<real*@*>* | S: 250 2.1.5 Ok'
host grey 'default | C: RCPT * | S: 451 4.7.1 Greylisted, try again in 300 seconds'
host clock default
clock=$addr
host full default
host kill "default | C: RCPT TO:<a*@*>* | $hold | S: 550 5.1.1 No such user"
host lock "default | C: RCPT TO:<real@*>* | $hold | S: 250 2.1.5 Ok"
n=0
while [ $n -lt 12 ]; do
	n=$((n + 1))
	zone "crowd$n.test A*20 127.9.$n.%d"
done
start

# ---- joining -----------------------------------------------------------------------

fresh join
mark
many 1 25 real@join.test
ok 'twenty-five ask for one mailbox at a time' within waiting 24
: >"$go"
all_done
is 'there is one connection' "$(event_count connect)" 1
is 'and all have the verdict' "$(said 1 25)" '25 of 250 2.1.5'
logged 'all but one have joined' 24 'real@join.test: 250 .* cached=joined '
logged 'and that one has asked' 1 'real@join.test: 250 .* cached=no '
rm "$go"
mark
many 1 8 none@join.test
within waiting 7
: >"$go"
all_done
is 'for one that is refused, too' "$(event_count connect) $(said 1 8)" '1 8 of 550 5.1.7'
like 'each with the words of the host' "$(cat "$tmp/later.1" "$tmp/later.8" | grep -c 'said at RCPT: 550 5.1.1 No such user')" 2

run -F real@join.test join.test
rm "$go"
mark
later leader real@join.test
within rcpts 1
many 1 12 real@join.test
within waiting 12
kill -9 "$job_leader"
ok 'the one who asks is killed: another calls' within called 2
: >"$go"
all_done
is 'and all who have joined have its verdict' "$(said 1 12)" '12 of 250 2.1.5'
is 'of that one connection' "$(event_count connect)" 2

# whoever takes over is killed, too, until one is left
if [ ! -r /proc/locks ]; then
	skip 'this system does not tell who has a lock' \
	    'four are killed one after another: the fifth has a verdict'
else
	run -F real@join.test join.test
	rm "$go"
	mark
	many 1 5 real@join.test
	within waiting 4
	n=0
	while [ $n -lt 4 ]; do
		n=$((n + 1))
		within called $n
		within waiting $((5 - n))
		for pid in $jobs; do
			# who leads has a lock, and waits for none
			grep -q "[0-9]: POSIX.* $pid " /proc/locks 2>/dev/null &&
			    ! grep -q -- "-> POSIX.* $pid " /proc/locks &&
			    kill -9 "$pid" && break
		done
	done
	within called 5
	: >"$go"
	all_done
	is 'four are killed one after another: the fifth has a verdict' \
	    "$(cat "$tmp/later."[1-5] | cut -c1-9)" '250 2.1.5'
fi

run -F real@join.test join.test
rm "$go"
mark
begin leader 'send:real@join.test\n' -o wait=1s,total=55s
within rcpts 1
begin follower 'send:real@join.test\n' -o wait=1s,total=55s
ended follower
like 'who has joined in service is told after "wait"' "$out" '450 4.4.7 <real@join.test> the callout is still under way, ask again?r?n'
begin follower 'send:real@join.test\n' -o wait=50s
within waiting 1
: >"$go"
ended follower
like 'and who waits longer has the verdict' "$out" '250 2.1.5 <real@join.test> mx.join.test*'
ended leader
like 'the first one was told, too' "$out" '450 4.4.7 *'
is 'all by one connection' "$(event_count connect)" 1
asks 0 'and there the verdict is' '250 2.1.5 *(cached *' real@join.test

rm "$go"
mark
many 1 10 real@shyheld.test
within waiting 9
: >"$go"
all_done
is 'a verdict that is never stored is that of all who joined' "$(said 1 10)" '10 of 252 2.0.0'
is 'by one connection' "$(event_count connect)" 1
is 'and nothing is stored of the mailbox' "$(run -L real@shyheld.test)" ''

# ---- slots ---------------------------------------------------------------------------

fresh slots
ask nobody@slot.test
rm "$go"
mark
many 1 6 a%@slot.test
within called 2
is 'cached answers wait for no slot' "$(run nobody@slot.test | cut -c1-9)" '550 5.1.7'
is 'and make no connection' "$(event_count connect)" 2
# busy comes a moment before "wait" does, if the machine is not too slow for it
tries=0
for n in 1 2 3 4 5 6 7 8 9; do
	serve "send:b$n@slot.test\\n" -o wait=1s
	case $out in
	*' 4.4.7 '*)	continue ;;
	esac
	break
done
like 'without a slot by "wait" it is busy' "$out" \
    '450 4.3.2 <b?@slot.test> busy: mx.slot.test?*?: no slot for another callout, ask again*'
is 'which is not stored' "$(run -L "b$n@slot.test")" ''
later b c1@slot2.test
wait "$job_b"
is 'another host has slots of its own' "$(cut -c1-9 "$tmp/later.b")" '550 5.1.7'
: >"$go"
all_done
is 'all have their verdict' "$(said 1 6)" '6 of 550 5.1.7'
is 'two at a time' "$(at_once "$slot")" 2

rm "$go"
mark
many 11 16 -o perhost=3 a%@slot.test
within called 3
: >"$go"
all_done
is 'as many as perhost= says' "$(at_once "$slot") $(said 11 16)" '3 6 of 550 5.1.7'
rm "$go"
mark
many 21 24 -o all=3,perhost=2 a%@slot.test
many 25 28 -o all=3,perhost=2 a%@slot2.test
within called 3
: >"$go"
all_done
is 'and to all hosts as many as all= says' "$(at_once) $(said 21 28)" '3 8 of 550 5.1.7'
mark
many 31 40 a%@slowquit.test
all_done
is 'ten have their verdict of a host that is slow to say good-bye' "$(said 31 40)" '10 of 550 5.1.7'
ok 'a slot lasts until it has closed' at_most "$(at_once "$slowquit")" 2
mark
many 41 46 real%@nulls.test
all_done
ok 'where the null reverse-path is refused, too' at_most "$(at_once "$nulls")" 2
rm "$go"
mark
many 51 53 a%@slot.test
within called 2
kill -9 "$job_51" "$job_52"
ok 'who is killed has no slot any more' within called 3
: >"$go"
all_done

# ---- the rate ----------------------------------------------------------------------------

fresh rate
three='-o rate=3/h'
for n in 1 2 3; do
	asks 1 "callout $n of 3" '550 5.1.7 *' $three "no$n@rate.test"
done
asks 0 'the next is over the rate' \
    '252 2.0.0 <real@rate.test> budget spent: mx.rate.test?*?: 3 callouts in 3600s are enough' \
    $three real@rate.test
is 'which is stored of no mailbox' "$(run -L real@rate.test)" ''
asks 0 'what is cached is answered still' '550 5.1.7 *(cached *' $three no1@rate.test
ok 'and -L says so' fits "$(run -L $three "$rate")" '*	0 of 3 callouts left'
ok 'also where another rate makes more of it' \
    fits "$(run -L -o rate=60/m "$rate")" '*	0 of 60 callouts left'
asks 1 'a host over its rate is passed over' '250 2.1.5 <real@two.test> mx.spare.test*' $three real@two.test
ok 'to a host that has then been called once' fits "$(run -L $three | grep "^$addr	\|mx.spare\|2 of 3")" '*	2 of 3 callouts left*'
older "$rate" 1201
asks 1 'a third of the time gives one more' '250 2.1.5 *' $three real@rate.test
asks 0 'and no second' '252 2.0.0 *budget spent*' $three other@rate.test
mark
many 1 6 -o rate=0 z%@rate.test
all_done
is 'rate=0 is none' "$(event_count connect) $(said 1 6)" '6 6 of 550 5.1.7'
like 'of which -L says nothing' "$(run -L -o rate=0 "$rate")" '*	no rate'
older "$rate" 86000
mark
many 1 12 $three,perhost=12 y%@rate.test
all_done
is 'of twelve at a time three are let through' "$(event_count connect)" 3
is 'and nine have no evidence' "$(said 1 12)" '9 of 252 2.0.0, 3 of 550 5.1.7'
echo "ours.test:$ours" >"$tmp/routes"
chmod 644 "$tmp/routes"
mark
ask $three -r "$tmp/routes" real@ours.test other@ours.test no1@ours.test no2@ours.test
is 'a host of our own has no rate' "$(event_count connect)" 4

rescript ours "default | S: $blocked"
asks 1 'one that refuses us' '252 2.0.0 *' -r "$tmp/routes" third@ours.test
alone 'is left alone for "temporary" only' "$ours" 300

# ---- standing off --------------------------------------------------------------------------

fresh off
for at in greeting ehlo mail; do
	asks 1 "refused at $at" "252 2.0.0 *about us, not the mailbox: mx.$at.test*$blocked" "real@$at.test"
	asks 0 "refused at $at, then left alone" \
	    "252 2.0.0 <other@$at.test> about us, not the mailbox: mx.$at.test*: $blocked (cached *" "other@$at.test"
done
alone 'for "blocked"' "$greeting" 3600
like '-L tells until when and in which words' "$(run -L "$greeting")" \
    "$greeting	-	*	2[45]h	[56]? of 60 callouts left, left alone until 20??-??-??T??:??:??Z: about us, not the mailbox: mx.greeting.test?*? said at GREETING: $blocked"
asks 1 'dead' '450 4.4.1 *' real@dead.test
asks 0 'dead, then left alone' '450 4.4.1 <other@dead.test> mx.dead.test* (cached *' other@dead.test
alone 'for "temporary"' "$dead" 300
asks 0 'no connection' '450 4.4.1 *refused*' real@gone.test
asks 0 'no connection, then left alone' '450 4.4.1 *refused (cached *' other@gone.test
for at in rcpt batch later; do
	ask "real@$at.test"
	asks 1 "who hangs up, or says later, at $at is not" '450 4.*' "other@$at.test"
done

ask $three,total=1s real@evil.test
like 'who has used up the time of a query' "$out" '45[01] 4.4.*'
asks 1 'has not made a host look dead' '250 2.1.5 *' $three real@victim.test
is 'nor spent its rate' "$(run -L $three "$victim" | cut -f5)" '2 of 3 callouts left'
is 'of a rate without a unit the time is a minute, whatever was said before' \
    "$(run -L $three,rate=3 "$victim" | cut -f5)" '0 of 3 callouts left'
ask -o command=1s real@tarpit.test
older "$tarpit" 301
asks 1 'who is asked with too little time' '450 4.4.7 *' -o total=1s other@tarpit.test
like 'is not said to answer again' "$(run -L "$tarpit")" '*, was left alone until *'
run -F "$tarpit"
ask -o temporary=60s,command=1s third@tarpit.test
older "$tarpit" 61
perl -MFcntl=:flock -MTime::HiRes=sleep,time -e 'sleep 1.4 - (time - int time);
    open F, "<", $ARGV[0]; flock F, LOCK_SH; open G, ">", $ARGV[1]; sleep 0.95' \
    "$cache" "$tmp/held" &
until_true test -e "$tmp/held"
ask -o temporary=60s,command=1s fourth@tarpit.test
ok 'the time doubles also where the cache was waited for' at_least "$(left "$tarpit")" 61

asks 2 'a host that refuses MAIL for its SMTPUTF8 is unknown' \
    '252 2.0.0 *said at MAIL: 555 *' 'jörg@utf8.test'
asks 1 'but not left alone for that' '250 2.1.5 *' real@utf8.test
asks 2 'and is asked again' '252 2.0.0 *said at MAIL: 555 *' 'jürgen@utf8.test'

mark
ask real@shy.test
for h in 1 2 4 8 16 24 24; do
	alone "a host that refuses us is left alone for $h h" "$shy" $((h * 3600))
	older "$shy" $((h * 3600 + 5))
	asks 1 "after $h h it is asked again" '252 2.0.0 *said at GREETING*' "u$h@shy.test"
done
logged 'of all that the log has one warning, with the words' 1 \
    "calls are unwelcome: about us, not the mailbox: mx.shy.test.* said at GREETING: $blocked"
older "$shy" 86405
like '-L tells that it was left alone' "$(run -L "$shy")" '*, was left alone until *'
rescript shy default
asks 1 'once it takes us' '250 2.1.5 *' real@shy.test
asks 1 'it is as any other' '250 2.1.5 *' other@shy.test
is 'and not left alone' "$(left "$shy")" ''
rescript shy "default | S: $blocked"
asks 1 'if it refuses us anew' '252 2.0.0 *' third@shy.test
alone 'it begins with "blocked"' "$shy" 3600
logged 'and the log has a second warning' 2 'calls are unwelcome: .* mx.shy.test'

: >"$go"
ask real@probe.test
rm "$go"
older "$probe" 3605
mark
later first a@probe.test
within called 1
for n in 1 2 3; do
	like "when the time is over one is let through, not $n more" \
	    "$(run "b$n@probe.test")" "252 2.0.0 *$blocked (cached *"
done
is 'one connection' "$(event_count connect)" 1
: >"$go"
all_done
alone 'and then it is the double' "$probe" 7200

ask real@turns.test
older "$turns" 301
rescript turns "default | S: $blocked"
asks 1 'a host that was dead and now refuses us' '252 2.0.0 *' other@turns.test
logged 'is told in the log' 1 'calls are unwelcome: .* mx.turns.test'
run -F "$turns"
asks 1 '-F forgets that a host is left alone' '252 2.0.0 *' third@turns.test

# ---- remembering ---------------------------------------------------------------------------

fresh known
asks 1 'a host that accepts any mailbox' '252 2.0.0 *accepts any mailbox*' real@all.test
asks 0 'is not called for others' '252 2.0.0 *accepts any mailbox*(cached *' other@all.test
ask real@nulls.test
mark
ask -o positive=1s real2@nulls.test
is 'where <> is refused it is not tried again' "$(commands | grep -o MAIL | wc -l)" 1
asks 1 'refused at RCPT' '252 2.0.0 *about us*' real@rcptblock.test
asks 0 'is true of the domain' '252 2.0.0 *about us*(cached *' other@rcptblock.test
asks 1 'and of no other domain of the host' '252 2.0.0 *about us*' real@neighbour.test
is 'nor of the host' "$(left "$rcptblock")" ''

# ---- what is old is renewed -----------------------------------------------------------------

ask real@anew.test
older real@anew.test 90000
mark
one 'an old answer is served from the cache' '250 2.1.5 *(cached 25h)?r?n' real@anew.test
is 'and its mailbox asked for again' "$(event_count connect)" 1
like 'after which it is young' "$(run -L real@anew.test | cut -f3)" '[0-9]*s'
logged 'the log tells' 1 ': renewed real@anew.test: 250 2.1.5 host=mx.anew.test'
mark
one 'a young answer' '250 2.1.5 *(cached *s)?r?n' real@anew.test
is 'is not renewed' "$(event_count connect)" 0
older real@anew.test 90000
asks 0 'nor is any on the command line' '250 2.1.5 *(cached 25h)' real@anew.test
rescript anew 'default | C: RCPT * | S: 451 4.3.0 Try later'
mark
one 'a host that says later' '250 2.1.5 *(cached 25h)?r?n' real@anew.test
is 'was asked' "$(event_count connect)" 1
is 'and changes nothing' "$(run -L real@anew.test | cut -f2,3)" '250	25h'
mark
one 'the next query' '250 2.1.5 *(cached 25h)?r?n' real@anew.test
is 'does not ask again' "$(event_count connect)" 0
older real@anew.test 301
mark
one 'after "temporary" the next' '250 2.1.5 *(cached 25h)?r?n' real@anew.test
is 'does' "$(event_count connect)" 1
rescript anew 'default | C: RCPT * | S: 550 5.1.1 User unknown'
older real@anew.test 301
one 'a mailbox that is gone by now' '250 2.1.5 *(cached 25h)?r?n' real@anew.test
asks 0 'is known to be so' '550 5.1.7 *(cached *' real@anew.test
ask real@anew3.test
older real@anew3.test 90000
rescript anew3 catch-all
one 'a mailbox at a host that accepts any by now' '250 2.1.5 *(cached 25h)?r?n' real@anew3.test
asks 0 'is unknown' '252 2.0.0 *accepts any mailbox: *(cached *' real@anew3.test
like 'as long as any other that is' "$(run -L real@anew3.test | cut -f2,4)" '252	[12]*[hm]'
ask real@anew4.test
older real@anew4.test 90000
sed 's/^anew4.test MX .*/anew4.test MX 0 ./' "$zone" >"$zone.new"
mv "$zone.new" "$zone"
one 'a mailbox whose domain takes no mail by now' '250 2.1.5 *(cached 25h)?r?n' real@anew4.test
asks 0 'is told so' '550 5.7.27 *(cached *' real@anew4.test

: >"$go"
ask real@anew2.test
rm "$go"
older real@anew2.test 90000
mark
begin first 'send:real@anew2.test\n'
within rcpts 1
for n in 1 2 3; do
	one "while it is renewed query $n has the old answer" '250 2.1.5 *(cached 25h)?r?n' real@anew2.test
done
is 'and asks nobody' "$(event_count connect)" 1
: >"$go"
ended first
like 'nor did the first one wait' "$out" '250 2.1.5 *(cached 25h)?r?n'

ask real1@many.test real2@many.test real3@many.test real4@many.test real5@many.test
for n in 1 2 3 4 5; do
	older "real$n@many.test" 90000
done
mark
serve "$(policy real1@many.test real2@many.test real3@many.test real4@many.test real5@many.test) shut"
like 'a connection of five old answers' "$out" '*action=DUNNO*action=DUNNO*action=DUNNO*action=DUNNO*action=DUNNO*'
is 'renews three of them when it has ended' "$(event_count connect)" 3
is 'the first three' "$(run -L real1@many.test real2@many.test real3@many.test | cut -f3 | grep -c 's$')" 3

# ---- greylists -------------------------------------------------------------------------------

asks 1 'a host that says when to come again' '450 4.7.1 <real@grey.test> *in 300 seconds; retry in [23]?? s' real@grey.test
older real@grey.test 100
asks 0 'is left the time' '450 4.7.1 *; retry in [12]?? s (cached *' real@grey.test
older real@grey.test 201
mark
ask real@grey.test
is 'and asked again with the same pair' "$(events | grep -c 'MAIL FROM:<>$\|RCPT TO:<real@grey.test>$')" 2
rescript grey default
older real@grey.test 301
asks 1 'until it lets that pass' '250 2.1.5 *' real@grey.test

# ---- never in a circle -------------------------------------------------------------------------

# Two mail hosts that refuse the null reverse-path, against all reason, and
# verify every other one with a cbvd of their own.
cat >"$tmp/circle.pl" <<'END'
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
my ($dir, $port_file, $ask, @who) = @ARGV;
my ($port, %name);
my $select = IO::Select->new;
for my $who (@who) {
	my ($name, $ip) = split /=/, $who;
	my $l = IO::Socket::INET->new(LocalAddr => $ip, LocalPort => $port // 0,
	    Listen => 50, ReuseAddr => 1) or die "$ip: $!\n";
	$port //= $l->sockport;
	$name{$l} = $name;
	$select->add($l);
}
open(my $f, '>', "$port_file.new") or die;
print $f "$port\n";
close $f;
rename "$port_file.new", $port_file;
$SIG{CHLD} = 'IGNORE';
for (;;) {
	for my $l ($select->can_read) {
		my $c = $l->accept or next;
		note("$name{$l} connect");
		next if fork;
		$SIG{CHLD} = 'DEFAULT';
		$SIG{PIPE} = 'IGNORE';
		talk($name{$l}, $c);
		note("$name{$l} done");
		exit 0;
	}
}

sub talk {
	my ($name, $c) = @_;

	$c->autoflush(1);
	print $c "220 $name.test ESMTP\r\n";
	while (<$c>) {
		s/\r?\n//;
		if (/^MAIL FROM:<>/) {
			print $c "550 5.7.1 Null sender refused\r\n";
		} elsif (/^MAIL FROM:<(.*)>/) {
			my $v = `sh $ask $name $port $1 2>/dev/null`;
			chomp $v;
			note("$name verified $1: $v");
			print $c $v =~ /^25/ ? "250 2.1.0 Ok\r\n" :
			    $v =~ /^5/ ? "550 5.1.7 No\r\n" : "450 4.1.7 No\r\n";
		} elsif (/^RCPT TO:<real@/) {
			print $c "250 2.1.5 Ok\r\n";
		} elsif (/^RCPT/) {
			print $c "550 5.1.1 User unknown\r\n";
		} elsif (/^QUIT/) {
			print $c "221 Bye\r\n";
			return;
		} else {
			print $c "250 Ok\r\n";
		}
	}
}

sub note { open(my $f, '>>', "$dir.log"); print $f "@_\n"; close $f }
END
# circle NAME FROM NET TOTAL: the hosts NAMEa and NAMEb; their -f is FROM
circle()
{
	circle=$1
	mkdir -m 700 "$tmp/$1"
	! am_root || chown "$user" "$tmp/$1"
	zone "$1a.test A 127.3.$3.1" "$1b.test A 127.3.$3.2"
	: >"$tmp/$1.log"
	cat >"$tmp/$1.sh" <<-END
	exec $cbvd -N 127.0.0.1:$ns_port -p \$2 -h \$1.test -f $2@\$1.test \
	    -o nonglobal,total=$4 -c $tmp/$1/\$1.gdbm \$3
	END
	background "$tmp/$1.port" perl "$tmp/circle.pl" "$tmp/$1" \
	    "$tmp/$1.port" "$tmp/$1.sh" "$1a=127.3.$3.1" "$1b=127.3.$3.2"
}
circle_ask() { sh "$tmp/$circle.sh" "${circle}a" "$port" "real@${circle}b.test"; }
seen() { grep -c "$1" "$tmp/$circle.log"; }
rest() { [ "$(seen ' connect')" -eq "$(seen ' done')" ]; }
circle pm postmaster 1 110s
like 'two hosts refuse <> and verify each other: a verdict' "$(circle_ask)" '250 2.1.5 <real@pmb.test> *'
within rest
is 'their postmaster is not called back' "$(seen 'pma connect')" 0
is 'but believed' "$(seen 'pmb verified postmaster@pma.test: 250 2.1.5 ')" 1
circle odd verifier 2 5s
like 'who verifies from another mailbox has no verdict' "$(circle_ask)" '45[01] *'
ok 'but it comes to rest' within rest
ok 'after few connections' at_most "$(seen ' connect')" 5

# ---- clocks ----------------------------------------------------------------------------------

# set KEY FIELD=SECONDS...: a record as another clock would have made it
set_clock() { perl tests/record.pl "$cache" "$@"; }
year=31536000
fresh clock
rescript clock "default | S: $blocked"
ask real@clock.test
asks 0 'a host is left alone' '252 2.0.0 *(cached *' u1@clock.test
set_clock "$clock" until=$year
asks 1 'for a year it is not' '252 2.0.0 *GREETING*' u2@clock.test
set_clock "$clock" all=$year
asks 1 'nor when the clock was set back by a year' '252 2.0.0 *GREETING*' u3@clock.test
asks 0 'which is left alone as before' '252 2.0.0 *(cached *' u4@clock.test
rescript clock default
fresh clock2
ask $three n1@clock.test
set_clock "$clock" tat=$year
asks 1 'a rate spent for a year is believed for one callout less' '550 5.1.7 *' $three n2@clock.test
asks 0 'and then is spent' '252 2.0.0 *budget spent*' $three n3@clock.test
older "$clock" 1201
asks 1 'for its usual time' '550 5.1.7 *' $three n4@clock.test
set_clock "$clock" all=$year
asks 1 'a clock set back by a year' '550 5.1.7 *' $three n5@clock.test
ask real@clock.test
older real@clock.test 90000
set_clock real@clock.test until=$year
one 'no clock makes an answer older than its age' '250 2.1.5 *(cached 25h)?r?n' real@clock.test

# ---- a full cache -----------------------------------------------------------------------------

fresh full
small='-o size=64K,rate=100000/m'
rescript clock "default | S: $blocked"
ask $small real@clock.test
run $small $(awk 'BEGIN { for (i = 0; i < 300; i++) print "n" i "@full.test" }') |
    cut -c1-9 | sort | uniq -c >"$tmp/full"
is 'three hundred mailboxes in a small cache' "$(sed 's/^ *//' "$tmp/full")" '300 550 5.1.7'
ok 'of which most are gone' at_most "$(run -L | grep -c '^n')" 150
asks 0 'do not drive out that a host is left alone' '252 2.0.0 *(cached *' $small u@clock.test
n=0
while [ $n -lt 12 ]; do
	n=$((n + 1))
	ask $small "real@crowd$n.test"
done
ok 'two hundred hosts that are down are remembered' at_least "$(run -L | grep -c '^127\.9\..*left alone')" 20
ok 'as many as have space' at_most "$(wc -c <"$cache")" 65536
# which of them went is chance; whoever is still there is spared
alone_ip=$(run -L | awk '/^127\.9\..*left alone/ { print $1; exit }')
zone 'alone.test MX 10 mx.alone.test' "mx.alone.test A $alone_ip"
asks 0 'and spared' '450 4.4.1 *(cached *' $small other@alone.test

# ---- however a process ends ---------------------------------------------------------------------

fresh kill
cat >"$tmp/killer.pl" <<'END'
use strict;
use warnings;
use Time::HiRes qw(sleep);
my ($times, @ask) = @ARGV;
open(STDOUT, '>', '/dev/null');
srand(90);
for my $i (1 .. $times) {
	my @pid;
	for my $n (1 .. 3) {
		my $pid = fork // die;
		exec @ask, "a$n\@kill.test" if $pid == 0;
		push @pid, $pid;
	}
	sleep rand 0.1;
	kill 9, @pid;
	waitpid $_, 0 for @pid;
}
END
rm -f "$go"
perl "$tmp/killer.pl" 40 "$cbvd" -N "127.0.0.1:$ns_port" -p "$mx_port" \
    -h client.test -o nonglobal,rate=0 -c "$cache"
: >"$go"
mark
many 1 6 -o rate=0 a%@kill.test
all_done
is 'a hundred killed at any moment have left no lock' "$(said 1 6)" '6 of 550 5.1.7'
ok 'and the limits hold' at_most "$(at_once)" 2

# ---- the lock file --------------------------------------------------------------------------------

# limited NAME N: with what is in place of the lock file five who ask for one
# mailbox all have the verdict, by N connections
limited()
{
	[ "$cache" = none ] || run -F real@lock.test
	rm -f "$go"
	mark
	many 1 5 -o rate=0 real@lock.test
	if [ "$2" -eq 1 ]; then
		within waiting 4
	else
		within called "$2"
	fi
	: >"$go"
	all_done
	is "$1" "$(event_count connect) $(said 1 5)" "$2 5 of 250 2.1.5"
}
fresh lock
lock=$cache.lock
: >"$go"
ask real@lock.test
limited 'five have one connection' 1
is 'the lock file has mode 0600' "$(stat -c %a "$lock" 2>/dev/null || stat -f %Lp "$lock")" 600
head -c 100000 /dev/urandom >"$lock"
limited 'with noise in the lock file' 1
: >"$lock"
limited 'with an empty one' 1
rm "$lock"
limited 'with none' 1
chmod 644 "$lock"
limited 'one that others may read is not used' 5
logged 'which is told' 5 "$lock: .*: going on without limits"
rm "$lock"
mkdir "$lock"
limited 'nor is a folder' 5
rmdir "$lock"
ln -s "$tmp/elsewhere" "$lock"
limited 'nor a symbolic link' 5
ok 'which is not followed' not test -e "$tmp/elsewhere"
rm "$lock"
mkfifo -m 600 "$lock"
! am_root || chown "$user" "$lock"
limited 'nor a FIFO' 5
rm "$lock"
limited 'then one is made again' 1
cache=none
limited 'without a cache there is none' 5
