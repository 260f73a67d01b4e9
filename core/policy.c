/* policy.c - see policy.h */
#include "policy.h"
#include "store/audit.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { NAME_SHOWN_MAX = 64 };	/* of a name that anybody made up */

/* What the owner's file says about one operation. */
struct judgement {
	unsigned allowed;		/* effects that some line allows */
	const struct conf_rule *never;	/* the first line that forbids one of its effects */
};

static bool aims_at(const char *target, const char *integration, const struct operation *op)
{
	size_t n = strlen(integration);

	if (strcmp(target, "*") == 0)
		return true;
	if (strncmp(target, integration, n) != 0)
		return false;
	return target[n] == '\0' || (target[n] == '.' && strcmp(target + n + 1, op->name) == 0);
}

static bool matches(const struct conf_rule *rule, const char *integration, const struct operation *op)
{
	return (rule->effects & op->effects) && aims_at(rule->target, integration, op);
}

static struct judgement weigh(const struct conf *conf, const char *integration, const struct operation *op)
{
	struct judgement j = { 0 };

	for (size_t i = 0; i < conf->rules_n; i++) {
		const struct conf_rule *rule = &conf->rules[i];

		if (!matches(rule, integration, op))
			continue;
		switch (rule->verdict) {
		case VERDICT_ALLOW:
			j.allowed |= rule->effects & op->effects;
			break;
		case VERDICT_NEVER:
			if (!j.never)
				j.never = rule;
			break;
		}
	}
	return j;
}

static bool allows(const struct judgement *j, const struct operation *op)
{
	return !j->never && j->allowed == op->effects;
}

/* ---- the same in words --------------------------------------------------- */

static void name_effects(struct buf *b, unsigned effects)
{
	const char *comma = "";

	for (int bit = 0; bit < EFFECTS; bit++)
		if (effects & 1u << bit) {
			buf_addf(b, "%s%s", comma, effect_name(bit));
			comma = ",";
		}
}

static void name_lines(struct buf *b, const struct conf *conf, const char *integration, const struct operation *op)
{
	const char *between = "";

	for (size_t i = 0; i < conf->rules_n; i++)
		if (matches(&conf->rules[i], integration, op)) {
			buf_addf(b, "%sline %d: %s", between, conf->rules[i].line, conf->rules[i].text);
			between = "; ";
		}
}

/* The floor's word: what nothing allows is denied, and which line is missing. */
static void name_missing(struct buf *b, unsigned missing, const char *integration, const struct operation *op)
{
	buf_adds(b, "no line of assistant.conf allows ");
	name_effects(b, missing);
	buf_addf(b, " on %s.%s; the owner can add \"allow ", integration, op->name);
	name_effects(b, missing);
	buf_addf(b, " on %s\"", integration);
}

static void name_rule(struct buf *b, const struct conf *conf, const char *integration, const struct operation *op,
		      const struct judgement *j)
{
	if (j->never)
		buf_addf(b, "line %d: %s", j->never->line, j->never->text);
	else if (!op->effects)
		buf_adds(b, "it has no effect but its answer");
	else if (allows(j, op))
		name_lines(b, conf, integration, op);
	else
		name_missing(b, op->effects & ~j->allowed, integration, op);
}

static void name_layers(struct buf *why, const struct conf *conf, const char *integration,
			const struct operation *op, const struct judgement *j)
{
	size_t before;

	buf_addf(why, "manifest: %s.%s can ", integration, op->name);
	name_effects(why, op->effects);
	buf_adds(why, op->effects ? "\nassistant.conf: " : "do nothing but answer\nassistant.conf: ");
	before = why->len;
	name_lines(why, conf, integration, op);
	buf_adds(why, why->len == before ? "no line is about it\nfloor: " : "\nfloor: ");
	if (j->allowed == op->effects)
		buf_adds(why, "nothing against it");
	else
		name_missing(why, op->effects & ~j->allowed, integration, op);
	buf_addc(why, '\n');
}

/* ---- deciding ------------------------------------------------------------ */

bool would_allow(const struct conf *conf, const char *integration, const struct operation *op,
		 const cJSON *args, struct buf *why)
{
	struct judgement j = weigh(conf, integration, op);

	(void)args;
	if (why)
		name_layers(why, conf, integration, op, &j);
	return allows(&j, op);
}

static void set_rule(struct decision *d, struct str rule)
{
	snprintf(d->rule, sizeof d->rule, "%.*s", (int)utf8_fit(rule, sizeof d->rule - 1), rule.at);
}

struct decision would_decide(const struct conf *conf, const char *integration, const struct operation *op)
{
	DEFER(buf_free) struct buf rule = buf_new(1 << 16);
	struct judgement j = weigh(conf, integration, op);
	struct decision d = { .allowed = allows(&j, op) };

	name_rule(&rule, conf, integration, op, &j);
	set_rule(&d, (struct str){ buf_text(&rule), rule.len });
	return d;
}

static void write_down(struct store *s, const struct task *task, const char *integration, struct str operation,
		       const struct decision *d, const cJSON *args)
{
	DEFER(text_free) char *name = text_fmt("%s.%.*s", integration, (int)operation.len, operation.at);

	audit_add(s, &(struct audit){
		.task = task->turn, .connection = task->connection, .operation = name,
		.verdict = d->allowed ? "allowed" : "denied", .rule = d->rule, .args = args,
	});
}

struct decision decide(struct store *s, const struct conf *conf, const struct task *task,
		       const char *integration, const struct operation *op, const cJSON *args)
{
	struct decision d = would_decide(conf, integration, op);

	write_down(s, task, integration, str_of(op->name), &d, args);
	return d;
}

void decide_unfit(struct store *s, const struct task *task, const char *integration, const char *name,
		  const cJSON *args, const char *why)
{
	struct decision d = { .allowed = false };
	struct str shown = { name, utf8_fit(str_of(name), NAME_SHOWN_MAX) };

	set_rule(&d, str_of(why));
	write_down(s, task, integration, shown, &d, args);
}
