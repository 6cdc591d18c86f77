#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "exec/inside.h"
#include "os/loop.h"

enum { HOLD_LOOKS = 8 };           /* a held place is looked at so often before all that follows it is on its way */

/* The decision about one step before its turn. */
struct verdict {
	bool granted;              /* the job hits: `answer` is its answer */
	struct answer answer;
	char *must_run;            /* why the hit cannot stand; or NULL */
	bool alone;                /* the job is not held again */
};

/* A place whose steps hit, but not without those that follow. */
struct held {
	struct place *place;
	struct group *group;       /* a worker looks at it; NULL: not now */
	uint32_t steps;            /* how many followed when it was looked at last */
	uint32_t looks;
};

struct hold {
	struct verdict *of;        /* by step->ordinal */
	uint32_t steps;
	struct held *at;
	uint32_t n, room;
	uint32_t busy;             /* groups that workers look at */
};

/* Held places that belong together, and what follows them. */
struct group {
	struct run *run;
	struct arena *arena;
	struct place **places;
	uint32_t places_n;
	struct look look;
	bool last;                 /* nothing of the run comes after it */
	bool waits;                /* more is on its way: if all of it hits nothing is decided yet */
};

static struct verdict *verdict_of(const struct run *r, const struct step *step)
{
	return r->hold && step && !step->enters ? &r->hold->of[step->ordinal] : NULL;
}

static const struct step *first_step(const struct job *j)
{
	uint32_t i;

	for (i = 0; i < j->look.n; i++)
		if (!is_builtin(j->answers[i].step))
			return j->answers[i].step;
	return NULL;
}

/* ---- a job and what was decided about its steps ---------------------------------- */

bool hold_granted(const struct job *j)
{
	const struct verdict *v = j->granted || j->place->must_run ? NULL : verdict_of(j->run, first_step(j));

	return v && (v->granted || (v->must_run && !j->must_run));
}

bool hold_take(struct job *j)
{
	const struct verdict *first = verdict_of(j->run, first_step(j));
	uint32_t i, k;

	if (!first || j->place->must_run)
		return false;
	if (!first->granted) {
		j->must_run = first->must_run;
		return false;
	}
	for (i = 0, k = 0; i < j->look.n; i++) {
		struct verdict *v = verdict_of(j->run, j->answers[i].step);

		if (is_builtin(j->answers[i].step))
			continue;
		if (!v->granted)
			break;
		/* echos and cds in between were looked at with the rest */
		for (; k < i; k++) {
			j->answers[k].known = j->answers[k].in_place = true;
			j->answers[k].entered = k > 0;
		}
		j->answers[k++] = v->answer;
		v->granted = false;
	}
	j->granted = true;
	return true;
}

void hold_return(struct job *j)
{
	struct answer *a;

	for (a = j->answer; j->granted && a < j->answers + j->look.n && a->known; a++) {
		struct verdict *v = is_builtin(a->step) ? NULL : verdict_of(j->run, a->step);

		if (!v)
			continue;
		v->answer = *a;
		v->granted = true;
		*a = (struct answer){ .step = a->step };
	}
}

/* ---- laying aside ------------------------------------------------------------------ */

bool hold_wants(struct job *j)
{
	const struct verdict *v = verdict_of(j->run, first_step(j));
	struct following f;
	struct arena *a;
	bool ret = false;
	uint32_t i;

	if (!j->look.all || j->settled || j->place->must_run || (v && v->alone) || !cache_chain_is_contested(j->look.chain))
		return false;
	a = arena_new();
	schedule_all_after(&j->run->schedule, j->place, j->look.n, run_looks_up, j->run, a, &f);
	for (i = 0; i < f.n && !ret; i++)
		ret = !is_builtin(f.steps[i]) && cache_chain_is_contested_by(j->look.chain, f.steps[i]);
	arena_free(a);
	return ret;
}

void hold_job(struct job *j)
{
	struct run *r = j->run;
	struct place *p = j->place;
	struct hold *h = r->hold;

	if (!h) {
		h = r->hold = xcalloc(1, sizeof *h);
		h->steps = r->setup->plan->steps;
		h->of = xcalloc(h->steps ? h->steps : 1, sizeof *h->of);
	}
	job_drop(j);
	schedule_park(p);
	if (h->n == h->room) {
		h->room = h->room ? h->room * 2 : 8;
		h->at = xrealloc(h->at, h->room, sizeof *h->at);
	}
	h->at[h->n++] = (struct held){ .place = p };
}

static void bring_back(struct hold *h, struct place *p)
{
	uint32_t i, n = 0;

	for (i = 0; i < h->n; i++)
		if (h->at[i].place != p)
			h->at[n++] = h->at[i];
	h->n = n;
	schedule_back(p);
}

/* ---- a group, looked up as one chain ------------------------------------------------- */

static void group_free(struct group *g)
{
	look_forget(&g->look);
	free(g->look.at);
	arena_free(g->arena);
	free(g);
}

static void look(void *ctx)
{
	struct group *g = ctx;

	look_only(&g->look);
	if (g->waits && g->look.all)
		return;
	look_decide(&g->look, g->last);
	look_restore(&g->look);
}

static void tell_spans(struct group *g)
{
	uint32_t i;

	for (i = 0; i < g->look.n && g->run->setup->timed; i++)
		if (g->look.at[i].look.ended_ns)
			run_tell(g->run, &(struct event){ .kind = EVENT_SPAN, .step = g->look.at[i].step, .span = &g->look.at[i].look });
}

/* Notes the answers of the steps that hit, and why the one after them must run. */
static void grant(struct group *g)
{
	uint32_t n = look_hits(&g->look), i;
	const struct answer *next = n < g->look.n ? &g->look.at[n] : NULL;
	struct verdict *v;

	for (i = 0; i < n; i++) {
		struct answer *a = &g->look.at[i];

		v = is_builtin(a->step) ? NULL : verdict_of(g->run, a->step);
		if (!v)
			continue;
		v->answer = *a;
		v->granted = true;
		*a = (struct answer){ .step = a->step };
	}
	if (!next)
		return;
	v = verdict_of(g->run, next->step);
	if (v && next->known && next->restore_why) {
		free(v->must_run);
		v->must_run = xstrdup(next->restore_why);
	}
	/* nothing came of it: the first is decided by itself now */
	if (v && n == 0)
		v->alone = true;
}

static void looked(void *ctx)
{
	struct group *g = ctx;
	struct run *r = g->run;
	struct hold *h = r->hold;
	bool decided = !(g->waits && g->look.all);
	uint32_t i;

	h->busy--;
	for (i = 0; i < h->n; i++)
		if (h->at[i].group == g)
			h->at[i].group = NULL;
	if (decided)
		r->changes++;
	tell_spans(g);
	if (decided && r->stopped == STOPPED_NOT) {
		grant(g);
		for (i = 0; i < g->places_n; i++)
			bring_back(h, g->places[i]);
	}
	group_free(g);
	run_pump(r);
}

static struct held *held_at(struct hold *h, const struct place *p)
{
	uint32_t i;

	for (i = 0; i < h->n; i++)
		if (h->at[i].place == p)
			return &h->at[i];
	return NULL;
}

/* The place, those that must be decided with it, and all that follows. False: one of them is being looked at. */
static bool find_group(struct hold *h, struct group *g, struct place *first, struct following *f)
{
	uint32_t i;

	g->places = arena_grow(g->arena, g->places, g->places_n, sizeof(struct place *));
	g->places[g->places_n++] = first;
	for (;;) {
		schedule_follow(&g->run->schedule, g->places, g->places_n, run_looks_up, g->run, g->arena, f);
		if (f->parked_n == 0)
			return true;
		for (i = 0; i < f->parked_n; i++) {
			struct held *other = held_at(h, f->parked[i]);

			if (!other || other->group)
				return false;
			g->places = arena_grow(g->arena, g->places, g->places_n, sizeof(struct place *));
			g->places[g->places_n++] = f->parked[i];
		}
	}
}

static struct group *group_new(struct run *r, struct place *first, struct following *f)
{
	struct group *g = xcalloc(1, sizeof *g);
	uint32_t i;

	g->run = r;
	g->arena = arena_new();
	if (!find_group(r->hold, g, first, f)) {
		group_free(g);
		return NULL;
	}
	g->last = !f->open && !f->starts;
	g->look = (struct look){ .cache = r->setup->cache, .clock = run_clock, .run = r, .n = f->n };
	g->look.at = xcalloc(f->n ? f->n : 1, sizeof *g->look.at);
	for (i = 0; i < f->n; i++)
		g->look.at[i].step = f->steps[i];
	return g;
}

/* Is it worth a look now? More of what follows may be on its way. */
static bool is_time(const struct run *r, struct group *g, const struct following *f)
{
	const struct hold *h = r->hold;
	bool news = false;
	uint32_t i, looks = 0;

	g->waits = f->open && (r->running > 0 || h->busy > 0);
	if (!g->waits)
		return true;
	for (i = 0; i < g->places_n; i++) {
		const struct held *at = held_at(r->hold, g->places[i]);

		news = news || at->steps != f->n;
		looks = at->looks > looks ? at->looks : looks;
	}
	if (looks >= HOLD_LOOKS)
		g->waits = false;
	return news || !g->waits;
}

void hold_settle(struct run *r)
{
	struct hold *h = r->hold;
	uint32_t i, k;

	if (!h || r->queue.first || r->restoring > 0 || r->stopped != STOPPED_NOT)
		return;
	for (i = 0; i < h->n; i++) {
		struct following f;
		struct group *g = h->at[i].group ? NULL : group_new(r, h->at[i].place, &f);

		if (!g)
			continue;
		if (!is_time(r, g, &f)) {
			group_free(g);
			continue;
		}
		for (k = 0; k < g->places_n; k++) {
			struct held *at = held_at(h, g->places[k]);

			at->group = g;
			at->steps = f.n;
			at->looks++;
		}
		h->busy++;
		loop_work(r->setup->loop, look, looked, g);
	}
}

bool hold_is_busy(const struct run *r)
{
	return r->hold && r->hold->busy > 0;
}

void hold_free(struct run *r)
{
	struct hold *h = r->hold;
	uint32_t i;

	if (!h)
		return;
	for (i = 0; i < h->steps; i++) {
		if (h->of[i].granted)
			found_free(&h->of[i].answer.found);
		free(h->of[i].must_run);
	}
	free(h->of);
	free(h->at);
	free(h);
	r->hold = NULL;
}
