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

/*
 * What follows from a cause.  An empty DSN is 2.0.0, said of what is unknown;
 * what has no age is never stored.
 */
static const struct {
	int		 code;		/* as VRFY (RFC 5321, 3.5.3) */
	int		 exit;		/* sysexits.h */
	char		 dsn[2][DSN_MAX];	/* sender, recipient (RFC 3463) */
	enum scope	 scope;
	const long long	*age;		/* seconds; see -o */
	char		 words[40];	/* before the evidence */
} causes[] = {
	[CAUSE_UNCLEAR] = { 252, EX_PROTOCOL, { "" }, SCOPE_MAILBOX,
	    &opt.negative, "not clearly about the mailbox: " },
	[CAUSE_POLICY] = { 252, EX_PROTOCOL, { "" }, SCOPE_MAILBOX,
	    &opt.negative, "not about the mailbox's existence: " },
	[CAUSE_RELAY] = { 252, EX_PROTOCOL, { "" }, SCOPE_MAILBOX,
	    &opt.negative, "not about the mailbox: " },
	[CAUSE_NULL_PATH] = { 252, EX_PROTOCOL, { "" }, SCOPE_MAILBOX,
	    &opt.negative, "about the null reverse-path: " },
	[CAUSE_BLOCKED] = { 252, EX_PROTOCOL, { "" }, SCOPE_DOMAIN,
	    &opt.blocked, "about us, not the mailbox: " },
	[CAUSE_REFUSED] = { 252, EX_PROTOCOL,
	    .words = "about us, not the mailbox: " },
	[CAUSE_CATCH_ALL] = { 252, EX_PROTOCOL, { "" }, SCOPE_CATCH_ALL,
	    &opt.domain, "accepts any mailbox: " },
	[CAUSE_OURSELVES] = { 252, EX_PROTOCOL, .words = "not asked: " },
	[CAUSE_LITERAL] = { 252, EX_PROTOCOL, .words = "not asked: " },
	[CAUSE_FAMILY] = { 252, EX_PROTOCOL, .words = "not asked: " },
	[CAUSE_NO_SMTPUTF8] = { 252, EX_PROTOCOL, .words = "not asked: " },
	[CAUSE_SKIPPED] = { 252, EX_PROTOCOL, .words = "not asked: " },
	[CAUSE_BUDGET] = { 252, EX_PROTOCOL, .words = "budget spent: " },
	[CAUSE_ACCEPTED] = { 250, EX_OK, { "2.1.5", "2.1.5" }, SCOPE_MAILBOX,
	    &opt.positive, "" },
	[CAUSE_NULL] = { 250, EX_OK, .dsn = { "2.1.5", "2.1.5" } },
	[CAUSE_POSTMASTER] = { 250, EX_OK, .dsn = { "2.1.5", "2.1.5" } },
	[CAUSE_LATER] = { 450, EX_TEMPFAIL, { "4.2.0", "4.2.0" },
	    SCOPE_MAILBOX, &opt.temporary, "" },
	[CAUSE_NO_ANSWER] = { 450, EX_TEMPFAIL, { "4.4.1", "4.4.1" },
	    SCOPE_MAILBOX, &opt.temporary, "" },
	[CAUSE_DNS] = { 451, EX_TEMPFAIL, { "4.4.3", "4.4.3" },
	    SCOPE_DOMAIN, &opt.temporary, "DNS fails: " },
	[CAUSE_UNDER_WAY] = { 450, EX_TEMPFAIL, .dsn = { "4.4.7", "4.4.7" } },
	[CAUSE_BUSY] = { 450, EX_TEMPFAIL, { "4.3.2", "4.3.2" },
	    .words = "busy: " },
	[CAUSE_FAULT] = { 451, EX_TEMPFAIL, .dsn = { "4.3.0", "4.3.0" } },
	[CAUSE_NO_MAILBOX] = { 550, EX_NOUSER, { "5.1.7", "5.1.1" },
	    SCOPE_MAILBOX, &opt.negative, "" },
	[CAUSE_NO_DOMAIN] = { 550, EX_NOHOST, { "5.1.8", "5.1.2" },
	    SCOPE_DOMAIN, &opt.negative, "" },
	[CAUSE_NULL_MX] = { 550, EX_NOHOST, { "5.7.27", "5.1.10" },
	    SCOPE_DOMAIN, &opt.negative, "" },	/* RFC 7505, 4.2 */
	[CAUSE_UNROUTABLE] = { 550, EX_NOHOST, { "5.1.8", "5.4.4" },
	    SCOPE_DOMAIN, &opt.negative, "no routable host: " },
	[CAUSE_SYNTAX] = { 501, EX_DATAERR, .dsn = { "5.1.7", "5.1.3" } },
	[CAUSE_REQUEST] = { 500, EX_USAGE, .dsn = { "5.5.2", "5.5.2" } },
	[CAUSE_NOT_CATCH_ALL] = { 0, EX_PROTOCOL, { "" }, SCOPE_CATCH_ALL,
	    &opt.domain, "refuses a mailbox that cannot be: " },
	[CAUSE_NULL_REFUSED] = { 0, EX_PROTOCOL, { "" }, SCOPE_HOST,
	    &opt.domain, "refuses the null reverse-path: " },
	[CAUSE_STANDING] = { 0, EX_PROTOCOL, .scope = SCOPE_STANDING }
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
verdict_age(enum scope scope, enum cause cause)
{
	/* that a backup host accepts anything is known of one mailbox alone */
	if (cause == CAUSE_CATCH_ALL && scope == SCOPE_MAILBOX)
		cause = CAUSE_UNCLEAR;
	return (causes[cause].age != NULL ? (time_t)*causes[cause].age : 0);
}

int
verdict_exit(enum cause cause)
{
	return (causes[cause].exit);
}

void
verdict_dsn(const struct verdict *v, int recipient, char *dsn)
{
	const char *own;

	/* a host that says later says best why (RFC 3463, 3) */
	if (v->cause == CAUSE_LATER && reply_dsn(v->text, dsn) == 1)
		return;
	own = causes[v->cause].dsn[recipient];
	strlcpy(dsn, own[0] != '\0' ? own : "2.0.0", DSN_MAX);
}

void
verdict_text(const struct verdict *v, char *buf, size_t size)
{
	char raw[HOST_TEXT_MAX + TEXT_MAX + 64], age[24], end[80], at[24];
	const char *said, *words;
	long long left;
	int n;

	n = 0;
	end[0] = at[0] = '\0';
	left = v->cause == CAUSE_LATER ? reply_retry(v->text) - (time(NULL) -
	    v->when) : 0;
	if (left > 0)
		n = snprintf(end, sizeof(end), "; retry in %lld s", left);
	if (v->cached) {
		verdict_duration(time(NULL) - v->when, age);
		snprintf(end + n, sizeof(end) - n, " (cached %s)", age);
	}
	words = causes[v->cause].words;
	/* who said what at which stage, as far as anybody did */
	said = v->text[0] >= '2' && v->text[0] <= '5' ? " said" : "";
	if (v->stage != STAGE_NONE)
		snprintf(at, sizeof(at), "%s at %s", said, stages[v->stage]);
	if (v->host[0] == '\0')
		snprintf(raw, sizeof(raw), "%s%s", words, v->text);
	else
		snprintf(raw, sizeof(raw), "%s%s%s: %s", words, v->host, at,
		    v->text);
	verdict_escape(raw, strlen(raw), buf, size - strlen(end));
	strlcat(buf, end, size);
}

void
verdict_standing(const struct verdict *v, char *buf, size_t size)
{
	char text[2 * TEXT_MAX], when[32];
	struct timespec ts;
	long long left;
	int64_t now, each;
	time_t until;

	clock_gettime(CLOCK_REALTIME, &ts);
	now = (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
	each = opt.rate > 0 ? opt.rate_s * 1000000 / opt.rate : 0;
	left = opt.rate;
	if (each > 0 && v->standing.tat_us > now)
		left -= (v->standing.tat_us - now + each - 1) / each;
	if (each > 0)
		snprintf(buf, size, "%lld of %lld callouts left",
		    left < 0 ? 0 : left, opt.rate);
	else
		snprintf(buf, size, "no rate");
	if (v->standing.step_s == 0)
		return;
	until = (time_t)v->standing.until;
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime(&until));
	verdict_text(v, text, sizeof(text));
	strlcat(buf, until > ts.tv_sec ? ", left alone until " :
	    ", was left alone until ", size);
	strlcat(buf, when, size);
	strlcat(buf, ": ", size);
	strlcat(buf, text, size);
}

void
verdict_warn(const struct verdict *v)
{
	char text[2 * TEXT_MAX];

	verdict_text(v, text, sizeof(text));
	syslog(LOG_WARNING, "calls are unwelcome: %s", text);
}

void
verdict_duration(time_t s, char *buf)
{
	static const int units[] = { 86400, 3600, 60, 1 };
	size_t i;

	if (s < 0)
		s = 0;
	for (i = 0; i < 3 && s < 2 * units[i]; i++)
		continue;
	snprintf(buf, 24, "%lld%c", (long long)s / units[i], "dhms"[i]);
}

void
verdict_log(const char *mailbox, const struct verdict *v, int64_t ms)
{
	static const char *const cached[] = { "no", "yes", "joined" };
	char raw[2 * TEXT_MAX], line[2 * sizeof(raw)], dsn[DSN_MAX];

	verdict_dsn(v, opt.recipients, dsn);
	snprintf(raw, sizeof(raw),
	    "%s: %d %s host=%s stage=%s reply=\"%s\" cached=%s ms=%lld",
	    mailbox[0] != '\0' ? mailbox : "<>",
	    causes[v->cause].code, dsn, v->host[0] != '\0' ? v->host : "-",
	    stages[v->stage], v->text, cached[v->cached],
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

	for (i = used = 0; i < len; i++) {
		/* line ends and tabs would make two lines, or columns, of it */
		c = s[i] == '\n' || s[i] == '\r' || s[i] == '\t' ? ' ' : s[i];
		/* vis(3) takes thousands of instructions for a letter, too */
		one[0] = (char)c;
		n = 1;
		if (c < ' ' || c > '~') {
			vis(one, c, VIS_NOSLASH, 0);
			n = strlen(one);
		}
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
