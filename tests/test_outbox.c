/* test_outbox.c - what is to leave: each row's way from waiting to its end. */
#include "fixture.h"
#include "store/conversation.h"
#include "store/outbox.h"

static int64_t add(struct store *s, const char *connection, const char *chat, const char *text)
{
	return outbox_add(s, connection, chat, "", text, 0);
}

/* ---- states -------------------------------------------------------------- */

static void send(struct store *s, int64_t row) { outbox_sending(s, row); }
static void sent(struct store *s, int64_t row) { outbox_sent(s, row, "p1"); }
static void shown(struct store *s, int64_t row) { outbox_sent(s, row, NULL); }
static void refused(struct store *s, int64_t row) { outbox_failed(s, row, "HTTP 500"); }
static void crash(struct store *s, int64_t row) { (void)row; outbox_recover(s); }
static void put_off(struct store *s, int64_t row) { outbox_later(s, row, T0 + 5000); }
static void doubted(struct store *s, int64_t row) { outbox_unknown(s, row); }
static void gave_up(struct store *s, int64_t row) { outbox_given_up(s, row, "no answer"); }
static void begun_anew(struct store *s, int64_t row) { outbox_anew(s, row); }

static const struct { const char *name; void (*steps[5])(struct store *s, int64_t row); const char *want; } ways[] = {
	{ "nothing yet", { 0 }, "waiting||" },
	{ "bytes may have left", { send }, "sending||" },
	{ "it arrived", { send, sent }, "sent|p1|" },
	{ "handed over at once", { shown }, "sent||" },
	{ "it was refused", { send, refused }, "failed||HTTP 500" },
	{ "refused before it left", { refused }, "failed||HTTP 500" },
	{ "a crash while it waits", { crash }, "waiting||" },
	{ "a crash while it is sent", { send, crash }, "unknown||" },
	{ "unknown, and found to have arrived", { send, crash, sent }, "sent|p1|" },
	{ "unknown, and found to have failed", { send, crash, refused }, "failed||HTTP 500" },
	{ "a crash after it arrived", { send, sent, crash }, "sent|p1|" },
	{ "a crash after it failed", { send, refused, crash }, "failed||HTTP 500" },
	{ "a late success after a failure", { send, refused, sent }, "failed||HTTP 500" },
	{ "a late failure after a success", { send, sent, refused }, "sent|p1|" },
	{ "a second success", { send, sent, shown }, "sent|p1|" },
	{ "put off before it left", { put_off }, "waiting||" },
	{ "put off by the platform", { send, put_off }, "waiting||" },
	{ "put off, and sent again", { send, put_off, send }, "sending||" },
	{ "put off after it arrived", { send, sent, put_off }, "sent|p1|" },
	{ "put off after it failed", { send, refused, put_off }, "failed||HTTP 500" },
	{ "nobody knows", { send, doubted }, "unknown||" },
	{ "nobody can know of what has not left", { doubted }, "waiting||" },
	{ "nobody knows of what arrived", { send, sent, doubted }, "sent|p1|" },
	{ "surely not there", { send, doubted, put_off }, "waiting||" },
	{ "found there", { send, doubted, sent }, "sent|p1|" },
	{ "unknown, and sent again", { send, doubted, send }, "sending||" },
	{ "nobody will ever know", { send, doubted, gave_up }, "unknown||no answer" },
	{ "given up at once", { send, gave_up }, "unknown||no answer" },
	{ "what has not left is not given up", { gave_up }, "waiting||" },
	{ "given up, and not there after all", { send, gave_up, put_off }, "unknown||no answer" },
	{ "given up, and begun anew", { send, gave_up, begun_anew }, "unknown||no answer" },
	{ "given up, and its receipt comes", { send, gave_up, sent }, "sent|p1|" },
	{ "given up, and a crash", { send, gave_up, crash }, "unknown||no answer" },
	{ "begun anew", { send, begun_anew }, "waiting||" },
	{ "begun anew, and arrived", { send, begun_anew, send, sent }, "sent|p1|" },
	{ "begun anew after it arrived", { send, sent, begun_anew }, "sent|p1|" },
	{ "begun anew after it failed", { refused, begun_anew }, "failed||HTTP 500" },
};

START_TEST(a_row_goes_its_way_once)
{
	struct store *s = new_store();
	int64_t row = add(s, "work", "C", "hello"), other = add(s, "work", "C", "other");
	DEFER(text_free) char *state = NULL;

	for (int i = 0; ways[_i].steps[i]; i++)
		ways[_i].steps[i](s, row);
	store_get(s, row_to_text, &state, "SELECT state || '|' || ifnull(platform_id, '') || '|' || ifnull(why, '')"
		  " FROM outbox WHERE row = ?", "i", row);
	ck_assert_msg(strcmp(state, ways[_i].want) == 0, "%s: %s", ways[_i].name, state);
	ck_assert_int_eq(count(s, "SELECT count(*) FROM outbox WHERE state = 'waiting' AND text = 'other'"), 1);
	ck_assert_int_eq(outbox_waiting(s), strncmp(state, "waiting", 7) == 0 ? 2 : 1);
	ck_assert_int_gt(other, row);
	store_close(s);
}
END_TEST

START_TEST(what_leaves_a_second_time_is_a_mistake)
{
	struct store *s = new_store();
	int64_t row = add(s, "work", "C", "hello");

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	outbox_sending(s, row);
	outbox_sending(s, row);
}
END_TEST

START_TEST(a_row_that_is_not_there_changes_nothing)
{
	struct store *s = new_store();
	int64_t row = add(s, "work", "C", "hello");

	outbox_sent(s, row + 1, "x");
	outbox_failed(s, -1, "x");
	ck_assert_int_eq(outbox_waiting(s), 1);
	ck_assert_int_eq(count(s, "SELECT count(*) FROM outbox"), 1);
	store_close(s);
}
END_TEST

START_TEST(a_crash_tells_how_many_are_unknown)
{
	struct store *s = new_store();

	ck_assert_int_eq(outbox_recover(s), 0);
	for (int i = 0; i < 5; i++)
		add(s, "work", "C", "hello");
	outbox_sending(s, 2);
	outbox_sending(s, 4);
	ck_assert_int_eq(outbox_recover(s), 2);
	ck_assert_int_eq(outbox_recover(s), 0);
	ck_assert_int_eq(outbox_waiting(s), 3);
	store_close(s);
}
END_TEST

/* ---- showing those that wait --------------------------------------------- */

struct seen {
	struct store *s;
	struct buf texts;
	bool take;			/* sends what it is shown, and adds one more once */
};

static void see(const struct outbound *out, void *to)
{
	struct seen *seen = to;

	buf_addf(&seen->texts, "%s ", out->text);
	if (!seen->take)
		return;
	outbox_sending(seen->s, out->row);
	outbox_sent(seen->s, out->row, "x");
	if (strcmp(out->text, "a") == 0)
		add(seen->s, "work", "C1", "late");
}

static const struct { const char *name, *connection, *chat, *want; } shows[] = {
	{ "all of a connection", "work", NULL, "a b c " },
	{ "one chat", "work", "C1", "a c " },
	{ "another connection", "home", NULL, "d " },
	{ "the same chat elsewhere", "home", "C1", "d " },
	{ "a chat without rows", "work", "C9", "" },
	{ "nobody's connection", "nobody", NULL, "" },
	{ "a pattern is not a name", "work", "%", "" },
};

static void fill(struct store *s)
{
	add(s, "work", "C1", "a");
	add(s, "work", "C2", "b");
	add(s, "home", "C1", "d");
	add(s, "work", "C1", "c");
}

START_TEST(rows_that_wait_are_shown_in_order)
{
	struct seen seen = { .s = new_store(), .texts = buf_new(1000) };

	fill(seen.s);
	outbox_each(seen.s, shows[_i].connection, shows[_i].chat, see, &seen);
	ck_assert_msg(strcmp(buf_text(&seen.texts), shows[_i].want) == 0, "%s: %s", shows[_i].name, buf_text(&seen.texts));
	buf_free(&seen.texts);
	store_close(seen.s);
}
END_TEST

START_TEST(rows_may_be_sent_and_added_while_they_are_shown)
{
	struct seen seen = { .s = new_store(), .texts = buf_new(1000), .take = true };

	fill(seen.s);
	outbox_each(seen.s, "work", "C1", see, &seen);
	ck_assert_str_eq(buf_text(&seen.texts), "a c late ");
	buf_free(&seen.texts);
	outbox_each(seen.s, "work", "C1", see, &seen);
	ck_assert_str_eq(buf_text(&seen.texts), "");
	store_close(seen.s);
}
END_TEST

START_TEST(a_row_is_read_as_it_was_put_in_with_a_key_of_its_own)
{
	static const struct inbound to = { .connection = "work", .chat = "C", .thread = "t", .handle = "https://h/1" };
	struct store *s = new_store();
	int64_t turn = turn_begin(s, conversation_find(s, "work", "C", "t"), 0, "");
	int64_t row = outbox_reply(s, &to, "\xF0\x9F\xA6\x80 '\"\n", turn);
	struct outbound out = { 0 };

	ck_assert(outbox_get(s, row, &out));
	ck_assert_str_eq(out.connection, "work");
	ck_assert_str_eq(out.chat, "C");
	ck_assert_str_eq(out.thread, "t");
	ck_assert_str_eq(out.text, "\xF0\x9F\xA6\x80 '\"\n");
	ck_assert_str_eq(out.handle, "https://h/1");
	ck_assert_str_eq(out.id, "");
	ck_assert_uint_eq(strlen(out.key), 24);
	ck_assert_uint_eq(strspn(out.key, "0123456789abcdef"), 24);
	ck_assert(out.row == row && out.turn == turn && out.tries == 0 && out.due == 0 && out.added == T0 && !out.unknown);
	outbound_free(&out);
	ck_assert(!outbox_get(s, row + 1, &out));
	for (int i = 0; i < 100; i++)
		add(s, "work", "C", "hello");
	ck_assert_int_eq(count(s, "SELECT count(DISTINCT key) FROM outbox"), 101);
	store_close(s);
}
END_TEST

START_TEST(tries_are_counted_until_it_arrives_and_begin_anew_with_a_new_key)
{
	struct store *s = new_store();
	int64_t row = add(s, "work", "C", "hello");
	struct outbound first, out;

	ck_assert(outbox_get(s, row, &first));
	for (int i = 0; i < 3; i++) {
		outbox_sending(s, row);
		outbox_later(s, row, T0 + 100);
	}
	ck_assert(outbox_get(s, row, &out));
	ck_assert(out.tries == 3 && out.due == T0 + 100 && strcmp(out.key, first.key) == 0);
	outbound_free(&out);
	outbox_sending(s, row);
	outbox_unknown(s, row);
	ck_assert(outbox_get(s, row, &out));
	ck_assert(out.tries == 4 && out.unknown);
	outbound_free(&out);
	outbox_anew(s, row);
	ck_assert(outbox_get(s, row, &out));
	ck_assert(out.tries == 0 && out.due == 0 && !out.unknown && strcmp(out.key, first.key) != 0);
	outbound_free(&out);
	outbound_free(&first);
	store_close(s);
}
END_TEST

/* ---- heads --------------------------------------------------------------- */

static void see_head(const struct outbound *out, void *to)
{
	buf_addf(to, "%s%s ", out->text, out->unknown ? "?" : "");
}

static const char *heads(struct store *s, const char *connection)
{
	static char texts[200];
	DEFER(buf_free) struct buf b = buf_new(sizeof texts - 1);

	outbox_heads(s, connection, see_head, &b);
	snprintf(texts, sizeof texts, "%s", buf_text(&b));
	return texts;
}

/* Rows a and c in chat C1, b in C2; each step is "row act". */
static const struct { const char *name, *steps, *want; int64_t due; } lines[] = {
	{ "the first of each chat", "", "a b ", 0 },
	{ "what is being sent is in the way", "a send", "b ", 0 },
	{ "what arrived is not", "a send a sent", "b c ", 0 },
	{ "what failed is not", "a failed", "b c ", 0 },
	{ "what is unknown is shown", "a send a doubt", "a? b ", 0 },
	{ "what was given up is not in the way", "a send a doubt a giveup", "b c ", 0 },
	{ "what is not due is in the way", "a later", "b ", 5000 },
	{ "what is behind it and not due counts not", "c later", "a b ", 0 },
	{ "the next that is due", "a later b sooner", "", 1000 },
	{ "due right now", "a now", "a b ", 0 },
	{ "unknown and not due", "a send a doubt a later", "b ", 5000 },
	{ "all arrived", "a sent b sent c sent", "", 0 },
};

static void step(struct store *s, char who, const char *act)
{
	int64_t row = who == 'a' ? 1 : who == 'b' ? 2 : 3;

	if (strcmp(act, "send") == 0)
		outbox_sending(s, row);
	else if (strcmp(act, "sent") == 0)
		outbox_sent(s, row, "p");
	else if (strcmp(act, "failed") == 0)
		outbox_failed(s, row, "no");
	else if (strcmp(act, "doubt") == 0)
		outbox_unknown(s, row);
	else if (strcmp(act, "giveup") == 0)
		outbox_given_up(s, row, "no");
	else
		outbox_later(s, row, strcmp(act, "later") == 0 ? T0 + 5000 : strcmp(act, "sooner") == 0 ? T0 + 1000 : T0);
}

START_TEST(the_first_open_row_of_each_chat_may_leave)
{
	struct store *s = new_store();
	const char *at = lines[_i].steps;
	char act[10];

	add(s, "work", "C1", "a");
	add(s, "work", "C2", "b");
	add(s, "work", "C1", "c");
	add(s, "home", "C1", "d");
	for (; *at; at += strcspn(at + 2, " ") + 2, at += *at == ' ') {
		snprintf(act, sizeof act, "%.*s", (int)strcspn(at + 2, " "), at + 2);
		step(s, *at, act);
	}
	ck_assert_msg(strcmp(heads(s, "work"), lines[_i].want) == 0, "%s: %s", lines[_i].name, heads(s, "work"));
	ck_assert_int_eq(outbox_due(s, "work", store_now(s)), lines[_i].due ? T0 + lines[_i].due : 0);
	ck_assert_str_eq(heads(s, "home"), "d ");
	store_set_clock(s, T0 + 5000);
	ck_assert_int_eq(outbox_due(s, "work", store_now(s)), 0);
	store_close(s);
}
END_TEST

START_TEST(a_chat_that_waits_long_goes_before_one_whose_name_is_earlier)
{
	struct store *s = new_store();

	add(s, "work", "Z", "first");
	add(s, "work", "A", "second");
	add(s, "work", "M", "third");
	ck_assert_str_eq(heads(s, "work"), "first second third ");
	store_close(s);
}
END_TEST

static void send_all(const struct outbound *out, void *to)
{
	struct store *s = to;

	outbox_failed(s, out->row, "no");
	outbox_sent(s, 2, "p");			/* another head, before it is shown */
}

START_TEST(rows_may_change_while_heads_are_shown)
{
	struct store *s = new_store();

	fill(s);
	outbox_heads(s, "work", send_all, s);
	ck_assert_str_eq(heads(s, "work"), "c ");
	ck_assert_int_eq(count(s, "SELECT count(*) FROM outbox WHERE state = 'failed'"), 1);
	store_close(s);
}
END_TEST

/* ---- drafts, answers, pieces --------------------------------------------- */

static struct inbound asked = { .connection = "work", .chat = "C", .thread = "t", .handle = "" };

/* All rows as they would leave: text, state and id of each. */
static const char *rows(struct store *s)
{
	static char text[400];
	DEFER(text_free) char *list = NULL;

	store_get(s, row_to_text, &list, "SELECT group_concat(text || ':' || CASE WHEN state = 'unknown' AND open THEN 'open' ELSE"
		  " state END || CASE WHEN platform_id IS NULL THEN '' ELSE '@' || platform_id END, ' ')"
		  " FROM (SELECT * FROM outbox ORDER BY place, part)", "");
	snprintf(text, sizeof text, "%s", list ? list : "");
	return text;
}

static cJSON *split(const char *pieces)
{
	cJSON *list = cJSON_CreateArray();

	for (const char *at = pieces; *at; at += strcspn(at, "|"), at += *at == '|') {
		DEFER(text_free) char *piece = str_dup((struct str){ at, strcspn(at, "|") });

		cJSON_AddItemToArray(list, cJSON_CreateString(piece));
	}
	return list;
}

/* One letter each, about the row of the draft or answer, "1" to "9" before it about that row:
 * d draft "Ab"; D draft "Abc"; A answer "Abc|de|f"; a answer "Ab"; s sending; r receipt with id p;
 * n receipt without; f failed; u unknown; g given up; l later; w anew; x cut to "X|Y"; X cut to
 * "X|Y|Z"; m another message in the chat; k a reply of the turn */
static const struct { const char *name, *steps, *want; } stories[] = {
	{ "an answer without a draft", "A", "Abc:waiting de:waiting f:waiting" },
	{ "a draft", "d", "Ab:waiting" },
	{ "a draft that grows before it is sent", "dD", "Abc:waiting" },
	{ "a draft that grows while it is sent stays", "dsD", "Ab:sending" },
	{ "a draft that grows after it was sent is edited", "dsrD", "Abc:waiting@p" },
	{ "a draft that did not grow", "dsrd", "Ab:sent@p" },
	{ "a draft that is edited keeps its id", "dsrDsn", "Abc:sent@p" },
	{ "a draft that cannot be edited", "dsnD", "Ab:sent" },
	{ "a draft that failed", "dfD", "Ab:failed" },
	{ "a draft that nobody knows of", "dsuD", "Ab:open" },
	{ "a draft that waits becomes the answer", "dA", "Abc:waiting de:waiting f:waiting" },
	{ "a draft that was sent is edited", "dsrA", "Abc:waiting@p de:waiting f:waiting" },
	{ "a draft that was all of it", "dsra", "Ab:sent@p" },
	{ "a draft that was the first piece", "DsrA", "Abc:sent@p de:waiting f:waiting" },
	{ "a draft that is being sent goes on", "dsA", "Abc:sending de:waiting f:waiting" },
	{ "and is edited after its receipt", "dsAr", "Abc:waiting@p de:waiting f:waiting" },
	{ "and is not when nothing changed", "dsar", "Ab:sent@p" },
	{ "and goes as it is now when it was put off", "dsAl", "Abc:waiting de:waiting f:waiting" },
	{ "and then needs no edit", "dsAlsr", "Abc:sent@p de:waiting f:waiting" },
	{ "and goes as it is now when the draft was refused", "dsAf", "Abc:waiting de:waiting f:waiting" },
	{ "and fails when that is refused, too", "dsAfsf", "Abc:failed de:failed f:failed" },
	{ "and is looked for", "dsAu", "Abc:open de:waiting f:waiting" },
	{ "and is edited when it is found", "dsAur", "Abc:waiting@p de:waiting f:waiting" },
	{ "and is a new message when nobody can know", "dsAug", "Abc:waiting de:waiting f:waiting" },
	{ "a draft in doubt when the answer comes", "dsuA", "Abc:open de:waiting f:waiting" },
	{ "and found", "dsuAr", "Abc:waiting@p de:waiting f:waiting" },
	{ "and surely not there", "dsuAlsr", "Abc:sent@p de:waiting f:waiting" },
	{ "and given up", "dsuAgsr", "Abc:sent@p de:waiting f:waiting" },
	{ "a draft that failed is not the answer", "dfA", "Abc:waiting de:waiting f:waiting" },
	{ "nor one that was given up", "dsgA", "Abc:waiting de:waiting f:waiting" },
	{ "nor one whose edit failed", "dsrDfA", "Abc:waiting de:waiting f:waiting" },
	{ "nor one that cannot be edited", "dsnA", "Ab:sent Abc:waiting de:waiting f:waiting" },
	{ "an edit that is no more to be had", "dsrAw", "Abc:waiting de:waiting f:waiting" },
	{ "a reply of the same turn is no draft", "kdA", "k:waiting Abc:waiting de:waiting f:waiting" },
	{ "what came later stays behind all pieces", "dmA", "Abc:waiting de:waiting f:waiting m:waiting" },
	{ "also behind those of a cut", "AmX", "X:waiting Y:waiting Z:waiting de:waiting f:waiting m:waiting" },
	{ "the second piece is cut", "Am2X", "Abc:waiting X:waiting Y:waiting Z:waiting f:waiting m:waiting" },
	{ "the last piece is cut", "Am3x", "Abc:waiting de:waiting X:waiting Y:waiting m:waiting" },
	{ "a piece of a cut is cut", "mAXs6x", "m:waiting X:sending Y:waiting X:waiting Y:waiting de:waiting f:waiting" },
	{ "a message alone is cut", "mm1x", "X:waiting Y:waiting m:waiting" },
	{ "what is being sent is cut", "mm1s1x", "X:waiting Y:waiting m:waiting" },
	{ "an edit is cut", "dsrAx", "X:waiting@p Y:waiting de:waiting f:waiting" },
	{ "a draft that is cut keeps the first piece", "dsx", "X:waiting" },
	{ "and becomes the whole answer", "dsxA", "Abc:waiting de:waiting f:waiting" },
	{ "what arrived is not cut", "asrx", "Ab:sent@p" },
	{ "what failed is not cut", "afx", "Ab:failed" },
	{ "the first piece fails with those behind it", "Amf", "Abc:failed de:failed f:failed m:waiting" },
	{ "a piece fails with those behind it", "Amsr2s2f", "Abc:sent@p de:failed f:failed m:waiting" },
	{ "the last piece fails alone", "Amsr3f", "Abc:sent@p de:waiting f:failed m:waiting" },
	{ "the first piece of a cut fails with the rest", "mm1x1f", "X:failed Y:failed m:waiting" },
	{ "nothing else fails with a message alone", "mm1f", "m:failed m:waiting" },
	{ "a piece that failed twice", "A2f2f", "Abc:waiting de:failed f:failed" },
};

static struct { int64_t turn, row; } told;

static void act(struct store *s, char what, int64_t row)
{
	DEFER(json_drop) cJSON *two = split("X|Y"), *three = split("X|Y|Z"), *whole = split("Abc|de|f"), *one = split("Ab");
	int64_t r = 0;

	switch (what) {
	case 'd': r = outbox_draft(s, &asked, "Ab", told.turn); break;
	case 'D': r = outbox_draft(s, &asked, "Abc", told.turn); break;
	case 'A': r = outbox_answer(s, &asked, whole, told.turn); break;
	case 'a': r = outbox_answer(s, &asked, one, told.turn); break;
	case 's': outbox_sending(s, row); break;
	case 'r': outbox_sent(s, row, "p"); break;
	case 'n': outbox_sent(s, row, ""); break;
	case 'f': outbox_failed(s, row, "no"); break;
	case 'u': outbox_unknown(s, row); break;
	case 'g': outbox_given_up(s, row, "no"); break;
	case 'l': outbox_later(s, row, T0 + 1); break;
	case 'w': outbox_anew(s, row); break;
	case 'x': outbox_cut(s, row, two); break;
	case 'X': outbox_cut(s, row, three); break;
	case 'm': outbox_add(s, "work", "C", "", "m", 0); break;
	case 'k': outbox_reply(s, &asked, "k", told.turn); break;
	default: ck_abort_msg("no step %c", what);
	}
	if (r)
		told.row = r;
}

static void tell(struct store *s, const char *steps)
{
	told.turn = turn_begin(s, conversation_find(s, "work", "C", "t"), 0, "");
	told.row = 0;
	for (const char *c = steps; *c; c++) {
		int64_t row = *c >= '1' && *c <= '9' ? *c++ - '0' : 0;

		act(s, *c, row ? row : told.row);
	}
}

START_TEST(an_answer_becomes_its_rows)
{
	struct store *s = new_store();

	tell(s, stories[_i].steps);
	ck_assert_msg(strcmp(rows(s), stories[_i].want) == 0, "%s: %s", stories[_i].name, rows(s));
	store_close(s);
}
END_TEST

START_TEST(a_piece_has_all_that_its_answer_has)
{
	struct inbound to = asked;
	struct store *s = new_store();
	DEFER(json_drop) cJSON *pieces = split("a|b");
	struct outbound out;
	int64_t turn = turn_begin(s, conversation_find(s, "work", "C", "t"), 0, "");

	to.handle = "h";
	outbox_cut(s, outbox_answer(s, &to, pieces, turn), pieces);
	ck_assert_str_eq(rows(s), "a:waiting b:waiting b:waiting");
	for (int64_t row = 1; row <= 3; row++) {
		ck_assert(outbox_get(s, row, &out));
		ck_assert(out.turn == turn && out.added == T0);
		ck_assert_str_eq(out.connection, "work");
		ck_assert_str_eq(out.chat, "C");
		ck_assert_str_eq(out.thread, "t");
		ck_assert_str_eq(out.handle, "h");
		outbound_free(&out);
	}
	ck_assert_int_eq(count(s, "SELECT count(DISTINCT key) FROM outbox"), 3);
	store_close(s);
}
END_TEST

START_TEST(each_turn_has_its_own_draft)
{
	struct store *s = new_store();
	int64_t c = conversation_find(s, "work", "C", "t"), one = turn_begin(s, c, 0, ""), two = turn_begin(s, c, 0, "");
	int64_t first = outbox_draft(s, &asked, "1", one), second = outbox_draft(s, &asked, "2", two);

	ck_assert(first && second && first != second);
	ck_assert_int_eq(outbox_draft(s, &asked, "1!", one), first);
	ck_assert_int_eq(outbox_draft(s, &asked, "2", two), 0);
	ck_assert_str_eq(rows(s), "1!:waiting 2:waiting");
	store_close(s);
}
END_TEST

START_TEST(an_answer_goes_to_where_its_chat_is_now)
{
	struct store *s = new_store();
	struct inbound in = { "work", "old", "t", "message", "1", "", "U", "hi", "owner", "", 0, false };
	struct outbound out;

	in.row = inbox_add(s, &in);
	outbox_add(s, "work", "old", "", "before", 0);
	outbox_add(s, "home", "old", "", "another's", 0);
	chat_moved(s, "work", "old", "new");
	ck_assert(outbox_get(s, outbox_reply(s, &in, "after", 0), &out));
	ck_assert_str_eq(out.chat, "new");
	ck_assert_str_eq(out.thread, "t");
	outbound_free(&out);
	ck_assert_str_eq(heads(s, "work"), "before ");
	ck_assert_int_eq(count(s, "SELECT count(*) FROM outbox WHERE chat = 'new'"), 2);
	store_close(s);
}
END_TEST

START_TEST(what_did_not_arrive_is_told_the_latest_first)
{
	struct store *s = new_store();
	DEFER(json_drop) cJSON *none = outbox_lost(s, 5), *lost = NULL, *two = NULL;

	same_json(none, "[]");
	for (int i = 0; i < 6; i++)
		add(s, "work", "C", "x");
	outbox_failed(s, 2, "channel_not_found");
	store_set_clock(s, T0 + 1);
	outbox_sending(s, 1);
	outbox_sending(s, 3);
	outbox_sending(s, 4);
	outbox_sent(s, 3, "p");
	outbox_unknown(s, 4);
	store_set_clock(s, T0 + 2);
	outbox_given_up(s, 4, "no answer");
	outbox_recover(s);
	lost = outbox_lost(s, 5);
	same_json(lost, "[{\"row\":4,\"connection\":\"work\",\"chat\":\"C\",\"state\":\"unknown\",\"why\":\"no answer\",\"changed\":1767225600002},"
			"{\"row\":1,\"connection\":\"work\",\"chat\":\"C\",\"state\":\"unknown\",\"changed\":1767225600002},"
			"{\"row\":2,\"connection\":\"work\",\"chat\":\"C\",\"state\":\"failed\",\"why\":\"channel_not_found\",\"changed\":1767225600000}]");
	two = outbox_lost(s, 2);
	ck_assert_int_eq(json_count(two), 2);
	store_close(s);
}
END_TEST

/* ---- what costs nothing, and what never happened ------------------------- */

static int count_step(void *to)
{
	++*(int64_t *)to;
	return 0;
}

/* How many steps SQLite's machine takes for all that is asked on a usual day. */
static int64_t work_of_a_look(struct store *s)
{
	struct seen seen = { .s = s, .texts = buf_new(1 << 20) };
	DEFER(json_drop) cJSON *lost = NULL;
	int64_t steps = 0, turn = turn_begin(s, conversation_find(s, "work", "C", ""), 0, "");

	sqlite3_progress_handler(store_db(s), 1, count_step, &steps);
	heads(s, "work");
	outbox_due(s, "work", store_now(s));
	outbox_waiting(s);
	outbox_each(s, "work", NULL, see, &seen);
	outbox_recover(s);
	lost = outbox_lost(s, 5);
	outbox_sent(s, outbox_add(s, "work", "C", "", "more", 0), "p");
	outbox_failed(s, 1, "no");
	outbox_draft(s, &asked, "Ab", turn);
	sqlite3_progress_handler(store_db(s), 0, NULL, NULL);
	buf_free(&seen.texts);
	return steps;
}

START_TEST(what_was_sent_slows_nothing)
{
	struct store *s = new_store();
	int64_t few, many;

	for (int i = 0; i < 20; i++) {
		DEFER(text_free) char *chat = text_fmt("C%d", i % 5);

		add(s, "work", chat, "x");
	}
	few = work_of_a_look(s);
	store_do(s, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
		 " INSERT INTO outbox (connection, chat, thread, text, key, state, place, platform_id, added, changed)"
		 " SELECT 'work', 'C' || (i % 1000), '', 'x', i, 'sent', 1000 + i, i, 0, 0 FROM n", "");
	ck_assert_int_eq(store_changed(s), 100000);
	many = work_of_a_look(s);
	ck_assert_msg(many < few + few / 4, "%lld steps, and %lld with 100000 rows", (long long)few, (long long)many);
	store_close(s);
}
END_TEST

START_TEST(a_thousand_chats_are_looked_through_in_proportion)
{
	struct store *s = new_store();
	int64_t one, all;

	add(s, "work", "C", "x");
	one = work_of_a_look(s);
	for (int i = 0; i < 1000; i++) {
		DEFER(text_free) char *chat = text_fmt("D%d", i);

		add(s, "home", chat, "x");
		add(s, "work", chat, "x");
	}
	all = work_of_a_look(s);
	ck_assert_msg(all < one + 1000 * 300, "%lld steps, and %lld with 1000 chats", (long long)one, (long long)all);
	store_close(s);
}
END_TEST

START_TEST(an_event_that_is_undone_leaves_every_row_as_it_was)
{
	struct store *s = new_store();
	char before[400];

	tell(s, "dsrmm");
	snprintf(before, sizeof before, "%s", rows(s));
	must_commit(s);
	store_mark(s);
	for (const char *c = "DAsfwx"; *c; c++)
		act(s, *c, told.row);
	ck_assert_str_ne(rows(s), before);
	store_undo(s);
	must_commit(s);
	ck_assert_str_eq(rows(s), before);
	store_close(s);
}
END_TEST

START_TEST(in_a_doomed_turn_nothing_changes_and_nothing_aborts)
{
	struct store *s;
	char before[400];
	enum err e;

	disk_watch();
	ck_assert_ptr_null(store_open(in_folder("chela.db"), &s));
	tell(s, "dsrmm");
	snprintf(before, sizeof before, "%s", rows(s));
	must_commit(s);
	disk.left = 0;
	disk.error = ENOSPC;
	while (!store_doomed(s))
		store_do(s, "INSERT INTO note (person, text, kept) VALUES ('a', hex(zeroblob(20000)), 1)", "");
	for (const char *c = "dDAasrnfuglwxXmk"; *c; c++)
		act(s, *c, told.row);
	ck_assert_int_eq(outbox_recover(s), 0);
	ck_assert_int_eq(outbox_add(s, "work", "C", "", "x", 0), 0);
	disk.left = -1;
	e = store_commit(s);
	ck_assert_int_eq(e, ERR_SYSTEM);
	ck_assert_str_eq(rows(s), before);
	store_close(s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("outbox");
	TCase *t = tcase_create("outbox"), *file = tcase_create("file");
	SRunner *r = srunner_create(suite);
	int failed;

	tcase_add_loop_test(t, a_row_goes_its_way_once, 0, COUNT(ways));
	tcase_add_test_raise_signal(t, what_leaves_a_second_time_is_a_mistake, SIGABRT);
	tcase_add_test(t, a_row_that_is_not_there_changes_nothing);
	tcase_add_test(t, a_crash_tells_how_many_are_unknown);
	tcase_add_loop_test(t, rows_that_wait_are_shown_in_order, 0, COUNT(shows));
	tcase_add_test(t, rows_may_be_sent_and_added_while_they_are_shown);
	tcase_add_test(t, a_row_is_read_as_it_was_put_in_with_a_key_of_its_own);
	tcase_add_test(t, tries_are_counted_until_it_arrives_and_begin_anew_with_a_new_key);
	tcase_add_loop_test(t, the_first_open_row_of_each_chat_may_leave, 0, COUNT(lines));
	tcase_add_test(t, a_chat_that_waits_long_goes_before_one_whose_name_is_earlier);
	tcase_add_test(t, rows_may_change_while_heads_are_shown);
	tcase_add_loop_test(t, an_answer_becomes_its_rows, 0, COUNT(stories));
	tcase_add_test(t, a_piece_has_all_that_its_answer_has);
	tcase_add_test(t, each_turn_has_its_own_draft);
	tcase_add_test(t, an_answer_goes_to_where_its_chat_is_now);
	tcase_add_test(t, what_did_not_arrive_is_told_the_latest_first);
	tcase_add_test(t, what_was_sent_slows_nothing);
	tcase_add_test(t, a_thousand_chats_are_looked_through_in_proportion);
	tcase_add_test(t, an_event_that_is_undone_leaves_every_row_as_it_was);
	tcase_add_unchecked_fixture(file, folders_begin, folders_end);
	tcase_add_checked_fixture(file, folder_make, NULL);
	tcase_add_test(file, in_a_doomed_turn_nothing_changes_and_nothing_aborts);
	suite_add_tcase(suite, t);
	suite_add_tcase(suite, file);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
