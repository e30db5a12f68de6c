# where the values of a variable are to be told apart
/^	for (i = len = 0; is_digit/i //@ dynamic_split i;
