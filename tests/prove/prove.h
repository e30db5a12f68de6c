/* SPDX-License-Identifier: ISC */
/*
 * prove.h: what the drivers share: octets that may be anything, and what
 * Frama-C's headers lack.
 */
#include <sys/types.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <__fc_builtin.h>

#define anything(min, max)	Frama_C_interval(min, max)

/* len octets, and not one more before or behind them. */
static inline char *
octets(size_t len)
{
	char *s;

	s = malloc(len);
	if (s == NULL)
		exit(1);
	Frama_C_make_unknown(s, len);
	return (s);
}

/* A string in buf of less than size octets. */
static inline char *
string(char *buf, size_t size)
{
	Frama_C_make_unknown(buf, size - 1);
	buf[size - 1] = '\0';
	return (buf);
}

/* What libbsd and glibc have and Frama-C's headers have not. */
#define LOCK_SH		1
#define LOCK_EX		2
#define LOCK_NB		4
#define LOCK_UN		8
#define SOCK_CLOEXEC	02000000
#define SOCK_NONBLOCK	04000
int	 flock(int, int);
FILE	*open_memstream(char **, size_t *);
void	 arc4random_buf(void *, size_t);
uint32_t arc4random_uniform(uint32_t);

/* Clocks: no time is negative, nor beyond some 30,000 years. */
static inline time_t
prove_time(void)
{
	return (Frama_C_long_interval(0, 1L << 40));
}
#define time(p)		prove_time()

static inline int
prove_clock(struct timespec *ts)
{
	ts->tv_sec = Frama_C_long_interval(0, 1L << 40);
	ts->tv_nsec = Frama_C_long_interval(0, 999999999);
	return (0);
}
#define clock_gettime(clock, ts)	prove_clock(ts)
