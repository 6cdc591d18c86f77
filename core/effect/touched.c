#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "effect/record_inside.h"
#include "fact/known.h"
#include "fact/seen.h"
#include "os/tree.h"

static const struct bytes nothing = { "", 0 };

static struct touched *touch(struct recording *k, struct bytes path)
{
	struct touched *t = map_get(&k->known, path.data, path.size);

	if (t || !path.size)
		return t;
	t = arena_alloc(k->r->arena, sizeof *t);
	t->path = path;
	*map_put(&k->known, path.data, path.size) = t;
	return t;
}

static void found_below(void *ctx, const char *path, size_t size, const struct stat *st)
{
	struct recording *k = ctx;

	(void)st;
	touch(k, (struct bytes){ arena_strn(k->r->arena, path, size), size })->written = true;
}

/* Touches all below a folder that a rename put here. */
static void touch_below(struct recording *k, struct bytes path)
{
	struct tree_visitor v = { .found = found_below, .ctx = k };

	tree_walk(k->r->world->root_fd, arena_strn(k->r->arena, path.data, path.size), TREE_LINKS | TREE_EMPTY, &v, NULL);
}

void touched_find(struct recording *k)
{
	const struct seen *seen = k->r->seen;
	const struct map *seats = &k->r->before->layer.seats;
	struct touched *t, *to;
	uint32_t i;

	for (i = 0; i < seen->n; i++) {
		const vt_seen *s = &seen->at[i];
		const struct bytes name = { s->name.data, s->name.size }, other = { s->other.data, s->other.size };

		if (s->op != VT_SEEN_WRITE && s->op != VT_SEEN_RENAME)
			continue;
		t = touch(k, name);
		if (t) {
			t->written = true;
			t->moved |= s->op == VT_SEEN_RENAME;
			t->cut |= s->op == VT_SEEN_RENAME || !(s->flags & VT_SEEN_ATTRIBUTE);
			t->stays = s->op == VT_SEEN_WRITE && !(s->flags & VT_SEEN_REMOVED) && (t->stays || !(s->flags & VT_SEEN_ATTRIBUTE));
			t->folder |= s->op == VT_SEEN_WRITE && (s->flags & VT_SEEN_DIRECTORY) && !(s->flags & VT_SEEN_REMOVED);
		}
		if (s->op != VT_SEEN_RENAME || !(to = touch(k, other)))
			continue;
		to->written = to->folder = to->cut = to->target = to->stays = true;
		to->from = t;
		touch_below(k, other);
	}
	for (i = 0; i < seen->left_out.n; i++)
		if ((t = touch(k, seen->left_out.at[i].key)) != NULL)
			t->written = true;
	for (i = 0; i < seats->n; i++) {
		const struct seat *s = seats->at[i].value;

		/* the seats of a folder that was moved away */
		if (!map_get(&k->known, s->path.data, s->path.size) && !map_get(&seen->left_out, s->path.data, s->path.size) &&
		    (t = touch(k, s->path)) != NULL)
			t->moved = s->state.size > 0;
	}
}

/* The state before a call that wrote only attributes: the content of now, with the x bit of `found`. */
static struct bytes with_mode(struct arena *a, struct bytes left, struct bytes found)
{
	const bool x = found.size > 1;
	char *p;

	if (!left.size || *(const char *)left.data != 'c')
		return found;
	p = arena_alloc(a, 1 + sizeof(vt_id) + 1);
	memcpy(p, left.data, 1 + sizeof(vt_id));
	p[1 + sizeof(vt_id)] = 'x';
	return (struct bytes){ p, 1 + sizeof(vt_id) + x };
}

bool touched_stamp(const struct record *r, struct bytes path, struct stamp *ret)
{
	struct stat st;

	if (fstatat(r->world->root_fd, arena_strn(r->arena, path.data, path.size), &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	stamp_of(&st, ret);
	return true;
}

static bool is_young(const struct record *r, struct bytes path)
{
	struct stamp stamp;

	return touched_stamp(r, path, &stamp) && stamp.ctime_ns > r->started_ns;
}

int touched_fill(struct recording *k)
{
	struct record *r = k->r;
	struct facts now = { .at = arena_array(r->arena, k->known.n + 1, sizeof *now.at) };
	uint32_t i;

	for (i = 0; i < k->known.n; i++)
		now.at[now.n++] = (struct fact){ .kind = FACT_LEFT, .name = k->known.at[i].key, .detail = nothing };
	facts_sort(&now);
	if (known_fill(r->known, r->world, NULL, &now, 0, NULL, r->arena, k->err) < 0)
		return -1;
	k->now_ns = state_now(r->world);
	for (i = 0; i < now.n; i++) {
		struct touched *t = map_get(&k->known, now.at[i].name.data, now.at[i].name.size);

		t->left = now.at[i].state;
		if (layer_state(&r->before->layer, t->path, &t->found, k->err) < 0)
			return -1;
		if (!t->cut && t->found.size && *(const char *)t->found.data == '?') {
			t->found = with_mode(r->arena, t->left, t->found);
			layer_set(&r->before->layer, t->path, t->found);
		} else if (t->written && !layer_covers(&r->before->layer, t->path) && state_is_content(t->left) && is_young(r, t->path))
			t->found = bytes_text("?");    /* the tracer did not tell it */
		t->hidden = t->found.size && layer_hides(&r->before->layer, r->eyes, t->path, k->err);
	}
	return 0;
}
