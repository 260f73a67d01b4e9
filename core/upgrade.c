/* upgrade.c - see upgrade.h */
#include "upgrade.h"
#include "limits.h"
#include "url.h"
#include <sha1.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static void encode(char *ret, size_t room, const unsigned char *bytes, size_t n)
{
	sodium_bin2base64(ret, room, bytes, n, sodium_base64_VARIANT_ORIGINAL);
}

void upgrade_key(const unsigned char nonce[UPGRADE_NONCE], char ret[UPGRADE_KEY])
{
	encode(ret, UPGRADE_KEY, nonce, UPGRADE_NONCE);
}

/* ---- the request --------------------------------------------------------- */

/* NULL and where the host begins and ends. */
static const char *split(const char *url, struct str *ret_host, struct str *ret_rest)
{
	DEFER(text_free) char *http = strncmp(url, "ws", 2) == 0 ? text_fmt("http%s", url + 2) : NULL;
	const char *why = http ? NULL : "is no WebSocket's: write wss://HOST/PATH", *host = strstr(url, "://");
	size_t n = 0;

	if (!why)
		why = url_server(str_of(http), URL_LOCAL, &n);
	if (why)
		return why;
	host += strlen("://");
	*ret_host = (struct str){ host, n - (size_t)(host - url) - strlen("http") + strlen("ws") };
	*ret_rest = str_of(host + ret_host->len);
	for (size_t i = 0; i < ret_rest->len; i++)
		if (ret_rest->at[i] <= ' ' || ret_rest->at[i] > '~' || ret_rest->at[i] == '#')
			return "has a character that must be percent-encoded";
	return NULL;
}

const char *upgrade_request(struct buf *out, const char *url, const char *key)
{
	struct str host, rest;
	const char *why = split(url, &host, &rest);

	if (why)
		return why;
	buf_addf(out, "GET %s%.*s HTTP/1.1\r\nHost: %.*s\r\n", rest.len && rest.at[0] == '/' ? "" : "/",
		 (int)rest.len, rest.at, (int)host.len, host.at);
	buf_addf(out, "User-Agent: chela\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", key);
	return NULL;
}

/* ---- its answer ---------------------------------------------------------- */

struct heads {			/* what its headers said */
	int upgrades, accepts;
	bool websocket, accepted, connection, unasked, bad;
};

static bool same(struct str s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.at, word, s.len) == 0;
}

static struct str trim(struct str s)
{
	while (s.len && (s.at[0] == ' ' || s.at[0] == '\t'))
		s = (struct str){ s.at + 1, s.len - 1 };
	while (s.len && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* Cuts off what stands before the mark, which goes too. */
static struct str cut(struct str *rest, const char *mark)
{
	size_t n = strlen(mark);
	const char *end = memmem(rest->at, rest->len, mark, n);
	struct str piece = { rest->at, end ? (size_t)(end - rest->at) : rest->len };

	n = end ? piece.len + n : rest->len;
	*rest = (struct str){ rest->at + n, rest->len - n };
	return piece;
}

static bool has_token(struct str list, const char *word)
{
	while (list.len)
		if (same(trim(cut(&list, ",")), word))
			return true;
	return false;
}

/* RFC 6455, section 4.2.2: what proves that it understood. */
static void accept_of(const char *key, char ret[29])
{
	DEFER(text_free) char *text = text_fmt("%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	unsigned char digest[SHA1_DIGEST_LENGTH];
	SHA1_CTX sha;

	SHA1Init(&sha);
	SHA1Update(&sha, (const uint8_t *)text, strlen(text));
	SHA1Final(digest, &sha);
	encode(ret, 29, digest, sizeof digest);
}

static void take(struct heads *h, struct str line, const char *accept)
{
	struct str value = line, name = cut(&value, ":");

	h->bad |= name.len == line.len || name.len == 0 || trim(name).len != name.len ||
		  memchr(line.at, '\0', line.len);
	value = trim(value);
	if (same(name, "upgrade")) {
		h->upgrades++;
		h->websocket = same(value, "websocket");
	} else if (same(name, "connection")) {
		h->connection |= has_token(value, "upgrade");
	} else if (same(name, "sec-websocket-accept")) {
		h->accepts++;
		h->accepted = str_is(value, accept);
	} else if (same(name, "sec-websocket-extensions") || same(name, "sec-websocket-protocol")) {
		h->unasked |= value.len > 0;
	}
}

static const char *judge_headers(struct str head, const char *key)
{
	struct heads h = { 0 };
	char accept[29];

	accept_of(key, accept);
	while (head.len)
		take(&h, cut(&head, "\r\n"), accept);
	if (h.bad)
		return "answered the upgrade with a header that is none";
	if (h.upgrades != 1 || !h.websocket || !h.connection)
		return "answered 101, but not for a WebSocket";
	if (h.accepts != 1 || !h.accepted)
		return "answered the upgrade of somebody else: its Sec-WebSocket-Accept does not fit";
	return h.unasked ? "answered the upgrade with an extension or a protocol that nobody asked for" : NULL;
}

/* The status of "HTTP/1.1 101 ...", or 0. */
static int status_of(struct str line)
{
	int status = 0;

	if (line.len < strlen("HTTP/1.1 101") || !str_starts(line, "HTTP/1.1 ") ||
	    (line.len > strlen("HTTP/1.1 101") && line.at[strlen("HTTP/1.1 101")] != ' '))
		return 0;
	for (size_t i = strlen("HTTP/1.1 "); i < strlen("HTTP/1.1 101"); i++) {
		if (line.at[i] < '0' || line.at[i] > '9')
			return 0;
		status = status * 10 + line.at[i] - '0';
	}
	return status;
}

enum upgrade upgrade_judge(struct str came, const char *key, struct upgrade_answer *ret)
{
	static char why[100];
	const char *end = memmem(came.at, came.len, "\r\n\r\n", 4);
	struct str head = { came.at, end ? (size_t)(end - came.at) + 2 : came.len };

	if (!end && came.len < UPGRADE_MAX)
		return UPGRADE_MORE;
	ret->status = status_of(cut(&head, "\r\n"));
	ret->why = why;
	if (!end || (size_t)(end - came.at) > UPGRADE_MAX)
		snprintf(why, sizeof why, "answered the upgrade with more than %d bytes of headers", UPGRADE_MAX);
	else if (ret->status == 0)
		ret->why = "does not speak HTTP/1.1";
	else if (ret->status != 101)
		snprintf(why, sizeof why, "answered the upgrade with %d", ret->status);
	else
		ret->why = judge_headers(head, key);
	if (ret->why)
		return UPGRADE_REFUSED;
	ret->head = (size_t)(end - came.at) + 4;
	return UPGRADE_DONE;
}
