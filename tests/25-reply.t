#!/bin/sh
# SPDX-License-Identifier: ISC
# What a reply means: the fixture replies.txt, then the shared data if there.

cd "$(dirname "$0")/.." || exit 1
REPLIES=${REPLIES:-tests/replies}
data=../shared/data/smtp_replies_dev.jsonl
n=0

# ok NAME COMMAND...: one check, passed if the command is silent and succeeds
ok()
{
	name=$1
	shift
	n=$((n + 1))
	if out=$("$@" 2>&1) && [ -z "$out" ]; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		echo "$out" | sed 's/^/# /'
	fi
}

# fixture MEANING: all replies of the fixture that have this meaning
fixture()
{
	grep "^$1	" tests/replies.txt | "$REPLIES"
}

# means MEANING REPLY
means()
{
	printf '%s\t%s\n' "$1" "$2" | "$REPLIES"
}

# dsn CODE REPLY
dsn()
{
	printf '%s\t%s\n' "$1" "$2" | "$REPLIES" -d
}

# retry SECONDS REPLY
retry()
{
	printf '%s\t%s\n' "$1" "$2" | "$REPLIES" -r
}

# figure NAME LIMIT: what replies.sh counted is at most LIMIT
figure()
{
	got=$(sh tests/replies.sh | sed -n "s/^$1: *\([0-9]*\).*/\1/p")
	[ -n "$got" ] && [ "$got" -le "$2" ] || echo "$1: $got"
}

# shared NAME COMMAND...: as ok, where the shared data is
shared()
{
	if [ -r "$data" ]; then
		ok "$@"
	else
		n=$((n + 1))
		echo "ok $n - $1 # SKIP no $data"
	fi
}

long()
{
	for filler in x . '<' '"@' '; ' 'user ' "$(printf '\377')"; do
		perl -e '$s = "550 " . $ARGV[0] x 1000; print $s, "\n"' \
		    "$filler" | "$REPLIES" | grep -v -e unclear
	done
	return 0
}

echo 1..68
ok "words that refuse the mailbox refuse it" fixture no-mailbox
ok "a client blocked, listed or to authenticate is blocked" fixture blocked
ok "relaying denied, and domains unknown, are no refusal" fixture relay
ok "the null reverse-path refused is no refusal" fixture null-path
ok "quota, rate, syntax, sender and content are policy" fixture policy
ok "what cannot be told is unclear" fixture unclear
ok "any 4xx is for later, whatever its words" fixture later
ok "any 2xx is accepted, whatever its words" fixture accepted
ok "5.1.1 alone refuses" means no-mailbox "550 5.1.1 <a@example.org>"
ok "550 alone does not" means unclear "550"
ok "5.1.1 in a 4xx does not" means later "450 5.1.1 no"
ok "an address's own words do not count" \
    means unclear "550 no-such-user@unknown.example: hm"
ok "a link's words do not count" \
    means unclear "550 https://example.net/user/unknown hm"
ok "the fate is the nearest subject's" \
    means relay "550 Recipient address rejected: domain unknown"
ok "a fate does not cross a sentence's end" \
    means unclear "550 Not for this user. Unknown and strange."
ok "a sentence's end may lack its blank" \
    means no-mailbox "550 User unknown.Please check the address"
ok "but then it is no host name" means unclear "550 see user.Bx.unknown"
ok "nor one with a capital letter behind its dot" \
    means unclear "550 user.B unknown"
ok "or with two" means unclear "550 user.BX unknown"
ok "a pause ends no sentence" means no-mailbox "550 User...well,..unknown"
ok "a quote without its end quotes nothing" \
    means no-mailbox "550 \"User unknown"
ok "an apostrophe may end a word" means no-mailbox "550 users' address is unknown"
ok "long and odd replies are read without fault" long
ok "the enhanced code follows the code" dsn 5.1.1 "550 5.1.1 x"
ok "the enhanced code of several lines" dsn 5.7.606 "550-5.7.606 x"
ok "the enhanced code may end the reply" dsn 4.2.0 "450 4.2.0"
ok "an enhanced code of another class is none" dsn none "550 4.2.0 x"
ok "an IP address is no enhanced code" dsn none "550 5.1.1.2 x"
ok "an enhanced code has at most three digits" dsn none "550 5.1.1234 x"
ok "nor one without a subject" dsn none "550 5..1 x"
ok "nor one with a subject of four digits" dsn none "550 5.1234.1 x"
ok "nor one that ends with its subject" dsn none "550 5.1 x"
ok "nor one without a detail" dsn none "550 5.1.x"
ok "nor one with letters behind it" dsn none "550 5.1.1x"
ok "a sentence may end with it" dsn 5.1.1 "550 5.1.1. x"
ok "a class alone is none" dsn none "550 5 x"
ok "nor is anything behind what is no reply code" dsn none "x50 5.1.1"
ok "behind a cut one" dsn none "5"
ok "or behind one of two digits" dsn none "55x 5.1.1"
ok "an enhanced code in the words is none" dsn none "550 sorry (#5.1.1)"
ok "a code that is neither 2xx, 4xx nor 5xx is unclear" \
    means unclear "354 5.1.1 User unknown"

# how long a greylist asks to be given
n_s=1
for unit in s:1 sec:1 secs:1 second:1 seconds:1 min:60 mins:60 minute:60 \
    minutes:60 hour:3600 hours:3600; do
	n_s=$((n_s + 1))
	ok "a greylist's time in \"${unit%:*}\" is read" \
	    retry $((n_s * ${unit#*:})) "450 4.7.1 Try again in $n_s ${unit%:*}."
done
ok "in capitals, too" retry 120 "450 Greylisted, RETRY IN 2 MINUTES"
ok "and where a hyphen is in place of the blank" retry 300 "450 a 5-minute delay"
ok "and where nothing is" retry 300 "450 Greylisted (300s), come back"
ok "as hours, minutes and seconds" retry 3723 "450 come back in 01:02:03"
ok "behind a sign of equality" retry 60 "450 deferred, retry=60 seconds"
ok "of two numbers the one that has a unit counts" \
    retry 300 "450 try again after 3 tries, or 300 seconds"
ok "words of no time are none" retry 0 "450 try again in 5 moments"
ok "a unit is a whole word" retry 0 "450 try again in 5 secrets"
ok "a number within a word is none" retry 0 "450 later: id x5 minutes"
ok "nor is one of seven digits" retry 0 "450 later, in 1234567 seconds"
ok "a time without a word of waiting is none" retry 0 "450 up for 300 seconds"
ok "and a reply that has no number" retry 0 "450 try again"
ok "a word of waiting may be any of them" retry 9 "450 temporary, 9 s"

shared "no real reply about something else is refused" \
    figure "false refusals" 0
shared "no real 4xx is refused" figure "4xx refused" 0
shared "at most 15 in 100 real refusals are missed" figure "percent missed" 15
