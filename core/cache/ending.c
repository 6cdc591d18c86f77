/* ending: decides the hits of a chain together. Each effect of all hits must be in place,
 * or be an output that can be put back, or be missing because the user removed it while no
 * step waits for it. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/texts.h"
#include "cache/chain.h"
#include "cache/in_place.h"
#include "cache/inside.h"
#include "cache/key.h"
#include "effect/cover.h"
#include "effect/record.h"
#include "os/tree.h"
#include "plan/step.h"
#include "text/path.h"
#include "workspace/workspace.h"

enum { CHAIN_DEPTH = 64 };         /* folders in one another that are looked into */

/* The state of a path when all hits are applied. */
struct last {
	uint32_t hit;
	struct bytes path, state;
	bool there;                    /* something is there now */
	bool implied;                  /* a folder that exists only for what is in it */
	int output;                    /* its number among the hit's outputs, or -1 */
	int mode;                      /* of a file that is no output; -1: any */
};

struct ending {
	struct cache_chain *chain;
	uint32_t n;                    /* number of hits under trial */
	bool last;                     /* no step of the run comes after them */
	struct map last_at;            /* path -> struct last */
	bool removes;                  /* a path of last_at is absent */
	struct folder *folders;        /* leftovers; each is removed if it ends up empty */
	uint32_t folders_n;
	uint32_t culprit;              /* number of the hit that fails */
	const char *because;
};

static bool fails(struct ending *e, uint32_t hit, struct bytes path, const char *what)
{
	e->culprit = hit;
	e->because = arena_printf(e->chain->arena, "'%.*s' %s", (int)path.size, (const char *)path.data, what);
	return false;
}

/* Marks folders above a path as implied where an earlier hit removed them. */
static void put_folders(struct ending *e, struct bytes path)
{
	const char *slash;
	struct last *above;

	while ((slash = memrchr(path.data, '/', path.size)) != NULL) {
		path.size = (size_t)(slash - (const char *)path.data);
		above = map_get(&e->last_at, path.data, path.size);
		if (above && !above->state.size)
			above->implied = true;
	}
}

static struct last *put_last(struct ending *e, uint32_t hit, struct bytes path, struct bytes state, int output)
{
	struct last *last = arena_alloc(e->chain->arena, sizeof *last);

	e->removes = e->removes || !state.size;
	if (state.size && e->removes)
		put_folders(e, path);
	*last = (struct last){ .hit = hit, .path = path, .state = state, .output = output, .mode = -1 };
	*map_put(&e->last_at, path.data, path.size) = last;
	return last;
}

/* The last hit from `hit` on that removes something in the folder and covers the folder by `output`: it removes the folder, too. */
static uint32_t last_in_folder(const struct ending *e, uint32_t hit, struct bytes folder)
{
	uint32_t i;

	for (i = 0; i < e->last_at.n; i++) {
		const struct last *last = e->last_at.at[i].value;
		const char *path = last->path.data;

		if (last->hit > hit && last->path.size > folder.size && path[folder.size] == '/' && memcmp(path, folder.data, folder.size) == 0 &&
		    cover_output_folder(chain_cover(e->chain, &e->chain->hits[last->hit]), folder))
			hit = last->hit;
	}
	return hit;
}

static void add_folder(struct ending *e, uint32_t hit, struct bytes path)
{
	e->folders = arena_grow(e->chain->arena, e->folders, e->folders_n, sizeof *e->folders);
	e->folders[e->folders_n++] = (struct folder){ path, hit };
}

/* Adds the removal of leftover folders that end up empty. */
static void collect_folders(struct ending *e)
{
	struct cache_chain *chain = e->chain;
	struct layer end;
	uint32_t i;

	layer_init(&end, &chain->cache->world, chain->cache->ledger, chain->arena);
	for (i = 0; i < e->last_at.n; i++) {
		const struct last *last = e->last_at.at[i].value;

		if (!last->implied)
			layer_set(&end, last->path, last->state);
	}
	qsort(e->folders, e->folders_n, sizeof *e->folders, chain_deepest_first);
	for (i = 0; i < e->folders_n; i++) {
		const struct folder *f = &e->folders[i];

		if (!layer_is_empty(&end, f->path))
			continue;
		layer_set(&end, f->path, (struct bytes){ "", 0 });
		put_last(e, last_in_folder(e, f->hit, f->path), f->path, (struct bytes){ "", 0 }, -1);
	}
	layer_free(&end);
}

/* Collects the last state of each path. Leftovers are removed where `output` covers them; elsewhere the hit fails. */
static bool collect(struct ending *e)
{
	struct layer *whole = &e->chain->layer, none;
	struct left *lines;
	uint32_t i, k, n;
	bool good = true;

	layer_init(&none, &e->chain->cache->world, e->chain->cache->ledger, e->chain->arena);
	for (i = 0; i < e->n && good; i++) {
		struct hit *h = &e->chain->hits[i];
		const struct facts *outputs = &h->in->hit->outputs, *effects = &h->in->hit->effects;

		for (k = 0; k < outputs->n; k++)
			put_last(e, i, outputs->at[k].name, outputs->at[k].state, (int)k);
		for (k = 0; k < effects->n; k++)
			put_last(e, i, effects->at[k].name, effects->at[k].state, -1)->mode = effect_mode(effects->at[k].detail);
		n = chain_lines(e->chain, h, &lines);
		for (k = 0; k < n && good; k++) {
			struct layer kept = *whole;
			bool left_over;

			/* ask the disk, not the chain's layer */
			*whole = none;
			left_over = !map_get(&e->last_at, lines[k].path.data, lines[k].path.size) && chain_is_leftover(e->chain, h, &lines[k]);
			if (chain_is_leftover_folder(e->chain, h, &lines[k]))
				add_folder(e, i, lines[k].path);
			none = *whole;
			*whole = kept;
			if (!left_over)
				continue;
			if (cover_output(chain_cover(e->chain, h), lines[k].path))
				put_last(e, i, lines[k].path, (struct bytes){ "", 0 }, -1);
			else
				good = fails(e, i, lines[k].path, "would not be there");
		}
	}
	layer_free(&none);
	if (good && e->folders_n)
		collect_folders(e);
	return good;
}

/* May vt write or remove the path: is it absent, or as some step left it? */
static bool is_ours(struct cache_chain *chain, struct bytes path, struct bytes now)
{
	struct left left;

	return !now.size || (ledger_get(chain->cache->ledger, path, &left) && bytes_order(left.state, now) == 0);
}

/* Did the user remove it, and no command that vt ran? */
static bool was_taken(struct ending *e, const struct hit *h, const struct left *line)
{
	return line->step == h->in->eyes.own && line->state.size && line->clock == ledger_clock(e->chain->cache->ledger);
}

/* Notes that step `who` made a hit fail or need a write. 0: any later step may have. */
static void blame(struct cache_chain *chain, ledger_who who)
{
	uint32_t i;

	chain->anyone = chain->anyone || !who;
	if (!who || chain_index(chain, who))
		return;
	for (i = 0; i < chain->others_n; i++)
		if (chain->others[i] == who)
			return;
	chain->others = arena_grow(chain->arena, chain->others, chain->others_n, sizeof *chain->others);
	chain->others[chain->others_n++] = who;
}

/* Is one of the folders of the path a link or a file now? A run would write elsewhere, or fail. */
static bool is_cut_off(const struct ending *e, struct bytes path)
{
	char *name = arena_strn(e->chain->arena, path.data, path.size), *slash = name;
	struct stat st;

	while ((slash = strchr(slash, '/')) != NULL) {
		int failed;

		*slash = '\0';
		failed = fstatat(e->chain->cache->root_fd, name, &st, AT_SYMLINK_NOFOLLOW);
		*slash++ = '/';
		if (failed < 0)
			return false;
		if (!S_ISDIR(st.st_mode))
			return true;
	}
	return false;
}

/* May the missing path stay missing? */
static bool is_excused(struct ending *e, const struct last *last, const struct left *line)
{
	struct hit *h = &e->chain->hits[last->hit];
	const bool given = h->step->rules->output.given;

	if (!(line && was_taken(e, h, line)) && !(given && !line))
		return false;
	if (h->step->followed && !(given && e->last)) {
		if (given)
			blame(e->chain, 0);
		return false;
	}
	h->found->missing += !given;
	return true;
}

/* The path is not in place: can it be put back, or may it stay missing? */
static bool can_be(struct ending *e, const struct last *last, struct bytes now)
{
	struct cache_chain *chain = e->chain;
	struct hit *h = &chain->hits[last->hit];
	struct left line;
	const bool known = ledger_get(chain->cache->ledger, last->path, &line);

	if (known && bytes_order(line.state, now) == 0)
		blame(chain, line.step);
	if (last->output >= 0 || (last->state.size ? cover_output : cover_output_folder)(chain_cover(chain, h), last->path)) {
		if ((last->output >= 0 || !last->state.size) && is_ours(chain, last->path, now)) {
			h->in->restore = true;
			return true;
		}
	} else if (!now.size && !is_cut_off(e, last->path) && is_excused(e, last, known ? &line : NULL)) {
		return true;
	}
	return fails(e, last->hit, last->path, "is not as this task left it");
}

/* Are mode and time as kept, too? */
static bool meta_is_right(struct ending *e, const struct last *last)
{
	const struct fact *f = &e->chain->hits[last->hit].in->hit->outputs.at[last->output];

	return outputs_in_place(e->chain->cache, &(struct facts){ (struct fact *)(uintptr_t)f, 1 });
}

/* Has the file that is no output the mode that the run left? */
static bool mode_is_right(const struct ending *e, const struct last *last)
{
	struct stat st;

	return last->mode < 0 || fstatat(e->chain->cache->root_fd, arena_strn(e->chain->arena, last->path.data, last->path.size), &st,
					 AT_SYMLINK_NOFOLLOW) < 0 || (st.st_mode & 07777) == (mode_t)last->mode;
}

/* Does an implied folder hold nothing but effects of the chain? */
static bool holds_only_lasts(struct ending *e, struct bytes folder, uint32_t depth)
{
	struct arena *a = e->chain->arena;
	const char *name = arena_strn(a, folder.data, folder.size);
	struct tree_name *names;
	uint32_t n, i;

	if (depth == CHAIN_DEPTH)
		return false;
	if (tree_list(e->chain->cache->root_fd, name, a, &names, &n) < 0)
		return errno == ENOENT || errno == ENOTDIR;
	for (i = 0; i < n; i++) {
		const struct bytes path = bytes_text(path_join(a, name, names[i].name));

		if (map_get(&e->last_at, path.data, path.size))
			continue;
		if (names[i].type != 'd' || !holds_only_lasts(e, path, depth + 1))
			return false;
	}
	return depth == 0 || n > 0;
}

static bool implied_can_stand(struct ending *e)
{
	uint32_t i;

	for (i = 0; i < e->last_at.n; i++) {
		const struct last *last = e->last_at.at[i].value;

		if (last->implied && !holds_only_lasts(e, last->path, 0))
			return fails(e, last->hit, last->path, "is not as this task left it");
	}
	return true;
}

static bool can_stand(struct ending *e)
{
	struct facts now = { .at = arena_array(e->chain->arena, e->last_at.n + 1, sizeof *now.at) };
	uint32_t i;

	for (i = 0; i < e->last_at.n; i++)
		if (!((const struct last *)e->last_at.at[i].value)->implied)
			now.at[now.n++] = (struct fact){ .kind = FACT_LEFT, .name = e->last_at.at[i].key, .detail = { "", 0 } };
	if (!implied_can_stand(e))
		return false;
	facts_sort(&now);
	if (state_fill(&e->chain->cache->world, NULL, &now, e->chain->arena, NULL) < 0)
		return fails(e, 0, now.at[0].name, "could not be looked at");
	for (i = 0; i < now.n; i++) {
		struct last *last = map_get(&e->last_at, now.at[i].name.data, now.at[i].name.size);

		last->there = now.at[i].state.size > 0;
		if (bytes_order(now.at[i].state, last->state) == 0 && mode_is_right(e, last)) {
			if (last->output >= 0 && !meta_is_right(e, last))
				e->chain->hits[last->hit].in->restore = true;
		} else if (!can_be(e, last, now.at[i].state)) {
			return false;
		}
	}
	return true;
}

/* The maker of what hit number i leaves at the path; of a file changed in place, its first maker. */
static ledger_who maker_of(const struct cache_chain *chain, uint32_t i, struct bytes path)
{
	struct left line;

	while (chain_read_first(chain->hits[i].in->hit, path)) {
		do {
			if (i == 0)
				return ledger_get(chain->cache->ledger, path, &line) ? line.maker : 0;
			i--;
		} while (!chain_has_effect(chain->hits[i].in->hit, path));
	}
	return chain->hits[i].in->eyes.own;
}

/* Notes for each hit which outputs it puts back, which paths it removes, and the makers for the ledger. */
static void settle(struct ending *e)
{
	struct cache_chain *chain = e->chain;
	uint32_t i;

	for (i = 0; i < e->n; i++) {
		struct found_inside *in = chain->hits[i].in;

		in->decided = true;
		in->remove = (struct texts){ 0 };
		in->skip = arena_array(chain->hits[i].found->arena, in->hit->outputs.n + 1, sizeof *in->skip);
		memset(in->skip, true, in->hit->outputs.n);
		in->makers = arena_array(chain->hits[i].found->arena, in->hit->outputs.n + 1, sizeof *in->makers);
	}
	for (i = 0; i < e->last_at.n; i++) {
		const struct last *last = e->last_at.at[i].value;
		struct hit *h = &chain->hits[last->hit];
		struct found_inside *in = h->in;
		struct arena *a = h->found->arena;

		if (last->output >= 0) {
			in->skip[last->output] = false;
			in->makers[last->output] = in->restore ? maker_of(chain, last->hit, last->path) : 0;
		} else if (!last->state.size && last->there && cover_output_folder(chain_cover(chain, h), last->path)) {
			in->remove.at = arena_grow(a, in->remove.at, in->remove.n, sizeof *in->remove.at);
			in->remove.at[in->remove.n++] = arena_strn(a, last->path.data, last->path.size);
		}
	}
	for (i = 0; i < e->n; i++)
		texts_sort(&chain->hits[i].in->remove);
}

static bool try(struct cache_chain *chain, uint32_t n, bool last, uint32_t *ret_culprit, const char **ret_because)
{
	struct ending e = { .chain = chain, .n = n, .last = last };
	uint32_t i;
	bool good;

	for (i = 0; i < chain->n; i++) {
		chain->hits[i].in->restore = false;
		chain->hits[i].found->missing = 0;
	}
	map_init(&e.last_at);
	good = collect(&e) && can_stand(&e);
	if (good)
		settle(&e);
	map_free(&e.last_at);
	*ret_culprit = e.culprit;
	*ret_because = e.because;
	return good;
}

/* The first of n hits that counted a product of a later step as not there yet while that step is no hit; n: none. */
static uint32_t find_leaning(struct cache_chain *chain, uint32_t n)
{
	uint32_t ret = n, i, k;

	for (i = n; i-- > 0; ) {
		const struct hit *h = &chain->hits[i];

		for (k = 0; k < h->leaned; k++) {
			uint32_t at = chain_index(chain, h->in->eyes.later[k]);

			if (at > 0 && at <= n)
				continue;
			blame(chain, h->in->eyes.later[k]);
			ret = i;
		}
	}
	return ret;
}

/* The common case: one hit of a task of one step, and all outputs in place. */
static bool is_simple(struct cache_chain *chain)
{
	struct hit *h = &chain->hits[0];
	struct left *lines;
	uint32_t i, n;

	if (chain->n != 1 || h->step->later || h->leaned || h->in->hit->effects.n || !outputs_in_place(chain->cache, &h->in->hit->outputs))
		return false;
	n = chain_lines(chain, h, &lines);
	for (i = 0; i < n; i++)
		if (chain_is_leftover(chain, h, &lines[i]) || chain_is_leftover_folder(chain, h, &lines[i]))
			return false;
	h->in->decided = true;
	return true;
}

uint32_t cache_chain_decide(struct cache_chain *chain, uint32_t most, bool last)
{
	const char *because = NULL, *why;
	uint32_t n = chain->n, culprit = 0, leaning;

	chain->others_n = 0;
	chain->anyone = false;
	if (n == 0 || (most > 0 && is_simple(chain)))
		return n;
	if (most < n)
		n = most;
	while (n > 0) {
		leaning = find_leaning(chain, n);
		if (leaning == n && try(chain, n, last && n == chain->n, &culprit, &why))
			break;
		if (leaning == n && !because)
			because = why;
		n = leaning < n ? leaning : culprit;
	}
	if (n < chain->n) {
		struct found *f = chain->hits[n].found;

		f->state = FOUND_MISS;
		f->because = arena_str(f->arena, because ? because : "a later command of the task must run");
	}
	return n;
}

bool cache_chain_is_contested(const struct cache_chain *chain)
{
	return chain->anyone || chain->others_n > 0;
}

bool cache_found_is_contested(const struct found *found)
{
	return found->inside && found->inside->alone && cache_chain_is_contested(found->inside->alone);
}

bool cache_chain_is_contested_by(struct cache_chain *chain, const struct step *step)
{
	ledger_who who;
	uint32_t i;

	if (chain->anyone)
		return true;
	who = key_who(chain->cache, step);
	for (i = 0; i < chain->others_n; i++)
		if (chain->others[i] == who)
			return true;
	return false;
}
