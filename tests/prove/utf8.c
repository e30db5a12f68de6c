/* SPDX-License-Identifier: ISC */
/* mailbox.c: characters of UTF-8, address literals. */
#include "prove.h"
#include "mailbox.h"
#include PROVED

int
main(void)
{
	size_t i, len;
	char *s;

	/*@ loop unroll 40; */
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		len = lengths[i];
		s = octets(len);
		utf8_char(s, len);
		address_literal(s, len);
	}
	return (0);
}
