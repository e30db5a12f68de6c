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
#include <sys/stat.h>
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

#define REQUEST_MAX	4096	/* octets of a line, or of a netstring */
#define POLICY_MAX	16384	/* octets of a policy request */
#define REQUEST_S	10	/* seconds in which a request must be complete */
#define IDLE_S		60	/* seconds a connection may have none */
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
	CAUSE_SKIPPED,		/* by the skip list */
	CAUSE_BUDGET,		/* the host was called often enough */
	CAUSE_ACCEPTED,		/* 2xx at RCPT */
	CAUSE_NULL,		/* the null reverse-path, or no mailbox at all */
	CAUSE_POSTMASTER,	/* postmaster of a domain that takes mail */
	CAUSE_LATER,		/* 4xx */
	CAUSE_NO_ANSWER,	/* no connection, silence, drop, malformed */
	CAUSE_DNS,		/* DNS failing */
	CAUSE_UNDER_WAY,	/* the callout is still under way */
	CAUSE_BUSY,		/* no slot to call the host in time */
	CAUSE_FAULT,		/* our own */
	CAUSE_NO_MAILBOX,	/* 5xx at RCPT that speaks of the mailbox */
	CAUSE_NO_DOMAIN,	/* the domain does not exist or has no host */
	CAUSE_NULL_MX,		/* RFC 7505 */
	CAUSE_UNROUTABLE,	/* only addresses that are never called */
	CAUSE_SYNTAX,		/* no mailbox */
	CAUSE_REQUEST,		/* no request */
	/* in the cache only: */
	CAUSE_NOT_CATCH_ALL,	/* a catch-all test was refused */
	CAUSE_NULL_REFUSED,	/* a host refuses the null reverse-path */
	CAUSE_STANDING,		/* nothing is held against a host */
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

/*
 * How a host stands with us (manners.c).  Of a mailbox only until is used: it
 * is not verified anew before that time.
 */
struct standing {
	int64_t		 tat_us;	/* when the rate is quite unused again */
	int64_t		 until;		/* left alone until then; both epoch */
	int64_t		 step_s;	/* for so long; 0: not left alone */
};

/* A verdict about one mailbox, or a fact about a domain or a host. */
struct verdict {
	enum cause	 cause;
	enum stage	 stage;
	int		 cached;	/* 2: stored by the callout we joined */
	struct standing	 standing;
	time_t		 when;		/* epoch seconds of the answer */
	char		 host[HOST_TEXT_MAX];	/* "NAME[IP]", or "" */
	char		 text[TEXT_MAX];	/* the reply, or what failed */
};

/* An SMTP reply (RFC 5321, 4.2), its lines joined by single spaces. */
struct reply {
	int	 code;			/* 200 to 559 */
	char	 text[REPLY_TEXT_MAX + 1];	/* code included */
};

/* What the administrator said on the command line; set once, in cbvd.c. */
struct options {
	int		 v4, v6;	/* families that may be called */
	int		 verbose;
	int		 no_test;	/* -n */
	long long	 lenient, nonglobal;
	int		 recipients;	/* -R: which DSN a cause gets */
	int		 advise;	/* -a: refuse nothing */
	const char	*routes, *skip;	/* -r, -s; NULL: none */
	const char	*cache;		/* NULL: none */
	const char	*from;		/* -f; NULL: never */
	int		 from_given;
	const char	*user;		/* -u; NULL: the first that there is */
	const char	*helo;		/* -h; NULL: the address literal */
	in_port_t	 smtp_port;	/* -p */
	struct sockaddr_storage	 ns;	/* -N; ss_family 0: resolv.conf */
	struct sockaddr_in	 bind4;	/* -b; sin_family 0: the system's */
	struct sockaddr_in6	 bind6;
	/* -o: seconds, and numbers */
	long long	 positive, refresh, negative, temporary, domain, blocked;
	long long	 wait, connect, command, total;
	long long	 perhost, all, rate, rate_s, size;
};
extern struct options opt;

/* /dev/null, opened before all else (cbvd.c); -1: there is none. */
extern int null_fd;

/* Milliseconds of CLOCK_MONOTONIC: every deadline is one of these. */
static inline int64_t
mono_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

/* As <ctype.h>, but of ASCII whatever the locale is. */
static inline int
is_digit(int c)
{
	return (c >= '0' && c <= '9');
}

static inline int
is_lower(int c)
{
	return (c >= 'a' && c <= 'z');
}

static inline int
is_upper(int c)
{
	return (c >= 'A' && c <= 'Z');
}

/*
 * options.c: what was said on the command line.
 */
enum mode { MODE_ASK, MODE_LIST, MODE_FORGET, MODE_EXPIRE, MODE_VERSION };

/* Set opt and optind (getopt(3)), or die().  Returns what is to be done. */
enum mode	 options_read(int argc, char **argv);

/* How cbvd is called, on standard error, and the end. */
void		 usage(void) __attribute__((__noreturn__));

/*
 * Options, or what they name, are at fault: tell the log, and who sees
 * standard error, in one line, and exit with status (sysexits.h).  A client on
 * the socket must not take silence for a verdict, nor get our error as one: it
 * is told 451.
 */
void		 die(int status, const char *fmt, ...)
		    __attribute__((__noreturn__, __format__(__printf__, 2, 3)));

/*
 * request.c: requests in, answers out, in the same form.
 */
enum form { FORM_NONE, FORM_LINE, FORM_POLICY, FORM_SOCKETMAP };
enum map { MAP_NONE, MAP_VERDICT, MAP_ACCESS, MAP_EXISTS };

struct request {
	enum form	 form;
	enum map	 map;		/* of socketmap */
	int		 last;		/* none follows on this connection */
	const char	*why;		/* it is none; lives for ever */
	size_t		 len;
	char		 address[REQUEST_MAX];	/* as it came */
};

/*
 * Read one request from descriptor 0: the first until deadline at most, later
 * ones for IDLE_S and then REQUEST_S from their first octet.  The first octets
 * of the connection choose the form.  Only what is complete is a request, for
 * the wire may have cut the domain; and no length that is declared is believed.
 * Returns 1 with a request or rq->why, or 0 when nothing is to be answered.
 */
int	 request_read(struct request *rq, int64_t deadline);

/*
 * Make the answer to a request about mailbox, a string of printable
 * characters or UTF-8, out of a verdict, in the form of rq.  buf has
 * ANSWER_MAX + 1 octets.  Returns the length.
 */
size_t	 request_answer(const struct request *rq, const char *mailbox,
	    const struct verdict *v, char *buf);

/*
 * Write an answer to descriptor 1.  Async-signal-safe.  Returns 0, or -1 with
 * errno if it could not be written in a second.
 */
int	 request_write(const char *buf, size_t len);

/*
 * Tell the client that this was all, so that it sees EOF while the process
 * goes on: close(2) would not do where the superserver keeps the socket.
 * Async-signal-safe.
 */
void	 request_shut(void);

/* Read and throw away what the client still sends: unread input at the exit
 * would reset the connection before the answer is read. */
void	 request_drain(void);

/*
 * mailbox.c: the syntax of mailboxes and host names (RFC 5321, 4.1.2).
 */
struct mailbox {
	char	 address[MAILBOX_MAX + 1];	/* as it came */
	char	 local_part[LOCAL_PART_MAX + 1];	/* quotes included */
	char	 domain[MAILBOX_MAX + 1];	/* lower case */
	int	 literal;	/* the domain is an address literal */
	int	 utf8;		/* the local-part needs SMTPUTF8 (RFC 6531) */
};

/*
 * Take the len octets at s for a mailbox.  Nothing is repaired or cut.
 * Returns 1, or 0 with the reason in *why, which lives for ever.
 */
int	 mailbox_parse(const char *s, size_t len, struct mailbox *mb,
	    const char **why);

/*
 * The same for a mailbox that comes without the quotes its local-part needs,
 * as Postfix and Sendmail give it; they are put back.
 */
int	 mailbox_parse_unquoted(const char *s, size_t len, struct mailbox *mb,
	    const char **why);

/* 1 if the local-part is postmaster, in any case of letters (4.5.1). */
int	 mailbox_postmaster(const struct mailbox *mb);

/* The name under which a mailbox is remembered: local-part exact, domain
 * folded.  key has MAILBOX_MAX + 1 octets. */
void	 mailbox_key(const struct mailbox *mb, char *key);

/*
 * 1 if the len octets at s are a host name: letters, digits, hyphens, labels
 * of 1 to 63, 253 in all, the last label neither all digits nor beginning
 * with 0x, so that no reader takes it for an IP address (RFC 1123, 2.1).
 * With underscore, one is allowed anywhere a letter is.
 */
int	 mailbox_hostname(const char *s, size_t len, int underscore);

/*
 * rules.c: what the administrator decided.
 */
struct route {
	char		 host[DOMAIN_MAX + 1];	/* or an IP address; "": the MX */
	in_port_t	 port;		/* 0: that of -p */
	int		 ours;		/* named for this domain, not for all */
};

/*
 * Find the route of a domain: the line of that name, else the longest suffix,
 * else the default.  Returns 0 with *route, zeros if there is none, or -1 with
 * the file, line and fault in why, TEXT_MAX octets.
 */
int	 rules_route(const char *domain, struct route *route, char *why);

/*
 * 1 if the skip list has the mailbox, or with host, the name of an MX host, if
 * it has that; 0 if not; -1 as above.
 */
int	 rules_skip(const struct mailbox *mb, const char *host, char *why);

/* Check the routes, and have the sandbox leave their ports open.  Returns 0, or
 * -1 as above. */
int	 rules_ports(char *why);

/*
 * mx.c: the hosts that accept mail for a domain (RFC 5321, 5.1; RFC 7505).
 */
struct mx_host {
	char		 name[DOMAIN_MAX + 1];
	unsigned int	 pref;
	uint32_t	 shuffle;	/* order among equal preferences */
};

struct mx_addr {
	struct sockaddr_storage	 ss;	/* exactly what connect(2) gets */
	socklen_t	 len;
	const char	*host;		/* lives in struct mx */
	in_port_t	 port;
	int		 best;		/* the host is of the best preference */
	int		 ours;		/* by a route of its domain's own */
	char		 ip[INET6_ADDRSTRLEN];
	char		 shown[HOST_TEXT_MAX];	/* "NAME[IP]" */
};

struct mx {
	struct mx_host	 hosts[MX_HOSTS_MAX];	/* in the order to be asked */
	size_t		 nhosts, host;		/* host: the next one */
	struct mx_addr	 addrs[2 * MX_ADDRS_MAX];	/* of the host before */
	size_t		 naddrs, addr;
	char		 called[MX_ADDRS_MAX][INET6_ADDRSTRLEN];
	size_t		 ncalled;
	int64_t		 deadline;
	struct route	 route;
	enum cause	 none;		/* the verdict if nobody is called */
	char		 why[TEXT_MAX];	/* and the reason */
};

/*
 * Find the MX hosts of domain, implicit MX included, in the order in which
 * they are to be asked; or the one host of the route, which may have any
 * address.  Returns 1, or 0 with a verdict: CAUSE_DNS, CAUSE_NO_DOMAIN,
 * CAUSE_NULL_MX.
 */
int	 mx_lookup(const char *domain, const struct route *route,
	    int64_t deadline, struct mx *mx, struct verdict *v);

/*
 * Give the next address that may be called, looking up hosts as they are
 * reached; no address twice.  Returns 1, or 0 when there is none left.
 */
int	 mx_next(struct mx *mx, struct mx_addr *addr);

/*
 * The verdict when mx_next() gave no address at all, or none that answered:
 * CAUSE_DNS, CAUSE_FAMILY, CAUSE_OURSELVES, CAUSE_UNROUTABLE or
 * CAUSE_NO_DOMAIN, the most harmless that is true.
 */
void	 mx_none(const struct mx *mx, struct verdict *v);

/*
 * callout.c: ask one host.
 */
#define CALLOUT_TEST	1	/* test for catch-all */
#define CALLOUT_FROM	2	/* begin with -f, which is not NULL then */

struct callout {
	struct verdict	 v;
	int		 decided;	/* this host has the last word */
	int		 dead;		/* it does not even greet us; -1: who knows */
	int		 beside;	/* DNS fails, and hosts beside it were asked */
	int		 tested;	/* catch-all test: 1 all accepted, -1 not */
	char		 test[TEXT_MAX];	/* the reply to the test */
	int		 null_refused;	/* and -f then accepted at MAIL */
	char		 null_text[TEXT_MAX];	/* the refusal at MAIL */
};

/*
 * Ask the MX host at addr whether it would accept mail for rcpt.  The
 * transaction stops after RCPT (RFC 5321, 4.1.1.3); no message is ever sent.
 * Nothing lasts longer than deadline.  What happened is always told in c.
 * callout_end() must follow before the next.
 */
void	 callout_ask(const struct mx_addr *addr, const struct mailbox *rcpt,
	    int flags, int64_t deadline, struct callout *c);

/* Wait a moment for the reply to QUIT and close: after the answer is out.  When
 * something can be read from client (-1: nobody) there is no time for that. */
void	 callout_end(int client);

/*
 * reply.c: what a reply means.
 */
/*
 * Tell what a complete reply to RCPT says (RFC 5321, 4.2; RFC 3463).  Only
 * positive evidence in the words or the enhanced status code gives
 * CAUSE_NO_MAILBOX; else CAUSE_ACCEPTED, LATER, BLOCKED, RELAY, NULL_PATH,
 * POLICY or UNCLEAR, which a code other than 2xx, 4xx and 5xx is too.
 */
enum cause	 reply_meaning(const struct reply *reply);

/*
 * How many seconds a reply of 4xx asks to be given, as greylists say it:
 * "try again in 300 seconds", "come back in 00:05:00".  0: it does not say.
 */
long long	 reply_retry(const char *text);

/*
 * Copy the enhanced status code (RFC 3463, 2; RFC 2034, 4) that follows the
 * reply code in text to dsn, a buffer of DSN_MAX octets.  Returns 1, or 0 if
 * there is none of the class of the reply code.
 */
int	 reply_dsn(const char *text, char *dsn);

/*
 * verdict.c: code, DSN, age and words by cause; the log line.
 */
enum scope {
	SCOPE_NONE,		/* never stored */
	SCOPE_MAILBOX,
	SCOPE_DOMAIN,
	SCOPE_CATCH_ALL,	/* of a domain: the catch-all test */
	SCOPE_HOST,		/* of an IP address */
	SCOPE_STANDING		/* of an IP address: struct standing */
};

/* Fill a verdict of now.  host may be "". */
void	 verdict_set(struct verdict *v, enum cause cause, enum stage stage,
	    const char *host, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 5, 6)));

int		 verdict_code(enum cause cause);	/* as VRFY (RFC 5321, 3.5.3) */
int		 verdict_exit(enum cause cause);	/* sysexits.h */
enum scope	 verdict_scope(enum cause cause);
/* Seconds for which what is stored of this scope may be served. */
time_t		 verdict_age(enum scope scope, enum cause cause);

/* DSN by cause (RFC 3463), as of a recipient or a sender; dsn has DSN_MAX
 * octets. */
void	 verdict_dsn(const struct verdict *v, int recipient, char *dsn);

/*
 * The evidence as one line of printable ASCII of less than size octets, and
 * how long it has been known.  Cut at a character; the end is kept, and so size
 * is 100 or more.
 */
void	 verdict_text(const struct verdict *v, char *buf, size_t size);

/* A duration as people say it, in its largest unit: "3m".  buf: 24 octets. */
void	 verdict_duration(time_t s, char *buf);

/* Of a host: its last callout, the state of its rate, until when and for which
 * words it is left alone. */
void	 verdict_standing(const struct verdict *v, char *buf, size_t size);

/* Tell the log that a host wants no calls from us, and in which words. */
void	 verdict_warn(const struct verdict *v);

/* One syslog(3) line for one query that took ms milliseconds. */
void	 verdict_log(const char *mailbox, const struct verdict *v, int64_t ms);

/* Escape len octets of foreign text into buf of size octets, not 0: printable
 * ASCII, one line. */
void	 verdict_escape(const char *s, size_t len, char *buf, size_t size);

/* With -v, show a line on standard error, escaped. */
void	 verdict_trace(const char *fmt, ...)
	    __attribute__((__format__(__printf__, 1, 2)));

/*
 * cache.c: the gdbm file.  No trouble with it ever changes a verdict.
 */

/*
 * Open the cache under its lock; at most a second is waited for that.  A
 * writer makes the file if need be and sets a corrupt one aside.  Returns 0
 * or -1 with errno; then do without.  Must be followed by cache_end().
 */
int	 cache_begin(int writer);

/*
 * Fetch what is known of name: a key of mailbox_key(), a domain in lower case
 * or an IP address.  Returns 1 if there is a record that is sound and has
 * not outlived its age, else 0.
 */
int	 cache_get(enum scope scope, const char *name, struct verdict *v);

/* Store, and drop old records where the file has reached its size.  Returns
 * 0, or -1 if it was not stored. */
int	 cache_put(enum scope scope, const char *name, const struct verdict *v);

/* 1 if nobody else could have written this file of ours. */
int	 cache_sound(const struct stat *st);

/* Unlock.  Cheap: the file of a writer is synced by cache_close() alone. */
void	 cache_end(void);

/* Close what cache_end() left open: after the answer is out. */
void	 cache_close(void);

/*
 * For people: list the records of keys (NULL-terminated; none: all) on out,
 * forget them, drop what has expired and give the space back.  0, or -1 with
 * errno.
 */
int	 cache_list(char **keys, FILE *out);
int	 cache_forget(char **keys);
int	 cache_expire(void);

/*
 * manners.c: what protects other people's hosts.  Where PATH.lock cannot be
 * had nothing is held back.
 */
enum joined { JOINED_NONE, JOINED_ENDED, JOINED_LATE };

/*
 * Join the callout that is under way for a mailbox, named as by mailbox_key(),
 * and wait for its end until patience (0: not at all).  Returns JOINED_NONE
 * when there is none, or its process ended without a word: the caller leads,
 * until manners_done(); JOINED_ENDED with the cause that it ended with;
 * JOINED_LATE when it takes longer.
 */
enum joined	 manners_join(const char *key, int64_t patience,
		    enum cause *cause);

/* Let go who has joined. */
void	 manners_done(enum cause cause);

/*
 * See that a host may be called, and count the callout: it is not left alone,
 * its rate is not spent, and it has a slot by patience.  Returns 1, and
 * manners_note() must follow; or 0 with a verdict: CAUSE_BUDGET, CAUSE_BUSY, or
 * why it is left alone.
 */
int	 manners_enter(const struct mx_addr *addr, int64_t patience,
	    struct verdict *v);

/* Take note of a host that refused us or is dead, or is so no more. */
void	 manners_note(const struct mx_addr *addr, const struct callout *c);

/* Give the slot back, if there is one: after callout_end(). */
void	 manners_leave(void);

/*
 * sandbox.c: what is given up, by phase.  No part is needed, none is an error.
 */
/*
 * Sanitizers have needs of their own that are not to be confined; so has
 * valgrind(1), for which a builder says -DSANITIZED=1.
 */
#if defined(SANITIZED)
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED	1
#elif defined(__has_feature)
#define SANITIZED	(__has_feature(address_sanitizer) || \
	    __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED	0
#endif

/*
 * Let TCP connections go to port, too; those of -p and -N are known.  To be
 * called before sandbox_start().  Returns 0, or -1 with ENOSPC.
 */
int	 sandbox_port(in_port_t port);

/*
 * Before a request or a record is read: from now on no file is opened but the
 * cache's folder, resolv.conf(5), and the files of -r and -s, no program and
 * no other process started, and no TCP connection made to other ports.
 */
void	 sandbox_start(void);

/*
 * Before the first packet is sent: from now on only the system calls are left
 * that a query needs.  Later calls do nothing.
 */
void	 sandbox_network(void);

/* What is in force now: "no_new_privs, limits, Landlock ABI 7, seccomp". */
const char *sandbox_text(void);

/*
 * seccomp.c, optional: let the kernel refuse all system calls but those of
 * its table.  Returns 0, or -1 with errno where that is not to be had.
 */
int	 seccomp_start(void);
#endif
