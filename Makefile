# cbvd: callback verification daemon.  For GNU make and BSD make alike.
PREFIX ?=	/usr/local
MANDIR ?=	$(PREFIX)/share/man
EXAMPLEDIR ?=	$(PREFIX)/share/examples/cbvd
CFLAGS ?=	-O2 -g
# what costs nothing and makes a fault harder to use; both empty for sanitizers
HARDEN ?=	-fstack-protector-strong -fPIE -U_FORTIFY_SOURCE \
		-D_FORTIFY_SOURCE=2 `$(CET)`
# jumps that land where they may (x86), where the compiler knows of it
CET =	f=-fcf-protection; $(CC) -Werror $$f -E -x c /dev/null >/dev/null 2>&1 && \
	echo $$f
HARDENLD ?=	-pie -Wl,-z,relro,-z,now
# STATIC=yes: no shared object at all; see Build in README.md
SPIE =	$(STATIC:yes=-static-pie)
SOBJ =	$(STATIC:yes=getpwnam.o)

STD =	-std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64
WARN =	-Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wformat=2 \
	-Wvla -Wundef -Wconversion -Wno-sign-conversion

# libbsd is libc on the BSDs; SHA-256 comes from libmd where it is not in libc
SYSCPP = case $$(uname -s) in \
	Linux) echo -isystem /usr/include/bsd -DLIBBSD_OVERLAY \
		-DLIBBSD_OPENBSD_VIS;; \
	FreeBSD|NetBSD) echo -I/usr/local/include -I/usr/pkg/include \
		-DSHA2_CTX=SHA256_CTX -DSHA256Init=SHA256_Init \
		-DSHA256Update=SHA256_Update -DSHA256Final=SHA256_Final;; \
	*) echo -I/usr/local/include;; esac
# On Linux what starting costs is the number of shared objects: where there is
# an archive it is taken, and libc stays the only one.
SYSLIB = case $$(uname -s) in \
	Linux) for l in gdbm bsd md; do \
		a=$$($(CC) -print-file-name=lib$$l.a); \
		if [ -f "$$a" ]; then echo "$$a"; else echo "-l$$l"; fi; done; \
		echo -Wl,--as-needed -lresolv;; \
	FreeBSD) echo -L/usr/local/lib -lgdbm -lmd -lutil;; \
	NetBSD) echo -L/usr/pkg/lib -lgdbm -lresolv -lutil;; \
	*) echo -L/usr/local/lib -lgdbm -lutil;; esac

OBJ =	cbvd.o options.o request.o mailbox.o rules.o mx.o callout.o reply.o \
	verdict.o cache.o manners.o sandbox.o seccomp.o $(SOBJ)

all: cbvd

cbvd: $(OBJ)
	$(CC) $(STD) $(CFLAGS) $(HARDENLD) $(SPIE) $(LDFLAGS) -o $@ $(OBJ) \
	    `$(SYSLIB)`

.SUFFIXES: .c .o
.c.o:
	$(CC) $(STD) $(WARN) `$(SYSCPP)` $(CPPFLAGS) $(CFLAGS) \
	    $(HARDEN) -c -o $@ $<

$(OBJ): cbvd.h

tests/replies: tests/replies.c reply.o cbvd.h
	$(CC) $(STD) $(WARN) -I. `$(SYSCPP)` $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) \
	    -o $@ tests/replies.c reply.o `$(SYSLIB)`

# its resolver is ours
tests/answers: tests/answers.c mx.o mailbox.o verdict.o reply.o cbvd.h
	$(CC) $(STD) $(WARN) -I. `$(SYSCPP)` $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) \
	    -Wl,--wrap=res_send,--wrap=__res_send,--wrap=res_init \
	    -Wl,--wrap=__res_init -o $@ tests/answers.c mx.o mailbox.o \
	    verdict.o reply.o `$(SYSLIB)`

# its calls of the kernel and of the log are looked at on their way
tests/sandbox: tests/sandbox.c sandbox.o seccomp.o cbvd.h
	$(CC) $(STD) $(WARN) -I. `$(SYSCPP)` $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) \
	    -Wl,--wrap=syscall,--wrap=syslog,--wrap=__syslog_chk -o $@ \
	    tests/sandbox.c sandbox.o seccomp.o `$(SYSLIB)`

bench/nop: bench/nop.c
	$(CC) $(STD) $(CFLAGS) $(HARDEN) $(HARDENLD) $(SPIE) $(LDFLAGS) -o $@ \
	    bench/nop.c `$(SYSLIB)`

bench/fill: bench/fill.c cache.o verdict.o reply.o mailbox.o
	$(CC) $(STD) $(WARN) `$(SYSCPP)` $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) \
	    -o $@ bench/fill.c cache.o verdict.o reply.o mailbox.o `$(SYSLIB)`

# What is missing on this machine is named and installed.
deps:
	@sh tests/deps.sh build

demo:
	@sh tests/deps.sh demo
	@$(MAKE) all
	@sh tests/demo.sh

check:
	@sh tests/deps.sh check
	@$(MAKE) all tests/answers tests/replies tests/sandbox
	sh tests/check.sh

replies: tests/replies
	@sh tests/replies.sh

# how fast and how big it is: bench/README.md
bench:
	@sh tests/deps.sh demo
	@$(MAKE) all bench/nop bench/fill
	@sh bench/run.sh

# FUZZ_S seconds each, or FUZZ_RUNS inputs
fuzz:
	@sh tests/deps.sh fuzz
	@sh tests/fuzz/run.sh

# A spam run of 10,000 messages with forged senders, and what it costs others.
manners:
	@sh tests/deps.sh demo
	@$(MAKE) all
	perl tests/manners/storm.pl

# what 92-faults.t does, in full: numbers as there, FAULTS=0 for all there are
faults: all
	@sh tests/deps.sh demo
	FAULTS=$${FAULTS:-2500} KILLS=$${KILLS:-10000} \
	    DAMAGED=$${DAMAGED:-10000} prove -v tests/92-faults.t

# Frama-C's Eva on the parsers: tests/prove/README.md
prove:
	@sh tests/deps.sh prove
	@sh tests/prove/run.sh

# built with musl, and asked: some minutes the first time
musl:
	@sh tests/deps.sh musl
	@sh tests/musl/run.sh

# what of the program the tests run, and what not: tests/coverage.md
coverage:
	@sh tests/deps.sh check
	@sh tests/coverage.sh

lint:
	@sh tests/deps.sh lint
	sh tests/lint.sh

install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(MANDIR)/man8 \
	    $(DESTDIR)$(EXAMPLEDIR)
	install -m 755 cbvd $(DESTDIR)$(PREFIX)/sbin/cbvd
	install -m 644 cbvd.8 $(DESTDIR)$(MANDIR)/man8/cbvd.8
	install -m 644 inetd.conf.example examples/* $(DESTDIR)$(EXAMPLEDIR)
	if [ "`id -u`" -eq 0 ] && id _cbvd >/dev/null 2>&1; then \
		install -d -m 700 -o _cbvd $(DESTDIR)/var/cache/cbvd; fi

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/cbvd $(DESTDIR)$(MANDIR)/man8/cbvd.8
	for f in inetd.conf.example examples/*; do \
		rm -f "$(DESTDIR)$(EXAMPLEDIR)/$${f##*/}"; done
	-rmdir $(DESTDIR)$(EXAMPLEDIR)

clean:
	rm -f cbvd $(OBJ) getpwnam.o tests/answers tests/replies tests/sandbox \
	    bench/nop bench/fill
	rm -rf tests/fuzz/build tests/prove/build tests/musl/build

.PHONY: all bench deps demo check replies fuzz manners faults prove musl \
	coverage lint install uninstall clean
