/* spelling.c - see spelling.h */
#include "spelling.h"
#include <string.h>

enum { WORD_MAX = 40 };		/* longer words are not misspelt, they are something else */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters to add, drop, change or swap with their neighbour, until a is b. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1], an = strlen(a), bn = strlen(b);
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= bn; j++)
		above[j] = j;
	for (size_t i = 1; i <= an; i++) {
		size_t *oldest = before;

		row[0] = i;
		for (size_t j = 1; j <= bn; j++) {
			row[j] =
				least(above[j - 1] + (a[i - 1] != b[j - 1]), least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = above;
		above = row;
		row = oldest;
	}
	return above[bn];
}

const char *spelling_near(const char *word, const char *const *known, size_t n)
{
	size_t len = strlen(word), best = len > 7 ? 3 : 2;	/* the first that is too far */
	const char *near = NULL;

	if (len < 2 || len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t d = strlen(known[i]) <= WORD_MAX ? distance(word, known[i]) : best;

		if (d < best && d < strlen(known[i])) {
			best = d;
			near = known[i];
		}
	}
	return near;
}

char *spelling_hint(const char *word, const char *const *known, size_t n)
{
	const char *near = spelling_near(word, known, n);
	struct buf b = buf_new(4096);

	if (near) {
		buf_addf(&b, "did you mean \"%s\"?", near);
		return buf_take(&b);
	}
	buf_adds(&b, n == 0 ? "there is none" : n == 1 ? "there is only " : "known are ");
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " and ", known[i]);
	return buf_take(&b);
}
