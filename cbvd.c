/* SPDX-License-Identifier: ISC */
/*
 * cbvd.c: the callback verification daemon.  Answers one question about one
 * mailbox: would its mail exchanger take mail for it?
 * Owns the options, the order of the steps, and what a query is worth a wait.
 * Must never speak SMTP, nor open the database.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <arpa/inet.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "cbvd.h"

#define ADDRESS_SHOWN	254	/* octets of what is no mailbox in its answer */
#define RENEW_MAX	3	/* mailboxes verified anew after a connection */
#define FDS_MAX		64	/* descriptors we could have, and far more */
#define RING_US		50000	/* how often it rings once the time is over */
#define RINGS		80	/* until what sticks is ended */

static void	 version(void);
static void	 print_check(void);
static void	 clean(void);
static void	 become(const char *name);
static void	 rules_check(void);
static int	 serve(int64_t start);
static int	 command_line(char **argv);
static int	 maintain(enum mode mode, char **keys);
static int	 bad_request(const struct request *rq, struct mailbox *mb,
		    struct verdict *v, char *shown);
static void	 ask(const struct mailbox *mb, int64_t deadline,
		    struct verdict *v);
static int	 join(const struct mailbox *mb, const struct route *route,
		    struct verdict *v, int *refuted);
static void	 find(const struct mailbox *mb, const struct route *route,
		    int refuted, int64_t deadline, struct callout *c);
static int	 stale(const struct verdict *v);
static void	 renew(const struct mailbox *mb);
static int	 rules(const struct mailbox *mb, struct route *route,
		    struct verdict *v);
static int	 skipped(const struct mailbox *mb, const char *host,
		    struct verdict *v);
static void	 fault(const char *why, struct verdict *v);
static int	 weight(const struct verdict *v);
static void	 call(const struct mailbox *mb, const struct mx_addr *addr,
		    int refuted, int64_t deadline, struct callout *c);
static void	 hang_up(int client);
static int	 recall(const struct mailbox *mb, const struct route *route,
		    struct verdict *v, int *refuted);
static void	 remember(const struct mailbox *mb, const struct route *route,
		    const struct callout *c);
static void	 cache_trouble(void);
static void	 identify(void);
static void	 early_make(const struct request *rq, const char *mailbox,
		    const char *end);
static int	 answer(const char *buf, size_t len, int last);
static void	 alarmed(int sig);
static void	 plug(void);

int			 null_fd;

static int64_t		 patience;	/* until when a client waits */

/*
 * What the alarm needs: an answer for each phase, made before it can ring.
 * answered is only touched while SIGALRM is blocked, or by its handler.
 */
static char		 early[2][ANSWER_MAX + 1];
static size_t		 early_len[2];
static volatile sig_atomic_t in_dns, answered, rung, serving, ended;

int
main(int argc, char **argv)
{
	int64_t start;
	enum mode mode;

	start = mono_ms();
	clean();
	alarm(1);	/* where the log is a stream it may block already here */
	openlog("cbvd", LOG_PID | LOG_NDELAY, LOG_MAIL);
	alarm(0);
	rung = 0;
	mode = options_read(argc, argv);
	if (mode == MODE_VERSION) {
		version();
		return (0);
	}
	become(opt.user);
	if (mode == MODE_ASK)
		rules_check();
	sandbox_start();
	argv += optind > argc ? argc : optind;
	if (mode != MODE_ASK)
		return (maintain(mode, argv));
	if (*argv != NULL)
		return (command_line(argv));
	if (isatty(STDIN_FILENO))
		usage();
	return (serve(start));
}

static void
version(void)
{
	const char *server;

#if defined(__GLIBC__) || defined(__FreeBSD__) || defined(__NetBSD__)
	server = "yes";
#else
	server = "no";
#endif
	sandbox_start();
	sandbox_network();
	printf("cbvd %s: cache gdbm, name server of -N %s, sandbox: %s\n",
	    CBVD_VERSION, server, sandbox_text());
	print_check();
}

/* Where a line is written at once fflush(3) has no error: printf(3) had it. */
static void
print_check(void)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		die(EX_IOERR, "standard output: %s", strerror(errno));
}

/* Whoever started us left things behind: nothing of that may matter. */
static void
clean(void)
{
	static char *nothing[] = { NULL };
	extern char **environ;
	struct sigaction sa, old;
	sigset_t none, pending;
	int sig;

	closefrom(STDERR_FILENO + 1);
	do
		null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (null_fd != -1 && null_fd <= STDERR_FILENO);
	alarm(0);
	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = SIG_IGN;
	/* one that is pending is gone when it is ignored for a moment */
	sigpending(&pending);
	for (sig = 1; sig < NSIG; sig++)
		if (sigismember(&pending, sig) == 1 &&
		    sigaction(sig, &sa, &old) == 0)
			sigaction(sig, &old, NULL);
	sigaction(SIGPIPE, &sa, NULL);
	sigaction(SIGXFSZ, &sa, NULL);
	sa.sa_handler = SIG_DFL;
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGCHLD, &sa, NULL);
	sa.sa_handler = alarmed;	/* no SA_RESTART: waits shall end */
	sigaction(SIGALRM, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(077);
	/* RES_OPTIONS, HOSTALIASES, TZ, LANG: the client may have chosen them */
	environ = nothing;
}

/*
 * Never work as root: become the user of -u, else _cbvd, else nobody.  Who is
 * not root stays who he is.
 */
static void
become(const char *name)
{
	const struct passwd *pw;
	const char *error;
	char number[24];
	uid_t uid;
	gid_t gid;
	char *colon;

	if (getuid() != geteuid() || getgid() != getegid())
		die(EX_NOPERM, "set-user-ID or set-group-ID: refused");
	if (getuid() != 0)
		return;
	if (name != NULL && name[0] >= '0' && name[0] <= '9') {
		strlcpy(number, name, sizeof(number));
		colon = strchr(number, ':');
		if (colon != NULL)
			*colon++ = '\0';
		uid = (uid_t)strtonum(number, 0, UINT32_MAX - 1LL, &error);
		gid = uid;
		if (error == NULL && colon != NULL)
			gid = (gid_t)strtonum(colon, 0, UINT32_MAX - 1LL,
			    &error);
		if (error != NULL || strlen(name) >= sizeof(number))
			die(EX_USAGE, "-u %s: UID or UID:GID is wanted", name);
	} else {
		pw = getpwnam(name != NULL ? name : "_cbvd");
		if (pw == NULL && name == NULL)
			pw = getpwnam("nobody");
		if (pw == NULL)
			die(EX_USAGE, "-u %s: no such user", name != NULL ?
			    name : "nobody");
		uid = pw->pw_uid;
		gid = pw->pw_gid;
	}
	if (uid == 0 || gid == 0)
		die(EX_USAGE, "-u %s: cbvd never works as root",
		    name != NULL ? name : "nobody");
	if (setgroups(1, &gid) == -1 || setgid(gid) == -1 || setuid(uid) == -1)
		die(EX_NOPERM, "cannot become UID %lld: %s", (long long)uid,
		    strerror(errno));
	if (getuid() == 0 || geteuid() == 0 || setuid(0) != -1)
		die(EX_NOPERM, "still root");
}

/* What the administrator wrote must be read before anyone is answered. */
static void
rules_check(void)
{
	static const struct mailbox nobody;
	char why[TEXT_MAX];

	if (rules_ports(why) == -1)
		die(EX_CONFIG, "-r %s", why);
	if (rules_skip(&nobody, NULL, why) == -1)
		die(EX_CONFIG, "-s %s", why);
}

/*
 * One client on descriptors 0 and 1: one query, or as many as it sends.  An
 * answer that comes early is the last; what it was about is still finished.
 */
static int
serve(int64_t start)
{
	static struct mailbox old[RENEW_MAX];
	static struct request rq;
	char shown[4 * ADDRESS_SHOWN + 1], buf[ANSWER_MAX + 1];
	struct mailbox mb;
	struct verdict v;
	size_t len, n;
	int bad;

	/* under inetd(8) descriptor 2 is the client */
	dup2(null_fd, STDERR_FILENO);
	opt.verbose = 0;
	serving = 1;

	n = 0;
	while (request_read(&rq, start + REQUEST_S * 1000)) {
		start = mono_ms();
		patience = start + opt.wait * 1000;
		bad = bad_request(&rq, &mb, &v, shown);
		/* for what is no mailbox too: a log that blocks must end */
		early_make(&rq, shown, "\r\n");
		alarm((unsigned int)opt.wait);
		if (!bad)
			ask(&mb, start + opt.total * 1000, &v);

		len = request_answer(&rq, shown, &v, buf);
		if (answer(buf, len, rq.last) == -1)
			syslog(LOG_WARNING, "answer not delivered: %s",
			    strerror(errno));
		cache_close();
		verdict_log(shown, &v, mono_ms() - start);
		hang_up(rq.last || ended ? -1 : STDIN_FILENO);
		if (stale(&v) && n < RENEW_MAX)
			old[n++] = mb;
		if (rq.last || ended)
			break;
		alarm(0);
		answered = rung = 0;
	}
	request_shut();
	request_drain();
	while (n > 0)
		renew(&old[--n]);
	return (0);
}

/*
 * Print a line for each address.  What meets `total' ends it: who asks for
 * many does not wait for all of them.
 */
static int
command_line(char **argv)
{
	/* the worst exit status is the one that comes first here */
	static const int order[] = { EX_USAGE, EX_DATAERR, EX_NOUSER,
	    EX_NOHOST, EX_TEMPFAIL, EX_PROTOCOL, EX_OK };
	static struct request rq;
	char shown[4 * ADDRESS_SHOWN + 1], buf[ANSWER_MAX + 1];
	enum cause cause;
	struct mailbox mb;
	struct verdict v;
	int64_t start, deadline;
	size_t i, worst;
	int bad;

	worst = sizeof(order) / sizeof(order[0]) - 1;
	cause = CAUSES;
	rq.form = FORM_LINE;
	for (; *argv != NULL; argv++) {
		start = mono_ms();
		patience = deadline = start + opt.total * 1000;
		rq.len = strlcpy(rq.address, *argv, sizeof(rq.address));
		/* what is cut here is too long for a mailbox anyway */
		if (rq.len >= sizeof(rq.address))
			rq.len = sizeof(rq.address) - 1;
		bad = bad_request(&rq, &mb, &v, shown);
		early_make(&rq, shown, "\n");
		answered = rung = 0;
		alarm((unsigned int)opt.total);
		if (!bad && cause != CAUSES)
			verdict_set(&v, cause, STAGE_NONE, "",
			    "the time was over before this one was asked");
		else if (!bad) {
			ask(&mb, deadline, &v);
			if (mono_ms() >= deadline &&
			    verdict_exit(v.cause) == EX_TEMPFAIL) {
				cause = v.cause == CAUSE_DNS ? CAUSE_DNS :
				    CAUSE_UNDER_WAY;
				v.cause = cause;
			}
		}
		request_answer(&rq, shown, &v, buf);
		printf("%.*s\n", (int)strcspn(buf, "\r"), buf);
		print_check();
		answered = 1;
		cache_close();
		verdict_log(shown, &v, mono_ms() - start);
		alarm(0);	/* a log that blocks ends with the query */
		hang_up(-1);
		for (i = 0; order[i] != verdict_exit(v.cause); i++)
			continue;
		if (i < worst)
			worst = i;
	}
	return (order[worst]);
}

static int
maintain(enum mode mode, char **keys)
{
	struct mailbox mb;
	const char *why;
	size_t i, j, len;
	int done;

	if (opt.cache == NULL)
		die(EX_USAGE, "there is no cache with -c none");
	if (mode == MODE_FORGET && *keys == NULL)
		die(EX_USAGE, "-F needs a mailbox, a domain or an IP address");
	if (mode == MODE_EXPIRE && *keys != NULL)
		die(EX_USAGE, "-E %s: takes no key", *keys);
	/* keys are folded as they were when they were stored */
	for (i = 0; keys[i] != NULL; i++) {
		len = strlen(keys[i]);
		/* as an answer shows a mailbox */
		if (len >= 2 && keys[i][0] == '<' && keys[i][len - 1] == '>') {
			keys[i][len - 1] = '\0';
			keys[i]++;
		}
		if (mailbox_parse(keys[i], strlen(keys[i]), &mb, &why))
			mailbox_key(&mb, keys[i]);
		else if (strchr(keys[i], '@') == NULL)
			for (j = 0; keys[i][j] != '\0'; j++)
				if (keys[i][j] >= 'A' && keys[i][j] <= 'Z')
					keys[i][j] += 'a' - 'A';
	}
	done = mode == MODE_LIST ? cache_list(keys, stdout) :
	    mode == MODE_FORGET ? cache_forget(keys) : cache_expire();
	if (done == -1)
		die(EX_NOINPUT, "%s: %s", opt.cache, strerror(errno));
	print_check();
	return (EX_OK);
}

/*
 * Take the address of a request, with or without brackets.  Returns 1 with a
 * verdict if that is enough for one: there is none, it is no mailbox, or the
 * null reverse-path.  shown is what the answer calls it.
 */
static int
bad_request(const struct request *rq, struct mailbox *mb, struct verdict *v,
    char *shown)
{
	const char *s, *why;
	size_t len;
	int good;

	shown[0] = '\0';
	s = rq->address;
	len = rq->len;
	if (rq->why != NULL) {
		verdict_set(v, CAUSE_REQUEST, STAGE_NONE, "", "%s", rq->why);
		return (1);
	}
	if (len >= 2 && s[0] == '<' && s[len - 1] == '>' &&
	    rq->form != FORM_POLICY) {
		s++;
		len -= 2;
	}
	if (len == 0 && (len < rq->len || rq->form != FORM_LINE)) {
		verdict_set(v, CAUSE_NULL, STAGE_NONE, "",
		    "the null reverse-path is always there (RFC 5321, 4.5.5)");
		return (1);
	}
	/* Postfix and Sendmail take the quotes off a local-part */
	good = rq->form != FORM_POLICY && mailbox_parse(s, len, mb, &why);
	if (!good && rq->form != FORM_LINE)
		good = mailbox_parse_unquoted(s, len, mb, &why);
	if (good) {
		strlcpy(shown, mb->address, ADDRESS_SHOWN + 1);
		return (0);
	}
	verdict_escape(s, len, shown, ADDRESS_SHOWN + 1);
	verdict_set(v, CAUSE_SYNTAX, STAGE_NONE, "", "%s", why);
	return (1);
}

/* Find the verdict about one mailbox. */
static void
ask(const struct mailbox *mb, int64_t deadline, struct verdict *v)
{
	static struct callout c;
	struct route route;
	int refuted;

	if (rules(mb, &route, v))
		return;
	if (mb->literal) {
		verdict_set(v, CAUSE_LITERAL, STAGE_NONE, "",
		    "an address literal names no mail exchanger");
		return;
	}
	if (recall(mb, &route, v, &refuted) || join(mb, &route, v, &refuted))
		return;
	find(mb, &route, refuted, deadline, &c);
	*v = c.v;
	remember(mb, &route, &c);
	manners_done(v->cause);
}

/*
 * Join a callout that is under way.  Returns 1 with its verdict, or with none
 * that could be waited for; else 0, and ours is the callout.
 */
static int
join(const struct mailbox *mb, const struct route *route, struct verdict *v,
    int *refuted)
{
	char key[MAILBOX_MAX + 1];
	enum joined joined;
	enum cause cause;
	int code;

	mailbox_key(mb, key);
	joined = manners_join(key, patience, &cause);
	/* it may also have ended since we looked for the first time */
	if (joined != JOINED_LATE && recall(mb, route, v, refuted)) {
		v->cached = joined == JOINED_NONE ? 1 : 2;
		manners_done(v->cause);
		return (1);
	}
	if (joined == JOINED_NONE)
		return (0);
	/* what is never stored is true of all who asked; but it needs no more
	 * than a word to condemn nobody */
	code = cause < CAUSES ? verdict_code(cause) : 0;
	if (code / 100 != 2 && code / 100 != 4)
		cause = CAUSE_UNDER_WAY;
	verdict_set(v, cause, STAGE_NONE, "", cause == CAUSE_UNDER_WAY ?
	    "the callout is still under way, ask again" :
	    "as another query of the same time found");
	v->cached = cause == CAUSE_UNDER_WAY ? 0 : 2;
	return (1);
}

/*
 * Ask DNS and the hosts, one after another, until one decides.  c->v is the
 * verdict, whoever it came from; c->tested is of the domain.
 */
static void
find(const struct mailbox *mb, const struct route *route, int refuted,
    int64_t deadline, struct callout *c)
{
	static struct callout one;
	static struct mx mx;
	struct mx_addr addr;
	size_t i;
	int more, heavy;

	memset(c, 0, sizeof(*c));
	sandbox_network();
	identify();
	in_dns = 1;
	more = mx_lookup(mb->domain, route, deadline, &mx, &c->v);
	in_dns = 0;
	if (!more)
		return;
	for (i = 0; i < mx.nhosts; i++)
		if (skipped(mb, mx.hosts[i].name, &c->v))
			return;
	for (heavy = 0;;) {
		in_dns = 1;
		more = mx_next(&mx, &addr);
		in_dns = 0;
		/* a verifier may ask about our postmaster: end it here; and
		 * who cannot answer in time is not called at all */
		if (!more || mailbox_postmaster(mb) ||
		    (heavy > 0 && mono_ms() >= deadline))
			break;
		call(mb, &addr, refuted, deadline, &one);
		if (one.decided) {
			*c = one;
			return;
		}
		if (weight(&one.v) > heavy) {
			heavy = weight(&one.v);
			c->v = one.v;
		}
	}
	/* a host without an address may be one that would have decided */
	if (!more && (heavy == 0 ||
	    (heavy == 1 && verdict_code(mx.none) == 451))) {
		c->beside = heavy;
		mx_none(&mx, &c->v);
	}
	if (mailbox_postmaster(mb) && (more || c->v.cause == CAUSE_OURSELVES))
		verdict_set(&c->v, CAUSE_POSTMASTER, STAGE_DNS, "",
		    "postmaster of a domain that takes mail (RFC 5321, 4.5.1)");
}

/* 1 if a mailbox is to be verified anew, now that it has been answered. */
static int
stale(const struct verdict *v)
{
	time_t now;

	now = time(NULL);
	return (v->cached == 1 && v->cause == CAUSE_ACCEPTED &&
	    now - v->when >= opt.refresh && v->standing.until <= now);
}

/*
 * Verify anew what was served from the cache, unless somebody is at it.  What
 * comes of it is stored if it is about the mailbox and final; else the old
 * record stays, and nobody tries again before `temporary'.
 */
static void
renew(const struct mailbox *mb)
{
	static struct callout c;
	char key[MAILBOX_MAX + 1], name[MAILBOX_MAX + 12];
	struct verdict old;
	struct route route;
	enum cause cause;
	int64_t start;
	int refuted;

	start = mono_ms();
	patience = 0;
	rung = 0;
	alarm((unsigned int)opt.wait);
	mailbox_key(mb, key);
	if (rules(mb, &route, &old) ||
	    manners_join(key, patience, &cause) != JOINED_NONE)
		return;
	cause = CAUSE_UNDER_WAY;
	if (recall(mb, &route, &old, &refuted) && stale(&old)) {
		find(mb, &route, refuted, start + opt.total * 1000, &c);
		cause = c.v.cause;
		snprintf(name, sizeof(name), "renewed %s", mb->address);
		verdict_log(name, &c.v, mono_ms() - start);
		if (verdict_code(c.v.cause) / 100 != 4)
			remember(mb, &route, &c);
		if (verdict_code(c.v.cause) / 100 == 4 ||
		    verdict_scope(c.v.cause) != SCOPE_MAILBOX) {
			old.cached = c.tested = 0;
			old.standing.until = time(NULL) + opt.temporary;
			/* the old record must not hide what is known now */
			if (verdict_code(c.v.cause) == 550)
				old.when = 0;	/* it ends; the domain has one */
			if (c.v.cause != CAUSE_CATCH_ALL)
				c.v = old;
			remember(mb, &route, &c);
		}
		hang_up(-1);
	}
	manners_done(cause);
	cache_close();
}

/*
 * What the administrator says of a mailbox.  Returns 1 with a verdict if that
 * ends it, else 0 with the route of its domain.
 */
static int
rules(const struct mailbox *mb, struct route *route, struct verdict *v)
{
	char why[TEXT_MAX];

	if (skipped(mb, NULL, v))
		return (1);
	if (rules_route(mb->domain, route, why) == 0)
		return (0);
	fault(why, v);
	return (1);
}

/* 1 with a verdict if the skip list has the mailbox or, if not NULL, a host. */
static int
skipped(const struct mailbox *mb, const char *host, struct verdict *v)
{
	char why[TEXT_MAX];
	int skip;

	skip = rules_skip(mb, host, why);
	if (skip == 0)
		return (0);
	if (skip == -1)
		fault(why, v);
	else
		verdict_set(v, CAUSE_SKIPPED, host == NULL ? STAGE_NONE :
		    STAGE_DNS, "", "%s is on the skip list", host == NULL ?
		    mb->domain : host);
	return (1);
}

/* A file was good when we began.  Its path is nobody else's business. */
static void
fault(const char *why, struct verdict *v)
{
	syslog(LOG_ERR, "%s", why);
	verdict_set(v, CAUSE_FAULT, STAGE_NONE, "",
	    "a file of rules is at fault, see the log of cbvd");
}

/* How much the word of a host that does not decide weighs against others'. */
static int
weight(const struct verdict *v)
{
	return (v->cause == CAUSE_LATER ? 3 : v->cause == CAUSE_NO_ANSWER ?
	    2 : 1);
}

/* Ask one host, unless it is left alone, and learn what it teaches. */
static void
call(const struct mailbox *mb, const struct mx_addr *addr, int refuted,
    int64_t deadline, struct callout *c)
{
	struct verdict v;
	int flags;

	hang_up(-1);
	memset(c, 0, sizeof(*c));
	if (!manners_enter(addr, patience, &c->v)) {
		c->decided = c->v.cause == CAUSE_BUSY;
		return;
	}
	/* what the best hosts refused, a backup host may still accept */
	flags = opt.no_test || addr->ours || (refuted && addr->best) ? 0 :
	    CALLOUT_TEST;
	if (opt.from != NULL && cache_begin(0) == 0) {
		if (cache_get(SCOPE_HOST, addr->ip, &v))
			flags |= CALLOUT_FROM;
		cache_end();
	}
	callout_ask(addr, mb, flags, deadline, c);
	manners_note(addr, c);
	if (c->null_refused && cache_begin(1) == 0) {
		verdict_set(&v, CAUSE_NULL_REFUSED, STAGE_MAIL, c->v.host,
		    "%s", c->null_text);
		cache_put(SCOPE_HOST, addr->ip, &v);
		cache_end();
	}
	if (c->tested == 1 && c->v.cause == CAUSE_ACCEPTED) {
		c->v.cause = CAUSE_CATCH_ALL;
		strlcpy(c->v.text, c->test, sizeof(c->v.text));
	}
	/* a backup host that accepts anything says nothing of the domain */
	if (!addr->best)
		c->tested = 0;
}

/* The host has a connection less before another process may call it. */
static void
hang_up(int client)
{
	callout_end(client);
	manners_leave();
}

/*
 * Look into the cache.  Returns 1 with a verdict; else 0, and whether the
 * best hosts of the domain are known to refuse what does not exist.  What is
 * known of a domain is not true of a host that a route has put in their place.
 */
static int
recall(const struct mailbox *mb, const struct route *route, struct verdict *v,
    int *refuted)
{
	char key[MAILBOX_MAX + 1], host[HOST_TEXT_MAX];
	struct verdict skip;
	int hit;

	*refuted = 0;
	if (cache_begin(0) == -1) {
		/* no file is no trouble: whoever stores first makes it */
		if (errno != ENOENT)
			cache_trouble();
		return (0);
	}
	mailbox_key(mb, key);
	hit = 0;
	if (!mailbox_postmaster(mb))
		hit = cache_get(SCOPE_MAILBOX, key, v);
	if (!hit && route->host[0] == '\0')
		hit = cache_get(SCOPE_DOMAIN, mb->domain, v) &&
		    (v->cause != CAUSE_BLOCKED || !mailbox_postmaster(mb));
	if (!hit && !route->ours && !mailbox_postmaster(mb))
		hit = cache_get(SCOPE_CATCH_ALL, mb->domain, v);
	if (hit && v->cause == CAUSE_NOT_CATCH_ALL) {
		*refuted = 1;
		hit = 0;
	}
	cache_end();
	/* the list may name a host that has answered before */
	strlcpy(host, hit ? v->host : "", sizeof(host));
	host[strcspn(host, "[")] = '\0';
	if (host[0] != '\0' && skipped(mb, host, &skip))
		*v = skip;
	return (hit);
}

/* Store what is true of the mailbox, of its domain, and of nothing else. */
static void
remember(const struct mailbox *mb, const struct route *route,
    const struct callout *c)
{
	char key[MAILBOX_MAX + 1];
	struct verdict test;
	enum scope scope;

	scope = verdict_scope(c->v.cause);
	if (scope == SCOPE_CATCH_ALL && c->tested == 0)
		scope = SCOPE_MAILBOX;
	/* a host that is to be had may take the next mailbox */
	if (scope == SCOPE_DOMAIN && c->beside)
		scope = SCOPE_MAILBOX;
	/* a host that a route names is not the domain's */
	if (scope == SCOPE_DOMAIN && route->host[0] != '\0')
		scope = SCOPE_NONE;
	/* what comes from the cache is there, or is a host's and no mailbox's */
	if (opt.cache == NULL || c->v.cached || scope == SCOPE_NONE)
		return;
	if (cache_begin(1) == -1) {
		cache_trouble();
		return;
	}
	mailbox_key(mb, key);
	if (scope == SCOPE_MAILBOX)
		cache_put(scope, key, &c->v);
	if (scope == SCOPE_DOMAIN)
		cache_put(scope, mb->domain, &c->v);
	if (c->tested != 0) {
		test = c->v;
		test.cause = c->tested > 0 ? CAUSE_CATCH_ALL :
		    CAUSE_NOT_CATCH_ALL;
		strlcpy(test.text, c->test, sizeof(test.text));
		cache_put(SCOPE_CATCH_ALL, mb->domain, &test);
	}
	cache_end();
	if (c->v.cause == CAUSE_BLOCKED)
		verdict_warn(&c->v);
}

/* Once for each process: a cache that cannot be used costs only time. */
static void
cache_trouble(void)
{
	static int told;
	int saved;

	saved = errno;
	if (told++)
		return;
	syslog(LOG_WARNING, "%s: %s: going on without a cache", opt.cache,
	    strerror(saved));
	verdict_trace("%s: %s: going on without a cache", opt.cache,
	    strerror(saved));
}

/* Who we say we are; a host name without a dot tells nobody anything. */
static void
identify(void)
{
	static char name[DOMAIN_MAX + 1], from[DOMAIN_MAX + 12];

	if (opt.helo == NULL && gethostname(name, sizeof(name)) == 0) {
		name[sizeof(name) - 1] = '\0';
		if (strchr(name, '.') != NULL &&
		    mailbox_hostname(name, strlen(name), 0))
			opt.helo = name;
	}
	if (opt.from_given || opt.helo == NULL)
		return;
	snprintf(from, sizeof(from), "postmaster@%s", opt.helo);
	opt.from = from;
}

/* Have the answers ready that the alarm may have to give. */
static void
early_make(const struct request *rq, const char *mailbox, const char *end)
{
	struct verdict v;
	int i;

	for (i = 0; i < 2; i++) {
		verdict_set(&v, i ? CAUSE_DNS : CAUSE_UNDER_WAY, STAGE_NONE,
		    "", i ? "the name servers take their time, ask again" :
		    "the callout is still under way, ask again");
		early_len[i] = request_answer(rq, mailbox, &v, early[i]);
		if (rq->form != FORM_LINE)
			continue;
		early[i][strcspn(early[i], "\r")] = '\0';
		early_len[i] = strlcat(early[i], end, sizeof(early[i]));
	}
}

/*
 * Give an answer unless the alarm has already given one: of the two exactly
 * one writes.  After the last the client sees EOF, whatever is still to be done.
 */
static int
answer(const char *buf, size_t len, int last)
{
	sigset_t alrm, old;
	int done, saved;

	done = saved = 0;
	sigemptyset(&alrm);
	sigaddset(&alrm, SIGALRM);
	sigprocmask(SIG_BLOCK, &alrm, &old);
	if (!answered) {
		done = request_write(buf, len);
		saved = errno;
		answered = 1;
		if (last || done == -1)
			request_shut();
		ended = done == -1;
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = saved;		/* why, whatever the shutdown said */
	return (done);
}

/*
 * `wait' and then `total' have passed.  res_send(3) goes on whatever signal
 * comes, on a stalled TCP connection for minutes: so its plug is pulled, for
 * each name server anew, and what is learned by that is answered, remembered
 * and logged.  Everything else has its own deadline; what sticks all the same
 * ends here.
 */
static void
alarmed(int sig)
{
	int saved;

	(void)sig;
	saved = errno;
	if (serving && rung == 0) {
		if (!answered) {
			request_write(early[in_dns], early_len[in_dns]);
			answered = ended = 1;
			request_shut();
		}
		alarm(opt.total > opt.wait ? (unsigned int)(opt.total -
		    opt.wait) : 1);
	} else if (rung < RINGS) {
		if (in_dns)
			plug();
		ualarm(RING_US, 0);
	} else {
		if (!answered)
			request_write(early[in_dns], early_len[in_dns]);
		_exit(serving ? EX_OK : EX_TEMPFAIL);
	}
	rung++;
	errno = saved;
}

/*
 * End the resolver's sockets under it; one of UDP that is only shut down would
 * be tried until its time is over.  Async-signal-safe.
 */
static void
plug(void)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	for (fd = STDERR_FILENO + 1; fd < FDS_MAX; fd++) {
		len = sizeof(ss);
		ss.ss_family = 0;
		if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0 &&
		    (ss.ss_family == AF_INET || ss.ss_family == AF_INET6))
			dup2(null_fd, fd);
	}
}
