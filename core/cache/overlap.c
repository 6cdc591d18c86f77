#include "config.h"

#include "cache/overlap.h"

#include <stdlib.h>
#include <string.h>

#include "cache/inside.h"
#include "plan/step.h"
#include "workspace/workspace.h"

/* Could both patterns match one name? Not when they differ before the first special character. */
static bool may_meet(const char *p, const char *q)
{
	static const char special[] = "*?[{<$\\";

	for (; *p == *q && !strchr(special, *p); p++, q++)
		;
	return strchr(special, *p) || strchr(special, *q);     /* the end counts as special */
}

static void meet(struct overlap *b, const struct step *other)
{
	const struct file_patterns *mine = &b->step->rules->output.yes, *its = &other->rules->output.yes;
	uint32_t i, k;

	for (i = 0; i < mine->n; i++)
		for (k = 0; k < its->n; k++)
			if (may_meet(mine->at[i].text, its->at[k].text)) {
				b->met = xrealloc(b->met, b->met_n + 1, sizeof *b->met);
				b->met[b->met_n++] = other;
				return;
			}
}

void overlap_join(struct cache *c, const struct step *step, struct overlap *b)
{
	struct overlap *other;

	if (b->cache || !step->rules->output.yes.n)
		return;
	b->step = step;
	pthread_mutex_lock(&c->lock);
	for (other = c->overlaps; other; other = other->next) {
		meet(b, other->step);
		meet(other, step);
	}
	b->cache = c;
	b->next = c->overlaps;
	b->link = &c->overlaps;
	if (b->next)
		b->next->link = &b->next;
	c->overlaps = b;
	pthread_mutex_unlock(&c->lock);
}

void overlap_leave(struct overlap *b)
{
	struct cache *c = b->cache;

	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	*b->link = b->next;
	if (b->next)
		b->next->link = b->link;
	pthread_mutex_unlock(&c->lock);
	free(b->met);
	*b = (struct overlap){ 0 };
}

static const struct fact *covered(const struct globs *globs, const struct facts *outputs)
{
	struct output_meta meta;
	uint32_t i;

	for (i = 0; i < outputs->n; i++) {
		const struct fact *f = &outputs->at[i];

		if (output_meta_decode(f->detail, &meta) == 0 && meta.made && globs_match(globs, f->name.data, f->name.size))
			return f;
	}
	return NULL;
}

const struct fact *overlap_others(struct overlap *b, const struct facts *outputs, struct arena *a, const struct step **ret_whose)
{
	const struct fact *ret = NULL;
	const struct step **met = NULL;
	uint32_t n, i;

	if (!b->cache)
		return NULL;
	pthread_mutex_lock(&b->cache->lock);
	n = b->met_n;
	if (n)
		met = arena_copy(a, b->met, n * sizeof *met);
	pthread_mutex_unlock(&b->cache->lock);
	for (i = 0; i < n && !ret; i++) {
		ret = covered(&met[i]->rules->output, outputs);
		*ret_whose = met[i];
	}
	return ret;
}
