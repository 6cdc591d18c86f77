#include "config.h"

#include "workspace/workspace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/texts.h"
#include "os/file.h"
#include "text/path.h"
#include "workspace/load.h"

static const char *real_cwd(const char *cwd, struct arena *a, struct err *err)
{
	const char *real = file_real(cwd, a);

	if (!real)
		err_errno(err, errno, "%s cannot be used as the working directory", cwd);
	return real;
}

int workspace_find(const char *cwd, struct arena *a, const char **ret_root, struct err *err)
{
	const char *real = real_cwd(cwd, a, err);
	struct root root;

	if (!real || discover_root(real, a, &root, err))
		return -1;
	json_free(root.manifest);
	*ret_root = root.dir;
	return 0;
}

void workspace_warn(struct workspace *w, const char *text)
{
	texts_add(w->arena, &w->warnings, text);
}

const char *workspace_shown_dir(const struct workspace *w, struct arena *a, const char *path)
{
	return arena_concat(a, w->root, w->root[1] ? "/" : "", path, NULL);
}

/* Does `file` lie behind a link that leaves the folder `root`? */
static bool leaves(const char *root, const char *file)
{
	char *real_root = realpath(root, NULL), *real = realpath(file, NULL);
	bool ret = real_root && real && !path_below(real_root, real);

	free(real_root);
	free(real);
	return ret;
}

int workspace_hide(const char *root, const char *file, struct err *err)
{
	static const char hidden[] = " is not as it should be; what is wrong is not shown, because a symbolic link leads to it that leaves the workspace";
	const size_t n = strlen(file);
	char **text = err && err->n ? &err->text[err->n - 1] : NULL;

	if (!text || strncmp(*text, file, n) != 0 || (*text)[n] != ':' || !leaves(root, file))
		return -1;
	free(*text);
	*text = xmalloc(n + sizeof hidden);
	memcpy(*text, file, n);
	memcpy(*text + n, hidden, sizeof hidden);
	return -1;
}

int config_open(const struct loading *l, const char *path, struct arena *a, struct arena *scratch, struct config *ret, struct err *err)
{
	const char *place = path_join(scratch, path, "vite-task.json"), *file = path_join(scratch, l->w.root, place);
	const char *shown = workspace_shown_dir(&l->w, scratch, path);
	struct bytes text;
	int r = file_read_below(l->root_fd, place, file, WORKSPACE_FILE_MAX, scratch, &text, err);

	if (r < 0)
		return err_wrap(err, "Failed to load task config file for package at %s", shown);
	if (config_read(file, r ? NULL : &text, shown, !path[0], a, ret, err))
		return workspace_hide(l->w.root, file, err);
	return r;
}

static int load_config(struct loading *l, struct member *m, struct err *err)
{
	int r;

	if (m->config)
		return 0;
	m->config = arena_alloc(l->w.arena, sizeof *m->config);
	r = config_open(l, m->path, l->w.arena, l->scratch, m->config, err);
	if (r < 0)
		return -1;
	if (r == 0 && !m->path[0])
		l->w.config_file = path_join(l->w.arena, l->w.root, "vite-task.json");
	if (!m->path[0]) {
		l->w.cache_scripts = m->config->cache_scripts;
		l->w.cache_tasks = m->config->cache_tasks;
		l->w.hooks = m->config->hooks;
		l->w.plugins = m->config->plugins;
		l->w.env = m->config->env;
		l->w.untracked = m->config->untracked;
		l->w.trusted = m->config->trusted;
		l->w.tool_caches = m->config->tool_caches;
		l->w.framework_env = m->config->framework_env;
		l->config = m->config->doc;
		l->root_config = m->config;
	}
	return 0;
}

static void make_packages(struct loading *l)
{
	struct arena *a = l->w.arena;
	uint32_t i;

	l->packages = arena_array(a, l->members_n, sizeof *l->packages);
	for (i = 0; i < l->members_n; i++) {
		struct package *p = &l->packages[i];

		p->name = l->members[i].manifest->name;
		p->version = l->members[i].manifest->version;
		p->variables = l->members[i].manifest->variables;
		p->variables_n = l->members[i].manifest->variables_n;
		p->path = l->members[i].path;
		p->dir = path_join(a, l->w.root, p->path);
		p->link = l->members[i].link;
		p->outside = l->members[i].outside;
		p->index = i;
		if (!p->path[0])
			l->w.root_package = p;
	}
	l->w.packages = l->packages;
	l->w.packages_n = l->members_n;
}

/* The folder around `cwd` that has a package.json and is no package, or NULL. */
static const char *find_stray(const struct loading *l, const char *cwd)
{
	struct arena *a = l->w.arena;
	const char *path = path_below(l->w.root, cwd);
	struct stat st;

	for (; path && *path && !workspace_package(&l->w, path); path = path_dir(a, path)) {
		const char *dir = path_join(a, l->w.root, path);

		if (stat(path_join(a, dir, "package.json"), &st) == 0 && S_ISREG(st.st_mode))
			return dir;
	}
	return NULL;
}

static int load(struct loading *l, struct err *err)
{
	uint32_t i;

	if (discover_members(l, err))
		return err_wrap(err, "Failed to load package graph");
	make_packages(l);
	if (edges_make(l, err))
		return err_wrap(err, "Failed to load package graph");
	for (i = 0; i < l->members_n; i++)
		if (load_config(l, &l->members[i], err))
			return -1;
	return tasks_make(l, err);
}

int workspace_load(const char *cwd, struct workspace **ret, struct err *err)
{
	return workspace_load_from(cwd, NULL, NULL, ret, err);
}

int workspace_load_from(const char *cwd, void (*rooted)(void *ctx, const char *root), void *ctx,
			struct workspace **ret, struct err *err)
{
	struct loading *l = xcalloc(1, sizeof *l);
	const char *real;
	int r = -1;

	l->w.arena = arena_new();
	l->scratch = arena_new();
	map_init(&l->names);
	real = real_cwd(cwd, l->w.arena, err);
	if (real && discover_root(real, l->w.arena, &l->root, err) == 0) {
		l->w.root = l->root.dir;
		if (rooted)
			rooted(ctx, l->w.root);
		l->root_fd = open(l->w.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (l->root_fd < 0)
			r = err_errno(err, errno, "%s cannot be opened", l->w.root);
		else
			r = load(l, err);
		if (l->root_fd >= 0)
			close(l->root_fd);
		if (r)
			err_wrap(err, "Failed to load task graph");
	}
	json_free(l->root.manifest);
	l->root.manifest = NULL;
	map_free(&l->names);
	arena_free(l->scratch);
	l->scratch = NULL;
	if (r) {
		workspace_free(&l->w);
		return -1;
	}
	l->w.stray = find_stray(l, real);
	*ret = &l->w;
	return 0;
}

void workspace_free(struct workspace *w)
{
	struct loading *l = (struct loading *)w;

	if (!w)
		return;
	json_free(l->config);
	arena_free(l->beside);
	arena_free(w->arena);
	free(l);
}

const struct package *workspace_package(const struct workspace *w, const char *path)
{
	uint32_t low = 0, high = w->packages_n, middle;
	int c;

	if (!path[0])
		return w->root_package;
	if (high && !w->packages[high - 1].path[0])
		high--;                    /* the root stands last, out of the order */
	while (low < high) {
		middle = low + (high - low) / 2;
		c = strcmp(w->packages[middle].path, path);
		if (c == 0)
			return &w->packages[middle];
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct package *workspace_package_at(const struct workspace *w, const char *dir)
{
	struct arena *a = arena_new();
	const char *below = path_below(w->root, path_clean(a, dir));
	const struct package *p = NULL;

	while (below && !(p = workspace_package(w, below)))
		below = path_dir(a, below);
	arena_free(a);
	return p;
}

const struct task *workspace_task(const struct package *p, const char *name)
{
	uint32_t low = 0, high = p->tasks_n, middle;
	int c;

	while (low < high) {
		middle = low + (high - low) / 2;
		c = strcmp(p->tasks[middle]->name, name);
		if (c == 0)
			return p->tasks[middle];
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

uint32_t workspace_places(const struct workspace *w, struct arena *a, struct workspace_place **ret)
{
	uint32_t i, n = 0;
	const char *c;

	*ret = arena_array(a, w->patterns ? w->patterns->n : 0, sizeof **ret);
	for (i = 0; w->patterns && i < w->patterns->n; i++) {
		const struct pattern *p = &w->patterns->at[i];
		struct workspace_place *place = &(*ret)[n];

		if (p->no)
			continue;
		n++;
		place->base = p->base;
		for (c = p->written + strspn(p->written, "./"); *c; c++)
			place->levels += *c == '/' && c[1];
		for (c = p->base; *c; c++)
			place->levels -= *c == '/' && place->levels > 0;
		place->levels += !*p->base;
		place->levels = p->literal ? 0 : p->open ? UINT32_MAX : place->levels;
	}
	return n;
}
