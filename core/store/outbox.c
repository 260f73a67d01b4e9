/* outbox.c - see outbox.h
 *
 * Within a chat rows leave by place and part: a new one has the next place; what goes in
 * pieces keeps the place of its first, however much came behind it since. */
#include "store/outbox.h"
#include <assert.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES = 12, KEY_SIZE = 2 * KEY_BYTES + 1 };	/* 24 hexadecimal digits: a Discord nonce takes 25 characters */

static void make_key(char key[KEY_SIZE])
{
	unsigned char dice[KEY_BYTES];

	randombytes_buf(dice, sizeof dice);
	sodium_bin2hex(key, KEY_SIZE, dice, sizeof dice);
}

/* ---- rows that are put in ------------------------------------------------ */

struct slot {
	const char *kind;
	int64_t place, part;		/* place 0: the next one */
};

static int64_t insert(struct store *s, const struct outbound *o, struct slot at)
{
	char key[KEY_SIZE];

	make_key(key);
	store_do(s, "INSERT INTO outbox (connection, chat, thread, text, handle, key, turn, kind, place, part, added, changed)"
		 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, 0), ?8,"
		 " coalesce(nullif(?9, 0), (SELECT coalesce(max(place), 0) + 1 FROM outbox)), ?10, ?11, ?11)", "ssssssisiii",
		 o->connection, o->chat, o->thread, o->text, o->handle, key, o->turn, at.kind, at.place, at.part,
		 store_now(s));
	return store_last_id(s);
}

int64_t outbox_add(struct store *s, const char *connection, const char *chat, const char *thread,
		   const char *text, int64_t turn)
{
	return insert(s, &(struct outbound){ .connection = connection, .chat = chat, .thread = thread, .text = text,
					     .handle = "", .turn = turn }, (struct slot){ .kind = "alone" });
}

/* In the chat where `to` stands today: it may have got a new id since. */
static int64_t insert_reply(struct store *s, const struct inbound *to, const char *text, int64_t turn, struct slot at)
{
	DEFER(text_free) char *chat = NULL;

	store_get(s, row_to_text, &chat, "SELECT chat FROM inbox WHERE row = ?", "i", to->row);
	return insert(s, &(struct outbound){ .connection = to->connection, .chat = chat ? chat : to->chat,
					     .thread = to->thread, .text = text,
					     .handle = to->handle ? to->handle : "", .turn = turn }, at);
}

int64_t outbox_reply(struct store *s, const struct inbound *to, const char *text, int64_t turn)
{
	return insert_reply(s, to, text, turn, (struct slot){ .kind = "alone" });
}

/* ---- drafts and answers -------------------------------------------------- */

struct draft {
	int64_t row, place;
	bool ended, waits, sent, has_id, same;	/* ended: it failed, or was given up; same: has that text already */
};

static void take_draft(const struct row *r, void *to)
{
	const char *state = row_text(r, 2);
	bool open = row_int(r, 3);

	*(struct draft *)to = (struct draft){
		.row = row_int(r, 0), .place = row_int(r, 1), .waits = strcmp(state, "waiting") == 0,
		.sent = strcmp(state, "sent") == 0, .ended = !open && strcmp(state, "sent") != 0,
		.has_id = row_int(r, 4), .same = row_int(r, 5),
	};
}

static bool find_draft(struct store *s, int64_t turn, const char *text, struct draft *ret)
{
	return store_get(s, take_draft, ret, "SELECT row, place, state, open, platform_id IS NOT NULL, text = ?2"
			 " FROM outbox WHERE turn = ?1 AND kind <> 'alone' AND part = 0", "is", turn, text);
}

static void set_text(struct store *s, int64_t row, const char *text)
{
	store_do(s, "UPDATE outbox SET text = ?2, stale = state IN ('sending', 'unknown'),"
		 " state = CASE state WHEN 'sent' THEN 'waiting' ELSE state END, changed = ?3"
		 " WHERE row = ?1 AND text <> ?2", "isi", row, text, store_now(s));
}

int64_t outbox_draft(struct store *s, const struct inbound *to, const char *text, int64_t turn)
{
	struct draft d;

	assert(turn);
	if (!find_draft(s, turn, text, &d))
		return insert_reply(s, to, text, turn, (struct slot){ .kind = "draft" });
	if (d.same || !(d.waits || (d.sent && d.has_id)))
		return 0;
	set_text(s, d.row, text);
	return d.row;
}

/* The draft's row, when it can become the answer; one that cannot stands no more in the way:
 * what it said is said again. */
static bool take_over(struct store *s, int64_t turn, const char *text, struct draft *d)
{
	if (!find_draft(s, turn, text, d))
		return false;
	if (d->ended) {
		store_do(s, "DELETE FROM outbox WHERE row = ?", "i", d->row);
		return false;
	}
	if (d->sent && !d->has_id) {
		store_do(s, "UPDATE outbox SET kind = 'alone' WHERE row = ?", "i", d->row);
		return false;
	}
	set_text(s, d->row, text);
	store_do(s, "UPDATE outbox SET kind = 'answer' WHERE row = ?", "i", d->row);
	return true;
}

static void take_place(const struct row *r, void *to)
{
	*(struct draft *)to = (struct draft){ .row = row_int(r, 0), .place = row_int(r, 1) };
}

int64_t outbox_answer(struct store *s, const struct inbound *to, const cJSON *pieces, int64_t turn)
{
	const cJSON *piece = json_first(pieces);
	struct draft d = { 0 };

	assert(turn && cJSON_IsString(piece));
	if (!take_over(s, turn, piece->valuestring, &d)) {
		int64_t row = insert_reply(s, to, piece->valuestring, turn, (struct slot){ .kind = "answer" });

		store_get(s, take_place, &d, "SELECT row, place FROM outbox WHERE row = ?", "i", row);
	}
	for (int64_t part = 1; (piece = json_next(piece)) != NULL; part++)
		insert_reply(s, to, piece->valuestring, turn, (struct slot){ "answer", d.place, part });
	return d.row;
}

/* ---- rows that are read -------------------------------------------------- */

#define COLUMNS "row, coalesce(turn, 0), connection, chat, thread, text, key, coalesce(platform_id, ''), handle," \
		" tries, added, due, state = 'unknown', place, part"

struct taken {
	struct outbound out;
	int64_t place, part;
};

static void take(const struct row *r, void *to)
{
	*(struct taken *)to = (struct taken){
		.out = {
			.row = row_int(r, 0), .turn = row_int(r, 1), .connection = text_dup(row_text(r, 2)),
			.chat = text_dup(row_text(r, 3)), .thread = text_dup(row_text(r, 4)),
			.text = text_dup(row_text(r, 5)), .key = text_dup(row_text(r, 6)),
			.id = text_dup(row_text(r, 7)), .handle = text_dup(row_text(r, 8)),
			.tries = row_int(r, 9), .added = row_int(r, 10), .due = row_int(r, 11),
			.unknown = row_int(r, 12),
		},
		.place = row_int(r, 13), .part = row_int(r, 14),
	};
}

void outbound_free(struct outbound *out)
{
	const char *texts[] = { out->connection, out->chat, out->thread, out->text, out->key, out->id, out->handle };

	for (size_t i = 0; i < COUNT(texts); i++)
		free((char *)texts[i]);
	*out = (struct outbound){ 0 };
}

bool outbox_get(struct store *s, int64_t row, struct outbound *ret)
{
	struct taken t;

	if (!store_get(s, take, &t, "SELECT " COLUMNS " FROM outbox WHERE row = ?", "i", row))
		return false;
	*ret = t.out;
	return true;
}

/* ?1 the connection: the first open row of each chat, where it is not being sent. */
#define HEADS	" FROM (SELECT DISTINCT chat FROM outbox WHERE open AND connection = ?1) c" \
		" CROSS JOIN outbox o ON o.row = (SELECT row FROM outbox WHERE open AND connection = ?1" \
		" AND chat = c.chat ORDER BY place, part LIMIT 1) WHERE o.state <> 'sending'"

static void add_row(const struct row *r, void *to)
{
	int64_t row = row_int(r, 0);

	buf_add(to, &row, sizeof row);
}

/* Asks for the numbers first: what is done with a row may change them all. */
void outbox_heads(struct store *s, const char *connection, void (*row)(const struct outbound *out, void *to), void *to)
{
	DEFER(buf_free) struct buf rows = buf_new(INT_MAX);

	store_each(s, add_row, &rows, "SELECT o.row" HEADS " AND o.due <= ?2 ORDER BY o.place, o.part", "si", connection,
		   store_now(s));
	for (size_t at = 0; at < rows.len; at += sizeof(int64_t)) {
		struct taken t;
		int64_t n;

		memcpy(&n, rows.at + at, sizeof n);
		if (!store_get(s, take, &t, "SELECT " COLUMNS " FROM outbox WHERE row = ? AND open AND state <> 'sending'",
			       "i", n))
			continue;
		row(&t.out, to);
		outbound_free(&t.out);
	}
}

int64_t outbox_due(struct store *s, const char *connection, int64_t after)
{
	int64_t due = 0;

	store_get(s, row_to_int, &due, "SELECT coalesce(min(o.due), 0)" HEADS " AND o.due > ?2", "si", connection, after);
	return due;
}

/* Asks for one row at a time: what is done with it changes the rows that wait. */
void outbox_each(struct store *s, const char *connection, const char *chat,
		 void (*row)(const struct outbound *out, void *to), void *to)
{
	struct taken t = { .part = -1 };

	while (store_get(s, take, &t,
			 "SELECT " COLUMNS " FROM outbox WHERE connection = ?1 AND state = 'waiting'"
			 " AND (place, part) > (?2, ?3) AND (?4 IS NULL OR chat = ?4) ORDER BY place, part LIMIT 1", "siis",
			 connection, t.place, t.part, chat)) {
		row(&t.out, to);
		outbound_free(&t.out);
	}
}

int64_t outbox_waiting(struct store *s)
{
	int64_t n = 0;

	store_get(s, row_to_int, &n, "SELECT count(*) FROM outbox WHERE state = 'waiting'", "");
	return n;
}

int64_t outbox_open_in(struct store *s, const char *connection, const char *chat)
{
	int64_t n = 0;

	store_get(s, row_to_int, &n, "SELECT count(*) FROM outbox WHERE connection = ? AND chat = ? AND open", "ss",
		  connection, chat);
	return n;
}

static void add_lost(const struct row *r, void *to)
{
	cJSON_AddItemToArray(to, json_build("{row:%D,connection:%s,chat:%s,state:%s,why:%s,changed:%D}", row_int(r, 0),
					    row_text(r, 1), row_text(r, 2), row_text(r, 3), row_text(r, 4), row_int(r, 5)));
}

cJSON *outbox_lost(struct store *s, int max)
{
	cJSON *list = cJSON_CreateArray();

	store_each(s, add_lost, list, "SELECT row, connection, chat, state, why, changed FROM outbox"
		   " WHERE state IN ('failed', 'unknown') ORDER BY changed DESC, row DESC LIMIT ?", "i", (int64_t)max);
	return list;
}

/* ---- the way of a row ---------------------------------------------------- */

void outbox_sending(struct store *s, int64_t row)
{
	store_do(s, "UPDATE outbox SET state = 'sending', tries = tries + 1, due = 0, stale = 0, changed = ?2"
		 " WHERE row = ?1 AND open AND state <> 'sending'", "ii", row, store_now(s));
	assert(store_changed(s) == 1 || store_doomed(s));
}

void outbox_later(struct store *s, int64_t row, int64_t due)
{
	store_do(s, "UPDATE outbox SET state = 'waiting', due = ?2, stale = 0, changed = ?3 WHERE row = ?1 AND open", "iii",
		 row, due, store_now(s));
}

void outbox_unknown(struct store *s, int64_t row)
{
	store_do(s, "UPDATE outbox SET state = 'unknown', changed = ?2 WHERE row = ?1 AND state = 'sending'", "ii", row,
		 store_now(s));
}

void outbox_anew(struct store *s, int64_t row)
{
	char key[KEY_SIZE];

	make_key(key);
	store_do(s, "UPDATE outbox SET state = 'waiting', platform_id = NULL, key = ?2, tries = 0, due = 0, stale = 0,"
		 " changed = ?3 WHERE row = ?1 AND open", "isi", row, key, store_now(s));
}

static bool is_stale(struct store *s, int64_t row)
{
	int64_t stale = 0;

	store_get(s, row_to_int, &stale, "SELECT stale FROM outbox WHERE row = ? AND open", "i", row);
	return stale;
}

void outbox_given_up(struct store *s, int64_t row, const char *why)
{
	assert(why);
	if (is_stale(s, row)) {
		outbox_anew(s, row);
		return;
	}
	store_do(s, "UPDATE outbox SET state = 'unknown', why = ?2, changed = ?3"
		 " WHERE row = ?1 AND state IN ('sending', 'unknown')", "isi", row, why, store_now(s));
}

void outbox_sent(struct store *s, int64_t row, const char *platform_id)
{
	store_do(s, "UPDATE outbox SET state = CASE WHEN stale THEN 'waiting' ELSE 'sent' END,"
		 " platform_id = coalesce(nullif(?2, ''), platform_id), why = NULL, tries = 0, due = 0, stale = 0, changed = ?3"
		 " WHERE row = ?1 AND state IN ('waiting', 'sending', 'unknown')", "isi",
		 row, platform_id, store_now(s));
}

void outbox_failed(struct store *s, int64_t row, const char *why)
{
	if (is_stale(s, row)) {
		outbox_later(s, row, 0);
		return;
	}
	store_do(s, "UPDATE outbox SET state = 'failed', why = ?2, changed = ?3"
		 " WHERE row = ?1 AND state IN ('waiting', 'sending', 'unknown')", "isi", row, why, store_now(s));
	if (store_changed(s) == 1)
		store_do(s, "UPDATE outbox SET state = 'failed', why = ?2, changed = ?3"
			 " WHERE place = (SELECT place FROM outbox WHERE row = ?1)"
			 " AND part > (SELECT part FROM outbox WHERE row = ?1)"
			 " AND state = 'waiting' AND platform_id IS NULL", "isi", row, why, store_now(s));
}

/* ---- cutting ------------------------------------------------------------- */

struct whole {
	struct taken t;
	char *kind;
};

static void take_whole(const struct row *r, void *to)
{
	struct whole *w = to;

	take(r, &w->t);
	w->kind = text_dup(row_text(r, 15));
}

void outbox_cut(struct store *s, int64_t row, const cJSON *pieces)
{
	const cJSON *piece = json_first(pieces);
	struct whole w;

	assert(cJSON_IsString(piece));
	if (!store_get(s, take_whole, &w, "SELECT " COLUMNS ", kind FROM outbox WHERE row = ? AND open", "i", row))
		return;
	store_do(s, "UPDATE outbox SET text = ?2, state = 'waiting', tries = 0, due = 0, stale = 0, changed = ?3"
		 " WHERE row = ?1", "isi", row, piece->valuestring, store_now(s));
	/* Of a draft more than the first piece comes with the answer. */
	if (strcmp(w.kind, "draft") != 0) {
		store_do(s, "UPDATE outbox SET part = part + ?3 WHERE place = ?1 AND part > ?2", "iii", w.t.place, w.t.part,
			 (int64_t)json_count(pieces) - 1);
		for (int64_t part = w.t.part + 1; (piece = json_next(piece)) != NULL; part++) {
			struct outbound next = w.t.out;

			next.text = piece->valuestring;
			insert(s, &next, (struct slot){ w.kind, w.t.place, part });
		}
	}
	outbound_free(&w.t.out);
	free(w.kind);
}

int64_t outbox_recover(struct store *s)
{
	store_do(s, "UPDATE outbox SET state = 'unknown', changed = ? WHERE state = 'sending'", "i", store_now(s));
	return store_changed(s);
}
