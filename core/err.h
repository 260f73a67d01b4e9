/* err.h - how a function says that it failed, and how a local is given back.
 *
 * A programmer's mistake is an assert. The outside world is a value, one of the few
 * below, each a different thing to do. What judges text returns NULL or the
 * complaint instead. Results go to ret_ parameters, untouched on failure. */
#ifndef CHELA_ERR_H
#define CHELA_ERR_H

enum err {
	OK,
	ERR_INPUT,		/* what we were given is wrong: say so to whoever gave it */
	ERR_LIMIT,		/* larger than we take */
	ERR_DENIED,		/* not allowed */
	ERR_AGAIN,		/* not now */
	ERR_SYSTEM,		/* the machine failed us: errno tells */
};

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* DEFER(buf_free) struct buf b = ...; calls buf_free(&b) when b goes out of scope. */
#define DEFER(give_back) __attribute__((cleanup(give_back)))

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#endif
