/* SPDX-License-Identifier: ISC */
/* Fuzz mailbox.c: what is a mailbox, with and without its quotes. */
#include "fuzz.h"

static void
parsed(const struct mailbox *mb, const char *s, size_t len)
{
	char key[MAILBOX_MAX + 1];
	struct mailbox again;
	const char *why;
	size_t i, at;

	CHECK(len <= MAILBOX_MAX);
	CHECK(strlen(mb->address) == len && memcmp(mb->address, s, len) == 0);
	at = strlen(mb->local_part);
	CHECK(at > 0 && at <= LOCAL_PART_MAX && mb->address[at] == '@');
	CHECK(memcmp(mb->address, mb->local_part, at) == 0);
	CHECK(strcasecmp(mb->address + at + 1, mb->domain) == 0);
	CHECK(mb->literal == (mb->domain[0] == '['));
	CHECK(mb->literal || mailbox_hostname(mb->domain, strlen(mb->domain),
	    0));
	for (i = 0; i < len; i++)
		CHECK((unsigned char)s[i] >= ' ' && s[i] != 127);
	if (mb->local_part[0] != '"')
		for (i = 0; i < at; i++)
			CHECK(strchr("<>()[]:;,@\\\" ", s[i]) == NULL);
	/* a key names one mailbox, and is one */
	mailbox_key(mb, key);
	CHECK(mailbox_parse(key, strlen(key), &again, &why));
	CHECK(strcmp(again.local_part, mb->local_part) == 0);
	CHECK(strcmp(again.domain, mb->domain) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mailbox mb;
	const char *why;
	char *s;

	s = malloc(size + 1);
	memcpy(s, data, size);
	if (mailbox_parse(s, size, &mb, &why))
		parsed(&mb, s, size);
	else
		CHECK(why != NULL && printable(why));
	if (mailbox_parse_unquoted(s, size, &mb, &why))
		parsed(&mb, mb.address, strlen(mb.address));
	mailbox_hostname(s, size, 1);
	free(s);
	return (0);
}
