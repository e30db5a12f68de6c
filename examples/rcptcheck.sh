#!/bin/sh
# RCPTCHECK for qmail-smtpd: asks cbvd(8) whether the next host has a recipient.
# Goes into /var/qmail/bin/rcptcheck, mode 755; RCPTCHECK in the environment of
# qmail-smtpd, which needs the patch, names it.
#
# For a host that relays by control/smtproutes.  It asks port 2651, where a
# second service is started as
#	cbvd -R -r /var/qmail/control/smtproutes
# Status 0 accepts, 100 refuses, 111 defers.  Without an answer mail is deferred,
# for it could only bounce later.

# tcpclient reads from the server at 6 and writes to it at 7
answer=$(tcpclient -RHl0 127.0.0.1 2651 \
    sh -c 'printf "%s\r\n" "$RECIPIENT" >&7; cat <&6' | tr -d '\r')

# with USE_FD4 descriptor 4 is the log
[ -z "$USE_FD4" ] || printf '%s\n' "$answer" >&4

case $answer in
25*)	exit 0 ;;
550*|501*) exit 100 ;;
*)	exit 111 ;;
esac
