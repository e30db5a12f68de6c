# SPDX-License-Identifier: ISC
# world.sh: what the start scripts of the real servers share.  Each of them is
#
#	sh tests/world/NAME.sh can		status 0, or 1 and the reason
#	sh tests/world/NAME.sh start DIR PORT	prints the pid when it answers
#	sh tests/world/NAME.sh stop DIR
#
# DIR is a new folder of the caller: DIR/log is the server's syslog, DIR/pids
# what stop ends.  SNIPPET is how a client of cbvd asks it, a file of examples/
# that the caller has filled in.  An MTA runs in DIR/root, a copy of what
# tests/deps.sh has unpacked, with users, /dev/log and mailboxes of its own:
# chroot(2) makes all compiled-in paths right, and nothing of the machine is
# read or changed.

set -u
umask 022
PATH=$PATH:/usr/sbin:/sbin
name=$(basename "$0" .sh)
here=$(cd "$(dirname "$0")" && pwd)
unpacked=$here/unpacked
cmd=${1-}
dir=${2-}
port=${3-}
snippet=${4-}
root=$dir/root

die()
{
	echo "$name: $*" >&2
	[ ! -s "$dir/out" ] || sed "s/^/$name: /" "$dir/out" >&2
	exit 1
}

# Say why no MTA can be started here, and fail.
mta_can()
{
	if [ ! -e "$unpacked/$name/.done" ]; then
		echo "$name is not unpacked (tests/deps.sh check)"
		return 1
	fi
	if [ "$(id -u)" -ne 0 ]; then
		echo "$name needs root (chroot, ports and users of its own)"
		return 1
	fi
}

# mta_root ADDRESS: a root for an MTA that is to listen there, with a log.
# 64101 and up are nobody else's users.
mta_root()
{
	! greets "$1" "$port" || die "something answers at $1:$port already"
	mkdir -p "$dir" || exit 1
	cp -RP "$unpacked/$name" "$root" || exit 1
	mkdir -p "$root/dev" "$root/etc" "$root/tmp" "$root/run" \
	    "$root/var/mail" "$root/var/empty" "$root/home/alice"
	chmod 1777 "$root/tmp" "$root/var/mail"
	mknod -m 666 "$root/dev/null" c 1 3 || die "cannot make /dev/null"
	mknod -m 666 "$root/dev/urandom" c 1 9 || die "cannot make /dev/urandom"
	[ -d "$root/run/lock" ] || ln -s ../run "$root/var/run" 2>/dev/null
	cat >"$root/etc/passwd" <<-END
	root:x:0:0::/root:/bin/sh
	mail:x:8:8::/var/mail:/bin/false
	postfix:x:64101:64101::/var/empty:/bin/false
	Debian-exim:x:64102:64102::/var/empty:/bin/false
	smmta:x:64103:64103::/var/empty:/bin/false
	smmsp:x:64104:64104::/var/empty:/bin/false
	opensmtpd:x:64105:64105::/var/empty:/bin/false
	opensmtpq:x:64106:64106::/var/empty:/bin/false
	_cbvd:x:64108:64108::/nonexistent:/bin/false
	nobody:x:65534:65534::/nonexistent:/bin/false
	alice:x:64110:64110::/home/alice:/bin/false
	END
	cut -d: -f1,4 "$root/etc/passwd" | sed 's/:/:x:/; s/$/:/' \
	    >"$root/etc/group"
	echo 'postdrop:x:64107:' >>"$root/etc/group"
	chown 64110:64110 "$root/home/alice"
	cat >"$root/etc/hosts" <<-END
	127.0.0.1 client.test localhost
	127.0.60.1 unwelcome.test
	127.0.70.1 stranger.test
	127.0.50.1 mx.postfix.test
	127.0.50.2 mx.exim.test
	127.0.50.3 mx.sendmail.test
	127.0.50.4 mx.opensmtpd.test
	END
	echo 'hosts: files' >"$root/etc/nsswitch.conf"
	perl "$here/log.pl" "$root/dev/log" "$dir/log" </dev/null >/dev/null 2>&1 &
	echo $! >>"$dir/pids"
	until_true test -S "$root/dev/log" || die "no log"
}

# give PROGRAM [PATH]: the root gets a program of this machine, there or where
# it is here, with the libraries that are not yet there.
give()
{
	to=$root${2:-$1}
	mkdir -p "${to%/*}"
	cp "$1" "$to" || die "cannot copy $1"
	ldd "$1" 2>/dev/null | grep -o "/[^ ]*" | while read -r lib; do
		[ -e "$root$lib" ] || mkdir -p "$root${lib%/*}" &&
		    cp -n "$lib" "$root$lib"
	done
}

# The root gets cbvd, and the folder of its cache; and what a sanitizer looks
# for, lest it complain to the client.
give_cbvd()
{
	mkdir -p "$root/proc/self"
	ln -s /usr/local/sbin/cbvd "$root/proc/self/exe"
	give "${CBVD:-$here/../../cbvd}" /usr/local/sbin/cbvd
	mkdir -p "$root/usr/local/etc" "$root/var/cache/cbvd"
	chmod 700 "$root/var/cache/cbvd"
	chown 64108:64108 "$root/var/cache/cbvd"
}

# Run a command in the background, in a process group of its own.
run()
{
	setsid "$@" </dev/null >>"$dir/out" 2>&1 &
	pid=$!
	echo $pid >>"$dir/pids"
}

# Try a command every 50 ms for 60 s.
until_true()
{
	try=0
	until "$@" 2>/dev/null; do
		try=$((try + 1))
		[ $try -lt 1200 ] || return 1
		sleep 0.05
	done
}

# Does a server greet at this address?
greets()
{
	perl -MIO::Socket::INET -e '
	    alarm(5);
	    $s = IO::Socket::INET->new(PeerAddr => "$ARGV[0]:$ARGV[1]") or exit 1;
	    $g = <$s>; print $s "QUIT\r\n"; 1 while <$s>; exit($g !~ /^220/);
	' "$1" "$2"
}

# Wait until the server greets, and tell its pid.
greeted()
{
	until_true greets "$1" "$port" || {
		sed "s/^/$name: /" "$dir/log" >&2
		stop
		die "does not answer at $1:$port"
	}
	echo "$pid"
}

gone()
{
	case $(ps -o stat= -p "$1" 2>/dev/null) in
	''|Z*) return 0 ;;
	esac
	return 1
}

# End what was started, the last first.
stop()
{
	[ -f "$dir/pids" ] || return 0
	for p in $(sed '1!G;h;$!d' "$dir/pids"); do
		gone "$p" || kill "$p" 2>/dev/null
		until_true gone "$p" || kill -9 "$p"
	done
	rm -f "$dir/pids"
}

world_main()
{
	case $cmd in
	can)	can ;;
	start)	[ -n "$port" ] || die "usage: $name.sh start DIR PORT [SNIPPET]"
		why=$(can) || die "$why"
		start ;;
	stop)	stop ;;
	*)	die "usage: $name.sh can | start DIR PORT [SNIPPET] | stop DIR" ;;
	esac
}
