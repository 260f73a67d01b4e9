/* value.c - see value.h */
#include "gate/value.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
	REPEATED_MAX = 4 * 1024 * 1024,		/* larger than any part, so that "too large" can be shown */
	SHOWN_MAX = 200,			/* of a value in a complaint */
};

cJSON *value_patch(cJSON *target, const cJSON *patch)
{
	if (!cJSON_IsObject(patch)) {
		json_drop(&target);
		return cJSON_Duplicate(patch, true);
	}
	if (!cJSON_IsObject(target)) {
		json_drop(&target);
		target = cJSON_CreateObject();
	}
	for (const cJSON *p = patch->child; p; p = p->next) {
		cJSON *old = cJSON_GetObjectItemCaseSensitive(target, p->string), *patched;

		if (cJSON_IsNull(p)) {
			cJSON_DeleteItemFromObjectCaseSensitive(target, p->string);
			continue;
		}
		patched = value_patch(old ? cJSON_Duplicate(old, true) : NULL, p);
		if (old)
			cJSON_ReplaceItemInObjectCaseSensitive(target, p->string, patched);
		else
			json_add(target, p->string, patched);
	}
	return target;
}

/* ---- strings that mean something ----------------------------------------- */

/* "$2000xA": how often, and what; 0: it is another string. */
static size_t repeated(const char *text, const char **ret_what)
{
	size_t times, n;

	if (text[0] != '$')
		return 0;
	n = strspn(text + 1, "0123456789");
	if (n == 0 || n > 9 || text[n + 1] != 'x' || !text[n + 2])
		return 0;
	times = strtoul(text + 1, NULL, 10);
	*ret_what = text + n + 2;
	return times;
}

static char *repeat(const char *what, size_t times)
{
	struct buf b = buf_new(REPEATED_MAX);

	for (size_t i = 0; i < times; i++)
		buf_adds(&b, what);
	return buf_take(&b);
}

bool value_repeat(cJSON *value, const char **ret_text)
{
	const char *what = NULL;
	size_t times = cJSON_IsString(value) ? repeated(value->valuestring, &what) : 0;

	if (times > REPEATED_MAX / (times ? strlen(what) : 1)) {
		*ret_text = value->valuestring;
		return false;
	}
	if (times) {
		char *long_text = repeat(what, times);

		free(value->valuestring);
		value->valuestring = long_text;
	}
	for (cJSON *c = value->child; c; c = c->next)
		if (!value_repeat(c, ret_text))
			return false;
	return true;
}

bool is_variable(const cJSON *value)
{
	const char *s = cJSON_IsString(value) ? value->valuestring : "";

	if (s[0] != '$' || !(islower((unsigned char)s[1]) || s[1] == '_'))
		return false;
	return s[1 + strspn(s + 1, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static bool is_anything(const cJSON *value)
{
	return is_variable(value) && strcmp(value->valuestring, "$_") == 0;
}

bool has_variable(const cJSON *value, const char *name)
{
	if (is_variable(value) && (!name || strcmp(value->valuestring, name) == 0))
		return true;
	for (const cJSON *c = value ? value->child : NULL; c; c = c->next)
		if (has_variable(c, name))
			return true;
	return false;
}

/* ---- filling in ---------------------------------------------------------- */

static const cJSON *variable(const cJSON *value, cJSON *vars)
{
	return cJSON_GetObjectItemCaseSensitive(vars, value->valuestring);
}

static void fill(cJSON *value, cJSON *vars)
{
	for (cJSON *c = value->child, *next; c; c = next) {
		next = c->next;
		if (is_variable(c)) {
			cJSON *filled = value_fill(c, vars);

			if (c->string)
				filled->string = text_dup(c->string);
			cJSON_ReplaceItemViaPointer(value, c, filled);
		} else {
			fill(c, vars);
		}
	}
}

cJSON *value_fill(const cJSON *value, cJSON *vars)
{
	cJSON *filled;

	if (!is_variable(value)) {
		filled = cJSON_Duplicate(value, true);
		fill(filled, vars);
		return filled;
	}
	if (!variable(value, vars)) {
		DEFER(text_free) char *invented = text_fmt("%s-%d", value->valuestring + 1, 7001 + 13 * json_count(vars));

		json_add(vars, value->valuestring, cJSON_CreateString(invented));
	}
	filled = cJSON_Duplicate(variable(value, vars), true);
	free(filled->string);
	filled->string = NULL;
	return filled;
}

/* ---- comparing ----------------------------------------------------------- */

static char *shown(const cJSON *value)
{
	char *text = json_print(value);
	size_t fit = utf8_fit(str_of(text), SHOWN_MAX);

	if (text[fit]) {
		char *cut = text_fmt("%.*s...", (int)fit, text);

		free(text);
		return cut;
	}
	return text;
}

/* Where a long text begins to differ from the other. */
static size_t parting(const cJSON *expected, const cJSON *came)
{
	const char *a = expected->valuestring, *b = came->valuestring;
	size_t n = 0;

	if (!cJSON_IsString(expected) || !cJSON_IsString(came))
		return 0;
	while (a[n] && a[n] == b[n])
		n++;
	return n > SHOWN_MAX / 2 ? utf8_fit((struct str){ a, n }, n - 20) : 0;
}

static char *other(const char *at, const cJSON *expected, const cJSON *came)
{
	size_t same = parting(expected, came);
	DEFER(json_drop) cJSON *rest = same ? cJSON_CreateString(expected->valuestring + same) : NULL;
	DEFER(json_drop) cJSON *rest_came = same ? cJSON_CreateString(came->valuestring + same) : NULL;
	DEFER(text_free) char *e = shown(same ? rest : expected);
	DEFER(text_free) char *c = shown(same ? rest_came : came);

	if (same)
		return text_fmt("%s%sfrom byte %zu on %s was expected, %s came", at, at[0] ? ": " : "", same, e, c);
	return text_fmt("%s%s%s was expected, %s came", at, at[0] ? ": " : "", e, c);
}

static char *differs(const char *at, const cJSON *expected, const cJSON *came, bool like, cJSON *vars);

static char *member_path(const char *at, const char *name)
{
	struct buf b = buf_new(4096);

	buf_addf(&b, "%s/", at);
	for (; *name; name++) {
		if (*name == '~' || *name == '/')
			buf_adds(&b, *name == '~' ? "~0" : "~1");
		else
			buf_addc(&b, *name);
	}
	return buf_take(&b);
}

static char *object_differs(const char *at, const cJSON *expected, const cJSON *came, bool like, cJSON *vars)
{
	char *why = NULL;

	for (const cJSON *e = expected->child; e && !why; e = e->next) {
		const cJSON *c = cJSON_GetObjectItemCaseSensitive(came, e->string);
		DEFER(text_free) char *path = member_path(at, e->string);

		why = c ? differs(path, e, c, like, vars) : text_fmt("%s is missing", path);
	}
	for (const cJSON *c = came->child; c && !why && !like; c = c->next) {
		if (!cJSON_GetObjectItemCaseSensitive(expected, c->string)) {
			DEFER(text_free) char *path = member_path(at, c->string);
			DEFER(text_free) char *extra = shown(c);

			why = text_fmt("%s was not expected, and is %s", path, extra);
		}
	}
	return why;
}

static char *list_differs(const char *at, const cJSON *expected, const cJSON *came, bool like, cJSON *vars)
{
	const cJSON *e = expected->child, *c = came->child;
	char *why = NULL;

	for (int i = 0; e && c && !why; i++, e = e->next, c = c->next) {
		DEFER(text_free) char *path = text_fmt("%s/%d", at, i);

		why = differs(path, e, c, like, vars);
	}
	if (!why && (e || c))
		why = text_fmt("%s%s%d items were expected, %d came", at, at[0] ? ": " : "", json_count(expected),
			       json_count(came));
	return why;
}

static char *variable_differs(const char *at, const cJSON *expected, const cJSON *came, cJSON *vars)
{
	const cJSON *known = variable(expected, vars);

	if (is_anything(expected) || (known && json_same(known, came)))
		return NULL;
	if (known)
		return other(at, known, came);
	json_add(vars, expected->valuestring, cJSON_Duplicate(came, true));
	return NULL;
}

static char *differs(const char *at, const cJSON *expected, const cJSON *came, bool like, cJSON *vars)
{
	if (is_variable(expected))
		return variable_differs(at, expected, came, vars);
	if (cJSON_IsObject(expected) && cJSON_IsObject(came))
		return object_differs(at, expected, came, like, vars);
	if (cJSON_IsArray(expected) && cJSON_IsArray(came))
		return list_differs(at, expected, came, like, vars);
	return json_same(expected, came) ? NULL : other(at, expected, came);
}

char *value_differs(const cJSON *expected, const cJSON *came, bool like, cJSON *vars)
{
	return differs("", expected, came, like, vars);
}
