#!/bin/sh
# SPDX-License-Identifier: ISC
# 92-faults.t: whatever fails under cbvd, an answer is right or temporary, there
# is one, and the cache is sound afterwards.  A choice of what `make faults`
# does in full, with FAULTS, KILLS and DAMAGED, all of them deterministic by
# FAULT_SEED; FAULTS=0 makes each fault there is.
# shellcheck disable=SC2086
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh

plan 65
faults=${FAULTS-120} kills=${KILLS-200} damaged=${DAMAGED-200} seed=${FAULT_SEED-92}
echo "# seed $seed"

host good default
host kill 'default | C: RCPT TO:<is.*>* | S: 250 2.1.5 Ok'
start

# folder NAME: a folder for caches in $folder
folder()
{
	folder=$tmp/$1
	mkdir -m 700 "$folder"
	! am_root || chown "$user" "$folder"
}

case $cbvd in
/*)	;;
*)	cbvd=$PWD/$cbvd ;;
esac
world="-N 127.0.0.1:$ns_port -p $mx_port -h client.test
    -o nonglobal,rate=0,perhost=64,all=10000"

# tell FILE: the numbers, as comments
tell() { sed 's/^/# /' "$1"; }
number() { awk -F '\t' -v n="$1" '$1 == n { print $2 }' "$2"; }

# ---- calls and allocations that fail ---------------------------------------------

# build NAME FLAGS...: a tool of tests/faults, or none where it does not work
build()
{
	built=$1
	shift
	${CC:-cc} -D_GNU_SOURCE -O1 -o "$tmp/$built" "$@" 2>"$tmp/$built.why" || {
		sed 's/^/# /' "$tmp/$built.why"
		return 1
	}
}
inject=$tmp/inject alloc=$tmp/alloc.so
{ build inject tests/faults/inject.c && "$inject" -l "$tmp/calls" "$cbvd" $world \
    -c none real@good.test >"$tmp/inject.why" 2>&1; } || inject=none
# what these are called on this machine
poll=$(grep -o -m 1 '^p*poll' "$tmp/calls")
stat=$(grep -o -m 1 '^newfstatat\|^fstat' "$tmp/calls")
chmod 755 "$tmp"/inject "$tmp"/alloc.so 2>/dev/null
{ build alloc.so -shared -fPIC tests/faults/alloc.c && : >"$tmp/allocs" &&
    head -c 8 /dev/zero >"$tmp/allocs" &&
    LD_PRELOAD=$alloc ALLOC_COUNT=$tmp/allocs "$cbvd" -V >/dev/null 2>&1 &&
    ! head -c 8 /dev/zero | cmp -s - "$tmp/allocs"; } || alloc=none
folder faults
faults()
{
	perl tests/faults/faults.pl "$faults" "$seed" "$folder" "$user" "$1" "$2" \
	    "$cbvd" $world >"$tmp/wrong" 3>"$tmp/number"
	status=$?
	tell "$tmp/number"
	is "$3 fail: the answer is right or temporary, and so is the next" \
	    "$(head -n 40 "$tmp/wrong") [$status]" ' [0]'
	possible=$(number possible "$tmp/number")
	least=$((faults ? faults : 1000))
	ok "$3 that fail: as many as there shall be" \
	    at_least "$(number faults "$tmp/number")" \
	    $((least < possible ? least : possible))
}
if [ $inject = none ]; then
	skip 'nothing can be traced here' 'calls fail' 'calls that fail'
else
	faults "$inject" none 'system calls'
fi
if [ $alloc = none ]; then
	skip 'nothing is preloaded here' 'allocations fail' 'allocations that fail'
else
	faults none "$alloc" 'allocations'
fi

# Calls that have to fail at one place.  each NAME CALL ERRNO GLOB ARGS...: each
# of these calls in turn, or with -a in CALL all from it on: the answer is right
# or temporary, or there is none, and one fits.
cbvd_alone="$cbvd -N 127.0.0.1:$ns_port -p $mx_port
    -o nonglobal,total=6s,connect=2s,command=2s -c"
each()
{
	each_name=$1 call=$2 errno=$3 glob=$4
	shift 4
	if [ $inject = none ]; then
		skip 'nothing can be traced here' "$each_name"
		return
	fi
	every=${call%"${call#-a }"} call=${call#-a } nth=0 wrong=$glob
	while [ $nth -lt 30 ]; do
		nth=$((nth + 1))
		rm -f "$new" "$new.lock"
		said=$("$inject" $every "$call:$nth" "$errno" $cbvd_alone "$@" \
		    real@good.test 2>"$tmp/failed")
		status=$?
		! grep -q 'inject: not reached' "$tmp/failed" || break
		said="$said [$status] $(head -n 1 "$tmp/failed")"
		# shellcheck disable=SC2254
		case $said in
		$glob)	[ "$wrong" != "$glob" ] || wrong= ;;
		esac
		case $said in
		'250 2.1.5 <real@good.test> '*\ \[0\]*) ;;
		45[01]\ 4.*\ \[75\]*|\ \[6[4-9]\]*|\ \[7[0-8]\]*) ;;
		*)	wrong="$wrong$call $nth: $said;" ;;
		esac
	done
	is "$each_name" "$wrong" ''
}
folder each
hit=$folder/hit.gdbm new=$folder/new.gdbm
run -c "$hit" real@good.test other@good.test >/dev/null
each 'no random octets: there is no test, but a verdict' getrandom 38 '250 *' none
each 'for a new cache neither' getrandom 38 '250 *' "$new"
for errno in 23 24 12 105; do
	each "no socket for DNS, errno $errno: our own fault" "-a socket" \
	    $errno '451 4.3.0 *' none
done
each 'an address family that is not here' socket 97 '450 4.4.1 *' none
for errno in 99 100 101; do
	each "no way out, errno $errno: no answer" connect $errno '450 4.4.1 *' none
done
for errno in 1 13; do
	each "forbidden to go out, errno $errno: our own fault" connect $errno \
	    '451 4.3.0 *' none
done
each 'a connection that is there at once' connect 0 '250 *' none
each 'or begun under a signal' connect 4 '250 *' none
each 'what came of it cannot be told' getsockopt 105 '45* CONNECT*' none
for errno in 4 12; do
	each "no waiting, errno $errno" "$poll" $errno '*' none
done
for errno in 4 11 12; do
	each "no reading, errno $errno" read $errno '*' none
done
each "nor of a cache" read 5 '*' "$hit"
for errno in 0 5 11; do
	each "no writing, errno $errno" write $errno '*' none
done
each 'the name of this machine is unknown' uname 14 '250 *' none
each 'no lock for a callout' fcntl 37 '250 *' "$new"
each 'nor for the cache' flock 37 '250 *' "$new"
each 'a file of which nothing is told' "$stat" 5 '250 *' "$hit"
each 'a file that cannot be opened' openat 24 '*' "$hit"
each 'one that cannot be written' pwrite64 28 '250 *' "$new"
each 'limits that stay' prlimit64 1 '250 *' "$hit"
each 'no_new_privs' prctl 22 '250 *' none
each 'no Landlock' landlock_create_ruleset 12 '250 *' none
each 'no rule of Landlock' landlock_add_rule 12 '*' "$hit"
each 'none in force' landlock_restrict_self 1 '250 *' none
echo 'elsewhere.test:' >"$tmp/routes"
chmod 644 "$tmp/routes"
each 'routes that cannot be read' read 5 ' ?78? *routes: *Input/output error*' \
    none -r "$tmp/routes"
each 'or are not known to be a file' "$stat" 5 ' ?78? *routes: no regular file*' \
    none -r "$tmp/routes"
if am_root; then
	for call in setgroups setgid setuid; do
		each "$call fails: that is the end" $call 1 \
		    ' ?77? *cannot become UID*' none
	done
	each 'setuid says it worked, and root is still there' setuid 0 \
	    ' ?77? *still root*' none
else
	skip 'not root' 'setgroups fails: that is the end' \
	    'setgid fails: that is the end' 'setuid fails: that is the end' \
	    'setuid says it worked, and root is still there'
fi

# served NAME CALL ERRNO: the same of a client's connection; an answer is right,
# temporary or none
served()
{
	served_name=$1 call=$2 errno=$3 nth=0 wrong=
	if [ $inject = none ]; then
		skip 'nothing can be traced here' "$served_name"
		return
	fi
	while [ $nth -lt 30 ]; do
		nth=$((nth + 1))
		echo "exec $inject $call:$nth $errno \"\$@\" 2>$tmp/failed" \
		    >"$tmp/injected"
		before="sh $tmp/injected"
		serve 'send:real@good.test\n' -c "$hit"
		before=
		! grep -q 'inject: not reached' "$tmp/failed" || break
		case $out in
		'250 2.1.5 <real@good.test> '*|'45'[01]' 4.'*|'500 5.5.2 '*|'') ;;
		*)	wrong="$wrong$call $nth: $out;" ;;
		esac
	done
	is "$served_name" "$wrong" ''
}
served 'a client: no waiting' "$poll" 12
served 'a client: a signal while it is waited for' "$poll" 4
served 'a client: a signal while it is read' read 4
served 'a client: nothing there after all' read 11
served 'a client: it takes nothing' write 0
served 'a client: nor then' write 11
served 'a client: a signal while it is answered' write 4
served 'a client: it is gone' write 32
via=pipe
served 'a client behind pipes: no descriptor is left' openat 24
via=tcp

# listing OPTION KEY...: each allocation in turn fails: all is done, or it is said
# that it was not
listing()
{
	if [ $alloc = none ]; then
		skip 'nothing is preloaded here' "$1: allocations that fail"
		return
	fi
	nth=0 wrong=
	while [ $nth -lt 100 ]; do
		nth=$((nth + 1))
		run -c "$hit" real@good.test other@good.test >/dev/null
		head -c 8 /dev/zero >"$tmp/allocs"
		LD_PRELOAD=$alloc ALLOC_AT=$nth ALLOC_COUNT=$tmp/allocs \
		    "$cbvd" -u "$(id -u "$user"):$(id -g "$user")" -c "$hit" "$@" \
		    >"$tmp/listed" 2>/dev/null
		status=$?
		[ "$1-$status" != -L-0 ] ||
		    [ "$(grep -c '^[a-z]*@good' "$tmp/listed")" -eq 2 ] ||
		    wrong="$wrong$nth: $(cat "$tmp/listed")"
		case $status in
		0|66|7[0-8]) ;;
		*)	wrong="$wrong$nth: status $status;" ;;
		esac
		[ "$(perl -0777 -ne 'print unpack "q"' "$tmp/allocs")" \
		    -ge $nth ] || break
	done
	is "$1: allocations that fail" "$wrong" ''
}
listing -L
listing -E
listing -F nobody@good.test

# ---- SIGKILL -----------------------------------------------------------------------

folder storm
perl tests/faults/storm.pl "$kills" "$seed" "$folder/cbvd.gdbm" "$cbvd" $world \
    >"$tmp/wrong" 3>"$tmp/number"
status=$?
tell "$tmp/number"
is 'killed at random: no wrong verdict, record or lock is left' \
    "$(head -n 40 "$tmp/wrong") [$status]" ' [0]'
ok 'as many as there shall be' at_least "$(number kills "$tmp/number")" "$kills"
ok 'beside those who were answered' at_least "$(number answered "$tmp/number")" \
    $((kills / 20))

# ---- damaged files -----------------------------------------------------------------

folder damage
cache=$folder/sound.gdbm
run real@good.test nobody@good.test >/dev/null
perl tests/faults/damage.pl "$damaged" "$seed" "$cache" "$folder" "$user" "$cbvd" \
    $world >"$tmp/wrong" 3>"$tmp/number"
status=$?
tell "$tmp/number"
is 'damaged files, read and written: no wrong verdict, crash or hang' \
    "$(head -n 40 "$tmp/wrong") [$status]" ' [0]'
ok 'as many as there shall be' at_least "$(number damaged "$tmp/number")" "$damaged"
ok 'some of which were still of use' at_least "$(number 'of use' "$tmp/number")" \
    $((damaged / 10))

# ---- no space ----------------------------------------------------------------------

# space LEVEL...: right verdicts where "room LEVEL" leaves so much of it, and
# right ones afterwards, where there is enough; else $wrong says what was said
wrong=
space()
{
	for level; do
		rm -f "$cache" "$cache.lock" "$cache.bad"
		# by a pipe: the limit is also that of what is said to a file
		room "$level" real@good.test nobody@good.test | cat >"$tmp/said"
		grep -q '^250 2\.1\.5 ' "$tmp/said" &&
		    grep -q '^550 5\.1\.7 ' "$tmp/said" ||
		    wrong="$wrong$level: $(cat "$tmp/said")"
		enough real@good.test nobody@good.test >"$tmp/said"
		grep -q '^250 2\.1\.5 ' "$tmp/said" &&
		    grep -q '^550 5\.1\.7 ' "$tmp/said" ||
		    wrong="$wrong$level, then enough: $(cat "$tmp/said")"
	done
	wrong="$wrong$(run -L | awk -F '\t' '/^(real|nobody)@/ &&
	    $2 != (/^real/ ? 250 : 550)')"
}
full=$tmp/full
leave_full() { umount "$full" 2>/dev/null; leave; }
mkdir -m 700 "$full"
if am_root && mount -t tmpfs -o size=128k,mode=700,uid="$(id -u "$user")" \
    tmpfs "$full" 2>/dev/null; then
	trap leave_full EXIT
	cache=$full/cbvd.gdbm
	room()
	{
		head -c "$((128 - $1))k" /dev/zero >"$full/fill"
		shift
		run "$@"
	}
	enough() { rm -f "$full/fill"; run "$@"; }
	space 0 4 8 12 16 20 24 28 32 36 40 44 48 64
	is 'a disk that is full sooner or later' "$wrong" ''
else
	skip 'no small disk can be mounted' 'a full disk'
fi
wrong=
folder limit
cache=$folder/cbvd.gdbm
room() (
	ulimit -f "$1"
	shift
	run "$@"
)
enough() { run "$@"; }
space 0 1 2 4 7 8 9 16 17 24 32 40 48 64
is 'files that may not grow sooner or later' "$wrong" ''
