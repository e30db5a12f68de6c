#!/bin/sh
# SPDX-License-Identifier: ISC
# 80-postfix.t: Postfix asks as the files in examples/ say: about senders by
# the policy protocol, of cbvd behind tcpserver and of cbvd behind its own
# spawn(8), and through a socketmap; and as a secondary MX about recipients.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
. tests/clients.sh

# postfix DIR FILE [SED]: a Postfix with this file of examples/ in its main.cf.
# Where that names what spawn(8) starts, postfix-master.cf comes with it.
postfix()
{
	name=$1
	filled "$2" "$cbvd_port" | sed "${3-}" >"$tmp/$1-main.cf"
	if grep -q unix:private "$tmp/$1-main.cf"; then
		sed -n 's/^#[[:space:]]*\(cbv._time_limit\)/\1/p' \
		    examples/postfix-master.cf >>"$tmp/$1-main.cf"
		sed "s|/usr/local/sbin/cbvd|& $(our_world)|" \
		    examples/postfix-master.cf >"$tmp/$1-master.cf"
	fi
	raise postfix-asks "$1" 127.0.50.11 "$tmp/$1"
	at="127.0.50.11 $port"
	version=$(chroot "$tmp/$1/root" /usr/sbin/postconf -h mail_version)
}

# senders: what must be true of all ways to ask about them
senders()
{
	like "$name: the sender exists: accepted" \
	    "$(reply real@good.test a@asks.test)" '250 2.0.0 Ok: queued*'
	like "$name: there is no such sender: refused, in the words of its host" \
	    "$(reply nobody@good.test a@asks.test)" \
	    '550 5.1.7 <nobody@good.test>: Sender address rejected: mx.good.test*said at RCPT: 550 5.1.1 *User unknown*'
	like "$name: there is no such domain: refused" \
	    "$(reply real@nosuch.test a@asks.test)" \
	    '550 5.1.8 <real@nosuch.test>: Sender address rejected: *'
	like "$name: a null MX: refused" \
	    "$(reply real@null.test a@asks.test)" \
	    '550 5.7.27 <real@null.test>: Sender address rejected: *'
	like "$name: the sender's host greylists: deferred" \
	    "$(reply real@grey.test a@asks.test)" \
	    '450 4.2.0 <real@grey.test>: Sender address rejected: *Greylisted*'
	like "$name: the sender's host accepts anything: accepted" \
	    "$(reply real@all.test a@asks.test)" '250 2.0.0 Ok: queued*'
	like "$name: a local-part that needs quotes: asked about with them" \
	    "$(reply '"real,ly"@good.test' a@asks.test)" \
	    '550 5.1.7 *<"real,ly"@good.test>: *User unknown*'
	like "$name: the null sender: accepted" "$(reply '<>' a@asks.test)" \
	    '250 2.0.0 Ok: queued*'
	load 200 1
	load 400 40
	is "$name: no warning in its log" "$(trouble)" ''
}

# load MESSAGES SESSIONS: all are accepted.
load()
{
	i=0
	while [ $i -lt "$1" ]; do
		i=$((i + 1))
		echo "real@good.test a$i@asks.test,b$i@asks.test"
	done >"$tmp/messages"
	# shellcheck disable=SC2086
	send $at "$2" <"$tmp/messages"
	is "$name: $1 messages in $2 sessions: all are accepted" \
	    "$(grep -c '> [0-9.]* 250 ' "$tmp/sent")" "$1"
	latency "Postfix $version, $name, sessions: $2"
}

# What it logged that should not be there
trouble()
{
	grep -E 'warning|error|fatal|panic' "$tmp/$name/log"
}

plan 42
needs 42 postfix.sh postfix-asks.sh tcpserver || exit 0
host good default
host grey greylisting
host all catch-all
zone 'null.test MX 0 .' 'mx.postfix.test A 127.0.50.1'
start
serve_port
cbvd_port=$port

postfix policy postfix-policy.cf
senders
postfix spawn postfix-policy.cf 's,inet:127.0.0.1:[0-9]*,unix:private/cbvd,'
senders
postfix socketmap postfix-socketmap.cf
senders

# Without cbvd nothing is refused.
free_port 127.0.0.1
cbvd_port=$port
postfix no-policy postfix-policy.cf
like 'policy: without cbvd: accepted' \
    "$(reply nobody@good.test a@asks.test)" '250 *'
postfix no-socketmap postfix-socketmap.cf
like 'socketmap: without cbvd: deferred' \
    "$(reply nobody@good.test a@asks.test)" '4[0-9][0-9] *'

# A secondary MX, that relays to a real primary: the Postfix of 70-hosts.t.
raise postfix primary 127.0.50.1
sed -n "s/^#[[:space:]]*example.org:mx1.example.org/postfix.test:mx.postfix.test:$port/p" \
    examples/postfix-secondary.cf >"$tmp/secondary-routes"
postfix secondary postfix-secondary.cf s/example.org/postfix.test/
like 'secondary: the primary has the recipient: accepted' \
    "$(reply real@good.test alice@postfix.test)" '250 2.0.0 Ok: queued*'
like 'secondary: the primary does not know the recipient: refused' \
    "$(reply real@good.test nosuch@postfix.test)" \
    '550 5.1.1 <nosuch@postfix.test>: Recipient address rejected: User unknown in relay recipient table'
like 'secondary: the primary greylists: deferred' \
    "$(reply real@good.test grey@postfix.test)" '45[01] 4.*'
i=0
while [ $i -lt 200 ]; do
	i=$((i + 1))
	echo real@good.test alice@postfix.test
done >"$tmp/messages"
# shellcheck disable=SC2086
send $at 1 <"$tmp/messages"
is 'secondary: 200 messages in one session: all are accepted' \
    "$(grep -c '> [0-9.]* 250 ' "$tmp/sent")" 200
latency "Postfix $version, secondary"
sh "$world/postfix.sh" stop "$tmp/primary"
like 'secondary: the primary is down: a recipient not yet known is deferred' \
    "$(reply real@good.test policy@postfix.test)" '45[01] 4.*'
like 'secondary: the primary is down: a known one is accepted' \
    "$(reply real@good.test alice@postfix.test)" '250 2.0.0 Ok: queued*'
like 'secondary: the primary is down: an unknown one is refused' \
    "$(reply real@good.test nosuch@postfix.test)" '550 5.1.1 *'
trouble | cut -d : -f 4- | sort | uniq -c | sed 's/^/# /'
