/* SPDX-License-Identifier: ISC */
/*
 * client.c: the clients of a server, in a closed loop: each asks again as soon
 * as it has its answer.
 *
 *	client [-c CLIENTS] [-t SECONDS | -n ANSWERS] [-m MODE] [-r RECORDS]
 *	    [-w N] [-d FILE] [-a ADDRESS:PORT] [-- COMMAND ...]
 *
 * COMMAND is the server, its @PORT@ a free port; it is started, and ended by
 * SIGTERM.  Modes: line, one question for each connection; policy, socketmap
 * and smtp (RCPT), all on connections that are kept; direct, a process of
 * COMMAND for each question and no server; hold, as many as CLIENTS of those
 * at once, whose memory is told, and which are then killed.
 * Asked are any of RECORDS as fill.c stores them, and with -w for each Nth
 * answer one that no cache has; with -d FILE is dropped from the page cache
 * before each question.
 *
 * Prints one line: answers a second; p50 and p99 of their times, and p50 of
 * those to -w, in us; CPU of the server and its children, us for each answer;
 * how many answers were none; page faults for each answer, of direct alone.
 * hold: kB private and shared, p50.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX	64
#define TIMES_MAX	(1 << 20)
#define WARM_US		100000	/* what comes before is not measured */
#define SLOW_US		20000000

enum mode { LINE, POLICY, SOCKETMAP, SMTP, DIRECT, HOLD };

struct client {
	int	 fd;
	int	 hello;			/* replies of smtp before the first RCPT */
	int	 store;			/* this one is of -w */
	double	 began;
	size_t	 have;
	char	 buf[1024];
};

static const char *const modes[] = { "line", "policy", "socketmap", "smtp",
    "direct", "hold" };
static enum mode	 mode;
static long		 clients = 1, records = 1000, every, want;
static double		 seconds = 1;
static const char	*cold;
static struct sockaddr_in to;
static double		 times[2][TIMES_MAX];	/* of -w: the second */
static size_t		 count[2];
static long		 asked, bad;
static uint64_t		 seed = 88172645463325252u;

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (ts.tv_sec * 1e6 + ts.tv_nsec / 1e3);
}

static int
up(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return ((x > y) - (x < y));
}

static double
quantile(double *t, size_t n, double q)
{
	if (n == 0)
		return (0);
	qsort(t, n, sizeof(*t), up);
	return (t[(size_t)((n - 1) * q)]);
}

/* CPU so far of all children that were waited for, theirs included. */
static double
cpu(double *faults)
{
	struct rusage ru;

	getrusage(RUSAGE_CHILDREN, &ru);
	*faults = (double)ru.ru_minflt;
	return ((ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1e6 +
	    ru.ru_utime.tv_usec + ru.ru_stime.tv_usec);
}

/* The next question, as the mode has it. */
static int
question(struct client *c, char *buf, size_t size)
{
	char who[64], key[80];
	long i;

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	i = (long)(seed % (uint64_t)records);
	c->store = every > 0 && ++asked % every == 0;
	if (c->store)
		snprintf(who, sizeof(who), "m%d.%ld@miss.test", getpid(), asked);
	else
		snprintf(who, sizeof(who), "u%ld@d%ld.test", i, i % 1000);
	switch (mode) {
	case POLICY:
		return (snprintf(buf, size, "request=smtpd_access_policy\n"
		    "protocol_state=RCPT\nprotocol_name=ESMTP\n"
		    "client_address=192.0.2.7\nclient_name=mail.example.net\n"
		    "client_port=40000\nreverse_client_name=mail.example.net\n"
		    "server_address=192.0.2.1\nserver_port=25\n"
		    "helo_name=mail.example.net\nsender=%s\n"
		    "recipient=someone@example.com\nrecipient_count=0\n"
		    "queue_id=\ninstance=1a2b.5f5e100.3c4d.0\nsize=12345\n"
		    "etrn_domain=\nstress=\nsasl_method=\nsasl_username=\n"
		    "sasl_sender=\nccert_subject=\nccert_issuer=\n"
		    "ccert_fingerprint=\nccert_pubkey_fingerprint=\n"
		    "encryption_protocol=\nencryption_cipher=\n"
		    "encryption_keysize=0\npolicy_context=\n\n", who));
	case SOCKETMAP:
		snprintf(key, sizeof(key), "verdict %s", who);
		return (snprintf(buf, size, "%zu:%s,", strlen(key), key));
	case SMTP:
		return (snprintf(buf, size, "RCPT TO:<%s>\r\n", who));
	default:
		return (snprintf(buf, size, "%s\r\n", who));
	}
}

/* 1 if a kept connection has a whole answer, 2 if that is a good one. */
static int
whole(const struct client *c)
{
	const char *s = c->buf;
	size_t n = c->have;

	switch (mode) {
	case POLICY:
		return (n >= 2 && memcmp(s + n - 2, "\n\n", 2) == 0 ?
		    1 + (strncmp(s, "action=DUNNO", 12) == 0) : 0);
	case SOCKETMAP:
		return (n > 0 && s[n - 1] == ',' ?
		    1 + (memmem(s, n, ":OK 250", 7) != NULL) : 0);
	case SMTP:
		while (n > 0 && (s = memchr(s, '\n', n)) != NULL) {
			s++;
			n = c->have - (size_t)(s - c->buf);
		}
		if (c->have < 5 || c->buf[c->have - 1] != '\n')
			return (0);
		/* the last line has a blank behind its code */
		for (n = c->have - 1; n > 0 && c->buf[n - 1] != '\n'; n--)
			continue;
		return (c->buf[n + 3] != ' ' ? 0 : 1 + (c->buf[n] == '2'));
	default:
		return (0);
	}
}

static void
drop(void)
{
	int fd;

	if (cold == NULL)
		return;
	fd = open(cold, O_RDONLY);
	if (fd == -1)
		err(1, "%s", cold);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
}

static void
start(struct client *c)
{
	char buf[4096];
	int n, one = 1;

	drop();
	c->began = now();
	c->have = 0;
	if (c->fd == -1) {
		c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (c->fd == -1 || connect(c->fd, (struct sockaddr *)&to,
		    sizeof(to)) == -1)
			err(1, "connect");
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		c->hello = mode == SMTP ? 3 : 0;
	}
	if (c->hello > 0)
		n = c->hello == 3 ? 0 : snprintf(buf, sizeof(buf), "%s",
		    c->hello == 2 ? "EHLO client.test\r\n" :
		    "MAIL FROM:<sender@client.test>\r\n");
	else
		n = question(c, buf, sizeof(buf));
	if (n > 0 && write(c->fd, buf, (size_t)n) != n)
		err(1, "write");
}

static void
took(const struct client *c, int good)
{
	bad += !good;
	if (count[c->store] < TIMES_MAX)
		times[c->store][count[c->store]++] = now() - c->began;
}

/* Something has come.  Returns 1 if that was an answer. */
static int
hear(struct client *c)
{
	ssize_t n;
	int got;

	n = read(c->fd, c->buf + c->have, sizeof(c->buf) - c->have);
	if (n > 0) {
		c->have += (size_t)n;
		got = whole(c);
		if (got == 0 && c->have < sizeof(c->buf))
			return (0);
		if (c->hello > 0 && got == 2) {
			c->hello--;
			start(c);
			return (0);
		}
		took(c, got == 2);
		return (1);
	}
	close(c->fd);
	c->fd = -1;
	took(c, (mode == LINE || mode == DIRECT) && c->have > 6 &&
	    memcmp(c->buf, "250 ", 4) == 0 && c->buf[c->have - 1] == '\n');
	/* a server that hangs up has limits of its own */
	return (1);
}

static pid_t
server(char **argv, int *fd)
{
	int pair[2];
	pid_t pid;

	if (fd != NULL && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    pair) == -1)
		err(1, "socketpair");
	pid = vfork();
	if (pid == -1)
		err(1, "fork");
	if (pid == 0) {
		if (fd != NULL) {
			dup2(pair[1], STDIN_FILENO);
			dup2(pair[1], STDOUT_FILENO);
		}
		execvp(argv[0], argv);
		_exit(127);
	}
	if (fd != NULL) {
		close(pair[1]);
		*fd = pair[0];
	}
	return (pid);
}

/* A free port for the server, in the place of @PORT@ in its arguments. */
static void
port(char **argv)
{
	static char text[8];
	socklen_t len = sizeof(to);
	int fd;

	to.sin_family = AF_INET;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1 || bind(fd, (struct sockaddr *)&to, sizeof(to)) == -1 ||
	    getsockname(fd, (struct sockaddr *)&to, &len) == -1)
		err(1, "no port");
	close(fd);
	snprintf(text, sizeof(text), "%d", ntohs(to.sin_port));
	for (; *argv != NULL; argv++)
		if (strcmp(*argv, "@PORT@") == 0)
			*argv = text;
}

static void
until_it_listens(pid_t pid)
{
	int fd, tries;

	for (tries = 0; tries < 500; tries++) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0) {
			close(fd);
			return;
		}
		close(fd);
		if (pid > 0 && waitpid(pid, NULL, WNOHANG) != 0)
			errx(1, "the server ended");
		usleep(10000);
	}
	errx(1, "the server does not listen");
}

/* Ask until the time or the number is over. */
static double
loop(void)
{
	static struct client all[CLIENTS_MAX];
	struct pollfd pfd[CLIENTS_MAX];
	double began, end;
	long i, open;
	int warm;

	for (i = 0; i < clients; i++) {
		all[i].fd = -1;
		start(&all[i]);
	}
	warm = want > 0;
	began = now();
	end = began + (want > 0 ? 600e6 : seconds * 1e6 + WARM_US);
	for (open = clients; open > 0;) {
		for (i = 0; i < clients; i++) {
			pfd[i].fd = all[i].fd;
			pfd[i].events = POLLIN;
		}
		if (poll(pfd, (nfds_t)clients, 20000) < 1)
			errx(1, "no answer in 20 s");
		for (i = 0; i < clients; i++) {
			if (pfd[i].fd == -1 || pfd[i].revents == 0 ||
			    !hear(&all[i]))
				continue;
			if (!warm && now() - began >= WARM_US) {
				warm = 1;
				began = now();
				count[0] = count[1] = 0;
			}
			if (now() < end && (want == 0 ||
			    (long)(count[0] + count[1]) < want)) {
				start(&all[i]);
				continue;
			}
			if (all[i].fd != -1)
				close(all[i].fd);
			all[i].fd = -1;
			open--;
		}
	}
	return (now() - began);
}

/* A process for each question. */
static double
direct(char **argv)
{
	struct client c;
	double began;
	pid_t pid;

	began = now();
	while ((long)(count[0] + count[1]) < want) {
		memset(&c, 0, sizeof(c));
		drop();
		c.began = now();
		pid = server(argv, &c.fd);
		start(&c);
		while (c.fd != -1 && hear(&c) == 0)
			continue;
		if (bad == 1)
			warnx("answer: %.*s", (int)c.have, c.buf);
		waitpid(pid, NULL, 0);
	}
	return (now() - began);
}

static double
kilobytes(const char *text, const char *name)
{
	const char *s;

	s = strstr(text, name);
	return (s != NULL ? atof(s + strlen(name)) : 0);
}

/* Many processes that wait for something, and what memory that takes. */
static void
hold(char **argv)
{
	struct client c;
	pid_t pid[CLIENTS_MAX] = { 0 };
	char path[64], text[4096];
	ssize_t n;
	long i;
	int fd;

	for (i = 0; i < clients; i++) {
		memset(&c, 0, sizeof(c));
		pid[i] = server(argv, &c.fd);
		every = 1;
		start(&c);
	}
	usleep(1500000);
	for (i = 0; i < clients; i++) {
		snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid[i]);
		fd = open(path, O_RDONLY);
		n = fd == -1 ? -1 : read(fd, text, sizeof(text) - 1);
		close(fd);
		if (n <= 0)
			continue;
		text[n] = '\0';
		times[0][count[0]++] = kilobytes(text, "Private_Clean:") +
		    kilobytes(text, "Private_Dirty:");
		times[1][count[1]++] = kilobytes(text, "Shared_Clean:") +
		    kilobytes(text, "Shared_Dirty:");
	}
	for (i = 0; i < clients; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
	printf("%.0f %.0f\n", quantile(times[0], count[0], 0.5),
	    quantile(times[1], count[1], 0.5));
}

static void
address(char *s)
{
	char *colon;

	colon = strchr(s, ':');
	if (colon == NULL)
		errx(64, "-a %s: ADDRESS:PORT is wanted", s);
	*colon++ = '\0';
	to.sin_family = AF_INET;
	to.sin_port = htons((in_port_t)atoi(colon));
	if (inet_pton(AF_INET, s, &to.sin_addr) != 1)
		errx(64, "-a %s: no address", s);
}

int
main(int argc, char **argv)
{
	double took_us, used, faults;
	size_t all;
	pid_t pid;
	int ch;

	while ((ch = getopt(argc, argv, "+a:c:d:m:n:r:t:w:")) != -1) {
		switch (ch) {
		case 'a': address(optarg); break;
		case 'c': clients = atol(optarg); break;
		case 'd': cold = optarg; break;
		case 'm':
			while (strcmp(modes[mode], optarg) != 0)
				if (++mode > HOLD)
					errx(64, "-m %s", optarg);
			break;
		case 'n': want = atol(optarg); break;
		case 'r': records = atol(optarg); break;
		case 't': seconds = atof(optarg); break;
		case 'w': every = atol(optarg); break;
		default: return (64);
		}
	}
	argv += optind;
	if (clients < 1 || clients > CLIENTS_MAX)
		errx(64, "-c: 1 to %d", CLIENTS_MAX);
	signal(SIGPIPE, SIG_IGN);
	pid = -1;
	if (mode == HOLD) {
		hold(argv);
		return (0);
	}
	if (mode == DIRECT) {
		took_us = direct(argv);
	} else {
		if (*argv != NULL) {
			port(argv);
			pid = server(argv, NULL);
		}
		until_it_listens(pid);
		took_us = loop();
	}
	all = count[0] + count[1];
	if (pid > 0) {
		/* who has answered may still write its log line */
		usleep(50000);
		kill(pid, SIGTERM);
		waitpid(pid, NULL, 0);
	}
	used = cpu(&faults);
	printf("%.1f %.0f %.0f %.0f %.0f %ld %.0f\n", all / took_us * 1e6,
	    quantile(times[0], count[0], 0.5),
	    quantile(times[0], count[0], 0.99),
	    quantile(times[1], count[1], 0.5),
	    pid > 0 || mode == DIRECT ? used / (double)all : 0, bad,
	    mode == DIRECT ? faults / (double)all : 0);
	return (0);
}
