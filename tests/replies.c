/* SPDX-License-Identifier: ISC */
/*
 * replies.c: name the meaning of each reply on standard input, a line each.
 * A line is a reply, or what is expected of it, a tab and the reply; then
 * only the lines that disappoint are shown, and the status is 1.
 * With -d the enhanced status code is printed in place of the meaning, with -r
 * the seconds that the reply asks to be given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cbvd.h"

static const char *const names[CAUSES] = {
	[CAUSE_UNCLEAR] = "unclear", [CAUSE_ACCEPTED] = "accepted",
	[CAUSE_LATER] = "later", [CAUSE_NO_MAILBOX] = "no-mailbox",
	[CAUSE_BLOCKED] = "blocked", [CAUSE_RELAY] = "relay",
	[CAUSE_NULL_PATH] = "null-path", [CAUSE_POLICY] = "policy"
};

int
main(int argc, char *argv[])
{
	char dsn[DSN_MAX], retry[24];
	struct reply reply;
	char *line, *tab;
	const char *name, *text;
	size_t size;
	ssize_t len;
	int bad, want_dsn, want_retry;

	want_dsn = argc > 1 && strcmp(argv[1], "-d") == 0;
	want_retry = argc > 1 && strcmp(argv[1], "-r") == 0;
	line = NULL;
	size = 0;
	bad = 0;
	while ((len = getline(&line, &size, stdin)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		tab = strchr(line, '\t');
		text = tab == NULL ? line : tab + 1;
		if (tab != NULL)
			*tab = '\0';

		memset(&reply, 0, sizeof(reply));
		reply.code = (int)strtol(text, NULL, 10);
		snprintf(reply.text, sizeof(reply.text), "%s", text);
		if (want_dsn)
			name = reply_dsn(text, dsn) ? dsn : "none";
		else if (want_retry) {
			snprintf(retry, sizeof(retry), "%lld",
			    reply_retry(text));
			name = retry;
		} else
			name = names[reply_meaning(&reply)];

		if (tab == NULL) {
			puts(name);
		} else if (strcmp(line, name) != 0) {
			printf("%s, not %s: %s\n", name, line, text);
			bad = 1;
		}
	}
	free(line);
	return (bad);
}
