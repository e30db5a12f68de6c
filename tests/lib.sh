# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2034
#
# lib.sh: what the tests share: TAP, a folder of their own, the scripted name
# server and MX hosts, and cbvd asked as a person and as inetd(8) would.
# A test begins with
#
#	cd "$(dirname "$0")/.." || exit 1
#	. tests/lib.sh
#	plan 2
#	host good default		# the domain good.test and its MX
#	start
#	verdict 'a mailbox is there' '250 2.1.5 *' real@good.test

LC_ALL=C
export LC_ALL
cbvd=${CBVD:-./cbvd}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/cbvd.XXXXXX") || exit 1
zone=$tmp/zone hosts=$tmp/hosts ns_log=$tmp/ns.log mx_log=$tmp/mx.log
pids='' tap=0 last_host=0
: >"$zone"; : >"$hosts"; : >"$ns_log"; : >"$mx_log"

# End what we started, by its number, and remove what we made.
leave()
{
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill $pids 2>/dev/null
	wait 2>/dev/null
	rm -rf "$tmp"
}
trap leave EXIT
trap 'exit 1' HUP INT TERM

# Started as root cbvd becomes this user, who must own the cache's folder.
am_root() { [ "$(id -u)" -eq 0 ]; }
if am_root; then
	user=nobody
	id _cbvd >/dev/null 2>&1 && user=_cbvd
else
	user=$(id -un)
fi
chmod 711 "$tmp"
mkdir -m 700 "$tmp/cache"
am_root && chown "$user" "$tmp/cache"
cache=$tmp/cache/cbvd.gdbm

# ---- TAP -------------------------------------------------------------------

plan()
{
	[ -x "$cbvd" ] || { echo "Bail out! $cbvd is not built"; exit 1; }
	echo "1..$1"
}

# ok NAME COMMAND...: the command succeeds; what it prints says why not.
ok()
{
	tap=$((tap + 1)) ok_name=$1
	shift
	if "$@" >"$tmp/ok" 2>&1; then
		printf "ok %d - %s\n" $tap "$ok_name"
	else
		printf "not ok %d - %s\n" $tap "$ok_name"
		cat -v "$tmp/ok" | sed 's/^/# /'
	fi
}

not() { ! "$@"; }
same() { [ "$1" = "$2" ] || { printf "got:  %s\n" "$1"; printf "want: %s\n" "$2"; return 1; }; }
fits()
{
	# shellcheck disable=SC2254
	case $1 in
	$2)	return 0 ;;
	esac
	printf "got:  %s\n" "$1"
	printf "want: %s\n" "$2"
	return 1
}
at_most() { [ "$1" -le "$2" ] || { echo "$1 is more than $2"; return 1; }; }
at_least() { [ "$1" -ge "$2" ] || { echo "$1 is less than $2"; return 1; }; }

is() { ok "$1" same "$2" "$3"; }		# NAME GOT WANT
like() { ok "$1" fits "$2" "$3"; }		# NAME GOT GLOB

# skip WHY NAME...: these checks cannot be made here.
skip()
{
	why=$1
	shift
	for name; do
		tap=$((tap + 1))
		printf "ok %d - %s # skip %s\n" $tap "$name" "$why"
	done
}

# ---- the scripted world ----------------------------------------------------

# host NAME SCRIPT: the domain NAME.test has one MX host, mx.NAME.test, at an
# address of its own ($addr), that follows SCRIPT (see mx.pl).
host()
{
	last_host=$((last_host + 1))
	addr=127.1.$((last_host / 250)).$((last_host % 250 + 1))
	zone "$1.test MX 10 mx.$1.test" "mx.$1.test A $addr"
	printf "%s\n" "$addr $2" >>"$hosts"
}

zone() { printf '%s\n' "$@" >>"$zone"; }	# LINE...: see ns.pl

# rescript NAME SCRIPT: from the next connection on the host follows another.
rescript()
{
	addr=$(awk -v n="mx.$1.test" '$1 == n { print $3 }' "$zone")
	script=$2 awk -v a="$addr" '$1 == a { $0 = a " " ENVIRON["script"] } { print }' \
	    "$hosts" >"$hosts.new"
	mv "$hosts.new" "$hosts"
}

# background PORTFILE COMMAND...: run a server, wait until it listens and leave
# its port in $port.
background()
{
	port_file=$1
	shift
	rm -f "$port_file"
	"$@" 2>"$port_file.err" &
	pids="$pids $!" tries=0
	until [ -s "$port_file" ]; do
		tries=$((tries + 1))
		if [ $tries -gt 600 ]; then
			sed 's/^/# /' "$port_file.err"
			echo "Bail out! $2 does not start"
			exit 1
		fi
		sleep 0.1
	done
	port=$(cat "$port_file")
}

start()
{
	background "$tmp/ns" perl tests/ns.pl "$zone" "$ns_log" "$tmp/ns"
	ns_port=$port
	echo '127.255.0.1 default' >>"$hosts"	# mx.pl must listen somewhere
	background "$tmp/mx" perl tests/mx.pl "$hosts" "$mx_log" "$tmp/mx"
	mx_port=$port
	mark
}

# What the servers have seen since the last mark.
mark()
{
	ns_mark=$(wc -l <"$ns_log") mx_mark=$(wc -l <"$mx_log")
}
queries() { awk -v m="$ns_mark" 'NR > m' "$ns_log"; }
events() { awk -v m="$mx_mark" 'NR > m' "$mx_log"; }
# query_count [TYPE]
query_count() { queries | awk -v t="$1" 't == "" || $3 == t' | wc -l; }
# event_count VERB [ADDRESS]: how many "connect", "RCPT", ... there were
event_count()
{
	events | awk -v v="$1" -v a="$2" \
	    '$5 == v && (a == "" || a == $2)' | wc -l
}
# commands [ADDRESS]: what was said, a verb each, in one line
commands()
{
	events | awk -v a="$1" '$5 != "connect" && $5 != "close" &&
	    (a == "" || a == $2) { printf "%s%s", s, $5; s = " " }'
}
# quiet: neither a name server nor a host has been asked
quiet() { same "$(query_count) $(event_count connect)" '0 0'; }

# ---- cbvd ------------------------------------------------------------------

# run ARGS...: cbvd in our world; the caller says where its descriptors go.
# All of that world is on loopback, which is called only with -o nonglobal.
# Its limits are no subject of most tests: $limits lifts them.
nonglobal=nonglobal limits=rate=0,perhost=64
run()
{
	"$cbvd" -N "127.0.0.1:$ns_port" -p "$mx_port" -h client.test \
	    -o "${nonglobal:-total=120s},$limits" -c "$cache" "$@"
}

# ask ARGS...: leave its output in $out, $err and $status, the time in $took_ms.
ask()
{
	began=$(now_ms)
	out=$(run "$@" 2>"$tmp/err")
	status=$?
	took_ms=$(($(now_ms) - began))
	err=$(cat "$tmp/err")
}
now_ms() { date +%s%3N; }

# verdict NAME GLOB ARGS...: the answer fits, and the exit status its code.
verdict()
{
	verdict_name=$1 verdict_glob=$2
	shift 2
	ask "$@"
	case $verdict_glob in
	250*)		want=0 ;;
	252*)		want=76 ;;
	45*)		want=75 ;;
	'550 5.1.7'*)	want=67 ;;
	550*)		want=68 ;;
	501*)		want=65 ;;
	*)		want=64 ;;
	esac
	like "$verdict_name" "$out [$status]" "$verdict_glob \\[$want\\]"
}

# serve "STEP..." ARGS...: cbvd as a superserver starts it, and a client that
# takes the STEPs of inetd.pl: words, blanks in them as \x20.  $via chooses
# tcp, unix or pipe; $before is a command that starts cbvd in its turn.
# Leaves $out (\r and \n as such), $end (eof or reset), $eof_ms, $exit_ms and
# $status.
via=tcp before=
serve()
{
	begin serve "$@"
	ended serve
}
# begin TAG "STEP..." ARGS...: the same in the background, until ended TAG
begin()
{
	tag=$1 steps=$2
	shift 2
	# shellcheck disable=SC2086
	perl tests/inetd.pl "$via" $steps -- $before "$cbvd" \
	    -N "127.0.0.1:$ns_port" -p "$mx_port" -h client.test \
	    -o "${nonglobal:-total=120s},$limits" -c "$cache" "$@" \
	    >"$tmp/served.$tag" &
	echo $! >"$tmp/begun.$tag"
}
ended()
{
	wait "$(cat "$tmp/begun.$1")"
	served=$tmp/served.$1 out='' end='' eof_ms='' exit_ms='' status=''
	while read -r word rest; do
		case $word in
		answer)	out=$rest ;;
		end)	end=$rest ;;
		eof_ms)	eof_ms=$rest ;;
		exit_ms) exit_ms=$rest ;;
		status)	status=$rest ;;
		esac
	done <"$served"
}

# policy MAILBOX..., map NAME KEY...: a step that sends a request for each;
# in policy form the mailbox is the $who, sender or recipient.
who=sender
policy() { requests policy "$@"; }
map() { requests "$@"; }
requests()
{
	perl -e '
	    my ($who, $form, @keys) = @ARGV;
	    my $other = $who eq "sender" ? "recipient" : "sender";
	    my $all = join "", map { $form ne "policy" ?
		length("$form $_") . ":$form $_," :
		"request=smtpd_access_policy\nprotocol_state=RCPT\n" .
		"protocol_name=ESMTP\nclient_address=192.0.2.7\n" .
		"client_name=unknown\nhelo_name=mail.example\n" .
		"$other=x\@other.elsewhere\n$who=$_\ninstance=1.2.3\n" .
		"size=0\nsasl_username=\n\n" } @keys;
	    $all =~ s/([^!-\[\]-~])/sprintf "\\x%02x", ord $1/ge;
	    print "send:$all";' "$who" "$@"
}

# answers policy|map: what ended or served has given, an answer a line, into
# $answers; what is no answer is a line, too, that begins with "no answer".
answers=$tmp/answers
answers()
{
	perl -e '
	    my $policy = $ARGV[0] eq "policy";
	    $_ = <STDIN>;
	    s/^answer (.*)\n/$1/;
	    s/\\(r|n|x[0-9a-f]{2})/$1 eq "r" ? "\r" : $1 eq "n" ? "\n" :
		chr hex substr $1, 1/ge;
	    while (length) {
		my $one = "no answer: $_";
		if ($policy ? s/^action=(.*?)\n\n//s : /^([0-9]+):/ &&
		    substr($_, length($1) + 1 + $1, 1) eq ",") {
			$one = $policy ? $1 : substr $_, length($1) + 1, $1;
			substr($_, 0, length($1) + $1 + 2) = "" if !$policy;
		} else {
			$_ = "";
		}
		$one =~ s/\n/\\n/g;
		$one =~ s/\r/\\r/g;
		print "$one\n";
	    }' "$1" <"$served" >"$answers"
}

# file_state FILE: changes whenever the file is written
file_state() { cksum <"$1"; stat -c '%i %Y %Z %y' "$1" 2>/dev/null; }

# has_control TEXT, has_8bit TEXT: in a text of lines
has_control() { printf '%s' "$1" | tr -d '\n' | grep -q '[[:cntrl:]]'; }
has_8bit() { printf '%s' "$1" | tr -d '\000-\177' | grep -q .; }

# until_true COMMAND...: try it for 60 s
until_true()
{
	true_tries=0
	until "$@"; do
		true_tries=$((true_tries + 1))
		[ $true_tries -lt 600 ] || return 1
		sleep 0.1
	done
}

# all GLOB: each line of $out fits
all()
{
	all_bad=
	while IFS= read -r line; do
		# shellcheck disable=SC2254
		case $line in
		$1)	;;
		*)	all_bad="$all_bad$line;" ;;
		esac
	done <<-END
	$out
	END
	same "$all_bad" ''
}

# one_line: $out, as inetd.pl prints it, without the CRLF that ends it
one_line()
{
	case ${out%'\r\n'} in
	"$out")		echo "no CRLF: $out" ;;
	*'\r'*|*'\n'*)	echo "more than one line: $out" ;;
	*)		echo "${out%'\r\n'}" ;;
	esac
}

# ---- the log ---------------------------------------------------------------

# log_server: have what goes to syslog(3) in $log, or in $no_log why not.
# Another test may have /dev/log for a while; a real server of it has it for
# good.
log=$tmp/log no_log=''
: >"$log"
log_free()
{
	! perl -MIO::Socket::UNIX -e 'exit !IO::Socket::UNIX->new(
	    Type => SOCK_DGRAM, Peer => "/dev/log")'
}
log_server()
{
	no_log='only root can make /dev/log'
	am_root || return 0
	no_log='/dev/log is in use' log_tries=0
	until log_free; do
		log_tries=$((log_tries + 1))
		[ $log_tries -lt 10 ] || return 0
		sleep 1
	done
	rm -f /dev/log
	perl tests/world/log.pl /dev/log "$log" </dev/null >/dev/null 2>&1 &
	log_pid=$!
	pids="$pids $log_pid" no_log='/dev/log cannot be made'
	! until_true test -S /dev/log || no_log=''
}

# logged NAME ADDRESS GLOB: how many lines there are of it, and the last, fit
logged()
{
	# whoever writes the log may be slower than we are
	until_true log_fits "$2" "$3"
	ok "$1" log_fits "$2" "$3"
}
log_fits()
{
	fits "$(grep -cF ": $1: " "$log") $(grep -F ": $1: " "$log" |
	    tail -n 1)" "$2"
}
