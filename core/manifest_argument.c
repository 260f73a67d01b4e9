/* manifest_argument.c - the typed arguments of operations, tools and the owner's file, and
 * the pointers that name places in JSON. */
#include "limits.h"
#include "manifest_draft.h"
#include "type.h"
#include "url.h"
#include <string.h>

static const char *const type_names[] = {
	[TYPE_ID] = "id", [TYPE_WORD] = "word", [TYPE_LINE] = "line", [TYPE_TEXT] = "text", [TYPE_INT] = "int",
	[TYPE_AMOUNT] = "amount", [TYPE_TIME] = "time", [TYPE_BOOL] = "bool", [TYPE_ENUM] = "enum",
	[TYPE_EMAILS] = "emails", [TYPE_MESSAGE_ID] = "message_id", [TYPE_URL] = "url", [TYPE_JSON] = "json",
};
/* from ROLE_NONE + 1 */
static const char *const role_names[] = { "destination", "payload", "amount", "selector" };

static const char type_needed[] =
	"write \"type\": one of id word line text int amount time bool enum emails message_id url json";

static const struct strict_field argument_fields[] = {
	{ "type", STRICT_LINE, type_needed }, { "role", STRICT_LINE, NULL }, { "optional", STRICT_BOOL, NULL },
	{ "min", STRICT_INT, NULL }, { "max", STRICT_INT, NULL }, { "values", STRICT_LIST, NULL },
	{ "members", STRICT_LIST, NULL }, { "default", STRICT_ANY, NULL }, { "match", STRICT_LINE, NULL },
	{ "about", STRICT_LINE, NULL }, { "is", STRICT_LINE, NULL },
};
static const struct strict_field socket_fields[] = {
	{ "type", STRICT_LINE, type_needed }, { "optional", STRICT_BOOL, NULL }, { "min", STRICT_INT, NULL },
	{ "max", STRICT_INT, NULL }, { "values", STRICT_LIST, NULL }, { "members", STRICT_LIST, NULL },
	{ "default", STRICT_ANY, NULL }, { "match", STRICT_LINE, NULL }, { "about", STRICT_LINE, NULL },
	{ "seen", STRICT_LIST, NULL },
};
static const struct strict_field config_fields[] = {
	{ "type", STRICT_LINE, type_needed }, { "optional", STRICT_BOOL, NULL }, { "min", STRICT_INT, NULL },
	{ "max", STRICT_INT, NULL }, { "values", STRICT_LIST, NULL }, { "default", STRICT_ANY, NULL },
	{ "about", STRICT_LINE, NULL },
};

/* ---- pointers and patterns ----------------------------------------------- */

static const char *check_step(const char *step, size_t n, bool pattern)
{
	const char *open = memchr(step, '{', n), *close = memchr(step, '}', n);

	for (size_t i = 0; i < n; i++) {
		if (step[i] == '~' && (i + 1 == n || (step[i + 1] != '0' && step[i + 1] != '1')))
			return "write ~0 for \"~\" and ~1 for \"/\"";
		if (step[i] == '*' && (!pattern || (n > 2 || (n == 2 && step[0] != step[1]))))
			return pattern ? "a step is \"*\", \"**\" or a name" :
					 "this names one place: write it without \"*\"";
	}
	if (!open && !close)
		return NULL;
	if (!pattern)
		return "this names one place: write it without braces";
	if (open != step || close != step + n - 1 || memchr(step + 1, '{', n - 1))
		return "a choice is a whole step: {a,b}";
	if (n == 2 || step[1] == ',' || step[n - 2] == ',' || memmem(step, n, ",,", 2))
		return "a choice has an empty name: write {a,b}";
	return NULL;
}

bool pointer_check(struct draft *d, const cJSON *about, const char *pointer, bool pattern)
{
	const char *step = pointer, *why = *pointer == '/' ? NULL : "begin it with \"/\"";

	while (!why && *step) {
		size_t n = strcspn(++step, "/");

		why = n == 0 ? "a step is empty: write /a/b" : check_step(step, n, pattern);
		step += n;
	}
	return !why || strict_fail(&d->s, about, "\"%s\" in %s is no %s: %s", pointer,
				   strict_place(&d->s, about), pattern ? "pattern" : "pointer", why);
}

bool pointers_read(struct draft *d, const cJSON *list, bool patterns, int max)
{
	if (!strict_lines(&d->s, list, patterns ? "patterns" : "pointers", max))
		return false;
	for (const cJSON *p = json_first(list); p; p = p->next)
		if (!pointer_check(d, p, p->valuestring, patterns))
			return false;
	return true;
}

/* ---- what belongs to which type ------------------------------------------ */

static bool only_for(struct draft *d, const cJSON *json, const char *member, bool fits, const char *types)
{
	const cJSON *found = member_in(json, member);

	if (!found || fits)
		return true;
	return strict_fail(&d->s, found, "\"%s\" in %s belongs to the type %s only: leave it out", member,
			   strict_place(&d->s, json), types);
}

static bool check_match(struct draft *d, const cJSON *match)
{
	const char *scheme = d->socket ? "wss" : "https", *text = match->valuestring, *host = strstr(text, "://");
	DEFER(text_free) char *plain = NULL;
	const char *why;
	size_t n;

	if (!host || !str_is((struct str){ text, (size_t)(host - text) }, scheme))
		return strict_fail(&d->s, match, "%s is not %s: write %s://HOST or %s://*.HOST",
				   strict_place(&d->s, match), scheme, scheme, scheme);
	host += strlen("://");
	plain = text_fmt("https://%s", str_starts(str_of(host), "*.") ? host + 2 : host);
	why = url_server(str_of(plain), URL_PUBLIC, &n);
	if (!why && plain[n])
		return strict_fail(&d->s, match, "the URL in %s goes on after its host: write %s://HOST or %s://*.HOST", strict_place(&d->s, match),
				   scheme, scheme);
	return !why || strict_fail(&d->s, match, "the URL in %s %s", strict_place(&d->s, match), why);
}

static bool bounded(enum arg_type type)
{
	return type != TYPE_BOOL && type != TYPE_ENUM && type != TYPE_JSON && type != TYPE_AMOUNT &&
	       type != TYPE_TIME;
}

static bool read_bounds(struct draft *d, const cJSON *json, struct argument *a)
{
	const int64_t exact = (int64_t)1 << 53;
	const cJSON *min = member_in(json, "min"), *max = member_in(json, "max");
	int64_t least = a->type == TYPE_INT ? -exact : 0, most = a->type == TYPE_INT ? exact : REQUEST_MAX;

	a->min = least;
	a->max = a->type == TYPE_INT ? exact : INT64_MAX;
	if (min && !(strict_between(&d->s, min, least, most) && json_number(min, "", least, most, &a->min)))
		return false;
	if (max && !(strict_between(&d->s, max, least, most) && json_number(max, "", least, most, &a->max)))
		return false;
	return a->min <= a->max || strict_fail(&d->s, max ? max : min,
					       "\"min\" in %s is greater than \"max\": no value would fit",
					       strict_place(&d->s, json));
}

static bool read_extras(struct draft *d, const cJSON *json, struct argument *a, bool config)
{
	const cJSON *match = member_in(json, "match");

	if (!only_for(d, json, "values", a->type == TYPE_ENUM, "enum") ||
	    !only_for(d, json, "members", a->type == TYPE_JSON, "json") ||
	    !only_for(d, json, "match", a->type == TYPE_URL, "url") ||
	    !only_for(d, json, "min", bounded(a->type), "int and to types that are text") ||
	    !only_for(d, json, "max", bounded(a->type), "int and to types that are text"))
		return false;
	a->values = member_in(json, "values");
	a->members = member_in(json, "members");
	a->match = text_in(json, "match");
	if (a->type == TYPE_ENUM && !a->values)
		return strict_fail(&d->s, json,
				   "missing member \"values\" in %s: list the words that can be given",
				   strict_place(&d->s, json));
	if (a->type == TYPE_JSON && !a->members)
		return strict_fail(
			&d->s, json,
			"missing member \"members\" in %s: list the patterns of what is let through",
			strict_place(&d->s, json));
	if (a->type == TYPE_URL && !a->match && !config)
		return strict_fail(&d->s, json, "missing member \"match\" in %s: write \"match\": \"%s://HOST\"",
				   strict_place(&d->s, json), d->socket ? "wss" : "https");
	return (!a->values || strict_lines(&d->s, a->values, "words", VALUES_MAX)) &&
	       (!a->members || pointers_read(d, a->members, true, PATTERNS_MAX)) &&
	       (!match || check_match(d, match)) && read_bounds(d, json, a);
}

/* ---- defaults ------------------------------------------------------------ */

/* The owner may point a setting at their own machine. */
static const char *check_prefix(const cJSON *value)
{
	return cJSON_IsString(value) ? url_prefix(str_of(value->valuestring), URL_LOCAL) :
				       "is no text: write https://HOST/PATH";
}

static bool read_default(struct draft *d, const cJSON *json, struct argument *a, bool config)
{
	const cJSON *value = member_in(json, "default");
	DEFER(json_drop) cJSON *normal = NULL;
	const char *why;

	a->fallback = value;
	if (!value)
		return true;
	if (a->optional)
		return strict_fail(&d->s, value,
				   "%s has a default and is optional too: leave one of them out",
				   strict_place(&d->s, json));
	why = config && a->type == TYPE_URL ? check_prefix(value) : type_check(a, value, &normal);
	return !why || strict_fail(&d->s, value, "the default in %s does not fit: it %s",
				   strict_place(&d->s, json), why);
}

/* ---- arguments ----------------------------------------------------------- */

/* "send.chat" */
static bool check_is(struct draft *d, const cJSON *json)
{
	const cJSON *is = member_in(json, "is");
	const char *dot = is ? strchr(is->valuestring, '.') : NULL;

	if (!is || (dot && dot > is->valuestring && dot[1] && !strchr(dot + 1, '.') &&
		    !strpbrk(is->valuestring, " {}")))
		return true;
	return strict_fail(&d->s, is,
			   "\"%s\" in %s names nothing that we fill in: write ACT.PART, such as send.chat",
			   is->valuestring, strict_place(&d->s, is));
}

static bool read_type(struct draft *d, const cJSON *json, struct argument *a)
{
	int type = strict_word(&d->s, member_in(json, "type"), "type", type_names, COUNT(type_names));
	const cJSON *role = member_in(json, "role");
	int which = role ? strict_word(&d->s, role, "role", role_names, COUNT(role_names)) : -1;

	a->type = type < 0 ? TYPE_JSON : (enum arg_type)type;
	a->role = (enum role)(which + 1);
	a->name = json->string;
	a->about = text_in(json, "about");
	a->is = text_in(json, "is");
	a->seen = member_in(json, "seen");
	a->optional = json_true(json, "/optional");
	return type >= 0 && (!role || which >= 0);
}

bool arguments_read(struct draft *d, const cJSON *json, const struct argument **ret, size_t *ret_n)
{
	const struct strict_field *fields = d->socket ? socket_fields : argument_fields;
	size_t fields_n = d->socket ? COUNT(socket_fields) : COUNT(argument_fields), n = 0;
	struct argument *args;

	if (!json)
		return true;
	if (!strict_names(&d->s, json, "an argument", ARGUMENTS_MAX))
		return false;
	args = draft_new(d, (size_t)json_count(json), sizeof *args);
	for (const cJSON *a = json_first(json); a; a = a->next, n++)
		if (!strict_members(&d->s, a, fields, fields_n) || !read_type(d, a, &args[n]) ||
		    !read_extras(d, a, &args[n], false) || !read_default(d, a, &args[n], false) ||
		    !check_is(d, a))
			return false;
	*ret = args;
	*ret_n = n;
	return true;
}

static bool check_config(struct draft *d, const cJSON *json, const struct argument *a)
{
	switch (a->type) {
	case TYPE_AMOUNT: case TYPE_TIME: case TYPE_EMAILS: case TYPE_MESSAGE_ID: case TYPE_JSON:
		return strict_fail(&d->s, json,
				   "%s is of the type %s, which a line of assistant.conf cannot give: "
				   "write one of id word line text int bool enum url",
				   strict_place(&d->s, json), type_names[a->type]);
	default:
		break;
	}
	if (strcmp(a->name, "base") == 0 && a->type != TYPE_URL)
		return strict_fail(&d->s, json, "%s must be of the type url: it begins the operations' URLs",
				   strict_place(&d->s, json));
	return true;
}

bool config_read(struct draft *d, const cJSON *json)
{
	struct argument *args;
	size_t n = 0;

	if (!json)
		return true;
	if (!strict_names(&d->s, json, "a setting", ARGUMENTS_MAX))
		return false;
	args = draft_new(d, (size_t)json_count(json), sizeof *args);
	for (const cJSON *a = json_first(json); a; a = a->next, n++)
		if (!strict_members(&d->s, a, config_fields, COUNT(config_fields)) ||
		    !read_type(d, a, &args[n]) || !check_config(d, a, &args[n]) ||
		    !read_extras(d, a, &args[n], true) || !read_default(d, a, &args[n], true))
			return false;
	d->m->config = args;
	d->m->config_n = n;
	return true;
}
