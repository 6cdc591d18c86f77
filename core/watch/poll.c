#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "os/loop.h"
#include "os/notify.h"
#include "watch/inside.h"

enum {
	POLL_MS = 500,                 /* pause between two looks, at least */
	POLL_SHARE = 25                /* looks take at most one part in 25 of the time */
};

/* One look at all nodes, on a worker: the index is not changed until the worker is back. */
struct poll {
	struct watch *watch;           /* NULL: the watch was freed */
	struct node **nodes;           /* changed ones */
	uint32_t nodes_n;
	int64_t took_ms;
};

static void look_at(const char *path, bool *ret_there, struct stamp *ret)
{
	struct stat st;

	*ret = (struct stamp){ 0 };
	*ret_there = stat(path, &st) == 0;
	if (*ret_there)
		stamp_of(&st, ret);
}

/* Adds the name and the stamp of a file to a sum. */
static void add_file(void *ctx, const char *path)
{
	uint64_t *sum = ctx;
	struct stamp stamp;
	bool there;

	look_at(path, &there, &stamp);
	*sum = checksum(&stamp, sizeof stamp, checksum(path, strlen(path), *sum));
}

static uint64_t sum_of_node(const struct watch *w, const struct node *n)
{
	const struct reader *r;
	uint64_t sum = 1;

	for (r = n->readers; r; r = r->next)
		if (r->interest->how == INTEREST_BELOW)
			index_files(w, r->interest, n->path, add_file, &sum);
	return sum;
}

/* Looks at a node. Returns whether it has changed. */
static bool look_again(const struct watch *w, struct node *n)
{
	struct stamp stamp;
	uint64_t sum = n->below ? sum_of_node(w, n) : 0;
	bool there, ret;

	look_at(n->path, &there, &stamp);
	ret = there != n->there || sum != n->sum || ((n->entry || n->names) && !stamp_equal(&stamp, &n->stamp));
	n->there = there;
	n->stamp = stamp;
	n->sum = sum;
	return ret;
}

void poll_baseline(struct watch *w)
{
	uint32_t i;

	for (i = 0; i < w->nodes.n; i++)
		look_again(w, w->nodes.at[i].value);
}

static void look(void *ctx)
{
	struct poll *p = ctx;
	const struct watch *w = p->watch;
	int64_t begun = os_now_ms();
	uint32_t i;

	for (i = 0; i < w->nodes.n; i++)
		if (look_again(w, w->nodes.at[i].value))
			p->nodes[p->nodes_n++] = w->nodes.at[i].value;
	p->took_ms = os_now_ms() - begun;
}

static void on_time(void *ctx);

/* Tells all readers of a node. Which name of a folder came or went is not known. */
static void tell(struct watch *w, const struct node *n)
{
	const struct reader *r;

	for (r = n->readers; r; r = r->next)
		r->record->dirty = true;
	watch_changed(w, n->path);
}

static void looked(void *ctx)
{
	struct poll *p = ctx;
	struct watch *w = p->watch;
	uint32_t i;

	w->polling = false;
	for (i = 0; i < p->nodes_n; i++)
		tell(w, p->nodes[i]);
	if (!w->awake && !w->interrupted)
		w->poll = timer_start(w->setup.loop, p->took_ms * POLL_SHARE > POLL_MS ? p->took_ms * POLL_SHARE : POLL_MS, on_time, w);
	free(p->nodes);
	free(p);
	loop_stop(w->setup.loop);
}

static void on_time(void *ctx)
{
	struct watch *w = ctx;
	struct poll *p = xcalloc(1, sizeof *p);

	w->poll = NULL;
	w->polling = true;
	p->watch = w;
	p->nodes = xcalloc(w->nodes.n ? w->nodes.n : 1, sizeof(struct node *));
	loop_work(w->setup.loop, look, looked, p);
}

void poll_start(struct watch *w)
{
	w->poll = timer_start(w->setup.loop, POLL_MS, on_time, w);
}

void poll_stop(struct watch *w)
{
	while (w->polling)
		loop_run(w->setup.loop);
	timer_stop(w->poll);
	w->poll = NULL;
}
