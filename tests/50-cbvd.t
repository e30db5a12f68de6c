#!/bin/sh
# SPDX-License-Identifier: ISC
# 50-cbvd.t: the command line, and the service on descriptors 0 and 1: options,
# exit statuses, deadlines, and what whoever starts cbvd may leave behind.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh

plan 387
case $cbvd in
/*)	;;
*)	cbvd=$PWD/$cbvd ;;
esac
kept=$cache cache=none
host good default
good=$addr
host any catch-all
host grey greylisting
host nullpath null-path-mail
host escapes escapes
host silent silent-greeting
host silentrcpt silent-rcpt
host soon 'default | S: !sleep 0.7 | S: 220 mx.test ESMTP'
for n in 1 2 3 4 5; do
	host "slow$n" 'default | S: !sleep 2 | S: 220 mx.test ESMTP'
done
for n in 92 94 96 97 98 99; do
	host "race$n" "default | S: !sleep 0.$n | S: 220 mx.test ESMTP"
done
host "log$$" default
log_ip=$addr
zone 'null.test MX 0 .' 'fails.test MX !servfail' 'mute.test MX !silence' \
    'stall.test MX !tc-stall' 'stall2.test MX !tc-stall' \
    'stall3.test MX !tc-stall' 'mute2.test MX !silence' \
    'nothing.elsewhere.good.test MX 10 mx.good.test' \
    'big.test MX*1000 10 mx%d.big.test' 'peer.test MX 10 mx.peer.test' 'mx.peer.test A 127.4.0.1'
start

# signals.pl HOW COMMAND...: what a starter may do with signals
cat >"$tmp/signals.pl" <<'END'
use POSIX;
my $how = shift;
if ($how eq 'none') {
	my $all = POSIX::SigSet->new;
	$all->fillset;
	sigprocmask(SIG_BLOCK, $all);
	$SIG{$_} = 'IGNORE' for qw(ALRM PIPE TERM CHLD HUP XFSZ USR1);
} elsif ($how eq 'pending') {
	sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGALRM));
	kill ALRM => $$;
}
alarm 1 if $how ne 'pending';
exec { $ARGV[0] } @ARGV;
END

# A request that comes too slowly takes its 10 s beside everything else; its
# domain has no other use, so that its look-up would be seen.
zone 'tardy.test MX 10 mx.good.test'
via=unix
begin tardy 'send:r sleep:3 send:e sleep:3 send:al sleep:3 send:@tardy.test
    sleep:3 send:\r\n'
begin dumb 'sleep:12 send:x'
before="perl $tmp/signals.pl pending"
begin pending 'sleep:6 send:nobody@\r\n'
before=

# answered NAME STEPS GLOB ARGS...: the answer is one line that fits, then EOF;
# the exit status is 0.
answered()
{
	answered_name=$1 answered_steps=$2 answered_glob=$3
	shift 3
	serve "$answered_steps" "$@"
	fitting "$answered_name" "$answered_glob"
}
fitting() { like "$1" "$end $status $(one_line)" "eof 0 $2"; }

# ---- exit statuses -------------------------------------------------------------

verdict 'deliverable ends with 0' '250 2.1.5 <real@good.test> *' real@good.test
verdict 'a refused mailbox ends with 67' '550 5.1.7 <no@good.test> *' no@good.test
verdict 'a domain that does not exist ends with 68' '550 5.1.8 *' a@gone.elsewhere
verdict 'a null MX ends with 68' '550 5.7.27 *' a@null.test
verdict 'temporary ends with 75' '450 4.2.0 *' a@grey.test
verdict 'DNS failing ends with 75' '451 4.4.3 *' a@fails.test
verdict 'unknown ends with 76' '252 2.0.0 *' a@any.test
verdict 'bad syntax ends with 65' '501 5.1.7 *' nobody

# worse WORSE BETTER STATUS STATUS: of the two addresses the first decides
worse()
{
	ask "$1" "$2"
	first=$status
	ask "$2" "$1"
	is "$3 is worse than $4, in either order" "$first $status" "$3 $3"
}
worse nobody no@good.test 65 67
worse no@good.test a@gone.elsewhere 67 68
worse a@gone.elsewhere a@grey.test 68 75
worse a@grey.test a@any.test 75 76
worse a@any.test real@good.test 76 0
worse nobody real@good.test 65 0
ask real@good.test a@any.test a@grey.test a@null.test no@good.test nobody
is 'of one of each kind 65 is the worst' "$status" 65
ask real@good.test other@good.test
is 'of two that are deliverable it is 0' "$status" 0

run real@good.test nobody no@good.test '<other@good.test>' \
    >"$tmp/lines" 2>"$tmp/err"
is 'a line for each address, in their order' \
    "$(awk '{ print $1, $3 }' "$tmp/lines" | tr '\n' ,)" \
    '250 <real@good.test>,501 <nobody>,550 <no@good.test>,250 <other@good.test>,'
is 'each ends with LF, and no CR is there' \
    "$(tail -c 1 "$tmp/lines" | od -An -c | tr -d ' ') $(tr -cd '\r' \
    <"$tmp/lines" | wc -c)" '\n 0'
is 'nothing is on standard error' "$(cat "$tmp/err")" ''
mark
verdict 'the null reverse-path is 250' '250 2.1.5 <> *' '<>'
ok 'without a look-up' quiet
if [ -w /dev/full ]; then
	run real@good.test >/dev/full 2>&1
	ok 'an answer that cannot be printed is not status 0' not [ $? -eq 0 ]
else
	skip 'no /dev/full' 'an answer that cannot be printed is not status 0'
fi

# ---- option errors -------------------------------------------------------------

# bad WORD ARGS...: one line on standard error with WORD in it, status 64
bad()
{
	bad_word=$1
	shift
	ask "$@" </dev/null
	like "$(printf '%s' "$*" | tr '\n' ' ' | cut -c 1-60): refused by name" \
	    "$status $(wc -l <"$tmp/err") $out|$err" "64 1 |*$bad_word*"
}
like 'who reads both outputs in one pipe is told, too' \
    "$(run -Z real@good.test </dev/null 2>&1 | cat)" 'cbvd: *-Z*'
is 'but not where descriptor 0 is a pipe, and may be the client' \
    "$(: | run -Z 2>&1 | cat)" ''
mark
bad -Z -Z
bad -Z -nZ real@good.test
bad -- --Z
for letter in b c f h N o p u; do
	bad "-$letter" "-$letter"
done
bad nosuch -o nosuch=1
bad nosuch -o nosuch
bad nosuch -o total=5s,nosuch=1s,wait=1s
bad '-o' -o ''
bad '-o' -o total=5s,
bad '-o' -o =5s
bad Total -o Total=5s
bad total -o total
bad lenient -o lenient=1
bad nonglobal -o nonglobal=
bad 'total' -o total=
bad 'total=s' -o total=s
bad 'total=1x' -o total=1x
bad 'total=1K' -o total=1K
bad 'total=1ss' -o total=1ss
bad 'total=1s ' -o 'total=1s '
bad 'total= 1s' -o 'total= 1s'
bad 'total=1.5s' -o total=1.5s
bad 'total=-1s' -o total=-1s
bad 'total=+1s' -o total=+1s
bad 'total=0x1s' -o total=0x1s
bad 'total=0' -o total=0
bad 'total=0s' -o total=0s
bad 'total=999d' -o total=999d
bad 'total=0000' -o "total=$(printf '%040d' 1)"
bad 'total=4294967297' -o total=4294967297
bad 'total=18446744073709551617s' -o total=18446744073709551617s
bad 'wait=0s' -o wait=0s
bad 'connect=0s' -o connect=0s
bad 'command=0s' -o command=0s
bad 'positive=0s' -o positive=0s
bad 'positive=99999d' -o positive=99999d
bad 'negative=-1d' -o negative=-1d
bad 'domain=1w' -o domain=1w
bad 'perhost=0' -o perhost=0
bad 'perhost=2s' -o perhost=2s
bad 'all=0' -o all=0
bad 'all=x' -o all=x
bad 'rate=x/m' -o rate=x/m
bad 'rate=/m' -o rate=/m
bad 'rate=60/' -o rate=60/
bad 'rate=60/x' -o rate=60/x
bad 'rate=60/2m' -o rate=60/2m
bad 'size=64s' -o size=64s
bad 'size=64MM' -o size=64MM
bad 'size=0' -o size=0
bad 'size=99999999999G' -o size=99999999999G
bad 'wait=x' -o total=5s -o wait=x
bad '-o' -o "$(printf 'a\nb=1')"
for p in 0 65536 -1 +25 ' 25' smtp 25x '' 4294967321; do
	bad '-p' -p "$p"
done
zeros=$(printf '%042d' 0)
for s in '' nosuch ns.example 300.1.1.1 127.0.0.1: 127.0.0.1:0 \
    127.0.0.1:65536 127.0.0.1:x 127.0.0.1:53: '[::1' '[::1]53' '[::1]:' \
    '[::1]:x' '::1]:53' "127.0.0.1:${zeros}53x"; do
	bad '-N' -N "$s"
done
for b in '' nosuch 127.0.0 300.1.1.1 127.0.0.1:25 '[::1]'; do
	bad '-b' -b "$b"
done
bad '-b 127.0.0.2' -b 127.0.0.1 -b 127.0.0.2
bad '-b ::2' -b ::1 -b 127.0.0.1 -b ::2
for f in '' nobody @client.test 'a b@client.test' '<>' a@b@client.test \
    jörg@client.test 'a@[127.0.0.1]' "$(printf 'a@client.test>\r\nDATA')"; do
	bad '-f' -f "$f"
done
for h in '' 'a b' -x.test x..test "$(printf 'x.test\r\nDATA')"; do
	bad '-h' -h "$h"
done
bad '-4 and -6' -4 -6 real@good.test
bad '-E, -F and -L' -L -E
bad '-E, -F and -L' -F -L real@good.test
bad '-c none' -c none -L
bad '-F' -c "$kept" -F
bad '-E' -c "$kept" -E real@good.test
ok 'nothing is looked up with a bad option' quiet

# ---- the other options ---------------------------------------------------------

ask -V
like '-V prints a line with the version, and ends with 0' \
    "$status $(printf '%s\n' "$out" | wc -l) $out|$err" '0 1 cbvd [0-9]*|'
verdict '-- ends the options' '550 5.1.7 <-x@good.test> *' -- -x@good.test
ask real@good.test -V
is 'what follows an address is an address' \
    "$status $(printf '%s\n' "$out" | awk '{ print $1 }' | tr '\n' ' ')" \
    '65 250 501 '

ask -v real@good.test
is '-v leaves standard output alone' "$(printf '%s\n' "$out" | awk '
    { print NR, $1, $3 }')" '1 250 <real@good.test>'
like '-v shows what is sent, with ->' "$(printf '%s\n' "$err" |
    grep -e '^->' | sed 's/TO:<[a-z0-9]\{16\}@/TO:<INVENTED@/' | tr '\n' ,)" \
    "-> EHLO client.test,-> MAIL FROM:<>,-> RCPT TO:<real@good.test>,*-> QUIT,"
like '-v shows what is received, with <-' \
    "$(printf '%s\n' "$err" | grep '^<-' | tr '\n' ,)" \
    '<- 220 mx.test ESMTP,<- 250-mx.test,*<- 250 2.1.5 Ok,*'
like '-v shows the MX record' "$err" '*good.test*MX*mx.good.test*'
like '-v shows the address record' "$err" "*mx.good.test*A*$good*"
ask -v a@gone.elsewhere
like '-v shows that a domain does not exist' "$err" '*gone.elsewhere*'
ask -v a@fails.test
like '-v shows that DNS fails' "$err" '*fails.test*'
ask -v a@escapes.test
is '-v escapes what a host says' \
    "$(printf '%s' "$err" | tr -d '\n' | tr -cd '\000-\037\177' | wc -c)" 0
mark
ask -v "$(printf 'a\033[31m@good.test')"
is 'no control character of an address comes back' "$(printf '%s' "$out$err" |
    tr -d '\n' | tr -cd '\000-\037\177' | wc -c)" 0
ask a@good.test
is 'without -v nothing is on standard error' "$err" ''

verdict 'the null reverse-path refused: postmaster at the name of -h is tried' \
    '250 *' real@nullpath.test
mark
ask real@nullpath.test
is 'after the null one' "$(events | awk '$5 == "MAIL" { print $6 }' |
    tr '\n' ' ')" 'FROM:<> FROM:<postmaster@client.test> '
mark
verdict '-f names another' '250 *' -f probe@probe.test real@nullpath.test
is 'that is used' "$(events | awk '$5 == "MAIL" { print $6 }' |
    tr '\n' ' ')" 'FROM:<> FROM:<probe@probe.test> '
mark
verdict '-f none tries no other, and the verdict is unknown' '252 2.0.0 *' \
    -f none real@nullpath.test
is 'indeed no other' "$(events | awk '$5 == "MAIL" { print $6 }' |
    tr '\n' ' ')" 'FROM:<> '
mark
ask -f probe@probe.test real@good.test
is 'no other is tried where the null one is taken' "$(event_count MAIL)" 1

mark
ask -h other.example real@good.test
is '-h is said in EHLO' "$(events | awk '$5 == "EHLO" { print $6 }')" other.example
case $(hostname) in
*.*)	ehlo=$(hostname) froms="FROM:<> FROM:<postmaster@$ehlo> " ;;
*)	ehlo='[127.0.0.1]' froms='FROM:<> ' ;;
esac
mark
"$cbvd" -N "127.0.0.1:$ns_port" -p "$mx_port" -o nonglobal -c none \
    real@nullpath.test >"$tmp/out" 2>&1
is 'without -h it is the name of the host, or an address literal' \
    "$(events | awk '$5 == "EHLO" { print $6; exit }' |
    sed 's/^\[127\..*]$/[127.0.0.1]/')" "$ehlo"
is 'and only a name makes a reverse-path' \
    "$(events | awk '$5 == "MAIL" { print $6 }' | tr '\n' ' ')" "$froms"

# a host that notes who calls, and has no time
# shellcheck disable=SC2016
background "$tmp/peer" perl -MIO::Socket::INET -e '
    my ($port, $file, $log) = @ARGV;
    my $l = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.4.0.1",
	LocalPort => $port, ReuseAddr => 1) or die "listen: $!\n";
    open(my $f, ">", $file); print $f "$port\n"; close $f;
    while (my $c = $l->accept) {
	open($f, ">>", $log); print $f $c->peerhost, "\n"; close $f;
	print $c "421 4.3.2 no time\r\n";
    }' "$mx_port" "$tmp/peer" "$tmp/peers"
ask -b 127.3.3.3 a@peer.test
is '-b is the address that calls' "$(cat "$tmp/peers")" 127.3.3.3
: >"$tmp/peers"
ask -b ::1 -b 127.3.3.4 a@peer.test
is '-b is taken once for each family' "$(cat "$tmp/peers")" 127.3.3.4
verdict '-b with an address that is not here is our fault: 451 4.3.0' \
    '451 4.3.0 *' -b 203.0.113.99 real@good.test

mark
ask real@any.test
is 'without -n a second RCPT shows who accepts anything' \
    "$status $(event_count RCPT)" '76 2'
mark
ask -n real@any.test
is 'with -n there is no second RCPT' "$status $(event_count RCPT)" '0 1'

# ---- total, on the command line ------------------------------------------------

# codes: those of $out, in one line
codes() { printf '%s\n' "$out" | awk '{ printf "%s%s %s", s, $1, $2; s = "," }'; }
# spent NAME: it took a second, and at most one more
spent()
{
	ok "$1: not before total" at_least "$took_ms" 950
	ok "$1: at most a second after total" at_most "$took_ms" 2400
}
ask -o total=1s real@good.test a@silent.test other@good.test real@any.test
is 'total over: that address and those not yet asked are 450 4.4.7' \
    "$(codes) [$status]" '250 2.1.5,450 4.4.7,450 4.4.7,450 4.4.7 [75]'
spent 'a host that says nothing'
ask -o total=1s a@silentrcpt.test real@good.test
is 'total over at RCPT: the same' "$(codes) [$status]" '450 4.4.7,450 4.4.7 [75]'
spent 'a host that says nothing at RCPT'
ask -o total=1s a@mute.test real@good.test
is 'total over in DNS: that address and those not yet asked are 451 4.4.3' \
    "$(codes) [$status]" '451 4.4.3,451 4.4.3 [75]'
spent 'a mute name server'
ask -o total=1s a@stall.test real@good.test
is 'total over in a stalled TCP connection to DNS: the same' \
    "$(codes) [$status]" '451 4.4.3,451 4.4.3 [75]'
spent 'a stalled name server'
ask -o total=1s real@soon.test other@soon.test
is 'total counts for each address' "$(codes) [$status]" '250 2.1.5,250 2.1.5 [0]'
ok 'together they may take longer' at_least "$took_ms" 1300
verdict 'the command line does not give up at wait' '250 *' -o wait=1s \
    real@slow1.test

# ---- the line form of the service ----------------------------------------------

for via in unix tcp; do
	answered "$via: ADDRESS and CRLF" 'send:real@good.test\r\n' \
	    '250 2.1.5 <real@good.test> *'
	ok "$via: EOF comes at once" at_most "$eof_ms" 900
done
via=unix
answered 'ADDRESS and LF' 'send:real@good.test\n' '250 2.1.5 <real@good.test> *'
answered '<ADDRESS>' 'send:<real@good.test>\r\n' '250 2.1.5 <real@good.test> *'
answered 'VRFY ADDRESS' 'send:VRFY\x20real@good.test\r\n' '250 2.1.5 <real@good.test> *'
answered 'VRFY <ADDRESS>' 'send:VRFY\x20<real@good.test>\n' '250 2.1.5 <real@good.test> *'
answered 'vrfy' 'send:vrfy\x20real@good.test\r\n' '250 2.1.5 <real@good.test> *'
answered 'VrFy' 'send:VrFy\x20real@good.test\r\n' '250 2.1.5 <real@good.test> *'
answered 'a request in several pieces' \
    'send:VR sleep:0.1 send:FY\x20rea sleep:0.1 send:l@good.test\r sleep:0.1 send:\n' \
    '250 2.1.5 <real@good.test> *'
answered 'a client that has said all' 'send:real@good.test\r\n shut' \
    '250 2.1.5 <real@good.test> *'
answered 'a client that keeps its end open' 'send:real@good.test\r\n keep' \
    '250 2.1.5 <real@good.test> *'
ok 'is not waited for' at_most "$exit_ms" 2500
answered 'a refusal is status 0, too' 'send:no@good.test\r\n' '550 5.1.7 <no@good.test> *'
answered 'a domain that does not exist' 'send:a@gone.elsewhere\r\n' '550 5.1.8 *'
answered 'unknown' 'send:a@any.test\r\n' '252 2.0.0 *'
answered 'temporary' 'send:a@grey.test\r\n' '450 4.2.0 *'
answered 'DNS failing' 'send:a@fails.test\r\n' '451 4.4.3 *'
answered 'bad syntax' 'send:a..b@good.test\r\n' '501 5.1.7 *'
for via in unix tcp pipe; do
	answered "$via: the first line counts, what follows is thrown away" \
	    'send:real@good.test\r\nno@good.test\r\n' '250 2.1.5 <real@good.test> *'
	answered "$via: 60,000 octets behind the line make no reset" \
	    'send:real@good.test\r\n times:60000:x' '250 2.1.5 <real@good.test> *'
	# what nobody has listened to may reset it, but only behind the answer
	serve 'send:real@good.test\r\n times:200000:x'
	like "$via: nor do 200,000 lose it, of which not all are listened to" \
	    "$end $status $(one_line)" '* 0 250 2.1.5 <real@good.test> *'
	answered "$via: nor does what comes after the answer" \
	    'send:real@soon.test\r\n sleep:0.3 times:3000:x sleep:0.3 times:3000:x' \
	    '250 2.1.5 <real@soon.test> *'
	answered "$via: descriptor 2 stays clean, even with -v" \
	    'send:real@good.test\r\n' '250 2.1.5 <real@good.test> *' -v
done
via=unix cache=$tmp/missing/cache
answered 'nor is a cache told of that cannot be opened' \
    'send:real@good.test\r\n' '250 2.1.5 <real@good.test> *' -v
cache=none
serve 'send:a@escapes.test\r\n'
like 'control characters of a host are escaped in the answer' \
    "$(one_line | grep -c '\\x')" 0

mark
answered 'the null reverse-path is 250' 'send:<>\r\n' '250 2.1.5 <> *'
answered 'with VRFY, too' 'send:VRFY\x20<>\r\n' '250 2.1.5 <> *'
ok 'and nothing is looked up for it' quiet
for name in postmaster POSTMASTER PostMaster; do
	mark
	answered "$name is 250" "send:$name@good.test\\r\\n" \
	    "250 2.1.5 <$name@good.test> *"
	is 'DNS is asked, the host is not' \
	    "$(query_count MX) $(event_count connect)" '1 0'
done
answered 'postmaster of a domain that does not exist is 550' \
    'send:postmaster@gone.elsewhere\r\n' '550 5.1.8 *'
answered 'postmaster of a null MX is 550' 'send:postmaster@null.test\r\n' '550 5.7.27 *'
answered 'postmaster is 451 where DNS fails' 'send:postmaster@fails.test\r\n' '451 4.4.3 *'

# ---- what is no mailbox, and what no request ----------------------------------

no_request() { answered "$1 is 500" "$2" '500 5.5.2 <> *'; }
mark
for via in unix tcp pipe; do
	no_request "$via: EOF at once" shut
	no_request "$via: EOF before LF" 'send:real@good.test shut'
done
via=unix
no_request 'EOF between CR and LF' 'send:real@good.test\r shut'
no_request 'an empty line' 'send:\r\n'
no_request 'a line feed alone' 'send:\n'
answered 'an angle bracket and a letter is 501' 'send:<x\r\n' '501 5.1.7 *'
answered 'two letters is 501' 'send:xy\r\n' '501 5.1.7 *'
no_request 'VRFY alone' 'send:VRFY\r\n'
no_request 'VRFY and a blank' 'send:VRFY\x20\r\n'
no_request 'several words' 'send:real\x20good.test\r\n'
answered 'a word alone is no mailbox' 'send:real\r\n' '501 5.1.7 <real> *'
answered 'VRFY and a word is a request, and the word no mailbox' \
    'send:VRFY\x20real\r\n' '501 5.1.7 <real> *'
answered 'and so is what is no request without it' \
    'send:VRFY\x20RCPT\x20TO:<real@good.test>\r\n' \
    '501 5.1.7 <RCPT TO:<real@good.test>> *'
answered 'a request of 4,096 octets is read, and no mailbox' \
    'times:4084:a send:@good.test\r\n' '501 5.1.7 *'
no_request 'a request of 4,097 octets' 'times:4085:a send:@good.test\r\n'
no_request 'a request of 60,000 octets' 'times:60000:a send:@good.test\r\n'
no_request 'a request of 60,000 octets without an end' 'times:60000:a'
via=tcp
no_request 'by TCP, a request of 60,000 octets' 'times:60000:a send:@good.test\r\n'
via=unix
no_request 'a control character' 'send:\x01real@good.test\r\n'
no_request 'a NUL' 'send:\0real@good.test\r\n'
answered 'a control character inside is none either' \
    'send:re\x07al@good.test\r\n' '50[01] 5.*'
no_request 'the ClientHello of TLS' \
    'send:\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03real@good.test'
ok 'and that at once' at_most "$eof_ms" 900
no_request 'a ClientHello with a line feed in it' \
    'send:\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03real@good.test\n'
no_request 'the hello of SSH' 'send:SSH-2.0-OpenSSH_9.6\r\n'
no_request 'HTTP GET' 'send:GET\x20/\x20HTTP/1.0\r\nHost:\x20good.test\r\n\r\n'
no_request 'HTTP GET with an at sign' \
    'send:GET\x20/real@good.test\x20HTTP/1.1\r\n\r\n'
no_request 'HTTP POST with a mailbox as its body' \
    'send:POST\x20/\x20HTTP/1.1\r\n\r\nreal@good.test\r\n'
no_request 'HTTP OPTIONS' 'send:OPTIONS\x20/\x20HTTP/1.1\r\n\r\n'
no_request 'HTTP CONNECT' 'send:CONNECT\x20good.test:25\x20HTTP/1.1\r\n\r\n'
for verb in EHLO HELO DATA RSET NOOP QUIT HELP EXPN AUTH STARTTLS; do
	no_request "SMTP $verb" "send:$verb\\x20client.test\\r\\n"
done
no_request 'SMTP QUIT alone' 'send:QUIT\r\n'
no_request 'SMTP MAIL' 'send:MAIL\x20FROM:<real@good.test>\r\n'
no_request 'SMTP RCPT' 'send:RCPT\x20TO:<real@good.test>\r\n'
no_request 'smtp in small letters' 'send:mail\x20from:<real@good.test>\r\n'
ok 'for what is no request nothing is looked up' quiet

# ---- wait and total in service --------------------------------------------------

mark
cache=$kept
begin slow 'send:real@slow1.test\r\n' -o wait=1s,total=6s
begin gone 'send:real@slow2.test\r\n sleep:0.2 close' -o total=6s
cache=none
begin mute 'send:a@mute2.test\r\n' -o wait=1s,total=2s
begin stall 'send:a@stall2.test\r\n' -o wait=1s,total=2s
begin silent 'send:a@silentrcpt.test\r\n' -o wait=1s,total=2s
begin total 'send:a@silent.test\r\n' -o wait=30s,total=1s
begin stall3 'send:a@stall3.test\r\n' -o wait=30s,total=1s

ended slow
fitting 'a slow host: 450 4.4.7 is the answer' '450 4.4.7 <real@slow1.test> *'
ok 'a slow host: not before wait is over' at_least "$eof_ms" 950
ok 'a slow host: EOF comes as soon as it is' at_most "$eof_ms" 1700
ok 'a slow host: the callout goes on' at_least "$exit_ms" 1900
ended gone
cache=$kept
answered 'its result is in the cache' 'send:real@slow1.test\r\n' \
    '250 2.1.5 <real@slow1.test> *(cached *)' -o wait=1s,total=6s
answered 'so it is when the client did not wait' 'send:real@slow2.test\r\n' \
    '250 2.1.5 <real@slow2.test> *(cached *)'
cache=none
is 'and the host was called once' "$(events | awk '$5 == "RCPT" &&
    $6 ~ /real@slow/' | wc -l)" 2
ended mute
fitting 'a mute name server: 451 4.4.3' '451 4.4.3 <a@mute2.test> *'
ok 'a mute name server: as soon as wait is over' at_most "$eof_ms" 1700
ok 'a mute name server: total is the end' at_most "$exit_ms" 3400
ended stall
fitting 'a stalled TCP connection to DNS: 451 4.4.3' '451 4.4.3 <a@stall2.test> *'
ok 'a stalled name server: as soon as wait is over' at_most "$eof_ms" 1700
ok 'a stalled name server: total is the end' at_most "$exit_ms" 3400
ended silent
fitting 'a host that says nothing: 450 4.4.7' '450 4.4.7 <a@silentrcpt.test> *'
ok 'a host that says nothing: as soon as wait is over' at_most "$eof_ms" 1700
ok 'a host that says nothing: total is the end' at_most "$exit_ms" 3400
ended total
fitting 'wait is never longer than total' '450 4.4.* <a@silent.test> *'
ok 'and the answer then comes at total' at_most "$eof_ms" 2400
ended stall3
fitting 'nor in a stalled TCP connection to DNS' '451 4.4.3 <a@stall3.test> *'
ok 'where it comes at total, too' at_most "$eof_ms" 2400

for n in 92 94 96 97 98 99; do
	begin "$n" "send:real@race$n.test\\r\\n" -o wait=1s,total=5s
done
wrong=
for n in 92 94 96 97 98 99; do
	ended "$n"
	case "$end $status $(one_line)" in
	'eof 0 250 2.1.5 '*|'eof 0 450 4.4.7 '*) ;;
	*)	wrong="$wrong $end $status $out;" ;;
	esac
done
is 'a verdict that comes just when wait is over: one answer, never two' "$wrong" ''

# ---- bad options with a client ---------------------------------------------------

for via in unix tcp; do
	mark
	serve 'send:real@good.test\r\n' -o nosuch=1
	like "$via: a bad option: the client gets 451 4.3.0, the status is 64" \
	    "$end $status $(one_line)" 'eof 64 451 4.3.0 *'
	ok "$via: nothing is looked up" quiet
	serve 'send:real@good.test\r\n times:3000:x' -Z
	like "$via: an unknown option: no reset either" \
	    "$end $status $(one_line)" 'eof 64 451 4.3.0 *'
done
via=pipe
serve 'send:real@good.test\r\n' -o nosuch=1
is 'pipe: what is wrong is not told to a client' \
    "$(printf '%s' "$out" | grep nosuch)" ''
is 'pipe: the status is 64' "$status" 64
via=unix

# ---- what the starter left behind -------------------------------------------------

# is_250 NAME: the run before left this $status and $out
is_250() { like "$1" "$status $out" '0 250 2.1.5 <real@good.test> *'; }
run real@good.test <&- >&- 2>&-
is 'descriptors 0 to 2 closed: the same verdict' $? 0
run no@good.test <&- >&- 2>&-
is 'also of a mailbox that is not there' $? 67
out=$(run real@good.test <&- 2>&-)
status=$?
is_250 'descriptors 0 and 2 closed: the same answer'
out=$(run -v real@good.test 2>&-)
status=$?
is_250 'descriptor 2 closed: -v is lost, and not in the answer'
run <&- >&- 2>&-
is 'descriptors 0 to 2 closed in service: an end, and no request' $? 0

before="perl $tmp/signals.pl none"
answered 'all signals blocked and ignored: the same verdict' \
    'send:real@good.test\r\n' '250 2.1.5 <real@good.test> *'
answered 'the early answer comes all the same' 'send:real@slow3.test\r\n' \
    '450 4.4.7 *' -o wait=1s,total=4s
ok 'as soon as wait is over' at_most "$eof_ms" 1700
answered 'and total ends a stalled TCP connection to DNS' \
    'send:a@stall.test\r\n' '451 4.4.3 *' -o wait=1s,total=2s
ok 'in time' at_most "$exit_ms" 3400
before="perl $tmp/signals.pl alarm"
answered 'an alarm that was set before does not ring' \
    'send:real@slow4.test\r\n' '250 2.1.5 *'
ok 'the callout had its time' at_least "$eof_ms" 1900
cache=$kept
before="perl $tmp/signals.pl pending"
answered 'a SIGALRM that was pending before is not the one of wait' \
    'send:real@slow5.test\r\n' '450 4.4.7 *' -o wait=1s,total=6s
ok 'it comes as soon as wait is over' at_most "$eof_ms" 1700
before=
answered 'and the callout went on to its end' 'send:real@slow5.test\r\n' \
    '250 2.1.5 * (cached *)'
cache=none

echo 'good good.test' >"$tmp/aliases"
chmod 644 "$tmp/aliases"
before="env RES_OPTIONS=ndots:15 LOCALDOMAIN=good.test
    HOSTALIASES=$tmp/aliases LANG=tr_TR.UTF-8 LC_ALL=tr_TR.UTF-8 TZ=:/dev/zero
    TMPDIR=/nowhere PATH=/nowhere"
answered 'a hostile environment: the same verdict' 'send:real@good.test\r\n' \
    '250 2.1.5 <real@good.test> *'
answered 'LOCALDOMAIN makes no domain out of another' \
    'send:real@nothing.elsewhere\r\n' '550 5.1.8 *'
answered 'nor does HOSTALIASES' 'send:real@good\r\n' '5[05][01] 5.1.[78] *'
before='env -i'
answered 'no environment: the same verdict' 'send:real@good.test\r\n' \
    '250 2.1.5 <real@good.test> *'
cat >"$tmp/deleted" <<-END
	mkdir "$tmp/gone" && cd "$tmp/gone" && rmdir "$tmp/gone" && exec "\$@"
END
before="sh $tmp/deleted"
answered 'a current folder that is gone: the same verdict' \
    'send:real@good.test\r\n' '250 2.1.5 <real@good.test> *'
before=

# ---- who does not read -----------------------------------------------------------------

# full.pl FD ROOM COMMAND...: its descriptor FD is a pipe that takes ROOM octets
# more, and that nobody reads
cat >"$tmp/full.pl" <<'END'
use IO::Handle;
use POSIX ();
my ($fd, $room) = splice @ARGV, 0, 2;
pipe(my $from, my $to) or die;
$to->blocking(0);
for my $n (4096, 1) {
	1 while defined syswrite($to, 'x' x $n);
}
$to->blocking(1);
if ($room) {
	sysread($from, my $octets, 4096);
	syswrite($to, 'x' x (4096 - $room)) if $room < 4096;
}
my $pid = fork // die;
if (!$pid) {
	POSIX::dup2(fileno $to, $fd);
	exec { $ARGV[0] } @ARGV;
}
waitpid $pid, 0;
exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
END
# unread FD ROOM ARGS...: $out, $status and $took_ms of that
unread()
{
	fd=$1 room=$2
	shift 2
	began=$(now_ms)
	out=$(perl "$tmp/full.pl" "$fd" "$room" "$cbvd" -p "$mx_port" \
	    -N "127.0.0.1:$ns_port" -h client.test -c none \
	    -o "nonglobal,total=1s" "$@" 2>/dev/null </dev/null)
	status=$?
	took_ms=$(($(now_ms) - began))
}
unread 2 4096 -v real@big.test
is 'a terminal that stands still holds -v for total, and four seconds more' \
    "$status $(codes)" '75 451 4.4.3'
ok 'and no longer' at_most "$took_ms" 7500
unread 2 80 -v real@gone.elsewhere
is 'what was found in time is told, however late' "$status $(codes)" '68 550 5.1.8'
unread 1 0 real@good.test
is 'an answer that nobody takes is an error' "$status" 74
ok 'in the time of total' at_most "$took_ms" 2400
echo real@good.test | perl "$tmp/full.pl" 1 0 "$cbvd" -c none -h client.test \
    -N "127.0.0.1:$ns_port" -p "$mx_port" -o nonglobal
is 'in service it ends as if it had been taken' $? 0
if [ -n "$(script -qec 'echo yes' /dev/null </dev/null 2>/dev/null)" ]; then
	script -qec "$cbvd" /dev/null </dev/null >"$tmp/usage" 2>&1
	like 'on a terminal without an address it tells its usage' \
	    "$? $(cat "$tmp/usage")" '64 usage: cbvd *'
else
	skip 'no script(1)' 'on a terminal without an address it tells its usage'
fi

# ---- signals ------------------------------------------------------------------------

# waiting ARGS...: start cbvd and leave its number in $child
waiting()
{
	"$cbvd" -N "127.0.0.1:$ns_port" -p "$mx_port" -h client.test \
	    -o nonglobal -c none "$@" >"$tmp/waiting" 2>&1 <"$tmp/fifo" &
	child=$!
	sleep 0.5
}
# terminated NAME ARGS...: SIGTERM ends it within a second
terminated()
{
	terminated_name=$1
	shift
	waiting "$@"
	began=$(now_ms)
	kill -TERM "$child"
	wait "$child" 2>/dev/null
	took_ms=$(($(now_ms) - began))
	ok "SIGTERM ends it within a second: $terminated_name" \
	    at_most "$took_ms" 1000
}
mkfifo "$tmp/fifo"
exec 3<>"$tmp/fifo"
terminated 'a request is waited for'
terminated 'a host is waited for' a@silent.test
terminated 'DNS is waited for' a@mute.test
terminated 'a stalled TCP connection to DNS' a@stall.test

# ---- root ------------------------------------------------------------------------------

# ids: the user and group ids of $child: real, effective, saved, of files
ids()
{
	awk '$1 == "Uid:" || $1 == "Gid:" || $1 == "Groups:" {
	    $1 = $1; printf "%s%s", s, $0; s = "; " } END { print "" }' \
	    "/proc/$child/status"
}
if am_root && [ -r /proc/self/status ]; then
	u=$(id -u "$user") g=$(id -g "$user")
	waiting a@silent.test
	is "root becomes $user while it waits for a host" "$(ids)" \
	    "Uid: $u $u $u $u; Gid: $g $g $g $g; Groups: $g"
	kill "$child"
	waiting
	is "and while it waits for a request" "$(ids)" \
	    "Uid: $u $u $u $u; Gid: $g $g $g $g; Groups: $g"
	kill "$child"
	waiting -u 12345:23456 a@silent.test
	is '-u UID:GID is obeyed' "$(ids)" \
	    'Uid: 12345 12345 12345 12345; Gid: 23456 23456 23456 23456; Groups: 23456'
	kill "$child"
	waiting -u 12345 a@silent.test
	like '-u UID is obeyed' "$(ids)" 'Uid: 12345 12345 12345 12345; *'
	kill "$child"
	u=$(id -u daemon) g=$(id -g daemon)
	waiting -u daemon a@silent.test
	is '-u USER is obeyed' "$(ids)" \
	    "Uid: $u $u $u $u; Gid: $g $g $g $g; Groups: $g"
	kill "$child"
	wait "$child" 2>/dev/null
	for u in root 0 0:0 0:12345 12345:0 00 nosuchuser '' 12x 12345: \
	    12345:x 12345:12:3 4294967296 4295032830 4294967295 \
	    12345:4294967295 12345:4294967296 12345:-1 -1 "${zeros}12345"; do
		bad '-u' -u "$u"
	done
	# users NAME:UID:GID: a machine that knows no others
	users()
	{
		echo "${1%%:*}:x:${1#*:}::/:" >"$tmp/passwd"
		# shellcheck disable=SC2016
		unshare -m sh -c 'mount --bind "$0" /etc/passwd && exec "$@"' \
		    "$tmp/passwd" "$cbvd" -N "127.0.0.1:$ns_port" -p "$mx_port" \
		    -h client.test -o nonglobal -c none real@good.test \
		    2>"$tmp/users"
		cat "$tmp/users"
	}
	if unshare -m mount --bind /dev/null /etc/passwd 2>/dev/null; then
		like 'where there is a _cbvd it is that' "$(users _cbvd:4242:4243)" \
		    '250 2.1.5 *'
		like 'but not if that is root' "$(users _cbvd:0:0)" \
		    'cbvd: -u *never works as root'
	else
		skip 'no other passwd(5) here' 'where there is a _cbvd it is that' \
		    'but not if that is root'
	fi
	cp "$cbvd" "$tmp/cbvd"
	chmod 755 "$tmp/cbvd"
	cat >"$tmp/nobody" <<-'END'
	$) = "12345 12345"; $( = 12345; $< = $> = 12345;
	exec { $ARGV[0] } @ARGV;
	END
	chmod 644 "$tmp/nobody"
	out=$(perl "$tmp/nobody" "$tmp/cbvd" -N "127.0.0.1:$ns_port" \
	    -p "$mx_port" -h client.test -o nonglobal -c none -u root \
	    real@good.test 2>&1)
	status=$?
	is_250 '-u is ignored by who is not root'
	rm -f "$tmp/cbvd"
else
	out=$(run -u root real@good.test 2>&1)
	status=$?
	skip 'not root' 'where there is a _cbvd it is that' 'but not if that is root'
	skip 'not root' "root becomes $user while it waits for a host" \
	    'and while it waits for a request' '-u UID:GID is obeyed' \
	    '-u UID is obeyed' '-u USER is obeyed'
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		skip 'not root' "bad -u, number $i"
	done
	is_250 '-u is ignored by who is not root'
fi
exec 3>&-

# ---- the log -----------------------------------------------------------------------------

log_server
d=log$$.test

if [ -n "$no_log" ]; then
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		skip "$no_log" "the log, check $i"
	done
else
	cache=$kept
	ask "real@$d"
	logged 'a query is a line in the log, facility mail' "real@$d" \
	    "1 <22>*cbvd*: real@$d: 250 2.1.5 host=mx.$d?$log_ip? stage=RCPT reply=\"250 2.1.5 Ok\" cached=no ms=[0-9]*"
	ask "real@$d"
	logged 'of an answer from the cache, too' "real@$d" \
	    "2 *: real@$d: 250 2.1.5 host=mx.$d?$log_ip? stage=RCPT reply=\"250 2.1.5 Ok\" cached=yes ms=[0-9]*"
	ask "no1@$d" "no2@$d"
	logged 'two addresses are two lines: the first' "no1@$d" \
	    "1 *: 550 5.1.7 host=mx.$d?$log_ip? stage=RCPT reply=\"550 5.1.1 *\" cached=no ms=[0-9]*"
	logged 'two addresses are two lines: the second' "no2@$d" \
	    "1 *: 550 5.1.7 host=mx.$d?$log_ip? stage=RCPT reply=\"550 5.1.1 *\" cached=no ms=[0-9]*"
	serve "send:other@$d\\r\\n"
	logged 'the service logs the same' "other@$d" \
	    "1 <22>*: other@$d: 250 2.1.5 host=mx.$d?$log_ip? stage=RCPT reply=\"250 2.1.5 Ok\" cached=no ms=[0-9]*"
	serve "send:late$$@silentrcpt.test\\r\\n" -o wait=1s,total=2s
	logged 'with an early answer it is one line still' \
	    "late$$@silentrcpt.test" '1 *: 450 4.4.* cached=no ms=[0-9]*'
	ask "a$$@gone.elsewhere"
	logged 'a domain that does not exist: no host in its line' \
	    "a$$@gone.elsewhere" '1 *: 550 5.1.8 host=- stage=DNS reply="*" cached=no ms=[0-9]*'
	ask "a$$@escapes.test"
	logged 'control characters of a host are escaped' "a$$@escapes.test" \
	    '1 *reply="550 5.1.1 User unknown ^??31mred*" cached=no ms=*'
	ask "$(printf 'a\033b%d@good.test' $$)"
	ok 'those of an address, too' grep -qF "a^[b$$@good.test: 501" "$log"
	lines=$(wc -l <"$log")
	ask "$(printf 'x@good.test: 250 forged\ny%d@good.test' $$)"
	sleep 0.1
	is 'a line feed in an address makes no second line' \
	    "$(tail -n "+$((lines + 1))" "$log" | grep -c "y$$@good.test")$(
	    tail -n "+$((lines + 1))" "$log" | grep -c ": y$$@")" 10
	ask -o "nosuch$$=1"
	sleep 0.1
	is 'a bad option is a line in the log' "$(grep -c "nosuch$$" "$log")" 1
	if [ -w /dev/full ]; then
		echo "full@$d" | run >/dev/full
		until_true grep -q ": full@$d: " "$log"
		ok 'and why an answer could not be delivered' grep -q \
		    '<20>.*: answer not delivered: No space left' "$log"
	else
		skip 'no /dev/full' 'and why an answer could not be delivered'
	fi

	# a log that takes nothing more, for 5 s
	cache=none
	kill -STOP "$log_pid"
	perl -MIO::Socket::UNIX -e '
	    my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM,
		Peer => "/dev/log") or die;
	    $s->blocking(0);
	    1 while defined syswrite($s, "<22>full");'
	(sleep 5; kill -CONT "$log_pid") >/dev/null 2>&1 &
	pids="$pids $!"
	serve 'send:real@good.test\r\n' -o wait=1s,total=1s
	like 'a log that blocks: the answer comes' "$end $(one_line)" \
	    'eof 250 2.1.5 *'
	ok 'a log that blocks: total ends the service' at_most "$exit_ms" 2400
	ask -o total=1s real@good.test
	ok 'a log that blocks: total ends the command line' \
	    at_most "$took_ms" 2400
	kill -CONT "$log_pid"
fi

# ---- the slow request ----------------------------------------------------------------------

ended pending
fitting 'a SIGALRM that was pending ends no wait for a request' \
    '501 5.1.7 <nobody@> *'
ended dumb
fitting 'who says nothing for 10 s is told so' '500 5.5.2 <> *10 s*'
ended tardy
fitting 'a request that is not complete after 10 s is 500' '500 5.5.2 <> *'
ok 'not before the 10 s are over' at_least "$eof_ms" 9800
ok 'and no later, however its octets are spread' at_most "$eof_ms" 11000
is 'nothing is looked up for it' "$(grep -c tardy.test "$ns_log")" 0
