/* address.c - see address.h */
#include "address.h"
#include "err.h"
#include <ctype.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

struct range {
	unsigned char first[16];
	int bits;
	bool private;			/* else special in another way */
};

/* The IANA registries of special-purpose addresses, and multicast. */
static const struct range ranges4[] = {
	{ { 0 }, 8, false },			/* this network; Linux takes 0.0.0.0 for loopback */
	{ { 10 }, 8, true },
	{ { 100, 64 }, 10, false },		/* behind a carrier's NAT */
	{ { 127 }, 8, true },
	{ { 169, 254 }, 16, true },		/* link-local; metadata of cloud machines */
	{ { 172, 16 }, 12, true },
	{ { 192, 0, 0 }, 24, false },
	{ { 192, 0, 2 }, 24, false },		/* documentation */
	{ { 192, 31, 196 }, 24, false },	/* AS112 */
	{ { 192, 52, 193 }, 24, false },	/* AMT */
	{ { 192, 88, 99 }, 24, false },		/* 6to4 relays */
	{ { 192, 168 }, 16, true },
	{ { 192, 175, 48 }, 24, false },	/* AS112 */
	{ { 198, 18 }, 15, false },		/* benchmarks */
	{ { 198, 51, 100 }, 24, false },	/* documentation */
	{ { 203, 0, 113 }, 24, false },		/* documentation */
	{ { 224 }, 4, false },			/* multicast */
	{ { 240 }, 4, false },			/* reserved, broadcast */
};

/* Of IPv6 only 2000::/3 is given out; these lie in it, or are private. */
static const struct range ranges6[] = {
	{ { [15] = 1 }, 128, true },		/* ::1 */
	{ { 0xFC }, 7, true },			/* unique local */
	{ { 0xFE, 0x80 }, 10, true },		/* link-local */
	{ { 0x20, 0x01, 0 }, 23, false },	/* IETF protocols, Teredo */
	{ { 0x20, 0x01, 0x0D, 0xB8 }, 32, false },	/* documentation */
	{ { 0x20, 0x02 }, 16, false },		/* 6to4 */
	{ { 0x26, 0x20, 0, 0x4F, 0x80 }, 48, false },	/* AS112 */
	{ { 0x3F, 0xFF }, 20, false },		/* documentation */
};

static bool within(const unsigned char *address, const struct range *r)
{
	size_t whole = (size_t)r->bits / 8;
	unsigned char mask = (unsigned char)(0xFF00 >> r->bits % 8);

	return memcmp(address, r->first, whole) == 0 &&
	       (r->bits % 8 == 0 || (address[whole] & mask) == r->first[whole]);
}

static const struct range *find(const struct range *table, size_t n, const unsigned char *address)
{
	for (size_t i = 0; i < n; i++)
		if (within(address, &table[i]))
			return &table[i];
	return NULL;
}

/* The IPv4 address that ::ffff:0:0/96 stands for (the kernel connects by IPv4), or NULL. */
static const unsigned char *mapped(const unsigned char *address)
{
	static const unsigned char map[12] = { [10] = 0xFF, [11] = 0xFF };

	return memcmp(address, map, 12) == 0 ? address + 12 : NULL;
}

/* The bytes of an address, of IPv4 where it is one in any form. */
static const unsigned char *bytes_of(const struct sockaddr *a, bool *ret_six)
{
	const unsigned char *address, *four;

	if (a->sa_family == AF_INET) {
		*ret_six = false;
		return (const unsigned char *)a + offsetof(struct sockaddr_in, sin_addr);
	}
	if (a->sa_family != AF_INET6)
		return NULL;
	address = (const unsigned char *)a + offsetof(struct sockaddr_in6, sin6_addr);
	four = mapped(address);
	*ret_six = !four;
	return four ? four : address;
}

bool address_public(const struct sockaddr *a)
{
	bool six;
	const unsigned char *address = bytes_of(a, &six);

	if (!address)
		return false;
	if (!six)
		return !find(ranges4, COUNT(ranges4), address);
	/* Translated forms (64:ff9b::/96 and its local kin) lie outside 2000::/3 too. */
	return (address[0] & 0xE0) == 0x20 && !find(ranges6, COUNT(ranges6), address);
}

bool address_loopback(const struct sockaddr *a)
{
	static const unsigned char one[16] = { [15] = 1 };
	bool six;
	const unsigned char *address = bytes_of(a, &six);

	return address && (six ? memcmp(address, one, sizeof one) == 0 : address[0] == 127);
}

bool address_private(const struct sockaddr *a)
{
	bool six;
	const unsigned char *address = bytes_of(a, &six);
	const struct range *r = NULL;

	if (address)
		r = six ? find(ranges6, COUNT(ranges6), address) :
			  find(ranges4, COUNT(ranges4), address);
	return r && r->private;
}

/* What inet_aton() takes for one part: decimal, octal, or 0x and hexadecimal. */
static bool is_number(const char *at, size_t n)
{
	if (n == 0)
		return false;
	if (n >= 2 && at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
		for (size_t i = 2; i < n; i++)
			if (!isxdigit((unsigned char)at[i]))
				return false;
		return true;
	}
	for (size_t i = 0; i < n; i++)
		if (!isdigit((unsigned char)at[i]))
			return false;
	return true;
}

bool host_is_literal(const char *host)
{
	size_t n = strlen(host), last;

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)host[i]) && !strchr("-._", host[i]))
			return true;
	while (n > 0 && host[n - 1] == '.')
		n--;
	for (last = n; last > 0 && host[last - 1] != '.'; last--)
		;
	/* No top-level domain is a number, so this is what makes a host one. */
	return n == 0 || is_number(host + last, n - last);
}
