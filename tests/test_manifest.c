/* test_manifest.c - contracts: what is read, and the sentence for whatever is not. */
#include "adapter/adapter.h"
#include "limits.h"
#include "manifest.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char tool[] =
"{\n"								/* 1 */
"	\"name\": \"mail\",\n"
"	\"kind\": \"tool\",\n"
"	\"abi\": 1,\n"
"	\"about\": \"The mail of one account\",\n"		/* 5 */
"	\"base\": \"https://mail.example.com/v1\",\n"
"	\"secrets\": {\n"
"		\"token\": {\"kind\": \"bearer\", \"label\": \"Mail token\", \"obtain\": \"example.com, Settings\", \"env\": \"MAIL_TOKEN\"}\n"
"	},\n"
"	\"operations\": {\n"					/* 10 */
"		\"list\": {\n"
"			\"method\": \"GET\",\n"
"			\"url\": \"/messages?q={query}&max={max}\",\n"
"			\"secret\": \"token\",\n"
"			\"args\": {\n"				/* 15 */
"				\"query\": {\"type\": \"line\", \"role\": \"payload\", \"max\": 200},\n"
"				\"max\": {\"type\": \"int\", \"min\": 1, \"max\": 25, \"default\": 10}\n"
"			},\n"
"			\"effects\": [\"read\"],\n"
"			\"retry\": \"always\",\n"		/* 20 */
"			\"shows\": {\"/messages/*/{id,thread}\": \"attested\", \"/note/**\": \"foreign private\"}\n"
"		},\n"
"		\"send\": {\n"
"			\"about\": \"sends one mail\",\n"
"			\"method\": \"POST\",\n"		/* 25 */
"			\"url\": \"/boxes/{box}/send\",\n"
"			\"secret\": \"token\",\n"
"			\"headers\": {\"x-key\": \"{core.key}\"},\n"
"			\"args\": {\n"
"				\"box\": {\"type\": \"id\", \"role\": \"selector\"},\n"				/* 30 */
"				\"to\": {\"type\": \"emails\", \"role\": \"destination\"},\n"
"				\"text\": {\"type\": \"text\", \"role\": \"payload\", \"optional\": true},\n"
"				\"how\": {\"type\": \"enum\", \"values\": [\"now\", \"later\"], \"optional\": true}\n"
"			},\n"
"			\"body\": {\"to\": \"{to}\", \"text\": \"{text}\", \"when?how\": {\"say\": \"at {how}\"}},\n"	/* 35 */
"			\"effects\": [\"send\"],\n"
"			\"retry\": \"never\",\n"
"			\"shows\": {\"/id\": \"attested\"},\n"
"			\"errors\": [{\"status\": 409, \"class\": \"conflict\", \"word\": \"twice\"}]\n"
"		}\n"							/* 40 */
"	},\n"
"	\"tools\": {\n"
"		\"search\": {\"about\": \"Find mail.\", \"args\": {\"query\": {\"type\": \"line\"}}, \"uses\": [\"list\"]},\n"
"		\"send\": {\"about\": \"Send a mail.\", \"is\": \"send\"}\n"
"	},\n"								/* 45 */
"	\"errors\": [\n"
"		{\"status\": \"5xx\", \"at\": \"/error/code\", \"in\": [\"slow\", \"full\"], \"class\": \"busy\"},\n"
"		{\"at\": \"/error\", \"class\": \"platform\"}\n"
"	],\n"
"	\"why\": [\"/error/code\", \"/error/message\"],\n"	/* 50 */
"	\"limits\": {\"requests_per_job\": 26, \"silence_s\": 30, \"result_chars\": 9000},\n"
"	\"words\": [\"INBOX\"]\n"
"}\n";

static const char model[] =
"{\n"								/* 1 */
"	\"name\": \"llm\",\n"
"	\"kind\": \"model\",\n"
"	\"abi\": 1,\n"
"	\"about\": \"A model\",\n"				/* 5 */
"	\"config\": {\n"
"		\"base\": {\"type\": \"url\", \"default\": \"https://api.example.com/v1\"},\n"
"		\"model\": {\"type\": \"word\"},\n"
"		\"effort\": {\"type\": \"enum\", \"values\": [\"low\", \"high\"], \"optional\": true}\n"
"	},\n"								/* 10 */
"	\"secrets\": {\n"
"		\"key\": {\"kind\": \"header\", \"header\": \"x-api-key\", \"label\": \"Key\", \"obtain\": \"example.com\", \"optional\": true}\n"
"	},\n"
"	\"operations\": {\n"
"		\"turn\": {\n"						/* 15 */
"			\"method\": \"POST\",\n"
"			\"url\": \"{config.base}/chat\",\n"
"			\"secret\": \"key\",\n"
"			\"args\": {\"messages\": {\"type\": \"json\", \"members\": [\"/*/{role,content}\"]}},\n"
"			\"body\": {\"stream\": true, \"effort\": \"{config.effort}\", \"messages\": \"{messages}\"},\n"	/* 20 */
"			\"answer\": \"sse\",\n"
"			\"effects\": [],\n"
"			\"retry\": \"busy\",\n"
"			\"shows\": {\"/delta/text\": \"foreign\"},\n"
"			\"errors\": [{\"status\": \"part\", \"at\": \"/error/type\", \"is\": \"overloaded\", \"class\": \"busy\"}]\n"	/* 25 */
"		}\n"
"	}\n"
"}\n";

/* The text with the first `from` replaced; all of it where `from` is "". Owned. */
static char *changed(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	ck_assert_msg(at, "the test itself: %s does not stand in the text", from);
	return *from ? text_fmt("%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) : text_dup(to);
}

/* ---- what is read -------------------------------------------------------- */

static struct manifest *parsed(const char *text, const char *file)
{
	struct manifest *m = NULL;
	const char *why = manifest_parse(str_of(text), file, &m);

	ck_assert_msg(!why, "%s", why);
	ck_assert_ptr_nonnull(m);
	return m;
}

START_TEST(a_tool_is_read_into_tables)
{
	struct manifest *m = parsed(tool, "specs/mail/manifest.json");
	const struct operation *list = manifest_operation(m, "list"), *send = manifest_operation(m, "send");
	const struct tool *search = manifest_tool(m, "search");

	ck_assert_int_eq(m->kind, KIND_TOOL);
	ck_assert_str_eq(m->name, "mail");
	ck_assert_str_eq(m->base, "https://mail.example.com/v1");
	ck_assert_int_eq(m->operations_n, 2);
	ck_assert_ptr_eq(list->secret, manifest_secret(m, "token"));
	ck_assert_int_eq(list->secret->kind, SECRET_BEARER);
	ck_assert_str_eq(list->secret->env, "MAIL_TOKEN");
	ck_assert(!list->secret->optional);
	ck_assert_str_eq(list->method, "GET");
	ck_assert_int_eq(list->effects, EFFECT_READ);
	ck_assert_int_eq(list->retry, RETRY_ALWAYS);
	ck_assert_int_eq(list->answer, ANSWER_JSON);
	ck_assert_int_eq(json_count(list->shows), 2);
	ck_assert_int_eq(list->args_n, 2);
	ck_assert_int_eq(list->args[0].type, TYPE_LINE);
	ck_assert_int_eq(list->args[0].role, ROLE_PAYLOAD);
	ck_assert_int_eq(list->args[0].min, 0);
	ck_assert_int_eq(list->args[0].max, 200);
	ck_assert_int_eq(list->args[1].min, 1);
	ck_assert_int_eq(list->args[1].max, 25);
	ck_assert_int_eq(list->args[1].fallback->valueint, 10);
	ck_assert_str_eq(send->about, "sends one mail");
	ck_assert_int_eq(send->args[0].role, ROLE_SELECTOR);
	ck_assert_int_eq(send->args[1].role, ROLE_DESTINATION);
	ck_assert(send->args[2].optional);
	ck_assert_int_eq(send->args[2].max, INT64_MAX);
	ck_assert_int_eq(json_count(send->args[3].values), 2);
	ck_assert_int_eq(send->effects, EFFECT_SEND);
	ck_assert_int_eq(send->retry, RETRY_NEVER);
	ck_assert_int_eq(send->errors_n, 1);
	ck_assert_int_eq(send->errors[0].status_from, 409);
	ck_assert_int_eq(send->errors[0].status_to, 409);
	ck_assert_int_eq(send->errors[0].class, FAIL_CONFLICT);
	ck_assert_str_eq(send->errors[0].word, "twice");
	ck_assert_int_eq(search->uses_n, 1);
	ck_assert_ptr_eq(search->uses[0], list);
	ck_assert_int_eq(search->args_n, 1);
	ck_assert_ptr_eq(manifest_tool(m, "send")->is, send);
	ck_assert_int_eq(manifest_tool(m, "send")->args_n, 4);
	ck_assert_int_eq(m->errors_n, 2);
	ck_assert_int_eq(m->errors[0].status_from, 500);
	ck_assert_int_eq(m->errors[0].status_to, 599);
	ck_assert_int_eq(json_count(m->errors[0].in), 2);
	ck_assert_int_eq(m->errors[1].status_from, 0);
	ck_assert_str_eq(m->errors[1].at, "/error");
	ck_assert_int_eq(json_count(m->why), 2);
	ck_assert_int_eq(json_count(m->words), 1);
	manifest_free(m);
}
END_TEST

START_TEST(a_model_is_read_into_tables)
{
	struct manifest *m = parsed(model, "specs/llm/manifest.json");
	const struct operation *turn = manifest_operation(m, "turn");

	ck_assert_int_eq(m->kind, KIND_MODEL);
	ck_assert_int_eq(m->config_n, 3);
	ck_assert_str_eq(m->config[0].fallback->valuestring, "https://api.example.com/v1");
	ck_assert(!m->config[1].fallback && !m->config[1].optional);
	ck_assert(m->config[2].optional);
	ck_assert_int_eq(turn->effects, 0);
	ck_assert_int_eq(turn->answer, ANSWER_SSE);
	ck_assert_int_eq(turn->retry, RETRY_BUSY);
	ck_assert_int_eq(turn->secret->kind, SECRET_HEADER);
	ck_assert_str_eq(turn->secret->field, "x-api-key");
	ck_assert(turn->secret->optional);
	ck_assert_int_eq(json_count(turn->args[0].members), 1);
	ck_assert(turn->errors[0].part);
	ck_assert_int_eq(turn->errors[0].status_from, 0);
	ck_assert_str_eq(turn->errors[0].is, "overloaded");
	ck_assert_ptr_null(manifest_operation(m, "turns"));
	ck_assert_ptr_null(manifest_tool(m, "turn"));
	ck_assert_ptr_null(manifest_secret(m, ""));
	manifest_free(m);
}
END_TEST

START_TEST(limits_have_defaults_of_their_kind)
{
	struct manifest *m = parsed(model, "x"), *t = parsed(tool, "x");

	ck_assert_int_eq(m->limits.requests_per_job, 1);
	ck_assert_int_eq(m->limits.request_bytes, REQUEST_MAX);
	ck_assert_int_eq(m->limits.silence_ms, SILENCE_MS);
	ck_assert_int_eq(m->limits.total_ms, ANSWER_TOTAL_MS);
	ck_assert_int_eq(m->limits.arena_bytes, ARENA_JOB);
	ck_assert_int_eq(t->limits.requests_per_job, 26);
	ck_assert_int_eq(t->limits.silence_ms, 30000);
	ck_assert_int_eq(t->limits.result_chars, 9000);
	ck_assert_int_eq(t->limits.answer_bytes, ANSWER_MAX);
	manifest_free(m);
	manifest_free(t);
}
END_TEST

START_TEST(all_that_is_read_lives_on_without_the_text_it_came_from)
{
	char *text = text_dup(tool);
	struct manifest *m = parsed(text, "x");

	memset(text, 'x', strlen(text));
	free(text);
	ck_assert_str_eq(m->operations[1].name, "send");
	ck_assert_int_eq(m->text.len, strlen(tool));
	ck_assert_int_eq(m->text.at[0], '{');
	manifest_free(m);
	manifest_free(NULL);
}
END_TEST

/* ---- what is taken and what is refused ----------------------------------- */

#define OFFLINE "{\"name\":\"off\",\"kind\":\"model\",\"abi\":1,\"about\":\"a\""
#define CORE_HEAD "{\"name\":\"core\",\"kind\":\"tool\",\"abi\":1,\"about\":\"a\",\"tools\":{\"now\":{\"about\":\"a\",\"is\":\"now\"}},\"operations\":{\"now\":"

static const struct {
	const char *name, *text, *from, *to, *want;	/* want: NULL, or what follows the file's name */
} changes[] = {
	/* taken */
	{ "a model without operations", "", "", OFFLINE "}", NULL },
	{ "a model with an empty object of operations", "", "", OFFLINE ",\"operations\":{}}", NULL },
	{ "the core's own tool", "", "", CORE_HEAD "{\"about\":\"a\",\"method\":\"CORE\",\"effects\":[\"read\"],\"retry\":\"always\"}}}", NULL },
	{ "a URL that is whole", tool, "\"/boxes/{box}/send\"", "\"https://mail.example.com/{box}\"", NULL },
	{ "a URL with a port", tool, "https://mail.example.com/v1", "https://mail.example.com:8443/v1", NULL },
	{ "a POST that reads and says why", tool, "\"method\": \"GET\"", "\"about\": \"a search\", \"method\": \"POST\"", NULL },
	{ "a form", tool, "\"body\": {\"to\": \"{to}\", \"text\": \"{text}\", \"when?how\": {\"say\": \"at {how}\"}}",
	  "\"encode\": \"form\", \"body\": {\"to\": \"{to}\", \"text\": \"{text}\", \"when?how\": \"at {how}\", \"n\": 1}", NULL },
	{ "an optional argument as a whole pair", tool, "\"max\": 25, \"default\": 10", "\"max\": 25, \"optional\": true", NULL },
	{ "a url argument", tool, "\"type\": \"id\", \"role\": \"selector\"", "\"type\": \"url\", \"match\": \"https://*.example.com\"", NULL },
	{ "an argument that the core fills in", tool, "\"type\": \"id\", \"role\": \"selector\"", "\"type\": \"id\", \"is\": \"send.chat\"", NULL },
	{ "a default base on this machine", model, "https://api.example.com/v1", "http://127.0.0.1:11434/v1", NULL },
	{ "a secret in the query", model, "\"kind\": \"header\", \"header\": \"x-api-key\"", "\"kind\": \"query\", \"param\": \"key\"", NULL },
	{ "a row of a status and nothing else", tool, "{\"at\": \"/error\", ", "{\"status\": 529, ", NULL },

	/* the file */
	{ "nothing", "", "", "", "1: the text ends too early: mend the JSON there" },
	{ "no object", "", "", "[]", "1: the file is a list: it must be an object {...}" },
	{ "broken JSON", tool, "\"abi\": 1,", "\"abi\": 1", "5: a comma is missing: mend the JSON there" },
	{ "a member twice", tool, "\"words\"", "\"name\"", "54: \"name\" comes twice in one object: mend the JSON there" },
	{ "not UTF-8", tool, "The mail", "The \xFFmail", "1: not UTF-8: mend the JSON there" },
	{ "an unknown member", tool, "\"words\"", "\"werds\"", "52: unknown member \"werds\" in the file: did you mean \"words\"?" },
	{ "an unknown member that is like none", tool, "\"words\"", "\"colour\"",
	  "52: unknown member \"colour\" in the file: known are name, kind, abi, about, base, config, secrets, operations, tools, errors, why, limits, words, sockets, me, inbound, acts, text, rates, stream, typing and emoji" },
	{ "a channel's member", tool, "\"words\": [", "\"inbound\": [], \"words\": [",
	  "52: \"inbound\" in the file belongs to the kind channel only: leave it out" },
	{ "a member missing", tool, "\t\"about\": \"The mail of one account\",\n", "", "1: missing member \"about\" in the file: say in one line what it is" },
	{ "another abi, with members that only it knows", tool, "\"abi\": 1,", "\"abi\": 2, \"acts\": {},",
	  "4: \"abi\" is 2 and this version of chela knows 1: write 1, or use a version that knows it" },
	{ "an abi that is text", tool, "\"abi\": 1", "\"abi\": \"1\"", "4: /abi is text: it must be a whole number" },
	{ "no abi", tool, "\"abi\": 1,", "", "1: missing member \"abi\" in the file: write \"abi\": 1" },
	{ "an unknown kind", tool, "\"kind\": \"tool\"", "\"kind\": \"tol\"", "3: unknown kind \"tol\" in /kind: did you mean \"tool\"?" },
	{ "another folder", tool, "\"name\": \"mail\"", "\"name\": \"male\"",
	  "2: the name \"male\" is not that of its folder: write \"mail\", or rename the folder" },
	{ "the core's name", tool, "\"name\": \"mail\"", "\"name\": \"core\"", "2: the name \"core\" is the assistant's own: choose another" },
	{ "a name with a dot", tool, "\"name\": \"mail\"", "\"name\": \"mail.x\"",
	  "2: the name \"mail.x\": begin with a letter, then a-z, 0-9, _ and -, at most 64 in all" },
	{ "an empty line", tool, "The mail of one account", "", "5: /about is empty: write it, or leave the member out" },
	{ "a line that is two", tool, "The mail of", "The mail\\nof", "5: /about has a control character: write one line that a person can see" },
	{ "words that run backwards", tool, "The mail of", "The \xE2\x80\xAEmail", "5: /about has a control character: write one line that a person can see" },
	{ "words that cannot be seen", tool, "The mail of", "The \\u200bmail", "5: /about has a control character: write one line that a person can see" },
	{ "a control character in a name is not shown as such", tool, "\"words\"", "\"wo\\u001brds\"", "1: unknown member \"wo?rds\" in the file: did you mean \"words\"?" },

	/* base and hosts */
	{ "a base without encryption", tool, "https://mail", "http://mail", "6: the URL in /base is not encrypted: write https:// for http://" },
	{ "a base with another scheme", tool, "https://mail", "ftp://mail", "6: the URL in /base is not https: write https://HOST/PATH" },
	{ "a base with a user", tool, "https://mail", "https://me:pw@mail",
	  "6: the URL in /base names a user: leave out what stands before \"@\"; a secret has its own place" },
	{ "a base with a fragment", tool, "example.com/v1", "example.com/v1#x", "6: the URL in /base has a fragment: leave out \"#\" and what follows" },
	{ "a base with a query", tool, "example.com/v1", "example.com/v1?x=1", "6: the URL in /base has a query: leave out \"?\" and what follows" },
	{ "a base that ends in a slash", tool, "example.com/v1", "example.com/", "6: the URL in /base ends in a slash: leave it out" },
	{ "a base that is a number", tool, "mail.example.com", "10.0.0.1", "6: the URL in /base has a number as its host: write the host's name" },
	{ "a base that is a long number", tool, "mail.example.com", "[2001:db8::1]", "6: the URL in /base has a number as its host: write the host's name" },
	{ "a base in this house", tool, "mail.example.com", "localhost",
	  "6: the URL in /base has a host of one word: write its whole name, such as api.example.com" },
	{ "a base with a placeholder", tool, "mail.example.com", "{box}.example.com", "6: the URL in /base has a placeholder in its host: write the host out" },
	{ "a base that nobody uses", model, "\"config\"", "\"base\": \"https://a.example.com\", \"config\"",
	  "6: \"base\" begins no operation's URL: write one that begins with \"/\", or leave it out" },

	/* settings */
	{ "a setting with a role", model, "\"type\": \"word\"", "\"type\": \"word\", \"role\": \"payload\"",
	  "8: unknown member \"role\" in /config/model: known are type, optional, min, max, values, default and about" },
	{ "a setting of a type that no line can give", model, "\"type\": \"word\"", "\"type\": \"time\"",
	  "8: /config/model is of the type time, which a line of assistant.conf cannot give: write one of id word line text int bool enum url" },
	{ "a base that is no URL", model, "\"type\": \"url\", \"default\": \"https://api.example.com/v1\"", "\"type\": \"word\"",
	  "7: /config/base must be of the type url: it begins the operations' URLs" },
	{ "a default base with a user", model, "https://api", "https://x@api",
	  "7: the default in /config/base does not fit: it names a user: leave out what stands before \"@\"; a secret has its own place" },
	{ "a default that is none of the values", model, "\"optional\": true}\n\t},\n\t\"sec", "\"default\": \"mid\"}\n\t},\n\t\"sec",
	  "9: the default in /config/effort does not fit: it is none of low, high" },
	{ "a base that nobody begins with", model, "{config.base}/chat", "https://api.example.com/chat",
	  "7: /config/base begins no operation's URL: write one that begins with {config.base}, or leave it out" },

	/* secrets */
	{ "an unknown kind of secret", tool, "\"kind\": \"bearer\"", "\"kind\": \"oauth2\"",
	  "8: unknown kind \"oauth2\" in /secrets/token/kind: known are header, bearer, query and basic" },
	{ "a header secret without its header", tool, "\"kind\": \"bearer\"", "\"kind\": \"header\"",
	  "8: missing member \"header\" in /secrets/token: name the header that it goes into" },
	{ "a bearer secret with a header", model, "\"kind\": \"header\"", "\"kind\": \"bearer\"",
	  "12: /secrets/key/header does not belong to the kind bearer: leave it out" },
	{ "a query's secret without its parameter", tool, "\"kind\": \"bearer\"", "\"kind\": \"query\"",
	  "8: missing member \"param\" in /secrets/token: name the param that it goes into" },
	{ "a bearer secret with a parameter", tool, "\"kind\": \"bearer\"", "\"kind\": \"bearer\", \"param\": \"k\"",
	  "8: /secrets/token/param does not belong to the kind bearer: leave it out" },
	{ "a secret in a header of the core", model, "x-api-key", "cookie", "12: the header \"cookie\" in /secrets/key/header is written by the core: leave it out" },
	{ "a secret in authorization", model, "x-api-key", "authorization",
	  "12: the header \"authorization\" in /secrets/key/header is written by the core: leave it out and use a secret of the kind bearer or basic" },
	{ "a parameter that would need escaping", model, "\"kind\": \"header\", \"header\": \"x-api-key\"", "\"kind\": \"query\", \"param\": \"a&b\"",
	  "12: \"a&b\" in /secrets/key/param is no parameter: write it with letters, digits, - . _ and ~" },
	{ "a variable in small letters", tool, "MAIL_TOKEN", "path", "8: \"path\" in /secrets/token/env is no variable: write it with A-Z, 0-9 and _" },
	{ "a secret without words", tool, "\"label\": \"Mail token\", ", "",
	  "8: missing member \"label\" in /secrets/token: say what it is called where it comes from" },
	{ "a secret that no operation has", tool, "\"secret\": \"token\"", "\"secret\": \"tokn\"",
	  "14: unknown secret \"tokn\" in /operations/list/secret: did you mean \"token\"?" },
	{ "a secret that nobody uses", model, "\t\t\t\"secret\": \"key\",\n", "",
	  "12: the secret \"key\" is used by no operation: write \"secret\": \"key\" into one, or leave it out" },
	{ "a secret for two hosts", tool, "\"/boxes/{box}/send\"", "\"https://evil.example.net/{box}\"",
	  "27: the secret \"token\" goes to one host in \"list\" and to another in \"send\": give each host its own" },
	{ "a secret for two ports", tool, "\"/boxes/{box}/send\"", "\"https://mail.example.com:444/{box}\"",
	  "27: the secret \"token\" goes to one host in \"list\" and to another in \"send\": give each host its own" },

	/* operations */
	{ "an unknown member of an operation", tool, "\"effects\": [\"read\"]", "\"efects\": [\"read\"]",
	  "19: unknown member \"efects\" in /operations/list: did you mean \"effects\"?" },
	{ "no effects", tool, "\t\t\t\"effects\": [\"read\"],\n", "",
	  "11: missing member \"effects\" in /operations/list: list what it does: read draft write send share delete pay admin net; [] only where the kind is model" },
	{ "an unknown effect", tool, "[\"send\"]", "[\"sned\"]", "36: unknown effect \"sned\" in /operations/send/effects/0: did you mean \"send\"?" },
	{ "an effect twice", tool, "[\"send\"]", "[\"send\", \"send\"]", "36: \"send\" stands twice in /operations/send/effects: leave one out" },
	{ "a tool's operation without effects", tool, "[\"send\"]", "[]",
	  "36: /operations/send/effects is empty: list what it does: read draft write send share delete pay admin net; [] only where the kind is model" },
	{ "a model's operation with an effect", model, "\"effects\": []", "\"effects\": [\"read\"]",
	  "22: /operations/turn/effects: a model's operation has no effect but its answer; write []" },
	{ "a POST that says it reads", tool, "\"method\": \"GET\"", "\"method\": \"POST\"",
	  "19: /operations/list only reads, and with POST: name its other effects, or say in \"about\" why it changes nothing" },
	{ "a DELETE that says it reads", tool, "\"method\": \"GET\"", "\"method\": \"DELETE\"",
	  "19: /operations/list only reads, and with DELETE: name its other effects, or say in \"about\" why it changes nothing" },
	{ "an unknown method", tool, "\"GET\"", "\"get\"", "12: unknown method \"get\" in /operations/list/method: known are GET, POST, PUT, PATCH and DELETE" },
	{ "the core's method elsewhere", tool, "\"GET\"", "\"CORE\"", "12: unknown method \"CORE\" in /operations/list/method: known are GET, POST, PUT, PATCH and DELETE" },
	{ "no retry rule", tool, "\t\t\t\"retry\": \"always\",\n", "",
	  "11: missing member \"retry\" in /operations/list: write never, busy (only when it was surely not done) or always (it may be done twice)" },
	{ "an unknown retry rule", tool, "\"always\"", "\"allways\"", "20: unknown retry rule \"allways\" in /operations/list/retry: did you mean \"always\"?" },
	{ "an unknown sort of answer", model, "\"sse\"", "\"see\"", "21: unknown sort of answer \"see\" in /operations/turn/answer: did you mean \"sse\"?" },
	{ "a GET with a body", tool, "\"secret\": \"token\"", "\"body\": {\"q\": \"{query}\"}",
	  "14: /operations/list/body: GET has no body; write it into the URL's query" },
	{ "an encoding of nothing", tool, "\"secret\": \"token\"", "\"encode\": \"form\"",
	  "14: /operations/list has no \"body\" to encode: write one, or leave \"encode\" out" },
	{ "an operation's name with a dot", tool, "\"list\": {", "\"a.b\": {",
	  "11: the name \"a.b\" of an operation in /operations: begin with a letter, then a-z, 0-9 and _, at most 64 in all" },
	{ "an operation of the core with a URL", "", "", CORE_HEAD "{\"about\":\"a\",\"method\":\"CORE\",\"url\":\"https://a.example.com\",\"effects\":[\"read\"],\"retry\":\"always\"}}}",
	  "1: unknown member \"url\" in /operations/now: known are about, method, args, effects and retry" },

	/* URLs of operations */
	{ "a path without a base", tool, "\t\"base\": \"https://mail.example.com/v1\",\n", "",
	  "12: the URL in /operations/list/url begins with \"/\": write \"base\": \"https://HOST\" in the file, or the whole URL here" },
	{ "a base of the owner's that is not there", model, "\t\t\"base\": {\"type\": \"url\", \"default\": \"https://api.example.com/v1\"},\n", "",
	  "16: the URL in /operations/turn/url begins with {config.base}: write \"base\" of the type url into \"config\"" },
	{ "plain http", tool, "\"/boxes/{box}/send\"", "\"http://mail.example.com/{box}\"",
	  "26: the URL in /operations/send/url is not encrypted: write https:// for http://" },
	{ "an argument as the host", tool, "\"/boxes/{box}/send\"", "\"https://{box}/send\"",
	  "26: the URL in /operations/send/url has a placeholder in its host: write the host out" },
	{ "an argument behind the host", tool, "\"/boxes/{box}/send\"", "\"https://mail.example.com{box}\"",
	  "26: the URL in /operations/send/url has a placeholder in its host: write the host out" },
	{ "a step upwards", tool, "/boxes/{box}/send", "/boxes/../{box}",
	  "26: the URL in /operations/send/url has a step \".\" or \"..\" in its path: write the path out" },
	{ "a step upwards in disguise", tool, "/boxes/{box}/send", "/boxes/%2e%2E/{box}",
	  "26: the URL in /operations/send/url hides a \".\" or \"/\" behind \"%\": write it out" },
	{ "two slashes", tool, "/boxes/{box}/send", "/boxes//{box}", "26: the URL in /operations/send/url has two slashes together: leave one out" },
	{ "a space", tool, "/boxes/{box}/send", "/boxes/a b/{box}",
	  "26: the URL in /operations/send/url has a character that does not belong there: write it as \"%\" and two hexadecimal digits" },
	{ "a fragment", tool, "/boxes/{box}/send", "/boxes/{box}#a", "26: the URL in /operations/send/url has a fragment: leave out \"#\" and what follows" },
	{ "a pair whose name is an argument", tool, "max={max}", "{max}=1",
	  "13: the query of /operations/list/url has a pair without a fixed name: write NAME={ARGUMENT}" },
	{ "an optional argument in the path", tool, "\"type\": \"id\", \"role\": \"selector\"", "\"type\": \"id\", \"optional\": true",
	  "26: {box} in the path of /operations/send/url is optional: a path needs it; leave out \"optional\"" },
	{ "an optional argument as part of a pair", tool, "\"role\": \"payload\", \"max\": 200}", "\"optional\": true}", NULL },
	{ "an optional argument within a pair", tool, "q={query}&max={max}\",\n\t\t\t\"secret\": \"token\",\n\t\t\t\"args\": {\n\t\t\t\t\"query\": {\"type\": \"line\"",
	  "q=a{query}&max={max}\",\n\t\t\t\"secret\": \"token\",\n\t\t\t\"args\": {\n\t\t\t\t\"query\": {\"type\": \"line\", \"optional\": true",
	  "13: {query} in /operations/list/url is optional: let it stand alone, or write the member as \"NAME?query\"" },

	/* headers */
	{ "a header of the core", tool, "x-key", "host", "28: the header \"host\" in /operations/send/headers/host is written by the core: leave it out" },
	{ "a proxy's header", tool, "x-key", "proxy-authorization",
	  "28: the header \"proxy-authorization\" in /operations/send/headers/proxy-authorization is written by the core: leave it out" },
	{ "a browser's header", tool, "x-key", "sec-fetch-site",
	  "28: the header \"sec-fetch-site\" in /operations/send/headers/sec-fetch-site is written by the core: leave it out" },
	{ "a header in capitals", tool, "x-key", "Host",
	  "28: the header \"Host\" in /operations/send/headers/Host: write its name in lower case, with a-z, 0-9, - and _" },
	{ "a header with a colon", tool, "x-key", "x:y",
	  "28: the header \"x:y\" in /operations/send/headers/x:y: write its name in lower case, with a-z, 0-9, - and _" },
	{ "a header of two lines", tool, "{core.key}\"}", "a\\r\\nb\"}",
	  "28: /operations/send/headers/x-key has a control character: write one line that a person can see" },
	{ "a header where the secret goes", model, "\"secret\": \"key\",", "\"secret\": \"key\", \"headers\": {\"x-api-key\": \"a\"},",
	  "18: /operations/turn/headers/x-api-key is where the secret \"key\" goes: leave it out" },

	/* arguments */
	{ "an unknown type", tool, "\"type\": \"id\"", "\"type\": \"ids\"", "30: unknown type \"ids\" in /operations/send/args/box/type: did you mean \"id\"?" },
	{ "no type", tool, "\"type\": \"id\", ", "",
	  "30: missing member \"type\" in /operations/send/args/box: write \"type\": one of id word line text int amount time bool enum emails message_id url json" },
	{ "an unknown role", tool, "\"role\": \"selector\"", "\"role\": \"selecter\"",
	  "30: unknown role \"selecter\" in /operations/send/args/box/role: did you mean \"selector\"?" },
	{ "two mistakes, of which the first is told", tool, "\"id\", \"role\": \"selector\"", "\"ids\", \"role\": \"selecter\"",
	  "30: unknown type \"ids\" in /operations/send/args/box/type: did you mean \"id\"?" },
	{ "an enum without values", tool, "\"values\": [\"now\", \"later\"], ", "",
	  "33: missing member \"values\" in /operations/send/args/how: list the words that can be given" },
	{ "values of what is no enum", tool, "\"type\": \"enum\"", "\"type\": \"word\"",
	  "33: \"values\" in /operations/send/args/how belongs to the type enum only: leave it out" },
	{ "a json without members", model, ", \"members\": [\"/*/{role,content}\"]", "",
	  "19: missing member \"members\" in /operations/turn/args/messages: list the patterns of what is let through" },
	{ "a url without a match", tool, "\"type\": \"id\"", "\"type\": \"url\"",
	  "30: missing member \"match\" in /operations/send/args/box: write \"match\": \"https://HOST\"" },
	{ "a match of any host", tool, "\"type\": \"id\"", "\"type\": \"url\", \"match\": \"https://*\"",
	  "30: the URL in /operations/send/args/box/match has a host that is no name: write it in lower-case letters, digits, \"-\" and \".\"" },
	{ "a match of a whole top-level domain", tool, "\"type\": \"id\"", "\"type\": \"url\", \"match\": \"https://*.com\"",
	  "30: the URL in /operations/send/args/box/match has a host of one word: write its whole name, such as api.example.com" },
	{ "a match with two stars", tool, "\"type\": \"id\"", "\"type\": \"url\", \"match\": \"https://*.*.example.com\"",
	  "30: the URL in /operations/send/args/box/match has a host that is no name: write it in lower-case letters, digits, \"-\" and \".\"" },
	{ "a match without encryption", tool, "\"type\": \"id\"", "\"type\": \"url\", \"match\": \"http://a.example.com\"",
	  "30: /operations/send/args/box/match is not https: write https://HOST or https://*.HOST" },
	{ "bounds that nothing fits", tool, "\"min\": 1, \"max\": 25", "\"min\": 26, \"max\": 25",
	  "17: \"min\" in /operations/list/args/max is greater than \"max\": no value would fit" },
	{ "a length below nothing", tool, "\"max\": 200", "\"max\": -1", "16: /operations/list/args/query/max is out of bounds: it can be 0 to 16777216" },
	{ "a bound that is half a number", tool, "\"max\": 200", "\"max\": 1.5", "16: /operations/list/args/query/max is a number: it must be a whole number" },
	{ "bounds of an enum", tool, "\"type\": \"enum\"", "\"type\": \"enum\", \"max\": 3",
	  "33: \"max\" in /operations/send/args/how belongs to the type int and to types that are text only: leave it out" },
	{ "a default out of bounds", tool, "\"default\": 10", "\"default\": 26",
	  "17: the default in /operations/list/args/max does not fit: it is greater than 25" },
	{ "a default and optional", tool, "\"default\": 10", "\"default\": 10, \"optional\": true",
	  "17: /operations/list/args/max has a default and is optional too: leave one of them out" },
	{ "a default of another type", tool, "\"type\": \"emails\"", "\"type\": \"emails\", \"default\": \"anna\"",
	  "31: the default in /operations/send/args/to does not fit: it is no list of plain e-mail addresses such as \"anna@example.org\"" },
	{ "an argument that nobody uses", tool, "&max={max}", "",
	  "17: the argument \"max\" in /operations/list is used nowhere: write {max} into url, headers or body, or leave it out" },
	{ "what the core fills in, without a dot", tool, "\"role\": \"selector\"", "\"is\": \"chat\"",
	  "30: \"chat\" in /operations/send/args/box/is names nothing that we fill in: write ACT.PART, such as send.chat" },
	{ "a pattern without a slash", model, "/*/{role", "*/{role",
	  "19: \"*/{role,content}\" in /operations/turn/args/messages/members/0 is no pattern: begin it with \"/\"" },
	{ "a pattern with a star within a name", model, "/*/{role", "/a*/{role",
	  "19: \"/a*/{role,content}\" in /operations/turn/args/messages/members/0 is no pattern: a step is \"*\", \"**\" or a name" },
	{ "a choice within a name", model, "{role,content}", "x{role,content}",
	  "19: \"/*/x{role,content}\" in /operations/turn/args/messages/members/0 is no pattern: a choice is a whole step: {a,b}" },
	{ "a choice that does not begin", model, "{role,content}", "role,content}",
	  "19: \"/*/role,content}\" in /operations/turn/args/messages/members/0 is no pattern: a choice is a whole step: {a,b}" },
	{ "a choice of nothing", model, "{role,content}", "{role,}",
	  "19: \"/*/{role,}\" in /operations/turn/args/messages/members/0 is no pattern: a choice has an empty name: write {a,b}" },

	/* templates */
	{ "a placeholder that names nothing", tool, "\"to\": \"{to}\"", "\"to\": \"{tu}\"",
	  "35: unknown argument \"tu\" in /operations/send/body/to: did you mean \"to\"?" },
	{ "a placeholder of a setting that is not there", model, "{config.effort}", "{config.efort}",
	  "20: unknown setting \"efort\" in /operations/turn/body/effort: did you mean \"effort\"?" },
	{ "a header's placeholder that names nothing", tool, "{core.key}", "{core.kee}",
	  "28: unknown argument \"core.kee\" in /operations/send/headers/x-key: known are box, to, text and how" },
	{ "a condition that names nothing", tool, "when?how", "when?who",
	  "35: unknown argument \"who\" in /operations/send/body/when?who: known are box, to, text and how" },
	{ "a condition that always holds", tool, "when?how", "when?to",
	  "35: \"to\" in /operations/send/body/when?to is always there: leave out what begins with \"?\"" },
	{ "an optional argument within a text", tool, "\"when?how\"", "\"when\"",
	  "35: {how} in /operations/send/body/when/say is optional: let it stand alone, or write the member as \"NAME?how\"" },
	{ "a brace that does not close", tool, "\"at {how}\"", "\"at {how\"", "35: a brace stands alone in /operations/send/body/when?how/say: braces are for {ARGUMENT}" },
	{ "a brace that does not open", tool, "\"at {how}\"", "\"at {how}}\"", "35: a brace stands alone in /operations/send/body/when?how/say: braces are for {ARGUMENT}" },
	{ "a member's name that is a placeholder", tool, "{\"say\":", "{\"{to}\":",
	  "35: the name \"{to}\" in /operations/send/body/when?how/{to}: a member's name is fixed, without braces and without \"$\" before it" },
	{ "a member that only a later version knows", tool, "{\"say\":", "{\"$mail\":",
	  "35: the name \"$mail\" in /operations/send/body/when?how/$mail: a member's name is fixed, without braces and without \"$\" before it" },
	{ "the owner's base within a body", model, "{config.effort}", "{config.base}",
	  "20: {config.base} in /operations/turn/body/effort: it can only begin an operation's \"url\"" },
	{ "a model's request with a key", model, "{config.effort}", "{core.key}",
	  "20: {core.key} in /operations/turn/body/effort: a model's request has no key; leave it out" },
	{ "json within a text", model, "\"{messages}\"", "\"a {messages}\"",
	  "20: {messages} in /operations/turn/body/messages is json: it can only be a whole value in a JSON body" },
	{ "json in a form", model, "\"body\": {\"stream\"", "\"encode\": \"form\", \"body\": {\"stream\"",
	  "20: {messages} in /operations/turn/body/messages is json: it can only be a whole value in a JSON body" },
	{ "json in a path", model, "/chat", "/chat/{messages}",
	  "17: {messages} in /operations/turn/url is json: it can only be a whole value in a JSON body" },
	{ "a form with an object in it", tool, "\"body\": {\"to\"", "\"encode\": \"form\", \"body\": {\"to\"",
	  "35: /operations/send/body/when?how cannot stand in a form: its values are text, numbers, true or false" },

	/* what is shown, and errors */
	{ "an unknown label", tool, "\"foreign private\"", "\"forein private\"",
	  "21: /operations/list/shows/~1note~1** has no label that we know: write own, attested or foreign, and private or secret behind it if it is" },
	{ "a label that is only private", tool, "\"foreign private\"", "\"private\"",
	  "21: /operations/list/shows/~1note~1** has no label that we know: write own, attested or foreign, and private or secret behind it if it is" },
	{ "a shown place without a slash", tool, "\"/id\": \"attested\"", "\"id\": \"attested\"",
	  "38: \"id\" in /operations/send/shows/id is no pattern: begin it with \"/\"" },
	{ "members of a text", tool, "\"shows\": {\"/id\"", "\"answer\": \"text\", \"shows\": {\"/id\"",
	  "38: /operations/send/shows: an answer of the sort text has no members; leave it out" },
	{ "an unknown class", tool, "\"class\": \"conflict\"", "\"class\": \"conflikt\"",
	  "39: unknown class \"conflikt\" in /operations/send/errors/0/class: did you mean \"conflict\"?" },
	{ "a row that fits everything", tool, "\"status\": 409, ", "", "39: /operations/send/errors/0 fits everything: write \"at\" or \"status\"" },
	{ "a row of parts that fits all parts", model, "\"at\": \"/error/type\", \"is\": \"overloaded\", ", "",
	  "25: /operations/turn/errors/0 fits everything: write \"at\"" },
	{ "a row of parts where there are none", tool, "\"status\": 409", "\"status\": \"part\"",
	  "39: /operations/send/errors/0/status: only a stream has parts; write \"answer\": \"sse\" or \"ndjson\", or a status" },
	{ "a status that is none", tool, "\"status\": 409", "\"status\": 999",
	  "39: /operations/send/errors/0/status is no status: write a number such as 429, \"5xx\", or \"part\" for parts of a stream" },
	{ "a class of statuses that is none", tool, "\"5xx\"", "\"9xx\"",
	  "47: /errors/0/status is no status: write a number such as 429, \"5xx\", or \"part\" for parts of a stream" },
	{ "a comparison with nothing", model, "\"at\": \"/error/type\", ", "",
	  "25: missing member \"at\" in /operations/turn/errors/0: write the pointer to what is compared" },
	{ "two comparisons", model, "\"is\": \"overloaded\"", "\"is\": \"overloaded\", \"has\": \"x\"",
	  "25: /operations/turn/errors/0 has two of \"is\", \"has\" and \"in\": leave one, and write a row for each" },
	{ "a row that looks at many places", model, "\"/error/type\"", "\"/error/*\"",
	  "25: \"/error/*\" in /operations/turn/errors/0/at is no pointer: this names one place: write it without \"*\"" },
	{ "a reason that is no pointer", tool, "\"/error/message\"", "\"error\"", "50: \"error\" in /why/1 is no pointer: begin it with \"/\"" },
	{ "a reason with a bad escape", tool, "\"/error/message\"", "\"/a~2\"", "50: \"/a~2\" in /why/1 is no pointer: write ~0 for \"~\" and ~1 for \"/\"" },

	/* tools */
	{ "a misspelt member after a good one", tool, "\"tools\": {", "\"tools\": {}, \"wordz\": {",
	  "42: unknown member \"wordz\" in the file: did you mean \"words\"?" },
	{ "a tool that nobody can use", "", "", "{\"name\":\"a\",\"kind\":\"tool\",\"abi\":1,\"about\":\"a\"}",
	  "1: missing member \"tools\" in the file: a tool needs at least one, or nobody can use it" },
	{ "a model with tools", model, "\"config\"", "\"tools\": {}, \"config\"", "6: \"tools\" in the file belongs to the kind tool only: leave it out" },
	{ "a tool that is an unknown operation", tool, "\"is\": \"send\"", "\"is\": \"sent\"",
	  "44: unknown operation \"sent\" in /tools/send/is: did you mean \"send\"?" },
	{ "a tool that uses an unknown operation", tool, "\"uses\": [\"list\"]", "\"uses\": [\"lst\"]",
	  "43: unknown operation \"lst\" in /tools/search/uses/0: did you mean \"list\"?" },
	{ "code that sends", tool, "\"uses\": [\"list\"]", "\"uses\": [\"list\", \"send\"]",
	  "43: /tools/search/uses/1 does more than read: a tool that does is that operation; write \"is\": \"send\"" },
	{ "code that uses nothing", tool, "\"uses\": [\"list\"]", "\"uses\": []", "43: /tools/search/uses has 0 operations: 1 to 64 can stand there" },
	{ "a tool that does nothing", tool, ", \"is\": \"send\"", "",
	  "44: /tools/send needs one of \"is\" and \"uses\": \"is\" names the operation that it is, \"uses\" lists those its code reads with" },
	{ "an operation's tool with arguments of its own", tool, "\"is\": \"send\"", "\"is\": \"send\", \"args\": {}",
	  "44: /tools/send/args: a tool that is an operation has that operation's arguments; leave them out" },

	/* limits */
	{ "an unknown limit", tool, "\"silence_s\"", "\"silence_ms\"", "51: unknown member \"silence_ms\" in /limits: did you mean \"silence_s\"?" },
	{ "a limit of nothing", tool, "\"silence_s\": 30", "\"silence_s\": 0", "51: /limits/silence_s is out of bounds: it can be 1 to 600" },
	{ "more than we hold", tool, "\"silence_s\": 30", "\"answer_bytes\": 99999999", "51: /limits/answer_bytes is out of bounds: it can be 1 to 16777216" },
	{ "a limit that is huge", tool, "\"silence_s\": 30", "\"silence_s\": 1e300", "51: /limits/silence_s is a number: it must be a whole number" },
	{ "a limit that no double holds", tool, "\"silence_s\": 30", "\"silence_s\": 99999999999999999999", "51: /limits/silence_s is text: it must be a whole number" },
};

START_TEST(a_change_is_taken_or_refused_in_one_sentence)
{
	DEFER(text_free) char *text = changed(changes[_i].text, changes[_i].from, changes[_i].to);
	const char *file = changes[_i].text == tool ? "specs/mail/manifest.json" :
			   changes[_i].text == model ? "/home/me/chela/specs/llm/manifest.json" : "core/x.json";
	struct manifest *m = NULL;
	const char *why = manifest_parse(str_of(text), file, &m);

	if (changes[_i].want) {
		ck_assert_msg(why, "%s: it was taken", changes[_i].name);
		ck_assert_msg(strncmp(why, file, strlen(file)) == 0 && why[strlen(file)] == ':', "%s: %s", changes[_i].name, why);
		ck_assert_msg(strcmp(why + strlen(file) + 1, changes[_i].want) == 0, "%s:\n%s\n%s", changes[_i].name,
			      why + strlen(file) + 1, changes[_i].want);
		ck_assert_ptr_null(m);
	} else {
		ck_assert_msg(!why, "%s: %s", changes[_i].name, why);
	}
	manifest_free(m);
}
END_TEST

/* ---- counts -------------------------------------------------------------- */

/* {"a0": item, "a1": item, ...} or, without names, [item, ...] with %d filled in; owned. */
static char *many(int n, const char *item, bool named)
{
	struct buf b = buf_new((size_t)4 << 20);

	for (int i = 0; i < n; i++) {
		buf_adds(&b, i ? "," : "");
		if (named)
			buf_addf(&b, "\"a%d\":", i);
		for (const char *c = item; *c; c++)
			if (*c == '#')
				buf_addf(&b, "%d", i);
			else
				buf_addc(&b, *c);
	}
	return buf_take(&b);
}

static const struct {
	const char *name, *before, *item, *after, *want;
	int max;
	bool named;
} counts[] = {
	{ "operations", ",\"operations\":{", "{\"method\":\"GET\",\"url\":\"https://a.example.com/\",\"effects\":[],\"retry\":\"busy\"}", "}",
	  "x:1: /operations has 65 members: 64 are the most", OPERATIONS_MAX, true },
	{ "settings", ",\"config\":{", "{\"type\":\"word\"}", "}", "x:1: /config has 33 members: 32 are the most", ARGUMENTS_MAX, true },
	{ "words", ",\"words\":[", "\"w#\"", "]", "x:1: /words has 257 words: 1 to 256 can stand there", WORDS_MAX, false },
	{ "rows", ",\"errors\":[", "{\"status\":429,\"class\":\"busy\"}", "]", "x:1: /errors has 65 rows: 64 are the most", ROWS_MAX, false },
};

START_TEST(what_is_counted_has_a_maximum)
{
	for (int more = 0; more < 2; more++) {
		DEFER(text_free) char *items = many(counts[_i].max + more, counts[_i].item, counts[_i].named);
		DEFER(text_free) char *text = text_fmt("%s%s%s%s}", OFFLINE, counts[_i].before, items, counts[_i].after);
		struct manifest *m = NULL;
		const char *why = manifest_parse(str_of(text), "x", &m);

		if (more)
			ck_assert_str_eq(why ? why : "taken", counts[_i].want);
		else
			ck_assert_msg(!why, "%s: %s", counts[_i].name, why);
		manifest_free(m);
	}
}
END_TEST

START_TEST(a_file_that_is_too_large_is_refused)
{
	DEFER(text_free) char *space = mem_new(FILE_MAX + 2, 1);
	struct manifest *m = NULL;

	memset(space, ' ', FILE_MAX + 1);
	ck_assert_str_eq(manifest_parse(str_of(space), "x", &m), "x:1: it has 1048577 bytes: 1048576 are the most");
	ck_assert_ptr_null(m);
}
END_TEST

START_TEST(a_complaint_about_a_long_name_is_short)
{
	DEFER(text_free) char *name = mem_new(100001, 1);
	DEFER(text_free) char *text = NULL;
	struct manifest *m = NULL;
	const char *why;

	memset(name, 'n', 100000);
	text = changed(tool, "\"words\"", name);
	text[strstr(text, "nnn") - text] = '"';
	text[strstr(text, "n: [\"INBOX") - text] = '"';
	why = manifest_parse(str_of(text), "x", &m);
	ck_assert(why && strlen(why) < 3000);
	ck_assert_msg(strncmp(why, "x:1: unknown member \"nnn", 24) == 0, "%.40s", why);	/* too long to be looked for */
}
END_TEST

START_TEST(a_file_that_is_not_there_is_a_complaint)
{
	struct manifest *m = NULL;

	ck_assert_str_eq(manifest_read("/nowhere/specs/a/manifest.json", &m),
			 "/nowhere/specs/a/manifest.json:1: it cannot be read (No such file or directory): see whether it is there, and whose it is");
	ck_assert_ptr_null(m);
}
END_TEST

/* ---- anything at all ----------------------------------------------------- */

static void judge(struct str text, const char *what, size_t at)
{
	struct manifest *m = NULL;
	const char *why = manifest_parse(text, "f", &m);
	char *end = NULL;

	ck_assert_msg(!why == (m != NULL), "%s at %zu", what, at);
	if (why) {
		ck_assert_msg(strncmp(why, "f:", 2) == 0 && strtol(why + 2, &end, 10) > 0 && strncmp(end, ": ", 2) == 0 && strstr(end + 2, ": "),
			      "%s at %zu: %s", what, at, why);
		ck_assert_msg(utf8_valid(str_of(why)), "%s at %zu", what, at);
	}
	manifest_free(m);
}

static const char *const whole[] = { tool, model };

START_TEST(every_beginning_is_judged)
{
	for (size_t n = 0; whole[_i][n]; n++)
		judge((struct str){ whole[_i], n }, "cut", n);
}
END_TEST

START_TEST(every_byte_may_be_another)
{
	static const char others[] = { '\0', '"', '{', '*', '\xFF' };
	DEFER(text_free) char *text = text_dup(whole[_i]);

	for (size_t n = 0; whole[_i][n]; n++) {
		for (size_t k = 0; k < COUNT(others); k++) {
			text[n] = others[k];
			judge((struct str){ text, strlen(whole[_i]) }, "changed", n);
		}
		text[n] = whole[_i][n];
	}
}
END_TEST

/* Each value of the tree in turn is of another type: no member is trusted to be what it was. */
START_TEST(every_value_may_be_of_another_type)
{
	static const char *const others[] = { "null", "true", "-1", "\"x\"", "[]", "{}", "[[]]", "{\"a\":{}}" };
	const char *text = whole[_i];

	for (size_t n = 0; text[n]; n++) {
		bool name = n && text[n] == ':' && text[n - 1] == '"';
		size_t end = n + 2;

		if (!name)
			continue;
		for (int depth = 0; depth > 0 || !strchr(",}\n", text[end]); end++)
			depth += !!strchr("{[", text[end]) - !!strchr("}]", text[end]);
		for (size_t k = 0; k < COUNT(others); k++) {
			DEFER(text_free) char *other = text_fmt("%.*s %s%s", (int)n + 1, text, others[k], text + end);

			judge(str_of(other), others[k], n);
		}
	}
}
END_TEST

/* ---- words --------------------------------------------------------------- */

START_TEST(words_have_names_and_back)
{
	for (int bit = 0; bit < EFFECTS; bit++)
		ck_assert_uint_eq(effect_find(str_of(effect_name(bit))), 1u << bit);
	ck_assert_uint_eq(effect_find(STR("Read")), 0);
	ck_assert_uint_eq(effect_find(STR("")), 0);
	for (int class = FAIL_NONE; class <= FAIL_MOVED; class++)
		ck_assert_int_eq(failure_find(failure_name(class)), class);
	ck_assert_str_eq(failure_name(FAIL_TOO_LARGE), "too_large");
	ck_assert_ptr_null(failure_name(FAIL_MOVED + 1));
	ck_assert_ptr_null(failure_name(-1));
	ck_assert_int_eq(failure_find("Busy"), -1);
	ck_assert_str_eq(kind_name(KIND_CHANNEL), "channel");
}
END_TEST

/* ---- plain words --------------------------------------------------------- */

static const struct {
	const char *name, *text, *want;
} described[] = {
	{ "a tool", tool,
	  "mail, a tool: The mail of one account\n"
	  "  talks to   mail.example.com; nowhere else\n"
	  "  secret     token: Mail token, goes to mail.example.com; the adapter never sees it\n"
	  "             from example.com, Settings\n"
	  "  tools      search: Find mail.\n"
	  "             send: Send a mail.\n"
	  "  can        list: reads\n"
	  "             by GET mail.example.com/v1/messages?q={query}&max={max}\n"
	  "             send: sends messages (sends one mail)\n"
	  "             by POST mail.example.com/v1/boxes/{box}/send\n"
	  "  at most    26 requests for each use, 16.7 MB out and 16.7 MB back, within 600 s\n" },
	{ "a model", model,
	  "llm, a model: A model\n"
	  "  talks to   api.example.com, or where \"at URL\" in assistant.conf says; nowhere else\n"
	  "  secret     key: Key (if you have one), goes to api.example.com or to that URL; the adapter never sees it\n"
	  "             from example.com\n"
	  "  can        turn: sends the conversation and brings the answer\n"
	  "             by POST api.example.com/v1/chat\n"
	  "  at most    1 request for each answer, 16.7 MB out and 16.7 MB back, within 600 s\n" },
	{ "what reaches nothing", OFFLINE "}", "off, a model: a\n  talks to   nobody: it can reach nothing outside\n" },
};

START_TEST(a_manifest_is_said_in_plain_words)
{
	struct manifest *m = parsed(described[_i].text, "x");
	DEFER(buf_free) struct buf b = buf_new(1 << 16);

	manifest_describe(m, &b);
	ck_assert_msg(strcmp(buf_text(&b), described[_i].want) == 0, "%s:\n%s", described[_i].name, buf_text(&b));
	manifest_free(m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("manifest");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_tool_is_read_into_tables);
	tcase_add_test(t, a_model_is_read_into_tables);
	tcase_add_test(t, limits_have_defaults_of_their_kind);
	tcase_add_test(t, all_that_is_read_lives_on_without_the_text_it_came_from);
	tcase_add_loop_test(t, a_change_is_taken_or_refused_in_one_sentence, 0, COUNT(changes));
	tcase_add_loop_test(t, what_is_counted_has_a_maximum, 0, COUNT(counts));
	tcase_add_test(t, a_file_that_is_too_large_is_refused);
	tcase_add_test(t, a_complaint_about_a_long_name_is_short);
	tcase_add_test(t, a_file_that_is_not_there_is_a_complaint);
	tcase_add_loop_test(t, every_beginning_is_judged, 0, COUNT(whole));
	tcase_add_loop_test(t, every_byte_may_be_another, 0, COUNT(whole));
	tcase_add_loop_test(t, every_value_may_be_of_another_type, 0, COUNT(whole));
	tcase_add_test(t, words_have_names_and_back);
	tcase_add_loop_test(t, a_manifest_is_said_in_plain_words, 0, COUNT(described));
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
