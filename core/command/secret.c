/* secret.c - chela secret: keys, typed at a terminal and kept sealed. */
#include "command/command.h"
#include "lineup.h"
#include "limits.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static int usage(void)
{
	fputs("usage: chela secret                 what is set\n"
	      "       chela secret set NAME.SLOT   type a value, such as anthropic.key or work.bot_token\n"
	      "       chela secret forget NAME.SLOT\n", stderr);
	return 2;
}

/* Reads a line from the terminal without showing it. NULL, or why there is none. */
static const char *type_secret(const char *question, char value[SECRET_MAX])
{
	FILE *tty = fopen("/dev/tty", "r+e");
	struct termios shown, hidden;
	bool typed;

	if (!tty)
		return "a secret is typed at a terminal, or comes from a line of assistant.conf, such as: "
		       "secret anthropic.key from env VARIABLE, or: from file PATH";
	terminal_guard(fileno(tty));
	tcgetattr(fileno(tty), &shown);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fileno(tty), TCSAFLUSH, &hidden);
	fputs(question, tty);		/* what is typed from now on is not shown */
	fflush(tty);
	typed = fgets(value, SECRET_MAX, tty) != NULL;
	tcsetattr(fileno(tty), TCSAFLUSH, &shown);
	fputc('\n', tty);
	fclose(tty);
	value[strcspn(value, "\r\n")] = '\0';
	return typed && value[0] ? NULL : "nothing was typed, so nothing is changed";
}

static const char *keep(struct instance *i, const char *name, const char *origin, const char *value)
{
	DEFER(json_drop) cJSON *request = json_build("{do:'secret',name:%s,origin:%s,value:%s}", name, origin, value);
	bool alone;
	const char *why = core_or_alone(i, request, &alone);
	struct secrets *secrets;

	if (why || !alone)
		return why;
	secrets = secrets_open(i->dir);
	why = secret_set(secrets, name, origin, str_of(value));
	secrets_free(secrets);
	return why;
}

static int set(struct instance *i, const char *name)
{
	DEFER(text_free) char *origin = NULL;
	DEFER(text_free) char *label = NULL;
	DEFER(text_free) char *obtain = NULL;
	DEFER(text_free) char *question = NULL;
	char value[SECRET_MAX];
	const char *why = secret_origin(i, name, &origin, &label, &obtain);

	if (why)
		return refuse("%s", why);
	question = text_fmt("%s, for %s only\n(%s)\nIt is not shown while you type: ", label, origin, obtain);
	why = type_secret(question, value);
	if (!why)
		why = keep(i, name, origin, value);
	sodium_memzero(value, sizeof value);
	if (why)
		return refuse("%s", why);
	printf("%s is kept, sealed, for %s.\n", name, origin);
	return 0;
}

static int forget(struct instance *i, const char *name)
{
	DEFER(json_drop) cJSON *request = json_build("{do:'forget',name:%s}", name);
	bool alone;
	const char *why = core_or_alone(i, request, &alone);

	if (!why && alone) {
		struct secrets *secrets = secrets_open(i->dir);

		why = secret_forget(secrets, name);
		secrets_free(secrets);
	}
	if (why)
		return refuse("%s", why);
	printf("%s is forgotten.\n", name);
	return 0;
}

static void list_slots(const struct instance *i, struct secrets *secrets, const char *name, const char *adapter)
{
	DEFER(text_free) char *file = root_path(i, "specs/%s/manifest.json", adapter);
	struct manifest *m;

	if (manifest_read(file, &m))
		return;
	for (size_t k = 0; k < m->secrets_n; k++) {
		DEFER(text_free) char *whole = text_fmt("%s.%s", name, m->secrets[k].name);
		DEFER(text_free) char *origin = NULL;
		const char *where = "not set";

		for (size_t c = 0; c < i->conf->secrets_n; c++)
			if (strcmp(i->conf->secrets[c].name, whole) == 0)
				where = i->conf->secrets[c].env ? i->conf->secrets[c].env : i->conf->secrets[c].file;
		if (secret_stored(secrets, whole, &origin))
			where = "set, for";
		printf("  %-24s %s %s\n", whole, where, origin ? origin : "");
	}
	manifest_free(m);
}

static int list(const struct instance *i)
{
	const struct conf *c = i->conf;
	struct secrets *secrets = secrets_open(i->dir);

	for (size_t k = 0; k < c->models_n; k++)
		list_slots(i, secrets, c->models[k].name, c->models[k].adapter);
	for (size_t k = 0; k < c->channels_n; k++)
		if (!c->channels[k].played_at)
			list_slots(i, secrets, c->channels[k].name, c->channels[k].adapter);
	secrets_free(secrets);
	return 0;
}

int command_secret(struct instance *i, int argc, char **argv)
{
	const char *why = instance_configure(i);

	if (why)
		return refuse("%s", why);
	if (argc == 0)
		return list(i);
	if (argc == 2 && strcmp(argv[0], "set") == 0)
		return set(i, argv[1]);
	if (argc == 2 && strcmp(argv[0], "forget") == 0)
		return forget(i, argv[1]);
	return usage();
}
