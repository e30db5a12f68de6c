#!/bin/sh
# SPDX-License-Identifier: ISC
# postfix-asks.sh: a real Postfix at 127.0.50.11 that asks cbvd: its defaults,
# with what the files SNIPPET-main.cf and SNIPPET-master.cf say.  Mail for all
# domains that are its own is discarded.  Where the snippet starts /usr/local/
# sbin/cbvd, that is a copy of CBVD with the libraries it needs.
. "$(dirname "$0")/world.sh"
name=postfix

can() { mta_can; }

start()
{
	mta_root 127.0.50.11
	etc=$root/etc/postfix
	spool=$root/var/spool/postfix
	mkdir -p "$etc" "$root/var/lib/postfix"
	cat - "$snippet-main.cf" >"$etc/main.cf" <<-'END'
	compatibility_level = 3.6
	myhostname = mx2.asks.test
	mydestination = asks.test
	local_recipient_maps =
	mynetworks = 127.0.70.1
	inet_protocols = ipv4
	alias_maps =
	local_transport = discard:
	relay_transport = discard:
	smtpd_client_connection_rate_limit = 0
	END
	cat >"$etc/master.cf" <<-END
	127.0.50.11:$port inet n - n - - smtpd
	rewrite unix - - n - - trivial-rewrite
	cleanup unix n - n - 0 cleanup
	qmgr unix n - n 300 1 qmgr
	discard unix - - n - - discard
	bounce unix - - n - 0 bounce
	defer unix - - n - 0 bounce
	anvil unix - - n - 1 anvil
	END
	if [ -e "$snippet-master.cf" ]; then
		cat "$snippet-master.cf" >>"$etc/master.cf"
		give_cbvd
		[ ! -e "$snippet-routes" ] ||
			cp "$snippet-routes" "$root/usr/local/etc/cbvd.routes"
	fi
	for q in active bounce corrupt defer deferred flush hold incoming \
	    private public maildrop saved trace; do
		mkdir -p "$spool/$q"
	done
	chown -R 64101 "$spool" "$root/var/lib/postfix"
	mkdir -p "$spool/pid"
	chown 0:0 "$spool" "$spool/pid"
	run chroot "$root" /usr/lib/postfix/sbin/master -d -c /etc/postfix
	greeted 127.0.50.11
}

world_main
