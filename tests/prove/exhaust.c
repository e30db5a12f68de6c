/* SPDX-License-Identifier: ISC */
/*
 * exhaust.c: run what reads foreign octets over every short string of an
 * alphabet that has an octet of each kind the code tells apart, behind some
 * head.  Each string is in a buffer of just its size, so that
 * AddressSanitizer sees what is read behind it.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbvd.h"

static void	 exhaust(size_t row, size_t len);
static void	 mailbox(char *s, size_t len);
static void	 dsn(char *s, size_t len);
static void	 retry(char *s, size_t len);
static void	 meaning(char *s, size_t len);

static const struct row {
	const char	*name, *head;
	size_t		 max;		/* octets behind the head */
	const char	*octets;
	size_t		 before;	/* octets before the string */
	size_t		 nul;		/* behind it; without, NUL may be in it */
	void		(*run)(char *, size_t);
} rows[] = {
	{ "mailbox", "", 5, "a@.\"\\[]- \t\x7f\xc2\xe0\xed\xf0\xf4\x80\xa0",
	    0, 0, mailbox },
	{ "mailbox", "a@", 5, "aZ0x.-_[]:@\xc2\xa0", 0, 0, mailbox },
	{ "mailbox", "a@[IPv6:", 6, "1f:.]", 0, 0, mailbox },
	{ "dsn", "", 7, "250.- a\xff", 0, 1, dsn },
	{ "dsn", "550", 7, "50.- a\xff", 0, 1, dsn },
	{ "retry", "later", 6, "10 =-:sMINx", 0, 1, retry },
	{ "meaning", "550 ", 4, "aZst0.<>\"@:/; '#\t\xe2\x80\x99",
	    offsetof(struct reply, text), 1, meaning },
};

int
main(void)
{
	size_t i, len;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (len = 0; len <= rows[i].max; len++)
			exhaust(i, len);
	return (0);
}

/* every string of len octets behind the row's head */
static void
exhaust(size_t row, size_t len)
{
	const struct row *r;
	size_t at[8] = { 0 }, head, i, kinds, n;
	char *s;

	r = &rows[row];
	head = strlen(r->head);
	kinds = strlen(r->octets) + (r->nul == 0);
	s = calloc(1, r->before + head + len + r->nul);
	if (s == NULL)
		err(1, "calloc");
	s += r->before;
	memcpy(s, r->head, head);
	for (n = 0;; n++) {
		for (i = 0; i < len; i++)
			s[head + i] = r->octets[at[i]];
		r->run(s, head + len);
		for (i = 0; i < len && ++at[i] == kinds; i++)
			at[i] = 0;
		if (i == len)
			break;
	}
	free(s - r->before);
	if (len == r->max)
		printf("%s \"%s\": %zu strings of %zu octets, and all shorter\n",
		    r->name, r->head, n + 1, len);
}

static void
mailbox(char *s, size_t len)
{
	char key[MAILBOX_MAX + 1];
	struct mailbox mb;
	const char *why;

	if (mailbox_parse(s, len, &mb, &why))
		mailbox_key(&mb, key);
	mailbox_parse_unquoted(s, len, &mb, &why);
	mailbox_hostname(s, len, 1);
}

static void
dsn(char *s, size_t len)
{
	char out[DSN_MAX];

	(void)len;
	reply_dsn(s, out);
}

static void
retry(char *s, size_t len)
{
	(void)len;
	reply_retry(s);
}

static void
meaning(char *s, size_t len)
{
	struct reply *reply;

	(void)len;
	reply = (struct reply *)(void *)(s - offsetof(struct reply, text));
	reply->code = 550;
	reply_meaning(reply);
}
