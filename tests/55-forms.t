#!/bin/sh
# SPDX-License-Identifier: ISC
# 55-forms.t: what a mail server sees: the policy and socketmap forms, how they
# are told from a line, and what they make of each kind of verdict.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh

plan 424
case $cbvd in
/*)	;;
*)	cbvd=$PWD/$cbvd ;;
esac
kept=$cache cache=none via=unix
x450=$(printf '%0450d' 0)
host good default
host any catch-all
host grey greylisting
host blocked blocked-rcpt
host silentrcpt silent-rcpt
host utf smtputf8
host lines 'default | C: RCPT * | S: 550-5.1.1 User unknown | S: 550-5.1.1 action=OK | S: 550 5.1.1 24:OK x,'
host commas 'default | C: RCPT * | S: 550 5.1.1 User unknown, action=DUNNO, OK,, "DUNNO" '\''OK'\'' 2:OK,'
host cr 'default | C: RCPT * | S: 550 5.1.1 User unknown\raction=OK\r\r7:OK 250,'
host nul 'default | C: RCPT * | S: 550 5.1.1 User unknown\0action=OK\x0b\x85\xe2\x80\xa8'
host later 'default | C: RCPT * | S: 450-4.7.1 Later | S: 450 4.7.1 action=OK'
host long "default | C: RCPT * | S: 550 5.1.1 User unknown $x450"
host longlater "default | C: RCPT * | S: 450 4.555.555 Later $x450"
for n in 1 2 3 4 5 6 7 8 9; do
	host "slow$n" 'default | S: !sleep 5 | S: 220 mx.test ESMTP'
	host "two$n" default
done
# refusals whose brackets and quotes have no other half, or cross
n=0
while read -r words; do
	n=$((n + 1))
	host "odd$n" "default | C: RCPT * | S: 550 5.1.1 User unknown $words"
done <<'END'
(
)
<
>
"
[ ] )( >< ][
(see <http://example.net/) now>
"never ( mind") it <
<"> (">) "
((a) b <<c> d> "e" f" (g)
\" \( \< \
<(>) [<] (")" <a@b.test> (c) "d"
END
odd=$n
host "log$$" default
zone 'null.test MX 0 .' 'fails.test MX !servfail' 'mute.test MX !silence' \
    'nowhere.test MX 10 mx.nowhere.test' 'mx.nowhere.test A 224.0.0.1' \
    'down.test MX 10 mx.down.test' 'mx.down.test A 127.4.0.9' \
    'tardy.test MX 10 mx.good.test' 'deaf.test MX 10 mx.good.test'
start

# ---- what takes its time, beside everything else ---------------------------------

# A minute without a request ends a connection.
begin idle "$(policy real@good.test) keep"
begin idle_map "$(map verdict real@good.test)"
# Ten seconds are for one request, not for the pause before it.
begin pause "$(policy no@good.test) sleep:15 $(policy no@good.test) shut"
begin pause_map "$(map verdict no@good.test) sleep:15
    $(map verdict no@good.test) shut"
# A request that comes too slowly, at once and later.
lookup='send:request=smtpd_access_policy\nsender=a@tardy.test\n'
begin tardy1 "$lookup sleep:20 send:\\n"
begin tardy2 "$(policy no@good.test) sleep:0.3 $lookup sleep:20 send:\\n"
begin tardy3 'send:20:verdict\x20a@tardy.t sleep:20 send:est,'
begin tardy4 "$(map verdict no@good.test) sleep:0.3 send:2 sleep:4 send:0:ve
    sleep:16 send:rdict\\x20a@tardy.test,"
begin tardy5 'send:request=smtpd_access sleep:20 send:_policy\nsender=a@tardy.test\n\n'
begin tardy6 'send:20 sleep:20 send::verdict\x20a@tardy.test,'

# An answer that comes early.
cache=$kept
for form in policy verdict access exists; do
	case $form in
	policy)	n=1 ;;
	verdict) n=2 ;;
	access)	n=3 ;;
	exists)	n=4 ;;
	esac
	begin "early$n" "$(requests $form "real@slow$n.test" "real@two$n.test")" \
	    -o wait=2s,total=20s
done
begin early5 "$(policy real@slow5.test)" -o wait=2s,total=20s,lenient
begin early6 "$(policy real@slow6.test)" -o wait=2s,total=20s -a
begin early7 "$(policy real@good.test real@slow7.test real@two7.test)" \
    -o wait=2s,total=20s
cache=none
begin early8 "$(policy a@mute.test)" -o wait=1s,total=3s
begin early9 "$(map exists a@mute.test)" -o wait=1s,total=3s

# Broken framing: neither an answer nor patience.
n=0
while read -r steps; do
	n=$((n + 1))
	begin "broken$n" "send:$steps"
	begin "later$n" "$(map verdict no@good.test) send:$steps"
done <<'END'
020:verdict\x20a@tardy.test,
00:,
01:x,
20:verdict\x20a@tardy.test;
20:verdict\x20a@tardy.test\n
19:verdict\x20a@tardy.test,
4:verdict\x20a@tardy.test,
END
broken=$n
n=0
while read -r steps; do
	n=$((n + 1))
	begin "junk$n" "$(map verdict no@good.test) send:$steps"
done <<'END'
\n
\0
-1:x,
+1:x,
\x2020:verdict\x20a@tardy.test,
x
:,
2x:
a@tardy.test\r\n
request=smtpd_access_policy\nsender=a@tardy.test\n\n
END
junk=$n
n=0
for length in 4097 5000 40960 99999 100000 4294967296 4294967306 \
    18446744073709551616 18446744073709551636 99999999999999999999999999; do
	n=$((n + 1))
	begin "bomb$n" "send:$length:verdict\\x20a@tardy.test,"
done
bombs=$n

# ---- helpers ---------------------------------------------------------------------------

# talk FORM "STEP..." ARGS...: a client that says all and then EOF
talk()
{
	talk_form=$1 talk_steps=$2
	shift 2
	serve "$talk_steps shut" "$@"
	heard "$talk_form"
}
# heard FORM: into $all come the answers in a line, | between them, with the
# end of the connection and the exit status before
heard()
{
	answers "$1"
	all="$end $status $(tr '\n' '|' <"$answers")"
}
# given NAME FORM "STEP..." GLOB ARGS...: these answers in this order, then EOF,
# and the exit status is 0
given()
{
	given_name=$1 given_form=$2 given_steps=$3 given_glob=$4
	shift 4
	talk "$given_form" "$given_steps" "$@"
	like "$given_name" "$all" "eof 0 $given_glob"
}

# ---- what becomes of a verdict -----------------------------------------------------------

cat >"$tmp/kinds" <<'END'
real@good.test
a@any.test
a@blocked.test
a@[192.0.2.1]
postmaster@good.test
a@grey.test
a@down.test
a@fails.test
no@good.test
a@gone.elsewhere
a@null.test
a@nowhere.test
nobody

END
# kinds NAME FORM ARGS...: one connection asks about one of each kind; what
# comes is compared with the lines on standard input
kinds()
{
	kinds_name=$1 kinds_form=$2 n=0
	shift 2
	cat >"$tmp/globs"
	# shellcheck disable=SC2046
	talk "$kinds_form" "$(IFS='
'; set -f; requests "$kinds_form" $(cat "$tmp/kinds") '')" "$@"
	while IFS= read -r mailbox; do
		n=$((n + 1)) got='' want=''
		IFS= read -r got <&4
		IFS= read -r want <&5
		like "$kinds_name: ${mailbox:-no mailbox at all}" "$got." "$want."
	done <"$tmp/kinds" 4<"$answers" 5<"$tmp/globs"
	is "$kinds_name: an answer for each, EOF, status 0" \
	    "$(wc -l <"$answers") $end $status" "$n eof 0"
}

kinds 'policy' policy <<'END'
DUNNO
DUNNO
DUNNO
DUNNO
DUNNO
DEFER_IF_PERMIT 4.2.0 mx.grey.test?127.*? said at RCPT: 450 4.2.0 *
DEFER_IF_PERMIT 4.4.1 mx.down.test?127.4.0.9? at CONNECT: *
DEFER_IF_PERMIT 4.4.3 DNS fails: *
550 5.1.7 mx.good.test?127.*? said at RCPT: 550 5.1.1 <no@good.test>: *
550 5.1.8 gone.elsewhere does not exist in DNS
550 5.7.27 null.test has a null MX (RFC 7505): it takes no mail
550 5.1.8 no routable host: mx.nowhere.test?224.0.0.1? *
DUNNO
DUNNO
END
kinds 'policy, lenient' policy -o lenient <<'END'
DUNNO
DUNNO
DUNNO
DUNNO
DUNNO
DUNNO
DUNNO
DUNNO
550 5.1.7 mx.good.test?127.*? said at RCPT: *
550 5.1.8 gone.elsewhere *
550 5.7.27 null.test *
550 5.1.8 no routable host: *
DUNNO
DUNNO
END
kinds 'policy, -a' policy -a <<'END'
PREPEND X-Callback-Verification: 250 2.1.5 mx.good.test?127.*? said at RCPT: *
PREPEND X-Callback-Verification: 252 2.0.0 accepts any mailbox: mx.any.test*
PREPEND X-Callback-Verification: 252 2.0.0 about us, not the mailbox: *
PREPEND X-Callback-Verification: 252 2.0.0 not asked: *
PREPEND X-Callback-Verification: 250 2.1.5 postmaster *
PREPEND X-Callback-Verification: 450 4.2.0 mx.grey.test*
PREPEND X-Callback-Verification: 450 4.4.1 mx.down.test*
PREPEND X-Callback-Verification: 451 4.4.3 DNS fails: *
PREPEND X-Callback-Verification: 550 5.1.7 mx.good.test*
PREPEND X-Callback-Verification: 550 5.1.8 gone.elsewhere *
PREPEND X-Callback-Verification: 550 5.7.27 null.test *
PREPEND X-Callback-Verification: 550 5.1.8 no routable host: *
DUNNO
DUNNO
END
who=recipient
kinds 'policy, -R' policy -R <<'END'
DUNNO
DUNNO
DUNNO
DUNNO
DUNNO
DEFER_IF_PERMIT 4.2.0 mx.grey.test?127.*? said at RCPT: 450 4.2.0 *
DEFER_IF_PERMIT 4.4.1 mx.down.test?127.4.0.9? at CONNECT: *
DEFER_IF_PERMIT 4.4.3 DNS fails: *
550 5.1.1 mx.good.test?127.*? said at RCPT: 550 5.1.1 <no@good.test>: *
550 5.1.2 gone.elsewhere does not exist in DNS
550 5.1.10 null.test has a null MX (RFC 7505): it takes no mail
550 5.4.4 no routable host: mx.nowhere.test?224.0.0.1? *
DUNNO
DUNNO
END
kinds 'policy, -R -a' policy -R -a <<'END'
PREPEND X-Callback-Verification: 250 2.1.5 mx.good.test*
PREPEND X-Callback-Verification: 252 2.0.0 accepts any mailbox: *
PREPEND X-Callback-Verification: 252 2.0.0 about us, not the mailbox: *
PREPEND X-Callback-Verification: 252 2.0.0 not asked: *
PREPEND X-Callback-Verification: 250 2.1.5 postmaster *
PREPEND X-Callback-Verification: 450 4.2.0 mx.grey.test*
PREPEND X-Callback-Verification: 450 4.4.1 mx.down.test*
PREPEND X-Callback-Verification: 451 4.4.3 DNS fails: *
PREPEND X-Callback-Verification: 550 5.1.1 mx.good.test*
PREPEND X-Callback-Verification: 550 5.1.2 gone.elsewhere *
PREPEND X-Callback-Verification: 550 5.1.10 null.test *
PREPEND X-Callback-Verification: 550 5.4.4 no routable host: *
DUNNO
DUNNO
END
who=sender
kinds 'verdict' verdict <<'END'
OK 250 2.1.5 mx.good.test?127.*? said at RCPT: 250 2.1.5 Ok
OK 252 2.0.0 accepts any mailbox: mx.any.test*
OK 252 2.0.0 about us, not the mailbox: mx.blocked.test*
OK 252 2.0.0 not asked: an address literal *
OK 250 2.1.5 postmaster of a domain that takes mail (RFC 5321, 4.5.1)
OK 450 4.2.0 mx.grey.test?127.*? said at RCPT: 450 4.2.0 *
OK 450 4.4.1 mx.down.test?127.4.0.9? at CONNECT: *
OK 451 4.4.3 DNS fails: *
OK 550 5.1.7 mx.good.test?127.*? said at RCPT: 550 5.1.1 <no@good.test>: *
OK 550 5.1.8 gone.elsewhere does not exist in DNS
OK 550 5.7.27 null.test has a null MX (RFC 7505): it takes no mail
OK 550 5.1.8 no routable host: mx.nowhere.test?224.0.0.1? *
OK 501 5.1.7 *(RFC 5321, 4.1.2)
OK 250 2.1.5 the null reverse-path is always there (RFC 5321, 4.5.5)
END
kinds 'verdict, -R -a lenient' verdict -R -a -o lenient <<'END'
OK 250 2.1.5 mx.good.test*
OK 252 2.0.0 accepts any mailbox: *
OK 252 2.0.0 about us, not the mailbox: *
OK 252 2.0.0 not asked: *
OK 250 2.1.5 postmaster *
OK 450 4.2.0 mx.grey.test*
OK 450 4.4.1 mx.down.test*
OK 451 4.4.3 DNS fails: *
OK 550 5.1.1 mx.good.test*
OK 550 5.1.2 gone.elsewhere *
OK 550 5.1.10 null.test *
OK 550 5.4.4 no routable host: *
OK 501 5.1.3 *
OK 250 2.1.5 *
END
kinds 'access' access <<'END'
OK DUNNO
OK DUNNO
OK DUNNO
OK DUNNO
OK DUNNO
OK DEFER_IF_PERMIT 4.2.0 mx.grey.test?127.*? said at RCPT: 450 4.2.0 *
OK DEFER_IF_PERMIT 4.4.1 mx.down.test?127.4.0.9? at CONNECT: *
OK DEFER_IF_PERMIT 4.4.3 DNS fails: *
OK 550 5.1.7 mx.good.test?127.*? said at RCPT: 550 5.1.1 <no@good.test>: *
OK 550 5.1.8 gone.elsewhere does not exist in DNS
OK 550 5.7.27 null.test has a null MX *
OK 550 5.1.8 no routable host: *
NOTFOUND 
OK DUNNO
END
kinds 'access, lenient' access -o lenient <<'END'
OK DUNNO
OK DUNNO
OK DUNNO
OK DUNNO
OK DUNNO
OK DUNNO
OK DUNNO
OK DUNNO
OK 550 5.1.7 *
OK 550 5.1.8 *
OK 550 5.7.27 *
OK 550 5.1.8 *
NOTFOUND 
OK DUNNO
END
kinds 'access, -a -R' access -a -R <<'END'
OK PREPEND X-Callback-Verification: 250 2.1.5 mx.good.test*
OK PREPEND X-Callback-Verification: 252 2.0.0 accepts any mailbox: *
OK PREPEND X-Callback-Verification: 252 2.0.0 about us, not the mailbox: *
OK PREPEND X-Callback-Verification: 252 2.0.0 not asked: *
OK PREPEND X-Callback-Verification: 250 2.1.5 postmaster *
OK PREPEND X-Callback-Verification: 450 4.2.0 mx.grey.test*
OK PREPEND X-Callback-Verification: 450 4.4.1 mx.down.test*
OK PREPEND X-Callback-Verification: 451 4.4.3 DNS fails: *
OK PREPEND X-Callback-Verification: 550 5.1.1 mx.good.test*
OK PREPEND X-Callback-Verification: 550 5.1.2 gone.elsewhere *
OK PREPEND X-Callback-Verification: 550 5.1.10 null.test *
OK PREPEND X-Callback-Verification: 550 5.4.4 no routable host: *
NOTFOUND 
OK DUNNO
END
kinds 'exists: the DSN of recipients, without -R, too' exists <<'END'
OK real@good.test
OK a@any.test
OK a@blocked.test
OK a@?192.0.2.1?
OK postmaster@good.test
TEMP 4.2.0 mx.grey.test?127.*? said at RCPT: 450 4.2.0 *
TEMP 4.4.1 mx.down.test?127.4.0.9? at CONNECT: *
TEMP 4.4.3 DNS fails: *
NOTFOUND 
NOTFOUND 
NOTFOUND 
NOTFOUND 
NOTFOUND 
NOTFOUND 
END
kinds 'exists, lenient' exists -o lenient <<'END'
OK real@good.test
OK a@any.test
OK a@blocked.test
OK a@?192.0.2.1?
OK postmaster@good.test
OK a@grey.test
OK a@down.test
OK a@fails.test
NOTFOUND 
NOTFOUND 
NOTFOUND 
NOTFOUND 
NOTFOUND 
NOTFOUND 
END
kinds 'exists, -a: it refuses nothing, but says when to ask again' exists -a <<'END'
OK real@good.test
OK a@any.test
OK a@blocked.test
OK a@?192.0.2.1?
OK postmaster@good.test
TEMP 4.2.0 mx.grey.test?127.*? said at RCPT: 450 4.2.0 *
TEMP 4.4.1 mx.down.test?127.4.0.9? at CONNECT: *
TEMP 4.4.3 DNS fails: *
OK no@good.test
OK a@gone.elsewhere
OK a@null.test
OK a@nowhere.test
NOTFOUND 
NOTFOUND 
END
kinds 'exists, -a lenient' exists -a -o lenient <<'END'
OK real@good.test
OK a@any.test
OK a@blocked.test
OK a@?192.0.2.1?
OK postmaster@good.test
OK a@grey.test
OK a@down.test
OK a@fails.test
OK no@good.test
OK a@gone.elsewhere
OK a@null.test
OK a@nowhere.test
NOTFOUND 
NOTFOUND 
END

given 'a host that says later is quoted with its own code' policy \
    "$(policy a@later.test)" \
    'DEFER_IF_PERMIT 4.7.1 *: 450 4.7.1 Later action=OK|'
given '<> as a key is the null reverse-path' verdict \
    "$(map verdict '<>') $(map access '<>')" \
    'OK 250 2.1.5 *|OK DUNNO|'
given 'a key may have brackets' verdict \
    "$(map verdict '<no@good.test>')" 'OK 550 5.1.7 *|'
cache=$kept
given 'an answer from the cache says so' policy \
    "$(policy no@good.test no@good.test)" \
    '550 5.1.7 *virtual mailbox table|550 5.1.7 *(cached 0s)|'
given 'in a map, too' verdict "$(map verdict no@good.test)" \
    'OK 550 5.1.7 *(cached [0-9]s)|'
cache=none

# ---- how a form is told --------------------------------------------------------------------

# unheard NAME: deaf.test has not been looked up
unheard() { is "$1" "$(grep -c deaf "$ns_log")" 0; }

# line NAME "STEP..." GLOB: it is taken for the line form
line()
{
	serve "$2 shut"
	like "$1" "$end $status $out" "eof 0 $3\\\\r\\\\n"
}
line 'another first line is no policy request' \
    'send:request=junk_policy\nsender=no@deaf.test\n\n' '500 5.5.2 <> *'
line 'nor is it with a CR' \
    'send:request=smtpd_access_policy\r\nsender=no@deaf.test\r\n\r\n' '500 5.5.2 <> *'
line 'nor with a blank' \
    'send:request=smtpd_access_policy\x20\nsender=no@deaf.test\n\n' '500 5.5.2 <> *'
line 'nor in capitals' \
    'send:REQUEST=smtpd_access_policy\nsender=no@deaf.test\n\n' '500 5.5.2 <> *'
line 'nor behind an empty line' \
    'send:\nrequest=smtpd_access_policy\nsender=no@deaf.test\n\n' '500 5.5.2 <> *'
line 'digits and a line end are no netstring' 'send:24\n' '501 5.1.7 <24> *'
line 'nor are digits and a letter' 'send:24x:\n' '500 5.5.2 <> *'
line 'nor is a length with a sign' 'send:+4:abcd,\n' '500 5.5.2 <> *'
line 'nor one behind a blank' 'send:\x204:abcd,\n' '500 5.5.2 <> *'
line 'nor a colon without a length' 'send::,\n' '500 5.5.2 <> *'
line '5,000 digits are none' 'times:5000:1' '500 5.5.2 <> *'
unheard 'for none of them anything is looked up'
line 'a mailbox may begin with digits' 'send:24@good.test\n' '550 5.1.7 <24@good.test> *'
line 'a mailbox may begin as a policy request does' \
    'send:request=smtpd_access_policy@good.test\n' \
    '550 5.1.7 <request=smtpd_access_policy@good.test> *'
line 'a mailbox may begin with its first letters' 'send:req@good.test\n' \
    '550 5.1.7 <req@good.test> *'
line 'sender= at the beginning is a mailbox' \
    'send:sender=no@good.test\nrequest=smtpd_access_policy\n\n' \
    '550 5.1.7 <sender=no@good.test> *'

# ---- one connection, many requests -----------------------------------------------------------

for via in unix tcp pipe; do
	given "$via: policy requests in one piece, the answers in their order" \
	    policy "$(policy no@good.test real@good.test a@null.test a@any.test)" \
	    '550 5.1.7 *|DUNNO|550 5.7.27 *|DUNNO|'
	given "$via: maps in one piece, the answers in their order" verdict \
	    "$(map verdict no@good.test) $(map exists real@good.test no@good.test) $(map access no@good.test)" \
	    'OK 550 5.1.7 *|OK real@good.test|NOTFOUND |OK 550 5.1.7 *|'
done
via=unix
# octet_wise STEP: each octet a packet of its own
octet_wise()
{
	printf '%s' "${1#send:}" | perl -ne '
	    print "send:$1 sleep:0.004 " while /\G(\\x..|\\.|.)/gs'
}
given 'a policy request octet by octet, and another' policy \
    "$(octet_wise 'send:request=smtpd_access_policy\nsender=no@good.test\n\nrequest=smtpd_access_policy\nsender=\n\n')" \
    '550 5.1.7 *|DUNNO|'
given 'a netstring octet by octet, and another' verdict \
    "$(octet_wise "$(map verdict no@good.test '')")" 'OK 550 5.1.7 *|OK 250 2.1.5 *|'
# first N TEXT: a step with the first N octets of TEXT
first() { perl -e 'print "send:", $ARGV[1] =~ /^((?:\\x..|\\.|.){$ARGV[0]})/' "$1" "$2"; }
two=$(map exists real@good.test no@good.test)
wrong=
for n in 6 18 22 23 24 25 26 27 28 40; do
	talk exists "$(first $n "${two#send:}") sleep:0.05 send:$(printf '%s' \
	    "${two#send:}" | perl -pe "s/^(\\\\x..|.){$n}//")"
	[ "$all" = 'eof 0 OK real@good.test|NOTFOUND |' ] || wrong="$wrong $n: $all"
done
is 'two netstrings in two pieces, wherever they are cut' "$wrong" ''

# A client that waits for each answer.  ask_on STEP: say it, and wait until one
# more line of answers has come.
mkfifo "$tmp/fifo"
: >"$tmp/said"
run <"$tmp/fifo" >"$tmp/said" 2>/dev/null &
talker=$!
exec 3>"$tmp/fifo"
n=0 wrong=
while [ $n -lt 100 ]; do
	n=$((n + 1))
	printf 'request=smtpd_access_policy\nsender=\n\n' >&3
	tries=0
	until [ "$(wc -l <"$tmp/said")" -ge $((2 * n)) ] || [ $tries -gt 500 ]; do
		tries=$((tries + 1))
		sleep 0.01
	done
done
exec 3>&-
wait "$talker"
is 'a hundred requests, each after the answer to the one before' \
    "$? $(sort "$tmp/said" | uniq -c | tr -s ' \n' ' ')" '0  100 100 action=DUNNO '

# ---- framing ------------------------------------------------------------------------------------

wrong=
for n in 0 1 2 3 4 10 11 12 20 24 25; do
	serve "$(first $n '24:verdict\x20real@deaf.test,') shut"
	case "$n $end $status $out" in
	[012]' eof 0 500 5.5.2 <> '*|[1-9]*' eof 0 ') ;;
	*)	wrong="$wrong $n: $end $status $out;" ;;
	esac
done
is 'a netstring that ends anywhere is not answered, or 500 where none is seen' \
    "$wrong" ''
wrong=
for n in 0 1 10 26 27 28 29 34 35 49; do
	serve "$(first $n 'request=smtpd_access_policy\nsender=real@deaf.test\n\n') shut"
	case "$n $end $status $out" in
	[01]' eof 0 500 5.5.2 <> '*|10' eof 0 500 5.5.2 <> '*) ;;
	2[67]' eof 0 500 5.5.2 <> '*) ;;
	2[89]' eof 0 action=DUNNO\n\n'|[34]?' eof 0 action=DUNNO\n\n') ;;
	*)	wrong="$wrong $n: $end $status $out;" ;;
	esac
done
is 'a policy request that ends anywhere is DUNNO, or 500 where none is seen' \
    "$wrong" ''
unheard 'nothing is looked up for them'
given 'EOF behind a policy request is a silent end' policy \
    "$(policy real@good.test)" 'DUNNO|'
given 'EOF behind a netstring, too' verdict "$(map exists real@good.test)" \
    'OK real@good.test|'
given 'a netstring cut short behind a good one is not answered' verdict \
    "$(map exists real@good.test) send:24:verdict\\x20real@good.tes" \
    'OK real@good.test|'
given 'the first policy request cut short ends it with DUNNO' policy \
    'send:request=smtpd_access_policy\nsender=real@deaf.test' 'DUNNO|'
given 'an attribute without = ends it with DUNNO' policy \
    "send:request=smtpd_access_policy\\nsender=real@deaf.test\\njunk\\n\\n $(policy real@deaf.test)" 'DUNNO|'
given 'an attribute without a name, too' policy \
    "send:request=smtpd_access_policy\\nsender=real@deaf.test\\n=x\\n\\n $(policy real@deaf.test)" 'DUNNO|'
given 'a NUL, too' policy \
    "send:request=smtpd_access_policy\\nsender=real@deaf.test\\nx=\\0\\n\\n $(policy real@deaf.test)" 'DUNNO|'
given 'a NUL in the mailbox, too' policy \
    "send:request=smtpd_access_policy\\nsender=real\\0@deaf.test\\n\\n $(policy real@deaf.test)" 'DUNNO|'
given 'a request without an empty line over 16,384 octets, too' policy \
    'send:request=smtpd_access_policy\nsender=real@deaf.test\nx= times:20000:y' \
    'DUNNO|'
given 'one with it, of 16,385 octets, too' policy \
    'send:request=smtpd_access_policy\nsender=real@deaf.test\nx= times:16331:y send:\n\n' \
    'DUNNO|'
given 'a mailbox over 4,096 octets, too' policy \
    "send:request=smtpd_access_policy\\nsender= times:4097:a send:\\n\\n $(policy real@deaf.test)" 'DUNNO|'
unheard 'nothing is looked up for them, nor for what follows'
for bad in '\n' 'sender=real@deaf.test\n\n' 'request=junk\nsender=real@deaf.test\n\n' \
    '20:verdict\x20a@deaf.test,\n\n' 'request=smtpd_access_policy\r\nsender=real@deaf.test\n\n'; do
	given "behind a good request $bad ends it with DUNNO" policy \
	    "$(policy no@good.test)$bad $(policy real@deaf.test)" \
	    '550 5.1.7 *|DUNNO|'
done
unheard 'and nothing is looked up'
given 'a mailbox that is none is DUNNO, and no end' policy \
    "$(policy nobody 'a@b_c.test' '<real@good.test>' a@localhost no@good.test)" \
    'DUNNO|DUNNO|DUNNO|DUNNO|550 5.1.7 *|'
given 'a mailbox of 4,096 octets is none, and no end' policy \
    "send:request=smtpd_access_policy\\nsender= times:4096:a send:\\n\\n $(policy no@good.test)" 'DUNNO|550 5.1.7 *|'
given 'a policy request of 16,384 octets is read' policy \
    "send:request=smtpd_access_policy\\nsender=no@good.test\\nx= times:16332:y
    send:\\n\\n" '550 5.1.7 *|'
given 'so are two' policy \
    "send:request=smtpd_access_policy\\nsender=no@good.test\\nx= times:16332:y
    send:\\n\\nrequest=smtpd_access_policy\\nsender=no@good.test\\nx=
    times:16332:y send:\\n\\n" '550 5.1.7 *|550 5.1.7 *|'

given 'of a name that comes twice the first counts' policy \
    'send:request=smtpd_access_policy\nsender=no@good.test\nsender=real@good.test\n\n' \
    '550 5.1.7 *|'
given 'whatever it is' policy \
    'send:request=smtpd_access_policy\nsender=real@good.test\nsender=no@good.test\n\n' \
    'DUNNO|'
given 'an empty one, too' policy \
    'send:request=smtpd_access_policy\nsender=\nsender=no@good.test\n\n' 'DUNNO|'
given 'names that nobody knows, and similar ones, do not count' policy \
    'send:request=smtpd_access_policy\nnew=1=2\nSender=a@null.test\nsender2=a@null.test\nxsender=a@null.test\nx=sender=a@null.test\nsende=a@null.test\n\x20sender=a@null.test\nsender=no@good.test\nnewer=\n\n' \
    '550 5.1.7 *|'
given 'without the mailbox in question: DUNNO' policy \
    'send:request=smtpd_access_policy\nrecipient=no@good.test\n\n' 'DUNNO|'
given 'a request that has only its first line: DUNNO' policy \
    "send:request=smtpd_access_policy\\n\\n $(policy no@good.test)" 'DUNNO|550 5.1.7 *|'
given 'with -R the recipient is in question, and the sender is not' policy \
    'send:request=smtpd_access_policy\nsender=a@null.test\nrecipient=no@good.test\n\nrequest=smtpd_access_policy\nsender=a@null.test\nrecipient=\n\n' \
    '550 5.1.1 *|DUNNO|' -R
given 'without -R it is the other way round' policy \
    'send:request=smtpd_access_policy\nrecipient=a@null.test\nsender=no@good.test\n\n' \
    '550 5.1.7 *|'

given 'a netstring of 4,096 octets is read' verdict \
    "send:4096:verdict\\x20 times:4088:a send:, $(map exists real@good.test)" 'OK 501 5.1.7 *|OK real@good.test|'
for name in verdict access exists; do
	case $name in
	verdict) bad='OK 501 5.1.7 *' ;;
	*)	bad='NOTFOUND ' ;;
	esac
	for octet in 00 0a 0d 09 7f 80 ff; do
		given "$name: a key with the octet $octet is no mailbox" map \
		    "send:$((${#name} + 16)):$name\\x20real\\x$octet@deaf.test, $(map exists '')" \
		    "$bad|NOTFOUND |"
	done
done
unheard 'nothing is looked up for them'
for text in verdict nosuch '' ' ' VERDICT 'VERDICT real@deaf.test' \
    ' real@deaf.test' 'verdict2 real@deaf.test' 'verdic real@deaf.test' \
    'cbv real@deaf.test' 'access' 'exists' real@deaf.test; do
	given "\"$text\" names no map and a key: PERM, and no end" map \
	    "send:${#text}:$(printf '%s' "$text" | sed 's/ /\\x20/g'), $(map \
		exists '')" 'PERM *|NOTFOUND |'
done
unheard 'nothing is looked up for them either'
given 'the blank behind the name ends it, all others are of the key' map \
    "$(map verdict ' no@good.test' 'no@good.test ')" 'OK 550 5.1.7 *|OK 501 5.1.7 *|' -n

# ---- the mailbox that is asked ----------------------------------------------------------------

# sent NAME FORM KEY RCPT: for KEY the host is asked about RCPT
sent()
{
	mark
	talk "$2" "$(requests "$2" "$3")" -n
	is "$1" "$(events | awk '$5 == "RCPT"' | sed 's/^.*RCPT TO://')" "<$4>"
}
for form in policy access exists verdict; do
	sent "$form: a mailbox goes out in its own case" $form MiXeD@any.test MiXeD@any.test
	sent "$form: a local-part with a blank is quoted again" $form \
	    'a b@any.test' '"a b"@any.test'
	sent "$form: one with an at sign" $form 'a@b@any.test' '"a@b"@any.test'
	sent "$form: one with a quote" $form 'a"b@any.test' '"a\"b"@any.test'
	sent "$form: one with a backslash" $form 'a\b@any.test' '"a\\b"@any.test'
	sent "$form: one with a dot at its end" $form 'a.@any.test' '"a."@any.test'
	sent "$form: one with brackets and commas" $form 'a<b>,(c)@any.test' \
	    '"a<b>,(c)"@any.test'
	sent "$form: UTF-8 needs no quotes" $form 'jörg@utf.test' 'jörg@utf.test'
done
for form in access exists verdict; do
	sent "$form: a mailbox with its quotes goes out as it came" $form \
	    '"a b"@any.test' '"a b"@any.test'
	sent "$form: needless quotes, too" $form '"ab"@any.test' '"ab"@any.test'
done
sent 'policy: quotes that come are of the local-part' policy '"a b"@any.test' \
    '"\"a b\""@any.test'
given 'exists: the answer is the key as it came' map \
    "$(map exists 'a b@any.test' '"a b"@any.test' '<a@any.test>')" \
    'OK a b@any.test|OK "a b"@any.test|OK <a@any.test>|'
given 'exists: in UTF-8, too' map "$(map exists 'jörg@utf.test')" \
    'OK jörg@utf.test|' -n

# ---- what a host says is only text -------------------------------------------------------------

for d in lines commas cr nul; do
	talk policy "$(policy "a@$d.test")"
	like "policy: the action stays one, whatever is said ($d)" "$all" \
	    'eof 0 [5D]*|'
	is "policy: no line in it ($d)" "$(wc -l <"$answers") $(grep -cE \
	    '^(550 5\.1\.7|DUNNO|DEFER_IF_PERMIT 4\.[0-9]\.[0-9]) ?' "$answers")" \
	    '1 1'
	is "policy: all of it is printable ($d)" \
	    "$(printf '%s' "$out" | sed 's/\\n\\n$//' | grep -c '\\[nrx]')" 0
	talk map "$(map access "a@$d.test") $(map verdict "a@$d.test" '')"
	like "maps: the length is right, the text printable ($d)" \
	    "$(printf '%s' "$out" | grep -c '\\[nrx]') $all" \
	    '0 eof 0 OK [5D]*|OK [45]*|OK 250 2.1.5 the null *|'
done
cache=$kept
for args in '' -R -a '-a -R'; do
	case $args in
	*-R)	who=recipient ;;
	*)	who=sender ;;
	esac
	# shellcheck disable=SC2086
	talk policy "$(policy a@long.test a@longlater.test a@long.test)" $args
	like "a long reply is cut, the age is not ($args)" "$all" \
	    'eof 0 *User unknown 0*|*4.555.555 mx.longlater.test*Later 0*|*000 (cached [0-9]*s)|'
	is "and no action has 400 octets ($args)" \
	    "$(awk 'length > 399 || length < 300' "$answers")" ''
done
who=sender
talk map "$(map access a@long.test a@longlater.test) $(map verdict a@long.test
    ) $(map exists a@longlater.test)"
is 'nor has an answer of a map, its word aside' \
    "$(wc -l <"$answers") $(awk '{ sub(/^[A-Z]* /, "") } length > 399' "$answers")" '4 '
cache=none

# Sendmail reads a value as an address (prescan() of its parseaddr.c): what
# opens must close, and within quotes and comments nothing else counts.
cat >"$tmp/prescan" <<'END'
while (<>) {
	chomp;
	my ($quote, $comment, $angle) = (0, 0, 0);
	for my $c (split //) {
		die "a backslash: $_\n" if $c eq "\\";
		if ($c eq '"' && !$comment) {
			$quote = !$quote;
		} elsif ($quote) {
		} elsif ($c eq '(') {
			$comment++;
		} elsif ($c eq ')') {
			$comment-- or die "unbalanced ): $_\n";
		} elsif ($comment) {
		} elsif ($c eq '<') {
			$angle++;
		} elsif ($c eq '>') {
			$angle-- or die "unbalanced >: $_\n";
		}
	}
	die "not closed: $_\n" if $quote || $comment || $angle;
}
END
n=0
while [ $n -lt "$odd" ]; do
	n=$((n + 1))
	set -- "$@" "a@odd$n.test"
done
talk map "$(map verdict "$@")"
is 'a reply with odd brackets is a value all the same' \
    "$(grep -c '^OK 550 5.1.7 mx.odd[0-9]*.test' "$answers") $end $status" "$odd eof 0"
ok 'and Sendmail can read it' perl "$tmp/prescan" "$answers"
ok 'pairs that close stay' grep -q 'unknown  *(see  *http://example.net/ *)' "$answers"
set --

# ---- the log -------------------------------------------------------------------------------------

log_server
if [ -n "$no_log" ]; then
	for i in 1 2 3 4 5 6 7 8; do
		skip "$no_log" "the log, check $i"
	done
else
	d=log$$.test
	talk policy "$(policy "no@$d" "real@$d" "no@$d" "nobody$$")"
	talk map "$(map verdict "one@$d") $(map access "two@$d") $(map exists \
	    "three@$d" "other@$d" "nothing$$") send:$((15 + ${#d})):verdict\\x20broken@$d;"
	who=recipient
	talk policy "$(policy "four@$d")" -R
	who=sender
	sleep 0.2
	logged 'policy: a line for each query' "no@$d" \
	    "2 <22>*cbvd*: no@$d: 550 5.1.7 host=mx.$d?127.*? stage=RCPT reply=\"550 5.1.1 *\" cached=no ms=[0-9]*"
	logged 'policy: for each mailbox of a connection' "real@$d" \
	    "1 *: 250 2.1.5 host=mx.$d?127.*? *"
	logged 'policy: for what is no mailbox' "nobody$$" \
	    '1 *: 501 5.1.7 host=- stage=- reply="no mailbox*" cached=no ms=[0-9]*'
	logged 'policy: with the DSN of recipients by -R' "four@$d" '1 *: 550 5.1.1 *'
	is 'maps: a line for each query' "$(for one in one two three other; do
		grep -cF ": $one@$d: " "$log"
	    done | tr '\n' ' ')" '1 1 1 1 '
	logged 'maps: for what is no mailbox' "nothing$$" '1 *: 501 5.1.* *'
	is 'maps: none for broken framing' "$(grep -c "broken@$d" "$log")" 0
	is 'nothing else is logged of them' "$(grep -c "log$$" "$log")" 8
fi

# ---- what took its time ----------------------------------------------------------------------------

# early N FORM NAME GLOB
early()
{
	ended "early$1"
	heard "$2"
	like "early, $3: the answer is the last" "$all" "eof 0 $4|"
}
early 1 policy policy 'DEFER_IF_PERMIT 4.4.7 the callout is still under way*'
early 2 map verdict 'OK 450 4.4.7 the callout is still under way*'
early 3 map access 'OK DEFER_IF_PERMIT 4.4.7 the callout is still under way*'
early 4 map exists 'TEMP 4.4.7 the callout is still under way*'
early 5 policy 'policy, lenient' DUNNO
early 6 policy 'policy, -a' 'PREPEND X-Callback-Verification: 450 4.4.7 the callout*'
early 7 policy 'of a later request' 'DUNNO|DEFER_IF_PERMIT 4.4.7 *'
early 8 policy 'DNS' 'DEFER_IF_PERMIT 4.4.3 *'
early 9 map 'DNS, exists' 'TEMP 4.4.3 *'
is 'what comes behind an early answer is not looked up' "$(grep -c 'two[1-7]' "$ns_log")" 0
cache=$kept
mark
given 'the work of each went on into the cache' map "$(map verdict \
    real@slow1.test real@slow2.test real@slow3.test real@slow4.test \
    real@slow5.test real@slow6.test real@slow7.test)" \
    "$(for i in 1 2 3 4 5 6 7; do
	printf 'OK 250 2.1.5 *(cached [0-9]*)|'
    done)"
is 'and is not done again' "$(event_count connect)" 0
cache=none

n=0 wrong=
while [ $n -lt $broken ]; do
	n=$((n + 1))
	ended "broken$n"
	[ "$end $status $out" = 'eof 0 ' ] || wrong="$wrong $n: $end $status $out"
	ended "later$n"
	heard map
	case $all in
	'eof 0 OK 550 5.1.7 '*'table|') ;;
	*)	wrong="$wrong later $n: $all" ;;
	esac
done
is 'a broken netstring is closed without an answer, at once and later' "$wrong" ''
n=0 wrong=
while [ $n -lt $junk ]; do
	n=$((n + 1))
	ended "junk$n"
	heard map
	case $all in
	'eof 0 OK 550 5.1.7 '*'table|') ;;
	*)	wrong="$wrong $n: $all" ;;
	esac
done
is 'so is what is none, behind a good one' "$wrong" ''
n=0 wrong=
while [ $n -lt $bombs ]; do
	n=$((n + 1))
	ended "bomb$n"
	heard map
	case $all in
	'eof 0 PERM request over 4096 octets|') ;;
	*)	wrong="$wrong $n: $all" ;;
	esac
done
is 'a length over 4,096 is PERM, and nothing is waited for' "$wrong" ''

# tardy N FORM NAME GLOB
tardy()
{
	ended "tardy$1"
	heard "$2"
	like "not complete in 10 s: $3" "$all" "eof 0 $4|"
	ok "not before the 10 s are over: $3" at_least "$eof_ms" 9800
}
tardy 1 policy 'a first policy request is DUNNO' DUNNO
tardy 2 policy 'a later one, too' '550 5.1.7 *|DUNNO'
tardy 3 map 'a first netstring is PERM' 'PERM not complete in 10 s'
tardy 4 map 'a later one, too' 'OK 550 5.1.7 *|PERM not complete in 10 s'
tardy 5 line 'the first line of a policy request is 500' 'no answer: 500 5.5.2 <> *'
tardy 6 line 'a length is 500' 'no answer: 500 5.5.2 <> *'
is 'nothing is looked up for what is slow or broken' "$(grep -c tardy "$ns_log")" 0
ended pause
heard policy
like 'a pause of 15 s between requests is none in them' "$all" \
    'eof 0 550 5.1.7 *|550 5.1.7 *|'
ended pause_map
heard map
like 'in a map neither' "$all" 'eof 0 OK 550 5.1.7 *|OK 550 5.1.7 *|'

ended idle
heard policy
is 'a minute without a request: a silent end' "$all" 'eof 0 DUNNO|'
ok 'not before' at_least "$eof_ms" 59800
ok 'the end is told before what comes then is thrown away' \
    at_least "$((exit_ms - eof_ms))" 300
ended idle_map
heard map
like 'in a map, too' "$all" 'eof 0 OK 250 2.1.5 *|'
ok 'and not before' at_least "$eof_ms" 59800
