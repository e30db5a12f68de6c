/* SPDX-License-Identifier: ISC */
/* reply.c: the unit of a time to wait. */
#include "prove.h"
#include PROVED

int
main(void)
{
	char text[32];
	long long s;

	s = unit_s(string(text, sizeof(text)));
	/*@ assert 0 <= s <= 3600; */
	return (0);
}
