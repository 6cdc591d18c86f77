#include "config.h"

#include "plan/spawn_env.h"

#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/texts.h"
#include "text/glob.h"
#include "text/words.h"
#include "workspace/workspace.h"

/* What every task may have without saying so, sorted by bytes, as patterns. */
static const char *const passed[] = {
	"*_TOKEN", "APPDATA", "BUILDKIT_*", "CI", "COMPOSE_*", "COREPACK_*", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "DOCKER_*",
	"DYLD_FALLBACK_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "ELECTRON_RUN_AS_NODE", "GITHUB_*", "HOME", "HOMEDRIVE",
	"HOMEPATH", "JB_IDE_*", "JB_INTERPRETER", "LANG", "LD_LIBRARY_PATH", "LD_PRELOAD", "LIBPATH", "NEXT_*", "NODE_OPTIONS",
	"NOW_BUILDER", "NPM_CONFIG_STORE_DIR", "PATH", "PATHEXT", "PLAYWRIGHT_*", "PNPM_HOME", "PROGRAMDATA", "PWD",
	"ProgramFiles", "ProgramFiles[(]x86[)]", "RUNNER_*", "SHELL", "SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "TMP", "TZ",
	"USE_OUTPUT_FOR_EDGE_FUNCTIONS", "USER", "USERPROFILE", "VC_MICROFRONTENDS_CONFIG_FILE_NAME", "VERCEL", "VERCEL_*",
	"VP_*", "VSCODE_*", "WINDIR", "XAUTHORITY", "XDG_RUNTIME_DIR", "_JETBRAINS_TEST_RUNNER_RUN_SCOPE_TYPE",
};

/* The list matched against one name, in words: no pattern in it but a star at one
 * end, and the one with brackets. */
static bool is_passed(const char *name)
{
	size_t n = strlen(name);
	uint32_t i;

	if (n >= 6 && strcmp(name + n - 6, "_TOKEN") == 0)
		return true;
	for (i = 1; i < COUNT(passed); i++) {
		const char *p = passed[i];
		size_t k;

		if (p[0] != name[0])
			continue;
		k = strlen(p);
		if (p[k - 1] == '*' ? strncmp(p, name, k - 1) == 0 : strcmp(p, name) == 0)
			return true;
	}
	return strcmp(name, "ProgramFiles(x86)") == 0;
}

/* Names that belong to the runner: never asked for, never in a key. */
static bool is_runners(const char *name)
{
	return strncmp(name, "VP_RUN", 6) == 0 || strncmp(name, "VT_", 3) == 0 || strcmp(name, "VITE_CACHE_PATH") == 0;
}

/* The variables without PATH: shared by all views that differ in PATH only. */
struct variables {
	struct arena *a;
	const struct env *spawn, *full;
	struct env_list list;              /* of spawn; made at the first cached step */
	bool *passed;                      /* per variable of the list */
	struct map filters;                /* the patterns as one text -> struct filtered */
};

/* The variables as the patterns of some tasks let them through. */
struct filtered {
	const struct env *kept;            /* without PATH */
	bool path;                         /* PATH is let through */
	bool color;                        /* FORCE_COLOR is declared, and ours */
	struct texts declared, untracked;
};

struct view {
	struct variables *v;
	const char *path;
	struct map packages;               /* dir -> struct view_package */
};

struct view_package {
	struct view *view;
	const char *bin, *path;
	const struct env *spawn, *full;    /* with PATH; NULL: not asked for yet */
	struct map kept;                   /* struct filtered (by its address) -> struct env with PATH */
};

static struct variables *variables_new(struct arena *a)
{
	struct variables *v = arena_alloc(a, sizeof *v);

	v->a = a;
	map_init(&v->filters);
	return v;
}

/* dir in front of path, and nowhere else. */
static const char *path_with(struct arena *a, const char *dir, const char *path)
{
	size_t n = strlen(dir), room = n + (path ? strlen(path) : 0) + 2;
	char *ret = arena_alloc(a, room), *to = ret + n;

	memcpy(ret, dir, n);
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
	return arena_printf(a, "%s/node_modules/.bin", strcmp(dir, "/") == 0 ? "" : dir);
}

struct view *view_new(const struct env *session, const char *root, struct arena *a)
{
	struct variables *v = variables_new(a);
	struct view *view = arena_alloc(a, sizeof *view);
	struct env_list all = env_list(session, a);
	struct env_pair run = { "VP_RUN", "1" }, *hidden = NULL;
	uint32_t i, n = 0;

	for (i = 0; i < all.n; i++)
		if (is_runners(all.at[i].name)) {
			hidden = arena_grow(a, hidden, n, sizeof *hidden);
			hidden[n].name = all.at[i].name;
			hidden[n++].value = NULL;
		}
	v->spawn = env_with(a, session, &run, 1);
	v->full = env_with(a, session, hidden, n);
	view->v = v;
	view->path = path_with(a, bin(a, root), env_get(session, "PATH"));
	map_init(&view->packages);
	return view;
}

/* The pairs without PATH; *ret_path is its last value if it is among them. */
static uint32_t pairs_of(const struct words_assignment *from, uint32_t n, struct env_pair *to, const char **ret_path)
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
	uint32_t kept = pairs_of(assignments, n, pairs, &path);

	view->v = below->v;
	view->path = path;
	map_init(&view->packages);
	if (kept) {
		view->v = variables_new(a);
		view->v->spawn = env_with(a, below->v->spawn, pairs, kept);
		view->v->full = env_with(a, below->v->full, pairs, kept);
	}
	return view;
}

const char *view_get(const struct view *view, const char *name)
{
	return strcmp(name, "PATH") == 0 ? view->path : env_get(view->v->spawn, name);
}

static void package_free(struct view_package *p)
{
	map_free(&p->kept);
}

void view_free(struct view *view, const struct view *below)
{
	uint32_t i;

	for (i = 0; i < view->packages.n; i++)
		package_free(view->packages.at[i].value);
	map_free(&view->packages);
	if (!below || below->v != view->v)
		map_free(&view->v->filters);
}

struct view_package *view_package(struct view *view, const char *dir)
{
	void **place = map_puts(&view->packages, dir);
	struct view_package *p = *place;

	if (p)
		return p;
	*place = p = arena_alloc(view->v->a, sizeof *p);
	p->view = view;
	p->bin = bin(view->v->a, dir);
	p->path = path_with(view->v->a, p->bin, view->path);
	map_init(&p->kept);
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
	return p->view->path;
}

/* `path` lives as long as the arena. */
static const struct env *with_path(struct arena *a, const struct env *below, const char *path)
{
	struct env_pair pair = { "PATH", path };

	return env_over(a, below, &pair, 1);
}

/* The patterns of a task, ready to be asked. */
struct rules_match {
	const struct glob_set *env, *yes, *no;     /* NULL: empty */
};

static int rules_match(struct arena *a, const struct cache_rules *rules, struct rules_match *ret, struct err *err)
{
	struct texts yes = { NULL, 0 }, no = { NULL, 0 };
	uint32_t i;

	memset(ret, 0, sizeof *ret);
	for (i = 0; i < rules->untracked.n; i++)
		if (rules->untracked.at[i][0] == '!')
			texts_add(a, &no, rules->untracked.at[i] + 1);
		else
			texts_add(a, &yes, rules->untracked.at[i]);
	if (rules->env.n && glob_set_make(a, &rules->env, GLOB_NAME, &ret->env, err) < 0)
		return -1;
	if (yes.n && glob_set_make(a, &yes, GLOB_NAME, &ret->yes, err) < 0)
		return -1;
	return no.n ? glob_set_make(a, &no, GLOB_NAME, &ret->no, err) : 0;
}

static bool in_set(const struct glob_set *set, const char *name, size_t n)
{
	return set && glob_set_match(set, name, n);
}

static bool is_declared(const struct rules_match *m, const char *name)
{
	return in_set(m->env, name, strlen(name));
}

static bool is_untracked(const struct rules_match *m, const char *name, bool is_default)
{
	size_t n = strlen(name);

	return (is_default || in_set(m->yes, name, n)) && !in_set(m->no, name, n);
}

static void list_variables(struct variables *v)
{
	uint32_t i;

	if (v->passed)
		return;
	v->list = env_list(v->spawn, v->a);
	v->passed = arena_array(v->a, v->list.n + 1, sizeof *v->passed);
	for (i = 0; i < v->list.n; i++)
		v->passed[i] = is_passed(v->list.at[i].name);
}

static void filter(struct variables *v, const struct rules_match *m, struct filtered *f)
{
	struct env_pair *pairs;
	uint32_t i, n = 0;
	bool color = false;

	list_variables(v);
	pairs = arena_array(v->a, v->list.n + 1, sizeof *pairs);
	for (i = 0; i < v->list.n; i++) {
		const char *name = v->list.at[i].name;
		bool declared = is_declared(m, name);

		if (strcmp(name, "PATH") == 0)
			continue;
		if (!declared && !is_untracked(m, name, v->passed[i]) && strncmp(name, "VT_", 3) != 0)
			continue;
		pairs[n++] = v->list.at[i];
		color |= strcmp(name, "FORCE_COLOR") == 0;
		if (declared && env_get(v->full, name))
			texts_add(v->a, &f->declared, name);
	}
	f->path = is_untracked(m, "PATH", true);
	if (is_declared(m, "PATH")) {
		f->path = true;
		texts_add(v->a, &f->declared, "PATH");
	}
	if (!color) {
		pairs[n].name = "FORCE_COLOR";
		pairs[n++].value = "1";
		f->color = is_declared(m, "FORCE_COLOR");
		if (f->color)
			texts_add(v->a, &f->declared, "FORCE_COLOR");
	}
	texts_sort(&f->declared);
	f->kept = env_over(v->a, NULL, pairs, n);
}

/* All that decides what passes, as one text. */
static char *patterns_text(struct arena *a, const struct cache_rules *rules)
{
	struct buf b;
	char *ret;
	uint32_t i;

	buf_init(&b, SIZE_MAX / 4);
	for (i = 0; i < rules->env.n; i++)
		buf_printf(&b, "%s\n", rules->env.at[i]);
	buf_byte(&b, '\n');
	for (i = 0; i < rules->untracked.n; i++)
		buf_printf(&b, "%s\n", rules->untracked.at[i]);
	ret = arena_strn(a, buf_str(&b), b.size);
	buf_free(&b);
	return ret;
}

static int filtered(struct variables *v, const struct cache_rules *rules, const struct filtered **ret, struct err *err)
{
	char *text = patterns_text(v->a, rules);
	struct filtered *f = map_gets(&v->filters, text);
	struct rules_match m;
	uint32_t i;

	if (!f) {
		f = arena_alloc(v->a, sizeof *f);
		if (rules_match(v->a, rules, &m, err) < 0)
			return -1;
		filter(v, &m, f);
		for (i = 0; i < COUNT(passed); i++)
			texts_add(v->a, &f->untracked, passed[i]);
		for (i = 0; i < rules->untracked.n; i++)
			texts_add(v->a, &f->untracked, rules->untracked.at[i]);
		texts_sort(&f->untracked);
		*map_puts(&v->filters, text) = f;
	}
	*ret = f;
	return 0;
}

/* The filtered map with the package's PATH: one for all steps of the package. */
static const struct env *kept_with_path(struct view_package *p, const struct filtered *f)
{
	struct arena *a = p->view->v->a;
	const struct env *env;
	void *key;

	if (!f->path)
		return f->kept;
	if ((env = map_get(&p->kept, &f, sizeof f)))
		return env;
	key = arena_copy(a, &f, sizeof f);
	env = with_path(a, f->kept, p->path);
	*map_put(&p->kept, key, sizeof f) = (void *)env;
	return env;
}

static struct texts with_names(struct arena *a, const struct texts *names, const struct env_pair *prefix, uint32_t n)
{
	struct texts ret = { arena_array(a, names->n + n, sizeof *ret.at), names->n };
	uint32_t i;

	if (names->n)
		memcpy(ret.at, names->at, names->n * sizeof *ret.at);
	for (i = 0; i < n; i++)
		ret.at[ret.n++] = prefix[i].name;
	texts_sort(&ret);
	return ret;
}

int spawn_env_make(struct view_package *p, const struct cache_rules *rules,
		   const struct words_assignment *prefix, uint32_t prefix_n, struct spawn_env *ret, struct err *err)
{
	struct variables *v = p->view->v;
	struct env_pair *pairs = prefix_n ? arena_array(v->a, prefix_n, sizeof *pairs) : NULL;
	const struct filtered *f;
	struct env_pair ours = { "FORCE_COLOR", "1" };
	uint32_t n = pairs_of(prefix, prefix_n, pairs, NULL);

	memset(ret, 0, sizeof *ret);
	if (!rules) {
		if (!p->spawn)
			p->spawn = with_path(v->a, v->spawn, p->path);
		ret->spawn = ret->full = n ? env_with(v->a, p->spawn, pairs, n) : p->spawn;
		return 0;
	}
	if (filtered(v, rules, &f, err) < 0)
		return -1;
	if (!p->full)
		p->full = with_path(v->a, v->full, p->path);
	ret->spawn = kept_with_path(p, f);
	ret->full = f->color ? env_with(v->a, p->full, &ours, 1) : p->full;
	ret->declared = f->declared;
	ret->untracked = f->untracked;
	if (n) {
		ret->spawn = env_with(v->a, ret->spawn, pairs, n);
		ret->full = env_with(v->a, ret->full, pairs, n);
		ret->declared = with_names(v->a, &f->declared, pairs, n);
	}
	return 0;
}
