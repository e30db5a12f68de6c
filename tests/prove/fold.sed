# reply_dsn() is shown by the driver `reply', and replaced where it is called;
# where the values of a variable are to be told apart, and where no longer
s/^reply_dsn(const/reply_dsn_body(const/
/^static int	 match(/i #include "words.h"
/^		if (p\[0\] == '<'/i //@ merge p - (char *)reply->text;\
;\
//@ split p - (char *)reply->text;
/^	while (\*word/i //@ loop unroll 12;
