/* SPDX-License-Identifier: ISC */
/* callout.c: a reply of any octets, in pieces of any size. */
#include "prove.h"
#include PROVED

struct options opt = { .command = 30 };

struct conn;
static ssize_t	 line_get_body(struct conn *, char *, int64_t);

void
verdict_trace(const char *fmt, ...)
{
	(void)fmt;
}

int
reply_dsn(const char *text, char *dsn)
{
	string(dsn, DSN_MAX);
	return (anything(0, 1));
}

/* what line_get(), which goes as line_get_body() here, may give */
static ssize_t
line_get(struct conn *conn, char *line, int64_t end)
{
	string(line, LINE_KEPT + 1);
	return (anything(0, 1) ? -1 : anything(1, LINE_MAX_READ + 1));
}

int
main(void)
{
	char line[LINE_KEPT + 1];
	static struct callout c;
	static struct conn conn;
	struct reply reply;

	conn.c = &c;
	conn.stage = anything(0, STAGES - 1);
	conn.deadline = anything(0, 2147483647);
	conn.fd = 3;
	if (anything(0, 1))
		conn.queued = anything(0, FLIGHT_MAX);
	conn.at = anything(0, sizeof(conn.buf));
	conn.have = anything(0, sizeof(conn.buf));
	if (anything(0, 1))
		octet_get(&conn, conn.deadline);
	else if (anything(0, 1))
		line_get_body(&conn, line, conn.deadline);
	else
		reply_get(&conn, &reply);
	return (0);
}
