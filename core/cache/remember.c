#include "config.h"

#include "cache/remember.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "cache/inside.h"
#include "cache/key.h"
#include "effect/record.h"
#include "plan/step.h"
#include "record/last_run.h"
#include "workspace/workspace.h"

/* The touched names, while they are gathered: name -> struct touched. */
struct gathering {
	struct arena *arena;
	struct map names;
	bool partial;
};

static struct touched *touch(struct gathering *g, const void *name, size_t size)
{
	struct touched *t = map_get(&g->names, name, size);

	if (t)
		return t;
	if (g->names.n >= LAST_RUN_TOUCHED || size > LAST_RUN_NAME) {
		g->partial = true;
		return NULL;
	}
	t = arena_alloc(g->arena, sizeof *t);
	t->name = (struct bytes){ name, size };
	*map_put(&g->names, name, size) = t;
	return t;
}

static void mark(struct gathering *g, const void *name, size_t size, unsigned how)
{
	struct touched *t = touch(g, name, size);

	if (!t)
		return;
	if (!(t->how & ~(unsigned)(TOUCHED_PROBED | TOUCHED_ABSENT)) && (how & TOUCHED_WROTE))
		how |= TOUCHED_OWN;
	t->how |= how;
}

static unsigned how_seen(const vt_seen *r)
{
	switch (r->op) {
	case VT_SEEN_READ:
		/* a file opened in vain was only looked for */
		return r->flags & VT_SEEN_ABSENT ? TOUCHED_PROBED | TOUCHED_ABSENT : TOUCHED_READ;
	case VT_SEEN_PROBE:
		return TOUCHED_PROBED | (r->flags & VT_SEEN_ABSENT ? TOUCHED_ABSENT : 0u);
	case VT_SEEN_LIST:
		return TOUCHED_LISTED;
	case VT_SEEN_WRITE:
		return r->flags & VT_SEEN_REMOVED ? TOUCHED_REMOVED | TOUCHED_WROTE : TOUCHED_WROTE;
	case VT_SEEN_RENAME:
		return TOUCHED_WROTE | TOUCHED_REMOVED;
	case VT_SEEN_EXEC:
		return TOUCHED_RAN;
	case VT_SEEN_ENV:
	case VT_SEEN_ENV_GLOB:
	case VT_SEEN_ENV_PREFIX:
		return TOUCHED_ENV;
	case VT_SEEN_NET:
		return TOUCHED_NET;
	default:
		return 0;
	}
}

static void gather_seen(struct gathering *g, const struct seen *seen)
{
	uint32_t i;

	for (i = 0; i < seen->n; i++) {
		const vt_seen *r = &seen->at[i];
		unsigned how = how_seen(r);
		const char *name = r->name.data;
		size_t size = r->name.size;

		if (r->op == VT_SEEN_ENV_PREFIX) {
			name = arena_printf(g->arena, "%.*s*", (int)size, name);
			size++;
		}
		if (how)
			mark(g, name, size, how);
		if (r->op == VT_SEEN_RENAME)
			mark(g, r->other.data, r->other.size, TOUCHED_WROTE);
	}
}

static void gather_facts(struct gathering *g, const struct facts *facts, unsigned how)
{
	uint32_t i;

	for (i = 0; i < facts->n; i++)
		mark(g, facts->at[i].name.data, facts->at[i].name.size, how);
}

/* A folder that was there, and only holds something else now. */
static bool is_old_folder(const struct fact *f)
{
	return f->state.size && *(const char *)f->state.data == 'd' &&
	       !(f->detail.size && (*(const unsigned char *)f->detail.data & (EFFECT_MADE | EFFECT_CARRIED)));
}

/* The final state of a path says more than the calls that led there. */
static void gather_effects(struct gathering *g, const struct facts *effects)
{
	uint32_t i;

	for (i = 0; i < effects->n; i++) {
		const struct fact *f = &effects->at[i];
		struct touched *t;

		if (is_old_folder(f))
			continue;
		mark(g, f->name.data, f->name.size, f->state.size ? TOUCHED_WROTE : TOUCHED_WROTE | TOUCHED_REMOVED);
		if (f->state.size && (t = map_get(&g->names, f->name.data, f->name.size)))
			t->how &= ~(unsigned)TOUCHED_REMOVED;
	}
}

static int by_name(const void *x, const void *y)
{
	const struct touched *a = x, *b = y;

	return bytes_order(a->name, b->name);
}

static void sort(struct gathering *g, struct last_run *run)
{
	uint32_t i;

	run->at = arena_array(g->arena, g->names.n + 1, sizeof *run->at);
	for (i = 0; i < g->names.n; i++)
		run->at[run->n++] = *(const struct touched *)g->names.at[i].value;
	qsort(run->at, run->n, sizeof *run->at, by_name);
	run->partial = g->partial;
}

static const char *user_name(const struct env *env, struct arena *a)
{
	const char *name = env_get(env, "USER");

	if (!name || !*name)
		name = env_get(env, "LOGNAME");
	return name && *name ? name : arena_printf(a, "user %u", (unsigned)getuid());
}

void remember_run(struct cache *c, const struct step *step, const struct found *found, const struct ran *ran,
		  const struct facts *effects, const struct kept *kept, struct arena *a)
{
	const struct found_inside *in = found->inside;
	struct gathering g = { .arena = a };
	struct ledger_step who;
	char host[256] = "";
	struct last_run run = {
		.label = step->task->label,
		.command = step->shown,
		.started_ns = ran->started_ns,
		.ms = ran->ms,
		.exit_code = ran->exit_code,
		.cancelled = ran->cancelled,
		.kept = kept->why == KEPT_STORED,
		.traced = in->traced && ran->seen && !ran->seen->untraced,
		.why_not = kept->why == KEPT_STORED ? kept->not_shared : kept->text,
		.user = user_name(c->setup.env, a),
		.host = host,
	};

	if (gethostname(host, sizeof host - 1) < 0)
		host[0] = '\0';
	ledger_name(c->ledger, key_who(c, step), &who);
	run.task = who.task;
	run.who = who.step;
	map_init(&g.names);
	gather_facts(&g, &in->before, TOUCHED_DECLARED);
	if (ran->seen)
		gather_seen(&g, ran->seen);
	gather_effects(&g, effects);
	sort(&g, &run);
	map_free(&g.names);
	last_run_put(c->dir.inner_fd, &in->step, &run);
}
