# line_get() is proved, and replaced where it is called
s/^line_get(struct conn/line_get_body(struct conn/
/^	for (lines = last = 0/i //@ dynamic_split lines;
/^	for (n = kept = 0/i //@ dynamic_split kept;
