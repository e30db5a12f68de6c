#!/bin/sh
# SPDX-License-Identifier: ISC
# exim.sh: a real Exim at 127.0.50.2, its routers and access control as in the
# example configuration it comes with.
. "$(dirname "$0")/world.sh"

can() { mta_can; }

start()
{
	mta_root 127.0.50.2
	mkdir -p "$root/etc/exim4" "$root/var/spool/exim4" "$root/var/log/exim4"
	chown 64102:64102 "$root/var/spool/exim4" "$root/var/log/exim4"
	cat >"$root/etc/exim4/exim4.conf" <<-END
	keep_environment =
	notifier_socket =
	primary_hostname = mx.exim.test
	domainlist local_domains = exim.test : *.exim.test
	acl_smtp_rcpt = acl_check_rcpt
	local_interfaces = 127.0.50.2
	daemon_smtp_ports = $port
	tls_advertise_hosts =
	prdr_enable = false
	rfc1413_query_timeout = 0s
	log_file_path = syslog
	syslog_duplication = false
	log_selector = +smtp_connection +smtp_protocol_error +smtp_syntax_error
	host_lookup =
	queue_only = true

	begin acl
	acl_check_rcpt:
	  deny    hosts = 127.0.60.1
	          message = X-Warning: \$sender_host_address is in a black list at bl.example
	  deny    local_parts = policy
	  defer   local_parts = grey
	          message = Greylisted, please try again later
	  deny    local_parts = rate
	          message = Too many messages from \$sender_host_address
	  require message = relay not permitted
	          domains = +local_domains
	  require verify = recipient
	  .include_if_exists /etc/exim4/cbvd.conf
	  accept

	begin routers
	all:
	  driver = redirect
	  domains = all.exim.test
	  data = alice@exim.test
	no_reason:
	  driver = accept
	  domains = other.exim.test
	  local_parts = alice
	  transport = mbox
	localuser:
	  driver = accept
	  domains = exim.test
	  check_local_user
	  transport = mbox
	  cannot_route_message = \${if eq{\$domain}{exim.test}{Unknown user}fail}

	begin transports
	mbox:
	  driver = appendfile
	  file = /var/mail/\$local_part_data
	END
	[ -z "$snippet" ] || cp "$snippet" "$root/etc/exim4/cbvd.conf"
	run chroot "$root" /usr/sbin/exim4 -bdf
	greeted 127.0.50.2
}

world_main
