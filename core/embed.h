/* embed.h - a file of the source tree as text in the program.
 *
 *	EMBED(schema, "core/store/schema.sql");
 *
 * gives `const char schema[]`, ended by a NUL, seen by the program only. The path is
 * relative to where make runs; the Makefile says which objects contain which files. */
#ifndef CHELA_EMBED_H
#define CHELA_EMBED_H

#define EMBED(name, path) \
	__asm__(".pushsection .rodata\n" \
		".globl " #name "\n" \
		".hidden " #name "\n" \
		#name ":\n" \
		".incbin \"" path "\"\n" \
		".byte 0\n" \
		".popsection\n"); \
	extern const char name[] __attribute__((visibility("hidden")))

#endif
