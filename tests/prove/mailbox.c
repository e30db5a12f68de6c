/* SPDX-License-Identifier: ISC */
/* mailbox.c: the parts of a mailbox, each by itself; utf8_char() by its contract. */
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
		dot_string(s, len);
		quoted_string(s, len);
		mailbox_hostname(s, len, anything(0, 1));
	}
	return (0);
}
