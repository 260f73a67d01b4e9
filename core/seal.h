/* seal.h - the gate's verdict on this machine: instance/seals/NAME.json, signed with the
 * instance's key (libsodium, keyed BLAKE2b) over the hashes of the parts.
 *
 * A part that drifted since the check either disables the adapter (program, manifest,
 * an ABI version that we do not speak) or makes the seal stale (ABI header, pages,
 * source, gate, compiler): it runs on, `status` says so, `check` renews it. A seal
 * proves which check ran; it does not defend against a program that runs as you. */
#ifndef CHELA_SEAL_H
#define CHELA_SEAL_H
#include "instance.h"

enum seal_state { SEAL_FITS, SEAL_STALE, SEAL_BROKEN };

/* Takes the hashes of what stands on disk now. `stages` is the gate's report of what ran. */
const char *seal_write(const struct instance *i, const char *name, const cJSON *stages) MUST_USE;
/* What holds now, with a sentence that names the part and the remedy (owned; NULL when it
 * fits). When it is not BROKEN and ret_fd is not NULL, *ret_fd is the program, opened and
 * hashed by that one descriptor. */
enum seal_state seal_verify(const struct instance *i, const char *name, int *ret_fd, char **ret_why);
/* Enabled is a person's consent, kept in the seal's neighbour NAME.enabled, bound to the
 * manifest's hash: a manifest that changed must be consented to again. */
const char *seal_enable(const struct instance *i, const char *name) MUST_USE;
const char *seal_disable(const struct instance *i, const char *name) MUST_USE;
bool seal_enabled(const struct instance *i, const char *name, char **ret_why);
char *adapter_program(const struct instance *i, const char *name);	/* owned: build/adapters/NAME */

#endif
