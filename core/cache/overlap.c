#include "config.h"

#include "cache/overlap.h"

#include <stdlib.h>
#include <string.h>

#include "cache/inside.h"
#include "effect/cover.h"
#include "fact/seen.h"
#include "plan/step.h"
#include "record/blob.h"
#include "record/history.h"
#include "workspace/workspace.h"

/* The paths that a finished run was seen to write. Kept while a run lives that began before its end. */
struct written {
	struct written *next;          /* in the cache's list */
	struct arena *arena;           /* owns this struct */
	const char *label;             /* the step's task */
	struct digest step, key;       /* in the history */
	uint64_t ended;                /* moment of the cache at its end */
	struct map paths;              /* path -> the struct */
	bool stored;                   /* `result` was published */
	vt_id result;
	const char *disputed;          /* the reason, once another run wrote one of its paths; else NULL */
};

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

	if (b->cache)
		return;
	b->step = step;
	pthread_mutex_lock(&c->lock);
	b->began = ++c->moment;
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

static void written_free(struct written *w)
{
	map_free(&w->paths);
	arena_free(w->arena);
}

/* Frees the paths of runs that ended before all living runs began. The caller has the lock. */
static void forget_old(struct cache *c)
{
	struct written **at = &c->written, *w;
	uint64_t oldest = UINT64_MAX;
	const struct overlap *b;

	for (b = c->overlaps; b; b = b->next)
		if (b->began < oldest)
			oldest = b->began;
	while ((w = *at) != NULL) {
		if (w->ended > oldest) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		written_free(w);
	}
}

void overlap_forget(struct cache *c)
{
	struct written *w;

	while ((w = c->written) != NULL) {
		c->written = w->next;
		written_free(w);
	}
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
	if (c->written)
		forget_old(c);
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

/* ---- paths that both were seen to write ------------------------------------------ */

/* Did this run overlap with no other? The caller has the lock. */
static bool is_alone(const struct overlap *b)
{
	const struct cache *c = b->cache;

	return c->overlaps == b && !b->next && (!c->written || c->written->ended < b->began);
}

static void note_path(struct written *w, const struct cover *cover, vt_bytes path)
{
	char *name;

	if (!path.size || cover_cache(cover, (struct bytes){ path.data, path.size }) || map_get(&w->paths, path.data, path.size))
		return;
	name = arena_copy(w->arena, path.data, path.size);
	*map_put(&w->paths, name, path.size) = w;
}

/* The paths that a run wrote: of folders only their content, and no writes of attributes. */
static struct written *written_new(const struct overlap *b, const struct seen *seen, const struct cover *cover)
{
	struct arena *a = arena_new();
	struct written *w = arena_alloc(a, sizeof *w);
	uint32_t i;

	*w = (struct written){ .arena = a, .label = arena_str(a, b->step->task->label) };
	map_init(&w->paths);
	for (i = 0; i < seen->n; i++) {
		const vt_seen *r = &seen->at[i];

		if (r->op == VT_SEEN_RENAME)
			note_path(w, cover, r->other);
		if (r->op == VT_SEEN_RENAME || (r->op == VT_SEEN_WRITE && !(r->flags & (VT_SEEN_ATTRIBUTE | VT_SEEN_DIRECTORY))))
			note_path(w, cover, r->name);
	}
	return w;
}

/* Finds the first path that both runs wrote; false: none. */
static bool common(const struct written *a, const struct written *b, struct bytes *ret)
{
	const struct written *less = a->paths.n < b->paths.n ? a : b, *more = less == a ? b : a;
	uint32_t i;

	for (i = 0; i < less->paths.n; i++)
		if (map_get(&more->paths, less->paths.at[i].key.data, less->paths.at[i].key.size)) {
			*ret = less->paths.at[i].key;
			return true;
		}
	return false;
}

static const char *sentence(struct arena *a, struct bytes path, const char *label)
{
	return arena_printf(a, "the output '%.*s' may be of '%s', which ran at the same time", (int)path.size, (const char *)path.data, label);
}

/* Takes back a result that was published. */
static void withdraw(struct cache *c, const vt_id *result)
{
	blobs_flush(c->blobs);         /* else it would be published after it was dropped */
	blob_drop(c->blobs, result);
}

const char *overlap_wrote(struct overlap *b, const struct seen *seen, const struct cover *cover, const struct digest *history_step,
			  const struct digest *key, struct arena *a)
{
	struct cache *c = b->cache;
	struct written *w, *other;
	vt_id *results = NULL;
	uint32_t n = 0, i;
	const char *ret;
	bool alone;

	if (!c)
		return NULL;
	pthread_mutex_lock(&c->lock);
	alone = is_alone(b);
	pthread_mutex_unlock(&c->lock);
	if (alone)
		return NULL;
	w = written_new(b, seen, cover);
	w->step = *history_step;
	w->key = *key;
	pthread_mutex_lock(&c->lock);
	w->ended = ++c->moment;
	for (other = c->written; other && other->ended > b->began; other = other->next) {
		struct bytes path;

		if (!common(w, other, &path))
			continue;
		if (!w->disputed)
			w->disputed = sentence(w->arena, path, other->label);
		if (other->disputed)
			continue;
		other->disputed = sentence(other->arena, path, w->label);
		if (!other->stored)
			continue;      /* the other run will find the reason at its end */
		results = arena_grow(a, results, n, sizeof *results);
		results[n++] = other->result;
		history_put_reason(c->history, &other->step, &other->key, other->disputed);
	}
	w->next = c->written;          /* the newest first */
	c->written = b->written = w;
	ret = w->disputed ? arena_str(a, w->disputed) : NULL;
	pthread_mutex_unlock(&c->lock);
	for (i = 0; i < n; i++)
		withdraw(c, &results[i]);
	return ret;
}

const char *overlap_stored(struct overlap *b, const vt_id *result, struct arena *a)
{
	struct cache *c = b->cache;
	const char *ret;

	if (!c || !b->written)
		return NULL;
	pthread_mutex_lock(&c->lock);
	b->written->stored = true;
	b->written->result = *result;
	ret = b->written->disputed ? arena_str(a, b->written->disputed) : NULL;
	pthread_mutex_unlock(&c->lock);
	if (ret)
		withdraw(c, result);
	return ret;
}
