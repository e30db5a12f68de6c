#!/bin/sh
# SPDX-License-Identifier: ISC
# lint.sh: what can be seen without running the program; run by `make lint`.
# Each tool must be silent; the rooms' boundaries (design) are checked by grep.
cd "$(dirname "$0")/.." || exit 1
FLAGS="-std=c11 -D_GNU_SOURCE -I. -isystem /usr/include/bsd -DLIBBSD_OVERLAY
    -DLIBBSD_OPENBSD_VIS"
bad=0

quiet() {
	name=$1
	shift
	out=$("$@" 2>&1)
	if [ $? -ne 0 ] || [ -n "$out" ]; then
		printf 'lint: %s\n%s\n' "$name" "$out"
		bad=1
	else
		printf 'lint: %s: nothing\n' "$name"
	fi
}

# only FILE may have PATTERN
only() {
	out=$(grep -nE "$2" ./*.c ./*.h | grep -v "^\./$1:" |
	    grep -vE '^[^:]*:[0-9]*:[[:space:]]*(/?\*|\*)')
	if [ -n "$out" ]; then
		printf 'lint: only %s may have %s:\n%s\n' "$1" "$2" "$out"
		bad=1
	fi
}

only mx.c '<resolv\.h>|<arpa/nameser\.h>'
only cache.c '<gdbm\.h>|gdbm_'
only callout.c '[^_a-z]connect\([a-z]'
only verdict.c '<vis\.h>'
only nobody '\b(strcpy|strcat|sprintf|gets|system|popen|fork|vfork|alloca|getaddrinfo|gethostbyname|res_search|ns_sprintrr|longjmp|setlocale)[[:space:]]*\('
if grep -nE '"DATA|BDAT' callout.c; then
	echo "lint: no message is ever sent"
	bad=1
fi
echo "lint: the rooms' boundaries: looked at"

quiet "gcc -fanalyzer" gcc $FLAGS -O2 -fanalyzer -fsyntax-only -Wall -Wextra \
    ./*.c
quiet clang sh -c "for f in *.c; do clang $(echo $FLAGS) -fsyntax-only -Wall \
    -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion \$f || exit 1
    done"
quiet clang-tidy sh -c "clang-tidy --quiet *.c -- $(echo $FLAGS) 2>/dev/null"
quiet cppcheck cppcheck --quiet --std=c11 --enable=warning,portability \
    --inline-suppr --suppress=missingIncludeSystem --error-exitcode=1 \
    -D_GNU_SOURCE -D__GLIBC__=2 -itests/musl/build -I. .
quiet mandoc mandoc -Tlint -Wwarning cbvd.8
exit $bad
