#include "config.h"

#include "base/env.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct env {
	const struct env *below;
	const struct env_pair *pairs;      /* sorted by name, unique */
	uint32_t n;
	uint32_t depth;                    /* layers below this one */
};

enum { ENV_DEEPEST = 4 };              /* a fifth layer is flattened: lookups stay short */

static atomic_uint_fast64_t copies;

uint64_t env_copies(void)
{
	return atomic_load_explicit(&copies, memory_order_relaxed);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct env_pair *)a)->name, ((const struct env_pair *)b)->name);
}

struct numbered {
	struct env_pair pair;
	uint32_t number;
};

static int by_name_and_number(const void *pa, const void *pb)
{
	const struct numbered *a = pa, *b = pb;
	int c = by_name(&a->pair, &b->pair);

	return c ? c : a->number < b->number ? -1 : a->number > b->number;
}

/* Equal names stay in their order. */
static void sort_stably(struct env_pair *pairs, uint32_t n)
{
	struct numbered *all = xcalloc(n ? n : 1, sizeof *all);
	uint32_t i;

	for (i = 0; i < n; i++)
		all[i] = (struct numbered){ pairs[i], i };
	if (n > 1)
		qsort(all, n, sizeof *all, by_name_and_number);
	for (i = 0; i < n; i++)
		pairs[i] = all[i].pair;
	free(all);
}

static const struct env *flat(struct arena *a, const struct env_pair *pairs, uint32_t n)
{
	struct env *env = arena_alloc(a, sizeof *env);

	env->pairs = pairs;
	env->n = n;
	atomic_fetch_add_explicit(&copies, 1, memory_order_relaxed);
	return env;
}

const struct env *env_from(struct arena *a, char *const *entries)
{
	struct env_pair *pairs;
	uint32_t n = 0, i, kept = 0;

	while (entries[n])
		n++;
	pairs = arena_array(a, n, sizeof *pairs);
	for (i = 0; i < n; i++) {
		const char *eq = strchr(entries[i], '=');

		if (!eq || eq == entries[i])
			continue;
		pairs[kept].name = arena_strn(a, entries[i], (size_t)(eq - entries[i]));
		pairs[kept++].value = arena_str(a, eq + 1);
	}
	sort_stably(pairs, kept);
	n = kept;
	for (i = kept = 0; i < n; i++)
		if (!kept || strcmp(pairs[kept - 1].name, pairs[i].name) != 0)
			pairs[kept++] = pairs[i];
	return flat(a, pairs, kept);
}

/* Merges the layers from the top down; a name seen above hides those below. */
struct env_list env_list(const struct env *env, struct arena *a)
{
	struct env_list ret = { NULL, 0 };
	struct env_pair *out;
	uint32_t room = 0;
	const struct env *e;

	if (env && !env->below) {
		ret.at = env->pairs;
		ret.n = env->n;
		return ret;
	}
	for (e = env; e; e = e->below)
		room += e->n;
	out = arena_array(a, room, sizeof *out);
	for (e = env; e; e = e->below) {
		/* merge e (lower priority) into out, back to front, in place */
		struct env_pair *merged = out;
		uint32_t i = ret.n, k = e->n, w = ret.n + e->n, kept = 0, n = w;

		while (k > 0) {
			int c = i ? strcmp(merged[i - 1].name, e->pairs[k - 1].name) : -1;

			if (c > 0) {
				merged[--w] = merged[--i];
			} else if (c == 0) {
				merged[--w] = merged[--i];
				k--;
			} else {
				merged[--w] = e->pairs[--k];
			}
		}
		/* [0, i) is in place; [w, n) follows it */
		for (kept = i; w < n; w++)
			merged[kept++] = merged[w];
		ret.n = kept;
	}
	{
		uint32_t i, kept = 0;

		for (i = 0; i < ret.n; i++)
			if (out[i].value)
				out[kept++] = out[i];
		ret.n = kept;
	}
	ret.at = out;
	atomic_fetch_add_explicit(&copies, 1, memory_order_relaxed);
	return ret;
}

/* Sorts the pairs by their names. The last pair of a name counts. Returns how many are left. */
static uint32_t sort_last_of_each(struct env_pair *pairs, uint32_t n)
{
	uint32_t i, kept = 0;

	if (n < 2)
		return n;
	sort_stably(pairs, n);
	for (i = 0; i < n; i++) {
		if (kept && strcmp(pairs[kept - 1].name, pairs[i].name) == 0)
			kept--;
		pairs[kept++] = pairs[i];
	}
	return kept;
}

/* `own`: n pairs in the arena; the layer takes them over. */
static const struct env *layer(struct arena *a, const struct env *below, struct env_pair *own, uint32_t n)
{
	struct env *env = arena_alloc(a, sizeof *env);

	env->pairs = own;
	env->n = sort_last_of_each(own, n);
	env->below = below;
	env->depth = below ? below->depth + 1 : 0;
	if (env->depth > ENV_DEEPEST || !below) {
		struct env_list list;
		struct env bottom = *env;
		struct env empty = { 0 };

		if (!below)
			bottom.below = &empty;     /* removed names are dropped only above a layer */
		list = env_list(&bottom, a);
		env->pairs = list.at;
		env->n = list.n;
		env->below = NULL;
		env->depth = 0;
	}
	return env;
}

const struct env *env_over(struct arena *a, const struct env *below, const struct env_pair *pairs, uint32_t n)
{
	if (n == 0 && below)
		return below;
	return layer(a, below, arena_copy(a, pairs, n * sizeof *pairs), n);
}

const struct env *env_with(struct arena *a, const struct env *below, const struct env_pair *pairs, uint32_t n)
{
	struct env_pair *own;
	uint32_t i;

	if (n == 0 && below)
		return below;
	own = arena_array(a, n, sizeof *own);
	for (i = 0; i < n; i++) {
		own[i].name = arena_str(a, pairs[i].name);
		own[i].value = pairs[i].value ? arena_str(a, pairs[i].value) : NULL;
	}
	return layer(a, below, own, n);
}

const char *env_get(const struct env *env, const char *name)
{
	for (; env; env = env->below) {
		uint32_t low = 0, high = env->n;

		while (low < high) {
			uint32_t mid = (low + high) / 2;
			int c = strcmp(env->pairs[mid].name, name);

			if (c == 0)
				return env->pairs[mid].value;
			if (c < 0)
				low = mid + 1;
			else
				high = mid;
		}
	}
	return NULL;
}

char **env_entries(const struct env *env, struct arena *a)
{
	struct env_list list = env_list(env, a);
	char **out = arena_array(a, (size_t)list.n + 1, sizeof *out);
	uint32_t i;

	for (i = 0; i < list.n; i++)
		out[i] = arena_printf(a, "%s=%s", list.at[i].name, list.at[i].value);
	return out;
}
