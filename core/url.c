/* url.c - see url.h; RFC 3986, less than it allows */
#include "url.h"
#include "limits.h"
#include <string.h>

enum { HOST_MAX = 253, LABEL_MAX = 63 };	/* RFC 1035 */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static size_t until(struct str s, const char *stops)
{
	size_t n = 0;

	while (n < s.len && !(s.at[n] && strchr(stops, s.at[n])))
		n++;
	return n;
}

static struct str from(struct str s, size_t n)
{
	return (struct str){ s.at + n, s.len - n };
}

static bool good_label(struct str label)
{
	if (label.len < 1 || label.len > LABEL_MAX || label.at[0] == '-' || label.at[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (!is_lower(label.at[i]) && !is_digit(label.at[i]) && label.at[i] != '-')
			return false;
	return true;
}

static bool looks_numeric(struct str label)
{
	if (str_starts(label, "0x"))
		return true;
	for (size_t i = 0; i < label.len; i++)
		if (!is_digit(label.at[i]))
			return false;
	return true;
}

/* [::1] */
static const char *bracketed(struct str host)
{
	if (host.len < 4 || host.at[host.len - 1] != ']')
		return "has a bracket in its host that does not close: write [::1]";
	for (size_t i = 1; i < host.len - 1; i++)
		if (!is_hex(host.at[i]) && host.at[i] != ':' && host.at[i] != '.')
			return "has an address in brackets that is none: write [::1]";
	return NULL;
}

static const char *check_host(struct str host, enum url_scope scope)
{
	size_t labels = 0;
	struct str rest = host, label = { 0 };

	if (host.len == 0)
		return "names no host: write https://HOST/PATH";
	if (host.len > HOST_MAX)
		return "has a host that is too long: 253 characters are the most";
	if (host.at[0] == '[')
		return scope == URL_LOCAL ? bracketed(host) :
					    "has a number as its host: write the host's name";
	for (;; labels++) {
		label = (struct str){ rest.at, until(rest, ".") };
		if (!good_label(label))
			return "has a host that is no name: write it in lower-case letters, digits, \"-\" and \".\"";
		if (label.len == rest.len)
			break;
		rest = from(rest, label.len + 1);
	}
	if (scope == URL_LOCAL)
		return NULL;
	if (looks_numeric(label))
		return "has a number as its host: write the host's name";
	return labels < 1 ? "has a host of one word: write its whole name, such as api.example.com" : NULL;
}

static const char *check_port(struct str port)
{
	int n = 0;

	for (size_t i = 0; i < port.len && n < 65536; i++) {
		if (!is_digit(port.at[i]))
			return "has a port that is no number: write HOST:443, or leave it out";
		n = n * 10 + (port.at[i] - '0');
	}
	return n < 1 || n > 65535 || port.len > 5 ? "has a port that is none: ports are 1 to 65535" : NULL;
}

const char *url_server(struct str url, enum url_scope scope, size_t *ret_len)
{
	bool plain = str_starts(url, "http://");
	size_t scheme = plain ? strlen("http://") : strlen("https://"), n, host;
	const char *why;

	if (url.len > URL_MAX)
		return "is too long: 8192 bytes are the most";
	if (plain && scope == URL_PUBLIC)
		return "is not encrypted: write https:// for http://";
	if (!plain && !str_starts(url, "https://"))
		return scope == URL_PUBLIC ? "is not https: write https://HOST/PATH" :
					     "has no scheme: write http:// or https:// before it";
	url = from(url, scheme);
	n = until(url, "/?#");
	url.len = n;
	if (memchr(url.at, '@', n))
		return "names a user: leave out what stands before \"@\"; a secret has its own place";
	if (memchr(url.at, '{', n))
		return "has a placeholder in its host: write the host out";
	host = n && url.at[0] == '[' ? until(url, "]") + 1 : until(url, ":");
	why = check_host((struct str){ url.at, host < n ? host : n }, scope);
	if (!why && host < n)
		why = url.at[host] == ':' ? check_port(from(url, host + 1)) :
					    "has something after its host: write HOST or HOST:PORT";
	if (!why)
		*ret_len = scheme + n;
	return why;
}

/* "", "." and ".." lead elsewhere than they seem to. */
static const char *check_segment(struct str s, bool last)
{
	if (s.len == 0 && !last)
		return "has two slashes together: leave one out";
	if (str_is(s, ".") || str_is(s, ".."))
		return "has a step \".\" or \"..\" in its path: write the path out";
	return NULL;
}

static const char *check_path(struct str path)
{
	while (path.len) {
		size_t n = until(from(path, 1), "/");
		const char *why = check_segment((struct str){ path.at + 1, n }, n + 1 == path.len);

		if (why)
			return why;
		path = from(path, n + 1);
	}
	return NULL;
}

static const char *check_characters(struct str s, bool braces)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if (c == '{' && braces) {
			i += until(from(s, i), "}");
			continue;
		}
		if (c == '#')
			return "has a fragment: leave out \"#\" and what follows";
		if (c == '%' && (i + 2 >= s.len || !is_hex(s.at[i + 1]) || !is_hex(s.at[i + 2])))
			return "has a \"%\" that two hexadecimal digits must follow";
		if (c == '%' && s.at[i + 1] == '2' && strchr("eEfF", s.at[i + 2]))
			return "hides a \".\" or \"/\" behind \"%\": write it out";
		if (c <= ' ' || c > '~' || strchr("\"<>\\^`{|}", c))
			return "has a character that does not belong there: write it as \"%\" and two hexadecimal digits";
	}
	return NULL;
}

const char *url_tail(struct str tail, bool braces)
{
	const char *why = check_characters(tail, braces);

	if (why)
		return why;
	if (tail.len && tail.at[0] != '/' && tail.at[0] != '?')
		return "goes on with neither \"/\" nor \"?\": write a slash there";
	return check_path((struct str){ tail.at, until(tail, "?") });
}

const char *url_prefix(struct str url, enum url_scope scope)
{
	size_t n;
	const char *why = url_server(url, scope, &n);

	if (!why)
		why = url_tail(from(url, n), false);
	if (why)
		return why;
	if (memchr(url.at, '?', url.len))
		return "has a query: leave out \"?\" and what follows";
	return url.at[url.len - 1] == '/' ? "ends in a slash: leave it out" : NULL;
}
