/* SPDX-License-Identifier: ISC */
/*
 * rules.c: what the administrator decided: routes (-r), in the format of
 * qmail's control/smtproutes, and the skip list (-s).  A file is read anew for
 * each question, so that a change holds at once and nothing is kept.
 * Must never ask anyone.
 */
#include <sys/types.h>
#include <sys/stat.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cbvd.h"

/* A file being read, and what is wrong with it. */
struct file {
	FILE		*fp;
	const char	*path;
	char		*line;	/* without blanks and comments around it */
	size_t		 size;
	int		 number;
	char		*why;	/* of TEXT_MAX octets */
};

static int	 file_open(struct file *, const char *, char *);
static int	 file_line(struct file *);
static int	 file_close(struct file *, int);
static int	 fault(struct file *, const char *, ...)
		    __attribute__((__format__(__printf__, 2, 3)));
static int	 route_parse(char *, struct route *, char **, const char **);
static int	 is_pattern(const char *);
static size_t	 fits(const char *, const char *);

int
rules_route(const char *domain, struct route *route, char *why)
{
	struct file file;
	struct route one;
	const char *bad;
	char *pattern;
	size_t n, best;
	int more;

	memset(route, 0, sizeof(*route));
	if (opt.routes == NULL)
		return (0);
	if (file_open(&file, opt.routes, why) == -1)
		return (-1);
	best = 0;
	while ((more = file_line(&file)) == 1) {
		if (route_parse(file.line, &one, &pattern, &bad) == -1) {
			more = fault(&file, "%s", bad);
			break;
		}
		n = pattern[0] == '\0' ? 1 : 2 * fits(pattern, domain);
		if (n <= best)
			continue;
		best = n;
		*route = one;
		route->ours = n > 1 && one.host[0] != '\0';
	}
	return (file_close(&file, more));
}

int
rules_skip(const struct mailbox *mb, const char *host, char *why)
{
	struct file file;
	struct mailbox one;
	const char *bad, *what, *pattern;
	int more, skip;

	if (opt.skip == NULL)
		return (0);
	if (file_open(&file, opt.skip, why) == -1)
		return (-1);
	skip = 0;
	while ((more = file_line(&file)) == 1) {
		pattern = file.line;
		what = host == NULL ? mb->domain : NULL;
		if (strncasecmp(pattern, "mx:", 3) == 0) {
			pattern += 3;
			what = host;
		}
		if (pattern == file.line && strchr(pattern, '@') != NULL) {
			if (!mailbox_parse(pattern, strlen(pattern), &one,
			    &bad)) {
				more = fault(&file, "%s", bad);
				break;
			}
			skip |= what != NULL &&
			    strcmp(one.domain, mb->domain) == 0 &&
			    strcasecmp(one.local_part, mb->local_part) == 0;
		} else if (!is_pattern(pattern)) {
			more = fault(&file, "neither a domain nor a mailbox");
			break;
		} else if (what != NULL) {
			skip |= fits(pattern, what) > 0;
		}
	}
	more = file_close(&file, more);
	return (more == -1 ? -1 : skip);
}

int
rules_ports(char *why)
{
	struct file file;
	struct route one;
	const char *bad;
	char *pattern;
	int more;

	if (opt.routes == NULL)
		return (0);
	if (file_open(&file, opt.routes, why) == -1)
		return (-1);
	while ((more = file_line(&file)) == 1) {
		if (route_parse(file.line, &one, &pattern, &bad) == -1)
			more = fault(&file, "%s", bad);
		else if (one.port != 0 && sandbox_port(one.port) == -1)
			more = fault(&file, "too many different ports");
		if (more == -1)
			break;
	}
	return (file_close(&file, more));
}

/* Open a file for reading; a FIFO must not hold us.  Returns 0 or -1. */
static int
file_open(struct file *file, const char *path, char *why)
{
	struct stat st;
	int fd;

	memset(file, 0, sizeof(*file));
	file->path = path;
	file->why = why;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return (fault(file, "%s", strerror(errno)));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		file->fp = fdopen(fd, "r");
	if (file->fp != NULL)
		return (0);
	close(fd);
	return (fault(file, "no regular file"));
}

/* Read the next line that says something: 1, 0 at the end, -1 at a fault. */
static int
file_line(struct file *file)
{
	ssize_t len;
	char *s;

	for (;;) {
		errno = 0;
		len = getline(&file->line, &file->size, file->fp);
		if (len == -1)
			return (errno == 0 || feof(file->fp) ? 0 :
			    fault(file, "%s", strerror(errno)));
		file->number++;
		if (strlen(file->line) != (size_t)len)
			return (fault(file, "a NUL"));
		while (len > 0 && strchr(" \t\r\n", file->line[len - 1]) != NULL)
			file->line[--len] = '\0';
		s = file->line + strspn(file->line, " \t");
		if (*s == '\0' || *s == '#')
			continue;
		memmove(file->line, s, strlen(s) + 1);
		return (1);
	}
}

/* Returns 0, or -1 where result is a fault. */
static int
file_close(struct file *file, int result)
{
	free(file->line);
	fclose(file->fp);
	return (result);
}

static int
fault(struct file *file, const char *fmt, ...)
{
	char what[TEXT_MAX / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (file->number > 0)
		snprintf(file->why, TEXT_MAX, "%s: line %d: %s", file->path,
		    file->number, what);
	else
		snprintf(file->why, TEXT_MAX, "%s: %s", file->path, what);
	return (-1);
}

/* DOMAIN:HOST[:PORT], .DOMAIN:..., :...; the line is cut into its parts. */
static int
route_parse(char *line, struct route *route, char **pattern, const char **bad)
{
	unsigned char ip[16];
	const char *error;
	char *host, *port;

	memset(route, 0, sizeof(*route));
	*pattern = line;
	*bad = "domain:host:port is wanted";
	host = strchr(line, ':');
	if (host == NULL)
		return (-1);
	*host++ = '\0';
	port = host + strcspn(host, ":");
	if (*host == '[') {
		port = strchr(++host, ']');
		if (port == NULL || (port[1] != '\0' && port[1] != ':'))
			return (-1);
		*port++ = '\0';
		*bad = "no IP address in brackets";
		if (inet_pton(AF_INET6, host, ip) != 1 &&
		    inet_pton(AF_INET, host, ip) != 1)
			return (-1);
	}
	if (*port == ':') {
		*port++ = '\0';
		*bad = "no port";
		route->port = (in_port_t)strtonum(port, 1, 65535, &error);
		if (error != NULL || !is_digit(*port))
			return (-1);
	}
	*bad = "no host name, nor an IP address";
	if (host[0] != '\0' && host[-1] != '[' &&
	    inet_pton(AF_INET, host, ip) != 1 &&
	    !mailbox_hostname(host, strlen(host), 1))
		return (-1);
	strlcpy(route->host, host, sizeof(route->host));
	*bad = "no domain";
	return (line[0] == '\0' || is_pattern(line) ? 0 : -1);
}

/* 1 if s is a domain or host name, or one that stands for all below it. */
static int
is_pattern(const char *s)
{
	s += *s == '.';
	return (mailbox_hostname(s, strlen(s), 1));
}

/* How much of name the pattern fixes; 0 if it is of another. */
static size_t
fits(const char *pattern, const char *name)
{
	size_t len, all;

	len = strlen(pattern);
	all = strlen(name);
	if (pattern[0] != '.')
		return (strcasecmp(pattern, name) == 0 ? DOMAIN_MAX + 1 : 0);
	return (all > len && strcasecmp(pattern, name + all - len) == 0 ? len :
	    0);
}
