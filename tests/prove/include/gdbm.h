/* SPDX-License-Identifier: ISC */
/* gdbm.h: what cache.c takes of it; no driver calls any of it. */
#ifndef GDBM_H
#define GDBM_H
typedef struct { char *dptr; int dsize; } datum;
typedef struct gdbm *GDBM_FILE;
enum { GDBM_NO_ERROR, GDBM_ITEM_NOT_FOUND, GDBM_MALLOC_ERROR,
    GDBM_FILE_OPEN_ERROR, GDBM_FILE_WRITE_ERROR, GDBM_FILE_READ_ERROR,
    GDBM_FILE_STAT_ERROR, GDBM_FILE_SYNC_ERROR,
    GDBM_REORGANIZE_FAILED, GDBM_EMPTY_DATABASE,
    GDBM_BAD_HEADER };
enum { GDBM_READER, GDBM_WRCREAT, GDBM_NOMMAP, GDBM_NOLOCK, GDBM_REPLACE };
extern int gdbm_errno;
GDBM_FILE gdbm_fd_open(int, const char *, int, int, void (*)(const char *));
int gdbm_close(GDBM_FILE);
int gdbm_store(GDBM_FILE, datum, datum, int);
int gdbm_delete(GDBM_FILE, datum);
int gdbm_exists(GDBM_FILE, datum);
int gdbm_reorganize(GDBM_FILE);
datum gdbm_fetch(GDBM_FILE, datum);
datum gdbm_firstkey(GDBM_FILE);
datum gdbm_nextkey(GDBM_FILE, datum);
const char *gdbm_strerror(int);
#endif
