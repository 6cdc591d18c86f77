#include "config.h"

#include <stdlib.h>

#include "exec/inside.h"
#include "os/loop.h"

enum {
	EARLY_GROUP = 32,          /* steps that one worker looks up in one go */
	EARLY_MOST = 128           /* answers that wait for their turn, at most */
};

/* Steps of the plan's top level, their first items only: nested plans come to be when
 * their turn comes. */
struct early {
	struct run *run;
	const struct level *level;
	struct place **order;      /* as they will come: the heaviest first */
	uint32_t next;             /* in order: the first that was not given away */
	bool *given;               /* by node: its first item was looked up, or is none of ours */
	struct job **of;           /* by node: looked up or in flight, its turn has not come */
	uint32_t waiting;          /* how many of those there are */
	uint32_t groups;           /* in flight */
};

struct group {
	struct early *early;
	struct job *jobs[EARLY_GROUP];
	uint32_t n;
};

static int by_turn(const void *a, const void *b)
{
	const struct place *x = *(struct place *const *)a, *y = *(struct place *const *)b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return x->node < y->node ? -1 : 1;
}

struct early *early_new(struct run *r)
{
	struct early *e = xcalloc(1, sizeof *e);
	struct level *l = r->schedule.levels;
	uint32_t i;

	e->run = r;
	e->level = l;
	e->order = xcalloc(l->plan->n, sizeof *e->order);
	e->given = xcalloc(l->plan->n, sizeof *e->given);
	e->of = xcalloc(l->plan->n, sizeof *e->of);
	for (i = 0; i < l->plan->n; i++)
		e->order[i] = &l->places[i];
	if (l->plan->n)
		qsort(e->order, l->plan->n, sizeof *e->order, by_turn);
	return e;
}

void early_free(struct early *e)
{
	free(e->order);
	free(e->given);
	free(e->of);
	free(e);
}

bool early_is_good(const struct job *j)
{
	return j->changes == j->run->changes && job_is_hit(j) && j->restored;
}

void early_skip(struct early *e, const struct place *p)
{
	if (p->level == e->level)
		e->given[p->node] = true;
}

static void forget(struct early *e, uint32_t node, bool and_free)
{
	if (and_free)
		job_free(e->of[node]);
	e->of[node] = NULL;
	e->waiting--;
}

struct job *early_take(struct early *e, const struct place *p)
{
	struct job *j = p->level == e->level && p->item == 0 ? e->of[p->node] : NULL;
	bool good = j && (j->in_flight || early_is_good(j));

	early_skip(e, p);
	if (j)
		forget(e, p->node, !good);
	return good ? j : NULL;
}

void early_drop(struct early *e)
{
	uint32_t i;

	for (i = 0; e->waiting && i < e->level->plan->n; i++)
		if (e->of[i] && !e->of[i]->in_flight)
			forget(e, i, true);
}

static void look_group(void *ctx)
{
	struct group *g = ctx;
	uint32_t i;

	for (i = 0; i < g->n; i++)
		job_look(g->jobs[i]);
}

static void looked_group(void *ctx)
{
	struct group *g = ctx;
	struct early *e = g->early;
	struct run *r = e->run;
	uint32_t i;

	e->groups--;
	for (i = 0; i < g->n; i++) {
		struct job *j = g->jobs[i];

		j->in_flight = false;
		if (j->chunk)
			run_looked(r, j);
		else if (!early_is_good(j))
			forget(e, j->place->node, true);
	}
	free(g);
	run_pump(r);
}

static bool is_ours(const struct place *p)
{
	const struct item *item = place_item(p);

	return p->item == 0 && !p->holds && item && item->kind == ITEM_STEP && item->step->rules;
}

static struct group *group_make(struct early *e)
{
	struct group *g = xcalloc(1, sizeof *g);

	g->early = e;
	for (; e->next < e->level->plan->n && g->n < EARLY_GROUP; e->next++) {
		struct place *p = e->order[e->next];
		struct job *j;

		if (e->given[p->node] || !is_ours(p))
			continue;
		e->given[p->node] = true;
		j = job_new(e->run, p);
		j->in_flight = true;
		j->changes = e->run->changes;
		e->of[p->node] = g->jobs[g->n++] = j;
		e->waiting++;
	}
	return g;
}

void early_send(struct early *e)
{
	struct run *r = e->run;
	struct group *g;

	/* `ahead`: so far all were hits. While something runs, looking again would be all it brings. */
	while (r->ahead && !r->running && !r->restoring && e->groups < os_cpus() && e->waiting + EARLY_GROUP <= EARLY_MOST) {
		g = group_make(e);
		if (!g->n) {
			free(g);
			return;
		}
		e->groups++;
		loop_work(r->setup->loop, look_group, looked_group, g);
	}
}
