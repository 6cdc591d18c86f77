#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/notify.h"
#include "os/stage.h"
#include "os/tree.h"
#include "text/path.h"
#include "watch/inside.h"
#include "workspace/workspace.h"

/* ---- filters ---- */

static bool is_below(const char *dir, size_t n, const char *path)
{
	return strncmp(path, dir, n) == 0 && (path[n] == '/' || !path[n] || (n == 1 && *dir == '/'));
}

/* Does vt write it: the cache, temporary files, reports? */
static bool is_vts(const struct watch *w, const char *path)
{
	uint32_t i;

	for (i = 0; i < w->setup.own.n; i++)
		if (is_below(w->setup.own.at[i], strlen(w->setup.own.at[i]), path))
			return true;
	return is_below(w->setup.cache_dir, strlen(w->setup.cache_dir), path) || stage_is_unfinished(path, strlen(path));
}

/* Is the path never watched? What vt writes, git's own files, installed packages. */
static bool is_left_out(const struct watch *w, const char *path)
{
	const char *name = path_base(path);

	return is_vts(w, path) ||
	       strcmp(name, ".git") == 0 || strcmp(name, "node_modules") == 0 || strcmp(name, ".vt") == 0;
}

/* Is one of the folders between the base and the path left out? */
static bool is_hidden(const struct watch *w, const struct interest *i, const char *path)
{
	_clean_(free_p) char *at = xstrdup(path);
	size_t base = strlen(i->path);
	char *slash;

	while (strlen(at) > base) {
		if (is_left_out(w, at))
			return true;
		slash = strrchr(at, '/');
		if (!slash || slash == at)
			break;
		*slash = '\0';
	}
	return false;
}

static uint32_t depth(const char *base, const char *path)
{
	uint32_t n = 0;

	for (path += strlen(base); *path; path++)
		n += *path == '/';
	return n;
}

/* Does the path belong to the package in `base`, and to none in it? */
static bool is_of_package(const struct watch *w, const char *base, const char *path)
{
	size_t n = strlen(path), least = strlen(base);

	for (; n > least; n--)
		if ((!path[n] || path[n] == '/') && map_get(&w->packages, path, n))
			return false;
	return true;
}

bool interest_enters(const struct watch *w, const struct interest *i, const char *path)
{
	if (depth(i->path, path) > i->levels || (strlen(path) > strlen(i->path) && is_left_out(w, path)))
		return false;
	return i->filter != FILTER_PACKAGE || is_of_package(w, i->path, path);
}

bool interest_wants(const struct watch *w, const struct interest *i, const char *path)
{
	const char *below = path_below(w->setup.root, path);

	if (is_hidden(w, i, path))
		return false;
	switch (i->filter) {
	case FILTER_GLOBS:
		return below && globs_match(i->globs, below, strlen(below));
	case FILTER_MANIFESTS:
		return (strcmp(path_base(path), "package.json") == 0 || strcmp(path_base(path), "vite-task.json") == 0) &&
		       depth(i->path, path) <= i->levels + 1;
	case FILTER_PACKAGE:
		break;
	}
	return is_of_package(w, i->path, path);
}

/* ---- nodes ---- */

static struct node *node_at(struct watch *w, const char *path)
{
	void **place = map_puts(&w->nodes, path);
	struct node *n = *place;

	if (!n) {
		n = *place = arena_alloc(w->index, sizeof *n);
		n->path = path;
		n->size = strlen(path);
	}
	return n;
}

static void add_interest(struct watch *w, struct record *r, const struct interest *i)
{
	struct node *n = node_at(w, i->path);
	struct reader *reader;

	/* one reader for each record, whose interests mostly come in a row; each pattern has its own */
	if (i->how != INTEREST_BELOW && n->readers && n->readers->record == r && n->readers->interest->how == i->how)
		return;
	reader = arena_alloc(w->index, sizeof *reader);
	*reader = (struct reader){ n->readers, r, i };
	n->readers = reader;
	n->entry = n->entry || i->how == INTEREST_ENTRY;
	n->names = n->names || i->how == INTEREST_NAMES;
	w->below_n += i->how == INTEREST_BELOW && !n->below;
	n->below = n->below || i->how == INTEREST_BELOW;
}

/* ---- folders ---- */

static struct dir *dir_at(struct watch *w, const char *path, size_t size)
{
	void **place;
	struct dir *d = map_get(&w->dirs, path, size);

	if (d)
		return d;
	d = arena_alloc(w->index, sizeof *d);
	d->path = arena_strn(w->index, path, size);
	d->watch = -1;
	place = map_put(&w->dirs, d->path, size);
	*place = d;
	return d;
}

static void too_few(struct watch *w)
{
	notify_free(w->notify);
	w->notify = NULL;
	if (!w->told)
		w->setup.warn(w->setup.ctx, "the system gives too few watches of folders (fs.inotify.max_user_watches): vt looks at the files itself, again and again");
	w->told = true;
}

/* Watches the folder by the kernel; again, if it was watched: another folder may have its place now. */
static void arm(struct watch *w, struct dir *d)
{
	void **place;
	int *number, watch;

	if (!w->notify)
		return;
	watch = notify_add(w->notify, d->path);
	if (watch == -ENOSPC || watch == -EMFILE || watch == -ENOMEM) {
		too_few(w);
		return;
	}
	if (watch == d->watch)
		return;
	if (d->watch >= 0)
		notify_remove(w->notify, d->watch);
	d->watch = watch < 0 ? -1 : watch;
	if (watch < 0)
		return;
	number = arena_copy(w->index, &watch, sizeof watch);
	place = map_put(&w->watches, number, sizeof *number);
	*place = d;
}

/* Wants watches for the folder and all folders above it, which may go and come again. */
static void want_dirs(struct watch *w, const char *path, size_t size)
{
	size_t root = strlen(w->setup.root);

	for (;;) {
		if (map_get(&w->dirs, path, size))
			return;
		dir_at(w, path, size);
		if (size <= root || strncmp(path, w->setup.root, root) != 0)
			return;
		while (size > root && path[size - 1] != '/')
			size--;
		size -= size > 1;
	}
}

static size_t parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? 1 : (size_t)(slash - path);
}

/* Wants watches for all folders below that the interest enters. */
static void want_below(struct watch *w, const struct interest *i, const char *path)
{
	struct arena *a = arena_new();
	struct tree_name *names;
	uint32_t n, k;
	int fd;

	want_dirs(w, path, strlen(path));
	fd = depth(i->path, path) < i->levels ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
	if (fd >= 0 && tree_list(fd, "", a, &names, &n) == 0)
		for (k = 0; k < n; k++) {
			const char *below = names[k].type == 'd' ? path_join(a, path, names[k].name) : NULL;

			if (below && interest_enters(w, i, below))
				want_below(w, i, below);
		}
	if (fd >= 0)
		close(fd);
	arena_free(a);
}

/* ---- building ---- */

static void want_all(struct watch *w)
{
	uint32_t i;

	for (i = 0; i < w->nodes.n; i++) {
		const struct node *n = w->nodes.at[i].value;
		const struct reader *r;

		if (n->entry && n->size > 1)
			want_dirs(w, n->path, parent_of(n->path));
		if (n->names)
			want_dirs(w, n->path, n->size);
		for (r = n->readers; r && n->below && w->notify; r = r->next)
			if (r->interest->how == INTEREST_BELOW)
				want_below(w, r->interest, n->path);
	}
}

/* Arms all folders of the index; the watches of the old index stay. */
static void arm_all(struct watch *w, const struct map *old)
{
	uint32_t i;

	for (i = 0; i < w->dirs.n; i++)
		arm(w, w->dirs.at[i].value);
	for (i = 0; i < old->n && w->notify; i++) {
		const struct dir *d = old->at[i].value;

		if (d->watch >= 0 && !map_get(&w->watches, &d->watch, sizeof d->watch))
			notify_remove(w->notify, d->watch);
	}
}

void index_build(struct watch *w)
{
	struct arena *old = w->index;
	struct map dirs = w->dirs;
	struct record *r;
	uint32_t i;

	w->index = arena_new();
	map_free(&w->nodes);
	map_free(&w->watches);
	map_init(&w->dirs);
	w->below_n = 0;
	for (r = w->records; r; r = r->next)
		for (i = 0; i < r->n; i++)
			add_interest(w, r, &r->at[i]);
	for (i = 0; i < w->config->n; i++)
		add_interest(w, w->config, &w->config->at[i]);
	want_all(w);
	arm_all(w, &dirs);
	map_free(&dirs);
	arena_free(old);
	w->renewed = false;
	w->built = true;
}

void index_early(struct watch *w, const char *dir)
{
	const struct interest all = { .how = INTEREST_BELOW, .filter = FILTER_PACKAGE, .path = dir, .levels = WATCH_FAR };
	uint32_t n = w->dirs.n;

	if (!w->notify || w->built || paths_have(&w->early, dir))
		return;
	paths_add(&w->early, dir);
	if (!w->index)
		w->index = arena_new();
	want_below(w, &all, dir);
	for (; n < w->dirs.n; n++)
		arm(w, w->dirs.at[n].value);
}

void index_free(struct watch *w)
{
	map_free(&w->nodes);
	map_free(&w->dirs);
	map_free(&w->watches);
	arena_free(w->index);
	w->index = NULL;
}

/* ---- events ---- */

void index_tell(struct watch *w, const struct node *n, enum interest_how how, const char *path)
{
	const struct reader *r;

	for (r = n->readers; r; r = r->next)
		if (r->interest->how == how && (how != INTEREST_BELOW || interest_wants(w, r->interest, path)))
			tell_record(w, r->record, r->interest, path);
}

static void enter(struct watch *w, struct record *r, const struct interest *i, const char *path);

/* The folder of interests in all below came or went, with a folder above it or alone. */
static void enter_base(struct watch *w, const struct node *n)
{
	const struct reader *r;

	for (r = n->readers; r && n->below; r = r->next)
		if (r->interest->how == INTEREST_BELOW)
			enter(w, r->record, r->interest, n->path);
}

/* Tells of all nodes in a folder that came or went. */
static void tell_inside(struct watch *w, const char *path)
{
	const bool made = w->running && writer_wrote(w, path);
	size_t size = strlen(path);
	uint32_t i;

	for (i = 0; i < w->nodes.n; i++) {
		const struct node *n = w->nodes.at[i].value;

		if (n->size > size && is_below(path, size, n->path)) {
			if (made)
				writer_emptied(w, n->path);
			index_tell(w, n, INTEREST_ENTRY, n->path);
			index_tell(w, n, INTEREST_NAMES, n->path);
		}
		if (n->size >= size && is_below(path, size, n->path))
			enter_base(w, n);
	}
	for (i = 0; i < w->dirs.n; i++) {
		struct dir *d = w->dirs.at[i].value;

		if (is_below(path, size, d->path))
			arm(w, d);
	}
}

void index_files(const struct watch *w, const struct interest *i, const char *path, void (*visit)(void *ctx, const char *path), void *ctx)
{
	struct arena *a = arena_new();
	struct tree_name *names;
	uint32_t n, k;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && tree_list(fd, "", a, &names, &n) == 0)
		for (k = 0; k < n; k++) {
			const char *below = path_join(a, path, names[k].name);

			if (names[k].type == 'd' && interest_enters(w, i, below))
				index_files(w, i, below, visit, ctx);
			else if (names[k].type != 'd' && interest_wants(w, i, below))
				visit(ctx, below);
		}
	if (fd >= 0)
		close(fd);
	arena_free(a);
}

/* A record that is told of files. */
struct telling {
	struct watch *watch;
	struct record *record;
	const struct interest *interest;
};

static void tell_file(void *ctx, const char *path)
{
	struct telling *t = ctx;

	tell_record(t->watch, t->record, t->interest, path);
}

/* A folder came or went below the folder of an interest in all below. A new folder is watched from now on, and its files count as
 * new; a folder that was moved away took its files along. */
static void enter(struct watch *w, struct record *r, const struct interest *i, const char *path)
{
	struct telling t = { .watch = w, .record = r, .interest = i };
	uint32_t n = w->dirs.n;

	if (!interest_enters(w, i, path) || is_hidden(w, i, path))
		return;
	if (access(path, F_OK) < 0) {
		tell_record(w, r, i, path);
		return;
	}
	want_below(w, i, path);
	for (; n < w->dirs.n; n++)
		arm(w, w->dirs.at[n].value);
	index_files(w, i, path, tell_file, &t);
}

/* Tells the readers of all below the folders from the path's own up. */
static void tell_above(struct watch *w, const char *path, unsigned what)
{
	_clean_(free_p) char *at = xstrdup(path);
	size_t size = strlen(path);

	while (size > 1) {
		const struct node *n;
		const struct reader *r;

		size = parent_of(at);
		at[size] = '\0';
		n = map_get(&w->nodes, at, size);
		if (!n || !n->below)
			continue;
		if (!(what & NOTIFY_FOLDER))
			index_tell(w, n, INTEREST_BELOW, path);
		else if (what & NOTIFY_NAME)
			for (r = n->readers; r; r = r->next)
				if (r->interest->how == INTEREST_BELOW)
					enter(w, r->record, r->interest, path);
	}
}

void index_touch(struct watch *w, const char *path, unsigned what)
{
	size_t size = strlen(path);
	const struct node *n;

	if (is_vts(w, path))
		return;
	n = map_get(&w->nodes, path, size);
	/* the times and the mode of a folder say nothing */
	if (n && n->entry && (what & (NOTIFY_FOLDER | NOTIFY_NAME)) != NOTIFY_FOLDER)
		index_tell(w, n, INTEREST_ENTRY, path);
	if (n && n->names && (what & NOTIFY_NAME))
		index_tell(w, n, INTEREST_NAMES, path);
	if (what & NOTIFY_NAME) {
		n = map_get(&w->nodes, path, parent_of(path));
		if (n && n->names)
			index_tell(w, n, INTEREST_NAMES, path);
		if (map_get(&w->dirs, path, size))
			tell_inside(w, path);
	}
	if (w->below_n > 0)
		tell_above(w, path, what);
}
