/* word.c - see word.h */
#include "gate/word.h"

bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct str word_skip(struct str s)
{
	while (s.len && is_blank(*s.at)) {
		s.at++;
		s.len--;
	}
	return s;
}

struct str word_first(struct str s)
{
	size_t n = 0;

	s = word_skip(s);
	while (n < s.len && !is_blank(s.at[n]))
		n++;
	return (struct str){ s.at, n };
}

struct str word_cut(struct str *s)
{
	struct str word = word_first(*s), rest = word_skip(*s);

	*s = (struct str){ rest.at + word.len, rest.len - word.len };
	return word;
}

bool word_in(struct str word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(word, list[i]))
			return true;
	return false;
}
