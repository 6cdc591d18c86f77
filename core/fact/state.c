#include "config.h"

#include "fact/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/env.h"
#include "base/map.h"
#include "fact/content.h"
#include "fact/folder.h"
#include "fact/mac.h"
#include "os/file.h"
#include "os/tree.h"
#include "plug/setup.h"
#include "text/env_match.h"
#include "text/path.h"

enum { STATE_LISTING_MAX = 64 << 20 };

struct filling {
	const struct state_world *w;
	struct arena *arena;           /* the states' */
	struct folder *folder;         /* where the names stand that are looked at; a large one, which nobody clears */
	struct contents contents;      /* of regular files: found at the end, all at once */
	char *parent;                  /* the last parent that was looked for */
	bool parent_gone;              /* `parent` was not there */
	int64_t since_ns;              /* see state_fill_since */
	bool *old;                     /* of the fact at hand; NULL: not asked */
};

bool state_is_content(struct bytes state)
{
	const char *p = state.data, *nul;

	if (!state.size)
		return false;
	if (p[0] != 'l')
		return p[0] == 'c';
	nul = memchr(p, 0, state.size);
	return nul && nul + 1 < p + state.size && nul[1] == 'c';
}

bool state_is_listing(struct bytes state)
{
	return state.size && *(const char *)state.data == 'd';
}

struct bytes state_listing(struct bytes state)
{
	return (struct bytes){ (const char *)state.data + 1, state.size - 1 };
}

bool state_is_path_kind(unsigned kind)
{
	return kind == FACT_GLOBBED || kind == FACT_FILE || kind == FACT_PROBE || kind == FACT_TYPE || kind == FACT_LIST ||
	       kind == FACT_LEFT;
}

int64_t state_now(const struct state_world *w)
{
	return clock_now(w->clock);
}

/* ---- variables ------------------------------------------------------------ */

static struct bytes state_of_variable(const struct state_world *w, const struct env *env, struct bytes name, struct arena *a)
{
	const char *value = env_get(env, arena_strn(a, name.data, name.size));
	struct digest d;

	if (!value)
		return (struct bytes){ "", 0 };
	mac_value(w->mac, name.data, name.size, value, &d);
	return (struct bytes){ arena_copy(a, d.byte, sizeof d.byte), sizeof d.byte };
}

static struct bytes state_of_query(const struct state_world *w, const struct env *env, const struct fact *f, struct arena *a)
{
	struct env_list found;
	struct buf b;
	struct bytes ret;
	struct digest d;
	uint32_t i;

	/* the same matcher answered the tool */
	if (env_match(a, env, f->kind == FACT_ENV_PREFIX, arena_strn(a, f->name.data, f->name.size), &found, NULL) < 0)
		return (struct bytes){ "", 0 };
	buf_init(&b, STATE_LISTING_MAX);
	for (i = 0; i < found.n; i++) {
		size_t n = strlen(found.at[i].name);

		mac_value(w->mac, found.at[i].name, n, found.at[i].value, &d);
		buf_add(&b, found.at[i].name, n + 1);
		buf_add(&b, d.byte, sizeof d.byte);
	}
	ret = (struct bytes){ arena_copy(a, buf_str(&b), b.size), b.size };
	buf_free(&b);
	return ret;
}

/* ---- paths ---------------------------------------------------------------- */

/* Lies `path` in a directory that is known to be missing? */
static bool below_nothing(struct filling *f, struct bytes path)
{
	size_t n;

	if (!f->parent || !f->parent_gone)
		return false;
	n = strlen(f->parent);
	return path.size > n && memcmp(path.data, f->parent, n) == 0 && ((const char *)path.data)[n] == '/';
}

/* `path` is missing: finds out whether its directory is missing, too, for the paths that follow. */
static void remember_parent(struct filling *f, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	char *parent;

	if (!slash || slash == path)
		return;
	parent = arena_strn(f->arena, path, (size_t)(slash - path));
	if (f->parent && strcmp(f->parent, parent) == 0)
		return;
	f->parent = parent;
	f->parent_gone = fstatat(f->w->root_fd, parent, &st, 0) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

static bool is_left_out(const struct filling *f, const char *dir, const char *name)
{
	const char *own = path_below(f->w->root, f->w->cache_dir);
	size_t n = strlen(dir);

	if (strcmp(name, ".DS_Store") == 0)
		return true;
	if (!own)
		return false;
	if (!n)
		return strcmp(own, name) == 0;
	return strncmp(own, dir, n) == 0 && own[n] == '/' && strcmp(own + n + 1, name) == 0;
}

static struct bytes state_of_listing(struct filling *f, const char *path, struct bytes leave)
{
	struct tree_name *names;
	struct map out;
	struct buf b;
	struct bytes ret;
	uint32_t n, i;
	const char *at = leave.data, *end = at + leave.size;

	if (tree_list(f->w->root_fd, path, f->arena, &names, &n) < 0)
		return (struct bytes){ "x", 1 };
	map_init(&out);
	while (leave.size && at < end) {
		size_t size = strnlen(at, (size_t)(end - at));

		*map_put(&out, at, size) = &out;
		at += size + 1;
	}
	buf_init(&b, STATE_LISTING_MAX);
	buf_byte(&b, 'd');
	for (i = 0; i < n; i++) {
		if (is_left_out(f, path, names[i].name) || map_gets(&out, names[i].name))
			continue;
		buf_add(&b, names[i].name, strlen(names[i].name) + 1);
		buf_byte(&b, names[i].type);
	}
	map_free(&out);
	ret = (struct bytes){ arena_copy(f->arena, buf_str(&b), b.size), b.size };
	buf_free(&b);
	return ret;
}

/* Where `old` of this file is asked for: may it be set? Then content_find sets it. */
static bool *settled_of(const struct filling *f, const struct stamp *s)
{
	return s->mtime_ns <= f->since_ns && s->ctime_ns <= f->since_ns ? f->old : NULL;
}

/* The state of an existing path. */
static void fill_there(struct filling *f, struct fact *fact, struct bytes before, const char *path, bool follow,
		       const struct stat *st)
{
	unsigned kind = fact->kind;
	struct bytes listing;
	struct stamp stamp;

	if (S_ISREG(st->st_mode)) {
		stamp_of(st, &stamp);
		if (kind == FACT_TYPE || kind == FACT_LIST)
			fact->state = bytes_join(f->arena, before, "f", 1);
		else
			content_want(&f->contents, &(struct wanted){
				.state = &fact->state, .before = before, .path = fact->name, .follow = follow,
				.executable = st->st_mode & S_IXUSR, .stamp = stamp, .settled = follow ? NULL : settled_of(f, &stamp) });
	} else if (S_ISDIR(st->st_mode) && (kind == FACT_FILE || kind == FACT_LIST)) {
		/* of a link to a directory the listing counts, not the link */
		listing = state_of_listing(f, path, fact->detail);
		fact->state = listing;
	} else {
		fact->state = bytes_join(f->arena, before, S_ISDIR(st->st_mode) ? "d" : "o", 1);
	}
}

/* `left` facts of the list follow, this one too. */
static void fill_path(struct filling *f, struct fact *fact, uint32_t left)
{
	const char *path = f->folder->path, *where;
	char target[PATH_MAX];
	int dir;
	struct bytes before = { "", 0 };
	struct stat st;
	ssize_t n;
	bool link;

	fact->state = (struct bytes){ "", 0 };
	if (below_nothing(f, fact->name) || !folder_enter(f->folder, fact, left))
		return;
	dir = folder_at(f->folder, &where);
	if (!*where)
		where = ".";           /* the workspace */
	if (fstatat(dir, where, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			remember_parent(f, path);
		return;
	}
	link = S_ISLNK(st.st_mode);
	if (link) {
		n = readlinkat(dir, where, target, sizeof target - 1);
		if (n < 0)
			n = 0;
		target[n] = '\0';
		before = bytes_join(f->arena, (struct bytes){ "l", 1 }, target, (size_t)n + 1);
		fact->state = before;
		if (fact->kind == FACT_LEFT || fstatat(dir, where, &st, 0) < 0)
			return;
	}
	fill_there(f, fact, before, path, link, &st);
}

/* Finds a program: by its base name on PATH where it was found so, else at its recorded path. */
static bool program_place(struct filling *f, const struct env *env, const struct fact *fact, char place[PATH_MAX])
{
	const char *recorded = arena_strn(f->arena, fact->name.data, fact->name.size);
	const char *dir = env_get(env, "PWD");
	size_t n = strlen(recorded);

	if (fact->detail.size &&
	    file_on_path(path_base(recorded), dir ? dir : f->w->root, env_get(env, "PATH"), f->w->programs, place))
		return true;
	if (recorded[0] != '/' || n >= PATH_MAX)
		return false;
	memcpy(place, recorded, n + 1);
	return true;
}

/* Of a program outside the workspace its content counts; of one inside that PATH gives also its place, for what it
 * loads lies beside it. */
static void fill_program(struct filling *f, const struct env *env, struct fact *fact)
{
	struct bytes before = { "", 0 };
	char place[PATH_MAX];
	const char *below;
	struct stamp stamp;
	struct stat st;

	fact->state = (struct bytes){ "", 0 };
	if (!program_place(f, env, fact, place))
		return;
	below = fact->detail.size ? path_below(f->w->root, path_clean(f->arena, place)) : NULL;
	/* a program of the system, which many steps start, is looked at once until a step has run */
	if (!file_memo_stat(path_below(f->w->root, place) ? NULL : f->w->programs, place, &st))
		return;
	if (below)
		before = bytes_join(f->arena, (struct bytes){ "w", 1 }, below, strlen(below) + 1);
	stamp_of(&st, &stamp);
	if (S_ISREG(st.st_mode))
		content_want(&f->contents, &(struct wanted){
			.state = &fact->state, .before = before, .path = bytes_text(arena_str(f->arena, place)), .follow = true, .stamp = stamp });
	else
		fact->state = (struct bytes){ "o", 1 };
}

/* A file outside the workspace that was read. `left` facts of the list follow, this one too. */
static void fill_outside(struct filling *f, struct fact *fact, uint32_t left)
{
	const char *where;
	struct stamp stamp;
	struct stat st;
	int dir;

	fact->state = (struct bytes){ "", 0 };
	if (!fact->name.size || *(const char *)fact->name.data != '/' || !folder_enter(f->folder, fact, left))
		return;
	dir = folder_at(f->folder, &where);
	if (fstatat(dir, where, &st, 0) < 0)
		return;
	stamp_of(&st, &stamp);
	if (S_ISREG(st.st_mode))
		content_want(&f->contents, &(struct wanted){ .state = &fact->state, .path = fact->name, .follow = true, .stamp = stamp,
							     .settled = settled_of(f, &stamp) });
	else if (S_ISDIR(st.st_mode))
		fact->state = state_of_listing(f, arena_strn(f->arena, fact->name.data, fact->name.size), fact->detail);
	else
		fact->state = (struct bytes){ "o", 1 };
}

int state_fill(const struct state_world *w, const struct env *env, struct facts *facts, struct arena *a, struct err *err)
{
	return state_fill_since(w, env, facts, 0, NULL, a, err);
}

int state_fill_since(const struct state_world *w, const struct env *env, struct facts *facts, int64_t since_ns, bool *old,
		     struct arena *a, struct err *err)
{
	struct folder folder;
	struct filling f = { .w = w, .arena = a, .folder = &folder, .contents = { .w = w, .arena = a }, .since_ns = since_ns };
	uint32_t i;

	folder_init(&folder, w->root_fd);
	for (i = 0; i < facts->n; i++) {
		struct fact *fact = &facts->at[i];

		f.old = old ? &old[i] : NULL;
		switch (fact->kind) {
		case FACT_ENV:
		case FACT_ASKED:
			fact->state = state_of_variable(w, env, fact->name, a);
			break;
		case FACT_ENV_GLOB:
		case FACT_ENV_PREFIX:
			fact->state = state_of_query(w, env, fact, a);
			break;
		case FACT_PROGRAM:
			fill_program(&f, env, fact);
			break;
		case FACT_OUTSIDE:
			fill_outside(&f, fact, facts->n - i);
			break;
		default:
			if (state_is_path_kind(fact->kind))
				fill_path(&f, fact, facts->n - i);
		}
	}
	folder_leave(&folder);
	return content_find(&f.contents, err);
}
