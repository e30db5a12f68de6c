/* SPDX-License-Identifier: ISC */
/*
 * request.c: read requests from descriptor 0, write answers to descriptor 1,
 * in one of three forms that the first octets tell: a line, Postfix policy
 * delegation (SMTPD_POLICY_README), socketmap (socketmap_table(5)).
 * Must never know how a verdict was found.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cbvd.h"

#define WRITE_MS	1000	/* for a client that does not read */
#define POLICY_START	"request=smtpd_access_policy\n"
#define TEXT_SHOWN	351	/* so that no action has 400 octets: Postfix
				   puts up to 300 before it, and cuts nothing */

/* What becomes of the octets that have come so far; an end wants no answer. */
enum got { GOT_PART, GOT_REQUEST, GOT_END };

static enum got	 parse(struct request *rq);
static enum form form_of(void);
static enum got	 parse_line(struct request *rq);
static enum got	 parse_policy(struct request *rq);
static enum got	 parse_socketmap(struct request *rq);
static enum got	 more(struct request *rq, int first, int64_t *deadline);
static int	 ready(int fd, short events, int64_t deadline);
static enum got	 bad(struct request *rq, const char *why);
static int	 other_protocol(const char *s, size_t len);
static void	 action(const struct verdict *v, char *buf, size_t size);
static void	 map_answer(const struct request *rq, const struct verdict *v,
		    char *buf, size_t size);
static void	 balance(char *text);

static enum form form;		/* of the connection, once it can be told */
/* what has come, and how much of it the last request was */
static char	 in[POLICY_MAX];
static size_t	 have, used;

int
request_read(struct request *rq, int64_t deadline)
{
	enum got got;
	int first;

	first = form == FORM_NONE;
	memmove(in, in + used, have - used);
	have -= used;
	if (!first)
		deadline = mono_ms() + (have > 0 ? REQUEST_S : IDLE_S) * 1000;
	do {
		used = 0;
		/* a page that is not touched need not be got */
		memset(rq, 0, offsetof(struct request, address));
		got = parse(rq);
		if (got == GOT_PART)
			got = more(rq, first, &deadline);
	} while (got == GOT_PART);
	return (got == GOT_REQUEST);
}

size_t
request_answer(const struct request *rq, const char *mailbox,
    const struct verdict *v, char *buf)
{
	char dsn[DSN_MAX], text[ANSWER_MAX];
	size_t len;

	switch (rq->form) {
	case FORM_POLICY:
		action(v, text, sizeof(text) - 16);
		return (snprintf(buf, ANSWER_MAX + 1, "action=%s\n\n", text));
	case FORM_SOCKETMAP:
		map_answer(rq, v, text, sizeof(text) - 16);
		return (snprintf(buf, ANSWER_MAX + 1, "%zu:%s,", strlen(text),
		    text));
	default:
		verdict_dsn(v, opt.recipients, dsn);
		len = snprintf(buf, ANSWER_MAX - 2, "%d %s <%s> ",
		    verdict_code(v->cause), dsn, mailbox);
		verdict_text(v, buf + len, ANSWER_MAX - 1 - len);
		return (strlcat(buf, "\r\n", ANSWER_MAX + 1));
	}
}

int
request_write(const char *buf, size_t len)
{
	int64_t deadline;
	ssize_t n;

	deadline = mono_ms() + WRITE_MS;
	while (len > 0) {
		if (!ready(STDOUT_FILENO, POLLOUT, deadline)) {
			errno = ETIMEDOUT;
			return (-1);
		}
		n = write(STDOUT_FILENO, buf, len);
		if (n == -1 && errno != EINTR && errno != EAGAIN)
			return (-1);
		if (n > 0) {
			buf += n;
			len -= n;
		}
	}
	return (0);
}

void
request_shut(void)
{
	if (shutdown(STDOUT_FILENO, SHUT_WR) == 0 || errno != ENOTSOCK)
		return;
	/* a pipe: whoever reads it sees EOF when we let it go */
	dup2(null_fd, STDIN_FILENO);
	dup2(null_fd, STDOUT_FILENO);
}

void
request_drain(void)
{
	int64_t deadline;
	size_t all;
	ssize_t n;

	deadline = mono_ms() + DRAIN_MS;
	for (all = 0; all < DRAIN_MAX; all += n) {
		if (!ready(STDIN_FILENO, POLLIN, deadline))
			return;
		n = read(STDIN_FILENO, in, sizeof(in));
		if (n <= 0)
			return;
	}
}

/* Take a request of the connection's form out of what has come. */
static enum got
parse(struct request *rq)
{
	enum form now;

	now = form_of();
	if (form == FORM_NONE)
		form = now;
	rq->form = form;
	if (now == FORM_NONE)
		return (GOT_PART);
	if (now != form)
		return (form == FORM_SOCKETMAP ? GOT_END :
		    bad(rq, "request=smtpd_access_policy is wanted"));
	return (form == FORM_LINE ? parse_line(rq) : form == FORM_POLICY ?
	    parse_policy(rq) : parse_socketmap(rq));
}

/* The form of a request by its first octets; FORM_NONE: more are needed. */
static enum form
form_of(void)
{
	size_t len;

	len = sizeof(POLICY_START) - 1;
	if (have > 0 && memcmp(in, POLICY_START, have < len ? have : len) == 0)
		return (have < len ? FORM_NONE : FORM_POLICY);
	for (len = 0; len < have && is_digit(in[len]); len++)
		continue;
	/* no mailbox has a colon behind digits, a netstring always has */
	if (len < have)
		return (len > 0 && in[len] == ':' ? FORM_SOCKETMAP : FORM_LINE);
	return (len < REQUEST_MAX ? FORM_NONE : FORM_LINE);
}

/* [VRFY ]MAILBOX and LF or CRLF; what follows is never looked at. */
static enum got
parse_line(struct request *rq)
{
	const char *s, *lf;
	size_t len;
	int vrfy;

	/* TLS and the like say what they are in their first octet */
	if ((unsigned char)in[0] < ' ' && in[0] != '\n' && in[0] != '\r')
		return (bad(rq, "no request: it begins with a control character"));
	lf = memchr(in, '\n', have);
	len = lf != NULL ? (size_t)(lf - in) : have;
	if (len >= REQUEST_MAX)
		return (bad(rq, "request over 4096 octets"));
	if (lf == NULL)
		return (GOT_PART);
	s = in;
	if (len > 0 && s[len - 1] == '\r')
		len--;
	vrfy = len >= 5 && strncasecmp(s, "VRFY ", 5) == 0;
	if (vrfy) {
		s += 5;
		len -= 5;
	}
	/* who says VRFY has asked, if not about a mailbox */
	if (len == 0 || (!vrfy && other_protocol(s, len)))
		return (bad(rq, "no request: a line with a mailbox is wanted"));
	memcpy(rq->address, s, len);
	rq->len = len;
	rq->last = 1;
	return (GOT_REQUEST);
}

/*
 * NAME=VALUE lines and an empty one.  As in Postfix's own servers unknown
 * names do not matter, and of one that comes twice the first counts.
 */
static enum got
parse_policy(struct request *rq)
{
	const char *wanted;
	char *s, *name, *value, *end;
	int found;

	end = memmem(in, have, "\n\n", 2);
	if (end == NULL && have == sizeof(in))
		return (bad(rq, "request over 16384 octets"));
	if (end == NULL)
		return (GOT_PART);
	used = (size_t)(end - in) + 2;
	if (memchr(in, '\0', used) != NULL)
		return (bad(rq, "a NUL in it"));
	*end = '\0';
	wanted = opt.recipients ? "recipient" : "sender";
	found = 0;
	for (s = in; (name = strsep(&s, "\n")) != NULL;) {
		value = strchr(name, '=');
		if (value == NULL || value == name)
			return (bad(rq, "name=value is wanted"));
		*value++ = '\0';
		if (found || strcmp(name, wanted) != 0)
			continue;
		found = 1;
		rq->len = strlen(value);
		if (rq->len > sizeof(rq->address))
			return (bad(rq, "mailbox over 4096 octets"));
		memcpy(rq->address, value, rq->len);
	}
	return (GOT_REQUEST);
}

/* LENGTH:MAP KEY, where no length is believed before it was measured. */
static enum got
parse_socketmap(struct request *rq)
{
	static const char *const names[] = { [MAP_VERDICT] = "verdict ",
	    [MAP_ACCESS] = "access ", [MAP_EXISTS] = "exists " };
	const char *s;
	size_t i, len, n;

	for (i = len = 0; is_digit(in[i]) && len <= REQUEST_MAX; i++)
		len = len * 10 + (size_t)(in[i] - '0');
	if (in[0] == '0' && i > 1)
		return (GOT_END);
	if (len > REQUEST_MAX)
		return (bad(rq, "request over 4096 octets"));
	s = in + i + 1;
	used = i + 1 + len + 1;
	if (have < used)
		return (GOT_PART);
	if (s[len] != ',')
		return (GOT_END);
	for (rq->map = MAP_EXISTS; rq->map != MAP_NONE; rq->map--) {
		n = strlen(names[rq->map]);
		if (len < n || memcmp(s, names[rq->map], n) != 0)
			continue;
		rq->len = len - n;
		memcpy(rq->address, s + n, rq->len);
		return (GOT_REQUEST);
	}
	rq->why = "a map verdict, access or exists is wanted, and a key";
	return (GOT_REQUEST);
}

/* Wait for more octets, until deadline or, before a later request, its first. */
static enum got
more(struct request *rq, int first, int64_t *deadline)
{
	ssize_t n;

	if (!ready(STDIN_FILENO, POLLIN, *deadline))
		return (have == 0 && !first ? GOT_END : bad(rq,
		    form < FORM_POLICY ? "no complete line in 10 s" :
		    "not complete in 10 s"));
	n = read(STDIN_FILENO, in + have, sizeof(in) - have);
	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return (GOT_PART);
	if (n <= 0)
		return (form == FORM_SOCKETMAP || (have == 0 && !first) ?
		    GOT_END : bad(rq, have == 0 ? "no request" :
		    "the line has no end: part of it may be lost"));
	if (have == 0 && !first)
		*deadline = mono_ms() + REQUEST_S * 1000;
	have += n;
	return (GOT_PART);
}

/* Wait for a descriptor: 1, or 0 when the time is over. */
static int
ready(int fd, short events, int64_t deadline)
{
	struct pollfd pfd;
	int64_t left;
	int n;

	pfd.fd = fd;
	pfd.events = events;
	do {
		left = deadline - mono_ms();
		/* what is there is taken, however late we come to look */
		n = poll(&pfd, 1, left > 0 ? (int)left : 0);
	} while (n == -1 && errno == EINTR);
	return (n != 0);
}

/* A request that is none, and the last, for who knows where the next begins. */
static enum got
bad(struct request *rq, const char *why)
{
	if (rq->form == FORM_NONE)
		rq->form = FORM_LINE;
	rq->why = why;
	rq->last = 1;
	rq->len = 0;
	return (GOT_REQUEST);
}

/*
 * 1 if the line is of SMTP, HTTP or SSH: nothing is looked up for who
 * took the port for another (a browser can be made to).
 */
static int
other_protocol(const char *s, size_t len)
{
	static const char *const verbs[] = { "EHLO", "HELO", "MAIL", "RCPT",
	    "DATA", "RSET", "NOOP", "QUIT", "HELP", "EXPN", "VRFY", "AUTH",
	    "BDAT", "ETRN", "STARTTLS", "LHLO", "SEND", "SOML", "SAML",
	    "XCLIENT", "XFORWARD", "GET", "HEAD", "POST", "PUT", "DELETE",
	    "OPTIONS", "CONNECT", "TRACE", "PATCH", "PRI" };
	size_t i, word;

	for (word = 0; word < len && s[word] != ' '; word++)
		continue;
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strlen(verbs[i]) == word &&
		    strncasecmp(s, verbs[i], word) == 0)
			return (1);
	/* words, a header, an attribute, and nothing of a mailbox in it */
	for (i = 0; i < len && strchr(" :=", s[i]) == NULL; i++)
		continue;
	return (memchr(s, '@', len) == NULL && (i < len ||
	    (len > 4 && memcmp(s, "SSH-", 4) == 0)));
}

/*
 * What Postfix shall do, as in access(5).  Never OK, which would skip its
 * other checks; and a fault in the asking, or no mailbox, refuses nobody.
 */
static void
action(const struct verdict *v, char *buf, size_t size)
{
	char dsn[DSN_MAX], text[TEXT_SHOWN];
	int code;

	code = verdict_code(v->cause);
	verdict_dsn(v, opt.recipients, dsn);
	verdict_text(v, text, sizeof(text));
	strlcpy(buf, "DUNNO", size);
	if (v->cause == CAUSE_NULL || v->cause == CAUSE_SYNTAX ||
	    v->cause == CAUSE_REQUEST)
		return;
	if (opt.advise)
		snprintf(buf, size,
		    "PREPEND X-Callback-Verification: %d %s %s", code, dsn,
		    text);
	else if (code == 550)
		snprintf(buf, size, "%d %s %s", code, dsn, text);
	else if (code / 100 == 4 && !opt.lenient)
		snprintf(buf, size, "DEFER_IF_PERMIT %s %s", dsn, text);
}

/* What a map holds under its key, as socketmap has it. */
static void
map_answer(const struct request *rq, const struct verdict *v, char *buf,
    size_t size)
{
	char dsn[DSN_MAX], text[TEXT_SHOWN];
	int code;

	code = verdict_code(v->cause);
	verdict_dsn(v, opt.recipients || rq->map == MAP_EXISTS, dsn);
	verdict_text(v, text, sizeof(text));
	if (rq->why != NULL) {
		snprintf(buf, size, "PERM %s", rq->why);
	} else if (rq->map == MAP_VERDICT) {
		balance(text);
		snprintf(buf, size, "OK %d %s %s", code, dsn, text);
	} else if (v->cause == CAUSE_SYNTAX) {
		strlcpy(buf, "NOTFOUND ", size);
	} else if (rq->map == MAP_ACCESS) {
		strlcpy(buf, "OK ", size);
		action(v, buf + 3, size - 3);
	} else if (code / 100 == 4 && !opt.lenient) {
		snprintf(buf, size, "TEMP %s %s", dsn, text);
	} else if (v->cause == CAUSE_NULL || (code == 550 && !opt.advise)) {
		strlcpy(buf, "NOTFOUND ", size);
	} else
		snprintf(buf, size, "OK %.*s", (int)rq->len, rq->address);
}

/*
 * Sendmail reads what a map gives as an address: a bracket or a quote without
 * its other half would cost the mail, and between two halves it takes no other
 * kind for what it is.  All of those, and backslashes, become blanks.
 */
static void
balance(char *text)
{
	static const char opening[] = "([<\"", closing[] = ")]>\"";
	const char *kind;
	char *s, *end;

	end = NULL;
	for (s = text; *s != '\0'; s++) {
		if (s == end) {
			end = NULL;
			continue;
		}
		kind = strchr(opening, *s);
		if (kind != NULL && end == NULL) {
			end = strchr(s + 1, closing[kind - opening]);
			if (end != NULL)
				continue;
		}
		if (kind != NULL || strchr(")]>\\", *s) != NULL)
			*s = ' ';
	}
}
