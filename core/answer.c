/* answer.c - see answer.h */
#include "answer.h"
#include "adapter/adapter.h"
#include "inbound.h"
#include "limits.h"
#include "pattern.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reasons ------------------------------------------------------------- */

/* Bytes of the control character or space at s, or 0: C0, DEL, C1, and what Unicode breaks
 * lines with or turns the direction of writing around with. */
static size_t blank(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;

	if (u[0] <= ' ' || u[0] == 0x7F)
		return 1;
	if (u[0] == 0xC2 && u[1] >= 0x80 && u[1] <= 0xA0)
		return 2;
	if (u[0] == 0xE2 && u[1] == 0x80 && u[2] >= 0xA8 && u[2] <= 0xAE)
		return 3;
	return u[0] == 0xE2 && u[1] == 0x81 && u[2] >= 0xA6 && u[2] <= 0xA9 ? 3 : 0;
}

char *reason_clean(struct str text)
{
	DEFER(text_free) char *whole = str_dup((struct str){ text.at, utf8_fit(text, 4 * REASON_MAX) });
	DEFER(text_free) char *mended = text_mend(whole);
	struct buf b = buf_new(5 * REASON_MAX);

	for (const char *c = mended; *c;) {
		size_t n = blank(c);

		if (!n)
			buf_addc(&b, *c);
		else if (b.len && b.at[b.len - 1] != ' ')
			buf_addc(&b, ' ');
		c += n ? n : 1;
	}
	buf_cut(&b, utf8_fit(buf_str(&b), REASON_MAX));
	while (b.len && b.at[b.len - 1] == ' ')
		buf_cut(&b, b.len - 1);
	return buf_take(&b);
}

/* "REASON: REMEDY": a long reason is cut, so that the remedy is whole. Owned. */
static char *with_remedy(struct str why, const struct error_row *row)
{
	const char *remedy = row ? row->remedy : NULL;
	DEFER(text_free) char *reason = reason_clean(why);
	size_t room = remedy ? REASON_MAX - strlen(remedy) - strlen(": ") : REASON_MAX;

	return remedy ? text_fmt("%.*s: %s", (int)utf8_fit(str_of(reason), room), reason, remedy) : text_dup(reason);
}

/* The strings that stand where the manifest says; else `otherwise`; and what to do. Owned. */
static char *find_why(const struct manifest *m, const struct error_row *row, const cJSON *json, const char *otherwise)
{
	DEFER(buf_free) struct buf b = buf_new(ERROR_BODY_MAX);

	for (const cJSON *at = json_first(m->why); at; at = at->next) {
		const char *text = json_text(json, at->valuestring);
		DEFER(text_free) char *clean = text ? reason_clean(str_of(text)) : NULL;

		if (clean && *clean)
			buf_addf(&b, "%s%s", b.len ? ": " : "", clean);
	}
	return with_remedy(b.len ? buf_str(&b) : str_of(otherwise), row);
}

/* ---- sorting ------------------------------------------------------------- */

/* A leaf as errors rows write it: numbers in digits, true, false. Owned; NULL: no leaf. */
static char *leaf_text(const cJSON *leaf)
{
	if (!leaf || cJSON_IsObject(leaf) || cJSON_IsArray(leaf))
		return NULL;
	return cJSON_IsString(leaf) ? text_dup(leaf->valuestring) : json_print(leaf);
}

static bool is_one_of(const cJSON *list, const char *text)
{
	for (const cJSON *c = json_first(list); c; c = c->next)
		if (strcmp(c->valuestring, text) == 0)
			return true;
	return false;
}

static bool row_fits(const struct error_row *row, bool part, int status, const cJSON *json)
{
	const cJSON *found = row->at ? json_at(json, row->at) : NULL;
	DEFER(text_free) char *text = leaf_text(found);

	if (row->part != part)
		return false;
	if (row->status_from && (status < row->status_from || status > row->status_to))
		return false;
	if (row->is)
		return text && strcmp(text, row->is) == 0;
	if (row->has)
		return text && strstr(text, row->has);
	if (row->in)
		return text && is_one_of(row->in, text);
	return !row->at || found;
}

/* The operation's own rows come first. */
static const struct error_row *find_row(const struct manifest *m, const struct operation *op, bool part, int status,
					const cJSON *json)
{
	for (size_t i = 0; i < op->errors_n; i++)
		if (row_fits(&op->errors[i], part, status, json))
			return &op->errors[i];
	for (size_t i = 0; i < m->errors_n; i++)
		if (row_fits(&m->errors[i], part, status, json))
			return &m->errors[i];
	return NULL;
}

/* Overloaded: was it done? What changes nothing may be asked for again; of the rest nobody knows. */
static int class_of(const struct operation *op, int status)
{
	bool harmless = !(op->effects & ~(unsigned)(EFFECT_READ | EFFECT_NET));

	switch (status) {
	case 401: return FAIL_AUTH;
	case 402: return FAIL_QUOTA;
	case 403: return FAIL_PERMISSION;
	case 404: case 410: return FAIL_MISSING;
	case 429: return FAIL_BUSY;
	case 408: case 503: case 529: return harmless ? FAIL_BUSY : FAIL_PLATFORM;
	case 409: return FAIL_CONFLICT;
	case 413: return FAIL_TOO_LARGE;
	}
	if (status >= 200 && status <= 299)
		return FAIL_NONE;
	return status >= 400 && status <= 499 ? FAIL_INPUT : FAIL_PLATFORM;
}

/* ---- answers ------------------------------------------------------------- */

static void no_answer(enum net net, struct answer *ret)
{
	*ret = (struct answer){ .failure = FAIL_NETWORK, .unsent = net == NET_UNSENT,
				.why = text_dup(net == NET_UNSENT ? "no connection" : "no answer") };
}

static void fail(struct answer *a, const char *why)
{
	a->failure = FAIL_PLATFORM;
	a->why = text_dup(why);
}

static bool is_text(struct str s)
{
	return utf8_valid(s) && !(s.len && memchr(s.at, '\0', s.len));
}

/* What a 2xx holds, or that it does not hold what the manifest says. */
static void take_body(const struct operation *op, const cJSON *json, struct str body, struct answer *a)
{
	switch (op->answer) {
	case ANSWER_JSON:
		if (!json && !(a->status == 204 && body.len == 0))
			fail(a, "an answer that is not JSON");
		break;
	case ANSWER_TEXT:
		if (!is_text(body))
			fail(a, "an answer that is not UTF-8 text");
		else
			a->text = str_dup(body);
		break;
	case ANSWER_SSE: case ANSWER_NDJSON: case ANSWER_NONE:
		break;
	}
}

static cJSON *read_json(struct str body)
{
	cJSON *json = NULL;

	return body.len && json_decode(body, &json) == NULL ? json : NULL;
}

/* Ids, as text; an answer without one of them makes no sense. */
static void read_gives(const struct operation *op, const cJSON *json, struct answer *a)
{
	cJSON *gives = op->gives ? cJSON_CreateObject() : NULL;

	for (const cJSON *g = json_first(op->gives); g && !a->failure; g = g->next) {
		DEFER(text_free) char *id = json_id(json, g->valuestring);
		DEFER(text_free) char *why = text_fmt("an answer without %s", g->valuestring);

		if (id)
			json_add(gives, g->string, cJSON_CreateString(id));
		else if (class_of(op, a->status) == FAIL_NONE)
			fail(a, why);
	}
	a->gives = gives;
}

static cJSON *shown(const struct manifest *m, const struct operation *op, const cJSON *json)
{
	DEFER(json_drop) cJSON *told = inbound_told(m, op->name, json);

	return json ? pattern_cut(op->shows, told ? told : json, true) : NULL;
}

void answer_sort(const struct manifest *m, const struct operation *op, enum net net, int status,
		 struct str body, struct answer *ret)
{
	DEFER(json_drop) cJSON *json = read_json(body);
	const struct error_row *row;
	char otherwise[32];

	if (net != NET_OK) {
		no_answer(net, ret);
		return;
	}
	*ret = (struct answer){ .status = status, .failure = class_of(op, status) };
	row = find_row(m, op, false, status, json);
	if (row) {
		ret->failure = row->class;
		ret->word = row->word;
	}
	snprintf(otherwise, sizeof otherwise, "HTTP %d", status);
	if (ret->failure)
		ret->why = find_why(m, row, json, otherwise);
	else if (class_of(op, status) == FAIL_NONE)
		take_body(op, json, body, ret);
	ret->json = shown(m, op, json);
	if (!ret->failure)
		read_gives(op, json, ret);
	ret->whole = json;
	json = NULL;
}

void answer_part(const struct manifest *m, const struct operation *op, struct str piece, struct answer *ret)
{
	DEFER(json_drop) cJSON *json = read_json(piece);
	const struct error_row *row = json ? find_row(m, op, true, 0, json) : NULL;

	*ret = (struct answer){ 0 };
	if (row) {
		ret->failure = row->class;
		ret->word = row->word;
	}
	if (ret->failure)
		ret->why = find_why(m, row, json, "an error in the middle of the answer");
	ret->json = shown(m, op, json);
	if (json)
		return;
	if (is_text(piece))
		ret->text = str_dup(piece);
	else
		fail(ret, "a piece that is not UTF-8 text");
}

void answer_free(struct answer *a)
{
	free(a->why);
	free(a->text);
	json_drop(&a->json);
	json_drop(&a->whole);
	json_drop(&a->gives);
	*a = (struct answer){ 0 };
}
