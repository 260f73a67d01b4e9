/* like.c - see like.h
 *
 * A page shows a request as it leaves; which operation made it is found by method and path. */
#include "gate/like.h"
#include <stdio.h>
#include <string.h>

static char complaint[700];

static PRINTF(2, 3) const char *complain(const struct step *s, const char *fmt, ...)
{
	int n = snprintf(complaint, sizeof complaint, "%.250s:%d: ", s->file, s->line);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(complaint + n, sizeof complaint - (size_t)n, fmt, ap);
	va_end(ap);
	return complaint;
}

/* ---- which operation ----------------------------------------------------- */

/* {arg} stands for anything within a step of the path. */
static bool path_fits(const char *template, struct str path)
{
	while (*template && *template != '?') {
		if (*template == '{') {
			const char *rest = template + strcspn(template, "}") + 1;

			for (size_t n = 0; n <= path.len && (n == 0 || path.at[n - 1] != '/'); n++)
				if (path_fits(rest, (struct str){ path.at + n, path.len - n }))
					return true;
			return false;
		}
		if (!path.len || *path.at != *template++)
			return false;
		path = (struct str){ path.at + 1, path.len - 1 };
	}
	return path.len == 0;
}

static const char *after_server(const char *url)
{
	const char *scheme = strstr(url, "://");

	return scheme ? scheme + 3 + strcspn(scheme + 3, "/?") : url;
}

/* The whole address is an argument: "{address}". */
static bool anywhere(const struct operation *op)
{
	return op->url[0] == '{' && op->url[strcspn(op->url, "}") + 1] == '\0';
}

/* With or without a base that the page writes out. */
static bool makes(const struct operation *op, const struct step *s)
{
	const char *path = after_server(s->url), *template = op->url;

	if (!op->url || strcmp(op->method, s->name) != 0 || anywhere(op))
		return false;
	if (*template == '{')			/* {config.base} */
		template += strcspn(template, "}") + 1;
	template = after_server(template);
	for (const char *from = path; *from && *from != '?'; from++)
		if (*from == '/' && path_fits(template, (struct str){ from, strcspn(from, "?") }))
			return true;
	return false;
}

static bool only_reads(const struct operation *op)
{
	return !(op->effects & ~(unsigned)EFFECT_READ);
}

/* One that may have made this request and does not only read; NULL: none. */
static const struct operation *changes(const struct manifest *m, const struct step *s)
{
	const struct operation *found = NULL;
	bool made = false;

	for (size_t i = 0; i < m->operations_n; i++) {
		if (!makes(&m->operations[i], s))
			continue;
		made = true;
		found = only_reads(&m->operations[i]) ? found : &m->operations[i];
	}
	for (size_t i = 0; i < m->operations_n && !made; i++) {
		const struct operation *op = &m->operations[i];

		if (op->url && anywhere(op) && strcmp(op->method, s->name) == 0 && !only_reads(op))
			found = op;
	}
	return found;
}

/* A frame does not say which one it is. */
static const struct operation *frame_changes(const struct manifest *m)
{
	for (size_t i = 0; i < m->sockets_n; i++)
		for (size_t k = 0; k < m->sockets[i].frames_n; k++)
			if (!only_reads(&m->sockets[i].frames[k]))
				return &m->sockets[i].frames[k];
	return NULL;
}

/* ---- judging ------------------------------------------------------------- */

static const char *judge(const struct page *p, const struct manifest *m, const struct step *s, int *likes)
{
	const struct operation *op;

	if (!s->like || strcmp(s->file, p->file) != 0)
		return NULL;
	op = s->word == DO_HTTP ? changes(m, s) : s->word == DO_WS_FRAME ? frame_changes(m) : NULL;
	if (op)
		return complain(s, "\"like\" on a request of \"%.60s\", which does not only read: write its value whole, without like",
				op->name);
	if (++*likes * 100 > p->requests * LIKE_MAX)
		return complain(s, "%d of the %d \">\" of this page have \"like\", and %d in 100 may: write the values whole, here "
				"and in others", p->likes, p->requests, LIKE_MAX);
	return NULL;
}

const char *like_check(const struct page *p, const struct manifest *m)
{
	const char *why = NULL;
	int likes = 0;

	for (size_t i = 0; i < p->background_n && !why; i++)
		why = judge(p, m, &p->background[i], &likes);
	for (size_t i = 0; i < p->n && !why; i++)
		for (size_t k = p->sections[i].background; k < p->sections[i].n && !why; k++)
			why = judge(p, m, &p->sections[i].steps[k], &likes);
	for (size_t i = 0; i < p->back_n && !why; i++)
		why = judge(p, m, &p->back[i], &likes);
	return why;
}
