#include "config.h"

#include "effect/layer.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "os/file.h"
#include "os/tree.h"
#include "text/path.h"

enum { LAYER_LISTING_MAX = 64 << 20, LAYER_DEPTH = 64, LAYER_LINKS = 8 };

/* A name below a folder of the layer. */
struct kid {
	const char *name;
	size_t size;
	struct kid *next;
};

static const struct bytes nothing = { "", 0 };

void layer_init(struct layer *v, const struct state_world *w, struct ledger *l, struct arena *a)
{
	*v = (struct layer){ .world = w, .ledger = l, .arena = a };
	map_init(&v->seats);
	map_init(&v->folders);
	map_init(&v->real);
}

void layer_free(struct layer *v)
{
	map_free(&v->seats);
	map_free(&v->folders);
	map_free(&v->real);
}

/* ---- the layer -------------------------------------------------------------- */

static struct bytes parent_of(struct bytes path)
{
	const char *slash = path.size ? memrchr(path.data, '/', path.size) : NULL;

	return (struct bytes){ path.data, slash ? (size_t)(slash - (const char *)path.data) : 0 };
}

static void note_kids(struct layer *v, struct bytes path)
{
	while (path.size) {
		struct bytes folder = parent_of(path);
		size_t skip = folder.size ? folder.size + 1 : 0;
		void **at = map_put(&v->folders, folder.data, folder.size);
		bool known = *at != NULL;
		struct kid *k;

		for (k = *at; k; k = k->next)
			if (k->size == path.size - skip && memcmp(k->name, (const char *)path.data + skip, k->size) == 0)
				return;
		k = arena_alloc(v->arena, sizeof *k);
		*k = (struct kid){ (const char *)path.data + skip, path.size - skip, *at };
		*at = k;
		if (known)
			return;
		path = folder;
	}
}

static struct seat *seat_at(struct layer *v, struct bytes path)
{
	struct seat *s = map_get(&v->seats, path.data, path.size);

	if (s)
		return s;
	s = arena_alloc(v->arena, sizeof *s);
	s->path = (struct bytes){ arena_copy(v->arena, path.data, path.size), path.size };
	*map_put(&v->seats, s->path.data, s->path.size) = s;
	note_kids(v, s->path);
	return s;
}

struct seat *layer_set(struct layer *v, struct bytes path, struct bytes state)
{
	struct seat *s = seat_at(v, path), *above;
	struct bytes folder;

	s->state = (struct bytes){ state.size ? arena_copy(v->arena, state.data, state.size) : "", state.size };
	s->owned = s->implied = false;
	if (!state.size || *(const char *)state.data != 'd')
		s->bare = true;
	for (folder = parent_of(path); state.size && folder.size; folder = parent_of(folder)) {
		above = map_get(&v->seats, folder.data, folder.size);
		if (above && (!above->state.size || *(const char *)above->state.data != 'd')) {
			above->state = bytes_text("d");
			above->bare = above->implied = true;
			above->owned = false;
		}
	}
	return s;
}

void layer_set_left(struct layer *v, const struct left *left)
{
	struct seat *s = layer_set(v, left->path, left->state);

	s->owned = true;
	s->step = left->step;
	s->maker = left->maker;
}

void layer_copy(struct layer *v, const struct layer *from, struct arena *a)
{
	uint32_t i;

	layer_init(v, from->world, from->ledger, a);
	for (i = 0; i < from->seats.n; i++) {
		const struct seat *was = from->seats.at[i].value;
		struct seat *s = seat_at(v, was->path);

		*s = (struct seat){ .path = s->path, .state = was->state, .step = was->step, .maker = was->maker,
				    .owned = was->owned, .bare = was->bare, .implied = was->implied };
	}
}

static struct bytes below(struct arena *a, struct bytes folder, const char *name, size_t size)
{
	char *p = arena_alloc(a, folder.size + size + 2);

	if (!folder.size)
		return (struct bytes){ memcpy(p, name, size), size };
	memcpy(p, folder.data, folder.size);
	p[folder.size] = '/';
	memcpy(p + folder.size + 1, name, size);
	return (struct bytes){ p, folder.size + 1 + size };
}

/* Does the layer have something in the folder? Then the folder exists. */
static bool holds_any(const struct layer *v, struct bytes folder)
{
	const struct kid *k;

	for (k = map_get(&v->folders, folder.data, folder.size); k; k = k->next) {
		const struct bytes path = below(v->arena, folder, k->name, k->size);
		const struct seat *s = map_get(&v->seats, path.data, path.size);

		if (s ? s->state.size > 0 : holds_any(v, path))
			return true;
	}
	return false;
}

/* The state that the layer has of a path; false: the disk counts. */
static bool layer_says(const struct layer *v, struct bytes path, struct bytes *ret)
{
	const struct seat *s;
	struct bytes at = path;

	if (!v->seats.n)
		return false;
	s = map_get(&v->seats, path.data, path.size);
	if (s) {
		*ret = s->state;
		return true;
	}
	while (at.size) {
		at = parent_of(at);
		s = map_get(&v->seats, at.data, at.size);
		if (!s)
			continue;
		if (!s->bare)
			break;
		*ret = holds_any(v, path) ? bytes_text("d") : nothing;
		return true;
	}
	/* the layer has something below the path */
	if (!holds_any(v, path))
		return false;
	*ret = bytes_text("d");
	return true;
}

bool layer_has(const struct layer *v, struct bytes path)
{
	return map_get(&v->seats, path.data, path.size) || map_get(&v->folders, path.data, path.size);
}

bool layer_covers(const struct layer *v, struct bytes path)
{
	struct bytes state;

	return layer_says(v, path, &state);
}

static bool is_dir(struct bytes state)
{
	return state.size && *(const char *)state.data == 'd';
}

int layer_state(struct layer *v, struct bytes path, struct bytes *ret, struct err *err)
{
	struct fact one = { .kind = FACT_LEFT, .name = path, .detail = nothing };
	struct facts f = { &one, 1 };

	if (layer_says(v, path, ret))
		return 0;
	if (state_fill(v->world, NULL, &f, v->arena, err) < 0)
		return -1;
	*ret = one.state;
	return 0;
}

/* ---- which step's ------------------------------------------------------------------ */

enum whose eyes_whose(const struct eyes *e, const struct left *left, uint32_t *ret_later)
{
	bool left_mine = left->step == e->own, made_mine = left->maker == e->own;
	bool left_later = false, made_later = false;
	uint32_t i;

	*ret_later = 0;
	if (!left->maker || !left->state.size)
		return WHOSE_OTHER;
	for (i = 0; i < e->later_n; i++) {
		if (!left_mine && e->later[i] == left->step) {
			left_later = true;
			*ret_later = i + 1;
		}
		made_later = made_later || e->later[i] == left->maker;
	}
	if (!(left_mine || left_later) || !(made_mine || made_later))
		return WHOSE_OTHER;
	return made_mine ? WHOSE_OWN : WHOSE_LATER;
}

static bool line_of(const struct layer *v, struct bytes path, struct left *ret)
{
	const struct seat *s = v->seats.n ? map_get(&v->seats, path.data, path.size) : NULL;

	if (s && s->owned) {
		*ret = (struct left){ .path = s->path, .state = s->state, .step = s->step, .maker = s->maker };
		return true;
	}
	return ledger_get(v->ledger, path, ret);
}

int layer_left(struct layer *v, struct bytes path, struct left *ret, bool *ret_as_left, struct err *err)
{
	struct bytes state;

	*ret_as_left = false;
	if (!line_of(v, path, ret))
		return 0;
	if (layer_state(v, path, &state, err) < 0)
		return -1;
	*ret_as_left = bytes_order(state, ret->state) == 0;
	return 1;
}

/* ---- the view of a step ------------------------------------------------------- */

struct finding {
	struct layer *v;
	const struct eyes *eyes;
	uint32_t leaned;
	struct err *err;
	bool failed;
	uint32_t depth, links;
};

static enum whose whose(struct finding *f, struct bytes path, uint32_t *later)
{
	struct left left;
	bool as_left = false;

	*later = 0;
	if (!line_of(f->v, path, &left) || eyes_whose(f->eyes, &left, later) == WHOSE_OTHER)
		return WHOSE_OTHER;
	if (layer_left(f->v, path, &left, &as_left, f->err) < 0)
		f->failed = true;
	return as_left ? eyes_whose(f->eyes, &left, later) : WHOSE_OTHER;
}

static void lean(struct finding *f, uint32_t later)
{
	if (later > f->leaned)
		f->leaned = later;
}

static bool may_differ_below(const struct layer *v, struct bytes folder)
{
	return ledger_below(v->ledger, folder) || map_get(&v->folders, folder.data, folder.size);
}

static bool is_hidden(struct finding *f, struct bytes path, bool folder);

/* The type of a name on the disk, as the layer has it; 0: absent. */
static char type_now(struct finding *f, struct bytes path, char type)
{
	struct bytes state;

	if (!layer_says(f->v, path, &state))
		return type;
	if (!state.size)
		return 0;
	return is_dir(state) ? 'd' : *(const char *)state.data == 'l' ? 'l' : 'f';
}

struct entry {
	const char *name;
	size_t size;
	char type;
};

static int by_name(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;

	return bytes_order((struct bytes){ a->name, a->size }, (struct bytes){ b->name, b->size });
}

/* The listing as the step sees it, as pairs of name and type; *ret_all counts hidden names, too. */
static struct bytes visible(struct finding *f, struct bytes folder, struct bytes pairs, uint32_t *ret_all)
{
	struct arena *a = f->v->arena;
	const struct kid *kids = map_get(&f->v->folders, folder.data, folder.size), *k;
	const char *at = pairs.data, *end = at + pairs.size, *nul;
	struct entry *list = NULL;
	struct map known;
	uint32_t n = 0, kept = 0, i;
	struct buf b;
	struct bytes ret, self;

	map_init(&known);
	if (layer_says(f->v, folder, &self) && (!is_dir(self) || ((const struct seat *)map_get(&f->v->seats, folder.data, folder.size) &&
	    ((const struct seat *)map_get(&f->v->seats, folder.data, folder.size))->bare)))
		at = end;              /* names on the disk do not count */
	for (; at < end && (nul = memchr(at, 0, (size_t)(end - at))) != NULL; at = nul + 2) {
		list = arena_grow(a, list, n, sizeof *list);
		list[n++] = (struct entry){ at, (size_t)(nul - at), nul[1] };
		*map_put(&known, at, (size_t)(nul - at)) = f;
	}
	for (k = kids; k; k = k->next)
		if (!map_get(&known, k->name, k->size)) {
			list = arena_grow(a, list, n, sizeof *list);
			list[n++] = (struct entry){ k->name, k->size, 0 };
		}
	map_free(&known);
	if (n)
		qsort(list, n, sizeof *list, by_name);
	*ret_all = 0;
	buf_init(&b, LAYER_LISTING_MAX);
	for (i = 0; i < n; i++) {
		struct bytes path = below(a, folder, list[i].name, list[i].size);
		char type = type_now(f, path, list[i].type);

		if (!type)
			continue;
		++*ret_all;
		if (is_hidden(f, path, type == 'd'))
			continue;
		kept++;
		buf_add(&b, list[i].name, list[i].size);
		buf_byte(&b, 0);
		buf_byte(&b, type);
	}
	ret = (struct bytes){ kept ? arena_copy(a, b.data, b.size) : "", b.size };
	buf_free(&b);
	return ret;
}

/* The names on the disk, as pairs. */
static struct bytes disk_pairs(struct layer *v, struct bytes folder)
{
	struct tree_name *names;
	struct bytes ret;
	struct buf b;
	uint32_t n, i;

	if (tree_list(v->world->root_fd, arena_strn(v->arena, folder.data, folder.size), v->arena, &names, &n) < 0)
		return nothing;
	buf_init(&b, LAYER_LISTING_MAX);
	for (i = 0; i < n; i++) {
		buf_add(&b, names[i].name, strlen(names[i].name) + 1);
		buf_byte(&b, names[i].type);
	}
	ret = (struct bytes){ arena_copy(v->arena, buf_str(&b), b.size), b.size };
	buf_free(&b);
	return ret;
}

bool layer_is_empty(struct layer *v, struct bytes folder)
{
	const struct eyes nobody = { 0 };
	struct finding f = { .v = v, .eyes = &nobody };
	struct tree_name *names;
	uint32_t n;

	/* a folder that cannot be listed may hold anything */
	if (tree_list(v->world->root_fd, arena_strn(v->arena, folder.data, folder.size), v->arena, &names, &n) < 0)
		return false;
	(void)visible(&f, folder, disk_pairs(v, folder), &n);
	return n == 0;
}

/* Is the folder there only because the layer has something below it? */
static bool is_implied(const struct layer *v, struct bytes path)
{
	const struct seat *s = v->seats.n ? map_get(&v->seats, path.data, path.size) : NULL;
	struct stat st;

	if (s)
		return s->implied;
	return v->seats.n && map_get(&v->folders, path.data, path.size) &&
	       fstatat(v->world->root_fd, arena_strn(v->arena, path.data, path.size), &st, AT_SYMLINK_NOFOLLOW) < 0;
}

/* Is the folder hidden: `made` by the step or a later one, and without a visible name? */
static bool is_hidden_folder(struct finding *f, struct bytes path, bool made)
{
	uint32_t all;
	bool ret;

	if (!made || f->depth >= LAYER_DEPTH)
		return false;
	f->depth++;
	ret = !visible(f, path, disk_pairs(f->v, path), &all).size;
	f->depth--;
	return ret;
}

static bool is_hidden(struct finding *f, struct bytes path, bool folder)
{
	uint32_t later, leaned = f->leaned;
	enum whose w = whose(f, path, &later);
	bool ret = folder ? is_hidden_folder(f, path, w != WHOSE_OTHER || is_implied(f->v, path)) : w != WHOSE_OTHER;

	if (ret)
		lean(f, later);
	else if (!folder)
		f->leaned = leaned;
	return ret;
}

/* ---- facts -------------------------------------------------------------------- */

/* The path without links in its folders: the layer and the ledger know real names. */
struct bytes layer_real(struct layer *v, struct bytes path)
{
	struct bytes folder = parent_of(path);
	char *real;
	const char *rel;
	void **at;

	if (!folder.size)
		return path;
	real = map_get(&v->real, folder.data, folder.size);
	if (!real) {
		const char *name = arena_strn(v->arena, folder.data, folder.size);
		const char *whole = file_real(path_join(v->arena, v->world->root, name), v->arena);

		rel = whole ? path_below(v->world->root, whole) : NULL;
		real = rel ? arena_str(v->arena, rel) : (char *)(uintptr_t)name;
		at = map_put(&v->real, name, folder.size);
		*at = real;
	}
	if (strlen(real) == folder.size && memcmp(real, folder.data, folder.size) == 0)
		return path;
	return below(v->arena, bytes_text(real), (const char *)path.data + folder.size + 1, path.size - folder.size - 1);
}

static void amend(struct finding *f, struct fact *fact);

/* The layer's state as a state of a fact of this kind. */
static struct bytes as_fact(struct finding *f, const struct fact *fact, struct bytes path, struct bytes state)
{
	struct arena *a = f->v->arena;
	const char *p = state.data;
	struct fact target = { .kind = fact->kind, .detail = nothing };
	struct facts one = { &target, 1 };
	const char *to;
	char *joined;

	if (!state.size || *p == 'd')
		return state;
	if (*p != 'l')
		return fact->kind == FACT_TYPE || fact->kind == FACT_LIST ? bytes_text("f") : state;
	if (++f->links > LAYER_LINKS)
		return state;
	to = p[1] == '/' ? path_below(f->v->world->root, path_clean(a, p + 1))
			 : path_clean(a, path_join(a, path_dir(a, arena_strn(a, path.data, path.size)), p + 1));
	if (!to || strncmp(to, "..", 2) == 0)
		return bytes_text("?");
	target.name = bytes_text(to);
	if (state_fill(f->v->world, NULL, &one, a, f->err) < 0)
		f->failed = true;
	amend(f, &target);
	joined = arena_alloc(a, state.size + target.state.size + 1);
	memcpy(joined, p, state.size);
	if (target.state.size)
		memcpy(joined + state.size, target.state.data, target.state.size);
	return (struct bytes){ joined, state.size + target.state.size };
}

/* `bare`: the state came from the layer and lists no names. */
static void amend_folder(struct finding *f, struct fact *fact, struct bytes path, bool bare)
{
	bool listing = fact->kind == FACT_FILE || fact->kind == FACT_LIST;
	uint32_t later, all;
	bool made = whose(f, path, &later) != WHOSE_OTHER || is_implied(f->v, path);
	struct bytes pairs;
	char *state;

	if (!made && !bare && !may_differ_below(f->v, path))
		return;
	if (!listing) {
		if (is_hidden(f, path, true))
			fact->state = nothing;
		return;
	}
	pairs = bare ? disk_pairs(f->v, path) : state_listing(fact->state);
	pairs = visible(f, path, pairs, &all);
	if (!pairs.size && made) {
		lean(f, later);
		fact->state = nothing;
		return;
	}
	state = arena_alloc(f->v->arena, pairs.size + 1);
	state[0] = 'd';
	memcpy(state + 1, pairs.data, pairs.size);
	fact->state = (struct bytes){ state, pairs.size + 1 };
}

static void amend(struct finding *f, struct fact *fact)
{
	struct bytes path = f->v->seats.n ? layer_real(f->v, fact->name) : fact->name, state;
	bool bare = false;
	uint32_t later;

	if (layer_says(f->v, path, &state)) {
		bare = is_dir(state) && !is_dir(fact->state);
		if (bare || !is_dir(state))
			fact->state = as_fact(f, fact, path, state);
	} else if (!fact->state.size && holds_any(f->v, path)) {
		fact->state = bytes_text("d");
		bare = true;
	}
	if (!fact->state.size)
		return;
	if (is_dir(fact->state)) {
		amend_folder(f, fact, path, bare);
		return;
	}
	switch (whose(f, path, &later)) {
	case WHOSE_OTHER:
		return;
	case WHOSE_LATER:
		if (fact->kind == FACT_FILE)
			return;        /* the content was read: it counts as found */
		break;
	case WHOSE_OWN:
		break;
	}
	lean(f, later);
	fact->state = nothing;
}

bool layer_amends(unsigned kind)
{
	return kind == FACT_FILE || kind == FACT_PROBE || kind == FACT_TYPE || kind == FACT_LIST;
}

int layer_amend(struct layer *v, const struct eyes *e, struct facts *facts, uint32_t *leaned, struct err *err)
{
	struct finding f = { .v = v, .eyes = e, .err = err };
	uint32_t i;

	for (i = 0; i < facts->n && !f.failed; i++) {
		f.links = 0;
		if (layer_amends(facts->at[i].kind))
			amend(&f, &facts->at[i]);
	}
	if (f.leaned > *leaned)
		*leaned = f.leaned;
	return f.failed ? -1 : 0;
}

bool layer_hides(struct layer *v, const struct eyes *e, struct bytes path, struct err *err)
{
	struct finding f = { .v = v, .eyes = e, .err = err };
	struct bytes state;

	if (layer_state(v, path, &state, err) < 0 || !state.size)
		return false;
	return is_hidden(&f, path, is_dir(state));
}
