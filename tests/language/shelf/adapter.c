/* adapter.c - the tool of specs/README.md: it looks for books, then at the first two. */
#include "adapter.h"

enum { LIST, BOOKS_MAX = 2 };

struct adapter {
	uint32_t ref;			/* the call */
	int asked, answered;
	char titles[BOOKS_MAX][200];	/* in the order of the list */
};

const size_t adapter_size = sizeof(struct adapter);

static void give(const struct adapter *a)
{
	cJSON *titles = json_list();

	for (int i = 0; i < a->asked; i++)
		json_push(titles, json_string(a->titles[i]));
	host_result(a->ref, json_make("{titles:%j}", titles));
}

static void look_at(struct adapter *a, const cJSON *books)
{
	for (const cJSON *b = json_first(books); b && a->asked < BOOKS_MAX; b = json_next(b)) {
		a->asked++;
		host_call(a->ref, (uint32_t)a->asked, "book", json_make("{id:%s}", json_text(b, "/id")));
	}
	if (a->asked == 0)
		give(a);
}

static void answer(struct adapter *a, const struct event *ev)
{
	if (ev->failure) {
		host_failed(a->ref, ev->failure, "%s", ev->text);
	} else if (ev->tag == LIST) {
		look_at(a, json_at(ev->json, "/books"));
	} else {
		text_copy(a->titles[ev->tag - 1], sizeof a->titles[0], json_text(ev->json, "/title"));
		if (++a->answered == a->asked)
			give(a);
	}
}

void adapter_event(struct adapter *a, const struct event *ev)
{
	if (ev->kind == EVENT_CALL) {
		a->ref = ev->ref;
		host_call(ev->ref, LIST, "list", json_make("{query:%s}", json_text(ev->json, "/query")));
	} else if (ev->kind == EVENT_HTTP) {
		answer(a, ev);
	}
}
