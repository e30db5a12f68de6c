#!/bin/sh
# SPDX-License-Identifier: ISC
# 97-requirements.t: the requirements R65 to R81, about the cache, the build and
# the proof: for each the bad input, and what must be seen.  95 and 96 have
# those before.
# shellcheck disable=SC2154
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh

plan 94
kept=$cache folder=$tmp/cache via=unix
LATE=20000	# ms: nothing is waited for that long
unset MAKEFLAGS MFLAGS MAKELEVEL

owned() { ! am_root || chown -h "$user" "$@"; }
mode_of() { stat -c %a "$1" 2>/dev/null || stat -f %Lp "$1"; }
cached() { fits "$out" '*(cached [0-9]*)'; }
# hit NAME GLOB ARGS...: the cache answers, and nobody is asked
hit() { mark; verdict "$@"; ok "$1: from the cache" hit_alone; }
hit_alone() { cached && quiet; }
# asked NAME GLOB ARGS...: somebody is asked, for the cache has nothing to say
asked() { mark; verdict "$@"; ok "$1: a host or DNS is asked" asked_anew; }
asked_anew() { not cached >/dev/null && not quiet >/dev/null; }
# right NAME: both verdicts, whatever befell the cache
right()
{
	ask real@good.test no@good.test
	like "$1" "$(printf '%s\n' "$out" | cut -c 1-9 | tr '\n' ,) [$status]" \
	    '250 2.1.5,550 5.1.7, \[67\]'
}
place()
{
	rm -rf "$cache" "$cache.bad" "$cache.lock"
	cat >"$cache"
	chmod "${1:-600}" "$cache"
	owned "$cache"
}

host good default
host later greylisting
host drop drop-rcpt
host blocked blocked-rcpt
host unclear 'default | C: RCPT * | S: 550 No'
host quota 'default | C: RCPT * | S: 552 5.2.2 Mailbox full'
host any catch-all
host greets blocked-greeting
greets=$addr
zone 'neighbour.test MX 10 mx.greets.test' 'null.test MX 0 .' \
    'fails.test MX !servfail'
a63=$(printf '%063d' 0)
host long "default | C: RCPT TO:<${a63}1@*>* | S: 250 2.1.5 Ok"
host lodger-a 'default | C: RCPT TO:<*@lodger-a.test>* | S: 554 5.7.1 Client host [192.0.2.1] blocked using bl.spamcop.net'
zone 'lodger-b.test MX 10 mx.lodger-a.test'
for n in held joined; do
	host "$n" "default | S: !until $tmp/go.$n | S: 220 mx.test ESMTP"
done
host many default
start

# The static build takes its time, beside everything else.
mkdir "$tmp/static"
cp ./*.c ./*.h Makefile "$tmp/static"
echo 'int main(void) { return 0; }' >"$tmp/one.c"
no_static='no static C library'
static=
if cc -static -o "$tmp/one" "$tmp/one.c" 2>/dev/null; then
	no_static=
	make -C "$tmp/static" STATIC=yes CFLAGS=-O1 cbvd >"$tmp/static.out" 2>&1 &
	static=$!
fi

# ---- the cache -----------------------------------------------------------------------

ask real@good.test no@good.test
sound=$tmp/sound
cp "$cache" "$sound"
# alone NAME: it is as before, and nothing is read from it
alone()
{
	state=$(file_state "$target")
	right "$1"
	is "$1: left alone" "$(file_state "$target") $(ls "$cache.bad" 2>/dev/null)" \
	    "$state "
	ok "$1: and not read" not cached
}
target=$folder/target
place <"$sound"
mv "$cache" "$target"
ln -s target "$cache"
owned "$cache"
alone 'R65 a symbolic link'
rm "$cache"
ln "$target" "$cache"
alone 'R65 a file of two names'
rm "$cache"
ln -s nothing "$cache"
owned "$cache"
right 'R65 a link to nothing'
is 'R65 a link to nothing: nothing is made' "$(ls "$folder/nothing" 2>/dev/null)" ''
target=$cache
place 644 <"$sound"
alone 'R65 a file that others may read'
if am_root; then
	place 600 <"$sound"
	chown root "$cache"
	alone 'R65 a file of somebody else'
else
	skip 'only root gives files away' 'R65 a file of somebody else' \
	    'R65 left alone' 'R65 not read'
fi
rm "$cache"
mkfifo -m 600 "$cache"
owned "$cache"
right 'R65 a FIFO'
ok 'R65 is not waited for' at_most "$took_ms" $LATE
rm "$cache"

mkdir -m 700 "$cache"
owned "$cache"
right 'R66 a folder in its place changes no verdict'
rmdir "$cache"
cache=$tmp/nosuch/cbvd.gdbm
right 'R66 nor does a folder that is missing'
mkdir -m 0 "$tmp/closed"
cache=$tmp/closed/cbvd.gdbm
right 'R66 or closed'
cache=$kept
: | place
right 'R66 or a file that is empty'

# locker KIND: somebody else has the lock of the cache, until end_locker
cat >"$tmp/locker.pl" <<'END'
use Fcntl ':flock';
open(my $f, '+<', $ARGV[0]) or die;
flock($f, LOCK_EX | ($ARGV[1] eq 'try' ? LOCK_NB : 0)) or exit 1;
exit 0 if $ARGV[1] eq 'try';
open(my $done, '>', $ARGV[2]);
sleep 80;
END
place <"$sound"
rm -f "$tmp/locked"
perl "$tmp/locker.pl" "$cache" hold "$tmp/locked" &
locker=$!
pids="$pids $locker"
until_true [ -e "$tmp/locked" ]
right 'R67 a lock that another one holds changes no verdict'
ok 'R67 and is not waited for long' at_most "$took_ms" $LATE
kill "$locker"
wait "$locker" 2>/dev/null
mark
begin held 'send:real@held.test\r\n' -o wait=60s,total=60s
held_called() { [ "$(event_count connect)" -gt 0 ]; }
until_true held_called
ok 'R67 while a host is waited for the lock is free' \
    perl "$tmp/locker.pl" "$cache" try
verdict 'R67 and others are served' '550 5.1.7 *(cached *' no@good.test
: >"$tmp/go.held"
ended held
like 'R67 the waiting one has its answer, too' "$(one_line)" '250 2.1.5 *'

perl -e 'print "SQLite format 3\0", "x" x 20000' >"$tmp/odd"
place <"$tmp/odd"
for n in 1 2 3; do
	begin "odd$n" 'send:real@good.test\r\n'
done
got=
for n in 1 2 3; do
	ended "odd$n"
	got="$got $(one_line | cut -c 1-9)"
done
is 'R68 a file that is no cache: the verdicts are right' "$got" \
    ' 250 2.1.5 250 2.1.5 250 2.1.5'
ok 'R68 it is set aside whole' cmp "$tmp/odd" "$cache.bad"
ask real@good.test
hit 'R68 and a new one is made in its place' '250 2.1.5 *' real@good.test

rm -f "$cache" "$cache.bad"
ask real@good.test no@good.test
perl -pi -e 's/(real\@good\.test\0.{30})./$1X/s' "$cache"
asked 'R69 a record that somebody has changed is none' '250 2.1.5 *' real@good.test
perl tests/record.pl "$cache" real@good.test when=4000
asked 'R69 nor is one of the future' '250 2.1.5 *' real@good.test
perl tests/record.pl "$cache" real@good.test when=-999999999
asked 'R69 nor one of the past' '250 2.1.5 *' real@good.test
perl tests/record.pl "$cache" no@good.test \
    "text=$(printf '550 evil\033[31m\r\n250 ok\tx\007\377')"
serve 'send:no@good.test\r\n'
ok 'R69 whatever a record says is escaped' \
    expr "$(one_line)" : '550 5\.1\.7 <no@good\.test> [ -~]*evil[ -~]*250 ok[ -~]*(cached [0-9]*s)$'
is 'R69 in -L, too' "$(run -L | LC_ALL=C tr -d '\t' | LC_ALL=C grep -c '[^ -~]')" 0

rm -f "$cache"
ask no@good.test no@later.test no@drop.test no@blocked.test no@unclear.test \
    no@quota.test no@any.test no@greets.test no@fails.test no@gone.elsewhere \
    no@null.test 'no@[192.0.2.1]' zß@good.test
is 'R70 only a refusal of the mailbox, or of DNS, is stored as one' \
    "$(run -L | awk '$2 == 550 { print $1 }' | sort | tr '\n' ' ')" \
    'gone.elsewhere no@good.test null.test '
rescript unclear default
rescript quota default
run -F no@drop.test no@later.test
rescript drop default
rescript later default
ask real@later.test real@drop.test real@unclear.test real@quota.test
is 'R70 and what was temporary or unknown is nobody'"'"'s refusal later' \
    "$(printf '%s\n' "$out" | cut -c 1-9 | tr '\n' ,)" \
    '250 2.1.5,250 2.1.5,250 2.1.5,250 2.1.5,'

ask real@good.test
hit 'R71 the domain is folded' '250 2.1.5 <real@GOOD.tEST> *' real@GOOD.tEST
asked 'R71 the local-part is not' '550 5.1.7 *' No@good.test
verdict 'R71 a local-part of 64 octets' '250 2.1.5 *' "${a63}1@long.test"
asked 'R71 is another when its last octet is' '550 5.1.7 *' "${a63}2@long.test"
ask -F good.test
hit 'R71 a domain and its mailboxes have no key in common' '250 2.1.5 *' real@good.test

cache=$folder/size.gdbm
# shellcheck disable=SC2046
run -o size=64K $(awk 'BEGIN { for (i = 0; i < 260; i++) print "u" i "@many.test" }') \
    >"$tmp/many"
is 'R72 more mailboxes than the cache may hold: all have their verdict' \
    "$(grep -c '^550 5\.1\.7 ' "$tmp/many")" 260
ok 'R72 and it is no larger than size= says' at_most "$(wc -c <"$cache")" 65536
ok 'R72 but not empty' at_least "$(run -L | wc -l)" 20
cache=$kept

verdict 'R73 a host that blocks us for one domain' '252 2.0.0 *' real@lodger-a.test
asked 'R73 is asked for another' '250 2.1.5 *' real@lodger-b.test
is 'R73 what a greeting says is the host'"'"'s' \
    "$(run -L greets.test no@greets.test | wc -l) $(run -L "$greets" | wc -l)" '0 1'
mark
verdict 'R73 and counts for each domain there' '252 2.0.0 *' real@neighbour.test
is 'R73 without a call' "$(event_count connect)" 0

ask real@good.test
cat >"$tmp/killer.pl" <<'END'
use Time::HiRes qw(time sleep);
open(STDOUT, '>', '/dev/null');
srand(74);
my $lasted;
for my $i (0 .. 25) {
	my $began = time;
	my $pid = fork // die;
	if ($pid == 0) {
		$ENV{NOCOVERAGE} = 1;	# it could die while it writes that
		exec @ARGV, map { "u$_.$i\@many.test" } 1 .. 3;
		exit 1;
	}
	if (defined $lasted) {
		sleep(rand(1.1 * $lasted));
		kill 9, $pid;
	}
	waitpid($pid, 0);
	$lasted //= time - $began;
}
END
perl "$tmp/killer.pl" "$cbvd" -N "127.0.0.1:$ns_port" -p "$mx_port" \
    -h client.test -o "nonglobal,$limits" -c "$cache"
hit 'R74 twenty-five writers killed: what was there is there' '250 2.1.5 *' real@good.test
is 'R74 of what they stored nothing is wrong' \
    "$(run -L | awk -F '\t' '/^u[1-3]\./ && $2 != 550') $(ls "$cache.bad" 2>/dev/null)" ' '
ask new74@many.test
hit 'R74 and what is new is kept' '550 5.1.7 *' new74@many.test

worst=
for n in 0 1 8 24 64; do
	rm -f "$cache" "$cache.lock"
	got=$(ulimit -f $n; run real@good.test no@good.test | cut -c 1-9 | tr '\n' ,)
	[ "$got" = '250 2.1.5,550 5.1.7,' ] || worst="$worst $n: $got"
done
is 'R75 no file may grow, and SIGXFSZ: the verdicts are right' "$worst" ''
ask real@good.test no@good.test
hit 'R75 when there is space the cache works again' '550 5.1.7 *' no@good.test
rm -f "$cache" "$cache.lock"
(umask 0; run real@good.test >/dev/null)
is 'R76 whatever the umask, the cache and its lock are 0600' \
    "$(mode_of "$cache") $(mode_of "$cache.lock")" '600 600'
ok 'R76 their folder is made for its user alone' \
    grep -q 'install -d -m 700 -o _cbvd .*/var/cache/cbvd' Makefile

mark
for n in 1 2 3 4 5; do
	begin "j$n" 'send:real@joined.test\r\n' -o wait=60s,total=60s
done
until_true held_called
sleep 1.5
: >"$tmp/go.joined"
got=
for n in 1 2 3 4 5; do
	ended "j$n"
	got="$got $(one_line | cut -c 1-9)"
done
is 'R77 five equal queries at the same time have one answer' "$got" \
    ' 250 2.1.5 250 2.1.5 250 2.1.5 250 2.1.5 250 2.1.5'
is 'R77 of one callout' \
    "$(event_count connect) $(events | grep -c '<real@joined.test>')" '1 1'

# refused CHANGES...: the record of a refusal, and then the clock was set
refused()
{
	ask -o negative=1s -F no@good.test
	run -F no@good.test
	ask no@good.test
	perl tests/record.pl "$cache" no@good.test "$@"
}
refused all=-7000
hit 'R78 a refusal of less than the negative age' '550 5.1.7 *' no@good.test
refused all=-7300
asked 'R78 one that is older' '550 5.1.7 *' no@good.test
refused mono=-7300
asked 'R78 one that is older, the clock set back' '550 5.1.7 *' no@good.test
refused when=-3600
asked 'R78 one whose age the two clocks do not agree about' '550 5.1.7 *' no@good.test
refused when=3600
asked 'R78 one of the future' '550 5.1.7 *' no@good.test
ask no@gone.elsewhere
perl tests/record.pl "$cache" gone.elsewhere all=-7300
asked 'R78 that a domain does not exist, two hours ago' '550 5.1.8 *' no@gone.elsewhere

# ---- build and proof -------------------------------------------------------------------

is 'R79 CI runs what brings hostile octets under ASan and UBSan, and the fuzzers' \
    "$(grep -c -e '-fsanitize=address,undefined' -e '^nice .* make .* fuzz ' .ci/run)" 2
# The fuzzers are functions of octets, and need no more than a main: the kept
# corpus, and each of it a thousand times with octets changed.
cat >"$tmp/main.c" <<'END'
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
main(int argc, char **argv)
{
	static uint8_t octets[20000], changed[20000];
	unsigned long x = 79;
	size_t len, n;
	FILE *f;
	int i, j;

	for (; argc > 1; argc--) {
		f = fopen(argv[argc - 1], "rb");
		len = f == NULL ? 0 : fread(octets, 1, sizeof(octets), f);
		if (len == 0)
			return (2);
		fclose(f);
		for (i = 0; i < 1000; i++) {
			memcpy(changed, octets, len);
			n = len;
			for (j = 0; i > 0 && j <= i % 5; j++) {
				x = x * 1103515245 + 12345;
				changed[x / 65536 % len] = (uint8_t)(x >> 8);
				if (j == 4)
					n = 1 + x / 256 % len;
			}
			LLVMFuzzerTestOneInput(changed, n);
		}
	}
	return (0);
}
END
fuzzed()
{
	# shellcheck disable=SC2086
	cc -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. -Itests/fuzz \
	    -isystem /usr/include/bsd -DLIBBSD_OVERLAY -DLIBBSD_OPENBSD_VIS \
	    -fsanitize=undefined -fsanitize-undefined-trap-on-error \
	    -o "$tmp/fuzz" "$tmp/main.c" "tests/fuzz/$1.c" $2 \
	    -lgdbm -lbsd -lmd -lresolv || return 1
	perl -e 'alarm 60; exec @ARGV' "$tmp/fuzz" "tests/fuzz/corpus/$1"/*
}
for n in request:'verdict.c reply.c' reply:'reply.c verdict.c' \
    dns:'mailbox.c verdict.c reply.c' record:'verdict.c reply.c'; do
	if [ "$(uname -s)" = Linux ]; then
		ok "R79 ${n%%:*} is a function of octets, and none of them breaks it" \
		    fuzzed "${n%%:*}" "${n#*:}"
	else
		skip 'its flags are those of Linux' "R79 ${n%%:*}"
	fi
done

flagged()
{
	readelf -hW "$cbvd" | grep 'Type: *DYN' &&
	    readelf -dW "$cbvd" | grep -E 'BIND_NOW|FLAGS_1.*NOW' &&
	    readelf -lW "$cbvd" | grep GNU_RELRO &&
	    readelf -lW "$cbvd" | grep 'GNU_STACK.* RW ' &&
	    readelf -sW "$cbvd" | grep __stack_chk_fail &&
	    readelf -sW "$cbvd" | grep -E '__[a-z]*printf_chk'
}
if ! command -v readelf >/dev/null; then
	skip 'no readelf' 'R80 hardened'
elif readelf -sW "$cbvd" | grep -q -e __asan_init -e __ubsan -e __gcov_; then
	skip 'built for a sanitizer, or for gcov, instead' 'R80 hardened'
else
	ok 'R80 it is position independent, all relocated and read-only, with stack protector and FORTIFY' flagged
fi
is 'R80 it is installed without set-user-ID' "$(grep -c 'install -m 755 cbvd ' Makefile) $(
    find "$cbvd" -perm -4000 -o -perm -2000)" '1 '
marked()
{
	! ${CC:-cc} -Werror -fcf-protection -E -x c /dev/null >/dev/null 2>&1 ||
	    readelf -n "$tmp/static/cbvd.o" | grep -q SHSTK
}
if [ -n "$no_static" ]; then
	skip "$no_static" 'R80 make STATIC=yes' 'R80 marked' 'R80 no shared object' \
	    'R80 it answers' 'R80 and refuses'
else
	wait "$static"
	ok 'R80 make STATIC=yes' test -x "$tmp/static/cbvd"
	[ -x "$tmp/static/cbvd" ] || sed 's/^/# /' "$tmp/static.out"
	ok 'R80 its jumps are marked, where the compiler can' marked
	is 'R80 it needs no shared object' \
	    "$(readelf -dW "$tmp/static/cbvd" | grep -c NEEDED)" 0
	chmod 711 "$tmp/static"
	cbvd=$tmp/static/cbvd
	verdict 'R80 it answers' '250 2.1.5 *' -c none real@good.test
	verdict 'R80 and refuses' '550 5.1.7 *' -c none no@good.test
fi
guarantee()
{
	sed -e 's/^\.[A-Z][a-z] //' cbvd.8 | tr '\n' ' ' >"$tmp/manual"
	for n in 'nobody who can send cbvd a request' 'make it execute code' \
	    'write outside the folder of its cache' 'send message data' \
	    'say 550 about a mailbox that no MX host refused' 'Not promised are'; do
		tr -s ' ' <"$tmp/manual" | sed 's/\.Nm/cbvd/g' | grep -qF "$n" ||
		    { echo "$n"; return 1; }
	done
}
ok 'R81 the manual states the guarantee, and its limits' guarantee
