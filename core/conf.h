/* conf.h - instance/assistant.conf: the one file a person reads and writes.
 *
 * One statement a line, "#" begins a comment, closed vocabulary, no order. An unknown
 * word refuses the whole file with its line and a remedy.
 *
 *	name Chela
 *	persona persona.md
 *	model local = openai at http://127.0.0.1:11434/v1 using llama3.2
 *	set local.max_tokens = 2048
 *	use local else offline
 *	secret anthropic.key from env ANTHROPIC_API_KEY
 *	price anthropic claude-opus-4-8 in 5 out 25 cache-read 0.5 cache-write 6.25 USD
 *	limit steps 16
 *	limit tokens 100000
 *	limit context 60000
 *	allow read,write on core
 *	never write on core.forget
 *	channel work = slack
 *	channel demo = slack played at 127.0.0.1:8080
 *	owner U024BE7LH on work
 *	guest U0G9QF9C6 on work
 *	guest * on demo
 *
 * Prices are per million tokens. `limit tokens` bounds what one turn may cost, `limit
 * context` the history that a model is shown, both in tokens.
 *
 * Who is named nowhere is not heard: an owner may do everything that the person at the
 * terminal may, and is that person; a guest may talk to the assistant; * is everybody in that
 * service, who may be an owner only where the channel is played. Without such a line a channel
 * answers nobody, and `status` names who wrote. */
#ifndef CHELA_CONF_H
#define CHELA_CONF_H
#include "manifest.h"

struct conf_model {			/* model NAME = ADAPTER [at URL] [using MODEL] */
	char *name, *adapter;
	cJSON *config;			/* what was given: base, model, and `set` lines */
	int line;
};
struct conf_channel {			/* channel NAME = ADAPTER [played at HOST:PORT] */
	char *name, *adapter;
	char *played_at;		/* "127.0.0.1:8080" or "[::1]:8080"; or NULL */
	cJSON *config;			/* `set` lines */
	int line;
};
enum standing { STRANGER, GUEST, OWNER };
struct conf_person {			/* owner ID on CHANNEL, guest ID on CHANNEL */
	enum standing standing;
	char *id, *channel;		/* id "*": everybody */
	int line;
};
struct conf_secret { char *name, *env, *file; int line; };
struct conf_price {			/* in millionths of the currency for each million tokens */
	char *model_name, *model;	/* connection and model id */
	int64_t in, out, cache_read, cache_write;
	char currency[4];
	int line;
};
enum verdict { VERDICT_ALLOW, VERDICT_NEVER };
struct conf_rule {
	enum verdict verdict;
	unsigned effects;
	char *target;			/* "core", "core.remember" or "*" */
	char *text;			/* the line as written, for `why` */
	int line;
};
struct conf {
	char *name, *persona;
	struct conf_model *models;	size_t models_n;
	struct conf_channel *channels;	size_t channels_n;
	struct conf_person *people;	size_t people_n;
	struct conf_secret *secrets;	size_t secrets_n;
	struct conf_price *prices;	size_t prices_n;
	struct conf_rule *rules;	size_t rules_n;
	char **use;			size_t use_n;	/* names of models, first choice first */
	int64_t steps, tokens, context;
};

/* NULL and the configuration, or "FILE:LINE: what: remedy" (until the next call). */
const char *conf_parse(struct str text, const char *file, struct conf **ret) MUST_USE;
void conf_free(struct conf *c);
const struct conf_model *conf_model(const struct conf *c, const char *name);
const struct conf_channel *conf_channel(const struct conf *c, const char *name);
enum standing conf_standing(const struct conf *c, const char *channel, const char *id);

#endif
