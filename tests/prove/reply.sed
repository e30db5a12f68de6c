# where the values of a variable are to be told apart, and where no longer
/^	if (p\[0\] != text\[0\]/i //@ split p - text;
/^	detail = strspn(/i //@ split subject;
/^	len = 3 + subject/i //@ split detail <= 3;
/^		len = strspn(p, /i //@ merge p - text;\
;\
//@ split p - text;
/^		if (len == 0 ||/i //@ split len == 0;
/^		if (sscanf(/i //@ split len;
