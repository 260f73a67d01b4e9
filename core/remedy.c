/* remedy.c - see remedy.h */
#include "remedy.h"
#include "adapter/adapter.h"
#include <string.h>

/* {model}, {adapter} and {secret} are filled in. */
static const struct {
	int failure;
	const char *what, *remedy;
} words[] = {
	{ FAIL_INPUT, "did not take this conversation", "`/new` begins another; if that does not help, run `build/chela check {adapter}`." },
	{ FAIL_MISSING, "does not have what was asked for", "Check `using` of the model \"{model}\" in assistant.conf." },
	{ FAIL_AUTH, "refused the key", "Set a valid one with `build/chela secret set {secret}`." },
	{ FAIL_PERMISSION, "does not let this key do it", "Give the key the right that is named, or set another with `build/chela secret set {secret}`." },
	{ FAIL_QUOTA, "has no credit left on this key", "Top it up there, or name another model in `use` in assistant.conf." },
	{ FAIL_BUSY, "is too busy", "Ask again in a few minutes." },
	{ FAIL_TOO_LARGE, "finds this conversation too long", "`/new` begins another; a lower `limit context` in assistant.conf folds earlier." },
	{ FAIL_PLATFORM, "failed", "Ask again; if it stays so, run `build/chela check {adapter}`." },
	{ JOB_ATTACK, "did not answer", "Do not use it: `build/chela disable {adapter}`; what it does wrong: `build/chela check {adapter}`." },
	{ FAIL_NETWORK, "could not be reached", "Check the connection, and `at` of the model \"{model}\" in assistant.conf." },
};

static void fill(struct buf *b, const struct integration *m, const char *text)
{
	const char *slot = m->manifest->secrets_n ? m->manifest->secrets[0].name : "key";

	while (*text) {
		if (!strncmp(text, "{model}", 7))
			buf_adds(b, m->name);
		else if (!strncmp(text, "{adapter}", 9))
			buf_adds(b, m->manifest->name);
		else if (!strncmp(text, "{secret}", 8))
			buf_addf(b, "%s.%s", m->name, slot);
		else {
			buf_addc(b, *text++);
			continue;
		}
		text = strchr(text, '}') + 1;
	}
}

static size_t row_of(int failure)
{
	for (size_t i = 0; i < COUNT(words); i++) {
		if (words[i].failure == failure)
			return i;
	}
	return row_of(FAIL_PLATFORM);		/* of no meaning for a model */
}

char *remedy(const struct integration *m, int failure, const char *why)
{
	struct buf b = buf_new(16 * 1024);
	size_t i = row_of(failure);

	buf_addf(&b, "%s %s", m->name, words[i].what);
	if (why && *why)
		buf_addf(&b, " (%s)", why);
	buf_adds(&b, ". ");
	fill(&b, m, words[i].remedy);
	return buf_take(&b);
}
