#!/bin/sh
# SPDX-License-Identifier: ISC
# 91-storm.t: a small spam run with forged senders through tcpserver(1); see
# tests/manners.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
PATH=$PATH:/usr/local/bin:/usr/pkg/bin
plan 3

storm()
{
	perl tests/manners/storm.pl messages=300 senders=100 domains=20 \
	    rate=10/h compare=0 >"$tmp/storm" 2>&1
}
value() { awk -v n="$1" 'index($0, n) == 1 { print $NF }' "$tmp/storm"; }
if ! command -v tcpserver >/dev/null; then
	skip 'no tcpserver' 'a storm harms nobody' 'every message has an answer' \
	    'the victim was asked, and spared'
	exit
fi
ok 'a storm harms nobody, and nobody is refused that exists' storm
sed 's/^/# /' "$tmp/storm"
is 'every message has an answer' "$(value 'without an answer')" 0
ok 'the victim was asked, and spared' \
    at_least "$(value 'budget spent')" "$(value 'connections to the victim')"
