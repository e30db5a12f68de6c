/* SPDX-License-Identifier: ISC */
/*
 * verdict.c: what follows from the cause of a verdict: its code, its enhanced
 * status code for senders and recipients, its age, its words; the log line.
 * Must never find a verdict, nor change one.
 */
#include <sys/types.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <vis.h>

#include "cbvd.h"

static void	 evidence(const struct verdict *, char *, size_t);

/*
 * In the order of enum cause.  The DSN of a kind of verdict stands for those
 * that have none of their own; what has no age is never stored.
 */
static const struct {
	int		 code;		/* as VRFY (RFC 5321, 3.5.3) */
	enum scope	 scope;
	const long long	*age;		/* seconds; see -o */
	const char	*words;		/* before the evidence */
	const char	*sender, *recipient;	/* RFC 3463, RFC 7505 */
} causes[] = {
	[CAUSE_UNCLEAR] = { 252, SCOPE_MAILBOX, &opt.negative,
	    "not clearly about the mailbox: ", NULL, NULL },
	[CAUSE_POLICY] = { 252, SCOPE_MAILBOX, &opt.negative,
	    "not about the mailbox's existence: ", NULL, NULL },
	[CAUSE_RELAY] = { 252, SCOPE_MAILBOX, &opt.negative,
	    "not about the mailbox: ", NULL, NULL },
	[CAUSE_NULL_PATH] = { 252, SCOPE_MAILBOX, &opt.negative,
	    "about the null reverse-path: ", NULL, NULL },
	[CAUSE_BLOCKED] = { 252, SCOPE_DOMAIN, &opt.blocked,
	    "about us, not the mailbox: ", NULL, NULL },
	[CAUSE_REFUSED] = { 252, .words = "about us, not the mailbox: " },
	[CAUSE_CATCH_ALL] = { 252, SCOPE_CATCH_ALL, &opt.domain,
	    "accepts any mailbox: ", NULL, NULL },
	[CAUSE_OURSELVES] = { 252, .words = "not asked: " },
	[CAUSE_LITERAL] = { 252, .words = "not asked: " },
	[CAUSE_FAMILY] = { 252, .words = "not asked: " },
	[CAUSE_NO_SMTPUTF8] = { 252, .words = "not asked: " },
	[CAUSE_ACCEPTED] = { 250, SCOPE_MAILBOX, &opt.positive, "", NULL, NULL },
	[CAUSE_NULL] = { 250, .words = "" },
	[CAUSE_POSTMASTER] = { 250, .words = "" },
	[CAUSE_LATER] = { 450, SCOPE_MAILBOX, &opt.temporary, "",
	    "4.2.0", "4.2.0" },
	[CAUSE_NO_ANSWER] = { 450, SCOPE_MAILBOX, &opt.temporary, "",
	    "4.4.1", "4.4.1" },
	[CAUSE_DNS] = { 451, SCOPE_DOMAIN, &opt.temporary, "DNS fails: ",
	    "4.4.3", "4.4.3" },
	[CAUSE_UNDER_WAY] = { 450, SCOPE_NONE, NULL, "", "4.4.7", "4.4.7" },
	[CAUSE_FAULT] = { 451, SCOPE_NONE, NULL, "", "4.3.0", "4.3.0" },
	[CAUSE_NO_MAILBOX] = { 550, SCOPE_MAILBOX, &opt.negative, "",
	    "5.1.7", "5.1.1" },
	[CAUSE_NO_DOMAIN] = { 550, SCOPE_DOMAIN, &opt.negative, "",
	    "5.1.8", "5.1.2" },
	[CAUSE_NULL_MX] = { 550, SCOPE_DOMAIN, &opt.negative, "",
	    "5.7.27", "5.1.10" },
	[CAUSE_UNROUTABLE] = { 550, SCOPE_DOMAIN, &opt.negative,
	    "no routable host: ", "5.1.8", "5.4.4" },
	[CAUSE_SYNTAX] = { 501, SCOPE_NONE, NULL, "", "5.1.7", "5.1.3" },
	[CAUSE_REQUEST] = { 500, SCOPE_NONE, NULL, "", "5.5.2", "5.5.2" },
	[CAUSE_NOT_CATCH_ALL] = { 0, SCOPE_CATCH_ALL, &opt.domain,
	    "refuses a mailbox that cannot be: ", NULL, NULL },
	[CAUSE_NULL_REFUSED] = { 0, SCOPE_HOST, &opt.domain,
	    "refuses the null reverse-path: ", NULL, NULL }
};

static const char *stages[] = { "-", "DNS", "CONNECT", "GREETING", "EHLO",
    "HELO", "MAIL", "RCPT" };

void
verdict_set(struct verdict *v, enum cause cause, enum stage stage,
    const char *host, const char *fmt, ...)
{
	va_list ap;

	memset(v, 0, sizeof(*v));
	v->cause = cause;
	v->stage = stage;
	v->when = time(NULL);
	strlcpy(v->host, host, sizeof(v->host));
	va_start(ap, fmt);
	vsnprintf(v->text, sizeof(v->text), fmt, ap);
	va_end(ap);
}

int
verdict_code(enum cause cause)
{
	return (causes[cause].code);
}

enum scope
verdict_scope(enum cause cause)
{
	return (causes[cause].scope);
}

time_t
verdict_age(enum cause cause)
{
	return (causes[cause].age != NULL ? (time_t)*causes[cause].age : 0);
}

int
verdict_exit(enum cause cause)
{
	switch (causes[cause].code) {
	case 250:
		return (EX_OK);
	case 450:
	case 451:
		return (EX_TEMPFAIL);
	case 500:
		return (EX_USAGE);
	case 501:
		return (EX_DATAERR);
	case 550:
		return (cause == CAUSE_NO_MAILBOX ? EX_NOUSER : EX_NOHOST);
	default:
		return (EX_PROTOCOL);
	}
}

void
verdict_dsn(const struct verdict *v, char *dsn)
{
	const char *own;

	/* a host that says later says best why (RFC 3463, 3) */
	if (v->cause == CAUSE_LATER && reply_dsn(v->text, dsn) == 1)
		return;
	own = opt.recipients ? causes[v->cause].recipient :
	    causes[v->cause].sender;
	strlcpy(dsn, own != NULL ? own : causes[v->cause].code == 250 ?
	    "2.1.5" : "2.0.0", DSN_MAX);
}

void
verdict_text(const struct verdict *v, char *buf, size_t size)
{
	char raw[HOST_TEXT_MAX + TEXT_MAX + 64], age[24], end[48];

	end[0] = '\0';
	if (v->cached) {
		verdict_duration(time(NULL) - v->when, age);
		snprintf(end, sizeof(end), " (cached %s)", age);
	}
	if (size <= strlen(end))
		end[0] = '\0';
	evidence(v, raw, sizeof(raw));
	verdict_escape(raw, strlen(raw), buf, size - strlen(end));
	strlcat(buf, end, size);
}

void
verdict_duration(time_t s, char *buf)
{
	if (s < 0)
		s = 0;
	if (s >= 2 * 86400)
		snprintf(buf, 24, "%lldd", (long long)s / 86400);
	else if (s >= 2 * 3600)
		snprintf(buf, 24, "%lldh", (long long)s / 3600);
	else if (s >= 2 * 60)
		snprintf(buf, 24, "%lldm", (long long)s / 60);
	else
		snprintf(buf, 24, "%llds", (long long)s);
}

void
verdict_log(const char *mailbox, const struct verdict *v, int64_t ms)
{
	char raw[2 * TEXT_MAX], line[2 * sizeof(raw)], dsn[DSN_MAX];

	verdict_dsn(v, dsn);
	snprintf(raw, sizeof(raw), "%s: %d %s host=%s stage=%s reply=\"%s\" "
	    "cached=%s ms=%lld", mailbox[0] != '\0' ? mailbox : "<>",
	    causes[v->cause].code, dsn, v->host[0] != '\0' ? v->host : "-",
	    stages[v->stage], v->text, v->cached ? "yes" : "no",
	    (long long)ms);
	verdict_escape(raw, strlen(raw), line, sizeof(line));
	syslog(LOG_INFO, "%s", line);
}

void
verdict_escape(const char *s, size_t len, char *buf, size_t size)
{
	char one[8];
	size_t i, n, used;
	int c;

	if (size == 0)
		return;
	for (i = used = 0; i < len; i++) {
		/* line ends and tabs would make two lines, or columns, of it */
		c = s[i] == '\n' || s[i] == '\r' || s[i] == '\t' ? ' ' : s[i];
		vis(one, c, VIS_NOSLASH, 0);
		n = strlen(one);
		if (used + n >= size)
			break;
		memcpy(buf + used, one, n);
		used += n;
	}
	buf[used] = '\0';
}

void
verdict_trace(const char *fmt, ...)
{
	char raw[2 * TEXT_MAX], text[4 * TEXT_MAX];
	va_list ap;

	if (!opt.verbose)
		return;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	verdict_escape(raw, strlen(raw), text, sizeof(text));
	fprintf(stderr, "%s\n", text);
}

/* Who said what at which stage, as far as anybody did. */
static void
evidence(const struct verdict *v, char *buf, size_t size)
{
	const char *words;

	words = causes[v->cause].words;
	if (v->host[0] == '\0')
		snprintf(buf, size, "%s%s", words, v->text);
	else if (v->text[0] >= '2' && v->text[0] <= '5')
		snprintf(buf, size, "%s%s said at %s: %s", words, v->host,
		    stages[v->stage], v->text);
	else
		snprintf(buf, size, "%s%s at %s: %s", words, v->host,
		    stages[v->stage], v->text);
}
