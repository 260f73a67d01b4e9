/* inbound_text.c - what somebody wrote, as they wrote it: without the mentions of us, and without a
 * service's own escapes. See inbound.h */
#include "inbound.h"
#include <string.h>

/* ---- mentions ------------------------------------------------------------ */

/* "<@{me}>" */
static size_t mention_at(const char *text, const cJSON *marks, const char *me)
{
	for (const cJSON *m = me ? json_first(marks) : NULL; m; m = m->next) {
		const char *hole = strstr(m->valuestring, "{me}");
		size_t before = (size_t)(hole - m->valuestring), id = strlen(me),
		       after = strlen(hole + 4);

		if (strncmp(text, m->valuestring, before) == 0 && strncmp(text + before, me, id) == 0 &&
			strncmp(text + before + id, hole + 4, after) == 0)
			return before + id + after;
	}
	return 0;
}

/* Does a run of exactly n backticks follow, to close one? */
static bool closes(const char *text, size_t n)
{
	while ((text = strchr(text, '`'))) {
		size_t run = strspn(text, "`");

		if (run == n)
			return true;
		text += run;
	}
	return false;
}

char *inbound_cut(const char *text, const cJSON *marks, const char *me, bool *ret_found)
{
	struct buf b = buf_new(strlen(text) + 1);
	size_t fence = 0;		/* backticks that opened the code we are in */

	*ret_found = false;
	while (*text) {
		size_t run = strspn(text, "`"), mention = run || fence ? 0 : mention_at(text, marks, me);

		if (run && (fence ? run == fence : closes(text + run, run)))
			fence = fence ? 0 : run;
		if (!mention) {
			buf_add(&b, text, run ? run : 1);
			text += run ? run : 1;
			continue;
		}
		*ret_found = true;
		text += mention;
		if (b.len == 0 || b.at[b.len - 1] == ' ')
			text += strspn(text, " ");
	}
	while (b.len && b.at[b.len - 1] == ' ')
		buf_cut(&b, b.len - 1);
	return buf_take(&b);
}

/* ---- escapes ------------------------------------------------------------- */

/* &amp; &lt; &gt;, and no others. */
static char *unescape(const char *text)
{
	static const struct {
		const char *from;
		char to;
	} escapes[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' } };
	struct buf b = buf_new(strlen(text) + 1);

	while (*text) {
		size_t i = 0;

		while (i < COUNT(escapes) && strncmp(text, escapes[i].from, strlen(escapes[i].from)) != 0)
			i++;
		buf_addc(&b, i < COUNT(escapes) ? escapes[i].to : *text);
		text += i < COUNT(escapes) ? strlen(escapes[i].from) : 1;
	}
	return buf_take(&b);
}

static bool same(struct str a, struct str b)
{
	return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

/* "https://x": was the label all that somebody typed? */
static bool is_typed(struct str url, struct str label)
{
	const char *colon = memchr(url.at, ':', url.len);
	size_t scheme = colon ? (size_t)(colon + 1 - url.at) : 0;

	if (url.len >= scheme + 2 && memcmp(url.at + scheme, "//", 2) == 0)
		scheme += 2;
	return same(url, label) || same((struct str){ url.at + scheme, url.len - scheme }, label);
}

/* The inside of <...> as a person reads it; false: it stays as it is. */
static bool put_token(struct buf *b, struct str token)
{
	const char *bar = memchr(token.at, '|', token.len);
	struct str name = { token.at, bar ? (size_t)(bar - token.at) : token.len };
	struct str label = { bar ? bar + 1 : token.at, bar ? token.len - name.len - 1 : 0 };
	bool sign = name.len && strchr("@#!", *name.at);

	if (name.len == sign)		/* of nobody, of nothing */
		return false;
	if (*name.at == '!' && !memchr(name.at, '^', name.len)) {
		buf_addf(b, "@%.*s", (int)name.len - 1, name.at + 1);
		return true;
	}
	if (sign && !label.len)
		return false;
	if (sign && *name.at != '!')
		buf_addc(b, *name.at);
	buf_add(b, label.len ? label.at : name.at, label.len ? label.len : name.len);
	if (!sign && label.len && !is_typed(name, label))
		buf_addf(b, " (%.*s)", (int)name.len, name.at);
	return true;
}

/* Links, names of people and places, as Slack writes them: a "<" of their own is always "&lt;". */
static char *untoken(const char *text)
{
	struct buf b = buf_new(2 * strlen(text) + 8);

	while (*text) {
		size_t n = *text == '<' ? strcspn(text + 1, "<>") : 0;
		bool whole = *text == '<' && text[1 + n] == '>';

		if (whole && put_token(&b, (struct str){ text + 1, n })) {
			text += n + 2;
			continue;
		}
		buf_addc(&b, *text++);
	}
	return buf_take(&b);
}

char *inbound_plain(const char *text, const char *escape)
{
	DEFER(text_free) char *flat = escape && strcmp(escape, "mrkdwn") == 0 ? untoken(text) : text_dup(text);

	return escape ? unescape(flat) : text_dup(flat);
}
