/* SPDX-License-Identifier: ISC */
/* words.h: the contracts of the parts of reply.c that fold and match words. */
/*@ requires valid_read_string(run);
    requires w->len < WORDS_MAX;
    requires w->start < WORDS_MAX;
    assigns \result \from run[0 ..];
    assigns w->len, w->start, w->text[0 .. WORDS_MAX - 1] \from run[0 ..];
    ensures 0 <= \result <= strlen(run);
    ensures w->len < WORDS_MAX;
    ensures w->start < WORDS_MAX; */
static size_t	 fold_run(const char *run, struct words *w);

/*@ requires valid_read_string(items) && valid_read_string(word);
    assigns \result \from items[0 ..], word[0 ..];
    ensures 0 <= \result <= 1; */
static int	 match(const char *items, const char *word);

/*@ requires valid_read_string(word);
    assigns \result \from word, word[0 ..];
    ensures \subset(\result, word + (0 .. strlen(word)));
    ensures \valid_read(\result); */
static const char *next_word(const char *word);
