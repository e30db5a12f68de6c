#!/bin/sh
# SPDX-License-Identifier: ISC
# 40-cache.t: what is remembered, of whom and for how long; and that nothing
# that befalls the cache's file makes a wrong verdict.
# shellcheck disable=SC2046,SC2086,SC2119,SC2120
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh

plan 391
main_cache=$cache
folder=$tmp/cache
fast='-o rate=100000/m,all=1000,perhost=64'

# With the folder of a cache that is made by hand, owned as cbvd wants it.
owned() { ! am_root || chown -h "$user" "$@"; }
mode_of() { stat -c %a "$1" 2>/dev/null || stat -f %Lp "$1"; }
size_of() { wc -c <"$1"; }

# stored NAME GLOB ARGS...: the answer fits; a second one is the same, from the
# cache alone, and leaves the file alone.
stored()
{
	stored_name=$1
	verdict "$@"
	shift 2
	first=$out state=$(file_state "$cache")
	mark
	ask "$@"
	ok "$stored_name, from the cache the second time" from_cache
}
cached() { fits "$out" '* (cached [0-9]*s)'; }
from_cache()
{
	cached && same "${out% (cached*}" "$first" && quiet &&
	    same "$(file_state "$cache")" "$state"
}

# hit NAME GLOB ARGS...: the cache answers, and nobody is asked
hit()
{
	hit_name=$1
	mark
	verdict "$@"
	ok "$hit_name: nobody is asked" hit_alone
}
hit_alone() { cached && quiet; }

# asked NAME GLOB ARGS...: a host or a name server is asked, for the cache has
# nothing to say
asked()
{
	asked_name=$1
	mark
	verdict "$@"
	ok "$asked_name: somebody is asked" asked_anew
}
asked_anew() { not cached >/dev/null && not quiet >/dev/null; }

# not_stored NAME GLOB MAILBOX
not_stored()
{
	verdict "$1" "$2" "$3"
	is "$1: nothing of it in the cache" "$(run -L "$3")" ''
}

# listed KEY: how many records there are of it
listed() { run -L "$1" | wc -l; }

# right NAME: whatever has befallen the cache, the verdicts are right
right()
{
	verdict "$1: who is there is" '250 2.1.5 *' $fast real@good.test
	verdict "$1: who is not is not" '550 5.1.7 *' $fast nobody@good.test
}

host good default
good=$addr
host near default
host policy 'default | C: RCPT TO:<full@*>* | S: 552 5.2.2 Mailbox full'
host grey greylisting
host blocked blocked-rcpt
host drop drop-rcpt
host greeting blocked-greeting
host ehlo blocked-ehlo
host mail blocked-mail
host all catch-all
host tested default
host maybe 'later-rcpt | C: RCPT TO:<real@*>* | S: 250 2.1.5 Ok | C: RCPT TO:<other@*>* | S: 250 2.1.5 Ok'
host nullpath null-path-mail
nullpath=$addr
host escapes escapes
host utf8 smtputf8
zone 'backup.test MX 10 mx.grey.test' 'backup.test MX 20 mx.all.test'
host refuted default
zone 'refuted.test MX 20 mx.near.test'
host age default
host agefull 'default | C: RCPT TO:<full@*>* | S: 552 5.2.2 Mailbox full'
host agegrey greylisting
host ageblocked blocked-rcpt
host ageall catch-all
host agenull null-path-mail
host agedown default
host many default
host half 'default | C: RCPT TO:<relay@*>* | S: 550 5.7.1 Relaying denied'
host size default
host kill default
zone 'half.test MX 20 mx.halffails.test' 'mx.halffails.test A !servfail'
zone 'null.test MX 0 .' 'fail.test MX !servfail' 'agefail.test MX !servfail' \
    'ageback.test MX 10 mx.agegrey.test' 'ageback.test MX 20 mx.ageall.test' \
    'lost.test MX 10 mx.lost.test' 'mx.lost.test A 127.0.0.9'
start

# ---- a hit ---------------------------------------------------------------------

verdict 'what is not in the cache is asked' '250 2.1.5 <real@good.test> *' real@good.test
first=$out
ok 'and says of no age' not cached
is 'the cache is made with mode 0600' "$(mode_of "$cache")" 600
is 'for whom cbvd has become' "$(find "$cache" -user "$user")" "$cache"
[ ! -e "$cache.lock" ] || is_lock=$(mode_of "$cache.lock")
is 'and so is its lock file, where there is one' "${is_lock:-600}" 600
state=$(file_state "$cache")
sleep 1
mark
verdict 'a second query has the same verdict' '250 2.1.5 <real@good.test> *' real@good.test
is 'in the same words' "${out% (cached*}" "$first"
like 'and says how old it is' "$out" '* (cached [1-9]s)'
is 'no name server is asked' "$(query_count)" 0
is 'no host is called' "$(event_count connect)" 0
is 'no octet nor the time of the file changes' "$(file_state "$cache")" "$state"
hit 'the case of a domain is not told apart' '250 2.1.5 <real@GOOD.Test> *' real@GOOD.Test
asked 'the case of a local-part is' '550 5.1.7 <nobody@good.test> *' nobody@good.test
asked 'NOBODY is not nobody' '550 5.1.7 <NOBODY@good.test> *' NOBODY@good.test

# ---- what is stored, and of what -------------------------------------------------

stored 'deliverable is stored of the mailbox' '250 2.1.5 *' real@near.test
stored 'undeliverable is stored of the mailbox' '550 5.1.7 *' nobody@near.test
asked 'a refusal says nothing of a neighbour' '250 2.1.5 *' other@near.test
asked 'nor of another that is refused, too' '550 5.1.7 *' nobody2@near.test
hit 'and the first is still there' '250 2.1.5 *' real@near.test
stored 'a matter of policy is stored of the mailbox' '252 2.0.0 *' full@policy.test
asked 'a matter of policy says nothing of a neighbour' '250 2.1.5 *' real@policy.test
stored 'a 4xx is stored of the mailbox' '450 4.2.0 *' real@grey.test
asked 'a 4xx says nothing of a neighbour' '450 4.2.0 *' other@grey.test
stored 'a dropped connection is stored of the mailbox' '450 4.4.1 *' real@drop.test
is 'under its name' "$(listed real@drop.test)" 1
stored 'that we are blocked at RCPT is stored' '252 2.0.0 *' real@blocked.test
is 'not of the mailbox' "$(listed real@blocked.test)" 0
is 'but of the domain' "$(listed blocked.test)" 1
hit 'so that a neighbour is unknown, too' '252 2.0.0 <other@blocked.test> *' other@blocked.test
stored 'a domain that does not exist is stored' '550 5.1.8 *' real@gone.elsewhere
hit 'for each mailbox of it' '550 5.1.8 <other@gone.elsewhere> *' other@gone.elsewhere
asked 'but for no other domain' '550 5.1.8 *' real@sub.gone.elsewhere
stored 'a null MX is stored' '550 5.7.27 *' real@null.test
hit 'for each mailbox of its domain' '550 5.7.27 <other@null.test> *' other@null.test
stored 'DNS failing is stored' '451 4.4.3 *' real@fail.test
hit 'for each mailbox of the domain' '451 4.4.3 <other@fail.test> *' other@fail.test
is 'and of no mailbox' "$(listed real@fail.test) $(listed real@null.test)" '0 0'
stored 'DNS failing for a host beside one that relays not is stored' \
    '451 4.4.3 *' relay@half.test
is 'of the mailbox' "$(listed relay@half.test) $(listed half.test)" '1 0'
asked 'for the host may take another' '250 2.1.5 *' real@half.test
verdict 'and so postmaster' '250 2.1.5 *' postmaster@half.test

# As on the Internet: loopback is not called.
global()
{
	"$cbvd" -N "127.0.0.1:$ns_port" -p "$mx_port" -h client.test \
	    -c "$cache" "$@"
}
mark
is 'a domain with unroutable hosts only is 550 5.1.8' \
    "$(global real@lost.test | cut -c1-10)" '550 5.1.8 '
mark
like 'which is stored for each mailbox of it' "$(global other@lost.test)" \
    '550 5.1.8 <other@lost.test> * (cached [0-9]*s)'
ok 'and asks nobody' quiet

not_stored 'a 5xx to the connection' '252 2.0.0 *' real@greeting.test
not_stored 'a 5xx to EHLO' '252 2.0.0 *' real@ehlo.test
not_stored 'a 5xx to MAIL' '252 2.0.0 *' real@mail.test
not_stored 'an address literal' '252 2.0.0 *' 'real@[127.1.0.1]'
not_stored 'a bad request' '501 5.1.7 *' 'no mailbox'
is 'and nothing of their domains' "$(run -L greeting.test ehlo.test mail.test)" ''
mark
mark
verdict 'where we are blocked a postmaster is there' '250 2.1.5 *' postmaster@blocked.test
is 'without a callout' "$(event_count connect)" 0
ask real@refuted.test
rescript refuted later-rcpt
mark
verdict 'what the best host refuses the next one may take' '250 2.1.5 * mx.near.test*' \
    other@refuted.test
is 'so that is tested anew' "$(event_count RCPT)" 3
stored 'a backup host that accepts any mailbox is stored of the mailbox' \
    '252 2.0.0 *' real@backup.test
is 'and not of the domain' "$(listed real@backup.test) $(listed backup.test)" '1 0'
verdict 'a postmaster is there without a callout' '250 2.1.5 *' postmaster@good.test
is 'and not stored' "$(listed postmaster@good.test)" 0
is 'for nobody was called' "$(event_count connect)" 0

# ---- what is known of domains and hosts ----------------------------------------------

verdict 'a domain that accepts any mailbox is unknown' '252 2.0.0 *' any@all.test
hit 'which is remembered of the domain' '252 2.0.0 <some@all.test> *' some@all.test
mark
verdict 'a mailbox is there' '250 2.1.5 *' real@tested.test
is 'beside it one that cannot be is asked for' "$(event_count RCPT)" 2
mark
verdict 'that it was refused is remembered' '250 2.1.5 *' other@tested.test
is 'and not asked for again' "$(event_count RCPT)" 1
mark
verdict 'a 4xx to the test leaves the mailbox 250' '250 2.1.5 *' real@maybe.test
is 'it was tested' "$(event_count RCPT)" 2
is 'and nothing learned of the domain' "$(listed maybe.test)" 0
mark
verdict 'another mailbox is 250, too' '250 2.1.5 *' other@maybe.test
is 'and tested again' "$(event_count RCPT)" 2
nulls() { events | grep -c 'MAIL FROM:<>'; }
mark
verdict 'where the null reverse-path is refused another is tried' '250 2.1.5 *' real@nullpath.test
is 'after the null one' "$(nulls) $(event_count MAIL)" '1 2'
mark
verdict 'that is remembered of the host' '250 2.1.5 *' other@nullpath.test
is 'and the next callout begins with the other' "$(nulls) $(event_count MAIL)" '0 1'
is 'under its IP address' "$(run -L "$nullpath" | grep -c 'refuses the null')" 1
mark
ask -f none -o positive=1s nobody@nullpath.test
is 'without -f the null one is tried' "$(nulls) $(event_count MAIL)" '1 1'

# ---- -L, -F ------------------------------------------------------------------------

ask nobody@escapes.test jörg@utf8.test "o'x|y@good.test" '"a b"@good.test'
run -L >"$tmp/list"
is '-L lists five columns' "$(awk -F '\t' 'NF != 5' "$tmp/list")" ''
like 'key, verdict, age, expires in, evidence' \
    "$(grep '^real@good\.test	' "$tmp/list" | tr '\t' '|')" \
    "real@good.test|250|[0-9]*s|[67]d|mx.good.test?$good? said at RCPT: 250 2.1.5 Ok*"
is 'no control nor 8-bit character' "$(grep -c '[^ -~	]' "$tmp/list")" 0
like 'nor what a terminal obeys, in the evidence' \
    "$(grep '^nobody@escapes\.test' "$tmp/list" | cut -f5)" '*User unknown ?\[\[31mred*'
is 'the mailbox of eight bits is there' "$(grep -c '@utf8\.test	250	' "$tmp/list")" 1
is 'a record of a domain has its name' "$(grep -c '^gone\.elsewhere	550	' "$tmp/list")" 1
ok 'and all that was stored is there' at_least "$(wc -l <"$tmp/list")" 25
is '-L KEY lists that alone' "$(run -L real@near.test | cut -f1,2)" 'real@near.test	250'
is 'in any case of the domain' "$(run -L real@NEAR.Test | cut -f1)" real@near.test
is 'keys may be several' "$(run -L real@near.test null.test | cut -f1 | sort | tr '\n' ,)" \
    'null.test,real@near.test,'
is 'a key is no pattern' "$(run -L near '*@near.test' '@near.test' '')" ''
state=$(file_state "$cache")
run -L >/dev/null
is '-L changes nothing' "$(file_state "$cache")" "$state"

ok '-F forgets a mailbox' run -F real@NEAR.TEST
is 'it is not listed' "$(listed real@near.test)" 0
hit '-F leaves its neighbour' '550 5.1.7 *' nobody@near.test
asked 'what is forgotten is asked' '250 2.1.5 *' real@near.test
ok '-F forgets a domain, in any case of letters' run -F GONE.elseWhere
asked 'its name server is asked' '550 5.1.8 *' real@gone.elsewhere
ok '-F forgets that a domain accepts any mailbox' run -F all.test
asked 'it is asked again' '252 2.0.0 *' some@all.test
ok '-F forgets a host' run -F "$nullpath"
mark
ask -o positive=1s third@nullpath.test
is 'the null reverse-path is tried again' "$(nulls)" 1
ok '-F forgets several' run -F real@near.test nobody@near.test
is 'all of them' "$(run -L real@near.test nobody@near.test)" ''
ask real@near.test
ok '-F takes a mailbox as an answer shows it' run -F '<real@NEAR.test>'
is 'and forgets it' "$(run -L '<real@near.test>' real@near.test)" ''
ok '-F of what is not there is no fault' run -F nosuch@good.test 192.0.2.1

# ---- ages, -E ----------------------------------------------------------------------

for n in real@age.test nobody@age.test full@agefull.test x@agegrey.test \
    x@agegone.elsewhere x@agefail.test x@ageblocked.test x@ageall.test \
    x@ageback.test real@agenull.test real@agedown.test; do
	ask "$n"
done
cache=$folder/expire.gdbm
run $fast $(awk 'BEGIN { for (i = 0; i < 200; i++) print "u" i "@many.test" }') >/dev/null
ask $fast real@many.test
cache=$main_cache
rescript agedown drop-greeting
sleep 2.1
hit 'a positive record stands for long' '250 *' real@age.test
asked 'unless positive= says otherwise' '250 *' -o positive=1s real@age.test
hit 'and the new one stands' '250 *' real@age.test
hit 'a negative record stands' '550 5.1.7 *' nobody@age.test
asked 'as long as negative= says' '550 5.1.7 *' -o negative=1s nobody@age.test
hit 'a matter of policy stands' '252 *' full@agefull.test
asked 'as long as negative= says, too' '252 *' -o negative=1s full@agefull.test
hit 'a temporary record stands' '450 *' x@agegrey.test
asked 'as long as temporary= says' '450 *' -o temporary=1s x@agegrey.test
hit 'that a domain does not exist stands' '550 5.1.8 *' x@agegone.elsewhere
asked 'as long as negative= says of domains' '550 5.1.8 *' -o negative=1s x@agegone.elsewhere
hit 'that DNS fails stands' '451 *' x@agefail.test
asked 'as long as temporary= says of DNS' '451 *' -o temporary=1s x@agefail.test
hit 'that we are blocked stands' '252 *' x@ageblocked.test
asked 'as long as blocked= says' '252 *' -o blocked=1s x@ageblocked.test
hit 'that a domain accepts any mailbox stands' '252 *' y@ageall.test
asked 'as long as domain= says' '252 *' -o domain=1s y@ageall.test
is 'that its backup host does is known of the mailbox' \
    "$(listed x@ageback.test) $(listed ageback.test)" '1 0'
hit 'where it stands' '252 *' -o domain=1s x@ageback.test
asked 'as long as negative= says of any unknown one' '252 *' -o negative=1s x@ageback.test
mark
ask other@age.test
is 'that it does not stands' "$(event_count RCPT)" 1
run -F other@age.test
sleep 2.1
mark
ask -o domain=1s other@age.test
is 'as long as domain= says of that' "$(event_count RCPT)" 2
mark
ask other@agenull.test
is 'that a host refuses the null reverse-path stands' "$(nulls)" 0
mark
ask -o domain=1s nobody@agenull.test
is 'as long as domain= says of hosts' "$(nulls)" 1
hit 'other ages do not count' '250 *' \
    -o negative=1s,temporary=1s,domain=1s,blocked=1s real@age.test
asked 'an expired record is not served when the host is down' '450 *' \
    -o positive=1s real@agedown.test

cache=$folder/expire.gdbm
before=$(size_of "$cache")
is '-L lists what has expired as such' \
    "$(run -L -o negative=1s | grep -c '	expired	')" 200
if [ -w /dev/full ]; then
	run -L >/dev/full 2>/dev/null
	is 'a list that cannot be printed is an error' $? 74
else
	skip 'no /dev/full' 'a list that cannot be printed is an error'
fi
ok '-E drops what has expired' run -E -o negative=1s
is 'all of it' "$(run -L | grep -c '^u')" 0
ok 'the file is smaller' not at_least "$(size_of "$cache")" "$before"
is 'and of mode 0600' "$(mode_of "$cache")" 600
hit 'what lives is kept' '250 *' real@many.test
is 'of the domain, too' "$(listed many.test)" 1
cache=none
ls -A "$folder" >"$tmp/before"
verdict 'without a cache a host is asked' '250 *' real@good.test
asked 'each time' '250 *' real@good.test
ls -A "$folder" >"$tmp/after"
ok 'and no file is made' cmp "$tmp/before" "$tmp/after"

# ---- size= ---------------------------------------------------------------------------

cache=$folder/size.gdbm
run $fast -o size=64K $(awk 'BEGIN { for (i = 0; i < 400; i++) print "u" i "@size.test" }') \
    >"$tmp/answers"
is 'four hundred mailboxes in a cache of 64K have their verdicts' \
    "$(grep -c '^550 5\.1\.7 ' "$tmp/answers")" 400
ok 'and it stays within its size' at_most "$(size_of "$cache")" 65536
ok 'which it makes use of' at_least "$(run -L | wc -l)" 20
hit 'the latest is there' '550 5.1.7 *' u399@size.test
cache=$folder/expired.gdbm
run $fast -o size=64K $(awk 'BEGIN { for (i = 0; i < 60; i++) print "u" i "@size.test" }') \
    >/dev/null
sleep 2.1
run $fast -o size=64K,negative=1s $(awk 'BEGIN { for (i = 0; i < 100; i++) print "v" i "@size.test" }') \
    >"$tmp/answers"
is 'in a full cache what has expired makes room' \
    "$(grep -c '^550 5\.1\.7 ' "$tmp/answers")" 100
ok 'nearly all of it' at_most "$(run -L | grep -c '^u')" 10
cache=$folder/lowered.gdbm
run $fast $(awk 'BEGIN { for (i = 0; i < 2500; i++) print "u" i "@size.test" }') \
    >/dev/null
asked 'one that is too large since its size was lowered' '250 *' -o size=64K real@good.test
hit 'takes records all the same' '250 *' -o size=64K real@good.test

# ---- what may befall the file ------------------------------------------------------------

folder=$tmp/damage
mkdir -m 700 "$folder"
owned "$folder"
cache=$folder/cbvd.gdbm
sound=$tmp/sound.gdbm
run $fast real@good.test nobody@good.test >/dev/null
cp "$cache" "$sound"

# place [MODE]: the cache is what is read, with this mode
place()
{
	rm -rf "$cache" "$cache.bad"
	cat >"$cache"
	chmod "${1:-600}" "$cache"
	owned "$cache"
}

# set_aside NAME: what is in odd is set aside as .bad, and a new one works
set_aside()
{
	place <"$tmp/odd"
	kept=$(cksum <"$cache")
	right "$1"
	is "$1: it is set aside" "$(cksum 2>/dev/null <"$cache.bad")" "$kept"
	is "$1: with mode 0600" "$(mode_of "$cache.bad" 2>&1)" 600
	hit "$1: begun anew" '250 *' real@good.test
}
echo 'GIF89a, or whatever else this may have been' >"$tmp/odd"
set_aside 'a short file of another format'
perl -e 'print "SQLite format 3\0", "x" x 20000' >"$tmp/odd"
set_aside 'a file of another format'
head -c 5000 "$sound" >"$tmp/odd"
set_aside 'a truncated file'

: | place
right 'an empty file'
hit 'an empty file is begun' '250 *' real@good.test

# A record whose checksum is right, but which no cbvd of this kind has made.
# forged WHAT OFFSET:HEX: it is not served, and -E drops what cannot be read
forged()
{
	place <"$sound"
	perl tests/record.pl "$cache" nobody@good.test "$2"
	asked "a record $1 is none" '550 5.1.7 *' nobody@good.test
}
unread()
{
	forged "$@"
	perl tests/record.pl "$cache" nobody@good.test "$2"
	is "a record $1 is not listed" "$(run -L nobody@good.test)" ''
}
dropped()
{
	forged "$@"
	perl tests/record.pl "$cache" nobody@good.test "$2"
	! am_root || chgrp "$(id -g "$user")" "$cache"	# gdbm sets it anew
	ok "a record $1 is dropped by -E" run -E
	ok "a record $1 is not in the file any more" \
	    not grep -q nobody@good.test "$cache"
}
# filled HEX N: N times
filled() { perl -e 'print $ARGV[0] x $ARGV[1]' "$@"; }
unread 'of another format' 16:03000000
unread 'of a kind that does not exist' 20:09
forged 'of another kind' 20:02
unread 'with a cause that does not exist' 21:ff
dropped 'with a cause that does not exist' 21:ff
forged 'of what is never stored' 21:0b
unread 'with a stage that does not exist' 22:ff
unread 'of a time before all times' 24:ffffffffffffffff
dropped 'of a time before all times' 24:ffffffffffffffff
unread 'of a time after all times' 24:0000000000000040
forged 'of tomorrow' "24:$(perl -e 'print unpack "H*", pack "q", time + 86400')"
dropped 'of another clock' 32:0000000000000040
dropped 'of a clock before all clocks' 32:00000000000000c0
unread 'with a rate after all times' 40:0000000000000040
unread 'left alone after all times' 48:0000000000000040
unread 'left alone for ever' 56:0000000000000040
unread 'whose strings have no end' 495:41
unread 'without a host' "64:$(filled 41 431)"
unread 'without evidence' "81:$(filled 41 414)"
forged 'of another name' 64:6f

# From here on nothing may be read, nor written, nor set aside.
refused()
{
	state=$(file_state "$target")
	asked "$1" '250 *' real@good.test
	asked "$1 the second time" '550 5.1.7 *' nobody@good.test
	is "$1: it is left alone" "$(file_state "$target")" "$state"
}
target=$cache
place 644 <"$sound"
refused 'a file that all may read'
place 660 <"$sound"
refused 'a file that a group may write'
place <"$sound"
ln "$cache" "$folder/second"
refused 'a file with a second name'
rm "$folder/second"
if am_root; then
	place 600 <"$sound"
	chown root "$cache"
	refused 'a file of another owner'
	chmod 666 "$cache"
	refused 'a file of another owner that all may write'
else
	for n in 1 2 3 4 5 6 7 8 9 10; do
		skip 'only root can give files away' 'a file of another owner'
	done
fi
place <"$sound"
mv "$cache" "$folder/target"
ln -s target "$cache"
owned "$cache"
target=$folder/target
refused 'a symbolic link'
rm "$cache"
mkfifo -m 600 "$cache"
owned "$cache"
right 'a FIFO'
ok 'a FIFO is not waited for' at_most "$took_ms" 1000
rm "$cache"
mkdir -m 700 "$cache"
owned "$cache"
right 'a folder'
is 'and nothing is set aside' "$(ls -d "$cache.bad" 2>/dev/null)" ''
rmdir "$cache"

cache=$folder/cbvd.gdbm
head -c 5000 "$sound" | place
mkdir "$cache.bad"
right 'a file that cannot be set aside'
rmdir "$cache.bad"
# a path too long for the names of what is beside it
deep=$tmp/$(printf '%0200d/%0200d/%0200d/%0200d/%0200d' 0 0 0 0 0)
mkdir -p "$deep"
chmod 700 "$deep"
owned "$deep"
cache=$deep/cbvd.gdbm
right 'a path of over a thousand octets'
hit 'which is used' '250 *' real@good.test
head -c 5000 "$sound" | place
right 'a damaged file there'
ok 'which is left alone' not test -e "$cache.bad"

cache=$tmp/$(printf '%05000d' 0)
right 'a path that no system takes'

cache=$tmp/absent/cbvd.gdbm
for option in -L -E -F; do
	key=key
	[ $option != -E ] || key=
	ask $option $key
	like "$option without a cache is an error" "$status $out$err" \
	    "66 cbvd: $cache: No such file*"
done
right 'a folder that is missing'
ask -v real@good.test
like 'is told with -v' "$err" "*$cache: *going on without a cache*"
mkdir -m 0 "$tmp/closed"
cache=$tmp/closed/cbvd.gdbm
right 'a folder that is closed'
ask -v real@good.test
like 'is told with -v, too' "$err" "*$cache: *going on without a cache*"
ask real@good.test
is 'and else not' "$err" ''

# Make a cache with something wrong in it, again and again, and ask it for two
# verdicts.  Prints what went wrong, and how often the cache was of use.
cat >"$tmp/damage.pl" <<'END'
use strict;
use warnings;
open(my $count, '>&', \*STDERR) or die;
open(STDERR, '>', '/dev/null');
my ($times, $sound, $cache, $owner, @ask) = @ARGV;
my $uid = getpwnam($owner);
local $/;
open(my $in, '<:raw', $sound) or die;
my $good = <$in>;
# octets that mean something: most of the file is zeros
my @at;
push @at, $-[0] while $good =~ /[^\0]/g;
srand(40);
my $hits = 0;
for my $i (1 .. $times) {
	my ($bytes, $what) = ($good, '');
	if ($i <= 2 * 24) {
		# what stands before one name, put before the other
		my $n = int(($i + 1) / 2) * 2;
		my ($from, $to) = map { index $bytes, "$_\@good.test\0" }
		    $i % 2 ? qw(real nobody) : qw(nobody real);
		print "no names in the cache\n" if $from < $n || $to < $n;
		$what = "$n octets put elsewhere";
		substr($bytes, $to - $n, $n) = substr($bytes, $from - $n, $n);
	} elsif ($i % 8 == 0) {
		my $n = int rand length $bytes;
		$what = "cut to $n";
		substr($bytes, $n) = '';
	} elsif ($i % 8 == 1) {
		my $n = int(rand(length($bytes) / 512)) * 512;
		$what = "zeros at $n";
		substr($bytes, $n, 512) = "\0" x 512;
	} elsif ($i % 8 == 2) {
		my $n = int rand(length($bytes) - 64);
		$what = "noise at $n";
		substr($bytes, $n, 64) = join '', map { chr rand 256 } 1 .. 64;
	} else {
		# the header and the directory as often as all the rest
		my $n = $i % 2 ? $at[rand @at] : $at[rand(@at < 200 ? @at : 200)];
		my $bit = int rand 8;
		$what = "bit $bit of $n";
		substr($bytes, $n, 1) ^= chr(1 << $bit);
	}
	unlink $cache, "$cache.bad";
	open(my $out, '>:raw', $cache) or die;
	print $out $bytes;
	close $out;
	chmod 0600, $cache;
	chown $uid, -1, $cache if $> == 0;
	# who looks and who tidies up must not fall over it either
	for my $mode ('-L', $i % 3 ? () : '-E') {
		open(my $pipe, '-|', @ask, $mode) or die;
		<$pipe>;
		close $pipe;
		print "$what: $mode: status $?\n" if $? & 127;
	}
	open(my $pipe, '-|', @ask, 'real@good.test', 'nobody@good.test') or die;
	my $said = <$pipe>;
	close $pipe;
	$hits++ if $said =~ /\(cached/;
	next if $? >> 8 == 67 && !($? & 127) &&
	    $said =~ /^250 2\.1\.5 <real\@good.*\n550 5\.1\.7 <nobody\@good.*\n\z/ &&
	    (!-e $cache || -s $cache < 10_000_000);
	print "$what: status $?: $said\n";
}
print $count "$hits\n";
END
cache=$folder/cbvd.gdbm
perl "$tmp/damage.pl" 350 "$sound" "$cache" "$user" "$cbvd" \
    -N "127.0.0.1:$ns_port" -p "$mx_port" -h client.test -o nonglobal \
    -c "$cache" $fast >"$tmp/wrong" 2>"$tmp/hits"
is 'hundreds of damaged files: no wrong verdict, crash or hang' "$(cat "$tmp/wrong")" ''
ok 'and some of them were still of use' at_least "$(cat "$tmp/hits")" 50

# ---- no space, no lock, no end -----------------------------------------------------------

full=$tmp/full
leave_full() { umount "$full" 2>/dev/null; leave; }
mkdir "$full"
if am_root && mount -t tmpfs -o size=64k tmpfs "$full" 2>/dev/null; then
	trap leave_full EXIT
	chmod 700 "$full"
	owned "$full"
	cache=$full/cbvd.gdbm
	dd if=/dev/zero of="$full/fill" bs=4096 2>/dev/null
	right 'a full disk'
	for n in 60 52 44 36; do
		rm -f "$cache" "$cache.bad" "$full/fill"
		dd if=/dev/zero of="$full/fill" bs=1024 count=$n 2>/dev/null
		right "a disk with $((64 - n))K left"
	done
	rm -f "$full/fill"
	asked 'then there is space again' '250 *' -o positive=1s other@good.test
	hit 'and the cache works' '250 *' other@good.test
	dd if=/dev/zero of="$full/fill" bs=1024 2>/dev/null
	run $fast $(awk 'BEGIN { for (i = 0; i < 60; i++) print "u" i "@size.test" }') \
	    >/dev/null 2>&1
	run -E 2>/dev/null
	hit 'who can store no more keeps what there is' '250 *' other@good.test
else
	for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		skip 'no small disk can be mounted' 'a full disk'
	done
fi
cache=$main_cache
for n in 0 8 24; do
	cache=$folder/limit$n.gdbm
	like "files of at most $n blocks" "$(ulimit -f $n
	    run $fast real@good.test nobody@good.test | cut -c1-9 | tr '\n' ,)" \
	    '250 2.1.5,550 5.1.7,'
done
cache=$folder/kept.gdbm
ask real@good.test
is 'what cannot be forgotten is not said to be' \
    "$(ulimit -f 0; run -F real@good.test 2>/dev/null; echo $?)" 66

# lock KIND: somebody else has the lock of the cache, until unlock
lock()
{
	rm -f "$tmp/locked"
	perl -MFcntl=:flock -e 'open my $f, "+<", $ARGV[0] or die;
	    flock $f, $ARGV[1] eq "shared" ? LOCK_SH : LOCK_EX or die;
	    open my $done, ">", $ARGV[2]; sleep 60' "$cache" "$1" "$tmp/locked" &
	locker=$!
	pids="$pids $locker"
	until [ -e "$tmp/locked" ]; do sleep 0.1; done
}
unlock()
{
	kill "$locker"
	wait "$locker" 2>/dev/null
	pids=${pids% "$locker"}
}
cache=$folder/cbvd.gdbm
place <"$sound"
lock exclusive
asked 'the lock held by another' '250 *' real@good.test
ok 'is waited for, but not long' at_most "$took_ms" 1600
asked 'the lock held by another, a refusal' '550 5.1.7 *' nobody@good.test
unlock
lock shared
hit 'who reads does not hinder a reader' '250 *' real@good.test
ok 'nor for a moment' at_most "$took_ms" 500
asked 'nor a writer to answer' '250 *' other@good.test
ok 'in time' at_most "$took_ms" 1600
unlock

# A hundred writers, each ended at another moment.
cat >"$tmp/killer.pl" <<'END'
use strict;
use warnings;
use Time::HiRes qw(time sleep);
my ($times, @ask) = @ARGV;
open(STDOUT, '>', '/dev/null');
srand(9);
my $lasted;		# what three mailboxes take when nobody ends it
for my $i (0 .. $times) {
	my $began = time;
	my $pid = fork // die;
	if ($pid == 0) {
		$ENV{NOCOVERAGE} = 1;	# it could die while it writes that
		exec @ask, map { "u$_.$i\@kill.test" } 1 .. 3;
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
cache=$folder/kill.gdbm
wrong=
for n in 1 2 3 4; do
	perl "$tmp/killer.pl" 25 "$cbvd" -N "127.0.0.1:$ns_port" -p "$mx_port" \
	    -h client.test -o nonglobal -c "$cache" $fast
	ask $fast real@kill.test nobody@kill.test
	same "$(echo "$out" | cut -c1-9 | tr '\n' ,)" '250 2.1.5,550 5.1.7,' \
	    >/dev/null || wrong=$out
done
is 'a hundred writers killed: no wrong verdict' "$wrong" ''
ok 'the cache holds what they stored' at_least "$(run -L | grep -c '^u[1-3]\.')" 10
is 'and of each the right verdict' "$(run -L | awk -F '\t' '/^u/ && $2 != 550')" ''
ask $fast real@kill.test
hit 'the cache still answers' '250 *' real@kill.test
asked 'and takes what is new' '250 *' other@kill.test
hit 'and keeps it' '250 *' other@kill.test
is 'it was never set aside' "$(ls "$cache.bad" 2>/dev/null)" ''
