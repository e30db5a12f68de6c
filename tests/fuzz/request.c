/* SPDX-License-Identifier: ISC */
/*
 * Fuzz request.c: a connection whose client sends the input, in pieces; what
 * it asks is answered with a verdict of its choice, in words of its choice.
 */
#include <poll.h>
#include <unistd.h>

static int	 fuzz_poll(struct pollfd *, nfds_t, int);
static ssize_t	 fuzz_read(int, void *, size_t);
#define poll	fuzz_poll
#define read	fuzz_read
#include "../../request.c"
#include "fuzz.h"

static int
fuzz_poll(struct pollfd *pfd, nfds_t n, int ms)
{
	(void)pfd, (void)ms;
	return ((int)n);
}

static ssize_t
fuzz_read(int fd, void *buf, size_t size)
{
	size_t n;

	(void)fd;
	if (left == 0)
		return (0);
	n = pick(256) * 16 + 1;
	n = n < left ? n : left;
	n = n < size ? n : size;
	memcpy(buf, input, n);
	input += n;
	left -= n;
	return ((ssize_t)n);
}

/* The answer is one, in the form of the request, and nothing but that. */
static void
answer_check(const struct request *rq, char *buf, size_t len)
{
	static const char *const actions[] = { "DUNNO", "550 ",
	    "DEFER_IF_PERMIT ", "PREPEND X-Callback-Verification: " };
	static const char *const values[] = { "OK ", "NOTFOUND ", "TEMP ",
	    "PERM " };
	char *end;
	size_t i, n;

	CHECK(len <= ANSWER_MAX && strlen(buf) == len);
	switch (rq->form) {
	case FORM_POLICY:
		CHECK(strncmp(buf, "action=", 7) == 0);
		CHECK(strstr(buf, "\n") == buf + len - 2 && len < 410);
		for (i = 0; strncmp(buf + 7, actions[i],
		    strlen(actions[i])) != 0; i++)
			CHECK(i < 3);
		break;
	case FORM_SOCKETMAP:
		n = strtoul(buf, &end, 10);
		CHECK(*end == ':' && buf + len - 2 - end == (ssize_t)n);
		CHECK(buf[len - 1] == ',');
		for (i = 0; strncmp(end + 1, values[i],
		    strlen(values[i])) != 0; i++)
			CHECK(i < 3);
		break;
	default:
		CHECK(strstr(buf, "\r\n") == buf + len - 2);
		CHECK(buf[0] >= '2' && buf[0] <= '5' && buf[3] == ' ');
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct request rq;
	char buf[ANSWER_MAX + 1], words[TEXT_MAX];
	struct verdict v;
	size_t how, n;
	int asked;

	if (size > 40000)
		return (0);
	form = FORM_NONE;
	have = used = 0;
	input = data;
	left = size;
	how = pick(256);
	opt.recipients = how & 1;
	opt.advise = (how & 2) != 0;
	opt.lenient = how & 4;
	memset(words, 0, sizeof(words));
	memcpy(words, data, size < sizeof(words) - 1 ? size :
	    sizeof(words) - 1);
	for (asked = 0; request_read(&rq, mono_ms() + 10000); asked++) {
		CHECK(rq.form != FORM_NONE && rq.len <= sizeof(rq.address));
		CHECK(rq.form != FORM_LINE || rq.last);
		CHECK(have <= sizeof(in) && used <= have);
		verdict_set(&v, (enum cause)(words[1] & 0x7f) % CAUSES,
		    (enum stage)(words[2] & 0x7f) % STAGES,
		    how & 8 ? "mx.test[192.0.2.1]" : "", "%s", words);
		if (rq.why != NULL)
			v.cause = CAUSE_REQUEST;
		/* such a mailbox is never given to an answer */
		for (n = 0; n < rq.len; n++)
			if (rq.address[n] < ' ' || rq.address[n] > '~')
				v.cause = CAUSE_SYNTAX;
		if (rq.len > MAILBOX_MAX)
			v.cause = CAUSE_SYNTAX;
		if (verdict_code(v.cause) == 0)
			v.cause = CAUSE_UNCLEAR;
		n = request_answer(&rq, "user@good.test", &v, buf);
		answer_check(&rq, buf, n);
		if (rq.last)
			break;
	}
	CHECK(asked <= 40000);
	return (0);
}
