# where the values of a variable are to be told apart
/^	for (i = .*; i < .*len; i/i //@ dynamic_split i;
/^	for (i = 0; i < at - 1;/i //@ dynamic_split i;
