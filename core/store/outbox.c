/* outbox.c - see outbox.h */
#include "store/outbox.h"
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

enum { KEY_BYTES = 12 };	/* 24 hexadecimal digits: a Discord nonce takes 25 characters */

int64_t outbox_add(struct store *s, const char *connection, const char *chat, const char *thread,
		   const char *text, int64_t turn)
{
	unsigned char dice[KEY_BYTES];
	char key[2 * KEY_BYTES + 1];

	randombytes_buf(dice, sizeof dice);
	sodium_bin2hex(key, sizeof key, dice, sizeof dice);
	store_do(s, "INSERT INTO outbox (connection, chat, thread, text, key, turn, added, changed)"
		 " VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0), ?7, ?7)", "sssssii",
		 connection, chat, thread, text, key, turn, store_now(s));
	return store_last_id(s);
}

void outbox_sending(struct store *s, int64_t row)
{
	store_do(s, "UPDATE outbox SET state = 'sending', changed = ? WHERE row = ? AND state = 'waiting'", "ii",
		 store_now(s), row);
	assert(store_changed(s) == 1 || store_doomed(s));
}

void outbox_sent(struct store *s, int64_t row, const char *platform_id)
{
	store_do(s, "UPDATE outbox SET state = 'sent', platform_id = ?, changed = ?"
		 " WHERE row = ? AND state IN ('waiting', 'sending', 'unknown')", "sii",
		 platform_id, store_now(s), row);
}

void outbox_failed(struct store *s, int64_t row, const char *why)
{
	store_do(s, "UPDATE outbox SET state = 'failed', why = ?, changed = ?"
		 " WHERE row = ? AND state IN ('waiting', 'sending', 'unknown')", "sii", why, store_now(s), row);
}

static void take(const struct row *r, void *to)
{
	*(struct outbound *)to = (struct outbound){
		.row = row_int(r, 0), .connection = text_dup(row_text(r, 1)), .chat = text_dup(row_text(r, 2)),
		.thread = text_dup(row_text(r, 3)), .text = text_dup(row_text(r, 4)), .key = text_dup(row_text(r, 5)),
	};
}

void outbound_free(struct outbound *out)
{
	const char *texts[] = { out->connection, out->chat, out->thread, out->text, out->key };

	for (size_t i = 0; i < COUNT(texts); i++)
		free((char *)texts[i]);
}

/* Asks for one row at a time: what is done with it changes the rows that wait. */
void outbox_each(struct store *s, const char *connection, const char *chat,
		 void (*row)(const struct outbound *out, void *to), void *to)
{
	struct outbound out = { 0 };

	while (store_get(s, take, &out,
			 "SELECT row, connection, chat, thread, text, key FROM outbox WHERE connection = ?1"
			 " AND state = 'waiting'"
			 " AND row > ?2 AND (?3 IS NULL OR chat = ?3) ORDER BY row LIMIT 1", "sis",
			 connection, out.row, chat)) {
		row(&out, to);
		outbound_free(&out);
	}
}

int64_t outbox_waiting(struct store *s)
{
	int64_t n = 0;

	store_get(s, row_to_int, &n, "SELECT count(*) FROM outbox"
		  " WHERE state = 'waiting'", "");
	return n;
}

int64_t outbox_recover(struct store *s)
{
	store_do(s, "UPDATE outbox SET state = 'unknown', changed = ?"
		 " WHERE state = 'sending'", "i", store_now(s));
	return store_changed(s);
}
