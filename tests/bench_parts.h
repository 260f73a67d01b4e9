/* bench_parts.h - what the benches share: figures, the disk, and the programs that are measured. */
#ifndef CHELA_TESTS_BENCH_PARTS_H
#define CHELA_TESTS_BENCH_PARTS_H
#include <sys/types.h>

void fail(const char *what) __attribute__((noreturn));
double now_ms(void);
double part(double *all, int n, double share);		/* sorts them: .5 is the median */
double sync_ms(int fd);				/* one block written and on the disk */

pid_t start(char *const *args, const char *log);	/* what it says goes to `log`; NULL: nowhere */
void stop(pid_t pid);

double cpu_ms(pid_t pid);			/* that it has used */

/* Kilobytes in smaps_rollup of the kinds whose names begin so ("Rss", "Private_"), of the
 * process, and of its children when asked; only root may read that of a core. */
long memory_kb(pid_t pid, const char *kind);
long children_kb(pid_t pid, const char *kind, int *ret_n);

/* bench_channel.c */
void bench_channel(char *chela, char *dir, int messages);

#endif
