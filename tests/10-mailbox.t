#!/bin/sh
# SPDX-License-Identifier: ISC
# 10-mailbox.t: what is a mailbox (RFC 5321, 4.1.2; RFC 6531), and that
# nothing is looked up for what is none.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh

plan 125
cache=none
l62=$(printf '%062d' 0)
l63=a$l62
d252=$l63.$l63.$l63.$(printf 'a%054d' 0).test
host any catch-all
host utf smtputf8
host plain default
zone "$d252 MX 10 mx.any.test" "$l63.test MX 10 mx.any.test" \
    'xn--mller-kva.test MX 10 mx.any.test' '0x1.test MX 10 mx.any.test' \
    '1.test MX 10 mx.any.test' 'any.x MX 10 mx.any.test' 'a-b--c.test MX 10 mx.any.test'
start

# mailbox NAME ADDRESS: it is one, and goes out exactly as it came.
mailbox()
{
	mark
	ask -n "$2"
	like "$1" "$out|$(events | grep -F "RCPT TO:<$2>")" \
	    '250 2.1.5 *|*RCPT TO:<*'
}

# none NAME ADDRESS: it is none.
none() { verdict "$1 is 501" '501 5.1.7 <*> *' -- "$2"; }

mailbox 'a dot-atom is a mailbox' first.last@any.test
mailbox 'every character of atext is taken' "!#\$%&'*+-/=?^_\`{|}~@any.test"
mailbox 'digits are taken' 0123456789@any.test
mailbox 'a local-part is sent in its own case' MiXeD@any.test
mailbox 'a quoted local-part with a blank is sent as it came' '"a b"@any.test'
mailbox 'a quoted local-part with an at sign is sent as it came' '"a@b"@any.test'
mailbox 'a quoted quote is sent as it came' '"a\"b"@any.test'
mailbox 'a quoted backslash is sent as it came' '"a\\b"@any.test'
mailbox 'quotes that are not needed are kept' '"ab"@any.test'
mailbox 'a needless backslash in quotes is kept' '"a\b"@any.test'
mailbox 'an empty quoted local-part is a mailbox' '""@any.test'
mailbox 'dots in quotes are free' '".a..b."@any.test'
mailbox 'angle brackets and commas in quotes are free' '"<a>,;:[b]()"@any.test'
mailbox 'a local-part of 64 octets is taken' "${l62}aa@any.test"
mailbox 'a quoted local-part of 64 octets is taken' "\"$l62\"@any.test"
mailbox 'a label of 63 octets is taken' "a@$l63.test"
mailbox 'a mailbox of 254 octets is taken' "a@$d252"
mailbox 'an A-label is taken' a@xn--mller-kva.test
mailbox 'a label that begins with 0x is taken where it is not the last' a@0x1.test
mailbox 'a label of digits is taken where it is not the last' a@1.test
mailbox 'a last label of one letter is taken' a@any.x
mailbox 'hyphens inside a label are taken' a@a-b--c.test
mark
ask -n '<first@any.test>'
like 'angle brackets around a mailbox are taken off' \
    "$out|$(commands)" '250 2.1.5 <first@any.test> *|*RCPT*'
ask -n UPPER@ANY.TEST
like 'a domain is found in any case of letters' "$out" '250 2.1.5 *'

mark
mailbox 'a UTF-8 local-part is asked where SMTPUTF8 is offered' 'jörg@utf.test'
like 'and MAIL says so' "$(events)" '*MAIL FROM:<> SMTPUTF8*'
mark
verdict 'a UTF-8 local-part is 252 where SMTPUTF8 is not offered' \
    '252 2.0.0 *' 'jörg@plain.test'
is 'and neither MAIL nor RCPT is sent there' \
    "$(event_count MAIL) $(event_count RCPT)" '0 0'
mark
ask -n real@utf.test
is 'an ASCII mailbox is asked without SMTPUTF8' \
    "$(events | grep -c SMTPUTF8)" 0
mailbox 'so is UTF-8 of three octets' '€@utf.test'
mailbox 'near the end of those' 'ｊ@utf.test'
mailbox 'and of four' '😀@utf.test'
mailbox 'a quoted UTF-8 local-part is a mailbox' '"jörg "@utf.test'

mark
verdict 'an IPv4 literal is 252' '252 2.0.0 *' 'user@[192.0.2.1]'
verdict 'an IPv6 literal is 252' '252 2.0.0 *' 'user@[IPv6:2001:db8::1]'
verdict 'the tag of an IPv6 literal has any case' '252 2.0.0 *' \
    'user@[ipv6:2001:db8::1]'
ok 'a literal is not asked, nor anything looked up' quiet

mark
none 'an empty address' ''
none 'an address without an at sign' nobody
none 'an address without a local-part' @any.test
none 'an address without a domain' nobody@
none 'an at sign alone' @
none 'a dot at the beginning of a local-part' .a@any.test
none 'a dot at the end of a local-part' a.@any.test
none 'two dots in a local-part' a..b@any.test
none 'a blank in a local-part' 'a b@any.test'
none 'a blank before an address' ' a@any.test'
none 'a blank behind an address' 'a@any.test '
none 'a second at sign' a@b@any.test
none 'a backslash outside quotes' 'a\b@any.test'
none 'a quote inside an atom' 'a"b@any.test'
none 'an unfinished quote' '"a@any.test'
none 'a quote in quotes' '"a"b"@any.test'
none 'text behind a quoted local-part' '"a"b@any.test'
none 'a quoted part beside an atom' '"a".b@any.test'
none 'a backslash before the closing quote' '"a\"@any.test'
none 'nothing behind a backslash' "\"a\\"
none 'a comment before' '(c)a@any.test'
none 'a comment behind' 'a@any.test(c)'
none 'a comment inside' 'a(c)@any.test'
none 'a display name' 'A <a@any.test>'
none 'a source route' '@relay.test:a@any.test'
none 'a source route in brackets' '<@relay.test:a@any.test>'
none 'a list' a@any.test,b@any.test
none 'a group' 'g:a@any.test;'
none 'a lone opening bracket' '<a@any.test'
none 'a lone closing bracket' 'a@any.test>'
none 'a double pair of brackets' '<<a@any.test>>'
none 'a local-part of 65 octets' "${l62}aaa@any.test"
none 'a quoted local-part of 65 octets' "\"${l62}a\"@any.test"
none 'a label of 64 octets' "a@a$l63.test"
none 'a domain of 254 octets' "a@${d252}aa"
none 'a mailbox of 255 octets' "aa@$d252"
none 'a local-part of 5,000 octets' "$(printf '%05000d' 0)@any.test"
none 'an empty label' a@any..test
none 'a dot before a domain' a@.any.test
none 'a hyphen before a label' a@-any.test
none 'a hyphen behind a label' a@any-.test
none 'a dot behind a domain' a@any.test.
none 'a hyphen at its end' a@any.test-
none 'an underscore in a domain' a@a_b.test
none 'a blank in a domain' 'a@a b.test'
none 'a slash in a domain' a@a/b.test
none 'a backslash in a domain' 'a@any\.test'
none 'UTF-8 in a domain' 'a@müller.test'
none 'a last label of digits' a@any.123
none 'an IPv4 address without brackets' a@192.0.2.1
none 'a number as a domain' a@2130706433
none 'a last label that begins with 0x' a@any.0x7f
none 'a hexadecimal number as a domain' a@0x7f000001
none 'a last label that begins with 0X' a@any.0X7F
none 'localhost' a@localhost
none 'LOCALHOST' a@LOCALHOST
none 'a domain below localhost' a@x.localhost
none 'a literal that is no address' 'a@[300.1.1.1]'
none 'an IPv6 literal that is none' 'a@[IPv6:12345::1]'
none 'an empty literal' 'a@[]'
none 'a literal longer than any address' "a@[IPv6:$(printf '%046d' 0)]"
none 'an unfinished literal' 'a@[192.0.2.1'
none 'text behind a literal' 'a@[192.0.2.1].test'
none 'a tabulator' "$(printf 'a\tb@any.test')"
none 'an escape' "$(printf 'a\033[31m@any.test')"
none 'a DEL' "$(printf 'a\177@any.test')"
none 'a control character in quotes' "$(printf '"a\001b"@any.test')"
none 'a tabulator in quotes' "$(printf '"a\tb"@any.test')"
none 'a DEL in quotes' "$(printf '"a\177b"@any.test')"
none 'a line feed in quotes' "$(printf '"a\nb"@any.test')"
none 'a carriage return' "$(printf 'a\r@any.test')"
none 'a line feed and a command' "$(printf 'a@any.test>\nDATA')"
none 'Latin-1' "$(printf 'j\366rg@utf.test')"
none 'overlong UTF-8' "$(printf 'j\300\257rg@utf.test')"
none 'overlong UTF-8 of three octets' "$(printf 'j\340\202\257rg@utf.test')"
none 'overlong UTF-8 of four octets' "$(printf 'j\360\202\202\254rg@utf.test')"
none 'a control character of two octets' "$(printf 'j\302\205rg@utf.test')"
none 'an octet that UTF-8 has not' "$(printf 'j\365\200\200\200rg@utf.test')"
none 'UTF-8 that the end cuts short' "$(printf 'j\303')"
none 'a surrogate in UTF-8' "$(printf 'j\355\240\200rg@utf.test')"
none 'UTF-8 cut short' "$(printf 'j\303@utf.test')"
none 'UTF-8 beyond Unicode' "$(printf 'j\364\220\200\200@utf.test')"

serve 'send:a\0b@any.test\r\n'
like 'a NUL in a request is refused' "$out" '50[01] 5.*\\r\\n'
serve 'send:real@any.test\0.plain.test\r\n'
like 'a NUL does not cut an address' "$out" '50[01] 5.*\\r\\n'
serve 'send:a@[127.0.0.1\0]\r\n'
like 'nor does it end a literal' "$out" '50[01] 5.*\\r\\n'
serve 'send:a\rb@any.test\r\n'
like 'a CR in the midst of a request is refused' "$out" '50[01] 5.*\\r\\n'
serve 'send:a@any.test\r\r\n'
like 'a second CR at its end is refused' "$out" '50[01] 5.*\\r\\n'
ok 'for what is no mailbox nothing is looked up, and nobody asked' quiet
