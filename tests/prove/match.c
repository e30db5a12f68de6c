/* SPDX-License-Identifier: ISC */
/*
 * reply.c: the table, from each of its items on, and any words.  What is left
 * of the items after the first, and of the words, is left to the contracts.
 */
#include "prove.h"

/* strcspn(3) of the table's own strings, exactly; set has one or two octets */
static size_t
exact_strcspn(const char *s, const char *set)
{
	size_t n;

	//@ loop unroll 1000;
	for (n = 0; s[n] != '\0' && s[n] != set[0] && s[n] != set[1]; n++)
		continue;
	return (n);
}

#include PROVED

static void
fold(const struct reply *reply, struct words *w)
{
	(void)reply;
	string(w->text, sizeof(w->text));
}

int
main(void)
{
	static struct reply reply;
	char words[WORDS_MAX];
	const char *items, *p;
	size_t i;

	reply.code = anything(200, 599);
	reply_meaning(&reply);

	string(words, sizeof(words));
	p = next_word_body(words);
	//@ assert 0 <= p - &words[0] < WORDS_MAX;
	//@ loop unroll 200;
	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		items = patterns[i].items;
		//@ loop unroll 20;
		while (*items != '\0') {
			match_body(items, words + anything(0, WORDS_MAX - 1));
			items += exact_strcspn(items, " ");
			items += *items == ' ';
		}
		match_body(items, words);
	}
	return (0);
}
