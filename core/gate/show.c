/* show.c - what passes between a fake and who calls it, a line each; see stage.h */
#include "gate/notation.h"
#include "gate/stage.h"
#include <stdio.h>
#include <string.h>

static void show(const struct stage *s, const cJSON *json, const char *text)
{
	DEFER(text_free) char *printed = s->json ? json_print(json) : NULL;

	printf("%s\n", printed ? printed : text);
	fflush(stdout);
}

/* The address as a page would write it. */
static char *short_address(const struct stage *s, const struct came *c)
{
	const struct step root = { .url = "/" };
	DEFER(text_free) char *base = step_address(&root, s->manifest);
	const char *scheme = strstr(base, "://"), *path = scheme ? scheme + 3 + strcspn(scheme + 3, "/") : base;
	bool ours = c->local || (scheme && strncmp(scheme + 3, c->host, strlen(c->host)) == 0);

	if (c->word == DO_HTTP && ours && strncmp(c->target, path, strlen(path)) == 0)
		return text_dup(c->target + strlen(path) - 1);
	return text_fmt("%s://%s%s", c->word == DO_WS_OPEN ? "wss" : "https", c->host, c->target);
}

void show_came(const struct stage *s, const struct came *c, int caller)
{
	DEFER(text_free) char *url = c->target ? short_address(s, c) : NULL;
	const char *secret = secret_of(c, s->manifest), *act, *words = message_in(c, s->manifest, &act);
	struct step step = { .word = c->word, .name = c->method, .url = url, .secret = secret, .status = c->code,
			     .option = c->form ? "form" : NULL, .value = c->value };
	DEFER(text_free) char *text = step_notation(&step);
	DEFER(json_drop) cJSON *json = json_build("{from:%s,step:%s,caller:%d}", c->word == DO_SAY ? "person" : "assistant",
						  word_name(c->word) + 2, caller);

	if (c->word == DO_WS_OPEN || c->word == DO_WS_CLOSE)
		json_add(json, c->word == DO_WS_OPEN ? "opens" : "closes", cJSON_CreateTrue());
	json_add(json, "method", c->method ? cJSON_CreateString(c->method) : NULL);
	json_add(json, "url", url ? cJSON_CreateString(url) : NULL);
	json_add(json, "as", secret ? cJSON_CreateString(secret) : NULL);
	json_add(json, "code", c->code ? cJSON_CreateNumber(c->code) : NULL);
	json_add(json, "value", c->value ? cJSON_Duplicate(c->value, true) : NULL);
	if (words) {
		cJSON_AddStringToObject(json, "act", act);
		cJSON_AddStringToObject(json, "words", words);
	}
	show(s, json, text);
}

void show_sent(const struct stage *s, const struct step *step, const cJSON *value)
{
	struct step filled = *step;
	DEFER(json_drop) cJSON *json = json_build("{from:%s,step:%s}", "platform", word_name(step->word) + 2);
	DEFER(text_free) char *text = NULL;

	filled.value = value;
	if (step_kind(step->word) == STEP_FAULT)
		filled.option = step->word == DO_HTTP_TIMEOUT || step->word == DO_HTTP_LOST ? "timeout" : "reset";
	text = step_notation(&filled);
	json_add(json, "fault", filled.option ? cJSON_CreateString(filled.option) : NULL);
	if (step->word == DO_WS_CLOSED)
		json_add(json, "closes", cJSON_CreateTrue());
	json_add(json, "status", step->status ? cJSON_CreateNumber(step->status) : NULL);
	json_add(json, "headers", step->headers ? cJSON_Duplicate(step->headers, true) : NULL);
	json_add(json, "value", value ? cJSON_Duplicate(value, true) : NULL);
	show(s, json, text);
}

void show_remark(const struct stage *s, const char *fmt, ...)
{
	struct buf b = buf_new(4096);
	DEFER(json_drop) cJSON *json = NULL;
	DEFER(text_free) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	json = json_build("{remark:%s}", buf_text(&b));
	text = text_fmt("? %s", buf_text(&b));
	buf_free(&b);
	show(s, json, text);
}

void show_end(const struct stage *s, bool held, const char *fmt, ...)
{
	struct buf b = buf_new(8192);
	DEFER(json_drop) cJSON *json = NULL;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	json = json_build("{held:%b,why:%s}", held, buf_text(&b));
	show(s, json, buf_text(&b));
	buf_free(&b);
}
