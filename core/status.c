/* status.c - see status.h */
#include "status.h"
#include "store/audit.h"
#include "store/conversation.h"
#include "store/inbox.h"
#include "store/outbox.h"
#include <string.h>

static const char *seat_state(const struct seat *seat, bool first)
{
	if (seat->model)
		return seat->why ? "stale" : first ? "answers" : "ready";
	return seat->keyed ? "not enabled" : "no key";
}

static cJSON *models(const struct lineup *l)
{
	cJSON *list = cJSON_CreateArray();
	bool first = true;

	for (size_t k = 0; k < l->n; k++) {
		const struct seat *seat = &l->seats[k];

		cJSON_AddItemToArray(list, json_build("{name:%s,adapter:%s,model:%s,state:%s,why:%s}", seat->conf->name,
			seat->conf->adapter, seat->model ? json_text(seat->model->config, "/model") : NULL,
			seat_state(seat, first), seat->why));
		if (seat->model)
			first = false;
	}
	return list;
}

cJSON *status_build(const struct instance *i, const struct lineup *l, struct store *s, bool running)
{
	struct totals t = usage_totals(s);
	const char *broken = audit_check(s);
	DEFER(json_drop) cJSON *list = models(l);

	return json_build("{name:%s,instance:%s,running:%b,models:%j,inbox:%D,outbox:%D,dead_letters:%D,"
			  "audit:{rows:%D,broken:%s},usage:{turns:%D,in:%D,out:%D,cache_read:%D,cache_write:%D,micros:%D,unpriced:%D}}",
			  i->conf->name, i->dir, running, list, inbox_waiting(s), outbox_waiting(s), dead_letters(s),
			  audit_rows(s), broken, t.turns, t.in, t.out, t.cache_read, t.cache_write, t.micros, t.unpriced);
}

static int64_t number(const cJSON *json, const char *at)
{
	int64_t n = 0;

	json_number(json, at, 0, INT64_MAX, &n);
	return n;
}

static void print_cost(const cJSON *status, struct buf *out)
{
	int64_t micros = number(status, "/usage/micros"), unpriced = number(status, "/usage/unpriced");

	buf_addf(out, "  cost      ");
	if (micros == 0 && unpriced > 0)
		buf_addf(out, "unknown (no price line in assistant.conf fits)\n");
	else
		buf_addf(out, "%lld.%06lld%s\n", (long long)(micros / 1000000), (long long)(micros % 1000000),
			 unpriced ? ", and answers whose price is unknown" : "");
}

void status_print(const cJSON *status, struct buf *out)
{
	buf_addf(out, "%s, %s, in %s\n", json_text(status, "/name"),
		 json_true(status, "/running") ? "running" : "not running", json_text(status, "/instance"));
	for (const cJSON *m = json_first(json_at(status, "/models")); m; m = json_next(m)) {
		buf_addf(out, "  model     %-12s %-12s %s\n", json_text(m, "/name"), json_text(m, "/state"),
			 json_text(m, "/model") ? json_text(m, "/model") : "");
		if (json_text(m, "/why"))
			buf_addf(out, "            %s\n", json_text(m, "/why"));
	}
	buf_addf(out, "  waiting   %lld in, %lld out, %lld that could not be read\n", (long long)number(status, "/inbox"),
		 (long long)number(status, "/outbox"), (long long)number(status, "/dead_letters"));
	buf_addf(out, "  answers   %lld, %lld tokens in (%lld from the cache), %lld out\n", (long long)number(status, "/usage/turns"),
		 (long long)number(status, "/usage/in"), (long long)number(status, "/usage/cache_read"),
		 (long long)number(status, "/usage/out"));
	if (number(status, "/usage/turns") > 0)
		print_cost(status, out);
	buf_addf(out, "  decisions %lld, %s\n", (long long)number(status, "/audit/rows"),
		 json_text(status, "/audit/broken") ? json_text(status, "/audit/broken") : "each one chained to the last");
}
