/* SPDX-License-Identifier: ISC */
/* cache.c: any record, its sum being right; and how long it may be served. */
#include "prove.h"
#include PROVED

struct options opt = { .positive = 604800, .negative = 7200 };

/*@ assigns out[0 .. 15] \from ((char *)b)[0 .. b_len - 1];
    ensures \initialized(out + (0 .. 15)); */
static void	 keyed_hash(const void *a, size_t a_len, const void *b,
		    size_t b_len, uint8_t *out);

int
verdict_code(enum cause cause)
{
	/*@ assert cause < CAUSES; */
	return (anything(0, 559));
}

time_t
verdict_age(enum scope scope, enum cause cause)
{
	(void)scope;
	/*@ assert cause < CAUSES; */
	return (anything(0, 1000000000));
}

int
main(void)
{
	char name[MAILBOX_MAX + 1];
	struct record record;
	struct verdict v;
	struct key key;

	Frama_C_make_unknown((char *)&record, sizeof(record));
	Frama_C_make_unknown((char *)&key, sizeof(key));
	record_left(&record);
	if (record_read(&record, &key, &v) == 0)
		record_left(&record);
	/* and one that is made of any verdict */
	v.cause = anything(0, CAUSES - 1);
	v.stage = anything(0, STAGES - 1);
	v.when = prove_time();
	string(v.host, sizeof(v.host));
	string(v.text, sizeof(v.text));
	record_make(SCOPE_MAILBOX, string(name, sizeof(name)), &v, &key,
	    &record);
	return (0);
}
