/* note.h - what a person asked to keep: word for word, until forgotten. A note belongs to
 * a person; it is not part of any conversation, so folding cannot touch it.
 *
 * Forgetting overwrites the note. The conversation in which it was said and the audit
 * log of the decision to keep it are other places, and stay. */
#ifndef CHELA_NOTE_H
#define CHELA_NOTE_H
#include "store/store.h"

/* The note's number; 0: the person has NOTES_MAX already. At most NOTE_MAX bytes. */
int64_t note_add(struct store *s, const char *person, const char *text);
/* [{"note": 7, "text": "...", "kept": "2026-11-01"}], newest first, the day in local time; those
 * that hold every word of `words` (any case, also within a word), or all where it is NULL
 * or blank. */
cJSON *note_find(struct store *s, const char *person, const char *words, int max);
bool note_forget(struct store *s, const char *person, int64_t note);	/* false: this person has no such note */

#endif
