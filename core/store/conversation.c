/* conversation.c - see conversation.h */
#include "store/conversation.h"
#include <assert.h>
#include <string.h>

/* Where it goes on, when its chat has a new id. */
static int64_t today(struct store *s, int64_t conversation)
{
	store_get(s, row_to_int, &conversation, "SELECT moved FROM conversation WHERE row = ? AND moved IS NOT NULL", "i",
		  conversation);
	return conversation;
}

int64_t conversation_find(struct store *s, const char *connection, const char *chat, const char *thread)
{
	int64_t row = 0;

	if (store_get(s, row_to_int, &row, "SELECT coalesce(moved, row) FROM conversation"
		      " WHERE connection = ? AND chat = ? AND thread = ?", "sss", connection, chat, thread))
		return row;
	store_do(s, "INSERT INTO conversation (connection, chat, thread) VALUES (?, ?, ?)", "sss",
		 connection, chat, thread);
	return store_last_id(s);
}

bool conversation_known(struct store *s, const char *connection, const char *chat, const char *thread)
{
	int64_t row;

	return store_get(s, row_to_int, &row, "SELECT row FROM conversation"
			 " WHERE connection = ? AND chat = ? AND thread = ?", "sss", connection, chat, thread);
}

bool conversation_has_others(struct store *s, int64_t conversation, const char *person)
{
	int64_t one;

	return store_get(s, row_to_int, &one, "SELECT 1 FROM message m JOIN turn t ON t.row = m.turn JOIN inbox i ON i.row = t.inbox"
			 " WHERE m.conversation = ? AND i.person <> ? LIMIT 1", "is", conversation, person);
}

void conversation_reset(struct store *s, int64_t conversation)
{
	store_do(s, "UPDATE conversation SET summary = NULL,"
		 " folded = coalesce((SELECT max(row) FROM message WHERE conversation = ?1), 0)"
		 " WHERE row = ?1", "i", today(s, conversation));
	assert(store_changed(s) == 1 || store_doomed(s));
}

int64_t conversation_add(struct store *s, int64_t conversation, int64_t turn, const cJSON *message,
			 const char *adapter)
{
	DEFER(json_drop) cJSON *body = cJSON_Duplicate(message, true);

	assert(cJSON_IsObject(message));
	cJSON_DeleteItemFromObjectCaseSensitive(body, "raw");
	cJSON_DeleteItemFromObjectCaseSensitive(body, "row");
	store_do(s, "INSERT INTO message (conversation, turn, body, adapter, raw, came)"
		 " VALUES (?, nullif(?, 0), ?, ?, ?, ?)", "iijsji", today(s, conversation), turn, body, adapter,
		 json_at(message, "/raw"), store_now(s));
	return store_last_id(s);
}

static void add_message(const struct row *r, void *to)
{
	cJSON *message = row_json(r, 1);

	json_add(message, "row", cJSON_CreateNumber((double)row_int(r, 0)));
	json_add(message, "raw", row_json(r, 2));
	cJSON_AddItemToArray(to, message);
}

cJSON *conversation_messages(struct store *s, int64_t conversation, const char *adapter)
{
	cJSON *list = cJSON_CreateArray();

	store_each(s, add_message, list,
		   "SELECT m.row, m.body, CASE WHEN m.adapter = ?2 THEN m.raw END FROM message m"
		   " JOIN conversation c ON c.row = m.conversation"
		   " WHERE m.conversation = ?1 AND m.row > c.folded ORDER BY m.row", "is", today(s, conversation),
		   adapter);
	return list;
}

char *conversation_summary(struct store *s, int64_t conversation)
{
	char *summary = NULL;

	store_get(s, row_to_text, &summary, "SELECT summary FROM conversation WHERE row = ?", "i",
		  today(s, conversation));
	return summary;
}

void conversation_fold(struct store *s, int64_t conversation, int64_t upto_row, const char *summary)
{
	store_do(s, "UPDATE conversation SET folded = ?2, summary = ?3 WHERE row = ?1 AND folded <= ?2"
		 " AND EXISTS (SELECT 1 FROM message WHERE row = ?2 AND conversation = ?1)", "iis",
		 today(s, conversation), upto_row, summary);
	assert(store_changed(s) == 1 || store_doomed(s));
}

struct said {
	int64_t row;
	cJSON *body;
};

static void take_said(const struct row *r, void *to)
{
	*(struct said *)to = (struct said){ row_int(r, 0), row_json(r, 1) };
}

void conversation_rewrite(struct store *s, int64_t inbox_row, const char *text)
{
	struct said said = { 0 };

	store_get(s, take_said, &said, "SELECT m.row, m.body FROM turn t JOIN message m ON m.turn = t.row"
		  " WHERE t.inbox = ? ORDER BY m.row LIMIT 1", "i", inbox_row);
	if (json_is(said.body, "/role", "user")) {
		cJSON_ReplaceItemInObjectCaseSensitive(said.body, "text", cJSON_CreateString(text));
		store_do(s, "UPDATE message SET body = ? WHERE row = ?", "ji", said.body, said.row);
	}
	json_drop(&said.body);
}

/* Of what the model was shown nothing is lost: the mark stands before the first message that
 * one of the two still shows. */
static void merge(struct store *s, int64_t from, int64_t into)
{
	store_do(s, "UPDATE conversation SET folded = coalesce("
		 "(SELECT min(m.row) - 1 FROM conversation c JOIN message m ON m.conversation = c.row AND m.row > c.folded"
		 " WHERE c.row IN (?1, ?2)), (SELECT max(folded) FROM conversation WHERE row IN (?1, ?2))),"
		 " summary = (SELECT group_concat(summary, char(10, 10)) FROM conversation WHERE row IN (?1, ?2))"
		 " WHERE row = ?2", "ii", from, into);
	store_do(s, "UPDATE message SET conversation = ?2 WHERE conversation = ?1", "ii", from, into);
	store_do(s, "UPDATE turn SET conversation = ?2 WHERE conversation = ?1", "ii", from, into);
	store_do(s, "UPDATE conversation SET moved = ?2, summary = NULL WHERE row = ?1 OR moved = ?1", "ii", from, into);
}

struct threads {
	struct store *store;
	const char *connection, *chat;
};

static void move_thread(const struct row *r, void *to)
{
	const struct threads *t = to;
	int64_t from = row_int(r, 0), into = conversation_find(t->store, t->connection, t->chat, row_text(r, 1));

	if (into != from)
		merge(t->store, from, into);
}

void conversations_moved(struct store *s, const char *connection, const char *old, const char *new)
{
	struct threads t = { s, connection, new };

	store_each(s, move_thread, &t, "SELECT row, thread FROM conversation"
		   " WHERE connection = ? AND chat = ? AND moved IS NULL", "ss", connection, old);
}

int64_t turn_begin(struct store *s, int64_t conversation, int64_t inbox_row, const char *origin)
{
	int64_t turn;

	store_do(s, "INSERT INTO turn (conversation, inbox, origin, began) VALUES (?, nullif(?, 0), ?, ?)", "iisi",
		 today(s, conversation), inbox_row, origin, store_now(s));
	turn = store_last_id(s);
	store_do(s, "UPDATE inbox SET state = 'taken' WHERE row = ? AND state = 'waiting'", "i", inbox_row);
	return turn;
}

void turn_end(struct store *s, int64_t turn, const char *state)
{
	assert(strcmp(state, "running") != 0);
	store_do(s, "UPDATE turn SET state = ?, ended = ? WHERE row = ? AND state = 'running'", "sii",
		 state, store_now(s), turn);
	assert(store_changed(s) == 1 || store_doomed(s));
}

void turn_usage(struct store *s, int64_t turn, const char *model, int64_t in, int64_t out,
		int64_t cache_read, int64_t cache_write, int64_t micros)
{
	store_do(s, "INSERT INTO usage (turn, model, tokens_in, tokens_out, cache_read, cache_write, micros, came)"
		 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, CASE WHEN ?7 >= 0 THEN ?7 END, ?8)", "isiiiiii",
		 turn, model, in, out, cache_read, cache_write, micros, store_now(s));
}

int64_t turn_tokens(struct store *s, int64_t turn)
{
	int64_t n = 0;

	store_get(s, row_to_int, &n, "SELECT coalesce(sum(tokens_in + tokens_out), 0) FROM usage"
		  " WHERE turn = ?", "i", turn);
	return n;
}

int64_t call_begin(struct store *s, int64_t turn, const char *id, const char *name, const cJSON *args)
{
	store_do(s, "INSERT INTO call (turn, id, name, args, began) VALUES (?, ?, ?, ?, ?)", "issji",
		 turn, id, name, args, store_now(s));
	return store_last_id(s);
}

void call_end(struct store *s, int64_t call, const char *result, bool failed)
{
	assert(result);
	store_do(s, "UPDATE call SET result = ?, failed = ?, ended = ? WHERE row = ? AND ended IS NULL", "siii",
		 result, (int64_t)failed, store_now(s), call);
	assert(store_changed(s) == 1 || store_doomed(s));
}

static void add_call(const struct row *r, void *to)
{
	cJSON *call = json_build("{call:%D,id:%s,name:%s}", row_int(r, 0), row_text(r, 1), row_text(r, 2));

	json_add(call, "args", row_json(r, 3));
	cJSON_AddItemToArray(to, call);
}

cJSON *calls_unknown(struct store *s, int64_t turn)
{
	cJSON *list = cJSON_CreateArray();

	store_each(s, add_call, list, "SELECT row, id, name, args FROM call WHERE turn = ? AND ended IS NULL"
		   " ORDER BY row", "i", turn);
	return list;
}

static void take_totals(const struct row *r, void *to)
{
	*(struct totals *)to = (struct totals){
		.turns = row_int(r, 0), .in = row_int(r, 1), .out = row_int(r, 2), .cache_read = row_int(r, 3),
		.cache_write = row_int(r, 4), .micros = row_int(r, 5), .unpriced = row_int(r, 6),
	};
}

struct totals usage_totals(struct store *s)
{
	struct totals t = { 0 };

	store_get(s, take_totals, &t,
		  "SELECT (SELECT count(*) FROM turn), coalesce(sum(tokens_in), 0),"
		  " coalesce(sum(tokens_out), 0), coalesce(sum(cache_read), 0), coalesce(sum(cache_write), 0),"
		  " coalesce(sum(micros), 0), count(*) - count(micros) FROM usage", "");
	return t;
}
