# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2034,SC2154
#
# clients.sh: what the tests of the real clients share, beside lib.sh: cbvd
# behind tcpserver, the files of examples/ filled in, real MTAs, and mail sent
# through them.
PATH=$PATH:/usr/sbin:/sbin:/usr/local/bin
world=tests/world
case $cbvd in
/*)	CBVD=$cbvd ;;
*)	CBVD=$PWD/$cbvd ;;
esac
export CBVD

# End what raise has started, and then what lib.sh has.
lower()
{
	for d in "$tmp"/*/pids; do
		d=${d%/pids}
		[ ! -f "$d/pids" ] ||
			sh "$world/$(cat "$d/name").sh" stop "$d"
	done
	leave
}
trap lower EXIT

# free_port ADDRESS: leave a port in $port on which nobody listens there, one
# that the system gives to nobody by itself.
next_port=$((10000 + $$ % 20000))
free_port()
{
	tries=0
	until next_port=$((next_port + 1)); port=$next_port
	    perl -MIO::Socket::INET -e 'exit(!IO::Socket::INET->new(
		Listen => 1, ReuseAddr => 1, LocalAddr => $ARGV[0]))' "$1:$port"
	do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || { echo "Bail out! no port at $1"; exit 1; }
	done
}

# needs CHECKS THING ...: skip all of them where a real server or a program is
# not there.
needs()
{
	checks=$1
	shift
	for thing; do
		case $thing in
		*.sh)	why=$(sh "$world/$thing" can) && continue ;;
		*)	command -v "$thing" >/dev/null && continue
			why="$thing is not installed" ;;
		esac
		while [ "$checks" -gt 0 ]; do
			skip "$why" "$thing"
			checks=$((checks - 1))
		done
		return 1
	done
}

# raise NAME DIR ADDRESS [SNIPPET]: start a real server, its port in $port, or
# end the test.
raise()
{
	mkdir "$tmp/$2"
	echo "$1" >"$tmp/$2/name"
	free_port "$3"
	sh "$world/$1.sh" start "$tmp/$2" $port ${4+"$4"} \
	    >"$tmp/$2/pid" 2>"$tmp/err" || {
		sed "s/^/# /" "$tmp/err"
		echo "Bail out! $1 does not start"
		exit 1
	}
}


# The options that put cbvd into our world.
our_world()
{
	echo "-N 127.0.0.1:$ns_port -p $mx_port -h client.test" \
	    "-o nonglobal,rate=0"
}

# filled FILE [PORT]: a file of examples/ as an administrator fills it in: with
# the options of our world, the cache $cache, the port and the user of this
# test.  A superserver that does not run as root starts cbvd as who it is.
filled()
{
	sed -e "s|/usr/local/sbin/cbvd|$CBVD $(our_world) -c $cache|" \
	    -e "s/\(127\.0\.0\.1[: ]\)265[01]/\1$2/" \
	    -e "s/265[01]@127/$2@127/" -e "s/\([= ]\)_cbvd/\1$user/" "examples/$1"
}

# serve_port [OPTION ...]: cbvd behind tcpserver; leaves its port in $port and
# what ends it in $tcpserver.
serve_port()
{
	! am_root || set -- -u "$user" "$@"
	# shellcheck disable=SC2046
	background "$tmp/tcpserver" sh -c 'out=$1; shift; exec "$@" >"$out"' \
	    - "$tmp/tcpserver" tcpserver -1 -q -c 200 -b 256 -HRl0 127.0.0.1 0 \
	    "$CBVD" $(our_world) -c "$cache" "$@"
	tcpserver=${pids##* }
}

# send ADDRESS PORT SESSIONS: see smtp.pl; it leaves the replies in $tmp/sent.
send() { perl "$world/smtp.pl" "$@" >"$tmp/sent"; }

# reply SENDER RECIPIENT: what the MTA at $at says to this message.
reply()
{
	# shellcheck disable=SC2086
	printf '%s\n' "$1 $2" | send $at 1
	cut -d ' ' -f 4- "$tmp/sent"
}

# latency WHAT: print the median and the most of what send has measured.
latency()
{
	awk '{ print $3 }' "$tmp/sent" | sort -n | awk -v w="$1" '
	    { ms[NR] = $1 }
	    END { printf "# %s: %d lookups, median %s ms, most %s ms\n", w,
		NR, ms[int((NR + 1) / 2)], ms[NR] }'
}
