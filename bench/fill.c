/* SPDX-License-Identifier: ISC */
/*
 * fill.c: fill PATH with N records: u0@d0.test to the last are deliverable.
 * Linked with cache.o and its friends, so that the file is as cbvd makes it.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "../cbvd.h"

struct options opt = { .positive = 366 * 86400, .size = 1LL << 40 };

int
main(int argc, char **argv)
{
	struct verdict v;
	char name[MAILBOX_MAX + 1], host[HOST_TEXT_MAX];
	long i, n;

	if (argc != 3)
		errx(64, "usage: fill PATH N");
	opt.cache = argv[1];
	n = atol(argv[2]);
	if (cache_begin(1) == -1)
		err(1, "%s", argv[1]);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "u%ld@d%ld.test", i, i % 1000);
		snprintf(host, sizeof(host), "mx.d%ld.test[192.0.2.1]",
		    i % 1000);
		verdict_set(&v, CAUSE_ACCEPTED, STAGE_RCPT, host,
		    "250 2.1.5 Recipient ok");
		if (cache_put(SCOPE_MAILBOX, name, &v) == -1)
			errx(1, "%s: record %ld was not stored", argv[1], i);
	}
	cache_end();
	cache_close();
	return (0);
}
