/* route.c - see route.h */
#include "route.h"
#include "address.h"
#include <stdlib.h>
#include <string.h>

/* A socket's URL as if it were a request's; owned. */
static char *as_http(const char *url)
{
	return url && strncmp(url, "ws", 2) == 0 ? text_fmt("http%s", url + strlen("ws")) : text_dup(url);
}

static char *origin_of(const char *url)
{
	DEFER(text_free) char *http = as_http(url);

	return url_origin(http);
}

/* The origin of a URL template, whose path may hold placeholders; owned. */
static char *template_origin(const char *url)
{
	const char *host = url ? strstr(url, "://") : NULL;
	DEFER(text_free) char *prefix = NULL;

	if (!host)
		return NULL;
	host += strlen("://");
	prefix = str_dup((struct str){ url, (size_t)(host - url) + strcspn(host, "/?#") });
	return strchr(prefix, '{') ? NULL : origin_of(prefix);
}

static bool is_origin_of(const char *url, const char *origin)
{
	DEFER(text_free) char *own = template_origin(url);

	return own && strcmp(own, origin) == 0;
}

/* The default of its configuration's base, or NULL. */
static const char *default_base(const struct manifest *m)
{
	for (size_t i = 0; i < m->config_n; i++)
		if (strcmp(m->config[i].name, "base") == 0)
			return cJSON_GetStringValue(m->config[i].fallback);
	return NULL;
}

struct route route_new(const struct party *party, const struct operation *op, const char *url)
{
	struct route r = { .manifest = party->manifest, .op = op, .connection = text_dup(party->connection),
			   .origin = origin_of(url), .played_at = text_dup(party->played_at),
			   .home = text_dup(party->base_origin) };

	r.exempt = r.origin && party->base_origin && strcmp(r.origin, party->base_origin) == 0;
	if (!r.home)
		r.home = template_origin(r.manifest->base);
	if (!r.home)
		r.home = template_origin(default_base(r.manifest));
	return r;
}

void route_free(struct route *r)
{
	free(r->connection);
	free(r->origin);
	free(r->played_at);
	free(r->home);
	*r = (struct route){ 0 };
}

/* ---- where to ------------------------------------------------------------ */

/* "{url}...": an argument that is a whole address, which render() held against its match. */
static bool is_argument(const struct operation *op)
{
	size_t n = op->url && op->url[0] == '{' ? strcspn(op->url, "}") : 0;

	for (size_t i = 0; n && i < op->args_n; i++)
		if (strlen(op->args[i].name) == n - 1 && strncmp(op->args[i].name, op->url + 1, n - 1) == 0)
			return op->args[i].type == TYPE_URL && op->args[i].match;
	return false;
}

/* Whether the manifest itself names this origin: as base, as default of its
 * configuration's base, or in the operation. */
static bool manifest_names(const struct route *r)
{
	return is_origin_of(r->manifest->base, r->origin) || is_origin_of(r->op->url, r->origin) ||
	       is_origin_of(default_base(r->manifest), r->origin) || is_argument(r->op);
}

/* "https://HOST:443" -> HOST; owned */
static char *host_of(const char *origin)
{
	const char *host = strstr(origin, "://") + strlen("://");

	return str_dup((struct str){ host, (size_t)(strrchr(host, ':') - host) });
}

static bool plain(const struct route *r)
{
	return strncmp(r->origin, "http:", 5) == 0;
}

char *route_bar(const struct route *r)
{
	DEFER(text_free) char *host = host_of(r->origin);

	if (r->exempt)
		return NULL;
	if (plain(r))
		return text_fmt("plain http goes only where a line of assistant.conf says so, and %s is named "
				"in none", r->origin);
	if (host_is_literal(host))
		return text_fmt("%s is a number, no name: only a line of assistant.conf can send requests there",
				r->origin);
	if (!manifest_names(r))
		return text_fmt("%s is neither in %s's manifest nor in assistant.conf", r->origin, r->manifest->name);
	return NULL;
}

bool route_may_connect(const struct route *r, const struct sockaddr *a)
{
	if (r->played_at)
		return address_loopback(a);
	if (!r->exempt)
		return address_public(a);
	return !plain(r) || address_private(a);
}

char *route_barred(const struct route *r, const char *address)
{
	if (r->played_at)
		return text_fmt("%s is played at %s, which leads to %s: a fake stands on this machine only, so "
				"write an address such as 127.0.0.1:8080 in assistant.conf", r->origin,
				r->played_at, address);
	if (r->exempt)
		return text_fmt("%s leads to %s, which is not private, and plain http goes no further: "
				"write https in assistant.conf", r->origin, address);
	return text_fmt("%s leads to %s, which is no public address: if this is your own machine, "
			"name it in assistant.conf", r->origin, address);
}

char *route_url(const struct route *r, const char *url)
{
	if (r->played_at && strncmp(url, "https:", 6) == 0)
		return text_fmt("http%s", url + strlen("https"));
	if (r->played_at && strncmp(url, "wss:", 4) == 0)
		return text_fmt("ws%s", url + strlen("wss"));
	return text_dup(url);
}

/* ---- secrets ------------------------------------------------------------- */

const char *route_secret(const struct route *r, struct secrets *secrets, const struct secret_slot *slot,
			 const char *origin, char **ret)
{
	DEFER(text_free) char *name = text_fmt("%s.%s", r->connection, slot->name);
	const struct secret *secret;
	const char *why;

	*ret = NULL;
	if (r->played_at) {
		*ret = text_fmt("played-%s", slot->name);
		return NULL;
	}
	if (slot->optional && !secret_given(secrets, name))
		return NULL;
	why = secret_find(secrets, name, origin ? origin : "", &secret);
	if (!why)
		*ret = str_dup(secret_value(secret));
	return why;
}
