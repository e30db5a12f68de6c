#!/bin/sh
# SPDX-License-Identifier: ISC
# 20-mx.t: which hosts are asked (RFC 5321, 5.1; RFC 7505), and what becomes
# of every kind of DNS answer.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh

plan 167
cache=none

# dns NAME SHAPE: the domain NAME.test has this one line as its MX
dns() { zone "$1.test MX $2"; }

# good and its host mx.good.test stand for a host that is there
host good default
good=$addr
host best default
best=$addr
host second default
host grey greylisting
grey=$addr

zone "implicit.test A $good" 'nohost.test TXT here' \
    'null.test MX 0 .' 'nullten.test MX 10 .' \
    'nullbeside.test MX 0 .' 'nullbeside.test MX 10 mx.good.test' \
    'cname.test CNAME good.test' 'cnamehost.test MX 10 mxalias.test' \
    'mxalias.test CNAME mx.good.test' 'cnamenull.test CNAME null.test' \
    'cnamenone.test CNAME gone.elsewhere' \
    "cnameimplicit.test CNAME implicit.test" \
    'loop1.test CNAME loop2.test' 'loop2.test CNAME loop1.test' \
    'self.test CNAME self.test'
# eight links are followed, nine are not
for n in 1 2 3 4 5 6 7 8; do
	zone "c$n.test CNAME c$((n - 1)).test"
done
zone 'c9.test CNAME c8.test' 'c0.test MX 10 mx.good.test'
zone 'again.test MX 30 mx.grey.test' 'again.test MX 20 mx.second.test' \
    'again.test MX 10 mx.grey.test' 'again.test MX 15 MX.second.test' \
    'again.test MX 25 mx.grey.test'
zone 'order.test MX 20 mx.second.test' 'order.test MX 10 mx.best.test' \
    'passed.test MX 10 mx.grey.test' 'passed.test MX 20 mx.second.test'
zone 'equal.test MX 10 mx.best.test' 'equal.test MX 10 mx.second.test'
zone 'twice.test MX 10 mx.grey.test' 'twice.test MX 20 mx.greytoo.test' \
    "mx.greytoo.test A $grey"

# faults
dns servfail '!servfail'
dns refused '!refused'
dns formerr '!formerr'
dns notimp '!notimp'
dns silent '!silence'
dns noqr '!noqr'
dns tc '!tc'
dns tc '10 mx.good.test'
dns tcstall '!tc-stall'
dns tcclose '!tc-close'
dns tctwice '!msg ID 8380 0001 0001 0000 0000 Q c00c 000f 0001 0000003c [ 000a n:mx.good.test ]'
dns cut '!cut 40'
dns cut '10 mx.good.test'
dns header '!cut 12'
dns eleven '!cut 11'
head='msg ID 8180 0001 0001 0000 0000 Q'
dns question "!msg ID 8180 0001 0001 0000 0000 n:other.test 000f 0001 n:other.test 000f 0001 0000003c [ 0000 00 ]"
dns noquestion "!msg ID 8180 0000 0001 0000 0000 c00c 000f 0001 0000003c [ 0000 00 ]"
dns noqrnull "!msg ID 0100 0001 0001 0000 0000 Q c00c 000f 0001 0000003c [ 0000 00 ]"
dns owner "!$head n:other.test 000f 0001 0000003c [ 0000 00 ]"
dns class "!$head c00c 000f 0003 0000003c [ 0000 00 ]"
dns type "!$head c00c 0010 0001 0000003c [ 0468617368 ]"
dns typeaddress "!$head c00c 0001 0001 0000003c [ 7f000001 ]"
dns foreignbeside "!msg ID 8180 0001 0002 0000 0000 Q c00c 000f 0001 0000003c [ 000a n:mx.good.test ] n:other.test 000f 0001 0000003c [ 000a n:mx.grey.test ]"
dns compress "!$head c00c 000f 0001 0000003c [ 000a c028 ]"
dns forward "!$head c00c 000f 0001 0000003c [ 000a c0ff ]"
dns ownerloop "!$head c01c 000f 0001 0000003c [ 000a c00c ]"
dns rdlength "!$head c00c 000f 0001 0000003c ffff 000a c00c"
dns rdshort "!$head c00c 000f 0001 0000003c [ 00 ]"
dns rdempty "!$head c00c 000f 0001 0000003c [ ]"
dns rdoverrun "!$head c00c 000f 0001 0000003c 0003 000a n:mx.good.test"
dns rdbeside "!msg ID 8180 0001 0002 0000 0000 Q c00c 000f 0001 0000003c [ 000a n:mx.good.test ] c00c 000f 0001 0000003c [ 0014 ]"
dns count "!msg ID 8180 0001 ffff 0000 0000 Q c00c 000f 0001 0000003c [ 000a n:mx.good.test ]"
dns authority "!msg ID 8183 0001 0000 0001 0000 Q c00c 0006 0001 0000003c 0040 0000"
dns additional "!msg ID 8180 0001 0001 0000 0001 Q c00c 000f 0001 0000003c [ 000a n:mx.good.test ]"
dns tail '!msg ID 8183 0001 0000 0000 0000 Q 00'
dns garbage '!msg ID 8180 0001 0001 0000 0000 Q "complete nonsense without any sense"'
dns empty '!msg 00'
dns label80 "!$head c00c 000f 0001 0000003c [ 000a 80616263 00 ]"
dns dname '10 mx.good.test'
zone 'dname.test DNAME elsewhere.test' \
    'dname.test RRSIG 000f 0502 0000003c 00000000 00000000 1234 n:test "signature"'
zone 'big.test MX*1000 10 mx%d.big.test' \
    'bigend.test MX*40 20 mx%d.bigend.test' 'bigend.test MX 10 mx.good.test' \
    'huge.test MX*1800 10 mx%d.another-rather-long-name-of-an-exchanger.huge.test' \
    'late.test MX !delay 2' 'late.test MX 10 mx.good.test'

dns opcode "!msg ID 8980 0001 0001 0000 0000 Q c00c 000f 0001 0000003c [ 000a n:mx.good.test ]"
dns cnamelong "!$head c00c 0005 0001 0000003c [ c00c 00 ]"
dns cnameowner "!$head n:other.test 0005 0001 0000003c [ n:good.test ]"
dns ghost "!msg ID 8183 0001 0001 0000 0000 Q c00c 000f 0001 0000003c [ 000a n:mx.good.test ]"
dns muteaddr '10 mx.muteaddr.test'
zone 'mx.muteaddr.test A !silence' 'mx.muteaddr.test AAAA !silence'
dns global '10 mx.global.test'
dns global6 '10 mx.global6.test'
zone 'mx.global.test A 9.9.9.9' 'mx.global6.test AAAA 2620:fe::fe'

# MX names that are no host names do not count
dns odd '10 mx\000.good.test'
dns odddot '10 mx\.x.good.test'
dns oddlf '10 mx\010.good.test'
dns oddspace '10 mx\032x.good.test'
dns oddslash '10 mx/x.good.test'
dns odd8bit '10 m\252x.good.test'
dns oddlocal '10 localhost'
dns literal '10 127.1.0.1'
dns literal6 '10 ::1'
dns hyphen '10 -mx.good.test'
dns oddbeside '5 mx\010.good.test'
dns oddbeside '7 127.0.0.1'
dns oddbeside '10 mx.good.test'
dns underscore '10 _mx.good.test'
zone "_mx.good.test A $good"
zone "mx\\010.good.test A $good" "127.1.0.1 A $good" "localhost A $good"

# addresses
dns nohosts '10 nohost.test'
dns gonehost '10 nothing.elsewhere'
dns afail '10 mx.afail.test'
zone 'mx.afail.test A !servfail' 'mx.afail.test AAAA !servfail'
dns halffail '10 mx.halffail.test'
zone "mx.halffail.test A $good" 'mx.halffail.test AAAA !servfail'
dns failbeside '10 mx.afail.test'
dns failbeside '20 mx.second.test'
dns failnone '10 mx.afail.test'
dns failnone '20 nohost.test'
dns gonebeside '10 nothing.elsewhere'
dns gonebeside '20 mx.good.test'
dns garbagea '10 mx.garbagea.test'
zone "mx.garbagea.test A !$head c00c 0001 0001 0000003c [ 7f0000 ]" \
    'mx.garbagea.test TXT here'
dns garbagebeside '10 mx.garbagebeside.test'
zone "mx.garbagebeside.test A !msg ID 8180 0001 0002 0000 0000 Q c00c 0001 0001 0000003c [ 7f0000 ] c00c 0001 0001 0000003c [ 7f000001 ]" \
    'mx.garbagebeside.test TXT here'
dns chainhost '10 h9.test'
for n in 1 2 3 4 5 6 7 8 9; do
	zone "h$n.test CNAME h$((n - 1)).test"
done
zone "h0.test A $good"
dns six '10 mx.six.test'
zone 'mx.six.test AAAA ::1'
dns both '10 mx.both.test'
zone "mx.both.test A $best" 'mx.both.test AAAA ::1'
dns many '10 mx.many.test'
for n in 1 2 3 4 5 6 7 8 9; do
	dns bomb "1$n mx.bomb$n.test"
	for m in 1 2 3 4 5; do
		zone "mx.many.test A 127.9.$n.$m" "mx.bomb$n.test A 127.8.$n.$m"
	done
done
for n in 1 2 3 4 5; do
	dns bomb "2$n mx.bomb2$n.test"
	zone "mx.bomb2$n.test A 127.8.99.$n"
done
six=$(perl -MIO::Socket::IP -e 'print "yes" if IO::Socket::IP->new(
    LocalHost => "::1", Listen => 1, Proto => "tcp")')
[ -z "$six" ] || echo '::1 default' >>"$hosts"
for n in 1 2 3 4 5; do
	echo "127.8.1.$n later-rcpt" >>"$hosts"
done
zone 'own.test MX 10 client.test' "client.test A $good"

# unroutable IP TYPE [MORE]: a host with this address alone is none
unroutable()
{
	name=u$(echo "$1" | tr :. '-d')x
	zone "$name.test MX 10 mx.$name.test" "mx.$name.test $2 $1"
	verdict "$1 is never called$3" '550 5.1.8 *' -o connect=1s \
	    "real@$name.test"
}
start

# ---- which host ---------------------------------------------------------------

verdict 'the MX host is asked' '250 2.1.5 <real@good.test> mx.good.test?'"$good"'? said at RCPT: 250 *' real@good.test
verdict 'a domain without MX records is asked itself' \
    '250 2.1.5 <real@implicit.test> implicit.test?'"$good"'? *' real@implicit.test
verdict 'a domain that does not exist is 550 5.1.8' '550 5.1.8 *' real@gone.elsewhere
verdict 'one that begins with a digit neither' \
    '550 5.1.8 <real@0.elsewhere> 0.elsewhere *' real@0.elsewhere
verdict 'a domain without MX, A and AAAA is 550 5.1.8' '550 5.1.8 *' real@nohost.test
mark
verdict 'a null MX is 550 5.7.27' '550 5.7.27 *' real@null.test
is 'and nobody is asked' "$(event_count connect)" 0
is 'nor an address looked up' "$(query_count A) $(query_count AAAA)" '0 0'
verdict 'a null MX of any preference is one' '550 5.7.27 *' real@nullten.test
verdict 'a null MX beside another MX does not count' '250 *' real@nullbeside.test
verdict 'a CNAME is followed to its MX' '250 *' real@cname.test
verdict 'a CNAME is followed to a null MX' '550 5.7.27 *' real@cnamenull.test
verdict 'a CNAME to nowhere is 550 5.1.8' '550 5.1.8 *' real@cnamenone.test
verdict 'a CNAME is followed to an implicit MX' '250 *' real@cnameimplicit.test
verdict 'an MX that is an alias is asked' '250 *' real@cnamehost.test
verdict 'a CNAME chain of eight is followed' '250 *' real@c8.test
verdict 'a CNAME chain of nine is a DNS failure' '451 4.4.3 *' real@c9.test
verdict 'a CNAME loop is a DNS failure' '451 4.4.3 *' real@loop1.test
verdict 'a CNAME to itself is a DNS failure' '451 4.4.3 *' real@self.test
verdict 'a chain of nine at an MX host is a DNS failure' '451 4.4.3 *' real@chainhost.test
mark
verdict 'the best preference is asked first' '250 * mx.best.test*' real@order.test
is 'and only that one' "$(event_count connect)" 1
mark
verdict 'hosts that have several records are asked, at their best' \
    '250 * MX.second.test*' real@again.test
is 'and looked up, once' "$(event_count connect) $(query_count)" '2 5'
mark
verdict 'the next host is asked when the first says 4xx' \
    '250 * mx.second.test*' real@passed.test
is 'both were asked' "$(event_count connect)" 2
firsts=
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	ask real@equal.test
	case $out in
	*mx.best*)	firsts=${firsts}b ;;
	*)		firsts=${firsts}s ;;
	esac
done
like 'hosts of equal preference are shuffled' "b${firsts}s" '*s*b*'
mark
verdict 'an address is called once, under however many names' '450 4.2.0 *' real@twice.test
is 'one connection' "$(event_count connect)" 1
ask real@many.test
mark
ask -v real@bomb.test
ok 'at most 40 queries are made' at_most "$(query_count)" 40
like 'and the next hosts are asked' "$err" '*mx.bomb1.test*'
mark
ask -v -o connect=1s,total=20s real@big.test
ok 'a thousand MX records cost at most 40 queries' at_most "$(query_count)" 40
like 'and not all being looked at, none is condemned' "$out" '252 *'
verdict 'the best of many MX records is asked' '250 *' real@bigend.test
verdict 'more than 64 KiB of MX records is no crash, nor a refusal' \
    '451 4.4.3 *' real@huge.test

# ---- DNS failing ----------------------------------------------------------------

# failing NAME DOMAIN [ARGS...]
failing() { f=$1; d=$2; shift 2; verdict "$f is 451" '451 4.4.3 *' "$@" "real@$d.test"; }
mark
failing SERVFAIL servfail
failing REFUSED refused
failing FORMERR formerr
failing NOTIMP notimp
is 'and no fallback to A follows' "$(query_count A) $(query_count AAAA)" '0 0'
failing silence silent -o total=2s
ok 'in the time of total' at_most "$took_ms" 3500
mark
failing 'silence when time is short' silent -o total=1s
is 'it is not asked again' "$(query_count)" 1
failing 'a query sent back' noqr -o total=2s
failing 'a query sent back with an answer in it' noqrnull -o total=2s
failing 'a stalled TCP connection' tcstall -o total=2s
ok 'in the time of total, a stalled TCP connection too' at_most "$took_ms" 3500
failing 'a closed TCP connection' tcclose -o total=3s
failing 'an answer that is truncated by TCP, too' tctwice -o total=3s
mark
verdict 'a truncated answer is asked for by TCP' '250 *' real@tc.test
like 'once by UDP, once by TCP' "$(queries | grep ' tc.test MX' | tr '\n' ,)" \
    'udp tc.test MX,tcp tc.test MX,'
failing 'an answer to another question' question -o total=2s
failing 'an answer without a question' noquestion -o total=2s
failing 'a record of a foreign owner' owner
failing 'a record of a foreign class' class
failing 'a record of a foreign type' type
failing 'an address as the answer to MX' typeaddress
failing 'a foreign record beside a good one' foreignbeside
failing 'a compression loop' compress -o total=2s
failing 'a pointer beyond the end' forward -o total=2s
failing 'a compression loop in an owner' ownerloop -o total=2s
failing 'a record longer than the message' rdlength -o total=2s
failing 'an MX record of one octet' rdshort -o total=2s
failing 'an MX record of no octet' rdempty -o total=2s
failing 'an MX record longer than it says' rdoverrun -o total=2s
failing 'an MX record without a name beside a good one' rdbeside
failing 'more records announced than sent' count -o total=2s
failing 'an authority section cut off' authority -o total=2s
failing 'an additional record that is not there' additional -o total=2s
failing 'an octet behind the end' tail -o total=2s
failing 'an answer of another kind' opcode -o total=2s
failing 'a CNAME record longer than its name' cnamelong
failing 'a CNAME of a foreign owner' cnameowner
failing 'records of a name that does not exist' ghost
failing 'silence about a host, until no time is left,' muteaddr -o total=2s
failing 'garbage' garbage -o total=2s
failing 'an octet' empty -o total=2s
failing 'a label type that does not exist' label80 -o total=2s
failing 'an answer cut off' cut -o total=2s
failing 'a header alone' header -o total=2s
failing 'half a header' eleven -o total=2s
verdict 'DNAME and RRSIG beside the answer are passed over' '250 *' real@dname.test
verdict 'a slow answer is one' '250 *' real@late.test

# ---- odd names --------------------------------------------------------------------

mark
# odd NAME DOMAIN: no host, so nothing is there
odd() { verdict "an MX $1 is no host" '550 5.1.8 *' "real@$2.test"; }
odd 'with a NUL' odd
odd 'with a dot in a label' odddot
odd 'with a line feed' oddlf
odd 'with a blank' oddspace
odd 'with a slash' oddslash
odd 'of 8-bit octets' odd8bit
odd 'that is an IPv4 literal' literal
odd 'that is an IPv6 literal' literal6
is 'no address of them is looked up, nor the domain itself' \
    "$(query_count A) $(query_count AAAA)" '0 0'
verdict 'an MX that is no host name does not count beside another' \
    '250 * mx.good.test*' real@oddbeside.test
verdict 'an underscore in an MX name is allowed' '250 * _mx.good.test*' real@underscore.test

# ---- addresses ---------------------------------------------------------------------

verdict 'MX hosts without an address are 550 5.1.8' '550 5.1.8 *' real@nohosts.test
verdict 'MX hosts that do not exist are 550 5.1.8' '550 5.1.8 *' real@gonehost.test
verdict 'an MX host whose address cannot be looked up is 451' '451 4.4.3 *' real@afail.test
verdict 'a host with one family failing is asked by the other' '250 *' real@halffail.test
verdict 'a host whose address fails is passed over' '250 * mx.second*' real@failbeside.test
verdict 'one failing host among hosts without address is 451' '451 4.4.3 *' real@failnone.test
verdict 'a host that does not exist is passed over' '250 *' real@gonebeside.test
ask -o total=3s real@garbagea.test
like 'an A record of three octets is not called' "$out" '45[01] 4.4.[13] *'
verdict 'nor is a good one beside it' '451 4.4.3 *' real@garbagebeside.test
if [ -n "$six" ]; then
	verdict 'a host is asked over IPv6' '250 * mx.six.test???1? *' real@six.test
	verdict 'a host with IPv6 only is 252 with -4' '252 2.0.0 *' -4 real@six.test
	verdict 'with -6 a host is asked over IPv6' '250 * mx.both.test???1? *' -6 real@both.test
	verdict 'with -4 a host is asked over IPv4' "250 * mx.both.test?$best? *" -4 real@both.test
else
	skip 'no IPv6 on loopback' 'a host is asked over IPv6' \
	    'a host with IPv6 only is 252 with -4' \
	    'with -6 a host is asked over IPv6' \
	    'with -4 a host is asked over IPv4'
fi
verdict 'a host with IPv4 only is 252 with -6' '252 2.0.0 *' -6 real@good.test

verdict 'a postmaster of MX hosts without an address is none' '550 5.1.8 *' postmaster@nohosts.test
verdict 'that of ourselves is one' '250 2.1.5 *' postmaster@own.test

# ---- name servers --------------------------------------------------------------------

if [ -n "$six" ]; then
	background "$tmp/ns6" perl tests/ns.pl -6 "$zone" "$ns_log" "$tmp/ns6"
	mark
	verdict 'a name server of IPv6 is asked' '250 *' -N "[::1]:$port" real@good.test
	ok 'indeed' at_least "$(query_count MX)" 1
	verdict 'one that is silent is 451' '451 4.4.3 *' -N "[::1]:$port" \
	    -o total=2s real@muteaddr.test
	ok 'in the time of total' at_most "$took_ms" 3500
else
	skip 'no IPv6 on loopback' 'a name server of IPv6 is asked' 'indeed' \
	    'one that is silent is 451' 'in the time of total'
fi
# whatever resolv.conf(5) names, nobody is to be reached there
if unshare -n true 2>/dev/null; then
	like 'without -N those of resolv.conf(5) are, which is 451 without a network' \
	    "$(unshare -n "$cbvd" -c none -h client.test -o total=2s \
	    real@good.test)" '451 4.4.3 *'
else
	skip 'no network can be left' \
	    'without -N those of resolv.conf(5) are, which is 451 without a network'
fi

# ---- addresses that are never called ------------------------------------------------

nonglobal=
mark
for ip in 0.1.2.3 10.1.2.3 100.64.0.1 100.127.255.255 127.0.0.1 127.1.0.1 \
    169.254.1.1 172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 192.168.1.1 \
    198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 \
    239.255.255.255 240.0.0.1 255.255.255.255; do
	unroutable $ip A
done
for ip in :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:0:7f00:1 \
    64:ff9b::7f00:1 64:ff9b::c0a8:101 64:ff9b:1::1 100::1 2001:db8::1 \
    2001:0:102:304::80ff:fffe 2002:7f00:1::1 2002:a00:1::1 fc00::1 fdff::1 \
    fe80::1 fec0::1 ff02::1; do
	unroutable $ip AAAA
done
is 'none of them was connected to' "$(event_count connect)" 0
verdict 'an MX host with two unroutable addresses is 550' '550 5.1.8 *' real@both.test
verdict 'a host that could be called is 252 where -6 leaves it out' \
    '252 2.0.0 *' -6 real@global.test
verdict 'and one of IPv6 where -4 does' '252 2.0.0 *' -4 real@global6.test
verdict 'an MX that is named as -h is ourselves: 252' '252 2.0.0 *' real@own.test
verdict 'in any case of letters' '252 2.0.0 *' -h CLIENT.Test real@own.test
own=$(perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(
    Proto => "udp", PeerAddr => "192.88.99.1:9"); print $s->sockhost if $s')
case $own in
''|127.*)
	skip 'no interface beside loopback' \
	    'an address of this machine is ourselves: 252' ;;
*)
	zone 'us.test MX 10 mx.us.test' "mx.us.test A $own"
	verdict 'an address of this machine is ourselves: 252' '252 2.0.0 *' real@us.test ;;
esac
nonglobal=nonglobal
for ip in 0.1.2.3 224.0.0.1 255.255.255.255; do
	unroutable $ip A ' with nonglobal either'
done
for ip in :: ff02::1; do
	unroutable $ip AAAA ' with nonglobal either'
done
