/* SPDX-License-Identifier: ISC */
/*
 * coverage.c: linked into the program of `make coverage`: what gcov(1) counts
 * is written as another user, under Landlock and seccomp(2), and also where
 * the end is _exit(2).  So its files are opened before main(), kept open by
 * closefrom(3), and handed out when libgcov opens them: nothing of the sandbox
 * is lifted.
 */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST	200	/* descriptors above those of the program */
#define LAST	1024
#define ENOUGH	(1 << 20)	/* octets that a file of counts may need */

int	 __real_open(const char *, int, ...);
void	 __real__exit(int) __attribute__((__noreturn__));
int	 __wrap_open(const char *, int, ...);
void	 __wrap__exit(int) __attribute__((__noreturn__));
void	 __wrap_closefrom(int);
void	 __real___gcov_exit(void);
void	 __wrap___gcov_exit(void);
void	 __gcov_dump(void);

static const char *const names[] = { ROOMS };
#define NNAMES	(sizeof(names) / sizeof(names[0]))
static int	 fds[NNAMES];
static void	(*enough)(void);	/* of tests/faults/alloc.c, if it is there */

/*
 * Who is forked shares our files, and where we are in them: what it read and
 * wrote would make us take them for empty.  Its counts are ours so far.
 */
static void
forked(void)
{
	size_t i;
	int fd;

	fd = __real_open("/dev/null", O_RDWR);
	for (i = 0; i < NNAMES; i++)
		if (fd == -1)
			close(fds[i]);
		else
			dup3(fd, fds[i], O_CLOEXEC);
	if (fd != -1)
		close(fd);
}

static void __attribute__((__constructor__))
begin(void)
{
	char path[1024];
	struct rlimit rl;
	size_t i;
	int fd, off;

	/* who dies while it writes, or may not write, would spoil the counts */
	off = getenv("NOCOVERAGE") != NULL ||
	    getrlimit(RLIMIT_FSIZE, &rl) == -1 || rl.rlim_cur < ENOUGH;
	for (i = 0; i < NNAMES; i++) {
		snprintf(path, sizeof(path), "%s/%s.gcda", FOLDER, names[i]);
		fd = __real_open(off ? "/dev/null" : path, O_RDWR);
		fds[i] = fcntl(fd, F_DUPFD_CLOEXEC, FIRST);
		if (fds[i] == -1)
			fds[i] = fd;
		else
			close(fd);
	}
	pthread_atfork(NULL, NULL, forked);
	*(void **)&enough = dlsym(RTLD_DEFAULT, "alloc_enough");
	errno = 0;
}

int
__wrap_open(const char *path, int flags, ...)
{
	const char *slash;
	va_list ap;
	size_t i, len;
	int mode;

	slash = strrchr(path, '/');
	for (i = 0; i < NNAMES && slash != NULL; i++) {
		len = strlen(names[i]);
		if (strncmp(slash + 1, names[i], len) == 0 &&
		    strcmp(slash + 1 + len, ".gcda") == 0)
			return (fds[i]);
	}
	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	return (__real_open(path, flags, mode));
}

void
__wrap_closefrom(int low)
{
	size_t i;
	int fd;

	for (fd = low; fd < LAST; fd++) {
		for (i = 0; i < NNAMES && fds[i] != fd; i++)
			continue;
		if (i == NNAMES)
			close(fd);
	}
}

void
__wrap___gcov_exit(void)
{
	if (enough != NULL)
		enough();
	__real___gcov_exit();
}

void
__wrap__exit(int status)
{
	if (enough != NULL)
		enough();
	__gcov_dump();
	__real__exit(status);
}
