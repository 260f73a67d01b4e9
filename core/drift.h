/* drift.h - whether a contract is the one that was committed. Whoever writes an adapter may read
 * its contract and never changes it: where it differs, a person should hear so. */
#ifndef CHELA_DRIFT_H
#define CHELA_DRIFT_H
#include "instance.h"

enum drift { DRIFT_NONE, DRIFT_SOME, DRIFT_UNKNOWN };

/* The files of specs/NAME, as they are on disk, against git's HEAD; its index is not asked. Unless
 * it is DRIFT_NONE *ret_words says how it differs, or why that is not known: a sentence, owned. */
enum drift contract_drift(const struct instance *i, const char *name, char **ret_words);

#endif
