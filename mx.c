/* SPDX-License-Identifier: ISC */
/*
 * mx.c: find the hosts that accept mail for a domain (RFC 5321, 5.1; RFC 7505).
 * Owns every DNS query, the order of the hosts, and which IP addresses may be
 * called at all.
 * Must never connect, see a local-part, or keep anything between queries.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>

#include <errno.h>
#include <ifaddrs.h>
#include <resolv.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cbvd.h"

/* RFC 1035, 3.2 and 4; RFC 3596, 2.1; RFC 6672, 2.1; RFC 4034, 3 */
#define TYPE_A		1
#define TYPE_CNAME	5
#define TYPE_MX		15
#define TYPE_AAAA	28
#define TYPE_DNAME	39
#define TYPE_RRSIG	46
#define CLASS_IN	1
#define OPCODE_QUERY	0
#define FLAG_QR		0x8000
#define FLAG_OPCODE	0x7800
#define FLAG_TC		0x0200
#define RCODE		0x000f
#define RCODE_SERVFAIL	2
#define RCODE_NXDOMAIN	3
#define RCODE_REFUSED	5
#define HEADER_LEN	12
#define NAME_LEN	1025	/* of an expanded name, escapes and NUL included */
#define MESSAGE_MAX	65535

#define QUERY_MAX	512	/* a question of one name (RFC 1035, 4.2.1) */
#define RETRIES		2	/* rounds over the name servers */
#define PATIENCE_MAX_S	5	/* for one name server in one round */

enum answer { ANSWER_FAILED, ANSWER_DATA, ANSWER_NO_DATA, ANSWER_NO_NAME };

/* One answer: the records of its answer section, and where we are in it. */
struct dns {
	const unsigned char	*first, *at, *end;
	int			 count, left;
	int			 type;		/* what was asked for */
	char			 name[NAME_LEN];	/* the CNAME chain's end */
};

struct rr {
	char			 name[NAME_LEN];
	int			 type, class, rdlen;
	const unsigned char	*rdata;
};

static enum answer ask(struct mx *, const char *, int, struct dns *);
static int	 resolver_ready(int64_t);
static const char *answer_check(struct dns *, const char *, int);
static const char *cname_follow(struct dns *, int);
static int	 rr_next(struct dns *, struct rr *);
static int	 rr_wanted(struct dns *, struct rr *);
static void	 rr_rewind(struct dns *);
static int	 get16(const unsigned char *);
static int	 host_add(struct mx *, const struct rr *, const struct dns *);
static void	 host_resolve(struct mx *, const struct mx_host *);
static int	 host_addrs(struct mx *, const struct mx_host *, int,
		    unsigned char [][16], size_t *);
static void	 addr_add(struct mx *, const struct mx_host *, int,
		    const unsigned char *);
static int	 addr_ours(const struct mx_addr *);
static int	 addr_refused(const struct mx_addr *);
static void	 note(struct mx *, enum cause, const char *, ...)
		    __attribute__((__format__(__printf__, 3, 4)));

/* res_send(3) may claim more than it was given; it gets the largest message */
static unsigned char answer[MESSAGE_MAX];

int
mx_lookup(const char *domain, const struct route *route, int64_t deadline,
    struct mx *mx, struct verdict *v)
{
	struct dns dns;
	struct rr rr;
	int n, nulls;

	memset(mx, 0, sizeof(*mx));
	mx->deadline = deadline;
	mx->route = *route;
	mx->none = CAUSE_NO_DOMAIN;
	strlcpy(mx->why, "no MX record names a host", sizeof(mx->why));
	if (route->host[0] != '\0') {
		strlcpy(mx->hosts[0].name, route->host,
		    sizeof(mx->hosts[0].name));
		mx->nhosts = 1;
		return (1);
	}
	switch (ask(mx, domain, TYPE_MX, &dns)) {
	case ANSWER_FAILED:
		verdict_set(v, CAUSE_DNS, STAGE_DNS, "", "%s", mx->why);
		return (0);
	case ANSWER_NO_NAME:
		verdict_set(v, CAUSE_NO_DOMAIN, STAGE_DNS, "",
		    "%s does not exist in DNS", domain);
		return (0);
	case ANSWER_NO_DATA:
		/* the domain is its own, implicit MX (RFC 5321, 5.1) */
		strlcpy(mx->hosts[0].name, domain, sizeof(mx->hosts[0].name));
		mx->nhosts = 1;
		return (1);
	case ANSWER_DATA:
		break;
	}

	for (n = nulls = 0; rr_wanted(&dns, &rr); n++)
		nulls += !host_add(mx, &rr, &dns);
	/* a null MX stands alone (RFC 7505, 3) */
	if (n == 1 && nulls == 1) {
		verdict_set(v, CAUSE_NULL_MX, STAGE_DNS, "",
		    "%s has a null MX (RFC 7505): it takes no mail", domain);
		return (0);
	}
	if (mx->nhosts == 0) {
		mx_none(mx, v);
		return (0);
	}
	return (1);
}

int
mx_next(struct mx *mx, struct mx_addr *addr)
{
	const struct mx_host *host;
	size_t i;

	for (;;) {
		while (mx->addr < mx->naddrs) {
			*addr = mx->addrs[mx->addr++];
			for (i = 0; i < mx->ncalled; i++)
				if (strcmp(mx->called[i], addr->ip) == 0)
					break;
			if (i < mx->ncalled)
				continue;
			if (mx->ncalled == MX_ADDRS_MAX) {
				note(mx, CAUSE_FAMILY,
				    "more addresses than are called");
				return (0);
			}
			strlcpy(mx->called[mx->ncalled++], addr->ip,
			    sizeof(mx->called[0]));
			return (1);
		}
		if (mx->host == mx->nhosts)
			return (0);
		host = &mx->hosts[mx->host++];
		if (opt.helo != NULL && mx->route.host[0] == '\0' &&
		    strcasecmp(host->name, opt.helo) == 0)
			note(mx, CAUSE_OURSELVES, "%s is this machine",
			    host->name);
		else
			host_resolve(mx, host);
	}
}

void
mx_none(const struct mx *mx, struct verdict *v)
{
	verdict_set(v, mx->none, STAGE_DNS, "", "%s", mx->why);
	/* a route to nowhere is a fault of ours, not of the domain */
	if (mx->route.host[0] != '\0' && verdict_code(mx->none) == 550)
		v->cause = CAUSE_FAULT;
}

/*
 * Ask for the records of one type.  The name is absolute: neither a search
 * list nor /etc/hosts ever matters.
 */
static enum answer
ask(struct mx *mx, const char *name, int type, struct dns *dns)
{
	unsigned char query[QUERY_MAX];
	const char *what, *bad;
	struct rr rr;
	int len;

	what = type == TYPE_MX ? "MX" : type == TYPE_A ? "A" : "AAAA";
	bad = "no time left";
	if (resolver_ready(mx->deadline) == 0) {
		memset(answer, 0, HEADER_LEN);
		len = res_mkquery(OPCODE_QUERY, name, CLASS_IN, type, NULL, 0,
		    NULL, query, sizeof(query));
		if (len != -1)
			len = res_send(query, len, answer, sizeof(answer));
		dns->type = type;
		bad = answer_check(dns, name, len);
	}
	if (bad != NULL) {
		verdict_trace("DNS %s %s: %s", name, what, bad);
		note(mx, CAUSE_DNS, "%s of %s: %s", what, name, bad);
		return (ANSWER_FAILED);
	}
	if ((get16(answer + 2) & RCODE) == RCODE_NXDOMAIN) {
		verdict_trace("DNS %s %s: no such name", name, what);
		return (ANSWER_NO_NAME);
	}
	if (rr_wanted(dns, &rr) == 0) {
		verdict_trace("DNS %s %s: none", name, what);
		return (ANSWER_NO_DATA);
	}
	rr_rewind(dns);
	return (ANSWER_DATA);
}

/*
 * Read resolv.conf(5) once, and give the resolver no more patience than the
 * deadline leaves.  Returns -1 if nothing is left.
 */
static int
resolver_ready(int64_t deadline)
{
	static int ready;
	int64_t left_s;
	int servers;

	if (!ready) {
		if (res_init() == -1)
			return (-1);
		ready = 1;
#if defined(__GLIBC__)
		if (opt.ns.ss_family == AF_INET)
			memcpy(&_res.nsaddr_list[0], &opt.ns,
			    sizeof(_res.nsaddr_list[0]));
		if (opt.ns.ss_family == AF_INET6) {
			/* this is where glibc keeps servers of IPv6 */
			_res.nsaddr_list[0].sin_family = 0;
			_res._u._ext.nsaddrs[0] =
			    (struct sockaddr_in6 *)&opt.ns;
		}
		if (opt.ns.ss_family != 0)
			_res.nscount = 1;
#elif defined(__FreeBSD__) || defined(__NetBSD__)
		if (opt.ns.ss_family != 0)
			res_setservers(&_res,
			    (const union res_sockaddr_union *)&opt.ns, 1);
#endif
	}
	left_s = (deadline - mono_ms()) / 1000;
	if (left_s < 0)
		return (-1);
	servers = _res.nscount > 0 ? _res.nscount : 1;
	left_s /= servers * RETRIES;
	_res.retry = RETRIES;
	_res.retrans = left_s < 1 ? 1 : left_s > PATIENCE_MAX_S ?
	    PATIENCE_MAX_S : (int)left_s;
	return (0);
}

/*
 * Check that a message of len octets answers our question and nothing else
 * (RFC 1035, 4.1; RFC 5452, 3).  Returns NULL if it does, else what is wrong.
 */
static const char *
answer_check(struct dns *dns, const char *name, int len)
{
	char asked[NAME_LEN];
	int flags, rcode, n;

	flags = get16(answer + 2);
	rcode = flags & RCODE;
	if (rcode == RCODE_SERVFAIL)
		return ("server failure");
	if (rcode != 0 && rcode != RCODE_NXDOMAIN)
		return (rcode == RCODE_REFUSED ? "refused" : "error");
	if (len == -1)
		return ("no answer from the name server");
	/* glibc and others tell a length that did not fit */
	if (len > MESSAGE_MAX)
		len = MESSAGE_MAX;
	if (len < HEADER_LEN)
		return ("malformed answer");
	if ((flags & FLAG_QR) == 0 || (flags & FLAG_OPCODE) != 0)
		return ("this is no answer");
	if ((flags & FLAG_TC) != 0)
		return ("truncated answer");
	dns->end = answer + len;
	n = dn_expand(answer, dns->end, answer + HEADER_LEN, asked,
	    sizeof(asked));
	dns->first = answer + HEADER_LEN + n + 4;
	if (n < 0 || dns->end - (answer + HEADER_LEN + n) < 4)
		return ("malformed answer");
	if (get16(answer + 4) != 1 || strcasecmp(asked, name) != 0 ||
	    get16(dns->first - 4) != dns->type ||
	    get16(dns->first - 2) != CLASS_IN)
		return ("the answer is to another question");
	dns->count = get16(answer + 6);
	strlcpy(dns->name, name, sizeof(dns->name));
	return (cname_follow(dns, rcode));
}

/*
 * Follow the CNAME chain from dns->name to its end (RFC 1034, 3.6.2), and see
 * that every record of the answer belongs to it.
 */
static const char *
cname_follow(struct dns *dns, int rcode)
{
	struct rr rr;
	int links, more, chained, wanted;

	for (links = 0;; links++) {
		rr_rewind(dns);
		while ((more = rr_next(dns, &rr)) == 1)
			if (rr.type == TYPE_CNAME &&
			    strcasecmp(rr.name, dns->name) == 0)
				break;
		if (more == -1)
			return ("malformed record");
		if (more == 0)
			break;
		if (links == CNAME_MAX)
			return ("CNAME loop, or a chain over 8");
		if (dn_expand(answer, dns->end, rr.rdata, dns->name,
		    sizeof(dns->name)) != rr.rdlen)
			return ("malformed CNAME");
	}
	/* as many CNAMEs as links, and beside them what was asked for alone */
	chained = wanted = 0;
	for (rr_rewind(dns); rr_next(dns, &rr) == 1;) {
		if (rr.class != CLASS_IN)
			return ("record of a foreign class");
		if (rr.type == TYPE_DNAME || rr.type == TYPE_RRSIG)
			continue;
		if (rr.type == TYPE_CNAME)
			chained++;
		else if (rr.type != dns->type)
			return ("record of a foreign type");
		else if (strcasecmp(rr.name, dns->name) != 0)
			return ("record of a foreign owner");
		else
			wanted++;
	}
	rr_rewind(dns);
	if (chained != links)
		return ("CNAME of a foreign owner");
	if (wanted > 0 && rcode == RCODE_NXDOMAIN)
		return ("records of a name that does not exist");
	return (NULL);
}

/* Read the next record: 1, 0 at the end, -1 if it is malformed. */
static int
rr_next(struct dns *dns, struct rr *rr)
{
	const unsigned char *p;
	int n;

	if (dns->left == 0)
		return (0);
	n = dn_expand(answer, dns->end, dns->at, rr->name, sizeof(rr->name));
	if (n < 0 || dns->end - (dns->at + n) < 10)
		return (-1);
	p = dns->at + n;
	rr->type = get16(p);
	rr->class = get16(p + 2);
	rr->rdlen = get16(p + 8);
	rr->rdata = p + 10;
	if (dns->end - rr->rdata < rr->rdlen)
		return (-1);
	dns->at = rr->rdata + rr->rdlen;
	dns->left--;
	return (1);
}

/* The next record of the type that was asked for, of a checked answer. */
static int
rr_wanted(struct dns *dns, struct rr *rr)
{
	while (rr_next(dns, rr) == 1)
		if (rr->type == dns->type)
			return (1);
	return (0);
}

static void
rr_rewind(struct dns *dns)
{
	dns->at = dns->first;
	dns->left = dns->count;
}

static int
get16(const unsigned char *p)
{
	return (p[0] << 8 | p[1]);
}

/*
 * Put the host of an MX record into its place: by preference, equal ones in
 * random order (RFC 5321, 5.1).  Beyond MX_HOSTS_MAX the worst falls out.
 * Returns 0 for the root, which is no host, else 1.
 */
static int
host_add(struct mx *mx, const struct rr *rr, const struct dns *dns)
{
	char name[NAME_LEN];
	struct mx_host host;
	size_t i;

	/* preference, and a name of at least the root (RFC 1035, 3.3.9) */
	if (rr->rdlen < 3 || dn_expand(answer, dns->end, rr->rdata + 2, name,
	    sizeof(name)) != rr->rdlen - 2) {
		note(mx, CAUSE_DNS, "malformed MX record of %s", dns->name);
		return (1);
	}
	memset(&host, 0, sizeof(host));
	host.pref = (unsigned int)get16(rr->rdata);
	host.shuffle = arc4random();
	verdict_trace("DNS %s MX: %u %s", dns->name, host.pref,
	    name[0] != '\0' ? name : ".");
	if (name[0] == '\0')
		return (0);
	if (!mailbox_hostname(name, strlen(name), 1))
		return (1);
	strlcpy(host.name, name, sizeof(host.name));

	for (i = mx->nhosts; i > 0; i--) {
		if (mx->hosts[i - 1].pref < host.pref ||
		    (mx->hosts[i - 1].pref == host.pref &&
		    mx->hosts[i - 1].shuffle <= host.shuffle))
			break;
		if (i < MX_HOSTS_MAX)
			mx->hosts[i] = mx->hosts[i - 1];
	}
	if (i < MX_HOSTS_MAX)
		mx->hosts[i] = host;
	if (mx->nhosts < MX_HOSTS_MAX)
		mx->nhosts++;
	else
		note(mx, CAUSE_FAMILY, "more MX hosts than are asked");
	return (1);
}

/*
 * Fill mx->addrs with the addresses of a host that may be called, IPv6 and
 * IPv4 in turn: a host without working IPv6 here costs one short connect.
 * The family that -4 or -6 leaves out is only looked up to tell a host that
 * is there from one that is not.
 */
static void
host_resolve(struct mx *mx, const struct mx_host *host)
{
	unsigned char data[2][MX_ADDRS_MAX][16];
	size_t n[2], i;
	int k, other, found;

	mx->addr = mx->naddrs = 0;
	/* a route may name an IP address */
	for (k = 0; k < 2; k++)
		if (mx->route.host[0] != '\0' && inet_pton(k == 0 ? AF_INET6 :
		    AF_INET, host->name, data[k][0]) == 1) {
			addr_add(mx, host, k, data[k][0]);
			return;
		}
	other = !opt.v6 ? 0 : !opt.v4 ? 1 : 2;
	n[0] = n[1] = 0;
	found = 0;
	for (k = 0; k < 2; k++)
		if (k != other)
			found |= host_addrs(mx, host, k, data[k], &n[k]);
	for (i = 0; i < n[0] || i < n[1]; i++)
		for (k = 0; k < 2; k++)
			if (i < n[k])
				addr_add(mx, host, k, data[k][i]);
	if (mx->naddrs == 0 && other < 2) {
		n[other] = 0;
		found |= host_addrs(mx, host, other, data[other], &n[other]);
		for (i = 0; i < n[other]; i++)
			addr_add(mx, host, other, data[other][i]);
	}
	if (!found)
		note(mx, CAUSE_NO_DOMAIN,
		    "%s has neither an A nor an AAAA record", host->name);
}

/* The AAAA (kind 0) or A records of a host; 1 if there are, or may be, any. */
static int
host_addrs(struct mx *mx, const struct mx_host *host, int kind,
    unsigned char data[][16], size_t *n)
{
	enum answer got;
	struct dns dns;
	struct rr rr;
	int len;

	len = kind == 0 ? 16 : 4;
	got = ask(mx, host->name, kind == 0 ? TYPE_AAAA : TYPE_A, &dns);
	if (got != ANSWER_DATA)
		return (got == ANSWER_FAILED);
	while (rr_wanted(&dns, &rr)) {
		if (rr.rdlen != len)
			note(mx, CAUSE_DNS, "malformed address of %s",
			    host->name);
		else if (*n == MX_ADDRS_MAX)
			note(mx, CAUSE_FAMILY,
			    "more addresses than are called");
		else
			memcpy(data[(*n)++], rr.rdata, (size_t)len);
	}
	return (1);
}

static void
addr_add(struct mx *mx, const struct mx_host *host, int kind,
    const unsigned char *data)
{
	struct mx_addr *addr;
	struct sockaddr_in *sin;
	struct sockaddr_in6 *sin6;
	int family, routed;

	family = kind == 0 ? AF_INET6 : AF_INET;
	addr = &mx->addrs[mx->naddrs];
	memset(addr, 0, sizeof(*addr));
	addr->host = host->name;
	addr->port = mx->route.port != 0 ? mx->route.port : opt.smtp_port;
	addr->best = host->pref == mx->hosts[0].pref;
	addr->ours = mx->route.ours;
	inet_ntop(family, data, addr->ip, sizeof(addr->ip));
	verdict_trace("DNS %s %s: %s", host->name,
	    family == AF_INET ? "A" : "AAAA", addr->ip);
	if (family == AF_INET) {
		sin = (struct sockaddr_in *)&addr->ss;
		sin->sin_family = AF_INET;
		sin->sin_port = htons(addr->port);
		memcpy(&sin->sin_addr, data, 4);
		addr->len = sizeof(*sin);
	} else {
		sin6 = (struct sockaddr_in6 *)&addr->ss;
		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = htons(addr->port);
		memcpy(&sin6->sin6_addr, data, 16);
		addr->len = sizeof(*sin6);
	}

	/* what a route names is called at any address */
	routed = mx->route.host[0] != '\0';
	if (!routed && !opt.nonglobal && addr_ours(addr))
		note(mx, CAUSE_OURSELVES, "%s[%s] is this machine", host->name,
		    addr->ip);
	else if (!routed && addr_refused(addr))
		note(mx, CAUSE_UNROUTABLE, "%s[%s] is no address to be called",
		    host->name, addr->ip);
	else if (!(family == AF_INET ? opt.v4 : opt.v6))
		note(mx, CAUSE_FAMILY, "%s[%s] is left out by %s", host->name,
		    addr->ip, opt.v4 ? "-4" : "-6");
	else
		mx->naddrs++;
}

/* 1 if an interface of this machine has the address, loopback aside. */
static int
addr_ours(const struct mx_addr *addr)
{
	static struct ifaddrs *ours;
	const struct ifaddrs *ifa;
	char ip[INET6_ADDRSTRLEN];
	const void *in;

	if (ours == NULL && getifaddrs(&ours) == -1)
		return (0);
	for (ifa = ours; ifa != NULL; ifa = ifa->ifa_next) {
		if (ifa->ifa_addr == NULL ||
		    ifa->ifa_addr->sa_family != addr->ss.ss_family)
			continue;
		if (ifa->ifa_addr->sa_family == AF_INET)
			in = &((struct sockaddr_in *)ifa->ifa_addr)->sin_addr;
		else
			in = &((struct sockaddr_in6 *)ifa->ifa_addr)->sin6_addr;
		inet_ntop(addr->ss.ss_family, in, ip, sizeof(ip));
		if (strcmp(ip, addr->ip) == 0 && strncmp(ip, "127.", 4) != 0 &&
		    strcmp(ip, "::1") != 0)
			return (1);
	}
	return (0);
}

/*
 * Networks that are not globally reachable (RFC 6890 and its registries), and
 * those that embed an IPv4 address and are judged by that.
 */
static const struct {
	unsigned char	net[12];
	int		family, bits;
	int		never;	/* not with -o nonglobal either */
	int		embeds;	/* octet at which an IPv4 address is */
} nets[] = {
	{ { 0 }, AF_INET, 8, 1, 0 },		/* "this network" */
	{ { 10 }, AF_INET, 8, 0, 0 },
	{ { 100, 64 }, AF_INET, 10, 0, 0 },	/* CGNAT */
	{ { 127 }, AF_INET, 8, 0, 0 },
	{ { 169, 254 }, AF_INET, 16, 0, 0 },
	{ { 172, 16 }, AF_INET, 12, 0, 0 },
	{ { 192, 0, 0 }, AF_INET, 24, 0, 0 },
	{ { 192, 0, 2 }, AF_INET, 24, 0, 0 },	/* documentation */
	{ { 192, 168 }, AF_INET, 16, 0, 0 },
	{ { 198, 18 }, AF_INET, 15, 0, 0 },	/* benchmarks */
	{ { 198, 51, 100 }, AF_INET, 24, 0, 0 },
	{ { 203, 0, 113 }, AF_INET, 24, 0, 0 },
	{ { 224 }, AF_INET, 3, 1, 0 },		/* multicast, 240/4 */
	{ { 0, 0x64, 0xff, 0x9b, 0 }, AF_INET6, 96, 0, 12 }, /* NAT64 */
	{ { 0x20, 0x01, 0, 0 }, AF_INET6, 32, 1, 0 },	/* Teredo */
	{ { 0x20, 0x01, 0, 0x02 }, AF_INET6, 48, 0, 0 },
	{ { 0x20, 0x01, 0, 0x10 }, AF_INET6, 28, 1, 0 }, /* ORCHID */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, AF_INET6, 32, 0, 0 },
	{ { 0x20, 0x02 }, AF_INET6, 16, 0, 2 },		/* 6to4 */
	{ { 0x3f, 0xff }, AF_INET6, 20, 0, 0 },		/* RFC 9637 */
	{ { 0xfc }, AF_INET6, 7, 0, 0 },
	{ { 0xfe, 0x80 }, AF_INET6, 10, 0, 0 },
	{ { 0xff }, AF_INET6, 8, 1, 0 },
};

/*
 * 1 if the address is never called: whoever owns a domain would else choose
 * what cbvd connects to behind a firewall.
 */
static int
addr_refused(const struct mx_addr *addr)
{
	struct mx_addr inner;
	const unsigned char *a;
	size_t i;
	int bit;

	if (addr->ss.ss_family == AF_INET)
		a = (const unsigned char *)
		    &((const struct sockaddr_in *)&addr->ss)->sin_addr;
	else
		a = (const unsigned char *)
		    &((const struct sockaddr_in6 *)&addr->ss)->sin6_addr;
	for (i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		if (nets[i].family != addr->ss.ss_family)
			continue;
		for (bit = 0; bit < nets[i].bits; bit++)
			if ((a[bit / 8] ^ nets[i].net[bit / 8]) &
			    (0x80 >> bit % 8))
				break;
		if (bit < nets[i].bits)
			continue;
		if (nets[i].embeds == 0)
			return (nets[i].never || !opt.nonglobal);
		memset(&inner, 0, sizeof(inner));
		inner.ss.ss_family = AF_INET;
		memcpy(&((struct sockaddr_in *)&inner.ss)->sin_addr,
		    a + nets[i].embeds, 4);
		return (addr_refused(&inner));
	}
	/* of IPv6 only 2000::/3 has been given out (RFC 4291, 2.4) */
	if (addr->ss.ss_family == AF_INET6 && (a[0] & 0xe0) != 0x20)
		return (!opt.nonglobal || strcmp(addr->ip, "::1") != 0);
	return (0);
}

/*
 * Note why an address or a host is not called.  What stays at the end is the
 * most harmless: 550 needs that nothing better can be said of any of them.
 */
static void
note(struct mx *mx, enum cause cause, const char *fmt, ...)
{
	static const enum cause rank[] = { CAUSE_NO_DOMAIN, CAUSE_UNROUTABLE,
	    CAUSE_OURSELVES, CAUSE_FAMILY, CAUSE_DNS };
	va_list ap;
	size_t old, new;

	for (old = 0; rank[old] != mx->none; old++)
		continue;
	for (new = 0; rank[new] != cause; new++)
		continue;
	if (new < old)
		return;
	mx->none = cause;
	va_start(ap, fmt);
	vsnprintf(mx->why, sizeof(mx->why), fmt, ap);
	va_end(ap);
}
