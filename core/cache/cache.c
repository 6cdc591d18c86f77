#include "config.h"

#include "cache/inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/env.h"
#include "cache/ahead.h"
#include "cache/blob.h"
#include "cache/history.h"
#include "os/file.h"
#include "os/tree.h"
#include "plan/step.h"
#include "plug/stores.h"
#include "text/path.h"
#include "workspace/workspace.h"

enum { UNFINISHED_S = 3600 };

static const char tag_text[] =
	"Signature: 8a477f597d28d172789f06886806bc55\n"
	"# This directory is the cache of vt. It may be deleted at any time.\n";

void cache_warn(struct cache *c, const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (c->setup.warn)
		c->setup.warn(c->setup.ctx, text);
}

int cache_place(const struct env *env, const char *root, struct arena *a, const char **ret, struct err *err)
{
	static const char *const names[] = { "VT_CACHE_DIR", "VITE_CACHE_PATH" };
	unsigned i;

	for (i = 0; i < COUNT(names); i++) {
		const char *value = env_get(env, names[i]);

		if (!value || !value[0])
			continue;
		if (value[0] != '/')
			return err_set(err, ERR_USER, "%s must be an absolute path, but it is '%s'", names[i], value);
		*ret = path_clean(a, value);
		return 0;
	}
	*ret = path_join(a, root, ".vt");
	return 0;
}

/* ---- the directory --------------------------------------------------------- */

static int put_file(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t n;

	if (fd < 0)
		return errno == EEXIST ? 0 : -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

/* A directory that others may write to, or that is somebody else's, is not trusted. */
static int check_owner(int fd, const char *dir, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "cannot use '%s'", dir);
	if (st.st_uid != geteuid())
		return err_set(err, ERR_USER, "'%s' belongs to another user", dir);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(err, ERR_USER, "others may write to '%s'", dir);
	return 0;
}

/* What vt makes in there: its own, the stores', the plugins'. */
static const char *const own_names[] = {
	"v1", "store-1", "plugins", "last-summary.json", ".gitignore", "CACHEDIR.TAG",
};

static bool is_own_name(const char *name)
{
	unsigned i;

	for (i = 0; i < COUNT(own_names); i++)
		if (strcmp(name, own_names[i]) == 0)
			return true;
	return false;
}

/* Is it a folder for something else, given as the cache by mistake? */
static bool is_foreign(int fd)
{
	struct arena *a = arena_new();
	struct tree_name *names;
	uint32_t n = 0, i;
	bool foreign = false;

	if (faccessat(fd, "CACHEDIR.TAG", F_OK, 0) < 0 && tree_list(fd, "", a, &names, &n) == 0)
		for (i = 0; i < n; i++)
			foreign |= !is_own_name(names[i].name);
	arena_free(a);
	return foreign;
}

static int make_marks(int fd, const char *dir, struct err *err)
{
	if (is_foreign(fd))
		return err_set(err, ERR_USER, "'%s' holds something else (there is no CACHEDIR.TAG of vt in it)", dir);
	if (put_file(fd, ".gitignore", "*\n") < 0 || put_file(fd, "CACHEDIR.TAG", tag_text) < 0 ||
	    (mkdirat(fd, "v" CACHE_FORMAT, 0700) < 0 && errno != EEXIST))
		return err_errno(err, errno, "cannot write to '%s'", dir);
	return 0;
}

static int open_directory(const char *dir, bool dry, struct err *err)
{
	struct stat st;
	int fd, r;

	if (!dry && stat(dir, &st) < 0 && file_mkdirs(dir, 0700, err) < 0)
		return -1;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "cannot use '%s'", dir);
	r = check_owner(fd, dir, err);
	if (r == 0 && !dry && faccessat(fd, "v" CACHE_FORMAT, F_OK, 0) < 0)
		r = make_marks(fd, dir, err);
	close(fd);
	return r;
}

int cache_make(const char *dir, struct err *err)
{
	return open_directory(dir, false, err);
}

static char *below(const char *dir, const char *name)
{
	size_t n = strlen(dir) + strlen(name) + 2;
	char *ret = xmalloc(n);

	snprintf(ret, n, "%s/%s", dir, name);
	return ret;
}

/* Unfinished files of processes that are no more: their folders are not locked. */
static void sweep(struct cache *c)
{
	char *tmp = below(c->inner, "tmp"), *one;
	DIR *d = opendir(tmp);
	struct dirent *e;
	int fd;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		one = below(tmp, e->d_name);
		fd = open(one, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			(void)file_remove_tree(one, NULL);
		if (fd >= 0)
			close(fd);
		free(one);
	}
	if (d)
		closedir(d);
	free(tmp);
}

/* Is it what file_write or mac_load would have renamed? */
static bool is_unfinished(const char *name)
{
	static const char *const made[] = { "history.", "stat.", "key.", "last-summary.json." };
	unsigned i;

	for (i = 0; i < COUNT(made); i++) {
		size_t n = strlen(made[i]);

		if (strncmp(name, made[i], n) == 0 && (strlen(name + n) == 6 || strlen(name + n) == 8) && !strchr(name + n, '.'))
			return true;
	}
	return false;
}

/* Processes that were killed left them; who writes now is done within the hour. */
static void sweep_unfinished(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d)))
		if (is_unfinished(e->d_name) && fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && st.st_mtime < time(NULL) - UNFINISHED_S)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}

int cache_tmp(struct cache *c)
{
	char *tmp;
	struct stat st;
	uint64_t unique;
	int tries;

	pthread_mutex_lock(&c->lock);
	if (c->tmp_fd < 0 && c->usable && !c->setup.dry) {
		tmp = below(c->inner, "tmp");
		(void)mkdir(tmp, 0700);
		if (c->tmp_parent < 0)
			c->tmp_parent = open(tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		free(tmp);
		for (tries = 0; c->tmp_parent >= 0 && c->tmp_fd < 0 && tries < 10; tries++) {
			digest_random(&unique, sizeof unique);
			snprintf(c->tmp_name, sizeof c->tmp_name, "%016llx", (unsigned long long)unique);
			if (mkdirat(c->tmp_parent, c->tmp_name, 0700) < 0)
				break;
			c->tmp_fd = openat(c->tmp_parent, c->tmp_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
			/* somebody who sweeps may have been between the two */
			if (c->tmp_fd >= 0 && (flock(c->tmp_fd, LOCK_EX | LOCK_NB) < 0 ||
					       fstatat(c->tmp_parent, c->tmp_name, &st, 0) < 0)) {
				close(c->tmp_fd);
				c->tmp_fd = -1;
			}
		}
	}
	pthread_mutex_unlock(&c->lock);
	return c->tmp_fd;
}

static void drop_tmp(struct cache *c)
{
	char *tmp, *one;

	if (c->tmp_fd >= 0) {
		tmp = below(c->inner, "tmp");
		one = below(tmp, c->tmp_name);
		(void)file_remove_tree(one, NULL);
		free(one);
		free(tmp);
		close(c->tmp_fd);
	}
	if (c->tmp_parent >= 0)
		close(c->tmp_parent);
}

/* ---- opening and closing ---------------------------------------------------- */

static int use_directory(struct cache *c, struct err *err)
{
	char *key;
	int r;

	if (open_directory(c->dir, c->setup.dry, err) < 0)
		return -1;
	key = below(c->inner, "key");
	r = c->setup.dry && access(key, R_OK) < 0 ? 1 : mac_load(key, &c->mac, err);
	free(key);
	return r;
}

struct cache *cache_open(const struct cache_setup *setup)
{
	struct cache *c = xcalloc(1, sizeof *c);
	struct err err = { 0 };
	char *text;
	int r;

	c->setup = *setup;
	c->dir = xstrdup(setup->dir);
	c->inner = below(setup->dir, "v" CACHE_FORMAT);
	c->tmp_fd = c->tmp_parent = -1;
	pthread_mutex_init(&c->lock, NULL);
	c->root_fd = open(setup->workspace->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = c->root_fd < 0 ? err_errno(&err, errno, "cannot open '%s'", setup->workspace->root) : use_directory(c, &err);
	c->usable = r == 0;
	if (r < 0 && !setup->dry) {
		text = err_join(&err);
		cache_warn(c, "the cache is not used: %s", text);
		free(text);
	}
	err_clear(&err);
	if (c->usable && !setup->dry)
		sweep(c);
	c->world = (struct state_world){
		.root = setup->workspace->root,
		.cache_dir = c->dir,
		.root_fd = c->root_fd,
		.clock = state_clock_new(c->usable && !setup->dry ? c->inner : NULL, c->root_fd),
		.programs = setup->programs,
		.mac = &c->mac,
		.plug = setup->plug,
		.fingerprint = plug_fingerprint,
	};
	return c;
}

static char *backend_of(struct component *fingerprint)
{
	const vt_component *about = component_description(fingerprint);
	char text[300];

	snprintf(text, sizeof text, "%s %u", component_name(fingerprint), (unsigned)about->format);
	return xstrdup(text);
}

static void make_ready(struct cache *c)
{
	struct component *fingerprint = plug_fingerprint(c->setup.plug);
	char *file, *backend;

	if (!fingerprint || !stores_any(c->setup.plug))
		return;
	c->parts_n = plug_parts(c->setup.plug, &c->parts);
	c->roles = plug_roles(c->setup.plug);
	if (c->setup.ahead) {
		c->world.stats = cache_ahead_stats(c->setup.ahead);
		c->history = cache_ahead_history(c->setup.ahead);
	} else {
		file = below(c->inner, "stat");
		c->world.stats = stat_cache_new(file);
		free(file);
		file = below(c->inner, "history");
		c->history = history_new(file);
		free(file);
	}
	backend = backend_of(fingerprint);
	stat_cache_use(c->world.stats, backend);
	free(backend);
	c->blobs = blobs_new(c);
	c->works = true;
}

bool cache_ready(struct cache *c)
{
	if (!c->usable)
		return false;
	pthread_mutex_lock(&c->lock);
	if (!c->ready) {
		make_ready(c);
		c->ready = true;
	}
	pthread_mutex_unlock(&c->lock);
	return c->works;
}

bool cache_works(const struct cache *c)
{
	return cache_ready((struct cache *)(uintptr_t)c);
}

/* Hits and misses since the cache was made: 16 bytes. Two runs at once may lose a count. */
static void add_counts(struct cache *c)
{
	char *file;
	uint64_t n[2] = { 0, 0 };
	int fd;

	if (!c->hits && !c->misses)
		return;
	file = below(c->inner, "counts");
	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	free(file);
	if (fd < 0)
		return;
	if (pread(fd, n, sizeof n, 0) != (ssize_t)sizeof n)
		n[0] = n[1] = 0;
	n[0] += c->hits;
	n[1] += c->misses;
	if (pwrite(fd, n, sizeof n, 0) != (ssize_t)sizeof n)
		(void)ftruncate(fd, 0);
	close(fd);
}

void cache_something_ran(struct cache *c)
{
	if (c->world.programs)
		file_memo_forget(c->world.programs);
}

void cache_close(struct cache *c)
{
	bool save;

	if (!c)
		return;
	save = c->works && !c->setup.dry;
	cache_ahead_join(c->setup.ahead);
	blobs_free(c->blobs, save);
	history_free(c->history, save);
	stat_cache_close(c->world.stats, save);
	cache_ahead_free(c->setup.ahead);
	if (save)
		add_counts(c);
	if (save && c->misses) {
		sweep_unfinished(c->dir);
		sweep_unfinished(c->inner);
	}
	drop_tmp(c);
	state_clock_free(c->world.clock);
	if (c->root_fd >= 0)
		close(c->root_fd);
	pthread_mutex_destroy(&c->lock);
	free(c->dir);
	free(c->inner);
	free(c);
}

/* ---- what the other files ask ------------------------------------------------- */

bool step_is_automatic(const struct cache *c, const struct step *step)
{
	return step->rules->input.automatic || (!step->rules->output.given && (c->roles & VT_ROLE_OUTPUT));
}

bool part_is_asked(const struct cache *c, const struct component *part, const struct step *step)
{
	uint32_t roles = component_description(part)->roles;

	(void)c;
	if (!roles || (roles & VT_ROLE_ENV))
		return true;
	if ((roles & VT_ROLE_INPUT) && step->rules->input.automatic)
		return true;
	if ((roles & VT_ROLE_OUTPUT) && !step->rules->output.given)
		return true;
	return (roles & VT_ROLE_ARCHIVE) &&
	       (step->rules->output.yes.n || (!step->rules->output.given && (c->roles & VT_ROLE_OUTPUT)));
}

static vt_bytes text_bytes(const char *s)
{
	return (vt_bytes){ s, strlen(s) };
}

vt_step *step_described(const struct cache *c, const struct step *step, struct arena *a)
{
	vt_step *ret = arena_alloc(a, sizeof *ret);
	vt_bytes *argv = arena_array(a, step->argv.n + 1, sizeof *argv);
	vt_bytes *declared = arena_array(a, step->declared.n + 1, sizeof *declared);
	const char *cwd = path_below(c->world.root, step->dir);
	uint32_t i;

	for (i = 0; i < step->argv.n; i++)
		argv[i] = text_bytes(step->argv.at[i]);
	for (i = 0; i < step->declared.n; i++)
		declared[i] = text_bytes(step->declared.at[i]);
	*ret = (vt_step){
		.struct_size = sizeof *ret,
		.flags = (step->rules->input.automatic ? VT_STEP_INPUT_AUTO : 0) |
			 (!step->rules->output.given ? VT_STEP_OUTPUT_AUTO : 0) |
			 (step->rules->output.yes.n ? VT_STEP_OUTPUT : 0),
		.task = text_bytes(step->task->label),
		.root = text_bytes(c->world.root),
		.cwd = text_bytes(cwd ? cwd : ""),
		.argv = argv,
		.argc = step->argv.n,
		.declared = declared,
		.declared_count = step->declared.n,
	};
	return ret;
}

/* ---- vt cache --------------------------------------------------------------- */

static bool is_tagged(const char *dir)
{
	char *file = below(dir, "CACHEDIR.TAG");
	struct arena *a = arena_new();
	struct bytes b;
	bool ret = file_read(file, 4096, a, &b, NULL) == 0 && b.size >= sizeof tag_text - 1 &&
		   memcmp(b.data, tag_text, sizeof tag_text - 1) == 0;

	arena_free(a);
	free(file);
	return ret;
}

int cache_clean(const char *dir, struct err *err)
{
	struct stat st;
	unsigned i;
	char *one;
	int r = 0;

	if (lstat(dir, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_errno(err, errno, "cannot look at '%s'", dir);
	if (!is_tagged(dir) && S_ISDIR(st.st_mode) && access(dir, R_OK | X_OK) < 0)
		return err_errno(err, errno, "cannot look into '%s'", dir);
	if (!is_tagged(dir))
		return err_set(err, ERR_USER, "'%s' is not a cache that vt made (there is no CACHEDIR.TAG of vt in it); nothing was removed", dir);
	for (i = 0; r == 0 && i < COUNT(own_names); i++) {
		one = below(dir, own_names[i]);
		if (lstat(one, &st) == 0)
			r = file_remove_tree(one, err);
		free(one);
	}
	/* stays when somebody else keeps something in it */
	if (r == 0 && rmdir(dir) < 0 && errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT)
		r = err_errno(err, errno, "cannot remove '%s'", dir);
	return r;
}

static void add_size(void *ctx, const char *path, size_t size, const struct stat *st)
{
	uint64_t *bytes = ctx;

	(void)path;
	(void)size;
	*bytes += (uint64_t)st->st_size;
}

/* "name value" lines of the local store. */
static void read_about(const char *dir, struct cache_figures *ret)
{
	char *file = below(dir, "store-1/about");
	struct arena *a = arena_new();
	struct bytes b;
	const char *line;

	if (file_read(file, 4096, a, &b, NULL) == 0) {
		for (line = b.data; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
			unsigned long long n;

			if (sscanf(line, "entries %llu", &n) == 1)
				ret->entries = n;
			else if (sscanf(line, "blobs %llu", &n) == 1)
				ret->blobs = n;
			else if (sscanf(line, "bound %llu", &n) == 1)
				ret->bound = n;
			else if (sscanf(line, "oldest %llu", &n) == 1)
				ret->oldest = (int64_t)n;
		}
	}
	arena_free(a);
	free(file);
}

int cache_figures(const char *dir, struct cache_figures *ret, struct err *err)
{
	const struct tree_visitor sizes = { .found = add_size, .ctx = &ret->bytes };
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r, count;
	uint64_t n[2] = { 0, 0 };
	struct history *h;
	char *inner;

	*ret = (struct cache_figures){ 0 };
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_errno(err, errno, "cannot open '%s'", dir);
	ret->there = true;
	r = tree_walk(fd, "", 0, &sizes, err);
	count = openat(fd, "v" CACHE_FORMAT "/counts", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (count >= 0 && pread(count, n, sizeof n, 0) == (ssize_t)sizeof n) {
		ret->hits = n[0];
		ret->misses = n[1];
	}
	if (count >= 0)
		close(count);
	close(fd);
	inner = below(dir, "v" CACHE_FORMAT "/history");
	h = history_new(inner);
	ret->steps = history_steps(h);
	history_free(h, false);
	free(inner);
	read_about(dir, ret);
	return r;
}
