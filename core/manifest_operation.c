/* manifest_operation.c - the operations of a manifest, and how their failures are sorted. */
#include "limits.h"
#include "manifest_draft.h"
#include "spelling.h"
#include <string.h>

static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
static const char *const answers[] = {
	[ANSWER_JSON] = "json", [ANSWER_SSE] = "sse", [ANSWER_NDJSON] = "ndjson", [ANSWER_TEXT] = "text", [ANSWER_NONE] = "none",
};
static const char *const retries[] = { [RETRY_NEVER] = "never", [RETRY_BUSY] = "busy", [RETRY_ALWAYS] = "always" };
static const char *const encodings[] = { "json", "form" };
static const char *const labels[] = { "own", "attested", "foreign" };
static const char *const privacies[] = { "private", "secret" };

static const char effects_needed[] =
	"list what it does: read draft write send share delete pay admin net; [] only where the kind is model";
static const char retry_needed[] =
	"write never, busy (only when it was surely not done) or always (it may be done twice)";

static const struct strict_field fields[] = {
	{ "about", STRICT_LINE, NULL }, { "method", STRICT_LINE, "write GET, POST, PUT, PATCH or DELETE" },
	{ "url", STRICT_LINE, "write https://HOST/PATH, or /PATH behind \"base\"" }, { "secret", STRICT_LINE, NULL },
	{ "headers", STRICT_OBJECT, NULL }, { "args", STRICT_OBJECT, NULL }, { "body", STRICT_ANY, NULL },
	{ "encode", STRICT_LINE, NULL }, { "answer", STRICT_LINE, NULL }, { "effects", STRICT_LIST, effects_needed },
	{ "retry", STRICT_LINE, retry_needed }, { "shows", STRICT_OBJECT, NULL }, { "errors", STRICT_LIST, NULL },
	{ "gives", STRICT_OBJECT, NULL }, { "finds", STRICT_OBJECT, NULL },
};
static const struct strict_field finds_fields[] = {
	{ "at", STRICT_LINE, "write where the messages stand: \"/messages/*\"" },
	{ "key", STRICT_LINE, "write where in each its key stands" },
	{ "id", STRICT_LINE, "write where in each its id stands" },
};
static const struct strict_field builtin_fields[] = {
	{ "about", STRICT_LINE, "say what it does, after \"which\"" }, { "method", STRICT_LINE, "write CORE" },
	{ "args", STRICT_OBJECT, NULL }, { "effects", STRICT_LIST, effects_needed }, { "retry", STRICT_LINE, retry_needed },
};
static const struct strict_field row_fields[] = {
	{ "status", STRICT_ANY, NULL }, { "at", STRICT_LINE, NULL }, { "is", STRICT_LINE, NULL }, { "in", STRICT_LIST, NULL },
	{ "has", STRICT_LINE, NULL }, { "word", STRICT_LINE, NULL },
	{ "remedy", STRICT_LINE, NULL },
	{ "class", STRICT_LINE, "one of none input missing auth permission quota busy too_large platform network conflict closed moved" },
};

/* What the core alone says: who we are, to whom, how long and in what form. */
static const char *const reserved_headers[] = {
	"authorization",
	"cookie",
	"host",
	"content-length",
	"content-type",
	"content-encoding",
	"transfer-encoding",
	"connection",
	"keep-alive",
	"te",
	"trailer",
	"upgrade",
	"expect",
	"accept-encoding",
	"date",
};

/* ---- effects ------------------------------------------------------------- */

bool effects_read(struct draft *d, const cJSON *list, unsigned *ret)
{
	const char *known[EFFECTS];

	for (int bit = 0; bit < EFFECTS; bit++)
		known[bit] = effect_name(bit);
	if (!strict_lines(&d->s, list, "effects", EFFECTS))
		return false;
	for (const cJSON *e = json_first(list); e; e = e->next) {
		int bit = strict_word(&d->s, e, "effect", known, EFFECTS);

		if (bit < 0)
			return false;
		*ret |= 1u << bit;
	}
	return true;
}

static bool read_effects(struct draft *d, const cJSON *json, struct operation *op)
{
	const cJSON *list = member_in(json, "effects");

	if (json_count(list) == 0)
		return d->m->kind == KIND_MODEL ||
		       strict_fail(&d->s, list, "%s is empty: %s", strict_place(&d->s, list), effects_needed);
	if (!effects_read(d, list, &op->effects))
		return false;
	return d->m->kind != KIND_MODEL ||
	       strict_fail(&d->s, list, "%s: a model's operation has no effect but its answer; write []",
			   strict_place(&d->s, list));
}

/* Methods that change things are not called reading without a reason that a person can judge. */
static bool check_reading(struct draft *d, const cJSON *json, const struct operation *op)
{
	if (op->effects != EFFECT_READ || strcmp(op->method, "GET") == 0 || op->about)
		return true;
	return strict_fail(
		&d->s, member_in(json, "effects"),
		"%s only reads, and with %s: name its other effects, or say in \"about\" why it changes nothing",
		strict_place(&d->s, json), op->method);
}

/* ---- headers ------------------------------------------------------------- */

static bool reserved(const char *name)
{
	for (size_t i = 0; i < COUNT(reserved_headers); i++)
		if (strcmp(name, reserved_headers[i]) == 0)
			return true;
	return strncmp(name, "proxy-", 6) == 0 || strncmp(name, "sec-", 4) == 0;
}

bool header_check(struct draft *d, const cJSON *about, const char *name)
{
	if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_")] || !*name ||
	    strlen(name) > STRICT_NAME_MAX)
		return strict_fail(
			&d->s, about,
			"the header \"%s\" in %s: write its name in lower case, with a-z, 0-9, - and _", name,
			strict_place(&d->s, about));
	return !reserved(name) ||
	       strict_fail(&d->s, about, "the header \"%s\" in %s is written by the core: leave it out%s",
			   name, strict_place(&d->s, about),
			   strcmp(name, "authorization") == 0 ?
				   " and use a secret of the kind bearer or basic" :
				   "");
}

static bool check_headers(struct draft *d, const struct operation *op)
{
	const cJSON *headers = op->headers;

	if (json_count(headers) > HEADERS_MAX)
		return strict_fail(&d->s, headers, "%s has %d headers: %d are the most",
				   strict_place(&d->s, headers), json_count(headers), HEADERS_MAX);
	for (const cJSON *h = json_first(headers); h; h = h->next) {
		if (!header_check(d, h, h->string) || !strict_is(&d->s, h, STRICT_LINE))
			return false;
		if (op->secret && op->secret->kind == SECRET_HEADER &&
		    strcmp(op->secret->field, h->string) == 0)
			return strict_fail(&d->s, h, "%s is where the secret \"%s\" goes: leave it out",
					   strict_place(&d->s, h), op->secret->name);
	}
	return true;
}

/* ---- what is shown ------------------------------------------------------- */

static bool find_word(const char *const *known, size_t n, struct str word)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(word, known[i]))
			return true;
	return false;
}

/* "foreign private" */
static bool check_labels(struct draft *d, const cJSON *shown)
{
	const char *text = cJSON_GetStringValue(shown), *space = text ? strchr(text, ' ') : NULL;

	if (text &&
	    find_word(labels, COUNT(labels),
		      (struct str){ text, space ? (size_t)(space - text) : strlen(text) }) &&
	    (!space || find_word(privacies, COUNT(privacies), str_of(space + 1))))
		return true;
	return strict_fail(
		&d->s, shown,
		"%s has no label that we know: write own, attested or foreign, and private or secret behind it if it is",
		strict_place(&d->s, shown));
}

static bool check_shows(struct draft *d, const struct operation *op)
{
	if (!op->shows)
		return true;
	if (op->answer == ANSWER_TEXT || op->answer == ANSWER_NONE)
		return strict_fail(&d->s, op->shows,
				   "%s: an answer of the sort %s has no members; leave it out",
				   strict_place(&d->s, op->shows), answers[op->answer]);
	if (json_count(op->shows) > PATTERNS_MAX)
		return strict_fail(&d->s, op->shows, "%s has %d patterns: %d are the most",
				   strict_place(&d->s, op->shows), json_count(op->shows), PATTERNS_MAX);
	for (const cJSON *p = json_first(op->shows); p; p = p->next)
		if (!pointer_check(d, p, p->string, true) || !check_labels(d, p))
			return false;
	return true;
}

/* ---- errors -------------------------------------------------------------- */

/* 429, "5xx" or "part" */
static bool read_status(struct draft *d, const cJSON *status, bool parts, struct error_row *row)
{
	const char *text = cJSON_GetStringValue(status);
	int64_t n = 0;

	if (!status)
		return true;
	if (text && strcmp(text, "part") == 0 && parts) {
		row->part = true;
		return true;
	}
	if (text && strlen(text) == 3 && text[0] >= '1' && text[0] <= '5' && strcmp(text + 1, "xx") == 0) {
		row->status_from = (text[0] - '0') * 100;
		row->status_to = row->status_from + 99;
		return true;
	}
	if (!json_number(status, "", 100, 599, &n))
		return strict_fail(
			&d->s, status,
			text && strcmp(text, "part") == 0 ?
				"%s: only a stream has parts; write \"answer\": \"sse\" or \"ndjson\", or a status" :
				"%s is no status: write a number such as 429, \"5xx\", or \"part\" for parts of a stream",
			strict_place(&d->s, status));
	row->status_from = row->status_to = (int)n;
	return true;
}

static bool read_condition(struct draft *d, const cJSON *json, struct error_row *row)
{
	int conditions;

	row->at = text_in(json, "at");
	row->is = text_in(json, "is");
	row->has = text_in(json, "has");
	row->in = member_in(json, "in");
	conditions = !!row->is + !!row->has + !!row->in;
	if (row->at && !pointer_check(d, member_in(json, "at"), row->at, false))
		return false;
	if (conditions > 1)
		return strict_fail(
			&d->s, json,
			"%s has two of \"is\", \"has\" and \"in\": leave one, and write a row for each",
			strict_place(&d->s, json));
	if (conditions && !row->at)
		return strict_fail(&d->s, json,
				   "missing member \"at\" in %s: write the pointer to what is compared",
				   strict_place(&d->s, json));
	if (!row->at && !row->status_from)
		return strict_fail(&d->s, json, "%s fits everything: write \"at\"%s",
				   strict_place(&d->s, json), row->part ? "" : " or \"status\"");
	return !row->in || strict_lines(&d->s, row->in, "words", VALUES_MAX);
}

static bool read_class(struct draft *d, const cJSON *json, struct error_row *row)
{
	const char *known[32];
	size_t n = 0;

	while (failure_name((int)n)) {
		known[n] = failure_name((int)n);
		n++;
	}
	row->class = strict_word(&d->s, member_in(json, "class"), "class", known, n);
	row->word = text_in(json, "word");
	row->remedy = text_in(json, "remedy");
	if (row->remedy && strlen(row->remedy) > REMEDY_MAX)
		return strict_fail(&d->s, member_in(json, "remedy"), "%s is longer than %d bytes: one sentence is enough",
				   strict_place(&d->s, member_in(json, "remedy")), REMEDY_MAX);
	return row->class >= 0;
}

bool errors_read(struct draft *d, const cJSON *list, bool parts, const struct error_row **ret, size_t *ret_n)
{
	struct error_row *rows;
	size_t n = 0;

	if (!list)
		return true;
	if (json_count(list) > ROWS_MAX)
		return strict_fail(&d->s, list, "%s has %d rows: %d are the most", strict_place(&d->s, list),
				   json_count(list), ROWS_MAX);
	rows = draft_new(d, (size_t)json_count(list), sizeof *rows);
	for (const cJSON *row = json_first(list); row; row = row->next, n++)
		if (!strict_members(&d->s, row, row_fields, COUNT(row_fields)) ||
		    !read_status(d, member_in(row, "status"), parts, &rows[n]) ||
		    !read_condition(d, row, &rows[n]) || !read_class(d, row, &rows[n]))
			return false;
	*ret = rows;
	*ret_n = n;
	return true;
}

/* ---- operations ---------------------------------------------------------- */

static bool read_word(struct draft *d, const cJSON *json, const char *member, const char *what,
		      const char *const *known, size_t n, int *ret)
{
	const cJSON *word = member_in(json, member);

	*ret = word ? strict_word(&d->s, word, what, known, n) : 0;
	return *ret >= 0;
}

static bool read_words(struct draft *d, const cJSON *json, struct operation *op)
{
	int method, answer, retry, encode;

	if (!read_word(d, json, "method", "method", methods, COUNT(methods), &method) ||
	    !read_word(d, json, "answer", "sort of answer", answers, COUNT(answers), &answer) ||
	    !read_word(d, json, "retry", "retry rule", retries, COUNT(retries), &retry) ||
	    !read_word(d, json, "encode", "encoding", encodings, COUNT(encodings), &encode))
		return false;
	op->method = methods[method];
	op->answer = (enum answer_kind)answer;
	op->retry = (enum retry_rule)retry;
	op->form = encode == 1;
	return true;
}

bool slot_find(struct draft *d, const cJSON *json, struct operation *op)
{
	const cJSON *secret = member_in(json, "secret");
	const char *known[SLOTS_MAX];
	DEFER(text_free) char *hint = NULL;

	if (!secret)
		return true;
	op->secret = manifest_secret(d->m, secret->valuestring);
	if (op->secret)
		return true;
	for (size_t i = 0; i < d->m->secrets_n; i++)
		known[i] = d->m->secrets[i].name;
	hint = spelling_hint(secret->valuestring, known, d->m->secrets_n);
	return strict_fail(&d->s, secret, "unknown secret \"%s\" in %s: %s", secret->valuestring,
			   strict_place(&d->s, secret), hint);
}

static bool check_body(struct draft *d, const cJSON *json, const struct operation *op)
{
	if (op->body && strcmp(op->method, "GET") == 0)
		return strict_fail(&d->s, op->body, "%s: GET has no body; write it into the URL's query",
				   strict_place(&d->s, op->body));
	if (member_in(json, "encode") && !op->body)
		return strict_fail(&d->s, member_in(json, "encode"),
				   "%s has no \"body\" to encode: write one, or leave \"encode\" out",
				   strict_place(&d->s, json));
	return true;
}

/* {"id": "/ts"} */
static bool read_gives(struct draft *d, const cJSON *json, struct operation *op)
{
	const cJSON *gives = member_in(json, "gives");

	op->gives = gives;
	if (!gives)
		return true;
	if (d->m->kind != KIND_CHANNEL || op->answer != ANSWER_JSON)
		return strict_fail(&d->s, gives, "%s belongs to a channel's operation whose answer is json: leave it out", strict_place(&d->s, gives));
	if (!strict_names(&d->s, gives, "what is given", ARGUMENTS_MAX))
		return false;
	for (const cJSON *g = json_first(gives); g; g = g->next)
		if (!strict_is(&d->s, g, STRICT_LINE) || !pointer_check(d, g, g->valuestring, false))
			return false;
	return true;
}

/* The messages, and in each its key and its id. */
static bool read_finds(struct draft *d, const cJSON *json, struct operation *op)
{
	const cJSON *finds = member_in(json, "finds"), *at = member_in(finds, "at");
	const char *star;

	if (!finds)
		return true;
	if (!strict_members(&d->s, finds, finds_fields, COUNT(finds_fields)))
		return false;
	if (d->m->kind != KIND_CHANNEL || op->answer != ANSWER_JSON || op->effects & ~(unsigned)(EFFECT_READ | EFFECT_NET))
		return strict_fail(&d->s, finds,
				   "%s belongs to a channel's operation that only reads, and whose answer is json: leave it out",
				   strict_place(&d->s, finds));
	op->finds.at = at->valuestring;
	op->finds.key = text_in(finds, "key");
	op->finds.id = text_in(finds, "id");
	star = strchr(op->finds.at, '*');
	if (!star)
		return strict_fail(&d->s, at, "%s names one place: write * for each message of the list",
				   strict_place(&d->s, at));
	return starred_check(d, at, op->finds.at, 1) &&
	       pointer_check(d, member_in(finds, "key"), op->finds.key, false) &&
	       pointer_check(d, member_in(finds, "id"), op->finds.id, false);
}

static bool read_request(struct draft *d, const cJSON *json, struct operation *op)
{
	bool stream;

	if (!strict_members(&d->s, json, fields, COUNT(fields)) || !read_words(d, json, op) ||
	    !slot_find(d, json, op))
		return false;
	stream = op->answer == ANSWER_SSE || op->answer == ANSWER_NDJSON;
	op->url = text_in(json, "url");
	op->headers = member_in(json, "headers");
	op->body = member_in(json, "body");
	op->shows = member_in(json, "shows");
	return read_effects(d, json, op) && check_reading(d, json, op) && check_headers(d, op) &&
	       check_body(d, json, op) && check_shows(d, op) &&
	       errors_read(d, member_in(json, "errors"), stream, &op->errors, &op->errors_n) &&
	       read_gives(d, json, op) && read_finds(d, json, op) &&
	       arguments_read(d, member_in(json, "args"), &op->args, &op->args_n) &&
	       templates_check(d, op, json);
}

/* One that the core does by itself. */
static bool read_builtin(struct draft *d, const cJSON *json, struct operation *op)
{
	static const char *const method[] = { "CORE" };
	int which, retry;

	if (!strict_members(&d->s, json, builtin_fields, COUNT(builtin_fields)) ||
	    !read_word(d, json, "method", "method", method, 1, &which) ||
	    !read_word(d, json, "retry", "retry rule", retries, COUNT(retries), &retry))
		return false;
	op->method = method[0];
	op->retry = (enum retry_rule)retry;
	op->answer = ANSWER_NONE;
	return read_effects(d, json, op) &&
	       arguments_read(d, member_in(json, "args"), &op->args, &op->args_n);
}

/* Of "https://api.example.com" or "{config.base}": what a secret is kept for. */
static size_t server_length(const char *url)
{
	size_t scheme = strlen("https://");

	return url[0] == '{' ? strcspn(url, "}") + 1 : scheme + strcspn(url + scheme, "/?");
}

static bool same_server(const struct manifest *m, const struct operation *a, const struct operation *b)
{
	const char *x = a->url[0] == '/' ? m->base : a->url, *y = b->url[0] == '/' ? m->base : b->url;
	size_t n = server_length(x);

	return n == server_length(y) && strncmp(x, y, n) == 0;
}

static bool check_origin(struct draft *d, const cJSON *json, const struct operation *ops,
			 const struct operation *op)
{
	for (const struct operation *other = ops; other < op && op->secret; other++)
		if (other->secret == op->secret && !same_server(d->m, other, op))
			return strict_fail(
				&d->s, member_in(json, "secret"),
				"the secret \"%s\" goes to one host in \"%s\" and to another in \"%s\": give each host its own",
				op->secret->name, other->name, op->name);
	return true;
}

bool operations_read(struct draft *d, const cJSON *json)
{
	struct operation *ops;
	size_t n = 0;

	if (!json)
		return true;
	if (!strict_names(&d->s, json, "an operation", OPERATIONS_MAX))
		return false;
	ops = draft_new(d, (size_t)json_count(json), sizeof *ops);
	for (const cJSON *o = json_first(json); o; o = o->next, n++) {
		struct operation *op = &ops[n];

		op->name = o->string;
		op->about = text_in(o, "about");
		if (!(d->builtin ? read_builtin(d, o, op) : read_request(d, o, op)) ||
		    !check_origin(d, o, ops, op))
			return false;
	}
	d->m->operations = ops;
	d->m->operations_n = n;
	return true;
}

const struct operation *operation_find(struct draft *d, const cJSON *name)
{
	const struct operation *op = manifest_operation(d->m, name->valuestring);
	const char *known[OPERATIONS_MAX];
	DEFER(text_free) char *hint = NULL;

	if (op)
		return op;
	for (size_t i = 0; i < d->m->operations_n; i++)
		known[i] = d->m->operations[i].name;
	hint = spelling_hint(name->valuestring, known, d->m->operations_n);
	strict_fail(&d->s, name, "unknown operation \"%s\" in %s: %s", name->valuestring, strict_place(&d->s, name), hint);
	return NULL;
}
