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
	struct spare **spares;			/* for each model */
	int *told;				/* for each model, the failure that people know of */
};

struct agent *agent_new(const struct agent_parts *parts)
{
	struct agent *a = calloc(1, sizeof *a);

	if (!a)
		abort();
	a->parts = *parts;
	a->told = mem_new(parts->models_n + 1, sizeof *a->told);
	a->spares = mem_new(parts->models_n + 1, sizeof *a->spares);
	for (size_t i = 0; i < parts->models_n; i++)
		a->spares[i] = spare_new(parts->loop, parts->models[i], 0);
	if (parts->models_n)
		spare_soon(a->spares[0]);
	return a;
}

void agent_free(struct agent *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->parts.models_n; i++)
		spare_free(a->spares[i]);
	free(a->spares);
	free(a->told);
	free(a->system);
	free(a);
}

const struct agent_parts *agent_parts(const struct agent *a)
{
	return &a->parts;
}

struct spare *agent_model(const struct agent *a, size_t model)
{
	return a->spares[model];
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
