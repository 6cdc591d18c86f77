#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "exec/watcher.h"
#include "fact/fact.h"
#include "fact/seen.h"
#include "os/notify.h"
#include "os/tree.h"
#include "plan/step.h"
#include "record/tracked.h"
#include "text/path.h"
#include "watch/inside.h"
#include "workspace/workspace.h"

/* writer: tells whose a change during a run is. The writing of a traced step is known, and the state in which the step left each
 * path: a change is the step's if the path is still in that state, else an edit. A step that no tracer
 * could follow may have written anywhere in its package; there a change is taken for a user's edit if git tracks the file, or
 * if no run before has changed it. What looks like an edit after several runs in a row that only such edits started is the
 * task's own after all. */

enum {
	WRITER_ASKED = 256,            /* questions about folders and files to git's index in one run, at most */
	WRITER_OWN = 1 << 16           /* paths of the session, at most */
};

static const char folder_tracked, folder_untracked;

/* ---- what a step left ---- */

/* The present state of a path. The content of a folder, and so its times, does not count. */
static void look_at(const char *path, struct left *ret)
{
	struct stat st;

	ret->there = lstat(path, &st) == 0;
	ret->folder = ret->there && S_ISDIR(st.st_mode);
	ret->stamp = (struct stamp){ 0 };
	if (ret->there && !ret->folder)
		stamp_of(&st, &ret->stamp);
}

static bool is_as_left(const struct left *left, const char *path)
{
	struct left now;

	look_at(path, &now);
	return left->there == now.there && left->folder == now.folder && stamp_equal(&left->stamp, &now.stamp);
}

static struct left *add_path(struct watch *w, const char *path)
{
	struct left *left = map_gets(&w->written.set, path);

	if (!left) {
		left = arena_alloc(w->written.arena, sizeof *left);
		*left = (struct left){ 0 };
		*map_puts(&w->written.set, arena_str(w->written.arena, path)) = left;
	}
	look_at(path, left);
	if (left->step != w->steps) {
		left->step = w->steps;
		left->steps++;
	}
	return left;
}

static struct left *add_name(struct watch *w, struct bytes name)
{
	return add_path(w, absolute(w, w->scratch, name));
}

static void found_below(void *ctx, const char *name, size_t size, const struct stat *st)
{
	(void)st;
	add_name(ctx, (struct bytes){ name, size });
}

/* Adds all paths below a folder that was renamed. */
static void add_tree(struct watch *w, struct bytes name)
{
	struct tree_visitor v = { .found = found_below, .ctx = w };
	int root_fd = open(w->setup.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root_fd < 0)
		return;
	tree_walk(root_fd, arena_strn(w->scratch, name.data, name.size), TREE_LINKS | TREE_EMPTY, &v, NULL);
	close(root_fd);
}

/* Adds the folders above a path, which may have been made for it. */
static void add_folders(struct watch *w, const char *path)
{
	for (path = path_dir(w->scratch, path); path_below(w->setup.root, path) && !paths_have(&w->written, path); path = path_dir(w->scratch, path))
		add_path(w, path);
}

static void add_facts(struct watch *w, const struct facts *f)
{
	uint32_t i;

	for (i = 0; i < f->n; i++) {
		add_name(w, f->at[i].name);
		add_folders(w, absolute(w, w->scratch, f->at[i].name));
	}
}

/* Adds the paths that a traced step wrote. Another program may have changed a path between the step's reading and writing; for all
 * other paths the cache or the state at the end tells. */
static void add_seen(struct watch *w, const struct seen *seen)
{
	struct map read;
	struct left *left;
	uint32_t i;

	map_init(&read);
	for (i = 0; i < seen->n; i++) {
		const vt_seen *s = &seen->at[i];

		if (s->op == VT_SEEN_READ)
			*map_put(&read, s->name.data, s->name.size) = w;
		if (s->op != VT_SEEN_WRITE && s->op != VT_SEEN_RENAME)
			continue;
		left = add_name(w, (struct bytes){ s->name.data, s->name.size });
		left->edited = left->edited || map_get(&read, s->name.data, s->name.size);
		if (s->op == VT_SEEN_WRITE)
			continue;
		left = add_name(w, (struct bytes){ s->other.data, s->other.size });
		left->edited = left->edited || map_get(&read, s->other.data, s->other.size);
		if (left->folder)
			add_tree(w, (struct bytes){ s->other.data, s->other.size });
	}
	map_free(&read);
}

void note_written(struct watch *w, const struct step *step, const struct step_trail *trail)
{
	const char *package = step->task->package->path;
	uint32_t i;

	w->steps++;
	if (trail->ran || trail->restored) {
		add_facts(w, &trail->result.outputs);
		add_facts(w, &trail->result.effects);
	}
	for (i = 0; i < trail->result.removed.n && trail->restored; i++)
		add_name(w, (struct bytes){ trail->result.removed.at[i], strlen(trail->result.removed.at[i]) });
	if (trail->wrote)
		add_seen(w, trail->wrote);
	if (!trail->ran || (trail->kept && !trail->blind))
		return;
	package = absolute(w, w->scratch, (struct bytes){ package, strlen(package) });
	paths_add(&w->writers, package);
	if (trail->blind)
		paths_add(&w->blind, package);
}

void note_arrival(struct watch *w, const char *path, unsigned what)
{
	void **count;

	if (!(what & (NOTIFY_CLOSED | NOTIFY_MOVED)) || !paths_have(&w->written, path))
		return;
	count = map_puts(&w->arrivals, map_gets(&w->arrivals, path) ? path : arena_str(w->scratch, path));
	*count = (void *)((uintptr_t)*count + 1);
}

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

/* Does git track the file? Its folder is asked about first, because most products lie in folders without tracked files. */
static bool is_tracked(struct watch *w, const char *path)
{
	return ask(w, path_dir(w->scratch, path)) && ask(w, path);
}

/* ---- whose ---- */

/* The value of the path, or of the nearest folder above it that has one. */
static void *at_or_above(const struct map *of, const char *path)
{
	size_t size;
	void *ret = NULL;

	for (size = strlen(path); size > 1 && !ret; size--)
		if (!path[size] || path[size] == '/')
			ret = map_get(of, path, size);
	return ret;
}

bool paths_above(const struct paths *p, const char *path)
{
	return at_or_above(&p->set, path) != NULL;
}

/* Is the change an edit, if an untraced step ran in its package? */
static bool is_edit_unseen(struct watch *w, const struct record *r, const struct interest *i, const char *path)
{
	if (paths_have(&w->own, path))
		return false;
	if (r == w->config || is_tracked(w, path))
		return true;
	/* the first run has no earlier one to compare with: only a new input would be missed for good */
	if (w->first)
		return i->how == INTEREST_BELOW && i->filter == FILTER_GLOBS && r->sum;
	/* a new name counts as the task's product; for a kept result another look-up costs little */
	return r->sum || !paths_have(&w->named, path);
}

/* Did another program also write a file that a step read and wrote? Once in a session, because the step may write it more than once. */
static bool is_written_again(struct watch *w, const struct left *left, const char *path)
{
	if (!left->edited || left->folder || (uintptr_t)map_gets(&w->arrivals, path) <= left->steps)
		return false;
	if (paths_have(&w->rewritten, path) && !paths_have(&w->edits, path))
		return false;
	if (w->rewritten.set.n < WRITER_OWN)
		paths_add(&w->rewritten, path);
	return true;
}

bool writer_wrote(struct watch *w, const char *path)
{
	const struct left *left = map_gets(&w->written.set, path);

	if (left)
		return is_as_left(left, path) && !is_written_again(w, left, path);
	left = at_or_above(&w->written.set, path);
	return left && !left->there && is_as_left(left, path);
}

void writer_emptied(struct watch *w, const char *path)
{
	if (!paths_have(&w->written, path) && access(path, F_OK) < 0)
		add_path(w, path);
}

/* Takes a change for an edit, unless nothing else has started too many runs in a row. */
static bool is_edit(struct watch *w, const char *path, uint32_t most)
{
	if (w->loops < most) {
		paths_add(&w->edits, path);
		return true;
	}
	watch_mute(w, path);
	return false;
}

/* Did a step of the run write it that no tracer saw writing, or a process that it left? */
static bool is_own(struct watch *w, const struct record *r, const struct interest *i, const char *path)
{
	if (at_or_above(&w->blind.set, path)) {
		if (is_edit_unseen(w, r, i, path))
			return !is_edit(w, path, WATCH_LOOPS);
		if (w->own.set.n < WRITER_OWN)
			paths_add(&w->own, path);
		return true;
	}
	/* a process that a step left running may write later, in its package or where the step did */
	if (paths_have(&w->written, path) || at_or_above(&w->writers.set, path) || served_doubts(w, path))
		return !is_edit(w, path, WATCH_LOOPS_KNOWN);
	return false;
}

void tell_doubtful(struct watch *w, struct record *r, const char *path)
{
	if (served_is_soon(w) && !is_edit(w, path, WATCH_LOOPS_KNOWN))
		return;
	r->dirty = true;
	watch_changed(w, path);
}

void tell_record(struct watch *w, struct record *r, const struct interest *i, const char *path)
{
	bool any = i->how == INTEREST_BELOW && i->filter == FILTER_PACKAGE;
	bool written = w->running && writer_wrote(w, path);

	if (r->asleep)
		return;
	if (any && !written && served_suspects(w, r, path))
		return;
	if (!w->running && served_doubts(w, path)) {
		tell_doubtful(w, r, path);
	} else if (!w->running) {
		r->dirty = true;
		watch_changed(w, path);
	} else if (written || is_own(w, r, i, path)) {
		paths_add(&w->habits, path);
		r->touched = r->touched || r->sum;     /* a step that is not kept runs again only for the user's edits */
	} else {
		r->touched = true;
		paths_add(&w->changed, path);
	}
}

void writer_begin(struct watch *w)
{
	paths_clear(&w->written);
	paths_clear(&w->writers);
	paths_clear(&w->blind);
	paths_clear(&w->named);
	paths_clear(&w->edits);
	map_free(&w->arrivals);
	map_init(&w->arrivals);
	map_free(&w->folders);
	map_init(&w->folders);
	w->steps = 0;
}
