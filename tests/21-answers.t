#!/bin/sh
# SPDX-License-Identifier: ISC
# 21-answers.t: messages that glibc's resolver drops before mx.c sees them, and
# that of another system may not; see answers.c.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh

answers=tests/answers
[ -x "$answers" ] || { echo "Bail out! $answers is not built"; exit 1; }
plan 15
mx='c00c 000f 0001 0000003c 0005 000a 0161 00'
test_name='0474657374 00'

# answer NAME WANT OCTETS [OPTION...]
answer()
{
	answer_name=$1 want=$2 octets=$3
	shift 3
	is "$answer_name" "$("$answers" "$@" test "$octets" 2>&1)" "$want"
}
# malformed NAME WHY OCTETS [OPTION...]
malformed()
{
	malformed_why=$2
	answer "$1 is a DNS failure" "451 MX of test: $malformed_why" "$3" \
	    ${4+"$4"} ${5+"$5"}
}

answer 'a good answer is one' '1 a' "8180 0001 0001 0000 0000 Q $mx"
malformed 'one said to be longer than any message' 'malformed answer' \
    "8180 0001 0001 0000 0000 Q $mx" -l 70000
malformed 'nothing' 'malformed answer' ''
malformed 'half a header' 'malformed answer' '8180 0001 0001 00'
malformed 'a header' 'malformed answer' '8180 0001 0001 0000 0000'
malformed 'a question that is cut off' 'malformed answer' \
    "8180 0001 0001 0000 0000 $test_name 000f 00"
malformed 'a question whose name is cut off' 'malformed answer' \
    '8180 0001 0001 0000 0000 0474'
malformed 'a question' 'this is no answer' "0100 0001 0001 0000 0000 Q $mx"
malformed 'an answer to no question' 'the answer is to another question' \
    "8180 0000 0001 0000 0000 Q $mx"
malformed 'an answer to another name' 'the answer is to another question' \
    "8180 0001 0001 0000 0000 0474657355 00 000f 0001 $mx"
malformed 'an answer to another type' 'the answer is to another question' \
    "8180 0001 0001 0000 0000 $test_name 0010 0001 $mx"
malformed 'an answer of another class' 'the answer is to another question' \
    "8180 0001 0001 0000 0000 $test_name 000f 0003 $mx"
malformed 'no resolver' 'no time left' "8180 0001 0001 0000 0000 Q $mx" -i
malformed 'a resolver that fails' 'no answer from the name server' \
    '8180 0001 0000 0000 0000' -l -1
label=$(printf '%064d' 0)
is 'a name that no question can have is a DNS failure' \
    "$("$answers" "$label" "8180 0001 0001 0000 0000 Q $mx")" \
    "451 MX of $label: no answer from the name server"
