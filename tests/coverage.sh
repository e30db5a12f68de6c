#!/bin/sh
# SPDX-License-Identifier: ISC
# coverage.sh [TEST...]: which lines and branches of each room the tests run,
# and which lines none does; run by `make coverage`.  Unless some are named, those
# that run what no other does (not the ones with real peers): then less than 99 %
# of lines or 95 % of branches ends it with 1.  With KEEP=FOLDER what gcov(1) says
# of each file is left there.
# shellcheck disable=SC2086
cd "$(dirname "$0")/.." || exit 1
folder=$(mktemp -d "${TMPDIR:-/tmp}/cbvd-coverage.XXXXXX") || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
chmod 711 "$folder"
cp -R Makefile ./*.c ./*.h ./*.8 ./*.example README.md LICENSE examples tests .ci \
    "$folder" || exit 1
cd "$folder" || exit 1
rm -f tests/answers tests/replies tests/sandbox

rooms=$(for f in *.c; do echo "${f%.c}"; done | grep -v '^getpwnam$')
gcc -O1 -DFOLDER="\"$folder\"" -DROOMS="$(printf '"%s",' $rooms)" -c \
    -o coverage.o tests/coverage.c || exit 1
wrap=-Wl,--wrap=open,--wrap=closefrom,--wrap=_exit,--wrap=__gcov_exit
# only the rooms are counted, not the tests' own programs
make CC=gcc CFLAGS='-O0 -g' HARDEN=--coverage HARDENLD= \
    LDFLAGS="--coverage $folder/coverage.o $wrap" \
    all tests/answers tests/replies tests/sandbox >make.out 2>&1 || { cat make.out; exit 1; }
for room in $rooms; do
	: >"$room.gcda"
	chmod 666 "$room.gcda"
done
# who is killed has no count, and the first of the others run the most
export KILLS="${KILLS:-20}" DAMAGED="${DAMAGED:-60}" FAULTS="${FAULTS:-60}"
least='0 0'
if [ $# -eq 0 ]; then
	least='99 95'
	set -- tests/[1245]*.t tests/30-*.t tests/86-*.t tests/9[0-2]-*.t
fi
sh tests/check.sh "$@"
echo "coverage: the tests ended with $?"

for room in $rooms; do
	gcov -b -c "$room.c" >/dev/null 2>gcov.err || cat gcov.err
done
[ -z "${KEEP-}" ] || cp ./*.c.gcov "$KEEP"
perl tests/coverage.pl $least $rooms
