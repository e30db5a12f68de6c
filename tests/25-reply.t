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

echo 1..26
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
ok "long and odd replies are read without fault" long
ok "the enhanced code follows the code" dsn 5.1.1 "550 5.1.1 x"
ok "the enhanced code of several lines" dsn 5.7.606 "550-5.7.606 x"
ok "the enhanced code may end the reply" dsn 4.2.0 "450 4.2.0"
ok "an enhanced code of another class is none" dsn none "550 4.2.0 x"
ok "an IP address is no enhanced code" dsn none "550 5.1.1.2 x"
ok "an enhanced code has at most three digits" dsn none "550 5.1.1234 x"
ok "an enhanced code in the words is none" dsn none "550 sorry (#5.1.1)"
shared "no real reply about something else is refused" \
    figure "false refusals" 0
shared "no real 4xx is refused" figure "4xx refused" 0
shared "at most 15 in 100 real refusals are missed" figure "percent missed" 15
