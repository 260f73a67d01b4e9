/* language.h - the page language in tables: every step, every other form, and everything
 * that can be wrong with a page.
 *
 * specs/README.md explains the language to people. Each row here has an example there that
 * is run by `chela-gate language`, which lists the rows that have none. */
#ifndef CHELA_LANGUAGE_H
#define CHELA_LANGUAGE_H

enum step_kind { STEP_ARRIVAL, STEP_REQUEST, STEP_TIME, STEP_FAULT };	/* < > + ! */

/* name, kind, how it is written */
#define STEPS(X) \
	X(START,          ARRIVAL, "< start [value]") \
	X(STOP,           ARRIVAL, "< stop") \
	X(SAY,            ARRIVAL, "< say value") \
	X(ACT,            ARRIVAL, "< ACT value") \
	X(CALL,           ARRIVAL, "< call TOOL value") \
	X(TURN,           ARRIVAL, "< turn value") \
	X(WS_TEXT,        ARRIVAL, "< ws [LABEL] value") \
	X(WS_CLOSED,      ARRIVAL, "< ws [LABEL] close code") \
	X(HOOK,           ARRIVAL, "< webhook PATH [get|form] value") \
	X(ANSWER,         ARRIVAL, "< http [LABEL] status [value]") \
	X(PART,           ARRIVAL, "< part [LABEL] value") \
	X(PARTS,          ARRIVAL, "< parts [LABEL] ARRAY") \
	X(HTTP,           REQUEST, "> http [LABEL] METHOD url ...") \
	X(WS_OPEN,        REQUEST, "> ws [LABEL] open url") \
	X(WS_FRAME,       REQUEST, "> ws [LABEL] [as SECRET] [like] value") \
	X(WS_CLOSE,       REQUEST, "> ws [LABEL] close code") \
	X(DELIVER,        REQUEST, "> deliver [KIND] [like] value") \
	X(HOOK_ANSWER,    REQUEST, "> webhook status [value]") \
	X(FILE,           REQUEST, "> file value") \
	X(RESULT,         REQUEST, "> result [like] value") \
	X(FAILED,         REQUEST, "> failed [like] value") \
	X(AGAIN,          REQUEST, "> again [like] value") \
	X(READY,          REQUEST, "> ready [like] value") \
	X(BROKEN,         REQUEST, "> broken [like] value") \
	X(KEEP,           REQUEST, "> keep [like] value") \
	X(DELTA,          REQUEST, "> delta TEXT") \
	X(MOVE,           TIME,    "+ number unit") \
	X(WITHIN,         TIME,    "+< number unit") \
	X(WS_RESET,       FAULT,   "! ws [LABEL] reset") \
	X(HTTP_TIMEOUT,   FAULT,   "! http [LABEL] timeout") \
	X(HTTP_RESET,     FAULT,   "! http [LABEL] reset") \
	X(HTTP_LOST,      FAULT,   "! http [LABEL] lost") \
	X(RESTART,        FAULT,   "! restart") \
	X(RESTART_EMPTY,  FAULT,   "! restart empty") \
	X(DICE,           FAULT,   "! dice number") \
	X(KILL,           FAULT,   "! kill")

#define FORMS(X) \
	X(TITLE,          "# title") \
	X(BACKGROUND,     "a transcript before the first ##") \
	X(SECTION,        "## title") \
	X(EXAMPLE,        "```json NAME") \
	X(TRANSCRIPT,     "```transcript") \
	X(BACK,           "```transcript back") \
	X(PLATFORM,       "```transcript platform") \
	X(BLOB,           "```blob NAME TYPE SIZE") \
	X(SHOWN,          "```text, c, sh or conf") \
	X(INCLUDE,        ". PAGE") \
	X(MORE,           "a step that goes on in the next line") \
	X(HEADER,         "header: value") \
	X(LABEL,          "#word") \
	X(JSON,           "a value as JSON") \
	X(NAME,           "a value as NAME") \
	X(WITH,           "NAME with JSON") \
	X(LIKE,           "like") \
	X(AS,             "as SECRET") \
	X(FORM,           "form") \
	X(MULTIPART,      "multipart") \
	X(GET,            "webhook ... get") \
	X(KIND,           "deliver KIND") \
	X(VARIABLE,       "\"$name\"") \
	X(ANYTHING,       "\"$_\"") \
	X(REPEATED,       "\"$2000xA\"") \
	X(SHORT_URL,      "a url that begins with /")

/* name, what is wrong ('*' is the word in question), what to do */
#define MISTAKES(X) \
	X(NO_TITLE,        "the page does not begin with its title", "begin it with \"# \" and what it is about") \
	X(SECOND_TITLE,    "a second title", "a page has one \"# \"; a case is a section, \"## \"") \
	X(NO_SECTION,      "the page has no section", "add \"## \", the name of a case, and a transcript") \
	X(NOTHING_ASKED,   "nothing is expected in \"*\"", "add a \">\" to a transcript of this section") \
	X(UNPROVED,        "\"*\" says MUST and runs nothing", "add a transcript that shows it") \
	X(EARLY_MUST,      "MUST stands before the first section, where nothing shows it", "say it in the section that shows it") \
	X(UNKNOWN_BLOCK,   "a block of an unknown kind: \"*\"", \
			   "use json, transcript, blob, text, c, sh or conf") \
	X(BAD_BLOCK,       "this block cannot be \"*\"", \
			   "write ```json NAME, ```transcript, ```transcript back, ```transcript platform or ```blob NAME TYPE SIZE") \
	X(INNER_BLOCK,     "a block inside a list or a quotation is not run", "move it to the left margin") \
	X(OPEN_BLOCK,      "a block without an end", "close it with a line of ```") \
	X(BAD_NAME,        "\"*\" cannot name an example", \
			   "begin with a letter, go on with letters, digits, - and _, and take no word of the language") \
	X(NAME_TAKEN,      "a second example named \"*\"", "name it otherwise") \
	X(BAD_JSON,        "this is not JSON: *", "mend it") \
	X(STRAY_STEP,      "a step outside of a transcript", "put it into a ```transcript block") \
	X(NO_STEP,         "\"*\" is no step", "begin with \"< \", \"> \", \"! \", \". \" or \"+\", or go on with a space") \
	X(NO_ARRIVAL,      "\"*\" is nothing that can arrive", \
			   "use start, stop, say, call, turn, ws, webhook, http, part, parts or an act") \
	X(NO_REQUEST,      "\"*\" is nothing that an adapter can do", \
			   "use http, ws, deliver, webhook, file, result, failed, again, ready, broken, keep or delta") \
	X(NO_FAULT,        "\"*\" is no fault", \
			   "use ws reset, http timeout, http reset, http lost, restart, restart empty, dice or kill") \
	X(NO_TOOL,         "the manifest has no tool \"*\"", "use one of its tools") \
	X(NO_SECRET,       "the manifest has no secret \"*\"", "use one of its secrets") \
	X(NO_EXAMPLE,      "there is no example \"*\"", "write it in a ```json block of this page") \
	X(NO_VALUE,        "\"*\" lacks its value", "add JSON or the name of an example") \
	X(TOO_MUCH,        "\"*\" is too much here", "take it away") \
	X(BAD_METHOD,      "\"*\" is no method", "use GET, POST, PUT, PATCH or DELETE") \
	X(BAD_URL,         "\"*\" is no address", "write it whole, or begin with / where the manifest's base goes before it") \
	X(BAD_STATUS,      "\"*\" is no status", "write a number from 100 to 599") \
	X(BAD_CODE,        "\"*\" is no close code", "write a number from 1000 to 4999") \
	X(BAD_SPAN,        "\"*\" is no span of time", "write a whole number and ms, s, m or h") \
	X(BAD_DICE,        "\"*\" is no throw of the dice", "write a number from 0 to 1") \
	X(NO_TEXT,         "what is shown is a text", "write a JSON string after delta") \
	X(NO_LIST,         "parts are a list", "write a JSON array after parts, or use part") \
	X(NO_LABEL,        "nothing here is called \"*\"", "give the label to the \">\" that it belongs to") \
	X(NO_HEADERS,      "a header on a step that has none", "only http has headers") \
	X(NOTHING_FITS,    "\"$_\" in what arrives", "say what arrives; only what is expected can be left open") \
	X(TOO_LONG,        "\"*\" is longer than can be", "repeat it less often") \
	X(NO_PAGE,         "there is no page \"*\"", "name a page of the same folder, like begin.md") \
	X(CIRCLE,          "pages that run one another in a circle", "take this line away") \
	X(NO_RULE,         "\"*\" is no rule", "begin with whenever and a request or say; let what is answered follow") \
	X(NOT_PLATFORM,    "this is nothing that a service does", \
			   "let http, ws, ws close, ! http reset, ! http timeout, ! ws reset or a span follow a rule")

enum step_word {
#define X(name, kind, form) DO_##name,
	STEPS(X)
#undef X
	STEP_WORDS
};
enum form {			/* the steps are forms too, and come first */
#define X(name, form) FORM_##name,
	FORM_BEFORE = STEP_WORDS - 1, FORMS(X)
#undef X
	FORM_COUNT
};
enum mistake {
#define X(name, what, remedy) MISTAKE_##name,
	MISTAKES(X)
#undef X
	MISTAKE_COUNT
};

enum step_kind step_kind(enum step_word word);
const char *form_text(int form);		/* how it is written; steps too */
const char *mistake_name(enum mistake m);	/* "NO_TITLE" */
const char *mistake_what(enum mistake m);
const char *mistake_remedy(enum mistake m);

#endif
