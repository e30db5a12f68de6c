#!/bin/sh
# SPDX-License-Identifier: ISC
# 70-hosts.t: real mail hosts, found by a real name server (nsd), are asked:
# Postfix, Exim, Sendmail and OpenSMTPD, and what each says when it refuses in
# its own words.
cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
world=tests/world
mx_port=$((20000 + $$ % 10000))
ns_port=$((mx_port + 1))

# End what raise has started, and then what lib.sh has.
lower()
{
	for d in "$tmp"/*/pids; do
		d=${d%/pids}
		[ ! -d "$d" ] || sh "$world/${d##*/}.sh" stop "$d"
	done
	leave
}
trap lower EXIT

# says NAME "CODE DSN" WORDS [OPTION ...] MAILBOX: that is the verdict, and the
# glob WORDS fits its text.
says()
{
	says_name=$1 code=$2 words=$3
	shift 3
	for mailbox; do :; done
	verdict "$says_name" "$code <$mailbox> $words" "$@"
}

# Start a server, or say why not.
raise()
{
	why=$(sh "$world/$1.sh" can) || return 1
	sh "$world/$1.sh" start "$tmp/$1" "$2" >/dev/null 2>"$tmp/err" ||
	    { sed 's/^/# /' "$tmp/err"; echo "Bail out! $1 does not start"; exit 1; }
}

# skip_all HOW_MANY WHAT: after raise has said why not.
skip_all()
{
	i=0
	while [ $i -lt "$1" ]; do
		skip "$why" "$2"
		i=$((i + 1))
	done
}

# How many connections a host says it had.
connections()
{
	case $host in
	postfix)	pattern='smtpd.*: connect from' ;;
	exim)		pattern='SMTP connection from .* count =' ;;
	sendmail)	pattern='NOQUEUE: connect from' ;;
	opensmtpd)	pattern='smtp connected' ;;
	esac
	grep -c "$pattern" "$tmp/$host/log"
}

# Nothing in a host's log tells of DATA, of a fault in the dialogue, or of an
# end without QUIT.
log_is_clean()
{
	sleep 0.5	# the host writes it after we have gone
	case $host in
	postfix)
		grep -E 'warning|fatal|improper|lost conn|timeout|too many|(data|bdat)=' \
		    "$tmp/$host/log"
		grep 'disconnect from' "$tmp/$host/log" | grep -v ' quit=1 ' ;;
	exim)
		grep -iE 'synchron|protocol|syntax|timeout|unexpected|too many (syntax|unrec|nonmail)|<= ' \
		    "$tmp/$host/log"
		grep 'SMTP connection from' "$tmp/$host/log" |
		    grep -Ev 'count =|closed by QUIT' ;;
	sendmail)
		grep -E 'lost input|unexpected|timeout|pre-greeting|PIPELINING|SYSERR|msgid=|collect' \
		    "$tmp/$host/log" ;;
	opensmtpd)
		grep -E 'smtp message|reason=(io|timeout|disc|error)|command="[^R"]' \
		    "$tmp/$host/log" ;;
	esac >"$tmp/faults"
	cat "$tmp/faults"
	[ ! -s "$tmp/faults" ]
}

# mail_host HOST UNKNOWN: what must be true of all of them.  UNKNOWN is what
# it says of a mailbox it does not know, as the host comes from its makers.
mail_host()
{
	host=$1 unknown=$2
	if ! raise "$host" $mx_port; then
		skip_all "$3" "$host"
		return 1
	fi
	mx="mx.$host.test\\[127.0.50.[1-4]\\] said at RCPT:"
	says "$host: an existing mailbox is deliverable" \
	    '250 2.1.5' "$mx 250*" "alice@$host.test"
	says "$host: an unknown mailbox is undeliverable, in its words" \
	    '550 5.1.7' "$mx $unknown" "nosuch@$host.test"
	before=$(connections)
	says "$host: the existing one again, from the cache" \
	    '250 2.1.5' "$mx 250* (cached [0-9]*s)" "alice@$host.test"
	says "$host: the unknown one again, from the cache" \
	    '550 5.1.7' "$mx $unknown (cached [0-9]*s)" "nosuch@$host.test"
	is "$host: the second time the host is not asked" \
	    "$(connections)" "$before"
	says "$host: a domain where any mailbox is accepted is unknown" \
	    '252 2.0.0' "*any mailbox*" "whoever@all.$host.test"
	says "$host: greylisting is temporary" \
	    '45[01] 4.*' "$mx 45*reylisted*" "grey@$host.test"
	says "$host: a client that is not welcome learns nothing" \
	    '252 2.0.0' "*mx.$host.test*said at*55[04]*" \
	    -c none -b 127.0.60.1 "alice@$host.test"
}

plan 63
if ! raise nsd $ns_port; then
	skip_all 63 'all hosts'
	exit
fi

if mail_host postfix '550 5.1.1 <nosuch@postfix.test>: Recipient address rejected: User unknown in local recipient table' 23; then
	for table in aliases='virtual alias' virtual='virtual mailbox' \
	    relay='relay recipient'; do
		says "postfix: unknown in the ${table#*=} table" '550 5.1.7' \
		    "$mx 550 5.1.1 *: Recipient address rejected: User unknown in ${table#*=} table" \
		    "nosuch@${table%=*}.postfix.test"
	done
	says 'postfix: refused by an access table is unknown' '252 2.0.0' \
	    "*$mx 554 5.7.1 *: Recipient address rejected: Access denied" \
	    policy@postfix.test
	says 'postfix: a full mailbox is unknown' '252 2.0.0' \
	    "*$mx 552 5.2.2 *: Mailbox full" quota@postfix.test
	says 'postfix: relay access denied is unknown' '252 2.0.0' \
	    "*$mx 554 5.7.1 *: Relay access denied" alice@stranger.test
	says 'postfix: where <> is refused, postmaster asks: deliverable' \
	    '250 2.1.5' '*\[127.0.50.5\] said at RCPT: 250*' alice@nobounce.test
	says 'postfix: where <> is refused, postmaster asks: undeliverable' \
	    '550 5.1.7' '*\[127.0.50.5\] said at RCPT: 550 5.1.1*' \
	    nosuch@nobounce.test
	says 'postfix: without PIPELINING, deliverable' \
	    '250 2.1.5' '*\[127.0.50.6\] said at RCPT: 250*' alice@plain.test
	says 'postfix: without PIPELINING, undeliverable' \
	    '550 5.1.7' '*\[127.0.50.6\] said at RCPT: 550*' nosuch@plain.test
	says 'a domain without MX is asked at its own address' '250 2.1.5' \
	    'implicit.test\[127.0.50.1\] said at RCPT: 250*' alice@implicit.test
	says 'a domain that is an alias is asked by its own name' \
	    '250 2.1.5' "$mx 250*" alice@alias.test
	before=$(connections)
	like 'loopback is not called unless nonglobal is given' "$("$cbvd" \
	    -N 127.0.0.1:$ns_port -p $mx_port -c none alice@postfix.test)" \
	    '550 5.1.8 <alice@postfix.test> *'
	is 'and the host is not asked' "$(connections)" "$before"
	ok 'postfix: its log tells of no DATA, no fault, and QUIT' log_is_clean
fi

if mail_host exim '550 Unknown user' 14; then
	says 'exim: unrouteable is undeliverable' '550 5.1.7' \
	    "$mx 550 Unrouteable address" nosuch@other.exim.test
	says 'exim: administrative prohibition is unknown' '252 2.0.0' \
	    "*$mx 550 Administrative prohibition" policy@exim.test
	says 'exim: too many messages is unknown' '252 2.0.0' \
	    "*$mx 550 Too many messages from 127.0.0.1" rate@exim.test
	says 'exim: relay not permitted is unknown' '252 2.0.0' \
	    "*$mx 550 relay not permitted" alice@foreign.test
	if [ -d "$tmp/postfix" ]; then
		says 'a dead host and one that does not relay are passed over' \
		    '250 2.1.5' 'mx.postfix.test*250*' alice@second.test
	else
		skip 'postfix is not there' 'a dead host is passed over'
	fi
	ok 'exim: its log tells of no DATA, no fault, and QUIT' log_is_clean
fi

if mail_host sendmail '550 5.1.1 <nosuch@sendmail.test>... User unknown' 12; then
	says 'sendmail: a mailbox disabled in the access map is undeliverable' \
	    '550 5.1.7' "$mx 550 5.2.1 *... Mailbox disabled for this recipient" \
	    disabled@sendmail.test
	says 'sendmail: local policy is unknown' '252 2.0.0' \
	    "*$mx 550 5.7.1 *... Message refused by local policy" \
	    policy@sendmail.test
	says 'sendmail: relaying denied is unknown' '252 2.0.0' \
	    "*$mx 550 5.7.1 *... Relaying denied" \
	    -b 127.0.70.1 alice@away.sendmail.test
	ok 'sendmail: its log tells of no DATA, and no fault' log_is_clean
fi

if mail_host opensmtpd '550 Invalid recipient: <nosuch@opensmtpd.test>' 10; then
	says 'opensmtpd: a filter that rejects is unknown' '252 2.0.0' \
	    "*$mx 550 5.7.1 Refused by local policy" policy@opensmtpd.test
	ok 'opensmtpd: its log tells of no DATA, no fault, and QUIT' log_is_clean
fi

says 'a null MX is undeliverable' '550 5.7.27' '*' alice@nullmx.test
says 'a domain with neither MX nor address is undeliverable' \
    '550 5.1.8' '*' alice@nohost.test
says 'a domain that does not exist is undeliverable' \
    '550 5.1.8' '*' alice@nosuch.test
says 'a name server that fails is temporary' '451 4.4.3' '*' alice@broken.test
