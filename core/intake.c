/* intake.c - see intake.h */
#include "intake.h"
#include "limits.h"
#include "store/conversation.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char unknown_person[] =
	"I do not know you yet, so I have kept nothing of this. Whoever runs me can let you in: "
	"`chela status` shows how.";
static const char help[] =
	"Ask me anything after the command, or one of: stop, new, status, model.";
static const char full[] =
	"Too many messages wait here already, so I did not take this one. Please say it again when "
	"I have answered.";
static const char too_long[] =
	"That is longer than I can take at once. Please send it in parts.";

/* ---- words for the program ----------------------------------------------- */

static const struct {
	const char *phrase;		/* all of a message */
	const char *word;		/* behind a slash, or as a command's text */
	enum intake what;
} words[] = {
	{ "stop", "stop", INTAKE_STOP },
	{ "new conversation", "new", INTAKE_NEW },
	{ "status", "status", INTAKE_STATUS },
	{ "which model", "model", INTAKE_MODEL },
};

/* In any case, with whatever stands around it that says nothing. */
static bool says(const char *text, const char *word)
{
	size_t n = strlen(word);

	text += strspn(text, " \t\n");
	return strncasecmp(text, word, n) == 0 && strspn(text + n, " \t\n.!?") == strlen(text + n);
}

static enum intake word_for_us(const char *text, bool command)
{
	text += strspn(text, " \t\n");
	for (size_t i = 0; i < COUNT(words); i++)
		if (says(text, words[i].phrase) || (command && says(text, words[i].word)) ||
		    (text[0] == '/' && says(text + 1, words[i].word)))
			return words[i].what;
	return INTAKE_ROW;
}

/* ---- who, and whether it is meant for us --------------------------------- */

static enum standing standing_of(const struct conf *conf, const struct inbound *in)
{
	return conf_standing(conf, in->connection, in->sender);
}

static bool meant_for_us(struct store *s, const struct inbound *in, const cJSON *what)
{
	return json_true(what, "/dm") || json_true(what, "/mentioned") ||
	       (in->thread[0] && conversation_known(s, in->connection, in->chat, in->thread));
}

static void answer(struct intake_result *r, const char *text)
{
	r->what = INTAKE_ANSWER;
	r->text = text;
}

/* Once; then it is only counted. */
static void meet_stranger(struct store *s, struct intake_result *r)
{
	if (stranger_count(s, r->in.connection, r->in.sender) == 1)
		answer(r, unknown_person);
}

/* ---- what is said -------------------------------------------------------- */

/* Kept, so that it is known when it comes again, but for no turn. */
static bool keep_as_done(struct store *s, const struct inbound *in)
{
	struct inbound note = *in;
	int64_t row;

	note.text = "";
	row = inbox_add(s, &note);
	if (row)
		inbox_done(s, row);
	return row != 0;
}

static bool no_room(struct store *s, const struct inbound *in)
{
	return inbox_waiting_in(s, in->connection, in->chat, in->thread) >= CHAT_WAITING_MAX ||
	       (strcmp(in->person, "owner") != 0 && inbox_waiting_by(s, in->person) >= PERSON_WAITING_MAX) ||
	       inbox_waiting(s) >= ALL_WAITING_MAX;
}

static void ask_program(struct store *s, const struct conf *conf, enum intake what, struct intake_result *r)
{
	if (!keep_as_done(s, &r->in))
		return;
	r->what = what;
	if (what == INTAKE_STATUS && standing_of(conf, &r->in) != OWNER)
		answer(r, "Only an owner is told how things stand.");
	else if (what == INTAKE_STATUS && r->in.shared)
		answer(r, "Others read this chat: ask me that where you are alone with me.");
}

static void take(struct store *s, struct intake_result *r)
{
	const char *refusal = strlen(r->in.text) > LINE_IN_MAX ? too_long : no_room(s, &r->in) ? full : NULL;

	if (refusal) {
		if (keep_as_done(s, &r->in))
			answer(r, refusal);
		return;
	}
	r->what = inbox_add(s, &r->in) ? INTAKE_ROW : INTAKE_NOTHING;
	conversation_find(s, r->in.connection, r->in.chat, r->in.thread);	/* from now on we take part */
}

static void message(struct store *s, const struct conf *conf, const cJSON *what, struct intake_result *r)
{
	enum intake word = word_for_us(r->in.text, false);

	if (!meant_for_us(s, &r->in, what))
		return;
	if (standing_of(conf, &r->in) == STRANGER)
		meet_stranger(s, r);
	else if (word != INTAKE_ROW)
		ask_program(s, conf, word, r);
	else
		take(s, r);
}

static void command(struct store *s, const struct conf *conf, struct intake_result *r)
{
	enum intake word = word_for_us(r->in.text, true);

	r->in.kind = "message";
	if (standing_of(conf, &r->in) == STRANGER)
		meet_stranger(s, r);
	else if (!r->in.text[strspn(r->in.text, " \t\n")]) {
		if (keep_as_done(s, &r->in))
			answer(r, help);
	} else if (word != INTAKE_ROW) {
		ask_program(s, conf, word, r);
	} else {
		take(s, r);
	}
}

static void rewrite(struct store *s, const struct conf *conf, enum inbound_kind kind, const cJSON *what,
		    const struct inbound *in)
{
	bool gone = kind == INBOUND_DELETE;

	if (!gone && standing_of(conf, in) == STRANGER)
		return;
	inbox_rewrite(s, in->connection, in->chat, json_text(what, "/of"), gone ? NULL : in->sender,
		      gone ? "deleted" : json_text(what, "/version"), gone ? NULL : in->text);
}

static const char *text_or(const cJSON *what, const char *at)
{
	const char *text = json_text(what, at);

	return text ? text : "";
}

void intake(struct store *s, const struct conf *conf, const char *channel, enum inbound_kind kind,
	    const cJSON *what, struct intake_result *ret)
{
	*ret = (struct intake_result){ .in = {
		.connection = channel, .chat = text_or(what, "/chat"), .thread = text_or(what, "/thread"),
		.kind = inbound_name(kind), .id = text_or(what, "/id"), .version = "",
		.sender = text_or(what, "/from"), .text = text_or(what, "/text"), .handle = text_or(what, "/handle"),
		.shared = !json_true(what, "/dm"),
	} };
	ret->person = standing_of(conf, &ret->in) == OWNER ? text_dup("owner")
							    : text_fmt("%s:%s", channel, ret->in.sender);
	ret->in.person = ret->person;
	if (kind == INBOUND_COMMAND && ret->in.shared && ret->in.handle[0]) {
		ret->in.thread = ret->thread = private_thread(ret->in.sender);
		ret->in.shared = false;
	}
	switch (kind) {
	case INBOUND_MESSAGE: message(s, conf, what, ret); break;
	case INBOUND_COMMAND: command(s, conf, ret); break;
	case INBOUND_EDIT: case INBOUND_DELETE: rewrite(s, conf, kind, what, &ret->in); break;
	case INBOUND_MOVED: chat_moved(s, channel, text_or(what, "/old"), text_or(what, "/new")); break;
	case INBOUND_REACTION: case INBOUND_BUTTON: break;
	}
}

void intake_free(struct intake_result *r)
{
	text_free(&r->person);
	text_free(&r->thread);
}
