#include "config.h"

#include "fact/known.h"

#include <stddef.h>

int known_fill(const struct known *k, const struct state_world *w, const struct env *env, struct facts *f, int64_t since_ns, bool *old,
	       struct arena *a, struct err *err)
{
	struct facts rest = { .n = 0 };
	uint32_t *place, i, at = 0;
	bool *rest_old;
	int order = -1;

	if (!k->facts.n)
		return state_fill_since(w, env, f, since_ns, old, a, err);
	rest.at = arena_array(a, (size_t)f->n + 1, sizeof *rest.at);
	rest_old = old ? arena_array(a, (size_t)f->n + 1, sizeof *rest_old) : NULL;
	place = arena_array(a, (size_t)f->n + 1, sizeof *place);
	for (i = 0; i < f->n; i++) {
		while (at < k->facts.n && (order = fact_order(&k->facts.at[at], &f->at[i])) < 0)
			at++;
		if (at < k->facts.n && order == 0) {
			f->at[i].state = k->facts.at[at].state;
			if (old)
				old[i] = k->old[at];
			continue;
		}
		if (old)
			rest_old[rest.n] = old[i];
		place[rest.n] = i;
		rest.at[rest.n++] = f->at[i];
	}
	if (state_fill_since(w, env, &rest, since_ns, rest_old, a, err) < 0)
		return -1;
	for (i = 0; i < rest.n; i++) {
		f->at[place[i]].state = rest.at[i].state;
		if (old)
			old[place[i]] = rest_old[i];
	}
	return 0;
}
