#!/bin/sh
# A plugin for qmail-spp: asks cbvd(8) about the sender of each message.
# Goes into plugins/cbvd of qmail's folder, mode 755; control/smtpplugins needs
# the line "plugins/cbvd" below [mail].
#
# No output is: go on.  Without an answer mail is accepted.

# qmail-spp closes descriptor 0, which a socket would become
exec </dev/null

# not about <>, nor for who may relay
[ -n "$SMTPMAILFROM" ] && [ -z "${RELAYCLIENT+x}" ] || exit 0

# tcpclient reads from the server at 6 and writes to it at 7
answer=$(tcpclient -RHl0 127.0.0.1 2650 \
    sh -c 'printf "%s\r\n" "$SMTPMAILFROM" >&7; cat <&6' | tr -d '\r')

case $answer in
550*|45*) printf 'E%s\n' "$answer" ;;
esac
