#!/bin/sh
# SPDX-License-Identifier: ISC
# postfix.sh: a real Postfix at 127.0.50.1; its twin at .5 refuses the null
# reverse-path, and the one at .6 offers no PIPELINING.
. "$(dirname "$0")/world.sh"

can() { mta_can; }

start()
{
	mta_root 127.0.50.1
	etc=$root/etc/postfix
	spool=$root/var/spool/postfix
	mkdir -p "$etc" "$root/var/lib/postfix"
	cat >"$etc/main.cf" <<-'END'
	compatibility_level = 3.6
	myhostname = mx.postfix.test
	mydestination = postfix.test
	mynetworks = 127.0.70.1
	inet_protocols = ipv4
	alias_maps =
	local_recipient_maps = inline:{ alice=x, policy=x, quota=x, grey=x }
	virtual_alias_domains = aliases.postfix.test, all.postfix.test
	virtual_alias_maps = inline:{ alice@aliases.postfix.test=alice, @all.postfix.test=alice }
	virtual_mailbox_domains = virtual.postfix.test, implicit.test, alias.test, nobounce.test, plain.test
	virtual_mailbox_maps = inline:{ alice@virtual.postfix.test=x, alice@implicit.test=x, alice@alias.test=x, alice@nobounce.test=x, alice@plain.test=x }
	relay_domains = relay.postfix.test, second.test
	relay_recipient_maps = inline:{ alice@relay.postfix.test=x, alice@second.test=x }
	smtpd_relay_restrictions = reject_unauth_destination
	smtpd_client_restrictions = check_client_access inline:{ 127.0.60.1=REJECT }
	smtpd_recipient_restrictions = check_recipient_access texthash:/etc/postfix/recipients
	smtpd_client_connection_rate_limit = 0
	in_flow_delay = 0
	END
	cat >"$etc/recipients" <<-'END'
	policy@postfix.test	REJECT
	quota@postfix.test	552 5.2.2 Mailbox full
	grey@postfix.test	450 4.2.0 Greylisted, try again in 300 seconds
	END
	cat >"$etc/master.cf" <<-END
	127.0.50.1:$port inet n - n - - smtpd
	127.0.50.5:$port inet n - n - - smtpd
	    -o myhostname=mx.nobounce.test
	    -o smtpd_sender_restrictions=check_sender_access,inline:{<>=REJECT}
	127.0.50.6:$port inet n - n - - smtpd
	    -o myhostname=mx.plain.test
	    -o smtpd_discard_ehlo_keywords=pipelining
	rewrite unix - - n - - trivial-rewrite
	cleanup unix n - n - 0 cleanup
	anvil unix - - n - 1 anvil
	END
	for q in active bounce corrupt defer deferred flush hold incoming \
	    private public maildrop saved trace; do
		mkdir -p "$spool/$q"
	done
	chown -R 64101 "$spool" "$root/var/lib/postfix"
	mkdir -p "$spool/pid"
	chown 0:0 "$spool" "$spool/pid"
	run chroot "$root" /usr/lib/postfix/sbin/master -d -c /etc/postfix
	greeted 127.0.50.1
}

world_main
