#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh [NAME...]: build the fuzzers (libFuzzer, ASan, UBSan) and run each, two
# at a time, for FUZZ_S seconds (30), or with FUZZ_RUNS until it has had so
# many inputs; FUZZ_SEED (1; 0 for any) makes runs of new clones alike.  What
# they learn is kept in build/corpus; a finding is left there as
# build/NAME-crash-..., and ends the run with 1.
cd "$(dirname "$0")" || exit 1
[ $# -gt 0 ] || set -- request mailbox dns smtp reply record rules
mkdir -p build/corpus
flags="-std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I../.. -I.
    -isystem /usr/include/bsd -DLIBBSD_OVERLAY -DLIBBSD_OPENBSD_VIS
    -g -O2 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all"

build()
{
	case $1 in
	request)	with='verdict reply' ;;
	mailbox)	with='' ;;
	dns)		with='mailbox verdict reply' ;;
	smtp)		with='mailbox verdict reply' ;;
	reply)		with='verdict' ;;
	record)		with='verdict reply' ;;
	rules)		with='mailbox' ;;
	esac
	room=
	case $1 in
	mailbox|reply)	room=../../$1.c ;;
	esac
	files=
	for f in $with; do
		files="$files ../../$f.c"
	done
	# shellcheck disable=SC2086
	clang $flags -o "build/$1" "$1.c" $room $files -lgdbm -lbsd -lmd \
	    -lresolv
}

fuzz()
{
	mkdir -p "build/corpus/$1" "corpus/$1"
	limit="-max_total_time=${FUZZ_S:-30}"
	[ -z "${FUZZ_RUNS-}" ] || limit="-runs=$FUZZ_RUNS"
	max=4096
	case $1 in
	request)	max=20000 ;;
	reply)		max=1000 ;;	# REPLY_TEXT_MAX
	rules)		max=1000 ;;
	esac
	# libgdbm and getifaddrs(3) keep what they have
	# shellcheck disable=SC2086
	if ASAN_OPTIONS=detect_leaks=0 nice -n 19 "build/$1" $limit -dict="$1.dict" \
	    -seed="${FUZZ_SEED:-1}" \
	    -max_len=$max -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 \
	    -artifact_prefix="build/$1-" "build/corpus/$1" "corpus/$1" \
	    >"build/$1.log" 2>&1; then
		echo "fuzz: $1: $(sed -n \
		    's/^stat::number_of_executed_units: *//p' "build/$1.log") inputs, nothing found"
	else
		echo "fuzz: $1: found:"
		tail -n 30 "build/$1.log"
		return 1
	fi
}

for name; do
	build "$name" || exit 1
done
printf '%s\n' "$@" >build/names
status=0
while read -r one; do
	two=
	read -r two || :
	fuzz "$one" &
	first=$!
	if [ -n "$two" ]; then
		fuzz "$two" || status=1
	fi
	wait $first || status=1
done <build/names
exit $status
