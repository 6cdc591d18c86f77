#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cache/inside.h"
#include "base/texts.h"
#include "cache/ahead.h"
#include "cache/key.h"
#include "far/far.h"
#include "plan/step.h"
#include "record/blob.h"
#include "record/history.h"
#include "workspace/workspace.h"

enum { LOOKUP_RESULT_MAX = 256 << 20 };
enum { LOOKUP_OUTPUT_MEMORY = 1 << 20 };       /* a longer terminal output comes into a file */

/* A lookup under way. */
struct looking {
	struct cache *cache;
	const struct step *step;
	struct found *found;
	struct found_inside *in;
	struct arena *arena;           /* found's */
	bool dry;
	struct ahead_look *ahead;      /* a pass over all steps: with the candidates of far stores; NULL: none */
	struct cache_chain *chain;     /* what the hits before it would leave */
	uint32_t leaned;               /* how many of the steps after it counted as not run yet */
	struct facts known;            /* what of the results' names is known already, sorted */
	struct fact *now;              /* the present of one result after the other: room for now_room, in the arena */
	uint32_t now_room;
	struct facts compared;         /* the present, in `now`, of the last result that was compared whole; n 0: of none */
	struct result_tags tags;       /* of the present: `before`, then of `compared`; 0: not asked yet */
	bool tagged;                   /* tags has those of `compared` */
	struct digest key;             /* the near candidates are under it */
	struct candidate {
		vt_id id;
		struct result_tags tags;       /* all zero: unknown */
		struct result result;          /* good: its content */
		bool read, good;               /* read: it was asked for; good: it can be believed */
		const struct far_candidate *far;       /* it is not near; NULL: it is */
	} *at;                         /* in the arena */
	uint32_t n;
};

void found_own(struct found *f, void *bytes)
{
	struct found_inside *in = f->inside;

	if (!bytes)
		return;
	in->owned = xrealloc(in->owned, in->owned_n + 1, sizeof *in->owned);
	in->owned[in->owned_n++] = bytes;
}

void found_free(struct found *found)
{
	struct found_inside *in = found->inside;
	uint32_t i;

	for (i = 0; in && i < in->owned_n; i++)
		free(in->owned[i]);
	if (in) {
		if (in->mapped)
			munmap(in->mapped, in->mapped_size);
		overlap_leave(&in->overlap);
		cache_chain_free(in->alone);
		free(in->owned);
	}
	if (!in || !in->lent)
		arena_free(found->arena);
	*found = (struct found){ 0 };
}

/* A setting of the step that no part can track: a clause, or NULL. */
static const char *unanswered(const struct cache *c, const struct step *step, struct arena *a)
{
	char why[400];

	if (step->declared.n && !(c->roles & VT_ROLE_ENV)) {
		plug_role_why(c->setup.plug, VT_ROLE_ENV, why, sizeof why);
		return arena_printf(a, "environment tracking is not available (%s)", why);
	}
	if (step->rules->output.yes.n && !(c->roles & VT_ROLE_ARCHIVE)) {
		plug_role_why(c->setup.plug, VT_ROLE_ARCHIVE, why, sizeof why);
		return arena_printf(a, "keeping `output` is not available (%s)", why);
	}
	return NULL;
}

/* The key and the declared inputs. -1: the step runs, uncached. */
static int look_at_step(struct looking *l, struct err *err)
{
	struct found_inside *in = l->in;

	key_step(l->step, &in->step);
	in->not_kept = unanswered(l->cache, l->step, l->arena);
	if (in->not_kept)
		return 1;
	if (key_make(l->cache, l->step, l->arena, &in->key, err) < 0 ||
	    state_globbed(&l->cache->world, &l->step->rules->input, l->arena, &in->before, err) < 0)
		return -1;
	facts_digest(&in->key, &in->id);
	key_eyes(l->cache, l->step, l->arena, &in->eyes);
	in->keyed = true;
	return 0;
}

/* In a pass a step is looked at once: what a pass does changes nothing of it. */
static int look_at_step_once(struct looking *l, struct err *err)
{
	struct found_inside **seen = &l->ahead->seen;
	struct arena *its = l->arena;
	int r = 0;

	if (*seen) {
		*l->in = **seen;
		l->in->lent = true;
		return 0;
	}
	l->arena = l->ahead->arena;
	r = look_at_step(l, err);
	l->arena = its;
	if (r == 0) {
		*seen = arena_alloc(l->ahead->arena, sizeof **seen);
		**seen = *l->in;
	}
	return r;
}

/* ---- results -------------------------------------------------------------- */

/* Lists the results under a key, in the entry's order. There is room for `more` behind them. */
static void list_results_of(struct looking *l, const struct digest *key, uint32_t more)
{
	struct entry entry;
	uint32_t i;

	l->n = 0;
	l->key = *key;
	if (blob_entry(l->cache->blobs, key, &entry) != 0)
		entry.n = 0;
	l->at = arena_array(l->arena, entry.n + more + 1, sizeof *l->at);
	for (i = 0; i < entry.n; i++) {
		l->at[l->n].tags = entry.tags[i];
		l->at[l->n++].id = entry.results[i];
	}
}

/* Reads a result when it is first asked for: mostly the first one hits, and the others stay unread. False: it has no
 * bytes that can be believed. */
static bool read_result(struct looking *l, struct candidate *c)
{
	void *bytes;
	size_t size;

	if (c->read)
		return c->good;
	c->read = true;
	if (blob_get(l->cache->blobs, &c->id, LOOKUP_RESULT_MAX, &bytes, &size) != 0)
		return false;
	found_own(l->found, bytes);
	c->good = result_decode((struct bytes){ bytes, size }, &l->key, l->arena, &c->result) == 0;
	if (!c->good) {
		cache_warn(l->cache, "a damaged result was dropped from the cache");
		blob_drop(l->cache->blobs, &c->id);
	}
	return c->good;
}

/* Lists the results under the step's key; in a pass, those of far stores behind them. */
static void list_results(struct looking *l)
{
	const uint32_t far_n = l->ahead ? l->ahead->known->n : 0;
	uint32_t i;

	if (l->ahead && l->ahead->nothing_near)
		l->at = arena_array(l->arena, far_n + 1, sizeof *l->at);
	else
		list_results_of(l, &l->in->id, far_n);
	if (l->ahead)
		l->ahead->nothing_near = l->n == 0;
	for (i = 0; i < far_n; i++) {
		const struct far_candidate *far = l->ahead->known->at[i];
		struct candidate *c = &l->at[l->n++];

		c->id = far->body;
		c->far = far;
		c->read = true;
		c->good = result_decode(far->bytes, &l->in->id, l->arena, &c->result) == 0;
	}
}

/* The disk's states become what the step would find. Without paths of the workspace nothing is asked of the hits before it. */
static int amend_unknown(struct looking *l, struct facts *unknown, struct err *err)
{
	struct layer *v;
	uint32_t i;

	for (i = 0; i < unknown->n && !layer_amends(unknown->at[i].kind); i++)
		;
	if (i == unknown->n)
		return 0;
	v = chain_layer(l->chain, err);
	return v ? layer_amend(v, &l->in->eyes, unknown, &l->leaned, err) : -1;
}

/* The present state of all that a result names after its run. What an earlier result named too is not looked at again. */
static int present(struct looking *l, const struct facts *then, struct facts *ret, struct err *err)
{
	struct facts unknown = { 0 };
	const struct fact *found;
	struct facts all;
	uint32_t i, at = 0;

	if (then->n > l->now_room) {
		l->now_room = then->n;
		l->now = arena_array(l->arena, l->now_room, sizeof *l->now);
	}
	*ret = (struct facts){ .at = l->now, .n = then->n };
	for (i = 0; i < then->n; i++) {
		found = facts_find_next(&l->known, &at, then->at[i].kind, then->at[i].name, then->at[i].detail);
		if (found) {
			ret->at[i] = *found;
			continue;
		}
		if (!unknown.at)
			unknown.at = arena_array(l->arena, then->n - i, sizeof *unknown.at);
		unknown.at[unknown.n++] = then->at[i];
	}
	/* a part's own VALUE is found out before the run only: it stays as recorded */
	if (state_fill(&l->cache->world, l->step->full_env, &unknown, l->arena, err) < 0 || amend_unknown(l, &unknown, err) < 0)
		return -1;
	if (l->known.n == 0) {
		l->known = unknown;
	} else if (unknown.n) {
		all.n = l->known.n + unknown.n;
		all.at = arena_array(l->arena, all.n, sizeof *all.at);
		memcpy(all.at, l->known.at, l->known.n * sizeof *all.at);
		memcpy(all.at + l->known.n, unknown.at, unknown.n * sizeof *all.at);
		facts_sort(&all);
		l->known = all;
	}
	for (i = at = 0; unknown.n && i < then->n; i++)
		ret->at[i] = *facts_find_next(&l->known, &at, then->at[i].kind, then->at[i].name, then->at[i].detail);
	return 0;
}

/* How much of a miss is told. */
static enum changes_extent told_extent(const struct looking *l)
{
	return l->cache->setup.explains ? CHANGES_ALL : CHANGES_TOLD;
}

/* Without a team the key that changed was the cache's own. */
static void name_key(const struct looking *l, struct changes *all)
{
	const struct far_keys *keys = l->cache->setup.keys;
	uint32_t i;

	for (i = 0; i < all->n && !(keys && keys->keyed); i++)
		if (all->at[i].kind == CHANGE_KEY)
			all->at[i].name = (struct bytes){ "cache's key", 11 };
}

/* Globbed first, then what the run found out. */
static int differences(struct looking *l, const struct result *r, enum changes_extent extent, struct changes *ret, struct err *err)
{
	struct facts now;
	struct changes after;
	uint32_t i;

	change_list(&r->before, &l->in->before, extent, l->arena, ret);
	name_key(l, ret);
	if (extent == CHANGES_FIRST && ret->n)
		return 0;
	if (present(l, &r->after, &now, err) < 0)
		return -1;
	l->compared = now;
	l->tagged = false;
	change_list(&r->after, &now, extent, l->arena, &after);
	for (i = 0; i < after.n; i++) {
		ret->at = arena_grow(l->arena, ret->at, ret->n, sizeof *ret->at);
		ret->at[ret->n++] = after.at[i];
	}
	ret->partial |= after.partial;
	name_key(l, ret);
	return 0;
}

/* The recorded terminal output, whole and verified. */
static bool take_output(struct looking *l, const struct result *r)
{
	struct found *f = l->found;
	void *bytes;
	size_t size;

	if (!r->output_size || l->dry)
		return true;
	if (r->output_size > CACHE_TERMINAL_MAX)
		return false;
	if (r->output_size > LOOKUP_OUTPUT_MEMORY) {
		f->output = f->inside->mapped = blob_map(l->cache->blobs, &r->output, (size_t)r->output_size);
		f->output_size = f->inside->mapped_size = (size_t)r->output_size;
		f->output_mapped = f->output != NULL;
		return f->output_mapped;
	}
	if (blob_get(l->cache->blobs, &r->output, (size_t)r->output_size, &bytes, &size) != 0)
		return false;
	found_own(f, bytes);
	f->output = bytes;
	f->output_size = size;
	return size == r->output_size;
}

static void tell_asked(struct arena *a, const struct facts *from, struct facts *to)
{
	uint32_t i;

	for (i = 0; i < from->n; i++)
		if (from->at[i].kind == FACT_ENV || from->at[i].kind == FACT_ASKED || from->at[i].kind == FACT_ENV_GLOB ||
		    from->at[i].kind == FACT_ENV_PREFIX)
			facts_add(to, a, &from->at[i]);
}

static void tell_paths(struct arena *a, const struct facts *f, bool all, struct texts *ret)
{
	uint32_t i;

	for (i = 0; i < f->n; i++) {
		const struct fact *fact = &f->at[i];

		if (!state_is_path_kind(fact->kind) || (!state_is_content(fact->state) && !all))
			continue;
		texts_add(a, ret, arena_strn(a, fact->name.data, fact->name.size));
	}
}

void tell_effects(struct arena *a, const struct facts *effects, struct texts *ret)
{
	uint32_t i;

	for (i = 0; i < effects->n; i++) {
		const char *name = arena_strn(a, effects->at[i].name.data, effects->at[i].name.size);

		texts_add(a, ret, effects->at[i].state.size ? name : arena_concat(a, name, " (removed)", NULL));
	}
}

/* Do the tags of a result show that it differs from the present? After a result that was compared: mostly it names much the same,
 * and then each result that is not read saves its bytes, their digest and their facts. */
static bool cannot_fit(struct looking *l, const struct candidate *c)
{
	struct result_tags *now = &l->tags;

	if (!result_tags_known(&c->tags))
		return false;
	if (!now->before)
		result_tags_before(&l->in->before, now);
	if (c->tags.before != now->before)
		return true;
	if (!l->compared.n)
		return false;
	if (!l->tagged)
		result_tags_after(&l->compared, now);
	l->tagged = true;
	return result_tags_differ_after(&c->tags, now);
}

/* 1: a hit; 0: none; -1: the present could not be looked at. */
static int find_hit(struct looking *l, struct err *err)
{
	struct changes first;
	struct far *far;
	uint32_t i;

	for (i = 0; i < l->n; i++) {
		struct candidate *c = &l->at[i];

		if ((i && cannot_fit(l, c)) || !read_result(l, c))
			continue;
		if (differences(l, &c->result, CHANGES_FIRST, &first, err) < 0)
			return -1;
		if (first.n)
			continue;
		if (!take_output(l, &c->result)) {
			c->good = false;
			continue;
		}
		l->in->hit = arena_alloc(l->arena, sizeof *l->in->hit);
		*l->in->hit = c->result;
		l->in->hit_id = c->id;
		l->found->state = FOUND_HIT;
		if (l->ahead)
			l->ahead->fit = c->far;
		else if ((far = cache_open_far(l->cache)) != NULL)
			l->found->origin = far_origin(far, &c->id);
		tell_asked(l->arena, &l->in->key, &l->found->asked);
		tell_asked(l->arena, &c->result.after, &l->found->asked);
		l->found->saved_ms = c->result.ms;
		if (l->cache->setup.lists) {
			tell_paths(l->arena, &c->result.before, false, &l->found->inputs);
			tell_paths(l->arena, &c->result.after, false, &l->found->inputs);
			tell_paths(l->arena, &c->result.outputs, true, &l->found->outputs);
			tell_effects(l->arena, &c->result.effects, &l->found->effects);
		}
		if (!l->dry && i > 0)
			blob_entry_front(l->cache->blobs, &l->in->id, &c->id);
		return 1;
	}
	return 0;
}

/* Against the nearest of the newest: the fewest differences, of equals the newest; `ret` is empty if none is known. `least`: no
 * near result has fewer. */
static int nearest(struct looking *l, uint32_t least, struct changes *ret, struct err *err)
{
	struct changes one;
	uint32_t i, looked = 0;

	*ret = (struct changes){ 0 };
	for (i = 0; i < l->n && looked < CACHE_EXPLAINED; i++) {
		struct candidate *c = &l->at[i];

		if (!read_result(l, c))
			continue;
		looked++;
		if (differences(l, &c->result, told_extent(l), &one, err) < 0)
			return -1;
		if (one.n && (!ret->n || one.n < ret->n)) {
			*ret = one;
			l->found->saved_ms = c->result.ms;
		}
		if (!one.n)
			*ret = one;    /* under another key: all else is as it was */
		if (one.n <= (c->far ? 0 : least))
			break;
	}
	return 0;
}

static int explain_by_results(struct looking *l, struct err *err)
{
	struct changes best;

	/* no near one is a hit, so each differs somewhere */
	if (nearest(l, 1, &best, err) < 0)
		return -1;
	if (best.n) {
		l->found->state = FOUND_MISS;
		l->found->why = best;
	}
	return 0;
}

/* Nothing under this key: what the step's key was last time tells what changed, and, if all is asked for, the nearest of the results
 * under that one. */
static int explain_by_history(struct looking *l, struct err *err)
{
	struct changes *why = &l->found->why, more;
	struct digest key;
	struct facts then;
	uint32_t i;

	if (!history_get(l->cache->history, &l->in->step, l->arena, &key, &then))
		return 0;
	change_list(&then, &l->in->key, told_extent(l), l->arena, why);
	name_key(l, why);
	if (!why->n)
		return 0;
	l->found->state = FOUND_MISS;
	if (!l->cache->setup.explains)
		return 0;
	list_results_of(l, &key, 0);
	if (nearest(l, 0, &more, err) < 0)
		return -1;
	for (i = 0; i < more.n; i++) {
		why->at = arena_grow(l->arena, why->at, why->n, sizeof *why->at);
		why->at[why->n++] = more.at[i];
	}
	why->partial |= more.partial;
	l->n = 0;
	return 0;
}

/* The step ran as it would now, and nothing was stored: that is the reason. */
static void explain_not_kept(struct looking *l)
{
	const char *reason = history_reason(l->cache->history, &l->in->step, &l->in->id, l->arena);

	if (!reason)
		return;
	l->found->state = FOUND_MISS;
	l->found->because = arena_printf(l->arena, "the last run was not kept: %s", reason);
}

static void remember(struct looking *l)
{
	struct cache *c = l->cache;

	if (l->dry)
		return;
	l->in->counts = true;
	if (l->found->state == FOUND_HIT)
		history_put(c->history, &l->in->step, &l->in->id, &l->in->key, l->found->saved_ms);
}

void cache_count(struct cache *c, const struct found *found)
{
	if (!found->inside || !found->inside->counts)
		return;
	if (found->state == FOUND_HIT) {
		c->hits++;
		c->far_hits += found->origin != NULL;
		if (found->origin)
			far_count_hit(c->far, &found->inside->hit_id);
	}
	else
		c->misses++;
}

/* The names that results under these sets of names would have now. */
static int name_results(struct looking *l, struct err *err)
{
	struct ahead_look *a = l->ahead;
	struct facts now;
	uint32_t i;

	for (i = 0; i < a->sets_n; i++) {
		if (present(l, a->sets[i], &now, err) < 0)
			return -1;
		far_result_name(a->keys, &l->in->id, &l->in->before, &now, &a->names[a->names_n++]);
	}
	return 0;
}

/* May the hits before it leave anything where the patterns begin? Mostly they do not, and that is soon seen. */
static bool may_amend(const struct file_patterns *input, struct cache_chain *chain)
{
	uint32_t i;

	for (i = 0; i < input->n; i++)
		if (!input->at[i].base_size || chain_may_have(chain, (struct bytes){ input->at[i].base, input->at[i].base_size }))
			return true;
	return false;
}

/* What the hits before it would leave counts among the files that `input` matches, too. A link does not: a step that
 * declares one as its input waits until it is there. */
static int amend_globbed(struct looking *l, struct err *err)
{
	const struct globs *input = &l->step->rules->input;
	const struct map *seats;
	const struct layer *v;
	struct facts now = { .n = 0 };
	uint32_t i;

	if (!may_amend(&input->yes, l->chain))
		return 0;
	v = chain_layer(l->chain, err);
	if (!v)
		return -1;
	seats = &v->seats;
	for (i = 0; i < seats->n; i++) {
		const struct seat *seat = seats->at[i].value;

		if (state_is_content(seat->state) && globs_match(input, seat->path.data, seat->path.size))
			facts_lend(&now, l->arena, FACT_GLOBBED, seat->path, (struct bytes){ seat->state.data, 1 + sizeof(vt_id) });
	}
	for (i = 0; i < l->in->before.n; i++) {
		const struct fact *fact = &l->in->before.at[i];

		if (map_get(seats, fact->name.data, fact->name.size))
			continue;
		now.at = arena_grow(l->arena, now.at, now.n, sizeof *now.at);
		now.at[now.n++] = *fact;
	}
	facts_sort(&now);
	l->in->before = now;
	return 0;
}

/* In a pass nothing is explained, counted or remembered. */
static int look_ahead(struct looking *l, struct err *err)
{
	int r = look_at_step_once(l, err);

	if (r)
		return r < 0 ? -1 : 0;
	if (amend_globbed(l, err) < 0)
		return -1;
	if (!l->ahead->known)
		l->ahead->known = far_known_of(l->cache->far, &l->in->id);
	list_results(l);
	r = find_hit(l, err);
	if (r == 0)
		r = name_results(l, err);
	else if (r > 0)
		chain_add(l->chain, l->step, l->found, l->leaned);
	return r < 0 ? -1 : 0;
}

/* Nothing near fits: what far stores have may be near after this. */
static int find_far(struct looking *l, struct err *err)
{
	if (l->dry || !l->cache->plan || !cache_far(l->cache) || !ahead_missed(l->cache->ahead, &l->in->id))
		return 0;
	list_results(l);
	return find_hit(l, err);
}

/* Where nothing is near, the difference from what other machines have is told. */
static void compare_with_far(struct looking *l)
{
	struct ahead_look with = { 0 };

	if (l->n || !l->cache->shared || !cache_far(l->cache))
		return;
	with.known = ahead_known(l->cache->ahead, &l->in->id, l->arena);
	l->ahead = &with;
	list_results(l);
	l->ahead = NULL;
}

/* Can one of the results be read? */
static bool any_good(struct looking *l)
{
	uint32_t i;

	for (i = 0; i < l->n; i++)
		if (read_result(l, &l->at[i]))
			return true;
	return false;
}

static int look(struct looking *l, struct err *err)
{
	int r = look_at_step(l, err);

	if (r)
		return r < 0 ? -1 : 0;
	list_results(l);
	r = find_hit(l, err);
	if (r == 0)
		r = find_far(l, err);
	if (r == 0) {
		compare_with_far(l);
		r = explain_by_results(l, err);
		if (r == 0 && l->found->state == FOUND_NOTHING && !any_good(l))
			r = explain_by_history(l, err);
		if (r == 0 && !any_good(l))
			explain_not_kept(l);
	}
	l->in->known = l->known;
	if (r > 0)
		chain_add(l->chain, l->step, l->found, l->leaned);
	if (r >= 0)
		remember(l);
	return r < 0 ? -1 : 0;
}

static void look_up(struct cache *c, const struct step *step, bool dry, struct cache_chain *chain, struct ahead_look *ahead, struct found *ret)
{
	struct looking l = { .cache = c, .step = step, .found = ret, .dry = dry || c->setup.dry || ahead, .ahead = ahead, .chain = chain };
	struct err err = { 0 };
	const char *text;

	*ret = (struct found){ .state = FOUND_NOTHING, .arena = ahead ? ahead->round : arena_new() };
	l.arena = ret->arena;
	l.in = ret->inside = arena_alloc(ret->arena, sizeof *ret->inside);
	l.in->lent = ahead != NULL;
	if ((ahead ? look_ahead(&l, &err) : look(&l, &err)) < 0) {
		text = err_take(&err, ret->arena);
		ret->state = FOUND_ERROR;
		ret->trouble = arena_printf(ret->arena, "Cache lookup failed: %s", text);
		l.in->not_kept = arena_printf(ret->arena, "the cache lookup failed: %s", text);
		l.in->keyed = false;
	}
	err_clear(&err);
}

void lookup_ahead(struct cache *c, const struct step *step, struct cache_chain *chain, struct ahead_look *look, struct found *ret)
{
	look_up(c, step, true, chain, look, ret);
}

void lookup_early(struct cache *c, const struct step *step, struct arena *a, struct ahead_look *look)
{
	struct looking l = { .cache = c, .step = step, .in = arena_alloc(a, sizeof *l.in), .arena = a, .dry = true, .ahead = look };
	struct err err = { 0 };

	if (!look->seen && look_at_step(&l, &err) == 0)
		look->seen = l.in;
	err_clear(&err);
}

int lookup_key(struct cache *c, const struct step *step, struct digest *ret)
{
	struct arena *a = arena_new();
	struct facts key;
	int r = unanswered(c, step, a) ? -1 : key_make(c, step, a, &key, NULL);

	if (r >= 0)
		facts_digest(&key, ret);
	arena_free(a);
	return r < 0 ? -1 : 0;
}

void cache_lookup(struct cache *c, const struct step *step, bool dry, struct cache_chain *chain, struct found *ret)
{
	if (!step->rules || !cache_ready(c)) {
		*ret = (struct found){ .state = FOUND_NOTHING, .arena = arena_new() };
		ret->inside = arena_alloc(ret->arena, sizeof *ret->inside);
		return;
	}
	if (chain) {
		look_up(c, step, dry, chain, NULL, ret);
		return;
	}
	chain = cache_chain_new(c);
	look_up(c, step, dry, chain, NULL, ret);
	ret->inside->alone = chain;
	cache_chain_decide(chain, UINT32_MAX, !step->followed);
}

bool cache_is_whole(const struct found *found)
{
	const struct result *r = found->inside ? found->inside->hit : NULL;

	return r && effects_are_kept(&r->effects, &r->outputs);
}

const struct facts *cache_key(const struct found *found)
{
	return found->inside && found->inside->keyed ? &found->inside->key : NULL;
}

void cache_trail(const struct found *found, struct trail *ret)
{
	const struct found_inside *in = found->inside;

	*ret = (struct trail){ { 0 }, { 0 }, { 0 }, { 0 }, { 0 } };
	if (!in)
		return;
	if (in->hit && found->state == FOUND_HIT)
		*ret = (struct trail){ in->hit->before, in->hit->after, in->hit->outputs, in->hit->effects, in->remove };
	else
		*ret = (struct trail){ in->before, in->after, { 0 }, in->left, { 0 } };
}
