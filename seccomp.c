/* SPDX-License-Identifier: ISC */
/*
 * seccomp.c: the system calls that a query needs once it goes out to the
 * network; the kernel refuses all others.  To the C library it is an old
 * kernel that lacks them (ENOSYS), so that a new library still finds its way.
 * Optional: with -DNO_SECCOMP, under a sanitizer, and where numbers are not
 * known to fit, there is none.
 */
#ifdef __linux__
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#endif

#include <errno.h>

#include "cbvd.h"

#if defined(__linux__) && !defined(NO_SECCOMP) && !SANITIZED && \
    ((defined(__x86_64__) && !defined(__ILP32__)) || defined(__AARCH64EL__))
#ifdef __x86_64__
#define ARCH		AUDIT_ARCH_X86_64
#else
#define ARCH		AUDIT_ARCH_AARCH64
#endif
#define CHECKS		3
#define ALL		0xffffffff

#define CALL(name)	{ .nr = SYS_##name }
#define CALL_IF(name, arg, mask, is) \
	{ SYS_##name, { { mask, arg, is } } }
#define SOCKET(family, type) \
	{ SYS_socket, { { ALL, 0, family }, { 15, 1, type }, { ALL, 2, 0 } } }

/* A system call is let through if (argument & mask) == is in every check. */
static const struct call {
	unsigned int	nr;
	struct {
		unsigned int	mask, arg, is;
	} checks[CHECKS];	/* ended by a mask of 0 */
} calls[] = {
	/* descriptors */
	CALL(read), CALL(readv), CALL(pread64), CALL(write), CALL(writev),
	CALL(pwrite64), CALL(lseek), CALL(close), CALL(fcntl), CALL(dup3),
	CALL(ppoll),
	/* nothing that types into a terminal (TIOCSTI) */
	CALL_IF(ioctl, 1, ALL, FIONREAD), CALL_IF(ioctl, 1, ALL, TCGETS),
	CALL_IF(ioctl, 1, ALL, TIOCGWINSZ),

	/* files: which ones is for Landlock to say */
	CALL(openat), CALL(newfstatat), CALL(fstat), CALL(flock),
	CALL(ftruncate), CALL(fsync), CALL(fdatasync), CALL(renameat),
	CALL(renameat2), CALL(unlinkat),

	/* what connects and what sends a datagram, and no other protocol */
	SOCKET(AF_INET, SOCK_STREAM), SOCKET(AF_INET, SOCK_DGRAM),
	SOCKET(AF_INET6, SOCK_STREAM), SOCKET(AF_INET6, SOCK_DGRAM),
	/* the log; a stream would be D-Bus, a database, a container's master */
	SOCKET(AF_UNIX, SOCK_DGRAM),
	/* getifaddrs(3) */
	SOCKET(AF_NETLINK, SOCK_RAW),
	/* MSG_FASTOPEN connects where Landlock does not look */
	CALL_IF(sendto, 3, MSG_FASTOPEN, 0), CALL_IF(sendmsg, 2, MSG_FASTOPEN, 0),
	CALL(connect), CALL(bind), CALL(shutdown), CALL(recvfrom),
	CALL(recvmsg), CALL(getsockname), CALL(getpeername), CALL(getsockopt),
	CALL(setsockopt),

	/* memory, none of which is ever code */
	CALL_IF(mmap, 2, PROT_EXEC, 0), CALL_IF(mprotect, 2, PROT_EXEC, 0),
	CALL(munmap), CALL(mremap), CALL(madvise), CALL(brk), CALL(futex),

	/* time, signals, ourselves */
	CALL(clock_gettime), CALL(gettimeofday), CALL(clock_nanosleep),
	CALL(nanosleep), CALL(setitimer), CALL(rt_sigaction),
	CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(restart_syscall),
	CALL(getrandom), CALL(uname), CALL(getpid), CALL(gettid), CALL(getuid),
	CALL(geteuid), CALL(getgid), CALL(getegid),
	CALL_IF(prlimit64, 0, ALL, 0), CALL(exit), CALL(exit_group),
#ifdef __x86_64__
	/* what younger architectures have done away with */
	CALL(open), CALL(stat), CALL(lstat), CALL(rename), CALL(unlink),
	CALL(dup2), CALL(poll), CALL(alarm), CALL(time), CALL(getrlimit),
	CALL(setrlimit)
#endif
};

#define NCALLS		(sizeof(calls) / sizeof(calls[0]))

static struct sock_filter program[NCALLS * (3 + 3 * CHECKS) + 5];
static unsigned short	  len;

static void
add(int code, unsigned int k, int if_true, int if_false)
{
	program[len].code = (unsigned short)code;
	program[len].jt = (unsigned char)if_true;
	program[len].jf = (unsigned char)if_false;
	program[len++].k = k;
}

/* Load 32 bits of what the kernel tells of a call; both machines are little
 * endian, and no argument of interest is longer. */
static void
load(size_t offset)
{
	add(BPF_LD | BPF_W | BPF_ABS, (unsigned int)offset, 0, 0);
}

int
seccomp_start(void)
{
	struct sock_fprog fprog;
	const struct call *call;
	int i, n;

	load(offsetof(struct seccomp_data, arch));
	add(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS, 0, 0);
	load(offsetof(struct seccomp_data, nr));
	for (call = calls; call < calls + NCALLS; call++) {
		for (n = 0; n < CHECKS && call->checks[n].mask != 0; n++)
			continue;
		/* each check is three instructions; then two follow */
		add(BPF_JMP | BPF_JEQ | BPF_K, call->nr, 0,
		    n == 0 ? 1 : 3 * n + 2);
		for (i = 0; i < n; i++) {
			load(offsetof(struct seccomp_data, args) +
			    call->checks[i].arg * sizeof(uint64_t));
			add(BPF_ALU | BPF_AND | BPF_K, call->checks[i].mask,
			    0, 0);
			add(BPF_JMP | BPF_JEQ | BPF_K, call->checks[i].is, 0,
			    3 * (n - i - 1) + 1);
		}
		add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
		if (n > 0)
			load(offsetof(struct seccomp_data, nr));
	}
	add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS, 0, 0);
	fprog.len = len;
	fprog.filter = program;
	return (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &fprog));
}
#else
int
seccomp_start(void)
{
	errno = ENOSYS;
	return (-1);
}
#endif
