/* SPDX-License-Identifier: ISC */
/*
 * alloc.c: to be preloaded: have the allocation of memory fail, that of
 * ALLOC_AT or, where it is negative, that of -ALLOC_AT and all that follow.
 * ALLOC_COUNT is a file of 8 octets that keeps how many there were: mapped
 * before main() begins, for later nothing can be opened any more.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void	*__libc_malloc(size_t);
void	*__libc_calloc(size_t, size_t);
void	*__libc_realloc(void *, size_t);

void	 alloc_enough(void);

static long	 at, none, *count = &none;
static int	 enough;

static void __attribute__((__constructor__))
begin(void)
{
	const char *s;
	void *map;
	int fd;

	s = getenv("ALLOC_COUNT");
	fd = s != NULL ? open(s, O_RDWR) : -1;
	if (fd != -1) {
		map = mmap(NULL, sizeof(long), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
		close(fd);
		if (map != MAP_FAILED)
			count = map;
	}
	*count = 0;
	s = getenv("ALLOC_AT");
	at = s != NULL ? atol(s) : 0;
}

/*
 * From now on there is memory: libgcov, which writes the counts of `make
 * coverage' when all is done, cannot do without.
 */
void
alloc_enough(void)
{
	enough = 1;
}

static int
fails(void)
{
	if (enough)
		return (0);
	++*count;
	if (*count != at && (at >= 0 || *count < -at))
		return (0);
	errno = ENOMEM;
	return (1);
}

void *
malloc(size_t size)
{
	return (fails() ? NULL : __libc_malloc(size));
}

void *
calloc(size_t n, size_t size)
{
	return (fails() ? NULL : __libc_calloc(n, size));
}

void *
realloc(void *p, size_t size)
{
	return (fails() ? NULL : __libc_realloc(p, size));
}
