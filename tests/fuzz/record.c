/* SPDX-License-Identifier: ISC */
/*
 * Fuzz cache.c: a record that an enemy wrote.  Where its sum is not right, it
 * is made so every other time, for the sum is not what the reader rests on.
 */
#include "../../cache.c"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[4 * TEXT_MAX];
	struct record record;
	struct verdict v;
	struct key key;
	int made;

	/* of a secret that stays, libFuzzer learns a sum from memcmp(3) */
	arc4random_buf(secret, sizeof(secret));
	memset(&record, 0, sizeof(record));
	memset(&key, 0, sizeof(key));
	made = size > 0 && (data[0] & 1);
	if (size > sizeof(record))
		size = sizeof(record);
	memcpy(&record, data, size);
	record_left(&record);
	if (made) {
		record.format = FORMAT;
		sum(&key, &record, record.sum);
	}
	if (record_read(&record, &key, &v) == -1)
		return (0);
	CHECK(made);
	CHECK(v.cause < CAUSES && v.stage < STAGES);
	CHECK(record.scope <= SCOPE_STANDING);
	CHECK(strlen(record.strings) < sizeof(record.strings));
	CHECK(strlen(v.host) < sizeof(v.host));
	CHECK(strlen(v.text) < sizeof(v.text));
	record_left(&record);
	v.cached = (int)(record.when & 1);
	verdict_text(&v, text, sizeof(text));
	CHECK(printable(text));
	verdict_standing(&v, text, sizeof(text));
	CHECK(printable(text));
	return (0);
}
