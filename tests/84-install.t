#!/bin/sh
# SPDX-License-Identifier: ISC
# 84-install.t: what `make install` puts where, and `make uninstall` takes away.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
unset MAKEFLAGS MFLAGS MAKELEVEL
d=$tmp/dest

# files: all that is there, with its mode
files() { (cd "$d" && find . -type f -exec ls -l {} + | awk '{ print $1, $NF }' |
    sort -k 2); }

# wanted PREFIX MANDIR EXAMPLEDIR: what should be there
wanted()
{
	{
		echo "-rwxr-xr-x .$1/sbin/cbvd"
		echo "-rw-r--r-- .$2/man8/cbvd.8"
		for f in inetd.conf.example examples/*; do
			echo "-rw-r--r-- .$3/${f##*/}"
		done
	} | sort -k 2
}

plan 14
ok 'make install with DESTDIR' make install DESTDIR="$d"
is 'program, manual and examples are in /usr/local' "$(files)" \
    "$(wanted /usr/local /usr/local/share/man /usr/local/share/examples/cbvd)"
ok 'the program is the one that was built' cmp cbvd "$d/usr/local/sbin/cbvd"
mkdir -p "$d/var/cache/cbvd"
echo precious >"$d/var/cache/cbvd/cbvd.gdbm"
ok 'make install once more' make install DESTDIR="$d"
is 'leaves the cache alone' "$(cat "$d/var/cache/cbvd/cbvd.gdbm")" precious
echo mine >"$d/usr/local/share/examples/cbvd/mine"
ok 'make uninstall' make uninstall DESTDIR="$d"
is 'takes all of it away, the cache and what is yours aside' \
    "$(files | cut -d ' ' -f 2)" './usr/local/share/examples/cbvd/mine
./var/cache/cbvd/cbvd.gdbm'

rm -rf "$d"
ok 'make install with PREFIX, MANDIR and EXAMPLEDIR' make install \
    DESTDIR="$d" PREFIX=/usr MANDIR=/usr/man EXAMPLEDIR=/usr/share/doc/cbvd
is 'all is where they say' "$(files)" \
    "$(wanted /usr /usr/man /usr/share/doc/cbvd)"
ok 'make uninstall with the same' make uninstall \
    DESTDIR="$d" PREFIX=/usr MANDIR=/usr/man EXAMPLEDIR=/usr/share/doc/cbvd
is 'nothing is left' "$(files)" ''

# The first line of comment says what it does, the second where it goes.
is 'each example says at once what it does and where it goes' "$(
    for f in examples/*; do
	sed '/^#!/d' "$f" | sed -n 2p | grep -qE '^(#|dnl) Goes ' || echo "$f"
    done)" ''

# Where a title has a word that is a macro, too, groff loses all behind it.
# whole COMMAND...: no complaint, and each section is shown
whole()
{
	GROFF_NO_SGR=yes "$@" cbvd.8 >"$tmp/man" 2>"$tmp/man.err" || return 1
	sed "s/.$(printf '\b')//g" "$tmp/man" | grep '^[A-Z]' >"$tmp/shown"
	sed -n 's/^\.Sh //p' cbvd.8 | while read -r section; do
		grep -qFx "$section" "$tmp/shown" || echo "$section is not shown"
	done >>"$tmp/man.err"
	same "$(cat "$tmp/man.err")" ''
}
for tool in mandoc groff; do
	if command -v $tool >/dev/null; then
		ok "$tool shows the whole manual" whole $tool -mdoc -Tascii
	else
		skip "no $tool" "$tool shows the whole manual"
	fi
done
