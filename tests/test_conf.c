/* test_conf.c - assistant.conf: what a person may write, and the sentence for the rest. */
#include "conf.h"
#include "limits.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char good[] =
"# all of it\n"						/* 1 */
"name Chela the crab   # who it is\n"
"persona persona.md\n"
"\n"
"use local else offline\n"				/* 5 */
"set local.max_tokens = 2048\n"
"model local = openai at http://127.0.0.1:11434/v1 using llama3.2\n"
"model anthropic = anthropic using claude-opus-4-8\n"
"model offline = offline\n"
"secret anthropic.key from env ANTHROPIC_API_KEY\n"	/* 10 */
"secret local.key from file /etc/my keys/local\n"
"price anthropic claude-opus-4-8 in 5 out 25 cache-read 0.5 cache-write 6.25 USD\n"
"price local llama3.2 in 0 out 0.000001 EUR\n"
"limit steps 8\n"
"limit tokens 100000\n"					/* 15 */
"limit context 60000\n"
"allow read,write on core\n"
"never write on core.forget\n"
"channel work = slack\n"
"channel demo=slack played at localhost:8080\n"		/* 20 */
"set work.team = T1\n"
"secret work.bot_token from env SLACK_BOT_TOKEN\n"
"owner U024BE7LH on work\n"
"guest U0G9QF9C6 on work # ann\n"
"guest * on demo\n";

static struct conf *parsed(const char *text)
{
	struct conf *c = NULL;
	const char *why = conf_parse(str_of(text), "a.conf", &c);

	ck_assert_msg(!why, "%s", why);
	ck_assert_ptr_nonnull(c);
	return c;
}

static void check_config(const struct conf *c, const char *model, const char *want)
{
	const struct conf_model *m = conf_model(c, model);
	DEFER(text_free) char *config = m ? json_print(m->config) : NULL;

	ck_assert_str_eq(config ? config : "no such model", want);
}

START_TEST(a_whole_file_is_read)
{
	struct conf *c = parsed(good);

	ck_assert_str_eq(c->name, "Chela the crab");
	ck_assert_str_eq(c->persona, "persona.md");
	ck_assert_int_eq(c->models_n, 3);
	ck_assert_str_eq(c->models[0].name, "local");
	ck_assert_str_eq(c->models[0].adapter, "openai");
	ck_assert_int_eq(c->models[0].line, 7);
	check_config(c, "local", "{\"base\":\"http://127.0.0.1:11434/v1\",\"model\":\"llama3.2\",\"max_tokens\":2048}");
	check_config(c, "anthropic", "{\"model\":\"claude-opus-4-8\"}");
	check_config(c, "offline", "{}");
	ck_assert_ptr_null(conf_model(c, "loca"));
	ck_assert_int_eq(c->use_n, 2);
	ck_assert_str_eq(c->use[0], "local");
	ck_assert_str_eq(c->use[1], "offline");
	ck_assert_int_eq(c->channels_n, 2);
	ck_assert_str_eq(c->channels[0].name, "work");
	ck_assert_str_eq(c->channels[0].adapter, "slack");
	ck_assert_int_eq(c->channels[0].line, 19);
	ck_assert_ptr_null(c->channels[0].played_at);
	ck_assert_ptr_eq(conf_channel(c, "demo"), &c->channels[1]);
	ck_assert_str_eq(c->channels[1].played_at, "127.0.0.1:8080");
	ck_assert_str_eq(json_text(conf_channel(c, "work")->config, "/team"), "T1");
	ck_assert_int_eq(json_count(conf_channel(c, "demo")->config), 0);
	ck_assert_ptr_null(conf_channel(c, "local"));
	ck_assert_ptr_null(conf_model(c, "work"));
	ck_assert_int_eq(c->people_n, 3);
	ck_assert_int_eq(c->people[0].line, 23);
	ck_assert_str_eq(c->secrets[2].name, "work.bot_token");
	ck_assert_int_eq(c->secrets_n, 3);
	ck_assert_str_eq(c->secrets[0].name, "anthropic.key");
	ck_assert_str_eq(c->secrets[0].env, "ANTHROPIC_API_KEY");
	ck_assert_ptr_null(c->secrets[0].file);
	ck_assert_int_eq(c->secrets[0].line, 10);
	ck_assert_str_eq(c->secrets[1].file, "/etc/my keys/local");
	ck_assert_ptr_null(c->secrets[1].env);
	ck_assert_int_eq(c->steps, 8);
	ck_assert_int_eq(c->tokens, 100000);
	ck_assert_int_eq(c->context, 60000);
	ck_assert_int_eq(c->rules_n, 2);
	ck_assert_int_eq(c->rules[0].verdict, VERDICT_ALLOW);
	ck_assert_uint_eq(c->rules[0].effects, EFFECT_READ | EFFECT_WRITE);
	ck_assert_str_eq(c->rules[0].target, "core");
	ck_assert_str_eq(c->rules[0].text, "allow read,write on core");
	ck_assert_int_eq(c->rules[0].line, 17);
	ck_assert_int_eq(c->rules[1].verdict, VERDICT_NEVER);
	ck_assert_uint_eq(c->rules[1].effects, EFFECT_WRITE);
	ck_assert_str_eq(c->rules[1].target, "core.forget");
	conf_free(c);
	conf_free(NULL);
}
END_TEST

START_TEST(prices_are_millionths)
{
	struct conf *c = parsed(good);

	ck_assert_int_eq(c->prices_n, 2);
	ck_assert_str_eq(c->prices[0].model_name, "anthropic");
	ck_assert_str_eq(c->prices[0].model, "claude-opus-4-8");
	ck_assert_int_eq(c->prices[0].in, 5000000);
	ck_assert_int_eq(c->prices[0].out, 25000000);
	ck_assert_int_eq(c->prices[0].cache_read, 500000);
	ck_assert_int_eq(c->prices[0].cache_write, 6250000);
	ck_assert_str_eq(c->prices[0].currency, "USD");
	ck_assert_int_eq(c->prices[1].in, 0);
	ck_assert_int_eq(c->prices[1].out, 1);
	ck_assert_int_eq(c->prices[1].cache_read, -1);
	ck_assert_int_eq(c->prices[1].cache_write, -1);
	conf_free(c);
}
END_TEST

START_TEST(an_empty_file_has_defaults_and_allows_nothing)
{
	struct conf *c = parsed("");

	ck_assert_str_eq(c->name, "chela");
	ck_assert_str_eq(c->persona, "persona.md");
	ck_assert_int_eq(c->steps, STEPS_MAX);
	ck_assert_int_eq(c->tokens, TOKENS_DEFAULT);
	ck_assert_int_eq(c->context, CONTEXT_DEFAULT);
	ck_assert_int_eq(c->models_n + c->secrets_n + c->prices_n + c->rules_n + c->use_n + c->channels_n + c->people_n, 0);
	conf_free(c);
}
END_TEST

static const struct {
	const char *name, *text, *want;		/* want: the config of model m */
} configs[] = {
	{ "clauses in the other order", "model m = a using x/y:1 at https://h.example.com", "{\"model\":\"x/y:1\",\"base\":\"https://h.example.com\"}" },
	{ "no blanks around the sign", "model m=a\nset m.k=v", "{\"k\":\"v\"}" },
	{ "many blanks and tabs", "\t model   m \t=\ta \t\n\tset  m.k  =  v w  \t", "{\"k\":\"v w\"}" },
	{ "true and false", "model m = a\nset m.x = true\nset m.y = false", "{\"x\":true,\"y\":false}" },
	{ "whole numbers", "model m = a\nset m.x = -5\nset m.y = 007", "{\"x\":-5,\"y\":7}" },
	{ "what only looks like a number", "model m = a\nset m.x = 5.5\nset m.y = 1e3\nset m.z = -", "{\"x\":\"5.5\",\"y\":\"1e3\",\"z\":\"-\"}" },
	{ "more digits than a number holds", "model m = a\nset m.x = 9999999999999999", "{\"x\":\"9999999999999999\"}" },
	{ "a value with the sign in it", "model m = a\nset m.x = a = b", "{\"x\":\"a = b\"}" },
	{ "a value with a comment behind it", "model m = a\nset m.x = a#b # c", "{\"x\":\"a#b\"}" },
	{ "quotes and backslashes stay what they are", "model m = a\nset m.x = \"a\\b", "{\"x\":\"\\\"a\\\\b\"}" },
	{ "the base by set", "model m = a\nset m.base = http://nas:8080", "{\"base\":\"http://nas:8080\"}" },
	{ "a slash at the end of a URL", "model m = a at https://h.example.com/v1//", "{\"base\":\"https://h.example.com/v1\"}" },
	{ "a number as host", "model m = a at http://[::1]:80", "{\"base\":\"http://[::1]:80\"}" },
	{ "lines as Windows ends them", "model m = a\r\nset m.x = y\r\n", "{\"x\":\"y\"}" },
	{ "no end of line at the end", "model m = a", "{}" },
	{ "only a comment", "#\n   # model m = b\nmodel m = a", "{}" },
};

START_TEST(a_model_is_told_what_its_lines_say)
{
	struct conf *c = parsed(configs[_i].text);
	DEFER(text_free) char *config = json_print(conf_model(c, "m")->config);

	ck_assert_msg(strcmp(config, configs[_i].want) == 0, "%s: %s", configs[_i].name, config);
	conf_free(c);
}
END_TEST

static const struct {
	const char *name, *text;
	unsigned effects;
	const char *target, *said;
} rules[] = {
	{ "one effect", "allow pay on bank", EFFECT_PAY, "bank", "allow pay on bank" },
	{ "all nine", "never read,draft,write,send,share,delete,pay,admin,net on *", 0x1FF, "*",
	  "never read,draft,write,send,share,delete,pay,admin,net on *" },
	{ "blanks after commas", "  allow  read , send on  gmail.send # fine", EFFECT_READ | EFFECT_SEND, "gmail.send", "allow  read , send on  gmail.send" },
	{ "the same twice", "allow read,read on core", EFFECT_READ, "core", "allow read,read on core" },
};

START_TEST(a_rule_keeps_its_own_words)
{
	struct conf *c = parsed(rules[_i].text);

	ck_assert_int_eq(c->rules_n, 1);
	ck_assert_msg(c->rules[0].effects == rules[_i].effects, "%s: %x", rules[_i].name, c->rules[0].effects);
	ck_assert_str_eq(c->rules[0].target, rules[_i].target);
	ck_assert_str_eq(c->rules[0].text, rules[_i].said);
	conf_free(c);
}
END_TEST

static const struct { const char *name, *address, *want; } played[] = {
	{ "as it is kept", "127.0.0.1:8080", "127.0.0.1:8080" },
	{ "by its name", "localhost:1", "127.0.0.1:1" },
	{ "another of the loopback", "127.200.0.7:65535", "127.200.0.7:65535" },
	{ "of version six", "[::1]:80", "[::1]:80" },
};

START_TEST(a_channel_is_played_on_this_machine)
{
	DEFER(text_free) char *text = text_fmt("channel c = a played  at\t%s # here", played[_i].address);
	struct conf *c = parsed(text);

	ck_assert_msg(strcmp(c->channels[0].played_at, played[_i].want) == 0, "%s: %s", played[_i].name, c->channels[0].played_at);
	conf_free(c);
}
END_TEST

static const struct { const char *name, *channel, *id; enum standing want; } standings[] = {
	{ "an owner", "work", "U1", OWNER },
	{ "a guest", "work", "U2", GUEST },
	{ "nobody known", "work", "U3", STRANGER },
	{ "one who has an owner's id elsewhere", "home", "U1", STRANGER },
	{ "in capitals", "work", "u1", STRANGER },
	{ "the beginning of an id", "work", "U", STRANGER },
	{ "no id", "work", "", STRANGER },
	{ "anybody, where all are guests", "open", "U3", GUEST },
	{ "an owner, where all are guests", "open", "U9", OWNER },
	{ "an owner whose line stands after a guest's star", "open", "U8", OWNER },
	{ "a channel that is not there", "none", "U1", STRANGER },
	{ "the terminal", "terminal", "owner", STRANGER },
	{ "anybody, where the service is played and all are owners", "played", "U3", OWNER },
	{ "an id as services write them", "home", "+49151/x:y@z.example", GUEST },
};

START_TEST(everybody_has_the_standing_that_the_lines_give)
{
	struct conf *c = parsed("owner U9 on open\nguest * on open\nowner U8 on open\nowner U1 on work\nguest U2 on work\n"
				"guest +49151/x:y@z.example on home\nowner * on played\nchannel played = a played at [::1]:80\nchannel work = a\nchannel home = a\nchannel open = a");

	ck_assert_msg(conf_standing(c, standings[_i].channel, standings[_i].id) == standings[_i].want, "%s", standings[_i].name);
	conf_free(c);
}
END_TEST

/* ---- what is refused ----------------------------------------------------- */

#define MODEL_FORM "write model NAME = ADAPTER [at URL] [using MODEL]"
#define CHANNEL_FORM "write channel NAME = ADAPTER [played at HOST:PORT]"
#define OWNER_FORM "write owner ID on CHANNEL"
#define GUEST_FORM "write guest ID on CHANNEL, or guest * on CHANNEL: everybody there"
#define HERE "1: a channel is played on this machine only: write played at 127.0.0.1:80"
#define PORT "1: the port is missing, or is not one of 1 to 65535: " CHANNEL_FORM
#define C "channel c = a\n"
#define SET_FORM "write set NAME.KEY = VALUE"
#define USE_FORM "write use NAME [else NAME]..."
#define SECRET_FORM "write secret NAME.SLOT from env VARIABLE, or from file PATH"
#define PRICE_FORM "write price NAME MODEL in N out N [cache-read N] [cache-write N] CURRENCY"
#define LIMIT_FORM "write limit steps|tokens|context N"
#define ALLOW_FORM "write allow EFFECTS on NAME|NAME.OPERATION|*, such as: allow read,write on core"
#define NAME_RULE ": begin with a letter, then a-z, 0-9, _ and -, at most 64 in all"
#define M "model m = a\n"

static const struct {
	const char *name, *text, *want;		/* what follows the file's name */
} refused[] = {
	/* lines */
	{ "an unknown word", "\n\nmodle m = a", "3: unknown word \"modle\": did you mean \"model\"?" },
	{ "a word far from all", "frobnicate", "1: unknown word \"frobnicate\": known are name, persona, model, channel, owner, guest, set, use, secret, price, limit, allow and never" },
	{ "a word in capitals", "Allow read on core", "1: unknown word \"Allow\": did you mean \"allow\"?" },
	{ "ask, which a later version may know", "ask send on gmail",
	  "1: unknown word \"ask\": known are name, persona, model, channel, owner, guest, set, use, secret, price, limit, allow and never" },
	{ "a control character", "name a\x1b[2Jb", "1: the line has a control character: write it anew" },
	{ "a control character in a comment", "# \x07", "1: the line has a control character: write it anew" },
	{ "a return within a line", "allow read on core\rnever read on core", "1: the line has a control character: write it anew" },
	{ "words that cannot be seen", "name a\nallow read\xE2\x80\x8B on core", "2: the line has a control character: write it anew" },
	{ "a mark before the first line", "\xEF\xBB\xBFname a", "1: the file begins with a byte order mark: save it as UTF-8 without one" },
	{ "not UTF-8", "name a\nname \xE9", "2: the line is not UTF-8: save the file as UTF-8" },

	/* name, persona */
	{ "no name", "name", "1: the assistant's name is missing: write name NAME" },
	{ "a name that is only a comment", "name # chela", "1: the assistant's name is missing: write name NAME" },
	{ "two names", "name a\nname b", "2: the assistant's name stands here a second time: leave one of the lines out" },
	{ "two personas", "persona a\npersona a", "2: the persona's file stands here a second time: leave one of the lines out" },

	/* model */
	{ "a model without anything", "model", "1: a model is missing: " MODEL_FORM },
	{ "a model without its sign", "model m a", "1: \"=\" is missing: " MODEL_FORM },
	{ "a model without its adapter", "model m =", "1: an adapter is missing: " MODEL_FORM },
	{ "a model's name in capitals", "model M = a", "1: \"M\" is no name of a model" NAME_RULE },
	{ "a model's name with a dot", "model m.x = a", "1: \"m.x\" is no name of a model" NAME_RULE },
	{ "an adapter that is a path", "model m = ../a", "1: \"../a\" is no name of an adapter" NAME_RULE },
	{ "two models of one name", M "\nmodel m = b", "3: the model \"m\" stands in line 1 already: give this one another name" },
	{ "an unknown clause", "model m = a on http://h", "1: unknown word \"on\": " MODEL_FORM },
	{ "a clause without its URL", "model m = a at", "1: a URL is missing after \"at\": " MODEL_FORM },
	{ "a clause without its model", "model m = a using", "1: a model is missing after \"using\": " MODEL_FORM },
	{ "a clause twice", "model m = a using b using c", "1: m has its \"model\" already: leave one of the two out" },
	{ "two URLs", "model m = a at http://h at http://h", "1: m has its \"base\" already: leave one of the two out" },
	{ "a URL without a scheme", "model m = a at localhost:80", "1: the URL has no scheme: write http:// or https:// before it" },
	{ "a URL of another scheme", "model m = a at file:///etc/passwd", "1: the URL has no scheme: write http:// or https:// before it" },
	{ "a URL with a user", "model m = a at http://u:p@h", "1: the URL names a user: leave out what stands before \"@\"; a secret has its own place" },
	{ "a URL with a query", "model m = a at http://h?k=1", "1: the URL has a query: leave out \"?\" and what follows" },
	{ "a URL with a fragment", "model m = a at http://h#k", "1: the URL has a fragment: leave out \"#\" and what follows" },
	{ "a URL without a host", "model m = a at http:///v1", "1: the URL names no host: write https://HOST/PATH" },
	{ "a URL with a bad port", "model m = a at http://h:99999", "1: the URL has a port that is none: ports are 1 to 65535" },
	{ "a URL by set, as bad", M "set m.base = ftp://h", "2: the URL has no scheme: write http:// or https:// before it" },
	{ "a URL that is a number", M "set m.base = 5", "2: the URL is none: write http://HOST/PATH or https://HOST/PATH" },

	/* channel */
	{ "a channel without anything", "channel", "1: a channel is missing: " CHANNEL_FORM },
	{ "a channel without its sign", "channel c a", "1: \"=\" is missing: " CHANNEL_FORM },
	{ "a channel without its adapter", "channel c =", "1: an adapter is missing: " CHANNEL_FORM },
	{ "a channel's name in capitals", "channel Work = a", "1: \"Work\" is no name of a channel" NAME_RULE },
	{ "two channels of one name", C C, "2: the channel \"c\" stands in line 1 already: give this one another name" },
	{ "a channel with a model's name", M "channel m = a", "2: the model \"m\" stands in line 1 already: give this one another name" },
	{ "a model with a channel's name", C "model c = a", "2: the channel \"c\" stands in line 1 already: give this one another name" },
	{ "a channel of the program's own name", "channel terminal = a", "1: the name \"terminal\" is the program's own: give this one another name" },
	{ "a model of the program's own name", "model core = a", "1: the name \"core\" is the program's own: give this one another name" },
	{ "a clause of a model's", "channel c = a at http://h", "1: unknown word \"at\": " CHANNEL_FORM },
	{ "played nowhere", "channel c = a played", "1: \"at\" is missing after \"played\": " CHANNEL_FORM },
	{ "played at nothing", "channel c = a played at", "1: an address is missing after \"at\": " CHANNEL_FORM },
	{ "played without a port", "channel c = a played at 127.0.0.1", PORT },
	{ "played with an empty port", "channel c = a played at 127.0.0.1:", PORT },
	{ "played at port 0", "channel c = a played at 127.0.0.1:0", PORT },
	{ "played at a port past the last", "channel c = a played at 127.0.0.1:65536", PORT },
	{ "played at a port of words", "channel c = a played at 127.0.0.1:http", PORT },
	{ "played at a port with a zero before it", "channel c = a played at 127.0.0.1:080", PORT },
	{ "played on another machine", "channel c = a played at 192.168.1.2:80", HERE },
	{ "played at all addresses", "channel c = a played at 0.0.0.0:80", HERE },
	{ "played at another machine's name", "channel c = a played at localhost.example.com:80", HERE },
	{ "played at what only begins so", "channel c = a played at 127.0.0.1.example.com:80", HERE },
	{ "played at a short address", "channel c = a played at 127.1:80", HERE },
	{ "played at an address of other digits", "channel c = a played at 0x7f.0.0.1:80", HERE },
	{ "played at version six without brackets", "channel c = a played at ::1:80", HERE },
	{ "played at another of version six", "channel c = a played at [::2]:80", HERE },
	{ "played at an address in disguise", "channel c = a played at [::ffff:10.0.0.1]:80", HERE },
	{ "played at a URL", "channel c = a played at http://127.0.0.1:80", HERE },
	{ "played at no host", "channel c = a played at :80", HERE },
	{ "played at two", "channel c = a played at 127.0.0.1:80 127.0.0.1:81", "1: \"127.0.0.1:81\" is too much: " CHANNEL_FORM },

	/* owner, guest */
	{ "an owner without anything", "owner", "1: an id is missing: " OWNER_FORM },
	{ "an owner of no channel", C "owner U1", "2: \"on\" and the channel are missing: " OWNER_FORM },
	{ "an owner on nothing", C "owner U1 on", "2: a channel is missing: " OWNER_FORM },
	{ "everybody as owner", C "owner * on c", "2: everybody would be an owner, who may do everything: name one, or write guest * on c" },
	{ "two ids", C "guest U1 U2 on c", "2: \"on\" and the channel are missing: " GUEST_FORM },
	{ "a list of ids", C "guest U1,U2 on c", "2: the id \"U1,U2\" has a character other than A-Z a-z 0-9 and _.:@+=-/: `chela status` names those who wrote" },
	{ "a star with more", C "guest U* on c", "2: the id \"U*\" has a character other than A-Z a-z 0-9 and _.:@+=-/: `chela status` names those who wrote" },
	{ "two channels for one", C "guest U1 on c d", "2: \"d\" is too much: " GUEST_FORM },
	{ "a guest twice", C "guest U1 on c\nguest U1 on c", "3: U1 on c stands in line 2 already: leave one of the lines out" },
	{ "an owner who is a guest", C "owner U1 on c\nguest U1 on c", "3: U1 on c stands in line 2 already: leave one of the lines out" },
	{ "everybody twice", C "guest * on c\nguest * on c", "3: * on c stands in line 2 already: leave one of the lines out" },
	{ "an owner on a model", M "owner U1 on m", "2: no line defines a channel \"m\": write channel NAME = ADAPTER" },
	{ "a guest on a misspelt channel", "channel work = a\nguest U1 on wrok", "2: no line defines a channel \"wrok\": did you mean \"work\"?" },

	/* set */
	{ "a setting of a channel twice", C "set c.k = 1\nset c.k = 2", "3: c has its \"k\" already: leave one of the two out" },
	{ "a URL of a channel by set, as bad", C "set c.base = ftp://h", "2: the URL has no scheme: write http:// or https:// before it" },
	{ "a setting of neither of two", M C "set n.k = v", "3: no line defines a model or channel \"n\": known are m and c" },
	{ "a channel to use", M C "use c", "3: no line defines a model \"c\": there is only m" },
	{ "a channel's price", M C "price c x in 1 out 1 USD", "3: no line defines a model \"c\": there is only m" },
	{ "a setting of an unknown model", "set n.k = v\n" M, "1: no line defines a model or channel \"n\": there is only m" },
	{ "a setting of a misspelt model", "model local = a\nset locla.k = v", "2: no line defines a model or channel \"locla\": did you mean \"local\"?" },
	{ "a setting without a model at all", "set m.k = v", "1: no line defines a model or channel \"m\": write model NAME = ADAPTER or channel NAME = ADAPTER" },
	{ "a setting without a dot", M "set k = v", "2: a dot is missing: " SET_FORM },
	{ "a setting without a name", M "set", "2: a name is missing: " SET_FORM },
	{ "a setting without a key", M "set m. = v", "2: a setting is missing: " SET_FORM },
	{ "a setting without its sign", M "set m.k v", "2: \"=\" is missing: " SET_FORM },
	{ "a setting without a value", M "set m.k = # v", "2: a value is missing: " SET_FORM },
	{ "a setting twice", M "set m.k = 1\nset m.k = 1", "3: m has its \"k\" already: leave one of the two out" },
	{ "a setting that `using` has said", "set m.model = x\nmodel m = a using y", "1: m has its \"model\" already: leave one of the two out" },

	/* use */
	{ "nobody to use", M "use", "2: a model is missing: " USE_FORM },
	{ "an unknown model to use", M "\nuse n", "3: no line defines a model \"n\": there is only m" },
	{ "an unknown second choice", "use m else n\n" M, "1: no line defines a model \"n\": there is only m" },
	{ "nothing after else", M "use m else", "2: a model is missing: " USE_FORM },
	{ "a comma for else", M "use m, m", "2: \"m,\" is no name of a model" NAME_RULE },
	{ "or for else", M "use m or m", "2: \"or\" stands where \"else\" must: " USE_FORM },
	{ "one model twice", M "use m else m", "2: \"m\" stands in \"use\" twice: leave one out" },
	{ "use twice", M "use m\nuse m", "3: \"use\" stands in line 2 already: write one line, with \"else\" between the models" },

	/* secret */
	{ "a secret without a dot", M "secret m from env K", "2: a dot is missing: " SECRET_FORM },
	{ "a secret of an unknown model", M "secret n.key from env K", "2: no line defines a model or channel \"n\": there is only m" },
	{ "the secret itself", M "secret m.key sk-12345", "2: a secret's value does not stand here: " SECRET_FORM },
	{ "a secret after a sign", M "secret m.key = sk-12345", "2: a secret's value does not stand here: " SECRET_FORM },
	{ "a secret from elsewhere", M "secret m.key from vault x", "2: a secret's value does not stand here: " SECRET_FORM },
	{ "no variable", M "secret m.key from env", "2: a variable is missing after \"env\": " SECRET_FORM },
	{ "a variable as a shell would write it", M "secret m.key from env $K", "2: a variable is written with letters, digits and _: " SECRET_FORM },
	{ "a variable that begins with a digit", M "secret m.key from env 1K", "2: a variable is written with letters, digits and _: " SECRET_FORM },
	{ "two variables", M "secret m.key from env K L", "2: \"L\" is too much: " SECRET_FORM },
	{ "no file", M "secret m.key from file", "2: a path is missing after \"file\": " SECRET_FORM },
	{ "a secret twice", M "secret m.key from env K\nsecret m.key from file k", "3: the secret \"m.key\" stands in line 2 already: leave one of the lines out" },

	/* price */
	{ "a price of nothing", "price", "1: a model is missing: " PRICE_FORM },
	{ "a price without its model", M "price m", "2: the id of the model is missing: " PRICE_FORM },
	{ "a price of an unknown model", M "price n x in 1 out 1 USD", "2: no line defines a model \"n\": there is only m" },
	{ "a price without what goes in", M "price m x out 1 USD", "2: \"in\" and its price are missing: " PRICE_FORM },
	{ "a price without what comes out", M "price m x in 1 USD", "2: \"out\" and its price are missing: " PRICE_FORM },
	{ "a price without a number", M "price m x in out 1 USD", "2: a price is missing, or is no number such as 6.25: " PRICE_FORM },
	{ "a price with a comma", M "price m x in 1,5 out 1 USD", "2: a price is missing, or is no number such as 6.25: " PRICE_FORM },
	{ "a price below nothing", M "price m x in -1 out 1 USD", "2: a price is missing, or is no number such as 6.25: " PRICE_FORM },
	{ "a price that ends in its point", M "price m x in 1. out 1 USD", "2: a price is missing, or is no number such as 6.25: " PRICE_FORM },
	{ "a price that begins with its point", M "price m x in .5 out 1 USD", "2: a price is missing, or is no number such as 6.25: " PRICE_FORM },
	{ "a price finer than a millionth", M "price m x in 0.0000001 out 1 USD", "2: a price is missing, or is no number such as 6.25: " PRICE_FORM },
	{ "a price beyond counting", M "price m x in 1000000000 out 1 USD", "2: a price is missing, or is no number such as 6.25: " PRICE_FORM },
	{ "a price with two points", M "price m x in 1.2.3 out 1 USD", "2: a price is missing, or is no number such as 6.25: " PRICE_FORM },
	{ "one price twice", M "price m x in 1 in 1 out 1 USD", "2: \"in\" stands here twice: leave one out" },
	{ "a price without a currency", M "price m x in 1 out 1", "2: a currency of three capital letters is missing at the end: " PRICE_FORM },
	{ "a currency in small letters", M "price m x in 1 out 1 usd", "2: a currency of three capital letters is missing at the end: " PRICE_FORM },
	{ "something after the currency", M "price m x in 1 out 1 USD EUR", "2: \"EUR\" is too much: " PRICE_FORM },
	{ "two prices of one model", M "price m x in 1 out 1 USD\nprice m x in 2 out 2 USD", "3: m x has its price in line 2 already: leave one of the lines out" },

	/* limit */
	{ "a limit of nothing", "limit", "1: a limit is missing: " LIMIT_FORM },
	{ "an unknown limit", "limit token 5000", "1: unknown limit \"token\": did you mean \"tokens\"?" },
	{ "a limit without a number", "limit steps", "1: the limit \"\" is out of bounds: it can be 1 to 200" },
	{ "no steps", "limit steps 0", "1: the limit \"0\" is out of bounds: it can be 1 to 200" },
	{ "too many steps", "limit steps 201", "1: the limit \"201\" is out of bounds: it can be 1 to 200" },
	{ "fewer tokens than nothing", "limit tokens -5", "1: the limit \"-5\" is out of bounds: it can be 1000 to 100000000" },
	{ "a limit in words", "limit context 60k", "1: the limit \"60k\" is out of bounds: it can be 1000 to 10000000" },
	{ "more digits than a number holds", "limit tokens 99999999999999999999", "1: the limit \"99999999999999999999\" is out of bounds: it can be 1000 to 100000000" },
	{ "a limit and a unit", "limit steps 5 per task", "1: \"per task\" is too much: " LIMIT_FORM },
	{ "a limit twice", "limit steps 5\nlimit steps 5", "2: \"limit steps\" stands here a second time: leave one of the lines out" },

	/* allow, never */
	{ "an unknown effect", "allow read,wirte on core", "1: unknown effect \"wirte\": did you mean \"write\"?" },
	{ "effects without a comma", "allow read write on core",
	  "1: unknown effect \"read write\": known are read, draft, write, send, share, delete, pay, admin and net" },
	{ "every effect at once", "allow * on core", "1: unknown effect \"*\": known are read, draft, write, send, share, delete, pay, admin and net" },
	{ "an effect missing after a comma", "allow read, on core", "1: an effect is missing: " ALLOW_FORM },
	{ "no effect", "allow on core", "1: an effect is missing: " ALLOW_FORM },
	{ "no target", "allow read", "1: \"on\" is missing: " ALLOW_FORM },
	{ "nothing at all", "allow", "1: \"on\" is missing: " ALLOW_FORM },
	{ "a target missing after on", "allow read on", "1: what it is about is missing after \"on\": " ALLOW_FORM },
	{ "a target with a star in it", "allow read on core.*", "1: \"core.*\" is nothing that a rule can be about: write core, core.remember or *" },
	{ "a target with two dots", "allow read on a.b.c", "1: \"a.b.c\" is nothing that a rule can be about: write core, core.remember or *" },
	{ "two targets", "allow read on core gmail", "1: \"gmail\" is too much: " ALLOW_FORM },
	{ "a condition, which a later version may know", "allow send on mail where to is me", "1: \"where to is me\" is too much: " ALLOW_FORM },
};

START_TEST(what_is_wrong_is_refused_with_its_line_and_a_remedy)
{
	struct conf *c = NULL;
	const char *why = conf_parse(str_of(refused[_i].text), "my/a.conf", &c);

	ck_assert_msg(why, "%s: it was taken", refused[_i].name);
	ck_assert_msg(strncmp(why, "my/a.conf:", 10) == 0 && strcmp(why + 10, refused[_i].want) == 0, "%s:\n%s\nmy/a.conf:%s",
		      refused[_i].name, why, refused[_i].want);
	ck_assert_ptr_null(c);
}
END_TEST

START_TEST(a_byte_of_zero_does_not_end_the_file)
{
	static const char text[] = "name a\n\0never read on core\n";
	struct conf *c = NULL;

	ck_assert_str_eq(conf_parse((struct str){ text, sizeof text - 1 }, "f", &c), "f:2: the line has a control character: write it anew");
}
END_TEST

START_TEST(a_line_and_a_file_have_a_maximum)
{
	struct buf b = buf_new(FILE_MAX);
	struct conf *c = NULL;

	buf_adds(&b, "name ");
	while (b.len < CONF_LINE_MAX)
		buf_addc(&b, 'n');
	ck_assert_ptr_null(conf_parse(buf_str(&b), "f", &c));
	conf_free(c);
	buf_addc(&b, 'n');
	ck_assert_str_eq(conf_parse(buf_str(&b), "f", &c), "f:1: the line is too long: 1024 bytes are the most");
	buf_cut(&b, 0);
	for (int i = 0; i < CONF_LINES_MAX; i++)
		buf_adds(&b, "allow read on core\n#\n");
	ck_assert_ptr_null(conf_parse(buf_str(&b), "f", &c));
	ck_assert_int_eq(c->rules_n, CONF_LINES_MAX);
	conf_free(c);
	buf_adds(&b, "allow read on core\n");
	ck_assert_str_eq(conf_parse(buf_str(&b), "f", &c), "f:2001: the file has too many lines: 1000 statements are the most");
	buf_cut(&b, 0);
	for (int i = 0; i < CHANNELS_MAX; i++)
		buf_addf(&b, "channel c%d = a\n", i);
	for (int i = 0; i < PEOPLE_MAX; i++)
		buf_addf(&b, "guest U%d on c0\n", i);
	ck_assert_ptr_null(conf_parse(buf_str(&b), "f", &c));
	ck_assert_int_eq(c->people_n, PEOPLE_MAX);
	conf_free(c);
	buf_adds(&b, "owner U on c0\n");
	ck_assert_str_eq(conf_parse(buf_str(&b), "f", &c), "f:273: there are too many owners and guests: 256 are the most");
	buf_adds(&b, "channel c = a\n");
	buf_drop(&b, buf_str(&b).len - strlen("channel c = a\n"));
	for (int i = 0; i < CHANNELS_MAX; i++)
		buf_addf(&b, "channel c%d = a\n", i);
	ck_assert_str_eq(conf_parse(buf_str(&b), "f", &c), "f:17: there are too many channels: 16 are the most");
	buf_free(&b);
}
END_TEST

/* ---- anything at all ----------------------------------------------------- */

static void judge(struct str text, const char *what, size_t at)
{
	struct conf *c = NULL;
	const char *why = conf_parse(text, "f", &c);
	char *end = NULL;

	ck_assert_msg(!why == (c != NULL), "%s at %zu", what, at);
	if (why)
		ck_assert_msg(strncmp(why, "f:", 2) == 0 && strtol(why + 2, &end, 10) > 0 && strncmp(end, ": ", 2) == 0 && strstr(end + 2, ": ") &&
			      utf8_valid(str_of(why)), "%s at %zu: %s", what, at, why);
	conf_free(c);
}

START_TEST(every_beginning_is_judged)
{
	for (size_t n = 0; n <= strlen(good); n++)
		judge((struct str){ good, n }, "cut", n);
}
END_TEST

START_TEST(every_byte_may_be_another)
{
	static const char others[] = { '\0', ' ', '\n', '.', ',', '=', '#', '"', '\x1b', '\xFF', 'x', '0' };
	DEFER(text_free) char *text = text_dup(good);

	for (size_t n = 0; good[n]; n++) {
		for (size_t k = 0; k < COUNT(others); k++) {
			text[n] = others[k];
			judge((struct str){ text, strlen(good) }, "changed", n);
		}
		text[n] = good[n];
	}
}
END_TEST

START_TEST(every_line_may_be_missing_or_come_twice)
{
	for (const char *line = good; *line; line = strchr(line, '\n') + 1) {
		int before = (int)(line - good), n = (int)strcspn(line, "\n") + 1;
		DEFER(text_free) char *without = text_fmt("%.*s%s", before, good, line + n);
		DEFER(text_free) char *twice = text_fmt("%s%.*s", good, n, line);

		judge(str_of(without), "missing", (size_t)before);
		judge(str_of(twice), "twice", (size_t)before);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("conf");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_whole_file_is_read);
	tcase_add_test(t, prices_are_millionths);
	tcase_add_test(t, an_empty_file_has_defaults_and_allows_nothing);
	tcase_add_loop_test(t, a_model_is_told_what_its_lines_say, 0, COUNT(configs));
	tcase_add_loop_test(t, a_channel_is_played_on_this_machine, 0, COUNT(played));
	tcase_add_loop_test(t, everybody_has_the_standing_that_the_lines_give, 0, COUNT(standings));
	tcase_add_loop_test(t, a_rule_keeps_its_own_words, 0, COUNT(rules));
	tcase_add_loop_test(t, what_is_wrong_is_refused_with_its_line_and_a_remedy, 0, COUNT(refused));
	tcase_add_test(t, a_byte_of_zero_does_not_end_the_file);
	tcase_add_test(t, a_line_and_a_file_have_a_maximum);
	tcase_add_test(t, every_beginning_is_judged);
	tcase_add_test(t, every_byte_may_be_another);
	tcase_add_test(t, every_line_may_be_missing_or_come_twice);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
