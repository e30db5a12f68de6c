# where the values of a variable are to be told apart, and where no longer
/^static int	 match(/i #include "words.h"
/^	if (strncmp(run + len/i //@ split len;
/^	if (memchr(run, '@'/i //@ merge len;
/^	for (i = 0; i < len; i/i //@ dynamic_split i;
/^	while (\*word/i //@ loop unroll 12;
