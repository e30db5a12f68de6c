#!/bin/sh
# SPDX-License-Identifier: ISC
# 82-scripts.t: the scripts in examples/ that ask: a plugin of qmail-spp, one
# for the RCPTCHECK patch, and the check of a signup form.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
. tests/clients.sh

# script FILE PORT: a script of examples/, filled in.
script()
{
	filled "$1" "$2" >"$tmp/$1"
	chmod 755 "$tmp/$1"
}

# spp SENDER: what qmail-spp would read from the plugin.  It runs it with
# descriptor 0 closed.
spp() { SMTPMAILFROM=$1 "$tmp/qmail-spp.sh" <&-; }

# rcptcheck RECIPIENT: the script's status, and what it logs.
rcptcheck()
{
	RECIPIENT=$1 SENDER=x@y.test USE_FD4=1 "$tmp/rcptcheck.sh" \
	    <&- 4>"$tmp/fd4"
	echo "$? $(cat "$tmp/fd4")"
}

# signup ADDRESS: its words and status
signup()
{
	words=$("$tmp/signup.sh" "$1" </dev/null 2>"$tmp/err")
	echo "$? $words$(cat "$tmp/err")"
}

plan 29
needs 29 tcpserver tcpclient nc || exit 0
host good default
host grey greylisting
zone 'null.test MX 0 .'
start
serve_port
script qmail-spp.sh $port
script signup.sh $port
senders=$tcpserver
host=mx.good.test
echo "good.test:$(awk '$1 == "mx.good.test" { print $3 }' "$zone"):$mx_port" \
    >"$tmp/routes"
serve_port -R -r "$tmp/routes"
script rcptcheck.sh $port
recipients=$tcpserver

is 'qmail-spp: the sender exists: no word' "$(spp real@good.test)" ''
like 'qmail-spp: there is no such sender: refused, in the words of its host' \
    "$(spp nobody@good.test)" \
    'E550 5.1.7 <nobody@good.test> mx.good.test*said at RCPT: 550 5.1.1 *'
like "qmail-spp: the sender's host greylists: deferred" \
    "$(spp real@grey.test)" 'E450 4.2.0 <real@grey.test> *'
like 'qmail-spp: there is no such domain: refused' \
    "$(spp real@nosuch.test)" 'E550 5.1.8 <real@nosuch.test> *'
is 'qmail-spp: the answer is one line' "$(spp nobody@good.test | wc -l)" 1
ok 'qmail-spp: and has no CR' not has_control "$(spp nobody@good.test)"
is 'qmail-spp: the null sender: no word' "$(spp '')" ''
is 'qmail-spp: who may relay is not asked about' \
    "$(RELAYCLIENT='' spp nobody@good.test)" ''
is 'qmail-spp: no mailbox can be called so: no word' "$(spp 'a b')" ''
is 'qmail-spp: what looks like a command is none' \
    "$(spp '$(echo real)@good.test'; spp '%s`exit`@good.test' |
    sed 's/.*<//; s/>.*//')" '%s`exit`@good.test'

like 'rcptcheck: the recipient exists: 0, and the answer is logged' \
    "$(rcptcheck real@good.test)" '0 250 2.1.5 <real@good.test> *'
like 'rcptcheck: there is no such recipient: 100' \
    "$(rcptcheck nobody@good.test)" '100 550 5.1.1 <nobody@good.test> *'
like 'rcptcheck: no mailbox can be called so: 100' \
    "$(rcptcheck 'a..b@good.test')" '100 501 5.1.3 *'
like 'rcptcheck: greylisted: 111' "$(rcptcheck real@grey.test)" '111 450 *'
is 'rcptcheck: without USE_FD4 it writes nowhere' "$(USE_FD4='' \
    RECIPIENT=nobody@good.test "$tmp/rcptcheck.sh" 4>&1; echo $?)" 100

is 'signup: the mailbox exists: 0' "$(signup real@good.test)" '0 '
is 'signup: there is none: 1' "$(signup nobody@good.test)" \
    '1 There is no such mailbox.  Is there a typing error?'
is 'signup: there is no such domain: 1' "$(signup real@nosuch.test)" \
    '1 This domain receives no mail.  Is there a typing error?'
is 'signup: the domain receives no mail: 1' "$(signup real@null.test)" \
    '1 This domain receives no mail.  Is there a typing error?'
is 'signup: no mailbox can be called so: 1' "$(signup 'no mailbox')" \
    '1 This is no e-mail address.  Is there a typing error?'
is 'signup: nothing: 1' "$(signup '')" '1 Please enter an e-mail address.'
is 'signup: the null reverse-path: 1' "$(signup '<>')" \
    '1 Please enter an e-mail address.'
is 'signup: two lines: 1' "$(signup 'real@good.test
nobody@good.test')" '1 Please enter an e-mail address.'
is 'signup: an option: 1' "$(signup '-e@nosuch.test')" \
    '1 This domain receives no mail.  Is there a typing error?'
is 'signup: greylisted is not their fault: 0' "$(signup real@grey.test)" '0 '

# Without cbvd
kill "$senders" "$recipients"
is 'qmail-spp: without cbvd: no word' "$(spp nobody@good.test 2>&1 |
    grep -v '^tcpclient: ')" ''
is 'rcptcheck: without cbvd: 111' "$(rcptcheck nobody@good.test \
    2>"$tmp/err")" '111 '
is 'signup: without cbvd: 0' "$(signup nobody@good.test)" '0 '
is 'all are in the language of sh' "$(for f in examples/*.sh; do
    sh -n "$f" 2>&1; done)" ''
