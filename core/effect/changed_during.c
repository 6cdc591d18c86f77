#include "config.h"

#include "effect/changed_during.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/mem.h"
#include "fact/seen.h"
#include "fact/stat_cache.h"
#include "fact/state.h"

enum { CHANGED_RENAMES = 256 };        /* remembered, to find files by their new names */

static char yes[] = "y", no[] = "n";

static struct bytes parent_of(struct bytes path)
{
	const char *slash = path.size ? memrchr(path.data, '/', path.size) : NULL;

	return (struct bytes){ path.data, slash ? (size_t)(slash - (const char *)path.data) : 0 };
}

static void note_written(struct changed_during *m, struct bytes path)
{
	struct bytes dir = parent_of(path);

	*map_put(&m->written, path.data, path.size) = yes;
	*map_put(&m->within, dir.data, dir.size) = yes;
}

static void note_rename(struct changed_during *m, struct bytes from, struct bytes to)
{
	if (m->renames_n == CHANGED_RENAMES)
		return;
	m->renames = xrealloc(m->renames, 2 * (m->renames_n + 1), sizeof *m->renames);
	m->renames[2 * m->renames_n] = from;
	m->renames[2 * m->renames_n++ + 1] = to;
}

void changed_during_init(struct changed_during *m, int root_fd, int64_t started_ns, const struct seen *seen)
{
	struct statfs fs;
	uint32_t i;

	*m = (struct changed_during){ .root_fd = root_fd, .started_ns = started_ns };
	m->copies_up = fstatfs(root_fd, &fs) < 0 || (unsigned long)fs.f_type == OVERLAYFS_SUPER_MAGIC;
	map_init(&m->written);
	map_init(&m->moved);
	map_init(&m->within);
	map_init(&m->sights);
	map_init(&m->folders);
	map_init(&m->inodes);
	for (i = 0; seen && i < seen->n; i++) {
		const vt_seen *r = &seen->at[i];
		const struct bytes name = { r->name.data, r->name.size }, other = { r->other.data, r->other.size };

		if (r->op == VT_SEEN_WRITE || r->op == VT_SEEN_RENAME)
			note_written(m, name);
		if (r->op == VT_SEEN_RENAME) {
			note_written(m, other);
			*map_put(&m->moved, name.data, name.size) = yes;
			*map_put(&m->moved, other.data, other.size) = yes;
			note_rename(m, name, other);
		}
		if (r->flags & (VT_SEEN_THERE | VT_SEEN_ABSENT)) {
			void **at = map_put(&m->sights, name.data, name.size);

			*at = (void *)((uintptr_t)*at | (r->flags & (VT_SEEN_THERE | VT_SEEN_ABSENT)));
		}
	}
	for (i = 0; seen && i < seen->left_out.n; i++)
		note_written(m, seen->left_out.at[i].key);
}

void changed_during_free(struct changed_during *m)
{
	map_free(&m->written);
	map_free(&m->moved);
	map_free(&m->within);
	map_free(&m->sights);
	map_free(&m->folders);
	map_free(&m->inodes);
	if (m->keys)
		arena_free(m->keys);
	free(m->renames);
}

bool changed_during_written(const struct changed_during *m, struct bytes path)
{
	return map_get(&m->written, path.data, path.size);
}

/* Did the task write the path, or move it with a directory above it? */
static bool is_own(const struct changed_during *m, struct bytes path)
{
	if (changed_during_written(m, path))
		return true;
	for (; m->moved.n && path.size; path = parent_of(path))
		if (map_get(&m->moved, path.data, path.size))
			return true;
	return false;
}

static bool look(const struct changed_during *m, struct bytes name, int flags, struct stat *st)
{
	char path[PATH_MAX];

	if (name.size >= sizeof path)
		return false;
	memcpy(path, name.data, name.size);
	path[name.size] = '\0';
	return fstatat(m->root_fd, path[0] ? path : ".", st, flags) == 0;
}

/* A time in the future was set by hand, or before the clock was set back: it proves nothing. */
static bool is_after(const struct changed_during *m, int64_t sec, int64_t nsec)
{
	int64_t ns = sec * 1000000000 + nsec;

	return ns > m->started_ns && ns <= m->now_ns;
}

struct inode {
	uint64_t device, number;
};

/* The path's name after the task's renames. */
static struct bytes name_now(struct changed_during *m, struct bytes path)
{
	uint32_t i;

	for (i = 0; i < m->renames_n; i++) {
		const struct bytes from = m->renames[2 * i], to = m->renames[2 * i + 1];
		char *p;

		if (path.size < from.size || memcmp(path.data, from.data, from.size) != 0 ||
		    (path.size > from.size && ((const char *)path.data)[from.size] != '/'))
			continue;
		p = arena_alloc(m->keys, to.size + path.size - from.size + 1);
		memcpy(p, to.data, to.size);
		memcpy(p + to.size, (const char *)path.data + from.size, path.size - from.size);
		path = (struct bytes){ p, to.size + path.size - from.size };
	}
	return path;
}

static void find_inodes(struct changed_during *m)
{
	struct inode key;
	struct stat st;
	uint32_t i;

	for (i = 0; i < m->written.n; i++) {
		if ((!look(m, m->written.at[i].key, AT_SYMLINK_NOFOLLOW, &st) && !look(m, name_now(m, m->written.at[i].key), AT_SYMLINK_NOFOLLOW, &st)) ||
		    !S_ISREG(st.st_mode) || st.st_nlink < 2)
			continue;
		key = (struct inode){ st.st_dev, st.st_ino };
		*map_put(&m->inodes, arena_copy(m->keys, &key, sizeof key), sizeof key) = yes;
	}
}

/* Did the task give another name to the file? Then its ctime moved, and nothing else. */
static bool has_own_name(struct changed_during *m, const struct stat *file)
{
	const struct inode key = { file->st_dev, file->st_ino };

	if (file->st_nlink < 2)
		return false;
	if (!m->keys) {
		m->keys = arena_new();
		find_inodes(m);
	}
	return map_get(&m->inodes, &key, sizeof key);
}

static bool is_newer(struct changed_during *m, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return false;
	if (is_after(m, st->st_mtim.tv_sec, st->st_mtim.tv_nsec))
		return true;
	return is_after(m, st->st_ctim.tv_sec, st->st_ctim.tv_nsec) && !has_own_name(m, st);
}

bool changed_during_newer(struct changed_during *m, struct bytes path)
{
	struct stat st;

	return look(m, path, 0, &st) && is_newer(m, &st);
}

bool changed_during_touched(struct changed_during *m, struct bytes path)
{
	struct stat st;

	return look(m, path, 0, &st) && S_ISREG(st.st_mode) && !is_after(m, st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

/* Is it a new link, or another directory under the old name? Moving a directory changes its
 * ctime and leaves its mtime alone. */
static bool is_replaced(const struct changed_during *m, const struct stat *st)
{
	const bool after = is_after(m, st->st_ctim.tv_sec, st->st_ctim.tv_nsec);

	if (S_ISLNK(st->st_mode))
		return after;
	return S_ISDIR(st->st_mode) && !m->copies_up && after && !is_after(m, st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

static bool folder_replaced(struct changed_during *m, struct bytes dir)
{
	struct stat st;
	void *known;
	bool ret;

	if (!dir.size)
		return false;
	known = map_get(&m->folders, dir.data, dir.size);
	if (known)
		return known == yes;
	ret = folder_replaced(m, parent_of(dir)) ||
	      (!is_own(m, dir) && look(m, dir, AT_SYMLINK_NOFOLLOW, &st) && is_replaced(m, &st));
	*map_put(&m->folders, dir.data, dir.size) = ret ? yes : no;
	return ret;
}

/* Did another program make this name during the run? */
static bool is_newcomer(const struct changed_during *m, struct bytes dir, const char *name, size_t size)
{
	char path[PATH_MAX];
	size_t n = dir.size ? dir.size + 1 : 0;
	struct statx st;
	bool moved;

	if (n + size >= sizeof path)
		return false;
	memcpy(path, dir.data, dir.size);
	path[dir.size] = '/';
	memcpy(path + n, name, size);
	path[n + size] = '\0';
	if (is_own(m, (struct bytes){ path, n + size }) ||
	    statx(m->root_fd, path, AT_SYMLINK_NOFOLLOW, STATX_BTIME | STATX_CTIME | STATX_MTIME, &st) < 0)
		return false;
	if ((st.stx_mask & STATX_BTIME) && is_after(m, st.stx_btime.tv_sec, st.stx_btime.tv_nsec))
		return true;
	moved = is_after(m, st.stx_ctime.tv_sec, st.stx_ctime.tv_nsec) && !is_after(m, st.stx_mtime.tv_sec, st.stx_mtime.tv_nsec);
	return moved && !(m->copies_up && S_ISDIR(st.stx_mode));
}

/* Did another program add or remove names in the directory? Its mtime tells. Where the task itself
 * changed names there, only added names can be told apart, not removed ones. */
static bool names_changed(const struct changed_during *m, struct bytes dir, struct bytes names)
{
	const char *at = names.data, *end = at + names.size, *nul;
	struct stat st;

	if (!look(m, dir, 0, &st) || !is_after(m, st.st_mtim.tv_sec, st.st_mtim.tv_nsec))
		return false;
	if (!map_get(&m->within, dir.data, dir.size))
		return true;
	for (; at < end && (nul = memchr(at, 0, (size_t)(end - at))) != NULL; at = nul + 2)
		if (is_newcomer(m, dir, at, (size_t)(nul - at)))
			return true;
	return false;
}

bool changed_during_lost(const struct changed_during *m, struct bytes dir, struct bytes then, struct bytes now)
{
	const char *at, *end, *nul;
	struct map names;
	char path[PATH_MAX];
	bool ret = false;

	map_init(&names);
	for (at = now.data, end = at + now.size; at < end && (nul = memchr(at, 0, (size_t)(end - at))) != NULL; at = nul + 2)
		*map_put(&names, at, (size_t)(nul - at)) = yes;
	for (at = then.data, end = at + then.size; !ret && at < end && (nul = memchr(at, 0, (size_t)(end - at))) != NULL; at = nul + 2) {
		const size_t n = (size_t)(nul - at), skip = dir.size ? dir.size + 1 : 0;

		if (map_get(&names, at, n) || skip + n >= sizeof path)
			continue;
		memcpy(path, dir.data, dir.size);
		if (skip)
			path[dir.size] = '/';
		memcpy(path + skip, at, n);
		ret = !is_own(m, (struct bytes){ path, skip + n });
	}
	map_free(&names);
	return ret;
}

bool changed_during_run(struct changed_during *m, const struct fact *f, bool old)
{
	const char *state = f->state.data;
	bool there = false;
	struct stat st;
	uintptr_t sight;

	if (f->kind == FACT_OUTSIDE)
		return !old && changed_during_newer(m, f->name);
	if (f->kind == FACT_GLOBBED || !state_is_path_kind(f->kind) || is_own(m, f->name))
		return false;
	sight = (uintptr_t)map_get(&m->sights, f->name.data, f->name.size);
	if ((sight & VT_SEEN_THERE) && !f->state.size)
		return true;
	if ((sight & VT_SEEN_ABSENT) && f->state.size && state[0] != 'o')
		return true;
	if (folder_replaced(m, parent_of(f->name)))
		return true;
	if (old)
		return false;          /* a second look would tell of the time after the state was read */
	if (f->state.size && f->name.size)
		there = look(m, f->name, AT_SYMLINK_NOFOLLOW, &st);
	if (there && is_replaced(m, &st))
		return true;
	if (state_is_content(f->state) && f->kind != FACT_TYPE)
		return there && !S_ISLNK(st.st_mode) ? is_newer(m, &st) : changed_during_newer(m, f->name);
	return f->kind != FACT_PROBE && f->kind != FACT_TYPE && state_is_listing(f->state) &&
	       names_changed(m, f->name, state_listing(f->state));
}
