/* language.c - see language.h */
#include "gate/language.h"

enum step_kind step_kind(enum step_word word)
{
	static const enum step_kind kinds[] = {
#define X(name, kind, form) STEP_##kind,
		STEPS(X)
#undef X
	};

	return kinds[word];
}

const char *form_text(int form)
{
	static const char *const texts[] = {
#define X(name, kind, form) form,
		STEPS(X)
#undef X
#define X(name, form) form,
		FORMS(X)
#undef X
	};

	return texts[form];
}

static const struct { const char *name, *what, *remedy; } mistakes[] = {
#define X(name, what, remedy) { #name, what, remedy },
	MISTAKES(X)
#undef X
};

const char *mistake_name(enum mistake m)
{
	return mistakes[m].name;
}

const char *mistake_what(enum mistake m)
{
	return mistakes[m].what;
}

const char *mistake_remedy(enum mistake m)
{
	return mistakes[m].remedy;
}
