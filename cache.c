/* SPDX-License-Identifier: ISC */
/*
 * cache.c: what is remembered: a gdbm file, its lock, its records.
 * Every record has one size, for then a killed writer leaves no wrong data
 * behind and the file does not leak; and a key that only this cache can make,
 * for gdbm's hash can be made to collide by whoever chooses mailboxes.
 * What does not check is no record, and no trouble here changes a verdict.
 * Must never hold the lock while the network is waited for.
 */
#include <sys/types.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <gdbm.h>
#include <poll.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "cbvd.h"

#define KEY_LEN		16
#define RECORD_LEN	496
#define SECRET_LEN	16
#define SUM_LEN		16
#define FORMAT		2	/* of struct record; others are no records */
#define BLOCK		4096	/* gdbm's; smaller ones make its directory big */
#define LOCK_MS		1000	/* how long the lock is waited for */
#define LOCK_STEP_MS	10
#define EVICT_LOOK	64	/* records a writer looks at when the file is full */
#define CLOCK_SLACK	60	/* seconds by which no boot and no set clock is told */
#define TIME_SANE	(1LL << 40)
#define STANDING_S	86400	/* how long it is remembered that a host was shy */

/*
 * A record as it stands in the file.  name, host and text follow each other
 * in strings, each ended by NUL; the text is cut to what is left.
 */
struct record {
	uint8_t		sum[SUM_LEN];	/* over secret, key and all below */
	uint32_t	format;
	uint8_t		scope, cause, stage, unused;
	int64_t		when;		/* epoch seconds */
	int64_t		mono;		/* CLOCK_MONOTONIC seconds */
	struct standing	standing;
	char		strings[RECORD_LEN - SUM_LEN - 48];
};
_Static_assert(sizeof(struct record) == RECORD_LEN, "one size for all");

struct key {
	uint8_t		octets[KEY_LEN];
};

static int	 file_open(int writer);
static int	 file_try(int writer);
static void	 file_limit(rlim_t max);
static int	 database_damaged(void);
static void	 database_drop(void);
static int	 secret_get(int writer);
static void	 keyed_hash(const void *a, size_t a_len, const void *b,
		    size_t b_len, uint8_t *out);
static void	 sum(const struct key *key, const struct record *record,
		    uint8_t *out);
static void	 key_make(enum scope scope, const char *name, struct key *key);
static void	 record_make(enum scope scope, const char *name,
		    const struct verdict *v, const struct key *key,
		    struct record *record);
static int	 record_read(const struct record *record, const struct key *key,
		    struct verdict *v);
static datum	 datum_of(const void *octets, int len);
static int	 record_fetch(const struct key *key, struct record *record);
static time_t	 record_left(const struct record *record);
static void	 evict(const struct key *key);
static int	 next_record(datum *k, struct key *key, struct record *record);
static void	 list_one(const struct key *key, const struct record *record,
		    char **keys, FILE *out);

static const struct key	 secret_key;	/* zeros: the secret's own */
static uint8_t		 secret[SECRET_LEN];
static int		 fd = -1;	/* -1: nothing is open and locked */
static struct stat	 opened;	/* what fd was when it was opened */
static int		 limited;	/* file_limit() is in force */
static GDBM_FILE	 db;		/* there without fd: to be closed */
static int		 starved;	/* gdbm had no memory for a record */

int
cache_begin(int writer)
{
	int tries;

	if (opt.cache == NULL) {
		errno = ENOENT;
		return (-1);
	}
	cache_close();
	for (tries = 0; tries < 2; tries++) {
		if (file_open(writer) == -1)
			return (-1);
		if (writer)
			file_limit((rlim_t)(opened.st_size > opt.size * 2 ?
			    opened.st_size : opt.size * 2) + BLOCK * 256);
		/* without mmap a file that is cut under us is no SIGBUS */
		gdbm_errno = GDBM_NO_ERROR;
		db = gdbm_fd_open(fd, opt.cache, BLOCK, (writer ? GDBM_WRCREAT :
		    GDBM_READER) | GDBM_NOMMAP | GDBM_NOLOCK, NULL);
		if (db != NULL && secret_get(writer) == 0)
			return (0);
		if (!writer || !database_damaged())
			break;
		database_drop();
	}
	cache_end();
	errno = gdbm_errno == GDBM_EMPTY_DATABASE ? ENOENT : EIO;
	return (-1);
}

int
cache_get(enum scope scope, const char *name, struct verdict *v)
{
	struct record record;
	struct key key;

	key_make(scope, name, &key);
	if (record_fetch(&key, &record) == -1 ||
	    record_read(&record, &key, v) == -1 || record.scope != scope ||
	    strcmp(record.strings, name) != 0 || record_left(&record) <= 0)
		return (0);
	v->cached = 1;
	return (1);
}

int
cache_put(enum scope scope, const char *name, const struct verdict *v)
{
	struct record record;
	struct key key;
	struct stat st;
	int tries, new;

	if (fd == -1)
		return (-1);
	for (tries = 0;; tries++) {
		key_make(scope, name, &key);
		new = !gdbm_exists(db, datum_of(&key, KEY_LEN));
		record_make(scope, name, v, &key, &record);
		if (gdbm_store(db, datum_of(&key, KEY_LEN), datum_of(&record,
		    RECORD_LEN), GDBM_REPLACE) == 0)
			break;
		if (tries > 0 || !database_damaged()) {
			/* gdbm calls damaged now whatever comes after */
			cache_end();
			return (-1);
		}
		/* a new file has a new secret */
		database_drop();
		if (cache_begin(1) == -1)
			return (-1);
	}
	/* an eighth is left, for gdbm takes its space in blocks */
	if (new && fstat(fd, &st) == 0 && st.st_size > opt.size - opt.size / 8)
		evict(&key);
	return (0);
}

int
cache_sound(const struct stat *st)
{
	return (S_ISREG(st->st_mode) && st->st_uid == geteuid() &&
	    st->st_nlink == 1 && (st->st_mode & 077) == 0);
}

void
cache_end(void)
{
	if (fd == -1)
		return;
	if (limited)
		file_limit(RLIM_INFINITY);
	/* gdbm_close(3) syncs: nobody shall wait for the disk with us */
	flock(fd, LOCK_UN);
	if (db == NULL)
		close(fd);	/* else cache_close() does */
	fd = -1;
}

void
cache_close(void)
{
	if (db != NULL)
		gdbm_close(db);
	db = NULL;
}

int
cache_list(char **keys, FILE *out)
{
	struct record record;
	struct key key;
	char *text;
	size_t len;
	FILE *list;
	datum k;

	if (cache_begin(0) == -1)
		return (-1);
	/* the lock is not held while a person reads */
	list = open_memstream(&text, &len);
	k = gdbm_firstkey(db);
	starved = k.dptr == NULL && gdbm_errno == GDBM_MALLOC_ERROR;
	while (k.dptr != NULL && list != NULL)
		if (next_record(&k, &key, &record))
			list_one(&key, &record, keys, list);
	cache_end();
	if (list == NULL)
		return (-1);
	starved |= ferror(list);
	/* the last that it allocates is the text, and it does not tell */
	if (fclose(list) != 0 || text == NULL || starved) {
		errno = ENOMEM;		/* a part would be taken for all */
		return (-1);
	}
	fwrite(text, 1, len, out);
	free(text);
	return (0);
}

int
cache_forget(char **keys)
{
	enum scope scope;
	struct key key;
	int bad;

	if (cache_begin(1) == -1)
		return (-1);
	bad = 0;
	for (; *keys != NULL; keys++)
		for (scope = SCOPE_MAILBOX; scope <= SCOPE_STANDING; scope++) {
			key_make(scope, *keys, &key);
			bad |= gdbm_delete(db, datum_of(&key, KEY_LEN)) != 0 &&
			    gdbm_errno != GDBM_ITEM_NOT_FOUND;
		}
	cache_end();
	cache_close();
	errno = EIO;
	return (bad ? -1 : 0);
}

int
cache_expire(void)
{
	struct record record;
	struct key key;
	datum k;
	int again, error;

	if (cache_begin(1) == -1)
		return (-1);
	/* a deletion may hide a record from the walk: until all were seen */
	do {
		again = 0;
		for (k = gdbm_firstkey(db); k.dptr != NULL;)
			if (next_record(&k, &key, &record) &&
			    record_left(&record) <= 0 &&
			    gdbm_delete(db, datum_of(&key, KEY_LEN)) == 0)
				again = 1;
	} while (again);
	/* makes a new file and renames it; who waits here sees a new inode */
	error = gdbm_reorganize(db);
	if (error != 0 && database_damaged())
		database_drop();
	cache_end();
	cache_close();
	errno = EIO;
	return (error == 0 ? 0 : -1);
}

/* Open and lock the file, within LOCK_MS. */
static int
file_open(int writer)
{
	static int busy[2];	/* waited in vain: not again before it is free */
	int64_t until;

	until = mono_ms() + (busy[writer] ? 0 : LOCK_MS);
	while ((fd = file_try(writer)) == -1) {
		if (errno != EWOULDBLOCK)
			return (-1);
		if (mono_ms() >= until) {
			/* what no reader gets, no writer gets */
			busy[writer] = busy[1] = 1;
			return (-1);
		}
		poll(NULL, 0, LOCK_STEP_MS);
	}
	busy[writer] = 0;
	return (0);
}

/*
 * Open and lock the file at once, then see that the path is still this file.
 * EWOULDBLOCK is also said where it was not: it is tried again.
 */
static int
file_try(int writer)
{
	struct stat path;
	int file, error;

	/* a link, a FIFO or a folder of somebody else's is refused */
	file = open(opt.cache, (writer ? O_RDWR | O_CREAT : O_RDONLY) |
	    O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (file == -1)
		return (-1);
	if (flock(file, (writer ? LOCK_EX : LOCK_SH) | LOCK_NB) == -1)
		error = errno;
	else if (fstat(file, &opened) == -1 || stat(opt.cache, &path) == -1 ||
	    opened.st_ino != path.st_ino || opened.st_dev != path.st_dev)
		error = EWOULDBLOCK;
	else if (!cache_sound(&opened))
		error = EPERM;
	else
		return (file);
	close(file);
	errno = error;
	return (-1);
}

/*
 * A damaged header can make gdbm write zeros as far as it says: while we
 * write, no file may grow far beyond the cache's size, or what it has already
 * where that was lowered.
 */
static void
file_limit(rlim_t max)
{
	struct rlimit rl;

	getrlimit(RLIMIT_FSIZE, &rl);
	rl.rlim_cur = max < rl.rlim_max ? max : rl.rlim_max;
	setrlimit(RLIMIT_FSIZE, &rl);
	limited = max != RLIM_INFINITY;
}

/* 1 if gdbm's last error was the file's fault, and not the machine's. */
static int
database_damaged(void)
{
	return (gdbm_errno != GDBM_NO_ERROR &&
	    gdbm_errno != GDBM_ITEM_NOT_FOUND &&
	    gdbm_errno != GDBM_MALLOC_ERROR &&
	    gdbm_errno != GDBM_FILE_OPEN_ERROR &&
	    gdbm_errno != GDBM_FILE_WRITE_ERROR &&
	    gdbm_errno != GDBM_FILE_READ_ERROR &&
	    gdbm_errno != GDBM_FILE_STAT_ERROR &&
	    gdbm_errno != GDBM_REORGANIZE_FAILED &&	/* no room for it */
	    gdbm_errno != GDBM_FILE_SYNC_ERROR);
}

/* Set a corrupt file aside, still under its lock. */
static void
database_drop(void)
{
	char bad[1024];

	if ((size_t)snprintf(bad, sizeof(bad), "%s.bad", opt.cache) <
	    sizeof(bad) && rename(opt.cache, bad) == 0)
		syslog(LOG_WARNING, "%s: corrupt (%s), set aside as %s",
		    opt.cache, gdbm_strerror(gdbm_errno), bad);
	cache_end();
	cache_close();
}

/*
 * Get the secret of this cache, once for each file; a writer makes one where
 * there is none.  The record has its own checksum, made with a secret of zeros.
 */
static int
secret_get(int writer)
{
	static struct stat of;	/* the file whose secret we know */
	struct record record;
	uint8_t check[SUM_LEN];

	/* another file in its place would cost a hit: a writer looks again */
	if (!writer && opened.st_ino == of.st_ino &&
	    opened.st_dev == of.st_dev)
		return (0);
	memset(&of, 0, sizeof(of));
	memset(secret, 0, sizeof(secret));
	if (record_fetch(&secret_key, &record) == -1) {
		if (!writer || gdbm_errno != GDBM_ITEM_NOT_FOUND)
			return (-1);
		memset(&record, 0, sizeof(record));
		record.format = FORMAT;
		if (getentropy(record.strings, SECRET_LEN) == -1)
			return (-1);
		sum(&secret_key, &record, record.sum);
		if (gdbm_store(db, datum_of(&secret_key, KEY_LEN),
		    datum_of(&record, RECORD_LEN), GDBM_REPLACE) != 0)
			return (-1);
	}
	sum(&secret_key, &record, check);
	if (memcmp(check, record.sum, sizeof(check)) != 0) {
		gdbm_errno = GDBM_BAD_HEADER;
		return (-1);
	}
	memcpy(secret, record.strings, sizeof(secret));
	of = opened;
	return (0);
}

/* 16 octets that only who has this cache's secret can make of two texts. */
static void
keyed_hash(const void *a, size_t a_len, const void *b, size_t b_len,
    uint8_t *out)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX ctx;

	SHA256Init(&ctx);
	SHA256Update(&ctx, secret, sizeof(secret));
	SHA256Update(&ctx, a, a_len);
	SHA256Update(&ctx, b, b_len);
	SHA256Final(digest, &ctx);
	memcpy(out, digest, KEY_LEN);
}

static void
key_make(enum scope scope, const char *name, struct key *key)
{
	uint8_t kind = (uint8_t)scope;

	keyed_hash(&kind, 1, name, strlen(name), key->octets);
}

static void
sum(const struct key *key, const struct record *record, uint8_t *out)
{
	keyed_hash(key, KEY_LEN, (const uint8_t *)record + SUM_LEN,
	    RECORD_LEN - SUM_LEN, out);
}

static void
record_make(enum scope scope, const char *name, const struct verdict *v,
    const struct key *key, struct record *record)
{
	size_t at;

	memset(record, 0, sizeof(*record));
	record->format = FORMAT;
	record->scope = (uint8_t)scope;
	record->cause = (uint8_t)v->cause;
	record->stage = (uint8_t)v->stage;
	record->when = v->when;
	record->mono = mono_ms() / 1000 - (time(NULL) - v->when);
	record->standing = v->standing;
	at = strlcpy(record->strings, name, sizeof(record->strings)) + 1;
	at += strlcpy(record->strings + at, v->host,
	    sizeof(record->strings) - at) + 1;
	strlcpy(record->strings + at, v->text, sizeof(record->strings) - at);
	sum(key, record, record->sum);
}

/* Read a record back: returns 0, or -1 if it is none. */
static int
record_read(const struct record *record, const struct key *key,
    struct verdict *v)
{
	uint8_t check[SUM_LEN];
	const char *host, *text, *last;

	sum(key, record, check);
	last = record->strings + sizeof(record->strings) - 1;
	/* no time is negative: as an unsigned number it would be large */
	if (memcmp(check, record->sum, sizeof(check)) != 0 ||
	    record->format != FORMAT || record->cause >= CAUSES ||
	    record->stage >= STAGES || record->scope > SCOPE_STANDING ||
	    (uint64_t)record->when > TIME_SANE ||
	    (uint64_t)record->standing.tat_us > TIME_SANE * 1000000 ||
	    (uint64_t)record->standing.until > TIME_SANE ||
	    (uint64_t)record->standing.step_s > TIME_SANE || *last != '\0')
		return (-1);
	host = record->strings + strlen(record->strings) + 1;
	if (host > last)
		return (-1);
	text = host + strlen(host) + 1;
	if (text > last)
		return (-1);
	memset(v, 0, sizeof(*v));
	v->cause = record->cause;
	v->stage = record->stage;
	v->when = (time_t)record->when;
	v->standing = record->standing;
	strlcpy(v->host, host, sizeof(v->host));
	strlcpy(v->text, text, sizeof(v->text));
	return (0);
}

static datum
datum_of(const void *octets, int len)
{
	/* gdbm only reads it */
	return ((datum){ .dptr = (char *)octets, .dsize = len });
}

static int
record_fetch(const struct key *key, struct record *record)
{
	datum d;

	d = gdbm_fetch(db, datum_of(key, KEY_LEN));
	if (d.dptr == NULL) {
		starved |= gdbm_errno == GDBM_MALLOC_ERROR;
		return (-1);
	}
	memset(record, 0, sizeof(*record));
	if (d.dsize == RECORD_LEN)
		memcpy(record, d.dptr, RECORD_LEN);
	free(d.dptr);
	return (0);	/* of another size it does not check */
}

/*
 * Seconds for which a record may still be served.  Its age is the longer of
 * what two clocks say, so that a clock set back does not make it young; a
 * record of the future is none.  Where both may be wrong, after a boot or a
 * set clock, no refusal is believed.
 */
static time_t
record_left(const struct record *record)
{
	int64_t now, age, mono, until;

	now = time(NULL);
	/* what is looked at here need not have been checked */
	if (record->when < 0 || record->when > now || record->cause >= CAUSES ||
	    record->mono > TIME_SANE || record->mono < -TIME_SANE)
		return (0);
	age = now - record->when;
	mono = mono_ms() / 1000 - record->mono;
	if (verdict_code(record->cause) == 550 &&
	    llabs(age - mono) > CLOCK_SLACK)
		return (0);
	if (mono > age)
		age = mono;
	if (record->scope != SCOPE_STANDING)
		return ((time_t)(verdict_age(record->scope,
		    record->cause) - age));
	/* a day longer than it is left alone, which is a day at most */
	until = record->standing.until;
	return ((time_t)((until > record->when && until - record->when <=
	    STANDING_S ? until - record->when : 0) + STANDING_S - age));
}

/*
 * The file has reached its size: look at the records behind this one, drop
 * those that have expired, or else the oldest; of hosts only where there is
 * nothing else.  Never more than a few, for a query waits.
 */
static void
evict(const struct key *key)
{
	struct record record;
	struct key one, oldest;
	int64_t when, least;
	time_t left;
	datum k;
	int i, dropped;

	least = INT64_MAX;
	dropped = 0;
	k = gdbm_nextkey(db, datum_of(key, KEY_LEN));
	for (i = 0; i < EVICT_LOOK; i++) {
		if (k.dptr == NULL)
			k = gdbm_firstkey(db);
		if (k.dptr == NULL)
			return;
		if (!next_record(&k, &one, &record) ||
		    memcmp(&one, key, KEY_LEN) == 0)
			continue;
		left = record_left(&record);
		/* what is to come is after whatever has been */
		when = record.scope == SCOPE_STANDING ? time(NULL) + left :
		    record.when;
		if (left <= 0) {
			gdbm_delete(db, datum_of(&one, KEY_LEN));
			dropped = 1;
		} else if (when < least) {
			least = when;
			oldest = one;
		}
	}
	free(k.dptr);
	if (!dropped && least != INT64_MAX)
		gdbm_delete(db, datum_of(&oldest, KEY_LEN));
}

/*
 * Take the key that gdbm gave, free it, and give the next one.  Returns 1 with
 * its record; 0 for the secret's, and for a key of a damaged file, which may
 * have any size and none behind it.
 */
static int
next_record(datum *k, struct key *key, struct record *record)
{
	datum next;

	*key = secret_key;
	if (k->dsize == KEY_LEN)
		memcpy(key, k->dptr, KEY_LEN);
	next = gdbm_nextkey(db, *k);
	starved |= next.dptr == NULL && gdbm_errno == GDBM_MALLOC_ERROR;
	free(k->dptr);
	*k = next;
	return (memcmp(key, &secret_key, KEY_LEN) != 0 &&
	    record_fetch(key, record) == 0);
}

static void
list_one(const struct key *key, const struct record *record, char **keys,
    FILE *out)
{
	char who[MAILBOX_MAX * 4], age[24], left[24], text[4 * TEXT_MAX];
	struct verdict v;
	const char *name;
	time_t expires;
	int code;
	size_t i;

	if (record_read(record, key, &v) == -1)
		return;
	name = record->strings;
	for (i = 0; keys[i] != NULL && strcmp(keys[i], name) != 0; i++)
		continue;
	if (keys[0] != NULL && keys[i] == NULL)
		return;
	verdict_escape(name, strlen(name), who, sizeof(who));
	verdict_duration(time(NULL) - v.when, age);
	expires = record_left(record);
	verdict_duration(expires, left);
	code = record->scope == SCOPE_STANDING ? 0 : verdict_code(v.cause);
	if (record->scope == SCOPE_STANDING)
		verdict_standing(&v, text, sizeof(text));
	else
		verdict_text(&v, text, sizeof(text));
	fprintf(out, code != 0 ? "%s\t%d" : "%s\t-", who, code);
	fprintf(out, "\t%s\t%s\t%s\n", age, expires > 0 ? left : "expired",
	    text);
}
