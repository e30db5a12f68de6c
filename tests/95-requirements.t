#!/bin/sh
# SPDX-License-Identifier: ISC
# 95-requirements.t: the requirements R1 to R31, about the process, who starts
# it, and what it is asked: for each the bad input, and what must be seen.  96
# has DNS, abuse and SMTP, 97 the cache and the build.  Where an interface
# differs, cbvd.8 says so under SECURITY CONSIDERATIONS.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh

plan 110
case $cbvd in
/*)	;;
*)	cbvd=$PWD/$cbvd ;;
esac
kept=$cache via=unix
LATE=20000	# ms: who has no deadline of his own would take far longer

host good default
host any catch-all
host silent silent-greeting
host silentrcpt silent-rcpt
host drip drip-greeting
host title default
host escapes 'default | C: RCPT * | S: 550 5.1.1 User unknown \x1b[31m%n%s%n\x9b\x07 \xff action=OK'
host huge 'default | C: RCPT * | S: !times 90 550-5.1.1 User unknown, said in a long line that goes on and on and on \xc3\xa9\r\n | S: 550 5.1.1 User unknown'
host utf smtputf8
for n in early gone late r3 term; do
	host "$n" "default | S: !until $tmp/go.$n | S: 220 mx.test ESMTP"
done
host wide "default | C: RCPT * | S: 550 5.1.1 User unknown $(
    printf '%0450d' 0 | sed 's/0/\\xc3\\xa9/g')"
host inject 'default | C: RCPT * | S: 550-5.1.1 User unknown\r | S: 550-5.1.1 | S: 550-5.1.1 action=OK | S: 550 5.1.1 24:OK x,'
zone 'mute.test MX !silence' 'stall.test MX !tc-stall' 'null.test MX 0 .' \
    'fails.test MX !servfail' 'tardy.test MX 10 mx.good.test'
start

# answered NAME STEPS GLOB ARGS...: one line that fits, EOF, and status 0
answered()
{
	answered_name=$1 answered_steps=$2 answered_glob=$3
	shift 3
	serve "$answered_steps" "$@"
	like "$answered_name" "$end $status $(one_line)" "eof 0 $answered_glob"
}
# called ADDRESS: a connection has come there since the mark
called() { [ "$(event_count connect "$1")" -gt 0 ]; }
addr_of() { awk -v n="mx.$1.test" '$1 == n { print $3 }' "$zone"; }
# each NAME GLOB ARGUMENT...: cbvd is asked about all of them, and nobody else
each()
{
	each_name=$1 each_glob=$2
	shift 2
	mark
	ask -c none -- "$@"
	ok "$each_name" each_fits $#
}
each_fits()
{
	all "$each_glob" && quiet &&
	    same "$(printf '%s\n' "$out" | wc -l)" "$1"
}

# What takes its time, beside everything else: without an end of its own each
# would be answered 250 after 20 s, or not at all.
cache=none
begin tardy 'send:real@tard sleep:20 send:y.test\r\n'
begin tardymap 'send:25:verdict\x20real@tard sleep:20 send:y.test.,'
slow=total=2s,wait=2s,command=3600s,connect=3600s
begin mute 'send:a@mute.test\r\n' -o $slow
begin stall 'send:a@stall.test\r\n' -o $slow
begin drip 'send:a@drip.test\r\n' -o $slow
begin silent 'send:a@silentrcpt.test\r\n' -o $slow
cache=$kept

# ---- process -------------------------------------------------------------------

status1=
for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
	rm -f "$cache"
	eval "run -v real@good.test no@good.test >'$tmp/out' 2>'$tmp/err' $closed"
	status1="$status1 $?"
done
is 'R1 descriptors 0 to 2 closed, in each combination: the same verdict' \
    "$status1" ' 67 67 67 67 67 67 67'
# what -v and the answer say, and neither a record nor a command does
is 'R1 no answer has landed in the cache' \
    "$(cat "$cache" "$cache.lock" | grep -c -a -e '<real@good.test>' -e '-> ' -e 'DNS good')" 0
is 'R1 nor in a connection to a host' "$(awk '$5 !~ /^(connect|close|EHLO|MAIL|RCPT|QUIT)$/' "$mx_log")" ''

for how in tcp unix pipe; do
	via=$how
	answered "R2 $how: one answer on descriptor 1, nothing on 2, whatever goes wrong" \
	    'send:real@good.test\r\n' '250 2.1.5 <real@good.test> *' -v \
	    -c "$tmp/missing/cache"
done
serve 'send:real@good.test\r\n' -o nosuch=1
is 'R2 pipe: of a bad option the client sees nothing' "$out" ''
via=unix
serve 'send:real@good.test\r\n' -o nosuch=1
like 'R2 unix: and in a socket 451, not its text' "$(one_line)" '451 4.3.0 <> *'

# signals.pl HOW COMMAND...: what a starter may do with signals
cat >"$tmp/signals.pl" <<'END'
use POSIX;
my $how = shift;
my $all = POSIX::SigSet->new;
$all->fillset;
sigprocmask(SIG_BLOCK, $all);
$SIG{$_} = 'IGNORE' for qw(PIPE TERM CHLD HUP XFSZ USR1);
if ($how eq 'pending') {
	kill $_ => $$ for qw(ALRM INT USR2);
} else {
	$SIG{ALRM} = 'IGNORE';
}
alarm 1;
exec { $ARGV[0] } @ARGV;
END
before="perl $tmp/signals.pl ignored"
answered 'R3 all signals blocked and ignored: the alarm of wait rings all the same' \
    'send:a@silent.test\r\n' '450 4.4.7 *' -o wait=1s,total=2s
mark
before="perl $tmp/signals.pl pending"
begin pending 'send:real@r3.test\r\n'
until_true called "$(addr_of r3)"
sleep 2
: >"$tmp/go.r3"
ended pending
like 'R3 signals pending at exec and an alarm set before end nothing' \
    "$end $status $(one_line)" 'eof 0 250 2.1.5 <real@r3.test> *'
before=

log_server
if [ -n "$no_log" ]; then
	skip "$no_log" 'R4 a log that blocks: the answer comes' \
	    'R4 and cbvd ends' 'R4 a log that is a stream and blocks at once'
else
	kill -STOP "$log_pid"
	perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(
	    Type => SOCK_DGRAM, Peer => "/dev/log") or die;
	    $s->blocking(0); 1 while defined syswrite($s, "<22>full");'
	serve 'send:real@good.test\r\n' -o wait=1s,total=1s
	kill -CONT "$log_pid"
	like 'R4 a log that blocks: the answer comes' "$end $(one_line)" \
	    'eof 250 2.1.5 *'
	ok 'R4 and cbvd ends' at_most "$exit_ms" $LATE
	mv /dev/log /dev/log.kept
	background "$tmp/stream" perl -MIO::Socket::UNIX -e '
	    my $l = IO::Socket::UNIX->new(Type => SOCK_STREAM,
		Local => "/dev/log", Listen => 1) or die;
	    chmod 0666, "/dev/log";
	    my @plugs;
	    while (my $s = IO::Socket::UNIX->new(Type => SOCK_STREAM,
		Peer => "/dev/log", Blocking => 0, Timeout => 1)) {
		push @plugs, $s;
	    }
	    open(my $fh, ">", shift) or die;
	    print $fh "full\n";
	    close($fh);
	    sleep 60;' "$tmp/stream"
	serve 'send:real@good.test\r\n' -o wait=1s,total=1s
	mv /dev/log.kept /dev/log
	like 'R4 a log that is a stream and blocks at once' \
	    "$end $(at_most "$exit_ms" $LATE) $(one_line)" 'eof  250 2.1.5 *'
fi
# the resolver has a patience with each of three name servers, and a least one
if am_root && unshare -mn ip link set lo up 2>/dev/null; then
	printf 'nameserver 127.0.0.%d\n' 1 2 3 >"$tmp/resolv.conf"
	cat >"$tmp/silent.sh" <<-'END'
		ip link set lo up
		mount --bind "$1" /etc/resolv.conf
		shift
		perl -MIO::Socket::INET -e '
		    my @silent = map { IO::Socket::INET->new(Proto => "udp",
			LocalAddr => "127.0.0.$_", LocalPort => 53) or die } 1 .. 3;
		    system(@ARGV)' "$@"
	END
	began=$(now_ms)
	out=$(unshare -mn sh "$tmp/silent.sh" "$tmp/resolv.conf" "$cbvd" \
	    -c none -h client.test -o total=2s a@silent.test 2>&1)
	like 'R4 three name servers that are silent' \
	    "$(at_most $(($(now_ms) - began)) 4500) $out" ' 451 4.4.3 *'
else
	skip 'no world of its own' 'R4 three name servers that are silent'
fi
for n in mute:451 stall:451 drip:450 silent:450; do
	ended "${n%:*}"
	like "R4 ${n%:*}: an answer when the overall time is over" \
	    "$end $(one_line)" "eof ${n#*:} 4.4.*"
	ok "R4 ${n%:*}: and no later" at_most "$exit_ms" $LATE
done

# started WHAT ARGS...: cbvd works in the background, as $child
started()
{
	mark
	"$cbvd" -N "127.0.0.1:$ns_port" -p "$mx_port" -h client.test \
	    -o nonglobal,rate=0 -c "$cache" "$@" >"$tmp/started" 2>&1 \
	    <"$tmp/fifo" &
	child=$!
	# the worst that can come of it is a test that fails
	perl -e 'sleep 60; kill KILL => shift' "$child" >/dev/null 2>&1 &
	pids="$pids $!"
}
mkfifo "$tmp/fifo"
exec 3<>"$tmp/fifo"
if [ -r /proc/self/status ]; then
	mark
	"$cbvd" -N "127.0.0.1:$ns_port" -p "$mx_port" -h client.test \
	    -o nonglobal,rate=0,total=60s -c "$cache" e@silentrcpt.test \
	    <&- >&- 2>&- &
	child=$!
	until_true called "$(addr_of silentrcpt)"
	is 'R1 what was closed is /dev/null before anything else is opened' \
	    "$(readlink "/proc/$child/fd/0" "/proc/$child/fd/1" \
	    "/proc/$child/fd/2" | sort -u)" /dev/null
	kill "$child"
	wait "$child" 2>/dev/null
	started c@silentrcpt.test 5>"$tmp/other" 9<"$tmp/zone"
	until_true called "$(addr_of silentrcpt)"
	is 'R5 what works is not root, by none of its four user ids' \
	    "$(awk '$1 == "Uid:"' "/proc/$child/status" | tr '\t' '\n' |
	    grep -cx 0)" 0
	is 'R8 of the descriptors it was started with only 0 to 2 are left' \
	    "$(for f in 5 9; do
		readlink "/proc/$child/fd/$f"
	    done | grep -c -x -e "$tmp/other" -e "$tmp/zone")" 0
	is 'R8 all of its own are closed on exec' "$(for f in "/proc/$child/fdinfo"/*; do
		[ "${f##*/}" -gt 2 ] || continue
		awk -v f="${f##*/}" '$1 == "flags:" &&
		    int($2 / 1000000) % 10 < 2 { print f }' "$f"
	    done)" ''
	kill "$child"
	wait "$child" 2>/dev/null
else
	skip 'no /proc' 'R1 descriptors' 'R5 not root' 'R8 descriptors' 'R8 close on exec'
fi
if am_root; then
	worst=
	for u in root 0 0:0 00 0:12345 12345:0; do
		ask -u $u real@good.test
		worst="$worst $status$out"
	done
	is 'R5 it does not become root on demand' "$worst" ' 64 64 64 64 64 64'
	cp "$cbvd" "$tmp/setuid"
	chmod 4755 "$tmp/setuid"
	perl -e '$) = "12345 12345"; $( = 12345; $< = $> = 12345;
	    exec { $ARGV[0] } @ARGV' "$tmp/setuid" -c none real@good.test \
	    >"$tmp/out" 2>&1
	like 'R5 started with the bit of another user it refuses' \
	    "$? $(cat "$tmp/out")" '77 *set-user-ID*'
	rm -f "$tmp/setuid"
else
	ask -u root real@good.test
	like 'R5 it does not become root on demand' "$out" '250 *'
	skip 'only root can make it another user'"'"'s' 'R5 set-user-ID'
fi

ask real@title.test
mark
cat >"$tmp/gone.sh" <<-'END'
	mkdir "$0.dir" && cd "$0.dir" && rmdir "$0.dir" && exec "$@"
END
out=$(for before in "env -i" "env LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8" \
    "env RES_OPTIONS=ndots:15 LOCALDOMAIN=good.test TZ=:/dev/zero PATH=/x" \
    "sh $tmp/gone.sh"; do
	$before "$cbvd" -N "127.0.0.1:$ns_port" -p "$mx_port" -h client.test \
	    -o nonglobal -c "$cache" real@TITLE.Test
done)
ok 'R6 no environment, a Turkish one, a folder that is gone: the same verdict, and the same key' \
    all '250 2.1.5 <real@TITLE.Test> *(cached *)'
ok 'R6 which was found without a question to anybody' quiet

worst=
for o in -Z -p -p0 -p65536 -p-1 -p25x -oall=0 -oall=1e3 -ototal= \
    -ototal=0x10 -owait=99999999999999999999s -onosuch=1 -N1 -b300.1.1.1 -h-x; do
	ask "$o" real@good.test
	same "$status $(wc -l <"$tmp/err") $out" '64 1 ' >/dev/null ||
	    worst="$worst $o"
done
is 'R7 a bad option or value: 64, and one message' "$worst" ''
verdict 'R7 -- is honoured' '550 5.1.7 <-p1@good.test> *' -- -p1@good.test
case $(uname -sm) in
'Linux x86_64')	execve=59 ;;
'Linux aarch64') execve=221 ;;
*)		execve= ;;
esac
if [ -n "$execve" ]; then
	echo no sense | perl -e 'my $p = "$ARGV[0]\0"; my $z = pack "J", 0;
	    my $e = pack "pJ", "ASAN_OPTIONS=detect_leaks=0", 0;
	    syscall(0 + $ARGV[1], $p, $z, $e)' "$cbvd" "$execve" \
	    >"$tmp/out" 2>&1
	like 'R7 it survives an argc of 0' "$? $(cat "$tmp/out")" '0 500 5.5.2 *'
else
	skip 'its number of execve(2) is not known' 'R7 it survives an argc of 0'
fi

# limited LIMIT NUMBER ARGS...: cbvd has no more than that
limited()
{
	limit=$1 number=$2
	shift 2
	# shellcheck disable=SC2016
	out=$(sh -c 'ulimit -"$1" "$2"; shift 2; exec "$@"' - "$limit" \
	    "$number" "$cbvd" -N "127.0.0.1:$ns_port" -p "$mx_port" \
	    -h client.test -o "nonglobal,$limits" -c "$cache" "$@" \
	    2>"$tmp/err")
	status=$?
}
# whoever cannot even load its libraries is not cbvd yet
worst=
# shellcheck disable=SC2086
for l in 'n 4' 'n 5' 'n 6' 'n 7' 'n 8' 'f 0' 'f 1' 'f 8' 's 256' 't 1' 'c 0'; do
	rm -f "$cache" "$cache.lock"
	limited $l real@good.test
	case $status:$out in
	0:'250 2.1.5 '*|75:45*|64:|127:) ;;
	*)	worst="$worst ulimit -$l: $status:$out;" ;;
	esac
	limited $l no@good.test
	case $status:$out in
	67:'550 5.1.7 '*|75:45*|64:|127:) ;;
	*)	worst="$worst ulimit -$l: $status:$out;" ;;
	esac
	ask real@good.test no@good.test
	[ "$status" = 67 ] || worst="$worst then $out;"
done
is 'R9 few descriptors, no file, little stack: right or temporary, no crash, and nothing remembered of that' \
    "$worst" ''
rm -f "$cache" "$cache.lock"

worst=
for n in real@good.test no@good.test a@any.test a@fails.test a@null.test a..b; do
	serve "send:$n\\r\\n"
	worst="$worst $status"
done
is 'R10 in service it ends with 0 whenever it has answered' "$worst" ' 0 0 0 0 0 0'
worst=
for n in real@good.test no@good.test a@any.test a@fails.test a@null.test a..b; do
	ask "$n"
	worst="$worst $status"
done
is 'R10 on the command line as in sysexits.h' "$worst" ' 0 67 76 75 68 65'
if [ -w /dev/full ]; then
	run real@good.test >/dev/full 2>&1
	is 'R10 an answer that cannot be written is an error there' $? 74
	run -V >/dev/full 2>&1
	is 'R10 and so is what -V says' $? 74
else
	skip 'no /dev/full' 'R10 an answer that cannot be written' 'R10 nor -V'
fi

# harmless FILE PATTERN: of the lines with PATTERN, one, and all printable
harmless()
{
	grep -a "$2" "$1" >"$tmp/harmless" || { cat "$1"; return 1; }
	! LC_ALL=C grep -a -n '[^ -~]' "$tmp/harmless" &&
	    at_most "$(LC_ALL=C awk '{ if (length > m) m = length } END { print m }' \
	    "$tmp/harmless")" 2100
}
evil=$(printf 'a\033[31m%%n%%s\n\303\251\377b')
ask -o "$evil=1"
ok 'R11 what is at fault is named in one printable line' \
    harmless "$tmp/err" 'cbvd: -o a.*%n%s'
ask -o "$(printf '%0100000d' 0)=1"
ok 'R11 of bounded length' harmless "$tmp/err" 'cbvd: -o 000'
if [ -n "$no_log" ]; then
	ask -v "r11-$$@escapes.test"
	printf '%s\n' "$err" >"$log"
	shown='<- 550'
else
	ask "r11-$$@escapes.test"
	until_true grep -q "r11-$$" "$log"
	shown="r11-$$"
fi
ok 'R11 so is what a host says' harmless "$log" "$shown.*User unknown.*%n%s"

# terminated NAME ARGS...: started has begun it, and SIGTERM ends it
terminated()
{
	kill -TERM "$child"
	wait "$child" 2>/dev/null
	is "R12 SIGTERM ends it while $1 is waited for" $? 143
}
ask real@good.test
started
sleep 0.5
terminated 'a request'
started d@silentrcpt.test
until_true called "$(addr_of silentrcpt)"
terminated 'a host'
asked_dns() { queries | grep -q " $1 MX"; }
started a@mute.test
until_true asked_dns mute.test
terminated DNS
verdict 'R12 and the cache is good' '250 2.1.5 *(cached *' real@good.test
exec 3>&-

# ---- superservers ------------------------------------------------------------------

# What is seen once the client has its EOF.  The host speaks only after that.
cat >"$tmp/early.sh" <<-END
	ps -eo pid=,args= | awk -v c="$cbvd" '\$2 == c && index(\$0, "$cache") {
	    print \$1 }' >"$tmp/alive"
	echo \$1 >"$tmp/pid"
	: >"$tmp/go.early"
END
serve "after:$tmp/early.sh send:real@early.test\\r\\n" -o wait=1s,total=60s
like 'R13 the client has its answer and EOF while the work goes on' \
    "$end $(one_line)" 'eof 450 4.4.7 *'
is 'R14 in the same process, and in no other' "$(cat "$tmp/alive")" \
    "$(cat "$tmp/pid")"
verdict 'R14 its verdict is in the cache' '250 2.1.5 *(cached *' real@early.test
is 'R14 nothing in it could start another' \
    "$(grep -nE '[^a-z_](v?fork|exec[lv][a-z]*|popen|system|posix_spawnp?|clone) ?\(' \
    ./*.c)" ''
for via in tcp unix; do
	answered "R13 $via: 60,000 octets behind the request make no reset" \
	    'send:real@good.test\r\n times:60000:x' '250 2.1.5 *'
done
serve 'send:real@good.test\r\n times:3000000:x'
is 'R13 and who sends on and on is not listened to for ever' "$status" 0
grep -E 'cbvd +cbvd' inetd.conf.example | sed 's/^#*//' >"$tmp/lines"
is 'R15 lines of inetd.conf: at most 20 words, no quotes, short, the rate raised' \
    "$(awk 'NF > 20 || /["'"'"']/ || length >= 1024 ||
    !/nowait[.\/][0-9]/' "$tmp/lines") $(grep -c . "$tmp/lines")" ' 3'

before='env TCPREMOTEIP=192.0.2.1 TCPREMOTEHOST=evil.test REMOTE_HOST=192.0.2.1
    PROTO=TCP TCPLOCALPORT=25 RELAYCLIENT= IPREMOTE=::ffff:192.0.2.1'
worst=
for via in tcp unix pipe; do
	serve 'send:real@good.test\r\n'
	worst="$worst$(one_line);"
done
like 'R16 no environment makes another client of who asks' "$worst" \
    '250 2.1.5 *;250 2.1.5 *;250 2.1.5 *;'
before='' via=unix
is 'R17 each file of examples is run by a test, and the manual names no other' "$(
    for f in examples/*; do
	grep -lF "${f##*/}" tests/[0-8]*.t tests/9[0-4]*.t >"$tmp/ok" ||
	    echo "$f: no test"
    done
    sed -n '/^\.Sh EXAMPLES/,/^\.Sh DIAGNOSTICS/s/^\.Pa \([a-z][^ /]*\.[a-z]*\).*/\1/p' \
	cbvd.8 | while read -r f; do
	[ "$f" = main.cf ] || [ "$f" = master.cf ] || [ -e "examples/$f" ] ||
	    echo "$f: no example"
    done)" ''
worst=
for n in '-L example.net nobody@example.net' '-F example.net' -E; do
	grep -q "cbvd $n" cbvd.8 || worst="$worst no $n;"
	# shellcheck disable=SC2086
	ask $n
	worst="$worst$status"
done
is 'R17 and what it tells to do each night works' "$worst" 000

if command -v tcpserver >/dev/null; then
	! am_root || as_user="-u $user"
	# shellcheck disable=SC2016,SC2086
	background "$tmp/tcpserver" sh -c 'out=$1; shift; exec "$@" >"$out"' \
	    - "$tmp/tcpserver" tcpserver -1 -q -c 3 -b 64 -HRl0 127.0.0.1 0 \
	    "$cbvd" -N "127.0.0.1:$ns_port" -p "$mx_port" -h client.test \
	    -o "nonglobal,$limits" -c "$cache" ${as_user-}
	i=0
	while [ $i -lt 40 ]; do
		i=$((i + 1))
		echo "no$i@good.test"
	done | xargs perl tests/world/client.pl "$port" 12 >"$tmp/clients"
	is 'R18 at the limit of the superserver all are answered, none hangs' \
	    "$(grep -c ' eof 550 5.1.7 ' "$tmp/clients")" 40
else
	skip 'tcpserver is not installed' 'R18 at the limit of the superserver'
fi
is 'R19 the unit keeps descriptor 2 from the client, and no limit turns it off' \
    "$(grep -c -x -e StandardError=journal -e TriggerLimitIntervalSec=0 \
    -e Accept=yes examples/cbvd@.service examples/cbvd.socket | tr '\n' ' ')" \
    'examples/cbvd@.service:1 examples/cbvd.socket:2 '
if command -v systemd-analyze >/dev/null; then
	ok 'R19 its exposure is at most 1.5' systemd-analyze security \
	    --offline=true --threshold=15 --no-pager "$PWD/examples/cbvd@.service"
else
	skip 'systemd-analyze is not installed' 'R19 its exposure'
fi
set --
i=0
while [ $i -lt 50 ]; do
	i=$((i + 1))
	set -- "$@" real@good.test
done
serve "$(policy "$@") shut"
answers policy
is 'R20 a policy client keeps its connection: fifty queries, fifty answers' \
    "$(sort "$answers" | uniq -c | awk '{ print $1, $2 }')" '50 DUNNO'
ok 'R20 and none costs what a new connection of Postfix does' at_most "$eof_ms" $LATE

# ---- the request -------------------------------------------------------------------

mark
answered 'R21 a line of 4,097 octets is 500' 'times:4085:a send:@good.test\r\n' '500 5.5.2 <> *'
answered 'R21 and one without an end' 'times:60000:a' '500 5.5.2 <> *'
serve 'send:request=smtpd_access_policy\nsender=real@good.test\nx= times:16384:a send:\n\n'
is 'R21 a policy request over 16,384 octets is nothing' "$end $out" \
    'eof action=DUNNO\n\n'
serve 'send:4097:verdict\x20 times:4089:a send:,'
like 'R21 a netstring over 4,096 octets is none' "$end $out" 'eof *:PERM *,'
serve 'send:99999999999999999999999:verdict\x20real@good.test,'
like 'R21 nor is one that only says so' "$end $out" 'eof *:PERM *,'
for via in tcp unix pipe; do
	answered "R22 $via: EOF before the end of the line is 500" \
	    'send:real@good.test shut' '500 5.5.2 <> *'
done
via=unix
answered 'R22 EOF after CR alone, too' 'send:real@good.test\r shut' '500 5.5.2 <> *'
serve 'send:request=smtpd_access_policy\nsender=real@good.test\n shut'
is 'R22 a policy request that is cut off is nothing' "$end $out" 'eof action=DUNNO\n\n'
serve 'send:26:verdict\x20real@good.test shut'
is 'R22 a netstring that is cut off has no answer' "$end $out" 'eof '
serve "$(perl -e '
    for my $c (0 .. 31, 127) {
	my $x = sprintf "\\x%02x", $c;
	for my $k ("${x}no1\@good.test", "no1${x}\@good.test",
	    "no1\@${x}good.test", "no1\@good.test$x", "\"$x\"\@good.test") {
		my $len = 8 + length($k) - 3;
		$all .= "$len:verdict\\x20$k,";
	}
    }
    print "send:$all";') shut"
answers map
is 'R23 each control character, anywhere in a mailbox, is 501' \
    "$(cut -c 1-7 "$answers" | sort | uniq -c | awk '{ print $1, $2, $3 }')" \
    '165 OK 501'
worst=
for c in 00 07 09 0b 0d 1b 7f; do
	serve "send:no1\\x$c@good.test\\r\\n"
	case $(one_line) in
	50[01]' 5.'*)	;;
	*)	worst="$worst $c: $out" ;;
	esac
done
is 'R23 in a line, too' "$worst" ''
ok 'R21 R22 R23 for none of them anything is looked up' quiet

d62=$(printf '%062d' 0)
d252=a$d62.a$d62.a$d62.$(printf 'a%054d' 0).test
d249=a$d62.a$d62.a$d62.$(printf 'a%051d' 0).test
zone "$d252 MX 10 mx.any.test" "$d249 MX 10 mx.good.test"
each 'R24 what is no mailbox is 501: nothing is repaired' '501 5.1.7 *' \
    .a@good.test a.@good.test a..b@good.test a@b@good.test 'a b@good.test' \
    ' a@good.test' 'a@good.test ' '"a"b@good.test' '"a@good.test' \
    '"a\"@good.test' 'a\b@good.test' @good.test a@ a '' '(c)a@good.test' \
    'a@good.test(c)' 'A <a@good.test>' @relay.test:a@good.test \
    '<@relay.test:a@good.test>' 'a@good.test,b@good.test' 'g:a@good.test;' \
    '<<a@good.test>>' '<a@good.test' 'a@good.test>' "${d62}aaa@good.test" \
    "aa@$d252" "$(printf 'a\nb@good.test')"
mark
set -- '"a b"@any.test' '"a\"b"@any.test' '"a\b"@any.test' '"<>,;@"@any.test' \
    '""@any.test' "!#\$%&'*+-/=?^_\`{|}~@any.test" "a@$d252"
ask -n -c none "$@"
for n; do
	events | grep -qxF "$(events | grep -F "RCPT TO:<$n>")" || echo "$n"
done >"$tmp/lost"
is 'R25 each mailbox goes out exactly as it came' \
    "$(cat "$tmp/lost") $(event_count RCPT)" ' 7'
ok 'R25 no command has more than 512 octets' at_most "$(cut -d ' ' -f 5- "$mx_log" |
    awk '{ if (length > m) m = length } END { print m + 2 }')" 512
each 'R26 what is no domain is 501, a trailing dot too' '501 5.1.7 *' \
    a@good.test. a@.good.test a@good..test a@-good.test a@good-.test \
    a@go_od.test a@good.123 a@2130706433 a@127.0.0.1 a@0x7f000001 \
    a@good.0x1 a@localhost a@LOCALHOST \
    "a@aa$d62.test" "a@aa$d252" 'a@gööd.test' 'a@[1.2.3]' 'a@[' 'a@good/x'
each 'R26 a literal is not asked' '252 2.0.0 *' 'a@[192.0.2.1]' \
    'a@[IPv6:2001:db8::1]'
mark
for via in tcp unix pipe; do
	answered "R27 $via: one line, one answer; the rest is not read" \
	    'send:r27@good.test\r\nr27too@good.test\r\nQUIT\r\n' \
	    '550 5.1.7 <r27@good.test> *'
done
via=unix
is 'R27 nor asked about' "$(events | grep -c r27too)" 0

serve "$(policy no@inject.test) shut"
answers policy
like 'R28 a host cannot put an action of its own into policy form' \
    "$(wc -l <"$answers") $(cat "$answers")" '1 550 5.1.7 *action=OK*'
serve "$(map access no@inject.test) shut"
answers map
like 'R28 nor into socketmap form' \
    "$(wc -l <"$answers") $(cat "$answers")" '1 OK 550 5.1.7 *24:OK x,*'
mark
worst=
for n in '1:x' '03:abc,' '3:abcd,' '3:abc;' '-1:,' '3\x20:abc,' '4294967300:abc,' \
    '18446744073709551620:a,' '0000000000000000000000:' ':,' '20:access\x20a@good.test,'; do
	serve "send:$n shut"
	case "$end $out" in
	'eof '|'eof '*':PERM '*|'eof 500 5.5.2 '*) ;;
	*)	worst="$worst $n: $end $out;" ;;
	esac
done
is 'R28 netstrings that are none, and bombs, are refused' "$worst" ''
worst=
for n in 'sender' '=real@good.test' 'sender=real@good.test\0' 'a\x20b'; do
	serve "send:request=smtpd_access_policy\\n$n\\n\\n shut"
	[ "$out" = 'action=DUNNO\n\n' ] || [ "$out" = 'action=DUNNO\n\naction=DUNNO\n\n' ] ||
	    worst="$worst $n: $out;"
done
is 'R28 so are policy requests, and they refuse nobody' "$worst" ''
ok 'R28 and nothing is looked up for them' quiet

each 'R29 8-bit that is no UTF-8 is 501' '501 5.1.7 *' \
    "$(printf 'j\366rg@utf.test')" "$(printf 'j\300\257rg@utf.test')" \
    "$(printf 'j\355\240\200rg@utf.test')" "$(printf 'j\303@utf.test')" \
    "$(printf 'j\364\220\200\200@utf.test')" "$(printf '\200@utf.test')"
mark
verdict 'R29 a mailbox of UTF-8 is asked where SMTPUTF8 is offered' \
    '250 2.1.5 <jörg@utf.test> *' jörg@utf.test
verdict 'R29 and else it is 252' '252 2.0.0 <jörg@good.test> *' jörg@good.test
is 'R29 and not sent' "$(events | grep RCPT | grep -vc @utf.test)" 0

for n in no@huge.test no@wide.test "no@$d249" no@escapes.test; do
	serve "send:$n\\r\\n"
	short=$(echo "$n" | cut -c 1-9)
	like "R30 $short...: one line, the address whole" "$(one_line)" \
	    "550 5.1.7 <$n> *"
	ok "R30 $short...: at most 512 octets, printable" \
	    expr "$(one_line)" : '[ -~]\{1,510\}$'
	is "R30 $short...: no character is escaped twice" \
	    "$(printf '%s' "$out" | grep -c '\\x')" 0
done

mark
worst=
while IFS= read -r n; do
	serve "send:$n"
	case "$end $(one_line)" in
	'eof 500 5.5.2 <> '*)	;;
	*)	worst="$worst $n: $out;" ;;
	esac
done <<'END'
GET\x20/real@good.test\x20HTTP/1.1\r\nHost:\x20good.test\r\n\r\n
POST\x20/\x20HTTP/1.1\r\nContent-Length:\x2016\r\n\r\nreal@good.test\r\n
OPTIONS\x20*\x20HTTP/1.1\r\n\r\n
PRI\x20*\x20HTTP/2.0\r\n\r\nSM\r\n\r\n
CONNECT\x20real@good.test:25\x20HTTP/1.1\r\n\r\n
\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03real@good.test\n
\x80\x2e\x01\0\x02real.good.test\n
EHLO\x20client.test\r\n
MAIL\x20FROM:<real@good.test>\r\n
RCPT\x20TO:<real@good.test>\r\n
soml\x20FROM:<real@good.test>\r\n
XCLIENT\x20LOGIN=real@good.test\r\n
DATA\r\n
STARTTLS\r\n
quit\r\n
SSH-2.0-OpenSSH_9.6\r\n
END
is 'R31 who speaks HTTP, TLS or SMTP is told 500' "$worst" ''
ok 'R31 and nothing is looked up' quiet

ended tardy
like 'R21 a line that is not complete after 10 s is 500' "$end $(one_line)" \
    'eof 500 5.5.2 <> *'
ended tardymap
like 'R21 nor is a netstring' "$end $out" 'eof *:PERM *'
is 'R21 for which nothing is looked up' "$(grep -c tardy.test "$ns_log")" 0
