/* SPDX-License-Identifier: ISC */
/*
 * cbvd.h: what the rooms of cbvd share: limits with their origin, the types
 * that travel between rooms, and the contract of every function that one
 * room offers to another.  The rooms are listed in the order of a query.
 */
#ifndef CBVD_H
#define CBVD_H

#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define CBVD_VERSION	"0.1"

/* RFC 5321, 4.5.3.1.1 to 4.5.3.1.3; a path is 256 octets with its brackets */
#define LOCAL_PART_MAX	64
#define DOMAIN_MAX	253
#define LABEL_MAX	63
#define MAILBOX_MAX	254

#define REQUEST_MAX	4096	/* octets of a line request */
#define REQUEST_S	10	/* seconds in which a request must be complete */
#define ANSWER_MAX	512	/* octets of an answer, CRLF included (4.5.3.1.5) */
#define DRAIN_MAX	65536	/* octets read and thrown away after an answer */
#define DRAIN_MS	1000	/* and the time that may take */

#define MX_HOSTS_MAX	10	/* hosts looked at for one query */
#define MX_ADDRS_MAX	20	/* addresses called for one query */
#define CNAME_MAX	8	/* links of a CNAME chain */

#define REPLY_TEXT_MAX	1000	/* octets kept of a whole reply */
#define DSN_MAX		12	/* "5.999.999" and its NUL (RFC 3463, 2) */
#define HOST_NAME_KEPT	64	/* octets kept of an MX host's name */
#define HOST_TEXT_MAX	(HOST_NAME_KEPT + INET6_ADDRSTRLEN + 2)
#define TEXT_MAX	512	/* octets kept as evidence */

/*
 * Why a verdict is what it is.  Code, DSN, age and words follow from it
 * (verdict.c).  Zero condemns nobody.
 */
enum cause {
	CAUSE_UNCLEAR,		/* 5xx at RCPT that cannot be told */
	CAUSE_POLICY,		/* 5xx at RCPT: quota, rate, syntax, policy */
	CAUSE_RELAY,		/* 5xx at RCPT: relaying denied, everywhere */
	CAUSE_NULL_PATH,	/* 5xx at RCPT: null reverse-path refused */
	CAUSE_BLOCKED,		/* 5xx at RCPT: this client is unwelcome */
	CAUSE_REFUSED,		/* 5xx before RCPT by every host */
	CAUSE_CATCH_ALL,	/* the host accepts any mailbox */
	CAUSE_OURSELVES,	/* the MX host is this machine */
	CAUSE_LITERAL,		/* address literal: not asked */
	CAUSE_FAMILY,		/* no address of the family of -4 or -6 */
	CAUSE_NO_SMTPUTF8,	/* SMTPUTF8 needed, not offered */
	CAUSE_ACCEPTED,		/* 2xx at RCPT */
	CAUSE_NULL,		/* the null reverse-path itself */
	CAUSE_POSTMASTER,	/* postmaster of a domain that takes mail */
	CAUSE_LATER,		/* 4xx */
	CAUSE_NO_ANSWER,	/* no connection, silence, drop, malformed */
	CAUSE_DNS,		/* DNS failing */
	CAUSE_UNDER_WAY,	/* the callout is still under way */
	CAUSE_FAULT,		/* our own */
	CAUSE_NO_MAILBOX,	/* 5xx at RCPT that speaks of the mailbox */
	CAUSE_NO_DOMAIN,	/* the domain does not exist or has no host */
	CAUSE_NULL_MX,		/* RFC 7505 */
	CAUSE_UNROUTABLE,	/* only addresses that are never called */
	CAUSE_SYNTAX,		/* no mailbox */
	CAUSE_REQUEST,		/* no request */
	CAUSE_NOT_CATCH_ALL,	/* in the cache only: a catch-all test failed */
	CAUSES			/* how many there are */
};

/* How far a callout came. */
enum stage {
	STAGE_NONE,
	STAGE_DNS,
	STAGE_CONNECT,
	STAGE_GREETING,
	STAGE_EHLO,
	STAGE_HELO,
	STAGE_MAIL,
	STAGE_RCPT,
	STAGES
};

/* A verdict about one mailbox, or a fact about a domain or a host. */
struct verdict {
	enum cause	 cause;
	enum stage	 stage;
	int		 with_from;	/* -f was the reverse-path */
	int		 cached;
	time_t		 when;		/* epoch seconds of the answer */
	char		 host[HOST_TEXT_MAX];	/* "NAME[IP]", or "" */
	char		 text[TEXT_MAX];	/* the reply, or what failed */
};

/* An SMTP reply (RFC 5321, 4.2), its lines joined by single spaces. */
struct reply {
	int	 code;			/* 200 to 559 */
	char	 text[REPLY_TEXT_MAX + 1];	/* code included */
};

/*
 * reply.c: what a reply means.
 */
enum meaning {
	MEANING_UNCLEAR,	/* a 5xx that cannot be told */
	MEANING_ACCEPTED,	/* any 2xx */
	MEANING_LATER,		/* any 4xx */
	MEANING_NO_MAILBOX,	/* this mailbox is refused for good */
	MEANING_BLOCKED,	/* this client or host is blocked or listed, or
				   must authenticate or use TLS */
	MEANING_RELAY,		/* this host does not relay for the domain */
	MEANING_NULL_PATH,	/* the null reverse-path is refused */
	MEANING_POLICY		/* quota, rate, syntax, other policy */
};

/*
 * Tell what a complete reply to RCPT says (RFC 5321, 4.2; RFC 3463).  Only
 * positive evidence in the words or the enhanced status code gives
 * MEANING_NO_MAILBOX; a code other than 2xx, 4xx and 5xx is UNCLEAR.
 */
enum meaning	 reply_meaning(const struct reply *reply);

/*
 * Copy the enhanced status code (RFC 3463, 2; RFC 2034, 4) that follows the
 * reply code in text to dsn, a buffer of DSN_MAX octets.  Returns 1, or 0 if
 * there is none of the class of the reply code.
 */
int	 reply_dsn(const char *text, char *dsn);
#endif
