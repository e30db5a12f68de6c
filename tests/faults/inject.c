/* SPDX-License-Identifier: ISC */
/*
 * inject.c: run a command and have one of its system calls fail.
 *
 *	inject -l LOG COMMAND...	write a line "NAME ERRNO..." for each call
 *					that can fail, with what it can fail
 *	inject [-a] N ERRNO COMMAND...	the N-th of these calls fails; with -a
 *					all later ones of its kind do, too
 *	inject [-a] NAME:N ERRNO COMMAND...	the N-th of this name does
 *
 * ERRNO may be 0: then nothing is done, and that is said to have worked.
 *
 * Counted is from main() on, which in cbvd begins with /dev/null: what fails
 * in the loader before that is no program yet.  The kernel is told by
 * ptrace(2) to skip the call, so that the C library's own calls are reached
 * too, and what seccomp(2) thinks of it stays as it is.  Ends as the command
 * does; with 125 if nothing can be traced here.
 */
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/user.h>
#include <unistd.h>

#define CANNOT		125
#define FDS_OTHER	200

/* a closed descriptor is closed, whatever close(2) says: it is let through */
#define LET(name, ...)	{ SYS_##name, #name, 1, { __VA_ARGS__ } }
#define CALL(name, ...)	{ SYS_##name, #name, 0, { __VA_ARGS__ } }

static const struct call {
	long		 nr;
	const char	*name;
	int		 let, errs[5];
} calls[] = {
	LET(close, EIO, EINTR),
	CALL(openat, EMFILE, EIO, ENOMEM, ENOSPC, EINTR),
	CALL(read, EIO, EINTR, ENOMEM), CALL(readv, EIO, EINTR),
	CALL(pread64, EIO, ENOMEM), CALL(write, EIO, ENOSPC, EINTR),
	CALL(writev, EIO, EINTR), CALL(pwrite64, EIO, ENOSPC),
	CALL(lseek, EIO), CALL(fstat, EIO, ENOMEM),
	CALL(newfstatat, EIO, ENOMEM), CALL(statx, EIO, ENOMEM),
	CALL(fcntl, ENOLCK, EINTR, EDEADLK), CALL(flock, ENOLCK, EINTR),
	CALL(ftruncate, EIO, ENOSPC), CALL(fsync, EIO, ENOSPC),
	CALL(fdatasync, EIO), CALL(renameat, EIO, ENOSPC),
	CALL(renameat2, EIO, ENOSPC), CALL(unlinkat, EIO),
	CALL(readlinkat, EIO), CALL(getdents64, EIO),
	CALL(dup3, EMFILE, EINTR), CALL(ioctl, EIO),
	CALL(socket, EMFILE, ENOBUFS, EACCES),
	CALL(connect, ENETUNREACH, EINTR, EACCES, ECONNREFUSED),
	CALL(bind, EADDRINUSE, ENOMEM), CALL(shutdown, ENOTCONN),
	CALL(sendto, ENOBUFS, EINTR, EPERM), CALL(sendmsg, ENOBUFS, EINTR),
	CALL(sendmmsg, ENOBUFS, EINTR), CALL(recvfrom, EIO, EINTR, ENOMEM),
	CALL(recvmsg, EIO, EINTR), CALL(getsockname, ENOBUFS),
	CALL(getpeername, ENOBUFS), CALL(getsockopt, ENOBUFS),
	CALL(setsockopt, ENOMEM), CALL(ppoll, ENOMEM, EINTR),
	CALL(mmap, ENOMEM), CALL(mremap, ENOMEM), CALL(mprotect, ENOMEM),
	CALL(munmap, ENOMEM), CALL(prlimit64, EPERM, EINVAL),
	CALL(prctl, EINVAL, ENOMEM), CALL(setuid, EAGAIN, EPERM),
	CALL(setgid, EPERM), CALL(setgroups, EPERM, ENOMEM),
	CALL(close_range, ENOSYS, EPERM), CALL(uname, EFAULT),
	CALL(getrandom, ENOSYS, EINTR), CALL(clock_nanosleep, EINTR),
	{ 444, "landlock_create_ruleset", 0, { ENOSYS, ENOMEM } },
	{ 445, "landlock_add_rule", 0, { ENOMEM } },
	{ 446, "landlock_restrict_self", 0, { EPERM, E2BIG } },
#ifdef __x86_64__
	CALL(open, EMFILE, EIO, ENOMEM, ENOSPC, EINTR), CALL(stat, EIO, ENOMEM),
	CALL(lstat, EIO), CALL(rename, EIO, ENOSPC), CALL(unlink, EIO),
	CALL(readlink, EIO), CALL(dup2, EMFILE, EINTR),
	CALL(poll, ENOMEM, EINTR), CALL(getrlimit, EINVAL),
	CALL(setrlimit, EPERM),
#endif
};
#define NCALLS	(sizeof(calls) / sizeof(calls[0]))

static void
fail(const char *what)
{
	perror(what);
	exit(CANNOT);
}

/* Skip the call that has just been entered. */
static int
call_skip(pid_t pid)
{
#if defined(__x86_64__)
	return (ptrace(PTRACE_POKEUSER, pid,
	    offsetof(struct user_regs_struct, orig_rax), -1L));
#elif defined(__aarch64__)
	int nr = -1;
	struct iovec iov = { &nr, sizeof(nr) };

	return (ptrace(PTRACE_SETREGSET, pid, 0x404, &iov));
#else
	errno = ENOSYS;
	return (-1);
#endif
}

/* What the call returns that has just been left. */
static int
call_return(pid_t pid, int error)
{
#if defined(__x86_64__)
	return (ptrace(PTRACE_POKEUSER, pid,
	    offsetof(struct user_regs_struct, rax), (long)-error));
#elif defined(__aarch64__)
	struct user_regs_struct regs;
	struct iovec iov = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov) == -1)
		return (-1);
	regs.regs[0] = (uint64_t)(int64_t)-error;
	return (ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov));
#else
	errno = ENOSYS;
	return (-1);
#endif
}

static int
is_null(pid_t pid, uint64_t path)
{
	long word;

	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, pid, path, NULL);
	return (errno == 0 && memcmp(&word, "/dev/nul", 8) == 0);
}

int
main(int argc, char **argv)
{
	struct __ptrace_syscall_info info;
	const struct call *c, *failing;
	const char *failed, *only;
	char *colon;
	FILE *log;
	long n, at, kind;
	int error, all, begun, i, status, sig;
	pid_t pid;

	log = NULL;
	at = error = all = 0;
	kind = -1;	/* from now on all of it fail */
	only = NULL;
	if (argc > 3 && strcmp(argv[1], "-l") == 0) {
		log = fopen(argv[2], "w");
		if (log == NULL)
			fail(argv[2]);
		argv += 3;
	} else {
		if (argc > 1 && strcmp(argv[1], "-a") == 0)
			all = *argv++ != NULL;
		if (argc - all < 4)
			return (CANNOT);
		colon = strchr(argv[1], ':');
		if (colon != NULL) {
			*colon = '\0';
			only = argv[1];
		}
		at = atol(colon != NULL ? colon + 1 : argv[1]);
		error = atoi(argv[2]);
		argv += 3;
	}
	pid = fork();
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
			fail("ptrace");
		execv(argv[0], argv);
		fail(argv[0]);
	}
	/* descriptors 0 and 1 may be a client, who waits for their end */
	close(0);
	close(1);
	if (waitpid(pid, &status, 0) == -1 || !WIFSTOPPED(status))
		return (CANNOT);
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD |
	    PTRACE_O_EXITKILL) == -1) {
		kill(pid, SIGKILL);
		fail("ptrace");
	}
	failing = NULL;
	failed = "not reached";
	n = begun = sig = 0;
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, (long)sig) == -1 ||
		    waitpid(pid, &status, 0) == -1)
			fail("ptrace");
		if (!WIFSTOPPED(status))
			break;
		sig = WSTOPSIG(status);
		if (sig != (SIGTRAP | 0x80))
			continue;
		sig = 0;
		if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info),
		    &info) <= 0) {
			kill(pid, SIGKILL);
			fail("ptrace");
		}
		if (info.op == PTRACE_SYSCALL_INFO_EXIT && failing != NULL) {
			if (call_return(pid, error) == -1)
				fail("ptrace");
			failing = NULL;
			continue;
		}
		if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
			continue;
		for (c = calls; c < calls + NCALLS; c++)
			if ((uint64_t)c->nr == info.entry.nr)
				break;
		/* more descriptors than cbvd can have: of `make coverage' */
		if (c == calls + NCALLS || (info.entry.args[0] >= FDS_OTHER &&
		    info.entry.args[0] < 1024))
			continue;
		if (!begun && !((strcmp(c->name, "openat") == 0 &&
		    is_null(pid, info.entry.args[1])) ||
		    (strcmp(c->name, "open") == 0 &&
		    is_null(pid, info.entry.args[0]))))
			continue;
		begun = 1;
		if (only != NULL && strcmp(c->name, only) != 0)
			continue;
		n++;
		if (log != NULL) {
			fprintf(log, "%s", c->name);
			for (i = 0; i < 5 && c->errs[i] != 0; i++)
				fprintf(log, " %d", c->errs[i]);
			fprintf(log, "\n");
		}
		if (n == at || c->nr == kind) {
			failing = c;
			if (n == at)
				failed = c->name;
			if (all)
				kind = c->nr;
			if (!c->let && call_skip(pid) == -1)
				fail("ptrace");
		}
	}
	if (log != NULL && fclose(log) != 0)
		fail("log");
	/* as time goes by calls move: which one it was is told */
	if (log == NULL)
		fprintf(stderr, "inject: %s\n", failed);
	return (WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
	    WEXITSTATUS(status));
}
