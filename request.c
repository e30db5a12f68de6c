/* SPDX-License-Identifier: ISC */
/*
 * request.c: read one request from descriptor 0, write one answer to
 * descriptor 1 in the same form.
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

static int	 line_read(char *, size_t, size_t *, int64_t, const char **);
static int	 other_protocol(const char *, size_t);

int
request_read(struct request *rq, int64_t deadline)
{
	static char line[REQUEST_MAX];
	char *s;
	size_t len;

	rq->len = 0;
	if (line_read(line, sizeof(line), &len, deadline, &rq->why) == -1)
		return (-1);
	s = line;
	if (len >= 5 && strncasecmp(s, "VRFY ", 5) == 0) {
		s += 5;
		len -= 5;
	}
	if (len == 0 || other_protocol(s, len)) {
		rq->why = "no request: a line with a mailbox is wanted";
		return (-1);
	}
	memcpy(rq->address, s, len);
	rq->len = len;
	return (0);
}

size_t
request_answer(const char *mailbox, const struct verdict *v, char *buf)
{
	char dsn[DSN_MAX];
	size_t len;

	verdict_dsn(v, dsn);
	len = snprintf(buf, ANSWER_MAX - 2, "%d %s <%s> ",
	    verdict_code(v->cause), dsn, mailbox);
	verdict_text(v, buf + len, ANSWER_MAX - 1 - len);
	len = strlcat(buf, "\r\n", ANSWER_MAX + 1);
	return (len);
}

int
request_write(const char *buf, size_t len)
{
	struct pollfd pfd;
	ssize_t n;

	pfd.fd = STDOUT_FILENO;
	pfd.events = POLLOUT;
	while (len > 0) {
		if (poll(&pfd, 1, WRITE_MS) != 1) {
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
	int null;

	if (shutdown(STDOUT_FILENO, SHUT_WR) == 0 || errno != ENOTSOCK)
		return;
	/* a pipe: whoever reads it sees EOF when we let it go */
	null = open("/dev/null", O_RDWR);
	if (null == -1)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (null > STDERR_FILENO)
		close(null);
}

void
request_drain(void)
{
	struct pollfd pfd;
	char buf[4096];
	int64_t until, left;
	size_t all;
	ssize_t n;

	pfd.fd = STDIN_FILENO;
	pfd.events = POLLIN;
	until = mono_ms() + DRAIN_MS;
	for (all = 0; all < DRAIN_MAX; all += n) {
		left = until - mono_ms();
		if (left <= 0 || poll(&pfd, 1, (int)left) != 1)
			return;
		n = read(STDIN_FILENO, buf, sizeof(buf));
		if (n <= 0)
			return;
	}
}

/*
 * Read octets up to LF; the line end is taken off.  What follows it is not
 * looked at.  Returns 0, or -1 with the reason.
 */
static int
line_read(char *line, size_t size, size_t *len, int64_t deadline,
    const char **why)
{
	struct pollfd pfd;
	const char *lf;
	int64_t left;
	ssize_t n;

	pfd.fd = STDIN_FILENO;
	pfd.events = POLLIN;
	for (*len = 0;;) {
		if (*len == size) {
			*why = "request over 4096 octets";
			return (-1);
		}
		left = deadline - mono_ms();
		if (left <= 0 || poll(&pfd, 1, (int)left) == 0) {
			*why = "no complete line in 10 s";
			return (-1);
		}
		n = read(STDIN_FILENO, line + *len, size - *len);
		if (n == -1 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0) {
			*why = *len == 0 ? "no request" :
			    "the line has no end: part of it may be lost";
			return (-1);
		}
		lf = memchr(line + *len, '\n', n);
		*len += n;
		/* TLS and the like say what they are in their first octet */
		if ((unsigned char)line[0] < ' ' && line[0] != '\n' &&
		    line[0] != '\r') {
			*why = "no request: it begins with a control character";
			return (-1);
		}
		if (lf != NULL)
			break;
	}
	*len = lf - line;
	if (*len > 0 && line[*len - 1] == '\r')
		(*len)--;
	return (0);
}

/*
 * 1 if the line is a command of SMTP or HTTP: nothing is looked up for who
 * took the port for another (a browser can be made to).
 */
static int
other_protocol(const char *s, size_t len)
{
	static const char *verbs[] = { "EHLO", "HELO", "MAIL", "RCPT", "DATA",
	    "RSET", "NOOP", "QUIT", "HELP", "EXPN", "VRFY", "AUTH", "BDAT",
	    "ETRN", "STARTTLS", "LHLO", "GET", "HEAD", "POST", "PUT", "DELETE",
	    "OPTIONS", "CONNECT", "TRACE", "PATCH", "PRI" };
	size_t i, n;

	if (memchr(s, '@', len) == NULL)
		return (!(len == 2 && s[0] == '<' && s[1] == '>'));
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		n = strlen(verbs[i]);
		if (len > n && s[n] == ' ' && strncasecmp(s, verbs[i], n) == 0)
			return (1);
	}
	return (0);
}
