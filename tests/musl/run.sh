#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh: build cbvd with musl-gcc(1) as one static, position independent file,
# build/cbvd, and show that it answers; run by `make musl`.  The libraries come
# from source, into build/: their archives on this machine are made for glibc.
# Of libmd and libbsd the few functions that musl lacks are enough, and they
# compile as they are; gdbm wants its configure.  The sources are those of
# apt-get source, which asks with lists of its own, as any user, and changes
# nothing of this machine; elsewhere put
#
#	gdbm-1.23.tar.gz, libbsd-0.11.7.tar.xz, libmd-1.0.4.tar.xz
#
# or other versions into build/src first.  Where the C library is musl itself,
# as on Alpine, none of this should be needed: make.
set -eu
umask 022
cd "$(dirname "$0")"
mkdir -p build/src build/o build/kernel
cd build
here=$PWD

die() { echo "musl: $*" >&2; exit 1; }

# aptly COMMAND...: apt-get with lists of its own
aptly()
{
	apt-get -qq -o "Dir::Etc::sourcelist=$here/apt/sources.list" \
	    -o Dir::Etc::sourceparts=/dev/null \
	    -o "Dir::State::lists=$here/apt/lists" \
	    -o "Dir::Cache=$here/apt/cache" -o APT::Sandbox::User=root "$@"
}

fetch()
{
	for l in gdbm libbsd libmd; do
		[ -n "$(find src -name "${l}[-_]*.tar.?z")" ] || break
		[ $l != libmd ] || return 0
	done
	command -v apt-get >/dev/null ||
	    die "no apt-get here: put the sources into $here/src"
	mkdir -p apt/lists/partial apt/cache/archives/partial
	# shellcheck disable=SC2016
	apt-get indextargets --format \
	    'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)' \
	    'Created-By: Packages' |
	    grep -E '/(debian|ubuntu)/? [a-z]+ main$' | sort -u \
	    >apt/sources.list || die 'apt knows neither Debian nor Ubuntu'
	aptly update
	(cd src && aptly --download-only source gdbm libbsd libmd >/dev/null)
	rm -rf apt
}

unpack()
{
	for l in gdbm libbsd libmd; do
		[ -d "$l" ] && continue
		mkdir "$l.new"
		for f in "src/$l"[-_]*.tar.?z; do
			case $f in
			*.debian.tar.*)	;;
			*)	tar xf "$f" -C "$l.new" --strip-components=1 ;;
			esac
		done
		mv "$l.new" "$l"
	done
}

libraries()
{
	# musl brings no headers of the kernel; seccomp.c wants some
	for d in asm asm-generic linux; do
		for h in "/usr/include/$d" "/usr/include/$(cc -dumpmachine)/$d"; do
			[ ! -d "$h" ] || ln -sfn "$h" "kernel/$d"
		done
	done
	# of config.h they want nothing: Linux tells by itself what it has
	: >o/config.h
	for f in libmd/src/sha2 libbsd/src/bsd_getopt libbsd/src/closefrom \
	    libbsd/src/strtoi libbsd/src/strtonum libbsd/src/vis; do
		# shellcheck disable=SC2086
		musl-gcc -O2 -fPIE -fstack-protector-strong -D_GNU_SOURCE -Io \
		    $headers -c -o "o/${f##*/}.o" "$f.c"
	done
	[ ! -e gdbm/src/.libs/libgdbm.a ] || return 0
	echo 'musl: gdbm, which takes a minute'
	(cd gdbm && ./configure -q --disable-shared --disable-nls \
	    --without-readline CC=musl-gcc \
	    CFLAGS='-O2 -fPIE -fstack-protector-strong' &&
	    make -s -C src libgdbm.la) >gdbm.log 2>&1 ||
	    { tail gdbm.log >&2; die "gdbm: see $here/gdbm.log"; }
}

program()
{
	# before 1.2.5 musl-gcc knows -static, but not -static-pie: musl's own
	# start of one, and what the linker would have been told
	pie='-nostartfiles -Wl,-pie,--no-dynamic-linker,-z,text -l:rcrt1.o'
	rm -rf cbvd.d
	mkdir cbvd.d
	cp ../../../*.[ch] ../../../Makefile cbvd.d
	make -s -C cbvd.d CC=musl-gcc SYSCPP="echo $headers" \
	    SYSLIB="echo $here/o/*.o $here/gdbm/src/.libs/libgdbm.a" \
	    SPIE="-static $pie" cbvd
	strip -o cbvd cbvd.d/cbvd
	./cbvd -V
	echo "musl: $here/cbvd: $(wc -c <cbvd) octets, stripped"
}

headers="-isystem $here/libbsd/include/bsd -isystem $here/libmd/include \
    -isystem $here/gdbm/src -isystem $here/kernel \
    -DLIBBSD_OVERLAY -DLIBBSD_OPENBSD_VIS"
fetch
unpack
libraries
program
sh ../ask.sh
