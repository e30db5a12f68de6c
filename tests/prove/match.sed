# what is shown by itself is replaced where it is called;
# where the values of a variable are to be told apart
s/^fold(const/fold_body(const/
s/^match(const/match_body(const/
s/^next_word(const/next_word_body(const/
s/strcspn(items/exact_&/
s/strcspn(alts/exact_&/
/^static int	 match(/i #include "words.h"
/^	return (\*word == ' '/i //@ split word;
/^	for (;; alts/i //@ loop unroll 200;
