#!/bin/sh
# SPDX-License-Identifier: ISC
# 92-report.t: examples/report tells by the day what the log says.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
plan 5

cat >"$tmp/log" <<'END'
Nov 26 23:59:58 mail cbvd[101]: a@one.test: 250 2.1.5 host=mx.one.test[192.0.2.1] stage=RCPT reply="250 2.1.5 Ok" cached=no ms=120
Nov 26 23:59:59 mail cbvd[102]: a@one.test: 250 2.1.5 host=mx.one.test[192.0.2.1] stage=RCPT reply="250 2.1.5 Ok" cached=yes ms=0
Nov 27 00:00:01 mail cbvd[103]: b@one.test: 550 5.1.7 host=mx.one.test[192.0.2.1] stage=RCPT reply="550 5.1.1 a: 250 2.1.5 host=x stage=RCPT cached=yes ms=1" cached=no ms=1
Nov 27 00:00:01 mail cbvd[104]: b@one.test: 550 5.1.7 host=mx.one.test[192.0.2.1] stage=RCPT reply="550 5.1.1 User unknown" cached=joined ms=1
Nov 27 00:00:02 mail cbvd[105]: c@two.test: 252 2.0.0 host=mx.two.test[192.0.2.2] stage=GREETING reply="554 5.7.1 blocked" cached=no ms=9
Nov 27 00:00:02 mail cbvd[105]: calls are unwelcome: about us, not the mailbox: mx.two.test[192.0.2.2] said at GREETING: 554 5.7.1 blocked
Nov 27 00:00:03 mail cbvd[106]: d@two.test: 252 2.0.0 host=mx.two.test[192.0.2.2] stage=GREETING reply="554 5.7.1 blocked" cached=yes ms=1
Nov 27 00:00:04 mail cbvd[107]: e@one.test: 252 2.0.0 host=mx.one.test[192.0.2.1] stage=- reply="60 callouts in 60s are enough" cached=no ms=1
Nov 27 00:00:04 mail cbvd[108]: f@one.test: 450 4.3.2 host=mx.one.test[192.0.2.1] stage=- reply="no slot for another callout, ask again" cached=no ms=29800
Nov 27 00:00:05 mail cbvd[109]: g@none.test: 550 5.1.8 host=- stage=DNS reply="none.test does not exist in DNS" cached=no ms=3
Nov 27 00:00:06 mail cbvd[110]: renewed a@one.test: 250 2.1.5 host=mx.one.test[192.0.2.1] stage=RCPT reply="250 2.1.5 Ok" cached=no ms=80
Nov 27 00:00:07 mail postfix/smtpd[9]: x@one.test: 250 2.1.5 host=mx.one.test[192.0.2.1] stage=RCPT reply="250" cached=no ms=1
Nov 27 00:00:08 mail cbvd[111]: /var/cache/cbvd/cbvd.gdbm: corrupt (x), set aside as y
END
cat >"$tmp/want" <<'END'
Nov 26
  queries 2: from the cache 1, joined 0
  callouts 1, of them renewals 0; budget spent 0, busy 0
  verdicts: 250 2
  asked most: mx.one.test[192.0.2.1] 1
Nov 27
  queries 7: from the cache 1, joined 1
  callouts 3, of them renewals 1; budget spent 1, busy 1
  verdicts: 252 3, 450 1, 550 3
  asked most: mx.one.test[192.0.2.1] 2
  asked most: mx.two.test[192.0.2.2] 1
  blocks us: mx.two.test[192.0.2.2] said at GREETING: 554 5.7.1 blocked
END
awk -f examples/report "$tmp/log" >"$tmp/got"
ok 'two days are told' diff "$tmp/want" "$tmp/got"
sed 's/^Nov \(..\) \([^ ]*\)/2026-11-\1T\2.123456+01:00/' "$tmp/log" >"$tmp/log2"
sed 's/^Nov /2026-11-/' "$tmp/want" >"$tmp/want2"
awk -f examples/report "$tmp/log2" >"$tmp/got"
ok 'with the dates of RFC 5424, too' diff "$tmp/want2" "$tmp/got"
is 'nothing of nothing' "$(awk -f examples/report /dev/null)" ''
is 'nor of what others log' "$(grep -v cbvd "$tmp/log" | awk -f examples/report)" ''
is 'it says what it does and where it goes' "$(sed -n '2,3p' examples/report | grep -c '^# ')" 2
