/* manifest_describe.c - a manifest in plain words, for the person who decides whether to
 * enable it. */
#include "manifest.h"
#include <inttypes.h>
#include <string.h>

static const char base_mark[] = "{config.base}";

static const char *const effect_words[EFFECTS] = {
	"reads", "prepares drafts", "adds or changes things", "sends messages", "shares things with others",
	"deletes", "spends money", "changes settings and rights", "reaches other places",
};

/* "    secret     ", and only spaces before what follows it. */
static void begin(struct buf *b, const char *word)
{
	buf_addf(b, "  %-10s ", word);
}

/* ---- where it goes ------------------------------------------------------- */

static const char *default_base(const struct manifest *m)
{
	for (size_t i = 0; i < m->config_n; i++)
		if (strcmp(m->config[i].name, "base") == 0 && m->config[i].fallback)
			return m->config[i].fallback->valuestring;
	return "the address in assistant.conf";
}

static bool owner_may_point(const struct operation *op)
{
	return strncmp(op->url, base_mark, strlen(base_mark)) == 0;
}

/* Of a URL that is an argument: what its "match" says; or NULL. */
static const char *match_of(const struct operation *op)
{
	for (size_t i = 0; i < op->args_n && op->url[0] == '{'; i++)
		if (op->args[i].match && str_is((struct str){ op->url + 1, strcspn(op->url, "}") - 1 }, op->args[i].name))
			return op->args[i].match;
	return NULL;
}

/* The whole address as it will be, but for arguments; owned. */
static char *address(const struct manifest *m, const struct operation *op)
{
	if (op->url[0] == '/')
		return text_fmt("%s%s", m->base, op->url);
	if (owner_may_point(op))
		return text_fmt("%s%s", default_base(m), op->url + strlen(base_mark));
	return text_dup(match_of(op) ? match_of(op) : op->url);
}

static const char *without_scheme(const char *url)
{
	return strncmp(url, "https://", 8) == 0 ? url + 8 : url;
}

static struct str host_of(const char *url)
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	return (struct str){ host, strcspn(host, host == url ? "/?" : ":/?") };
}

static struct str socket_host(const struct socket_row *row)
{
	return host_of(match_of(&row->open) ? match_of(&row->open) : row->open.url);
}

static bool told_before(const struct manifest *m, size_t n, struct str host)
{
	for (size_t i = 0; i < n; i++) {
		DEFER(text_free) char *url = address(m, &m->operations[i]);
		struct str other = host_of(url);

		if (other.len == host.len && memcmp(other.at, host.at, host.len) == 0)
			return true;
	}
	return false;
}

static void tell_hosts(const struct manifest *m, struct buf *b)
{
	bool movable = false;
	const char *comma = "";

	begin(b, "talks to");
	for (size_t i = 0; i < m->operations_n; i++) {
		DEFER(text_free) char *url = address(m, &m->operations[i]);
		struct str host = host_of(url);

		movable = movable || owner_may_point(&m->operations[i]);
		if (told_before(m, i, host))
			continue;
		buf_addf(b, "%s%.*s", comma, (int)host.len, host.at);
		comma = ", ";
	}
	for (size_t i = 0; i < m->sockets_n; i++, comma = ", ") {
		struct str host = socket_host(&m->sockets[i]);

		buf_addf(b, "%s%.*s over a socket", comma, (int)host.len, host.at);
	}
	buf_adds(b, movable ? ", or where \"at URL\" in assistant.conf says; nowhere else\n" :
			      "; nowhere else\n");
}

/* ---- secrets ------------------------------------------------------------- */

static bool in_frames(const struct socket_row *row, const struct secret_slot *s)
{
	for (size_t i = 0; i < row->frames_n; i++)
		if (row->frames[i].secret == s)
			return true;
	return false;
}

/* All operations of a secret go to one server. */
static void tell_places(const struct manifest *m, const struct secret_slot *s, struct buf *b)
{
	const char *comma = "";
	size_t i = 0;

	while (i < m->operations_n && m->operations[i].secret != s)
		i++;
	if (i < m->operations_n) {
		DEFER(text_free) char *url = address(m, &m->operations[i]);
		struct str host = host_of(url);

		buf_addf(b, "%.*s%s", (int)host.len, host.at, owner_may_point(&m->operations[i]) ? " or to that URL" : "");
		comma = " and ";
	}
	for (i = 0; i < m->sockets_n; i++) {
		struct str host = socket_host(&m->sockets[i]);

		if (!in_frames(&m->sockets[i], s))
			continue;
		buf_addf(b, "%s%.*s", comma, (int)host.len, host.at);
		comma = " and ";
	}
}

static void tell_secret(const struct manifest *m, const struct secret_slot *s, struct buf *b)
{
	begin(b, "secret");
	buf_addf(b, "%s: %s%s, goes to ", s->name, s->label, s->optional ? " (if you have one)" : "");
	tell_places(m, s, b);
	buf_adds(b, "; the adapter never sees it\n");
	begin(b, "");
	buf_addf(b, "from %s\n", s->obtain);
}

/* ---- operations ---------------------------------------------------------- */

static void tell_effects(const struct manifest *m, const struct operation *op, struct buf *b)
{
	const char *comma = "";

	if (m->kind == KIND_MODEL)
		buf_adds(b, "sends the conversation and brings the answer");
	for (int bit = 0; bit < EFFECTS; bit++)
		if (op->effects & 1u << bit) {
			buf_addf(b, "%s%s", comma, effect_words[bit]);
			comma = ", ";
		}
	if (op->about)
		buf_addf(b, " (%s)", op->about);
	buf_addc(b, '\n');
}

static void tell_operation(const struct manifest *m, const struct operation *op, const char *word,
			   struct buf *b)
{
	DEFER(text_free) char *url = op->url ? address(m, op) : NULL;

	begin(b, word);
	buf_addf(b, "%s: ", op->name);
	tell_effects(m, op, b);
	if (!url)
		return;
	begin(b, "");
	buf_addf(b, "by %s %s%s\n", op->method, without_scheme(url),
		 match_of(op) ? ", at an address that came with what is answered" : "");
}

/* ---- a channel ----------------------------------------------------------- */

static void tell_heard(const struct manifest *m, struct buf *b)
{
	static const char *const words[] = {
		[INBOUND_MESSAGE] = "write", [INBOUND_EDIT] = "change", [INBOUND_DELETE] = "take back",
		[INBOUND_REACTION] = "mark with an emoji", [INBOUND_BUTTON] = "press", [INBOUND_COMMAND] = "give as a command",
	};
	const char *comma = "";

	if (!m->inbound_n)
		return;
	begin(b, "hears");
	buf_adds(b, "what people in its chats ");
	for (size_t kind = 0; kind < COUNT(words); kind++)
		for (size_t i = 0; i < m->inbound_n; i++)
			if (m->inbound[i].kind == kind) {
				buf_addf(b, "%s%s", comma, words[kind]);
				comma = ", ";
				break;
			}
	buf_addc(b, '\n');
}

static void tell_acts(const struct manifest *m, struct buf *b)
{
	static const struct { const char *act, *words; } acts[] = {
		{ "send", "send messages" }, { "edit", "change what it sent" }, { "reply", "answer commands" },
		{ "react", "put a mark on a message" }, { "typing", "show that it is typing" },
		{ "confirm", "look for what it sent" },
	};
	const char *comma = "";

	if (!m->acts_n)
		return;
	begin(b, "is asked");
	buf_adds(b, "to ");
	for (size_t i = 0; i < COUNT(acts); i++)
		if (manifest_act(m, acts[i].act)) {
			buf_addf(b, "%s%s", comma, acts[i].words);
			comma = ", ";
		}
	buf_addc(b, '\n');
}

static void add_seconds(struct buf *b, int64_t ms)
{
	if (ms % 1000)
		buf_addf(b, "%" PRId64 " ms", ms);
	else
		buf_addf(b, "%" PRId64 " s", ms / 1000);
}

static void tell_pace(const struct manifest *m, struct buf *b)
{
	const struct { int64_t ms; const char *before, *after; } paces[] = {
		{ m->chat_gap_ms, "one message in ", " in each chat" }, { m->all_gap_ms, "one message in ", " in all" },
		{ m->stream_ms, "one change of an answer that grows in ", "" },
	};
	const char *comma = "";

	for (size_t i = 0; i < COUNT(paces); i++) {
		if (!paces[i].ms)
			continue;
		if (!*comma)
			begin(b, "at most");
		buf_addf(b, "%s%s", comma, paces[i].before);
		add_seconds(b, paces[i].ms);
		buf_adds(b, paces[i].after);
		comma = ", ";
	}
	if (*comma)
		buf_addc(b, '\n');
}

static void tell_tools(const struct manifest *m, struct buf *b)
{
	for (size_t i = 0; i < m->tools_n; i++) {
		begin(b, i == 0 ? "tools" : "");
		buf_addf(b, "%s: %s\n", m->tools[i].name, m->tools[i].about);
	}
}

/* ---- limits -------------------------------------------------------------- */

static void add_size(struct buf *b, int64_t bytes)
{
	if (bytes >= 1000000)
		buf_addf(b, "%" PRId64 ".%" PRId64 " MB", bytes / 1000000, bytes / 100000 % 10);
	else if (bytes >= 1000)
		buf_addf(b, "%" PRId64 " KB", bytes / 1000);
	else
		buf_addf(b, "%" PRId64 " bytes", bytes);
}

static void tell_limits(const struct manifest *m, struct buf *b)
{
	begin(b, "at most");
	buf_addf(b, "%" PRId64 " request%s for each %s, ", m->limits.requests_per_job,
		 m->limits.requests_per_job == 1 ? "" : "s", m->kind == KIND_MODEL ? "answer" : "use");
	add_size(b, m->limits.request_bytes);
	buf_adds(b, " out and ");
	add_size(b, m->limits.answer_bytes);
	buf_addf(b, " back, within %" PRId64 " s\n", m->limits.total_ms / 1000);
}

void manifest_describe(const struct manifest *m, struct buf *out)
{
	bool outside = m->operations_n > 0 && m->operations[0].url;

	buf_addf(out, "%s, a %s: %s\n", m->name, kind_name(m->kind), m->about);
	if (!outside && !m->sockets_n) {
		begin(out, "talks to");
		buf_adds(out, "nobody: it can reach nothing outside\n");
	} else {
		tell_hosts(m, out);
	}
	for (size_t i = 0; i < m->secrets_n; i++)
		tell_secret(m, &m->secrets[i], out);
	tell_tools(m, out);
	tell_heard(m, out);
	tell_acts(m, out);
	for (size_t i = 0; i < m->operations_n; i++)
		tell_operation(m, &m->operations[i], i == 0 ? "can" : "", out);
	if (outside)
		tell_limits(m, out);
	tell_pace(m, out);
}
