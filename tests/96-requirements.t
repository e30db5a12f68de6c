#!/bin/sh
# SPDX-License-Identifier: ISC
# 96-requirements.t: the requirements R32 to R64, about DNS, abuse and SMTP:
# for each the bad input, and what must be seen.  95 has those before.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh

plan 91
kept=$cache cache=none via=unix
LATE=20000	# ms: who has no deadline of his own would take far longer
gone='5.1.1 User unknown, no such mailbox here'

# dns NAME SHAPE: the domain NAME.test has this one line as its MX
dns() { zone "$1.test MX $2"; }
# both HOST...: somebody who is there, and somebody who is not
both() { for n; do echo "real@$n.test no@$n.test"; done; }
# together ARGS... -- ADDRESS...: all at the same time; $out in their order
together()
{
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	working='' i=100
	for address; do
		i=$((i + 1))
		# shellcheck disable=SC2086
		run $options "$address" </dev/null >"$tmp/together.$i" 2>&1 &
		working="$working $!"
	done
	# shellcheck disable=SC2086
	wait $working
	out=$(cat "$tmp"/together.*)
	rm "$tmp"/together.*
}
# each NAME GLOB ARGS...: the answers to all of them fit
each()
{
	each_name=$1 each_glob=$2
	shift 2
	ask "$@"
	ok "$each_name" all "$each_glob"
}

# ---- the world ----------------------------------------------------------------------

host good default
good=$addr
host second default
host evil catch-all
evil=$addr
# DNS: what is wrong at once, and what is waited out
head='msg ID 8180 0001 0001 0000 0000 Q'
wrong='' late=''
now() { dns "$1" "!$2"; wrong="$wrong real@$1.test"; }
later() { dns "$1" "!$2"; late="$late real@$1.test"; }
later label80 "$head c00c 000f 0001 0000003c [ 000a 80616263 00 ]"
later compress "$head c00c 000f 0001 0000003c [ 000a c028 ]"
later forward "$head c00c 000f 0001 0000003c [ 000a c0ff ]"
later ownerloop "$head c01c 000f 0001 0000003c [ 000a c00c ]"
later rdlength "$head c00c 000f 0001 0000003c ffff 000a c00c"
later rdshort "$head c00c 000f 0001 0000003c [ 00 ]"
later rdempty "$head c00c 000f 0001 0000003c [ ]"
later rdoverrun "$head c00c 000f 0001 0000003c 0003 000a n:mx.good.test"
later count 'msg ID 8180 0001 ffff 0000 0000 Q c00c 000f 0001 0000003c [ 0000 00 ]'
later garbage "$head \"complete nonsense without any sense\""
later empty 'msg 00'
later header 'cut 12'
later eleven 'cut 11'
later cutgone 'msg ID 8183 0001 0000 0000 0000'
malformed=$late late=
now owner "$head n:other.test 000f 0001 0000003c [ 0000 00 ]"
now class "$head c00c 000f 0003 0000003c [ 0000 00 ]"
now type "$head c00c 0001 0001 0000003c [ 7f000001 ]"
now beside "msg ID 8180 0001 0002 0000 0000 Q c00c 000f 0001 0000003c [ 0000 00 ] n:other.test 000f 0001 0000003c [ 0000 00 ]"
foreign=$wrong wrong=
later noqr 'msg ID 0103 0001 0000 0000 0000 Q'
later wrongid 'msg dead 8183 0001 0000 0000 0000 Q'
later question 'msg ID 8183 0001 0000 0000 0000 n:other.test 000f 0001'
later noquestion "msg ID 8180 0000 0001 0000 0000 c00c 000f 0001 0000003c [ 0000 00 ]"
later qtype 'msg ID 8183 0001 0000 0000 0000 n:qtype.test 0001 0001'
unasked=$late late=
now servfail servfail
now refused refused
now formerr formerr
now notimp notimp
for n in servfail refused; do
	zone "$n.test A $good"
done
later mute silence
failing=$wrong silent=$late wrong='' late=
later tcclose tc-close
later tctwice 'msg ID 8380 0001 0001 0000 0000 Q c00c 000f 0001 0000003c [ 000a n:mx.good.test ]'
later tcnodata 'msg ID 8380 0001 0000 0000 0000 Q'
truncated=$late
dns sections "!msg ID 8180 0001 0001 0001 0001 Q c00c 000f 0001 0000003c [ 000a n:mx.good.test ] n:sections.test 000f 0001 0000003c [ 0000 n:mx.evil.test ] n:mx.good.test 0001 0001 0000003c [ 7f010003 ]"
zone 'stall.test MX !tc-stall' \
    'huge.test MX*1800 10 mx%d.another-rather-long-name-of-an-exchanger.huge.test' \
    'full.test MX*600 20 mx%d.another-rather-long-name-of-an-exchanger.full.test' \
    'full.test MX 10 mx.good.test' 'thousand.test MX*1000 10 mx%d.thousand.test' \
    'loop1.test CNAME loop2.test' 'loop2.test CNAME loop1.test' \
    'c0.test MX 0 .' 'null.test MX 0 .' 'nullbeside.test MX 0 .' \
    'nullbeside.test MX 10 mx.good.test' 'hosts.test MX 10 localhost' \
    'gone.elsewhere.good.test MX 10 mx.good.test' 'nohost.test TXT here' \
    'own.test MX 10 client.test' "client.test A $good"
for n in 1 2 3 4 5 6 7 8 9; do
	zone "c$n.test CNAME c$((n - 1)).test"
done
dns odd1 '10 mx\000.good.test'
dns odd2 '10 mx\.x.good.test'
dns odd3 '10 mx\010.good.test'
dns odd4 '10 mx\032x.good.test'
dns odd5 '10 m\252x.good.test'
dns odd6 '10 127.1.0.1'
dns odd7 '10 \027[31m.good.test'
zone 'oddalias.test CNAME x\032\0101.test' 'x\032\0101.test MX 10 mx.good.test'
# twelve hosts with three addresses each, and all of them say later
for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
	zone "bomb.test MX $((n + 10)) mx$n.bomb.test"
	for m in 1 2 3; do
		zone "mx$n.bomb.test A 127.8.$n.$m"
		echo "127.8.$n.$m later-rcpt" >>"$hosts"
	done
done

# SMTP
for name in catch-all greylisting drop-greeting drop-rcpt reset-rcpt \
    later-greeting later-rcpt drip-greeting drip-rcpt silent-rcpt \
    line-endless line-5mb lines-endless lines-1000 greeting-endless \
    code-differs code-differs-back cut-line cut-reply early-talker \
    early-ehlo escapes blocked-rcpt relaying-denied null-path-mail \
    no-pipelining helo-only multiline; do
	host $name $name
done
zone "twice.test MX 10 mx.greylisting.test" 'twice.test MX 20 mx.other.test' \
    "mx.other.test A $(awk '$1 == "mx.greylisting.test" { print $3 }' "$zone")" \
    'dead.test MX 10 mx.dead.test' 'mx.dead.test A 127.254.254.254'
for n in drop-greeting drop-rcpt reset-rcpt later-greeting later-rcpt dead \
    early-talker code-differs cut-line; do
	zone "2-$n.test MX 10 mx.$n.test" "2-$n.test MX 20 mx.second.test"
done
# what is no reply line, each as the reply to RCPT
lines=0 bad_lines=
while IFS= read -r line; do
	lines=$((lines + 1))
	host "line$lines" "default | C: RCPT * | S: $line"
	bad_lines="$bad_lines $(both "line$lines")"
done <<'END'
55O 5.1.1 User unknown
550:5.1.1 User unknown
550.5.1.1 User unknown
5500 5.1.1 User unknown
55 5.1.1 User unknown
5 50 5.1.1 User unknown
550\x095.1.1 User unknown
550_5.1.1 User unknown
650 5.1.1 User unknown
150 5.1.1 User unknown
560 5.1.1 User unknown
590 5.1.1 User unknown
050 5.1.1 User unknown
-550 5.1.1 User unknown
+550 5.1.1 User unknown
 550 5.1.1 User unknown
\0550 5.1.1 User unknown
5\0650 5.1.1 User unknown
\xff550 5.1.1 User unknown
5.1.1 User unknown
User unknown

25O 2.1.5 Ok
2500 2.1.5 Ok
250:2.1.5 Ok
250\x092.1.5 Ok
25 2.1.5 Ok
260 2.1.5 Ok
199 2.1.5 Ok
 250 2.1.5 Ok
+OK 250
OK
END
host three54 "default | C: RCPT * | S: 354 $gone"
host bare250 'default | C: RCPT * | S: 250'
host bare550 "default | C: RCPT * | S: 550-$gone | S: 550"
host long "default | C: RCPT * | S: 559 $gone"
host four "default | C: RCPT * | S: 550- | S: 550-$gone | S: 550-"' | S: 550 '
host mixed "no-pipelining | C: RCPT * | S: 550-$gone | S: 450 $gone"
host late4 "default | C: RCPT * | S: 450 $gone"
host us1 "default | S: 550 $gone"
host us2 "default | C: EHLO * | S: 550 $gone | C: HELO * | S: 550 $gone"
host us3 "default | C: MAIL * | S: 550 $gone"
host us4 'default | C: RCPT * | S: 530 5.7.0 Authentication required'
host us5 'default | C: RCPT * | S: 554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org'
host us6 'default | C: RCPT * | S: 552 5.2.2 User unknown or mailbox full'
host us7 'default | C: RCPT * | S: 550 5.7.1 Null sender is not accepted here'
host us8 'default | C: RCPT * | S: 550 No'
host us9 'default | C: RCPT * | S: 501 5.1.3 Bad recipient address syntax'
host rset 'no-pipelining | C: null RCPT * | S: 550 5.7.1 Null sender is not accepted here'
host ours 'default | S: 220 client.test ESMTP'
host names "default | C: RCPT * | S: 550-$gone\r250 2.1.5 Ok | S: 550-5.1.1 \xe2\x80\xa8250 Ok | S: 550 5.1.1 OK 250"
host quit 'default | C: QUIT | S: !silence'
host perhost "default | S: !until $tmp/go.perhost | S: 220 mx.test ESMTP"
start

# What takes its time, beside everything else.  Without the overall deadline
# none of them ends.
slow=total=2s,wait=2s,command=3600s,connect=3600s
for n in mute stall drip-greeting drip-rcpt silent-rcpt; do
	begin "$n" "send:a@$n.test\\r\\n" -o $slow
done

# ---- DNS ------------------------------------------------------------------------------

verdict 'R32 an answer of nearly 64 KiB is read' '250 2.1.5 * mx.good.test*' real@full.test
verdict 'R32 one that says it is longer is 451' '451 4.4.3 *' real@huge.test
# shellcheck disable=SC2086
together -o total=2s -- $malformed
ok 'R33 a malformed message is 451, never a host and never none' all '451 4.4.3 *'
is 'R33 all of them have been asked about' "$(echo "$out" | wc -l)" 14
# shellcheck disable=SC2086
each 'R34 a foreign owner, class or type is 451' '451 4.4.3 *' $foreign
# shellcheck disable=SC2086
together -o total=2s -- $unasked
ok 'R34 so is an answer without QR, of another id, question or type' all '451 4.4.3 *'
mark
verdict 'R34 the other sections do not matter' "250 2.1.5 * mx.good.test?$good?*" \
    real@sections.test
is 'R34 nor an address there' "$(event_count connect "$evil")" 0
each 'R34 a CNAME chain over eight, and a loop, are 451' '451 4.4.3 *' \
    real@c9.test real@loop1.test
verdict 'R34 a chain of eight is followed' '550 5.7.27 *' real@c8.test
mark
each 'R35 an MX that is no host name is no host' '550 5.1.8 *' \
    real@odd1.test real@odd2.test real@odd3.test real@odd4.test \
    real@odd5.test real@odd6.test real@odd7.test
is 'R35 none of them is looked up, nor called' \
    "$(query_count A) $(query_count AAAA) $(event_count connect)" '0 0 0'
ask -v real@odd3.test real@odd7.test real@oddalias.test
is 'R35 nor written out as it is' "$(printf '%s' "$out$err" | tr -d '\n' |
    tr -cd '\000-\037\177' | wc -c)" 0
# shellcheck disable=SC2086
together -o total=3s -- $truncated
ok 'R36 a truncated answer that TCP does not cure is 451' all '451 4.4.3 *'
mark
# shellcheck disable=SC2086
each 'R37 SERVFAIL, REFUSED and other errors are 451' '451 4.4.3 *' $failing
is 'R37 without a fallback to the address of the domain' \
    "$(query_count A) $(query_count AAAA) $(event_count connect)" '0 0 0'
# shellcheck disable=SC2086
each 'R37 silence is, too' '451 4.4.3 *' -o total=2s $silent
mark
ask -o total=60s real@bomb.test
like 'R38 twelve hosts of three addresses are no refusal' "$out" '450 *'
ok 'R38 and cost at most 20 connections' at_most "$(event_count connect)" 20
ok 'R38 and 40 queries' at_most "$(query_count)" 40
mark
ask real@thousand.test
ok 'R38 a thousand MX records cost at most 40 queries' at_most "$(query_count)" 40
like 'R38 and condemn nobody' "$out" '252 *'
mark
out=$(env LOCALDOMAIN=good.test RES_OPTIONS=ndots:15 "$cbvd" -c none \
    -N "127.0.0.1:$ns_port" -p "$mx_port" -o nonglobal real@gone.elsewhere)
like 'R39 a search list makes no domain out of another' "$out" '550 5.1.8 *'
is 'R39 and is not tried' "$(queries | grep -c good.test)" 0
mark
verdict 'R39 /etc/hosts makes no host of a name' '550 5.1.8 *' real@hosts.test
like 'R39 which DNS was asked for' "$(queries)" '*udp localhost A*'
mark
ask real@good.test
is 'R40 each name is looked up once: no second answer can be another' \
    "$(queries | sort | uniq -c | awk '{ print $1, $3, $4 }' | tr '\n' ,)" \
    '1 good.test MX,1 mx.good.test A,1 mx.good.test AAAA,'
mark
verdict 'R41 a null MX is 550' '550 5.7.27 *' real@null.test
is 'R41 without a connection, nor a look-up' \
    "$(event_count connect) $(query_count)" '0 1'
verdict 'R41 it must stand alone' '250 2.1.5 *' real@nullbeside.test
for n in mute stall; do
	ended "$n"
	like "R42 $n: an answer when the overall time is over" "$end $(one_line)" \
	    'eof 451 4.4.3 *'
	ok "R42 $n: and no later" at_most "$exit_ms" $LATE
done
is 'R43 no function of libresolv that writes beyond its buffer, or asks others' \
    "$(grep -nE '(ns_sprintrrf?|ns_printrrf?|fp_nquery|gethostby[a-z0-9_]*|res_n?search|res_n?querydomain|getaddrinfo|getnameinfo) ?\(' \
    ./*.c)" ''

# ---- abuse ------------------------------------------------------------------------------

refused=''
for ip in 0.1.2.3 10.1.2.3 100.64.0.1 127.0.0.1 127.1.0.1 169.254.1.1 \
    172.16.0.1 172.31.255.255 192.0.0.1 192.168.1.1 198.18.0.1 224.0.0.1 \
    255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:0:7f00:1 \
    64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001:0:1::1 2002:7f00:1::1 fc00::1 \
    fe80::1 fec0::1 ff02::1; do
	name=u$(echo "$ip" | tr :. '-d')x
	case $ip in
	*:*)	zone "$name.test MX 10 mx.$name.test" "mx.$name.test AAAA $ip" ;;
	*)	zone "$name.test MX 10 mx.$name.test" "mx.$name.test A $ip" ;;
	esac
	refused="$refused real@$name.test"
done
zone 'us.test MX 10 mx.us.test'
nonglobal=
mark
# shellcheck disable=SC2086
ask -v $refused
ok 'R44 an address that is not global is 550 5.1.8' all '550 5.1.8 *'
is 'R44 and no packet leaves' \
    "$(printf '%s\n' "$err" | grep -c '^connecting') $(event_count connect)" '0 0'
mark
verdict 'R45 an MX of our own name is ourselves: 252' '252 2.0.0 *' real@own.test
is 'R45 and not called' "$(event_count connect)" 0
own=$(perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(
    Proto => "udp", PeerAddr => "192.88.99.1:9"); print $s->sockhost if $s')
case $own in
''|127.*)
	skip 'no interface beside loopback' 'R45 so is an address of this machine' ;;
*)
	zone "mx.us.test A $own"
	verdict 'R45 so is an address of this machine' '252 2.0.0 *' real@us.test ;;
esac
nonglobal=nonglobal
verdict 'R45 and who greets with our name' '252 2.0.0 *' real@ours.test
"$cbvd" -N "127.0.0.1:$ns_port" -h client.test -c none \
    -o nonglobal,connect=2s,command=2s,total=5s -v real@good.test \
    >"$tmp/out" 2>&1
is 'R46 a host is called at port 25' "$(grep -c '^connecting.*\] port 25$' \
    "$tmp/out") $(grep '^connecting' "$tmp/out" | grep -vc 'port 25$')" '1 0'
"$cbvd" -N "127.0.0.1:$ns_port" -h client.test -c none -p "$mx_port" \
    -o nonglobal -v real@good.test >"$tmp/out" 2>&1
is 'R46 or where -p says' "$(grep -c "^connecting.* port $mx_port\$" "$tmp/out") $(
    grep '^connecting' "$tmp/out" | grep -vc "port $mx_port\$")" '1 0'
mark
# shellcheck disable=SC2046
ask $(both good no-pipelining helo-only catch-all greylisting us1 us5)
is 'R47 the reverse-path is always null' \
    "$(events | awk '$5 == "MAIL"' | grep -vc 'MAIL FROM:<>$')" 0
mark
verdict 'R47 where that is refused another one is tried' '250 2.1.5 *' real@null-path-mail.test
is 'R47 R52 once, after the null one' "$(events | awk '$5 == "MAIL" { print $6 }' |
    tr '\n' ' ')" 'FROM:<> FROM:<postmaster@client.test> '
verdict 'R47 at RCPT, too' '550 5.1.7 *' no@rset.test
mark
verdict 'R47 and with -f none that is unknown' '252 2.0.0 *' -f none real@null-path-mail.test
is 'R47 then there is the null one alone' "$(event_count MAIL)" 1
mark
ask -f none real@good.test zz@good.test real@catch-all.test real@no-pipelining.test
events | sed -n 's/.*RCPT TO:<\(.*\)@.*/\1/p' | grep -vx -e real -e zz >"$tmp/invented"
is 'R49 beside the mailbox at most one is asked about in a connection' \
    "$(events | awk '$5 == "RCPT" { n[$3]++ } END { for (c in n) if (n[c] > 2)
    print c }')" ''
is 'R49 which is long, neutral, and each time another' \
    "$(sort -u "$tmp/invented" | grep -c '^[a-z][a-z0-9]\{15\}$') $(
    wc -l <"$tmp/invented")" '4 4'

cache=$kept limits=rate=0
mark
for n in 1 2 3 4 5 6; do
	begin "p$n" "send:no$n@perhost.test\\r\\n" -o wait=60s,total=60s
done
two_calls() { [ "$(event_count connect)" -ge 2 ]; }
until_true two_calls
sleep 1.5
is 'R50 six queries at a time are two connections at a time to a host' \
    "$(event_count connect)" 2
: >"$tmp/go.perhost"
got=
for n in 1 2 3 4 5 6; do
	ended "p$n"
	got="$got $(one_line | cut -c 1-9)"
done
is 'R50 and all have their answer' "$got" \
    ' 550 5.1.7 550 5.1.7 550 5.1.7 550 5.1.7 550 5.1.7 550 5.1.7'
cache=none limits=rate=0,perhost=64

worst=
for n in 'a b' x..test -x.test x_y.test '' "$(printf 'x.test\r\nDATA')" \
    "$(printf '%0300d.test' 0)"; do
	ask -h "$n" real@good.test
	worst="$worst $status"
done
is 'R51 a name that is none is refused as that of EHLO' "$worst" ' 64 64 64 64 64 64 64'
"$cbvd" -N "127.0.0.1:$ns_port" -p "$mx_port" -c none -o nonglobal \
    real@good.test >/dev/null 2>&1
is 'R51 what EHLO says is always a name or an address literal' \
    "$(awk '$5 == "EHLO" || $5 == "HELO" { print $6 }' "$mx_log" | grep -vcE \
    '^([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+|\[[0-9.]+\])$')" 0
ok 'R51 the manual names the risk of being listed' grep -q backscatterer cbvd.8
mark
verdict 'R52 no address is tried twice, under whatever names' '450 4.2.0 *' real@twice.test
is 'R52 there is one connection' "$(event_count connect)" 1
mark
echo good.test >"$tmp/skip"
serve "$(policy '' '') shut"
is 'R53 the null sender is DUNNO' "$out" 'action=DUNNO\n\naction=DUNNO\n\n'
verdict 'R53 in line form 250' '250 2.1.5 <> *' '<>'
chmod 644 "$tmp/skip"
verdict 'R53 a skipped domain is 252' '252 2.0.0 *' -s "$tmp/skip" real@good.test
ok 'R53 without traffic' quiet

# ---- SMTP -------------------------------------------------------------------------------

# shellcheck disable=SC2086
each 'R54 what is no reply line is neither 250 nor 550' '450 4.4.1 *' -n $bad_lines
is 'R54 all of them were tried' "$(echo "$out" | wc -l)" $((2 * lines))
# shellcheck disable=SC2046
each 'R54 nor is a code that RCPT cannot have' '45[01] *' $(both three54)
each 'R54 a code alone is a reply' '250 2.1.5 *' -n real@bare250.test no@bare250.test
each 'R54 whatever its last digit' '550 5.1.7 *' real@long.test no@bare550.test
# shellcheck disable=SC2046
each 'R55 an endless line, reply or greeting is 450' '450 4.4.1 *' -o total=30s \
    $(both line-endless line-5mb lines-endless lines-1000 greeting-endless)
# shellcheck disable=SC2046
each 'R56 a reply of two codes is 450' '450 4.4.1 *' \
    $(both code-differs code-differs-back mixed)
each 'R56 a continuation of four octets is one' '550 5.1.7 *' no@four.test
# shellcheck disable=SC2046
each 'R57 a line, or a reply, that is cut off is 450' '450 4.4.1 *' \
    $(both cut-line cut-reply)
each 'R58 EOF, RST, 4xx, nobody there: the next host is asked' \
    '250 2.1.5 * mx.second.test*' real@2-drop-greeting.test \
    real@2-drop-rcpt.test real@2-reset-rcpt.test real@2-later-greeting.test \
    real@2-later-rcpt.test real@2-dead.test real@2-cut-line.test
# shellcheck disable=SC2046
each 'R58 and where there is none it is 450' '450 4.*' $(both drop-greeting \
    drop-rcpt reset-rcpt later-greeting later-rcpt dead late4)
for n in drip-greeting drip-rcpt silent-rcpt; do
	ended "$n"
	like "R59 $n: an answer when the overall time is over" "$end $(one_line)" \
	    'eof 450 4.4.*'
	ok "R59 $n: and no later" at_most "$exit_ms" $LATE
done
# shellcheck disable=SC2046
each 'R60 a 5xx before RCPT, or about us, is 252, whatever it says' '252 2.0.0 *' \
    $(both us1 us2 us3 us4 us5 us6 us7 us8 us9 blocked-rcpt relaying-denied)
each 'R60 one of RCPT about the mailbox is 550' '550 5.1.7 *' no@good.test \
    no@no-pipelining.test no@multiline.test
# shellcheck disable=SC2046
each 'R61 replies before their commands are 450' '450 4.4.1 *' -o total=10s,command=5s \
    $(both early-talker early-ehlo)
each 'R61 and the next host is asked' '250 2.1.5 * mx.second.test*' real@2-early-talker.test
cache=$kept
for n in 'at first' 'from the cache'; do
	serve 'send:no@escapes.test\r\n'
	ok "R62 $n: what a host says is one printable line" \
	    expr "$(one_line)" : '550 5\.1\.7 <no@escapes\.test> [ -~]\{20,460\}$'
	serve 'send:no@names.test\r\n'
	like "R62 $n: and is read once" "$(one_line)" '550 5.1.7 <no@names.test> *250 Ok*'
done
cache=none

# The host never answers QUIT: its connection is closed a second later.  A
# machine that is busy may see both at once, but not each time.
cat >"$tmp/eof.sh" <<-END
	perl -MTime::HiRes=time -e 'printf "%.3f\n", time' >"$tmp/eof_at"
END
answered_first()
{
	for n in 1 2 3 4 5; do
		mark
		serve "after:$tmp/eof.sh send:real@quit.test\\r\\n"
		fits "$(one_line)" '250 2.1.5 *' || return 1
		until_true closed
		! events | awk -v t="$(cat "$tmp/eof_at")" '$5 == "close" {
		    exit !($1 > t + 0.2) }' || return 0
	done
	return 1
}
closed() { [ "$(event_count close)" -gt 0 ]; }
ok 'R63 the client has its answer before the host has answered QUIT' answered_first
serve 'times:60000:request=smtpd_access_policy\nsender=\n\n'
is 'R64 a client that asks on and on and reads nothing is left alone' "$status" 0
ok 'R64 soon' at_most "$exit_ms" $LATE

is 'R48 of all that was said, no verb was another' \
    "$(awk '$5 != "connect" && $5 != "close" { print $5 }' "$mx_log" | sort -u |
    tr '\n' ' ')" 'EHLO HELO MAIL QUIT RCPT RSET '
