#!/bin/sh
# SPDX-License-Identifier: ISC
# demo.sh: a first look at cbvd.  A little mail world on loopback, a name
# server (ns.pl) and mail hosts (mx.pl) of our own, is asked through cbvd
# behind a real superserver, tcpserver(1).  Every code is checked.  Nothing
# outside this machine is asked, and all that is started is ended.
set -u
umask 022
PATH=$PATH:/usr/local/bin:/usr/pkg/bin
cd "$(dirname "$0")/.." || exit 1

main()
{
	[ -x ./cbvd ] || die 'no ./cbvd here: run make first'
	command -v tcpserver >/dev/null || die 'no tcpserver: run make demo'
	./cbvd -N 127.0.0.1 -V >/dev/null 2>&1 || die 'here the resolver' \
	    'asks the servers of resolv.conf(5) alone, so that cbvd cannot' \
	    'be shown our mail world.  But try: ./cbvd you@your.domain'

	n=0 wrong=''
	raise_world
	cat <<-END
	cbvd asks the mail host of a mailbox whether it would take mail for it, and
	leaves before any message is sent.  Two scripts play the name server and the
	mail hosts here, all on 127.0.0.1, and a superserver gives cbvd a port:

	    tcpserver -HRl0 127.0.0.1 $port ./cbvd [options]

	A request is a line, and so is the answer.  It begins with a code:

	    250  deliverable      252  no evidence either way
	    550  undeliverable    450  temporary: ask again later

	END

	ask 250 real@shop.test 'A mailbox that exists: its host' \
	    'takes it, and refuses an invented one'
	ask 550 nobody@shop.test 'No such mailbox: the host says so,' \
	    'and is quoted'
	ask 252 anyone@catchall.test 'This host takes any mailbox, even' \
	    'an invented one: no evidence'
	ask 450 real@greylist.test 'Greylisting: "not now" is never taken' \
	    'for a refusal'
	ask 252 real@blocked.test 'A refusal, but of us and not of the' \
	    'mailbox: no evidence either'
	ask 250 real@backup.test 'The first mail host is dead, the second' \
	    'one knows'
	ask 450 real@dead.test 'Its only mail host is the dead one of 6: it may' \
	    'come back'
	ask 550 real@nullmx.test 'The domain takes no mail at all, and says' \
	    'so in DNS'
	ask 550 real@nosuch.test 'There is no such domain'
	ask 501 'two words@shop.test' 'No mailbox can be called that:' \
	    'nobody is asked'
	ask 250 real@shop.test 'The first one once more: now the cache' \
	    'answers, and nobody is asked'
	case $answer in
	*'(cached '*) ;;
	*) wrong="${wrong}real@shop.test again: not from the cache$nl" ;;
	esac

	cat <<-END
	The same on the command line, with -v to see how it is done, and without the
	cache (-c none).  RCPT is sent for the mailbox and for an invented one; what
	follows is not a message, but QUIT.

	    \$ ./cbvd [options] -v -c none nobody@shop.test
	END
	# shellcheck disable=SC2086
	dialogue=$(./cbvd $options -v -c none nobody@shop.test 2>&1)
	[ $? -eq 67 ] || wrong="${wrong}cbvd -v: not exit status 67$nl"
	printf '%s\n' "$dialogue" | hang '    '
	echo

	if [ -n "$wrong" ]; then
		echo 'demo: not as expected:' >&2
		printf %s "$wrong" | sed 's/^/demo:   /' >&2
		exit 1
	fi
	cat <<-END
	All $n answers are as expected.  What to try next:
	    ./cbvd you@your.domain    the real thing; add -v to see how it is done
	    man ./cbvd.8              the manual
	    inetd.conf.example        the line that lets your mail server ask
	END
}

# Name server, mail hosts, cache and superserver, each on a free port.
raise_world()
{
	trap clean_up EXIT
	trap 'exit 130' HUP INT PIPE TERM
	dir=$(mktemp -d "${TMPDIR:-/tmp}/cbvd-demo.XXXXXX") || exit 1

	# 127.0.0.1 plays every host, for a BSD has no other address on loopback
	cat >"$dir/zone" <<-END
	shop.test	MX	10 mx.shop.test
	catchall.test	MX	10 mx.catchall.test
	greylist.test	MX	10 mx.greylist.test
	blocked.test	MX	10 mx.blocked.test
	backup.test	MX	10 mx.dead.test
	backup.test	MX	20 mx.shop.test
	dead.test	MX	10 mx.dead.test
	nullmx.test	MX	0 .
	mx.shop.test	A	127.0.0.1
	mx.catchall.test A	127.0.0.1
	mx.greylist.test A	127.0.0.1
	mx.blocked.test	A	127.0.0.1
	mx.dead.test	A	127.0.0.2
	END
	echo '127.0.0.1 ../demo/hosts' >"$dir/hosts"
	start ns perl tests/ns.pl "$dir/zone" "$dir/ns.log" "$dir/ns"
	start mx perl tests/mx.pl "$dir/hosts" "$dir/mx.log" "$dir/mx"

	# started as root cbvd becomes another user, who must own the cache
	mkdir -m 700 "$dir/cache" || exit 1
	if [ "$(id -u)" -eq 0 ]; then
		user=_cbvd
		id "$user" >/dev/null 2>&1 || user=nobody
		chmod 711 "$dir" && chown "$user" "$dir/cache" || exit 1
	fi
	options="-N 127.0.0.1:$(cat "$dir/ns") -p $(cat "$dir/mx")
	    -h verifier.test -o nonglobal,connect=2s"
	# shellcheck disable=SC2086
	start port tcpserver -1 -q -HRl0 127.0.0.1 0 \
	    ./cbvd $options -c "$dir/cache/cbvd.gdbm"
	port=$(cat "$dir/port")
}

# start FILE COMMAND ...: until FILE tells the port on which it listens.
start()
{
	file=$dir/$1
	shift
	case $1 in
	tcpserver) "$@" >"$file" 2>"$file.err" & ;;
	*)	"$@" 2>"$file.err" & ;;
	esac
	pids="$pids $!"
	tries=0
	until [ -s "$file" ]; do
		tries=$((tries + 1))
		if [ $tries -gt 50 ] || ! kill -0 $! 2>/dev/null; then
			cat "$file.err" >&2
			die "$1 does not start"
		fi
		sleep 0.1 2>/dev/null || sleep 1
	done
}

# ask CODE MAILBOX WORDS ...: ask through the socket, show and check.
ask()
{
	code=$1 request=$2
	shift 2
	n=$((n + 1))
	answer=$(perl -MIO::Socket::INET -e '
		my ($port, $request) = @ARGV;
		alarm 20;
		my $s = IO::Socket::INET->new("127.0.0.1:$port") or die "$!\n";
		$s->print("$request\r\n");
		print map { s/\r//r } <$s>;' "$port" "$request")
	echo "$n. $*."
	printf '> %s\n< %s\n' "$request" "$answer" | hang '    '
	echo
	case $answer in
	"$code "*"<$request>"*) ;;
	*) wrong="$wrong$request: $code expected, got ${answer:-nothing}$nl" ;;
	esac
}

# Indent each line by $1, and fold it so that what follows hangs under it.
hang()
{
	while IFS= read -r line; do
		printf '%s\n' "$line" | fold -s -w 70 |
		    sed -e 's/ *$//' -e "s/^/$1/" -e '2,$s/^/      /'
	done
}

die()
{
	echo "demo: $*" >&2
	exit 1
}

clean_up()
{
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill $pids 2>/dev/null
	wait
	[ -z "$dir" ] || rm -rf "$dir"
}

pids='' dir=''
nl='
'
main
