#!/bin/sh
# SPDX-License-Identifier: ISC
# others.sh exim|postfix start DIR PORT HOST-PORT | stop DIR: an MTA at
# 127.0.51.1 that verifies every recipient with the MX host at HOST-PORT and
# remembers what it said.  They are unpacked and run as in tests/world.
which=$1
shift
. tests/world/world.sh
name=$which
here=$PWD/tests/world
unpacked=$here/unpacked
ip=127.0.51.1
host_port=${4-}

exim()
{
	mkdir -p "$root/etc/exim4" "$root/var/spool/exim4" "$root/var/log/exim4"
	chown 64102:64102 "$root/var/spool/exim4" "$root/var/log/exim4"
	cat >"$root/etc/exim4/exim4.conf" <<-END
	keep_environment =
	notifier_socket =
	primary_hostname = mx.exim.test
	acl_smtp_rcpt = acl_check_rcpt
	local_interfaces = $ip
	daemon_smtp_ports = $port
	smtp_accept_max = 200
	recipients_max = 0
	tls_advertise_hosts =
	rfc1413_query_timeout = 0s
	log_file_path = syslog
	host_lookup =

	begin acl
	acl_check_rcpt:
	  require verify = recipient/callout=10s
	  accept

	begin routers
	all:
	  driver = manualroute
	  transport = smtp
	  route_list = * 127.0.0.1
	  self = send

	begin transports
	smtp:
	  driver = smtp
	  port = $host_port
	  allow_localhost
	  hosts_try_fastopen =
	END
	run chroot "$root" /usr/sbin/exim4 -bdf
}

postfix()
{
	etc=$root/etc/postfix spool=$root/var/spool/postfix
	mkdir -p "$etc" "$root/var/lib/postfix"
	cat >"$etc/main.cf" <<-END
	compatibility_level = 3.6
	myhostname = mx.postfix.test
	mydestination =
	mynetworks = 127.0.0.0/8
	inet_protocols = ipv4
	alias_maps =
	relayhost = [127.0.0.1]:$host_port
	smtpd_recipient_restrictions = reject_unverified_recipient, permit_mynetworks, reject
	smtpd_client_connection_rate_limit = 0
	smtpd_client_connection_count_limit = 0
	smtpd_recipient_limit = 100000000
	smtpd_hard_error_limit = 100000
	smtpd_error_sleep_time = 0
	smtp_dns_support_level = disabled
	in_flow_delay = 0
	END
	cat >"$etc/master.cf" <<-END
	$ip:$port inet n - n - - smtpd
	rewrite unix - - n - - trivial-rewrite
	cleanup unix n - n - 0 cleanup
	qmgr unix n - n 300 1 qmgr
	bounce unix - - n - 0 bounce
	defer unix - - n - 0 bounce
	trace unix - - n - 0 bounce
	verify unix - - n - 1 verify
	proxymap unix - - n - - proxymap
	smtp unix - - n - - smtp
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
}

can() { mta_can; }
start()
{
	mta_root $ip
	$which
	greeted $ip
}

world_main
