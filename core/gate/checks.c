/* checks.c - see checks.h */
#include "gate/checks.h"
#include "gate/report.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct wish {			/* what the words say */
	char **names;		/* owned, also each of them */
	size_t n;
	bool all;
	enum report_kind kind;
};

static void wish_free(struct wish *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->names[i]);
	free(w->names);
}

static void add_name(struct wish *w, const char *name)
{
	w->names = realloc(w->names, (w->n + 1) * sizeof *w->names);
	if (!w->names)
		abort();
	w->names[w->n++] = text_dup(name);
}

static bool name_fits(const char *name)
{
	return *name && !strchr("-.", *name) && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static bool option_read(struct wish *w, const char *word)
{
	static const char *const words[] = { [REPORT_JSON] = "--json", [REPORT_JUNIT] = "--junit", [REPORT_TAP] = "--tap" };

	if (strcmp(word, "--all") == 0)
		return w->all = true;
	for (size_t i = REPORT_JSON; i < COUNT(words); i++) {
		if (w->kind == REPORT_TEXT && strcmp(word, words[i]) == 0) {
			w->kind = (enum report_kind)i;
			return true;
		}
	}
	return false;
}

static bool wish_read(struct wish *w, int n, char **words)
{
	for (int i = 0; i < n; i++) {
		if (name_fits(words[i]))
			add_name(w, words[i]);
		else if (!option_read(w, words[i]))
			return false;
	}
	return w->all ? w->n == 0 : w->n > 0;
}

/* core has examples of the page language, and no adapter. */
static int is_contract(const struct dirent *entry)
{
	DEFER(text_free) char *manifest = text_fmt("specs/%s/manifest.json", entry->d_name);

	return name_fits(entry->d_name) && strcmp(entry->d_name, "core") != 0 && access(manifest, F_OK) == 0;
}

static void add_all(struct wish *w)
{
	struct dirent **entries;
	int n = scandir("specs", &entries, is_contract, alphasort);

	for (int i = 0; i < n; i++) {
		add_name(w, entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static void print(struct buf *text, FILE *out)
{
	fwrite(text->at, 1, text->len, out);
	fflush(out);
	text->len = 0;
}

static bool check_one(const struct instance *i, const char *name, struct report *r, struct buf *text)
{
	struct check *c = check_new(i, name, isatty(STDERR_FILENO));
	bool passed = check_run(c);

	progress(c, "", 0, 0);
	report_add(r, c, passed, text);
	check_free(c);
	return passed;
}

static enum checked check_each(const struct instance *i, const struct wish *w, FILE *out)
{
	DEFER(buf_free) struct buf text = buf_new((size_t)1 << 20);
	struct report r = { .kind = w->kind, .n = w->n, .list = w->all || w->n > 1 };
	enum checked verdict = CHECKED_PASSED;

	report_begin(&r, &text);
	for (size_t k = 0; k < w->n; k++) {
		if (!check_one(i, w->names[k], &r, &text))
			verdict = CHECKED_REFUSED;
		print(&text, out);
	}
	report_end(&r, &text);
	print(&text, out);
	return verdict;
}

enum checked checks_run(const struct instance *i, int n, char **words, FILE *out)
{
	struct wish w = { 0 };
	enum checked verdict = CHECKED_USAGE;

	if (wish_read(&w, n, words)) {
		if (w.all)
			add_all(&w);
		verdict = check_each(i, &w, out);
		if (w.n == 0) {
			fputs("chela-gate: specs/ has no folder with a manifest.json: nothing was checked\n", stderr);
			verdict = CHECKED_REFUSED;
		}
	}
	wish_free(&w);
	return verdict;
}
