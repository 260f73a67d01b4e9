/* chat.c - chela chat: the terminal's end of the conversation. With a terminal, a line
 * editor and answers as they come; in a pipe, a line in and its answer out. */
#include "command/command.h"
#include "control.h"
#include "limits.h"
#include <histedit.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct chat {
	struct instance *instance;
	int fd;
	bool terminal;
	struct buf kept;		/* heard, not yet read */
	struct buf shown;		/* of the answer that is being streamed */
	bool failed;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static void catch_interrupt(void)
{
	struct sigaction action = { .sa_handler = on_interrupt };

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
}

/* ---- showing ------------------------------------------------------------- */

/* Length of a character that would act on the terminal or turn text round, else 0: control
 * characters but newline and tab, C1, and the bidirectional overrides. */
static size_t acting(const unsigned char *s)
{
	if ((s[0] < 0x20 && s[0] != '\n' && s[0] != '\t') || s[0] == 0x7F)
		return 1;
	if (s[0] == 0xC2 && s[1] >= 0x80 && s[1] <= 0x9F)
		return 2;
	if (s[0] == 0xE2 && s[1] == 0x80 && s[2] >= 0xAA && s[2] <= 0xAE)
		return 3;
	if (s[0] == 0xE2 && s[1] == 0x81 && s[2] >= 0xA6 && s[2] <= 0xA9)
		return 3;
	return 0;
}

static void show(const char *text)
{
	for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
		size_t n = acting(s);

		if (n == 0)
			putchar(*s);
		else
			s += n - 1;
	}
	fflush(stdout);
}

static void say(const struct chat *c, cJSON *request)
{
	const char *why = control_ask(c->fd, request);

	json_drop(&request);
	if (why)
		refuse("%s", why);
}

/* What was streamed is often the answer's beginning: then only the rest is shown. */
static void show_answer(struct chat *c, const cJSON *heard)
{
	const char *answer = json_text(heard, "/answer");
	int64_t row = 0;

	if (c->shown.len > 0 && str_starts(str_of(answer), buf_text(&c->shown))) {
		show(answer + c->shown.len);
	} else {
		if (c->shown.len > 0)
			putchar('\n');
		show(answer);
	}
	putchar('\n');
	fflush(stdout);
	buf_cut(&c->shown, 0);
	if (json_number(heard, "/row", 1, INT64_MAX, &row))
		say(c, json_build("{do:'shown',row:%D}", row));
}

static void show_delta(struct chat *c, const char *text)
{
	if (!c->terminal)
		return;
	show(text);
	buf_adds(&c->shown, text);
}

/* A tool's name is the model's own word. */
static void show_tool(struct chat *c, const char *name)
{
	if (c->shown.len > 0)
		putchar('\n');
	putchar('(');
	show(name);
	puts(")");
	fflush(stdout);
	buf_cut(&c->shown, 0);
}

/* Shows what was heard; true when it ends the answer that is waited for: the one to the line
 * `id`, for others may talk here too; NULL: any. */
static bool show_heard(struct chat *c, const cJSON *heard, const char *id)
{
	if (json_text(heard, "/delta")) {
		show_delta(c, json_text(heard, "/delta"));
	} else if (json_true(heard, "/replaced") && c->terminal) {
		if (c->shown.len > 0)
			puts("\n(that was cut off; once more)");
		buf_cut(&c->shown, 0);
	} else if (json_text(heard, "/tool") && c->terminal) {
		show_tool(c, json_text(heard, "/tool"));
	} else if (json_text(heard, "/answer")) {
		show_answer(c, heard);
		return !json_true(heard, "/missed") && (!id || json_is(heard, "/id", id));
	} else if (json_text(heard, "/why")) {
		refuse("%s", json_text(heard, "/why"));
		c->failed = true;
		return true;
	}
	return false;
}

/* ---- asking -------------------------------------------------------------- */

static void stop_answer(struct chat *c)
{
	interrupted = 0;
	say(c, json_build("{do:'stop'}"));
}

/* Waits for the answer; an interrupt stops it cleanly. False: the core is gone. */
static bool hear_answer(struct chat *c, const char *id)
{
	for (bool ended = false; !ended;) {
		DEFER(json_drop) cJSON *heard = NULL;
		const char *why = interrupted ? "interrupted" : control_hear(c->fd, &c->kept, &heard);

		if (why && interrupted) {
			stop_answer(c);
			continue;
		}
		if (why) {
			refuse("%s", why);
			c->failed = true;
			return false;
		}
		ended = show_heard(c, heard, id);
	}
	return true;
}

/* A plain answer to a plain request: {"ok"} or {"status"}, past whatever comes between. */
static void hear_reply(struct chat *c)
{
	for (;;) {
		DEFER(json_drop) cJSON *heard = NULL;

		if (control_hear(c->fd, &c->kept, &heard) || json_true(heard, "/ok") || json_text(heard, "/why"))
			return;
		if (json_at(heard, "/hello") || json_at(heard, "/status"))
			return;
		show_heard(c, heard, NULL);
	}
}

/* Of n bytes. False: the chat is over. */
static bool ask(struct chat *c, const char *line, size_t n)
{
	unsigned char id[12];
	char hex[2 * sizeof id + 1];

	if (n > LINE_IN_MAX || strlen(line) < n || !utf8_valid(str_of(line))) {
		refuse(n > LINE_IN_MAX ? "a line has at most %d bytes: that one was not sent" :
		       "that line is not UTF-8 text, and was not sent", LINE_IN_MAX);
		c->failed = !c->terminal;
		return true;
	}
	randombytes_buf(id, sizeof id);
	sodium_bin2hex(hex, sizeof hex, id, sizeof id);
	interrupted = 0;
	say(c, json_build("{do:'say',id:%s,text:%s}", hex, line));
	return hear_answer(c, hex);
}

/* A line that is for us: true when it was, *ret_quit when it ends the chat. */
static bool command(struct chat *c, const char *line, bool *ret_quit)
{
	if (strcmp(line, "/quit") == 0) {
		*ret_quit = true;
	} else if (strcmp(line, "/new") == 0) {
		say(c, json_build("{do:'new'}"));
		hear_reply(c);
		puts("A new conversation. Notes are kept.");
	} else if (strcmp(line, "/status") == 0) {
		command_status(c->instance, 0, NULL);
	} else if (strcmp(line, "/help") == 0) {
		puts("/new begins a new conversation, /status says how things stand, /quit ends (so does Ctrl-D).\n"
		     "Ctrl-C stops an answer. Everything else goes to the assistant.");
	} else {
		return false;
	}
	return true;
}

/* ---- reading ------------------------------------------------------------- */

static char *prompt(EditLine *e)
{
	(void)e;
	return (char *)"> ";
}

struct editor {
	EditLine *line;
	History *history;
	char *file;
};

static struct editor editor_open(const struct instance *i)
{
	struct editor e = { .history = history_init(), .file = instance_path(i, "history") };
	HistEvent ev;

	e.line = el_init("chela", stdin, stdout, stderr);
	el_set(e.line, EL_PROMPT, prompt);
	el_set(e.line, EL_EDITOR, "emacs");
	el_set(e.line, EL_SIGNAL, 0);
	history(e.history, &ev, H_SETSIZE, 500);
	history(e.history, &ev, H_SETUNIQUE, 1);
	history(e.history, &ev, H_LOAD, e.file);
	el_set(e.line, EL_HIST, history, e.history);
	el_set(e.line, EL_PREP_TERM, 1);	/* before anything is shown: a Ctrl-D typed from now on is one */
	return e;
}

static void editor_close(struct editor *e)
{
	HistEvent ev;

	history(e->history, &ev, H_SAVE, e->file);
	history_end(e->history);
	el_end(e->line);
	free(e->file);
}

/* The next line without its newline, owned; NULL at the end. */
static char *edit_line(struct editor *e)
{
	HistEvent ev;
	int n = 0;

	for (;;) {
		const char *line;

		interrupted = 0;
		el_set(e->line, EL_PREP_TERM, 1);
		line = el_gets(e->line, &n);
		if (line && n > 0) {
			char *copy = str_dup((struct str){ line, (size_t)n - (line[n - 1] == '\n') });

			if (copy[0])
				history(e->history, &ev, H_ENTER, line);
			return copy;
		}
		if (!interrupted)
			return NULL;
		el_reset(e->line);
		putchar('\n');
	}
}

/* True: an answer is being made already. */
static bool greet(struct chat *c)
{
	DEFER(json_drop) cJSON *heard = NULL;

	say(c, json_build("{do:'hello'}"));
	if (control_hear(c->fd, &c->kept, &heard))
		return false;
	for (const cJSON *n = json_first(json_at(heard, "/notes")); n; n = json_next(n))
		fprintf(stderr, "(%s)\n", n->valuestring);
	if (!c->terminal)
		return json_true(heard, "/busy");
	printf("%s is here", json_text(heard, "/hello"));
	if (json_text(heard, "/model"))
		printf(", with %s", json_text(heard, "/model"));
	puts(". Ctrl-D ends, Ctrl-C stops an answer, /help tells more.");
	return json_true(heard, "/busy");
}

static void chat_terminal(struct chat *c)
{
	struct editor e = editor_open(c->instance);
	bool quit = false;
	char *line;

	if (greet(c)) {
		el_set(e.line, EL_PREP_TERM, 0);
		puts("(going on with what was asked before)");
		quit = !hear_answer(c, NULL);
	}
	while (!quit && (line = edit_line(&e)) != NULL) {
		if (line[strspn(line, " \t")] && !command(c, line, &quit) && !ask(c, line, strlen(line)))
			quit = true;
		free(line);
	}
	if (!quit)
		putchar('\n');
	editor_close(&e);
}

static void chat_pipe(struct chat *c)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (greet(c))
		hear_answer(c, NULL);
	while (!c->failed && (n = getline(&line, &room, stdin)) > 0) {
		if (line[n - 1] == '\n')
			line[--n] = '\0';
		if (n > 0)
			ask(c, line, (size_t)n);
	}
	free(line);
}

/* The core closes the line when it has read all of it: what was shown is written down. */
static void leave(struct chat *c)
{
	DEFER(json_drop) cJSON *heard = NULL;

	shutdown(c->fd, SHUT_WR);
	while (!control_hear(c->fd, &c->kept, &heard))
		json_drop(&heard);
	close(c->fd);
}

static int usage(void)
{
	fputs("usage: chela chat [--yes-to NAME,...]\n", stderr);
	return 2;
}

int command_chat(struct instance *i, int argc, char **argv)
{
	struct chat c = { .instance = i, .kept = buf_new((size_t)4 << 20), .shown = buf_new((size_t)4 << 20),
			  .terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) };
	const char *yes_to = argc == 2 && strcmp(argv[0], "--yes-to") == 0 ? argv[1] : NULL;
	int core = 0, status;

	if (argc != 0 && !yes_to)
		return usage();
	status = make_ready(i, yes_to, &c.fd);
	if (status)
		return status;
	if (c.fd < 0)
		core = core_start(i, &c.fd);
	if (c.fd < 0)
		return refuse("the assistant could not be started");
	if (c.terminal)
		terminal_guard(STDIN_FILENO);
	catch_interrupt();
	if (c.terminal)
		chat_terminal(&c);
	else
		chat_pipe(&c);
	leave(&c);
	if (core > 0)
		core_stop(core);
	buf_free(&c.kept);
	buf_free(&c.shown);
	return c.failed ? 1 : 0;
}
