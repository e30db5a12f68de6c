/* SPDX-License-Identifier: ISC */
/*
 * options.c: what the administrator said on the command line, and the end of
 * who said it wrongly.
 * Must never do anything about it.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <arpa/inet.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "cbvd.h"

#define CACHE_DEFAULT	"/var/cache/cbvd/cbvd.gdbm"

static void	 mode_set(enum mode *mode, enum mode new);
static void	 option_bind(const char *s);
static void	 option_server(const char *s);
static in_port_t option_port(int option, const char *s, const char *port);
static void	 option_set(char *list);
static long long quantity(const char *value, const char *units,
		    const char **error);

struct options opt = {
	.v4 = 1, .v6 = 1, .cache = CACHE_DEFAULT, .smtp_port = 25,
	.positive = 7 * 86400, .refresh = 86400,
	.negative = 2 * 3600, .temporary = 300, .domain = 7 * 86400,
	.blocked = 3600, .wait = 30, .connect = 10, .command = 30,
	.total = 120, .perhost = 2, .all = 40, .rate = 60, .rate_s = 60,
	.size = 64 << 20
};

enum mode
options_read(int argc, char **argv)
{
	enum mode mode;
	struct mailbox mb;
	const char *why;
	int ch;

	mode = MODE_ASK;
	opterr = 0;
	while (argc > 0 &&
	    (ch = getopt(argc, argv, "+46ab:c:EFf:h:LN:no:p:Rr:s:u:Vv")) != -1) {
		switch (ch) {
		case '4':
			opt.v6 = 0;
			break;
		case '6':
			opt.v4 = 0;
			break;
		case 'a':
			opt.advise = 1;
			break;
		case 'b':
			option_bind(optarg);
			break;
		case 'c':
			opt.cache = strcmp(optarg, "none") == 0 ? NULL : optarg;
			break;
		case 'E':
			mode_set(&mode, MODE_EXPIRE);
			break;
		case 'F':
			mode_set(&mode, MODE_FORGET);
			break;
		case 'f':
			opt.from_given = 1;
			opt.from = NULL;
			if (strcmp(optarg, "none") == 0)
				break;
			if (!mailbox_parse(optarg, strlen(optarg), &mb, &why))
				die(EX_USAGE, "-f %s: %s", optarg, why);
			if (mb.utf8 || mb.literal)
				die(EX_USAGE,
				    "-f %s: no mailbox that every host takes",
				    optarg);
			opt.from = optarg;
			break;
		case 'h':
			if (!mailbox_hostname(optarg, strlen(optarg), 0))
				die(EX_USAGE, "-h %s: no host name", optarg);
			opt.helo = optarg;
			break;
		case 'L':
			mode_set(&mode, MODE_LIST);
			break;
		case 'N':
			option_server(optarg);
			break;
		case 'n':
			opt.no_test = 1;
			break;
		case 'o':
			option_set(optarg);
			break;
		case 'p':
			opt.smtp_port = option_port('p', optarg, optarg);
			break;
		case 'R':
			opt.recipients = 1;
			break;
		case 'r':
			opt.routes = optarg;
			break;
		case 's':
			opt.skip = optarg;
			break;
		case 'u':
			opt.user = optarg;
			break;
		case 'V':
			return (MODE_VERSION);
		case 'v':
			opt.verbose = 1;
			break;
		default:
			die(EX_USAGE, strchr("bcfhNoprsu", optopt) != NULL ?
			    "option -%c needs an argument: see cbvd(8)" :
			    "unknown option -%c: see cbvd(8)", optopt);
		}
	}
	if (!opt.v4 && !opt.v6)
		die(EX_USAGE, "-4 and -6 exclude each other");
	if (opt.wait > opt.total)
		opt.wait = opt.total;
	return (mode);
}

static void
mode_set(enum mode *mode, enum mode new)
{
	if (*mode != MODE_ASK)
		die(EX_USAGE, "only one of -E, -F and -L can be done");
	*mode = new;
}

static void
option_bind(const char *s)
{
	if (inet_pton(AF_INET, s, &opt.bind4.sin_addr) == 1) {
		if (opt.bind4.sin_family != 0)
			die(EX_USAGE, "-b %s: the second of its family", s);
		opt.bind4.sin_family = AF_INET;
	} else if (inet_pton(AF_INET6, s, &opt.bind6.sin6_addr) == 1) {
		if (opt.bind6.sin6_family != 0)
			die(EX_USAGE, "-b %s: the second of its family", s);
		opt.bind6.sin6_family = AF_INET6;
	} else
		die(EX_USAGE, "-b %s: no IP address", s);
}

/* ADDRESS, ADDRESS:PORT, [ADDRESS]:PORT; an IPv6 address alone is one too. */
static void
option_server(const char *s)
{
#if defined(__GLIBC__) || defined(__FreeBSD__) || defined(__NetBSD__)
	char text[INET6_ADDRSTRLEN + 9], *ip, *port;
	struct sockaddr_in *sin;
	struct sockaddr_in6 *sin6;
	in_port_t n;

	sin = (struct sockaddr_in *)&opt.ns;
	sin6 = (struct sockaddr_in6 *)&opt.ns;
	if (strlcpy(text, s, sizeof(text)) >= sizeof(text))
		die(EX_USAGE, "-N %s: no IP address", s);
	ip = text + (text[0] == '[');
	port = strchr(text, text[0] == '[' ? ']' : ':');
	if (ip > text && port != NULL)
		*port++ = '\0';
	else if (port == NULL || strchr(port + 1, ':') != NULL)
		port = text + (ip > text ? 0 : strlen(text));
	n = 53;
	if (*port == ':') {
		*port++ = '\0';
		n = option_port('N', s, port);
	} else if (*port != '\0')
		die(EX_USAGE, "-N %s: no port", s);
	if (inet_pton(AF_INET, ip, &sin->sin_addr) == 1)
		sin->sin_family = AF_INET;
	else if (inet_pton(AF_INET6, ip, &sin6->sin6_addr) == 1)
		sin6->sin6_family = AF_INET6;
	else
		die(EX_USAGE, "-N %s: no IP address", s);
	sin->sin_port = htons(n);	/* at the same place in both */
#else
	die(EX_USAGE, "-N %s: this resolver obeys resolv.conf(5) alone", s);
#endif
}

static in_port_t
option_port(int option, const char *s, const char *port)
{
	const char *error;
	in_port_t n;

	n = (in_port_t)strtonum(port, 1, 65535, &error);
	if (error != NULL || !is_digit(*port))
		die(EX_USAGE, "-%c %s: port %s", option, s, error != NULL ?
		    error : "no number");
	return (n);
}

/* -o NAME=VALUE,... */
static void
option_set(char *list)
{
	static const struct {
		const char	*name, *units;
		long long	*value, min, max;
	} names[] = {
		{ "all", "", &opt.all, 1, 10000 },
		{ "blocked", "smhd", &opt.blocked, 1, 86400 },
		{ "command", "smhd", &opt.command, 1, 3600 },
		{ "connect", "smhd", &opt.connect, 1, 3600 },
		{ "domain", "smhd", &opt.domain, 1, 366 * 86400 },
		{ "lenient", NULL, &opt.lenient, 0, 0 },
		{ "negative", "smhd", &opt.negative, 1, 366 * 86400 },
		{ "nonglobal", NULL, &opt.nonglobal, 0, 0 },
		{ "perhost", "", &opt.perhost, 1, 64 },
		{ "positive", "smhd", &opt.positive, 1, 366 * 86400 },
		{ "rate", "", &opt.rate, 0, 1000000 },
		{ "refresh", "smhd", &opt.refresh, 1, 366 * 86400 },
		{ "size", "KMG", &opt.size, 65536, 1LL << 40 },
		{ "temporary", "smhd", &opt.temporary, 1, 86400 },
		{ "total", "smhd", &opt.total, 1, 3600 },
		{ "wait", "smhd", &opt.wait, 1, 3600 },
	};
	const size_t n = sizeof(names) / sizeof(names[0]);
	char *name, *value, *unit, one[8];
	const char *error;
	long long x;
	size_t i;

	while ((name = strsep(&list, ",")) != NULL) {
		value = strchr(name, '=');
		if (value != NULL)
			*value++ = '\0';
		for (i = 0; i < n && strcmp(names[i].name, name) != 0; i++)
			continue;
		if (i == n)
			die(EX_USAGE, "-o %s: unknown name", name);
		if ((names[i].units == NULL) != (value == NULL))
			die(EX_USAGE, "-o %s: %s", name, value == NULL ?
			    "needs a value" : "takes no value");
		if (value == NULL) {
			*names[i].value = 1;
			continue;
		}
		/* of a rate the unit is the time it counts for: "60/m" */
		unit = names[i].value == &opt.rate ? strchr(value, '/') : NULL;
		error = NULL;
		if (names[i].value == &opt.rate)
			opt.rate_s = 60;	/* not that of a rate before */
		if (unit != NULL) {
			*unit = '\0';
			snprintf(one, sizeof(one), "1%s", unit + 1);
			opt.rate_s = quantity(one, "smhd", &error);
			if (!is_lower(unit[1]))
				error = "unknown unit";
		}
		x = error == NULL ? quantity(value, names[i].units, &error) : 0;
		if (unit != NULL)
			*unit = '/';
		if (error == NULL && (x < names[i].min || x > names[i].max))
			error = x < names[i].min ? "too small" : "too large";
		if (error != NULL)
			die(EX_USAGE, "-o %s=%s: %s", name, value, error);
		*names[i].value = x;
	}
}

/* A number and one of the units; without one seconds, or octets, are meant. */
static long long
quantity(const char *value, const char *units, const char **error)
{
	static const struct {
		char		 name;
		long long	 factor;
	} known[] = { { '\0', 1 }, { 's', 1 }, { 'm', 60 }, { 'h', 3600 },
	    { 'd', 86400 }, { 'K', 1LL << 10 }, { 'M', 1LL << 20 },
	    { 'G', 1LL << 30 } };
	char number[32];
	size_t i, len;

	len = strspn(value, "0123456789");
	*error = "no number";
	if (len == 0 || strlcpy(number, value, sizeof(number)) >=
	    sizeof(number))
		return (0);
	number[len] = '\0';
	*error = "unknown unit";
	if (value[len] != '\0' && (value[len + 1] != '\0' ||
	    strchr(units, value[len]) == NULL))
		return (0);
	for (i = 0; known[i].name != value[len]; i++)
		continue;
	return (strtonum(number, 0, 1LL << 32, error) * known[i].factor);
}

void
usage(void)
{
	fputs(
"usage: cbvd [-46anRv] [-b address] [-c path] [-f mailbox] [-h name] [-N server]\n"
"            [-o name=value,...] [-p port] [-r file] [-s file] [-u user] [address ...]\n"
"       cbvd [-c path] [-o name=value,...] [-u user] -E | -F key ... | -L [key ...]\n"
"       cbvd -V\n", stderr);
	exit(EX_USAGE);
}

void
die(int status, const char *fmt, ...)
{
	static const char fault[] =
	    "451 4.3.0 <> cbvd is set up wrongly, see its log\r\n";
	char text[1024], line[2048];
	struct stat in, out, err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	verdict_escape(text, strlen(text), line, sizeof(line));
	/* under inetd(8) all three are the client; where 0 is a terminal or
	 * /dev/null there is none, and one pipe for 1 and 2 is a person's */
	memset(&in, 0, sizeof(in));
	memset(&out, 0, sizeof(out));
	memset(&err, 0, sizeof(err));
	fstat(STDIN_FILENO, &in);
	fstat(STDOUT_FILENO, &out);
	fstat(STDERR_FILENO, &err);
	if (S_ISCHR(err.st_mode) || S_ISREG(err.st_mode) ||
	    (S_ISFIFO(err.st_mode) && (S_ISCHR(in.st_mode) ||
	    err.st_ino != out.st_ino)))
		fprintf(stderr, "cbvd: %s\n", line);
	if (S_ISSOCK(out.st_mode)) {
		request_write(fault, sizeof(fault) - 1);
		request_shut();
	}
	alarm(1);		/* the log may block */
	syslog(LOG_ERR, "%s", line);
	alarm(0);
	if (S_ISSOCK(out.st_mode))
		request_drain();
	exit(status);
}
