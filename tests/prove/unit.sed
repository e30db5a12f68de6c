# where the values of a variable are to be told apart
/^	for (len = 0; is_lower/i //@ dynamic_split len;
