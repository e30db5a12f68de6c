/* SPDX-License-Identifier: ISC */
/* reply.c: the words of any reply. */
#include "prove.h"

/* the code has three digits: reply_line(), in callout.c, has read it */
static int
prove_code(char *s)
{
	s[0] = Frama_C_char_interval('0', '9');
	s[1] = Frama_C_char_interval('0', '9');
	s[2] = Frama_C_char_interval('0', '9');
	s[3] = ' ';
	s[4] = '\0';
	return (4);
}
#define snprintf(s, size, fmt, code)	prove_code(s)

/* any place at which there is room for what is sought */
static char *
prove_strstr(const char *s, const char *sought)
{
	size_t len;

	len = strlen(s);
	if (len < strlen(sought) || anything(0, 1))
		return (NULL);
	return ((char *)s + anything(0, len - strlen(sought)));
}
#define strstr(s, sought)	prove_strstr(s, sought)

#include PROVED

int
reply_dsn(const char *text, char *dsn)
{
	(void)text;
	string(dsn, DSN_MAX);
	return (anything(0, 1));
}

int
main(void)
{
	struct reply *reply;
	struct words w;

	/* and not one octet more */
	reply = (struct reply *)octets(offsetof(struct reply, text) +
	    REPLY_TEXT_MAX + 1);
	string(reply->text, REPLY_TEXT_MAX + 1);
	fold(reply, &w);
	return (0);
}
