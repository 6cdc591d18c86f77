#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/checksum.h"
#include "os/loop.h"
#include "os/notify.h"
#include "os/tree.h"
#include "text/path.h"
#include "watch/inside.h"

enum {
	POLL_MS = 500,                 /* between two looks, at least */
	POLL_SHARE = 25                /* a look may take so much of the time: one part in 25 */
};

/* One look at all nodes, on a worker: the index stays as it is until it is back. */
struct poll {
	struct watch *watch;           /* NULL: nobody waits for it any more */
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

/* Of the names and stamps of all files below that count. */
static uint64_t sum_below(const struct watch *w, const struct interest *i, const char *path, uint64_t sum)
{
	struct arena *a = arena_new();
	struct tree_name *names;
	uint32_t n, k;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && tree_list(fd, "", a, &names, &n) == 0)
		for (k = 0; k < n; k++) {
			const char *below = path_join(a, path, names[k].name);
			struct stamp stamp;
			bool there;

			if (names[k].type == 'd' && interest_enters(w, i, below)) {
				sum = sum_below(w, i, below, sum);
			} else if (names[k].type != 'd' && interest_wants(w, i, below)) {
				look_at(below, &there, &stamp);
				sum = checksum(&stamp, sizeof stamp, checksum(below, strlen(below), sum));
			}
		}
	if (fd >= 0)
		close(fd);
	arena_free(a);
	return sum;
}

static uint64_t sum_of_node(const struct watch *w, const struct node *n)
{
	const struct reader *r;
	uint64_t sum = 1;

	for (r = n->readers; r; r = r->next)
		if (r->interest->how == INTEREST_BELOW)
			sum = sum_below(w, r->interest, n->path, sum);
	return sum;
}

/* Returns whether it is another than before. */
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

/* Tells all who read the node: of a folder it is not known which name came or went. */
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
