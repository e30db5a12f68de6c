#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2046,SC2086,SC2317
#
# run.sh: how fast and how big cbvd is; run by `make bench`, see README.md.
# Variants are measured in turn, ROUNDS times; printed are medians, and as
# ratios the medians of the ratios of each round.
cd "$(dirname "$0")/.." || exit 1
PARTS=${PARTS-cached session cold memory size}
ROUNDS=${ROUNDS-5}
RECORDS=${RECORDS-1000 100000 1000000}
SECONDS_EACH=${SECONDS_EACH-0.6}
LC_ALL=C
export LC_ALL

# Root has a /dev of its own for it, with a log that forgets.
if [ "$(id -u)" -eq 0 ] && [ -z "$CBVD_BENCH_DEV" ] &&
    unshare -m true 2>/dev/null; then
	CBVD_BENCH_DEV=yes exec unshare -m sh bench/run.sh
fi

tmp=$(mktemp -d "${TMPDIR:-/tmp}/cbvd.XXXXXX") || exit 1
chmod 711 "$tmp"
pids='' data=$tmp/data
: >"$data"
others=
leave()
{
	others_stop
	[ -z "$pids" ] || kill $pids 2>/dev/null
	wait 2>/dev/null
	[ ! -d "$tmp/dev" ] || umount -l /dev "$tmp"/dev/* 2>/dev/null
	rm -rf "$tmp"
}
trap leave EXIT
trap 'exit 1' HUP INT TERM

die() { echo "bench: $*" >&2; exit 1; }
say() { echo "bench: $*" >&2; }
part() { case " $PARTS " in *" $1 "*) return 0 ;; esac; return 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# server PORTFILE COMMAND...: start it, and wait for its port if it has one
server()
{
	port_file=$1
	shift
	"$@" 2>"$tmp/err" &
	pids="$pids $!" tries=0
	until [ "$port_file" = none ] || [ -s "$port_file" ]; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || die "$1 does not start: $(cat "$tmp/err")"
		sleep 0.1
	done
	[ "$port_file" = none ] || port=$(cat "$port_file")
}

private_dev()
{
	mkdir "$tmp/dev" || return
	for d in null zero random urandom tty; do
		: >"$tmp/dev/$d"
		mount --bind "/dev/$d" "$tmp/dev/$d" || return
	done
	mount --rbind "$tmp/dev" /dev || return
	server none "$tmp/host" -l /dev/log
}

# ---- what is measured ------------------------------------------------------

# m KEY CLIENT-ARGUMENTS...: a line of $data
m()
{
	key=$1
	shift
	got=$(timeout 120 "$tmp/client" "$@" 2>"$tmp/err") ||
	    say "$key: $(head -1 "$tmp/err")"
	set -- $got
	[ "${6:-0}" = 0 ] || [ "${key#*.}" = warm ] || say "$key: $6 wrong answers"
	echo "$key ${got:-- - - - - - -}" >>"$data"
}

tcp() { echo "tcpserver -q -H -R -l0 -c 200 -b 128 $ids 127.0.0.1 @PORT@"; }

# med KEY COLUMN: rate 1, p50 2, p99 3, p50 of stores 4, CPU 5, faults 7
med()
{
	awk -v k="$1" -v c=$(($2 + 1)) '$1 == k && $c != "-" { print $c }' \
	    "$data" | middle
}
# ratio KEY KEY COLUMN: of each round
ratio()
{
	number "$(awk -v a="$1" -v b="$2" -v c=$(($3 + 1)) '
	    $1 == a { x[++n] = $c } $1 == b { y[++k] = $c }
	    END { for (i = 1; i <= n && i <= k; i++)
		if (y[i] > 0) printf "%.4f\n", x[i] / y[i] }' "$data" |
	    middle)" 2
}
middle() { sort -n | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)]; else print "-" }'; }
number() { case $1 in -|'') echo - ;; *) printf '%.*f\n' "${2-0}" "$1" ;; esac; }

# row WHAT VALUE [BESIDE [RATIO [TARGET]]]
row()
{
	printf '%-47s %9s %9s %6s  %s\n' "$1" "$2" "${3-}" "${4-}" "${5-}"
}
head_row() { printf '\n'; row "$1" "${2-cbvd}" "${3-}" "${4-ratio}" "${5-target}"; }

# beside KEY OTHER WHAT TARGET: answers a second, and time for each as a ratio
beside()
{
	row "$3" "$(number "$(med $1 1)")" "$(number "$(med $2 1)")" \
	    "$(ratio $2 $1 1)" "$4"
}

# ---- the parts -------------------------------------------------------------

cached()
{
	variants='cbvd nop libc'
	[ ! -x "$static" ] || variants="$variants static nop_static"
	[ ! -x "$tmp/musl" ] || variants="$variants musl"
	round=0
	while [ $round -lt "$ROUNDS" ]; do
		round=$((round + 1))
		for c in 1 8 32; do
			for v in $variants; do
				m $v.$c -c $c -t $SECONDS_EACH -r $first -- \
				    $(tcp) $(program $v)
			done
		done
		for r in $RECORDS; do
			m size.$r -c 8 -t $SECONDS_EACH -r $r -- $(tcp) \
			    ./cbvd -c "$tmp/cache/$r"
			m cold.$r -c 1 -n 30 -r $r -d "$tmp/cache/$r" -- \
			    $(tcp) ./cbvd -c "$tmp/cache/$r"
		done
		m faults -m direct -n 5 -r $first -- ./cbvd $as_uid \
		    -c "$tmp/cache/$first"
		m nop_faults -m direct -n 5 -- bench/nop
		m warm -c 1 -n 100 -r $middle -- $(tcp) \
		    ./cbvd -c "$tmp/cache/$middle"
		routed="-r $tmp/routes -o size=8G,perhost=64,all=1000"
		m reads -c 8 -t $SECONDS_EACH -r $middle -- $(tcp) \
		    ./cbvd $routed -c "$tmp/cache/$middle"
		m stores -c 8 -t $SECONDS_EACH -r $middle -w 10 -- $(tcp) \
		    ./cbvd $routed -c "$tmp/cache/$middle"
	done
}

program()
{
	case $1 in
	cbvd) echo "./cbvd -c $tmp/cache/$first" ;;
	static) echo "$static -c $tmp/cache/$first" ;;
	nop) echo bench/nop ;;
	nop_static) echo "$tmp/static/bench/nop" ;;
	libc) echo "$tmp/libc" ;;
	musl) echo "$tmp/musl -c $tmp/cache/$first" ;;
	esac
}

cached_table()
{
	head_row 'cached: answers a second, one process for each' cbvd nop
	for c in 1 8 32; do
		clients="$c clients"
		[ $c -gt 1 ] || clients='1 client'
		beside cbvd.$c nop.$c "$clients, nop linked the same way" 1.10
		beside cbvd.$c libc.$c "$clients, nop linked to libc alone" 1.15
		[ ! -x "$static" ] || beside static.$c nop_static.$c \
		    "$clients, both static" 1.10
		[ ! -x "$tmp/musl" ] || beside musl.$c libc.$c \
		    "$clients, built with musl, nop with libc alone"
	done
	[ -x "$static" ] || row 'static: cannot be built here' -
	head_row 'cached: microseconds'
	for c in 1 8 32; do
		row "CPU of the server for an answer, $c" \
		    "$(number "$(med cbvd.$c 5)")" "$(number "$(med nop.$c 5)")" \
		    "$(ratio cbvd.$c nop.$c 5)"
		row "until the answer and EOF, p50, $c" \
		    "$(number "$(med cbvd.$c 2)")" "$(number "$(med nop.$c 2)")" \
		    "$(ratio cbvd.$c nop.$c 2)"
		row "until the answer and EOF, p99, $c" \
		    "$(number "$(med cbvd.$c 3)")" "$(number "$(med nop.$c 3)")" \
		    "$(ratio cbvd.$c nop.$c 3)"
	done
	[ ! -x "$static" ] || row 'CPU, 8, cbvd static beside the default' \
	    "$(number "$(med static.8 5)")" "$(number "$(med cbvd.8 5)")" \
	    "$(ratio static.8 cbvd.8 5)"
	head_row 'cached: by records, 8 clients, a second' cbvd "of $first"
	for r in $RECORDS; do
		beside size.$r size.$first "$r records" \
		    "$([ $r = $first ] || echo 1.10)"
	done
	head_row 'cached: microseconds, 1 client, p50' cbvd warm
	for r in $RECORDS; do
		row "$r records, none in memory" \
		    "$(number "$(med cold.$r 2)")" "$(number "$(med warm 2)")" \
		    "$(ratio cold.$r warm 2)"
	done
	head_row "cached: one in ten stores, $middle records, 8" with without
	row 'answers a second' "$(number "$(med stores 1)")" \
	    "$(number "$(med reads 1)")" "$(ratio reads stores 1)"
	row 'cached, p50 in microseconds' "$(number "$(med stores 2)")" \
	    "$(number "$(med reads 2)")" "$(ratio stores reads 2)"
	row 'callout and store, p50 in microseconds' \
	    "$(number "$(med stores 4)")"
	phases
}

# Where the instructions of a hit and of a look-up in a session go.
phases()
{
	head_row 'instructions: thousands' hit 'in session' '' ''
	if ! has valgrind; then
		row 'valgrind is not installed' -
		return
	fi
	n=200
	echo u5@d5.test >"$tmp/line"
	awk -v n=$n -v r=$middle 'BEGIN { for (i = 0; i < n; i++) {
	    k = "verdict u" i * 97 % r "@d" i * 97 % r % 1000 ".test"
	    printf "%d:%s,", length(k), k } }' >"$tmp/many"
	grind "$tmp/line" "$tmp/prof/cbvd" -c "$tmp/cache/$middle" >"$tmp/hit"
	grind "$tmp/many" "$tmp/prof/cbvd" -c "$tmp/cache/$middle" >"$tmp/session"
	grind "$tmp/line" ./cbvd -c "$tmp/cache/$middle" >"$tmp/whole"
	grind "$tmp/line" bench/nop >"$tmp/nop"
	for p in link start request open fetch log answer all; do
		row "$(phase_name $p)" "$(phase $p 1 "$tmp/hit")" \
		    "$(case $p in link|start|all) ;; *) phase $p $n "$tmp/session" ;; esac)"
	done
	row 'all, as built, beside nop linked the same way' \
	    "$(phase all 1 "$tmp/whole")" "$(phase all 1 "$tmp/nop")" '' ''
	row 'page faults of a hit, of nop' "$(med faults 7)" \
	    "$(med nop_faults 7)"
	has strace || { row 'system calls: strace is not installed' -; return; }
	row 'system calls of a hit, of nop' \
	    "$(calls "$tmp/line" ./cbvd -c "$tmp/cache/$middle")" \
	    "$(calls "$tmp/line" bench/nop)"
	row 'system calls in a session' '' \
	    "$(($(calls "$tmp/many" ./cbvd -c "$tmp/cache/$middle") / n))"
}

grind()
{
	input=$1
	shift
	rm -f "$tmp/work/out"
	TMPDIR=$tmp/work $as_user valgrind -q --vgdb=no --tool=callgrind \
	    --callgrind-out-file="$tmp/work/out" "$@" <"$input" >/dev/null 2>"$tmp/err"
	callgrind_annotate --inclusive=yes --threshold=100 "$tmp/work/out"
}

calls()
{
	input=$1
	shift
	$as_user strace -f -o "$tmp/work/calls" "$@" <"$input" >/dev/null 2>&1
	grep -c '(' "$tmp/work/calls"
}

phase_name()
{
	case $1 in
	link) echo 'exec and linking' ;;
	start) echo 'options, user, rules' ;;
	request) echo 'reading the request' ;;
	open) echo 'opening and locking the cache, its secret' ;;
	fetch) echo 'fetching the record' ;;
	answer) echo 'making and writing the answer, the rest' ;;
	log) echo 'log' ;;
	all) echo 'all, without inlining' ;;
	esac
}

# phase NAME N FILE: thousands for each of N
phase()
{
	awk -v p="$1" -v n="$2" '
	    { gsub(",", "", $1) }
	    / PROGRAM TOTALS/ { all = $1 }
	    /:[a-z_]+ / { f = $0; sub(/^.*:/, "", f); sub(/ .*/, "", f)
		if (!(f in v)) v[f] = $1 }
	    END {
		x["all"] = all
		x["link"] = all - v["main"]
		x["start"] = v["main"] - v["serve"]
		x["request"] = v["request_read"]
		x["open"] = v["cache_begin"]
		x["fetch"] = v["cache_get"]
		x["log"] = v["verdict_log"]
		x["answer"] = v["serve"] - v["request_read"] - \
		    v["cache_begin"] - v["cache_get"] - v["verdict_log"]
		if (all == "") print "-"; else printf "%.1f\n", x[p] / n / 1000
	    }' "$3"
}

session()
{
	others_start
	round=0
	while [ $round -lt "$ROUNDS" ]; do
		round=$((round + 1))
		for c in 1 8; do
			for form in policy socketmap; do
				m $form.$c -m $form -c $c -t $SECONDS_EACH \
				    -r $middle -- $(tcp) ./cbvd \
				    -c "$tmp/cache/$middle"
			done
			for o in $others; do
				m $o.$c -m smtp -c $c -t $SECONDS_EACH -r 5 \
				    -a "$(cat "$tmp/$o.at")"
			done
		done
	done
	others_stop
}

# Exim and Postfix, which remember what they have asked our host.
others_start()
{
	others='' at=$((20000 + $$ % 10000))
	for o in exim postfix; do
		at=$((at + 1))
		sh bench/others.sh $o can >"$tmp/$o.why" 2>&1 || continue
		sh bench/others.sh $o start "$tmp/$o" $at "$mx" >"$tmp/$o.why" \
		    2>&1 || continue
		others="$others $o"
		echo "127.0.51.1:$at" >"$tmp/$o.at"
		# Postfix answers 450 before it has asked
		m $o.warm -m smtp -c 8 -n 24 -r 5 -a 127.0.51.1:$at
		sleep 2
	done
}
others_stop()
{
	for o in $others; do
		sh bench/others.sh $o stop "$tmp/$o"
	done
	others=
}

session_table()
{
	head_row "session: look-ups a second, $middle records" cbvd 'us CPU' '' target
	for form in policy socketmap; do
		row "$form, 1 connection" "$(number "$(med $form.1 1)")" \
		    "$(number "$(med $form.1 5)")"
		row "$form, 8 connections" "$(number "$(med $form.8 1)")" \
		    "$(number "$(med $form.8 5)")" '' 15000
	done
	for o in exim postfix; do
		if [ -s "$tmp/$o.at" ]; then
			row "$o, a cached callout at RCPT, 1 connection" \
			    "$(number "$(med $o.1 1)")"
			row "$o, a cached callout at RCPT, 8 connections" \
			    "$(number "$(med $o.8 1)")"
		else
			row "$o: $(head -1 "$tmp/$o.why")" -
		fi
	done
}

# A query that nobody has asked before, over a link of 100 ms.
cold()
{
	zone=$tmp/zone trip=100
	cat >"$zone" <<-END
	miss.test MX 10 mx.bench.test
	miss.test MX !delay 0.$trip
	mx.bench.test A 127.0.0.1
	mx.bench.test A !delay 0.$trip
	mx.bench.test AAAA !delay 0.$trip
	END
	server "$tmp/ns" perl tests/ns.pl "$zone" "$tmp/ns.log" "$tmp/ns"
	ns=$port
	for how in piped stepped; do
		server "$tmp/$how" "$tmp/host" -d $trip \
		    $([ $how = stepped ] || echo -p) "$tmp/$how" "$tmp/$how.counts"
		for test in test none; do
			: >"$tmp/$how.counts"; : >"$tmp/ns.log"
			round=0
			while [ $round -lt "$ROUNDS" ]; do
				round=$((round + 1))
				cold_one
			done
			sleep 0.5
			cp "$tmp/$how.counts" "$tmp/$how.$test"
			echo $(($(wc -l <"$tmp/ns.log") / ROUNDS)) >"$tmp/$how.$test.dns"
		done
	done
}

cold_one()
{
	rm -f "$tmp/work/cache" "$tmp/work/cache.lock"
	cp -p "$tmp/cache/$first" "$tmp/work/cache"
	m $how.$test -m direct -n 1 -w 1 -- ./cbvd $as_uid -h client.test \
	    -N 127.0.0.1:$ns -p $port -o nonglobal,rate=0 \
	    -$([ $test = test ] || echo n)c "$tmp/work/cache"
	m direct -m direct -n 1 -- bench/nop
}

cold_table()
{
	head_row 'cold: PIPELINING, catch-all test' 'both' 'no test' 'none' 'neither'
	four 'round trips' 1 '%d'
	four 'commands' 2 '%d'
	four 'segments of TCP, both ways' 3 '%d'
	four 'of those with data' 4 '%d'
	row 'DNS queries' $(for k in $kinds; do cat "$tmp/$k.dns"; done)
	row 'ms, link of 100 ms' $(for k in $kinds; do
	    number "$(echo "$(med $k 4)" | awk '{ print $1 / 1000 }')"; done)
	row 'sum of the round trips, ms' $(for k in $kinds; do
	    echo $(((100 * ($(cat "$tmp/$k.dns") + $(count $k 1))))); done)
	row 'CPU, fork to exit, ms (target: 2)' $(for k in $kinds; do
	    number "$(echo "$(med $k 5)" | awk '{ print $1 / 1000 }')" 1; done)
	row 'of that a process that does nothing, ms' \
	    "$(number "$(med direct 5 | awk '{ print $1 / 1000 }')" 1)"
	echo 'target: 4 round trips with PIPELINING, one more for each command without'
}
kinds='piped.test piped.none stepped.test stepped.none'

count()
{
	awk -v c=$2 '{ print c == 3 ? $3 + $4 : c == 4 ? $5 + $6 : $c }' \
	    "$tmp/$1" | middle
}
four() { row "$1" $(for k in $kinds; do count $k $2; done); }

memory()
{
	server "$tmp/silent" "$tmp/host" -s -p "$tmp/silent" "$tmp/counts"
	echo "miss.test:127.0.0.1:$port" >"$tmp/silent.routes"
	cp -p "$tmp/cache/$first" "$tmp/work/waiting"
	for v in cbvd static; do
		[ $v = cbvd ] || [ -x "$static" ] || continue
		set -- $(program $v)
		timeout 60 "$tmp/client" -m hold -c 16 -- $1 $as_uid \
		    -h client.test -r "$tmp/silent.routes" \
		    -o perhost=64,all=64 -c "$tmp/work/waiting" >"$tmp/hold.$v"
	done
}

memory_table()
{
	head_row 'memory: kB of a query that waits for a host' private shared '' target
	row 'default build' $(cat "$tmp/hold.cbvd") '' 300
	[ ! -x "$static" ] || row 'static' $(cat "$tmp/hold.static") '' 300
}

size_table()
{
	head_row 'size: octets, stripped' default static '' ''
	strip -o "$tmp/stripped" ./cbvd
	s=-
	[ ! -x "$static" ] || { strip -o "$tmp/stripped_static" "$static" &&
	    s=$(wc -c <"$tmp/stripped_static"); }
	row 'cbvd' "$(wc -c <"$tmp/stripped")" "$s"
	[ ! -x "$tmp/musl" ] ||
	    row 'cbvd, built with musl' - "$(wc -c <"$tmp/musl")"
	row 'shared objects, libc included' \
	    "$(ldd ./cbvd | grep -c '=> /')" 0
}

# ---- getting ready ---------------------------------------------------------

build()
{
	cc=${CC:-cc}
	std='-std=c11 -D_GNU_SOURCE -O2'
	$cc $std -o "$tmp/client" bench/client.c &&
	    $cc $std -o "$tmp/host" bench/host.c &&
	    $cc $std -o "$tmp/libc" bench/nop.c || exit 1
	static=$tmp/static/cbvd
	for v in static prof; do
		mkdir -p "$tmp/$v/bench"
		cp ./*.c ./*.h Makefile "$tmp/$v"
		cp bench/nop.c "$tmp/$v/bench"
	done
	(cd "$tmp/static" && make STATIC=yes cbvd bench/nop) >"$tmp/err" 2>&1 ||
	    say "static: $(tail -1 "$tmp/err")"
	# `make musl` has built it
	[ ! -x tests/musl/build/cbvd ] || cp tests/musl/build/cbvd "$tmp/musl"
	has valgrind && part cached &&
	    (cd "$tmp/prof" && make CFLAGS='-O2 -g -fno-inline' cbvd) >/dev/null 2>&1
	chmod -R go+rX "$tmp/static" "$tmp/prof"
}

ready()
{
	ids='' as_user='' as_uid=
	mkdir "$tmp/cache" "$tmp/work"
	if [ "$(id -u)" -eq 0 ]; then
		uid=$(id -u nobody) gid=$(id -g nobody)
		ids="-u $uid -g $gid"
		as_uid="-u $uid:$gid"
		as_user="setpriv --reuid=$uid --regid=$gid --clear-groups"
		chown "$uid:$gid" "$tmp/cache" "$tmp/work"
	fi
	set -- $RECORDS
	first=$1 middle=${2-$1}
	fill=$(cd bench && pwd)/fill
	part cached || part session || RECORDS=$first
	for r in $RECORDS; do
		say "filling a cache with $r records"
		"$fill" "$tmp/cache/$r" $r || exit 1
		[ -z "$ids" ] || chown "$uid:$gid" "$tmp/cache/$r"
	done
	server "$tmp/mx" "$tmp/host" -p "$tmp/mx" "$tmp/counts"
	mx=$port
	echo "miss.test:127.0.0.1:$mx" >"$tmp/routes"
	sync
}

build
log='a log that forgets'
[ -n "$CBVD_BENCH_DEV" ] && private_dev 2>/dev/null || log='no log'
[ ! -S /dev/log ] || [ -n "$CBVD_BENCH_DEV" ] || log="this machine's log"
ready
for p in cached session cold memory; do
	part $p && say "measuring: $p" && $p
done
echo "cbvd $(git rev-parse --short HEAD 2>/dev/null), $(uname -sm), $(
    getconf _NPROCESSORS_ONLN) processors, $log"
echo "ROUNDS=$ROUNDS RECORDS='$RECORDS' PARTS='$PARTS'"
for p in cached session cold memory size; do
	part $p && "${p}_table"
done
exit 0
