/* contract.c - the first stage: is there a contract, can all of it be read, is it strict, does
 * the adapter quote what it demands, and is it the one that was committed? */
#include "drift.h"
#include "file.h"
#include "gate/check.h"
#include "gate/like.h"
#include "gate/quote.h"
#include "limits.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static int is_page(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 3 && strcmp(entry->d_name + n - 3, ".md") == 0;
}

static bool refuse(struct check *c, const char *why)
{
	c->failure = failure_of(why);
	return false;
}

static bool read_manifest(struct check *c)
{
	DEFER(text_free) char *file = text_fmt("specs/%s/manifest.json", c->name);
	const char *why = manifest_read(file, &c->manifest);

	if (why)
		return refuse(c, why);
	if (strcmp(c->manifest->name, c->name) == 0)
		return true;
	c->failure = (struct failure){ .file = text_dup(file), .line = json_line(c->manifest->text, "/name"),
				       .what = text_fmt("the manifest is called \"%s\"", c->manifest->name),
				       .remedy = text_fmt("call it \"%s\", like its folder", c->name) };
	return false;
}

static bool read_pages(struct check *c, struct dirent **entries, int n)
{
	c->pages = mem_new((size_t)n, sizeof(struct page *));
	for (int i = 0; i < n; i++) {
		DEFER(text_free) char *file = text_fmt("specs/%s/%s", c->name, entries[i]->d_name);
		const char *why = page_read(file, c->manifest, &c->pages[c->pages_n]);

		if (why)
			return refuse(c, why);
		why = like_check(c->pages[c->pages_n++], c->manifest);
		if (why)
			return refuse(c, why);
	}
	return true;
}

static bool find_pages(struct check *c)
{
	DEFER(text_free) char *folder = text_fmt("specs/%s", c->name);
	struct dirent **entries;
	int n = scandir(folder, &entries, is_page, alphasort);
	bool read = n > 0 && read_pages(c, entries, n);

	for (int i = 0; i < n; i++)
		free(entries[i]);
	if (n >= 0)
		free(entries);
	if (n <= 0)
		c->failure = (struct failure){ .file = text_dup(folder), .what = text_dup("the contract has no page"),
					       .remedy = text_dup("write one: specs/README.md says how") };
	return read;
}

/* Without a source there is nothing to quote in: whether one is needed is for the next stage. */
static bool quoted(struct check *c, struct finding *v)
{
	DEFER(text_free) char *file = text_fmt("generated/%s/adapter.c", c->name);
	DEFER(buf_free) struct buf source = { 0 };
	struct quotes q;

	if (file_read(file, FILE_MAX, &source) != OK)
		return true;
	q = quotes_check(buf_str(&source), file, c->pages, c->pages_n);
	for (size_t i = 0; i < q.n; i++)
		check_refuse(c, (struct failure){ .file = text_dup(q.at[i].file), .line = q.at[i].line,
						  .what = text_dup(q.at[i].what), .remedy = text_dup(q.at[i].remedy) });
	json_add(v->figures, "musts", cJSON_CreateNumber(q.musts));
	v->words = q.n ? text_fmt("%zu quote%s false, or missing", q.n, q.n == 1 ? " is" : "s are") : NULL;
	quotes_free(&q);
	return !v->words;
}

static void compare(struct check *c, struct finding *v)
{
	enum drift drift = contract_drift(c->instance, c->name, &c->drift);

	c->differs = drift == DRIFT_SOME;
	json_add(v->figures, "committed", drift == DRIFT_UNKNOWN ? cJSON_CreateNull() : cJSON_CreateBool(drift == DRIFT_NONE));
}

bool contract_stage(struct check *c, struct finding *v)
{
	size_t sections = 0;
	int expected = 0;

	compare(c, v);
	if (!read_manifest(c) || !find_pages(c) || !quoted(c, v))
		return false;
	for (size_t i = 0; i < c->pages_n; i++) {
		sections += c->pages[i]->n;
		expected += c->pages[i]->requests;
	}
	v->words = text_fmt("%s, %zu page%s, %zu sections, %d expectations", kind_name(c->manifest->kind), c->pages_n,
			    c->pages_n == 1 ? "" : "s", sections, expected);
	json_add(v->figures, "pages", cJSON_CreateNumber((double)c->pages_n));
	json_add(v->figures, "sections", cJSON_CreateNumber((double)sections));
	json_add(v->figures, "expectations", cJSON_CreateNumber(expected));
	return true;
}
