/* SPDX-License-Identifier: ISC */
/*
 * getpwnam.c: getpwnam(3) for the static build alone, out of passwd(5).  That
 * of glibc would load shared objects into a static program.
 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>

struct passwd *
getpwnam(const char *name)
{
	struct passwd *pw;
	FILE *fp;

	fp = fopen("/etc/passwd", "re");
	if (fp == NULL)
		return (NULL);
	do
		pw = fgetpwent(fp);
	while (pw != NULL && strcmp(pw->pw_name, name) != 0);
	fclose(fp);
	return (pw);
}
