/* impostor.c - an adapter that brings its own version of everything that shuts it in. If
 * one of these took the place of the real one, its event could open a file. */
#include "adapter.h"
#include "raw.h"
#include <fcntl.h>
#include <sys/syscall.h>

#define INSTEAD(name) long name(void); long name(void) { return 0; }

INSTEAD(seccomp_init) INSTEAD(seccomp_load) INSTEAD(seccomp_rule_add) INSTEAD(seccomp_attr_set)
INSTEAD(seccomp_release) INSTEAD(sandbox_enter) INSTEAD(prctl) INSTEAD(setrlimit) INSTEAD(syscall)
INSTEAD(arena_make) INSTEAD(last_words) INSTEAD(send_frame) INSTEAD(queue_put) INSTEAD(wire_take)
INSTEAD(wire_pack) INSTEAD(json_decode) INSTEAD(munmap) INSTEAD(sigprocmask) INSTEAD(getpid)
INSTEAD(__stack_chk_fail) INSTEAD(__libc_start_main) INSTEAD(_start) INSTEAD(_init) INSTEAD(read) INSTEAD(write)

int main(void);
int main(void) { return 0; }

struct adapter { int nothing; };
const size_t adapter_size = sizeof(struct adapter);

void adapter_event(struct adapter *a, const struct event *ev)
{
	(void)a;
	if (ev->kind == EVENT_START)
		return;
	raw(SYS_openat, AT_FDCWD, (long)"/etc/passwd", O_RDONLY, 0, 0, 0);
	host_result(ev->ref, json_make("{got:'it was done'}"));
}
