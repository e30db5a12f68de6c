#!/bin/sh
# SPDX-License-Identifier: ISC
# 86-sandbox.t: in each phase what must not be is tried (see sandbox.c), and is
# stopped; that it is possible outside shows that the sandbox stops it.  What
# this kernel does not offer is no error: there it is still possible, and that
# is checked instead.  Then cbvd itself, which must not notice.
# shellcheck disable=SC2154
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh

sandbox=$PWD/tests/sandbox
[ -x "$sandbox" ] || { echo "Bail out! $sandbox is not built"; exit 1; }
plan 322
eval "$("$sandbox" probe)"	# landlock, seccomp, sanitized
echo "# kernel and build: Landlock ABI $landlock, seccomp $seccomp, sanitized $sanitized"

# what comes of a try: $1 from an ABI of Landlock on, with a filter, always
# but under a sanitizer; else $2
abi() { if [ "$landlock" -ge "$1" ]; then echo "$2"; else echo "${3-done}"; fi; }
filter() { if [ "$seccomp$sanitized" = 10 ]; then echo ENOSYS; else echo "$1"; fi; }
plain() { if [ "$sanitized" = 0 ]; then echo "$1"; else echo done; fi; }
# in what words sandbox.c should tell that
force='limits, no_new_privs'
force_old=$force
[ "$landlock" -lt 1 ] || force="$force, Landlock ABI $landlock"
force_start=$force
[ "$(filter no)" = no ] || force="$force, seccomp"

# Files of ours and of others, all of which nobody may do anything with.
umask 0
box=$tmp/box away=$tmp/away rules=$tmp/rules
mkdir "$rules"
echo x >"$rules/routes"
echo x >"$rules/renewed"
ln -s "rules/routes" "$tmp/routes.link"
fresh()
{
	rm -rf "$box" "$away"
	mkdir "$box" "$away"
	for f in cbvd.gdbm there; do
		echo x >"$box/$f"
		echo x >"$away/$f"
	done
	am_root && chown 65534 "$box"/* "$away"/*
}
try()
{
	fresh
	CACHE=$box/cbvd.gdbm "$sandbox" "$@" 2>"$tmp/told"
}

# tried WHAT START NETWORK TRY [PATH]: it is possible, and then what it is
tried()
{
	tried_what=$1 tried_start=$2 tried_network=$3
	shift 3
	is "$tried_what: possible outside" "$(try none "$@")" done
	is "$tried_what: $tried_start before the request is read" \
	    "$(try start "$@")" "$tried_start"
	is "$tried_what: $tried_network once the network is asked" \
	    "$(try network "$@")" "$tried_network"
}
# locked WHAT ABI TRY [PATH]: Landlock stops it; with a filter it may be ENOSYS
locked()
{
	locked_what=$1 locked_abi=$2
	shift 2
	tried "$locked_what" "$(abi "$locked_abi" EACCES)" \
	    "$(abi "$locked_abi" EACCES)" "$@"
}
filtered()
{
	filtered_what=$1
	shift
	tried "$filtered_what" done "$(filter done)" "$@"
}
kept()
{
	kept_what=$1
	shift
	tried "$kept_what" done done "$@"
}

# ---- files ---------------------------------------------------------------------

locked 'read a file elsewhere' 1 read "$away/there"
locked 'write a file elsewhere' 1 write "$away/there"
locked 'truncate a file elsewhere' 1 truncate "$away/there"
locked 'make a file elsewhere' 1 create "$away/new"
locked 'remove a file elsewhere' 1 remove "$away/there"
locked 'list a folder' 1 list "$away"
locked 'list the folder of the cache' 1 list "$box"
locked 'read /etc/passwd' 1 read /etc/passwd
tried 'rename a file elsewhere' "$(abi 1 EACCES)" "$(abi 1 EACCES)" \
    rename "$away/there"
tried 'make a folder beside the cache' "$(abi 1 EACCES)" \
    "$(filter "$(abi 1 EACCES)")" folder "$box/new"
tried 'make a link beside the cache' "$(abi 1 EACCES)" \
    "$(filter "$(abi 1 EACCES)")" link "$box/new"
tried 'make a FIFO beside the cache' "$(abi 1 EACCES)" \
    "$(filter "$(abi 1 EACCES)")" fifo "$box/new"
filtered 'change the mode of a file' mode "$away/there"

kept 'make a file beside the cache' create "$box/new"
kept 'read and write the cache' both "$box/cbvd.gdbm"
kept 'truncate the cache' truncate "$box/cbvd.gdbm"
kept 'set the cache aside' rename "$box/cbvd.gdbm"
kept 'remove a file beside the cache' remove "$box/there"
locked 'open /dev/null again' 1 both /dev/null
[ -r /etc/resolv.conf ] || resolv=$(try none read /etc/resolv.conf)
for p in start network; do
	is "read resolv.conf, phase $p" "$(try $p read /etc/resolv.conf)" \
	    "${resolv:-done}"
done
RULES=$rules/routes
export RULES
kept 'read the file of -r' read "$rules/routes"
kept 'read one that is put in its place' read "$rules/renewed"
locked 'write to the file of -r' 1 write "$rules/routes"
RULES=$tmp/routes.link
kept 'read the file of -r through a link' read "$tmp/routes.link"
kept 'read one that is put where the link goes' read "$rules/renewed"
RULES=/etc/passwd
kept 'the file of -r is in /etc: read what is put there' read /etc/group
locked 'write there' 1 write "$rules/routes"
RULES=$tmp/nosuch
locked 'with a file of -r that is not there, read elsewhere' 1 read "$away/there"
unset RULES
(
	CACHE=cbvd.gdbm
	export CACHE
	fresh
	cd "$box" || exit 1
	"$sandbox" start create new 2>/dev/null
	"$sandbox" start create ../away/new 2>/dev/null
	cd "$away" || exit 1
	CACHE=/cbvd.gdbm "$sandbox" start read "$away/there" 2>/dev/null
) >"$tmp/relative"
is 'a cache without a folder is in the one we are in' \
    "$(sed -n '1,2p' "$tmp/relative" | tr '\n' ' ')" "done $(abi 1 EACCES) "
is 'one in the root leaves all to its user' "$(sed -n 3p "$tmp/relative")" done
fresh
is 'without a cache nothing can be written' \
    "$(env -u CACHE "$sandbox" start write "$box/cbvd.gdbm" 2>/dev/null)" \
    "$(abi 1 EACCES)"

# ---- programs, processes, memory ------------------------------------------------

tried 'start a program' "$(abi 1 EACCES)" "$(filter "$(abi 1 EACCES)")" exec
tried 'start a program out of memory' "$(abi 1 EACCES)" \
    "$(filter "$(abi 1 EACCES)")" exec-memory
tried 'start a process' "$(plain EAGAIN)" "$(filter "$(plain EAGAIN)")" fork
tried 'trace a process of the user' "$(abi 1 EPERM)" \
    "$(filter "$(abi 1 EPERM)")" ptrace
tried 'signal a process of the user' "$(abi 6 EPERM)" \
    "$(filter "$(abi 6 EPERM)")" kill
tried 'take a gigabyte' "$(plain ENOMEM)" "$(plain ENOMEM)" memory
filtered 'have memory that is code' code
filtered 'make code of memory' make-code
filtered 'change the user' setuid

# ---- the network ----------------------------------------------------------------

locked 'connect to another port' 4 connect
kept 'connect to the port of -p' connect-smtp
kept 'connect to the port of -N' connect-dns
kept 'connect to the port of -N, of IPv6' connect-dns6
kept 'connect to the port of a route' connect-route
locked 'bind to any port' 4 bind
locked 'bind to a port' 4 bind-port
BIND=yes
export BIND
kept 'bind to any port with -b' bind
locked 'bind to a port with -b' 4 bind-port
unset BIND
filtered 'listen' listen
filtered 'connect with the first datagram' fast-open
filtered 'have a socket of another protocol' netlink
filtered 'have a socket of another kind' seqpacket
filtered 'have a stream to a service of this machine' stream
tried 'find a socket by an abstract name' "$(abi 6 EPERM)" "$(abi 6 EPERM)" \
    abstract
filtered 'control what a descriptor is' ioctl
kept 'send a datagram' datagram
kept 'see the interfaces' interfaces
perl tests/world/log.pl "$tmp/log.sock" "$tmp/log" </dev/null >/dev/null 2>&1 &
pids="$pids $!" tries=0
until [ -S "$tmp/log.sock" ] || [ $tries -gt 50 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
kept 'find the log again' log "$tmp/log.sock"

# ---- what is told, and older kernels --------------------------------------------

told() { sed -n "s/^$1: //p" "$tmp/told"; }
try none nothing >/dev/null
is 'before anything, nothing is in force' "$(told force)" nothing
try start nothing >/dev/null
is 'before the request is read, what is in force' "$(told force)" "$force_start"
is 'of which neither log nor -v speak' "$(told trace)$(told debug)$(told log)" ''
try network nothing >/dev/null
is 'once the network is asked, what is in force' "$(told force)" "$force"
is '-v shows it' "$(told trace)" "sandbox: $force"
if [ "$(abi 4 yes no) $(filter no)" = 'yes ENOSYS' ]; then
	is 'the log has no line of what is as it should be' "$(told debug)" ''
else
	is 'the log tells what is lacking' "$(told debug)" "sandbox: only $force"
fi

# pretended N: a kernel as this one that says it has ABI N; one that is beyond
# this one's cannot be had.
pretended()
{
	ABI=$1
	export ABI
	has=$1 text="Landlock ABI $1"
	if [ "$1" -gt "$landlock" ] && { [ "$1" -le 6 ] || [ "$landlock" -lt 6 ]; }
	then
		has=0 text=
	fi
	hide() { if [ $has -ge "$1" ]; then echo "$2"; else echo done; fi; }
	is "ABI $1: no file elsewhere is read" "$(try start read \
	    "$away/there")" "$(hide 1 EACCES)"
	is "ABI $1: nor truncated" "$(try start truncate "$away/there")" \
	    "$(hide 1 EACCES)"
	is "ABI $1: the cache is renewed" "$(try start create "$box/new")$(
	    try start truncate "$box/there")$(try start rename \
	    "$box/cbvd.gdbm")" donedonedone
	is "ABI $1: no other port is connected to" "$(try start connect)" \
	    "$(hide 4 EACCES)"
	is "ABI $1: no abstract name is found" "$(try start abstract)" \
	    "$(hide 6 EPERM)"
	is "ABI $1: the port of -p is" "$(try start connect-smtp)" done
	try network nothing >/dev/null
	like "ABI $1: it is told" "$(told force)" "*$text*"
	unset ABI
}
for n in 1 2 3 4 5 6 99; do
	pretended $n
done

# A kernel without Landlock and seccomp
for t in exec 'read /etc/passwd' ptrace connect bind; do
	fresh
	# shellcheck disable=SC2086
	is "an old kernel: ${t%% *} is possible, and no error" \
	    "$("$sandbox" old "$sandbox" network $t 2>"$tmp/told")" done
done
is 'an old kernel: what is in force is told' "$(told force)" "$force_old"
is 'an old kernel: a line in the log, of debug level' "$(told debug)" \
    "sandbox: only $force_old"
is 'an old kernel: there is no other line' "$(told log)" ''
is 'an old kernel: no process is started all the same' \
    "$("$sandbox" old "$sandbox" network fork 2>/dev/null)" "$(plain EAGAIN)"

# ---- cbvd itself ------------------------------------------------------------------

umask 022
cp "$cbvd" "$tmp/cbvd"
cp "$sandbox" "$tmp/sandbox"
cat >"$tmp/user.pl" <<'END'
my ($u, $g) = (getpwnam(shift))[2, 3];
if ($> == 0) {
	$) = "$g $g"; $( = $g; $< = $> = $u;
}
exec { $ARGV[0] } @ARGV;
END
real=$tmp/cbvd
host good default
host any catch-all
zone 'tcp.test MX !tc' 'tcp.test MX 10 mx.good.test' 'null.test MX 0 .' \
    'fails.test MX !servfail'
host silent silent-rcpt
zone 'private.test MX 10 mx.private.test' 'mx.private.test A 10.9.8.7'
start

# as WHO COMMAND...: cbvd is started by COMMAND from now on
as()
{
	as=$1
	shift
	cbvd=$tmp/start
	printf "#!/bin/sh\nexec %s %s \"\$@\"\n" "$*" "$real" >"$cbvd"
	chmod 755 "$cbvd"
	rm -f "$tmp"/cache/*
}

# works FORCE: hits and misses, whoever asks and whatever is asked
works()
{
	like "$as: -V tells what is in force" "$("$cbvd" -V)" \
	    "cbvd *, sandbox: $1"
	verdict "$as: a mailbox is there" '250 2.1.5 <real@good.test> *' \
	    real@good.test
	verdict "$as: one is not" '550 5.1.7 *' no@good.test
	verdict "$as: a host that accepts all" '252 2.0.0 *' a@any.test
	verdict "$as: a null MX" '550 5.7.27 *' a@null.test
	verdict "$as: DNS failing" '451 4.4.3 *' a@fails.test
	verdict "$as: DNS over TCP" '250 2.1.5 *' real@tcp.test
	mark
	verdict "$as: a mailbox, from the cache" '250 *(cached *' real@good.test
	verdict "$as: one that is not, from the cache" \
	    '550 5.1.7 *(cached *' no@good.test
	ok "$as: nobody is asked for that" quiet
	serve 'send:other@good.test\r\n'
	like "$as: the service, a miss" "$end $status $out" \
	    'eof 0 250 2.1.5 *'
	serve 'send:other@good.test\r\n'
	like "$as: the service, a hit" "$end $status $out" \
	    'eof 0 250 2.1.5 *(cached *'
	via=pipe
	serve 'send:no2@good.test\r\n'
	like "$as: the service, over pipes" "$end $status $out" \
	    'eof 0 550 5.1.7 *'
	via=tcp
	verdict "$as: -b" '250 2.1.5 *' -c none -b 127.0.0.1 real@good.test
	ask -E
	is "$as: -E" "$status $out$err" '0 '
	ask -L
	like "$as: -L" "$status $out" '0 *real@good.test*'
	ask -F real@good.test
	is "$as: -F" "$status $out$err" '0 '
	ask -v real@good.test
	like "$as: -v tells what is in force" "$err" "*sandbox: $1*"
	printf 'damaged' | dd of="$cache" bs=1 seek=4096 conv=notrunc 2>/dev/null
	printf 'damaged' | dd of="$cache" bs=1 conv=notrunc 2>/dev/null
	verdict "$as: a damaged cache is set aside" '250 2.1.5 *' real@good.test
	ok "$as: it is" [ -s "$cache.bad" ]
	verdict "$as: and begun anew" '250 *(cached *' real@good.test
}

# seen ARGS...: what the kernel says of a cbvd that waits
seen()
{
	"$real" -N "127.0.0.1:$ns_port" -p "$mx_port" -h client.test \
	    -o nonglobal -c none "$@" >/dev/null 2>&1 <"$tmp/fifo" &
	child=$!
	tries=0
	until grep -q "^State:.S" "/proc/$child/status" && { [ $# -eq 0 ] ||
	    events | grep -q RCPT; } || [ $tries -gt 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	awk '$1 == "NoNewPrivs:" || $1 == "Seccomp_filters:" {
	    printf "%s %s ", $1, $2 }' "/proc/$child/status"
	awk '/^Max (core|open|processes)/ { sub(/^Max /, ""); printf "%s %s ",
	    $1, $(NF - 1) }' "/proc/$child/limits"
	kill "$child"
	wait "$child" 2>/dev/null
}
mkfifo "$tmp/fifo"
exec 3<>"$tmp/fifo"
if [ "$sanitized" -eq 0 ]; then none=0; else none='[0-9u]*'; fi
# a container may have given us a filter already, and not every kernel counts
filters=$(awk '$1 == "Seccomp_filters:" { print $2 }' /proc/self/status)
confined()
{
	echo "NoNewPrivs: 1 ${filters:+Seccomp_filters: $((filters + $1)) }core 0 processes $none open 64 "
}
like 'a cbvd that waits for a request is confined' "$(seen)" "$(confined 0)"
mark
if [ "$(filter no)" = no ]; then more=0; else more=1; fi
like 'one that waits for a host has a filter, too' "$(seen a@silent.test)" \
    "$(confined $more)"
exec 3>&-

as "started by $(id -un)"
works "$force"
as "started by $(id -un) on an old kernel" "$tmp/sandbox" old
works "$force_old"
as "started by $user" perl "$tmp/user.pl" "$user"
works "$force"
as "started by $user on an old kernel" "$tmp/sandbox" old perl "$tmp/user.pl" \
    "$user"
works "$force_old"

# Who cannot ask for the interfaces does not know which address is its own.
nonglobal=
as 'no interface can be asked for' "$tmp/sandbox" deaf
verdict "$as: a private address may be ours, a fault" '451 4.3.0 *' \
    real@private.test
as 'interfaces can be asked for' env
verdict "$as: a private address is none to be called" '550 5.1.8 *' \
    real@private.test
