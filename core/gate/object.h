/* object.h - what an adapter's object file may hold, and how a program is made of it.
 *
 * object_check() reads the ELF object itself, for it may be hostile. The object defines
 * adapter_size and adapter_event and nothing else for others to see; it calls only what
 * adapter.h offers, a few functions on memory and strings, and what the compiler adds;
 * it has no variable that can change, nothing that runs before main(), no section of a
 * name that we do not know, and no executable stack.
 *
 * object_link() is the one way to make an adapter program, for the gate and for tests:
 *
 *	objcopy --keep-global-symbol=adapter_event --keep-global-symbol=adapter_size OBJECT KEPT
 *	cc -pie -Wl,-z,relro,-z,now,-z,noexecstack RUNNER KEPT -l:libseccomp.a -lcjson -lm -o PROGRAM
 *
 * After the first line nothing in the object can take the place of a function of the
 * runner, whatever it is called. Both wait for what they run. */
#ifndef CHELA_OBJECT_H
#define CHELA_OBJECT_H
#include "err.h"

/* NULL, or the complaint, a sentence with its remedy, until the next call. */
const char *object_check(const char *path) MUST_USE;
const char *object_link(const char *runner, const char *object, const char *program) MUST_USE;

#endif
