#!/bin/sh
# SPDX-License-Identifier: ISC
# 92-faults.t: whatever fails under cbvd, an answer is right or temporary, there
# is one, and the cache is sound afterwards.  A choice of what `make faults`
# does in full, with FAULTS, KILLS and DAMAGED, all of them deterministic by
# FAULT_SEED; FAULTS=0 makes each fault there is.
# shellcheck disable=SC2086
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh

plan 12
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
{ build inject tests/faults/inject.c && "$inject" -l "$tmp/calls" /bin/true \
    >"$tmp/inject.why" 2>&1; } || inject=none
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
	ok "$3 that fail: as many as there shall be" \
	    at_least "$(number faults "$tmp/number")" $((faults ? faults : 1000))
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
