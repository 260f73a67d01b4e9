/* seal.c - see seal.h */
#include "seal.h"
#include "file.h"
#include "limits.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ABI_VERSION 1			/* the one we speak: ADAPTER_ABI in adapter/adapter.h */

enum { HASH_BYTES = 32, HASH_TEXT = 2 * HASH_BYTES + 1 };

static char complaint[PATH_MAX + 300];

/* What a seal covers, and what its drift means. */
enum part { PROGRAM, MANIFEST, ABI, PAGES, SOURCE, GATE, COMPILER, PARTS };
static const struct {
	const char *name, *words;
	bool breaks;			/* else the seal is stale */
} parts[PARTS] = {
	[PROGRAM] = { "program", "the program", true },
	[MANIFEST] = { "manifest", "the manifest", true },
	[ABI] = { "abi", "the ABI header", false },
	[PAGES] = { "pages", "the contract's pages", false },
	[SOURCE] = { "source", "the adapter's source", false },
	[GATE] = { "gate", "the gate", false },
	[COMPILER] = { "compiler", "the compiler", false },
};

/* ---- hashes -------------------------------------------------------------- */

static void hash_end(crypto_generichash_state *state, char hex[HASH_TEXT])
{
	unsigned char hash[HASH_BYTES];

	crypto_generichash_final(state, hash, sizeof hash);
	sodium_bin2hex(hex, HASH_TEXT, hash, sizeof hash);
}

static bool hash_fd(int fd, crypto_generichash_state *state)
{
	char piece[65536];
	ssize_t n;
	off_t at = 0;

	while ((n = pread(fd, piece, sizeof piece, at)) > 0) {
		crypto_generichash_update(state, (const unsigned char *)piece, (unsigned long long)n);
		at += n;
	}
	return n == 0;
}

static bool hash_file(const char *path, crypto_generichash_state *state)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool whole = fd >= 0 && hash_fd(fd, state);

	if (fd >= 0)
		close(fd);
	return whole;
}

/* "none" where the file is not there. */
static void file_hash(const char *path, char hex[HASH_TEXT])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
	if (hash_file(path, &state))
		hash_end(&state, hex);
	else
		snprintf(hex, HASH_TEXT, "none");
}

/* Of a file that is large and the same for all adapters: read again only when it is another. */
static void large_hash(const char *path, char hex[HASH_TEXT])
{
	static struct known { struct stat st; char hex[HASH_TEXT]; } all[2];	/* gate and compiler */
	static size_t oldest;
	struct known *k = all;
	struct stat st;

	snprintf(hex, HASH_TEXT, "none");
	if (stat(path, &st) != 0)
		return;
	while (k < all + COUNT(all) && (k->st.st_ino != st.st_ino || k->st.st_dev != st.st_dev || k->st.st_size != st.st_size ||
	       k->st.st_ctim.tv_sec != st.st_ctim.tv_sec || k->st.st_ctim.tv_nsec != st.st_ctim.tv_nsec))
		k++;
	if (k == all + COUNT(all)) {
		k = &all[oldest++ % COUNT(all)];
		k->st = st;
		file_hash(path, k->hex);
	}
	memcpy(hex, k->hex, HASH_TEXT);
}

static int is_page(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 3 && strcmp(entry->d_name + n - 3, ".md") == 0;
}

/* All pages of a contract: names and bytes, sorted by name. */
static void pages_hash(const char *dir, char hex[HASH_TEXT])
{
	crypto_generichash_state state;
	struct dirent **entries;
	int n = scandir(dir, &entries, is_page, alphasort);

	crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
	for (int i = 0; i < n; i++) {
		DEFER(text_free) char *path = text_fmt("%s/%s", dir, entries[i]->d_name);

		crypto_generichash_update(&state, (const unsigned char *)entries[i]->d_name,
					  strlen(entries[i]->d_name) + 1);
		hash_file(path, &state);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	hash_end(&state, hex);
}

/* The compiler's driver, by the path that `cc` leads to. */
static void compiler_hash(char hex[HASH_TEXT])
{
	const char *path = getenv("PATH");

	snprintf(hex, HASH_TEXT, "none");
	while (path && *path && strcmp(hex, "none") == 0) {
		size_t n = strcspn(path, ":");
		DEFER(text_free) char *cc = text_fmt("%.*s/cc", (int)n, path);

		large_hash(cc, hex);
		path += n + (path[n] == ':');
	}
}

char *adapter_program(const struct instance *i, const char *name)
{
	return text_fmt("%s/adapters/%s", i->build, name);
}

static void part_hash(const struct instance *i, const char *name, enum part part, char hex[HASH_TEXT])
{
	DEFER(text_free) char *program = adapter_program(i, name);
	DEFER(text_free) char *manifest = root_path(i, "specs/%s/manifest.json", name);
	DEFER(text_free) char *abi = root_path(i, "core/adapter/adapter.h");
	DEFER(text_free) char *pages = root_path(i, "specs/%s", name);
	DEFER(text_free) char *source = root_path(i, "generated/%s/adapter.c", name);
	DEFER(text_free) char *gate = text_fmt("%s/chela-gate", i->build);

	switch (part) {
	case PROGRAM: file_hash(program, hex); break;
	case MANIFEST: file_hash(manifest, hex); break;
	case ABI: file_hash(abi, hex); break;
	case PAGES: pages_hash(pages, hex); break;
	case SOURCE: file_hash(source, hex); break;
	case GATE: large_hash(gate, hex); break;
	case COMPILER: compiler_hash(hex); break;
	case PARTS: break;
	}
}

/* ---- signing ------------------------------------------------------------- */

static const char *sign(const struct instance *i, struct str bytes, char hex[HASH_TEXT])
{
	unsigned char key[32], mac[HASH_BYTES];
	const char *why = instance_key(i, key);

	if (why)
		return why;
	crypto_generichash(mac, sizeof mac, (const unsigned char *)bytes.at, bytes.len, key, sizeof key);
	sodium_memzero(key, sizeof key);
	sodium_bin2hex(hex, HASH_TEXT, mac, sizeof mac);
	return NULL;
}

static const char *sign_json(const struct instance *i, const cJSON *json, char hex[HASH_TEXT])
{
	DEFER(text_free) char *text = json_print(json);

	return sign(i, str_of(text), hex);
}

static char *seal_path(const struct instance *i, const char *name, const char *suffix)
{
	return text_fmt("%s/seals/%s%s", i->dir, name, suffix);
}

static const char *write_signed(const struct instance *i, const char *path, cJSON *json)
{
	DEFER(buf_free) struct buf text = buf_new(FILE_MAX);
	char mac[HASH_TEXT];
	const char *why = sign_json(i, json, mac);

	if (why)
		return why;
	json_add(json, "signed", cJSON_CreateString(mac));
	json_encode(&text, json);
	buf_addc(&text, '\n');
	if (file_write(path, buf_str(&text), 0600) == OK)
		return NULL;
	snprintf(complaint, sizeof complaint, "%s cannot be written: %s", path, strerror(errno));
	return complaint;
}

/* The file's JSON without its signature, if that is ours; else NULL. */
static cJSON *read_signed(const struct instance *i, const char *path)
{
	struct buf text;
	cJSON *json = NULL, *signature = NULL;
	char mac[HASH_TEXT];
	bool ours = false;

	if (file_read(path, FILE_MAX, &text) != OK)
		return NULL;
	if (json_decode(buf_str(&text), &json) == NULL) {
		signature = cJSON_DetachItemFromObjectCaseSensitive(json, "signed");
		ours = cJSON_IsString(signature) && sign_json(i, json, mac) == NULL &&
		       strcmp(signature->valuestring, mac) == 0;
	}
	cJSON_Delete(signature);
	buf_free(&text);
	if (!ours)
		json_drop(&json);
	return json;
}

/* ---- the seal ------------------------------------------------------------ */

const char *seal_write(const struct instance *i, const char *name, const cJSON *stages)
{
	DEFER(text_free) char *path = seal_path(i, name, ".json");
	DEFER(json_drop) cJSON *seal = NULL;
	cJSON *hashes = cJSON_CreateObject();
	char hex[HASH_TEXT], day[32];
	time_t now = time(NULL);
	struct tm tm;

	for (enum part p = 0; p < PARTS; p++) {
		part_hash(i, name, p, hex);
		json_add(hashes, parts[p].name, cJSON_CreateString(hex));
	}
	strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	seal = json_build("{name:%s,abi:%d,at:%s,parts:%j,stages:%j}", name, ABI_VERSION, day, hashes, stages);
	json_drop(&hashes);
	return write_signed(i, path, seal);
}

/* The program opened, and its hash; -1 where it cannot be. */
static int open_program(const struct instance *i, const char *name, char hex[HASH_TEXT])
{
	DEFER(text_free) char *path = adapter_program(i, name);
	crypto_generichash_state state;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	snprintf(hex, HASH_TEXT, "none");
	if (fd < 0)
		return -1;
	crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
	if (hash_fd(fd, &state))
		hash_end(&state, hex);
	return fd;
}

static enum seal_state drifted(enum part p, const char *name, char **ret_why)
{
	text_free(ret_why);
	if (parts[p].breaks)
		*ret_why = text_fmt("%s of %s is not the one that was checked: build/chela check %s",
				    parts[p].words, name, name);
	else
		*ret_why = text_fmt("%s changed since %s was checked; it runs on. To renew: build/chela check %s",
				    parts[p].words, name, name);
	return parts[p].breaks ? SEAL_BROKEN : SEAL_STALE;
}

static enum seal_state compare(const struct instance *i, const char *name, const cJSON *seal,
			       const char *program, char **ret_why)
{
	enum seal_state state = SEAL_FITS;
	char hex[HASH_TEXT];

	for (enum part p = 0; p < PARTS && state != SEAL_BROKEN; p++) {
		DEFER(text_free) char *at = text_fmt("/parts/%s", parts[p].name);

		if (p == PROGRAM)
			snprintf(hex, sizeof hex, "%s", program);
		else
			part_hash(i, name, p, hex);
		if (json_is(seal, at, hex) || (p == COMPILER && strcmp(hex, "none") == 0))
			continue;
		if (state == SEAL_FITS || parts[p].breaks)
			state = drifted(p, name, ret_why);
	}
	return state;
}

enum seal_state seal_verify(const struct instance *i, const char *name, int *ret_fd, char **ret_why)
{
	DEFER(text_free) char *path = seal_path(i, name, ".json");
	DEFER(json_drop) cJSON *seal = read_signed(i, path);
	enum seal_state state = SEAL_BROKEN;
	char program[HASH_TEXT];
	int64_t abi = 0;
	int fd = -1;

	*ret_why = NULL;
	if (!seal || !json_is(seal, "/name", name)) {
		*ret_why = text_fmt(access(path, F_OK) == 0 ?
				    "the seal of %s was not made by this instance: build/chela check %s" :
				    "%s has not passed its check on this machine: build/chela check %s", name, name);
	} else if (!json_number(seal, "/abi", 1, INT32_MAX, &abi) || abi != ABI_VERSION) {
		*ret_why = text_fmt("%s was written for ABI version %d and this chela speaks %d: its adapter must be "
				    "written anew from skills/%s/SKILL.md", name, (int)abi, ABI_VERSION, name);
	} else {
		fd = open_program(i, name, program);
		state = compare(i, name, seal, program, ret_why);
	}
	if (state != SEAL_BROKEN && ret_fd)
		*ret_fd = fd;
	else if (fd >= 0)
		close(fd);
	return state;
}

/* ---- consent ------------------------------------------------------------- */

static void manifest_hash(const struct instance *i, const char *name, char hex[HASH_TEXT])
{
	part_hash(i, name, MANIFEST, hex);
}

const char *seal_enable(const struct instance *i, const char *name)
{
	DEFER(text_free) char *path = seal_path(i, name, ".enabled");
	DEFER(json_drop) cJSON *consent = NULL;
	char hex[HASH_TEXT];

	manifest_hash(i, name, hex);
	consent = json_build("{name:%s,manifest:%s}", name, hex);
	return write_signed(i, path, consent);
}

const char *seal_disable(const struct instance *i, const char *name)
{
	DEFER(text_free) char *path = seal_path(i, name, ".enabled");

	if (unlink(path) == 0 || errno == ENOENT)
		return NULL;
	snprintf(complaint, sizeof complaint, "%s cannot be removed: %s", path, strerror(errno));
	return complaint;
}

bool seal_enabled(const struct instance *i, const char *name, char **ret_why)
{
	DEFER(text_free) char *path = seal_path(i, name, ".enabled");
	DEFER(json_drop) cJSON *consent = read_signed(i, path);
	char hex[HASH_TEXT];

	manifest_hash(i, name, hex);
	if (consent && json_is(consent, "/name", name) && json_is(consent, "/manifest", hex))
		return true;
	if (ret_why)
		*ret_why = text_fmt(consent ? "the manifest of %s changed since you enabled it: build/chela enable %s" :
				    "%s is not enabled: build/chela enable %s", name, name);
	return false;
}
