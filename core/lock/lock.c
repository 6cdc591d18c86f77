#include "config.h"

#include "lock/lock.h"

#include <string.h>

#include "base/checksum.h"
#include "lock/inside.h"
#include "workspace/workspace.h"

const char *const lock_kinds[] = { "dependencies", "optionalDependencies", "peerDependencies", "devDependencies", NULL };

static const struct {
	const char *name;
	int (*read)(struct lock *l, struct bytes text, struct err *err);       /* NULL: no text */
} formats[] = {
	{ "pnpm-lock.yaml", lock_read_pnpm }, { "package-lock.json", lock_read_npm }, { "npm-shrinkwrap.json", lock_read_npm },
	{ "yarn.lock", lock_read_yarn }, { "bun.lock", lock_read_bun }, { "bun.lockb", NULL },
};

bool lock_is(const char *path)
{
	size_t i;

	for (i = 0; i < COUNT(formats); i++)
		if (strcmp(path, formats[i].name) == 0)
			return true;
	return false;
}

/* --- the graph --- */

static struct lock_node *made(struct lock *l, struct map *in, const char *key, const char *ident)
{
	void **place = map_puts(in, key);
	struct lock_node *n = *place;

	if (n)
		return n;
	n = *place = arena_alloc(l->a, sizeof *n);
	n->ident = ident;
	return n;
}

struct lock_node *lock_node(struct lock *l, const char *key, const char *ident)
{
	return made(l, &l->nodes, key, ident);
}

struct lock_node *lock_importer(struct lock *l, const char *path)
{
	return made(l, &l->importers, strcmp(path, ".") == 0 ? "" : path, "");
}

struct lock_node *lock_find(const struct lock *l, const char *key)
{
	return map_gets(&l->nodes, key);
}

void lock_say(struct lock_node *n, const char *text)
{
	size_t size = strlen(text);

	n->sum[0] += checksum(text, size, 1);
	n->sum[1] += checksum(text, size, 2);
}

void lock_need(struct lock *l, struct lock_node *n, const char *name, struct lock_node *to, const char *value)
{
	lock_say(n, arena_printf(l->a, "%s needs %s", name, to ? to->ident : value));
	if (!to)
		return;
	n->needs = arena_grow(l->a, n->needs, n->needs_n, sizeof *n->needs);
	n->needs[n->needs_n++] = to;
}

static const char *name_of(struct arena *a, const char *descriptor)
{
	const char *at = strchr(descriptor + (descriptor[0] == '@'), '@');

	return at ? arena_strn(a, descriptor, (size_t)(at - descriptor)) : descriptor;
}

struct lock_node *lock_descriptor(struct lock *l, const char *descriptor, struct lock_node *n, const char *ident)
{
	struct lock_node *all;

	if (n) {
		*map_puts(&l->nodes, descriptor) = n;
		return n;
	}
	n = lock_node(l, descriptor, ident);
	all = made(l, &l->names, name_of(l->a, descriptor), "");
	all->needs = arena_grow(l->a, all->needs, all->needs_n, sizeof *all->needs);
	all->needs[all->needs_n++] = n;
	return n;
}

void lock_need_range(struct lock *l, struct lock_node *n, const char *name, const char *range)
{
	struct lock_node *to = lock_find(l, arena_printf(l->a, "%s@%s", name, range)), *all;
	uint32_t i;

	if (!to)
		to = lock_find(l, arena_printf(l->a, "%s@npm:%s", name, range));
	all = to ? NULL : map_gets(&l->names, name);
	if (!all)
		lock_need(l, n, name, to, range);
	for (i = 0; all && i < all->needs_n; i++)
		lock_need(l, n, name, all->needs[i], NULL);
}

const char *lock_json_text(const cJSON *map, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(map, key);

	return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* --- what a package resolves --- */

struct resolved {
	uint64_t sum[2];
};

static void add(struct resolved *r, const struct lock_node *n)
{
	r->sum[0] += checksum(n->sum, sizeof n->sum, 1);
	r->sum[1] += checksum(n->sum, sizeof n->sum, 2);
}

static struct resolved reach(const struct lock *l, struct lock_node *from, uint32_t walk)
{
	struct lock_node **todo = arena_array(l->a, (size_t)l->nodes.n + 1, sizeof *todo);
	struct resolved r = { { 0, 0 } };
	uint32_t n = 0, i;

	todo[n++] = from;
	from->walk = walk;
	while (n) {
		struct lock_node *at = todo[--n];

		add(&r, at);
		for (i = 0; i < at->needs_n; i++)
			if (at->needs[i]->walk != walk) {
				at->needs[i]->walk = walk;
				todo[n++] = at->needs[i];
			}
	}
	return r;
}

/* Sums up all packages at once; a package that the file does not list resolves nothing. */
static int resolve(const struct workspace *w, const char *path, struct bytes text, struct arena *a, struct resolved *ret, struct err *err)
{
	struct lock l = { .workspace = w, .file = path, .a = a };
	uint32_t i;
	size_t k = 0;
	int r;

	while (k < COUNT(formats) && strcmp(path, formats[k].name) != 0)
		k++;
	if (k == COUNT(formats) || !formats[k].read)
		return err_set(err, ERR_USER, "%s is no text; `bun install --save-text-lockfile` writes bun.lock", path);
	map_init(&l.nodes);
	map_init(&l.importers);
	map_init(&l.names);
	r = formats[k].read(&l, text, err);
	for (i = 0; i < w->packages_n && r == 0; i++) {
		struct lock_node *from = map_gets(&l.importers, w->packages[i].path);
		struct arena *work = arena_new();

		l.a = work;
		if (from)
			ret[i] = reach(&l, from, i + 1);
		arena_free(work);
	}
	map_free(&l.names);
	map_free(&l.importers);
	map_free(&l.nodes);
	return r;
}

int lock_compare(const struct workspace *w, const char *path, struct bytes before, struct bytes after, bool *ret, struct err *err)
{
	struct arena *a = arena_new();
	struct resolved *then = arena_array(a, w->packages_n, sizeof *then), *now = arena_array(a, w->packages_n, sizeof *now);
	uint32_t i;
	int r = resolve(w, path, before, a, then, err);

	if (r == 0)
		r = resolve(w, path, after, a, now, err);
	for (i = 0; i < w->packages_n && r == 0; i++)
		ret[i] |= memcmp(&then[i], &now[i], sizeof then[i]) != 0;
	arena_free(a);
	return r;
}
