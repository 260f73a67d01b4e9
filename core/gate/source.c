/* source.c - see source.h
 *
 * It reads as the compiler does: lines that end in a backslash go on, comments are blanks,
 * a quote that is not closed ends with its line. */
#include "gate/source.h"
#include "file.h"
#include "instance.h"
#include "limits.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct source {
	const char *file, *at, *end;
	int line;
	bool fresh;			/* nothing but blanks stood in this line */
	char last;			/* the first character of the token before */
};

static char complaint[600];

static PRINTF(2, 3) const char *complain(const struct source *s, const char *fmt, ...)
{
	DEFER(text_free) char *what = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		abort();
	va_end(ap);
	snprintf(complaint, sizeof complaint, "%.250s:%d: %s", s->file, s->line, what);
	return complaint;
}

/* ---- characters ---------------------------------------------------------- */

/* How long a backslash with the end of its line is; 0: none stands here. */
static size_t splice(const struct source *s)
{
	const char *c = s->at;

	if (c == s->end || *c++ != '\\')
		return 0;
	while (c < s->end && strchr(" \t\r", *c))
		c++;
	return c < s->end && *c == '\n' ? (size_t)(c + 1 - s->at) : 0;
}

/* The character that is next, '\0' at the end. */
static char peek(struct source *s)
{
	size_t n;

	while ((n = splice(s)) > 0) {
		s->at += n;
		s->line++;
	}
	return s->at < s->end ? *s->at : '\0';
}

static char take(struct source *s)
{
	char c = peek(s);

	if (c)
		s->at++;
	s->line += c == '\n';
	return c;
}

static bool take_if(struct source *s, char c)
{
	return peek(s) == c && take(s);
}

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* Behind its first two characters. */
static void skip_comment(struct source *s, bool of_line)
{
	char c, before = '\0';

	while ((c = peek(s)) != '\0' && !(of_line && c == '\n')) {
		take(s);
		if (!of_line && before == '*' && c == '/')
			return;
		before = c;
	}
}

/* Behind its quote. */
static void skip_quoted(struct source *s, char quote)
{
	char c;

	while ((c = peek(s)) != '\0' && c != '\n') {
		take(s);
		if (c == quote)
			return;
		if (c == '\\' && peek(s) != '\n')
			take(s);
	}
}

/* True where a comment stood here, which is skipped. */
static bool comment(struct source *s)
{
	struct source ahead = *s;
	bool long_one;

	if (take(&ahead) != '/' || (peek(&ahead) != '*' && peek(&ahead) != '/'))
		return false;
	long_one = take(&ahead) == '*';
	*s = ahead;
	skip_comment(s, !long_one);
	return true;
}

/* Blanks and comments, within a line. */
static void skip_blanks(struct source *s)
{
	while (comment(s) || ((peek(s) == ' ' || peek(s) == '\t' || peek(s) == '\r') && take(s)))
		;
}

/* ---- judging ------------------------------------------------------------- */

static void take_word(struct source *s, char *ret, size_t room)
{
	size_t n = 0;

	while (in_word(peek(s))) {
		char c = take(s);

		if (n + 1 < room)
			ret[n++] = c;
	}
	ret[n] = '\0';
}

static const char *judge_include(struct source *s)
{
	static const char *const headers[] = {
		"\"adapter.h\"", "<assert.h>", "<inttypes.h>", "<limits.h>", "<stdbool.h>", "<stddef.h>",
		"<stdint.h>", "<string.h>",
	};
	struct str rest;

	skip_blanks(s);
	peek(s);
	rest = (struct str){ s->at, (size_t)(s->end - s->at) };
	for (size_t i = 0; i < COUNT(headers); i++)
		if (str_starts(rest, headers[i])) {
			s->at += strlen(headers[i]);
			return NULL;
		}
	return complain(s, "it includes a file that adapters may not read: \"adapter.h\" and <string.h> are enough");
}

static const char *judge_directive(struct source *s)
{
	static const char *const known[] = {
		"", "define", "undef", "if", "ifdef", "ifndef", "elif", "else", "endif", "error",
	};
	char name[32];

	skip_blanks(s);
	take_word(s, name, sizeof name);
	if (strcmp(name, "include") == 0)
		return judge_include(s);
	for (size_t i = 0; i < COUNT(known); i++)
		if (strcmp(name, known[i]) == 0)
			return NULL;
	return complain(s, "#%s is not allowed: an adapter needs #include and perhaps #define", name);
}

static const char *judge_word(struct source *s)
{
	char word[64];

	take_word(s, word, sizeof word);
	if (strcmp(word, "asm") == 0 || strcmp(word, "_Pragma") == 0)
		return complain(s, "%s is not allowed: an adapter is plain C", word);
	if (word[0] == '_' && word[1] == '_')
		return complain(s, "%s is a word of the compiler's own, and not allowed: an adapter is plain C", word);
	if (peek(s) == '"' && word[strlen(word) - 1] == 'R')
		return complain(s, "raw strings are not allowed: write \"...\"");
	return NULL;
}

/* Two characters that make another reading of what follows. */
static const char *judge_mark(struct source *s, char c)
{
	if (c == '#' && take_if(s, '#'))
		return complain(s, "## is not allowed: it hides a word; write it out");
	if ((c == '%' || c == '<') && peek(s) == ':')
		return complain(s, "%c: is not allowed: write the character that it stands for", c);
	if (c == '[' && s->last == '[')
		return complain(s, "attributes are not allowed: an adapter is plain C");
	return NULL;
}

static const char *judge_next(struct source *s)
{
	const char *why = NULL;
	bool fresh = s->fresh;
	char c = peek(s);

	if (comment(s))
		return NULL;
	if (isspace((unsigned char)c)) {
		s->fresh |= take(s) == '\n';
		return NULL;
	}
	s->fresh = false;
	if (isdigit((unsigned char)c)) {
		char number[8];

		take_word(s, number, sizeof number);
	} else if (in_word(c)) {
		why = judge_word(s);
	} else {
		take(s);
		if (c == '"' || c == '\'')
			skip_quoted(s, c);
		else
			why = judge_mark(s, c);
		if (!why && c == '#' && fresh)
			why = judge_directive(s);
	}
	s->last = c;
	return why;
}

/* Bytes that some compilers take for the end of a line, or of the file. */
static const char *judge_bytes(const struct source *whole)
{
	struct source s = *whole;

	for (; s.at < s.end; s.at++) {
		bool pair = *s.at == '\r' && s.at + 1 < s.end && s.at[1] == '\n';

		if ((unsigned char)*s.at < ' ' && !strchr("\n\t", *s.at ? *s.at : '?') && !pair)
			return complain(&s, "there is a control character: write it as an escape, such as \\x1b");
		s.line += *s.at == '\n';
	}
	return NULL;
}

const char *source_check(struct str text, const char *file)
{
	struct source s = { .file = file, .at = text.at, .end = text.at + text.len, .line = 1, .fresh = true };
	const char *why = judge_bytes(&s);

	if (str_starts(text, "\xEF\xBB\xBF"))
		s.at += 3;
	while (!why && s.at < s.end)
		why = judge_next(&s);
	return why;
}

const char *source_check_file(const char *path)
{
	const char *slash = strrchr(path, '/');
	DEFER(text_free) char *header = text_fmt("%.*sadapter.h", slash ? (int)(slash + 1 - path) : 0, path);
	DEFER(buf_free) struct buf text = { 0 };
	const struct source file = { .file = path, .line = 1 }, beside = { .file = header, .line = 1 };
	struct stat st;

	if (lstat(header, &st) == 0)
		return complain(&beside, "a header beside an adapter would be taken for ours: delete it");
	if (file_read(path, FILE_MAX, &text) != OK)
		return complain(&file, "it cannot be read, or is too large: it is a text of at most %d bytes", FILE_MAX);
	return source_check(buf_str(&text), path);
}
