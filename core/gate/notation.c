/* notation.c - see notation.h */
#include "gate/notation.h"
#include <stdlib.h>
#include <string.h>

enum { VALUE_SHOWN = 400 };

const char *word_name(enum step_word word)
{
	static char name[32];
	const char *form = form_text((int)word);
	size_t n = 2 + strcspn(form + 2, " ");

	if (form[0] == '+')
		return form[1] == '<' ? "+<" : "+";
	memcpy(name, form, n);
	name[n] = '\0';
	return name;
}

static void add_value(struct buf *b, const cJSON *value)
{
	DEFER(text_free) char *text = value ? json_print(value) : NULL;
	size_t fit = text ? utf8_fit(str_of(text), VALUE_SHOWN) : 0;

	if (text)
		buf_addf(b, " %.*s%s", (int)fit, text, text[fit] ? " ..." : "");
}

static void add_word(struct buf *b, const char *before, const char *word)
{
	if (word)
		buf_addf(b, " %s%s", before, word);
}

char *step_notation(const struct step *s)
{
	struct buf b = buf_new(65536);

	buf_adds(&b, word_name(s->word));
	add_word(&b, "#", s->label);
	add_word(&b, "", s->word == DO_WS_OPEN ? "open" : s->word == DO_WS_CLOSE || s->word == DO_WS_CLOSED ? "close" : s->name);
	add_word(&b, "", s->url);
	add_word(&b, "as ", s->secret);
	add_word(&b, "", s->option);
	if (s->status)
		buf_addf(&b, " %d", s->status);
	if (s->like)
		buf_adds(&b, " like");
	add_value(&b, s->value);
	return buf_take(&b);
}

char *deed_notation(const struct deed *d)
{
	struct step s = { .word = d->word, .name = d->method, .url = d->url, .secret = d->secret, .status = d->status,
			  .option = d->form ? "form" : NULL, .value = d->value };

	return step_notation(&s);
}
