/* adapter.c - the model that is none: a few sentences it knows, the assistant's own tools,
 * and plain words about what it is. It asks for nothing that is outside this machine. */
#include "adapter.h"

struct adapter { char nothing; };	/* a turn is answered as soon as it is told */

const size_t adapter_size = sizeof(struct adapter);

/* specs/offline/talk.md: "It MUST say what it is, in these words and no others, and MUST NOT
 * pretend to understand." */
static const char unknown[] =
	"I am chela without a language model, so I do not understand that. `help` tells what I can do all the same, "
	"and how to give me a model.";
static const char help[] =
	"I am chela without a language model. These sentences I know:\n\n"
	"- `remember` and what: I keep it as a note, word for word\n"
	"- `what do you remember`, or `what do you remember about` and words of it\n"
	"- `forget` and the number of a note\n"
	"- `what time is it`\n"
	"- `what may you do`: the rules that hold for me\n"
	"- `how do you work`\n\n"
	"To give me a model, name one in instance/assistant.conf. For Claude: `model anthropic = anthropic` and "
	"`use anthropic else offline`; then type `build/chela check anthropic`, `build/chela enable anthropic` and "
	"`build/chela secret set anthropic.key`. For one on this machine, such as Ollama's: `model local = openai at "
	"http://127.0.0.1:11434/v1 using llama3.2` and `use local else offline`; then `build/chela check openai` and "
	"`build/chela enable openai`. README.md tells the rest.";
static const char how[] =
	"What you say is written down before anything is done with it. Then a model is asked, through a small program, "
	"an adapter, which was checked against its contract and runs in a sandbox without network, files or keys: what "
	"it wants done, the core does, by rules that you can read in instance/assistant.conf. Each use of a tool is "
	"written down before it happens, each answer before you see it; after a crash it goes on from there. The "
	"adapter that answers now is `offline`, which is no language model.";

/* specs/offline/talk.md: "The first row that fits MUST be taken." */
static const struct sentence {
	const char *words, *tool, *arg;		/* with .arg, how it begins; else the whole of it */
	const char *answer;			/* where there is no tool */
} sentences[] = {
	{ "help", NULL, NULL, help },
	{ "how do you work", NULL, NULL, how },
	{ "remember ", "remember", "text", NULL },
	{ "what do you remember about ", "recall", "words", NULL },
	{ "what do you remember", "recall", NULL, NULL },
	{ "forget note ", "forget", "note", NULL },
	{ "forget ", "forget", "note", NULL },
	{ "what time is it", "now", NULL, NULL },
	{ "what may you do", "permissions", NULL, NULL },
};

/* specs/offline/tools.md: "It MUST be told as an empty one." */
static void say(uint32_t ref, const char *text)
{
	host_result(ref, json_make("{stop:'end',text:%s,calls:%j}", text ? text : "", json_list()));
}

/* ---- what was said ------------------------------------------------------- */

static char small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* What follows `with`, in whatever case that is written; NULL: it begins otherwise.
 * specs/offline/talk.md: "Letters A to Z MUST be read like a to z." */
static const char *after(const char *text, const char *with)
{
	for (; *with; text++, with++)
		if (small(*text) != *with)
			return NULL;
	return text;
}

static const char *trim(const char *text, const char *end)
{
	size_t n;

	text += strspn(text, " \t\r\n");
	for (n = strlen(text); n > 0 && strchr(end, text[n - 1]); n--)
		;
	return text_make("%.*s", (int)n, text);
}

/* What follows the last line that ends what the program says; NULL: there is none. */
static const char *after_program(const char *text)
{
	static const char line[] = "\n[End of what the program says]";
	const char *found = NULL;

	for (const char *at = strstr(text, line); at; at = strstr(at + 1, line)) {
		const char *next = at + strlen(line);

		if (!*next || *next == '\n')
			found = next;
	}
	return found;
}

/* specs/offline/talk.md: "What the program put before the person's words MUST be skipped. The last
 * such line MUST count" */
static const char *words_of(const cJSON *message)
{
	const char *text = json_is(message, "/role", "user") ? json_text(message, "/text") : NULL;
	const char *rest = text_starts(text, "[From the program,") ? after_program(text) : NULL;

	return trim(rest ? rest : text ? text : "", " \t\r\n");
}

static const struct sentence *sentence_of(const char *said, const char **ret_rest)
{
	for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
		const struct sentence *s = &sentences[i];
		const char *rest = after(said, s->words);

		if (!rest)
			continue;
		/* specs/offline/talk.md: "White space around what was said MUST be ignored; so
		 * MUST any of `.`, `!`, `?` and white space after a sentence that has no
		 * argument."
		 * specs/offline/tools.md: "All that follows the sentence is kept word for
		 * word: only white space around it MUST be cut." "White space and any of `.`,
		 * `!` and `?` at the end MUST be cut from the argument." */
		*ret_rest = trim(rest, text_is(s->arg, "text") ? "" : " \t\r\n.!?");
		/* specs/offline/talk.md: "A sentence without an argument MUST be all that was
		 * said; one with an argument MUST have one." */
		if (!s->arg == !**ret_rest)
			return s;
	}
	return NULL;
}

/* ---- tools --------------------------------------------------------------- */

/* specs/offline/tools.md: "The number of a note MUST be given as a number: a text that is JSON for a
 * whole number from 1 to 2147483647. For any other `note` MUST be left out" */
static const cJSON *number_of(const char *text)
{
	const cJSON *value = json_parse(text);
	int64_t number;

	return json_number(value, "", 1, INT32_MAX, &number) ? value : NULL;
}

static void use(uint32_t ref, const cJSON *turn, const struct sentence *s, const char *rest)
{
	const cJSON *value = text_is(s->arg, "note") ? number_of(rest) : json_string(rest);
	cJSON *args = json_make("{}"), *calls = json_list();

	/* specs/offline/tools.md: "The adapter MUST NOT call it, and MUST say so, naming it." */
	if (!json_find(json_at(turn, "/tools"), "/name", s->tool)) {
		say(ref, text_make("I may not do that: the rules in instance/assistant.conf do not allow `core.%s`.", s->tool));
		return;
	}
	if (s->arg)
		json_put(args, s->arg, value);
	/* specs/offline/tools.md: "The id of a call MUST be `call_1`." */
	json_push(calls, json_make("{id:'call_1',name:%s,args:%j}", s->tool, args));
	host_result(ref, json_make("{stop:'calls',text:'',calls:%j}", calls));
}

/* specs/offline/tools.md: "It MUST be told as one line for each, as shown, the text of a note
 * as it is, its newlines too; what is no such list, or an empty one, MUST be told as it is." */
static void tell_notes(uint32_t ref, const cJSON *notes)
{
	struct text t = { 0 };

	text_add(&t, "You asked me to remember:\n");
	for (const cJSON *n = json_first(notes); n; n = json_next(n))
		text_add(&t, text_make("\n- note %s: %s", json_write(json_at(n, "/note")), json_text(n, "/text")));
	say(ref, text_of(&t));
}

/* specs/offline/tools.md: "The text of a result MUST be told as it is." */
static void tell_result(uint32_t ref, const cJSON *result)
{
	const char *text = json_text(result, "/text");
	const cJSON *notes = json_is(result, "/name", "recall") ? json_parse(text) : NULL;

	/* specs/offline/tools.md: "A result with `error` MUST be told as what did not work,
	 * whatever the tool." */
	if (json_true(result, "/error"))
		say(ref, text_make("That did not work: %s", text));
	else if (json_first(notes))
		tell_notes(ref, notes);
	else if (json_is(result, "/name", "now"))
		say(ref, text_make("It is %s.", text));
	else
		say(ref, text);
}

/* ---- a turn -------------------------------------------------------------- */

static void answer(uint32_t ref, const cJSON *turn)
{
	const cJSON *last = NULL;
	const struct sentence *s;
	const char *rest;

	for (const cJSON *m = json_first(json_at(turn, "/messages")); m; m = json_next(m))
		last = m;
	/* specs/offline/tools.md: "Of several results only the last message MUST be told." */
	if (json_is(last, "/role", "tool")) {
		tell_result(ref, last);
		return;
	}
	/* specs/offline/talk.md: "A turn without messages, or whose last message is neither
	 * the person's nor a tool's, MUST be answered as something it does not know." */
	s = sentence_of(words_of(last), &rest);
	if (s && s->tool)
		use(ref, turn, s, rest);
	else
		say(ref, s ? s->answer : unknown);
}

void adapter_event(struct adapter *a, const struct event *ev)
{
	(void)a;
	if (ev->kind != EVENT_TURN)
		return;
	/* specs/offline/talk.md: "A turn whose system text begins with `You condense a conversation` MUST
	 * fail with the class `missing`." */
	if (text_starts(json_text(ev->json, "/system"), "You condense a conversation"))
		host_failed(ev->ref, FAIL_MISSING, "there is no language model here that could sum this up");
	else
		answer(ev->ref, ev->json);
}
