#include "config.h"

#include "effect/record.h"

#include <fcntl.h>
#include <string.h>

#include "effect/cover.h"
#include "effect/record_inside.h"
#include "fact/seen.h"
#include "os/tree.h"
#include "text/path.h"

static const struct bytes nothing = { "", 0 };

static const struct fact *fact_at(const struct record *r, struct bytes path, bool content)
{
	static const uint16_t kinds[] = { FACT_FILE, FACT_PROBE, FACT_TYPE, FACT_LIST };
	uint32_t i;

	for (i = 0; i < (content ? 1 : COUNT(kinds)); i++) {
		const struct fact *f = facts_find(&r->facts, kinds[i], path, nothing);

		if (f)
			return f;
	}
	return NULL;
}

static void add_effect(struct record *r, struct bytes path, struct bytes state, unsigned bits)
{
	r->effects.at = arena_grow(r->arena, r->effects.at, r->effects.n, sizeof *r->effects.at);
	r->effects.at[r->effects.n++] = (struct fact){
		.kind = FACT_LEFT, .name = path, .detail = effect_detail(r->arena, r->world->root_fd, path, bits), .state = state,
	};
}

static bool is_dir(struct bytes state)
{
	return state.size && *(const char *)state.data == 'd';
}

static bool same(struct bytes a, struct bytes b)
{
	return bytes_order(a, b) == 0;
}

static bool is_file(struct bytes state)
{
	return state.size && (*(const char *)state.data == 'c' || *(const char *)state.data == '?');
}

/* Does a file moved from where `found` was hold the same content, whatever its x bit, or may it? */
static bool may_hold(struct bytes left, struct bytes found)
{
	const size_t n = 1 + sizeof(vt_id);

	return is_file(left) && is_file(found) &&
	       (*(const char *)found.data == '?' || (left.size >= n && found.size >= n && memcmp(left.data, found.data, n) == 0));
}

/* Does the folder hold anything? Then its content is the effect, not the folder. */
static bool holds_something(struct recording *k, struct bytes folder)
{
	struct arena *a = arena_new();
	struct tree_name *names;
	uint32_t n = 0;

	if (tree_list(k->r->world->root_fd, arena_strn(a, folder.data, folder.size), a, &names, &n) < 0)
		n = 0;
	arena_free(a);
	return n > 0;
}

/* Is what the path was before the run something that no step made? */
static bool is_users(const struct recording *k, struct bytes path)
{
	struct left was;
	bool as_left;

	return layer_left(&k->r->before->layer, path, &was, &as_left, k->err) <= 0 || !as_left || was.maker == 0;
}

/* Is it, under another name, something that no step made? The run is not its maker then, and
 * nothing may take it away but the user. */
static bool is_somebodys(struct recording *k, const struct touched *t)
{
	struct before *b = k->r->before;
	const struct touched *first = t;
	struct bytes origin, found;
	uint32_t i;

	for (i = 0; first->from && i < k->known.n; i++)
		first = first->from;
	origin = before_origin(b, first->path);
	if (same(origin, t->path) || layer_state(&b->layer, origin, &found, k->err) < 0 || !found.size ||
	    !(same(found, t->left) || may_hold(t->left, found)))
		return false;
	return is_users(k, origin);
}

/* Did the run set attributes of a file, and nothing else? Its mode is an effect then. */
static bool is_set(const struct touched *t)
{
	return t->written && !t->cut && state_is_content(t->left) && same(t->found, t->left);
}

static void note_line(struct recording *k, const struct touched *t, bool read_first)
{
	struct record *r = k->r;
	struct left line = { .path = t->path, .state = t->left, .step = r->eyes->own, .maker = r->eyes->own }, was;
	bool as_left;

	if (same(t->found, t->left) && !is_set(t))
		return;
	if (t->somebodys || k->consumes)
		line.maker = 0;
	if (t->found.size && t->left.size && read_first) {
		line.maker = 0;
		if (layer_left(&r->before->layer, t->path, &was, &as_left, NULL) > 0 && as_left)
			line.maker = was.maker;
	}
	r->lines = arena_grow(r->arena, r->lines, r->lines_n, sizeof *r->lines);
	r->lines[r->lines_n++] = line;
}

/* Did the run remove this file, which no step had made? */
static bool is_lost(const struct recording *k, const struct touched *t)
{
	return is_file(t->found) && !t->left.size && !t->hidden && is_users(k, t->path);
}

/* Did the run read and remove a file that no step had made? A copy that it left may be the last one: the run is the maker of
 * nothing then, so that no hit takes the copy away. */
static bool consumes(const struct recording *k)
{
	const struct seen *seen = k->r->seen;
	bool lost = false;
	uint32_t i;

	for (i = 0; i < k->known.n && !lost; i++)
		lost = is_lost(k, k->known.at[i].value);
	for (i = 0; lost && i < seen->n; i++) {
		const vt_seen *s = &seen->at[i];
		const struct touched *t = s->op == VT_SEEN_READ ? map_get(&k->known, s->name.data, s->name.size) : NULL;

		if (t && is_lost(k, t))
			return true;
	}
	return false;
}

static void refuse(struct record *r, struct bytes path)
{
	if (!r->refused)
		r->refused = arena_strn(r->arena, path.data, path.size);
}

/* Refuses a run that read and changed a file, unless some step had left the file or `output` covers it. */
static void check_changed(struct recording *k, const struct touched *t)
{
	struct left was;
	bool as_left = false;

	if (layer_left(&k->r->before->layer, t->path, &was, &as_left, k->err) > 0 && as_left)
		return;
	if (!cover_output(k->r->cover, t->path))
		refuse(k->r, t->path);
}

static void add_more(struct record *r, struct facts *more, enum fact_kind kind, struct bytes path, struct bytes state)
{
	more->at = arena_grow(r->arena, more->at, more->n, sizeof *more->at);
	more->at[more->n++] = (struct fact){ .kind = (uint16_t)kind, .name = path, .detail = nothing, .state = state };
}

static bool is_above(vt_bytes folder, struct bytes path)
{
	return folder.size < path.size && ((const char *)path.data)[folder.size] == '/' && memcmp(path.data, folder.data, folder.size) == 0;
}

/* Did the run move a folder above the path away, or make one after it last wrote the path? Then the write failed, or its file
 * went with the folder, and another folder stands there now. */
static bool went_with_folder(const struct record *r, struct bytes path)
{
	bool ret = false;
	uint32_t i;

	for (i = 0; i < r->seen->n; i++) {
		const vt_seen *s = &r->seen->at[i];

		if (s->op == VT_SEEN_RENAME && is_above(s->name, path))
			return true;
		if (s->op != VT_SEEN_WRITE || (s->flags & VT_SEEN_REMOVED))
			continue;
		if ((s->flags & VT_SEEN_DIRECTORY) && is_above(s->name, path))
			ret = true;
		else if (same((struct bytes){ s->name.data, s->name.size }, path))
			ret = false;
	}
	return ret;
}

/* Did another program remove a path that the run left? The path is gone, and its folder exists. */
static bool was_taken(struct recording *k, const struct touched *t)
{
	const char *slash = memrchr(t->path.data, '/', t->path.size);
	const struct bytes folder = { t->path.data, slash ? (size_t)(slash - (const char *)t->path.data) : 0 };
	struct stat st;

	if (!t->stays || t->left.size || went_with_folder(k->r, t->path))
		return false;
	return !folder.size ||
	       (fstatat(k->r->world->root_fd, arena_strn(k->r->arena, folder.data, folder.size), &st, 0) == 0 && S_ISDIR(st.st_mode));
}

/* Did another program write the file while the run went on, as the tracer tells, or touch it after its end? The ctime tells
 * of the latter: no program can set it. */
static bool was_changed(struct recording *k, const struct touched *t)
{
	struct stamp stamp;

	if (t->written && map_get(&k->r->seen->foreign, t->path.data, t->path.size))
		return true;
	return t->written && state_is_content(t->left) && touched_stamp(k->r, t->path, &stamp) && stamp.ctime_ns > k->r->ended_ns &&
	       stamp.ctime_ns <= k->now_ns;
}

static void weigh(struct recording *k, struct touched *t, struct facts *more)
{
	struct record *r = k->r;
	bool only_mode = t->written && !t->cut && t->found.size && !is_dir(t->found);
	bool read_first = fact_at(r, t->path, true) != NULL || (t->moved && t->written) || only_mode;
	bool made = (!(t->found.size && t->left.size && read_first) || t->hidden) && !t->somebodys;
	unsigned bits = made ? EFFECT_MADE : 0;

	if ((t->moved || only_mode) && t->found.size && !is_dir(t->found) && !fact_at(r, t->path, true))
		add_more(r, more, FACT_FILE, t->path, t->hidden ? nothing : t->found);
	/* rename(2) replaces only an empty folder, or nothing */
	if (t->target && is_dir(t->left) && !fact_at(r, t->path, false))
		add_more(r, more, FACT_LIST, t->path, t->hidden ? nothing : t->found);
	if (!t->written && same(t->found, t->left))
		return;
	if (was_taken(k, t) || was_changed(k, t)) {
		if (!r->taken)
			r->taken = arena_strn(r->arena, t->path.data, t->path.size);
		if (t->left.size)
			return;        /* another program left the present content */
	}
	note_line(k, t, read_first);
	if (is_dir(t->left) && !is_dir(t->found) && holds_something(k, t->path))
		return;
	if (!t->left.size && (!t->found.size || t->hidden)) {
		/* made and removed again */
		if (t->written && !fact_at(r, t->path, false))
			add_effect(r, t->path, nothing, bits);
	} else if (t->hidden) {
		if (!(read_first && same(t->found, t->left)) && !(is_dir(t->left) && holds_something(k, t->path)))
			add_effect(r, t->path, t->left, bits);
	} else if (!same(t->found, t->left)) {
		add_effect(r, t->path, t->left, bits);
		if (t->found.size && t->left.size && read_first && !is_dir(t->found))
			check_changed(k, t);
	} else if (is_set(t)) {
		add_effect(r, t->path, t->left, 0);
	} else if (t->found.size && !fact_at(r, t->path, true)) {
		/* a write that changed nothing counts as a read */
		add_more(r, more, is_dir(t->found) ? FACT_TYPE : FACT_FILE, t->path, t->found);
	}
}

/* Adds the paths that earlier runs of this step made, and that are unchanged since. */
static void carry(struct recording *k, struct facts *more)
{
	struct record *r = k->r;
	struct left *lines;
	uint32_t n = ledger_of_task(r->ledger, r->eyes->own, r->arena, &lines), i;
	struct map has;

	map_init(&has);
	for (i = 0; i < r->effects.n; i++)
		*map_put(&has, r->effects.at[i].name.data, r->effects.at[i].name.size) = r;
	for (i = 0; i < n; i++) {
		const struct left *line = &lines[i];
		const struct touched *t = map_get(&k->known, line->path.data, line->path.size);
		struct bytes now;
		bool hidden;

		if (line->step != r->eyes->own || !line->state.size || (is_dir(line->state) && holds_something(k, line->path)) || cover_cache(r->cover, line->path))
			continue;
		/* a folder was visible if it held what others made: the run emptied it, and left it */
		hidden = layer_hides(&r->before->layer, r->eyes, line->path, k->err);
		if (!hidden && !is_dir(line->state))
			continue;
		now = nothing;
		if (t)
			now = t->left;
		else if (layer_state(&r->before->layer, line->path, &now, k->err) < 0)
			continue;
		if (!same(now, line->state) || map_get(&has, line->path.data, line->path.size))
			continue;
		add_effect(r, line->path, line->state, EFFECT_CARRIED | EFFECT_MADE);
		if (hidden && (!t || !t->written) && !fact_at(r, line->path, true))
			add_more(r, more, FACT_FILE, line->path, nothing);
	}
	map_free(&has);
}

static bool has_effect(const struct record *r, struct bytes path)
{
	uint32_t i;

	for (i = 0; i < r->effects.n; i++)
		if (same(r->effects.at[i].name, path))
			return true;
	return false;
}

/* Adds the folder of a product as an effect where the step did not make it: a run needs it to leave the product. */
static void need_folder(struct recording *k, const struct touched *t)
{
	struct record *r = k->r;
	const char *slash = memrchr(t->path.data, '/', t->path.size);
	struct bytes folder = { t->path.data, slash ? (size_t)(slash - (const char *)t->path.data) : 0 }, found;
	const struct touched *made = map_get(&k->known, folder.data, folder.size);
	struct left line;
	uint32_t later;

	if (!folder.size || !t->left.size || t->found.size || (made && made->written && !same(made->found, made->left)) ||
	    map_get(&k->asked, folder.data, folder.size))
		return;
	*map_put(&k->asked, folder.data, folder.size) = k;
	if (has_effect(r, folder))
		return;
	if (ledger_get(r->ledger, folder, &line) && is_dir(line.state) && eyes_whose(r->eyes, &line, &later) != WHOSE_OTHER)
		return;
	if (layer_state(&r->before->layer, folder, &found, k->err) == 0 && is_dir(found))
		add_effect(r, folder, bytes_text("d"), 0);
}

/* Is it the state of a content that is not known any more, perhaps behind a link? */
static bool is_unknown(struct bytes state)
{
	const char *p = state.data, *behind;

	if (state.size && *p == 'l' && (behind = memchr(p, 0, state.size)) != NULL && behind + 1 < p + state.size)
		p = behind + 1;
	return state.size && *p == '?';
}

/* Refuses a run of which a fact rests on a content that is not known any more. */
static void check_known(struct record *r)
{
	uint32_t i;

	for (i = 0; i < r->facts.n; i++)
		if (state_is_path_kind(r->facts.at[i].kind) && is_unknown(r->facts.at[i].state))
			refuse(r, r->facts.at[i].name);
}

static bool is_own_cache(const struct recording *k, struct bytes path)
{
	int which = cover_cache(k->r->cover, path);

	return which > 0 && which < 64 && (k->caches & UINT64_C(1) << which);
}

/* Checks files that were read through a link that the run made or removed: such a name does not tell
 * which file it was. While the link exists, the real name does. */
static void check_ways(struct recording *k, struct facts *more)
{
	struct record *r = k->r;
	uint32_t i;

	for (i = 0; i < r->facts.n; i++) {
		const struct fact *f = &r->facts.at[i];
		struct bytes way = f->name;
		const char *slash;

		while (state_is_path_kind(f->kind) && way.size && (slash = memrchr(way.data, '/', way.size)) != NULL) {
			const struct touched *t;

			way.size = (size_t)(slash - (const char *)way.data);
			t = map_get(&k->known, way.data, way.size);
			if (!t || !t->written || same(t->found, t->left) || (is_dir(t->left) && !t->found.size))
				continue;
			if (t->left.size && *(const char *)t->left.data == 'l' && !t->found.size) {
				struct bytes real = layer_real(&r->before->layer, f->name);

				if (same(real, f->name))
					refuse(r, f->name);
				else
					add_more(r, more, (enum fact_kind)f->kind, real, nothing);
			} else if ((t->found.size && *(const char *)t->found.data == 'l') ||
				   (t->left.size && *(const char *)t->left.data == 'l') || (!t->left.size && !t->folder && !is_dir(t->found))) {
				refuse(r, f->name);
			}
			break;
		}
	}
}

/* The target of a link that the run made, from the root of the workspace; size 0: outside. */
static struct bytes target_of(const struct recording *k, const struct touched *t)
{
	struct arena *a = k->r->arena;
	const char *to = (const char *)t->left.data + 1, *name = arena_strn(a, t->path.data, t->path.size);
	const char *rel = to[0] == '/' ? path_below(k->r->world->root, path_clean(a, to)) : path_clean(a, path_join(a, path_dir(a, name), to));

	return bytes_text(rel && strncmp(rel, "..", 2) != 0 ? rel : "");
}

/* Replaces names that lead through a link of the run by the names behind the link. */
static void look_behind(struct recording *k, struct facts *more)
{
	const struct seen *seen = k->r->seen;
	uint32_t i;

	for (i = 0; i < seen->n; i++) {
		const vt_seen *s = &seen->at[i];
		const struct touched *t = map_get(&k->known, s->name.data, s->name.size), *behind;
		struct bytes to;

		if ((s->op != VT_SEEN_READ && s->op != VT_SEEN_PROBE && s->op != VT_SEEN_LIST) || (s->flags & VT_SEEN_NOFOLLOW) || !t ||
		    !t->written || !t->left.size || *(const char *)t->left.data != 'l')
			continue;
		to = target_of(k, t);
		behind = to.size ? map_get(&k->known, to.data, to.size) : NULL;
		if (to.size && (!behind || !behind->cut))
			add_more(k->r, more, s->op == VT_SEEN_PROBE ? FACT_PROBE : FACT_FILE, to, nothing);
	}
}

static int amend(struct recording *k)
{
	struct record *r = k->r;
	uint32_t leaned = 0, i, n = 0;
	struct facts more = { 0 };

	for (i = 0; r->before->moves_n && i < r->facts.n; i++) {
		struct bytes origin = before_origin(r->before, r->facts.at[i].name);

		if (state_is_path_kind(r->facts.at[i].kind) && !same(origin, r->facts.at[i].name))
			add_more(r, &more, (enum fact_kind)r->facts.at[i].kind, origin, nothing);
	}
	check_ways(k, &more);
	look_behind(k, &more);
	if (more.n) {
		facts_sort(&more);
		if (state_fill(r->world, NULL, &more, r->arena, k->err) < 0)
			return -1;
		for (i = 0; i < more.n; i++)
			facts_add(&r->facts, r->arena, &more.at[i]);
		facts_sort(&r->facts);
	}
	if (layer_amend(&r->before->layer, r->eyes, &r->facts, &leaned, k->err) < 0)
		return -1;
	/* a tool's cache in which the run wrote is no input */
	for (i = 0; i < r->facts.n; i++)
		if (!state_is_path_kind(r->facts.at[i].kind) || !is_own_cache(k, r->facts.at[i].name))
			r->facts.at[n++] = r->facts.at[i];
	r->facts.n = n;
	return 0;
}

/* Drops the memory file of a compiler that left nothing else: neither effect nor input. */
static void drop_memory(struct record *r)
{
	uint32_t i, n = 0;

	for (i = 0; i < r->effects.n; i++)
		if (!cover_is_memory(r->effects.at[i].name) || cover_output(r->cover, r->effects.at[i].name))
			return;
	for (i = 0; r->effects.n && i < r->facts.n; i++) {
		const struct fact *f = &r->facts.at[i];

		if (state_is_path_kind(f->kind) && cover_is_memory(f->name) && has_effect(r, f->name))
			continue;
		r->facts.at[n++] = *f;
	}
	if (r->effects.n)
		r->facts.n = n;
	r->effects.n = 0;
}

int record_run(struct record *r, struct err *err)
{
	struct recording k = { .r = r, .err = err };
	struct facts more = { 0 };
	uint32_t i;
	int failed = -1;

	map_init(&k.known);
	map_init(&k.asked);
	touched_find(&k);
	for (i = 0; i < k.known.n; i++) {
		int which = cover_cache(r->cover, k.known.at[i].key);

		if (which > 0 && which < 64 && ((struct touched *)k.known.at[i].value)->written)
			k.caches |= UINT64_C(1) << which;
	}
	if (touched_fill(&k) < 0 || amend(&k) < 0)
		goto out;
	for (i = 0; i < k.known.n; i++)
		((struct touched *)k.known.at[i].value)->somebodys = is_somebodys(&k, k.known.at[i].value);
	k.consumes = consumes(&k);
	for (i = 0; i < k.known.n; i++)
		if (cover_cache(r->cover, k.known.at[i].key))
			note_line(&k, k.known.at[i].value, false);
		else
			weigh(&k, k.known.at[i].value, &more);
	facts_sort(&r->effects);
	carry(&k, &more);
	for (i = 0; i < k.known.n; i++)
		if (!cover_cache(r->cover, k.known.at[i].key))
			need_folder(&k, k.known.at[i].value);
	facts_sort(&r->effects);
	check_known(r);
	for (i = 0; i < more.n; i++) {
		r->facts.at = arena_grow(r->arena, r->facts.at, r->facts.n, sizeof *r->facts.at);
		r->facts.at[r->facts.n++] = more.at[i];
	}
	facts_sort(&r->facts);
	drop_memory(r);
	failed = 0;
out:
	map_free(&k.known);
	map_free(&k.asked);
	return failed;
}
