#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh [NAME]: have Frama-C's Eva look at the driver of that name, or at all of
# them, two at a time, and compare the alarms with those that README.md argues;
# does not end with 0 when there is one that is new.  The rooms are read as they
# are, but for the lines that NAME.sed puts in.  exhaust runs them, with every
# short input.
cd "$(dirname "$0")" || exit 1
# those that take longest come first
[ $# -eq 1 ] || exec xargs -n 1 -P 2 sh run.sh <<END
parse smtp exhaust reply mailbox match record fold run request utf8 unit
unquoted
END
name=$1
mkdir -p "build/$name.d"
ulimit -s unlimited 2>/dev/null

# exhaust SANITIZERS
exhaust()
{
	clang -std=c11 -D_GNU_SOURCE -I../.. -isystem /usr/include/bsd \
	    -DLIBBSD_OVERLAY -g -O2 -fsanitize="$1" -fno-sanitize-recover=all \
	    -o "build/exhaust-$1" exhaust.c ../../mailbox.c ../../reply.c \
	    -lbsd && "build/exhaust-$1" >build/exhaust.log 2>&1 || {
		echo "prove: exhaust: $1:"
		head -n 20 build/exhaust.log
		exit 1
	}
}

# look ROOM OPTION...
look()
{
	room=$1
	shift
	sed -f "$name.sed" "../../$room.c" >"build/$name.d/$room.c"
	rm -f "build/$name.csv"
	frama-c -c11 -machdep gcc_x86_64 -cpp-extra-args="-D_GNU_SOURCE \
	    -I../.. -Iinclude -DPROVED='\"build/$name.d/$room.c\"'" \
	    -eva -eva-split-limit 2100 -eva-alloc-builtin fresh "$@" \
	    "$name.c" -then -report-csv "build/$name.csv" \
	    >"build/$name.log" 2>&1
}

start=$(date +%s)
case $name in
mailbox)	look mailbox -eva-use-spec utf8_char ;;
utf8)		look mailbox -eva-slevel-function address_literal:20 ;;
parse)		look mailbox -eva-use-spec \
		    dot_string,quoted_string,address_literal,mailbox_hostname ;;
unquoted)	look mailbox -eva-use-spec dot_string,mailbox_parse ;;
request)	look request -eva-slevel 30 ;;
smtp)		look callout -eva-slevel 30 ;;
reply)		look reply -eva-use-spec unit_s ;;
fold)		look reply -eva-use-spec fold_run ;;
run)		look reply ;;
match)		look reply -eva-slevel-function match_body:20 ;;
unit)		look reply ;;
record)		look cache -eva-use-spec keyed_hash ;;
exhaust)	exhaust address,undefined
		exhaust memory
		sed 's/^/prove: exhaust: /' build/exhaust.log
		echo "prove: exhaust: $(($(date +%s) - start)) s"
		exit 0 ;;
esac
if [ ! -s "build/$name.csv" ]; then
	echo "prove: $name: Eva has failed:"
	tail -n 20 "build/$name.log"
	exit 1
fi
# function, kind and text of what is not shown
awk -F '\t' -v name="$name" '$6 ~ /Unknown|Invalid/ &&
    NR > 1 { print name "\t" $4 "\t" $5 "\t" $7 }' \
    "build/$name.csv" | sort -u >"build/$name.alarms"
grep "^$name	" alarms | sort >"build/$name.known"
new=$(comm -23 "build/$name.alarms" "build/$name.known")
echo "prove: $name: $(wc -l <"build/$name.alarms") alarms, $(($(date \
    +%s) - start)) s"
[ -z "$new" ] || { printf '%s\n' "$new" | sed "s/^/prove: new: /"; exit 1; }
