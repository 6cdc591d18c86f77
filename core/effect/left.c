#include "config.h"

#include "effect/left.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/map.h"
#include "fact/fact.h"
#include "fact/seen.h"
#include "os/tree.h"

struct leaving {
	int root_fd;
	struct arena *arena;
	struct map known;              /* path -> itself */
	vt_seen *at;
	uint32_t n;
};

static void add(struct leaving *l, const char *path, size_t size, uint16_t flags)
{
	char *name;

	if (!size || map_get(&l->known, path, size))
		return;
	name = arena_strn(l->arena, path, size);
	*map_put(&l->known, name, size) = l;
	l->at = arena_grow(l->arena, l->at, l->n, sizeof *l->at);
	l->at[l->n++] = (vt_seen){ .op = VT_SEEN_WRITE, .flags = (uint16_t)(VT_SEEN_LEFT | flags), .name = { name, size }, .other = { "", 0 } };
}

static void found_below(void *ctx, const char *path, size_t size, const struct stat *st)
{
	add(ctx, path, size, S_ISDIR(st->st_mode) ? VT_SEEN_DIRECTORY : 0);
}

/* Adds the record of a path; of a folder those of its content, or one that says it is empty. */
static void look(struct leaving *l, vt_bytes name)
{
	struct tree_visitor v = { .found = found_below, .ctx = l };
	const char *path = arena_strn(l->arena, name.data, name.size);
	struct stat st;

	if (fstatat(l->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		add(l, path, name.size, VT_SEEN_REMOVED);
	else if (S_ISDIR(st.st_mode))
		tree_walk(l->root_fd, path, TREE_LINKS | TREE_EMPTY, &v, NULL);
	else
		add(l, path, name.size, 0);
}

static int by_name(const void *a, const void *b)
{
	const vt_seen *x = a, *y = b;

	return bytes_order((struct bytes){ x->name.data, x->name.size }, (struct bytes){ y->name.data, y->name.size });
}

vt_seen *left_records(const struct seen *seen, int root_fd, struct arena *a, uint32_t *ret_n)
{
	struct leaving l = { .root_fd = root_fd, .arena = a };
	uint32_t i;

	map_init(&l.known);
	for (i = 0; i < seen->n; i++) {
		const vt_seen *s = &seen->at[i];

		if (s->op != VT_SEEN_WRITE && s->op != VT_SEEN_RENAME)
			continue;
		look(&l, s->name);
		if (s->op == VT_SEEN_RENAME)
			look(&l, s->other);
	}
	map_free(&l.known);
	if (l.n)
		qsort(l.at, l.n, sizeof *l.at, by_name);
	*ret_n = l.n;
	return l.at;
}
