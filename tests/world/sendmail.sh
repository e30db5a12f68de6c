#!/bin/sh
# SPDX-License-Identifier: ISC
# sendmail.sh: a real Sendmail at 127.0.50.3, configured by its own m4 files.
. "$(dirname "$0")/world.sh"

can() { mta_can; }

start()
{
	mta_root 127.0.50.3
	etc=$root/etc/mail
	bin=/usr/libexec/sendmail
	[ -d "$root$bin" ] || bin=/usr/lib/sm.bin
	mkdir -p "$etc" "$root/var/spool/mqueue"
	chmod 700 "$root/var/spool/mqueue"
	tab=$(printf '\t')
	cat >"$etc/sendmail.mc" <<-END
	include(\`/usr/share/sendmail/cf/m4/cf.m4')dnl
	OSTYPE(\`linux')dnl
	define(\`confDOMAIN_NAME', \`mx.sendmail.test')dnl
	define(\`confDELIVERY_MODE', \`queueonly')dnl
	define(\`confTO_IDENT', \`0s')dnl
	define(\`confLOG_LEVEL', \`14')dnl
	define(\`confQUEUE_LA', \`1000')dnl
	define(\`confREFUSE_LA', \`1000')dnl
	define(\`confDELAY_LA', \`1000')dnl
	define(\`confPID_FILE', \`/run/sendmail.pid')dnl
	define(\`ALIAS_FILE', \`/etc/mail/aliases')dnl
	undefine(\`confHOST_STATUS_DIRECTORY')dnl
	FEATURE(\`no_default_msa')dnl
	FEATURE(\`nocanonify')dnl
	FEATURE(\`accept_unresolvable_domains')dnl
	FEATURE(\`delay_checks')dnl
	FEATURE(\`access_db', \`hash -T<TMPF> /etc/mail/access')dnl
	FEATURE(\`blocklist_recipients')dnl
	FEATURE(\`virtusertable', \`hash /etc/mail/virtusers')dnl
	LOCAL_DOMAIN(\`sendmail.test all.sendmail.test')dnl
	DAEMON_OPTIONS(\`Addr=127.0.50.3, Port=$port, Name=MTA')dnl
	sinclude(\`/etc/mail/cbvd.mc')dnl
	MAILER(\`local')dnl
	MAILER(\`smtp')dnl
	END
	cat >"$etc/access" <<-END
	Connect:127.0.60.1${tab}REJECT
	To:policy@sendmail.test${tab}ERROR:5.7.1:550 Message refused by local policy
	To:grey@sendmail.test${tab}ERROR:4.2.0:451 Greylisted, please try again later
	To:disabled@sendmail.test${tab}REJECT
	END
	echo "root:${tab}/dev/null" >"$etc/aliases"
	echo "@all.sendmail.test${tab}alice" >"$etc/virtusers"
	[ -z "$snippet" ] || cp "$snippet" "$etc/cbvd.mc"
	chroot "$root" /usr/bin/m4 -D_NO_MAKEINFO_ \
	    -D_CF_DIR_=/usr/share/sendmail/cf/ /etc/mail/sendmail.mc >"$etc/sendmail.cf" ||
	    die "m4 failed"
	for map in access virtusers; do
		chroot "$root" "$bin/makemap" hash /etc/mail/$map \
		    <"$etc/$map" || die "makemap failed"
	done
	chroot "$root" "$bin/sendmail" -bi >>"$dir/out" 2>&1 || die "newaliases failed"
	run chroot "$root" "$bin/sendmail" -bD
	greeted 127.0.50.3
}

world_main
