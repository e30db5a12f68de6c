# where the values of a variable are to be told apart
/^	for (i = .*; i < .*len; i/i //@ dynamic_split i;
/^	if (local_len == len)/i //@ split local_len;
/^	for (i = 0; i < at - 1;/i //@ dynamic_split i;
/^	if (len > MAILBOX_MAX || at < 2/i //@ split at;
