/* buf.c - see buf.h */
#include "buf.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *mem_new(size_t n, size_t size)
{
	void *items = calloc(n ? n : 1, size);

	if (!items)
		abort();
	return items;
}

struct str str_of(const char *text)
{
	return (struct str){ text, text ? strlen(text) : 0 };
}

bool str_is(struct str s, const char *text)
{
	size_t n = strlen(text);

	return s.len == n && (n == 0 || memcmp(s.at, text, n) == 0);
}

bool str_starts(struct str s, const char *with)
{
	size_t n = strlen(with);

	return s.len >= n && (n == 0 || memcmp(s.at, with, n) == 0);
}

char *str_dup(struct str s)
{
	char *copy = malloc(s.len + 1);

	if (!copy)
		abort();
	if (s.len)
		memcpy(copy, s.at, s.len);
	copy[s.len] = '\0';
	return copy;
}

char *text_dup(const char *text)
{
	return text ? str_dup(str_of(text)) : NULL;
}

char *text_fmt(const char *fmt, ...)
{
	struct buf b = buf_new((size_t)1 << 24);
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	return buf_take(&b);
}

bool text_among(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; *at; at += strcspn(at, " "), at += *at == ' ')
		if (strcspn(at, " ") == n && strncmp(at, word, n) == 0)
			return true;
	return false;
}

void text_free(char **text)
{
	free(*text);
	*text = NULL;
}

struct buf buf_new(size_t max)
{
	assert(max > 0);
	return (struct buf){ .max = max };
}

void buf_free(struct buf *b)
{
	size_t max = b->max;

	free(b->at);
	*b = (struct buf){ .max = max };
}

/* Room for n more bytes and the NUL, or false and the buffer is full. */
static bool grow(struct buf *b, size_t n)
{
	size_t room = b->room ? b->room : 64;

	assert(b->max > 0);
	if (b->full || n > b->max - b->len) {
		b->full = true;
		return false;
	}
	while (room < b->len + n + 1)
		room *= 2;
	if (room != b->room) {
		b->at = realloc(b->at, room);
		if (!b->at)
			abort();
		b->room = room;
	}
	return true;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
	if (!grow(b, n))
		return;
	if (n)
		memcpy(b->at + b->len, bytes, n);
	b->len += n;
	b->at[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_addv(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	assert(n >= 0);
	if (!grow(b, (size_t)n))
		return;
	vsnprintf(b->at + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_addv(b, fmt, ap);
	va_end(ap);
}

void buf_drop(struct buf *b, size_t n)
{
	assert(n <= b->len);
	if (n == 0)
		return;
	memmove(b->at, b->at + n, b->len - n + 1);
	b->len -= n;
}

void buf_cut(struct buf *b, size_t len)
{
	assert(len <= b->len);
	b->len = len;
	b->full = false;
	if (b->at)
		b->at[len] = '\0';
}

const char *buf_text(const struct buf *b)
{
	return b->at ? b->at : "";
}

struct str buf_str(const struct buf *b)
{
	return (struct str){ buf_text(b), b->len };
}

char *buf_take(struct buf *b)
{
	char *bytes = b->at ? b->at : str_dup(STR(""));

	*b = (struct buf){ .max = b->max };
	return bytes;
}

enum err buf_status(const struct buf *b)
{
	return b->full ? ERR_LIMIT : OK;
}

/* Length of the character at s, 0 if it is none (RFC 3629, section 4). */
static size_t character(const unsigned char *s, size_t n)
{
	unsigned char a = s[0], low = 0x80, high = 0xBF;
	size_t len = a < 0x80 ? 1 : a < 0xC2 ? 0 : a < 0xE0 ? 2 : a < 0xF0 ? 3 : a < 0xF5 ? 4 : 0;

	if (len == 0 || len > n)
		return 0;
	if (a == 0xE0)
		low = 0xA0;
	if (a == 0xED)
		high = 0x9F;
	if (a == 0xF0)
		low = 0x90;
	if (a == 0xF4)
		high = 0x8F;
	if (len > 1 && (s[1] < low || s[1] > high))
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	return len;
}

bool utf8_valid(struct str s)
{
	const unsigned char *at = (const unsigned char *)s.at;

	for (size_t i = 0, n; i < s.len; i += n) {
		n = character(at + i, s.len - i);
		if (n == 0)
			return false;
	}
	return true;
}

size_t utf8_fit(struct str s, size_t max)
{
	size_t n = s.len < max ? s.len : max;

	while (n > 0 && n < s.len && ((unsigned char)s.at[n] & 0xC0) == 0x80)
		n--;
	return n;
}

void utf8_put(struct buf *b, unsigned code)
{
	if (code < 0x80) {
		buf_addc(b, (char)code);
	} else if (code < 0x800) {
		buf_addc(b, (char)(0xC0 | code >> 6));
		buf_addc(b, (char)(0x80 | (code & 0x3F)));
	} else if (code < 0x10000) {
		buf_addc(b, (char)(0xE0 | code >> 12));
		buf_addc(b, (char)(0x80 | (code >> 6 & 0x3F)));
		buf_addc(b, (char)(0x80 | (code & 0x3F)));
	} else {
		buf_addc(b, (char)(0xF0 | code >> 18));
		buf_addc(b, (char)(0x80 | (code >> 12 & 0x3F)));
		buf_addc(b, (char)(0x80 | (code >> 6 & 0x3F)));
		buf_addc(b, (char)(0x80 | (code & 0x3F)));
	}
}
