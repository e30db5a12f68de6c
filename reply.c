/* SPDX-License-Identifier: ISC */
/*
 * reply.c: what a reply to RCPT means (RFC 5321, 4.2; RFC 3463).
 * Owns the table of words that tell a refused mailbox from a refused client.
 * Must never do I/O, allocate, or obey the locale: the same bytes mean the
 * same everywhere.
 *
 * A reply is folded to lower-case words parted by single spaces, and the
 * first pattern that fits decides.  What is about us comes before what is
 * about the mailbox: a refusal taken for one of the mailbox costs a letter,
 * a missed one only spam.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cbvd.h"

/* folding may make "x;" two words, "x . ": room for twice the text */
#define WORDS_MAX	(2 * REPLY_TEXT_MAX + 32)
#define GAP_MAX		8	/* words that a '*' passes over */

/* a run of octets is a link, an address, a host name or words */
#define RUN_END		" \t\r\n<>()[]{},:;!?\"|*\\"

/*
 * A pattern is a row of items parted by single spaces: alternatives parted by
 * '|', of which one that ends in '~' fits every word that begins so; '?' fits
 * any word or none, '*' up to GAP_MAX words.  Neither of the two passes over a
 * word of STOP: in "recipient rejected: domain unknown" it is the domain that
 * is unknown, for the fate is that of the nearest subject.
 *
 * A folded reply begins with its code and its enhanced status code.  All other
 * numbers below 1,000, links and host names are gone; an address has become
 * "@", an IP address "ip", the null reverse-path "<>", a sentence's end ".".
 */

/* subjects */
#define WHO	"@|user~|mailbox~|mbox|box|recipient~|rcpt|address~|adress~|" \
		"mailaddress|addressee|account~|alias~|inbox|maildrop|" \
		"utilisateur|compte|boite|benutzer~|empf~|konto|postfach|" \
		"utente|destin|destinat~|indirizzo|casella|caixa|usuari~|" \
		"usu\xc3\xa1rio|direccion|cuenta|buzon|conta|gebruiker"
#define MANY	"users|mailboxes|recipients|addresses"
#define DOMAIN	"domain~|domini~|host~|route~"
#define CLIENT	"ip|client~|mta|connection~"
#define SENDER	"sender~|originator|absender~|mittente|expediteur|remitente"
#define OURS	"from|return|reply|your|ihre|votre|reverse"
#define STOP	".|<>|by|from|your|" WHO "|" DOMAIN "|" CLIENT "|" SENDER "|" \
		"server~|mx|dns|ptr|helo|ehlo|message~|relay~|error~|" \
		"command~|record~|file|accept~"

/* fates */
#define NOT	"not|no|non|isnt|wasnt|doesnt|dosnt|dont|didnt|cannot|cant|" \
		"couldnt|never|arent|nicht"
#define FOUND	"exist~|found|known|recognized|recognised|registered|" \
		"active|valid|used|gefunden|bekannt|trovat~|encontrad~"
#define UNKNOWN	"unknown|unrecogni~|undefined|unregistered|nonexist~|" \
		"inexist~|unbekannt~|inconnu~|sconosciut~|inesistente|" \
		"desconocid~|desconhecid~|onbekend~|introuvable"
#define BAD	"invalid|bad|unroutable|unrouteable"
#define DISUSED	"disabled|inactiv~|deactivat~|suspended|abandoned|expired|" \
		"deaktiv~|desactiv~"
#define ENDED	"closed|deleted|terminated|locked|removed|discontinued|" \
		"cancelled"
#define REGISTER "list|directory|table|database|recipient|name"
#define EXISTS	"existe|esiste|exista|existiert"
#define REFUSED	"denied|refused|rejected|prohibited|forbidden|disallowed|" \
		"blocked|allowed|permitted|accepted|accept"

/* what else a reply may speak of */
#define SIZE	"full|lleno|voll|pieno|plein~|quota|overquota|space|storage|" \
		"size|large|exceed~|limit~|maximum|max|excessive"
#define LATER	"temporar~|later|retry|greylist~|graylist~|throttl~|rate|" \
		"frequen~"
#define FAULTY	"internal|database|ldap|directory|lookup|system|configuration|" \
		"local|unknown"
#define LISTS	"blacklist~|blocklist~|dnsbl~|rbl~|spamhaus~|spamcop|sorbs|" \
		"barracuda|xbl|sbl|pbl"
#define AUTH	"authenticat~|unauthenticated|auth|tls|starttls|encrypt~|" \
		"password|credential~"
#define CONTENT	"spam~|virus|content|policy|policies|header~|attachment~|" \
		"attack|harvest~"
#define BARRED	"access|block~|banned|denied|prohibit~|permi~|allowed|" \
		"accept~|authori~|unauthori~|restrict~|unsolicited|junk|bulk"
#define OTHER	"service|server~|message~|protocol|security|error~|" \
		"command~|your|from"

/* The first that fits decides. */
static const struct pattern {
	enum cause	 cause;
	const char	*items;
} patterns[] = {
	/* codes that are never about a mailbox (RFC 5321, 4.2.3; RFC 3463, 3) */
	{ CAUSE_POLICY, "501|502|503|555|552" }, /* syntax, order; quota */
	{ CAUSE_BLOCKED, "521|530|534|535|538" }, /* RFC 7504; RFC 4954, 6 */
	{ CAUSE_RELAY, "556" }, /* the domain takes no mail (RFC 7504) */
	{ CAUSE_BLOCKED, "5.7.25" }, /* no reverse DNS (RFC 7372, 3.3) */
	{ CAUSE_POLICY, "5.7.2~" }, /* SPF, DMARC, rate (RFC 7372, 3) */
	{ CAUSE_POLICY, "5.1.7|5.1.8|5.2.2|5.2.3|5.3.4" }, /* sender, size */
	{ CAUSE_POLICY, "5.1.3" }, /* syntax, of whichever address */

	/* systems that say "no such user" in words that mean another thing */
	{ CAUSE_NO_MAILBOX, "5.4.1 recipient address rejected access denied" }, /* Exchange Online */
	{ CAUSE_NO_MAILBOX, "5.4.1 @|all recipient address~ rejected access denied" }, /* too */
	{ CAUSE_NO_MAILBOX, "5.5.0 requested action not taken mailbox unavailable" }, /* Outlook */
	{ CAUSE_NO_MAILBOX, "#5.1.0 address rejected" }, /* Cisco ESA */

	/* the null reverse-path */
	{ CAUSE_NULL_PATH, "null|empty|blank ? sender|from|reverse|return|envelope" }, /* refused by name */
	{ CAUSE_NULL_PATH, "<> * " SENDER "|" REFUSED }, /* refused as it is written */
	{ CAUSE_NULL_PATH, "bounce|bounces|batv|backscatter" }, /* or signed ones only */

	/* relaying: before authentication, which would allow it */
	{ CAUSE_RELAY, "relaying|relays|gateway~|rcpthosts" }, /* none of its domains */
	{ CAUSE_RELAY, "relay * " NOT "|" REFUSED }, /* "relay access denied" */
	{ CAUSE_RELAY, NOT "|unable|" REFUSED " * relay" }, /* "unable to relay" */

	/* this client: before the sender, whom names of lists contain */
	{ CAUSE_BLOCKED, CLIENT " * listed|" REFUSED }, /* "client host rejected" */

	/* the sender, his mail: another client would fare no better */
	{ CAUSE_POLICY, SENDER "|spoof~|forge~|spf|dkim|dmarc|dbl|uribl|surbl" }, /* who wrote */
	{ CAUSE_POLICY, OURS " address~|adresse|mail|path|account|email|mailbox" }, /* our address */
	{ CAUSE_POLICY, "mail|email|to from|send" }, /* "you may not send to" */
	{ CAUSE_POLICY, "from ? ? " UNKNOWN "|invalid" }, /* "mail from unknown users" */
	{ CAUSE_POLICY, UNKNOWN "|" BAD "|" FOUND " ? ? " MANY }, /* we ask for too many */
	{ CAUSE_POLICY, SIZE "|" LATER }, /* quota, rate: will pass */
	{ CAUSE_POLICY, "too many|much|fast|often|quickly|big" }, /* connections, recipients */
	{ CAUSE_POLICY, "syntax|malformed|format|qualified|character~" }, /* syntax */
	{ CAUSE_POLICY, "callout|callback|verif~ ? fail~" }, /* of the sender, often */
	{ CAUSE_POLICY, FAULTY " ? ? error~|failure|failed|problem|reason|unavailable" }, /* his own trouble */
	{ CAUSE_POLICY, "whitelist~|white|bypass" }, /* who may write */

	/* this client, its network, its name */
	{ CAUSE_BLOCKED, LISTS }, /* their names */
	{ CAUSE_BLOCKED, "black|block|deny|is|are|was|been|found|currently list|listed|listing" }, /* or none */
	{ CAUSE_BLOCKED, "you|server|host are|is|has|have|was|were ? ? blocked|banned|denied" }, /* "you are blocked" */
	{ CAUSE_BLOCKED, "blocked|banned|denied|refused * ip|client|host|server|mta" }, /* turned round */
	{ CAUSE_BLOCKED, "client host" }, /* "unverified client host" */
	{ CAUSE_BLOCKED, "you are not" }, /* "allowed to connect" */
	{ CAUSE_BLOCKED, "ip|client|host|network|server address~" }, /* not a mailbox's address */
	{ CAUSE_BLOCKED, "reputation|ptr|rdns|dns|helo|ehlo|hostname" }, /* its name */
	{ CAUSE_BLOCKED, AUTH }, /* it must authenticate, or use TLS */

	/* the domain: not served here, or misspelt */
	{ CAUSE_RELAY, DOMAIN " * " NOT " ? ? local|hosted|here|" FOUND }, /* "domain not found" */
	{ CAUSE_RELAY, DOMAIN " * invalid|" UNKNOWN }, /* "host unknown" */
	{ CAUSE_RELAY, "such|invalid|" UNKNOWN " ? " DOMAIN }, /* "no such domain" */
	{ CAUSE_RELAY, NOT " ? handle|serve|host|accept|process * " DOMAIN }, /* "we do not host it" */
	{ CAUSE_RELAY, WHO " domain" }, /* "invalid recipient domain" */

	/* the content, which nobody has seen yet */
	{ CAUSE_POLICY, CONTENT }, /* spam before the mailbox is named */

	/* the mailbox: a subject and its fate, in either order */
	{ CAUSE_NO_MAILBOX, WHO " * " UNKNOWN "|" DISUSED "|" ENDED }, /* "user unknown" */
	{ CAUSE_NO_MAILBOX, UNKNOWN "|" DISUSED "|" BAD " ? ? " WHO }, /* "unknown local user" */
	{ CAUSE_NO_MAILBOX, WHO " ? ? ? invalid ." }, /* not "invalid data" */
	{ CAUSE_NO_MAILBOX, WHO " * " NOT " ? ? " FOUND }, /* "does not exist" */
	{ CAUSE_NO_MAILBOX, "not|isnt|non ? ? " FOUND " ? " WHO }, /* "not a valid user" */
	{ CAUSE_NO_MAILBOX, NOT " find|locate ? ? user|mailbox|recipient" }, /* "cannot find user" */
	{ CAUSE_NO_MAILBOX, WHO " * " NOT " ? in|on ? ? " REGISTER }, /* Domino */
	{ CAUSE_NO_MAILBOX, WHO " * " NOT "|has|have ? have|a|no account|mailbox" }, /* Yahoo */
	{ CAUSE_NO_MAILBOX, "no such ? ? person|" WHO }, /* the plainest */
	{ CAUSE_NO_MAILBOX, "no ? person|" WHO " ? here|by|named|with|exists" }, /* qmail */
	{ CAUSE_NO_MAILBOX, WHO "|employee|person * no longer" }, /* "works here" */
	{ CAUSE_NO_MAILBOX, "unknown local part" }, /* Exim */
	{ CAUSE_NO_MAILBOX, WHO " * " EXISTS }, /* these languages add "not" */
	{ CAUSE_NO_MAILBOX, EXISTS " ? ? " WHO }, /* turned round */

	/* the code alone says least, and is often wrong (RFC 3463, 3.2) */
	{ CAUSE_POLICY, BARRED "|" OTHER }, /* it says another thing */
	{ CAUSE_NO_MAILBOX, "550|551|553|554 5.1.1|5.1.6" }, /* nothing against it */
};

/* A reply's text as lower-case words, each followed by one space. */
struct words {
	size_t	 len, start;	/* start: of the word that is being put */
	char	 text[WORDS_MAX];
};

static int	 match(const char *items, const char *word);
static int	 word_in(const char *word, const char *alts);
static const char *next_word(const char *word);
static void	 fold(const struct reply *reply, struct words *w);
static size_t	 fold_run(const char *run, struct words *w);
static void	 fold_words(const char *run, size_t len, struct words *w);
static int	 is_host_name(const char *run, size_t len);
static void	 put(struct words *w, int c);
static void	 end_word(struct words *w);
static void	 put_word(struct words *w, const char *word);
static int	 is_letter(int c);
static long long unit_s(const char *word);

/* The table: see the contract in cbvd.h. */
enum cause
reply_meaning(const struct reply *reply)
{
	struct words w;
	const char *word;
	size_t i;

	if (reply->code / 100 == 2)
		return (CAUSE_ACCEPTED);
	if (reply->code / 100 == 4)
		return (CAUSE_LATER);	/* never a refusal (RFC 5321, 4.2.1) */
	if (reply->code / 100 != 5)
		return (CAUSE_UNCLEAR);

	fold(reply, &w);
	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		for (word = w.text; *word != '\0'; word = next_word(word))
			if (match(patterns[i].items, word))
				return (patterns[i].cause);
	return (CAUSE_UNCLEAR);
}

/* See the contract in cbvd.h. */
long long
reply_retry(const char *text)
{
	static const char *const later[] = { "again", "later", "retry", "back",
	    "wait", "grey", "gray", "defer", "delay", "tempor" };
	unsigned int h, m, s;
	long long unit;
	const char *p;
	size_t i, len;

	for (i = 0; strcasestr(text, later[i]) == NULL;)
		if (++i == sizeof(later) / sizeof(later[0]))
			return (0);
	for (p = text; *p != '\0'; p += len) {
		len = strspn(p, "0123456789");
		if (len == 0 || len > 6 || (p > text &&
		    strchr(" =(", p[-1]) == NULL)) {
			len += len == 0;
			continue;
		}
		if (sscanf(p, "%2u:%2u:%2u", &h, &m, &s) == 3)
			return (h * 3600LL + m * 60LL + s);
		unit = unit_s(p + len + (p[len] == ' ' || p[len] == '-'));
		if (unit > 0)
			return (strtol(p, NULL, 10) * unit);
	}
	return (0);
}

int
reply_dsn(const char *text, char *dsn)
{
	const char *p;
	size_t len, subject, detail;

	dsn[0] = '\0';
	if (!is_digit(text[0]) || !is_digit(text[1]) || !is_digit(text[2]))
		return (0);
	p = text[3] == '-' ? text + 4 : text + 3;	/* more lines follow */
	p += strspn(p, " ");

	/* class "." subject "." detail, of the code's class (RFC 2034, 4) */
	if (p[0] != text[0] || p[1] != '.')
		return (0);
	subject = strspn(p + 2, "0123456789");
	if (subject < 1 || subject > 3 || p[2 + subject] != '.')
		return (0);
	detail = strspn(p + 3 + subject, "0123456789");
	len = 3 + subject + detail;
	if (detail < 1 || detail > 3 || is_letter(p[len]) ||
	    (p[len] == '.' && is_digit(p[len + 1])))
		return (0);	/* "5.1.1.2" is an IP address */

	memcpy(dsn, p, len);
	dsn[len] = '\0';
	return (1);
}

/* Do the items, all of them, fit the words from here on? */
static int
match(const char *items, const char *word)
{
	const char *rest;
	int gap, max;

	if (*items == '\0')
		return (1);
	rest = items + strcspn(items, " ");
	if (*rest == ' ')
		rest++;

	if (*items != '*' && *items != '?')
		return (word_in(word, items) && match(rest, next_word(word)));

	max = *items == '*' ? GAP_MAX : 1;
	for (gap = 0; !match(rest, word); gap++) {
		if (gap == max || word_in(word, STOP))
			return (0);
		word = next_word(word);
	}
	return (1);
}

/* Is the word one of the alternatives?  The end of the text is none. */
static int
word_in(const char *word, const char *alts)
{
	size_t alt_len, len, n;

	len = strcspn(word, " ");
	for (;; alts += alt_len + 1) {
		alt_len = strcspn(alts, "| ");
		n = alts[alt_len - 1] == '~' ? alt_len - 1 : alt_len;
		if ((len == n || (len > n && alts[n] == '~')) &&
		    strncmp(word, alts, n) == 0)
			return (1);
		if (alts[alt_len] != '|')
			return (0);
	}
}

static const char *
next_word(const char *word)
{
	word += strcspn(word, " ");
	return (*word == ' ' ? word + 1 : word);
}

/* Fold a reply as the comment above the table tells. */
static void
fold(const struct reply *reply, struct words *w)
{
	char dsn[DSN_MAX];
	const char *p, *q;

	w->len = snprintf(w->text, sizeof(w->text), "%d ", reply->code);
	w->start = w->len;
	if (reply_dsn(reply->text, dsn))
		put_word(w, dsn);

	for (p = reply->text; *p != '\0';) {
		if (p[0] == '<' && p[1] == '>') {
			put_word(w, "<>");
			p += 2;
		} else if (*p == '"' && (q = strstr(p, "\"@")) != NULL) {
			p = q + 1;	/* a quoted local-part may say anything */
		} else if (*p == ';' || *p == '!' || *p == '?') {
			put_word(w, ".");
			p++;
		} else if (strchr(RUN_END, *p) != NULL) {
			end_word(w);
			p++;
		} else {
			p += fold_run(p, w);
		}
	}
	put_word(w, ".");
	w->text[w->len] = '\0';
}

/*
 * Fold the octets up to the next that ends a run: a link, an address, a host
 * name or words.  Returns how many they are.
 */
static size_t
fold_run(const char *run, struct words *w)
{
	size_t len;

	len = strcspn(run, RUN_END);
	if (strncmp(run + len, "://", 3) == 0)
		return (len + strcspn(run + len, " \t<>\""));

	end_word(w);
	if (memchr(run, '@', len) != NULL)
		put_word(w, "@");
	else if (!is_host_name(run, len))
		fold_words(run, len, w);
	else if (strncmp(run, "#5.1.0", len) == 0)
		put_word(w, "#5.1.0");	/* as Cisco's Email Security Appliance */
	else if (strspn(run, "0123456789.") == len && len > 6)
		put_word(w, "ip");
	return (len);
}

/* Letters, digits and octets over 127 make words, all else parts them. */
static void
fold_words(const char *run, size_t len, struct words *w)
{
	size_t i;
	int curly;

	for (i = 0; i < len; i++) {
		/* U+2019 is the apostrophe that typesetters like */
		curly = len - i >= 3 &&
		    memcmp(run + i, "\xe2\x80\x99", 3) == 0;
		if (curly || run[i] == '\'') {
			i += curly ? 2 : 0;
			/* "doesn't" is one word, "l'adresse" is two */
			if (i + 1 < len && run[i + 1] != 't' &&
			    run[i + 1] != 's')
				end_word(w);
		} else if (is_upper(run[i])) {
			put(w, run[i] - 'A' + 'a');
		} else if (is_letter(run[i]) || is_digit(run[i])) {
			put(w, run[i]);
		} else {
			end_word(w);
			if (run[i] == '.' && (i == 0 || run[i - 1] != '.') &&
			    (i + 1 == len || run[i + 1] != '.'))
				put_word(w, ".");	/* but not "..." */
		}
	}
}

/*
 * A host name, an IP address, an enhanced status code: dots within.  But
 * "unknown.Please" lacks only the space of its sentence's end.
 */
static int
is_host_name(const char *run, size_t len)
{
	size_t i;

	for (i = 1; i + 1 < len; i++) {
		if (run[i] != '.' || run[i - 1] == '.' || run[i + 1] == '.')
			continue;
		if (!(is_lower(run[i - 1]) && is_upper(run[i + 1]) &&
		    i + 2 < len && is_lower(run[i + 2])))
			return (1);
	}
	return (0);
}

static void
put(struct words *w, int c)
{
	if (w->len < sizeof(w->text) - 1)
		w->text[w->len++] = (char)c;
}

/* End a word, and forget it if it is a number like those in "550-5.1.1". */
static void
end_word(struct words *w)
{
	size_t len;

	w->text[w->len] = '\0';
	len = w->len - w->start;
	if (len <= 3 && strspn(w->text + w->start, "0123456789") == len)
		w->len = w->start;
	else
		put(w, ' ');
	w->start = w->len;
}

static void
put_word(struct words *w, const char *word)
{
	end_word(w);
	while (*word != '\0')
		put(w, *word++);
	end_word(w);
}

/* All octets over 127 are taken for letters. */
static int
is_letter(int c)
{
	return (is_lower(c) || is_upper(c) || c < 0 || c > 127);
}

/* The seconds of the unit that is the first word, or 0. */
static long long
unit_s(const char *word)
{
	static const struct {
		const char	*name;
		long long	 s;
	} units[] = { { "s", 1 }, { "sec", 1 }, { "secs", 1 }, { "second", 1 },
	    { "seconds", 1 }, { "min", 60 }, { "mins", 60 }, { "minute", 60 },
	    { "minutes", 60 }, { "hour", 3600 }, { "hours", 3600 } };
	size_t i, len;

	for (len = 0; is_lower(word[len] | 0x20); len++)
		continue;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i].name) == len &&
		    strncasecmp(word, units[i].name, len) == 0)
			return (units[i].s);
	return (0);
}
