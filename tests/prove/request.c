/* SPDX-License-Identifier: ISC */
/* request.c: any octets, of which any number has come, as each form. */
#include "prove.h"
#include "../../cbvd.h"

static char	 in[POLICY_MAX];

static void *
memmem(const void *s, size_t len, const void *wanted, size_t n)
{
	if (len < n || anything(0, 1))
		return (NULL);
	return ((char *)s + len - n);
}

/* any part of the string is a line of it */
char *
strsep(char **sp, const char *ends)
{
	if (*sp == NULL)
		return (NULL);
	*sp = NULL;
	if (anything(0, 1)) {
		in[anything(0, POLICY_MAX - 3)] = '\0';
		*sp = in + anything(0, POLICY_MAX - 2);
	}
	return (in + anything(0, POLICY_MAX - 2));
}

#include PROVED

struct options opt;
int null_fd;

int
main(void)
{
	static struct request rq;

	Frama_C_make_unknown(in, sizeof(in));
	have = Frama_C_unsigned_long_interval(1, sizeof(in));
	opt.recipients = anything(0, 1);
	switch (anything(0, 3)) {
	case 0:
		form_of();
		break;
	case 1:
		parse_line(&rq);
		break;
	case 2:
		have = sizeof(in);
		parse_policy(&rq);
		break;
	default:
		/* form_of() has seen it; README.md tells of more digits */
		in[Frama_C_interval_split(1, 5)] = ':';
		parse_socketmap(&rq);
		break;
	}
	return (0);
}
