/* SPDX-License-Identifier: ISC */
/* mailbox.h: the contracts of the parts of mailbox.c. */
/*@ requires len == 0 || \valid_read(s + (0 .. len - 1));
    assigns \result \from len, s[0 .. len - 1];
    ensures \result <= len && \result <= 4; */
static size_t	 utf8_char(const char *s, size_t len);
/*@ requires len == 0 || \valid_read(s + (0 .. len - 1));
    assigns \result \from len, s[0 .. len - 1];
    ensures \result <= len; */
static size_t	 dot_string(const char *s, size_t len);
/*@ requires len == 0 || \valid_read(s + (0 .. len - 1));
    assigns \result \from len, s[0 .. len - 1];
    ensures \result <= len; */
static size_t	 quoted_string(const char *s, size_t len);
/*@ requires len == 0 || \valid_read(s + (0 .. len - 1));
    assigns \result \from len, s[0 .. len - 1];
    ensures 0 <= \result <= 1; */
static int	 address_literal(const char *s, size_t len);
/*@ requires len == 0 || \valid_read(s + (0 .. len - 1));
    assigns \result \from len, s[0 .. len - 1], underscore;
    ensures 0 <= \result <= 1; */
int	 mailbox_hostname(const char *s, size_t len, int underscore);

/* the lengths for which the proof is made */
static const size_t lengths[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 66, 254, 255,
    509 };
