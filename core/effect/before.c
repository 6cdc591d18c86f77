#include "config.h"

#include "effect/before.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/checksum.h"
#include "fact/seen.h"
#include "os/tree.h"
#include "plug/setup.h"
#include "text/path.h"

enum { BEFORE_MOVED = 20000 };     /* names in folders that are moved */

static const struct bytes nothing = { "", 0 };

static struct bytes parent_of(struct bytes path)
{
	const char *slash = path.size ? memrchr(path.data, '/', path.size) : NULL;

	return (struct bytes){ path.data, slash ? (size_t)(slash - (const char *)path.data) : 0 };
}

static bool is_within(struct bytes path, struct bytes folder)
{
	return path.size > folder.size && memcmp(path.data, folder.data, folder.size) == 0 &&
	       (!folder.size || ((const char *)path.data)[folder.size] == '/');
}

/* `path`, which is `from` or below it, by the name `to`. */
static struct bytes renamed(struct arena *a, struct bytes path, struct bytes from, struct bytes to)
{
	size_t rest = path.size - from.size;
	char *p = arena_alloc(a, to.size + rest + 1);

	memcpy(p, to.data, to.size);
	memcpy(p + to.size, (const char *)path.data + from.size, rest);
	return (struct bytes){ p, to.size + rest };
}

struct bytes before_origin(struct before *b, struct bytes path)
{
	uint32_t i;

	for (i = b->moves_n; i-- > 0; )
		if (is_within(path, b->moves[i].to) || bytes_order(path, b->moves[i].to) == 0)
			path = renamed(b->arena, path, b->moves[i].to, b->moves[i].from);
	return path;
}

/* Did the run make a folder above the path? Then nothing was there when the run began. */
static bool is_below_own(const struct before *b, struct bytes path)
{
	while (path.size) {
		const struct seat *s;

		path = parent_of(path);
		s = map_get(&b->layer.seats, path.data, path.size);
		if (s)
			return s->bare && !s->moved;
	}
	return false;
}

/* The tracer's state as one of FACT_LEFT. */
static struct bytes state_of(const struct before *b, const vt_seen *s)
{
	const char *p = s->other.data;

	if (!s->other.size)
		return s->flags & VT_SEEN_ABSENT ? nothing : bytes_text("?");
	switch (*p) {
	case 'c':
		return b->ids ? (struct bytes){ p, s->other.size } : bytes_text(s->other.size > 1 + sizeof(vt_id) ? "?x" : "?");
	case 'f':
		return bytes_text(s->other.size > 1 ? "?x" : "?");
	case 'l':
		/* the NUL behind the target counts */
		return (struct bytes){ arena_strn(b->arena, p, s->other.size), s->other.size + 1 };
	default:
		return (struct bytes){ p, 1 };
	}
}

static void found(struct before *b, const vt_seen *s)
{
	struct bytes path = before_origin(b, (struct bytes){ s->name.data, s->name.size });

	if (!path.size || map_get(&b->layer.seats, path.data, path.size) || is_below_own(b, path))
		return;
	layer_set(&b->layer, path, state_of(b, s));
	if (!b->ids && s->other.size > sizeof(vt_id) && *(const char *)s->other.data == 'c') {
		struct bytes *id = arena_alloc(b->arena, sizeof *id);

		*id = (struct bytes){ s->other.data, s->other.size };
		*map_put(&b->contents, path.data, path.size) = id;
	}
}

/* Is the present content the one that the tracer named? */
static bool holds_same(struct before *b, struct bytes path, struct bytes was)
{
	unsigned char name[16];
	bool ret;
	int fd;

	fd = openat(b->layer.world->root_fd, arena_strn(b->arena, path.data, path.size), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ret = checksum_content(fd, name) == 0 && memcmp((const char *)was.data + 1, name, sizeof name) == 0;
	close(fd);
	return ret;
}

/* Finds the old content where tracer and fingerprint name contents differently: known only if the file still holds it. */
static void find_contents(struct before *b)
{
	uint32_t i;

	for (i = 0; i < b->contents.n; i++) {
		const struct bytes was = *(const struct bytes *)b->contents.at[i].value;
		struct fact now = { .kind = FACT_LEFT, .name = b->contents.at[i].key, .detail = nothing };
		struct facts one = { &now, 1 };
		const size_t size = 1 + sizeof(vt_id);
		char *state;

		if (!holds_same(b, now.name, was) || state_fill(b->layer.world, NULL, &one, b->arena, NULL) < 0 || now.state.size < size)
			continue;
		state = arena_alloc(b->arena, size + 1);
		memcpy(state, now.state.data, size);
		state[size] = 'x';
		layer_set(&b->layer, now.name, (struct bytes){ state, size + (was.size > size) });
	}
}

/* Notes that a folder from before the run got another name. */
static void moved(struct before *b, const vt_seen *s)
{
	struct bytes from = { s->name.data, s->name.size }, origin = before_origin(b, from);
	struct seat *seat = map_get(&b->layer.seats, origin.data, origin.size), *to;

	if (!seat || !seat->state.size || *(const char *)seat->state.data != 'd' || is_below_own(b, origin))
		return;
	b->moves = arena_grow(b->arena, b->moves, b->moves_n, sizeof *b->moves);
	b->moves[b->moves_n++] = (struct move){ .from = from, .to = { s->other.data, s->other.size }, .origin = origin, .again = seat->moved };
	seat->moved = true;
	to = map_get(&b->layer.seats, s->other.data, s->other.size);
	if (to)
		to->bare = true;
}

/* ---- at the end ----------------------------------------------------------------- */

struct walk {
	struct before *b;
	struct bytes now, origin;
	uint32_t n;
};

/* Puts a path that came with a moved folder into the layer under its old name. */
static void came_along(void *ctx, const char *path, size_t size, const struct stat *st)
{
	struct walk *w = ctx;
	struct before *b = w->b;
	struct bytes name = { path, size }, origin, state;
	struct stamp stamp;

	if (!is_within(name, w->now))
		return;
	if (++w->n > BEFORE_MOVED) {
		b->lost = true;
		return;
	}
	origin = renamed(b->arena, name, w->now, w->origin);
	if (map_get(&b->layer.seats, origin.data, origin.size))
		return;
	stamp_of(st, &stamp);
	if (layer_state(&b->layer, (struct bytes){ arena_strn(b->arena, path, size), size }, &state, NULL) < 0 || !state.size ||
	    (S_ISREG(st->st_mode) && stamp.ctime_ns > b->started_ns))
		state = bytes_text("?");
	layer_set(&b->layer, origin, state);
}

static void end_move(struct before *b, uint32_t which)
{
	const struct tree_visitor v = { .found = came_along, .ctx = &(struct walk){ .b = b } };
	struct walk *w = v.ctx;
	struct seat *seat;
	uint32_t i;

	w->origin = b->moves[which].origin;
	w->now = b->moves[which].to;
	for (i = which + 1; i < b->moves_n; i++) {
		if (bytes_order(w->now, b->moves[i].from) == 0)
			w->now = b->moves[i].to;
		else if (is_within(w->now, b->moves[i].from))
			w->now = renamed(b->arena, w->now, b->moves[i].from, b->moves[i].to);
	}
	/* asks the disk: the layer would answer for the time before the run */
	seat = map_get(&b->layer.seats, w->now.data, w->now.size);
	if (seat)
		seat->bare = false;
	tree_walk(b->layer.world->root_fd, arena_strn(b->arena, w->now.data, w->now.size), TREE_LINKS | TREE_EMPTY, &v, NULL);
	if (seat)
		seat->bare = true;
	seat = map_get(&b->layer.seats, w->origin.data, w->origin.size);
	if (seat)
		seat->bare = true;
}

struct before *before_new(const struct state_world *w, struct ledger *l, const struct seen *seen, int64_t started_ns, struct arena *a)
{
	struct before *b = xcalloc(1, sizeof *b);
	struct component *fingerprint = w->fingerprint(w->plug);
	uint32_t i;

	b->arena = a;
	b->seen = seen;
	b->started_ns = started_ns;
	b->ids = fingerprint && strcmp(component_name(fingerprint), "fingerprint-content") == 0;
	map_init(&b->contents);
	layer_init(&b->layer, w, l, b->arena);
	for (i = 0; i < seen->n; i++) {
		if (seen->at[i].op == VT_SEEN_BEFORE)
			found(b, &seen->at[i]);
		else if (seen->at[i].op == VT_SEEN_RENAME)
			moved(b, &seen->at[i]);
	}
	for (i = 0; i < b->moves_n; i++)
		if (!b->moves[i].again)
			end_move(b, i);
	find_contents(b);
	return b;
}

void before_free(struct before *b)
{
	layer_free(&b->layer);
	map_free(&b->contents);
	free(b);
}
