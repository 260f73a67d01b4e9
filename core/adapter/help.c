/* help.c - the helpers of adapter.h that make JSON and text. Those that read JSON are
 * the core's own (json.c).
 *
 * A tree shares what is put into it. What stands nowhere yet is hung in itself, so that
 * it can still grow afterwards; what hangs somewhere already is put in once more by a
 * second node with the same content. A node that hangs somewhere has a `prev`; the root
 * of an event's JSON is its own, so that it never moves. */
#include "adapter/adapter.h"
#include "json.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cJSON *share(const cJSON *item)
{
	cJSON *node;

	if (!item->prev)
		return (cJSON *)item;
	node = malloc(sizeof *node);
	if (!node)
		abort();
	*node = *item;
	node->type = (node->type & 0xFF) | cJSON_IsReference;
	node->next = node->prev = NULL;
	node->string = NULL;
	return node;
}

bool json_is_object(const cJSON *item)
{
	return cJSON_IsObject(item);
}

const cJSON *json_find(const cJSON *list, const char *at, const char *text)
{
	const cJSON *item = json_first(list);

	while (item && !json_is(item, at, text))
		item = json_next(item);
	return item;
}

cJSON *json_make(const char *guide, ...)
{
	cJSON *object;
	va_list ap;

	va_start(ap, guide);
	object = json_guide(guide, ap, share);
	va_end(ap);
	return object;
}

cJSON *json_list(void)
{
	return cJSON_CreateArray();
}

void json_push(cJSON *list, const cJSON *item)
{
	assert(cJSON_IsArray(list) && item != list);
	if (item)
		cJSON_AddItemToArray(list, share(item));
}

void json_put(cJSON *object, const char *name, const cJSON *item)
{
	assert(cJSON_IsObject(object) && name && item != object);
	if (!item)
		return;
	cJSON_DetachItemFromObjectCaseSensitive(object, name);
	cJSON_AddItemToObject(object, name, share(item));
}

cJSON *json_string(const char *text)
{
	return text ? cJSON_CreateString(text) : NULL;
}

cJSON *json_copy(const cJSON *item)
{
	return item ? cJSON_Duplicate(item, true) : NULL;
}

cJSON *json_parse(const char *text)
{
	cJSON *json = NULL;

	return text && !json_decode(str_of(text), &json) ? json : NULL;
}

const char *json_write(const cJSON *item)
{
	return item ? json_print(item) : "null";
}

void text_add(struct text *t, const char *more)
{
	size_t n = more ? strlen(more) : 0;

	if (n == 0)
		return;
	if (t->len + n + 1 > t->room) {
		t->room = 2 * (t->len + n + 1);
		t->at = realloc(t->at, t->room);
		if (!t->at)
			abort();
	}
	memcpy(t->at + t->len, more, n + 1);
	t->len += n;
}

const char *text_of(const struct text *t)
{
	return t->len ? t->at : "";
}

const char *text_make(const char *fmt, ...)
{
	va_list ap, again;
	char *text;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	assert(n >= 0);
	text = malloc((size_t)n + 1);
	if (!text)
		abort();
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return text;
}

bool text_copy(char *to, size_t size, const char *from)
{
	size_t n = from ? strlen(from) : 0;
	bool fits = n < size;

	assert(to && size > 0);
	if (fits && n)
		memcpy(to, from, n);
	to[fits ? n : 0] = '\0';
	return fits;
}

bool text_is(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

bool text_starts(const char *text, const char *with)
{
	return text && with && strncmp(text, with, strlen(with)) == 0;
}

bool text_blank(const char *text)
{
	return !text || !text[strspn(text, " \t\r\n")];
}
