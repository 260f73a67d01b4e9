/* why.c - chela why: which rule decides, layer by layer, without doing anything. */
#include "builtin.h"
#include "command/command.h"
#include "render.h"
#include <stdio.h>
#include <string.h>

static int usage(void)
{
	fputs("usage: chela why INTEGRATION.OPERATION [ARGUMENT=VALUE ...], such as\n"
	      "       chela why core.remember text=hello\n", stderr);
	return 2;
}

/* text stays text; a number or true, false where the argument's type says so. */
static cJSON *typed(const struct operation *op, const char *name, const char *value)
{
	cJSON *json = NULL;

	for (size_t k = 0; k < op->args_n; k++) {
		enum arg_type type = op->args[k].type;

		if (strcmp(op->args[k].name, name) == 0 && (type == TYPE_INT || type == TYPE_BOOL || type == TYPE_JSON) &&
		    json_decode(str_of(value), &json) == NULL)
			return json;
	}
	return cJSON_CreateString(value);
}

static const char *arguments(const struct operation *op, int argc, char **argv, cJSON *ret)
{
	for (int k = 0; k < argc; k++) {
		size_t n = strcspn(argv[k], "=");
		DEFER(text_free) char *name = str_dup((struct str){ argv[k], n });

		if (argv[k][n] != '=')
			return "an argument is written NAME=VALUE";
		json_add(ret, name, typed(op, name, argv[k] + n + 1));
	}
	return NULL;
}

static int explain(const struct instance *i, const struct manifest *m, const char *name, int argc, char **argv)
{
	const struct operation *op = manifest_operation(m, name);
	DEFER(json_drop) cJSON *given = cJSON_CreateObject();
	DEFER(json_drop) cJSON *args = NULL;
	DEFER(buf_free) struct buf words = buf_new(65536);
	const char *why;

	if (!op) {
		fprintf(stderr, "chela: %s has no operation \"%s\"; it has", m->name, name);
		for (size_t k = 0; k < m->operations_n; k++)
			fprintf(stderr, " %s", m->operations[k].name);
		fputc('\n', stderr);
		return 1;
	}
	why = arguments(op, argc, argv, given);
	if (!why && argc > 0)
		why = arguments_check(op->args, op->args_n, given, &args);
	if (why)
		return refuse("%s.%s: %s", m->name, name, why);
	if (m->kind == KIND_MODEL) {
		printf("%s.%s is what a model is asked with: it runs only within a turn, one request for each, and has no effect\n"
		       "but the answer.\n", m->name, name);
		return 0;
	}
	printf("%s\n", would_allow(i->conf, m->name, op, args ? args : given, &words) ? "allowed" : "denied");
	fputs(buf_text(&words), stdout);
	return 0;
}

int command_why(struct instance *i, int argc, char **argv)
{
	const char *dot = argc > 0 ? strchr(argv[0], '.') : NULL;
	DEFER(text_free) char *name = dot ? str_dup((struct str){ argv[0], (size_t)(dot - argv[0]) }) : NULL;
	DEFER(text_free) char *file = NULL;
	struct manifest *m;
	const char *why;
	int status;

	if (!dot || !name_fits(name))
		return usage();
	why = instance_configure(i);
	if (why)
		return refuse("%s", why);
	if (strcmp(name, "core") == 0)
		return explain(i, builtin_manifest(), dot + 1, argc - 1, argv + 1);
	file = root_path(i, "specs/%s/manifest.json", name);
	why = manifest_read(file, &m);
	if (why)
		return refuse("%s", why);
	status = explain(i, m, dot + 1, argc - 1, argv + 1);
	manifest_free(m);
	return status;
}
