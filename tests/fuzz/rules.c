/* SPDX-License-Identifier: ISC */
/* Fuzz rules.c: the routes and the skip list, as a file of these octets. */
#include <sys/mman.h>
#include <fcntl.h>
#include <unistd.h>

static int	 fuzz_open(const char *, int);
#define open	fuzz_open
#include "../../rules.c"
#undef open
#include "fuzz.h"

static int	 kept = -1;	/* the file, written once for each input */

int
sandbox_port(in_port_t port)
{
	return (port == 4711 ? -1 : 0);
}

static int
fuzz_open(const char *path, int flags)
{
	int fd;

	(void)path, (void)flags;
	fd = dup(kept);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	return (fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const domains[] = { "example.org",
	    "a.b.example.org", "x" };
	static char seen[4097];
	char why[TEXT_MAX];
	struct route route;
	struct mailbox mb;
	const char *bad;
	size_t i;
	int found;

	if (kept == -1)
		kept = memfd_create("rules", 0);
	CHECK(ftruncate(kept, 0) == 0);
	CHECK(pwrite(kept, data, size, 0) == (ssize_t)size);
	opt.routes = opt.skip = "rules";
	for (i = 0; i < 3; i++) {
		found = rules_route(domains[i], &route, why);
		CHECK(found == 0 || found == -1);
		if (found == -1)
			CHECK(strncmp(why, "rules: line ", 12) == 0);
		else
			CHECK(strlen(route.host) <= DOMAIN_MAX &&
			    (!route.ours || route.host[0] != '\0'));
	}
	found = rules_ports(why);
	CHECK(found == 0 || found == -1);
	CHECK(mailbox_parse("user@example.org", 16, &mb, &bad));
	found = rules_skip(&mb, NULL, why);
	CHECK(found >= -1 && found <= 1);
	/* what is skipped stands there, at least its last label */
	if (found == 1)
		CHECK(strcasestr((const char *)memcpy(memset(seen, 0,
		    sizeof(seen)), data, size < sizeof(seen) ? size :
		    sizeof(seen) - 1), "org") != NULL);
	found = rules_skip(&mb, "mx.example.org", why);
	CHECK(found >= -1 && found <= 1);
	return (0);
}
