/* SPDX-License-Identifier: ISC */
/*
 * host.c: an MX host that counts, and a syslogd that forgets.
 *
 *	host [-d MS] [-p] [-s] PORTFILE COUNTS
 *	host -l SOCKET
 *
 * Listens at 127.0.0.1, a free port that is written to PORTFILE.  A reply
 * takes MS, one round trip, for each flight of commands; the greeting two, for
 * the connection cannot be made to take its own.  With -p there is PIPELINING;
 * with -s nothing is said from RCPT on.  Mailboxes of u or m and digits are there,
 * others are not.  COUNTS gets a line for each connection:
 * round trips, the connection, the greeting and each flight but that of QUIT
 * alone; commands; segments that came and went, and those of them with data.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <linux/tcp.h>
#include <netinet/in.h>

#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define CONNS	64

struct conn {
	int	 fd;			/* 0: none */
	int	 trips, commands, quit, mute;
	double	 due;			/* when out is to be sent; 0: never */
	size_t	 have, queued;
	char	 in[4096], out[4096];
};

static struct conn	 conns[CONNS];
static double		 delay;
static int		 pipelining, silent;
static FILE		*counts;

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (ts.tv_sec * 1e3 + ts.tv_nsec / 1e6);
}

static void
say(struct conn *c, const char *s)
{
	size_t n = strlen(s);

	if (c->queued + n > sizeof(c->out))
		errx(1, "too much to say");
	memcpy(c->out + c->queued, s, n);
	c->queued += n;
}

static void
command(struct conn *c, const char *s)
{
	c->commands++;
	c->mute |= silent && strncasecmp(s, "RCPT", 4) == 0;
	if (c->mute)
		return;
	if (strncasecmp(s, "EHLO", 4) == 0)
		say(c, pipelining ? "250-mx.bench.test\r\n250-SIZE 10240000\r\n"
		    "250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n"
		    "250 8BITMIME\r\n" : "250-mx.bench.test\r\n"
		    "250-SIZE 10240000\r\n250-ENHANCEDSTATUSCODES\r\n"
		    "250 8BITMIME\r\n");
	else if (strncasecmp(s, "MAIL", 4) == 0)
		say(c, "250 2.1.0 Ok\r\n");
	else if (strncasecmp(s, "RCPT TO:<", 9) == 0)
		say(c, (s[9] == 'u' || s[9] == 'm') &&
		    s[10 + strspn(s + 10, "0123456789.")] == '@' ?
		    "250 2.1.5 Ok\r\n" : "550 5.1.1 "
		    "Recipient address rejected: User unknown\r\n");
	else if (strncasecmp(s, "QUIT", 4) == 0) {
		c->quit = 1;
		say(c, "221 2.0.0 Bye\r\n");
	} else
		say(c, "502 5.5.2 Error: command not recognized\r\n");
}

static void
hang_up(struct conn *c)
{
	struct tcp_info ti;
	socklen_t len = sizeof(ti);

	memset(&ti, 0, sizeof(ti));
	getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &ti, &len);
	/* what is still to come is the client's FIN or its last ACK */
	fprintf(counts, "%d %d %u %u %u %u\n", c->trips, c->commands,
	    ti.tcpi_segs_in, ti.tcpi_segs_out, ti.tcpi_data_segs_in,
	    ti.tcpi_data_segs_out);
	fflush(counts);
	close(c->fd);
	c->fd = 0;
}

static void
hear(struct conn *c)
{
	char *lf, *s;
	ssize_t n;
	int before, flight;

	n = read(c->fd, c->in + c->have, sizeof(c->in) - c->have - 1);
	if (n <= 0) {
		hang_up(c);
		return;
	}
	c->have += (size_t)n;
	c->in[c->have] = '\0';
	before = c->commands;
	for (s = c->in; (lf = strchr(s, '\n')) != NULL; s = lf + 1)
		command(c, s);
	c->have -= (size_t)(s - c->in);
	memmove(c->in, s, c->have);
	flight = c->commands - before;
	c->trips += flight > 1 || (flight == 1 && !c->quit);
	if (c->due == 0 && c->queued > 0)
		c->due = now() + delay;
}

static void
speak(struct conn *c)
{
	c->due = 0;
	if (write(c->fd, c->out, c->queued) != (ssize_t)c->queued || c->quit)
		hang_up(c);
	c->queued = 0;
}

static void
greet(int listener)
{
	struct conn *c;
	int fd, one = 1;

	fd = accept(listener, NULL, NULL);
	if (fd == -1)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	for (c = conns; c < conns + CONNS && c->fd != 0; c++)
		continue;
	if (c == conns + CONNS) {
		close(fd);
		return;
	}
	memset(c, 0, sizeof(*c));
	c->fd = fd;
	c->trips = 2;
	say(c, "220 mx.bench.test ESMTP\r\n");
	c->due = now() + 2 * delay;
}

static void
forget(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char line[8192];
	int fd;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd == -1 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		err(1, "%s", path);
	while (read(fd, line, sizeof(line)) >= 0)
		continue;
	err(1, "%s", path);
}

static int
listen_at(const char *port_file)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	FILE *fp;
	int fd;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	fp = fopen(port_file, "w");
	if (fd == -1 || bind(fd, (struct sockaddr *)&sin, len) == -1 ||
	    listen(fd, 128) == -1 || fp == NULL ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		err(1, "listen");
	fprintf(fp, "%d\n", ntohs(sin.sin_port));
	fclose(fp);
	return (fd);
}

int
main(int argc, char **argv)
{
	struct pollfd pfd[CONNS + 1];
	double wait;
	int ch, i;

	umask(0);
	while ((ch = getopt(argc, argv, "d:l:ps")) != -1) {
		switch (ch) {
		case 'd': delay = atof(optarg); break;
		case 'l': forget(optarg); break;
		case 'p': pipelining = 1; break;
		case 's': silent = 1; break;
		default: return (64);
		}
	}
	if (argc - optind != 2)
		errx(64, "usage: host [-d MS] [-p] [-s] PORTFILE COUNTS");
	signal(SIGPIPE, SIG_IGN);
	counts = fopen(argv[optind + 1], "a");
	if (counts == NULL)
		err(1, "%s", argv[optind + 1]);
	pfd[CONNS].fd = listen_at(argv[optind]);
	for (;;) {
		wait = -1;
		for (i = 0; i < CONNS; i++) {
			pfd[i].fd = conns[i].fd != 0 ? conns[i].fd : -1;
			if (conns[i].fd != 0 && conns[i].due != 0 &&
			    (wait < 0 || conns[i].due - now() < wait))
				wait = conns[i].due > now() ?
				    conns[i].due - now() : 0;
			pfd[i].events = POLLIN;
			pfd[i].revents = 0;
		}
		pfd[CONNS].events = POLLIN;
		if (poll(pfd, CONNS + 1, wait < 0 ? -1 : (int)(wait + 0.99)) == -1)
			err(1, "poll");
		for (i = 0; i < CONNS; i++) {
			if (pfd[i].fd != -1 && pfd[i].revents != 0)
				hear(&conns[i]);
			if (conns[i].fd != 0 && conns[i].due != 0 &&
			    conns[i].due <= now())
				speak(&conns[i]);
		}
		if (pfd[CONNS].revents != 0)
			greet(pfd[CONNS].fd);
	}
}
