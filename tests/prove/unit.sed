# where the values of a variable are to be told apart
/^	if (p\[0\] != text\[0\]/i //@ split p - text;
/^	if (subject < 1/i //@ split subject;
/^	len = 3 + subject + detail/i //@ split detail;
/^	for (p = text;/i //@ dynamic_split p - text;
/^		if (len == 0 || len > 6/i //@ split len;
/^	for (len = 0; is_lower/i //@ dynamic_split len;
