#include "config.h"

#include "plan/spawn_env.h"

#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/texts.h"
#include "plan/view.h"
#include "text/glob.h"
#include "text/words.h"
#include "workspace/workspace.h"

/* The variables that every task may have without naming them, as patterns, sorted by bytes. */
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

/* The patterns of a task, ready to be asked. */
struct rules_match {
	const struct glob_set *env, *yes, *no;     /* NULL: empty */
};

/* The variables as the patterns of some tasks let them through. */
struct filtered {
	struct rules_match match;
	const struct env *kept;            /* without PATH and PWD */
	bool path;                         /* PATH is let through */
	bool color;                        /* FORCE_COLOR is declared, and ours */
	struct texts declared, untracked;
};

/* A filtered map with a package's variables. */
struct kept {
	const struct filtered *filter;
	const struct env *env;
	struct kept *next;
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

		if (strcmp(name, "PATH") == 0 || strcmp(name, "PWD") == 0)
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
	if (is_declared(m, "PWD"))
		texts_add(v->a, &f->declared, "PWD");
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

/* All settings that decide which variables pass, as one text. */
static char *patterns_text(struct arena *a, const struct cache_rules *rules)
{
	struct buf b;
	char *ret;
	uint32_t i;

	buf_init(&b, SIZE_MAX / 4);
	for (i = 0; i < rules->env.n; i++) {
		buf_text(&b, rules->env.at[i]);
		buf_byte(&b, '\n');
	}
	buf_byte(&b, '\n');
	for (i = 0; i < rules->untracked.n; i++) {
		buf_text(&b, rules->untracked.at[i]);
		buf_byte(&b, '\n');
	}
	ret = arena_strn(a, buf_str(&b), b.size);
	buf_free(&b);
	return ret;
}

static int filtered(struct variables *v, const struct cache_rules *rules, const struct filtered **ret, struct err *err)
{
	char *text = patterns_text(v->a, rules);
	struct filtered *f = map_gets(&v->filters, text);
	uint32_t i;

	if (!f) {
		f = arena_alloc(v->a, sizeof *f);
		if (rules_match(v->a, rules, &f->match, err) < 0)
			return -1;
		filter(v, &f->match, f);
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

/* The filtered map with the package's variables: one for all steps of the package. */
static const struct env *kept_with_package(struct view_package *p, const struct filtered *f, int whose)
{
	struct kept *k;

	for (k = p->kept[whose]; k; k = k->next)
		if (k->filter == f)
			return k->env;
	k = arena_alloc(p->view->v->a, sizeof *k);
	*k = (struct kept){ f, view_with_package(p, f->kept, whose, true, f->path), p->kept[whose] };
	p->kept[whose] = k;
	return k->env;
}

static void count(struct arena *a, const struct filtered *f, const char *name, struct spawn_env *ret)
{
	texts_add(a, is_declared(&f->match, name) ? &ret->declared : &ret->given, name);
}

/* Sorts the names that vt gives and that count: into `declared` if the task asks for them, else into `given`. */
static void count_given(struct view_package *p, const struct filtered *f, const struct env_pair *own, uint32_t own_n, struct spawn_env *ret)
{
	static const char *const others[] = {
		"INIT_CWD", "NODE", "npm_command", "npm_config_user_agent", "npm_execpath", "npm_node_execpath", "npm_package_json",
	};
	struct texts declared = ret->declared;
	struct arena *a = p->view->v->a;
	uint32_t i;

	ret->declared = (struct texts){ NULL, 0 };
	for (i = 0; i < declared.n; i++)
		texts_add(a, &ret->declared, declared.at[i]);
	for (i = 0; i < p->package->variables_n; i++)
		count(a, f, p->package->variables[i].name, ret);
	for (i = 0; i < own_n; i++)
		count(a, f, own[i].name, ret);
	for (i = 0; i < COUNT(others); i++)
		if (is_declared(&f->match, others[i]))
			texts_add(a, &ret->declared, others[i]);
	texts_sort(&ret->declared);
	texts_sort(&ret->given);
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

/* The variables that name the script; for a cached one only if its result depends on them, or it asks. `pairs`: room for two. */
static uint32_t lifecycle_pairs(const struct spawn_for *what, const struct filtered *f, struct env_pair *pairs)
{
	const struct env_pair all[] = {
		{ "npm_lifecycle_event", what->task->name },
		{ "npm_lifecycle_script", what->task->command.n ? what->task->command.at[0] : "" },
	};
	uint32_t i, n = 0;

	for (i = 0; i < COUNT(all); i++)
		if (!f || what->asks_for_script || is_declared(&f->match, all[i].name))
			pairs[n++] = all[i];
	return n;
}

static const struct env *over(struct arena *a, const struct env *below, const struct env_pair *pairs, uint32_t n)
{
	return n ? env_over(a, below, pairs, n) : below;
}

int spawn_env_make(struct view_package *p, const struct spawn_for *what, struct spawn_env *ret, struct err *err)
{
	struct variables *v = p->view->v;
	int whose = what->task->source == TASK_FROM_SCRIPT ? FOR_SCRIPT : FOR_TASK;
	struct env_pair few[FEW_PAIRS], *pairs = view_pairs_for(v->a, few, what->prefix_n + 4);
	const struct filtered *f = NULL;
	uint32_t n = 0, own_n = 0, prefix_n;

	memset(ret, 0, sizeof *ret);
	if (what->cached && filtered(v, &what->task->rules, &f, err) < 0)
		return -1;
	if (whose == FOR_SCRIPT)
		n = own_n = lifecycle_pairs(what, f, pairs);
	if (strcmp(what->dir, p->package->dir) != 0)
		pairs[n++] = (struct env_pair){ "PWD", what->dir };
	if (f && f->color)
		pairs[n++] = (struct env_pair){ "FORCE_COLOR", "1" };
	prefix_n = view_pairs(what->prefix, what->prefix_n, pairs + n, NULL);
	n += prefix_n;
	if (!f) {
		if (!p->spawn[whose])
			p->spawn[whose] = view_with_package(p, v->spawn, whose, false, true);
		ret->spawn = ret->full = over(v->a, p->spawn[whose], pairs, n);
		return 0;
	}
	if (!p->full[whose])
		p->full[whose] = view_with_package(p, v->full, whose, true, true);
	ret->declared = f->declared;
	ret->untracked = f->untracked;
	if (whose == FOR_SCRIPT)
		count_given(p, f, pairs, own_n, ret);
	ret->spawn = over(v->a, kept_with_package(p, f, whose), pairs, n);
	ret->full = over(v->a, p->full[whose], pairs, n);
	if (prefix_n)
		ret->declared = with_names(v->a, &ret->declared, pairs + n - prefix_n, prefix_n);
	return 0;
}
