#!/bin/sh
# SPDX-License-Identifier: ISC
# check.sh [TEST...]: run the tests, all unless some are named, JOBS (2) at a
# time.  A machine that is busy with something else can starve a scripted host
# for seconds: what failed is run once more, one after another, and is said to
# have failed if it does so again.
cd "$(dirname "$0")/.." || exit 1
[ $# -gt 0 ] || set -- tests
rm -f .prove
prove -j "${JOBS:-2}" --state=save "$@" && exit
echo 'check: what failed is run once more'
prove --state=failed -v >.prove.out 2>&1
status=$?
grep -v '^ok' .prove.out | tail -n 300
exit $status
