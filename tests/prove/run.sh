#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh [NAME...]: have Frama-C's Eva look at the drivers here, and compare the
# alarms with those that README.md argues; ends with 1 at one that is new.
# The rooms are read as they are, but for the lines that NAME.sed puts in.
cd "$(dirname "$0")" || exit 1
[ $# -gt 0 ] || set -- mailbox utf8 parse request smtp reply unit record
mkdir -p build
ulimit -s unlimited 2>/dev/null
status=0

# look ROOM OPTION...
look()
{
	room=$1
	shift
	sed -f "$name.sed" "../../$room.c" >"build/$room.c"
	rm -f "build/$name.csv"
	frama-c -c11 -machdep gcc_x86_64 -cpp-extra-args="-D_GNU_SOURCE \
	    -I../.. -Iinclude -DPROVED='\"build/$room.c\"'" \
	    -eva -eva-split-limit 1000 -eva-alloc-builtin fresh "$@" \
	    "$name.c" -then -report-csv "build/$name.csv" \
	    >"build/$name.log" 2>&1
}

for name; do
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
	unit)		look reply ;;
	record)		look cache -eva-use-spec keyed_hash ;;
	esac
	if [ ! -s "build/$name.csv" ]; then
		echo "prove: $name: Eva has failed:"
		tail -n 20 "build/$name.log"
		status=1
		continue
	fi
	# function, kind and text of what is not shown
	awk -F '\t' -v name="$name" '$6 ~ /Unknown|Invalid/ &&
	    NR > 1 { print name "\t" $4 "\t" $5 "\t" $7 }' \
	    "build/$name.csv" | sort -u >"build/$name.alarms"
	grep "^$name	" alarms | sort >"build/$name.known"
	new=$(comm -23 "build/$name.alarms" "build/$name.known")
	echo "prove: $name: $(wc -l <"build/$name.alarms") alarms, $(($(date \
	    +%s) - start)) s"
	if [ -n "$new" ]; then
		printf '%s\n' "$new" | sed "s/^/prove: new: /"
		status=1
	fi
done
exit $status
