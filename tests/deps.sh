#!/bin/sh
# SPDX-License-Identifier: ISC
# deps.sh build|demo|check|lint|fuzz|prove|musl: say what that needs and is
# missing here, and install it; each up to check includes the one before, the
# others build.  Touches nothing when all is there.  What only a test needs and
# cannot be had is told, and the test skips it by name.
#
# No mail server and no name server is installed, so that none becomes a
# service of this machine and none drives out the one that is: Debian's
# packages of them are unpacked into tests/world/unpacked.
set -u
umask 022
PATH=$PATH:/usr/sbin:/sbin:/usr/local/bin:/usr/local/sbin
kind=${1-}
unpacked=$(cd "$(dirname "$0")" && pwd)/world/unpacked
system=$(uname -s)

say() { echo "deps: $*" >&2; }
die() { say "$*"; exit 1; }

# KIND TEST THING, and how the thing's package is called; "-" where it comes
# with the system or is not to be had.
#	kind	test		thing		apt		apk		dnf			pkg		pkg_add
table="
	build	cmd		cc		gcc,libc6-dev	gcc,musl-dev	gcc			-		-
	build	cmd		make		make		make		make			-		-
	build	header		gdbm.h		libgdbm-dev	gdbm-dev	gdbm-devel		gdbm		gdbm
	build	linux_header	bsd/string.h	libbsd-dev	libbsd-dev	libbsd-devel		-		-
	build	linux_header	sha2.h		libmd-dev	libmd-dev	libmd-devel		-		-
	demo	cmd		perl		perl		perl		perl			perl5		-
	demo	perl		IO::Socket::IP	perl		perl		perl-IO-Socket-IP	perl5		-
	demo	cmd		tcpserver	ucspi-tcp	ucspi-tcp6	ucspi-tcp		ucspi-tcp	ucspi-tcp
	check	cmd		prove		perl		perl-utils	perl-Test-Harness	perl5		-
	check	cmd		ps		procps		-		procps-ng		-		-
	check	cmd		mandoc		mandoc		mandoc		mandoc			-		-
	check	linux_cmd	setsid		util-linux	util-linux-misc	util-linux		-		-
	check	linux_cmd	systemd-socket-activate systemd	-		systemd			-		-
	check	linux_cmd	systemd-analyze	systemd		-		systemd			-		-
	check	cmd		nc		netcat-openbsd	netcat-openbsd	netcat			-		-
	check	linux_file	/etc/protocols	netbase		-		setup			-		-
	check	daemon		nsd		nsd		nsd		nsd			nsd		-
	check	daemon		xinetd		xinetd		xinetd		xinetd			xinetd		xinetd
	check	daemon		inetd		openbsd-inetd	-		-			-		-
	check	daemon		setuidgid	daemontools	-		-			daemontools	daemontools
	check	daemon		chpst		runit		runit		-			runit		runit
	check	mta		postfix		postfix		-		-			-		-
	check	mta		exim		exim4-daemon-light -		-			-		-
	check	mta		sendmail	sendmail-bin	-		-			-		-
	check	mta		opensmtpd	opensmtpd	-		-			-		-
	lint	cmd		clang		clang		clang		clang			-		-
	lint	cmd		clang-tidy	clang-tidy	clang-extra-tools clang-tools-extra	llvm		clang-tools-extra
	lint	cmd		cppcheck	cppcheck	cppcheck	cppcheck		cppcheck	cppcheck
	lint	cmd		mandoc		mandoc		mandoc		mandoc			-		-
	fuzz	cmd		clang		clang		clang		clang			-		-
	fuzz	clang_flag	-fsanitize=fuzzer,address,undefined libclang-rt-14-dev compiler-rt compiler-rt	-		-
	prove	cmd		frama-c		frama-c-base	-		-			-		-
	prove	cmd		clang		clang		clang		clang			-		-
	prove	clang_flag	-fsanitize=fuzzer,address,undefined libclang-rt-14-dev compiler-rt compiler-rt	-		-
	musl	cmd		musl-gcc	musl-tools	-		musl-gcc		-		-
	musl	cmd		xz		xz-utils	xz		xz			-		-
	musl	cmd		perl		perl		perl		perl			-		-
"

main()
{
	case $kind in
	build)	kinds=build ;;
	demo)	kinds='build demo' ;;
	check)	kinds='build demo check' ;;
	lint|fuzz|prove|musl)
		kinds="build $kind" ;;
	*)	echo 'usage: deps.sh build|demo|check|lint|fuzz|prove|musl' >&2
		exit 64 ;;
	esac
	tool=$(manager)

	missing
	[ -n "$things" ] || exit 0
	say "missing:$things"
	[ -n "$tool" ] || die "no package manager known here: install them yourself"
	become_root
	refresh
	# shellcheck disable=SC2086
	[ -z "$packages" ] || install $packages
	for d in $daemons; do
		unpack_daemon "$d"
	done
	for m in $mtas; do
		unpack_mta "${m%%:*}" "${m#*:}"
	done
	rm -rf "$unpacked/debs"

	missing
	[ -n "$things" ] || exit 0
	case $kind in
	check)	if [ -z "$needed" ]; then
			say "not to be had here, its tests will be skipped:$things"
			exit 0
		fi ;;
	esac
	die "could not be installed:$things"
}

manager()
{
	for t in apt-get apk dnf pkg_add pkg; do
		command -v $t && return
	done | sed 's,.*/,,'
}

# Set things, packages, daemons and mtas to what is missing, and needed to
# those without which nothing can be built.
missing()
{
	things='' packages='' daemons='' mtas='' needed=''
	while read -r k test thing apt apk dnf pkg pkg_add; do
		case " $kinds " in *" ${k:-none} "*) ;; *) continue ;; esac
		has_"$test" "$thing" && continue
		case $tool in
		apt-get) package=$apt ;;
		apk)	package=$apk ;;
		dnf)	package=$dnf ;;
		pkg)	package=$pkg ;;
		pkg_add) package=$pkg_add ;;
		*)	package=- ;;
		esac
		things="$things $thing"
		[ "$k" != build ] || needed="$needed $thing"
		[ "$package" != - ] || continue
		case $test-$tool in
		mta-*)		mtas="$mtas $thing:$package" ;;
		daemon-apt-get)	daemons="$daemons $package" ;;
		*)		packages="$packages $(echo "$package" | tr , ' ')" ;;
		esac
	done <<-END
	$table
	END
}

has_cmd() { command -v "$1" >/dev/null; }
has_linux_cmd() { [ "$system" != Linux ] || has_cmd "$1"; }
has_linux_file() { [ "$system" != Linux ] || [ -e "$1" ]; }
has_perl() { perl -M"$1" -e 1 2>/dev/null; }
has_mta() { [ -e "$unpacked/$1/.done" ]; }

# what a flag needs may be a package of its own
has_clang_flag()
{
	has_cmd clang && echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
	    clang "$1" -xc -o /dev/null - 2>/dev/null
}

has_header()
{
	for d in /usr/include /usr/include/*-linux-* /usr/local/include \
	    /usr/pkg/include; do
		[ ! -e "$d/$1" ] || return 0
	done
	return 1
}

has_linux_header() { [ "$system" != Linux ] || has_header "$1"; }

# On Linux inetd is always ours: another one may go by that name.
has_daemon()
{
	[ "$system-$1" = Linux-inetd ] || ! has_cmd "$1" || return 0
	[ -x "$unpacked/host/usr/sbin/$1" ] ||
	    [ -x "$unpacked/host/usr/bin/$1" ]
}

become_root()
{
	as_root=
	[ "$(id -u)" -ne 0 ] || return
	for t in sudo doas; do
		command -v $t >/dev/null && as_root=$t && return
	done
	say 'not root, and neither sudo nor doas is here'
	as_root=false
}

refresh()
{
	case $tool in
	apt-get) quietly $as_root apt-get -q update ;;
	apk)	quietly $as_root apk update ;;
	esac
}

# All at once, or each by itself so that one unknown name spoils nothing.
install()
{
	say "installing: $*"
	install_some "$@" && return
	for p in "$@"; do
		install_some "$p"
	done
}

install_some()
{
	case $tool in
	apt-get) quietly $as_root env DEBIAN_FRONTEND=noninteractive \
		    apt-get -qy --no-install-recommends install "$@" ;;
	apk)	quietly $as_root apk add "$@" ;;
	dnf)	quietly $as_root dnf -y install "$@" ;;
	pkg)	quietly $as_root pkg install -y "$@" ;;
	pkg_add) quietly $as_root pkg_add -I "$@" ;;
	esac
}

# Run a command and show what it said only when it fails.
quietly()
{
	out=$("$@" 2>&1 </dev/null) && return
	echo "$out" | tail -5 | sed 's/^/deps: /' >&2
	return 1
}

# The daemon runs in this machine's own root, so its libraries come from there.
unpack_daemon()
{
	say "unpacking $1"
	libs=$(apt-get -s --no-install-recommends install "$1" 2>/dev/null |
	    awk '$1 == "Inst" && $2 ~ /^(lib|zlib)/ { print $2 }')
	# shellcheck disable=SC2086
	[ -z "$libs" ] || install $libs
	fetch "$1" && extract "$unpacked/host" "$1"
}

# The MTA runs in a root of its own: with every library, down to the C library.
unpack_mta()
{
	list=$(apt-get -s -o Dir::State::status=/dev/null \
	    --no-install-recommends install "$2" 2>/dev/null |
	    awk '$1 == "Inst" { print $2 }' |
	    grep -E "^(lib|zlib|m4$|sendmail-|exim4-|$2$)" |
	    grep -Ev -- '-perl$|^libperl|-common$|^exim4-(config|base)$')
	[ -n "$list" ] || { say "apt knows no $2"; return; }
	say "unpacking $1: $(echo "$list" | wc -l) packages"
	rm -rf "${unpacked:?}/$1"
	# shellcheck disable=SC2086
	fetch $list && extract "$unpacked/$1" $list &&
	    rm -rf "$unpacked/$1/usr/share/doc" "$unpacked/$1/usr/share/man" \
	    "$unpacked/$1/usr/share/locale" && : >"$unpacked/$1/.done"
}

fetch()
{
	mkdir -p "$unpacked/debs" || exit 1
	(cd "$unpacked/debs" && for p; do
		ls "$p"_*.deb >/dev/null 2>&1 || echo "$p"
	done | quietly_xargs apt-get -q download)
}

quietly_xargs()
{
	names=$(cat)
	# shellcheck disable=SC2086
	[ -z "$names" ] || quietly "$@" $names
}

extract()
{
	to=$1
	shift
	mkdir -p "$to" || return 1
	for p; do
		quietly dpkg -x "$unpacked/debs/$p"_*.deb "$to" || return 1
	done
}

main
