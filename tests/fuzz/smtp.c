/* SPDX-License-Identifier: ISC */
/*
 * Fuzz callout.c: a whole dialogue with a host that says what the input has,
 * in pieces, whatever it is told.
 */
#include <sys/socket.h>
#include <poll.h>
#include <unistd.h>

static int	 fuzz_socket(int, int, int);
static int	 fuzz_connect(int, const struct sockaddr *, socklen_t);
static int	 fuzz_poll(struct pollfd *, nfds_t, int);
static ssize_t	 fuzz_read(int, void *, size_t);
static ssize_t	 fuzz_recv(int, void *, size_t, int);
static ssize_t	 fuzz_write(int, const void *, size_t);
static int	 fuzz_close(int);
#define socket	fuzz_socket
#define connect	fuzz_connect
#define poll	fuzz_poll
#define read	fuzz_read
#define recv	fuzz_recv
#define write	fuzz_write
#define close	fuzz_close
#include "../../callout.c"
#undef write
#include "fuzz.h"

static char	 sent[65536];
static size_t	 sent_len;
static int	 last;		/* what was the first octet of a reply line */

static int
fuzz_socket(int family, int type, int protocol)
{
	(void)family, (void)type, (void)protocol;
	return (1000);
}

static int
fuzz_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	(void)fd, (void)sa, (void)len;
	return (0);
}

static int
fuzz_poll(struct pollfd *pfd, nfds_t n, int ms)
{
	(void)pfd, (void)ms;
	return ((int)n);
}

static ssize_t
fuzz_read(int fd, void *buf, size_t size)
{
	size_t n;

	(void)fd;
	n = pick(255) + 1;
	n = n < left ? n : left;
	n = n < size ? n : size;
	memcpy(buf, input, n);
	input += n;
	left -= n;
	return ((ssize_t)n);
}

static ssize_t
fuzz_recv(int fd, void *buf, size_t size, int flags)
{
	(void)fd, (void)buf, (void)size, (void)flags;
	errno = EAGAIN;
	return (-1);
}

static ssize_t
fuzz_write(int fd, const void *buf, size_t n)
{
	(void)fd;
	if (n > sizeof(sent) - 1 - sent_len)
		n = sizeof(sent) - 1 - sent_len;
	memcpy(sent + sent_len, buf, n);
	sent_len += n;
	return ((ssize_t)n);
}

static int
fuzz_close(int fd)
{
	(void)fd;
	return (0);
}

/* Nothing but these is ever said (RFC 5321, 4.1.1), and each within a line. */
static void
said_check(void)
{
	static const char *const verbs[] = { "EHLO client.test", "HELO "
	    "client.test", "MAIL FROM:<>", "MAIL FROM:<postmaster@client.test>",
	    "RCPT TO:<user@good.test>", "RCPT TO:<", "RSET", "QUIT" };
	char *line, *end;
	size_t i, n;

	sent[sent_len] = '\0';
	CHECK(strlen(sent) == sent_len);
	for (line = sent; *line != '\0'; line = end + 2) {
		end = strstr(line, "\r\n");
		CHECK(end != NULL && end - line <= 510);
		n = sizeof(verbs) / sizeof(verbs[0]);
		for (i = 0; i < n && strncmp(line, verbs[i],
		    strlen(verbs[i])) != 0; i++)
			continue;
		CHECK(i < n);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct callout c;
	struct mailbox mb;
	struct mx_addr addr;
	const char *why, *mailbox;
	size_t how;

	input = data;
	left = size;
	sent_len = 0;
	last = 0;
	how = pick(256);
	mailbox = how & 8 ? "\xc3\xbc@good.test" : "user@good.test";
	CHECK(mailbox_parse(mailbox, strlen(mailbox), &mb, &why));
	memset(&addr, 0, sizeof(addr));
	addr.ss.ss_family = AF_INET;
	addr.len = sizeof(struct sockaddr_in);
	addr.host = "mx.good.test";
	addr.ours = (how & 16) != 0;
	strlcpy(addr.ip, "192.0.2.25", sizeof(addr.ip));
	strlcpy(addr.shown, "mx.good.test[192.0.2.25]", sizeof(addr.shown));
	opt.from = how & 4 ? NULL : "postmaster@client.test";
	callout_ask(&addr, &mb, (int)(how & (opt.from == NULL ? 1 : 3)),
	    mono_ms() + 60000, &c);
	callout_end(-1);
	CHECK(verdict_scope(c.v.cause) != SCOPE_HOST);
	/* a refusal has been said, and by this host, at RCPT */
	if (verdict_code(c.v.cause) == 550)
		CHECK(c.decided && c.v.stage == STAGE_RCPT &&
		    c.v.text[0] == '5' && memmem(data, size, "5", 1) != NULL);
	if (c.v.cause == CAUSE_ACCEPTED)
		CHECK(c.decided && c.v.text[0] == '2');
	if (!(how & CALLOUT_TEST))
		CHECK(c.tested == 0);
	if ((how & 8) == 0)
		said_check();
	return (0);
}
