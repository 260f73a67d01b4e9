/* outfit.c - see outfit.h */
#include "outfit.h"
#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void wipe(char **text)
{
	if (*text)
		sodium_memzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

void outfit_free(struct outfit *o)
{
	for (struct curl_slist *h = o->headers; h; h = h->next)
		sodium_memzero(h->data, strlen(h->data));
	curl_slist_free_all(o->headers);
	o->headers = NULL;
	wipe(&o->url);
}

/* RFC 9110, section 5.6.2 */
static bool is_token(const char *name)
{
	if (!*name)
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("!#$%&'*+-.^_`|~", *name))
			return false;
	return true;
}

/* What frames a message, names its receiver or carries a credential is not an
 * operation's. */
static bool is_ours(const char *name)
{
	static const char *const ours[] = {
		"accept-encoding", "authorization", "connection", "content-encoding", "content-length",
		"cookie", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
	};

	for (size_t i = 0; i < COUNT(ours); i++)
		if (strcasecmp(name, ours[i]) == 0)
			return true;
	return strncasecmp(name, "proxy-", 6) == 0;
}

static bool one_line(const char *value)
{
	for (; *value; value++)
		if (iscntrl((unsigned char)*value) && *value != '\t')
			return false;
	return true;
}

/* As libcurl has it: "name: value", "name;" for an empty value, "name:" for none where it
 * would put one in. */
static void put_line(struct outfit *o, const char *line)
{
	struct curl_slist *longer = curl_slist_append(o->headers, line);

	if (!longer)
		abort();
	o->headers = longer;
}

static void put_header(struct outfit *o, const char *name, const char *value)
{
	char *line = *value ? text_fmt("%s: %s", name, value) : text_fmt("%s;", name);

	put_line(o, line);
	wipe(&line);
}

static char *put_headers(struct outfit *o, const cJSON *headers)
{
	const cJSON *h;
	bool typed = false;

	cJSON_ArrayForEach(h, headers) {
		if (!is_token(h->string) || is_ours(h->string))
			return text_fmt("the header \"%s\" is not for an operation to set", h->string);
		if (!cJSON_IsString(h) || !one_line(h->valuestring))
			return text_fmt("the header \"%s\" is not one line", h->string);
		typed |= strcasecmp(h->string, "content-type") == 0;
		put_header(o, h->string, h->valuestring);
	}
	put_line(o, "expect:");
	if (!typed)
		put_line(o, "content-type:");
	return NULL;
}

static void put_query(struct outfit *o, const char *field, struct str value)
{
	char *coded = curl_easy_escape(NULL, value.at, (int)value.len), *bare = o->url;

	if (!coded)
		abort();
	o->url = text_fmt("%s%c%s=%s", bare, strchr(bare, '?') ? '&' : '?', field, coded);
	sodium_memzero(coded, strlen(coded));
	curl_free(coded);
	free(bare);
}

static void put_basic(struct outfit *o, struct str value)
{
	size_t room = sodium_base64_ENCODED_LEN(value.len, sodium_base64_VARIANT_ORIGINAL);
	char *coded = sodium_malloc(room), *field;

	if (!coded)
		abort();
	sodium_bin2base64(coded, room, (const unsigned char *)value.at, value.len, sodium_base64_VARIANT_ORIGINAL);
	field = text_fmt("Basic %s", coded);
	put_header(o, "authorization", field);
	wipe(&field);
	sodium_free(coded);
}

void outfit_secret(struct outfit *o, const struct secret_slot *slot, struct str value)
{
	char *text = str_dup(value), *bearer;

	switch (slot->kind) {
	case SECRET_HEADER:
		put_header(o, slot->field, text);
		break;
	case SECRET_BEARER:
		bearer = text_fmt("Bearer %s", text);
		put_header(o, "authorization", bearer);
		wipe(&bearer);
		break;
	case SECRET_QUERY:
		put_query(o, slot->field, value);
		break;
	case SECRET_BASIC:
		put_basic(o, value);
		break;
	}
	wipe(&text);
}

char *outfit_make(struct outfit *o, const struct request *r)
{
	*o = (struct outfit){ .url = text_dup(r->url) };
	return put_headers(o, r->headers);
}
