/* note.c - see note.h */
#include "store/note.h"
#include "limits.h"
#include <assert.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>

int64_t note_add(struct store *s, const char *person, const char *text)
{
	int64_t n = 0;

	assert(strlen(text) <= NOTE_MAX);
	store_get(s, row_to_int, &n, "SELECT count(*) FROM note WHERE person = ?", "s", person);
	if (n >= NOTES_MAX)
		return 0;
	store_do(s, "INSERT INTO note (person, text, kept) VALUES (?, ?, ?)", "ssi", person, text, store_now(s));
	return store_last_id(s);
}

bool note_forget(struct store *s, const char *person, int64_t note)
{
	store_do(s, "DELETE FROM note WHERE row = ? AND person = ?", "is", note, person);
	return store_changed(s) == 1;
}

/* ---- finding ------------------------------------------------------------- */

/* Small letters, in every script that the C library knows; what is not a character goes
 * through as it is. The C library has this locale built in. Owned. */
static char *small(struct str text)
{
	static locale_t utf8;
	struct buf b = buf_new(8 * (text.len + 1));
	locale_t before;

	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	before = utf8 ? uselocale(utf8) : (locale_t)0;
	for (size_t i = 0, n; i < text.len; i += n) {
		mbstate_t state = { 0 };
		wchar_t c;

		n = mbrtowc(&c, text.at + i, text.len - i, &state);
		if (n == 0 || n > text.len - i) {
			n = 1;
			buf_addc(&b, text.at[i]);
		} else {
			utf8_put(&b, (unsigned)towlower((wint_t)c));
		}
	}
	if (before)
		uselocale(before);
	return buf_take(&b);
}

struct search {
	const char *words;		/* small letters */
	cJSON *found;
	int max;
};

static bool holds_all(const char *text, const char *words)
{
	DEFER(text_free) char *in = small(str_of(text));
	size_t n;

	for (; *words; words += n) {
		DEFER(text_free) char *word = NULL;

		words += strspn(words, " \t\r\n");
		n = strcspn(words, " \t\r\n");
		word = str_dup((struct str){ words, n });
		if (!strstr(in, word))
			return false;
	}
	return true;
}

static void show(const struct row *r, void *to)
{
	struct search *f = to;
	time_t kept = (time_t)(row_int(r, 2) / 1000);
	struct tm local;
	char day[16];

	if (json_count(f->found) >= f->max || !holds_all(row_text(r, 1), f->words))
		return;
	localtime_r(&kept, &local);
	strftime(day, sizeof day, "%Y-%m-%d", &local);
	cJSON_AddItemToArray(f->found, json_build("{note:%D,text:%s,kept:%s}", row_int(r, 0), row_text(r, 1), day));
}

cJSON *note_find(struct store *s, const char *person, const char *words, int max)
{
	DEFER(text_free) char *wanted = small(str_of(words));
	struct search f = { wanted, cJSON_CreateArray(), max };

	store_each(s, show, &f, "SELECT row, text, kept FROM note WHERE person = ? ORDER BY row DESC", "s", person);
	return f.found;
}
