/* rehearse.c - chela rehearse: talking to the whole assistant through a channel whose service
 * is played by its contract, without an account or a token.
 *
 * The assistant is one for this once: a folder within the instance, which goes at the end,
 * with the person's own models, keys and seals, and this one channel, in which whoever speaks
 * is that person. Two children run: the service (chela-gate play) and the core. */
#include "command/command.h"
#include "control.h"
#include "file.h"
#include "limits.h"
#include "prepare.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	LOOK_MS = 200,		/* how often we ask whether all is answered, once nothing more is typed */
	QUIET_MS = 3000,	/* and how long we wait for what may never come */
};

struct rehearsal {
	const struct instance *own;	/* the person's */
	struct instance *instance;	/* the one for this once */
	const char *name;		/* of the channel, and its adapter */
	char *folder;
	pid_t service, core;
	int say, hear;			/* to the service, from it */
	struct buf heard;
	char address[40];		/* "127.0.0.1:8080" */
	int said, answered;		/* lines that reached the service; messages that came back */
	bool typed_end;
	int64_t last_ms;		/* when something passed */
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- an instance for this once ------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void lend(const struct rehearsal *r, const char *name)
{
	DEFER(text_free) char *from = instance_path(r->own, name);
	DEFER(text_free) char *to = text_fmt("%s/%s", r->folder, name);

	if (symlink(from, to) != 0)
		refuse("%s cannot be made: %s", to, strerror(errno));
}

static bool about_channel(const struct conf *c, const char *word)
{
	for (size_t i = 0; i < c->channels_n; i++) {
		const char *name = c->channels[i].name;
		size_t n = strlen(name);

		if (strncmp(word, name, n) == 0 && (!word[n] || word[n] == '.'))
			return true;
	}
	return false;
}

/* Whether a statement is about channels, which are not those of the rehearsal. */
static bool left_out(const struct conf *c, const char *line)
{
	char first[16] = "", word[CONF_LINE_MAX];
	size_t n = strspn(line, " \t"), k = strcspn(line + n, " \t");
	bool named = false;

	snprintf(first, sizeof first, "%.*s", (int)k, line + n);
	if (strcmp(first, "channel") == 0 || strcmp(first, "owner") == 0 || strcmp(first, "guest") == 0)
		return true;
	for (n += k; line[n] && line[n] != '#' && !named; n += k) {
		n += strspn(line + n, " \t");
		k = strcspn(line + n, " \t");
		snprintf(word, sizeof word, "%.*s", (int)k, line + n);
		named = about_channel(c, word);
	}
	return named && strcmp(first, "use") != 0 && strcmp(first, "model") != 0 && strcmp(first, "name") != 0;
}

static const char *write_conf(const struct rehearsal *r)
{
	DEFER(text_free) char *from = instance_path(r->own, "assistant.conf");
	DEFER(text_free) char *to = text_fmt("%s/assistant.conf", r->folder);
	DEFER(buf_free) struct buf text = { 0 };
	DEFER(buf_free) struct buf conf = buf_new(2 * FILE_MAX);

	if (file_read(from, FILE_MAX, &text) != OK)
		return "assistant.conf cannot be read";
	for (const char *at = buf_text(&text); *at;) {
		size_t n = strcspn(at, "\n");
		DEFER(text_free) char *line = str_dup((struct str){ at, n });

		if (!left_out(r->own->conf, line))
			buf_addf(&conf, "%s\n", line);
		at += n + (at[n] == '\n');
	}
	buf_addf(&conf, "channel %s = %s played at %s\nowner * on %s\n", r->name, r->name, r->address, r->name);
	return file_write(to, buf_str(&conf), 0600) == OK ? NULL : "a folder within the instance cannot be written";
}

static const char *make_instance(struct rehearsal *r)
{
	const char *lent[] = { "key", "secrets", "seals", r->own->conf->persona };
	const char *why;

	r->folder = instance_path(r->own, "rehearsal-XXXXXX");
	if (!mkdtemp(r->folder)) {
		text_free(&r->folder);
		return "no folder can be made within the instance";
	}
	for (size_t i = 0; i < COUNT(lent); i++)
		lend(r, lent[i]);
	why = write_conf(r);
	return why ? why : instance_find(r->own->root, r->folder, &r->instance);
}

/* ---- the service --------------------------------------------------------- */

static bool start_service(struct rehearsal *r)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		return false;
	fflush(NULL);
	r->service = fork();
	if (r->service == 0) {
		char *args[] = { (char *)r->name, (char[]){ "--json" } };

		setpgid(0, 0);		/* ^C is ours: we end it */
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		gate_become(r->own, "play", COUNT(args), args);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	r->say = in[1];
	r->hear = out[0];
	return r->service > 0;
}

/* The next line of the service, owned; NULL: not yet. *ret_end: there will be none. */
static char *take_line(struct rehearsal *r)
{
	const char *end = memchr(buf_text(&r->heard), '\n', r->heard.len);
	char *line;

	if (!end)
		return NULL;
	line = str_dup((struct str){ r->heard.at, (size_t)(end - r->heard.at) });
	buf_drop(&r->heard, strlen(line) + 1);
	return line;
}

/* False: it is gone. */
static bool hear(struct rehearsal *r)
{
	char bytes[65536];
	ssize_t n = read(r->hear, bytes, sizeof bytes);

	if (n > 0)
		buf_add(&r->heard, bytes, (size_t)n);
	return n > 0 || (n < 0 && errno == EINTR);
}

static bool hear_address(struct rehearsal *r)
{
	char *line = NULL;
	const char *slashes;

	while (!line && hear(r))
		line = take_line(r);
	slashes = line ? strstr(line, "//") : NULL;
	if (slashes)
		snprintf(r->address, sizeof r->address, "%s", slashes + 2);
	free(line);
	return slashes != NULL;
}

/* ---- the conversation ---------------------------------------------------- */

static void show(struct rehearsal *r, const cJSON *told)
{
	const char *words = json_text(told, "/words"), *remark = json_text(told, "/remark");

	r->said += json_is(told, "/from", "person");
	r->last_ms = now_ms();
	if (words) {
		bool edit = json_is(told, "/act", "edit");

		r->answered += !edit;
		printf("%s%s: %s\n", r->instance->conf->name, edit ? " (edited)" : "", words);
	}
	if (remark)
		printf("(%s: %s)\n", r->name, remark);
	fflush(stdout);
}

static void show_all(struct rehearsal *r)
{
	for (char *line; (line = take_line(r)) != NULL; free(line)) {
		cJSON *told;

		if (json_decode(str_of(line), &told))
			continue;
		show(r, told);
		json_drop(&told);
	}
}

static bool type_on(struct rehearsal *r)
{
	char bytes[4096];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);

	if (n > 0)
		return write(r->say, bytes, (size_t)n) == n;
	r->typed_end = n == 0;
	return n == 0 || errno == EINTR;
}

/* Nothing more is typed: has all been answered? */
static bool all_done(const struct rehearsal *r)
{
	DEFER(json_drop) cJSON *request = json_build("{do:'status'}");
	DEFER(json_drop) cJSON *answer = NULL;
	int64_t inbox = 1, outbox = 1;
	const char *why = core_ask(r->instance, request, &answer);

	if (why)
		return true;
	json_number(answer, "/status/inbox", 0, INT64_MAX, &inbox);
	json_number(answer, "/status/outbox", 0, INT64_MAX, &outbox);
	return inbox + outbox == 0 && ((r->said > 0 && r->answered >= r->said) || now_ms() - r->last_ms > QUIET_MS);
}

/* At a terminal the end of what is typed is the end; what came by a pipe is answered first. */
static int talk(struct rehearsal *r)
{
	bool terminal = isatty(STDIN_FILENO);

	while (!interrupted) {
		struct pollfd fds[] = { { .fd = r->hear, .events = POLLIN }, { .fd = r->typed_end ? -1 : STDIN_FILENO, .events = POLLIN } };

		if (poll(fds, 2, r->typed_end ? LOOK_MS : -1) < 0 && errno != EINTR)
			return refuse("nothing can be waited for: %s", strerror(errno));
		if (fds[0].revents && !hear(r))
			return refuse("the service has ended");
		show_all(r);
		if (fds[1].revents && !type_on(r))
			return refuse("what was typed cannot be passed on");
		if (r->typed_end && (terminal || all_done(r)))
			break;
	}
	return 0;
}

static int run(struct rehearsal *r, const char *yes_to)
{
	int fd, status = make_ready(r->instance, yes_to, &fd);

	if (status)
		return status;
	r->core = core_start(r->instance, &fd);
	if (fd < 0)
		return refuse("the assistant could not be started");
	close(fd);
	fprintf(stderr, "%s is played at %s: what you type is said there. To end it: ^D.\n", r->name, r->address);
	r->last_ms = now_ms();
	return talk(r);
}

/* ---- from the words to the end ------------------------------------------- */

static void clean_up(struct rehearsal *r)
{
	if (r->core > 0)
		core_stop(r->core);
	if (r->service > 0) {
		close(r->say);
		close(r->hear);
		kill(r->service, SIGTERM);
		while (waitpid(r->service, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (r->folder)
		nftw(r->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	instance_free(r->instance);
	text_free(&r->folder);
	buf_free(&r->heard);
}

static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = interrupt };

	for (size_t k = 0; k < COUNT(signals); k++)
		sigaction(signals[k], &action, NULL);
}

static const char *is_channel(const struct instance *i, const char *name)
{
	DEFER(text_free) char *file = root_path(i, "specs/%s/manifest.json", name);
	struct manifest *m;
	const char *why = manifest_read(file, &m);

	if (why)
		return why;
	why = m->kind == KIND_CHANNEL ? NULL : "only a channel can be rehearsed: there are no people in the others";
	manifest_free(m);
	return why;
}

int command_rehearse(struct instance *i, int argc, char **argv)
{
	struct rehearsal r = { .own = i, .heard = buf_new((size_t)4 << 20) };
	DEFER(buf_free) struct buf said = buf_new(65536);
	const char *yes_to = argc == 3 && strcmp(argv[1], "--yes-to") == 0 ? argv[2] : NULL, *why;
	int status = 1;

	if ((argc != 1 && !yes_to) || !name_fits(argv[0])) {
		fputs("usage: chela rehearse NAME [--yes-to NAME,...] (NAME: a channel of specs/)\n", stderr);
		return 2;
	}
	r.name = argv[0];
	why = is_channel(i, r.name);
	if (!why)
		why = prepare_instance(i, &said);
	fputs(buf_text(&said), stderr);
	if (!why)
		why = instance_configure(i);
	if (why)
		return refuse("%s", why);
	catch_signals();
	if (start_service(&r) && hear_address(&r)) {
		why = make_instance(&r);
		status = why ? refuse("%s", why) : run(&r, yes_to);
	}
	clean_up(&r);
	return status;
}
