/* SPDX-License-Identifier: ISC */
/* Fuzz reply.c: what a reply means, its enhanced code, its time to wait. */
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reply reply;
	char dsn[DSN_MAX];
	enum cause cause;

	if (size < 3)
		return (0);
	memset(&reply, 0, sizeof(reply));
	if (size > REPLY_TEXT_MAX)
		size = REPLY_TEXT_MAX;
	memcpy(reply.text, data, size);
	reply.code = (2 + data[0] % 4) * 100 + data[1] % 6 * 10 + data[2] % 10;
	snprintf(dsn, sizeof(dsn), "%d", reply.code);
	memcpy(reply.text, dsn, 3);
	cause = reply_meaning(&reply);
	CHECK(cause < CAUSES);
	CHECK(verdict_code(cause) != 550 || reply.code / 100 == 5);
	CHECK((cause == CAUSE_LATER) == (reply.code / 100 == 4));
	CHECK((cause == CAUSE_ACCEPTED) == (reply.code / 100 == 2));
	if (reply_dsn(reply.text, dsn))
		CHECK(strlen(dsn) < sizeof(dsn) && dsn[0] == reply.text[0]);
	CHECK(reply_retry(reply.text) >= 0);
	return (0);
}
