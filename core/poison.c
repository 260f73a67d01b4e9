/* poison.c - see poison.h */
#include "poison.h"
#include "adapter/adapter.h"
#include "limits.h"
#include "store/inbox.h"
#include <sodium.h>

char *poison_key(const struct news *n)
{
	const char *parts[] = { n->event.name, n->event.json ? n->event.json : n->event.text };
	unsigned char hash[16];
	char hex[2 * sizeof hash + 1];
	crypto_generichash_state state;

	switch (n->event.kind) {
	case EVENT_START: case EVENT_TEXT: case EVENT_HTTP: case EVENT_PART: case EVENT_ACT: break;
	default: return NULL;
	}
	crypto_generichash_init(&state, NULL, 0, sizeof hash);
	for (size_t i = 0; i < COUNT(parts); i++)
		crypto_generichash_update(&state, (const unsigned char *)(parts[i] ? parts[i] : ""),
					  str_of(parts[i]).len + 1);
	crypto_generichash_final(&state, hash, sizeof hash);
	sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	return text_fmt("%d %s", n->event.kind, hex);
}

bool poison_known(struct store *s, const char *connection, const char *key)
{
	return poison_times(s, connection, key) >= POISON_TIMES;
}

void poison_ended(struct store *s, const char *connection, const char *key, const struct news *n, const char *why)
{
	if (poison_count(s, connection, key) == POISON_TIMES)
		dead_letter(s, connection, why, str_of(n->event.json ? n->event.json : n->event.text));
}
