/* audit.c - see audit.h */
#include "store/audit.h"
#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_BYTES = 32 };
struct hash {
	char hex[2 * HASH_BYTES + 1];	/* "" before the first row */
};

struct line {			/* a row as it is stored */
	int64_t row, at, task;
	const char *connection, *operation, *verdict, *rule, *args;
};

/* Little-endian, whatever the machine. */
static void hash_int(crypto_generichash_state *h, int64_t value)
{
	unsigned char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)((uint64_t)value >> 8 * i);
	crypto_generichash_update(h, bytes, sizeof bytes);
}

/* The length goes before, so that no two rows give the same bytes; NULL is not "". */
static void hash_text(crypto_generichash_state *h, const char *text)
{
	hash_int(h, text ? (int64_t)strlen(text) : -1);
	if (text)
		crypto_generichash_update(h, (const unsigned char *)text, strlen(text));
}

static struct hash hash_line(const struct line *l, const struct hash *before)
{
	const char *texts[] = { before->hex, l->connection, l->operation, l->verdict, l->rule, l->args };
	crypto_generichash_state h;
	unsigned char bytes[HASH_BYTES];
	struct hash hash;

	crypto_generichash_init(&h, NULL, 0, sizeof bytes);
	hash_int(&h, l->row);
	hash_int(&h, l->at);
	hash_int(&h, l->task);
	for (size_t i = 0; i < COUNT(texts); i++)
		hash_text(&h, texts[i]);
	crypto_generichash_final(&h, bytes, sizeof bytes);
	sodium_bin2hex(hash.hex, sizeof hash.hex, bytes, sizeof bytes);
	return hash;
}

/* ---- the last row, kept apart -------------------------------------------- */

struct head {
	int64_t row;
	struct hash hash;
};

static void take_head(const struct row *r, void *to)
{
	struct head *head = to;

	char *hex;

	head->row = strtoll(row_text(r, 0), &hex, 10);
	snprintf(head->hash.hex, sizeof head->hash.hex, "%s", hex + strspn(hex, " "));
}

static struct head head_get(struct store *s)
{
	struct head head = { 0 };

	store_get(s, take_head, &head, "SELECT value FROM meta WHERE name = 'audit'", "");
	return head;
}

static void head_set(struct store *s, int64_t row, const struct hash *hash)
{
	DEFER(text_free) char *value = text_fmt("%" PRId64 " %s", row, hash->hex);

	store_do(s, "INSERT INTO meta (name, value) VALUES ('audit', ?)"
		 " ON CONFLICT DO UPDATE SET value = excluded.value", "s", value);
}

static char *mended(const cJSON *args)
{
	DEFER(json_drop) cJSON *copy = cJSON_Duplicate(args, true);

	if (!copy)
		return NULL;
	json_mend(copy);
	return json_print(copy);
}

void audit_add(struct store *s, const struct audit *row)
{
	DEFER(text_free) char *args = mended(row->args);
	struct head head = head_get(s);
	struct line l = { head.row + 1, store_now(s), row->task, row->connection, row->operation,
			  row->verdict, row->rule, args };
	struct hash hash = hash_line(&l, &head.hash);

	store_do(s, "INSERT INTO audit (row, at, task, connection, operation, verdict, rule, args, hash)"
		 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", "iiissssss", l.row, l.at, l.task, l.connection,
		 l.operation, l.verdict, l.rule, l.args, hash.hex);
	head_set(s, l.row, &hash);
}

int64_t audit_rows(struct store *s)
{
	int64_t n = 0;

	store_get(s, row_to_int, &n, "SELECT count(*) FROM audit", "");
	return n;
}

/* ---- judging the chain --------------------------------------------------- */

static char complaint[200];

struct walk {
	struct head last;		/* the row before */
	const char *why;
};

static void complain(struct walk *w, int64_t row, const char *what)
{
	snprintf(complaint, sizeof complaint, "row %" PRId64 " of the audit log %s", row, what);
	w->why = complaint;
}

static void judge(const struct row *r, void *to)
{
	struct walk *w = to;
	struct line l = { row_int(r, 0), row_int(r, 1), row_int(r, 2), row_text(r, 3), row_text(r, 4),
			  row_text(r, 5), row_text(r, 6), row_text(r, 7) };
	struct hash hash = hash_line(&l, &w->last.hash);

	if (w->why)
		return;
	if (l.row < w->last.row + 1)
		complain(w, l.row, "was put in");
	else if (l.row > w->last.row + 1)
		complain(w, w->last.row + 1, "was taken out");
	else if (strcmp(row_text(r, 8), hash.hex) != 0)
		complain(w, l.row, "was changed, or does not follow from the one before it");
	w->last.row = l.row;
	snprintf(w->last.hash.hex, sizeof w->last.hash.hex, "%s", row_text(r, 8));
}

const char *audit_check(struct store *s)
{
	struct head head = head_get(s);
	struct walk w = { 0 };

	store_each(s, judge, &w, "SELECT row, at, task, connection, operation, verdict, rule, args, hash"
		   " FROM audit ORDER BY row", "");
	if (!w.why && w.last.row < head.row)
		complain(&w, w.last.row + 1, "was taken out, with all after it");
	if (!w.why && w.last.row > head.row)
		complain(&w, head.row + 1, "was put in");
	if (!w.why && strcmp(w.last.hash.hex, head.hash.hex) != 0)
		complain(&w, w.last.row, "is not the one that was written last");
	return w.why;
}
