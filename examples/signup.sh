#!/bin/sh
# Asks cbvd(8) whether the address in a signup form can receive mail.
# Goes where the program behind the form can run it: signup.sh ADDRESS
#
# Status 0: take it, and 1: do not; standard output says why in words for who
# filled in the form.  Only what is certainly wrong is refused: an answer that
# is late or missing is not their fault.  Limit how often one client may ask,
# else strangers try out addresses through you.
# nc(1) is the one of the BSDs; in Debian, netcat-openbsd.

case $1 in
''|'<>'|*[[:cntrl:]]*)
	echo 'Please enter an e-mail address.'
	exit 1 ;;
esac

answer=$(printf '%s\r\n' "$1" | nc -w 60 127.0.0.1 2650 | tr -d '\r')

case $answer in
50[01]*) echo 'This is no e-mail address.  Is there a typing error?'
	exit 1 ;;
'550 5.1.8'*|'550 5.7.27'*)
	echo 'This domain receives no mail.  Is there a typing error?'
	exit 1 ;;
550*)	echo 'There is no such mailbox.  Is there a typing error?'
	exit 1 ;;
esac
exit 0
