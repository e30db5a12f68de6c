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
#define TEST_LOCAL	16	/* characters of an invented local-part: 79 bits */
#define QUIT_MS		1000	/* how long the reply to QUIT is waited for */

/* One connection to one host. */
struct conn {
	int		 fd;
	enum stage	 stage;
	int64_t		 deadline;
	struct callout	*c;			/* what it came to */
	int		 pipelining, smtputf8;	/* offered in EHLO's reply */
	int		 quit;			/* QUIT has been sent */
	char		 host[HOST_TEXT_MAX];
	const char	*fault;			/* what is wrong with a reply */
	size_t		 at, have;
	char		 buf[4096];
	size_t		 queued;		/* commands that are to be sent */
	char		 out[FLIGHT_MAX];
};

static int	 greet(struct conn *conn, const struct mx_addr *addr);
static int	 hello(struct conn *conn);
static int	 transaction(struct conn *conn, const struct mailbox *rcpt,
		    int from, int test);
static int	 mail(struct conn *conn, int from);
static int	 invent(char *mailbox, const char *domain);
static int	 conn_open(struct conn *conn, const struct mx_addr *addr);
static int	 conn_bind(int fd, int family);
static void	 conn_literal(const struct conn *conn, char *buf, size_t size);
static void	 command(struct conn *conn, const char *fmt, ...)
		    __attribute__((__format__(__printf__, 2, 3)));
static int	 flush(struct conn *conn);
static int	 reply_get(struct conn *conn, struct reply *reply);
static int	 reply_line(const char *line, int *code);
static void	 reply_join(struct reply *reply, const char *line);
static int	 begins(const char *text, const char *word);
static ssize_t	 line_get(struct conn *conn, char *line, int64_t end);
static int	 octet_get(struct conn *conn, int64_t end);
static int64_t	 until(const struct conn *conn, long long s);
static int	 wait_for(int fd, short event, int64_t end);
static int	 failed(struct conn *conn);
static int	 said(struct conn *conn, const struct reply *reply);

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
	conn.c = c;
	strlcpy(conn.host, addr->shown, sizeof(conn.host));
	from = (flags & CALLOUT_FROM) != 0;
	do {
		c->decided = 0;
		if (conn.fd == -1 && (greet(&conn, addr) == -1 ||
		    hello(&conn) == -1))
			break;
		if (rcpt->utf8 && !conn.smtputf8) {
			verdict_set(&c->v, CAUSE_NO_SMTPUTF8, STAGE_EHLO,
			    conn.host, "does not offer SMTPUTF8 (RFC 6531)");
			break;
		}
		again = transaction(&conn, rcpt, from, flags & CALLOUT_TEST) &&
		    opt.from != NULL;
		from = 1;
		/* what follows QUIT needs a connection of its own */
		if (again && conn.quit) {
			lingering = conn.fd;
			callout_end(-1);
			conn.fd = -1;
		}
	} while (again);
	/* what it refuses is SMTPUTF8, and not us */
	if (rcpt->utf8 && c->v.cause == CAUSE_REFUSED &&
	    c->v.stage == STAGE_MAIL)
		c->v.cause = CAUSE_NO_SMTPUTF8;
	if (conn.fd != -1 && !conn.quit) {
		command(&conn, "QUIT");
		flush(&conn);
	}
	lingering = conn.fd;
}

void
callout_end(int client)
{
	struct pollfd pfd[2] = { { lingering, POLLIN, 0 },
	    { client, POLLIN, 0 } };
	char buf[512];
	int64_t end, left;

	if (lingering == -1)
		return;
	end = mono_ms() + QUIT_MS;
	while ((left = end - mono_ms()) > 0 && poll(pfd, 2, (int)left) > 0 &&
	    pfd[1].revents == 0 && read(lingering, buf, sizeof(buf)) > 0)
		continue;
	close(lingering);
	lingering = -1;
}

/* Connect, and hear the greeting before a word is said (RFC 5321, 4.3.1). */
static int
greet(struct conn *conn, const struct mx_addr *addr)
{
	struct reply reply;

	conn->at = conn->have = 0;
	conn->pipelining = conn->smtputf8 = conn->quit = 0;
	conn->fault = NULL;
	if (conn_open(conn, addr) == -1)
		return (-1);
	conn->stage = STAGE_GREETING;
	if (reply_get(conn, &reply) == -1)
		return (failed(conn));
	if (reply.code >= 400)
		return (said(conn, &reply));
	if (reply.code >= 300) {
		conn->fault = "malformed reply: no code of a greeting";
		return (failed(conn));
	}
	/* whoever greets with our name is ourselves behind another address */
	if (opt.helo != NULL && !addr->ours &&
	    begins(reply.text + 4, opt.helo)) {
		verdict_set(&conn->c->v, CAUSE_OURSELVES, STAGE_GREETING,
		    conn->host, "greets with our own name");
		return (-1);
	}
	return (0);
}

/* EHLO, and HELO where that is not known (RFC 5321, 4.1.1.1 and 3.2). */
static int
hello(struct conn *conn)
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
	command(conn, "EHLO %s", name);
	if (reply_get(conn, &reply) == -1)
		return (failed(conn));
	if (reply.code == 500 || reply.code == 502 || reply.code == 504) {
		conn->stage = STAGE_HELO;
		conn->pipelining = conn->smtputf8 = 0;
		command(conn, "HELO %s", name);
		if (reply_get(conn, &reply) == -1)
			return (failed(conn));
	}
	return (reply.code >= 300 ? said(conn, &reply) : 0);
}

/*
 * One mail transaction as far as RCPT.  With PIPELINING all of it is one
 * flight (RFC 2920, 3.1); without, a command is only sent when it is needed.
 * Returns 1 if the null reverse-path was refused, else 0.
 */
static int
transaction(struct conn *conn, const struct mailbox *rcpt, int from, int test)
{
	char invented[MAILBOX_MAX + TEST_LOCAL + 2];
	struct callout *c;
	struct reply reply;
	int refused;

	c = conn->c;
	if (test && invent(invented, rcpt->domain) == -1)
		test = 0;
	conn->stage = STAGE_MAIL;
	command(conn, "MAIL FROM:<%s>%s", from ? opt.from : "",
	    rcpt->utf8 ? " SMTPUTF8" : "");
	if (conn->pipelining) {
		command(conn, "RCPT TO:<%s>", rcpt->address);
		if (test)
			command(conn, "RCPT TO:<%s>", invented);
		command(conn, "QUIT");
		conn->quit = 1;
	}
	refused = mail(conn, from);
	if (refused != 0)
		return (refused == 1);

	conn->stage = STAGE_RCPT;
	if (!conn->pipelining)
		command(conn, "RCPT TO:<%s>", rcpt->address);
	if (reply_get(conn, &reply) == -1) {
		failed(conn);
		return (0);
	}
	if (reply.code / 100 == 3) {
		conn->fault = "malformed reply: no code of RCPT";
		failed(conn);
	} else {
		said(conn, &reply);
		c->decided = c->v.cause != CAUSE_LATER &&
		    c->v.cause != CAUSE_RELAY;
	}
	if (c->v.cause == CAUSE_NULL_PATH && !from) {
		if (conn->pipelining || opt.from == NULL)
			return (1);
		command(conn, "RSET");
		return (reply_get(conn, &reply) == 0);
	}
	/* the test says something of the host only beside a clear word */
	if (!test || (c->v.cause != CAUSE_ACCEPTED &&
	    (c->v.cause != CAUSE_NO_MAILBOX || !conn->pipelining)))
		return (0);
	if (!conn->pipelining)
		command(conn, "RCPT TO:<%s>", invented);
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
mail(struct conn *conn, int from)
{
	struct callout *c;
	struct reply reply;

	c = conn->c;
	if (reply_get(conn, &reply) == -1)
		return (failed(conn));
	if (reply.code < 300) {
		c->null_refused = c->null_text[0] != '\0';
		return (0);
	}
	said(conn, &reply);
	/* words about this client would be the same for any reverse-path */
	if (reply.code < 500 || from || reply_meaning(&reply) == CAUSE_BLOCKED)
		return (-1);
	strlcpy(c->null_text, reply.text, sizeof(c->null_text));
	return (1);
}

/*
 * A mailbox of the domain that cannot exist, and that nobody can foresee.
 * Returns 0, or -1 if no such can be had.
 */
static int
invent(char *mailbox, const char *domain)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t octets[TEST_LOCAL];
	size_t i;

	/* arc4random(3) would end us where there is none, and no answer */
	if (getentropy(octets, sizeof(octets)) == -1)
		return (-1);
	/* the first is a letter: some hosts think ill of digits there */
	mailbox[0] = letters[octets[0] % 26];
	for (i = 1; i < TEST_LOCAL; i++)
		mailbox[i] = letters[octets[i] % 32];
	mailbox[i++] = '@';
	strlcpy(mailbox + i, domain, MAILBOX_MAX);
	return (0);
}

static int
conn_open(struct conn *conn, const struct mx_addr *addr)
{
	socklen_t len;
	int error;

	conn->stage = STAGE_CONNECT;
	verdict_trace("connecting to %s port %d", conn->host, addr->port);
	conn->fd = socket(addr->ss.ss_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* an address family that is not here is the host's bad luck */
	if (conn->fd == -1 && errno == EAFNOSUPPORT)
		return (failed(conn));
	error = conn->fd == -1 || conn_bind(conn->fd, addr->ss.ss_family) == -1;
	if (!error && connect(conn->fd, (const struct sockaddr *)&addr->ss,
	    addr->len) == 0)
		return (0);
	/* what is forbidden here, by a firewall or our own sandbox, is too */
	if (error || errno == EACCES || errno == EPERM) {
		failed(conn);
		conn->c->v.cause = CAUSE_FAULT;
		conn->c->decided = 1;
		return (-1);
	}
	len = sizeof(error);
	if ((errno != EINPROGRESS && errno != EINTR) ||
	    wait_for(conn->fd, POLLOUT, until(conn, opt.connect)) == -1 ||
	    getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return (failed(conn));
	errno = error;
	return (error != 0 ? failed(conn) : 0);
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

/* Our end of the connection as an address literal (RFC 5321, 4.1.3). */
static void
conn_literal(const struct conn *conn, char *buf, size_t size)
{
	struct sockaddr_storage ss;
	char ip[INET6_ADDRSTRLEN];
	const void *octets;
	socklen_t len;

	len = sizeof(ss);
	memset(&ss, 0, sizeof(ss));
	ss.ss_family = AF_INET;
	getsockname(conn->fd, (struct sockaddr *)&ss, &len);
	if (ss.ss_family == AF_INET6)
		octets = &((struct sockaddr_in6 *)&ss)->sin6_addr;
	else
		octets = &((struct sockaddr_in *)&ss)->sin_addr;
	inet_ntop(ss.ss_family, octets, ip, sizeof(ip));
	snprintf(buf, size, "[%s%s]", ss.ss_family == AF_INET6 ? "IPv6:" : "",
	    ip);
}

/* Put a command and its CRLF with those that go out before the next reply. */
static void
command(struct conn *conn, const char *fmt, ...)
{
	va_list ap;
	char *line;
	size_t left;
	int n;

	line = conn->out + conn->queued;
	left = sizeof(conn->out) - conn->queued;
	va_start(ap, fmt);
	n = vsnprintf(line, left, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n + 2 > left) {
		conn->fault = "a command that is too long";
		return;
	}
	verdict_trace("-> %s", line);
	memcpy(line + n, "\r\n", 2);
	conn->queued += (size_t)n + 2;
}

/*
 * Send the commands.  A host that has said something to a command before it
 * was sent guesses, or answers somebody else.
 */
static int
flush(struct conn *conn)
{
	const char *p;
	int64_t end;
	ssize_t n;
	size_t left;
	char peek;

	left = conn->queued;
	conn->queued = 0;
	if (left > 0 && (conn->at < conn->have ||
	    recv(conn->fd, &peek, 1, MSG_PEEK | MSG_DONTWAIT) > 0)) {
		conn->fault = "malformed reply: it came before its command";
		return (-1);
	}
	end = until(conn, opt.command);
	for (p = conn->out; left > 0;) {
		n = write(conn->fd, p, left);
		if (n > 0) {
			p += n;
			left -= n;
		} else if (n == -1 && errno != EAGAIN && errno != EINTR)
			return (-1);
		else if (wait_for(conn->fd, POLLOUT, end) == -1)
			return (-1);
	}
	return (0);
}

/*
 * Send what is to be sent and read one whole reply (RFC 5321, 4.2.1).
 * Returns 0, or -1 with errno, or with conn->fault for a malformed one.
 */
static int
reply_get(struct conn *conn, struct reply *reply)
{
	char line[LINE_KEPT + 1];
	int64_t end;
	ssize_t n;
	size_t bytes;
	int lines, last, code;

	memset(reply, 0, sizeof(*reply));
	if (conn->fault != NULL || flush(conn) == -1)
		return (-1);
	end = until(conn, opt.command);
	bytes = 0;
	for (lines = last = 0; !last; lines++) {
		n = line_get(conn, line, end);
		if (n == -1)
			return (-1);
		verdict_trace("<- %s", line);
		bytes += n;
		last = reply_line(line, &code);
		if (lines == REPLY_LINES_MAX || bytes > REPLY_BYTES_MAX)
			conn->fault = "malformed reply: it has no end";
		else if (last == -1)
			conn->fault = "malformed reply: no reply code";
		else if (lines > 0 && code != reply->code)
			conn->fault = "malformed reply: its codes differ";
		if (conn->fault != NULL)
			return (-1);
		reply->code = code;
		reply_join(reply, line);
		/* the first line of EHLO's reply is the host's name */
		if (conn->stage == STAGE_EHLO && lines > 0 && line[3] != '\0') {
			conn->pipelining |= begins(line + 4, "PIPELINING");
			conn->smtputf8 |= begins(line + 4, "SMTPUTF8");
		}
	}
	return (0);
}

/*
 * Read the code of one reply line.  Returns 1 on the last line of a reply, 0
 * if more follow, and -1 if this is no reply line.
 */
static int
reply_line(const char *line, int *code)
{
	/* Reply-code = %x32-35 %x30-35 %x30-39 (RFC 5321, 4.2) */
	if (line[0] < '2' || line[0] > '5' || line[1] < '0' || line[1] > '5' ||
	    !is_digit(line[2]))
		return (-1);
	if (line[3] != '-' && line[3] != ' ' && line[3] != '\0')
		return (-1);
	*code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0';
	return (line[3] != '-');
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

/* 1 if text begins with a word, in any case of letters. */
static int
begins(const char *text, const char *word)
{
	size_t len;

	len = strlen(word);
	return (strncasecmp(text, word, len) == 0 &&
	    (text[len] == ' ' || text[len] == '\0'));
}

/*
 * Read a line into line, LINE_KEPT octets of it, without its CRLF or LF, NULs
 * made harmless.  Returns its length on the wire, or -1.
 */
static ssize_t
line_get(struct conn *conn, char *line, int64_t end)
{
	size_t n, kept;
	int c;

	for (n = kept = 0; (c = octet_get(conn, end)) != '\n'; n++) {
		if (c == -1)
			return (-1);
		if (n == LINE_MAX_READ) {
			conn->fault = "malformed reply: over-long line";
			return (-1);
		}
		if (kept < LINE_KEPT)
			line[kept++] = c == '\0' ? '?' : (char)c;
	}
	if (kept > 0 && kept == n && line[kept - 1] == '\r')
		kept--;
	line[kept] = '\0';
	return ((ssize_t)n + 1);
}

/* The next octet of the host, or -1. */
static int
octet_get(struct conn *conn, int64_t end)
{
	ssize_t n;

	while (conn->at == conn->have) {
		if (wait_for(conn->fd, POLLIN, end) == -1)
			return (-1);
		n = read(conn->fd, conn->buf, sizeof(conn->buf));
		if (n == 0)
			conn->fault = "connection closed";
		if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
			return (-1);
		conn->at = 0;
		conn->have = n == -1 ? 0 : n;
	}
	return ((unsigned char)conn->buf[conn->at++]);
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
	struct pollfd pfd = { fd, event, 0 };
	int64_t left;
	int n;

	for (;;) {
		left = end - mono_ms();
		if (left <= 0) {
			errno = ETIMEDOUT;
			return (-1);
		}
		n = poll(&pfd, 1, (int)left);	/* an hour at most */
		if (n > 0)
			return (0);
		if (n == -1 && errno != EINTR)
			return (-1);
	}
}

/* No reply, or none that can be read: temporary.  Returns -1. */
static int
failed(struct conn *conn)
{
	int ours;

	/* that nothing is left here is no word of the host's */
	ours = conn->fault == NULL && (errno == ENOMEM || errno == ENOBUFS);
	conn->c->decided = 0;
	/* what comes after the mailbox, which anyone may have chosen, says
	 * nothing against the host; nor, either way, what comes where there is
	 * no way out, or where others of the domain have used up the time */
	if (conn->stage < STAGE_MAIL)
		conn->c->dead = mono_ms() < conn->deadline &&
		    (conn->fault != NULL || (errno != ENETUNREACH &&
		    errno != ENETDOWN && errno != EADDRNOTAVAIL)) ? 1 : -1;
	verdict_set(&conn->c->v, ours ? CAUSE_FAULT : CAUSE_NO_ANSWER,
	    conn->stage, conn->host, "%s", conn->fault != NULL ? conn->fault :
	    strerror(errno));
	verdict_trace("%s: %s", conn->host, conn->c->v.text);
	if (conn->fd != -1)
		close(conn->fd);
	conn->fd = -1;
	return (-1);
}

/* The host's reply as the evidence of a verdict.  Returns -1. */
static int
said(struct conn *conn, const struct reply *reply)
{
	enum cause cause;

	if (conn->stage == STAGE_RCPT)
		cause = reply_meaning(reply);
	else
		cause = reply->code >= 500 ? CAUSE_REFUSED : CAUSE_LATER;
	verdict_set(&conn->c->v, cause, conn->stage, conn->host, "%s",
	    reply->text);
	return (-1);
}
