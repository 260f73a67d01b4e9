/* secret.c - see secret.h */
#include "secret.h"
#include "file.h"
#include "instance.h"
#include "limits.h"
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <linux/limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	NAME_PART_MAX = 64,
	SEALED_MAX = SECRET_MAX + 1024,		/* the value with its name and origin */
	FILE_ROOM = SEALED_MAX + crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES,
};

struct secret {			/* each value ever seen stays: late answers may still echo it */
	char *name;
	char *value;		/* from sodium_malloc, not ended by NUL */
	size_t len;
	struct secret *next;
};
struct source {			/* a line of the configuration */
	char *name, *env, *file;
	struct source *next;
};
struct secrets {
	char *dir;		/* the instance */
	struct secret *known;
	struct source *sources;
	struct scrub *scrub;
};

static char complaint[PATH_MAX + 500];

static const char *complain(const char *fmt, ...) PRINTF(1, 2);
static const char *complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(complaint, sizeof complaint, fmt, ap);
	va_end(ap);
	return complaint;
}

struct secrets *secrets_open(const char *instance_dir)
{
	struct secrets *s = calloc(1, sizeof *s);

	if (!s || sodium_init() < 0)
		abort();
	s->dir = text_dup(instance_dir);
	s->scrub = scrub_new();
	return s;
}

static void source_free(struct source *f)
{
	free(f->name);
	free(f->env);
	free(f->file);
	free(f);
}

void secrets_free(struct secrets *s)
{
	struct secret *k;
	struct source *f;

	if (!s)
		return;
	while ((k = s->known) != NULL) {
		s->known = k->next;
		sodium_free(k->value);
		free(k->name);
		free(k);
	}
	while ((f = s->sources) != NULL) {
		s->sources = f->next;
		source_free(f);
	}
	scrub_free(s->scrub);
	free(s->dir);
	free(s);
}

/* ---- names and values ---------------------------------------------------- */

static size_t name_part(const char *at)
{
	size_t n = 0;

	while (isalnum((unsigned char)at[n]) || at[n] == '-' || at[n] == '_')
		n++;
	return n <= NAME_PART_MAX ? n : 0;
}

/* CONNECTION.SLOT; it becomes the name of a file. */
static const char *name_check(const char *name)
{
	size_t n = name_part(name), slot = n && name[n] == '.' ? name_part(name + n + 1) : 0;

	if (slot && name[n + 1 + slot] == '\0')
		return NULL;
	return complain("\"%.100s\" is no name of a secret: write CONNECTION.SLOT, as in anthropic.key", name);
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct str trim(struct str value)
{
	while (value.len > 0 && blank(value.at[value.len - 1]))
		value.len--;
	while (value.len > 0 && blank(value.at[0])) {
		value.at++;
		value.len--;
	}
	return value;
}

/* A line end in a value would begin another header. */
static const char *value_check(const char *name, struct str value)
{
	if (value.len == 0)
		return complain("the value for %s is empty: chela secret set %s", name, name);
	if (value.len > SECRET_MAX)
		return complain("the value for %s is longer than %d bytes: it is no key", name, SECRET_MAX);
	for (size_t i = 0; i < value.len; i++)
		if (iscntrl((unsigned char)value.at[i]))
			return complain("the value for %s holds a line end or another control character: "
					"copy the key alone", name);
	return NULL;
}

static const struct secret *know(struct secrets *s, const char *name, struct str value)
{
	struct secret *k;

	for (k = s->known; k; k = k->next)
		if (strcmp(k->name, name) == 0 && k->len == value.len && memcmp(k->value, value.at, value.len) == 0)
			return k;
	k = calloc(1, sizeof *k);
	if (!k)
		abort();
	k->value = sodium_malloc(value.len);
	if (!k->value)
		abort();
	memcpy(k->value, value.at, value.len);
	k->len = value.len;
	k->name = text_dup(name);
	k->next = s->known;
	s->known = k;
	scrub_add(s->scrub, name, value);
	return k;
}

/* ---- the sealed files ---------------------------------------------------- */

static char *path_of(const struct secrets *s, const char *name)
{
	return text_fmt("%s/secrets/%s", s->dir, name);
}

static void wipe(struct buf *b)
{
	if (b->at)
		sodium_memzero(b->at, b->len);
	buf_free(b);
}

/* A key of our own, made from the instance's. */
static const char *box_key(const struct secrets *s, unsigned char ret[crypto_secretbox_KEYBYTES])
{
	const struct instance i = { .dir = s->dir };
	unsigned char key[32];
	const char *why = instance_key(&i, key);

	if (why)
		return why;
	static_assert(sizeof key == crypto_kdf_KEYBYTES, "the instance's key feeds the KDF");
	crypto_kdf_derive_from_key(ret, crypto_secretbox_KEYBYTES, 1, "secrets_", key);
	sodium_memzero(key, sizeof key);
	return NULL;
}

/* nonce, then the box over NAME \n ORIGIN \n VALUE */
static const char *seal(const struct secrets *s, const char *name, const char *origin, struct str value, struct buf *ret)
{
	unsigned char key[crypto_secretbox_KEYBYTES], out[FILE_ROOM], *box = out + crypto_secretbox_NONCEBYTES;
	char plain[SEALED_MAX];
	int n = snprintf(plain, sizeof plain, "%s\n%s\n", name, origin);
	const char *why;

	if (n < 0 || (size_t)n + value.len > sizeof plain)
		return complain("the origin for %s is too long", name);
	why = box_key(s, key);
	if (why)
		return why;
	memcpy(plain + n, value.at, value.len);
	randombytes_buf(out, crypto_secretbox_NONCEBYTES);
	crypto_secretbox_easy(box, (unsigned char *)plain, (size_t)n + value.len, out, key);
	buf_add(ret, out, crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + (size_t)n + value.len);
	sodium_memzero(key, sizeof key);
	sodium_memzero(plain, sizeof plain);
	return NULL;
}

/* What a sealed file says of itself must be its name. */
static bool split(struct str plain, const char *name, char **ret_origin, struct buf *ret_value)
{
	size_t n = strlen(name);
	const char *origin, *end;

	if (!str_starts(plain, name) || plain.len <= n || plain.at[n] != '\n')
		return false;
	origin = plain.at + n + 1;
	end = memchr(origin, '\n', plain.len - n - 1);
	if (!end)
		return false;
	*ret_origin = str_dup((struct str){ origin, (size_t)(end - origin) });
	buf_add(ret_value, end + 1, (size_t)(plain.at + plain.len - end - 1));
	return true;
}

static const char *unseal(const struct secrets *s, const char *name, struct str sealed, char **ret_origin,
			  struct buf *ret_value)
{
	size_t extra = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
	unsigned char key[crypto_secretbox_KEYBYTES], plain[SEALED_MAX];
	const unsigned char *bytes = (const unsigned char *)sealed.at;
	const char *why = box_key(s, key);
	bool opened;

	if (why)
		return why;
	opened = sealed.len > extra && sealed.len - extra <= sizeof plain &&
		 crypto_secretbox_open_easy(plain, bytes + crypto_secretbox_NONCEBYTES,
					    sealed.len - crypto_secretbox_NONCEBYTES, bytes, key) == 0 &&
		 split((struct str){ (char *)plain, sealed.len - extra }, name, ret_origin, ret_value);
	sodium_memzero(key, sizeof key);
	sodium_memzero(plain, sizeof plain);
	if (opened)
		return NULL;
	return complain("%s/secrets/%s is damaged, or was sealed under another name or key: chela secret set %s",
			s->dir, name, name);
}

/* What secrets/NAME holds. */
static const char *stored(const struct secrets *s, const char *name, char **ret_origin, struct buf *ret_value)
{
	DEFER(text_free) char *path = path_of(s, name);
	DEFER(buf_free) struct buf sealed = { 0 };
	enum err err = file_read(path, FILE_ROOM, &sealed);

	if (err == ERR_SYSTEM && errno == ENOENT)
		return complain("no key is set for %s: chela secret set %s", name, name);
	if (err == ERR_SYSTEM)
		return complain("%s cannot be read: %s", path, strerror(errno));
	return unseal(s, name, buf_str(&sealed), ret_origin, ret_value);
}

const char *secret_set(struct secrets *s, const char *name, const char *origin, struct str value)
{
	DEFER(text_free) char *dir = text_fmt("%s/secrets", s->dir), *path = path_of(s, name);
	DEFER(buf_free) struct buf sealed = buf_new(FILE_ROOM);
	const char *why = name_check(name);

	value = trim(value);
	if (!why && strchr(origin, '\n'))
		why = complain("\"%.100s\" is no origin that a secret could be for", origin);
	if (!why)
		why = value_check(name, value);
	if (!why)
		why = seal(s, name, origin, value, &sealed);
	if (why)
		return why;
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return complain("%s cannot be made: %s", dir, strerror(errno));
	if (chmod(dir, 0700) != 0)
		return complain("%s cannot be closed to others: %s", dir, strerror(errno));
	if (file_write(path, buf_str(&sealed), 0600) != OK)
		return complain("%s cannot be written: %s", path, strerror(errno));
	know(s, name, value);
	return NULL;
}

const char *secret_forget(struct secrets *s, const char *name)
{
	DEFER(text_free) char *path = path_of(s, name);
	const char *why = name_check(name);

	if (why || unlink(path) == 0)
		return why;
	if (errno == ENOENT)
		return complain("no secret %s is kept: `chela secret` lists those that are", name);
	return complain("%s cannot be deleted: %s", path, strerror(errno));
}

bool secret_stored(struct secrets *s, const char *name, char **ret_origin)
{
	DEFER(wipe) struct buf value = buf_new(SECRET_MAX);
	char *origin = NULL;
	bool good = !name_check(name) && !stored(s, name, &origin, &value);

	if (good && ret_origin)
		*ret_origin = origin;
	else
		free(origin);
	return good;
}

/* ---- from elsewhere ------------------------------------------------------ */

static struct source **source_of(struct secrets *s, const char *name)
{
	struct source **at = &s->sources;

	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	return at;
}

void secret_from(struct secrets *s, const char *name, const char *env, const char *file)
{
	struct source **at = source_of(s, name), *f = calloc(1, sizeof *f);

	assert(!env != !file);
	if (!f)
		abort();
	*f = (struct source){ text_dup(name), text_dup(env), text_dup(file), *at ? (*at)->next : NULL };
	if (*at)
		source_free(*at);
	*at = f;
}

static const char *from_env(const struct source *f, struct buf *ret)
{
	const char *value = getenv(f->env);

	if (!value)
		return complain("no key is set for %s: the environment has no %s, which assistant.conf names: "
				"start with it, or delete that line and: chela secret set %s", f->name, f->env, f->name);
	buf_adds(ret, value);
	return NULL;
}

/* What another user of the machine can read is theirs too. */
static const char *file_check(const struct source *f)
{
	struct stat st;

	if (stat(f->file, &st) != 0)
		return complain("no key is set for %s: %s, which assistant.conf names, cannot be read: %s",
				f->name, f->file, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return complain("no key is set for %s: %s, which assistant.conf names, is no regular file: "
				"put the key alone into one", f->name, f->file);
	if (st.st_uid == geteuid() && (st.st_mode & 077))
		return complain("the key for %s is not used, for others can read or change %s: chmod 600 %s",
				f->name, f->file, f->file);
	return NULL;
}

static const char *from_file(const struct source *f, struct buf *ret)
{
	const char *why = file_check(f);
	enum err err;

	if (why)
		return why;
	err = file_read(f->file, SECRET_MAX + 1, ret);
	if (err == ERR_SYSTEM)
		return complain("no key is set for %s: %s, which assistant.conf names, cannot be read: %s",
				f->name, f->file, strerror(errno));
	return err == OK ? NULL : complain("%s is longer than %d bytes: it should hold the key of %s alone",
					   f->file, SECRET_MAX, f->name);
}

/* ---- finding ------------------------------------------------------------- */

bool secret_given(const struct secrets *s, const char *name)
{
	DEFER(text_free) char *path = path_of(s, name);

	for (const struct source *f = s->sources; f; f = f->next)
		if (strcmp(f->name, name) == 0)
			return true;
	return !name_check(name) && access(path, F_OK) == 0;
}

static const char *read_value(struct secrets *s, const char *name, const char *origin, struct buf *ret)
{
	const struct source *f = *source_of(s, name);
	DEFER(text_free) char *bound = NULL;
	const char *why;

	if (f)
		return f->env ? from_env(f, ret) : from_file(f, ret);
	why = stored(s, name, &bound, ret);
	if (why || strcmp(bound, origin) == 0)
		return why;
	return complain("the key of %s is for %s and does not go to %s: chela secret set %s", name, bound, origin, name);
}

const char *secret_find(struct secrets *s, const char *name, const char *origin, const struct secret **ret)
{
	DEFER(wipe) struct buf bytes = buf_new(SECRET_MAX + 1);
	const char *why = name_check(name);
	struct str value;

	if (!why)
		why = read_value(s, name, origin, &bytes);
	if (why)
		return why;
	value = trim(buf_str(&bytes));
	why = bytes.full ? complain("the value for %s is too long to be a key", name) : value_check(name, value);
	if (!why)
		*ret = know(s, name, value);
	return why;
}

struct str secret_value(const struct secret *secret)
{
	return (struct str){ secret->value, secret->len };
}

const struct scrub *secrets_known(const struct secrets *s)
{
	return s->scrub;
}
