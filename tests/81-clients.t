#!/bin/sh
# SPDX-License-Identifier: ISC
# 81-clients.t: mail servers that ask as their files in examples/ say: Exim by
# readsocket, Sendmail by its socket map, OpenSMTPD by a filter.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
. tests/clients.sh

# mail_server NAME ADDRESS SNIPPET MAILBOX: what all of them do.
mail_server()
{
	name=$1 to=$4
	filled "$3" $cbvd_port >"$tmp/$3"
	raise "$1" "$1" "$2" "$tmp/$3"
	at="$2 $port"
	greeting=$(greeting)
	like "$name: the sender exists: accepted" "$(reply real@good.test $to)" \
	    '250 *'
	like "$name: there is no such sender: refused, in the words of its host" \
	    "$(reply nobody@good.test $to)" '550 *mx.good.test*User unknown*'
	like "$name: the sender's host greylists: deferred" \
	    "$(reply real@grey.test $to)" '45[01] *Greylisted*'
	like "$name: the null sender: accepted" "$(reply '<>' $to)" '250 *'
	like "$name: words with brackets and quotes: refused" \
	    "$(reply nobody@odd.test $to)" '550 *550 5.1.1 No*'
	like "$name: a local-part like a program: refused" \
	    "$(reply 'n|o{$x}`y`%s@good.test' $to)" '550 *User unknown*'
	like "$name: quotes and backslashes: refused" \
	    "$(reply '"n\\no,\c\"b"@good.test' $to)" '55[03] *'
	like "$name: there is no such domain: refused" \
	    "$(reply real@nosuch.test $to)" "550 *5.1.8*"

	i=0
	while [ $i -lt 50 ]; do
		i=$((i + 1))
		echo real@good.test $to
	done | send $at 1
	is "$name: fifty messages in one session: all accepted" \
	    "$(grep -c '> [0-9.]* 250 ' "$tmp/sent")" 50
	latency "$greeting, cached"
	is "$name: no word of trouble in its log" "$(trouble)" ''
}

# What the server calls itself, with its version
greeting()
{
	case $name in
	opensmtpd) chroot "$tmp/$name/root" /usr/sbin/smtpd -h 2>&1 |
		    sed -n 's/^version: //p' ;;
	*)	perl -MIO::Socket::INET -e '
		    print IO::Socket::INET->new($ARGV[0])->getline' \
		    "${at% *}:${at#* }" |
		    sed -n 's/.*\(Exim [^ ]*\|Sendmail [^;]*\).*/\1/p' ;;
	esac
}

# What it logged of faults in asking
trouble()
{
	case $name in
	exim)	grep -iE 'readsocket|expan|error|fail|panic|taint' ;;
	sendmail)
		grep -iE 'map|SYSERR|rewrite|unbalanced|savemail' ;;
	opensmtpd) grep -iE 'filter|fatal|lost' ;;
	esac <"$tmp/$name/log"
}

plan 33
needs 33 exim.sh sendmail.sh opensmtpd.sh tcpserver nc || exit 0
host good default
host grey greylisting
host odd 'default | C: RCPT *nobody* | S: 550 5.1.1 No (such" user <here]'
start
serve_port
cbvd_port=$port

mail_server exim 127.0.50.2 exim.conf alice@exim.test
exim=$at
mail_server sendmail 127.0.50.3 sendmail.mc alice@sendmail.test
sendmail=$at
mail_server opensmtpd 127.0.50.4 opensmtpd-filter.sh alice@opensmtpd.test
opensmtpd=$at

# Without cbvd nothing is refused.
kill "$tcpserver"
at=$exim
like 'exim: without cbvd: accepted' \
    "$(reply nobody@good.test alice@exim.test)" '250 *'
at=$sendmail
like 'sendmail: without cbvd: deferred' \
    "$(reply nobody@good.test alice@sendmail.test)" '45[01] *'
at=$opensmtpd
like 'opensmtpd: without cbvd: accepted' \
    "$(reply nobody@good.test alice@opensmtpd.test)" '250 *'
