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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cbvd.h"

/* A file being read. */
struct file {
	FILE		*fp;
	char		*line;	/* without blanks and comments around it */
	size_t		 size;
	int		 number;
	const char	*bad;	/* what is wrong with it, or NULL */
};

static void	 file_open(struct file *file, const char *path);
static int	 file_line(struct file *file);
static int	 file_close(struct file *file, const char *path, char *why);
static const char *route_parse(char *line, struct route *route);
static const char *skip_parse(const char *line, const struct mailbox *mb,
		    const char *host, int *skip);
static int	 is_pattern(const char *s);
static size_t	 fits(const char *pattern, const char *name);

int
rules_route(const char *domain, struct route *route, char *why)
{
	struct file file;
	struct route one;
	size_t n, best;

	memset(route, 0, sizeof(*route));
	if (opt.routes == NULL)
		return (0);
	best = 0;
	file_open(&file, opt.routes);
	while (file_line(&file)) {
		file.bad = route_parse(file.line, &one);
		n = file.line[0] == '\0' ? 1 : 2 * fits(file.line, domain);
		if (n <= best)
			continue;
		best = n;
		*route = one;
		route->ours = n > 1 && one.host[0] != '\0';
	}
	return (file_close(&file, opt.routes, why));
}

int
rules_skip(const struct mailbox *mb, const char *host, char *why)
{
	struct file file;
	int skip;

	if (opt.skip == NULL)
		return (0);
	skip = 0;
	file_open(&file, opt.skip);
	while (file_line(&file))
		file.bad = skip_parse(file.line, mb, host, &skip);
	return (file_close(&file, opt.skip, why) == -1 ? -1 : skip);
}

int
rules_ports(char *why)
{
	struct file file;
	struct route one;

	if (opt.routes == NULL)
		return (0);
	file_open(&file, opt.routes);
	while (file_line(&file)) {
		file.bad = route_parse(file.line, &one);
		if (file.bad == NULL && one.port != 0 &&
		    sandbox_port(one.port) == -1)
			file.bad = "too many different ports";
	}
	return (file_close(&file, opt.routes, why));
}

/* Open a file for reading; a FIFO must not hold us. */
static void
file_open(struct file *file, const char *path)
{
	struct stat st;
	int fd;

	memset(file, 0, sizeof(*file));
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1) {
		file->bad = strerror(errno);
		return;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		file->fp = fdopen(fd, "r");
	if (file->fp == NULL) {
		file->bad = "no regular file";
		close(fd);
	}
}

/* Read the next line that says something: 1, or 0 at the end or a fault. */
static int
file_line(struct file *file)
{
	ssize_t len;
	char *s;

	while (file->bad == NULL) {
		len = getline(&file->line, &file->size, file->fp);
		if (len == -1) {
			if (!feof(file->fp))
				file->bad = strerror(errno);
			return (0);
		}
		file->number++;
		if (strlen(file->line) != (size_t)len) {
			file->bad = "a NUL";
			return (0);
		}
		while (len > 0 && strchr(" \t\r\n", file->line[len - 1]) != NULL)
			file->line[--len] = '\0';
		s = file->line + strspn(file->line, " \t");
		if (*s == '\0' || *s == '#')
			continue;
		memmove(file->line, s, strlen(s) + 1);
		return (1);
	}
	return (0);
}

/* Returns 0, or -1 with what is wrong, and where, in why. */
static int
file_close(struct file *file, const char *path, char *why)
{
	if (file->bad != NULL && file->number > 0)
		snprintf(why, TEXT_MAX, "%s: line %d: %s", path, file->number,
		    file->bad);
	else if (file->bad != NULL)
		snprintf(why, TEXT_MAX, "%s: %s", path, file->bad);
	free(file->line);
	if (file->fp != NULL)
		fclose(file->fp);
	return (file->bad != NULL ? -1 : 0);
}

/*
 * DOMAIN:HOST[:PORT], .DOMAIN:..., :...; the line is cut into its parts.
 * Returns what is wrong with it, or NULL.
 */
static const char *
route_parse(char *line, struct route *route)
{
	unsigned char ip[16];
	const char *error;
	char *host, *port;
	int literal, address;

	memset(route, 0, sizeof(*route));
	host = strchr(line, ':');
	if (host == NULL)
		return ("domain:host:port is wanted");
	*host++ = '\0';
	literal = *host == '[';
	port = literal ? strchr(++host, ']') : host + strcspn(host, ":");
	if (port == NULL)
		return ("domain:host:port is wanted");
	if (literal)
		*port++ = '\0';
	if (*port != '\0' && *port != ':')
		return ("domain:host:port is wanted");
	if (*port == ':') {
		*port++ = '\0';
		route->port = (in_port_t)strtonum(port, 1, 65535, &error);
		if (error != NULL || !is_digit(*port))
			return ("no port");
	}
	address = inet_pton(AF_INET, host, ip) == 1 ||
	    (literal && inet_pton(AF_INET6, host, ip) == 1);
	if (literal && !address)
		return ("no IP address in brackets");
	if (!address && *host != '\0' &&
	    !mailbox_hostname(host, strlen(host), 1))
		return ("no host name, nor an IP address");
	strlcpy(route->host, host, sizeof(route->host));
	return (line[0] == '\0' || is_pattern(line) ? NULL : "no domain");
}

/*
 * DOMAIN, .DOMAIN, USER@DOMAIN, mx:HOST, mx:.DOMAIN; *skip becomes 1 if that
 * is the mailbox or the host.  Returns what is wrong with the line, or NULL.
 */
static const char *
skip_parse(const char *line, const struct mailbox *mb, const char *host,
    int *skip)
{
	struct mailbox one;
	const char *bad, *what;

	what = host == NULL ? mb->domain : NULL;
	if (strncasecmp(line, "mx:", 3) == 0) {
		line += 3;
		what = host;
	} else if (strchr(line, '@') != NULL) {
		if (!mailbox_parse(line, strlen(line), &one, &bad))
			return (bad);
		*skip |= what != NULL && strcmp(one.domain, what) == 0 &&
		    strcasecmp(one.local_part, mb->local_part) == 0;
		return (NULL);
	}
	if (!is_pattern(line))
		return ("neither a domain nor a mailbox");
	*skip |= what != NULL && fits(line, what) > 0;
	return (NULL);
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
