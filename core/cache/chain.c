/* chain: collects the hits of a chain. Each hit leaves its effects for the later ones to find. */
#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/chain.h"
#include "cache/inside.h"
#include "effect/cover.h"
#include "plan/step.h"
#include "text/path.h"
#include "workspace/workspace.h"

struct cache_chain *cache_chain_new(struct cache *c)
{
	struct cache_chain *chain = xcalloc(1, sizeof *chain);

	chain->cache = c;
	chain->arena = arena_new();
	layer_init(&chain->layer, &c->world, c->ledger, chain->arena);
	map_init(&chain->index);
	map_init(&chain->names);
	return chain;
}

void cache_chain_free(struct cache_chain *chain)
{
	if (!chain)
		return;
	layer_free(&chain->layer);
	map_free(&chain->index);
	map_free(&chain->names);
	arena_free(chain->arena);
	free(chain);
}

const struct cover *chain_cover(struct cache_chain *chain, struct hit *h)
{
	if (!h->cover)
		h->cover = cover_new(chain->arena, &h->step->rules->input, &h->step->rules->output,
				     &chain->cache->setup.workspace->tool_caches);
	return h->cover;
}

bool chain_has_effect(const struct result *r, struct bytes path)
{
	return output_find(&r->outputs, path) || output_find(&r->effects, path);
}

/* ---- what a hit leaves for those after it -------------------------------------- */

bool chain_read_first(const struct result *r, struct bytes path)
{
	const struct fact *f = facts_find(&r->after, FACT_FILE, path, (struct bytes){ "", 0 });

	return f && f->state.size;
}

static int lay(struct cache_chain *chain, const struct hit *h, struct bytes path, struct bytes state, struct err *err)
{
	struct left now = { .path = path, .state = state, .step = h->in->eyes.own, .maker = h->in->eyes.own }, was;
	struct bytes stands;
	bool as_left;

	if (layer_state(&chain->layer, path, &stands, err) < 0)
		return -1;
	if (bytes_order(stands, state) == 0)
		return 0;              /* a run would change nothing */
	if (state.size && chain_read_first(h->in->hit, path)) {
		now.maker = 0;
		if (layer_left(&chain->layer, path, &was, &as_left, err) > 0 && as_left)
			now.maker = was.maker;
	}
	layer_set_left(&chain->layer, &now);
	return 0;
}

/* All paths that the tasks of the step and of the later steps left last. */
uint32_t chain_lines(struct cache_chain *chain, const struct hit *h, struct left **ret)
{
	struct ledger *l = chain->cache->ledger;
	const struct step_list *later;
	const struct task *last = h->step->task;
	struct left *more;
	uint32_t n = ledger_of_task(l, h->in->eyes.own, chain->arena, ret), k, i = 0;

	for (later = h->step->later; later; later = later->next, i++) {
		if (later->step->task == last || later->step->task == h->step->task)
			continue;
		last = later->step->task;
		k = ledger_of_task(l, h->in->eyes.later[i], chain->arena, &more);
		*ret = memcpy(arena_array(chain->arena, (size_t)n + k + 1, sizeof **ret), *ret, n * sizeof **ret);
		memcpy(*ret + n, more, k * sizeof **ret);
		n += k;
	}
	return n;
}

/* Does the step or a later one own the line, is the path as left, and does no earlier hit leave it? */
static bool is_as_left(struct cache_chain *chain, struct hit *h, const struct left *line)
{
	struct left is;
	uint32_t later;
	bool as_left;

	return eyes_whose(&h->in->eyes, line, &later) != WHOSE_OTHER && !map_get(&chain->layer.seats, line->path.data, line->path.size) &&
	       layer_left(&chain->layer, line->path, &is, &as_left, NULL) > 0 && as_left && !cover_cache(chain_cover(chain, h), line->path);
}

/* Is this a file or link that the step made, still as left, and no effect of this result? A run would not leave it. */
bool chain_is_leftover(struct cache_chain *chain, struct hit *h, const struct left *line)
{
	if (!line->state.size || *(const char *)line->state.data == 'd' || line->maker != h->in->eyes.own || chain_has_effect(h->in->hit, line->path))
		return false;
	if (!h->in->hit->known && !cover_output(chain_cover(chain, h), line->path))
		return false;          /* its other effects are not known */
	return !cover_is_memory(line->path) && is_as_left(chain, h, line);
}

/* Does one of these sorted facts leave a path below the folder? */
static bool leaves_below(const struct facts *f, struct bytes folder)
{
	char below[PATH_MAX + 1];
	const size_t size = folder.size + 1;
	uint32_t low = 0, high = f->n;

	if (size > sizeof below)
		return true;
	memcpy(below, folder.data, folder.size);
	below[folder.size] = '/';
	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (bytes_order(f->at[middle].name, (struct bytes){ below, size }) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < f->n && f->at[low].name.size > size && memcmp(f->at[low].name.data, below, size) == 0; low++)
		if (f->at[low].state.size)
			return true;
	return false;
}

/* The same for a folder under `output`, which goes only when empty. */
bool chain_is_leftover_folder(struct cache_chain *chain, struct hit *h, const struct left *line)
{
	const struct result *r = h->in->hit;

	return line->state.size && *(const char *)line->state.data == 'd' && line->maker == h->in->eyes.own && !chain_has_effect(r, line->path) &&
	       !leaves_below(&r->outputs, line->path) && !leaves_below(&r->effects, line->path) &&
	       cover_output_folder(chain_cover(chain, h), line->path) && is_as_left(chain, h, line);
}

/* Orders folders before the folders that hold them. */
int chain_deepest_first(const void *x, const void *y)
{
	return bytes_order(((const struct folder *)y)->path, ((const struct folder *)x)->path);
}

uint32_t chain_index(const struct cache_chain *chain, ledger_who who)
{
	return (uint32_t)(uintptr_t)map_get(&chain->index, &who, sizeof who);
}

void chain_add(struct cache_chain *chain, const struct step *step, struct found *found, uint32_t leaned)
{
	struct found_inside *in = found->inside;
	struct hit *h;

	chain->hits = arena_grow(chain->arena, chain->hits, chain->n, sizeof *chain->hits);
	h = &chain->hits[chain->n++];
	*h = (struct hit){ .step = step, .found = found, .in = in, .leaned = leaned };
	*map_put(&chain->index, &in->eyes.own, sizeof in->eyes.own) = (void *)(uintptr_t)chain->n;
}

static int lay_hit(struct cache_chain *chain, struct hit *h, struct err *err)
{
	const struct facts *all[2] = { &h->in->hit->outputs, &h->in->hit->effects };
	struct folder *folders = NULL;
	struct left *lines;
	uint32_t n = chain_lines(chain, h, &lines), i, k, folders_n = 0;

	for (i = 0, k = 0; i < n; i++) {
		if (chain_is_leftover_folder(chain, h, &lines[i])) {
			folders = arena_grow(chain->arena, folders, folders_n, sizeof *folders);
			folders[folders_n++].path = lines[i].path;
		} else if (chain_is_leftover(chain, h, &lines[i]) && cover_output(chain_cover(chain, h), lines[i].path)) {
			lines[k++] = lines[i];
		}
	}
	for (i = 0; i < 2; i++)
		for (n = 0; n < all[i]->n; n++)
			if (lay(chain, h, all[i]->at[n].name, all[i]->at[n].state, err) < 0)
				return -1;
	for (i = 0; i < k; i++)
		if (lay(chain, h, lines[i].path, (struct bytes){ "", 0 }, err) < 0)
			return -1;
	if (folders_n)
		qsort(folders, folders_n, sizeof *folders, chain_deepest_first);
	for (i = 0; i < folders_n; i++)
		if (layer_is_empty(&chain->layer, folders[i].path) && lay(chain, h, folders[i].path, (struct bytes){ "", 0 }, err) < 0)
			return -1;
	return 0;
}

/* Lays the hits when the layer is first asked for: most chains have one hit and no question. */
struct layer *chain_layer(struct cache_chain *chain, struct err *err)
{
	while (chain->laid < chain->n)
		if (lay_hit(chain, &chain->hits[chain->laid++], err) < 0)
			return NULL;
	return &chain->layer;
}

static void note_name(struct cache_chain *chain, struct bytes path)
{
	const char *name = path.data;

	while (path.size && !map_get(&chain->names, name, path.size)) {
		*map_put(&chain->names, name, path.size) = chain;
		while (path.size && name[--path.size] != '/')
			;
	}
}

static void note_hit(struct cache_chain *chain, const struct hit *h)
{
	const struct facts *all[2] = { &h->in->hit->outputs, &h->in->hit->effects };
	struct left *lines;
	uint32_t n = chain_lines(chain, h, &lines), i;

	while (n-- > 0)
		note_name(chain, lines[n].path);
	for (i = 0; i < 2; i++)
		for (n = 0; n < all[i]->n; n++)
			note_name(chain, all[i]->at[n].name);
}

bool chain_may_have(struct cache_chain *chain, struct bytes path)
{
	while (chain->noted < chain->n)
		note_hit(chain, &chain->hits[chain->noted++]);
	return map_get(&chain->names, path.data, path.size) != NULL;
}

bool cache_chain_has_folder(struct cache_chain *chain, const char *dir)
{
	const char *below = path_below(chain->cache->world.root, path_clean(chain->arena, dir));
	struct layer *v = chain_layer(chain, NULL);
	struct bytes path, state;
	struct stat st;

	if (!v)
		return false;
	path = below ? layer_real(v, bytes_text(below)) : (struct bytes){ "", 0 };
	if (!path.size || !layer_covers(v, path))
		return stat(dir, &st) == 0 && S_ISDIR(st.st_mode) && access(dir, X_OK) == 0;
	return layer_state(v, path, &state, NULL) == 0 && state.size && *(const char *)state.data == 'd';
}
