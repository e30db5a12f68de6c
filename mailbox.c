/* SPDX-License-Identifier: ISC */
/*
 * mailbox.c: the syntax of a mailbox (RFC 5321, 4.1.2; RFC 6531, 3.3).
 * Owns what is a local-part, a domain, a host name, and the name under which
 * a mailbox is remembered.  Nothing is repaired: what is asked is what came.
 * Must never do I/O.
 */
#include <sys/types.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <string.h>
#include <strings.h>

#include "cbvd.h"

/* what atext has beside letters and digits (RFC 5322, 3.2.3) */
#define ATEXT	"!#$%&'*+-/=?^_`{|}~"

static const char *parse(const char *s, size_t len, struct mailbox *mb);
static size_t	 dot_string(const char *s, size_t len);
static size_t	 quoted_string(const char *s, size_t len);
static size_t	 utf8_char(const char *s, size_t len);
static int	 address_literal(const char *s, size_t len);

int
mailbox_parse(const char *s, size_t len, struct mailbox *mb, const char **why)
{
	*why = parse(s, len, mb);
	return (*why == NULL);
}

int
mailbox_parse_unquoted(const char *s, size_t len, struct mailbox *mb,
    const char **why)
{
	char quoted[2 * MAILBOX_MAX + 4];
	size_t i, n, at;

	for (at = len; at > 0 && s[at - 1] != '@'; at--)
		continue;
	if (len > MAILBOX_MAX || at < 2 || dot_string(s, at - 1) == at - 1)
		return (mailbox_parse(s, len, mb, why));
	n = 0;
	quoted[n++] = '"';
	for (i = 0; i < at - 1; i++) {
		if (s[i] == '"' || s[i] == '\\')
			quoted[n++] = '\\';
		quoted[n++] = s[i];
	}
	quoted[n++] = '"';
	memcpy(quoted + n, s + at - 1, len - at + 1);
	return (mailbox_parse(quoted, n + len - at + 1, mb, why));
}

int
mailbox_postmaster(const struct mailbox *mb)
{
	return (strcasecmp(mb->local_part, "postmaster") == 0);
}

void
mailbox_key(const struct mailbox *mb, char *key)
{
	strlcpy(key, mb->local_part, MAILBOX_MAX + 1);
	strlcat(key, "@", MAILBOX_MAX + 1);
	strlcat(key, mb->domain, MAILBOX_MAX + 1);
}

int
mailbox_hostname(const char *s, size_t len, int underscore)
{
	size_t i, label;
	int alpha;

	if (len == 0 || len > DOMAIN_MAX)
		return (0);
	for (i = label = 0, alpha = 0; i < len; i++) {
		if (s[i] == '.') {
			if (i == label || s[i - 1] == '-')
				return (0);
			label = i + 1;
			alpha = 0;
			continue;
		}
		if (!is_digit(s[i]))
			alpha = 1;
		if (!is_lower(s[i]) && !is_upper(s[i]) && !is_digit(s[i]) &&
		    (s[i] != '-' || i == label) && (s[i] != '_' || !underscore))
			return (0);
		if (i - label >= LABEL_MAX)
			return (0);
	}
	if (label == len || s[len - 1] == '-' || !alpha)
		return (0);
	/* inet_aton(3) reads 0x7f000001 as an IP address */
	return (len - label < 2 || strncasecmp(s + label, "0x", 2) != 0);
}

/* Returns NULL, or what is wrong. */
static const char *
parse(const char *s, size_t len, struct mailbox *mb)
{
	static const char wanted[] =
	    "no mailbox: local-part@domain is wanted (RFC 5321, 4.1.2)";
	const char *domain;
	size_t i, local_len, domain_len;

	memset(mb, 0, sizeof(*mb));
	if (len == 0)
		return (wanted);
	local_len = s[0] == '"' ? quoted_string(s, len) : dot_string(s, len);
	if (local_len == 0)
		return ("bad local-part (RFC 5321, 4.1.2)");
	if (local_len == len)
		return (wanted);
	if (s[local_len] != '@')
		return ("a character that no local-part has (RFC 5321, 4.1.2)");
	if (local_len > LOCAL_PART_MAX)
		return ("local-part over 64 octets (RFC 5321, 4.5.3.1.1)");
	if (len > MAILBOX_MAX)
		return ("mailbox over 254 octets (RFC 5321, 4.5.3.1.3)");
	domain = s + local_len + 1;
	domain_len = len - local_len - 1;
	mb->literal = address_literal(domain, domain_len);
	if (!mb->literal && !mailbox_hostname(domain, domain_len, 0))
		return ("bad domain (RFC 5321, 4.1.2)");

	memcpy(mb->address, s, len);
	memcpy(mb->local_part, s, local_len);
	for (i = 0; i < local_len; i++)
		if ((unsigned char)s[i] >= 0x80)
			mb->utf8 = 1;
	/* names are compared as ASCII, whatever the locale (RFC 4343) */
	for (i = 0; i < domain_len; i++)
		mb->domain[i] = is_upper(domain[i]) ?
		    (char)(domain[i] - 'A' + 'a') : domain[i];
	/* names that no name server may be asked for (RFC 6761, 6.3) */
	if (strcmp(mb->domain, "localhost") == 0 || (domain_len > 10 &&
	    strcmp(mb->domain + domain_len - 10, ".localhost") == 0))
		return ("localhost is no domain of a mailbox (RFC 6761, 6.3)");
	return (NULL);
}

/* The length of the dot-string at the beginning of s, or 0 if there is none. */
static size_t
dot_string(const char *s, size_t len)
{
	size_t i, n;

	for (i = 0; i < len; i += n) {
		n = utf8_char(s + i, len - i);
		if (n > 0)
			continue;
		n = 1;
		if (s[i] == '.') {
			if (i == 0 || s[i - 1] == '.')
				return (0);
			continue;
		}
		if (!is_lower(s[i]) && !is_upper(s[i]) && !is_digit(s[i]) &&
		    (s[i] == '\0' || strchr(ATEXT, s[i]) == NULL))
			break;
	}
	return (i > 0 && s[i - 1] == '.' ? 0 : i);
}

/* The same for a quoted-string, its quotes included. */
static size_t
quoted_string(const char *s, size_t len)
{
	size_t i, n;

	for (i = 1; i < len; i += n) {
		n = utf8_char(s + i, len - i);
		if (n > 0)
			continue;
		n = 1;
		if (s[i] == '"')
			return (i + 1);
		/* a backslash needs a printable character behind it */
		if (s[i] == '\\' && ++i == len)
			return (0);
		if (s[i] < ' ' || s[i] > '~')
			return (0);
	}
	return (0);
}

/*
 * The length of the well-formed UTF-8 character outside ASCII at s, or 0
 * (RFC 3629, 4).  U+0080 to U+009F are controls and are none.
 */
static size_t
utf8_char(const char *s, size_t len)
{
	const unsigned char *u;
	size_t i, n;
	uint32_t c;

	u = (const unsigned char *)s;
	if (len == 0 || u[0] < 0xc2 || u[0] > 0xf4)
		return (0);
	n = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	if (n > len)
		return (0);
	c = u[0] & (0xffU >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return (0);
		c = c << 6 | (u[i] & 0x3fU);
	}
	/* too long a form, controls, surrogates, beyond Unicode */
	if ((n == 2 && c < 0xa0) || (n == 3 && c < 0x800) ||
	    (n == 4 && (c < 0x10000 || c > 0x10ffff)) ||
	    (c >= 0xd800 && c <= 0xdfff))
		return (0);
	return (n);
}

/*
 * 1 if s is an address literal (RFC 5321, 4.1.3).  IPv6 is the only tag that
 * IANA has ever registered.
 */
static int
address_literal(const char *s, size_t len)
{
	char ip[INET6_ADDRSTRLEN];
	struct in6_addr in6;
	int family;

	if (len < 2 || s[0] != '[' || s[len - 1] != ']')
		return (0);
	s++;
	len -= 2;
	family = AF_INET;
	if (len > 5 && strncasecmp(s, "IPv6:", 5) == 0) {
		s += 5;
		len -= 5;
		family = AF_INET6;
	}
	if (len >= sizeof(ip) || memchr(s, '\0', len) != NULL)
		return (0);
	memcpy(ip, s, len);
	ip[len] = '\0';
	return (inet_pton(family, ip, &in6) == 1);
}
