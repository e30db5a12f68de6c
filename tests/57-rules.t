#!/bin/sh
# SPDX-License-Identifier: ISC
# 57-rules.t: what the administrator decides: routes (-r) and the skip list (-s).
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh

plan 249
case $cbvd in
/*)	;;
*)	cbvd=$PWD/$cbvd ;;
esac
kept=$cache cache=none via=unix
rules=$tmp/rules skip_list=$tmp/skip
host good default
good=$addr
host any catch-all
any=$addr
host grey greylisting
grey=$addr
host blocked blocked-rcpt
blocked=$addr
host silentrcpt silent-rcpt
silent=$addr
for n in exact suffix longer default; do
	host "$n" default
	eval "$n=\$addr"
done
zone 'null.test MX 0 .' 'fails.test MX !servfail' 'mxfails.test A !servfail' \
    'nowhere.test MX 10 mx.nowhere.test' 'mx.nowhere.test A 224.0.0.1' \
    'empty.test TXT x' "primary.inside A $good" "two.inside A 127.4.0.9" \
    "two.inside A $good" "under_score.inside A $good"
six=$(perl -MIO::Socket::IP -e 'print 1 if IO::Socket::IP->new(
    LocalHost => "::1", Listen => 1, Proto => "tcp")')
[ -z "$six" ] || echo '::1 default' >>"$hosts"
start

# rules LINE...: the file of -r
rules() { printf '%s\n' "$@" >"$rules"; }
# skips LINE...: the file of -s
skips() { printf '%s\n' "$@" >"$skip_list"; }
# routed NAME ADDRESS MAILBOX ARGS...: asked at this IP address alone
routed()
{
	routed_name=$1 routed_addr=$2
	shift 2
	mark
	ask -r "$rules" "$@"
	is "$routed_name" "$(events | awk '$5 == "connect" { print $2 }' |
	    sort -u | tr '\n' ' ')" "${routed_addr:+$routed_addr }"
}

# ---- the format of routes -------------------------------------------------------

rules "exact.routed.test:$exact" ".routed.test:$suffix" ".longer.routed.test:$longer" \
    ":$default" ".test:$any"
routed 'the line of a domain counts for it' "$exact" a@exact.routed.test
routed 'in any case of letters' "$exact" a@EXACT.Routed.test
routed 'not for what is below it' "$suffix" a@sub.exact.routed.test
routed 'a suffix counts for what is below it' "$suffix" a@x.routed.test
routed 'however far' "$suffix" a@a.b.c.routed.test
routed 'not for its own domain' "$any" a@routed.test
routed 'the longest suffix counts' "$longer" a@x.longer.routed.test
routed 'a suffix is one of whole labels' "$any" a@xrouted.test
routed 'the default counts for all others' "$default" a@other.elsewhere
rules ":$default" ".longer.routed.test:$longer" ".routed.test:$suffix" \
    "exact.routed.test:$exact"
routed 'the order of the lines does not matter: the default' "$default" a@routed.test
routed 'the order of the lines does not matter: a suffix' "$longer" a@x.longer.routed.test
routed 'the order of the lines does not matter: a domain' "$exact" a@exact.routed.test
rules "exact.routed.test:$exact" "exact.routed.test:$any"
routed 'of two lines of one domain the first counts' "$exact" a@exact.routed.test
rules "EXACT.routed.TEST:$exact" ".SUFFIX.test:$suffix"
routed 'capitals in a line are as good' "$exact" a@exact.routed.test
routed 'in a suffix, too' "$suffix" a@x.suffix.test
rules 'good.test:' "any.test:$exact"
routed 'an empty host is the MX' "$good" a@good.test
routed 'a domain without a line is asked at its MX' "$grey" a@grey.test
rules ":$default" 'good.test:'
routed 'an empty host takes a domain out of the default' "$good" a@good.test
rules ":" "any.test:$exact"
routed 'an empty default is the MX' "$good" a@good.test

rules "routed.test:$exact:$mx_port" "other.test:$exact"
verdict 'a port is obeyed, not that of -p' '550 5.1.7 *' -p 1 -r "$rules" a@routed.test
verdict 'without one it is that of -p' '450 4.4.1 *' -p 1 -r "$rules" a@other.test
rules "good.test::$mx_port"
verdict 'a port without a host is that of the MX' '250 2.1.5 <real@good.test> mx.good.test*' \
    -p 1 -r "$rules" real@good.test
rules "routed.test:[$exact]" "port.test:[$exact]:$mx_port"
routed 'an IPv4 address may have brackets' "$exact" a@routed.test
verdict 'and a port behind them' '550 5.1.7 *' -p 1 -r "$rules" a@port.test
if [ -n "$six" ]; then
	rules 'routed.test:[::1]' "port.test:[::1]:$mx_port"
	routed 'an IPv6 address has brackets' ::1 a@routed.test
	verdict 'and a port behind them, too' '550 5.1.7 * ::1?::1? *' -p 1 -r "$rules" a@port.test
	verdict 'with -4 it is left out: unknown' '252 2.0.0 *' -4 -r "$rules" a@routed.test
else
	skip 'no IPv6 on loopback' 'an IPv6 address has brackets' \
	    'and a port behind them, too' 'with -4 it is left out: unknown'
fi
rules 'routed.test:primary.inside' 'score.test:under_score.inside'
routed 'a host may be a name' "$good" a@routed.test
routed 'with an underscore in it' "$good" a@score.test
rules 'routed.test:two.inside'
verdict 'of its addresses the next is asked when one is down' '250 *' \
    -r "$rules" real@routed.test
printf '# routes\r\n\r\n  \r\n\t# more\r\nexact.routed.test:%s\r\n\r\n.routed.test:%s:%s \t\r\n' \
    "$exact" "$suffix" "$mx_port" >"$rules"
routed 'CRLF, blanks at an end, empty lines and comments are none of it' "$exact" \
    a@exact.routed.test
routed 'also behind a port' "$suffix" a@x.routed.test
printf '\n#\nrouted.test:%s' "$exact" >"$rules"
routed 'the last line needs no end' "$exact" a@routed.test
: >"$rules"
routed 'an empty file has no routes' "$good" a@good.test
printf '# nothing\n\n' >"$rules"
routed 'nor has one of comments' "$good" a@good.test
{ awk 'BEGIN { for (i = 0; i < 5000; i++) print "d" i ".test:127.4.0.9" }'
    echo "routed.test:$exact"; } >"$rules"
routed 'the 5,001st line is found' "$exact" a@routed.test

# ---- what is wrong with a file ----------------------------------------------------

# named NAME GLOB ARGS...: status 78 and one line that names the fault
named()
{
	named_name=$1 named_glob=$2
	shift 2
	ask "$@" real@deaf.test </dev/null
	like "$named_name" "$status $(wc -l <"$tmp/err") $out|$err" \
	    "78 1 |cbvd: $named_glob"
}
# bad_line LINE...: the last of them is named by its number
bad_line()
{
	rules "$@"
	for bad_line; do :; done
	named "-r: \"$bad_line\" in line $# is named" \
	    "-r $rules: line $#: ?*" -r "$rules"
}
zone "deaf.test MX 10 mx.good.test"
for line in nocolon routed.test 'routed.test 127.0.0.1' 'a b.test:127.0.0.1' \
    '.:127.0.0.1' '..test:127.0.0.1' 'a..test:127.0.0.1' '*.test:127.0.0.1' \
    'user@a.test:127.0.0.1' '-a.test:127.0.0.1' '1.2.3.4:127.0.0.1' \
    'a.test:b c' 'a.test: 127.0.0.1' 'a.test:b..c' 'a.test:-b' 'a.test:b.' \
    'a.test:300.1.1.1' 'a.test:1.2.3' 'a.test:::1' 'a.test:2001:db8::1' \
    'a.test:[::1' 'a.test:::1]' 'a.test:[::1]25' 'a.test:[::1]:' 'a.test:[]' \
    'a.test:[b.test]' 'a.test:[fe80::1%lo]' 'a.test:b.test:' \
    'a.test:b.test:0' 'a.test:b.test:65536' 'a.test:b.test:-1' \
    'a.test:b.test:+25' 'a.test:b.test: 25' 'a.test:b.test:25x' \
    'a.test:b.test:smtp' 'a.test:b.test:4294967321' 'a.test:b.test:25:26' \
    'a.test:b.test:25 user pass' "$(printf '%0254d' 0).test:127.0.0.1" \
    "$(printf 'a\001.test:127.0.0.1')" "$(printf 'a.test:\303\244.test')"; do
	bad_line '# routes' '' "x.test:127.0.0.1" "$line"
done
bad_line "$(printf '%020000d' 0)"
# ports N: routes with as many different ports
ports() { awk -v n="$1" 'BEGIN { for (i = 1; i <= n; i++) print "d" i ".test:127.0.0.1:" i + 1000 }'; }
# shellcheck disable=SC2046
bad_line $(ports 65)
# shellcheck disable=SC2046
rules $(ports 64) d65.test:127.0.0.1:1001
verdict 'with 64 different ports that of -p is called still' '250 2.1.5 *' \
    -r "$rules" real@good.test
skip_line()
{
	skips "$@"
	for skip_line; do :; done
	named "-s: \"$skip_line\" in line $# is named" \
	    "-s $skip_list: line $#: ?*" -s "$skip_list"
}
for line in 'a b.test' . ..test a..test '*.test' -a.test a.test. 1.2.3.4 @a.test \
    user@ user@a_b.test user@.a.test 'us er@a.test' a@b@c.test mx: mx:. 'mx: a.test' \
    mx:user@a.test 'mx:a b' MX:127.0.0.1 mx:a.test:25 'a.test # why' a.test,b.test; do
	skip_line '# hosts' '' x.test "$line"
done
for option in r s; do
	case $option in
	r)	file=$rules good_line="routed.test:$exact" ;;
	s)	file=$skip_list good_line=skipped.test ;;
	esac
	printf '%s\na\0b.test:127.0.0.1\n' "$good_line" >"$file"
	named "-$option: a NUL is named" "-$option $file: line 2: ?*" "-$option" "$file"
	printf '%s\n%s\0\n' "$good_line" "$good_line" >"$file"
	named "-$option: one at the end of a line, too" \
	    "-$option $file: line 2: ?*" "-$option" "$file"
	named "-$option: a file that is not there" \
	    "-$option $tmp/nosuch: No such file or directory" "-$option" "$tmp/nosuch"
	named "-$option: a folder" "-$option $tmp: ?*" "-$option" "$tmp"
	named "-$option: a device" "-$option /dev/null: ?*" "-$option" /dev/null
	named "-$option: an empty name" "-$option ?*" "-$option" ''
	[ -p "$tmp/fifo" ] || mkfifo "$tmp/fifo"
	named "-$option: a FIFO holds nobody" "-$option $tmp/fifo: ?*" \
	    "-$option" "$tmp/fifo"
	if am_root; then
		printf '%s\n' "$good_line" >"$tmp/secret"
		chmod 600 "$tmp/secret"
		named "-$option: what the user may not read, root does not read for it" \
		    "-$option $tmp/secret: Permission denied" "-$option" "$tmp/secret"
	else
		skip 'not root' "-$option: what the user may not read, root does not read for it"
	fi
	for via in unix tcp; do
		serve 'send:real@deaf.test\r\n' "-$option" "$tmp/nosuch"
		like "$via, -$option: the client gets 451 4.3.0, the status is 78" \
		    "$end $status $out" 'eof 78 451 4.3.0 <> *\\r\\n'
		is "$via, -$option: and no path" "$(printf '%s' "$out" | grep -c nosuch)" 0
	done
	via=unix
	serve "$(policy real@deaf.test)" "-$option" "$tmp/nosuch"
	like "-$option: in policy form, too" "$end $status $out" \
	    'eof 78 451 4.3.0 <> *\\r\\n'
	serve "$(map verdict real@deaf.test)" "-$option" "$tmp/nosuch"
	like "-$option: in a map, too" "$end $status $out" \
	    'eof 78 451 4.3.0 <> *\\r\\n'
	via=pipe
	serve 'send:real@deaf.test\r\n' "-$option" "$tmp/nosuch"
	is "pipe, -$option: the status is 78, and no path is told" \
	    "$status $(printf '%s' "$out" | grep -c nosuch)" '78 0'
	via=unix
done
is 'nothing is looked up with a bad file' "$(grep -c deaf.test "$ns_log")" 0
ask -r "$tmp/nosuch" -V
like '-V needs no file' "$status $out" '0 cbvd *'

# ---- a host that is ours, and one that is not -----------------------------------------

rules "routed.test:$exact" "any.test:$any" "named.test:primary.inside"
mark
verdict 'a route is asked' '550 5.1.7 <no@routed.test> *?'"$exact"'? said at RCPT: 550 *' \
    -r "$rules" no@routed.test
is 'no MX is looked up, nor anything else' "$(query_count)" 0
mark
verdict 'a host that has a name is quoted with it' \
    "250 2.1.5 <real@named.test> primary.inside?$good? said at RCPT: *" \
    -r "$rules" real@named.test
is 'and only its addresses are looked up' "$(queries | awk '{ print $2, $3 }' |
    sort | tr '\n' ' ')" 'primary.inside A primary.inside AAAA '
mark
verdict 'a routed host is not tested for catch-all' "250 2.1.5 <a@any.test> *$any*" \
    -r "$rules" a@any.test
is 'one RCPT is all' "$(event_count RCPT)" 1
rules ".test:$any"
mark
verdict 'nor is that of a suffix' '250 2.1.5 *' -r "$rules" a@x.test
is 'one RCPT there, too' "$(event_count RCPT)" 1
rules ":$any"
mark
verdict 'that of the default is' '252 2.0.0 <a@x.test> accepts any mailbox: *' \
    -r "$rules" a@x.test
is 'by a second RCPT' "$(event_count RCPT)" 2
mark
verdict 'but for -n' '250 2.1.5 *' -n -r "$rules" a@x.test
is 'no MX is looked up for the default either' "$(query_count)" 0
rules 'any.test:'
verdict 'an MX by an empty host is tested' '252 2.0.0 *' -r "$rules" a@any.test

nonglobal=
rules "routed.test:$exact" ".suffix.test:$exact" "named.test:primary.inside" \
    "good.test:"
verdict 'a routed host may have any address, loopback too' "550 5.1.7 *$exact*" \
    -r "$rules" a@routed.test
verdict 'that of a suffix, too' "550 5.1.7 *$exact*" -r "$rules" a@x.suffix.test
verdict 'that of a name, too' '250 2.1.5 *' -r "$rules" real@named.test
verdict 'an MX by an empty host may not' '550 5.1.8 *no routable host*' -r "$rules" real@good.test
rules ":$exact"
verdict 'the default route may' "550 5.1.7 *$exact*" -r "$rules" a@routed.test
nonglobal=nonglobal
rules "routed.test:client.test"
verdict 'a route to the name of -h is a host like another: none is there' '451 4.3.0 *' \
    -r "$rules" a@routed.test

rules 'gone.test:nosuch.elsewhere' 'empty.test:empty.test' 'fails.test:mxfails.test' \
    'down.test:127.4.0.9' 'both.test:two.inside' "grey.test:$grey" "blocked.test:$blocked"
for args in '' -R; do
	# shellcheck disable=SC2086
	{
	verdict "a route to a name that does not exist is 451, never 550 $args" \
	    '451 4.3.0 *' $args -r "$rules" a@gone.test
	verdict "so is one to a name without an address $args" '451 4.3.0 *' \
	    $args -r "$rules" a@empty.test
	verdict "one to a name that DNS fails for is 451 4.4.3 $args" '451 4.4.3 *' \
	    $args -r "$rules" a@fails.test
	verdict "a primary that is down is 450 $args" '450 4.4.1 *' \
	    $args -r "$rules" a@down.test
	verdict "one that says later is 450 $args" '450 4.2.0 *' \
	    $args -r "$rules" a@grey.test
	verdict "one that refuses us is 252 $args" '252 2.0.0 *' \
	    $args -r "$rules" a@blocked.test
	}
done
rules "silent.test:$silent"
verdict 'one that says nothing is 450' '450 4.4.* *' -o total=1s -r "$rules" a@silent.test
rules "good.test:$exact" "grey.test:$exact"
verdict 'postmaster of a routed domain is 250' '250 2.1.5 *' -r "$rules" postmaster@good.test
verdict 'a literal is not routed' '252 2.0.0 *not asked*' -r "$rules" 'a@[192.0.2.1]'

# What is known of a domain's MX is not true of a primary, nor the other way.
cache=$kept
rules "any.test:$exact" "gone.elsewhere:$exact" "null.test:$exact" "blocked.test:$exact"
for mailbox in a@any.test a@gone.elsewhere a@null.test a@blocked.test; do
	ask "$mailbox"
	verdict "what is remembered of a domain does not count for its primary: $mailbox" \
	    '550 5.1.7 <real2@*' -r "$rules" "real2@${mailbox#*@}"
done
rules "good.test:127.4.0.9"
verdict 'a primary that is down condemns nobody for later' '450 4.4.1 *' \
    -r "$rules" first@good.test
verdict 'in the domain' '250 2.1.5 *' other@good.test
cache=none

# ---- recipients ---------------------------------------------------------------------

# recipient NAME MAILBOX GLOB ARGS...: the answer with -R, on the command line
recipient()
{
	recipient_name=$1 recipient_mailbox=$2 recipient_glob=$3
	shift 3
	ask -R "$@" "$recipient_mailbox"
	like "-R: $recipient_name" "$out" "$recipient_glob"
}
recipient 'a mailbox that is there is 2.1.5' real@good.test '250 2.1.5 <real@good.test> *'
recipient 'a mailbox refused is 5.1.1' no@good.test '550 5.1.1 <no@good.test> *'
recipient 'a domain that does not exist is 5.1.2' a@gone.elsewhere '550 5.1.2 *'
recipient 'a domain without a host is 5.1.2' a@empty.test '550 5.1.2 *'
recipient 'a null MX is 5.1.10' a@null.test '550 5.1.10 *'
recipient 'unroutable is 5.4.4' a@nowhere.test '550 5.4.4 *'
recipient 'DNS failing is 4.4.3' a@fails.test '451 4.4.3 *'
recipient 'a 4xx has its own code' a@grey.test '450 4.2.0 *'
recipient 'unknown is 2.0.0' a@any.test '252 2.0.0 *'
recipient 'bad syntax is 5.1.3' nobody '501 5.1.3 *'
recipient 'the null reverse-path is 2.1.5' '<>' '250 2.1.5 *'
ask -R no@good.test
is '-R: the exit status is the same: 67' "$status" 67
ask -R a@null.test
is '-R: the exit status is the same: 68' "$status" 68
rules "good.test:$exact" "down.test:127.4.0.9"
recipient 'asked at the primary: refused' no@good.test "550 5.1.1 *?$exact?*" -r "$rules"
recipient 'asked at the primary: there' real@good.test "250 2.1.5 *?$exact?*" -r "$rules"
recipient 'the primary is down' a@down.test '450 4.4.1 *' -r "$rules"
recipient 'not routed, the MX is asked' no@any.test '252 2.0.0 *' -r "$rules"
serve "$(map exists real@good.test no@good.test a@down.test) shut" -R -r "$rules"
answers map
like 'a secondary asks by a map' "$end $status $(tr '\n' '|' <"$answers")" \
    'eof 0 OK real@good.test|NOTFOUND |TEMP 4.4.1 *|'
who=recipient
serve "$(policy real@good.test no@good.test a@down.test) shut" -R -r "$rules"
answers policy
like 'or by a policy' "$end $status $(tr '\n' '|' <"$answers")" \
    'eof 0 DUNNO|550 5.1.1 *|DEFER_IF_PERMIT 4.4.1 *|'
who=sender

# ---- the skip list --------------------------------------------------------------------

skipped() { verdict "$1" '252 2.0.0 <*> not asked: *is on the skip list*' -s "$skip_list" "$2"; }
# unasked NAME MAILBOX: skipped, and nobody is asked anything
unasked()
{
	mark
	skipped "$1" "$2"
	ok "$1: nothing is looked up" quiet
}
skips 'good.test' '.below.test' 'user@any.test' '"a b"@any.test' 'GREY.Test' 'USER2@Any.test'
unasked 'a domain' real@good.test
unasked 'a domain in capitals' real@GOOD.test
unasked 'a line in capitals' real@grey.test
unasked 'what is below a domain' a@x.y.below.test
unasked 'a mailbox' user@any.test
unasked 'a mailbox in another case' USER@any.TEST
unasked 'the mailbox of a line in another case' user2@any.test
unasked 'a mailbox with quotes' '"a b"@any.test'
unasked 'a domain: what is not there' no@good.test
unasked 'a domain: postmaster' postmaster@good.test
verdict 'not its own domain, for .domain' '550 5.1.8 *' -s "$skip_list" a@below.test
verdict 'not what is below, for domain' '550 5.1.8 *' -s "$skip_list" a@x.good.test
verdict 'not what ends alike' '550 5.1.8 *' -s "$skip_list" a@xgood.test
verdict 'not another mailbox' '252 2.0.0 <user3@any.test> accepts any mailbox: *' \
    -s "$skip_list" user3@any.test
serve "$(policy real@good.test no@good.test 'a b@any.test') shut" -s "$skip_list"
answers policy
is 'in policy form it is DUNNO' "$end $status $(tr '\n' '|' <"$answers")" \
    'eof 0 DUNNO|DUNNO|DUNNO|'
serve "$(map exists no@good.test) $(map verdict no@good.test) shut" -s "$skip_list"
answers map
like 'in maps as unknown is' "$end $status $(tr '\n' '|' <"$answers")" \
    'eof 0 OK no@good.test|OK 252 2.0.0 not asked: good.test is on the skip list|'
skips 'mx:mx.good.test' 'mx:.grey.test' 'MX:MX.any.test'
mark
skipped 'an MX host' no@good.test
skipped 'what is below mx:.domain' a@grey.test
skipped 'an MX host in another case' a@any.test
is 'nobody is called' "$(event_count connect)" 0
verdict 'not a domain of that name' '550 5.1.8 *' -s "$skip_list" a@mx.good.test.elsewhere
zone 'many.test MX 10 mx.exact.test' 'many.test MX 20 mx.good.test'
mark
skipped 'a host of several' a@many.test
is 'nobody is called for it either' "$(event_count connect)" 0
rules 'routed.test:primary.inside'
skips 'mx:primary.inside'
verdict 'the host of a route' '252 2.0.0 *not asked: primary.inside is on the skip list*' \
    -r "$rules" -s "$skip_list" a@routed.test
printf '# none\r\n\r\n\tgood.test \r\n' >"$skip_list"
unasked 'CRLF, blanks around a line, empty lines and comments are none of it' no@good.test
: >"$skip_list"
verdict 'an empty file has nothing' '250 *' -s "$skip_list" real@good.test

cache=$kept
for mailbox in no@good.test no@exact.test; do
	verdict "it is refused: $mailbox" '550 5.1.7 *' "$mailbox"
done
skips 'no@good.test' 'exact.test'
unasked 'a mailbox wins over what is remembered of it' no@good.test
unasked 'a domain wins over what is remembered of its mailboxes' no@exact.test
skips 'mx:mx.good.test'
unasked 'an MX host wins over what it has said' no@good.test
: >"$skip_list"
verdict 'and nothing of it is remembered' '550 5.1.7 *(cached *)' -s "$skip_list" no@good.test
cache=none

# ---- a file that changes ------------------------------------------------------------------

# A client that waits for each answer.  said N: N answers have come
mkfifo "$tmp/talk"
said()
{
	tries=0
	until [ "$(grep -c ^action= "$tmp/said")" -ge "$1" ]; do
		tries=$((tries + 1))
		[ $tries -gt 1000 ] && return 1
		sleep 0.02
	done
}
rules "routed.test:$exact"
skips 'other.test'
: >"$tmp/said"
run -r "$rules" -s "$skip_list" <"$tmp/talk" >"$tmp/said" 2>/dev/null &
talker=$!
exec 3>"$tmp/talk"
# asked N MAILBOX: leave the Nth answer in $got
asked()
{
	printf 'request=smtpd_access_policy\nsender=%s\n\n' "$2" >&3
	said "$1"
	got=$(grep ^action= "$tmp/said" | sed -n "$1p")
}
asked 1 a@routed.test
like 'one connection: a route' "$got" "action=550 5.1.7 ?*$exact*"
rules "routed.test:127.4.0.9"
asked 2 a@routed.test
like 'the file is written anew: so is the route' "$got" \
    'action=DEFER_IF_PERMIT 4.4.1 *127.4.0.9*'
skips 'routed.test'
asked 3 a@routed.test
is 'the skip list as well' "$got" 'action=DUNNO'
skips 'nonsense here'
asked 4 a@routed.test
like 'a skip list with a fault is temporary' "$got" 'action=DEFER_IF_PERMIT 4.3.0 *'
skips 'other.test'
rules 'nonsense'
asked 5 a@routed.test
like 'a file of routes with a fault, too' "$got" 'action=DEFER_IF_PERMIT 4.3.0 *'
rm "$rules"
asked 6 a@routed.test
like 'one that is gone, too' "$got" 'action=DEFER_IF_PERMIT 4.3.0 *'
is 'no answer names a file' "$(grep -c "$tmp" "$tmp/said")" 0
rules "routed.test:$exact"
asked 7 a@routed.test
like 'and all is well again' "$got" "action=550 5.1.7 ?*$exact*"
exec 3>&-
wait "$talker"
is 'the exit status is 0' $? 0
