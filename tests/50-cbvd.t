#!/bin/sh
# SPDX-License-Identifier: ISC
# 50-cbvd.t: the command line and the service (being written).
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
plan 0
