#include "config.h"

#include <string.h>

#include "os/loop.h"
#include "os/reader.h"
#include "workspace/load.h"

enum { AHEAD_LEAST = 32 };     /* folders beside each other that are worth a thread */

struct ahead {
	struct ahead *next;
	struct reader *reader;         /* all package.json, then all vite-task.json */
	uint32_t folders;
	const char **paths;            /* of the reader */
	bool ranges;                   /* as for manifest_read */
	struct arena *workspace;       /* the loader's: for what it makes itself */
	struct arena *made;            /* the thread's, for what it makes */
};

/* [the reader's thread] Of a text that is wrong nothing: the owner tells what is. */
static void *make(void *ctx, uint32_t i, struct bytes text)
{
	struct ahead *ahead = ctx;
	struct err err = { 0 };
	struct manifest m;
	struct config c;
	void *ret = NULL;

	if (i < ahead->folders) {
		if (manifest_from(ahead->paths[i], text, ahead->ranges, ahead->made, &m, &err) == 0)
			ret = arena_copy(ahead->made, &m, sizeof m);
	} else if (config_read(ahead->paths[i], &text, "", false, ahead->made, &c, &err) == 0) {
		ret = arena_copy(ahead->made, &c, sizeof c);
	}
	err_clear(&err);
	return ret;
}

struct ahead *ahead_start(struct loading *l, const struct texts *folders)
{
	static const char *const names[] = { "package.json", "vite-task.json" };
	struct arena *a = l->w.arena;
	struct ahead *ahead;
	uint32_t i, k, n = folders->n;

	if (n < AHEAD_LEAST || l->aheads_n == AHEAD_MOST || os_cpus() < 2)
		return NULL;
	ahead = arena_alloc(a, sizeof *ahead);
	ahead->folders = n;
	ahead->ranges = l->root.ranges;
	ahead->workspace = a;
	ahead->made = l->beside[l->aheads_n++] = arena_new();
	ahead->paths = arena_array(a, (size_t)n * COUNT(names), sizeof *ahead->paths);
	for (k = 0; k < COUNT(names); k++)
		for (i = 0; i < n; i++)
			ahead->paths[k * n + i] = arena_printf(a, "%s/%s/%s", l->w.root[1] ? l->w.root : "", folders->at[i], names[k]);
	ahead->reader = reader_start(&(struct reader_setup){ .paths = ahead->paths, .n = n * COUNT(names),
							     .max = WORKSPACE_FILE_MAX, .make = make, .ctx = ahead });
	ahead->next = l->aheads;
	l->aheads = ahead;
	return ahead;
}

int ahead_manifest(struct ahead *ahead, uint32_t at, struct arena *scratch, struct manifest *ret, struct err *err)
{
	struct bytes text;
	void *made;
	int r = reader_take(ahead->reader, at, scratch, &text, &made, err);

	if (r)
		return r;
	if (!made)
		return manifest_from(ahead->paths[at], text, ahead->ranges, ahead->workspace, ret, err);
	memcpy(ret, made, sizeof *ret);
	return 0;
}

int ahead_config(struct ahead *ahead, uint32_t at, struct arena *scratch, struct bytes *ret, struct config **ret_made, struct err *err)
{
	void *made;
	int r = reader_take(ahead->reader, ahead->folders + at, scratch, ret, &made, err);

	*ret_made = made;
	return r;
}

void ahead_stop(struct loading *l)
{
	for (; l->aheads; l->aheads = l->aheads->next)
		reader_free(l->aheads->reader);
}
