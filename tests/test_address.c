/* test_address.c - core/address.h: the special-purpose registries, and hosts that are numbers. */
#include "address.h"
#include "err.h"
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static const struct { const char *address; bool public, private; } addresses[] = {
	{ "1.1.1.1", true, false },
	{ "9.255.255.255", true, false },
	{ "11.0.0.0", true, false },
	{ "100.63.255.255", true, false },
	{ "100.128.0.0", true, false },
	{ "128.0.0.0", true, false },
	{ "169.253.255.255", true, false },
	{ "172.15.255.255", true, false },
	{ "172.32.0.0", true, false },
	{ "192.167.255.255", true, false },
	{ "198.17.255.255", true, false },
	{ "198.20.0.0", true, false },
	{ "223.255.255.255", true, false },
	{ "2606:4700:4700::1111", true, false },
	{ "2a00:1450:4001:800::200e", true, false },
	{ "2001:200::1", true, false },
	{ "::ffff:1.1.1.1", true, false },
	{ "0.0.0.0", false, false },
	{ "0.1.2.3", false, false },
	{ "10.0.0.1", false, true },
	{ "10.255.255.255", false, true },
	{ "100.64.0.1", false, false },
	{ "100.127.255.255", false, false },
	{ "127.0.0.1", false, true },
	{ "127.255.255.254", false, true },
	{ "169.254.169.254", false, true },
	{ "172.16.0.1", false, true },
	{ "172.31.255.255", false, true },
	{ "192.0.0.8", false, false },
	{ "192.0.2.1", false, false },
	{ "192.88.99.1", false, false },
	{ "192.168.0.1", false, true },
	{ "198.18.0.1", false, false },
	{ "198.19.255.255", false, false },
	{ "198.51.100.1", false, false },
	{ "203.0.113.1", false, false },
	{ "224.0.0.1", false, false },
	{ "239.255.255.255", false, false },
	{ "240.0.0.1", false, false },
	{ "255.255.255.255", false, false },
	{ "::", false, false },
	{ "::1", false, true },
	{ "::127.0.0.1", false, false },
	{ "::ffff:127.0.0.1", false, true },
	{ "::ffff:10.1.2.3", false, true },
	{ "::ffff:169.254.169.254", false, true },
	{ "::ffff:0.0.0.0", false, false },
	{ "64:ff9b::7f00:1", false, false },
	{ "64:ff9b::808:808", false, false },
	{ "64:ff9b:1::1", false, false },
	{ "100::1", false, false },
	{ "2001::1", false, false },
	{ "2001:1ff::1", false, false },
	{ "2001:db8::1", false, false },
	{ "2002:7f00:1::", false, false },
	{ "2620:4f:8000::1", false, false },
	{ "3fff:fff::1", false, false },
	{ "5f00::1", false, false },
	{ "fc00::1", false, true },
	{ "fdff::1", false, true },
	{ "fe80::1", false, true },
	{ "febf::1", false, true },
	{ "fec0::1", false, false },
	{ "ff02::1", false, false },
};

START_TEST(an_address_is_public_private_or_neither)
{
	const char *text = addresses[_i].address;
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	const struct sockaddr *a = strchr(text, ':') ? (struct sockaddr *)&six : (struct sockaddr *)&four;
	void *bytes = strchr(text, ':') ? (void *)&six.sin6_addr : (void *)&four.sin_addr;

	ck_assert_int_eq(inet_pton(a->sa_family, text, bytes), 1);
	ck_assert_msg(address_public(a) == addresses[_i].public, "%s: public", text);
	ck_assert_msg(address_private(a) == addresses[_i].private, "%s: private", text);
}
END_TEST

START_TEST(a_socket_of_another_family_is_neither)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "/run/docker.sock" };

	ck_assert(!address_public((struct sockaddr *)&a));
	ck_assert(!address_private((struct sockaddr *)&a));
}
END_TEST

static const struct { const char *host; bool literal; } hosts[] = {
	{ "api.example.com", false },
	{ "localhost", false },
	{ "xn--bcher-kva.example", false },
	{ "1.2.3.4.example", false },
	{ "4chan.org", false },
	{ "0x7f.example", false },
	{ "under_score.example", false },
	{ "example.com.", false },
	{ "face.b00c", false },
	{ "1e3", false },
	{ "0xg", false },
	{ "127.0.0.1", true },
	{ "127.0.0.1.", true },
	{ "2130706433", true },
	{ "017700000001", true },
	{ "0177.0.0.1", true },
	{ "0x7f000001", true },
	{ "0X7F.0.0.0x1", true },
	{ "0x", true },
	{ "127.1", true },
	{ "127.0x1", true },
	{ "example.1", true },
	{ "[::1]", true },
	{ "::1", true },
	{ "fe80::1%eth0", true },
	{ "\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.1.example", true },
	{ "%31%32%37.example", true },
	{ "", true },
	{ ".", true },
};

START_TEST(a_host_that_is_a_number_in_any_form_is_known)
{
	ck_assert_msg(host_is_literal(hosts[_i].host) == hosts[_i].literal, "%s", hosts[_i].host);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("address");
	TCase *t = tcase_create("address");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, an_address_is_public_private_or_neither, 0, COUNT(addresses));
	tcase_add_test(t, a_socket_of_another_family_is_neither);
	tcase_add_loop_test(t, a_host_that_is_a_number_in_any_form_is_known, 0, COUNT(hosts));
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
