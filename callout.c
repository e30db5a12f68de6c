/* SPDX-License-Identifier: ISC */
/*
 * callout.c: ask one MX host about one mailbox (RFC 5321; RFC 2920; RFC 6531).
 * Owns connecting, the SMTP dialogue, reading replies, and the verdict of one
 * callout.
 * Must never send message data, nor know that there is a cache.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cbvd.h"

#define LINE_MAX_READ	1000	/* octets of a reply line that are borne */
#define LINE_KEPT	512	/* and kept (RFC 5321, 4.5.3.1.5) */
#define REPLY_LINES_MAX	100
#define REPLY_BYTES_MAX	65536
#define FLIGHT_MAX	2048	/* MAIL, RCPT, RCPT, QUIT: each at most 512 */
#define TEST_LOCAL	16	/* characters of an invented local-part: 82 bits */
#define QUIT_MS		1000	/* how long the reply to QUIT is waited for */

/* One connection to one host. */
struct conn {
	int		 fd;
	enum stage	 stage;
	int64_t		 deadline;
	int		 pipelining, smtputf8;	/* offered in EHLO's reply */
	int		 quit;			/* QUIT has been sent */
	char		 host[HOST_TEXT_MAX];
	const char	*fault;			/* what is wrong with a reply */
	size_t		 at, have;
	char		 buf[4096];
};

static int	 greet(struct conn *, const struct mx_addr *, struct callout *);
static int	 hello(struct conn *, struct callout *);
static int	 transaction(struct conn *, const struct mailbox *, int, int,
		    struct callout *);
static int	 mail(struct conn *, int, struct callout *);
static void	 judge(struct conn *, const struct reply *, struct callout *);
static void	 invent(char *, const char *);
static int	 conn_open(struct conn *, const struct mx_addr *,
		    struct callout *);
static int	 conn_bind(int, int);
static void	 conn_close(struct conn *);
static void	 conn_literal(const struct conn *, char *, size_t);
static int	 command(struct conn *, const char *, ...)
		    __attribute__((__format__(__printf__, 2, 3)));
static int	 flush(struct conn *, const char *, size_t);
static int	 reply_get(struct conn *, struct reply *);
static int	 reply_line(const char *, size_t, struct reply *);
static void	 reply_join(struct reply *, const char *);
static void	 extension(struct conn *, const char *);
static ssize_t	 line_get(struct conn *, char *, int64_t);
static int64_t	 until(const struct conn *, long long);
static int	 wait_for(int, short, int64_t);
static int	 failed(struct conn *, struct callout *);
static int	 said(struct conn *, enum cause, const struct reply *,
		    struct callout *);

static int lingering = -1;	/* a connection whose QUIT is unanswered */

void
callout_ask(const struct mx_addr *addr, const struct mailbox *rcpt, int flags,
    int64_t deadline, struct callout *c)
{
	static struct conn conn;
	int from, again;

	memset(&conn, 0, sizeof(conn));
	memset(c, 0, sizeof(*c));
	conn.fd = -1;
	conn.deadline = deadline;
	snprintf(conn.host, sizeof(conn.host), "%.*s[%s]", HOST_NAME_KEPT,
	    addr->host, addr->ip);
	from = (flags & CALLOUT_FROM) && opt.from != NULL;
	do {
		if (conn.fd == -1 && (greet(&conn, addr, c) == -1 ||
		    hello(&conn, c) == -1))
			break;
		if (rcpt->utf8 && !conn.smtputf8) {
			verdict_set(&c->v, CAUSE_NO_SMTPUTF8, STAGE_EHLO,
			    conn.host, "does not offer SMTPUTF8 (RFC 6531)");
			break;
		}
		again = transaction(&conn, rcpt, from, flags & CALLOUT_TEST,
		    c) == 1 && !from && opt.from != NULL;
		from = 1;
		/* what follows QUIT needs a connection of its own */
		if (again && conn.quit)
			conn_close(&conn);
	} while (again);
	if (conn.fd != -1 && !conn.quit)
		command(&conn, "QUIT");
	if (lingering != -1)
		close(lingering);
	lingering = conn.fd;
}

void
callout_end(void)
{
	char buf[512];
	int64_t end;

	if (lingering == -1)
		return;
	end = mono_ms() + QUIT_MS;
	while (wait_for(lingering, POLLIN, end) == 0 &&
	    read(lingering, buf, sizeof(buf)) > 0)
		continue;
	close(lingering);
	lingering = -1;
}

/* Connect, and hear the greeting before a word is said (RFC 5321, 4.3.1). */
static int
greet(struct conn *conn, const struct mx_addr *addr, struct callout *c)
{
	struct reply reply;
	size_t len;

	conn->at = conn->have = 0;
	conn->pipelining = conn->smtputf8 = conn->quit = 0;
	conn->fault = NULL;
	if (conn_open(conn, addr, c) == -1)
		return (-1);
	conn->stage = STAGE_GREETING;
	if (reply_get(conn, &reply) == -1)
		return (failed(conn, c));
	if (reply.code >= 500)
		return (said(conn, CAUSE_REFUSED, &reply, c));
	if (reply.code >= 400)
		return (said(conn, CAUSE_LATER, &reply, c));
	if (reply.code >= 300) {
		conn->fault = "malformed reply: no code of a greeting";
		errno = EPROTO;
		return (failed(conn, c));
	}
	/* whoever greets with our name is ourselves behind another address */
	len = opt.helo != NULL && !addr->ours ? strlen(opt.helo) : 0;
	if (len > 0 && strncasecmp(reply.text + 4, opt.helo, len) == 0 &&
	    (reply.text[4 + len] == ' ' || reply.text[4 + len] == '\0')) {
		verdict_set(&c->v, CAUSE_OURSELVES, STAGE_GREETING, conn->host,
		    "greets with our own name");
		return (-1);
	}
	return (0);
}

/* EHLO, and HELO where that is not known (RFC 5321, 4.1.1.1 and 3.2). */
static int
hello(struct conn *conn, struct callout *c)
{
	char literal[INET6_ADDRSTRLEN + 8];
	struct reply reply;
	const char *name;

	name = opt.helo;
	if (name == NULL) {
		conn_literal(conn, literal, sizeof(literal));
		name = literal;
	}
	conn->stage = STAGE_EHLO;
	if (command(conn, "EHLO %s", name) == -1 ||
	    reply_get(conn, &reply) == -1)
		return (failed(conn, c));
	if (reply.code == 500 || reply.code == 502 || reply.code == 504) {
		conn->stage = STAGE_HELO;
		conn->pipelining = conn->smtputf8 = 0;
		if (command(conn, "HELO %s", name) == -1 ||
		    reply_get(conn, &reply) == -1)
			return (failed(conn, c));
	}
	if (reply.code >= 500)
		return (said(conn, CAUSE_REFUSED, &reply, c));
	if (reply.code >= 300)
		return (said(conn, CAUSE_LATER, &reply, c));
	return (0);
}

/*
 * One mail transaction as far as RCPT.  With PIPELINING all of it is one
 * flight (RFC 2920, 3.1); without, a command is only sent when it is needed.
 * Returns 1 if the null reverse-path was refused, else 0.
 */
static int
transaction(struct conn *conn, const struct mailbox *rcpt, int from, int test,
    struct callout *c)
{
	char flight[FLIGHT_MAX], invented[MAILBOX_MAX + TEST_LOCAL + 2];
	struct reply reply;
	int n, refused;

	invent(invented, rcpt->domain);
	conn->stage = STAGE_MAIL;
	n = snprintf(flight, sizeof(flight), "MAIL FROM:<%s>%s\r\n",
	    from ? opt.from : "", rcpt->utf8 ? " SMTPUTF8" : "");
	if (conn->pipelining) {
		n += snprintf(flight + n, sizeof(flight) - n,
		    "RCPT TO:<%s>\r\n", rcpt->address);
		if (test)
			n += snprintf(flight + n, sizeof(flight) - n,
			    "RCPT TO:<%s>\r\n", invented);
		n += snprintf(flight + n, sizeof(flight) - n, "QUIT\r\n");
		conn->quit = 1;
	}
	c->v.with_from = from;
	if (flush(conn, flight, n) == -1) {
		failed(conn, c);
		return (0);
	}
	refused = mail(conn, from, c);
	if (refused != 0)
		return (refused == 1);

	conn->stage = STAGE_RCPT;
	if ((!conn->pipelining &&
	    command(conn, "RCPT TO:<%s>", rcpt->address) == -1) ||
	    reply_get(conn, &reply) == -1) {
		failed(conn, c);
		return (0);
	}
	judge(conn, &reply, c);
	c->v.with_from = from;
	if (c->v.cause == CAUSE_NULL_PATH && !from) {
		if (!conn->pipelining && opt.from != NULL &&
		    (command(conn, "RSET") == -1 ||
		    reply_get(conn, &reply) == -1))
			return (0);
		return (1);
	}
	/* the test says something of the host only beside a clear word */
	if (!test || (c->v.cause != CAUSE_ACCEPTED &&
	    (c->v.cause != CAUSE_NO_MAILBOX || !conn->pipelining)))
		return (0);
	if (!conn->pipelining && command(conn, "RCPT TO:<%s>", invented) == -1)
		return (0);
	if (reply_get(conn, &reply) == 0 && reply.code / 100 != 4 &&
	    reply.code / 100 != 3) {
		c->tested = reply.code < 300 ? 1 : -1;
		strlcpy(c->test, reply.text, sizeof(c->test));
	}
	return (0);
}

/*
 * The reply to MAIL.  Returns 0 if it was accepted, 1 if the null reverse-path
 * was refused, -1 with the verdict otherwise.
 */
static int
mail(struct conn *conn, int from, struct callout *c)
{
	struct reply reply;

	if (reply_get(conn, &reply) == -1)
		return (failed(conn, c));
	if (reply.code < 300) {
		c->null_refused = c->null_text[0] != '\0';
		return (0);
	}
	if (reply.code < 500)
		return (said(conn, CAUSE_LATER, &reply, c));
	said(conn, CAUSE_REFUSED, &reply, c);
	/* words about this client would be the same for any reverse-path */
	if (from || reply_meaning(&reply) == CAUSE_BLOCKED)
		return (-1);
	strlcpy(c->null_text, reply.text, sizeof(c->null_text));
	return (1);
}

/* What the reply to RCPT says of the mailbox, and who has the last word. */
static void
judge(struct conn *conn, const struct reply *reply, struct callout *c)
{
	if (reply->code / 100 == 3) {
		conn->fault = "malformed reply: no code of RCPT";
		errno = EPROTO;
		failed(conn, c);
		return;
	}
	said(conn, reply_meaning(reply), reply, c);
	c->decided = c->v.cause != CAUSE_LATER && c->v.cause != CAUSE_RELAY;
}

/* A mailbox of the domain that cannot exist, and that nobody can foresee. */
static void
invent(char *mailbox, const char *domain)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t i;

	/* the first is a letter: some hosts think ill of digits there */
	mailbox[0] = letters[arc4random_uniform(26)];
	for (i = 1; i < TEST_LOCAL; i++)
		mailbox[i] = letters[arc4random_uniform(36)];
	mailbox[i++] = '@';
	strlcpy(mailbox + i, domain, MAILBOX_MAX);
}

static int
conn_open(struct conn *conn, const struct mx_addr *addr, struct callout *c)
{
	socklen_t len;
	int error;

	conn->stage = STAGE_CONNECT;
	verdict_trace("connecting to %s port %d", conn->host, addr->port);
	conn->fd = socket(addr->ss.ss_family, SOCK_STREAM, 0);
	/* an address family that is not here is the host's bad luck */
	if (conn->fd == -1 && errno == EAFNOSUPPORT)
		return (failed(conn, c));
	if (conn->fd == -1 || fcntl(conn->fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(conn->fd, F_SETFL, O_NONBLOCK) == -1 ||
	    conn_bind(conn->fd, addr->ss.ss_family) == -1) {
		failed(conn, c);
		c->v.cause = CAUSE_FAULT;
		c->decided = 1;
		return (-1);
	}
	if (connect(conn->fd, (const struct sockaddr *)&addr->ss,
	    addr->len) == 0)
		return (0);
	if (errno != EINPROGRESS && errno != EINTR)
		return (failed(conn, c));
	len = sizeof(error);
	if (wait_for(conn->fd, POLLOUT, until(conn, opt.connect)) == -1 ||
	    getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return (failed(conn, c));
	if (error != 0) {
		errno = error;
		return (failed(conn, c));
	}
	return (0);
}

static int
conn_bind(int fd, int family)
{
	if (family == AF_INET && opt.bind4.sin_family != 0)
		return (bind(fd, (const struct sockaddr *)&opt.bind4,
		    sizeof(opt.bind4)));
	if (family == AF_INET6 && opt.bind6.sin6_family != 0)
		return (bind(fd, (const struct sockaddr *)&opt.bind6,
		    sizeof(opt.bind6)));
	return (0);
}

static void
conn_close(struct conn *conn)
{
	if (conn->fd != -1)
		close(conn->fd);
	conn->fd = -1;
}

/* Our end of the connection as an address literal (RFC 5321, 4.1.3). */
static void
conn_literal(const struct conn *conn, char *buf, size_t size)
{
	struct sockaddr_storage ss;
	char ip[INET6_ADDRSTRLEN];
	socklen_t len;

	len = sizeof(ss);
	memset(&ss, 0, sizeof(ss));
	getsockname(conn->fd, (struct sockaddr *)&ss, &len);
	if (ss.ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&ss)->sin6_addr,
		    ip, sizeof(ip));
		snprintf(buf, size, "[IPv6:%s]", ip);
	} else {
		inet_ntop(AF_INET, &((struct sockaddr_in *)&ss)->sin_addr,
		    ip, sizeof(ip));
		snprintf(buf, size, "[%s]", ip);
	}
}

/* Send one command; its CRLF is added. */
static int
command(struct conn *conn, const char *fmt, ...)
{
	char line[LINE_KEPT];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 2, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line) - 2) {
		errno = EMSGSIZE;
		return (-1);
	}
	memcpy(line + n, "\r\n", 2);
	if (strcmp(fmt, "QUIT") == 0)
		conn->quit = 1;
	return (flush(conn, line, n + 2));
}

/*
 * Send len octets of commands.  A host that has said something to a command
 * before it was sent guesses, or answers somebody else.
 */
static int
flush(struct conn *conn, const char *buf, size_t len)
{
	int64_t end;
	ssize_t n;
	size_t i, from;
	char peek;

	for (i = from = 0; i < len; i++)
		if (buf[i] == '\n') {
			verdict_trace("-> %.*s", (int)(i - from - 1),
			    buf + from);
			from = i + 1;
		}
	if (conn->at < conn->have ||
	    recv(conn->fd, &peek, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
		conn->fault = "malformed reply: it came before its command";
		errno = EPROTO;
		return (-1);
	}
	end = until(conn, opt.command);
	while (len > 0) {
		n = write(conn->fd, buf, len);
		if (n > 0) {
			buf += n;
			len -= n;
		} else if (n == -1 && errno != EAGAIN && errno != EINTR)
			return (-1);
		else if (wait_for(conn->fd, POLLOUT, end) == -1)
			return (-1);
	}
	return (0);
}

/*
 * Read one whole reply (RFC 5321, 4.2.1).  Returns 0, or -1 with errno:
 * ETIMEDOUT, EPROTO for a malformed one, else as read(2).
 */
static int
reply_get(struct conn *conn, struct reply *reply)
{
	char line[LINE_KEPT + 1];
	struct reply first;
	int64_t end;
	ssize_t n;
	size_t bytes;
	int lines, last;

	memset(reply, 0, sizeof(*reply));
	end = until(conn, opt.command);
	bytes = 0;
	for (lines = last = 0; !last; lines++) {
		n = line_get(conn, line, end);
		if (n == -1)
			return (-1);
		verdict_trace("<- %s", line);
		bytes += n;
		errno = EPROTO;
		if (lines == REPLY_LINES_MAX || bytes > REPLY_BYTES_MAX) {
			conn->fault = "malformed reply: it has no end";
			return (-1);
		}
		last = reply_line(line, strlen(line), &first);
		if (last == -1) {
			conn->fault = "malformed reply: no reply code";
			return (-1);
		}
		if (lines > 0 && first.code != reply->code) {
			conn->fault = "malformed reply: its codes differ";
			return (-1);
		}
		reply->code = first.code;
		reply_join(reply, line);
		/* the first line of EHLO's reply is the host's name */
		if (conn->stage == STAGE_EHLO && lines > 0 && line[3] != '\0')
			extension(conn, line + 4);
	}
	return (0);
}

/*
 * Read the code of one reply line.  Returns 1 on the last line of a reply, 0
 * if more follow, and -1 if this is no reply line.
 */
static int
reply_line(const char *line, size_t len, struct reply *reply)
{
	/* Reply-code = %x32-35 %x30-35 %x30-39 (RFC 5321, 4.2) */
	if (len < 3 || line[0] < '2' || line[0] > '5' || line[1] < '0' ||
	    line[1] > '5' || line[2] < '0' || line[2] > '9')
		return (-1);
	if (len > 3 && line[3] != '-' && line[3] != ' ')
		return (-1);
	reply->code = (line[0] - '0') * 100 + (line[1] - '0') * 10 +
	    (line[2] - '0');
	return (len == 3 || line[3] == ' ');
}

/* Add a line to the text, without the codes that the text has already. */
static void
reply_join(struct reply *reply, const char *line)
{
	char dsn[DSN_MAX];
	size_t len;

	if (reply->text[0] == '\0') {
		strlcpy(reply->text, line, sizeof(reply->text));
		if (reply->text[3] == '-')
			reply->text[3] = ' ';
		return;
	}
	line += line[3] == '\0' ? 3 : 4;
	len = reply_dsn(reply->text, dsn) == 1 ? strlen(dsn) : 0;
	if (len > 0 && strncmp(line, dsn, len) == 0 && line[len] == ' ')
		line += len + 1;
	if (line[0] == '\0')
		return;
	strlcat(reply->text, " ", sizeof(reply->text));
	strlcat(reply->text, line, sizeof(reply->text));
}

static void
extension(struct conn *conn, const char *keyword)
{
	size_t len;

	len = strcspn(keyword, " ");
	if (len == 10 && strncasecmp(keyword, "PIPELINING", len) == 0)
		conn->pipelining = 1;
	if (len == 8 && strncasecmp(keyword, "SMTPUTF8", len) == 0)
		conn->smtputf8 = 1;
}

/*
 * Read a line into line, LINE_KEPT octets of it, without its CRLF or LF, NULs
 * made harmless.  Returns its length on the wire, or -1 with errno.
 */
static ssize_t
line_get(struct conn *conn, char *line, int64_t end)
{
	size_t n, kept;
	ssize_t got;
	char c;

	for (n = kept = 0;; n++) {
		if (conn->at == conn->have) {
			if (wait_for(conn->fd, POLLIN, end) == -1)
				return (-1);
			got = read(conn->fd, conn->buf, sizeof(conn->buf));
			if (got == -1 && (errno == EAGAIN || errno == EINTR)) {
				n--;
				continue;
			}
			if (got == -1)
				return (-1);
			if (got == 0) {
				conn->fault = "connection closed";
				errno = ECONNRESET;
				return (-1);
			}
			conn->at = 0;
			conn->have = got;
		}
		c = conn->buf[conn->at++];
		if (c == '\n')
			break;
		if (n == LINE_MAX_READ) {
			conn->fault = "malformed reply: over-long line";
			errno = EPROTO;
			return (-1);
		}
		if (kept < LINE_KEPT)
			line[kept++] = c == '\0' ? '?' : c;
	}
	if (kept > 0 && kept == n && line[kept - 1] == '\r')
		kept--;
	line[kept] = '\0';
	return ((ssize_t)n + 1);
}

/* When a wait of s seconds ends; never after the deadline. */
static int64_t
until(const struct conn *conn, long long s)
{
	int64_t end;

	end = mono_ms() + s * 1000;
	return (end < conn->deadline ? end : conn->deadline);
}

/* Wait for an event until a time; -1 with ETIMEDOUT when it has come. */
static int
wait_for(int fd, short event, int64_t end)
{
	struct pollfd pfd;
	int64_t left;
	int n;

	pfd.fd = fd;
	pfd.events = event;
	for (;;) {
		left = end - mono_ms();
		if (left <= 0) {
			errno = ETIMEDOUT;
			return (-1);
		}
		n = poll(&pfd, 1, (int)(left > INT_MAX ? INT_MAX : left));
		if (n > 0)
			return (0);
		if (n == -1 && errno != EINTR)
			return (-1);
	}
}

/* No reply, or none that can be read: temporary.  Keeps errno; returns -1. */
static int
failed(struct conn *conn, struct callout *c)
{
	int saved;

	saved = errno;
	c->decided = 0;
	/* where there is no way out at all the fault is not the host's */
	c->dead = conn->stage < STAGE_RCPT && errno != ENETUNREACH &&
	    errno != ENETDOWN && errno != EADDRNOTAVAIL;
	verdict_set(&c->v, CAUSE_NO_ANSWER, conn->stage, conn->host, "%s",
	    conn->fault != NULL ? conn->fault : strerror(saved));
	verdict_trace("%s: %s", conn->host, c->v.text);
	conn_close(conn);
	errno = saved;
	return (-1);
}

/* The host's reply as the evidence of a verdict.  Returns -1. */
static int
said(struct conn *conn, enum cause cause, const struct reply *reply,
    struct callout *c)
{
	verdict_set(&c->v, cause, conn->stage, conn->host, "%s", reply->text);
	return (-1);
}
