/* parcel.c - see parcel.h */
#include "gate/parcel.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NO_TEXT = -1, STEPS_MAX = 1 << 20 };

/* ---- in ------------------------------------------------------------------ */

void put_number(struct buf *b, int64_t n)
{
	buf_add(b, &n, sizeof n);
}

void put_real(struct buf *b, double n)
{
	buf_add(b, &n, sizeof n);
}

void put_text(struct buf *b, const char *text)
{
	put_number(b, text ? (int64_t)strlen(text) : NO_TEXT);
	if (text)
		buf_adds(b, text);
}

static void put_json(struct buf *b, const cJSON *json)
{
	DEFER(text_free) char *text = json ? json_print(json) : NULL;

	put_text(b, text);
}

static void put_step(struct buf *b, const struct step *s)
{
	const int64_t numbers[] = { s->line, s->word, s->like, s->status, s->ms };
	const char *const texts[] = { s->file, s->label, s->name, s->url, s->secret, s->option };

	for (size_t i = 0; i < COUNT(numbers); i++)
		put_number(b, numbers[i]);
	for (size_t i = 0; i < COUNT(texts); i++)
		put_text(b, texts[i]);
	put_json(b, s->value);
	put_json(b, s->headers);
	put_real(b, s->dice);
}

void put_section(struct buf *b, const struct section *s)
{
	put_text(b, s->title);
	put_number(b, s->line);
	put_number(b, (int64_t)s->background);
	put_number(b, (int64_t)s->n);
	for (size_t i = 0; i < s->n; i++)
		put_step(b, &s->steps[i]);
}

void put_outcome(struct buf *b, const struct outcome *o)
{
	const char *const texts[] = { o->file, o->what, o->expected, o->happened, o->remedy };

	put_number(b, o->ok);
	put_number(b, o->expectations);
	put_number(b, o->line);
	for (size_t i = 0; i < COUNT(texts); i++)
		put_text(b, texts[i]);
}

/* ---- out ----------------------------------------------------------------- */

static void take_bytes(struct parcel *p, void *ret, size_t n)
{
	memset(ret, 0, n);
	p->bad |= p->left.len < n;
	if (p->bad)
		return;
	memcpy(ret, p->left.at, n);
	p->left.at += n;
	p->left.len -= n;
}

int64_t take_number(struct parcel *p, int64_t min, int64_t max)
{
	int64_t n;

	take_bytes(p, &n, sizeof n);
	p->bad |= n < min || n > max;
	return p->bad ? min : n;
}

double take_real(struct parcel *p)
{
	double n;

	take_bytes(p, &n, sizeof n);
	return n;
}

struct str take_text(struct parcel *p)
{
	int64_t n = take_number(p, NO_TEXT, PARCEL_MAX);
	struct str text = { p->left.at, (size_t)n };

	p->bad |= n > (int64_t)p->left.len;
	if (p->bad || n == NO_TEXT)
		return (struct str){ 0 };
	p->left.at += n;
	p->left.len -= (size_t)n;
	return text;
}

char *take_owned(struct parcel *p)
{
	struct str text = take_text(p);

	return text.at ? str_dup(text) : NULL;
}

static const char *take_pooled(struct parcel *p, struct pool *pool)
{
	struct str text = take_text(p);

	return text.at ? pool_text(pool, text) : NULL;
}

static const cJSON *take_json(struct parcel *p, struct pool *pool)
{
	struct str text = take_text(p);
	cJSON *json = NULL;

	if (text.at && json_decode(text, &json) != NULL)
		p->bad = true;
	return json ? pool_json(pool, json) : NULL;
}

static void take_step(struct parcel *p, struct pool *pool, struct step *ret)
{
	const char **const texts[] = { &ret->file, &ret->label, &ret->name, &ret->url, &ret->secret, &ret->option };

	ret->line = (int)take_number(p, 0, INT32_MAX);
	ret->word = (enum step_word)take_number(p, 0, STEP_WORDS - 1);
	ret->like = take_number(p, 0, 1);
	ret->status = (int)take_number(p, INT32_MIN, INT32_MAX);
	ret->ms = take_number(p, INT64_MIN, INT64_MAX);
	for (size_t i = 0; i < COUNT(texts); i++)
		*texts[i] = take_pooled(p, pool);
	ret->value = take_json(p, pool);
	ret->headers = take_json(p, pool);
	ret->dice = take_real(p);
}

void take_section(struct parcel *p, struct pool *pool, struct section *ret)
{
	*ret = (struct section){ .title = take_pooled(p, pool) };
	ret->line = (int)take_number(p, 0, INT32_MAX);
	ret->background = (size_t)take_number(p, 0, STEPS_MAX);
	ret->n = (size_t)take_number(p, 1, STEPS_MAX);
	ret->steps = pool_new(pool, ret->n, sizeof *ret->steps);
	for (size_t i = 0; i < ret->n && !p->bad; i++)
		take_step(p, pool, &ret->steps[i]);
}

void take_outcome(struct parcel *p, struct outcome *ret, char **ret_file)
{
	char **const texts[] = { ret_file, &ret->what, &ret->expected, &ret->happened, &ret->remedy };

	*ret = (struct outcome){ .ok = take_number(p, 0, 1) };
	ret->expectations = (int)take_number(p, 0, INT32_MAX);
	ret->line = (int)take_number(p, 0, INT32_MAX);
	for (size_t i = 0; i < COUNT(texts); i++)
		*texts[i] = take_owned(p);
	ret->file = *ret_file;
}

/* ---- on their way -------------------------------------------------------- */

static bool send_all(int fd, const char *at, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return false;
		at += sent;
		n -= (size_t)sent;
	}
	return true;
}

static bool receive_all(int fd, char *at, size_t n)
{
	while (n > 0) {
		ssize_t came = read(fd, at, n);

		if (came < 0 && errno == EINTR)
			continue;
		if (came <= 0)
			return false;
		at += came;
		n -= (size_t)came;
	}
	return true;
}

bool parcel_send(int fd, const struct buf *b)
{
	uint64_t n = b->len;

	assert(buf_status(b) == OK);
	return send_all(fd, (const char *)&n, sizeof n) && send_all(fd, b->at, b->len);
}

bool parcel_receive(int fd, struct buf *ret)
{
	uint64_t n;
	char *bytes;

	*ret = (struct buf){ 0 };
	if (!receive_all(fd, (char *)&n, sizeof n) || n == 0 || n > PARCEL_MAX)
		return false;
	bytes = mem_new(n + 1, 1);
	if (!receive_all(fd, bytes, n)) {
		free(bytes);
		return false;
	}
	*ret = (struct buf){ .at = bytes, .len = n, .room = n + 1, .max = PARCEL_MAX };
	return true;
}
