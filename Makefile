# cbvd: callback verification daemon.  For GNU make and BSD make alike.
PREFIX ?=	/usr/local
MANDIR ?=	$(PREFIX)/share/man
CFLAGS ?=	-O2 -g

STD =	-std=c11 -D_GNU_SOURCE
WARN =	-Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wformat=2 \
	-Wvla -Wundef -Wconversion -Wno-sign-conversion

# libbsd is libc on the BSDs; SHA-256 comes from libmd where it is not in libc
SYSCPP = case $$(uname -s) in \
	Linux) echo -isystem /usr/include/bsd -DLIBBSD_OVERLAY \
		-DLIBBSD_OPENBSD_VIS;; \
	*) echo -I/usr/local/include -I/usr/pkg/include;; esac
SYSLIB = case $$(uname -s) in \
	Linux) echo -lgdbm -lbsd -lmd -lresolv;; \
	FreeBSD) echo -L/usr/local/lib -lgdbm -lmd -lutil;; \
	NetBSD) echo -L/usr/pkg/lib -lgdbm -lresolv -lutil;; \
	*) echo -L/usr/local/lib -lgdbm -lutil;; esac

OBJ =	cbvd.o request.o mailbox.o mx.o callout.o reply.o verdict.o cache.o

all: cbvd

cbvd: $(OBJ)
	$(CC) $(STD) $(CFLAGS) $(LDFLAGS) -o $@ $(OBJ) `$(SYSLIB)`

.SUFFIXES: .c .o
.c.o:
	$(CC) $(STD) $(WARN) `$(SYSCPP)` $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(OBJ): cbvd.h

clean:
	rm -f cbvd $(OBJ) tests/replies
