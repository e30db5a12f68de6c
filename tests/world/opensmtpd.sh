#!/bin/sh
# SPDX-License-Identifier: ISC
# opensmtpd.sh: a real OpenSMTPD at 127.0.50.4.
. "$(dirname "$0")/world.sh"

can() { mta_can; }

start()
{
	mta_root 127.0.50.4
	cbvd= filter=
	if [ -n "$snippet" ]; then
		filter=$(sed -n "s/^#[[:space:]]*\(filter .*\)/\1/p" "$snippet") cbvd=", cbvd"
		program=${filter#*proc-exec \"}
		program=$root${program%%\"*}
		mkdir -p "${program%/*}"
		cp "$snippet" "$program" || die "cannot copy $snippet"
		chmod 755 "$program"
		for p in sh nc tr; do
			give "$(realpath "$(command -v $p)")" /bin/$p
		done
	fi
	cat >"$root/etc/smtpd.conf" <<-END
	filter unwelcome phase connect match src { 127.0.60.1 } disconnect "554 5.7.1 127.0.60.1 is listed at bl.example"
	filter policy phase rcpt-to match rcpt-to { "policy@opensmtpd.test" } reject "550 5.7.1 Refused by local policy"
	filter grey phase rcpt-to match rcpt-to { "grey@opensmtpd.test" } reject "451 4.7.1 Greylisted, please try again later"
	$filter
	filter checks chain { unwelcome, policy, grey$cbvd }
	table anyone { "@all.opensmtpd.test" = "alice" }
	listen on 127.0.50.4 port $port hostname mx.opensmtpd.test filter checks
	action "mailbox" maildir
	action "anyone" maildir virtual <anyone>
	match from any for domain "opensmtpd.test" action "mailbox"
	match from any for domain "all.opensmtpd.test" action "anyone"
	END
	mkdir -p "$root/var/spool/smtpd"
	chmod 711 "$root/var/spool/smtpd"
	run chroot "$root" /usr/sbin/smtpd -F
	greeted 127.0.50.4
}

world_main
