/* SPDX-License-Identifier: ISC */
/*
 * fuzz.h: what the fuzzers share: the options of a cbvd without any, octets
 * taken from the input, and CHECK, which ends the run where something is not
 * as its contract says.
 */
#include <sys/types.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cbvd.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define CHECK(x)	do { if (!(x)) { fprintf(stderr,		\
	"%s:%d: not so: %s\n", __FILE__, __LINE__, #x); abort(); } } while (0)

int null_fd = -1;
struct options opt = {
	.v4 = 1, .v6 = 1, .smtp_port = 25, .positive = 7 * 86400,
	.refresh = 86400, .negative = 2 * 3600, .temporary = 300,
	.domain = 7 * 86400, .blocked = 3600, .wait = 30, .connect = 10,
	.command = 30, .total = 120, .perhost = 2, .all = 40, .rate = 60,
	.rate_s = 60, .size = 64 << 20, .helo = "client.test",
	.from = "postmaster@client.test"
};

/* What is left of the input. */
static const uint8_t	*input;
static size_t		 left;

/* One octet less than n. */
static inline size_t
pick(size_t n)
{
	if (left == 0)
		return (0);
	left--;
	return (*input++ % n);
}

/* 1 if s is one line of printable ASCII. */
static inline int
printable(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			return (0);
	return (1);
}
