/* contract.h - what tests of contracts share: JSON and manifests written as text. */
#ifndef CONTRACT_H
#define CONTRACT_H
#include "manifest.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline cJSON *tree(const char *text)
{
	cJSON *json = NULL;
	const char *why = text ? json_decode(str_of(text), &json) : NULL;

	ck_assert_msg(!why, "%s in %s", why, text);
	return json;
}

static inline struct manifest *contract(const char *text)
{
	struct manifest *m = NULL;
	const char *why = manifest_parse(str_of(text), "manifest.json", &m);

	ck_assert_msg(!why, "%s", why);
	return m;
}

/* "" for none; owned */
static inline char *printed(const cJSON *json)
{
	return json ? json_print(json) : text_dup("");
}

static inline void contract_drop(struct manifest **m)
{
	manifest_free(*m);
}

static inline int verdict(Suite *s, TCase *t)
{
	SRunner *r = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
