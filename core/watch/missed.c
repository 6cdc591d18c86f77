#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fact/state.h"
#include "os/tree.h"
#include "text/path.h"
#include "watch/inside.h"

static bool is_after(const struct stat *st, int64_t since_ns)
{
	return st->st_ctim.tv_sec * INT64_C(1000000000) + st->st_ctim.tv_nsec >= since_ns;
}

/* ---- paths ---- */

/* Is the path another than the reader found? The content of a folder, and so its times, does not count here. */
static bool has_changed(const struct watch *w, const struct reader *r, bool there, const struct stat *link, const struct stat *st)
{
	bool was = r->interest->there;

	if (!there)
		return was;
	if (S_ISLNK(link->st_mode) && is_after(link, w->started_ns))
		return true;
	return !((was || r->interest->unsure) && S_ISDIR(st->st_mode)) && is_after(st, w->started_ns);
}

static void find_entry(struct watch *w, const struct node *n, bool all)
{
	struct stat link, st;
	const struct reader *r;
	bool there = lstat(n->path, &link) == 0, changed = false;

	st = link;
	if (there && S_ISLNK(link.st_mode) && stat(n->path, &st) < 0)
		st = link;
	for (r = n->readers; r && !changed; r = r->next)
		changed = r->interest->how == INTEREST_ENTRY && (all || r->record->fresh) && has_changed(w, r, there, &link, &st);
	if (changed)
		index_tell(w, n, INTEREST_ENTRY, n->path);
}

/* ---- names ---- */

/* Has `listing` the pair of a name and its type? */
static bool has_pair(struct bytes listing, const char *pair, size_t size)
{
	const char *at = listing.data, *end = at + listing.size;
	size_t n;

	for (; at < end; at += n) {
		n = strnlen(at, (size_t)(end - at)) + 2;
		if (n == size && memcmp(at, pair, size) == 0)
			return true;
	}
	return false;
}

/* Tells of each pair of `of` that `in` lacks. */
static void tell_names(struct watch *w, const struct node *n, struct arena *a, struct bytes of, struct bytes in)
{
	const char *at = of.data, *end = at + of.size;
	size_t size;

	for (; at < end; at += size) {
		size = strnlen(at, (size_t)(end - at)) + 2;
		if (!has_pair(in, at, size))
			index_tell(w, n, INTEREST_NAMES, path_join(a, n->path, at));
	}
}

static struct bytes pairs_of(struct bytes state)
{
	return state_is_listing(state) ? state_listing(state) : (struct bytes){ "", 0 };
}

static void compare_names(struct watch *w, const struct node *n, const struct fact *then, int root_fd)
{
	const struct state_world world = { .root = w->setup.root, .cache_dir = w->setup.cache_dir, .root_fd = root_fd };
	struct fact now = *then;
	struct facts facts = { &now, 1 };
	struct arena *a = arena_new();
	struct err err = { 0 };

	if (state_fill(&world, NULL, &facts, a, &err) == 0 && bytes_order(now.state, then->state) != 0) {
		tell_names(w, n, a, pairs_of(now.state), pairs_of(then->state));
		tell_names(w, n, a, pairs_of(then->state), pairs_of(now.state));
	}
	arena_free(a);
}

/* Tells of names that came or went. A folder with unchanged times is not listed. */
static void find_names(struct watch *w, const struct node *n, bool all, int root_fd)
{
	struct stat st;
	const struct reader *r;

	if (stat(n->path, &st) == 0 && !is_after(&st, w->started_ns))
		return;
	for (r = n->readers; r; r = r->next)
		if (r->interest->listing && (all || r->record->fresh))
			compare_names(w, n, r->interest->listing, root_fd);
}

/* ---- files below ---- */

struct below {
	struct watch *w;
	struct record *record;
	const struct interest *interest;
	const struct node *node;
	int64_t since_ns;
};

/* Is the path itself one on which the record depends? */
static bool is_known(const struct below *b, const char *path)
{
	const struct node *n = map_gets(&b->w->nodes, path);
	const struct reader *r;

	for (r = n && n->entry ? n->readers : NULL; r; r = r->next)
		if (r->record == b->record && r->interest->how == INTEREST_ENTRY)
			return true;
	return false;
}

/* `moved`: a folder above came during the run, so the times of the file say nothing. A file on which the record depends is
 * looked at as an entry instead. */
static void find_file(const struct below *b, const char *path, bool moved)
{
	struct stat st;

	if (interest_wants(b->w, b->interest, path) && !is_known(b, path) && lstat(path, &st) == 0 &&
	    (moved || is_after(&st, b->since_ns)))
		index_tell(b->w, b->node, INTEREST_BELOW, path);
}

static void find_below(const struct below *b, const char *path, bool moved)
{
	struct arena *a = arena_new();
	struct tree_name *names;
	struct stat st;
	uint32_t n, k;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	/* the facts of a kept result hold all names of before */
	moved = moved || (fd >= 0 && b->record->sum && b->interest->filter == FILTER_GLOBS && fstat(fd, &st) == 0 && is_after(&st, b->since_ns));
	if (fd >= 0 && tree_list(fd, "", a, &names, &n) == 0)
		for (k = 0; k < n; k++) {
			const char *below = path_join(a, path, names[k].name);

			if (names[k].type == 'd' && interest_enters(b->w, b->interest, below))
				find_below(b, below, moved);
			else if (names[k].type == 'f')
				find_file(b, below, moved);
		}
	if (fd >= 0)
		close(fd);
	arena_free(a);
}

static void find_files(struct watch *w, const struct node *n, bool all)
{
	const struct reader *r;

	for (r = n->readers; r; r = r->next) {
		struct below b = { w, r->record, r->interest, n, w->started_ns };

		if (r->interest->how != INTEREST_BELOW || !(all || r->record->fresh))
			continue;
		find_below(&b, n->path, false);
	}
}

void missed_find(struct watch *w, bool all)
{
	int root_fd = open(w->setup.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint32_t i;

	for (i = 0; i < w->nodes.n; i++) {
		const struct node *n = w->nodes.at[i].value;

		if (n->entry)
			find_entry(w, n, all);
		if (n->names && root_fd >= 0)
			find_names(w, n, all, root_fd);
		if (n->below)
			find_files(w, n, all);
	}
	if (root_fd >= 0)
		close(root_fd);
}
