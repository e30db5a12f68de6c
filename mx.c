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
#include <unistd.h>

#include "cbvd.h"

/* beside those of <arpa/nameser.h>: RFC 1035, 4.1.1; RFC 6672; RFC 4034, 3 */
#define TYPE_DNAME	39
#define TYPE_RRSIG	46
#define FLAG_QR		0x8000
#define FLAG_OPCODE	0x7800
#define FLAG_TC		0x0200
#define RCODE		0x000f
#define MESSAGE_MAX	65535

#define RETRIES		2	/* rounds over the name servers */
#define PATIENCE_MAX_S	5	/* for one name server in one round */

enum answer { ANSWER_FAILED, ANSWER_DATA, ANSWER_NO_DATA, ANSWER_NO_NAME };

/* One answer: the records of its answer section, and where we are in it. */
struct dns {
	const unsigned char	*first, *at, *end;
	int			 count, left;
	int			 type, wanted;	/* asked for; how many are */
	char			 name[MAXDNAME];	/* the CNAME chain's end */
	/* the record that was read last */
	char			 owner[MAXDNAME];
	int			 rr_type, rr_class, rdlen;
	const unsigned char	*rdata;
};

static enum answer ask(struct mx *mx, const char *name, int type,
		    struct dns *dns);
static int	 resolver_ready(int64_t deadline);
static const char *answer_check(struct dns *dns, const char *name, int len);
static const char *cname_follow(struct dns *dns, int rcode);
static int	 name_read(const struct dns *dns, const unsigned char *at,
		    char *name);
static int	 rr_next(struct dns *dns);
static int	 rr_whole(const struct dns *dns);
static int	 rr_wanted(struct dns *dns);
static void	 rr_rewind(struct dns *dns);
static int	 get16(const unsigned char *p);
static int	 host_add(struct mx *mx, const struct dns *dns);
static void	 host_resolve(struct mx *mx, const struct mx_host *host);
static int	 host_addrs(struct mx *mx, const struct mx_host *host,
		    int family);
static void	 addrs_keep(struct mx *mx, const struct mx_host *host);
static void	*octets(struct sockaddr *sa);
static int	 addr_ours(int family, const unsigned char *ip);
static int	 addr_refused(int family, const unsigned char *ip);
static void	 note(struct mx *mx, enum cause cause, const char *fmt, ...)
		    __attribute__((__format__(__printf__, 3, 4)));

/* res_send(3) may claim more than it was given; it gets the largest message */
static unsigned char answer[MESSAGE_MAX];

int
mx_lookup(const char *domain, const struct route *route, int64_t deadline,
    struct mx *mx, struct verdict *v)
{
	struct dns dns;
	enum answer got;
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
	got = ask(mx, domain, T_MX, &dns);
	if (got == ANSWER_NO_DATA) {
		/* the domain is its own, implicit MX (RFC 5321, 5.1) */
		strlcpy(mx->hosts[0].name, domain, sizeof(mx->hosts[0].name));
		mx->nhosts = 1;
	}
	for (n = nulls = 0; got == ANSWER_DATA && rr_wanted(&dns); n++)
		nulls += !host_add(mx, &dns);
	if (got == ANSWER_NO_NAME)
		verdict_set(v, CAUSE_NO_DOMAIN, STAGE_DNS, "",
		    "%s does not exist in DNS", domain);
	else if (n == 1 && nulls == 1)	/* it stands alone (RFC 7505, 3) */
		verdict_set(v, CAUSE_NULL_MX, STAGE_DNS, "",
		    "%s has a null MX (RFC 7505): it takes no mail", domain);
	else if (mx->nhosts == 0)
		mx_none(mx, v);
	return (mx->nhosts > 0);
}

int
mx_next(struct mx *mx, struct mx_addr *addr)
{
	const struct mx_host *host;
	size_t i;

	do {
		while (mx->addr == mx->naddrs) {
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
		*addr = mx->addrs[mx->addr++];
		for (i = 0; i < mx->ncalled; i++)
			if (strcmp(mx->called[i], addr->ip) == 0)
				break;
	} while (i < mx->ncalled);
	if (i == MX_ADDRS_MAX) {
		note(mx, CAUSE_FAMILY, "more addresses than are called");
		return (0);
	}
	strlcpy(mx->called[i], addr->ip, sizeof(mx->called[i]));
	mx->ncalled++;
	return (1);
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
	unsigned char query[PACKETSZ];
	const char *what, *said;
	enum answer got;
	enum cause cause;
	int len;

	cause = CAUSE_DNS;
	len = -1;
	errno = 0;
	what = type == T_MX ? "MX" : type == T_A ? "A" : "AAAA";
	said = "no time left";
	dns->wanted = 0;
	if (resolver_ready(mx->deadline) == 0) {
		memset(answer, 0, HFIXEDSZ);
		len = res_mkquery(QUERY, name, C_IN, type, NULL, 0, NULL,
		    query, sizeof(query));
		if (len != -1)
			len = res_send(query, len, answer, sizeof(answer));
		dns->type = type;
		said = answer_check(dns, name, len);
	}
	/* what this machine lacks is not true of the domain */
	if (len == -1 && (errno == EMFILE || errno == ENFILE ||
	    errno == ENOMEM || errno == ENOBUFS)) {
		cause = CAUSE_FAULT;
		said = strerror(errno);
	}
	if (said != NULL) {
		note(mx, cause, "%s of %s: %s", what, name, said);
		got = ANSWER_FAILED;
	} else if ((get16(answer + 2) & RCODE) == NXDOMAIN) {
		said = "no such name";
		got = ANSWER_NO_NAME;
	} else if (dns->wanted == 0) {
		said = "none";
		got = ANSWER_NO_DATA;
	} else
		return (ANSWER_DATA);
	verdict_trace("DNS %s %s: %s", name, what, said);
	return (got);
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
	left_s = (deadline - mono_ms() + 500) / 1000;
	if (deadline <= mono_ms())
		return (-1);
	servers = _res.nscount > 0 ? _res.nscount : 1;
	/* no server waits less than a second: there may be time for one round */
	_res.retry = left_s < servers * RETRIES ? 1 : RETRIES;
	left_s /= servers * _res.retry;
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
	int flags, rcode, n;

	flags = get16(answer + 2);
	rcode = flags & RCODE;
	if (rcode == SERVFAIL)
		return ("server failure");
	if (rcode != 0 && rcode != NXDOMAIN)
		return (rcode == REFUSED ? "refused" : "error");
	if (len == -1)
		return ("no answer from the name server");
	/* glibc and others tell a length that did not fit */
	if (len > MESSAGE_MAX)
		len = MESSAGE_MAX;
	if (len < HFIXEDSZ)
		return ("malformed answer");
	if ((flags & FLAG_QR) == 0 || (flags & FLAG_OPCODE) != 0)
		return ("this is no answer");
	if ((flags & FLAG_TC) != 0)
		return ("truncated answer");
	dns->end = answer + len;
	n = name_read(dns, answer + HFIXEDSZ, dns->owner);
	if (n < 0 || len - HFIXEDSZ - n < QFIXEDSZ)
		return ("malformed answer");
	dns->first = answer + HFIXEDSZ + n + QFIXEDSZ;
	if (get16(answer + 4) != 1 || strcasecmp(dns->owner, name) != 0 ||
	    get16(dns->first - 4) != dns->type ||
	    get16(dns->first - 2) != C_IN)
		return ("the answer is to another question");
	dns->count = get16(answer + 6);
	/* what other sections say does not matter, but they must be there and
	 * nothing behind them: what was cut off is no answer */
	rr_rewind(dns);
	dns->left += get16(answer + 8) + get16(answer + 10);
	while ((n = rr_next(dns)) == 1)
		continue;
	if (n == -1 || dns->at != dns->end)
		return ("malformed answer");
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
	int links;

	links = 0;
	rr_rewind(dns);
	while (rr_next(dns) == 1) {
		if (dns->rr_type != T_CNAME ||
		    strcasecmp(dns->owner, dns->name) != 0)
			continue;
		if (links++ == CNAME_MAX)
			return ("CNAME loop, or a chain over 8");
		if (name_read(dns, dns->rdata, dns->name) != dns->rdlen)
			return ("malformed CNAME");
		rr_rewind(dns);
	}
	/* as many CNAMEs as links, and beside them what was asked for alone */
	dns->wanted = 0;
	for (rr_rewind(dns); rr_next(dns) == 1;) {
		if (dns->rr_class != C_IN)
			return ("record of a foreign class");
		if (dns->rr_type == TYPE_DNAME || dns->rr_type == TYPE_RRSIG)
			continue;
		if (dns->rr_type == T_CNAME)
			links--;
		else if (dns->rr_type != dns->type)
			return ("record of a foreign type");
		else if (strcasecmp(dns->owner, dns->name) != 0)
			return ("record of a foreign owner");
		else if (!rr_whole(dns))
			return ("malformed record");
		else
			dns->wanted++;
	}
	rr_rewind(dns);
	if (links != 0)
		return ("CNAME of a foreign owner");
	if (dns->wanted > 0 && rcode == NXDOMAIN)
		return ("records of a name that does not exist");
	return (NULL);
}

/*
 * Expand the name at at into name, a buffer of MAXDNAME octets.  Returns its
 * length there, or -1 if it is malformed.
 */
static int
name_read(const struct dns *dns, const unsigned char *at, char *name)
{
	int n;

	n = dn_expand(answer, dns->end, at, name, MAXDNAME);
#if defined(__linux__) && !defined(__GLIBC__)
	/*
	 * musl escapes nothing: a label with a dot or a NUL in it would be a
	 * name of somebody else.  Nor does it look at the type of a label.
	 */
	while (n != -1 && *at != 0) {
		if (*at >= 0xc0)
			at = answer + (get16(at) & 0x3fff);
		else if (*at > LABEL_MAX || memchr(at + 1, '.', *at) != NULL ||
		    memchr(at + 1, '\0', *at) != NULL)
			n = -1;
		else
			at += 1 + *at;
	}
#endif
	return (n);
}

/* Read the next record: 1, 0 at the end, -1 if it is malformed. */
static int
rr_next(struct dns *dns)
{
	const unsigned char *p;
	int n;

	if (dns->left == 0)
		return (0);
	n = name_read(dns, dns->at, dns->owner);
	if (n < 0 || dns->end - (dns->at + n) < RRFIXEDSZ)
		return (-1);
	p = dns->at + n;
	dns->rr_type = get16(p);
	dns->rr_class = get16(p + 2);
	dns->rdlen = get16(p + 8);
	dns->rdata = p + RRFIXEDSZ;
	if (dns->end - dns->rdata < dns->rdlen)
		return (-1);
	dns->at = dns->rdata + dns->rdlen;
	dns->left--;
	return (1);
}

/* 1 if the record, of the type that was asked for, has the data of that type
 * and nothing else (RFC 1035, 3.3.9 and 3.4.1; RFC 3596, 2.2). */
static int
rr_whole(const struct dns *dns)
{
	char name[MAXDNAME];

	if (dns->type != T_MX)
		return (dns->rdlen == (dns->type == T_A ? 4 : 16));
	return (dns->rdlen >= 3 &&
	    name_read(dns, dns->rdata + 2, name) == dns->rdlen - 2);
}

/* The next record of the type that was asked for, of a checked answer. */
static int
rr_wanted(struct dns *dns)
{
	while (rr_next(dns) == 1)
		if (dns->rr_type == dns->type)
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
host_add(struct mx *mx, const struct dns *dns)
{
	char name[MAXDNAME];
	struct mx_host host, worse;
	size_t i;

	name_read(dns, dns->rdata + 2, name);
	memset(&host, 0, sizeof(host));
	host.pref = (unsigned int)get16(dns->rdata);
	if (getentropy(&host.shuffle, sizeof(host.shuffle)) == -1)
		host.shuffle = 0;	/* then they stay as they come */
	verdict_trace("DNS %s MX: %u %s", dns->name, host.pref,
	    name[0] != '\0' ? name : ".");
	if (name[0] == '\0')
		return (0);
	if (!mailbox_hostname(name, strlen(name), 1))
		return (1);
	strlcpy(host.name, name, sizeof(host.name));

	for (i = 0; i < mx->nhosts; i++) {
		worse = mx->hosts[i];
		if (strcasecmp(worse.name, name) == 0) {
			/* it is asked, and looked up, once: at its best */
			if (host.pref < worse.pref ||
			    strcasecmp(host.name, name) != 0)
				mx->hosts[i] = host;
			return (1);
		}
		if (host.pref < worse.pref || (host.pref == worse.pref &&
		    host.shuffle < worse.shuffle)) {
			mx->hosts[i] = host;
			host = worse;
		}
	}
	if (mx->nhosts < MX_HOSTS_MAX)
		mx->hosts[mx->nhosts++] = host;
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
	struct sockaddr *sa;
	int found;

	mx->addr = mx->naddrs = 0;
	memset(mx->addrs, 0, sizeof(mx->addrs));
	/* a route may name an IP address */
	sa = (struct sockaddr *)&mx->addrs[0].ss;
	sa->sa_family = strchr(host->name, ':') != NULL ? AF_INET6 : AF_INET;
	if (inet_pton(sa->sa_family, host->name, octets(sa)) == 1) {
		addrs_keep(mx, host);
		return;
	}
	sa->sa_family = AF_UNSPEC;
	found = opt.v6 ? host_addrs(mx, host, AF_INET6) : 0;
	if (opt.v4)
		found |= host_addrs(mx, host, AF_INET);
	addrs_keep(mx, host);
	if (mx->naddrs == 0 && !(opt.v4 && opt.v6)) {
		found |= host_addrs(mx, host, opt.v4 ? AF_INET6 : AF_INET);
		addrs_keep(mx, host);
	}
	if (!found)
		note(mx, CAUSE_NO_DOMAIN,
		    "%s has neither an A nor an AAAA record", host->name);
}

/*
 * Put the addresses of a family into their places: IPv6 has the even ones.
 * Returns 1 if there are, or may be, any.
 */
static int
host_addrs(struct mx *mx, const struct mx_host *host, int family)
{
	struct dns dns;
	struct sockaddr *sa;
	enum answer got;
	size_t i;

	got = ask(mx, host->name, family == AF_INET ? T_A : T_AAAA, &dns);
	if (got != ANSWER_DATA)
		return (got == ANSWER_FAILED);
	i = family == AF_INET ? 1 : 0;
	while (rr_wanted(&dns)) {
		if (i >= 2 * MX_ADDRS_MAX) {
			note(mx, CAUSE_FAMILY,
			    "more addresses than are called");
			break;
		}
		sa = (struct sockaddr *)&mx->addrs[i].ss;
		sa->sa_family = (sa_family_t)family;
		memcpy(octets(sa), dns.rdata, (size_t)dns.rdlen);
		i += 2;
	}
	return (1);
}

/* Complete the addresses in their places; keep those that may be called. */
static void
addrs_keep(struct mx *mx, const struct mx_host *host)
{
	struct mx_addr addr;
	const unsigned char *ip;
	size_t i;
	int family, routed, ours;

	routed = mx->route.host[0] != '\0';
	for (i = 0; i < 2 * MX_ADDRS_MAX; i++) {
		addr = mx->addrs[i];
		memset(&mx->addrs[i], 0, sizeof(mx->addrs[i]));
		addr.port = mx->route.port != 0 ? mx->route.port :
		    opt.smtp_port;
		family = addr.ss.ss_family;
		if (family == AF_INET) {
			addr.len = sizeof(struct sockaddr_in);
			((struct sockaddr_in *)&addr.ss)->sin_port =
			    htons(addr.port);
		} else if (family == AF_INET6) {
			addr.len = sizeof(struct sockaddr_in6);
			((struct sockaddr_in6 *)&addr.ss)->sin6_port =
			    htons(addr.port);
		} else
			continue;
		addr.host = host->name;
		addr.best = host->pref == mx->hosts[0].pref;
		addr.ours = mx->route.ours;
		ip = octets((struct sockaddr *)&addr.ss);
		inet_ntop(family, ip, addr.ip, sizeof(addr.ip));
		snprintf(addr.shown, sizeof(addr.shown), "%.*s[%s]",
		    HOST_NAME_KEPT, host->name, addr.ip);
		verdict_trace("DNS %s %s: %s", host->name,
		    family == AF_INET ? "A" : "AAAA", addr.ip);
		/* what a route names is called at any address */
		ours = routed || opt.nonglobal ? 0 : addr_ours(family, ip);
		if (ours == 1)
			note(mx, CAUSE_OURSELVES, "%s[%s] is this machine",
			    host->name, addr.ip);
		else if (!routed && addr_refused(family, ip))
			/* it may be ours: nobody is refused for not knowing */
			note(mx, ours == -1 ? CAUSE_FAULT : CAUSE_UNROUTABLE,
			    "%s[%s] is no address to be called", host->name,
			    addr.ip);
		else if (!(family == AF_INET ? opt.v4 : opt.v6))
			note(mx, CAUSE_FAMILY, "%s[%s] is left out by %s",
			    host->name, addr.ip, opt.v4 ? "-4" : "-6");
		else
			mx->addrs[mx->naddrs++] = addr;
	}
}

/* The octets of an IP address within its sockaddr. */
static void *
octets(struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return (&((struct sockaddr_in *)sa)->sin_addr);
	return (&((struct sockaddr_in6 *)sa)->sin6_addr);
}

/*
 * 1 if an interface of this machine has the address, loopback aside; -1 if that
 * cannot be told.
 */
static int
addr_ours(int family, const unsigned char *ip)
{
	struct ifaddrs *all;
	const struct ifaddrs *ifa;
	int found;

	if ((family == AF_INET && ip[0] == 127) || (family == AF_INET6 &&
	    memcmp(ip, &in6addr_loopback, 16) == 0))
		return (0);
	if (getifaddrs(&all) == -1)
		return (-1);
	found = 0;
	for (ifa = all; ifa != NULL; ifa = ifa->ifa_next)
		found |= ifa->ifa_addr != NULL &&
		    ifa->ifa_addr->sa_family == family &&
		    memcmp(octets(ifa->ifa_addr), ip,
		    family == AF_INET ? 4 : 16) == 0;
	freeifaddrs(all);
	return (found);
}

/*
 * Networks that are not globally reachable (RFC 6890 and its registries), and
 * those that embed an IPv4 address and are judged by that.
 */
static const struct {
	const char	*net;
	int		bits;
	int		never;	/* not with -o nonglobal either */
	int		embeds;	/* octet at which an IPv4 address is */
} nets[] = {
	/* "this network", multicast and 240/4; shared, private, our own */
	{ "0.0.0.0", 8, 1, 0 }, { "224.0.0.0", 3, 1, 0 },
	{ "100.64.0.0", 10, 0, 0 }, { "127.0.0.0", 8, 0, 0 },
	{ "10.0.0.0", 8, 0, 0 }, { "169.254.0.0", 16, 0, 0 },
	{ "172.16.0.0", 12, 0, 0 }, { "192.168.0.0", 16, 0, 0 },
	/* protocols and benchmarks; documentation */
	{ "192.0.0.0", 24, 0, 0 }, { "198.18.0.0", 15, 0, 0 },
	{ "192.0.2.0", 24, 0, 0 }, { "198.51.100.0", 24, 0, 0 },
	{ "203.0.113.0", 24, 0, 0 }, { "2001:db8::", 32, 0, 0 },
	{ "3fff::", 20, 0, 0 },				/* RFC 9637 */
	{ "64:ff9b::", 96, 0, 12 }, { "2002::", 16, 0, 2 }, /* NAT64, 6to4 */
	{ "2001::", 32, 1, 0 }, { "2001:10::", 28, 1, 0 }, /* Teredo, ORCHID */
	{ "2001:2::", 48, 0, 0 },			/* benchmarks */
	{ "fc00::", 7, 0, 0 }, { "fe80::", 10, 0, 0 },	/* private */
	{ "ff00::", 8, 1, 0 }				/* multicast */
};

/*
 * 1 if the address is never called: whoever owns a domain would else choose
 * what cbvd connects to behind a firewall.
 */
static int
addr_refused(int family, const unsigned char *ip)
{
	unsigned char net[16];
	size_t i;
	int bit;

	for (i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		if (inet_pton(family, nets[i].net, net) != 1)
			continue;	/* of the other family */
		for (bit = 0; bit < nets[i].bits; bit++)
			if ((ip[bit / 8] ^ net[bit / 8]) & (0x80 >> bit % 8))
				break;
		if (bit < nets[i].bits)
			continue;
		if (nets[i].embeds != 0)
			return (addr_refused(AF_INET, ip + nets[i].embeds));
		return (nets[i].never || !opt.nonglobal);
	}
	/* of IPv6 only 2000::/3 has been given out (RFC 4291, 2.4) */
	if (family == AF_INET6 && (ip[0] & 0xe0) != 0x20)
		return (!opt.nonglobal ||
		    memcmp(ip, &in6addr_loopback, 16) != 0);
	return (0);
}

/*
 * Note why an address or a host is not called.  What stays at the end is the
 * most harmless: 550 needs that nothing better can be said of any of them.
 */
static void
note(struct mx *mx, enum cause cause, const char *fmt, ...)
{
	static const int rank[CAUSES] = {
		[CAUSE_UNROUTABLE] = 1, [CAUSE_OURSELVES] = 2,
		[CAUSE_FAMILY] = 3, [CAUSE_DNS] = 4,	/* CAUSE_NO_DOMAIN: 0 */
		[CAUSE_FAULT] = 5
	};
	va_list ap;

	if (rank[cause] < rank[mx->none])
		return;
	mx->none = cause;
	va_start(ap, fmt);
	vsnprintf(mx->why, sizeof(mx->why), fmt, ap);
	va_end(ap);
}
