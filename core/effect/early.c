#include "config.h"

#include "effect/early.h"

#include "fact/known.h"
#include "fact/seen.h"

enum { EARLY_SLICE = 256 };            /* looks between two questions whether they are in vain */

static const struct bytes nothing = { "", 0 };

static void guess_one(struct facts *f, enum fact_kind kind, vt_bytes name)
{
	if (name.size)
		f->at[f->n++] = (struct fact){ .kind = (uint16_t)kind, .name = { name.data, name.size }, .detail = nothing, .state = nothing };
}

static void guess_all(const struct seen *seen, struct arena *a, struct facts *ret)
{
	uint32_t i;

	*ret = (struct facts){ .at = arena_array(a, 2 * (size_t)seen->n + 1, sizeof *ret->at) };
	for (i = 0; i < seen->n; i++) {
		const vt_seen *s = &seen->at[i];
		const bool outside = s->flags & VT_SEEN_OUTSIDE;

		if (s->op == VT_SEEN_READ)
			guess_one(ret, outside ? FACT_OUTSIDE : FACT_FILE, s->name);
		else if (s->op == VT_SEEN_PROBE && !outside)
			guess_one(ret, FACT_PROBE, s->name);
		else if (s->op == VT_SEEN_LIST && !outside)
			guess_one(ret, FACT_LIST, s->name);
		else if (s->op == VT_SEEN_WRITE || s->op == VT_SEEN_RENAME)
			guess_one(ret, FACT_LEFT, s->name);
		if (s->op == VT_SEEN_RENAME)
			guess_one(ret, FACT_LEFT, s->other);
	}
	facts_sort(ret);
}

/* Does a fact of the sorted list have this kind and name? Names are asked in order, from *at on. */
static bool has(const struct facts *f, uint32_t *at, enum fact_kind kind, struct bytes name)
{
	const struct fact want = { .kind = (uint16_t)kind, .name = name, .detail = nothing };
	int order = -1;

	while (*at < f->n && (order = fact_order(&f->at[*at], &want)) < 0)
		(*at)++;
	return *at < f->n && order == 0;
}

/* Of a path that was read the content counts, of one that was listed the names: that it was looked at, too, adds nothing. */
static void drop_weaker(struct arena *a, struct facts *f)
{
	struct facts kept = { .at = arena_array(a, (size_t)f->n + 1, sizeof *kept.at) };
	uint32_t i, read = 0, read_again = 0, listed = 0;

	for (i = 0; i < f->n; i++) {
		const struct fact *fact = &f->at[i];

		if (fact->kind == FACT_PROBE && (has(f, &read, FACT_FILE, fact->name) || has(f, &listed, FACT_LIST, fact->name)))
			continue;
		if (fact->kind == FACT_LIST && has(f, &read_again, FACT_FILE, fact->name))
			continue;
		kept.at[kept.n++] = *fact;
	}
	*f = kept;
}

void early_look(const struct state_world *w, const struct seen *seen, int64_t since_ns, const _Atomic bool *in_vain, struct arena *a,
		struct known *ret)
{
	struct known looked;
	struct err err = { 0 };
	uint32_t i;

	*ret = (struct known){ .old = NULL };
	guess_all(seen, a, &looked.facts);
	drop_weaker(a, &looked.facts);
	looked.old = arena_array(a, (size_t)looked.facts.n + 1, sizeof *looked.old);
	for (i = 0; i < looked.facts.n; i += EARLY_SLICE) {
		struct facts slice = { &looked.facts.at[i], looked.facts.n - i < EARLY_SLICE ? looked.facts.n - i : EARLY_SLICE };

		if (atomic_load(in_vain) || state_fill_since(w, NULL, &slice, since_ns, &looked.old[i], a, &err) < 0) {
			err_clear(&err);       /* it is told when the run is recorded */
			return;
		}
	}
	*ret = looked;
}
