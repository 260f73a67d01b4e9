/* log.c - see log.h */
#include "log.h"
#include "buf.h"
#include "json.h"
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 8192 };

static const char *const levels[] = { [LOG_INFO] = "info", [LOG_ODD] = "odd", [LOG_BROKEN] = "broken" };

static void add_value(struct buf *line, const char *value)
{
	DEFER(json_drop) cJSON *quoted = cJSON_CreateString(value);

	json_encode(line, quoted);
}

void log_event(enum log_level level, const char *what, ...)
{
	DEFER(buf_free) struct buf line = buf_new(LINE_MAX_BYTES);
	time_t now = time(NULL);
	char when[32];
	const char *key;
	struct tm tm;
	va_list ap;

	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	buf_addf(&line, "%s %s %s", when, levels[level], what);
	va_start(ap, what);
	while ((key = va_arg(ap, const char *)) != NULL) {
		const char *value = va_arg(ap, const char *);

		if (!value)
			continue;
		buf_addf(&line, " %s=", key);
		add_value(&line, value);
	}
	va_end(ap);
	buf_cut(&line, utf8_fit(buf_str(&line), LINE_MAX_BYTES - 1));
	buf_addc(&line, '\n');
	if (write(STDERR_FILENO, buf_text(&line), line.len) < 0)
		return;			/* nobody reads it: there is nowhere to complain */
}
