/* SPDX-License-Identifier: ISC */
/* mailbox.c: a mailbox without its quotes, what it calls by contract. */
#include "prove.h"
#include "mailbox.h"
#include "../../cbvd.h"

/*@ requires len == 0 || \valid_read(s + (0 .. len - 1));
    requires len == 0 || \initialized(s + (0 .. len - 1));
    assigns *mb, *why, \result \from s[0 .. len - 1]; */
int	 mailbox_parse(const char *s, size_t len, struct mailbox *mb,
	    const char **why);
#include PROVED

int
main(void)
{
	struct mailbox mb;
	const char *why;
	size_t i, len;
	char *s;

	/*@ loop unroll 40; */
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		len = lengths[i];
		s = octets(len);
		mailbox_parse_unquoted(s, len, &mb, &why);
	}
	return (0);
}
