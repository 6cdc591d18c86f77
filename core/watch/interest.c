#include "config.h"

#include <string.h>

#include "base/checksum.h"
#include "exec/watcher.h"
#include "fact/fact.h"
#include "fact/seen.h"
#include "fact/state.h"
#include "plan/step.h"
#include "text/path.h"
#include "watch/inside.h"
#include "workspace/workspace.h"

char *step_name(struct arena *a, const struct step *step)
{
	return arena_printf(a, "%s#%s%s%u.%u %s", step->task->package->path, step->hook ? step->hook : "", step->task->name, step->element, step->piece,
			    step->shown);
}

void record_clear(struct record *r)
{
	arena_free(r->arena);
	r->arena = arena_new();
	r->at = NULL;
	r->n = 0;
	r->sum = 0;
}

static struct interest *add(struct record *r, enum interest_how how, const char *path)
{
	r->at = arena_grow(r->arena, r->at, r->n, sizeof *r->at);
	r->at[r->n] = (struct interest){ .how = how, .path = path, .levels = WATCH_FAR };
	return &r->at[r->n++];
}

const char *absolute(const struct watch *w, struct arena *a, struct bytes name)
{
	const char *path = arena_strn(a, name.data, name.size);

	return path_clean(a, path_join(a, w->setup.root, path));
}

/* ---- from facts ---- */

static struct bytes copy_bytes(struct arena *a, struct bytes b)
{
	return (struct bytes){ arena_copy(a, b.data, b.size), b.size };
}

static void add_listing(const struct watch *w, struct record *r, const struct fact *f)
{
	struct fact *copy = arena_alloc(r->arena, sizeof *copy);

	*copy = (struct fact){ FACT_LIST, copy_bytes(r->arena, f->name), copy_bytes(r->arena, f->detail), copy_bytes(r->arena, f->state) };
	add(r, INTEREST_NAMES, absolute(w, r->arena, f->name))->listing = copy;
}

static void add_fact(const struct watch *w, struct record *r, const struct fact *f)
{
	switch (f->kind) {
	case FACT_GLOBBED:
	case FACT_FILE:
	case FACT_PROBE:
	case FACT_TYPE:
	case FACT_OUTSIDE:
		add(r, INTEREST_ENTRY, absolute(w, r->arena, f->name))->there = f->state.size > 0;
		break;
	case FACT_LIST:
		add_listing(w, r, f);
		break;
	default:
		break;
	}
	/* the step has read a folder as if it were a file: its names count */
	if (f->kind == FACT_FILE && state_is_listing(f->state))
		add_listing(w, r, f);
}

static uint64_t sum_of(const struct facts *f, uint64_t seed)
{
	uint32_t i;

	for (i = 0; i < f->n; i++) {
		seed = checksum(f->at[i].name.data, f->at[i].name.size, seed + f->at[i].kind);
		seed = checksum(f->at[i].detail.data, f->at[i].detail.size, seed);
		seed = checksum(f->at[i].state.data, f->at[i].state.size, seed + f->at[i].state.size);
	}
	return seed + f->n;
}

static void add_facts(const struct watch *w, struct record *r, const struct facts *f)
{
	uint32_t i;

	for (i = 0; i < f->n; i++)
		add_fact(w, r, &f->at[i]);
}

/* ---- from what was seen ---- */

static void add_entry(struct record *r, const char *path, uint16_t flags)
{
	struct interest *i = add(r, INTEREST_ENTRY, path);

	i->there = (flags & VT_SEEN_THERE) != 0;
	i->unsure = !(flags & (VT_SEEN_THERE | VT_SEEN_ABSENT));
}

static void add_seen(const struct watch *w, struct record *r, const struct seen *seen)
{
	uint32_t i;

	for (i = 0; i < seen->n; i++) {
		const vt_seen *s = &seen->at[i];
		struct bytes name = { s->name.data, s->name.size };

		if (s->op == VT_SEEN_READ || s->op == VT_SEEN_PROBE || s->op == VT_SEEN_EXEC)
			add_entry(r, absolute(w, r->arena, name), s->flags);
		else if (s->op == VT_SEEN_LIST)
			add(r, INTEREST_NAMES, absolute(w, r->arena, name));
	}
}

/* ---- from patterns ---- */

static void copy_patterns(struct arena *a, const struct file_patterns *from, struct file_patterns *to)
{
	uint32_t i;

	*to = (struct file_patterns){ 0 };
	for (i = 0; i < from->n; i++)
		file_patterns_add(a, to, from->at[i].text, NULL);
	file_patterns_sort(to);
}

/* Adds the patterns, so that new files that match count, too. */
static void add_globs(const struct watch *w, struct record *r, const struct globs *globs)
{
	struct globs *copy;
	uint32_t i;

	if (globs->yes.n == 0)
		return;
	copy = arena_alloc(r->arena, sizeof *copy);
	copy_patterns(r->arena, &globs->yes, &copy->yes);
	copy_patterns(r->arena, &globs->no, &copy->no);
	for (i = 0; i < copy->yes.n; i++) {
		const char *base = copy->yes.at[i].base;
		struct interest *in = add(r, INTEREST_BELOW, absolute(w, r->arena, (struct bytes){ base, strlen(base) }));

		in->filter = FILTER_GLOBS;
		in->globs = copy;
	}
}

/* ---- a record ---- */

bool record_fill(struct watch *w, struct record *r, const struct step *step, const struct step_trail *trail)
{
	const struct trail *t = &trail->result;
	uint64_t sum = trail->kept ? sum_of(&t->after, sum_of(&t->before, 1)) | 1 : 0;

	if (sum && sum == r->sum)
		return true;
	w->renewed = r->fresh = true;
	record_clear(r);
	r->sum = sum;
	if (!trail->kept && (!trail->seen || trail->seen->untraced))
		add(r, INTEREST_BELOW, absolute(w, r->arena, (struct bytes){ step->task->package->path, strlen(step->task->package->path) }))->filter = FILTER_PACKAGE;
	if (!trail->cached)
		return false;
	add_facts(w, r, &t->before);
	add_facts(w, r, &t->after);
	if (trail->seen)
		add_seen(w, r, trail->seen);
	add_globs(w, r, &step->rules->input);
	return false;
}

void record_package(struct watch *w, struct record *r, const char *dir)
{
	w->renewed = r->fresh = true;
	add(r, INTEREST_BELOW, arena_str(r->arena, dir))->filter = FILTER_PACKAGE;
}

/* ---- the configuration ---- */

static struct interest *add_file(const struct watch *w, struct record *r, const char *dir, const char *name)
{
	const char *path = path_join(r->arena, dir, name);

	return add(r, INTEREST_ENTRY, path_clean(r->arena, path_join(r->arena, w->setup.root, path)));
}

/* Sums up the packages, and the places where others may appear. */
static uint64_t config_sum(const struct workspace *workspace, bool all)
{
	uint64_t sum = 2 + all;
	uint32_t i;

	for (i = 0; i < workspace->packages_n; i++)
		sum = checksum(workspace->packages[i].path, strlen(workspace->packages[i].path) + 1, sum);
	return sum;
}

void packages_list(struct watch *w, const struct workspace *workspace)
{
	uint32_t i;

	map_free(&w->packages);
	for (i = 0; i < workspace->packages_n; i++)
		*map_puts(&w->packages, arena_str(w->config->arena, workspace->packages[i].dir)) = w;
}

void record_config(struct watch *w, const struct workspace *workspace, bool all)
{
	static const char *const at_root[] = { "package.json", "vite-task.json", "pnpm-workspace.yaml", ".npmrc", ".yarnrc.yml", ".pnp.cjs" };
	struct record *r = w->config;
	uint32_t i, n;
	struct workspace_place *places;
	size_t k;

	/* a configuration that cannot be read is mended in a file that was read before, or in any */
	if (r->sum && (!workspace || (!w->config->dirty && r->sum == config_sum(workspace, all))))
		return;
	record_clear(r);
	w->renewed = r->fresh = true;
	if (workspace) {
		r->sum = config_sum(workspace, all);
		packages_list(w, workspace);
	} else {
		add(r, INTEREST_BELOW, w->setup.root)->filter = FILTER_MANIFESTS;
	}
	for (k = 0; k < COUNT(at_root); k++)
		add_file(w, r, "", at_root[k]);
	if (w->setup.user_config)
		add(r, INTEREST_ENTRY, w->setup.user_config);
	for (i = 0; workspace && i < workspace->packages_n; i++) {
		add_file(w, r, workspace->packages[i].path, "package.json")->there = workspace->packages[i].path[0] != '\0';
		add_file(w, r, workspace->packages[i].path, "vite-task.json");
	}
	n = workspace ? workspace_places(workspace, r->arena, &places) : 0;
	for (i = 0; i < n; i++) {
		struct interest *in = add(r, INTEREST_BELOW, absolute(w, r->arena, (struct bytes){ places[i].base, strlen(places[i].base) }));

		in->filter = FILTER_MANIFESTS;
		in->levels = places[i].levels < WATCH_FAR ? places[i].levels : WATCH_FAR;
	}
	for (i = 0; all && workspace && i < workspace->packages_n; i++)
		add(r, INTEREST_BELOW, arena_str(r->arena, workspace->packages[i].dir))->filter = FILTER_PACKAGE;
}
