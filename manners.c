/* SPDX-License-Identifier: ISC */
/*
 * manners.c: what protects other people's hosts: joining a callout that is
 * under way, slots, the rate, and leaving alone who wants no calls or is down.
 * All state is locks on octets of PATH.lock, which the kernel frees with the
 * process, and records of the cache.  Without them nothing is held back.
 * Must never connect.
 */
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "cbvd.h"

#define DAY		86400
#define SLOT_STEP_MS	25	/* how often a slot is tried for */
#define SLOT_EARLY_MS	200	/* "busy" comes before "under way" would */
#define SLOTS_MAX	64	/* of one host; see -o perhost */

/*
 * Where the locks of a kind begin; behind it a hash.  The marks of ended
 * callouts are data at the beginning of the file, 8 octets each.
 */
#define KIND_MAILBOX	((off_t)1 << 60)
#define KIND_HOST	((off_t)2 << 60)
#define KIND_ALL	((off_t)3 << 60)
#define KIND_MASK	(((off_t)1 << 60) - 1)
#define MARKS		4096
#define MARK_HASH	(~(uint64_t)0xffffff)	/* of the mailbox */

static int	 lock_open(void);
static int	 lock(short type, off_t at, int how);
static off_t	 slot(off_t base, long long n);
static uint64_t	 hash(const char *name);
static uint64_t	 mark_read(uint64_t h);
static int	 allowed(const struct mx_addr *addr, int count,
		    struct verdict *v);
static int	 rate_allows(struct standing *s);

static int		 fd = -1;	/* closing any descriptor of it would
					 * drop all locks */
static uint64_t		 led;		/* hash of the mailbox we lead for */
static off_t		 slot_host = -1, slot_all = -1;
static time_t		 entered;

enum joined
manners_join(const char *key, int64_t patience, enum cause *cause)
{
	uint64_t h, before, after;
	off_t at;

	*cause = CAUSES;
	h = hash(key);
	at = KIND_MAILBOX | (off_t)(h & KIND_MASK);
	if (lock_open() == -1)
		return (JOINED_NONE);
	before = after = mark_read(h);
	if (lock(F_WRLCK, at, F_SETLK) == -1) {
		if (errno != EAGAIN && errno != EACCES)
			return (JOINED_NONE);
		if (patience == 0)
			return (JOINED_LATE);
		/*
		 * One after another, so that of those whose leader died the
		 * next one leads.  The alarm ends the wait with the patience.
		 */
		while (lock(F_WRLCK, at, F_SETLKW) == -1) {
			if (errno != EINTR)
				return (JOINED_NONE);
			if (mono_ms() >= patience)
				return (JOINED_LATE);
		}
		after = mark_read(h);
	}
	led = h;
	if (after == before || (after & MARK_HASH) != (h & MARK_HASH))
		return (JOINED_NONE);
	lock(F_UNLCK, at, F_SETLK);
	led = 0;
	*cause = (enum cause)(after & 0xff);
	return (JOINED_ENDED);
}

void
manners_done(enum cause cause)
{
	uint64_t mark;

	if (led == 0)
		return;
	/* a full disk costs joining, nothing else */
	mark = (led & MARK_HASH) | ((uint64_t)mono_ms() & 0xffff) << 8 |
	    (uint64_t)cause;
	if (pwrite(fd, &mark, sizeof(mark), (off_t)(led % MARKS *
	    sizeof(mark))) != sizeof(mark))
		verdict_trace("%s.lock: %s", opt.cache, strerror(errno));
	lock(F_UNLCK, KIND_MAILBOX | (off_t)(led & KIND_MASK), F_SETLK);
	led = 0;
}

int
manners_enter(const struct mx_addr *addr, int64_t patience, struct verdict *v)
{
	off_t base;

	if (lock_open() == -1)
		return (1);
	/* before the wait for a slot, and again when it is counted */
	if (!allowed(addr, 0, v))
		return (0);
	base = KIND_HOST | (off_t)(hash(addr->ip) * SLOTS_MAX & KIND_MASK);
	for (;;) {
		slot_host = slot(base, opt.perhost);
		if (slot_host != -1)
			slot_all = slot(KIND_ALL, opt.all);
		if (slot_all != -1)
			break;
		manners_leave();
		if (mono_ms() >= patience - SLOT_EARLY_MS) {
			verdict_set(v, CAUSE_BUSY, STAGE_NONE, addr->shown,
			    "no slot for another callout, ask again");
			return (0);
		}
		poll(NULL, 0, SLOT_STEP_MS);
	}
	if (!allowed(addr, 1, v)) {
		manners_leave();
		return (0);
	}
	entered = time(NULL);	/* not before it was counted */
	return (1);
}

void
manners_note(const struct mx_addr *addr, const struct callout *c)
{
	struct verdict old, new;
	int64_t base, step;
	int refused, warn;

	if (fd == -1 || c->v.cause == CAUSE_FAULT || c->dead == -1 ||
	    cache_begin(1) == -1)
		return;
	if (!cache_get(SCOPE_STANDING, addr->ip, &old))
		memset(&old, 0, sizeof(old));
	refused = c->v.cause == CAUSE_REFUSED;
	base = refused && !addr->ours ? opt.blocked : opt.temporary;
	step = old.standing.step_s;
	warn = 0;
	new = c->v;
	if (!refused && !c->dead) {
		/* back to normal at once */
		old.standing.until = old.standing.step_s = 0;
		if (step > 0)
			cache_put(SCOPE_STANDING, addr->ip, &old);
	} else if (step == 0 || old.standing.until - step < entered) {
		/* else another callout of the same time has said so already */
		warn = refused && (step == 0 || old.cause != CAUSE_REFUSED);
		step = addr->ours || 2 * step < base ? base : 2 * step;
		new.standing.tat_us = old.standing.tat_us;
		new.standing.step_s = step < DAY ? step : DAY;
		new.standing.until = new.when + new.standing.step_s;
		cache_put(SCOPE_STANDING, addr->ip, &new);
	}
	cache_end();
	if (warn)
		verdict_warn(&new);
}

void
manners_leave(void)
{
	if (slot_all != -1)
		lock(F_UNLCK, slot_all, F_SETLK);
	if (slot_host != -1)
		lock(F_UNLCK, slot_host, F_SETLK);
	slot_host = slot_all = -1;
}

/* Open the lock file, once.  Returns 0, or -1 where there is none. */
static int
lock_open(void)
{
	static int tried;
	struct stat st;
	char path[1024];

	if (fd != -1 || tried++ || opt.cache == NULL)
		return (fd != -1 ? 0 : -1);
	if ((size_t)snprintf(path, sizeof(path), "%s.lock", opt.cache) >=
	    sizeof(path))
		return (-1);
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC, 0600);
	if (fd != -1 && (fstat(fd, &st) == -1 || !cache_sound(&st))) {
		close(fd);
		fd = -1;
		errno = EPERM;
	}
	if (fd == -1 && errno != ENOENT)
		syslog(LOG_WARNING, "%s: %s: going on without limits", path,
		    strerror(errno));
	return (fd != -1 ? 0 : -1);
}

/* Lock, or unlock, one octet; -1 with EAGAIN or EACCES if another has it. */
static int
lock(short type, off_t at, int how)
{
	struct flock fl;

	memset(&fl, 0, sizeof(fl));
	fl.l_type = type;
	fl.l_whence = SEEK_SET;
	fl.l_start = at;
	fl.l_len = 1;
	return (fcntl(fd, how, &fl));
}

/* One of n octets from base on, locked, or -1. */
static off_t
slot(off_t base, long long n)
{
	long long i;

	for (i = 0; i < n; i++)
		if (lock(F_WRLCK, base + i, F_SETLK) == 0 ||
		    (errno != EAGAIN && errno != EACCES))
			return (base + i);
	return (-1);
}

/* Never 0. */
static uint64_t
hash(const char *name)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX ctx;
	uint64_t h;

	SHA256Init(&ctx);
	SHA256Update(&ctx, (const uint8_t *)name, strlen(name));
	SHA256Final(digest, &ctx);
	memcpy(&h, digest, sizeof(h));
	return (h | 1 << 12);
}

/* The mark of the last callout that ended for a mailbox of this hash. */
static uint64_t
mark_read(uint64_t h)
{
	uint64_t mark;

	if (pread(fd, &mark, sizeof(mark), (off_t)(h % MARKS *
	    sizeof(mark))) != sizeof(mark))
		return (0);
	return (mark);
}

/*
 * 1 if a host may be called now, and with count, where it is: what is tested
 * and what is written are one.  Else 0 with a verdict.
 */
static int
allowed(const struct mx_addr *addr, int count, struct verdict *v)
{
	struct verdict host;
	struct standing *s;
	time_t now;
	int yes;

	if (cache_begin(count) == -1)
		return (1);
	if (!cache_get(SCOPE_STANDING, addr->ip, &host))
		verdict_set(&host, CAUSE_STANDING, STAGE_NONE, addr->shown,
		    "%s", "");
	s = &host.standing;
	now = time(NULL);
	yes = s->step_s == 0 || s->until <= now || s->until > now + s->step_s;
	if (!yes) {
		*v = host;
	} else if (!addr->ours && opt.rate > 0 && !rate_allows(s)) {
		verdict_set(v, CAUSE_BUDGET, STAGE_NONE, addr->shown,
		    "%lld callouts in %llds are enough", opt.rate, opt.rate_s);
		yes = 0;
	} else if (count) {
		/* who was left alone is tried by one query, not by all */
		if (s->step_s > 0)
			s->until = now - 1 + (s->step_s < opt.total ?
			    s->step_s : opt.total);
		host.when = now;
		cache_put(SCOPE_STANDING, addr->ip, &host);
	}
	cache_end();
	return (yes);
}

/*
 * The generic cell rate algorithm (ITU-T I.371, annex A): rate callouts at
 * once, then evenly.  A time that no such callouts explain tells that the
 * clock was set, or the rate: one callout, and what follows evenly.
 */
static int
rate_allows(struct standing *s)
{
	struct timespec ts;
	int64_t now, period, each;

	clock_gettime(CLOCK_REALTIME, &ts);
	now = (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
	period = opt.rate_s * 1000000;
	each = period / opt.rate;
	if (s->tat_us < now)
		s->tat_us = now;
	else if (s->tat_us > now + period)
		s->tat_us = now + period - each;
	s->tat_us += each;
	return (s->tat_us <= now + period);
}
