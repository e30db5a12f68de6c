/* SPDX-License-Identifier: ISC */
/*
 * sandbox.c: give up what cbvd does not need, phase by phase, so that whoever
 * should get a foot in through a request, a DNS answer, a reply or a cache
 * file finds nothing there to work with.
 * Must never decide anything else: no verdict knows of it, and a kernel that
 * lacks a part of it is no error.
 */
#include <sys/types.h>
#include <sys/resource.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "cbvd.h"

#define PORTS_MAX	64	/* different ones: of -r */
#define FDS_MAX		64	/* of which no phase needs ten */
#define MEMORY		(256 << 20)	/* octets, beside what -L takes for a cache */

static void	 limit(int resource, rlim_t max);
static void	 files(void);
static void	 allow(const char *path, const char *how);
static void	 allow_renewed(const char *path, const char *except);
static void	 confine(void);

static in_port_t	 ports[PORTS_MAX + 2];	/* and those of -p and -N */
static size_t		 nports;
static char		 force[128] = "nothing";	/* is in force */
static int		 lacking;	/* the kernel has not all of it */

int
sandbox_port(in_port_t port)
{
	size_t i;

	for (i = 0; i < nports && ports[i] != port; i++)
		continue;
	if (i == PORTS_MAX) {
		errno = ENOSPC;
		return (-1);
	}
	if (i == nports)
		ports[nports++] = port;
	return (0);
}

void
sandbox_start(void)
{
	const struct sockaddr_in *sin;

	/* the port is at the same place in both families */
	sin = (const struct sockaddr_in *)&opt.ns;
	ports[nports++] = opt.ns.ss_family != 0 ? ntohs(sin->sin_port) : 53;
	ports[nports++] = opt.smtp_port;
	tzset();		/* syslog(3) could not read it any more */
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, FDS_MAX);
	/* sanitizers need threads, and map terabytes */
	if (!SANITIZED) {
		/* counts the processes of the user: no limit but none works */
		limit(RLIMIT_NPROC, 0);
#ifdef RLIMIT_AS
		limit(RLIMIT_AS, (rlim_t)opt.size * 4 + MEMORY);
#endif
	}
	strlcpy(force, "limits", sizeof(force));
	confine();
}

void
sandbox_network(void)
{
	static int done;

	if (done++)
		return;
	if (seccomp_start() == 0)
		strlcat(force, ", seccomp", sizeof(force));
	else
		lacking = 1;
	verdict_trace("sandbox: %s", force);
	if (lacking)
		syslog(LOG_DEBUG, "sandbox: only %s", force);
}

const char *
sandbox_text(void)
{
	return (force);
}

/* Lower a limit for good; one that is lower already stays. */
static void
limit(int resource, rlim_t max)
{
	struct rlimit rl = { 0 };

	if (max > 0 && getrlimit(resource, &rl) == -1)
		return;
	if (rl.rlim_max > max)
		rl.rlim_max = max;
	if (rl.rlim_cur > rl.rlim_max)
		rl.rlim_cur = rl.rlim_max;
	setrlimit(resource, &rl);
}

/* What may be opened from now on, and how, in the letters of unveil(2). */
static void
files(void)
{
	char *path;

	path = opt.cache != NULL ? strdup(opt.cache) : NULL;
	if (path != NULL)
		allow(dirname(path), "rwc");
	free(path);
	allow_renewed("/etc/resolv.conf", "/etc");
	allow_renewed(opt.routes, "");
	allow_renewed(opt.skip, "");
}

/*
 * Let a file be read that may be a link, and renewed by a rename while a
 * connection lasts: then it is its folder that counts.  Not so the root, nor
 * the one where too much else is to be read.
 */
static void
allow_renewed(const char *path, const char *except)
{
	char *real, *folder;

	real = path != NULL ? realpath(path, NULL) : NULL;
	if (real == NULL)
		return;
	allow(real, "r");
	folder = dirname(real);
	if (strcmp(folder, "/") != 0 && strcmp(folder, except) != 0)
		allow(folder, "r");
	free(real);
}

#if defined(__linux__)
/*
 * Landlock, by its numbers, which are the same on every architecture: the
 * headers at hand may be older than the kernel, or not there at all.
 */
#define LANDLOCK_CREATE		444
#define LANDLOCK_ADD		445
#define LANDLOCK_RESTRICT	446
#define VERSION			1	/* flag of LANDLOCK_CREATE */
#define RULE_PATH		1
#define RULE_PORT		2

/* rights to files by the letters of unveil(2) */
#define FS_R	(1 << 2)		/* READ_FILE */
#define FS_W	(1 << 1 | 1 << 14)	/* WRITE_FILE, TRUNCATE */
#define FS_C	(1 << 5 | 1 << 8)	/* REMOVE_FILE, MAKE_REG */
#define NET_BIND_TCP		(1 << 0)
#define NET_CONNECT_TCP		(1 << 1)
#define SCOPE_ALL		3	/* abstract sockets, signals */

static struct {
	uint64_t	fs, net, scope;
} handled;			/* all that is denied unless a rule allows it */
static int	ruleset;

static void
confine(void)
{
	/* how many rights to files the ABIs 0 to 5 know, EXECUTE among them */
	static const int rights[] = { 0, 13, 14, 15, 15, 16 };
	struct {
		uint64_t	access, port;
	} rule;
	char text[40];
	long abi;
	size_t i;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		strlcat(force, ", no_new_privs", sizeof(force));
	lacking = 1;
	abi = syscall(LANDLOCK_CREATE, NULL, (size_t)0, VERSION);
	if (abi < 1)
		return;
	handled.fs = (1U << rights[abi < 5 ? abi : 5]) - 1;
	handled.net = abi < 4 ? 0 : NET_BIND_TCP | NET_CONNECT_TCP;
	handled.scope = abi < 6 ? 0 : SCOPE_ALL;
	ruleset = (int)syscall(LANDLOCK_CREATE, &handled, sizeof(handled), 0);
	if (ruleset == -1)
		return;

	files();
	rule.access = NET_CONNECT_TCP;
	for (i = 0; i < nports && abi >= 4; i++) {
		rule.port = ports[i];
		syscall(LANDLOCK_ADD, ruleset, RULE_PORT, &rule, 0);
	}
	if (opt.bind4.sin_family != 0 || opt.bind6.sin6_family != 0) {
		rule.access = NET_BIND_TCP;
		rule.port = 0;
		syscall(LANDLOCK_ADD, ruleset, RULE_PORT, &rule, 0);
	}
	if (syscall(LANDLOCK_RESTRICT, ruleset, 0) == 0) {
		snprintf(text, sizeof(text), ", Landlock ABI %ld", abi);
		strlcat(force, text, sizeof(force));
		lacking = abi < 4;
	}
	close(ruleset);
}

static void
allow(const char *path, const char *how)
{
	struct {
		uint64_t	access;
		int32_t		fd;
	} __attribute__((__packed__)) rule;

	rule.fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.fd == -1)
		return;
	rule.access = FS_R;
	rule.access |= strchr(how, 'w') != NULL ? FS_W : 0;
	rule.access |= strchr(how, 'c') != NULL ? FS_C : 0;
	rule.access &= handled.fs;
	syscall(LANDLOCK_ADD, ruleset, RULE_PATH, &rule, 0);
	close(rule.fd);
}
#else
#ifndef __OpenBSD__
#define unveil(path, how)	((void)(path), (void)(how))
#define pledge(promises, exec)	(-1)
#endif
/*
 * OpenBSD.  A promise broken shall be an error here, too, and not the end:
 * cache.c tries to move its limit of a file's size, which therefore is set
 * here for good.
 */
static void
confine(void)
{
#ifdef __OpenBSD__
	limit(RLIMIT_FSIZE, (rlim_t)opt.size * 2 + MEMORY);
#endif
	files();
	if (pledge("stdio rpath wpath cpath flock inet dns error", NULL) == 0)
		strlcat(force, ", unveil, pledge", sizeof(force));
}

static void
allow(const char *path, const char *how)
{
	unveil(path, how);
}
#endif
