/* prepare.h - the first start: what an instance needs and does not have yet is made. */
#ifndef CHELA_PREPARE_H
#define CHELA_PREPARE_H
#include "instance.h"

/* Makes the folders, the key, a persona and a configuration with comments, in which the
 * models of specs/ stand that this machine has keys for. What is there stays as it is. Says
 * what it made to `said`, a sentence a line. NULL, or why not. */
const char *prepare_instance(struct instance *i, struct buf *said) MUST_USE;

#endif
