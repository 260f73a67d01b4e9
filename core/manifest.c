/* manifest.c - see manifest.h; manifest_operation.c, manifest_argument.c and
 * manifest_template.c read its parts */
#include "manifest.h"
#include "adapter/adapter.h"
#include "file.h"
#include "limits.h"
#include "manifest_draft.h"
#include "spelling.h"
#include "url.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- words --------------------------------------------------------------- */

static const char *const effect_names[EFFECTS] = {
	"read", "draft", "write", "send", "share", "delete", "pay", "admin", "net",
};
static const char *const kind_names[] = { [KIND_CHANNEL] = "channel", [KIND_TOOL] = "tool", [KIND_MODEL] = "model" };
static const char *const failure_names[] = {
	[FAIL_NONE] = "none", [FAIL_INPUT] = "input", [FAIL_MISSING] = "missing", [FAIL_AUTH] = "auth",
	[FAIL_PERMISSION] = "permission", [FAIL_QUOTA] = "quota", [FAIL_BUSY] = "busy", [FAIL_TOO_LARGE] = "too_large",
	[FAIL_PLATFORM] = "platform", [FAIL_NETWORK] = "network", [FAIL_CONFLICT] = "conflict",
	[FAIL_CLOSED] = "closed", [FAIL_MOVED] = "moved",
};
static_assert(COUNT(failure_names) == FAIL_MOVED + 1, "each class of adapter.h has its word");

const char *effect_name(int bit)
{
	assert(bit >= 0 && bit < EFFECTS);
	return effect_names[bit];
}

unsigned effect_find(struct str name)
{
	for (int bit = 0; bit < EFFECTS; bit++)
		if (str_is(name, effect_names[bit]))
			return 1u << bit;
	return 0;
}

const char *kind_name(enum kind kind)
{
	return kind_names[kind];
}

const char *failure_name(int class)
{
	return class >= 0 && class < (int)COUNT(failure_names) ? failure_names[class] : NULL;
}

int failure_find(const char *name)
{
	for (int class = 0; class < (int)COUNT(failure_names); class++)
		if (strcmp(failure_names[class], name) == 0)
			return class;
	return -1;
}

/* ---- memory -------------------------------------------------------------- */

struct block {
	struct block *next;
	max_align_t bytes[];
};

void *draft_new(struct draft *d, size_t n, size_t size)
{
	struct block *b = mem_new(1, sizeof *b + (n ? n : 1) * size);

	b->next = d->m->pool;
	d->m->pool = b;
	return b->bytes;
}

void manifest_free(struct manifest *m)
{
	if (!m)
		return;
	while (m->pool) {
		struct block *b = m->pool;

		m->pool = b->next;
		free(b);
	}
	json_drop(&m->json);
	free((char *)m->text.at);
	free(m);
}

/* ---- what it is ---------------------------------------------------------- */

static const struct strict_field fields[] = {
	{ "name", STRICT_LINE, "write the name of its folder" }, { "kind", STRICT_LINE, "write channel, tool or model" },
	{ "abi", STRICT_INT, "write \"abi\": 1" }, { "about", STRICT_LINE, "say in one line what it is" },
	{ "base", STRICT_LINE, NULL }, { "config", STRICT_OBJECT, NULL }, { "secrets", STRICT_OBJECT, NULL },
	{ "operations", STRICT_OBJECT, NULL }, { "tools", STRICT_OBJECT, NULL }, { "errors", STRICT_LIST, NULL },
	{ "why", STRICT_LIST, NULL }, { "limits", STRICT_OBJECT, NULL }, { "words", STRICT_LIST, NULL },
	{ "sockets", STRICT_OBJECT, NULL }, { "me", STRICT_OBJECT, NULL }, { "inbound", STRICT_LIST, NULL },
	{ "acts", STRICT_OBJECT, NULL }, { "text", STRICT_OBJECT, NULL }, { "rates", STRICT_OBJECT, NULL },
	{ "stream", STRICT_OBJECT, NULL }, { "typing", STRICT_OBJECT, NULL }, { "emoji", STRICT_OBJECT, NULL },
};

/* A file for another version may have members that this one does not know: say that instead. */
static bool check_abi(struct draft *d)
{
	const cJSON *abi = member_in(d->s.root, "abi");
	int64_t n = ADAPTER_ABI;

	if (!cJSON_IsObject(d->s.root) || !json_number(abi, "", INT64_MIN, INT64_MAX, &n) || n == ADAPTER_ABI)
		return true;
	return strict_fail(
		&d->s, abi,
		"\"abi\" is %lld and this version of chela knows %d: write %d, or use a version that knows it",
		(long long)n, ADAPTER_ABI, ADAPTER_ABI);
}

/* Of .../specs/NAME/manifest.json; false: the file stands elsewhere. */
static bool folder_of(const char *file, struct str *ret)
{
	const char *end = strrchr(file, '/'), *begin = end, *specs;

	if (!end || strcmp(end, "/manifest.json") != 0)
		return false;
	while (begin > file && begin[-1] != '/')
		begin--;
	specs = begin - strlen("specs/");
	if (begin - file < (long)strlen("specs/") || memcmp(specs, "specs/", strlen("specs/")) != 0 ||
	    (specs > file && specs[-1] != '/'))
		return false;
	*ret = (struct str){ begin, (size_t)(end - begin) };
	return true;
}

static bool read_name(struct draft *d)
{
	const cJSON *name = member_in(d->s.root, "name");
	struct str folder;
	size_t n = strspn(name->valuestring, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	d->m->name = name->valuestring;
	d->builtin = strcmp(d->m->name, "core") == 0;
	if (name->valuestring[n] || n > STRICT_NAME_MAX || !(d->m->name[0] >= 'a' && d->m->name[0] <= 'z'))
		return strict_fail(
			&d->s, name,
			"the name \"%s\": begin with a letter, then a-z, 0-9, _ and -, at most %d in all",
			d->m->name, STRICT_NAME_MAX);
	if (!folder_of(d->s.file, &folder))
		return true;
	if (d->builtin)
		return strict_fail(&d->s, name, "the name \"core\" is the assistant's own: choose another");
	return str_is(folder, d->m->name) ||
	       strict_fail(&d->s, name,
			   "the name \"%s\" is not that of its folder: write \"%.*s\", or rename the folder",
			   d->m->name, (int)folder.len, folder.at);
}

static bool read_head(struct draft *d)
{
	const cJSON *json = d->s.root, *base = member_in(json, "base");
	int kind = strict_word(&d->s, member_in(json, "kind"), "kind", kind_names, COUNT(kind_names));
	const char *why = NULL;

	if (kind < 0 || !read_name(d))
		return false;
	d->m->kind = (enum kind)kind;
	d->m->about = text_in(json, "about");
	d->m->base = text_in(json, "base");
	d->m->why = member_in(json, "why");
	d->m->words = member_in(json, "words");
	if (base)
		why = url_prefix(str_of(base->valuestring), URL_PUBLIC);
	if (why)
		return strict_fail(&d->s, base, "the URL in /base %s", why);
	return (!d->m->why || pointers_read(d, d->m->why, false, ROWS_MAX)) &&
	       (!d->m->words || strict_lines(&d->s, d->m->words, "words", WORDS_MAX));
}

/* ---- secrets ------------------------------------------------------------- */

static const char *const secret_kinds[] = {
	[SECRET_HEADER] = "header", [SECRET_BEARER] = "bearer", [SECRET_QUERY] = "query", [SECRET_BASIC] = "basic",
};
static const struct strict_field secret_fields[] = {
	{ "kind", STRICT_LINE, "write header, bearer, query or basic" }, { "header", STRICT_LINE, NULL }, { "param", STRICT_LINE, NULL },
	{ "label", STRICT_LINE, "say what it is called where it comes from" }, { "obtain", STRICT_LINE, "say where a person gets it" },
	{ "env", STRICT_LINE, NULL }, { "optional", STRICT_BOOL, NULL },
};

/* "header" for the kind header, "param" for the kind query, and never else. */
static bool read_field(struct draft *d, const cJSON *json, const char *member, bool wanted,
		       struct secret_slot *slot)
{
	const cJSON *field = member_in(json, member);

	if (!wanted && field)
		return strict_fail(&d->s, field, "%s does not belong to the kind %s: leave it out",
				   strict_place(&d->s, field), secret_kinds[slot->kind]);
	if (wanted && !field)
		return strict_fail(&d->s, json, "missing member \"%s\" in %s: name the %s that it goes into",
				   member, strict_place(&d->s, json), member);
	if (wanted)
		slot->field = field->valuestring;
	return true;
}

static bool check_env(struct draft *d, const cJSON *env)
{
	const char *name = cJSON_GetStringValue(env);

	if (!name || (!name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] && name[0] >= 'A' &&
		      name[0] <= 'Z'))
		return true;
	return strict_fail(&d->s, env, "\"%s\" in %s is no variable: write it with A-Z, 0-9 and _", name,
			   strict_place(&d->s, env));
}

static bool check_param(struct draft *d, const cJSON *param)
{
	const char *name = param->valuestring;

	return !name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")] ||
	       strict_fail(&d->s, param,
			   "\"%s\" in %s is no parameter: write it with letters, digits, - . _ and ~", name,
			   strict_place(&d->s, param));
}

static bool read_secret(struct draft *d, const cJSON *json, struct secret_slot *slot)
{
	int kind;

	if (!strict_members(&d->s, json, secret_fields, COUNT(secret_fields)))
		return false;
	kind = strict_word(&d->s, member_in(json, "kind"), "kind", secret_kinds, COUNT(secret_kinds));
	if (kind < 0)
		return false;
	*slot = (struct secret_slot){
		.name = json->string,
		.label = text_in(json, "label"),
		.obtain = text_in(json, "obtain"),
		.env = text_in(json, "env"),
		.kind = (enum secret_kind)kind,
		.optional = json_true(json, "/optional"),
	};
	return read_field(d, json, "header", slot->kind == SECRET_HEADER, slot) &&
	       read_field(d, json, "param", slot->kind == SECRET_QUERY, slot) &&
	       check_env(d, member_in(json, "env")) &&
	       (slot->kind != SECRET_HEADER || header_check(d, member_in(json, "header"), slot->field)) &&
	       (slot->kind != SECRET_QUERY || check_param(d, member_in(json, "param")));
}

static bool read_secrets(struct draft *d)
{
	const cJSON *json = member_in(d->s.root, "secrets");
	struct secret_slot *slots;
	size_t n = 0;

	if (!json)
		return true;
	if (!strict_names(&d->s, json, "a secret", SLOTS_MAX))
		return false;
	slots = draft_new(d, (size_t)json_count(json), sizeof *slots);
	for (const cJSON *s = json_first(json); s; s = s->next, n++)
		if (!read_secret(d, s, &slots[n]))
			return false;
	d->m->secrets = slots;
	d->m->secrets_n = n;
	return true;
}

/* ---- tools --------------------------------------------------------------- */

static const struct strict_field tool_fields[] = {
	{ "about", STRICT_LINE, "say what it does: the model reads it" }, { "args", STRICT_OBJECT, NULL },
	{ "is", STRICT_LINE, NULL }, { "uses", STRICT_LIST, NULL },
};

/* Code composes reads, and nothing else. */
static bool read_uses(struct draft *d, const cJSON *uses, struct tool *t)
{
	if (!strict_lines(&d->s, uses, "operations", OPERATIONS_MAX))
		return false;
	t->uses = draft_new(d, (size_t)json_count(uses), sizeof *t->uses);
	for (const cJSON *u = json_first(uses); u; u = u->next, t->uses_n++) {
		const struct operation *op = operation_find(d, u);

		if (!op)
			return false;
		if (op->effects != EFFECT_READ)
			return strict_fail(
				&d->s, u,
				"%s does more than read: a tool that does is that operation; write \"is\": \"%s\"",
				strict_place(&d->s, u), op->name);
		t->uses[t->uses_n] = op;
	}
	return true;
}

static bool read_is(struct draft *d, const cJSON *json, struct tool *t)
{
	const cJSON *args = member_in(json, "args");

	if (args)
		return strict_fail(
			&d->s, args,
			"%s: a tool that is an operation has that operation's arguments; leave them out",
			strict_place(&d->s, args));
	t->is = operation_find(d, member_in(json, "is"));
	if (!t->is)
		return false;
	t->args = t->is->args;
	t->args_n = t->is->args_n;
	return true;
}

static bool read_tool(struct draft *d, const cJSON *json, struct tool *t)
{
	const cJSON *is, *uses;

	if (!strict_members(&d->s, json, tool_fields, COUNT(tool_fields)))
		return false;
	is = member_in(json, "is");
	uses = member_in(json, "uses");
	t->name = json->string;
	t->about = text_in(json, "about");
	if (!is == !uses)
		return strict_fail(
			&d->s, json,
			"%s needs one of \"is\" and \"uses\": \"is\" names the operation that it is, \"uses\" lists those its code reads with",
			strict_place(&d->s, json));
	return is ? read_is(d, json, t) :
		    read_uses(d, uses, t) && arguments_read(d, member_in(json, "args"), &t->args, &t->args_n);
}

static bool read_tools(struct draft *d)
{
	const cJSON *json = member_in(d->s.root, "tools");
	struct tool *tools;
	size_t n = 0;

	if (d->m->kind == KIND_TOOL && json_count(json) == 0)
		return strict_fail(
			&d->s, json ? json : d->s.root,
			"missing member \"tools\" in the file: a tool needs at least one, or nobody can use it");
	if (json && d->m->kind != KIND_TOOL)
		return strict_fail(&d->s, json,
				   "\"tools\" in the file belongs to the kind tool only: leave it out");
	if (!json)
		return true;
	if (!strict_names(&d->s, json, "a tool", OPERATIONS_MAX))
		return false;
	tools = draft_new(d, (size_t)json_count(json), sizeof *tools);
	for (const cJSON *t = json_first(json); t; t = t->next, n++)
		if (!read_tool(d, t, &tools[n]))
			return false;
	d->m->tools = tools;
	d->m->tools_n = n;
	return true;
}

/* ---- limits -------------------------------------------------------------- */

static const struct strict_field limit_fields[] = {
	{ "requests_per_job", STRICT_INT, NULL }, { "request_bytes", STRICT_INT, NULL }, { "answer_bytes", STRICT_INT, NULL },
	{ "silence_s", STRICT_INT, NULL }, { "total_s", STRICT_INT, NULL }, { "arena_bytes", STRICT_INT, NULL },
	{ "result_chars", STRICT_INT, NULL },
};

static bool read_limit(struct draft *d, const char *name, int64_t min, int64_t max, int64_t unit,
		       int64_t otherwise, int64_t *ret)
{
	const cJSON *limit = member_in(member_in(d->s.root, "limits"), name);

	*ret = otherwise;
	if (!limit)
		return true;
	if (!strict_between(&d->s, limit, min, max) || !json_number(limit, "", min, max, ret))
		return false;
	*ret *= unit;
	return true;
}

static bool read_limits(struct draft *d)
{
	const cJSON *json = member_in(d->s.root, "limits");
	struct manifest *m = d->m;
	int64_t arena = m->kind == KIND_CHANNEL ? ARENA_CHANNEL : ARENA_JOB;

	return (!json || strict_members(&d->s, json, limit_fields, COUNT(limit_fields))) &&
	       read_limit(d, "requests_per_job", 1, REQUESTS_MAX, 1, m->kind == KIND_MODEL ? 1 : REQUESTS_MAX,
			  &m->limits.requests_per_job) &&
	       read_limit(d, "request_bytes", 1, REQUEST_MAX, 1, REQUEST_MAX, &m->limits.request_bytes) &&
	       read_limit(d, "answer_bytes", 1, ANSWER_MAX, 1, ANSWER_MAX, &m->limits.answer_bytes) &&
	       read_limit(d, "silence_s", 1, ANSWER_TOTAL_MS / 1000, 1000, SILENCE_MS,
			  &m->limits.silence_ms) &&
	       read_limit(d, "total_s", 1, JOB_MS / 1000, 1000, ANSWER_TOTAL_MS, &m->limits.total_ms) &&
	       read_limit(d, "arena_bytes", ARENA_MIN, ARENA_JOB, 1, arena, &m->limits.arena_bytes) &&
	       read_limit(d, "result_chars", RESULT_CHARS_MIN, RESULT_CHARS_MAX, 1, RESULT_CHARS_MAX,
			  &m->limits.result_chars);
}

/* ---- what nobody uses ---------------------------------------------------- */

static bool secret_used(const struct manifest *m, const struct secret_slot *slot)
{
	for (size_t i = 0; i < m->operations_n; i++)
		if (m->operations[i].secret == slot)
			return true;
	for (size_t i = 0; i < m->sockets_n; i++)
		for (size_t k = 0; k < m->sockets[i].frames_n; k++)
			if (m->sockets[i].frames[k].secret == slot)
				return true;
	return false;
}

static bool begins_any(const struct manifest *m, const char *with)
{
	for (size_t i = 0; i < m->operations_n; i++)
		if (m->operations[i].url && str_starts(str_of(m->operations[i].url), with))
			return true;
	return false;
}

static bool check_used(struct draft *d)
{
	const cJSON *json = d->s.root, *config_base = json_at(json, "/config/base");

	for (size_t i = 0; i < d->m->secrets_n; i++)
		if (!secret_used(d->m, &d->m->secrets[i])) {
			const cJSON *slot = member_in(member_in(json, "secrets"), d->m->secrets[i].name);

			return strict_fail(
				&d->s, slot,
				"the secret \"%s\" is used by no operation: write \"secret\": \"%s\" into one, or leave it out",
				slot->string, slot->string);
		}
	if (d->m->base && !begins_any(d->m, "/"))
		return strict_fail(
			&d->s, member_in(json, "base"),
			"\"base\" begins no operation's URL: write one that begins with \"/\", or leave it out");
	return !config_base || begins_any(d->m, "{config.base}") ||
	       strict_fail(
		       &d->s, config_base,
		       "/config/base begins no operation's URL: write one that begins with {config.base}, or leave it out");
}

/* ---- the whole ----------------------------------------------------------- */

static bool read_all(struct draft *d)
{
	const cJSON *json = d->s.root;
	bool streams = true;		/* the rows for all may look at parts: some operation may stream */

	return check_abi(d) && strict_members(&d->s, json, fields, COUNT(fields)) && read_head(d) &&
	       config_read(d, member_in(json, "config")) && read_secrets(d) &&
	       errors_read(d, member_in(json, "errors"), streams, &d->m->errors, &d->m->errors_n) &&
	       operations_read(d, member_in(json, "operations")) && read_tools(d) && channel_read(d) &&
	       read_limits(d) &&
	       check_used(d);
}

const char *manifest_parse(struct str text, const char *file, struct manifest **ret)
{
	static struct buf complaint = { .max = FILE_MAX };
	struct manifest *m = mem_new(1, sizeof *m);
	struct draft d = { .m = m };
	bool good = false;

	m->text = (struct str){ str_dup(text), text.len };
	if (text.len > FILE_MAX) {
		buf_cut(&complaint, 0);
		buf_addf(&complaint, "%s:1: it has %zu bytes: %d are the most", file, text.len, FILE_MAX);
		manifest_free(m);
		return buf_text(&complaint);
	}
	if (strict_open(&d.s, m->text, file)) {
		m->json = d.s.root;
		good = read_all(&d);
	}
	buf_cut(&complaint, 0);
	buf_addf(&complaint, "%s", buf_text(&d.s.why));
	strict_free(&d.s);
	if (!good) {
		manifest_free(m);
		return buf_text(&complaint);
	}
	*ret = m;
	return NULL;
}

const char *manifest_read(const char *file, struct manifest **ret)
{
	static struct buf complaint = { .max = FILE_MAX };
	DEFER(buf_free) struct buf text = buf_new(FILE_MAX);
	enum err err = file_read(file, FILE_MAX, &text);

	if (err == OK)
		return manifest_parse(buf_str(&text), file, ret);
	buf_cut(&complaint, 0);
	if (err == ERR_LIMIT)
		buf_addf(&complaint, "%s:1: it is too large: %d bytes are the most", file, FILE_MAX);
	else
		buf_addf(&complaint, "%s:1: it cannot be read (%s): see whether it is there, and whose it is",
			 file, strerror(errno));
	return buf_text(&complaint);
}

/* ---- looking up ---------------------------------------------------------- */

const struct operation *manifest_operation(const struct manifest *m, const char *name)
{
	for (size_t i = 0; i < m->operations_n; i++)
		if (strcmp(m->operations[i].name, name) == 0)
			return &m->operations[i];
	return NULL;
}

const struct tool *manifest_tool(const struct manifest *m, const char *name)
{
	for (size_t i = 0; i < m->tools_n; i++)
		if (strcmp(m->tools[i].name, name) == 0)
			return &m->tools[i];
	return NULL;
}

const struct socket_row *manifest_socket(const struct manifest *m, const char *name)
{
	for (size_t i = 0; i < m->sockets_n; i++)
		if (strcmp(m->sockets[i].name, name) == 0)
			return &m->sockets[i];
	return NULL;
}

const struct act *manifest_act(const struct manifest *m, const char *name)
{
	for (size_t i = 0; i < m->acts_n; i++)
		if (strcmp(m->acts[i].name, name) == 0)
			return &m->acts[i];
	return NULL;
}

const struct secret_slot *manifest_secret(const struct manifest *m, const char *name)
{
	for (size_t i = 0; i < m->secrets_n; i++)
		if (strcmp(m->secrets[i].name, name) == 0)
			return &m->secrets[i];
	return NULL;
}
