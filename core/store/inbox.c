/* inbox.c - see inbox.h */
#include "store/inbox.h"
#include "limits.h"
#include "store/conversation.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char private[] = "private to ";		/* (no id holds a space) */

char *private_thread(const char *sender)
{
	return text_fmt("%s%s", private, sender);
}

bool is_private(const char *thread)
{
	return strncmp(thread, private, strlen(private)) == 0;
}

int64_t inbox_add(struct store *s, const struct inbound *in)
{
	assert(in->connection && in->chat && in->thread && in->kind && in->id && in->version && in->person && in->handle);
	store_do(s, "INSERT INTO inbox (connection, chat, thread, kind, id, version, sender, text, person, handle, shared, came)"
		 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", "ssssssssssii",
		 in->connection, in->chat, in->thread, in->kind, in->id, in->version, in->sender, in->text,
		 in->person, in->handle, (int64_t)in->shared, store_now(s));
	return store_last_id(s);
}

#define COLUMNS "row, connection, chat, thread, kind, id, version, sender, text, person, handle, shared"

static void take(const struct row *r, void *to)
{
	*(struct inbound *)to = (struct inbound){
		.row = row_int(r, 0),
		.connection = text_dup(row_text(r, 1)), .chat = text_dup(row_text(r, 2)),
		.thread = text_dup(row_text(r, 3)), .kind = text_dup(row_text(r, 4)),
		.id = text_dup(row_text(r, 5)), .version = text_dup(row_text(r, 6)),
		.sender = text_dup(row_text(r, 7)), .text = text_dup(row_text(r, 8)),
		.person = text_dup(row_text(r, 9)), .handle = text_dup(row_text(r, 10)),
		.shared = row_int(r, 11),
	};
}

/* No turn runs in its conversation. */
#define FREE " AND NOT EXISTS (SELECT 1 FROM turn t WHERE t.state = 'running'" \
	     " AND t.conversation = (SELECT coalesce(c.moved, c.row) FROM conversation c" \
	     " WHERE c.connection = i.connection AND c.chat = i.chat AND c.thread = i.thread))"

bool inbox_next(struct store *s, const char *connection, const char *chat, const char *thread,
		struct inbound *ret)
{
	if (connection)
		return store_get(s, take, ret,
				 "SELECT " COLUMNS " FROM inbox"
				 " WHERE state = 'waiting' AND connection = ? AND chat = ? AND thread = ?"
				 " ORDER BY row LIMIT 1", "sss", connection, chat, thread);
	return store_get(s, take, ret, "SELECT " COLUMNS " FROM inbox i WHERE state = 'waiting' AND person = 'owner'" FREE
			 " ORDER BY row LIMIT 1", "") ||
	       store_get(s, take, ret, "SELECT " COLUMNS " FROM inbox i WHERE state = 'waiting' AND person <> 'owner'" FREE
			 " AND (SELECT count(*) FROM turn t JOIN inbox o ON o.row = t.inbox WHERE t.state = 'running'"
			 " AND o.person = i.person) < ? ORDER BY row LIMIT 1", "i", (int64_t)PERSON_TURNS_MAX);
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
		.handle = text_dup(in->handle), .row = in->row, .shared = in->shared,
	};
}

void inbound_free(struct inbound *in)
{
	const char *texts[] = { in->connection, in->chat, in->thread, in->kind, in->id, in->version,
				in->sender, in->text, in->person, in->handle };

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

int64_t inbox_waiting_by(struct store *s, const char *person)
{
	int64_t n = 0;

	store_get(s, row_to_int, &n, "SELECT count(*) FROM inbox WHERE state = 'waiting' AND person = ?", "s", person);
	return n;
}

int64_t inbox_waiting_in(struct store *s, const char *connection, const char *chat, const char *thread)
{
	int64_t n = 0;

	store_get(s, row_to_int, &n, "SELECT count(*) FROM inbox WHERE state = 'waiting'"
		  " AND connection = ? AND chat = ? AND thread = ?", "sss", connection, chat, thread);
	return n;
}

int64_t inbox_running(struct store *s, const char *connection, const char *chat, const char *thread)
{
	int64_t row = 0;

	store_get(s, row_to_int, &row, "SELECT t.inbox FROM turn t WHERE t.state = 'running' AND t.inbox IS NOT NULL"
		  " AND t.conversation = (SELECT coalesce(moved, row) FROM conversation"
		  " WHERE connection = ? AND chat = ? AND thread = ?) ORDER BY t.row LIMIT 1", "sss",
		  connection, chat, thread);
	return row;
}

/* ---- what is changed afterwards ------------------------------------------ */

struct known {
	int64_t row;
	bool waits;
};

static void take_known(const struct row *r, void *to)
{
	*(struct known *)to = (struct known){ row_int(r, 0), row_int(r, 1) };
}

/* A change is a row of its own, so that it is known when it comes again. After "taken back"
 * nothing comes. False: known. */
static bool add_change(struct store *s, int64_t row, const char *kind, const char *version)
{
	store_do(s, "INSERT INTO inbox (connection, chat, thread, kind, id, version, sender, text, person, handle, state, came)"
		 " SELECT connection, chat, thread, ?2, id, ?3, sender, '', person, '', 'done', ?4 FROM inbox i WHERE row = ?1"
		 " AND NOT EXISTS (SELECT 1 FROM inbox d WHERE d.connection = i.connection AND d.chat = i.chat"
		 " AND d.kind = 'delete' AND d.id = i.id) ON CONFLICT DO NOTHING", "issi", row, kind, version, store_now(s));
	return store_changed(s) == 1;
}

bool inbox_rewrite(struct store *s, const char *connection, const char *chat, const char *id,
		   const char *by, const char *version, const char *text)
{
	struct known k;

	if (!store_get(s, take_known, &k, "SELECT row, state = 'waiting' FROM inbox WHERE connection = ? AND chat = ?"
		       " AND kind = 'message' AND id = ? AND sender = coalesce(?, sender) ORDER BY row LIMIT 1", "ssss",
		       connection, chat, id, by) ||
	    !add_change(s, k.row, text ? "edit" : "delete", version))
		return false;
	store_do(s, "UPDATE inbox SET text = coalesce(?2, '') WHERE row = ?1", "is", k.row, text);
	if (!k.waits)
		conversation_rewrite(s, k.row, text ? text : "(taken back by its sender)");
	else if (!text)
		inbox_done(s, k.row);
	return true;
}

/* A row that came under both ids is kept, and answered, once. */
void chat_moved(struct store *s, const char *connection, const char *old, const char *new)
{
	if (strcmp(old, new) == 0)
		return;
	store_do(s, "UPDATE OR IGNORE inbox SET chat = ?3 WHERE connection = ?1 AND chat = ?2", "sss", connection, old, new);
	store_do(s, "UPDATE inbox SET state = 'done' WHERE connection = ?1 AND chat = ?2 AND state = 'waiting'", "ss",
		 connection, old);
	store_do(s, "UPDATE outbox SET chat = ?3 WHERE connection = ?1 AND chat = ?2", "sss", connection, old, new);
	conversations_moved(s, connection, old, new);
}

/* ---- strangers ----------------------------------------------------------- */

int64_t stranger_count(struct store *s, const char *connection, const char *sender)
{
	int64_t n = 0;

	store_get(s, row_to_int, &n, "INSERT INTO stranger (connection, sender, count, last) VALUES (?1, ?2, 1, ?3)"
		  " ON CONFLICT DO UPDATE SET count = count + 1, last = excluded.last RETURNING count", "ssi",
		  connection, sender, store_now(s));
	if (n == 1)
		store_do(s, "DELETE FROM stranger WHERE row IN (SELECT row FROM stranger ORDER BY last DESC, row DESC"
			 " LIMIT -1 OFFSET ?)", "i", (int64_t)STRANGERS_MAX);
	return n;
}

static void add_stranger(const struct row *r, void *to)
{
	cJSON_AddItemToArray(to, json_build("{connection:%s,sender:%s,count:%D,last:%D}", row_text(r, 0), row_text(r, 1),
					    row_int(r, 2), row_int(r, 3)));
}

cJSON *strangers(struct store *s, int max)
{
	cJSON *list = cJSON_CreateArray();

	store_each(s, add_stranger, list, "SELECT connection, sender, count, last FROM stranger"
		   " ORDER BY last DESC, row DESC LIMIT ?", "i", (int64_t)max);
	return list;
}

void stranger_forget(struct store *s, const char *connection, const char *sender)
{
	store_do(s, "DELETE FROM stranger WHERE connection = ? AND sender = ?", "ss", connection, sender);
}

/* ---- what cannot be used, and what is kept ------------------------------- */

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

int64_t poison_times(struct store *s, const char *connection, const char *event_key)
{
	int64_t n = 0;

	store_get(s, row_to_int, &n, "SELECT count FROM poison WHERE connection = ? AND event = ?", "ss", connection,
		  event_key);
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
