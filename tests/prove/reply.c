/* SPDX-License-Identifier: ISC */
/* reply.c: the enhanced code and the time to wait of any reply. */
#include "prove.h"
/*@ requires valid_read_string(word);
    assigns \result \from word[0 ..];
    ensures 0 <= \result <= 3600; */
static long long unit_s(const char *word);
#include PROVED

int
main(void)
{
	char text[301], dsn[DSN_MAX];

	string(text, sizeof(text));
	/* else reply_dsn() reads no further */
	text[0] = Frama_C_char_interval('0', '9');
	if (anything(0, 1))
		reply_dsn(text, dsn);
	else
		reply_retry(string(text, sizeof(text)));
	return (0);
}
