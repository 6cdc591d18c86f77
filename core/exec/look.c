#include "config.h"

#include "exec/look.h"

#include "plan/step.h"

bool is_builtin(const struct step *step)
{
	return step->echo || step->enters;
}

bool is_hit(const struct answer *a)
{
	return is_builtin(a->step) || (a->found.state == FOUND_HIT && !a->restore_why);
}

static void forget_from(struct look *l, uint32_t first)
{
	uint32_t i;

	for (i = first; i < l->n; i++) {
		struct answer *a = &l->at[i];

		if (a->known && !is_builtin(a->step))
			found_free(&a->found);
		*a = (struct answer){ .step = a->step };
	}
}

void look_forget(struct look *l)
{
	forget_from(l, 0);
	cache_chain_free(l->chain);
	l->chain = NULL;
	l->all = false;
}

/* The first `hits` hits stand; the step after them, if it was looked up, must run. The steps
 * after that are looked up when it has run, and so is that step where files are put back first. */
static void stand(struct look *l, uint32_t hits, const char *why)
{
	bool restore = false;
	uint32_t i;

	for (i = 0; i < l->n && l->at[i].known; i++) {
		struct answer *a = &l->at[i];

		if (is_builtin(a->step))
			continue;
		if (hits > 0) {
			hits--;
			a->in_place = cache_in_place(l->cache, &a->found);
			restore = restore || !a->in_place;
			continue;
		}
		if (!restore) {
			a->restore_why = why ? why : a->found.because;
			cache_before_run(l->cache, a->step, &a->found, &a->before);
		}
		forget_from(l, restore ? i : i + 1);
		return;
	}
}

/* A cd depends on what the hits before it leave. Where it is the first, the disk is asked in its turn. */
static bool look_at_builtin(struct look *l, uint32_t i)
{
	struct answer *a = &l->at[i];

	a->entered = i > 0 && a->step->enters && cache_chain_has_folder(l->chain, a->step->dir);
	a->known = a->in_place = i == 0 || !a->step->enters || a->entered;
	return a->known;
}

/* `most`: how many steps are asked about. Returns how many of them hit by the files that they read. */
static uint32_t look_most(struct look *l, uint32_t most)
{
	uint32_t asked = 0, hits = 0, i;

	l->chain = cache_chain_new(l->cache);
	for (i = 0; i < l->n && asked < most; i++) {
		struct answer *a = &l->at[i];

		if (is_builtin(a->step)) {
			if (!look_at_builtin(l, i))
				break;
			continue;
		}
		if (asked++ > 0 && a->step->forced)
			break;
		a->known = true;
		a->look = (struct span){ SPAN_LOOKUP, l->clock(l->run), 0 };
		cache_lookup(l->cache, a->step, false, l->chain, &a->found);
		a->look.ended_ns = l->clock(l->run);
		if (a->found.state != FOUND_HIT)
			break;
		hits++;
	}
	l->all = i == l->n;
	return hits;
}

void look_only(struct look *l)
{
	look_most(l, UINT32_MAX);
}

void look_decide(struct look *l, bool last)
{
	stand(l, cache_chain_decide(l->chain, UINT32_MAX, last && l->all), NULL);
}

void look_up(struct look *l, bool last, const char *must_run)
{
	if (!must_run) {
		look_only(l);
		look_decide(l, last);
		return;
	}
	if (look_most(l, 1) == 0)
		must_run = NULL;           /* it is none by what it reads */
	l->all = false;
	stand(l, cache_chain_decide(l->chain, 0, false), must_run);
}

uint32_t look_hits(const struct look *l)
{
	uint32_t i = 0;

	while (i < l->n && l->at[i].known && is_hit(&l->at[i]))
		i++;
	return i;
}

/* The number of the first hit that could not be put back, or UINT32_MAX. */
static uint32_t restore_hits(struct look *l, const char **ret_why)
{
	uint32_t i, n = look_hits(l), hit = 0;

	for (i = 0; i < n; i++) {
		struct answer *a = &l->at[i];

		if (is_builtin(a->step))
			continue;
		a->in_place = a->in_place || cache_restore(l->cache, a->step, &a->found, ret_why) == 0;
		if (!a->in_place)
			return hit;
		hit++;
	}
	return UINT32_MAX;
}

/* Where one cannot be put back its step must run; and then those before it must leave all that it finds. */
void look_restore(struct look *l)
{
	const char *why = NULL;
	uint32_t failed, hits;

	while ((failed = restore_hits(l, &why)) != UINT32_MAX) {
		hits = cache_chain_decide(l->chain, failed, false);
		if (!why || hits < failed)
			why = hits < failed ? NULL : "the outputs could not be restored";
		stand(l, hits, why);
	}
}
