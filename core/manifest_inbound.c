/* manifest_inbound.c - where a channel's manifest says that we ourselves, and what other people
 * do, stand in the raw JSON of a socket or an answer. */
#include "inbound.h"
#include "limits.h"
#include "manifest_draft.h"
#include <string.h>

/* What a row of each kind has beside `in`, `when`, `at`, `mine` and `ours`. */
static const struct { const char *name, *needs, *may; } kinds[] = {
	[INBOUND_MESSAGE] = { "message", "chat from id text", "thread reply_to dm" },
	[INBOUND_EDIT] = { "edit", "chat from of text version", "thread differs" },
	[INBOUND_DELETE] = { "delete", "chat of", "from thread" },
	[INBOUND_REACTION] = { "reaction", "chat from of mark", "thread" },
	[INBOUND_BUTTON] = { "button", "chat from of value", "thread" },
	[INBOUND_COMMAND] = { "command", "chat from id name text", "thread dm handle" },
	[INBOUND_MOVED] = { "moved", "old new", "" },
};
static const char *const templates[] = {
	"id", "chat", "thread", "from", "of", "mark", "value", "reply_to", "version", "name", "handle", "old", "new",
};

const char *inbound_name(enum inbound_kind kind)
{
	return kinds[kind].name;
}

/* ---- places -------------------------------------------------------------- */

static bool check_source(struct draft *d, const cJSON *in)
{
	return manifest_socket(d->m, in->valuestring) || manifest_operation(d->m, in->valuestring) ||
	       strict_fail(&d->s, in, "\"%s\" in %s is no socket and no operation: name one", in->valuestring,
			   strict_place(&d->s, in));
}

static int count_stars(const char *at)
{
	int n = 0;

	for (; *at; at++)
		n += *at == '*';
	return n;
}

bool starred_check(struct draft *d, const cJSON *about, const char *at, int max)
{
	if (!pointer_check(d, about, at, true))
		return false;
	return (!strstr(at, "**") && !strchr(at, '{') && count_stars(at) <= max) ||
	       strict_fail(&d->s, about, "\"%s\" in %s names too much: %s", at, strict_place(&d->s, about),
			   max ? "a step is a name or *, and only as many * as \"at\" has" :
				 "write a pointer to one place");
}

/* A value, or a list of them, one of which must stand there. */
static bool check_when(struct draft *d, const cJSON *when, int stars)
{
	for (const cJSON *w = json_first(when); w; w = w->next) {
		const cJSON *first = cJSON_IsArray(w) ? w->child : w;
		bool plain = first != NULL;

		if (!starred_check(d, w, w->string, stars))
			return false;
		for (const cJSON *v = first; v && plain; v = cJSON_IsArray(w) ? v->next : NULL)
			plain = !cJSON_IsObject(v) && !cJSON_IsArray(v);
		if (!plain)
			return strict_fail(&d->s, w,
					   "%s is compared with what stands there: write text, a number, true, false, "
					   "null for nothing, or a list of these",
					   strict_place(&d->s, w));
	}
	return true;
}

/* ---- templates ----------------------------------------------------------- */

static bool check_one(struct draft *d, const cJSON *about, const char *template, int stars)
{
	const char *why = template ? inbound_template_check(template, stars) : "is no text, and no list of texts";

	return !why || strict_fail(&d->s, about, "%s %s: write a template such as \"{@/text}\"",
				   strict_place(&d->s, about), why);
}

static bool check_template(struct draft *d, const cJSON *template, int stars)
{
	if (!template)
		return true;
	if (!cJSON_IsArray(template))
		return check_one(d, template, cJSON_GetStringValue(template), stars);
	if (!strict_lines(&d->s, template, "templates", VALUES_MAX))
		return false;
	for (const cJSON *t = json_first(template); t; t = t->next)
		if (!check_one(d, t, t->valuestring, stars))
			return false;
	return true;
}

static const struct strict_field text_fields[] = {
	{ "of", STRICT_ANY, "say where the text stands: \"{@/text}\"" }, { "mention", STRICT_LIST, NULL },
	{ "unescape", STRICT_LINE, NULL }, { "else", STRICT_LINE, NULL },
};

static bool check_text(struct draft *d, const cJSON *text, int stars)
{
	static const char *const escapes[] = { "html", "mrkdwn" };
	const cJSON *mention = member_in(text, "mention"), *escape = member_in(text, "unescape");

	if (!text)
		return true;
	if (!strict_members(&d->s, text, text_fields, COUNT(text_fields)) ||
	    !check_template(d, member_in(text, "of"), stars) ||
	    (mention && !strict_lines(&d->s, mention, "mentions", VALUES_MAX)) ||
	    (escape && strict_word(&d->s, escape, "escape", escapes, COUNT(escapes)) < 0))
		return false;
	for (const cJSON *m = json_first(mention); m; m = m->next)
		if (!strstr(m->valuestring, "{me}"))
			return strict_fail(&d->s, m, "\"%s\" in %s mentions nobody: write {me} where our id stands",
					   m->valuestring, strict_place(&d->s, m));
	return true;
}

static const struct strict_field dm_fields[] = {
	{ "absent", STRICT_ANY, NULL }, { "of", STRICT_ANY, NULL }, { "is", STRICT_LINE, NULL },
};

static bool check_dm(struct draft *d, const cJSON *dm, int stars)
{
	bool absent = member_in(dm, "absent"), of = member_in(dm, "of"), is = member_in(dm, "is");

	if (!dm)
		return true;
	if (!strict_members(&d->s, dm, dm_fields, COUNT(dm_fields)))
		return false;
	if (absent == of || of != is)
		return strict_fail(&d->s, dm,
				   "%s says nothing: write {\"absent\": \"{@/x}\"}, or {\"of\": \"{@/x}\", \"is\": \"im\"}",
				   strict_place(&d->s, dm));
	return check_template(d, member_in(dm, "absent"), stars) && check_template(d, member_in(dm, "of"), stars);
}

/* {"{@/bot_id}": "bot"}: a place, and which of our names is compared with it. */
static bool check_names(struct draft *d, const cJSON *names, int stars)
{
	for (const cJSON *n = json_first(names); n; n = n->next) {
		const char *name = cJSON_GetStringValue(n);

		if (!check_one(d, n, n->string, stars))
			return false;
		if (!d->m->me.in || !name || (strcmp(name, "id") != 0 && !member_in(d->m->me.also, name)))
			return strict_fail(&d->s, n,
					   "%s is no name of ours: write \"id\", or one that \"also\" of \"me\" has",
					   strict_place(&d->s, n));
	}
	return true;
}

static bool check_differs(struct draft *d, const cJSON *differs, int stars)
{
	if (differs && json_count(differs) != 2)
		return strict_fail(&d->s, differs, "%s compares two places: write [\"{@/new}\", \"{@/old}\"]",
				   strict_place(&d->s, differs));
	return check_template(d, differs, stars);
}

/* ---- who we are ---------------------------------------------------------- */

static const struct strict_field me_fields[] = {
	{ "in", STRICT_LINE, "name the socket or operation that tells it" }, { "when", STRICT_OBJECT, NULL },
	{ "at", STRICT_LINE, "write the pointer to our own id" }, { "also", STRICT_OBJECT, NULL },
};

/* A pointer into the same message, or "SOURCE POINTER". */
static bool check_also(struct draft *d, const cJSON *also)
{
	if (!also)
		return true;
	if (!strict_names(&d->s, also, "a name of ours", ARGUMENTS_MAX))
		return false;
	for (const cJSON *a = json_first(also); a; a = a->next) {
		if (strcmp(a->string, "id") == 0)
			return strict_fail(&d->s, a, "%s: \"id\" is what \"at\" points at; name it otherwise",
					   strict_place(&d->s, a));
		if (!strict_is(&d->s, a, STRICT_LINE) ||
		    !(a->valuestring[0] == '/' ? pointer_check(d, a, a->valuestring, false) : place_check(d, a)))
			return false;
	}
	return true;
}

static bool read_me(struct draft *d, const cJSON *json)
{
	const cJSON *at = member_in(json, "at");

	if (!json)
		return true;
	if (!strict_members(&d->s, json, me_fields, COUNT(me_fields)) || !check_source(d, member_in(json, "in")) ||
	    !starred_check(d, at, at->valuestring, 0) || !check_when(d, member_in(json, "when"), 0) ||
	    !check_also(d, member_in(json, "also")))
		return false;
	d->m->me = (struct me_row){ .in = text_in(json, "in"),
				    .at = at->valuestring,
				    .when = member_in(json, "when"),
				    .also = member_in(json, "also") };
	return true;
}

/* ---- rows ---------------------------------------------------------------- */

static const struct strict_field row_fields[] = {
	{ "in", STRICT_LINE, "name a socket or an operation" }, { "when", STRICT_OBJECT, NULL },
	{ "at", STRICT_LINE, NULL }, { "kind", STRICT_LINE, NULL },
	{ "mine", STRICT_OBJECT, NULL }, { "ours", STRICT_OBJECT, NULL },
	{ "chat", STRICT_ANY, NULL }, { "from", STRICT_ANY, NULL }, { "id", STRICT_ANY, NULL },
	{ "thread", STRICT_ANY, NULL }, { "text", STRICT_OBJECT, NULL }, { "dm", STRICT_OBJECT, NULL },
	{ "reply_to", STRICT_ANY, NULL }, { "of", STRICT_ANY, NULL }, { "mark", STRICT_ANY, NULL },
	{ "value", STRICT_ANY, NULL }, { "version", STRICT_ANY, NULL }, { "differs", STRICT_LIST, NULL },
	{ "name", STRICT_ANY, NULL }, { "handle", STRICT_ANY, NULL }, { "old", STRICT_ANY, NULL },
	{ "new", STRICT_ANY, NULL },
};
enum { ROW_COMMON = 6 };	/* those that a row of any kind can have */

static bool check_kind(struct draft *d, const cJSON *json, enum inbound_kind kind)
{
	for (size_t i = ROW_COMMON; i < COUNT(row_fields); i++) {
		const char *name = row_fields[i].name;
		const cJSON *given = member_in(json, name);
		bool needed = text_among(kinds[kind].needs, name);

		if (needed && !given)
			return strict_fail(&d->s, json, "missing member \"%s\" in %s: a row of the kind %s has it", name,
					   strict_place(&d->s, json), kinds[kind].name);
		if (given && !needed && !text_among(kinds[kind].may, name))
			return strict_fail(&d->s, given, "%s does not belong to the kind %s: leave it out",
					   strict_place(&d->s, given), kinds[kind].name);
	}
	return true;
}

static int kind_of(struct draft *d, const cJSON *kind)
{
	const char *known[COUNT(kinds)];

	for (size_t i = 0; i < COUNT(kinds); i++)
		known[i] = kinds[i].name;
	return kind ? strict_word(&d->s, kind, "kind", known, COUNT(known)) : INBOUND_MESSAGE;
}

static bool read_row(struct draft *d, const cJSON *json, struct inbound_row *row)
{
	const cJSON *at = member_in(json, "at");
	int kind, stars;

	if (!strict_members(&d->s, json, row_fields, COUNT(row_fields)) || !check_source(d, member_in(json, "in")))
		return false;
	kind = kind_of(d, member_in(json, "kind"));
	if (kind < 0 || !check_kind(d, json, (enum inbound_kind)kind) ||
	    (at && !starred_check(d, at, at->valuestring, ARGUMENTS_MAX)))
		return false;
	*row = (struct inbound_row){ .in = text_in(json, "in"),
				     .when = member_in(json, "when"),
				     .at = at ? at->valuestring : "",
				     .kind = (enum inbound_kind)kind,
				     .json = json };
	stars = count_stars(row->at);
	for (size_t i = 0; i < COUNT(templates); i++)
		if (!check_template(d, member_in(json, templates[i]), stars))
			return false;
	return check_when(d, row->when, stars) && check_text(d, member_in(json, "text"), stars) &&
	       check_dm(d, member_in(json, "dm"), stars) && check_names(d, member_in(json, "mine"), stars) &&
	       check_names(d, member_in(json, "ours"), stars) && check_differs(d, member_in(json, "differs"), stars);
}

bool inbound_rows_read(struct draft *d)
{
	const cJSON *list = member_in(d->s.root, "inbound");
	struct inbound_row *rows = draft_new(d, (size_t)json_count(list), sizeof *rows);

	if (!read_me(d, member_in(d->s.root, "me")))
		return false;
	if (json_count(list) > INBOUND_MAX)
		return strict_fail(&d->s, list, "%s has %d rows: %d are the most", strict_place(&d->s, list),
				   json_count(list), INBOUND_MAX);
	d->m->inbound = rows;
	for (const cJSON *r = json_first(list); r; r = r->next)
		if (!read_row(d, r, &rows[d->m->inbound_n++]))
			return false;
	return true;
}
