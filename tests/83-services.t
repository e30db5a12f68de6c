#!/bin/sh
# SPDX-License-Identifier: ISC
# 83-services.t: what starts cbvd, as shipped: inetd.conf.example, and the files
# for xinetd, daemontools, runit, s6 and systemd in examples/.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
. tests/clients.sh
unpacked=$PWD/tests/world/unpacked/host
PATH=$unpacked/usr/bin:$unpacked/usr/sbin:$PATH

listening()
{
	perl -MIO::Socket::INET -e 'exit(!IO::Socket::INET->new($ARGV[0]))' \
	    "127.0.0.1:$port"
}

# service FILE COMMAND ...: it listens at $port, and answers more often than the
# superserver would let it by itself.
service()
{
	file=$1
	shift
	"$@" >"$tmp/out" 2>&1 </dev/null &
	pids="$pids $!"
	ok "$file: it listens" until_true listening
	perl "$world/client.pl" $port 1 nobody@good.test >"$tmp/answer"
	like "$file: a question is answered" "$(cat "$tmp/answer")" \
	    '* eof 550 5.1.7 <nobody@good.test> *'
	i=0
	while [ $i -lt 300 ]; do
		i=$((i + 1))
		echo nobody@good.test
	done | xargs perl "$world/client.pl" $port 20 >"$tmp/answers"
	is "$file: 300 questions on end are answered" \
	    "$(grep -c ' eof 550 5.1.7 ' "$tmp/answers")" 300
	grep -v ' eof 550 5.1.7 ' "$tmp/answers" | head -3 | sed 's/^/# /'
	kill $! 2>/dev/null
}

# run_script FILE: of a supervisor; it begins as root
run_script()
{
	if ! am_root; then
		skip 'only root becomes another user' "$1" "$1" "$1"
		return
	fi
	free_port 127.0.0.1
	filled "$1" $port >"$tmp/$1"
	chmod 755 "$tmp/$1"
	service "$1" "$tmp/$1"
}

s6=0
! command -v s6-tcpserver >/dev/null || s6=3	# not in Debian 12
plan $((15 + s6))
host good default
start

if needs 3 inetd; then
	free_port 127.0.0.1
	grep -v '^#' inetd.conf.example | sed -e "s|1:cbv|1:$port|" \
	    -e "s|/usr/local/sbin/cbvd cbvd|$CBVD cbvd $(our_world) -c $cache|" \
	    -e "s|_cbvd|$user|" >"$tmp/inetd.conf"
	service inetd.conf.example inetd -d "$tmp/inetd.conf"
fi

if needs 3 xinetd; then
	free_port 127.0.0.1
	filled xinetd.conf $port | sed -e "s/= 2650/= $port/" \
	    -e 's|\(server.*=\) \([^ ]*\) \(.*\)|\1 \2@	server_args = \3|' |
	    tr @ '\n' >"$tmp/xinetd.conf"
	service xinetd.conf xinetd -dontfork -f "$tmp/xinetd.conf" \
	    -pidfile "$tmp/xinetd.pid"
fi

if needs 3 setuidgid tcpserver; then
	run_script daemontools.run
fi
if needs 3 chpst tcpserver; then
	run_script runit.run
fi
if [ $s6 -ne 0 ]; then
	run_script s6.run
fi

# systemd does not run here, but says what it thinks of the units.
needs 3 systemd-analyze || exit 0
mkdir "$tmp/units"
for u in cbvd.socket cbvd@.service; do
	sed "s|/usr/local/sbin/cbvd|$CBVD|" "examples/$u" >"$tmp/units/$u"
done
ok 'cbvd.socket and cbvd@.service: systemd understands them' \
    systemd-analyze verify --man=no "$tmp/units/cbvd.socket"
is 'cbvd.socket and cbvd@.service: it warns of nothing' \
    "$(systemd-analyze verify --man=no "$tmp/units/cbvd.socket" 2>&1)" ''
ok 'cbvd@.service: an exposure of at most 1.5' systemd-analyze security \
    --offline=true --threshold=15 --no-pager "$PWD/examples/cbvd@.service"
