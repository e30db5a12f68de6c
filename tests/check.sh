#!/bin/sh
# SPDX-License-Identifier: ISC
# check.sh [TEST...]: run the tests, all unless some are named.  A machine that
# is busy with something else can starve a scripted host for seconds: what
# failed is run once more, and is said to have failed if it does so again.
cd "$(dirname "$0")/.." || exit 1
[ $# -gt 0 ] || set -- tests
rm -f .prove
prove --state=save "$@" && exit
echo 'check: what failed is run once more'
prove --state=failed -v >.prove.out 2>&1
status=$?
grep -v '^ok' .prove.out | tail -n 300
exit $status
