#include "config.h"

#include <string.h>

#include "record/tracked.h"
#include "text/path.h"
#include "watch/inside.h"

/* Whose is a change that came during a run? Of a watched step it is known what it wrote. An unwatched one may have written
 * anywhere in its package; there a change is taken for somebody's edit if git tracks the file, or if no run before has changed
 * it. What looks like an edit after several runs in a row that only such edits started is the task's own after all. */

enum {
	WRITER_ASKED = 256,            /* folders and files that git's index is asked about in one run, at most */
	WRITER_OWN = 1 << 16           /* paths of the session */
};

static const char folder_tracked, folder_untracked;

/* ---- git ---- */

static bool ask(struct watch *w, const char *path)
{
	const char *known = map_gets(&w->folders, path);

	if (!known && w->folders.n < WRITER_ASKED) {
		known = tracked_below(w->setup.root, path) ? &folder_tracked : &folder_untracked;
		*map_puts(&w->folders, arena_str(w->scratch, path)) = (void *)known;
	}
	return known == &folder_tracked;
}

/* Does git track the file? Its folder is asked about first: most of what tasks write lies in folders of its own. */
static bool is_tracked(struct watch *w, const char *path)
{
	return ask(w, path_dir(w->scratch, path)) && ask(w, path);
}

/* ---- whose ---- */

static bool is_in_package_of_writer(const struct watch *w, const char *path)
{
	size_t size;

	for (size = strlen(path); size > 1; size--)
		if ((!path[size] || path[size] == '/') && map_get(&w->writers.set, path, size))
			return true;
	return false;
}

static bool is_edit(struct watch *w, const struct record *r, const struct interest *i, const char *path)
{
	if (paths_have(&w->own, path))
		return false;
	if (r == w->config || is_tracked(w, path))
		return true;
	/* in the first run nothing is known yet; only a new input would be missed for good */
	if (w->first)
		return i->how == INTEREST_BELOW && i->filter == FILTER_GLOBS && r->sum;
	/* a new name is the task's product; where the result is kept, to look it up again costs little */
	return r->sum || !paths_have(&w->named, path);
}

/* Did a step of the run write it? */
static bool is_own(struct watch *w, const struct record *r, const struct interest *i, const char *path)
{
	if (paths_have(&w->written, path))
		return true;
	if (!is_in_package_of_writer(w, path))
		return false;
	if (is_edit(w, r, i, path)) {
		if (w->loops < WATCH_LOOPS) {
			paths_add(&w->edits, path);
			return false;
		}
		watch_mute(w, path);
		return true;
	}
	if (w->own.set.n < WRITER_OWN)
		paths_add(&w->own, path);
	return true;
}

void tell_record(struct watch *w, struct record *r, const struct interest *i, const char *path)
{
	if (!w->running) {
		r->dirty = true;
		watch_changed(w, path);
	} else if (is_own(w, r, i, path)) {
		paths_add(&w->habits, path);
		r->touched = r->touched || r->sum;     /* what is not kept runs anew only for what somebody else did */
	} else {
		r->touched = true;
		paths_add(&w->changed, path);
	}
}

void writer_begin(struct watch *w)
{
	paths_clear(&w->written);
	paths_clear(&w->writers);
	paths_clear(&w->named);
	paths_clear(&w->edits);
	map_free(&w->folders);
	map_init(&w->folders);
}
