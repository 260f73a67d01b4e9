/* address.h - which addresses the broker connects to. Special-use ones (the IANA IPv4 and
 * IPv6 special-purpose registries) are refused, mapped and translated forms included. */
#ifndef CHELA_ADDRESS_H
#define CHELA_ADDRESS_H
#include <stdbool.h>
#include <sys/socket.h>

bool address_public(const struct sockaddr *a);
bool address_private(const struct sockaddr *a);	/* loopback, link-local, RFC 1918, fc00::/7 */
bool address_loopback(const struct sockaddr *a);
/* A host that is no name: written as a number in any form curl or the resolver would take
 * (decimal, octal, hexadecimal, short, IPv6), or with characters that they might turn into
 * one (non-ASCII digits, %). */
bool host_is_literal(const char *host);

#endif
