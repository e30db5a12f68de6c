/* SPDX-License-Identifier: ISC */
/* nop.c: what cbvd is compared with: reads a line, writes a line. */
#include <unistd.h>

int
main(void)
{
	static const char answer[] = "250 2.1.5 <nobody@example.net> "
	    "mx.example.net[192.0.2.1] said at RCPT: 250 2.1.5 Ok "
	    "(cached 3m)\r\n";
	char line[4096];

	return (read(STDIN_FILENO, line, sizeof(line)) > 0 &&
	    write(STDOUT_FILENO, answer, sizeof(answer) - 1) > 0 ? 0 : 1);
}
