/* fuzz.c - what strangers can send, at random and under clang's libFuzzer (`make fuzz`): the
 * first byte says what is fuzzed, the rest is what came. A property that does not hold aborts. */
#include "file.h"
#include "framing.h"
#include "inbound.h"
#include "limits.h"
#include "markdown.h"
#include "split.h"
#include "upgrade.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* (not assert(): libFuzzer tells what input it was) */
#define MUST(holds) ((holds) ? (void)0 : (fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #holds), abort()))

/* ---- the answer to an upgrade -------------------------------------------- */

static const char key[] = "dGhlIHNhbXBsZSBub25jZQ==";		/* RFC 6455, 1.3 */

/* Once it is judged it stays so, however it was cut, and its head is its own. */
static void fuzz_upgrade(struct str came)
{
	struct upgrade_answer whole = { 0 }, part = { 0 };
	enum upgrade judged = upgrade_judge(came, key, &whole);

	if (judged == UPGRADE_DONE)
		MUST(whole.head <= came.len && memcmp(came.at + whole.head - 4, "\r\n\r\n", 4) == 0);
	else if (judged == UPGRADE_REFUSED)
		MUST(whole.why && utf8_valid(str_of(whole.why)));
	for (size_t n = 0; n < came.len && came.len < 2000; n++) {
		enum upgrade early = upgrade_judge((struct str){ came.at, n }, key, &part);

		MUST(early == UPGRADE_MORE || early == judged);
		MUST(early != UPGRADE_DONE || (n >= whole.head && part.head == whole.head));
	}
}

/* ---- frames -------------------------------------------------------------- */

struct feed {
	struct framing framing;
	struct str came;
	size_t each;
};

static ssize_t feed(struct framing *f, void *room, size_t n)
{
	struct feed *from = container_of(f, struct feed, framing);

	if (n > from->each)
		n = from->each;
	if (n > from->came.len)
		n = from->came.len;
	if (n == 0)
		return -1;
	memcpy(room, from->came.at, n);
	from->came = (struct str){ from->came.at + n, from->came.len - n };
	return (ssize_t)n;
}

/* A line for each thing that was heard. */
static void hear_all(struct str came, size_t each, struct buf *ret)
{
	struct feed f = { { .receive = feed }, came, each };
	enum heard heard;

	framing_begin(&f.framing);
	do {
		heard = framing_next(&f.framing);
		if (heard == HEARD_TEXT || heard == HEARD_CLOSE)
			MUST(utf8_valid(f.framing.bytes));
		MUST(heard != HEARD_TEXT || f.framing.bytes.len <= SOCKET_MESSAGE_MAX);
		buf_addf(ret, "%d %d ", heard, heard == HEARD_WRONG || heard == HEARD_CLOSE ? f.framing.code : 0);
		if (heard != HEARD_NOTHING && heard != HEARD_WRONG)
			buf_add(ret, f.framing.bytes.at, f.framing.bytes.len);
		buf_addc(ret, '\n');
	} while (heard == HEARD_TEXT || heard == HEARD_PING);
	framing_end(&f.framing);
}

/* The same is heard, however it was cut. */
static void fuzz_frames(struct str came)
{
	struct buf whole = buf_new(1 << 24), pieces = buf_new(1 << 24);

	hear_all(came, SIZE_MAX, &whole);
	hear_all(came, 1, &pieces);
	MUST(whole.len == pieces.len && (whole.len == 0 || memcmp(whole.at, pieces.at, whole.len) == 0));
	buf_free(&whole);
	buf_free(&pieces);
}

/* ---- what somebody did --------------------------------------------------- */

static struct manifest *slack(void)
{
	static struct manifest *m;
	DEFER(buf_free) struct buf text = buf_new(FILE_MAX);

	if (!m) {
		MUST(file_read("specs/slack/manifest.json", FILE_MAX, &text) == OK);
		MUST(!manifest_parse(buf_str(&text), "manifest.json", &m));
	}
	return m;
}

static void read_at(const cJSON *raw, const char *at, const cJSON *me)
{
	DEFER(json_drop) cJSON *made = NULL;
	enum inbound_kind kind;
	const char *from;

	if (inbound_read(slack(), "line", raw, at, me, &kind, &made) != INBOUND_READ)
		return;
	from = json_text(made, "/from");
	MUST(kind == INBOUND_MOVED || json_text(made, "/chat"));
	MUST(!from || (*from && strcmp(from, "U0") != 0 && strcmp(from, "B0") != 0));
	for (const cJSON *c = json_first(made); c; c = c->next)
		MUST(!cJSON_IsString(c) || utf8_valid(str_of(c->valuestring)));
}

/* Every place, as an adapter could point at it. */
static void read_everywhere(const cJSON *raw, const cJSON *here, const char *at, const cJSON *me)
{
	int n = 0;

	read_at(raw, at, me);
	for (const cJSON *c = cJSON_IsObject(here) || cJSON_IsArray(here) ? here->child : NULL; c && n < 40; c = c->next, n++) {
		DEFER(text_free) char *step = c->string ? text_fmt("%s/%s", at, c->string) : text_fmt("%s/%d", at, n);

		read_everywhere(raw, c, step, me);
	}
}

static void fuzz_json(struct str text)
{
	DEFER(json_drop) cJSON *raw = NULL, *again = NULL, *told = NULL, *me = NULL;
	DEFER(text_free) char *printed = NULL, *shown = NULL;
	const char *handle;

	if (json_decode(text, &raw))
		return;
	printed = json_print(raw);
	MUST(!json_decode(str_of(printed), &again) && json_same(raw, again));
	json_mend(raw);
	me = json_build("{id:'U0',bot:'B0',team:'T0',app:'A0'}");
	read_everywhere(raw, raw, "", me);
	told = inbound_told(slack(), "line", raw);
	shown = told ? json_print(told) : NULL;
	handle = json_text(raw, "/payload/response_url");
	MUST(!shown || !handle || !*handle || json_is(told, "/payload/response_url", "<handle>"));
}

/* ---- what a model says --------------------------------------------------- */

static bool calls_nobody(const char *text)
{
	for (const char *c = text; (c = strchr(c, '<')) != NULL; c++)
		if (strncmp(c, "<http://", 8) != 0 && strncmp(c, "<https://", 9) != 0 && strncmp(c, "<mailto:", 8) != 0)
			return false;
	return true;
}

static void fuzz_answer(struct str said)
{
	DEFER(text_free) char *text = NULL, *made = NULL;
	DEFER(json_drop) cJSON *pieces = NULL;
	enum text_unit unit;
	enum marks marks;
	int64_t max;

	if (said.len < 3 || memchr(said.at, '\0', said.len) || !utf8_valid(said))
		return;
	unit = (enum text_unit)((unsigned char)said.at[0] % (UNIT_BYTE + 1));
	marks = (enum marks)((unsigned char)said.at[1] % (MARKS_HTML + 1));
	max = 30 + (unsigned char)said.at[2];
	text = str_dup(said);
	made = markdown_render(text, marks);
	pieces = split_text(made, max, unit, marks);
	MUST(utf8_valid(str_of(made)) && (marks != MARKS_MRKDWN || calls_nobody(made)));
	for (const cJSON *p = json_first(pieces); p; p = p->next)
		MUST(text_units(str_of(p->valuestring), unit) <= max && utf8_valid(str_of(p->valuestring)));
}

/* What they say, in plain words. */
static void fuzz_plain(struct str said)
{
	DEFER(text_free) char *text = NULL, *plain = NULL, *cut = NULL;
	DEFER(json_drop) cJSON *marks = cJSON_CreateArray();
	bool found;

	if (memchr(said.at, '\0', said.len) || !utf8_valid(said))
		return;
	text = str_dup(said);
	cJSON_AddItemToArray(marks, cJSON_CreateString("<@{me}>"));
	cut = inbound_cut(text, marks, "U0", &found);
	plain = inbound_plain(cut, "mrkdwn");
	MUST(utf8_valid(str_of(cut)) && utf8_valid(str_of(plain)));
	MUST(found || strcmp(cut, text) == 0 || strlen(cut) < strlen(text));
}

/* ---- which --------------------------------------------------------------- */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str rest = { (const char *)bytes + 1, n ? n - 1 : 0 };

	if (n == 0)
		return 0;
	switch (bytes[0]) {
	case 'u': fuzz_upgrade(rest); break;
	case 'f': fuzz_frames(rest); break;
	case 'j': fuzz_json(rest); break;
	case 'a': fuzz_answer(rest); break;
	case 'p': fuzz_plain(rest); break;
	}
	return 0;
}
