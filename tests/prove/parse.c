/* SPDX-License-Identifier: ISC */
/* mailbox.c: a mailbox, its parts by their contracts. */
#include "prove.h"
#include "mailbox.h"
#include PROVED

int
main(void)
{
	char key[MAILBOX_MAX + 1];
	struct mailbox mb;
	const char *why;
	size_t i, len;
	char *s;

	/*@ loop unroll 40; */
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		len = lengths[i];
		s = octets(len);
		if (mailbox_parse(s, len, &mb, &why)) {
			mailbox_key(&mb, key);
			mailbox_postmaster(&mb);
		}
	}
	return (0);
}
