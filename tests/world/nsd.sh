#!/bin/sh
# SPDX-License-Identifier: ISC
# nsd.sh: a real name server at 127.0.0.1: test.zone, and SERVFAIL for
# broken.test, whose zone file is not there.
. "$(dirname "$0")/world.sh"

can()
{
	nsd=$(command -v nsd || echo "$unpacked/host/usr/sbin/nsd")
	"$nsd" -v >/dev/null 2>&1 && return
	echo "nsd is not installed"
	return 1
}

answers()
{
	perl -MIO::Socket::INET -e '
	    alarm(1);
	    $s = IO::Socket::INET->new(Proto => "udp",
		PeerAddr => "127.0.0.1:$ARGV[0]") or exit 1;
	    $s->send(pack("n6", 7, 0, 1, 0, 0, 0) . "\4test\0\0\6\0\1");
	    $s->recv($a, 512) and exit(length($a) < 40);
	    exit 1' "$port"
}

start()
{
	can
	mkdir -p "$dir" || exit 1
	cp "$here/test.zone" "$dir/test.zone" || exit 1
	cat >"$dir/nsd.conf" <<-END
	server:
	    ip-address: 127.0.0.1@$port
	    username: ""
	    chroot: ""
	    zonesdir: "$dir"
	    zonelistfile: "$dir/zone.list"
	    database: ""
	    xfrdfile: "$dir/xfrd.state"
	    xfrdir: "$dir"
	    pidfile: "$dir/nsd.pid"
	    logfile: "$dir/log"
	    server-count: 1
	    rrl-ratelimit: 0
	    log-time-ascii: yes
	remote-control:
	    control-enable: no
	zone:
	    name: "test"
	    zonefile: "test.zone"
	zone:
	    name: "broken.test"
	    zonefile: "missing.zone"
	END
	run "$nsd" -d -c "$dir/nsd.conf"
	until_true answers || { cat "$dir/log" >&2; stop; die "does not answer"; }
	echo "$pid"
}

world_main
