# where the values of a variable are to be told apart
/^	text = host + strlen(host) + 1;/i //@ split host - record->strings;
/^	at += strlcpy(/i //@ split at;
/^	strlcpy(record->strings + at/i //@ split at;
