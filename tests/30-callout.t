#!/bin/sh
# SPDX-License-Identifier: ISC
# 30-callout.t: the dialogue with an MX host (RFC 5321), and the verdict of
# each way in which it can go.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh

plan 236
cache=none

for name in default no-pipelining helo-only smtputf8 catch-all greylisting \
    relaying-denied blocked-greeting blocked-ehlo blocked-mail blocked-rcpt \
    null-path-mail later-greeting later-ehlo later-mail later-rcpt \
    silent-greeting silent-ehlo silent-mail silent-rcpt drop-greeting \
    drop-ehlo drop-mail drop-rcpt reset-rcpt drip-rcpt drip-greeting \
    line-endless line-5mb lines-endless lines-1000 greeting-endless \
    code-differs code-differs-back code-missing code-garbage code-long nul \
    8bit bare-lf cut-line cut-reply early-talker early-ehlo escapes \
    multiline full; do
	host $name $name
done
silent=$(awk '$2 ~ /^silent-(greeting|ehlo)$/ { print $1 }' "$hosts")
zone 'silent-both.test MX 10 mx.silent-both.test'
for addr in $silent; do
	zone "mx.silent-both.test A $addr"
done
host second default
zone 'dead.test MX 10 mx.dead.test' 'mx.dead.test A 127.254.254.254'
null='550 5.7.1 Null sender is not accepted here'
host null-rcpt "default | C: null RCPT * | S: $null"
host null-rcpt-slow "no-pipelining | C: null RCPT * | S: $null"
host null-never "default | C: MAIL * | S: $null"
null_mail='C: null MAIL * | S: 250 2.1.0 Ok'
host null-then-4xx "default | C: null RCPT * | S: $null | $null_mail | C: MAIL * | S: 451 4.7.1 Later"
host null-then-5xx "default | C: null RCPT * | S: $null | $null_mail | C: MAIL * | S: 550 5.7.1 Go away"
zone 'null-then-4xx.test MX 20 mx.default.test' \
    'null-then-5xx.test MX 20 mx.default.test'
host null-mail-slow 'no-pipelining+null-path-mail'
host catch-all-slow 'no-pipelining+catch-all'
host test-later 'default | C: RCPT TO:<real@*>* | S: 250 2.1.5 Ok | C: RCPT * | S: 450 4.2.0 Later'
host test-drop 'default | C: RCPT TO:<real@*>* | S: 250 2.1.5 Ok | C: RCPT * | S: !drop'
host test-drop-slow 'no-pipelining | C: RCPT TO:<real@*>* | S: 250 2.1.5 Ok | C: RCPT * | S: !drop'
host test-blocked 'default | C: RCPT TO:<real@*>* | S: 250 2.1.5 Ok | C: RCPT * | S: 554 5.7.1 Too many unknown users'
host test-weird 'default | C: RCPT TO:<real@*>* | S: 250 2.1.5 Ok | C: RCPT * | S: 500 5.5.1 What?'
host two51 'default | C: RCPT * | S: 251 2.1.5 User not local, will forward'
host two52 'default | C: RCPT TO:<real@*>* | S: 252 2.1.5 Cannot VRFY user'
host two99 'default | C: RCPT TO:<real@*>* | S: 259 2.1.5 Ok'
host three 'default | C: RCPT TO:<real@*>* | S: 354 go ahead'
host three-mail 'default | C: MAIL * | S: 354 go ahead'
host three-greets 'default | S: 354 go ahead'
host own-name 'default | S: 220 client.test ESMTP'
host own-case 'default | S: 220 Client.TEST'
host own-like 'default | S: 220 client.test.example ESMTP'
host no-text 'default | S: 220 | C: MAIL * | S: 250 | C: RCPT TO:<real@*>* | S: 250'
host five21 'default | S: 521 mx.test does not accept mail'
host unclear 'default | C: RCPT * | S: 550 No'
host quota 'default | C: RCPT * | S: 552 5.2.2 Mailbox full, quota exceeded'
host syntax 'default | C: RCPT * | S: 501 5.1.3 Bad recipient address syntax'
host unavailable 'default | C: RCPT * | S: 550 5.7.1 Message rejected for policy reasons'
host auth 'default | C: RCPT * | S: 530 5.7.0 Authentication required'
host tls 'default | C: MAIL * | S: 530 5.7.0 Must issue a STARTTLS command first'
host mail-unknown 'default | C: MAIL * | S: 550 5.1.1 User unknown'
host ehlo-unknown 'default | C: EHLO * | S: 550 5.1.1 User unknown | C: HELO * | S: 550 5.1.1 User unknown'
host greets-unknown 'default | S: 550 5.1.1 User unknown'
host four-five 'default | C: RCPT * | S: 450 5.1.1 User unknown'
host five-four 'default | C: RCPT * | S: 550 4.1.1 User unknown, try again later'
host helo-502 'default | C: EHLO * | S: 502 5.5.1 Not implemented'
host helo-504 'default | C: EHLO * | S: 504 5.5.4 Not here'
host helo-drop 'default | C: EHLO * | S: 500 What? | S: !drop'
host ehlo-case 'default | C: EHLO * | S: 250-mx.test | S: 250-pipelining | S: 250 Size 1000'
host ehlo-name 'default | C: EHLO * | S: 250-PIPELINING | S: 250 SIZE'
host slow-greeting 'default | S: !sleep 1 | S: 220 mx.test'
host split 'default | C: RCPT TO:<real@*>* | S: 25\c | S: !sleep 1 | S: 0 2.1.5 Ok'
host banner 'default | S: 220-mx.test | S: 220-We do not like spam | S: 220 ESMTP'
host quit-silent 'default | C: QUIT | S: !silence'
host mail-later-rcpt 'default | C: MAIL * | S: 451 4.3.0 Later | C: RCPT * | S: 550 5.1.1 User unknown'
host wordy 'default | C: RCPT * | S: !times 20 550-5.1.1 User unknown, and much more is to be said about that here\r\n | S: 550 5.1.1 User unknown'
host lines-99 'default | C: RCPT * | S: !times 98 550-5.1.1 User unknown\r\n | S: 550 5.1.1 User unknown'
host line-900 'default | C: RCPT * | S: 550 5.1.1 User unknown \c | S: !times 900 x | S: '
host host-name 'default | S: 220 mx.test ESMTP'
host bound 'default'
host test-three 'default | C: RCPT TO:<real@*>* | S: 250 2.1.5 Ok | C: RCPT * | S: 354 go ahead'
host test-odd 'default | C: RCPT TO:<none@*>* | S: 550 5.1.1 User unknown | C: RCPT * | S: 250 2.1.5 Ok'
host lines-long "default | C: RCPT * | S: !times 90 550-$(printf '%0900d' 0)\\r\\n | S: 550 5.1.1 User unknown"
host ehlo-bare 'default | C: EHLO * | S: 250-mx.test | S: 250-PIPELINING | S: 250'
host code-low 'default | C: RCPT * | S: 5 50 5.1.1 User unknown'
host bare-lines 'default | C: RCPT * | S: 550-5.1.1 User unknown | S: 550-5.1.10 here | S: 550'
host empty-line 'default | C: RCPT * | S: \n\c'
# what fills cbvd's buffer to the last octet, in one packet with what comes too
# early
filler=$(perl -e 'print "| S: 250-", "0" x 94, " " for 1 .. 40')
host early-full "default | C: EHLO * | S: 250-mx.test | S: 250-PIPELINING $filler| S: 250 $(printf '%061d' 0) | S: 250 2.1.0 Ok | S: 250 2.1.5 Ok"
# two NAME FIRST: NAME.test has FIRST's host, and second
six=$(perl -MIO::Socket::IP -e 'print "yes" if IO::Socket::IP->new(
    LocalHost => "::1", Listen => 1, Proto => "tcp")')
[ -z "$six" ] || echo '::1 default' >>"$hosts"
zone 'six.test MX 10 mx.six.test' 'mx.six.test AAAA ::1'
two() { zone "2-$1.test MX 10 mx.$1.test" "2-$1.test MX 20 mx.second.test"; }
for name in silent-greeting silent-ehlo silent-mail silent-rcpt drop-greeting \
    drop-ehlo drop-mail drop-rcpt reset-rcpt later-greeting later-ehlo \
    later-mail later-rcpt blocked-greeting blocked-ehlo blocked-mail \
    relaying-denied code-differs code-missing lines-endless line-endless \
    cut-line early-talker dead full five21 greylisting tls \
    default blocked-rcpt unclear quota catch-all null-never own-name; do
	two $name
done
zone 'blocked-all.test MX 10 mx.blocked-greeting.test' \
    'blocked-all.test MX 20 mx.blocked-mail.test' \
    'blocked-later.test MX 10 mx.blocked-greeting.test' \
    'blocked-later.test MX 20 mx.later-greeting.test' \
    'relay-fails.test MX 10 mx.relaying-denied.test' \
    'relay-fails.test MX 20 mx.fails.test' 'mx.fails.test A !servfail' \
    'mx.fails.test AAAA !servfail' \
    'relay-drop.test MX 10 mx.relaying-denied.test' \
    'relay-drop.test MX 20 mx.drop-greeting.test' \
    'relay-all.test MX 10 mx.relaying-denied.test' \
    'relay-all.test MX 20 mx.blocked-ehlo.test'
start
fast=connect=1s,command=1s

# ---- the way of a dialogue ------------------------------------------------------

mark
verdict 'a mailbox that the host takes is 250 2.1.5, with host and reply' \
    '250 2.1.5 <real@default.test> mx.default.test\[127.*\] said at RCPT: 250 2.1.5 Ok' real@default.test
is 'with PIPELINING it is EHLO, then all in one' "$(commands)" 'EHLO MAIL RCPT RCPT QUIT'
is 'the verdict takes four round trips from SYN: connection, greeting, EHLO, one flight' \
    "$(events | awk '$5 == "RCPT" { print $4 }' | sort -u)" 2
like 'the reverse-path is null' "$(events)" '*MAIL FROM:<>
*'
like 'EHLO gives the name of -h' "$(events)" '*EHLO client.test
*'
invented=$(events | sed -n 's/.*RCPT TO:<\(.*\)@default.test>/\1/p' | sed 1d)
ok 'the invented mailbox is long, lower case and does not name us' \
    expr "$invented" : '[a-z0-9]\{12,\}$'
mark
ask zz@default.test
invented2=$(events | sed -n 's/.*RCPT TO:<\(.*\)@default.test>/\1/p' | sed 1d)
ok 'and each time another' not same "$invented" "$invented2"
like 'a mailbox that the host refuses is 550 5.1.7, with host and reply' "$out" \
    '550 5.1.7 <zz@default.test> mx.default.test\[127.*\] said at RCPT: 550 5.1.1 *User unknown*'
is 'and the exit status 67' "$status" 67
mark
verdict 'without PIPELINING a mailbox is found too' '250 2.1.5 *' real@no-pipelining.test
is 'one command after the other' "$(commands)" 'EHLO MAIL RCPT RCPT QUIT'
is 'each after the reply to the one before' \
    "$(events | awk '$5 == "RCPT" { printf "%s ", $4 }')" '3 4 '
mark
verdict 'and one that is not there' '550 5.1.7 *' zz@no-pipelining.test
is 'then nothing is asked once the verdict stands' "$(commands)" 'EHLO MAIL RCPT QUIT'
mark
verdict 'where EHLO is unknown HELO is tried' '250 2.1.5 *' real@helo-only.test
is 'in the same connection, without PIPELINING' \
    "$(event_count connect) $(commands)" '1 EHLO HELO MAIL RCPT RCPT QUIT'
verdict 'HELO is tried at 502' '250 2.1.5 *' real@helo-502.test
verdict 'HELO is tried at 504' '250 2.1.5 *' real@helo-504.test
verdict 'a drop after EHLO was refused is temporary' '450 *' real@helo-drop.test
mark
ask real@ehlo-case.test
is 'PIPELINING is seen in any case of letters' \
    "$(events | awk '$5 == "RCPT" { print $4 }' | sort -u)" 2
mark
ask real@ehlo-bare.test
is 'and also before a line without text' \
    "$(events | awk '$5 == "RCPT" { print $4 }' | sort -u)" 2
mark
ask real@ehlo-name.test
is 'but not in the first line of the reply, which is a name' \
    "$(events | awk '$5 == "RCPT" { printf "%s ", $4 }')" '3 4 '
mark
verdict 'a greeting of several lines is heard out' '250 *' real@banner.test
verdict 'a late greeting is waited for' '250 *' real@slow-greeting.test
is 'and nothing is said before it' \
    "$(events | awk '$5 == "EHLO" { printf "%s ", $4 }')" '1 1 '
verdict 'a reply in two packets is one' '250 *' real@split.test
verdict 'replies without text are replies' '250 2.1.5 *' real@no-text.test
mark
ask real@quit-silent.test
like 'QUIT is not waited for by an answer' "$out" '250 *'
serve 'send:real@quit-silent.test\r\n' -c none
ok 'in service neither' at_most "$eof_ms" 500
serve "$(policy real@quit-silent.test) sleep:0.1
    $(policy other@quit-silent.test) sleep:0.1
    $(policy gone@quit-silent.test) shut" -c none
ok 'nor by those that follow it' at_most "$eof_ms" 1500
like 'and all are given' "$out" 'action=DUNNO*action=DUNNO*action=550 5.1.7 *'
mark
ask -h mail.example.org real@default.test
like 'the name of -h is given' "$(events)" '*EHLO mail.example.org
*'
mark
ask -b 127.0.0.9 real@bound.test
like 'a call can come from a local address of choice' "$out" '250 *'
ask -b 192.0.2.77 real@bound.test
like 'an address that cannot be bound is 451' "$out" '451 4.3.0 *'
if [ -n "$six" ]; then
	verdict 'nor is one of IPv6' '451 4.3.0 *' -b 2001:db8::77 real@six.test
	verdict 'one of IPv6 calls hosts of IPv6' '250 2.1.5 *' -b ::1 real@six.test
	verdict 'and no others' '250 2.1.5 *' -b 2001:db8::77 real@bound.test
else
	skip 'no IPv6 on loopback' 'nor is one of IPv6' \
	    'one of IPv6 calls hosts of IPv6' 'and no others'
fi

# named HOSTNAME ADDRESS: what a machine of this name says in EHLO, and what
# reverse-paths it has
named()
{
	mark
	# shellcheck disable=SC2016
	unshare -u sh -c 'hostname "$0" && exec "$@"' "$1" "$cbvd" \
	    -N "127.0.0.1:$ns_port" -p "$mx_port" -o nonglobal -c none "$2" \
	    >/dev/null 2>&1
	events | awk '$5 == "EHLO" || $5 == "MAIL" { sub(/FROM:/, "", $6)
	    if ($6 != last) printf "%s%s", s, $6; s = " "; last = $6 }'
}
if unshare -u hostname x.test 2>/dev/null; then
	is 'without -h it is the name of this machine' \
	    "$(named a.example.org real@null-path-mail.test)" \
	    'a.example.org <> a.example.org <postmaster@a.example.org>'
	like 'or an address literal where that has no dot' \
	    "$(named example real@null-path-mail.test)" '\[127.*\] <>'
	like 'or is no host name' \
	    "$(named example.1 real@null-path-mail.test)" '\[127.*\] <>'
	if [ -n "$six" ]; then
		is 'to a host of IPv6 one of IPv6' \
		    "$(named example real@six.test)" '[IPv6:::1] <>'
	else
		skip 'no IPv6 on loopback' 'to a host of IPv6 one of IPv6'
	fi
else
	skip 'no machine can have another name here' \
	    'without -h it is the name of this machine' \
	    'or an address literal where that has no dot' \
	    'or is no host name' 'to a host of IPv6 one of IPv6'
fi
mark
ask -n real@default.test
is 'with -n no mailbox is invented' "$(commands)" 'EHLO MAIL RCPT QUIT'
mark
verdict 'postmaster is 250' '250 2.1.5 *' postmaster@catch-all.test
verdict 'in any case of letters' '250 2.1.5 *' PostMaster@default.test
verdict 'postmaster of a dead host is 250 too' '250 2.1.5 *' postmaster@dead.test
is 'and the host is not asked' "$(event_count connect)" 0
verdict 'postmaster of no domain is 550' '550 5.1.8 *' postmaster@gone.elsewhere
mark
verdict 'the null reverse-path is 250' '250 * <> *' '<>'
ok 'without a question to anybody' quiet

# ---- the catch-all test ------------------------------------------------------------

verdict 'a host that takes any mailbox is 252' '252 2.0.0 *' real@catch-all.test
verdict 'without PIPELINING too' '252 2.0.0 *' real@catch-all-slow.test
verdict 'with -n it is believed' '250 2.1.5 *' -n real@catch-all.test
verdict 'a catch-all test put off leaves 250' '250 2.1.5 *' real@test-later.test
verdict 'a host that takes what cannot be, but not this one, has refused it' \
    '550 5.1.7 *' none@test-odd.test
verdict 'a catch-all test answered with 354 leaves 250' '250 2.1.5 *' real@test-three.test
verdict 'a catch-all test dropped leaves 250' '250 2.1.5 *' real@test-drop.test
verdict 'without PIPELINING too' '250 2.1.5 *' real@test-drop-slow.test
verdict 'a catch-all test refused by whatever 5xx leaves 250' '250 2.1.5 *' real@test-blocked.test
verdict 'by 500 too' '250 2.1.5 *' real@test-weird.test
verdict '251 is accepted' '250 2.1.5 *' -n real@two51.test
verdict '252 is accepted' '250 2.1.5 *' real@two52.test
verdict 'any 2xx is' '250 2.1.5 *' real@two99.test

# ---- the null reverse-path -----------------------------------------------------------

mark
verdict 'where the null reverse-path is refused at MAIL, -f is tried' \
    '250 2.1.5 *' real@null-path-mail.test
like 'once, in a new connection where QUIT has gone, from postmaster@NAME' \
    "$(event_count connect) $(events)" '2 *MAIL FROM:<>
*MAIL FROM:<postmaster@client.test>
*'
verdict 'and a mailbox that is not there is 550 all the same' '550 5.1.7 *' zz@null-path-mail.test
mark
verdict 'without PIPELINING too' '250 2.1.5 *' real@null-mail-slow.test
is 'in the same connection' "$(event_count connect)" 1
mark
verdict 'where it is refused at RCPT, in words that say so, -f is tried' \
    '250 2.1.5 *' -f me@client.test -n real@null-rcpt.test
like 'with the mailbox of -f' "$(events)" '*MAIL FROM:<>
*MAIL FROM:<me@client.test>
*'
mark
verdict 'without PIPELINING too' '250 2.1.5 *' real@null-rcpt-slow.test
is 'in the same connection, after RSET' \
    "$(event_count connect) $(event_count RSET)" '1 1'
verdict 'and a mailbox that is not there is found so' '550 5.1.7 *' zz@null-rcpt-slow.test
mark
verdict 'with -f none it is not tried: 252' '252 2.0.0 *' -f none real@null-rcpt.test
verdict 'at MAIL neither: 252' '252 2.0.0 *' -f none real@null-path-mail.test
is 'no other reverse-path was named' "$(events | grep -c 'MAIL FROM:<.*@')" 0
for code in 4xx 5xx; do
	verdict "$code at MAIL to -f, the null one refused at RCPT: the next host" \
	    '250 2.1.5 *' "real@null-then-$code.test"
done
verdict 'a host that refuses any reverse-path is 252' '252 2.0.0 *' real@null-never.test
mark
verdict 'a host that blocks us at MAIL is 252' '252 2.0.0 *' real@blocked-mail.test

# ---- 5xx that are not about the mailbox ----------------------------------------------

# about_us NAME DOMAIN: even a mailbox that is not there is 252
about_us() { verdict "$1 is 252, never 550" '252 2.0.0 *' "zz@$2.test"; }
about_us '5xx in the greeting' blocked-greeting
about_us '521 in the greeting' five21
about_us '"user unknown" in the greeting' greets-unknown
about_us '5xx to EHLO' blocked-ehlo
about_us '"user unknown" to EHLO' ehlo-unknown
about_us '"user unknown" to MAIL' mail-unknown
about_us '530 to MAIL' tls
about_us 'a block at RCPT' blocked-rcpt
about_us 'relaying denied' relaying-denied
about_us 'authentication wanted at RCPT' auth
about_us 'quota at RCPT' quota
about_us 'syntax at RCPT' syntax
about_us 'policy at RCPT' unavailable
about_us 'a reply that says nothing' unclear
like 'and the answer says why' "$out" '*550 No*'
verdict 'every host with a 5xx before RCPT is 252' '252 2.0.0 *' zz@blocked-all.test
verdict 'relaying denied by one, blocked by the other is 252' '252 2.0.0 *' zz@relay-all.test
verdict 'a 5xx before RCPT by one and a 4xx by the other is 450' '450 *' zz@blocked-later.test
verdict 'relaying denied by one, no address of the other to be had is 451' \
    '451 4.4.3 *' zz@relay-fails.test
verdict 'relaying denied by one and a drop by the other is 450' '450 *' zz@relay-drop.test
mark
verdict 'a UTF-8 mailbox is 252 where SMTPUTF8 is not offered' '252 *' 'zß@default.test'
verdict 'and where the greeting refuses us' '252 2.0.0 *' 'zß@blocked-greeting.test'
verdict 'a host that greets with our name is ourselves: 252' '252 2.0.0 *' zz@own-name.test
verdict 'in any case of letters' '252 2.0.0 *' zz@own-case.test
is 'and hears of no mailbox' "$(event_count RCPT)" 0
verdict 'a host whose name begins like ours is not' '550 5.1.7 *' zz@own-like.test

# ---- 4xx and failure ---------------------------------------------------------------

# later NAME DOMAIN [GLOB]: 450 whether the mailbox is there or not
later()
{
	verdict "$1 is 450, never 550" "450 ${3:-*}" -o $fast,total=6s "zz@$2.test"
	verdict "$1 is 450, never 250" "450 ${3:-*}" -o $fast,total=6s "real@$2.test"
}
later '4xx in the greeting' later-greeting '4.3.2 *'
later '4xx to EHLO' later-ehlo '4.3.0 *'
later '4xx to MAIL' later-mail '4.3.0 *'
later '4xx to MAIL and 5xx to the RCPT that follows' mail-later-rcpt '4.3.0 *'
later '4xx to RCPT' later-rcpt '4.3.0 *'
later 'greylisting' greylisting '4.2.0 *'
later '450 with 5.1.1 behind it' four-five '4.2.0 *'
later 'silence in the place of the greeting' silent-greeting
later 'silence at EHLO' silent-ehlo
later 'silence at MAIL' silent-mail
later 'silence at RCPT' silent-rcpt
later 'a drop in the place of the greeting' drop-greeting
later 'a drop at EHLO' drop-ehlo
later 'a drop at MAIL' drop-mail
later 'a drop at RCPT' drop-rcpt
later 'a reset at RCPT' reset-rcpt
later 'a dead host' dead '4.4.1 *'
later 'a host that takes no connection' full '4.4.1 *'
ok 'for which connect is waited, no longer' at_most "$took_ms" 2000

# ---- malformed replies -----------------------------------------------------------------

later 'an octet a second at RCPT' drip-rcpt
ok 'and command bounds the whole reply' at_most "$took_ms" 2500
later 'an octet a second in the greeting' drip-greeting
later 'a line without end' line-endless
later 'a line of 5 MB' line-5mb
later 'a reply of endless lines' lines-endless
later 'a reply of a thousand lines' lines-1000
later 'a greeting of endless lines' greeting-endless
# one mailbox is enough where the transcript is the same for all
later1() { verdict "$1 is 450" '450 *' -o $fast,total=6s "${3:-zz}@$2.test"; }
later1 'a code that changes from 2xx to 5xx' code-differs
later1 'a code that changes from 5xx to 2xx' code-differs-back
later1 'a reply without a code' code-missing
later1 'the code 999' code-garbage
later1 'a code of four digits' code-long
later1 'a refusal cut off in a line' cut-line
later1 'a refusal cut off between lines' cut-reply
later1 'replies that come with the greeting, before commands,' early-talker
later1 'replies that come with that to EHLO' early-ehlo
later1 'a reply that comes behind 4,096 octets' early-full real
later1 'a code with a blank in it' code-low
later1 'an empty line' empty-line
later1 'a reply of over 65,536 octets' lines-long
later1 '354 to RCPT' three real
later1 '354 to MAIL' three-mail
later1 '354 in the greeting' three-greets
ask zz@nul.test
like 'a NUL in a refusal makes nothing else of it' "$out" '[45]50 *'
verdict 'Latin-1 in a refusal is harmless' '550 5.1.7 *' zz@8bit.test
ok 'and escaped in the answer' not has_8bit "$out"
verdict 'bare LF ends a line' '550 5.1.7 *' zz@bare-lf.test
verdict 'and in an acceptance' '250 2.1.5 *' real@bare-lf.test
verdict 'a refusal whose last lines say little is one' \
    '550 5.1.7 * 550 5.1.1 User unknown 5.1.10 here' zz@bare-lines.test
verdict 'a refusal of several lines is one' '550 5.1.7 * does not exist. *' zz@multiline.test
verdict 'one of 99 lines too' '550 5.1.7 *' zz@lines-99.test
verdict 'a line of 900 octets too' '550 5.1.7 *' zz@line-900.test
verdict 'escapes and tabs in a refusal are escaped in the answer' '550 5.1.7 *' zz@escapes.test
ok 'so that no control character is printed' not has_control "$out"
like 'and % is harmless' "$out" '*%n%s*'
verdict 'a long refusal is cut' '550 5.1.7 *' zz@wordy.test
ok 'to a line of 512 octets' at_most "$(printf '%s\r\n' "$out" | wc -c)" 512
ask "$(printf '%064d' 0)@$(printf 'a%062d.a%062d.a%050d' 0 0 0).test"
ok 'and so is any answer' at_most "$(printf '%s\r\n' "$out" | wc -c)" 512

# ---- several hosts ------------------------------------------------------------------------

for name in silent-greeting silent-ehlo silent-mail silent-rcpt drop-greeting \
    drop-ehlo drop-mail drop-rcpt reset-rcpt later-greeting later-ehlo \
    later-mail later-rcpt blocked-greeting blocked-ehlo blocked-mail \
    relaying-denied code-differs code-missing lines-endless line-endless \
    cut-line early-talker dead full five21 greylisting tls null-never \
    own-name; do
	verdict "after $name the next host is asked, and decides" \
	    '550 5.1.7 * mx.second.test*' -o $fast,total=10s zz@2-$name.test
done
mark
verdict 'not when the time is over' '450 4.4.*' -o total=1s zz@silent-both.test
is 'then no other address is called' "$(event_count connect)" 1
# decides NAME DOMAIN CODE LOCAL-PART: the second host is not asked
decides()
{
	mark
	verdict "$1 decides" "$3 *" "$4@2-$2.test"
	is 'and the next host is not asked' "$(event_count connect)" 1
}
decides 'an acceptance' default 250 real
decides 'a refusal of the mailbox' default '550 5.1.7' zz
decides 'a block at RCPT' blocked-rcpt 252 real
decides 'a quota' quota 252 real
decides 'an unclear 5xx at RCPT' unclear 252 real
decides 'a catch-all' catch-all 252 real

# ---- -v --------------------------------------------------------------------------------------

ask -v zz@default.test
like '-v shows the DNS answers and the dialogue on standard error' "$err" \
    '*MX*mx.default.test*<- 220 mx.test ESMTP*-> EHLO client.test*-> RCPT TO:<zz@default.test>*<- 550 5.1.1*'
like 'and the answer alone on standard output' "$out" '550 5.1.7 <zz@default.test> *'
ask -v zz@escapes.test
ok 'no control character of the host is shown' not has_control "$err"
bad=$(awk '$5 !~ /^(connect|close|EHLO|HELO|MAIL|RCPT|RSET|QUIT)$/' "$mx_log")
is 'in all of this nothing but EHLO, HELO, MAIL, RCPT, RSET and QUIT was said' "$bad" ''
