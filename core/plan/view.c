#include "config.h"

#include "plan/view.h"

#include <string.h>

#include "text/path.h"
#include "text/words.h"
#include "workspace/workspace.h"

/* Names that belong to the runner: never asked for, never in a key. */
static bool is_runners(const char *name)
{
	return strncmp(name, "VP_RUN", 6) == 0 || strncmp(name, "VT_", 3) == 0 || strcmp(name, "VITE_CACHE_PATH") == 0;
}

/* Is it a secret that seals or signs results? No task may have it. */
static bool is_secret(const char *name)
{
	return strcmp(name, "VT_TEAM_KEY") == 0 || strcmp(name, "VT_SIGN_KEY") == 0;
}

/* Names that a run by npm gives to the scripts of one package: never another's. */
static bool is_of_package(const char *name)
{
	return strncmp(name, "npm_package_", 12) == 0 || strncmp(name, "npm_lifecycle_", 14) == 0 || strcmp(name, "PNPM_SCRIPT_SRC_DIR") == 0;
}
static struct variables *variables_new(struct common *common, struct arena *a)
{
	struct variables *v = arena_alloc(a, sizeof *v);

	v->a = a;
	v->common = common;
	map_init(&v->filters);
	return v;
}

/* dir in front of path, and nowhere else. */
static const char *path_with(struct arena *a, const char *dir, const char *path)
{
	size_t n = strlen(dir), rest = path ? strlen(path) : 0;
	char *ret = arena_alloc(a, n + rest + 2), *to = ret + n;

	memcpy(ret, dir, n);
	if (rest && !strstr(path, dir)) {
		*to++ = ':';
		memcpy(to, path, rest);
		return ret;
	}
	while (path && *path) {
		size_t k = strcspn(path, ":");

		if (k != n || memcmp(path, dir, n) != 0) {
			*to++ = ':';
			memcpy(to, path, k);
			to += k;
		}
		path += k;
		if (*path && !*++path)
			*to++ = ':';               /* a colon at the end is an entry */
	}
	return ret;
}

static const char *bin(struct arena *a, const char *dir)
{
	static const char below[] = "/node_modules/.bin";
	size_t n = strcmp(dir, "/") == 0 ? 0 : strlen(dir);
	char *ret = arena_alloc(a, n + sizeof below);

	memcpy(ret, dir, n);
	memcpy(ret + n, below, sizeof below);
	return ret;
}

static void add_pair(struct env_pair **to, uint32_t *n, const char *name, const char *value, struct arena *a)
{
	*to = arena_grow(a, *to, *n, sizeof **to);
	(*to)[(*n)++] = (struct env_pair){ name, value };
}

/* Sorts the session's variables into those for children, those that getEnv answers, and those of a npm run around vt. */
static void sort_session(struct variables *v)
{
	struct common *c = v->common;
	struct env_list all = env_list(c->ground.session, v->a);
	struct env_pair *spawn = NULL, *full = NULL;
	uint32_t i, spawn_n = 0, full_n = 0;

	add_pair(&spawn, &spawn_n, "VP_RUN", "1", v->a);
	for (i = 0; i < all.n; i++) {
		const char *name = all.at[i].name;

		if (is_of_package(name))
			add_pair(&c->outer, &c->outer_n, name, all.at[i].value, v->a);
		else if (strcmp(name, "OLDPWD") != 0 && !is_runners(name))
			continue;
		if (!is_runners(name) || is_secret(name))
			add_pair(&spawn, &spawn_n, name, NULL, v->a);
		add_pair(&full, &full_n, name, NULL, v->a);
	}
	c->outer_json = env_get(c->ground.session, "npm_package_json");
	v->spawn = env_with(v->a, c->ground.session, spawn, spawn_n);
	v->full = env_with(v->a, c->ground.session, full, full_n);
}

struct view *view_new(const struct view_ground *ground, struct arena *a)
{
	struct common *common = arena_alloc(a, sizeof *common);
	struct view *view = arena_alloc(a, sizeof *view);
	const char *path = env_get(ground->session, "PATH");

	common->ground = *ground;
	view->v = variables_new(common, a);
	sort_session(view->v);
	view->path = ground->above ? arena_printf(a, "%s%s%s", ground->above, path ? ":" : "", path ? path : "") : path;
	map_init(&view->packages);
	map_init(&view->folders);
	return view;
}

uint32_t view_pairs(const struct words_assignment *from, uint32_t n, struct env_pair *to, const char **ret_path)
{
	uint32_t i, kept = 0;

	for (i = 0; i < n; i++) {
		if (strcmp(from[i].name, "PATH") == 0 && ret_path) {
			*ret_path = from[i].value;
			continue;
		}
		to[kept].name = from[i].name;
		to[kept++].value = from[i].value;
	}
	return kept;
}

struct view *view_with(struct view *below, const struct words_assignment *assignments, uint32_t n, const char *path)
{
	struct arena *a = below->v->a;
	struct view *view = arena_alloc(a, sizeof *view);
	struct env_pair *pairs = arena_array(a, n, sizeof *pairs);
	uint32_t kept = view_pairs(assignments, n, pairs, &path);

	view->v = below->v;
	view->path = path;
	map_init(&view->packages);
	map_init(&view->folders);
	if (kept) {
		view->v = variables_new(below->v->common, a);
		view->v->spawn = env_with(a, below->v->spawn, pairs, kept);
		view->v->full = env_with(a, below->v->full, pairs, kept);
	}
	return view;
}

/* Is there a folder of the workspace above this one? */
static bool has_above(const struct view *view, const char *dir)
{
	const char *below = path_below(view->v->common->ground.root, dir);

	return below && *below;
}

/* The PATH of a folder: its own programs, those of the folders above it up to the root, the rest. */
static const char *folder_path(struct view *view, const char *dir)
{
	struct arena *a = view->v->a;
	const char *path = map_gets(&view->folders, dir);

	if (path)
		return path;
	path = has_above(view, dir) ? folder_path(view, path_dir(a, dir)) : view->path;
	path = path_with(a, bin(a, dir), path);
	*map_puts(&view->folders, dir) = (void *)path;
	return path;
}

const char *view_get(const struct view *view, const char *name)
{
	return strcmp(name, "PATH") == 0 ? view->path : env_get(view->v->spawn, name);
}

void view_free(struct view *view, const struct view *below)
{
	map_free(&view->packages);
	map_free(&view->folders);
	if (!below || below->v != view->v)
		map_free(&view->v->filters);
}

struct view_package *view_package(struct view *view, const struct package *package)
{
	const char *dir = package->dir;
	void **place = map_puts(&view->packages, dir);
	struct view_package *p = *place;

	if (p)
		return p;
	*place = p = arena_alloc(view->v->a, sizeof *p);
	p->view = view;
	p->package = package;
	p->bin = bin(view->v->a, dir);
	p->path = folder_path(view, dir);
	p->rest = has_above(view, dir) ? folder_path(view, path_dir(view->v->a, dir)) : view->path;
	return p;
}

const char *view_package_path(const struct view_package *p)
{
	return p->path;
}

const char *view_package_bin(const struct view_package *p)
{
	return p->bin;
}

const char *view_package_rest(const struct view_package *p)
{
	return p->rest;
}

/* ---- what a package adds ---- */

static const struct npm *npm_of(struct common *c)
{
	static const struct npm nothing;

	if (!c->npm && c->ground.npm)
		c->npm = c->ground.npm(c->ground.ctx);
	if (!c->npm)
		c->npm = &nothing;
	return c->npm;
}

static void add_known(struct env_pair *pairs, uint32_t *n, const char *name, const char *value)
{
	if (value)
		pairs[(*n)++] = (struct env_pair){ name, value };
}

struct env_pair *view_pairs_for(struct arena *a, struct env_pair few[FEW_PAIRS], uint32_t n)
{
	return n <= FEW_PAIRS ? few : arena_array(a, n, sizeof *few);
}

static uint32_t npm_pairs(struct view_package *p, bool cached, struct env_pair *pairs)
{
	struct common *c = p->view->v->common;
	const struct npm *npm = npm_of(c);
	uint32_t n = p->package->variables_n;

	if (n)
		memcpy(pairs, p->package->variables, n * sizeof *pairs);
	if (!p->json)
		p->json = arena_concat(p->view->v->a, p->package->dir, "/package.json", NULL);
	add_known(pairs, &n, "npm_package_json", p->json);
	add_known(pairs, &n, "npm_execpath", npm->execpath);
	add_known(pairs, &n, "npm_node_execpath", npm->node);
	add_known(pairs, &n, "NODE", npm->node);
	add_known(pairs, &n, "npm_command", npm->command);
	add_known(pairs, &n, "npm_config_user_agent", npm->user_agent);
	add_known(pairs, &n, "INIT_CWD", cached ? c->ground.root : c->ground.cwd);
	return n;
}

/* Was vt started by a script of this very package? */
static bool is_outer(const struct view_package *p)
{
	const char *json = p->view->v->common->outer_json, *below = json ? path_below(p->package->dir, json) : NULL;

	return below && strcmp(below, "package.json") == 0;
}

const struct env *view_with_package(struct view_package *p, const struct env *below, int whose, bool cached, bool path)
{
	struct arena *a = p->view->v->a;
	struct common *c = p->view->v->common;
	struct env_pair few[FEW_PAIRS];
	struct env_pair *pairs = view_pairs_for(a, few, p->package->variables_n + c->outer_n + 12);
	uint32_t n = 0;

	if (whose == FOR_SCRIPT)
		n = npm_pairs(p, cached, pairs);
	else if (!cached && is_outer(p))
		for (; n < c->outer_n; n++)
			pairs[n] = c->outer[n];
	add_known(pairs, &n, "PATH", path ? p->path : NULL);
	add_known(pairs, &n, "PWD", p->package->dir);
	add_known(pairs, &n, "NODE_OPTIONS", c->ground.node_options);
	return env_over(a, below, pairs, n);
}
