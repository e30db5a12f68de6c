#!/bin/sh
# SPDX-License-Identifier: ISC
# 35-never.t: what no option relaxes: never a 550 out of trouble, out of
# another mailbox's fate, out of words about us, out of an old record or of a
# fault of ours; and never a message.  Each is tried under many options.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh

plan 120

# The options that everything is tried under, each with a cache of its own;
# the last has none.
n=0 unbuilt=''
while read -r options; do
	# shellcheck disable=SC2086
	if ! "$cbvd" $options '<>' </dev/null >/dev/null 2>&1; then
		unbuilt="$unbuilt $options"
		continue
	fi
	n=$((n + 1))
	echo "$n -c $tmp/cache/$n $options" >>"$tmp/sets"
done <<'END'

-n
-f none
-4 -o lenient
-R
-f check@client.test -o positive=366d,domain=366d,blocked=1d,refresh=1d
-c none
END
sets=$n
if [ -n "$unbuilt" ]; then
	skip "unknown options:$unbuilt" 'every option is known'
else
	ok 'every option is known' true
fi
asked=$tmp/asked also=''
: >"$asked"

# ask_all ADDRESS...: under each of the options one cbvd is asked about all.
ask_all()
{
	printf '%s\n' "$@" >>"$asked"
	working=''
	while read -r number options; do
		# shellcheck disable=SC2086
		run $options $also "$@" </dev/null >"$tmp/out.$number" 2>&1 &
		working="$working $!"
	done <"$tmp/sets"
	# shellcheck disable=SC2086
	wait $working
}

# ask_each ADDRESS...: the same, but each address has a cbvd to itself.
ask_each()
{
	printf '%s\n' "$@" >>"$asked"
	working=''
	while read -r number options; do
		i=100
		for address; do
			i=$((i + 1))
			# shellcheck disable=SC2086
			run $options $also "$address" </dev/null \
			    >"$tmp/part.$number.$i" 2>&1 &
			working="$working $!"
		done
	done <"$tmp/sets"
	# shellcheck disable=SC2086
	wait $working
	while read -r number options; do
		cat "$tmp/part.$number".* >"$tmp/out.$number"
	done <"$tmp/sets"
	rm -f "$tmp"/part.*
}

# compare GLOB|"ADDRESS GLOB"...: the answers fit, under all options.
compare()
{
	bad=0
	while read -r number options; do
		exec 3<"$tmp/out.$number"
		for want; do
			IFS= read -r line <&3 || line='nothing'
			# shellcheck disable=SC2254
			case $line in
			${want#* })	continue ;;
			esac
			echo "${options#* * }: $line"
			echo "${want%% *}: want ${want#* }"
			bad=$((bad + 1))
			[ $bad -lt 4 ] || return 1
		done
		if IFS= read -r line <&3; then
			echo "$options: and then $line"
			bad=1
		fi
		exec 3<&-
	done <"$tmp/sets"
	return $bad
}

# every NAME "ADDRESS GLOB"...: one after the other the ADDRESSes get answers
# that fit, whatever the options are.
every()
{
	every_name=$1
	shift
	spread=''
	for want; do
		spread="$spread ${want%% *}"
	done
	# shellcheck disable=SC2086
	ask_all $spread
	ok "$every_name" compare "$@"
}

# none_is CODE: not one answer under any options has it; all have been given.
none_is()
{
	grep "^$1" "$tmp"/out.* | head -n 4 >"$tmp/is"
	! grep . "$tmp/is" || return 1
	while read -r number options; do
		same "$options: $(grep -c '^[245]' "$tmp/out.$number")" \
		    "$options: $2" || return 1
	done <"$tmp/sets"
}

# all_are GLOB COUNT
all_are()
{
	glob=$1 count=$2
	set --
	while [ $# -lt "$count" ]; do
		set -- "$@" ". $glob"
	done
	compare "$@"
}

# cached: under the first options, and all others with a cache, the same came
# from there.
cached()
{
	i=1
	while [ $i -lt "$sets" ]; do
		! grep -v '(cached [^)]*)$' "$tmp/out.$i" || return 1
		i=$((i + 1))
	done
}

# said ADDRESS COMMAND: how often an address was told a command, letter by letter
said()
{
	events | awk -v a="$1" -v c="$2" \
	    '$2 == a && substr($0, length($0) - length(c) + 1) == c' | wc -l
}

# ---- the world -------------------------------------------------------------

quick='' slow=''
# trouble NAME SCRIPT: a host that answers nobody; takes no time
trouble() { host "$1" "$2"; quick="$quick real@$1.test unknown@$1.test"; }
# tardy NAME SCRIPT: the same, and `command' passes
tardy() { host "$1" "$2"; slow="$slow real@$1.test unknown@$1.test"; }
# The words could not be clearer, but for the code or the stage.
gone='5.1.1 User unknown, no such mailbox here'

# a blocked client whom the host lets say QUIT
blocked='default | S: 554 5.7.1 Service unavailable; client [192.0.2.1] blocked using zen.spamhaus.org'

trouble l1 later-greeting
trouble l2 later-ehlo
trouble l3 later-mail
trouble l4 later-rcpt
trouble l5 greylisting
trouble l6 "default | S: 450 $gone"
trouble l7 "default | C: EHLO * | S: 450 $gone"
trouble l8 "default | C: MAIL * | S: 450 $gone"
trouble l9 "default | C: RCPT * | S: 450 $gone"
trouble l10 "no-pipelining | C: RCPT * | S: 450 $gone"
trouble l11 "default | C: RCPT * | S: 421 $gone | S: !drop"
trouble l12 "default | C: RCPT * | S: 452 $gone"
trouble l13 "default | C: RCPT * | S: 400 550 $gone"
trouble l14 "default | C: RCPT * | S: 450-4.1.1 550 | S: 450 $gone"
trouble l15 "no-pipelining | C: MAIL * | S: 451 $gone"
trouble l16 "helo-only | C: HELO * | S: 421 $gone"
trouble d1 drop-greeting
trouble d2 drop-ehlo
trouble d3 drop-mail
trouble d4 drop-rcpt
trouble d5 'default | S: !reset'
trouble d6 'default | C: EHLO * | S: !reset'
trouble d7 'default | C: MAIL * | S: !reset'
trouble d8 reset-rcpt
trouble d9 "no-pipelining | C: RCPT * | S: !drop"
trouble m1 code-differs
trouble m2 code-differs-back
trouble m3 code-garbage
trouble m4 code-long
trouble m5 code-missing
trouble m6 cut-line
trouble m7 cut-reply
trouble m8 greeting-endless
trouble m9 line-5mb
trouble m10 line-endless
trouble m11 lines-1000
trouble m12 lines-endless
trouble m13 early-ehlo
trouble m14 early-talker
trouble m15 "default | C: RCPT * | S: 354 Go ahead, $gone"
trouble m16 "default | C: RCPT * | S: 550:$gone"
trouble m17 "default | C: RCPT * | S:  550 $gone"
trouble m18 "default | C: RCPT * | S: 55O $gone"
trouble m19 "default | C: RCPT * | S: 550-$gone | S: 551 $gone"
trouble m20 "default | C: RCPT * | S: 550-$gone | S: and so on | S: 550 $gone"
trouble m21 "no-pipelining | C: RCPT * | S: 550-$gone | S: 450 $gone"
trouble m22 "no-pipelining | C: MAIL * | S: 250 2.1.0 Ok | S: 550 $gone"
trouble m23 "default | C: MAIL * | S: 354 $gone"
trouble m24 "default | S: 300 $gone"
trouble m25 "default | C: RCPT * | S: 150 $gone"
trouble m26 "default | C: RCPT * | S: 560 $gone"
zone 'down.test MX 10 mx.down.test' 'mx.down.test A 127.99.0.1'
quick="$quick real@down.test unknown@down.test"
tardy s1 silent-greeting
tardy s2 silent-ehlo
tardy s3 silent-mail
tardy s4 silent-rcpt
tardy s5 drip-greeting
tardy s6 drip-rcpt
tardy s7 full
tardy s8 "default | C: RCPT * | S: 550-$gone | S: !silence"
tardy s9 "no-pipelining | C: RCPT * | S: !silence"
tardy s10 "default | C: MAIL * | S: !sleep 5 | S: 550 $gone"

# dns NAME SHAPE, late NAME SHAPE: a domain whose MX cannot be learned
names='' late=''
dns() { zone "$1.test MX $2"; names="$names real@$1.test"; }
late() { zone "$1.test MX $2"; late="$late real@$1.test"; }
dns servfail '!servfail'
dns refused '!refused'
dns formerr '!formerr'
dns notimp '!notimp'
dns owner '!msg ID 8180 0001 0001 0000 0000 Q n:other.test 000f 0001 0000003c [ 0000 00 ]'
dns class '!msg ID 8180 0001 0001 0000 0000 Q c00c 000f 0003 0000003c [ 0000 00 ]'
dns type '!msg ID 8180 0001 0001 0000 0000 Q c00c 0001 0001 0000003c [ 7f000001 ]'
dns nullforeign '!msg ID 8180 0001 0002 0000 0000 Q c00c 000f 0001 0000003c [ 0000 00 ] n:other.test 000f 0001 0000003c [ 000a 00 ]'
dns afail '10 mx.afail.test'
dns sixfail '10 mx.sixfail.test'
dns halfgone '10 nothing.elsewhere'
dns halfgone '20 mx.afail.test'
zone 'mx.afail.test A !servfail' 'mx.afail.test AAAA !refused' \
    'mx.sixfail.test A !servfail' 'mx.sixfail.test TXT here' \
    'implicit.test A !servfail' 'implicit.test AAAA !servfail' \
    'loop1.test CNAME loop2.test' 'loop2.test CNAME loop1.test' \
    'self.test CNAME self.test'
names="$names real@implicit.test real@loop1.test real@self.test"
for n in 1 2 3 4 5 6 7 8 9; do
	zone "c$n.test CNAME c$((n - 1)).test"
done
zone 'c0.test MX 0 .'
names="$names real@c9.test"
late silent '!silence'
late noqr '!noqr'
late noqrgone '!msg ID 0103 0001 0000 0000 0000 Q'
late wrongid '!msg dead 8183 0001 0000 0000 0000 Q'
late othergone '!msg ID 8183 0001 0000 0000 0000 n:other.test 000f 0001'
late cutgone '!msg ID 8183 0001 0000 0000 0000'
late tcstall '!tc-stall'
late tcclose '!tc-close'
late cut '!cut 12'
late eleven '!cut 11'
late garbage '!msg ID 8180 0001 0001 0000 0000 Q "complete nonsense"'
late compress '!msg ID 8180 0001 0001 0000 0000 Q c00c 000f 0001 0000003c [ 000a c028 ]'
late rdlength '!msg ID 8180 0001 0001 0000 0000 Q c00c 000f 0001 0000003c ffff 0000 00'
late count '!msg ID 8180 0001 ffff 0000 0000 Q c00c 000f 0001 0000003c [ 0000 00 ]'
late empty '!msg 00'

# one mailbox and another
host one default
host two default
host elsewhere "default | C: RCPT TO:<unknown@*>* | S: 250 2.1.5 Ok | C: RCPT TO:<real@*>* | S: 550 $gone"
host sub.two "default | C: RCPT TO:<unknown@*>* | S: 250 2.1.5 Ok"
host case default
case_addr=$addr
host single no-pipelining
host twins catch-all
# neighbour NAME REPLY: mailbox odd@ gets a REPLY that is not about it
neighbours='policy grey quota relay syntax unclear null later dropped'
neighbour() { host "$1" "default | C: RCPT TO:<odd@*>* | S: $2"; }
neighbour policy '550 5.7.1 Message refused by local policy'
neighbour grey '450 4.2.0 Greylisted, try again later'
neighbour quota '552 5.2.2 Mailbox is full'
neighbour relay '550 5.7.1 Relaying denied'
neighbour syntax '501 5.5.4 Syntax error'
neighbour unclear '550 5.0.0 Hm'
neighbour null '550 5.7.1 Null sender is not accepted here'
neighbour later '451 4.3.0 Try again later'
neighbour dropped '!drop'
# lodger NAME RULES: the domains NAME-a.test and NAME-b.test have one host
lodgers='blocked listed auth denied policy null all later dropped gone'
lodger()
{
	host "$1-a" "default | C: RCPT TO:<*@$1-a.test>* | S: $2"
	zone "$1-b.test MX 10 mx.$1-a.test"
}
lodger blocked '554 5.7.1 Client host [192.0.2.1] blocked using bl.spamcop.net'
lodger listed '550 Your IP address is on our blacklist'
lodger auth '530 5.7.0 Authentication required'
lodger denied '550 5.7.1 Relaying denied'
lodger policy '550 5.7.1 Message refused by local policy'
lodger null '550 5.7.1 Null sender is not accepted here'
lodger all '250 2.1.5 Ok'
lodger later '451 4.3.0 Try again later'
lodger dropped '!drop'
lodger gone "550 $gone"

# words about us, at each stage
cat >"$tmp/words" <<'END'
554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org
550 5.7.1 Your IP address 192.0.2.1 has been blocked
550 5.7.1 Access denied, your host is listed
550 5.7.1 Mail from 192.0.2.1 refused: poor reputation, user unknown is no reason
550 5.7.25 Reverse DNS of 192.0.2.1 not found: unknown
550 5.7.1 Helo command rejected: need fully-qualified hostname
521 5.3.2 Host does not accept mail
556 5.1.10 Recipient address has null MX
530 5.7.0 Must issue a STARTTLS command first
530 5.7.1 Authentication required: unknown user
550 5.7.1 Please authenticate before you send
550 5.7.1 Encryption required for this recipient
550 5.7.1 Message refused by local policy
554 5.7.1 Recipient address rejected: Policy restrictions
550 5.7.1 Rejected as spam
554 5.7.1 <mb@any.test>: Relay access denied
550 5.7.1 Relaying denied
550 5.7.1 Unable to relay for mb@any.test
553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)
552 5.2.2 Mailbox is full
550 5.2.2 <mb@any.test>: user is over quota
550 5.1.1 User unknown or over quota
554 5.2.2 mailbox full
552 5.3.4 Message size exceeds fixed limit
550 5.7.1 Too many connections, slow down
550 5.7.1 Rate limit exceeded, try again later
550 5.7.1 You have asked for too many unknown users
501 5.1.3 Bad recipient address syntax
501 5.5.4 Syntax error in parameters or arguments
500 5.5.1 Command unrecognized
503 5.5.1 Error: need MAIL command
555 5.5.4 Unsupported option
550 5.7.1 Null sender is not accepted here
550 5.7.1 <>: Sender address rejected
550 Bounces are not accepted for this user
550 5.1.8 Sender address rejected: Domain not found
550 5.1.7 Invalid sender address
550 5.1.0 <postmaster@client.test>: Sender address rejected: User unknown in local recipient table
550 Callback verification of the sender failed: no such user
550 5.7.23 SPF check failed
550
550 5.0.0
550 No
550 Requested action not taken
554 Transaction failed
554 5.3.0 Internal error
550 5.7.1 Command rejected
END
words=0 wordy='' early=''
while read -r reply; do
	words=$((words + 1))
	case $((words % 3)) in
	0)	host "w$words" "default | C: RCPT * | S: $reply" ;;
	1)	host "w$words" "no-pipelining | C: RCPT * | S: $reply" ;;
	2)	host "w$words" "helo-only | C: RCPT * | S: $reply" ;;
	esac
	wordy="$wordy mb@w$words.test"
done <"$tmp/words"
# before NAME SCRIPT: 5xx before RCPT
before() { host "$1" "$2"; early="$early real@$1.test unknown@$1.test"; }
before b1 "$blocked"
before b2 blocked-ehlo
before b3 blocked-mail
before b4 "default | S: 550 $gone"
before b5 "default | S: 554 5.1.1 <unknown@b5.test>: User unknown | S: !drop"
before b6 "default | C: EHLO * | S: 550 $gone | C: HELO * | S: 550 $gone"
before b7 "helo-only | C: HELO * | S: 550 $gone"
before b8 "default | C: MAIL * | S: 550 $gone"
before b9 "no-pipelining | C: MAIL * | S: 550 5.1.1 <unknown@b9.test>: User unknown"
before b10 "default | C: MAIL * | S: 553 5.1.8 Sender address rejected: User unknown"
before b11 "default | C: MAIL * | S: 530 5.7.0 Must issue a STARTTLS command first"
before b12 "default | S: 521 5.3.2 no such user takes mail here"
# the words that do refuse a mailbox
host plain default
host plainly no-pipelining
host oldly "helo-only | C: RCPT * | S: 550 User unknown"
host several multiline
host fifty "default | C: RCPT * | S: 553 5.1.1 no such user"

# ranks NAME SCRIPT SCRIPT [SCRIPT]: the hosts of NAME.test in this order
ranks()
{
	ranks_name=$1 rank=0
	shift
	for script; do
		rank=$((rank + 1))
		host "$ranks_name$rank" "$script"
		zone "$ranks_name.test MX ${rank}0 mx.$ranks_name$rank.test"
	done
}
# hosts that leave the word to the next one
passing=''
pass() { ranks "$1" "$2" default; passing="$passing $1"; }
pass p1 "$blocked"
pass p2 blocked-ehlo
pass p3 blocked-mail
pass p4 later-greeting
pass p5 later-ehlo
pass p6 later-mail
pass p7 later-rcpt
pass p8 relaying-denied
pass p9 drop-greeting
pass p10 reset-rcpt
pass p11 "default | C: MAIL * | S: 550 $gone"
pass p12 "default | S: 554 $gone"
pass p13 code-differs
ranks dead default default
sed "s/^mx.dead1.test A .*/mx.dead1.test A 127.99.0.2/" "$zone" >"$zone.new" &&
    mv "$zone.new" "$zone"
passing="$passing dead"
ranks decided-block blocked-rcpt default
ranks decided-policy 'default | C: RCPT * | S: 550 5.7.1 Message refused by local policy' \
    "default | C: RCPT * | S: 550 $gone"
ranks decided-unclear 'default | C: RCPT * | S: 550 Hm' "default | C: RCPT * | S: 550 $gone"
ranks decided-yes default "default | C: RCPT * | S: 550 $gone"
ranks decided-no "default | C: RCPT * | S: 550 $gone" catch-all
ranks third "$blocked" later-rcpt default
ranks x1 later-rcpt blocked-mail
ranks x2 blocked-mail later-rcpt
ranks x3 relaying-denied drop-rcpt
ranks x4 drop-greeting relaying-denied
ranks x5 later-rcpt relaying-denied
ranks y1 "$blocked" blocked-ehlo
ranks y2 relaying-denied blocked-mail
ranks y3 "default | S: 554 $gone" relaying-denied

# the null reverse-path
host nullmail null-path-mail
host nulltwo "null-path-mail+no-pipelining"

# ages
for n in 1 2 3 4 5 6 7; do
	host "age$n" default
done
age4=$(awk '$1 == "mx.age4.test" { print $3 }' "$zone")
zone 'aged.test MX 0 .' 'unborn.test TXT here'
# our own faults
host own default
host owngrey greylisting
host ownblock blocked-rcpt

start

# ---- trouble is never a refusal ----------------------------------------------

also='-o connect=1s,command=1s,total=2s'
count() { echo $#; }
# shellcheck disable=SC2086
{
	number_quick=$(count $quick) number_slow=$(count $slow)
	number_names=$(count $names) number_late=$(count $late)
	number_words=$(count $wordy) number_early=$(count $early)
}
# shellcheck disable=SC2086
{
	ask_all $quick
	ok '4xx, drops, resets and malformed replies are never 550' none_is 550 "$number_quick"
	ok 'but 450' all_are '450 4.*' "$number_quick"
	ask_all $quick
	ok 'and are so from the cache' all_are '450 4.*' "$number_quick"
	ok 'which has them all' cached
	ask_each $slow
	ok 'silence at any stage is never 550' none_is 550 "$number_slow"
	ok 'but 450' all_are '450 4.4.[17] *' "$number_slow"
	ask_each $slow
	ok 'and is so from the cache' all_are '450 4.4.[17] *' "$number_slow"
	ask_all $names
	ok 'DNS failing is never 550' none_is 550 "$number_names"
	ok 'but 451' all_are '451 4.4.3 *' "$number_names"
	ask_all $names
	ok 'and is so from the cache' all_are '451 4.4.3 *' "$number_names"
	ok 'which has them all' cached
	ask_each $late
	ok 'silent and senseless name servers are never 550' none_is 550 "$number_late"
	ok 'but 451' all_are '451 4.4.3 *' "$number_late"
	ask_each $late
	ok 'and are so from the cache' all_are '451 4.4.3 *' "$number_late"
}
also='-N 127.0.0.1:1 -o total=1s'
every 'nor is no name server at all' 'real@servfail.test 451 4.4.3 *' 'real@one.test 451 4.4.3 *'
also=''
serve 'send:unknown@s4.test\r\n' -c none -o wait=1s,total=2s
like 'nor a callout that is still under way' "$out" '450 4.4.7 *'
serve 'send:unknown@silent.test\r\n' -c none -o wait=1s,total=2s
like 'nor DNS that is' "$out" '451 4.4.3 *'

# ---- a verdict is about one mailbox -------------------------------------------

every 'one mailbox refused, one taken, and again' 'unknown@two.test 550 *' \
    'real@two.test 250 *' 'unknown@two.test 550 *' 'other@two.test 250 *'
every 'one taken, one refused' 'real@case.test 250 *' 'unknown@case.test 550 *' \
    'real@case.test 250 *'
every 'one command at a time, too' 'unknown@single.test 550 *' 'real@single.test 250 *' \
    'nobody@single.test 550 *'
every 'the same local-part elsewhere is another mailbox' 'unknown@elsewhere.test 250 *' \
    'real@elsewhere.test 550 *' 'real@sub.two.test 250 *' 'unknown@sub.two.test 250 *' \
    'unknown@two.test 550 *'
every 'that nobody refused is no catch-all' 'any@twins.test 25[02] *' 'one@twins.test 25[02] *'
# now the host takes what looks like the mailbox that it refused
mark
rescript case "default | C: RCPT TO:<*unknow*@*>* | S: 250 2.1.5 Ok"
every 'a refusal does not meet neighbours, whatever their case' 'UNKNOWN@case.test 250 *' \
    'Unknown@case.test 250 *' 'unknow@case.test 250 *' 'unknownn@case.test 250 *' \
    'unknown+x@case.test 250 *' 'x.unknown@case.test 250 *' 'unknown.@case.test 501 *' \
    '"unknown"@case.test 250 *'
is 'they are asked about as they are written' "$(said "$case_addr" 'RCPT TO:<UNKNOWN@case.test>') $(
    said "$case_addr" 'RCPT TO:<Unknown@case.test>')" "$sets $sets"
rescript case "default | C: RCPT TO:<*real*@*>* | S: 550 $gone"
every 'nor does an acceptance' 'REAL@case.test 550 *' 'Real@case.test 550 *' \
    'rea@case.test 550 *' 'reall@case.test 550 *'
for name in $neighbours; do
	case $name in
	grey | later | dropped)	word=45 ;;
	*)			word=252 ;;
	esac
	every "a mailbox that met $name teaches nothing about others" "odd@$name.test $word*" \
	    "unknown@$name.test 550 *" "real@$name.test 250 *" "odd@$name.test $word*" \
	    "Odd@$name.test $word*"
done
for name in $lodgers; do
	case $name in
	later | dropped)	word='45*' ;;
	all)			word='25[02] *' ;;
	gone)			word='550 *' ;;
	*)			word='252 *' ;;
	esac
	every "a domain where $name is said teaches nothing about its host's others" \
	    "real@$name-a.test $word" "mb@$name-a.test $word" "real@$name-b.test 250 *" \
	    "unknown@$name-b.test 550 *" "mb@$name-a.test $word"
done
every 'nor do they, the other way round' 'unknown@gone-b.test 550 *' 'unknown@all-b.test 550 *' \
    'unknown@all-a.test 25[02] *' 'other@gone-b.test 250 *'

# ---- a refusal speaks of the mailbox -----------------------------------------

every 'words about a mailbox at RCPT refuse it' 'unknown@plain.test 550 5.1.[17] *said at RCPT: 550 5.1.1 *' \
    'unknown@plainly.test 550 *said at RCPT*' 'mb@oldly.test 550 *' 'mb@several.test 550 *' \
    'mb@fifty.test 550 *'
# shellcheck disable=SC2086
{
	ask_all $wordy
	ok 'no other words at RCPT are 550' none_is 550 "$number_words"
	ok 'but 252' all_are '252 2.0.0 *' "$number_words"
	ask_all $wordy
	ok 'and are so from the cache' all_are '252 2.0.0 *' "$number_words"
	ok 'which has them all' cached
	ask_all $early
	ok 'no 5xx before RCPT is 550' none_is 550 "$number_early"
	ok 'but 252' all_are '252 2.0.0 *' "$number_early"
	ask_all $early
	ok 'and is so when asked again' all_are '252 2.0.0 *' "$number_early"
}
every 'they quote the words' "unknown@b4.test *said at GREETING: 550 $gone*" \
    "unknown@b8.test *said at MAIL: 550 $gone*"

for name in $passing; do
	every "after $name the next host's own word counts" "real@$name.test 250 *" \
	    "unknown@$name.test 550 *mx.*2.test*said at RCPT: 550 5.1.1*" \
	    "real@$name.test 250 *"
done
every 'a third host is asked' 'real@third.test 250 *' 'unknown@third.test 550 *'
every 'a host that speaks about us at RCPT decides' 'mb@decided-block.test 252 *' \
    'mb@decided-policy.test 252 *' 'mb@decided-unclear.test 252 *'
every 'so does one that speaks of the mailbox' 'real@decided-yes.test 250 *' \
    'mb@decided-no.test 550 *'
every 'with none that decides a 4xx or silence outweighs 5xx' 'unknown@x1.test 450 *' \
    'unknown@x2.test 450 *' 'unknown@x3.test 450 *' 'unknown@x4.test 450 *' 'unknown@x5.test 450 *'
every 'and 5xx alone are 252' 'unknown@y1.test 252 *' 'unknown@y2.test 252 *' 'unknown@y3.test 252 *'

# ---- no 550 is older than the negative age -------------------------------------

# those of the mailbox, and those of the domain
every 'to begin with, all are refused' 'unknown@age1.test 550 *' 'unknown@age2.test 550 *' \
    'unknown@age3.test 550 *' 'unknown@age4.test 550 *' 'unknown@age5.test 550 *' \
    'unknown@age6.test 550 *' 'unknown@age7.test 550 *' 'mb@aged.test 550 *' 'mb@unborn.test 550 *'
every 'and again' 'unknown@age1.test 550 *' 'mb@aged.test 550 *' 'mb@unborn.test 550 *'
ok 'from the cache' cached
sleep 2
rescript age1 catch-all
rescript age2 drop-greeting
rescript age3 greylisting
rescript age5 "$blocked"
rescript age6 'default | C: RCPT * | S: 550 5.7.1 Message refused by local policy'
sed -e 's/^mx.age7.test A .*/mx.age7.test A 127.99.0.3/' \
    -e 's/^aged.test MX .*/aged.test MX 10 mx.one.test/' \
    -e 's/^unborn.test TXT .*/unborn.test MX !servfail/' "$zone" >"$zone.new"
mv "$zone.new" "$zone"
also='-o negative=1s'
mark
every 'past the negative age a 550 is not served: the host has changed its mind' \
    'unknown@age1.test 25[02] *'
every 'is dead' 'unknown@age2.test 450 *' 'unknown@age7.test 450 *'
every 'says later' 'unknown@age3.test 450 *'
every 'speaks of us' 'unknown@age5.test 252 *' 'unknown@age6.test 252 *'
every 'says it again, now' 'unknown@age4.test 550 *5.1.1*table'
is 'it was asked' "$(said "$age4" 'RCPT TO:<unknown@age4.test>')" "$sets"
every 'nor is that of a domain: it has a host now' 'real@aged.test 250 *'
every 'or cannot be looked up' 'mb@unborn.test 451 *'
also=''

# ---- our own faults refuse nobody ------------------------------------------------

due='real@own.test unknown@own.test mb@owngrey.test mb@ownblock.test real@servfail.test'
# shellcheck disable=SC2086
printf '%s\n' $due >>"$asked"
# ours [ARGS...]: what is due is answered, in spite of all
ours()
{
	# shellcheck disable=SC2086
	due_is "$(run "$@" $due 2>/dev/null)"
}
due_is()
{
	fits "$1" '250 *
550 5.1.7 *mx.own.test*said at RCPT: 550 5.1.1*
450 *
252 *
451 4.4.3 *'
}
# limit LIMIT...: $out is what is answered where sh(1) has set a limit
# shellcheck disable=SC2016,SC2086
limit()
{
	out=$(sh -c 'ulimit '"$*"' && exec "$@"' sh "$cbvd" \
	    -N "127.0.0.1:$ns_port" -p "$mx_port" -h client.test \
	    -o nonglobal -c "$bad" $due 2>&1 | grep '^[0-9]')
}
limited() { limit "$@"; due_is "$out"; }
# starved LIMIT...: less is left than a callout needs: only the host refuses
starved()
{
	limit "$@"
	! printf '%s\n' "$out" | grep '^550' |
	    grep -v '^550 5.1.7 <unknown@own.test> .*said at RCPT: 550 5.1.1'
}
bad=$tmp/cache/bad
give() { am_root || return 0; chown -h "$user" "$@"; }
made() { rm -rf "$bad" "$bad".*; run -c "$bad" real@one.test >/dev/null; }
ok 'all is well' ours -c none
made
dd if=/dev/zero of="$bad" bs=64 seek=1 count=3 conv=notrunc 2>/dev/null
ok 'a damaged header of the cache' ours -c "$bad"
made
dd if=/dev/urandom of="$bad" bs=4096 seek=1 count=60 conv=notrunc 2>/dev/null
ok 'damaged records' ours -c "$bad"
made
size=$(wc -c <"$bad")
dd if="$bad" of="$bad.cut" bs=$((size / 2)) count=1 2>/dev/null
cat "$bad.cut" >"$bad"
ok 'a cache cut in half' ours -c "$bad"
made
chmod 0 "$bad"
ok 'one that cannot be read' ours -c "$bad"
made
chmod 400 "$bad"
ok 'one that cannot be written' ours -c "$bad"
rm -f "$bad"
mkdir -m 700 "$bad"
give "$bad"
ok 'one that is a folder' ours -c "$bad"
ok 'a folder that is missing' ours -c "$bad/missing/cbvd.gdbm"
chmod 500 "$bad"
ok 'one that cannot be written to' ours -c "$bad/cbvd.gdbm"
chmod 0 "$bad"
ok 'nor entered' ours -c "$bad/cbvd.gdbm"
rmdir "$bad"
mkfifo -m 600 "$bad"
give "$bad"
ok 'a cache that is a FIFO' ours -c "$bad"
rm -f "$bad"
ok 'one that is a device' ours -c /dev/full
ln -s "$tmp/cache/1" "$bad"
give "$bad"
ok 'one that is a link' ours -c "$bad"
rm -f "$bad"
ok 'no room on the disk, for a new cache' limited -f 0
made
ok 'nor for one that is there' limited -f 0
made
ok 'hardly a descriptor is left' starved -n 6
ok 'even less' starved -n 5
ok 'one beside those of ours' starved -n 4
ok 'none' starved -n 3
ok 'no memory to speak of' starved -v 6000
ok 'and even less' starved -v 4000
verdict 'an address that cannot be bound is 451, whoever is asked about' '451 4.3.0 *' \
    -b 192.0.2.1 real@one.test
verdict 'a mailbox that would be refused, too' '451 4.3.0 *' -b 192.0.2.1 unknown@one.test
verdict 'which is not remembered of it' '550 5.1.7*said at RCPT: 550 5.1.1*table' unknown@one.test
verdict 'nor of who is there' '250 *' real@one.test
out=$(run -c none real@one.test grey@owngrey.test <&- 2>&-)
like 'without descriptors 0 and 2 it is as ever' "$out" '250 *
450 *'

# ---- no message is ever sent -----------------------------------------------------
# Last, for it looks at all the dialogues of this run.

printf '%s\n' real@one.test unknown@one.test grey@owngrey.test unknown@s4.test \
    unknown@silent.test >>"$asked"
every 'the null reverse-path refused' 'real@nullmail.test 25[02] *' 'unknown@nullmail.test [25]5[02] *' \
    'unknown@nulltwo.test [25]5[02] *'
mark
verdict 'is no word about the mailbox' '252 *' -c none -f none unknown@nullmail.test
is 'without -f no other is named' "$(events | grep -c 'MAIL FROM:') $(
    events | grep -c 'MAIL FROM:<>')" '1 1'
mark
ask -c none -n real@one.test unknown@one.test
is 'with -n no mailbox is invented' "$(event_count RCPT)" 2

# dialogues: what is wrong with any
dialogues()
{
	awk -v hosts="$hosts" -v asked="$asked" '
	BEGIN {
		while ((getline line <asked) > 0)
			mailbox[line] = 1
		while ((getline line <hosts) > 0) {
			split(line, w, " ")
			if (line !~ /[|+]|null/)
				takes_null[w[1]] = 1
		}
	}
	# what was unread at a drop is logged as it came, several lines
	{
		text = $0
		sub(/\r$/, "", text)
		if (sub(/^[0-9.]+ [^ ]+ [0-9]+ [0-9]+ /, "", text)) {
			addr = $2
			conn = $3
		}
	}
	text == "connect" || text == "close" { next }
	text !~ /^(EHLO|HELO) client\.test$/ &&
	    text !~ /^MAIL FROM:<(postmaster@client\.test|check@client\.test)?>$/ &&
	    text !~ /^RCPT TO:<[^ <>]+>$/ && text != "RSET" && text != "QUIT" {
		print "command: " $0
	}
	text ~ /^MAIL/ {
		if (text != "MAIL FROM:<>" && !(addr in nulled))
			print "not null first: " $0
		if (!(conn in mailed) && text != "MAIL FROM:<>" && addr in takes_null)
			print "not null: " $0
		nulled[addr] = mailed[conn] = 1
	}
	text ~ /^RCPT/ {
		mb = substr(text, 10, length(text) - 10)
		n++
		if (!(conn in mailed))
			print "before MAIL: " $0
		if (mb in mailbox) {
			if (conn in one && one[conn] != mb)
				print "another mailbox: " $0
			one[conn] = mb
		} else {
			if (conn in invented && invented[conn] != mb)
				print "another invention: " $0
			if (!(conn in one))
				print "first an invention: " $0
			invented[conn] = mb
			i++
		}
	}
	END { print n " mailboxes, " i " invented" }' "$mx_log" >"$tmp/dialogues"
}
dialogues
ok 'there were thousands of dialogues' at_least "$(sed -n 's/ mailboxes.*//p' "$tmp/dialogues")" 1000
ok 'and invented mailboxes' at_least "$(sed -n 's/.*, \([0-9]*\) invented/\1/p' "$tmp/dialogues")" 100
ok 'no command but EHLO, HELO, MAIL, RCPT, RSET and QUIT was ever sent' not \
    grep '^command' "$tmp/dialogues"
ok 'the null reverse-path was always the first' not grep '^not null' "$tmp/dialogues"
ok 'a connection asks for its mailbox and at most one invented one' not \
    grep '^another\|^first\|^before' "$tmp/dialogues"
