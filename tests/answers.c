/* SPDX-License-Identifier: ISC */
/*
 * answers.c: what mx.c makes of a message that the resolver of this machine
 * would have dropped, and another's may not.
 *
 *	answers [-i] [-l LENGTH] DOMAIN OCTETS
 *
 * Asks for the MX hosts of DOMAIN.  The answer is OCTETS behind the ID of the
 * question, in hex; Q in it is the question as it came.  With -l the resolver
 * says that it has LENGTH; with -i it cannot be had.  Prints how many hosts
 * there are and the first, or the verdict.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cbvd.h"

struct options opt = { .v4 = 1, .v6 = 1 };
static const char	*octets;
static int		 length, no_resolver;

/* under the names that they have in one C library or another */
int	__real_res_init(void) __attribute__((__weak__));
int	__real___res_init(void) __attribute__((__weak__));
int	__wrap_res_init(void);
int	__wrap___res_init(void);
int	__wrap_res_send(const unsigned char *, int, unsigned char *, int);
int	__wrap___res_send(const unsigned char *, int, unsigned char *, int);

int
__wrap_res_init(void)
{
	return (no_resolver ? -1 : __real_res_init());
}

int
__wrap___res_init(void)
{
	return (no_resolver ? -1 : __real___res_init());
}

int
__wrap_res_send(const unsigned char *query, int query_len,
    unsigned char *answer, int size)
{
	const char *s;
	unsigned int octet;
	int len;

	len = 2;
	memcpy(answer, query, 2);
	for (s = octets; *s != '\0' && len < size - query_len;) {
		if (*s == 'Q') {
			memcpy(answer + len, query + 12,
			    (size_t)query_len - 12);
			len += query_len - 12;
			s++;
		} else if (isspace((unsigned char)*s)) {
			s++;
		} else if (sscanf(s, "%2x", &octet) == 1) {
			answer[len++] = (unsigned char)octet;
			s += 2;
		} else {
			fprintf(stderr, "answers: %s?\n", s);
			exit(2);
		}
	}
	return (length == 0 ? len : length);
}

int
__wrap___res_send(const unsigned char *query, int query_len,
    unsigned char *answer, int size)
{
	return (__wrap_res_send(query, query_len, answer, size));
}

int
main(int argc, char *argv[])
{
	static struct mx mx;
	static const struct route route;
	struct verdict v;
	int ch;

	while ((ch = getopt(argc, argv, "il:")) != -1) {
		if (ch == 'i')
			no_resolver = 1;
		else if (ch == 'l')
			length = atoi(optarg);
		else
			return (2);
	}
	if (argc - optind != 2)
		return (2);
	octets = argv[optind + 1];
	if (mx_lookup(argv[optind], &route, mono_ms() + 60000, &mx, &v))
		printf("%zu %s\n", mx.nhosts, mx.hosts[0].name);
	else
		printf("%d %s\n", verdict_code(v.cause), v.text);
	return (0);
}
