/* SPDX-License-Identifier: ISC */
/*
 * sandbox.c: enter the sandbox as far as a phase of cbvd does, then try
 * something, and say what came of it: "done", or the name of the errno.
 *
 *	sandbox none|start|network TRY [PATH]
 *	sandbox probe		what kernel and build offer, seen from here
 *	sandbox old COMMAND...	run it as on a kernel that offers nothing
 *	sandbox deaf COMMAND...	run it where no interface can be asked for
 *
 * Started as root it becomes nobody first, as cbvd does.  Environment: CACHE
 * is -c, RULES -r, BIND makes it as with -b, and ABI is the one of Landlock
 * that the kernel pretends to have.  What sandbox.c would log or show with -v
 * goes to standard error.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cbvd.h"

#define LANDLOCK_CREATE	444
#define NOBODY		65534
#define GIGABYTE	(1UL << 30)

struct options opt = { .smtp_port = 1, .size = 64 << 20 };
static const char	*path;		/* what a TRY is about */
static pid_t		 victim;	/* a process outside, of the same user */
static int		 unconfined;	/* a socket made before */
static struct sockaddr_in	 listener;
static struct sockaddr_un	 abstract;

long	__real_syscall(long, ...);
long	__wrap_syscall(long, ...);
void	__wrap_syslog(int, const char *, ...)
	    __attribute__((__format__(__printf__, 2, 3)));
void	__wrap___syslog_chk(int, int, const char *, ...)
	    __attribute__((__format__(__printf__, 3, 4)));

/* What sandbox.c asks of Landlock passes here. */
long
__wrap_syscall(long nr, ...)
{
	long a[4], abi;
	va_list ap;
	int i;

	va_start(ap, nr);
	for (i = 0; i < 4; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	abi = __real_syscall(nr, a[0], a[1], a[2], a[3]);
	if (nr == LANDLOCK_CREATE && a[0] == 0 && abi > 0 &&
	    getenv("ABI") != NULL)
		abi = atoi(getenv("ABI"));
	return (abi);
}

static void __attribute__((__format__(__printf__, 2, 0)))
show(const char *what, const char *fmt, va_list ap)
{
	fprintf(stderr, "%s: ", what);
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
}

void
verdict_trace(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	show("trace", fmt, ap);
	va_end(ap);
}

void
__wrap_syslog(int level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	show(level == 7 ? "debug" : "log", fmt, ap);
	va_end(ap);
}

void
__wrap___syslog_chk(int level, int flag, const char *fmt, ...)
{
	va_list ap;

	(void)flag;
	va_start(ap, fmt);
	show(level == 7 ? "debug" : "log", fmt, ap);
	va_end(ap);
}

/* ---- what is tried; each returns -1 with errno if it was stopped --------- */

static int try_nothing(void) { return (0); }

/* files */
static int try_read(void) { return (open(path, O_RDONLY)); }
static int try_write(void) { return (open(path, O_WRONLY)); }
static int try_both(void) { return (open(path, O_RDWR)); }
static int try_truncate(void) { return (open(path, O_WRONLY | O_TRUNC)); }
static int try_create(void) { return (open(path, O_RDWR | O_CREAT, 0600)); }
static int try_remove(void) { return (unlink(path)); }
static int try_folder(void) { return (mkdir(path, 0700)); }
static int try_list(void) { return (open(path, O_RDONLY | O_DIRECTORY)); }
static int try_link(void) { return (symlink("/etc/passwd", path)); }
static int try_fifo(void) { return (mkfifo(path, 0600)); }
static int try_mode(void) { return (chmod(path, 0666)); }

/* the cache is set aside, as cache.c and gdbm do it */
static int
try_rename(void)
{
	char bad[4096];

	snprintf(bad, sizeof(bad), "%s.bad", path);
	return (rename(path, bad));
}

/* programs and processes */
static int
try_exec(void)
{
	return (execl("/bin/echo", "echo", "done", (char *)NULL));
}

static int
try_exec_memory(void)
{
	static char *argv[] = { (char *)"echo", (char *)"done", NULL };
	char buf[65536];
	ssize_t n;
	int fd, file;

	fd = memfd_create("echo", MFD_CLOEXEC);
	file = unconfined;
	while (fd != -1 && (n = read(file, buf, sizeof(buf))) > 0)
		if (write(fd, buf, n) != n)
			return (-1);
	return (fd == -1 ? -1 : fexecve(fd, argv, argv + 2));
}

static int
try_fork(void)
{
	pid_t pid;

	pid = fork();
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return (pid);
}

static int
try_ptrace(void)
{
	if (ptrace(PTRACE_ATTACH, victim, NULL, NULL) == -1)
		return (-1);
	waitpid(victim, NULL, 0);
	return ((int)ptrace(PTRACE_DETACH, victim, NULL, NULL));
}

static int try_kill(void) { return (kill(victim, SIGCONT)); }
static int try_setuid(void) { return (setresuid(-1, -1, -1)); }

/* memory */
static int
map(size_t size, int prot)
{
	return (mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS |
	    MAP_NORESERVE, -1, 0) == MAP_FAILED ? -1 : 0);
}

static int try_memory(void) { return (map(GIGABYTE, PROT_READ)); }
static int try_code(void) { return (map(4096, PROT_READ | PROT_EXEC)); }
static int try_make_code(void)
{
	static char page[8192] __attribute__((__aligned__(4096)));

	return (mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

/* the network */
static int
try_connect(void)
{
	return (connect(socket(AF_INET, SOCK_STREAM, 0),
	    (struct sockaddr *)&listener, sizeof(listener)));
}

static int
bind_port(in_port_t port)
{
	struct sockaddr_in sin;

	sin = listener;
	sin.sin_port = port;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	return (bind(unconfined, (struct sockaddr *)&sin, sizeof(sin)));
}

static int try_bind(void) { return (bind_port(0)); }
static int try_bind_port(void) { return (bind_port(listener.sin_port)); }
static int try_listen(void) { return (listen(unconfined, 1)); }

static int
try_datagram(void)
{
	return (sendto(socket(AF_INET, SOCK_DGRAM, 0), "x", 1, 0,
	    (struct sockaddr *)&listener, sizeof(listener)) == 1 ? 0 : -1);
}

/* UDP does not mind MSG_FASTOPEN */
static int
try_fast_open(void)
{
	int fd;

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	return (sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&listener,
	    sizeof(listener)) == 1 ? 0 : -1);
}

static int
try_interfaces(void)
{
	struct ifaddrs *ifa;

	return (getifaddrs(&ifa));
}

static int try_netlink(void) { return (socket(AF_NETLINK, SOCK_RAW, 16)); }
static int try_pair(void) { return (socket(AF_UNIX, SOCK_SEQPACKET, 0)); }
static int try_stream(void) { return (socket(AF_UNIX, SOCK_STREAM, 0)); }

static int
try_log(void)
{
	struct sockaddr_un sun;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
	return (connect(socket(AF_UNIX, SOCK_DGRAM, 0),
	    (struct sockaddr *)&sun, sizeof(sun)));
}

static int
try_abstract(void)
{
	return (connect(socket(AF_UNIX, SOCK_DGRAM, 0),
	    (struct sockaddr *)&abstract, sizeof(abstract)));
}

static int
try_ioctl(void)
{
	int one;

	one = 1;
	return (ioctl(unconfined, FIONBIO, &one));
}

static const struct {
	const char	*name;
	int		(*function)(void);
} tries[] = {
	{ "nothing", try_nothing }, { "read", try_read },
	{ "write", try_write }, { "both", try_both },
	{ "truncate", try_truncate }, { "create", try_create },
	{ "remove", try_remove }, { "folder", try_folder },
	{ "list", try_list }, { "link", try_link }, { "fifo", try_fifo },
	{ "mode", try_mode }, { "rename", try_rename }, { "exec", try_exec },
	{ "exec-memory", try_exec_memory }, { "fork", try_fork },
	{ "ptrace", try_ptrace }, { "kill", try_kill },
	{ "setuid", try_setuid }, { "memory", try_memory },
	{ "code", try_code }, { "make-code", try_make_code },
	{ "connect", try_connect }, { "connect-smtp", try_connect },
	{ "connect-dns", try_connect }, { "connect-dns6", try_connect },
	{ "connect-route", try_connect }, { "bind", try_bind },
	{ "bind-port", try_bind_port }, { "listen", try_listen },
	{ "datagram", try_datagram }, { "fast-open", try_fast_open },
	{ "interfaces", try_interfaces }, { "netlink", try_netlink },
	{ "seqpacket", try_pair }, { "stream", try_stream },
	{ "log", try_log }, { "abstract", try_abstract },
	{ "ioctl", try_ioctl }
};

static const char *
result(int rc)
{
	static const struct {
		int		 number;
		const char	*name;
	} names[] = {
		{ EACCES, "EACCES" }, { EPERM, "EPERM" }, { ENOSYS, "ENOSYS" },
		{ EAGAIN, "EAGAIN" }, { ENOMEM, "ENOMEM" },
		{ ENOENT, "ENOENT" }
	};
	size_t i;

	if (rc != -1)
		return ("done");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == errno)
			return (names[i].name);
	return (strerror(errno));
}

/* ---- what is there before ---------------------------------------------- */

static void
become_nobody(void)
{
	if (getuid() != 0)
		return;
	if (setgroups(0, NULL) == -1 || setgid(NOBODY) == -1 ||
	    setuid(NOBODY) == -1)
		exit(99);
	/* as a process that has been this user's from the start */
	prctl(PR_SET_DUMPABLE, 1);
}

/* Listeners, a process, an open file: all of it from outside. */
static void
prepare(const char *name)
{
	struct sockaddr_in6 *sin6;
	struct sockaddr_in *sin;
	socklen_t len;
	int fd, ends[2];
	char c;

	/* nobody in the sandbox can end it: it goes when we have gone */
	if (pipe2(ends, O_CLOEXEC) == -1)
		exit(99);
	victim = fork();
	if (victim == 0) {
		close(ends[1]);
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		while (read(ends[0], &c, 1) == -1)
			continue;
		_exit(0);
	}
	listener.sin_family = AF_INET;
	listener.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	len = sizeof(listener);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	bind(fd, (struct sockaddr *)&listener, sizeof(listener));
	listen(fd, 8);
	getsockname(fd, (struct sockaddr *)&listener, &len);

	abstract.sun_family = AF_UNIX;
	snprintf(abstract.sun_path + 1, 90, "cbvd-sandbox-%ld", (long)getpid());
	bind(socket(AF_UNIX, SOCK_DGRAM, 0), (struct sockaddr *)&abstract,
	    sizeof(abstract));

	unconfined = strcmp(name, "exec-memory") == 0 ?
	    open("/bin/echo", O_RDONLY) : socket(AF_INET, SOCK_STREAM, 0);

	sin = (struct sockaddr_in *)&opt.ns;
	sin6 = (struct sockaddr_in6 *)&opt.ns;
	if (strcmp(name, "connect-smtp") == 0)
		opt.smtp_port = ntohs(listener.sin_port);
	if (strcmp(name, "connect-route") == 0)
		sandbox_port(ntohs(listener.sin_port));
	if (strcmp(name, "connect-dns") == 0) {
		sin->sin_family = AF_INET;
		sin->sin_port = listener.sin_port;
	}
	if (strcmp(name, "connect-dns6") == 0) {
		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = listener.sin_port;
	}
	opt.cache = getenv("CACHE");
	opt.routes = getenv("RULES");
	opt.bind4.sin_family = getenv("BIND") != NULL ? AF_INET : 0;
}

/* ---- other kernels ------------------------------------------------------- */

static void
probe(void)
{
	long abi;

	abi = __real_syscall(LANDLOCK_CREATE, (void *)NULL, 0L, 1L);
	/* a filter of nowhere is a bad address, where filters are known */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	printf("landlock=%ld seccomp=%d sanitized=%d\n", abi < 0 ? 0 : abi,
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) == -1 &&
	    errno == EFAULT, SANITIZED);
}

/* From now on there is neither Landlock nor a further seccomp filter. */
static void
old_kernel(void)
{
	static struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LANDLOCK_CREATE, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
	};
	static struct sock_fprog fprog = { 8, program };

	/* a kernel that does not know filters needs none of this */
	if (getuid() != 0)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &fprog);
}

/* As under systemd(1) with RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX. */
static void
deaf_kernel(void)
{
	static struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
	};
	static struct sock_fprog fprog = { 6, program };

	if (getuid() != 0)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &fprog);
}

int
main(int argc, char *argv[])
{
	size_t i, n;

	if (argc == 2 && strcmp(argv[1], "probe") == 0) {
		probe();
		return (0);
	}
	if (argc > 2 && (strcmp(argv[1], "old") == 0 ||
	    strcmp(argv[1], "deaf") == 0)) {
		if (argv[1][0] == 'o')
			old_kernel();
		else
			deaf_kernel();
		execvp(argv[2], argv + 2);
		return (99);
	}
	n = sizeof(tries) / sizeof(tries[0]);
	for (i = 0; argc > 2 && i < n; i++)
		if (strcmp(tries[i].name, argv[2]) == 0)
			break;
	if (argc < 3 || i == n)
		return (99);
	path = argv[3];
	become_nobody();
	prepare(argv[2]);
	if (strcmp(argv[1], "none") != 0)
		sandbox_start();
	if (strcmp(argv[1], "network") == 0)
		sandbox_network();
	fprintf(stderr, "force: %s\n", sandbox_text());
	puts(result(tries[i].function()));
	return (0);
}
