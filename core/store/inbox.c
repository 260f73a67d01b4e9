/* inbox.c - see inbox.h */
#include "store/inbox.h"
#include "limits.h"
#include <assert.h>
#include <stdlib.h>

int64_t inbox_add(struct store *s, const struct inbound *in)
{
	assert(in->connection && in->chat && in->thread && in->kind && in->id && in->version);
	store_do(s, "INSERT INTO inbox (connection, chat, thread, kind, id, version, sender, text, came)"
		 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", "ssssssssi",
		 in->connection, in->chat, in->thread, in->kind, in->id, in->version, in->sender, in->text,
		 store_now(s));
	return store_last_id(s);
}

#define COLUMNS "row, connection, chat, thread, kind, id, version, sender, text"

static void take(const struct row *r, void *to)
{
	*(struct inbound *)to = (struct inbound){
		.row = row_int(r, 0),
		.connection = text_dup(row_text(r, 1)), .chat = text_dup(row_text(r, 2)),
		.thread = text_dup(row_text(r, 3)), .kind = text_dup(row_text(r, 4)),
		.id = text_dup(row_text(r, 5)), .version = text_dup(row_text(r, 6)),
		.sender = text_dup(row_text(r, 7)), .text = text_dup(row_text(r, 8)),
	};
}

bool inbox_next(struct store *s, const char *connection, const char *chat, const char *thread,
		struct inbound *ret)
{
	if (connection)
		return store_get(s, take, ret,
				 "SELECT " COLUMNS " FROM inbox"
				 " WHERE state = 'waiting' AND connection = ? AND chat = ? AND thread = ?"
				 " ORDER BY row LIMIT 1", "sss", connection, chat, thread);
	return store_get(s, take, ret,
			 "SELECT " COLUMNS " FROM inbox i"
			 " WHERE state = 'waiting' AND NOT EXISTS (SELECT 1 FROM turn t"
			 " JOIN conversation c ON c.row = t.conversation WHERE t.state = 'running'"
			 " AND c.connection = i.connection AND c.chat = i.chat AND c.thread = i.thread)"
			 " ORDER BY row LIMIT 1", "");
}

bool turn_open_next(struct store *s, int64_t *turn, struct inbound *ret)
{
	return store_get(s, row_to_int, turn, "SELECT t.row FROM turn t JOIN inbox i ON i.row = t.inbox"
			 " WHERE t.state = 'running' AND t.row > ? ORDER BY t.row LIMIT 1", "i", *turn) &&
	       store_get(s, take, ret,
			 "SELECT " COLUMNS " FROM inbox"
			 " WHERE row = (SELECT inbox FROM turn WHERE row = ?)", "i", *turn);
}

struct inbound inbound_copy(const struct inbound *in)
{
	return (struct inbound){
		.connection = text_dup(in->connection), .chat = text_dup(in->chat), .thread = text_dup(in->thread),
		.kind = text_dup(in->kind), .id = text_dup(in->id), .version = text_dup(in->version),
		.sender = text_dup(in->sender), .text = text_dup(in->text), .person = text_dup(in->person),
		.handle = text_dup(in->handle), .row = in->row,
	};
}

void inbound_free(struct inbound *in)
{
	const char *texts[] = { in->connection, in->chat, in->thread, in->kind, in->id, in->version,
				in->sender, in->text };

	for (size_t i = 0; i < COUNT(texts); i++)
		free((char *)texts[i]);
	*in = (struct inbound){ 0 };
}

void inbox_done(struct store *s, int64_t row)
{
	store_do(s, "UPDATE inbox SET state = 'done' WHERE row = ?", "i", row);
	assert(store_changed(s) == 1 || store_doomed(s));
}

int64_t inbox_waiting(struct store *s)
{
	int64_t n = 0;

	store_get(s, row_to_int, &n, "SELECT count(*) FROM inbox WHERE state = 'waiting'", "");
	return n;
}

void dead_letter(struct store *s, const char *connection, const char *why, struct str bytes)
{
	struct str kept = { bytes.at, bytes.len < DEAD_LETTER_MAX ? bytes.len : DEAD_LETTER_MAX };

	store_do(s, "INSERT INTO dead_letter (connection, why, bytes, came) VALUES (?, ?, ?, ?)", "ssBi",
		 connection, why, kept, store_now(s));
	store_do(s, "DELETE FROM dead_letter WHERE row <= (SELECT max(row) FROM dead_letter) - ?", "i",
		 (int64_t)DEAD_LETTERS_MAX);
}

int64_t dead_letters(struct store *s)
{
	int64_t n = 0;

	store_get(s, row_to_int, &n, "SELECT count(*) FROM dead_letter", "");
	return n;
}

int64_t poison_count(struct store *s, const char *connection, const char *event_key)
{
	int64_t n = 0;

	store_get(s, row_to_int, &n, "INSERT INTO poison (connection, event, count) VALUES (?, ?, 1)"
		  " ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count", "ss", connection, event_key);
	store_do(s, "DELETE FROM poison WHERE row <= (SELECT max(row) FROM poison) - ?", "i", (int64_t)POISON_MAX);
	return n;
}

void kept_set(struct store *s, const char *connection, const cJSON *state)
{
	if (state)
		store_do(s, "INSERT INTO kept (connection, state) VALUES (?, ?)"
			 " ON CONFLICT DO UPDATE SET state = excluded.state", "sj", connection, state);
	else
		store_do(s, "DELETE FROM kept WHERE connection = ?", "s", connection);
}

static void take_json(const struct row *r, void *to)
{
	*(cJSON **)to = row_json(r, 0);
}

cJSON *kept_get(struct store *s, const char *connection)
{
	cJSON *state = NULL;

	store_get(s, take_json, &state, "SELECT state FROM kept WHERE connection = ?", "s", connection);
	return state;
}
