/* play.c - see play.h */
#include "gate/play.h"
#include "gate/notation.h"
#include "gate/stage.h"
#include "limits.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGES_MAX = 64, SECTIONS_MAX = 64 };

struct play {
	struct stage stage;
	struct manifest *manifest;
	struct page *pages[PAGES_MAX];
	size_t pages_n;
	const char *titles[SECTIONS_MAX];
	size_t titles_n, title;		/* which section is the next one, or runs */
	const struct section *section;	/* the one that waits for its background, or runs */
	struct course *course;		/* of the section that runs */
	bool *begun;			/* which requests of its background have come */
	struct timer handshake;
	struct later settle;
	struct watch typed;
	struct buf lines;		/* typed, and not said yet */
	bool typed_end;
	int port, status;
};

/* ---- rules --------------------------------------------------------------- */

static void rule_ended(struct course *c, const struct step *failed)
{
	struct play *p = container_of(c->stage, struct play, stage);

	(void)failed;
	loop_after(p->stage.loop, &p->settle);
	course_free(c);
}

static void rule_begins(struct play *p, const struct rule *r, cJSON *vars, const struct came *came, int caller)
{
	struct course *c = course_new(&p->stage, r->then, r->n);

	json_drop(&c->vars);
	c->vars = vars;
	c->ended = rule_ended;
	if (came->word == DO_HTTP)
		course_claim(c, caller, came->local, NULL);
	else if (came->word != DO_SAY)
		c->socket = caller;
	course_go(c);
}

/* The first rule that fits. False, and how the nearest one differs (or NULL). */
static bool rules_take(struct play *p, const struct came *came, int caller, char **ret_unlike)
{
	*ret_unlike = NULL;
	for (size_t i = 0; i < p->pages_n; i++) {
		for (size_t k = 0; k < p->pages[i]->rules_n; k++) {
			const struct rule *r = &p->pages[i]->rules[k];
			cJSON *vars = cJSON_CreateObject();
			bool near;
			char *why = step_fits(&r->when, came, p->manifest, vars, &near);

			if (!why) {
				text_free(ret_unlike);
				if (came->word == DO_WS_OPEN) {
					socket_add(&p->stage, caller, came->local, NULL);
					caller_accept(&p->stage.door, caller);
				}
				rule_begins(p, r, vars, came, caller);
				return true;
			}
			json_drop(&vars);
			if (near && !*ret_unlike)
				*ret_unlike = text_fmt("%s:%d: %s", r->when.file, r->when.line, why);
			free(why);
		}
	}
	return false;
}

static void nobody_knows(struct play *p, const struct came *came, int caller, const char *unlike)
{
	show_remark(&p->stage, "no rule fits that%s%s%s", came->word == DO_HTTP || came->word == DO_WS_OPEN ? ": 404" : "",
		    unlike ? "; nearest is " : "", unlike ? unlike : "");
	if (came->word == DO_HTTP || came->word == DO_WS_OPEN)
		caller_answer(&p->stage.door, caller, 404, NULL, STR("no rule fits this request\n"));
}

/* ---- sections ------------------------------------------------------------ */

static void stop(struct play *p, int status)
{
	p->status = status;
	p->section = NULL;
	loop_stop(p->stage.loop);
}

/* Which address, which code and which values does not matter here: rules have their own. */
static bool alike(const struct play *p, const struct step *s, const struct came *came)
{
	const struct step plain = { .word = s->word, .name = s->name, .url = s->word == DO_HTTP ? s->url : NULL };
	DEFER(json_drop) cJSON *vars = cJSON_CreateObject();
	bool near;
	DEFER(text_free) char *why = step_fits(&plain, came, p->manifest, vars, &near);

	return !why;
}

static void background_came(struct play *p, const struct came *came)
{
	for (size_t i = 0; i < p->section->background; i++) {
		if (p->begun[i] || !alike(p, &p->section->steps[i], came))
			continue;
		p->begun[i] = true;
		return;
	}
}

static const struct step *background_lacks(const struct play *p)
{
	for (size_t i = 0; p->title == 1 && i < p->section->background; i++) {
		const struct step *s = &p->section->steps[i];

		if ((s->word == DO_HTTP || s->word == DO_WS_OPEN || s->word == DO_WS_FRAME) && !p->begun[i])
			return s;
	}
	return NULL;
}

static bool opens_socket(const struct section *s)
{
	for (size_t i = 0; i < s->background; i++)
		if (s->steps[i].word == DO_WS_OPEN)
			return true;
	return false;
}

static void next_section(struct play *p);

static void section_ended(struct course *c, const struct step *failed)
{
	struct play *p = container_of(c->stage, struct play, stage);

	p->course = NULL;
	if (failed) {
		DEFER(text_free) char *expected = step_notation(failed);

		show_end(c->stage, false, "%s:%d: \"%s\" was expected and did not come within %d s%s%s", failed->file, failed->line,
			 expected, (int)(c->within / 1000), c->unlike ? "; what came differed: " : "", c->unlike ? c->unlike : "");
		stop(p, 1);
	}
	course_free(c);
	if (!failed)
		next_section(p);
}

/* All of the background has come, and what rules do about it is done. */
static void section_begins(struct play *p)
{
	const struct section *s = p->section;

	if (!s || p->course || p->stage.courses || background_lacks(p) || (opens_socket(s) && !p->stage.sockets))
		return;
	timer_stop(&p->handshake);
	show_remark(&p->stage, "%s", s->title);
	p->course = course_new(&p->stage, s->steps + s->background, s->n - s->background);
	p->course->done = mem_new(p->course->n + 1, sizeof(bool));
	p->course->ended = section_ended;
	course_go(p->course);
}

static void handshake_due(struct timer *t)
{
	struct play *p = container_of(t, struct play, handshake);
	const struct step *lacks = background_lacks(p);
	DEFER(text_free) char *expected = lacks ? step_notation(lacks) : NULL;

	if (lacks)
		show_end(&p->stage, false, "%s:%d: \"%s\" of the background did not come within %d s", lacks->file, lacks->line, expected,
			 EXPECT_MS / 1000);
	else
		show_end(&p->stage, false, "\"%s\" cannot begin: nobody holds a socket", p->section->title);
	stop(p, 1);
}

static const struct section *find_section(const struct play *p, const char *title)
{
	for (size_t i = 0; i < p->pages_n; i++)
		for (size_t k = 0; k < p->pages[i]->n; k++)
			if (strcmp(p->pages[i]->sections[k].title, title) == 0)
				return &p->pages[i]->sections[k];
	return NULL;
}

/* A client signs in once: only the first one waits for its background. */
static void next_section(struct play *p)
{
	if (p->title == p->titles_n) {
		show_end(&p->stage, true, "%zu section%s held", p->titles_n, p->titles_n == 1 ? "" : "s");
		stop(p, 0);
		return;
	}
	p->section = find_section(p, p->titles[p->title++]);
	free(p->begun);
	p->begun = mem_new(p->section->background + 1, sizeof(bool));
	timer_set(p->stage.loop, &p->handshake, EXPECT_MS);
	loop_after(p->stage.loop, &p->settle);
}

/* NULL, or why it cannot be played. */
static char *unplayable(const struct section *s)
{
	int64_t waits = 0;

	for (size_t i = s->background; i < s->n; i++) {
		const struct step *k = &s->steps[i];
		DEFER(text_free) char *notation = step_notation(k);

		waits += k->word == DO_MOVE ? k->ms : 0;
		if (waits > WAITS_MAX_MS || (k->word == DO_WITHIN && k->ms > WAITS_MAX_MS))
			return text_fmt("%s:%d: \"%s\" waits for more than %d s", k->file, k->line, s->title, WAITS_MAX_MS / 1000);
		if (k->word == DO_RESTART || k->word == DO_RESTART_EMPTY || k->word == DO_KILL || k->word == DO_DICE ||
		    k->word == DO_CALL || k->word == DO_TURN || k->word == DO_PART || k->word == DO_PARTS || k->word == DO_HOOK)
			return text_fmt("%s:%d: \"%s\" needs what a service cannot do: %s", k->file, k->line, s->title, notation);
	}
	return NULL;
}

/* ---- who comes, and what is typed ---------------------------------------- */

static void happened(struct play *p, const struct came *came, int caller)
{
	DEFER(text_free) char *unlike = NULL;

	loop_after(p->stage.loop, &p->settle);
	show_came(&p->stage, came, caller);
	if (p->course && course_takes(p->course, came, caller))
		return;
	if (p->section && !p->course)
		background_came(p, came);
	if (came->word != DO_WS_CLOSE && !rules_take(p, came, caller, &unlike))
		nobody_knows(p, came, caller, unlike);
}

static bool is_local(const char *host)
{
	return strncmp(host, "127.", 4) == 0 || strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0;
}

static void asked(struct door *d, int caller, const struct asked *a)
{
	struct play *p = container_of(d, struct play, stage.door);
	struct came came = { .word = a->opens ? DO_WS_OPEN : DO_HTTP, .method = a->opens ? NULL : a->method, .host = a->host,
			     .target = a->target, .headers = a->headers, .local = is_local(a->host) };
	DEFER(json_drop) cJSON *value = a->opens ? NULL : body_value(a->headers, a->body, &came.form);

	came.value = value;
	happened(p, &came, caller);
}

static void told(struct door *d, int caller, struct str text)
{
	struct play *p = container_of(d, struct play, stage.door);
	DEFER(json_drop) cJSON *value = text_value(text);

	happened(p, &(struct came){ .word = DO_WS_FRAME, .value = value }, caller);
}

static void left(struct door *d, int caller, int code)
{
	struct play *p = container_of(d, struct play, stage.door);

	socket_drop(&p->stage, caller);
	happened(p, &(struct came){ .word = DO_WS_CLOSE, .code = code ? code : 1006 }, caller);
}

static void say(struct play *p, struct str line)
{
	DEFER(text_free) char *text = str_dup(line);
	DEFER(json_drop) cJSON *value = cJSON_CreateString(text);

	loop_after(p->stage.loop, &p->settle);
	if (line.len && utf8_valid(line))
		happened(p, &(struct came){ .word = DO_SAY, .value = value }, 0);
}

/* One by one, each when what came before is done. */
static void say_lines(struct play *p)
{
	const char *end = memchr(buf_text(&p->lines), '\n', p->lines.len);

	if (!p->stage.sockets || p->stage.courses)
		return;
	if (end) {
		DEFER(text_free) char *line = str_dup((struct str){ p->lines.at, (size_t)(end - p->lines.at) });

		buf_drop(&p->lines, strlen(line) + 1);
		say(p, str_of(line));
	} else if (p->typed_end) {
		stop(p, 0);
	}
}

/* After all that happens: a course may have ended, a socket may be up. */
static void settle(struct later *l)
{
	struct play *p = container_of(l, struct play, settle);

	section_begins(p);
	say_lines(p);
}

static void typed(struct watch *w, bool readable, bool writable)
{
	struct play *p = container_of(w, struct play, typed);
	char bytes[4096];
	ssize_t n = read(w->fd, bytes, sizeof bytes);

	(void)readable;
	(void)writable;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		buf_add(&p->lines, bytes, (size_t)n);
	loop_after(p->stage.loop, &p->settle);
	if (n > 0 && !p->lines.full)
		return;
	watch_set(p->stage.loop, w, false, false);
	p->typed_end = true;
	if (!p->lines.len)
		stop(p, p->titles_n ? 1 : 0);
}

/* ---- from the words to the end ------------------------------------------- */

static int is_page(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 3 && strcmp(entry->d_name + n - 3, ".md") == 0;
}

static const char *read_pages(struct play *p, const char *folder)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, is_page, alphasort);
	const char *why = n > PAGES_MAX ? "it has too many pages" : NULL;

	for (int i = 0; i < n; i++) {
		DEFER(text_free) char *file = text_fmt("%s/%s", folder, entries[i]->d_name);

		if (!why)
			why = page_read(file, p->manifest, &p->pages[p->pages_n]);
		p->pages_n += !why;
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return why;
}

static const char *read_folder(struct play *p, const char *name)
{
	DEFER(text_free) char *folder = text_fmt("%s%s", strchr(name, '/') ? "" : "specs/", name);
	DEFER(text_free) char *file = text_fmt("%s/manifest.json", folder);
	const char *why = manifest_read(file, &p->manifest);
	size_t rules = 0;

	if (!why)
		why = read_pages(p, folder);
	for (size_t i = 0; !why && i < p->pages_n; i++)
		rules += p->pages[i]->rules_n;
	p->stage.manifest = p->manifest;
	return why || rules ? why : "no page of this contract says how its service is played: write a ```transcript "
				    "platform block (specs/README.md says how)";
}

static char *check_titles(const struct play *p)
{
	for (size_t i = 0; i < p->titles_n; i++) {
		const struct section *s = find_section(p, p->titles[i]);
		char *why = s ? unplayable(s) : text_fmt("no page has a section \"%s\": name one as it stands after ##", p->titles[i]);

		if (why)
			return why;
	}
	return NULL;
}

/* False: wrong words. */
static bool words(struct play *p, int argc, char **argv, const char **ret_folder)
{
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			p->stage.json = true;
		} else if (strcmp(argv[i], "--port") == 0 && i + 1 < argc) {
			char *end;
			long port = strtol(argv[++i], &end, 10);

			if (*end || end == argv[i] || port < 0 || port > 65535)
				return false;
			p->port = (int)port;
		} else if (strcmp(argv[i], "--section") == 0 && i + 1 < argc && p->titles_n < SECTIONS_MAX) {
			p->titles[p->titles_n++] = argv[++i];
		} else if (argv[i][0] == '-' || *ret_folder) {
			return false;
		} else {
			*ret_folder = argv[i];
		}
	}
	return *ret_folder != NULL;
}

/* /dev/null and files have no end that means anything. */
static void listen_to_lines(struct play *p)
{
	struct stat st;

	p->typed = (struct watch){ .ready = typed, .fd = STDIN_FILENO };
	if (fstat(STDIN_FILENO, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || isatty(STDIN_FILENO)))
		watch_set(p->stage.loop, &p->typed, true, false);
}

static void run(struct play *p)
{
	const char *why = door_open(&p->stage.door, p->port);

	if (why) {
		fprintf(stderr, "chela: %s\n", why);
		p->status = 1;
		return;
	}
	printf("http://127.0.0.1:%d\n", p->stage.door.port);
	fflush(stdout);
	listen_to_lines(p);
	if (p->titles_n)
		next_section(p);
	loop_run(p->stage.loop);
	watch_set(p->stage.loop, &p->typed, false, false);
	timer_stop(&p->handshake);
	loop_forget(p->stage.loop, &p->settle);
	while (p->stage.courses)
		course_free(p->stage.courses);
	door_shut(&p->stage.door);
	while (p->stage.sockets)
		socket_drop(&p->stage, p->stage.sockets->caller);
}

int play_run(int argc, char **argv)
{
	struct play p = { .stage.door = { .asked = asked, .told = told, .left = left }, .handshake.fired = handshake_due,
			  .settle.run = settle, .lines = buf_new(LINE_IN_MAX), .status = 1 };
	const char *folder = NULL, *why;
	DEFER(text_free) char *unfit = NULL;

	if (!words(&p, argc, argv, &folder)) {
		fputs("usage: chela play NAME [--port N] [--section TITLE]... [--json] (NAME: a folder of specs/, or the path of one)\n", stderr);
		return 2;
	}
	why = read_folder(&p, folder);
	if (!why)
		why = unfit = check_titles(&p);
	if (why) {
		fprintf(stderr, "chela: %s\n", why);
	} else {
		p.stage.loop = p.stage.door.loop = loop_new();
		run(&p);
		loop_free(p.stage.loop);
	}
	for (size_t i = 0; i < p.pages_n; i++)
		page_free(p.pages[i]);
	if (p.manifest)
		manifest_free(p.manifest);
	buf_free(&p.lines);
	free(p.begun);
	return p.status;
}
