/* SPDX-License-Identifier: ISC */
/*
 * Fuzz mx.c: a whole look-up whose name server says what the input has: for
 * each question an octet how, two octets length, and a message.
 */
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/nameser.h>
#include <resolv.h>

static int	 fuzz_send(const unsigned char *, int, unsigned char *, int);
#undef res_send
#define res_send	fuzz_send
#include "../../mx.c"
#include "fuzz.h"

static int
fuzz_send(const unsigned char *query, int qlen, unsigned char *buf, int size)
{
	size_t how, len, n;

	if (left < 3)
		return (-1);
	how = pick(256);
	len = pick(256) << 8;
	len |= pick(256);
	n = len < left ? len : left;
	if (n > (size_t)size)
		n = (size_t)size;
	memcpy(buf, input, n);
	input += n;
	left -= n;
	/* most answers are to the question, and claim no more than they have */
	if ((how & 1) == 0 && n >= 12) {
		memcpy(buf, query, 2);
		buf[2] |= 0x80;
		buf[2] &= 0x85;
		if ((how & 2) == 0) {
			if (n < (size_t)qlen)
				n = (size_t)qlen;
			memcpy(buf + 4, query + 4, 2);
			memcpy(buf + 12, query + 12, (size_t)qlen - 12);
		}
	}
	return ((how & 4) == 0 ? (int)n : (int)len + 65000);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mx mx;
	struct mx_addr addr;
	struct route route;
	struct verdict v;
	size_t how, n;

	input = data;
	left = size;
	how = pick(256);
	opt.nonglobal = how & 1;
	opt.v4 = (how & 6) != 2;
	opt.v6 = (how & 6) != 4;
	memset(&route, 0, sizeof(route));
	if (how & 8)
		strlcpy(route.host, how & 16 ? "mx.test" : "::1",
		    sizeof(route.host));
	if (!mx_lookup("good.test", &route, mono_ms() + 60000, &mx, &v)) {
		CHECK(v.cause == CAUSE_DNS || v.cause == CAUSE_NO_DOMAIN ||
		    v.cause == CAUSE_NULL_MX);
		return (0);
	}
	CHECK(mx.nhosts > 0 && mx.nhosts <= MX_HOSTS_MAX);
	for (n = 0; mx_next(&mx, &addr); n++) {
		CHECK(strlen(addr.ip) < sizeof(addr.ip) && addr.ip[0] != '\0');
		CHECK(route.host[0] != '\0' || mailbox_hostname(addr.host,
		    strlen(addr.host), 1));
		CHECK(addr.ss.ss_family == AF_INET ? opt.v4 : opt.v6);
		CHECK(opt.nonglobal || route.host[0] != '\0' ||
		    (strncmp(addr.ip, "127.", 4) != 0 &&
		    strncmp(addr.ip, "10.", 3) != 0 &&
		    strcmp(addr.ip, "::1") != 0 && addr.ip[0] != 'f'));
	}
	CHECK(n <= MX_ADDRS_MAX);
	mx_none(&mx, &v);
	CHECK(route.host[0] == '\0' || verdict_code(v.cause) != 550);
	return (0);
}
