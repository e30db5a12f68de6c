#!/bin/sh
# A filter for OpenSMTPD: asks cbvd(8) about the sender of each message.
# Goes into /usr/local/libexec/cbvd-filter, mode 755; and into smtpd.conf:
#
#	filter "cbvd" proc-exec "/usr/local/libexec/cbvd-filter"
#	listen on egress filter "cbvd"
#
# A filter runs for ever and must not block, so each question is asked in the
# background: two processes while it lasts, and nothing here limits how many.
# OpenSMTPD limits sessions, and cbvd callouts.  Hosts of your own and users who
# authenticate should have a listener without this filter.  Without an answer
# mail is accepted.  nc(1) is the one of the BSDs; in Debian, netcat-openbsd.

# ask TOKENS ADDRESS
ask()
{
	answer=$(printf '%s\r\n' "$2" | nc 127.0.0.1 2650 | tr -d '\r')
	case $answer in
	550*|45*) printf 'filter-result|%s|reject|%s\n' "$1" "$answer" ;;
	*)	printf 'filter-result|%s|proceed\n' "$1" ;;
	esac
}

while IFS='|' read -r kind version time system phase session token address; do
	case $kind in
	config)	# SMTPD tells its own, and "ready" comes last
		[ "$version" != ready ] ||
			printf 'register|%s\n' 'filter|smtp-in|mail-from' ready ;;
	filter)
		if [ -z "$address" ]; then
			printf 'filter-result|%s|proceed\n' "$session|$token"
		else
			(ask "$session|$token" "$address" </dev/null &)
		fi ;;
	esac
done
