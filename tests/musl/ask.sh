#!/bin/sh
# SPDX-License-Identifier: ISC
# ask.sh: show that build/cbvd answers.  musl's resolver obeys resolv.conf(5)
# alone and asks port 53 alone, so it gets a network of its own, and a root of
# its own in which there is nothing but itself: then it asks 127.0.0.1.
set -u
cd "$(dirname "$0")/build" || exit 1

if [ $# -eq 0 ]; then
	# as root cbvd becomes nobody; else it has to stay who we are
	own='unshare -n'
	[ "$(id -u)" -eq 0 ] || own='unshare -n --map-current-user --keep-caps'
	if ! $own true 2>/dev/null; then
		echo 'musl: no network of its own to be had here: not asked'
		exit 0
	fi
	exec $own sh ../ask.sh inside
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/cbvd-musl.XXXXXX") || exit 1
pids='' bad=0
# shellcheck disable=SC2317
leave()
{
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill $pids 2>/dev/null
	rm -rf "$dir"
}
trap leave EXIT
trap 'exit 1' HUP INT TERM
chmod 711 "$dir"
mkdir -m 755 "$dir/root" "$dir/root/etc"
echo 'nobody:x:65534:65534::/:/' >"$dir/root/etc/passwd"
cp cbvd "$dir/root"
cat >"$dir/zone" <<-END
	good.test	MX 10 mx.good.test
	mx.good.test	A 127.0.0.1
	null.test	MX 0 .
	fails.test	MX !servfail
	cut.test	MX !tc-close
	dot.test	MX 10 mx\\.good.test
	nul.test	MX 10 mx\\000.good.test
END
echo '127.0.0.1 default' >"$dir/hosts"

# lo is down in a new network: SIOCSIFFLAGS, IFF_UP
perl -MSocket -e 'socket(S, AF_INET, SOCK_DGRAM, 0) or die "$!\n";
    ioctl(S, 0x8914, my $lo = pack("Z16 s x22", "lo", 1)) or die "lo: $!\n"' ||
    exit 1
perl ../../ns.pl "$dir/zone" "$dir/ns.log" "$dir/ns" 53 &
pids=$!
perl ../../mx.pl "$dir/hosts" "$dir/mx.log" "$dir/mx" &
pids="$pids $!"
tries=0
until [ -s "$dir/ns" ] && [ -s "$dir/mx" ]; do
	tries=$((tries + 1))
	[ $tries -lt 300 ] || { echo 'musl: the servers do not start'; exit 1; }
	sleep 0.1
done

# ask CODE MAILBOX
ask()
{
	got=$(PATH=$PATH:/usr/sbin:/sbin chroot "$dir/root" /cbvd -c none \
	    -p "$(cat "$dir/mx")" -h client.test -o nonglobal "$2" 2>&1)
	echo "$got"
	case $got in
	"$1 "*"<$2>"*) ;;
	*)	echo "musl: $2: $1 expected" >&2
		bad=1 ;;
	esac
}

ask 250 real@good.test
ask 550 nobody@good.test
ask 550 real@null.test
ask 550 real@nosuch.test
# what it cannot know is never a refusal
ask 451 real@fails.test
ask 451 real@cut.test
ask 451 real@dot.test
ask 451 real@nul.test
exit $bad
