/* stream.c - see stream.h.
 *
 * All kinds are lines, but for a text, which is all one line. Whole pieces wait in
 * `ready`, each behind its length. */
#include "stream.h"
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MARK "\xEF\xBB\xBF"		/* U+FEFF, which may stand before everything */

struct stream {
	enum answer_kind kind;
	size_t line_max;
	enum err err;			/* stays */
	bool begun;			/* a mark would be none now */
	bool ended;
	bool after_cr;			/* a LF now belongs to the line break before it */
	struct buf line;		/* without its end */
	struct buf data;		/* of the event so far */
	bool has_data;
	struct buf ready;
	size_t told;			/* bytes of ready that were handed out */
};

struct stream *stream_new(enum answer_kind kind, size_t piece_max)
{
	struct stream *s = mem_new(1, sizeof *s);
	size_t line_max = piece_max + (kind == ANSWER_SSE ? strlen("data: ") : 0);

	*s = (struct stream){ .kind = kind, .line_max = line_max,
			      .line = buf_new(line_max + strlen(MARK)), .data = buf_new(piece_max + 1),
			      .ready = buf_new(SIZE_MAX / 4) };
	return s;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	buf_free(&s->line);
	buf_free(&s->data);
	buf_free(&s->ready);
	free(s);
}

static void add_piece(struct stream *s, struct str piece)
{
	buf_add(&s->ready, &piece.len, sizeof piece.len);
	buf_add(&s->ready, piece.at, piece.len);
	assert(!s->ready.full);
}

/* ---- lines --------------------------------------------------------------- */

/* Each line of data ends in LF; the last LF is not part of the piece. */
static void end_event(struct stream *s)
{
	if (s->has_data)
		add_piece(s, (struct str){ s->data.at, s->data.len - 1 });
	buf_cut(&s->data, 0);
	s->has_data = false;
}

static void take_sse_line(struct stream *s, struct str line)
{
	size_t value = strlen("data:");

	if (line.len == 0) {
		end_event(s);
		return;
	}
	if (str_is(line, "data"))
		value = line.len;
	else if (!str_starts(line, "data:"))
		return;
	value += value < line.len && line.at[value] == ' ';
	buf_add(&s->data, line.at + value, line.len - value);
	buf_addc(&s->data, '\n');
	s->has_data = true;
}

static bool is_blank(struct str line)
{
	for (size_t i = 0; i < line.len; i++)
		if (!strchr(" \t\r", line.at[i]) || !line.at[i])
			return false;
	return true;
}

static void take_line(struct stream *s)
{
	struct str line = buf_str(&s->line);

	if (s->kind == ANSWER_SSE)
		take_sse_line(s, line);
	else if (!is_blank(line))
		add_piece(s, line);
	if (buf_status(&s->data) != OK)
		s->err = ERR_LIMIT;
	buf_cut(&s->line, 0);
	s->begun = true;
}

/* ---- bytes --------------------------------------------------------------- */

static size_t line_length(const struct stream *s, struct str bytes)
{
	size_t n = 0;

	if (s->kind != ANSWER_SSE && s->kind != ANSWER_NDJSON)
		return bytes.len;
	while (n < bytes.len && bytes.at[n] != '\n' && bytes.at[n] != '\r')
		n++;
	return n;
}

static void add_to_line(struct stream *s, struct str bytes)
{
	buf_add(&s->line, bytes.at, bytes.len);
	if (!s->begun && s->line.len >= strlen(MARK)) {
		if (str_starts(buf_str(&s->line), MARK))
			buf_drop(&s->line, strlen(MARK));
		s->begun = true;
	}
	if (buf_status(&s->line) != OK || s->line.len > s->line_max)
		s->err = ERR_LIMIT;
}

enum err stream_feed(struct stream *s, struct str bytes)
{
	assert(!s->ended);
	while (bytes.len && s->err == OK) {
		size_t n = line_length(s, bytes);

		if (n == 0) {
			if (!s->after_cr || bytes.at[0] != '\n')
				take_line(s);
			s->after_cr = bytes.at[0] == '\r';
			n = 1;
		} else {
			add_to_line(s, (struct str){ bytes.at, n });
			s->after_cr = false;
		}
		bytes = (struct str){ bytes.at + n, bytes.len - n };
	}
	return s->err;
}

static bool is_json(struct str text)
{
	DEFER(json_drop) cJSON *json = NULL;

	return json_decode(text, &json) == NULL;
}

void stream_end(struct stream *s)
{
	s->ended = true;
	if (s->err != OK || s->line.len == 0)
		return;
	if (s->kind == ANSWER_NDJSON ? is_json(buf_str(&s->line)) : s->kind != ANSWER_SSE)
		add_piece(s, buf_str(&s->line));
}

bool stream_next(struct stream *s, struct str *ret)
{
	if (s->told == s->ready.len) {
		buf_cut(&s->ready, 0);
		s->told = 0;
		return false;
	}
	memcpy(&ret->len, s->ready.at + s->told, sizeof ret->len);
	ret->at = s->ready.at + s->told + sizeof ret->len;
	s->told += sizeof ret->len + ret->len;
	return true;
}
