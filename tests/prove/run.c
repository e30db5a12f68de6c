/* SPDX-License-Identifier: ISC */
/* reply.c: the words of a run of octets, whatever has been put before. */
#include "prove.h"
#include PROVED

int
main(void)
{
	static struct words w;
	char text[1001];

	w.len = Frama_C_unsigned_long_interval(0, sizeof(w.text) - 1);
	w.start = Frama_C_unsigned_long_interval(0, sizeof(w.text) - 1);
	Frama_C_make_unknown(w.text, sizeof(w.text));
	fold_run(string(text, sizeof(text)), &w);
	return (0);
}
