#include "config.h"

#include "query/changed.h"

#include <string.h>

#include "base/texts.h"
#include "query/select.h"
#include "text/path.h"
#include "workspace/workspace.h"

/* Was the folder a package before, and is it none now? */
static bool is_gone(const struct workspace *w, const struct texts *paths, const char *dir, struct arena *a)
{
	return texts_has(paths, path_join(a, dir, "package.json")) && workspace_would_hold(w, dir);
}

/* The innermost package around a changed path, or NULL. */
static const struct package *owner(const struct workspace *w, const struct texts *paths, const char *path, struct arena *a)
{
	const struct package *p;

	while (!(p = workspace_package(w, path)) && *path) {
		if (is_gone(w, paths, path, a))
			return NULL;
		path = path_dir(a, path);
	}
	return p;
}

static int said(struct err *err, const char *asked, struct arena *a)
{
	const char *text = err_take(err, a);

	return err_set(err, ERR_USER, "%s: %s", asked, text);
}

int changed_packages(const struct query_world *world, const char *reference, const char *asked, struct arena *a, bool *ret, struct err *err)
{
	struct texts paths = { NULL, 0 };
	struct arena *work;
	uint32_t i;

	if (!world->changed_since)
		return err_set(err, ERR_USER, "%s: nothing here can tell what has changed", asked);
	if (world->changed_since(world->ctx, reference, a, &paths, err) < 0)
		return said(err, asked, a);
	if (paths.n)
		paths.at = arena_copy(a, paths.at, paths.n * sizeof *paths.at);
	texts_sort(&paths);
	work = arena_new();
	for (i = 0; i < paths.n; i++) {
		const struct package *p;

		if (world->relocked && world->relocked(world->ctx, reference, paths.at[i], asked, ret))
			continue;
		p = owner(world->workspace, &paths, paths.at[i], work);

		if (p)
			ret[p->index] = true;
	}
	arena_free(work);
	return 0;
}
