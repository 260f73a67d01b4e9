/* wire.c - see wire.h.
 *
 * A message is a head of fixed size, then its texts, each followed by a NUL. Its frames
 * are slices of it, all full but the last, so that there is one way to send it. The
 * head is judged before anything is kept: no sender can make us wait for, or make room
 * for, what it may not send. */
#include "adapter/wire.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { TEXTS = 3, NO_TEXT = 0xFFFFFFFFu };

struct head {
	uint32_t whole;			/* bytes of the message, this head included */
	uint32_t kind, ref, tag;
	int64_t a, b;
	uint32_t size[TEXTS];		/* of name, text, json, without their NUL; NO_TEXT: none */
	uint32_t zero;
};

static const struct rule {
	const char *name;
	enum wire_sender sender;
	enum wire_when when;
	uint32_t size_max[TEXTS];
} rules[WIRE_KINDS] = {
#define X(name, sender, when, name_max, body_max) \
	[WIRE_##name] = { #name, sender, when, { name_max, body_max, body_max } },
	WIRE(X)
#undef X
};

static char complaint[160];

const char *wire_name(enum wire_kind kind)
{
	assert(kind < WIRE_KINDS);
	return rules[kind].name;
}

bool wire_text_valid(struct str s)
{
	size_t from = 0;

	if (s.len && memchr(s.at, '\0', s.len))
		return false;
	for (size_t i = 0; i + 2 < s.len; i++) {
		const unsigned char *u = (const unsigned char *)s.at + i;

		if (u[0] != 0xED || (u[1] & 0xE0) != 0xA0 || (u[2] & 0xC0) != 0x80)
			continue;
		if (!utf8_valid((struct str){ s.at + from, i - from }))
			return false;
		from = i + 3;
		i += 2;
	}
	return utf8_valid((struct str){ s.at + from, s.len - from });
}

/* Only running text may hold half a pair: its other half may come with the next message. */
static bool valid(int which, struct str s)
{
	return wire_text_valid(s) && (which == 1 || utf8_valid(s));
}

/* Where no text is allowed, an empty one is not either. */
static bool fits(const struct rule *r, int which, size_t n)
{
	return r->size_max[which] > 0 && n <= r->size_max[which];
}

/* ---- sending ------------------------------------------------------------- */

struct sender {
	int (*send)(void *to, const void *frame, size_t n);
	void *to;
	size_t n;
	char frame[FRAME_MAX];
};

static int put(struct sender *s, const void *bytes, size_t n)
{
	const char *at = bytes;

	while (n > 0) {
		size_t fit = FRAME_MAX - s->n < n ? FRAME_MAX - s->n : n;

		memcpy(s->frame + s->n, at, fit);
		s->n += fit;
		at += fit;
		n -= fit;
		if (s->n == FRAME_MAX) {
			int stop = s->send(s->to, s->frame, s->n);

			if (stop)
				return stop;
			s->n = 0;
		}
	}
	return 0;
}

int wire_pack(const struct wire_message *m, int (*send)(void *to, const void *frame, size_t n), void *to)
{
	const struct str texts[TEXTS] = { m->name, m->text, m->json };
	struct head h = { .whole = sizeof h, .kind = m->kind, .ref = m->ref, .tag = m->tag, .a = m->a, .b = m->b };
	struct sender s;
	int stop;

	assert(m->kind < WIRE_KINDS);
	for (int i = 0; i < TEXTS; i++) {
		h.size[i] = NO_TEXT;
		if (!texts[i].at)
			continue;
		if (!fits(&rules[m->kind], i, texts[i].len))
			return ERR_LIMIT;
		if (!valid(i, texts[i]))
			return ERR_INPUT;
		h.size[i] = (uint32_t)texts[i].len;
		h.whole += h.size[i] + 1;
	}
	s.send = send;
	s.to = to;
	s.n = 0;
	stop = put(&s, &h, sizeof h);
	for (int i = 0; i < TEXTS && !stop; i++) {
		if (!texts[i].at)
			continue;
		stop = put(&s, texts[i].at, texts[i].len);
		if (!stop)
			stop = put(&s, "", 1);
	}
	return stop || s.n == 0 ? stop : send(to, s.frame, s.n);
}

/* ---- receiving ----------------------------------------------------------- */

static const char *not_now(const struct rule *r, enum wire_when when)
{
	static const char *const then[] = {
		[AT_START] = "before its first message", [IDLE] = "while no event was being handled",
		[BUSY] = "while an event was being handled",
	};

	snprintf(complaint, sizeof complaint, "sent %s %s", r->name, then[when]);
	return complaint;
}

/* Everything that the head alone tells. */
static const char *judge(const struct head *h, enum wire_sender from, enum wire_when when)
{
	const struct rule *r;
	uint64_t whole = sizeof *h;

	if (h->kind >= WIRE_KINDS || rules[h->kind].sender != from) {
		snprintf(complaint, sizeof complaint, "sent a message of kind %u, which it does not have", h->kind);
		return complaint;
	}
	r = &rules[h->kind];
	if (r->when != when)
		return not_now(r, when);
	for (int i = 0; i < TEXTS; i++) {
		if (h->size[i] == NO_TEXT)
			continue;
		if (!fits(r, i, h->size[i])) {
			snprintf(complaint, sizeof complaint, "sent %s with %u bytes where %u are allowed", r->name,
				 h->size[i], r->size_max[i]);
			return complaint;
		}
		whole += (uint64_t)h->size[i] + 1;
	}
	if (whole != h->whole || h->zero != 0) {
		snprintf(complaint, sizeof complaint, "sent %s with lengths that do not add up", r->name);
		return complaint;
	}
	return NULL;
}

static const char *begin(struct wire_inbox *in, struct str frame, enum wire_when when)
{
	struct head h;
	const char *why;

	if (frame.len < sizeof h)
		return "sent a frame that is too short for any message";
	memcpy(&h, frame.at, sizeof h);
	why = judge(&h, in->from, when);
	if (why)
		return why;
	buf_free(&in->bytes);
	in->bytes = buf_new(h.whole);
	in->whole = h.whole;
	return NULL;
}

/* Every byte is there: points ret at the texts. */
static const char *unpack(const struct wire_inbox *in, struct wire_message *ret)
{
	struct str texts[TEXTS] = { { 0 } };
	const char *at = in->bytes.at + sizeof(struct head);
	struct head h;

	memcpy(&h, in->bytes.at, sizeof h);
	for (int i = 0; i < TEXTS; i++) {
		if (h.size[i] == NO_TEXT)
			continue;
		texts[i] = (struct str){ at, h.size[i] };
		at += h.size[i] + 1;
		if (at[-1] != '\0' || !valid(i, texts[i])) {
			snprintf(complaint, sizeof complaint, "sent %s with text that is not UTF-8",
				 rules[h.kind].name);
			return complaint;
		}
	}
	*ret = (struct wire_message){ .kind = h.kind, .ref = h.ref, .tag = h.tag, .a = h.a, .b = h.b,
				      .name = texts[0], .text = texts[1], .json = texts[2] };
	return NULL;
}

const char *wire_take(struct wire_inbox *in, struct str frame, enum wire_when when,
		      struct wire_message *ret, bool *ret_whole)
{
	const char *why = NULL;
	size_t left;

	if (frame.len == 0)
		return "sent an empty frame";
	if (in->whole == 0)
		why = begin(in, frame, when);
	if (why)
		return why;
	left = in->whole - in->bytes.len;
	if (frame.len != (left < FRAME_MAX ? left : FRAME_MAX))
		return "sent a frame whose length does not fit its message";
	buf_add(&in->bytes, frame.at, frame.len);
	*ret_whole = in->bytes.len == in->whole;
	if (!*ret_whole)
		return NULL;
	in->whole = 0;
	return unpack(in, ret);
}

void wire_inbox_free(struct wire_inbox *in)
{
	if (in->bytes.max)
		buf_free(&in->bytes);
	in->whole = 0;
}
