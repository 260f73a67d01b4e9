/* status.c - see status.h */
#include "status.h"
#include "limits.h"
#include "store/audit.h"
#include "store/conversation.h"
#include "store/inbox.h"
#include "store/outbox.h"
#include "strict.h"
#include <string.h>
#include <time.h>

enum { ROWS_SHOWN = 5 };	/* of strangers, and of what was lost: the latest; the rest is in the database */

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

/* How many lines of the owner's file let somebody talk there. */
static int64_t people_on(const struct conf *c, const char *channel)
{
	int64_t n = 0;

	for (size_t k = 0; k < c->people_n; k++)
		n += strcmp(c->people[k].channel, channel) == 0;
	return n;
}

static cJSON *channels_of(const struct conf *c, const cJSON *given)
{
	cJSON *list = given ? cJSON_Duplicate(given, true) : cJSON_CreateArray();

	for (cJSON *ch = list->child; ch; ch = ch->next)
		json_add(ch, "people", cJSON_CreateNumber((double)people_on(c, json_text(ch, "/name"))));
	return list;
}

/* Who was let in since, or wrote in a channel that is no more, is none. */
static cJSON *strangers_to(const struct conf *c, struct store *s)
{
	cJSON *all = strangers(s, STRANGERS_MAX), *list = cJSON_CreateArray();

	for (cJSON *p = all->child, *next; p && cJSON_GetArraySize(list) < ROWS_SHOWN; p = next) {
		const char *channel = json_text(p, "/connection");

		next = p->next;
		if (conf_channel(c, channel) && conf_standing(c, channel, json_text(p, "/sender")) == STRANGER)
			cJSON_AddItemToArray(list, cJSON_DetachItemViaPointer(all, p));
	}
	cJSON_Delete(all);
	return list;
}

cJSON *status_build(const struct instance *i, const struct lineup *l, struct store *s, const cJSON *channels,
		    bool running)
{
	struct totals t = usage_totals(s);
	const char *broken = audit_check(s);
	DEFER(json_drop) cJSON *answerers = models(l), *talking = channels_of(i->conf, channels);
	DEFER(json_drop) cJSON *unknown = strangers_to(i->conf, s), *lost = outbox_lost(s, ROWS_SHOWN);

	return json_build("{name:%s,instance:%s,running:%b,models:%j,channels:%j,strangers:%j,inbox:%D,outbox:%D,lost:%j,"
			  "dead_letters:%D,audit:{rows:%D,broken:%s},"
			  "usage:{turns:%D,in:%D,out:%D,cache_read:%D,cache_write:%D,micros:%D,unpriced:%D}}",
			  i->conf->name, i->dir, running, answerers, talking, unknown, inbox_waiting(s), outbox_waiting(s), lost,
			  dead_letters(s), audit_rows(s), broken, t.turns, t.in, t.out, t.cache_read, t.cache_write, t.micros,
			  t.unpriced);
}

/* ---- in words ------------------------------------------------------------ */

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

/* "14:03" today, else "12 Mar 14:03" */
static void print_time(struct buf *out, int64_t ms)
{
	time_t at = (time_t)(ms / 1000), now = time(NULL);
	struct tm then, today;
	char text[32];

	localtime_r(&at, &then);
	localtime_r(&now, &today);
	strftime(text, sizeof text, then.tm_year == today.tm_year && then.tm_yday == today.tm_yday ? "%H:%M" : "%e %b %H:%M",
		 &then);
	buf_adds(out, text + strspn(text, " "));
}

/* What somebody else chose, on one line of ours, within a block of code in a chat, too. */
static void print_foreign(struct buf *out, const char *text)
{
	for (; *text; text++) {
		bool hidden = strict_hidden(text);

		buf_addc(out, hidden ? '?' : *text == '`' ? '\'' : *text);
		while (hidden && ((unsigned char)text[1] & 0xC0) == 0x80)
			text++;
	}
}

static void print_models(const cJSON *status, struct buf *out)
{
	for (const cJSON *m = json_first(json_at(status, "/models")); m; m = json_next(m)) {
		buf_addf(out, "  model     %-12s %-12s %s\n", json_text(m, "/name"), json_text(m, "/state"),
			 json_text(m, "/model") ? json_text(m, "/model") : "");
		if (json_text(m, "/why"))
			buf_addf(out, "            %s\n", json_text(m, "/why"));
	}
}

static void print_channels(const cJSON *status, struct buf *out)
{
	for (const cJSON *ch = json_first(json_at(status, "/channels")); ch; ch = json_next(ch)) {
		const char *name = json_text(ch, "/name");

		buf_addf(out, "  channel   %-12s %-12s %s", name, json_text(ch, "/state"), json_text(ch, "/adapter"));
		if (number(ch, "/since")) {
			buf_adds(out, ", since ");
			print_time(out, number(ch, "/since"));
		}
		buf_addc(out, '\n');
		if (json_text(ch, "/why")) {
			buf_adds(out, "            ");
			print_foreign(out, json_text(ch, "/why"));
			buf_addc(out, '\n');
		}
		if (!number(ch, "/people"))
			buf_addf(out, "            nobody may talk to it yet; to let somebody: owner ID on %s, or guest ID on %s, "
				 "in assistant.conf\n", name, name);
	}
}

static void print_strangers(const cJSON *status, struct buf *out)
{
	for (const cJSON *p = json_first(json_at(status, "/strangers")); p; p = json_next(p)) {
		const char *channel = json_text(p, "/connection");
		int64_t count = number(p, "/count");

		buf_adds(out, "  unknown   ");
		print_foreign(out, json_text(p, "/sender"));
		buf_addf(out, " on %s wrote ", channel);
		if (count == 1)
			buf_adds(out, "once");
		else
			buf_addf(out, "%lld times", (long long)count);
		buf_adds(out, "; to let them: guest ");
		print_foreign(out, json_text(p, "/sender"));
		buf_addf(out, " on %s, in assistant.conf\n", channel);
	}
}

static void print_lost(const cJSON *status, struct buf *out)
{
	for (const cJSON *row = json_first(json_at(status, "/lost")); row; row = json_next(row)) {
		buf_adds(out, json_is(row, "/state", "failed") ? "  lost      did not arrive: to " :
								 "  lost      nobody knows whether it arrived: to ");
		print_foreign(out, json_text(row, "/chat"));
		buf_addf(out, " on %s, ", json_text(row, "/connection"));
		print_time(out, number(row, "/changed"));
		buf_addc(out, '\n');
		if (json_text(row, "/why")) {
			buf_adds(out, "            ");
			print_foreign(out, json_text(row, "/why"));
			buf_addc(out, '\n');
		}
	}
}

void status_print(const cJSON *status, struct buf *out)
{
	buf_addf(out, "%s, %s, in %s\n", json_text(status, "/name"),
		 json_true(status, "/running") ? "running" : "not running", json_text(status, "/instance"));
	print_models(status, out);
	print_channels(status, out);
	print_strangers(status, out);
	buf_addf(out, "  waiting   %lld in, %lld out, %lld that could not be read\n", (long long)number(status, "/inbox"),
		 (long long)number(status, "/outbox"), (long long)number(status, "/dead_letters"));
	print_lost(status, out);
	buf_addf(out, "  answers   %lld, %lld tokens in (%lld from the cache), %lld out\n", (long long)number(status, "/usage/turns"),
		 (long long)number(status, "/usage/in"), (long long)number(status, "/usage/cache_read"),
		 (long long)number(status, "/usage/out"));
	if (number(status, "/usage/turns") > 0)
		print_cost(status, out);
	buf_addf(out, "  decisions %lld, %s\n", (long long)number(status, "/audit/rows"),
		 json_text(status, "/audit/broken") ? json_text(status, "/audit/broken") : "each one chained to the last");
}
