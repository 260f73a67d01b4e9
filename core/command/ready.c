/* ready.c - from nothing to a model that may answer: the first start, and each later one. */
#include "command/command.h"
#include "control.h"
#include "lineup.h"
#include "log.h"
#include "prepare.h"
#include "resident.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Checked on this machine: a seal that fits, or is only stale. */
static bool see_checked(const struct instance *i, const char *adapter)
{
	DEFER(text_free) char *why = NULL;
	char *args[] = { (char *)adapter };

	if (seal_verify(i, adapter, NULL, &why) != SEAL_BROKEN)
		return true;
	fprintf(stderr, "%s.\n", why);
	fprintf(stderr, "Checking %s now.\n\n", adapter);
	return gate_run(i, STDERR_FILENO, 1, args) == 0;
}

/* "offline,slack" */
static bool is_among(const char *names, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = names; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		if (strncmp(at, name, n) == 0 && (at[n] == ',' || !at[n]))
			return true;
	return false;
}

static bool see_enabled(const struct instance *i, const char *adapter, const char *yes_to)
{
	DEFER(text_free) char *why = NULL;
	DEFER(text_free) char *question = text_fmt("May %s be used?", adapter);
	DEFER(text_free) char *instead = text_fmt("To say yes to it without one: --yes-to %s", adapter);
	const char *complaint;

	if (seal_enabled(i, adapter, &why))
		return true;
	fputc('\n', stderr);
	complaint = show_manifest(i, adapter, STDERR_FILENO);
	if (complaint) {
		refuse("%s", complaint);
		return false;
	}
	if (!is_among(yes_to, adapter) && !consent(question, instead))
		return false;
	complaint = seal_enable(i, adapter);
	if (complaint)
		refuse("%s", complaint);
	return !complaint;
}

static int see_to_model(struct instance *i, const char *yes_to)
{
	struct secrets *secrets = secrets_open(i->dir);
	const struct conf_model *choice;

	lineup_secrets(i, secrets);
	choice = lineup_choice(i, secrets);
	secrets_free(secrets);
	if (!choice)
		return refuse("no model can answer: `use` in %s/assistant.conf names none whose key is set; "
			      "`use offline` needs none", i->dir);
	if (!see_checked(i, choice->adapter))
		return refuse("%s did not pass its check, so it is not used", choice->adapter);
	if (!see_enabled(i, choice->adapter, yes_to))
		return refuse("%s is not enabled, so it is not used", choice->adapter);
	return 0;
}

/* A channel that cannot be used is no reason not to start: it is said, here and by `status`. */
static void see_to_channels(struct instance *i, const char *yes_to)
{
	struct secrets *secrets = secrets_open(i->dir);

	lineup_secrets(i, secrets);
	for (size_t k = 0; k < i->conf->channels_n; k++) {
		const struct conf_channel *ch = &i->conf->channels[k];
		DEFER(text_free) char *missing = channel_keys_missing(i, ch, secrets);

		if (missing)
			fprintf(stderr, "%s: %s\n", ch->name, missing);
		else if (!see_checked(i, ch->adapter))
			refuse("%s did not pass its check, so the channel %s is not used", ch->adapter, ch->name);
		else if (!see_enabled(i, ch->adapter, yes_to))
			refuse("%s is not enabled, so the channel %s is not used", ch->adapter, ch->name);
	}
	secrets_free(secrets);
}

int make_ready(struct instance *i, const char *yes_to, int *ret_fd)
{
	DEFER(buf_free) struct buf said = buf_new(65536);
	DEFER(text_free) char *control = instance_path(i, "control");
	const char *why = prepare_instance(i, &said);
	int status;

	fputs(buf_text(&said), stderr);
	if (!why)
		why = instance_configure(i);
	if (why)
		return refuse("%s", why);
	*ret_fd = control_connect(control);
	if (*ret_fd >= 0)
		return 0;
	if (instance_lock(i) != OK)
		return refuse("another chela works on %s at the moment: try again", i->dir);
	status = see_to_model(i, yes_to);
	if (!status)
		see_to_channels(i, yes_to);
	return status;
}

/* The child's life: away from the terminal, its log in instance/log, begun anew at 1 MB. */
static void become_core(struct instance *i, int ready)
{
	DEFER(text_free) char *path = instance_path(i, "log");
	int null = open("/dev/null", O_RDWR), log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	struct stat st;
	const char *why;

	setsid();
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	close(null);
	if (log >= 0 && fstat(log, &st) == 0 && st.st_size > 1 << 20 && ftruncate(log, 0) != 0)
		_exit(refuse("%s cannot be begun anew: %s", path, strerror(errno)));
	why = log >= 0 ? NULL : "instance/log cannot be written: is the folder yours?";
	if (!why) {
		int screen = dup(STDERR_FILENO);

		dup2(log, STDERR_FILENO);
		close(log);
		why = resident_run(i, ready);
		if (why)
			log_event(LOG_BROKEN, "the core stopped", "why", why, NULL);
		dup2(screen, STDERR_FILENO);
	}
	_exit(why ? refuse("%s", why) : 0);
}

int core_start(struct instance *i, int *ret_fd)
{
	DEFER(text_free) char *control = instance_path(i, "control");
	int ready[2];
	char byte;
	pid_t child;

	if (pipe2(ready, O_CLOEXEC) != 0)
		return -1;
	fflush(NULL);
	child = fork();
	if (child == 0) {
		close(ready[0]);
		become_core(i, ready[1]);
	}
	close(ready[1]);
	close(i->lock);		/* the child holds it */
	i->lock = -1;
	while (read(ready[0], &byte, 1) < 0 && errno == EINTR)
		;
	close(ready[0]);
	*ret_fd = child > 0 ? control_connect(control) : -1;
	return child;
}

void core_stop(int core)
{
	kill(core, SIGTERM);
	while (waitpid(core, NULL, 0) < 0 && errno == EINTR)
		;
}
