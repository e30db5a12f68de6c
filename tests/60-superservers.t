#!/bin/sh
# SPDX-License-Identifier: ISC
# 60-superservers.t: cbvd behind the real superservers: tcpserver, xinetd,
# openbsd-inetd, systemd (its socket-activate) and s6.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
PATH=$PATH:/usr/sbin:/sbin:/usr/local/bin
unpacked=tests/world/unpacked/host/usr/sbin
service_port=$((30000 + $$ % 2000))
superservers='tcpserver xinetd inetd systemd'
! command -v s6-tcpserver >/dev/null || superservers="$superservers s6"

# The command behind a superserver, in at most 19 words.  An early answer comes
# after a second, and a slow host greets a second later.
arguments()
{
	echo "-N 127.0.0.1:$ns_port -p $mx_port -h client.test" \
	    "-o nonglobal,rate=0,perhost=64,wait=${wait-1}s,total=6s -c $cache"
	! am_root || echo "-u $user"
}


listening()
{
	perl -MIO::Socket::INET -e 'exit(!!IO::Socket::INET->new(Listen => 1,
	    LocalAddr => "127.0.0.1:$ARGV[0]"))' "$service_port"
}

# superserver COMMAND ...: run it until it listens at service_port.
superserver()
{
	"$@" >"$tmp/out" 2>&1 </dev/null &
	server=$!
	pids="$pids $server"
	until_true listening || {
		sed 's/^/# /' "$tmp/out"
		echo "Bail out! $1 does not start"
		exit 1
	}
}

end_superserver()
{
	kill "$server"
	wait "$server" 2>/dev/null
	pids=${pids% "$server"}
}

# find_NAME: where it is, or why not.  run_NAME starts it there.
find_tcpserver() { command -v tcpserver; }
run_tcpserver()
{
	# shellcheck disable=SC2046
	superserver "$1" -c 200 -b 256 -HRl0 127.0.0.1 "$service_port" \
	    "$cbvd" $(arguments)
}

find_xinetd() { command -v xinetd || ls $unpacked/xinetd; }
run_xinetd()
{
	cat >"$tmp/xinetd.conf" <<-END
	service cbv
	{
		type = UNLISTED
		port = $service_port
		bind = 127.0.0.1
		socket_type = stream
		protocol = tcp
		wait = no
		user = $(id -un)
		server = $full_cbvd
		server_args = $(arguments | tr '\n' ' ')
		instances = 200
		cps = 1000 5
		disable = no
	}
	END
	superserver "$1" -dontfork -f "$tmp/xinetd.conf" \
	    -pidfile "$tmp/xinetd.pid"
}

find_inetd()
{
	if [ "$(uname -s)" = Linux ]; then
		ls $unpacked/inetd
	else
		command -v inetd
	fi
}
run_inetd()
{
	echo "127.0.0.1:$service_port stream tcp nowait.6000 $(id -un)" \
	    "$full_cbvd $base" $(arguments) >"$tmp/inetd.conf"
	superserver "$1" -d "$tmp/inetd.conf"
}

find_systemd() { command -v systemd-socket-activate; }
run_systemd()
{
	# shellcheck disable=SC2046
	superserver "$1" -l "127.0.0.1:$service_port" --accept --inetd \
	    "$full_cbvd" $(arguments)
}

find_s6() { command -v s6-tcpserver; }
run_s6()
{
	# shellcheck disable=SC2046
	superserver "$1" -c 200 -C 200 -b 256 127.0.0.1 "$service_port" \
	    "$cbvd" $(arguments)
}

# request REQUEST: leave the line that came in answer, how and when the
# connection ended in end and ms.
request()
{
	perl tests/world/client.pl "$service_port" 1 "$1" >"$tmp/request"
	rest=$(cut -c$((${#1} + 2))- "$tmp/request")
	ms=${rest%% *} rest=${rest#* }
	end=${rest%% *} answer=${rest#* }
	case $answer in
	*\\*\\*\\*)	answer="more than one line: $answer" ;;
	*'\r\n')	answer=${answer%'\r\n'} ;;
	*)		answer="no line: $answer" ;;
	esac
}

# The processes that serve now, each with its user id and its number.
serving()
{
	ps -eo uid=,pid=,args= | awk -v b="$base" -v c="$cache" '
	    index($0, " -c " c) && $3 ~ "(^|/)" b "$" { print $1, $2 }'
}
nobody_serves() { [ -z "$(serving)" ]; }

# others_serve PROCESSES: other processes than these do.
others_serve() { now=$(serving); [ -n "$now" ] && [ "$now" != "$1" ]; }

# The line form behind superserver $1.
line_form()
{
	request real@good.test
	like "$1: a line in, one line out, then EOF" "$end $answer" \
	    'eof 250 2.1.5 <real@good.test> *'
	ok "$1: and at once" at_most "$ms" 900
	request 'VRFY <nobody@good.test>'
	like "$1: VRFY and brackets are taken, too" "$end $answer" \
	    'eof 550 5.1.7 <nobody@good.test> *'
	request 'real.@good.test'
	like "$1: no mailbox, and no second word about it" "$end $answer" \
	    'eof 501 5.1.7 *'
}

# The early answer behind superserver $1.
early_answer()
{
	mark
	request "real@slow$1.test"
	like "$1: a slow host: 450 and EOF" "$end $answer" \
	    "eof 450 4.4.7 <real@slow$1.test> *"
	ok "$1: as soon as wait is over" at_least "$ms" 950
	ok "$1: and no later" at_most "$ms" 1700
	before=$(serving)
	like "$1: one process goes on with the callout, and not as root" \
	    "$before" "$(id -u "$user") [0-9]*"
	ok "$1: the same until it ends" goes_on_alone "$before"
	request "real@slow$1.test"
	like "$1: then the verdict is in the cache" "$end $answer" \
	    "eof 250 2.1.5 <real@slow$1.test> *(cached *s)"
	is "$1: and the host was called once" "$(event_count connect)" 1
}

goes_on_alone()
{
	until_true ended "$1" && nobody_serves
}
ended() { nobody_serves || others_serve "$1"; }

# A hundred requests, a mixture, each kind with its answer.
requests()
{
	i=0
	while [ $i -lt 20 ]; do
		i=$((i + 1))
		echo "real@good$$.test" "wrong$i@good$$.test" \
		    "any$i@all$$.test" "new$i@grey$$.test" "x$i@nosuch$$.test"
	done
}

plan $(($(set -- $superservers; echo $#) * 11 + 5))
base=${cbvd##*/}
case $cbvd in
/*)	full_cbvd=$cbvd ;;
*)	full_cbvd=$PWD/$cbvd ;;
esac
host good default
host all catch-all
host grey greylisting
host "good$$" default
host "all$$" catch-all
host "grey$$" greylisting
for s in $superservers; do
	host "slow$s" 'default | S: !sleep 2 | S: 220 mx.test ESMTP'
done
start

for s in $superservers; do
	if ! program=$(find_$s 2>/dev/null); then
		for i in 1 2 3 4 5 6 7 8 9 10 11; do
			skip "$s is not installed" "$s"
		done
		continue
	fi
	service_port=$((service_port + 1))
	run_$s "$program"
	line_form $s
	early_answer $s
	end_superserver
done

if ! program=$(find_tcpserver); then
	for i in 1 2 3 4 5; do
		skip 'tcpserver is not installed' 'a hundred requests'
	done
	exit
fi
log_server
service_port=$((service_port + 1)) wait=5
run_tcpserver "$program"
# shellcheck disable=SC2046
perl tests/world/client.pl "$service_port" 16 $(requests) >"$tmp/answers"
until_true nobody_serves
is 'a hundred requests, 16 at a time: a hundred answers' \
    "$(grep -c ' eof ' "$tmp/answers")" 100
is 'each has one line' "$(grep -c '^[^\\]*\\r\\n$' "$tmp/answers")" 100
is 'each is the right one' "$(awk '
    /^real@/	{ w = "250 2.1.5" }
    /^wrong/		{ w = "550 5.1.7" }
    /^any/		{ w = "252 2.0.0" }
    /^new/		{ w = "45[01] 4.*" }
    /^x/		{ w = "550 5.1.8" }
    $4 " " $5 !~ w || $6 != "<" $1 ">"' "$tmp/answers")" ''
if [ -n "$no_log" ]; then
	skip "$no_log" 'each has one line in the log' 'and no other is there'
else
	requests | tr ' ' '\n' | sort >"$tmp/wanted"
	# another cbvd of this machine may log, too
	logged()
	{
		grep "[a-z]$$\.test: " "$log" >"$tmp/ours"
		sed -n 's/.*cbvd[^ ]*: \([^ ]*@[^ ]*\): .*/\1/p' "$tmp/ours" |
		    sort >"$tmp/logged"
		cmp "$tmp/wanted" "$tmp/logged"
	}
	until_true logged >/dev/null
	ok 'each has one line in the log' logged
	is 'and no other is there' "$(wc -l <"$tmp/ours")" 100
fi
