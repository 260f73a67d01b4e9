/* agent.c - see agent.h */
#include "agent.h"
#include "adapter/adapter.h"
#include "file.h"
#include "history.h"
#include "limits.h"
#include <stdlib.h>
#include <sys/stat.h>

struct agent {
	struct agent_parts parts;
	char *system;
	struct timespec persona_changed;	/* of the file that `system` was made with */
	off_t persona_size;			/* -1: there was none */
	int *told;				/* for each model, the failure that people know of */
};

struct agent *agent_new(const struct agent_parts *parts)
{
	struct agent *a = calloc(1, sizeof *a);

	if (!a)
		abort();
	a->parts = *parts;
	a->told = calloc(parts->models_n + 1, sizeof *a->told);
	if (!a->told)
		abort();
	return a;
}

void agent_free(struct agent *a)
{
	if (!a)
		return;
	free(a->told);
	free(a->system);
	free(a);
}

const struct agent_parts *agent_parts(const struct agent *a)
{
	return &a->parts;
}

const char *agent_system(struct agent *a)
{
	const struct conf *conf = a->parts.instance->conf;
	DEFER(text_free) char *path = instance_path(a->parts.instance, conf->persona);
	DEFER(buf_free) struct buf persona = buf_new(FILE_MAX);
	struct stat st;

	if (stat(path, &st) != 0)
		st = (struct stat){ .st_size = -1 };
	if (a->system && st.st_size == a->persona_size && st.st_mtim.tv_sec == a->persona_changed.tv_sec &&
	    st.st_mtim.tv_nsec == a->persona_changed.tv_nsec)
		return a->system;
	a->persona_size = st.st_size;
	a->persona_changed = st.st_mtim;
	text_free(&a->system);
	if (file_read(path, FILE_MAX, &persona) != OK || !utf8_valid(buf_str(&persona)))
		buf_cut(&persona, 0);
	a->system = history_system(conf, buf_text(&persona));
	return a->system;
}

bool agent_tells(struct agent *a, size_t model, int failure)
{
	bool new = failure != FAIL_NONE && a->told[model] != failure;

	a->told[model] = failure;
	return new;
}
