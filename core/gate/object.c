/* object.c - see object.h.
 *
 * What is not on a list here is refused: names of sections, kinds of symbols, functions
 * that may be called. */
#include "gate/object.h"
#include "buf.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SHT_LLVM_ADDRSIG
#define SHT_LLVM_ADDRSIG 0x6fff4c03
#endif

enum { OBJECT_MAX = 16 * 1024 * 1024, SAID_MAX = 4096 };

static const char *const callable[] = {
	"host_call", "host_open", "host_frame", "host_close", "host_timer", "host_deliver", "host_ready",
	"host_broken", "host_keep", "host_delta", "host_result", "host_failed", "host_again", "host_log",
	"json_at", "json_text", "json_is", "json_true", "json_number", "json_first", "json_next", "json_name",
	"json_count", "json_make", "json_list", "json_push", "json_put", "json_string", "json_copy", "json_parse",
	"json_write", "json_is_object", "json_find",
	"text_add", "text_of", "text_make", "text_copy", "text_is", "text_starts", "text_blank",
	"memchr", "memcmp", "memcpy", "memmove", "memset", "strchr", "strcmp", "strcspn", "strlen", "strncmp",
	"strrchr", "strspn", "strstr",
	/* the compiler's own */
	"_GLOBAL_OFFSET_TABLE_", "__assert_fail", "__memcpy_chk", "__memmove_chk", "__memset_chk",
	"__stack_chk_fail", "bcmp", "stpcpy",
};

/* A name that ends in '*' is the start of one. */
static const char *const sections[] = {
	".text", ".text.*", ".rodata", ".rodata.*", ".data", ".data.*", ".bss", ".bss.*", ".tdata", ".tbss",
	".comment", ".debug_*", ".eh_frame", ".note.GNU-stack", ".note.gnu.property", ".llvm_addrsig",
	".symtab", ".strtab", ".shstrtab",
};

static const uint32_t section_types[] = {
	SHT_PROGBITS, SHT_NOBITS, SHT_NOTE, SHT_RELA, SHT_REL, SHT_SYMTAB, SHT_STRTAB,
	SHT_X86_64_UNWIND, SHT_LLVM_ADDRSIG,
};

static char complaint[SAID_MAX + 200];

struct object {
	struct str bytes;
	ElfW(Ehdr) head;
	bool stack_named;		/* .note.GNU-stack is there: without it stacks are executable */
	bool size_found, event_found;
};

static PRINTF(1, 2) const char *complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(complaint, sizeof complaint, fmt, ap);
	va_end(ap);
	return complaint;
}

/* ---- reading ------------------------------------------------------------- */

static bool copy_out(const struct object *o, uint64_t at, void *ret, size_t n)
{
	if (at > o->bytes.len || n > o->bytes.len - at)
		return false;
	memcpy(ret, o->bytes.at + at, n);
	return true;
}

static bool section(const struct object *o, size_t i, ElfW(Shdr) *ret)
{
	return i < o->head.e_shnum && copy_out(o, o->head.e_shoff + i * sizeof *ret, ret, sizeof *ret);
}

/* The string at `at` in a string table, or NULL where it does not end within it. */
static const char *string(const struct object *o, const ElfW(Shdr) *table, uint64_t at)
{
	const char *start;

	if (table->sh_type != SHT_STRTAB || table->sh_offset > o->bytes.len ||
	    table->sh_size > o->bytes.len - table->sh_offset || at >= table->sh_size)
		return NULL;
	start = o->bytes.at + table->sh_offset + at;
	return memchr(start, '\0', table->sh_size - at) ? start : NULL;
}

static const char *section_name(const struct object *o, const ElfW(Shdr) *s)
{
	ElfW(Shdr) names;

	return section(o, o->head.e_shstrndx, &names) ? string(o, &names, s->sh_name) : NULL;
}

/* Symbol i of a symbol table and its name; false where the table is damaged. */
static bool symbol(const struct object *o, const ElfW(Shdr) *table, size_t i, ElfW(Sym) *ret, const char **ret_name)
{
	ElfW(Shdr) names;

	if (!copy_out(o, table->sh_offset + i * sizeof *ret, ret, sizeof *ret) || !section(o, table->sh_link, &names))
		return false;
	*ret_name = string(o, &names, ret->st_name);
	return *ret_name != NULL;
}

/* ---- judging ------------------------------------------------------------- */

static bool listed(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(list[i]);

		if (list[i][len - 1] == '*' ? strncmp(name, list[i], len - 1) == 0 : strcmp(name, list[i]) == 0)
			return true;
	}
	return false;
}

static bool known_section(const char *name, uint32_t type)
{
	size_t i;

	for (i = 0; i < COUNT(section_types) && section_types[i] != type; i++)
		;
	if (i == COUNT(section_types))
		return false;
	if (str_starts(str_of(name), ".rela."))
		name += strlen(".rela");
	else if (str_starts(str_of(name), ".rel."))
		name += strlen(".rel");
	return listed(name, sections, COUNT(sections));
}

/* Whose bytes stand in section i: the name of a variable, as its author knows it. */
static const char *variable_in(const struct object *o, size_t i)
{
	static char name[64];
	ElfW(Shdr) table;
	ElfW(Sym) sym;
	const char *found;

	for (size_t t = 0; section(o, t, &table); t++) {
		size_t n = table.sh_type == SHT_SYMTAB ? table.sh_size / sizeof sym : 0;

		for (size_t k = 0; k < n && symbol(o, &table, k, &sym, &found); k++)
			if (sym.st_shndx == i && *found && ELF64_ST_TYPE(sym.st_info) != STT_SECTION) {
				snprintf(name, sizeof name, "%.*s", (int)strcspn(found, "."), found);
				return name;
			}
	}
	return "a variable";
}

/* The loader makes these read-only before the program starts. */
static bool constant_after_start(const char *name)
{
	return strcmp(name, ".data.rel.ro") == 0 || str_starts(str_of(name), ".data.rel.ro.");
}

static const char *judge_section(struct object *o, size_t i, const ElfW(Shdr) *s)
{
	const char *name = section_name(o, s);
	bool writable = s->sh_flags & SHF_WRITE, executable = s->sh_flags & SHF_EXECINSTR;

	if (!name)
		return "the object is damaged: a section has no name";
	if (!known_section(name, s->sh_type))
		return complain("section \"%.60s\" is not allowed: nothing of an adapter runs or is placed "
				"but its functions and constants", name);
	if (strcmp(name, ".note.GNU-stack") == 0) {
		o->stack_named = true;
		if (executable)
			return "it asks for an executable stack: do not use functions within functions";
	}
	if (executable && (writable || !str_starts(str_of(name), ".text")))
		return complain("section \"%.60s\" may not be executable", name);
	if (s->sh_size > 0 && writable && !constant_after_start(name))
		return complain("%s can change: keep state in struct adapter, and make tables const",
				variable_in(o, i));
	if (s->sh_size > 0 && (s->sh_flags & SHF_TLS))
		return "variables of a thread are not allowed: keep state in struct adapter";
	return NULL;
}

static const char *judge_undefined(const char *name)
{
	if (*name && !listed(name, callable, COUNT(callable)))
		return complain("it calls %.60s, which adapters may not: use what adapter.h offers", name);
	return NULL;
}

static const char *judge_defined(struct object *o, const ElfW(Sym) *sym, const char *name)
{
	bool event = strcmp(name, "adapter_event") == 0, size = strcmp(name, "adapter_size") == 0;
	int type = ELF64_ST_TYPE(sym->st_info);
	ElfW(Shdr) in;

	if (!event && !size)
		return complain("%.60s can be seen from outside: make it static", name);
	if (ELF64_ST_BIND(sym->st_info) != STB_GLOBAL || !section(o, sym->st_shndx, &in))
		return complain("%s must be an ordinary global name", name);
	if (event && (type != STT_FUNC || !(in.sh_flags & SHF_EXECINSTR)))
		return "adapter_event must be a function";
	if (size && (type != STT_OBJECT || sym->st_size != sizeof(size_t) || (in.sh_flags & SHF_WRITE)))
		return "adapter_size must be a const size_t";
	o->event_found |= event;
	o->size_found |= size;
	return NULL;
}

static const char *judge_symbol(struct object *o, const ElfW(Sym) *sym, const char *name)
{
	int type = ELF64_ST_TYPE(sym->st_info);

	if (type == STT_GNU_IFUNC || type == STT_TLS || type == STT_COMMON || sym->st_shndx == SHN_COMMON)
		return complain("%.60s is of a kind that is not allowed: only functions and constants are", name);
	if (sym->st_shndx == SHN_UNDEF)
		return judge_undefined(name);
	if (ELF64_ST_BIND(sym->st_info) != STB_LOCAL)
		return judge_defined(o, sym, name);
	return NULL;
}

static const char *judge_symbols(struct object *o, const ElfW(Shdr) *table)
{
	ElfW(Sym) sym;
	const char *name, *why = NULL;

	if (table->sh_entsize != sizeof sym)
		return "the object is damaged: its symbols have a strange size";
	for (size_t i = 0; i < table->sh_size / sizeof sym && !why; i++)
		why = symbol(o, table, i, &sym, &name) ? judge_symbol(o, &sym, name) :
		      "the object is damaged: a symbol has no name";
	return why;
}

static const char *judge(struct object *o)
{
	const ElfW(Ehdr) *h = &o->head;
	const char *why = NULL;
	size_t tables = 0;
	ElfW(Shdr) s;

	if (!copy_out(o, 0, &o->head, sizeof o->head) || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 ||
	    h->e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) || h->e_type != ET_REL ||
	    h->e_shentsize != sizeof s || h->e_shoff > o->bytes.len)
		return "it is no object file of this machine";
	for (size_t i = 1; i < h->e_shnum && !why; i++) {
		if (!section(o, i, &s))
			return "the object is damaged: its table of sections is cut";
		why = judge_section(o, i, &s);
		if (!why && s.sh_type == SHT_SYMTAB && tables++ == 0)
			why = judge_symbols(o, &s);
	}
	if (why)
		return why;
	if (tables != 1)
		return "the object is damaged: it has no symbols, or more than one table of them";
	if (!o->stack_named)
		return "it does not say that its stack is not executable (.note.GNU-stack)";
	if (!o->event_found || !o->size_found)
		return complain("it does not define %s", o->event_found ? "adapter_size" : "adapter_event");
	return NULL;
}

const char *object_check(const char *path)
{
	struct object o = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	const char *why;
	void *at;

	if (fd < 0)
		return complain("%s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || st.st_size <= 0 || st.st_size > OBJECT_MAX) {
		close(fd);
		return "it is empty, or too large for an object file";
	}
	at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (at == MAP_FAILED)
		return complain("%s: %s", path, strerror(errno));
	o.bytes = (struct str){ at, (size_t)st.st_size };
	why = judge(&o);
	munmap(at, (size_t)st.st_size);
	return why;
}

/* ---- linking ------------------------------------------------------------- */

/* What a command said, cut to fit. */
static const char *said(int fd)
{
	static char text[SAID_MAX + 1];
	ssize_t n = pread(fd, text, SAID_MAX, 0);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static const char *run(const char *const argv[])
{
	int status = -1, fd = memfd_create("said", MFD_CLOEXEC), err;
	posix_spawn_file_actions_t actions;
	const char *why = NULL;
	pid_t pid;

	if (fd < 0)
		return complain("%s: %s", argv[0], strerror(errno));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, fd, STDERR_FILENO);
	err = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err)
		why = complain("%s does not run: %s", argv[0], strerror(err));
	else if (waitpid(pid, &status, 0) != pid || status != 0)
		why = complain("%s failed: %s", argv[0], said(fd));
	close(fd);
	return why;
}

const char *object_link(const char *runner, const char *object, const char *program)
{
	DEFER(text_free) char *kept = text_fmt("%s.kept.o", program);
	const char *const keep[] = { "objcopy", "--keep-global-symbol=adapter_event",
				     "--keep-global-symbol=adapter_size", object, kept, NULL };
	const char *const link[] = { "cc", "-pie", "-Wl,-z,relro,-z,now,-z,noexecstack", runner, kept,
				     "-l:libseccomp.a", "-lcjson", "-lm", "-o", program, NULL };
	const char *why = run(keep);

	if (!why)
		why = run(link);
	unlink(kept);
	return why;
}
