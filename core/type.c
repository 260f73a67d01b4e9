/* type.c - see type.h */
#include "type.h"
#include "limits.h"
#include "pattern.h"
#include "url.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ID_MAX = 256, WORD_MAX = 128,
	LOCAL_PART_MAX = 64, ADDRESS_MAX = 254,		/* RFC 5321, 4.5.3.1, as errata 1690 has it */
	MESSAGE_ID_MAX = 900,				/* fits a header line of 998 (RFC 5322, 2.1.1) */
	AMOUNT_DIGITS_MAX = 15,
};

static char complaint[400], reason[160];

static const char *because(const char *fmt, ...) PRINTF(1, 2);
static const char *because(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof reason, fmt, ap);
	va_end(ap);
	return reason;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool all(const char *text, const char *signs)
{
	for (; *text; text++)
		if (!is_alnum(*text) && !strchr(signs, *text))
			return false;
	return true;
}

/* ---- text ---------------------------------------------------------------- */

static const char *check_id(const char *text)
{
	if (!*text)
		return "is empty";
	if (strlen(text) > ID_MAX)
		return "is longer than 256 bytes";
	return all(text, "_.:@+=-/") ? NULL : "has a character other than A-Z a-z 0-9 and _.:@+=-/";
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

static const char *check_word(const char *text)
{
	if (!*text)
		return "is empty";
	if (strlen(text) > WORD_MAX)
		return "is longer than 128 bytes";
	return is_printable(text) ? NULL : "is no word of printable ASCII without spaces";
}

/* U+0000 to U+001F, U+007F to U+009F, and the two that Unicode breaks lines with */
static bool is_control(const char *text)
{
	const unsigned char *u = (const unsigned char *)text;

	return u[0] < 0x20 || u[0] == 0x7F || (u[0] == 0xC2 && u[1] >= 0x80 && u[1] <= 0x9F) ||
	       (u[0] == 0xE2 && u[1] == 0x80 && (u[2] == 0xA8 || u[2] == 0xA9));
}

static const char *check_line(const char *text)
{
	for (; *text; text++)
		if (is_control(text))
			return "is not one line: it has a line break or control character";
	return NULL;
}

static const char *check_enum(const struct argument *a, const char *text)
{
	DEFER(buf_free) struct buf known = buf_new(100);

	for (const cJSON *v = json_first(a->values); v; v = v->next) {
		if (strcmp(v->valuestring, text) == 0)
			return NULL;
		buf_addf(&known, "%s%s", known.len ? ", " : "", v->valuestring);
	}
	return because("is none of %s%s", buf_text(&known), known.full ? ", ..." : "");
}

/* ---- numbers ------------------------------------------------------------- */

static const char *check_int(const struct argument *a, const cJSON *given)
{
	int64_t n;

	if (!json_number(given, "", INT64_MIN, INT64_MAX, &n))
		return "is no whole number";
	if (n < a->min)
		return because("is less than %" PRId64, a->min);
	return n > a->max ? because("is greater than %" PRId64, a->max) : NULL;
}

/* Digits after the point, where they are not two (ISO 4217). */
static size_t minor_digits(const char *currency)
{
	static const char none[] = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
	static const char three[] = "BHD IQD JOD KWD LYD OMN TND";

	return strstr(none, currency) ? 0 : strstr(three, currency) ? 3 : 2;
}

static bool is_currency(const char *text)
{
	return strlen(text) == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

static const char *normal_amount(const char *text, char **ret)
{
	size_t whole = strspn(text, "0123456789"), part = 0, digits;
	const char *currency = text + whole;
	struct buf b = buf_new(64);

	if (*currency == '.') {
		part = strspn(currency + 1, "0123456789");
		currency += 1 + part;
		if (part == 0)
			return "is no amount such as \"12.30 EUR\"";
	}
	if (whole == 0 || (whole > 1 && *text == '0') || *currency != ' ' || !is_currency(currency + 1))
		return "is no amount such as \"12.30 EUR\"";
	if (whole + part > AMOUNT_DIGITS_MAX)
		return "has more than 15 digits";
	digits = minor_digits(++currency);
	if (part > digits)
		return because("has more digits than %s has", currency);
	buf_add(&b, text, whole);
	if (digits)
		buf_addf(&b, ".%.*s%.*s", (int)part, text + whole + 1, (int)(digits - part), "000");
	buf_addf(&b, " %s", currency);
	*ret = buf_take(&b);
	return NULL;
}

/* ---- time (RFC 3339) ----------------------------------------------------- */

/* Takes n digits and then `stop` (NUL: nothing); -1: they are not there. */
static int digits(const char **text, int n, char stop)
{
	int value = 0;

	for (; n > 0; n--, (*text)++) {
		if (!is_digit(**text))
			return -1;
		value = value * 10 + (**text - '0');
	}
	if (!stop)
		return value;
	return *(*text)++ == stop ? value : -1;
}

static int days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static bool put_date(struct buf *b, const char **text)
{
	int year = digits(text, 4, '-'), month, day;

	month = year < 0 ? -1 : digits(text, 2, '-');
	if (month < 1 || month > 12)
		return false;
	day = digits(text, 2, '\0');
	if (day < 1 || day > days_in(year, month))
		return false;
	buf_addf(b, "%04d-%02d-%02dT", year, month, day);
	return true;
}

static bool put_fraction(struct buf *b, const char **text)
{
	const char *from = ++*text;
	size_t n = strspn(from, "0123456789");

	*text += n;
	if (n < 1 || n > 9)
		return false;
	while (n > 0 && from[n - 1] == '0')
		n--;
	if (n)
		buf_addf(b, ".%.*s", (int)n, from);
	return true;
}

static bool put_time_of_day(struct buf *b, const char **text)
{
	int hour = digits(text, 2, ':'), minute = hour < 0 ? -1 : digits(text, 2, ':');
	int second = minute < 0 ? -1 : digits(text, 2, '\0');

	if (second < 0 || hour > 23 || minute > 59 || second > 59)
		return false;
	buf_addf(b, "%02d:%02d:%02d", hour, minute, second);
	return **text != '.' || put_fraction(b, text);
}

static bool put_zone(struct buf *b, const char *text)
{
	char sign = *text;
	int hour, minute;

	if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0) {
		buf_addc(b, 'Z');
		return true;
	}
	if (sign != '+' && sign != '-')
		return false;
	text++;
	hour = digits(&text, 2, ':');
	minute = hour < 0 ? -1 : digits(&text, 2, '\0');
	if (minute < 0 || hour > 23 || minute > 59 || *text)
		return false;
	if (hour == 0 && minute == 0)
		buf_addc(b, 'Z');
	else
		buf_addf(b, "%c%02d:%02d", sign, hour, minute);
	return true;
}

static const char *normal_time(const char *text, char **ret)
{
	DEFER(buf_free) struct buf b = buf_new(64);

	if (!put_date(&b, &text) || !*text || !strchr("Tt ", *text))
		return "is no time such as \"2026-01-31T09:30:00Z\"";
	text++;
	if (!put_time_of_day(&b, &text))
		return "is no time such as \"2026-01-31T09:30:00Z\"";
	if (!put_zone(&b, text))
		return "is a time without a zone: add \"Z\" or an offset such as \"+02:00\"";
	*ret = buf_take(&b);
	return NULL;
}

/* ---- mail ---------------------------------------------------------------- */

/* A dot-atom (RFC 5322, 3.2.3): no quotes, no comments. */
static bool is_dot_atom(const char *text, size_t n)
{
	if (n == 0 || text[0] == '.' || text[n - 1] == '.')
		return false;
	for (size_t i = 0; i < n; i++)
		if (text[i] == '.' ? text[i + 1] == '.' : !is_alnum(text[i]) && (!text[i] || !strchr("!#$%&'*+-/=?^_`{|}~", text[i])))
			return false;
	return true;
}

static bool is_domain(const char *text)
{
	size_t labels = 0;

	for (;; labels++) {
		size_t n = strcspn(text, ".");

		if (n < 1 || n > 63 || text[0] == '-' || text[n - 1] == '-')
			return false;
		for (size_t i = 0; i < n; i++)
			if (!is_alnum(text[i]) && text[i] != '-')
				return false;
		if (!text[n])
			return labels > 0;
		text += n + 1;
	}
}

static const char *normal_address(const char *text, char **ret)
{
	const char *at = strrchr(text, '@');

	if (!at || !is_dot_atom(text, (size_t)(at - text)) || !is_domain(at + 1))
		return "is no list of plain e-mail addresses such as \"anna@example.org\"";
	if (at - text > LOCAL_PART_MAX || strlen(text) > ADDRESS_MAX)
		return "has an e-mail address that is too long";
	*ret = text_dup(text);
	for (char *c = *ret + (at - text); *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return NULL;
}

static bool holds(const cJSON *list, const char *text)
{
	for (const cJSON *c = json_first(list); c; c = c->next)
		if (strcmp(c->valuestring, text) == 0)
			return true;
	return false;
}

static const char *normal_emails(const cJSON *given, cJSON **ret)
{
	DEFER(json_drop) cJSON *list = cJSON_CreateArray();
	const cJSON *item = cJSON_IsArray(given) ? given->child : given;

	if (!item)
		return "is an empty list";
	for (; item; item = cJSON_IsArray(given) ? item->next : NULL) {
		DEFER(text_free) char *address = NULL;
		const char *why = cJSON_IsString(item) ? normal_address(item->valuestring, &address) :
						     "is no list of e-mail addresses";

		if (why)
			return why;
		if (json_count(list) >= EMAILS_MAX)
			return because("has more than %d addresses", EMAILS_MAX);
		if (!holds(list, address))
			cJSON_AddItemToArray(list, cJSON_CreateString(address));
	}
	*ret = list;
	list = NULL;
	return NULL;
}

static const char *normal_message_id(const char *text, char **ret)
{
	size_t n = strlen(text);
	bool bracketed = n > 1 && text[0] == '<' && text[n - 1] == '>';
	DEFER(text_free) char *bare = bracketed ? str_dup((struct str){ text + 1, n - 2 }) : text_dup(text);
	const char *at = strchr(bare, '@');

	if (n > MESSAGE_ID_MAX)
		return "is longer than 900 bytes";
	if (!at || at == bare || !at[1] || strchr(at + 1, '@') || strpbrk(bare, "<>()\\,;\"") || !is_printable(bare))
		return "is no Message-ID such as \"<1234@example.org>\"";
	*ret = text_fmt("<%s>", bare);
	return NULL;
}

/* ---- URLs ---------------------------------------------------------------- */

static size_t server_length(const char *url)
{
	const char *host = strstr(url, "://");

	return host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?#") : strlen(url);
}

/* Scheme and host in lower case, without the port that goes without saying. */
static char *lower_server(const char *url)
{
	size_t n = server_length(url), kept = n;
	char *copy = text_dup(url);

	for (size_t i = 0; i < n; i++)
		copy[i] = (char)tolower((unsigned char)copy[i]);
	if (strncmp(copy, "https://", 8) == 0 && n > 12 && strncmp(copy + n - 4, ":443", 4) == 0)
		kept = n - 4;
	if (strncmp(copy, "http://", 7) == 0 && n > 10 && strncmp(copy + n - 3, ":80", 3) == 0)
		kept = n - 3;
	memmove(copy + kept, copy + n, strlen(copy + n) + 1);
	return copy;
}

/* A star before the host: every name below it. */
static bool fits(const char *match, const char *url)
{
	struct str server = { url, server_length(url) };
	size_t scheme = (size_t)(strstr(match, "://") + 3 - match), under;

	if (strncmp(match + scheme, "*.", 2) != 0)
		return str_is(server, match);
	under = strlen(match + scheme + 1);
	return server.len > scheme + under && strncmp(url, match, scheme) == 0 &&
	       memcmp(url + server.len - under, match + scheme + 1, under) == 0;
}

/* A socket's address is judged as if it were https, which it is until the upgrade. */
static const char *normal_url(const struct argument *a, const char *given, char **ret)
{
	bool socket = a->match && str_starts(str_of(a->match), "wss://");
	DEFER(text_free) char *secure = socket && strncasecmp(given, "wss://", 6) == 0 ? text_fmt("https://%s", given + 6) : NULL;
	DEFER(text_free) char *url = lower_server(secure ? secure : given);
	size_t n = 0;
	const char *why = socket && !secure ? "is not wss" : url_server(str_of(url), URL_PUBLIC, &n);

	if (!why)
		why = url_tail(str_of(url + n), false);
	if (!why && socket) {
		memmove(url, url + 2, strlen(url) - 1);
		memcpy(url, "wss", 3);
	}
	if (!why && a->match && !fits(a->match, url))
		return because("is not within %s", a->match);
	if (why)
		return because("is a URL that %s", why);
	*ret = url;
	url = NULL;
	return NULL;
}

/* What the owner points at: other URLs are put behind it. */
static const char *normal_prefix(const char *given, char **ret)
{
	DEFER(text_free) char *url = lower_server(given);
	size_t n = strlen(url), server = server_length(url);
	const char *why;

	while (n > server && url[n - 1] == '/')
		url[--n] = '\0';
	why = url_prefix(str_of(url), URL_LOCAL);
	if (why)
		return because("is a URL that %s", why);
	*ret = url;
	url = NULL;
	return NULL;
}

/* ---- one value ----------------------------------------------------------- */

char *type_text(const cJSON *normal)
{
	struct buf b = buf_new((size_t)1 << 30);
	bool plain = cJSON_IsArray(normal);

	if (cJSON_IsString(normal))
		return text_dup(normal->valuestring);
	for (const cJSON *c = json_first(normal); c; c = c->next)
		plain &= cJSON_IsString(c);
	if (!plain)
		return json_print(normal);
	for (const cJSON *c = json_first(normal); c; c = c->next)
		buf_addf(&b, "%s%s", c == normal->child ? "" : ", ", c->valuestring);
	return buf_take(&b);
}

void type_encode(struct buf *b, const char *text)
{
	for (; *text; text++)
		if (is_alnum(*text) || strchr("-._~", *text))
			buf_addc(b, *text);
		else
			buf_addf(b, "%%%02X", (unsigned char)*text);
}

/* NULL and, where the normal form is another text, that in *ret. */
static const char *check_text(const struct argument *a, const char *text, bool setting, char **ret)
{
	switch (a->type) {
	case TYPE_ID: return check_id(text);
	case TYPE_WORD: return check_word(text);
	case TYPE_LINE: return check_line(text);
	case TYPE_ENUM: return check_enum(a, text);
	case TYPE_AMOUNT: return normal_amount(text, ret);
	case TYPE_TIME: return normal_time(text, ret);
	case TYPE_MESSAGE_ID: return normal_message_id(text, ret);
	case TYPE_URL: return setting ? normal_prefix(text, ret) : normal_url(a, text, ret);
	case TYPE_TEXT: case TYPE_INT: case TYPE_BOOL: case TYPE_EMAILS: case TYPE_JSON: break;
	}
	return NULL;
}

static const char *normal_text(const struct argument *a, const cJSON *given, bool setting, cJSON **ret)
{
	DEFER(text_free) char *mended = cJSON_IsString(given) ? text_mend(given->valuestring) : NULL;
	DEFER(text_free) char *normal = NULL;
	const char *why = mended ? check_text(a, mended, setting, &normal) : "is no text";

	if (!why)
		*ret = cJSON_CreateString(normal ? normal : mended);
	return why;
}

static const char *normal_json(const struct argument *a, const cJSON *given, cJSON **ret)
{
	*ret = pattern_cut(a->members, given, false);
	return *ret ? NULL : "holds nothing that may be sent";
}

static const char *normal_any(const struct argument *a, const cJSON *given, bool setting, cJSON **ret)
{
	const char *why;

	switch (a->type) {
	case TYPE_INT:
		why = check_int(a, given);
		break;
	case TYPE_BOOL:
		why = cJSON_IsBool(given) ? NULL : "is neither true nor false";
		break;
	case TYPE_EMAILS:
		return normal_emails(given, ret);
	case TYPE_JSON:
		return normal_json(a, given, ret);
	default:
		return normal_text(a, given, setting, ret);
	}
	if (!why)
		*ret = cJSON_Duplicate(given, true);
	return why;
}

/* min and max of what is no number are bytes. */
static const char *check_bytes(const struct argument *a, const cJSON *normal)
{
	DEFER(text_free) char *text = NULL;
	int64_t n;

	if (a->type == TYPE_INT || (a->min <= 0 && a->max == INT64_MAX))
		return NULL;
	text = type_text(normal);
	n = (int64_t)strlen(text);
	if (n < a->min)
		return n == 0 ? "is empty" : because("is shorter than %" PRId64 " bytes", a->min);
	return n > a->max ? because("is longer than %" PRId64 " bytes", a->max) : NULL;
}

static const char *check(const struct argument *a, const cJSON *given, bool setting, cJSON **ret)
{
	cJSON *normal = NULL;
	const char *why = normal_any(a, given, setting, &normal);

	if (!why)
		why = check_bytes(a, normal);
	if (why)
		json_drop(&normal);
	else
		*ret = normal;
	return why;
}

const char *type_check(const struct argument *a, const cJSON *given, cJSON **ret)
{
	return check(a, given, false, ret);
}

/* ---- all arguments ------------------------------------------------------- */

static const char *complain(const char *fmt, ...) PRINTF(1, 2);
static const char *complain(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(complaint, sizeof complaint, fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof complaint)
		complaint[utf8_fit(str_of(complaint), sizeof complaint - 4)] = '\0';
	for (char *c = complaint; *c; c++)
		if (is_control(c))
			*c = '?';
	return complaint;
}

static const struct argument *find(const struct argument *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

static const char *not_there(const struct argument *table, size_t n, const char *name)
{
	DEFER(buf_free) struct buf known = buf_new(200);
	int fit = (int)utf8_fit(str_of(name), 60);

	for (size_t i = 0; i < n; i++)
		if (!table[i].is)
			buf_addf(&known, "%s%s", known.len ? ", " : "", table[i].name);
	if (!known.len)
		return complain("\"%.*s\" is not known here: there is nothing to give", fit, name);
	return complain("\"%.*s\" is not known here: there is %s%s", fit, name, buf_text(&known),
			known.full ? ", ..." : "");
}

static const char *check_names(const struct argument *table, size_t n, const cJSON *given)
{
	if (given && !cJSON_IsObject(given))
		return complain("the arguments are no JSON object");
	for (const cJSON *c = json_first(given); c; c = c->next) {
		const struct argument *a = find(table, n, c->string);

		if (!a)
			return not_there(table, n, c->string);
		if (a->is)
			return complain("\"%s\" is filled in by the core: leave it out", a->name);
	}
	return NULL;
}

static const char *check_all(const struct argument *table, size_t n, const cJSON *given, bool setting, cJSON **ret)
{
	const char *why = check_names(table, n, given);
	cJSON *normal = cJSON_CreateObject();

	for (size_t i = 0; i < n && !why; i++) {
		const struct argument *a = &table[i];
		const cJSON *value = given ? cJSON_GetObjectItemCaseSensitive(given, a->name) : NULL;
		cJSON *item = NULL;
		const char *unfit = NULL;

		if (!value || cJSON_IsNull(value))
			value = a->fallback;
		if (value)
			unfit = check(a, value, setting, &item);
		if (unfit)
			why = complain("\"%s\" %s", a->name, unfit);
		else if (!value && !a->optional && !a->is)
			why = complain("\"%s\" is missing", a->name);
		json_add(normal, a->name, item);
	}
	if (why)
		json_drop(&normal);
	else
		*ret = normal;
	return why;
}

const char *arguments_check(const struct argument *table, size_t n, const cJSON *args, cJSON **ret)
{
	return check_all(table, n, args, false, ret);
}

const char *config_check(const struct manifest *m, const cJSON *given, cJSON **ret)
{
	return check_all(m->config, m->config_n, given, true, ret);
}

/* ---- schema -------------------------------------------------------------- */

static const struct {
	const char *type, *format;
	int max;			/* characters; 0: no limit of the type's own */
	const char *about;
} schemas[] = {
	[TYPE_ID] = { "string", NULL, ID_MAX, NULL },
	[TYPE_WORD] = { "string", NULL, WORD_MAX, NULL },
	[TYPE_LINE] = { "string", NULL, 0, NULL },
	[TYPE_TEXT] = { "string", NULL, 0, NULL },
	[TYPE_INT] = { "integer", NULL, 0, NULL },
	[TYPE_AMOUNT] = { "string", NULL, 0, "An amount such as 12.30 EUR." },
	[TYPE_TIME] = { "string", "date-time", 0, "A time with its zone, such as 2026-01-31T09:30:00+02:00." },
	[TYPE_BOOL] = { "boolean", NULL, 0, NULL },
	[TYPE_ENUM] = { "string", NULL, 0, NULL },
	[TYPE_EMAILS] = { "array", NULL, 0, "Plain e-mail addresses such as anna@example.org." },
	[TYPE_MESSAGE_ID] = { "string", NULL, 0, "A Message-ID such as <1234@example.org>." },
	[TYPE_URL] = { "string", "uri", 0, NULL },
	[TYPE_JSON] = { NULL, NULL, 0, NULL },
};

static void put_bounds(cJSON *schema, const struct argument *a)
{
	int64_t max = schemas[a->type].max && schemas[a->type].max < a->max ? schemas[a->type].max : a->max;

	if (a->type == TYPE_INT) {
		cJSON_AddNumberToObject(schema, "minimum", (double)a->min);
		cJSON_AddNumberToObject(schema, "maximum", (double)a->max);
		return;
	}
	if (schemas[a->type].type && strcmp(schemas[a->type].type, "string") == 0 && max < INT64_MAX)
		cJSON_AddNumberToObject(schema, "maxLength", (double)max);
	if (a->type == TYPE_EMAILS)
		json_add(schema, "items", json_build("{type:'string',format:'email'}"));
}

static cJSON *schema_of(const struct argument *a)
{
	const char *extra = schemas[a->type].about;
	DEFER(text_free) char *about = a->about && extra ? text_fmt("%s %s", a->about, extra) : text_dup(a->about ? a->about : extra);
	cJSON *schema = json_build("{type:%s,format:%s,description:%s,enum:%j}", schemas[a->type].type,
				   schemas[a->type].format, about, a->values);

	put_bounds(schema, a);
	if (a->fallback)
		json_add(schema, "default", cJSON_Duplicate(a->fallback, true));
	return schema;
}

cJSON *arguments_schema(const struct argument *table, size_t n)
{
	cJSON *properties = cJSON_CreateObject(), *required = cJSON_CreateArray();
	cJSON *schema = json_build("{type:'object'}");

	for (size_t i = 0; i < n; i++) {
		if (table[i].is)
			continue;
		json_add(properties, table[i].name, schema_of(&table[i]));
		if (!table[i].optional && !table[i].fallback)
			cJSON_AddItemToArray(required, cJSON_CreateString(table[i].name));
	}
	json_add(schema, "properties", properties);
	json_add(schema, "required", required);
	cJSON_AddFalseToObject(schema, "additionalProperties");
	return schema;
}
