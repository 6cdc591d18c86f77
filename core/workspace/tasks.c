#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "text/glob.h"
#include "base/texts.h"
#include "text/path.h"
#include "workspace/load.h"

/* --- globs: relative to the root --- */

/* Is this made of plain names and stars alone, without "." and ".."? Below a folder such a pattern is the folder's path and
 * the pattern: nothing to resolve or to escape. Spares 0.8 MB of 17 for 1000 tasks with four patterns each. */
static bool is_plain(const char *p)
{
	size_t n, dots;

	for (;; p++) {
		for (n = dots = 0; *p && *p != '/'; p++, n++) {
			const unsigned char c = (unsigned char)*p;

			dots += c == '.';
			if (!((c | 32) >= 'a' && (c | 32) <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '-' && c != '.' && c != '*')
				return false;
			if (c == '*' && n && p[-1] == '*' && (n > 1 || (p[1] && p[1] != '/')))
				return false;
		}
		if (n == dots)
			return false;
		if (!*p)
			return true;
	}
}

/* The pattern (without '!') as seen from the root; NULL: err */
static const char *rooted_pattern(const struct workspace *w, const char *base, const char *pattern, const char *written, struct err *err)
{
	struct arena *a = w->arena;
	size_t n = strlen(pattern);
	const char *rest, *below;

	if (n && pattern[n - 1] == '/')
		pattern = arena_concat(a, pattern, "**", NULL);
	if (is_plain(pattern) && (!*base || (is_plain(base) && !strchr(base, '*'))))
		return path_join(a, base, pattern);
	rest = glob_rest(pattern);
	below = path_join(a, path_join(a, w->root, base), glob_base(a, pattern));
	below = path_below(w->root, path_clean(a, below));
	if (!below) {
		err_set(err, ERR_USER, "glob pattern '%s' resolves outside the workspace root", written);
		return NULL;
	}
	if (!*below && !*rest)
		return "**";
	return *rest ? path_join(a, glob_escape(a, below), rest) : glob_escape(a, below);
}

/* A pattern that names a folder means all below it. */
static int add_below(struct arena *a, struct file_patterns *list, const char *pattern, struct err *err)
{
	if (list->at[list->n - 1].all_below || strcmp(pattern, "**") == 0)
		return 0;
	if (file_patterns_add(a, list, arena_printf(a, "%s/**", pattern), err) < 0)
		return -1;
	list->at[list->n - 1].implied = true;
	return 0;
}

static int resolve_globs(const struct workspace *w, const struct package *p, const struct glob_entries *list, bool folders,
			 struct globs *ret, struct err *err)
{
	struct globs g = { .automatic = list->automatic, .given = list->given };
	const struct glob *ignored;
	uint32_t i;

	for (i = 0; i < list->n; i++) {
		const char *written = list->at[i].pattern, *pattern;
		bool no = written[0] == '!';

		if (!is_plain(written + no) && glob_make(w->arena, written + no, GLOB_PATH, &ignored, err) < 0)
			return err_wrap(err, "invalid glob pattern '%s'", written);
		pattern = rooted_pattern(w, list->at[i].from_root ? "" : p->path, written + no, written, err);
		if (!pattern)
			return -1;
		if (file_patterns_add(w->arena, no ? &g.no : &g.yes, pattern, err) < 0 ||
		    (folders && add_below(w->arena, no ? &g.no : &g.yes, pattern, err) < 0))
			return err_wrap(err, "invalid glob pattern '%s'", written);
	}
	file_patterns_sort(&g.yes);
	file_patterns_sort(&g.no);
	*ret = g;
	return 0;
}

static int check_names(struct arena *a, const struct texts *patterns, struct err *err)
{
	const struct glob *ignored;
	uint32_t i;

	for (i = 0; i < patterns->n; i++) {
		const char *p = patterns->at[i];

		if (glob_make(a, p + (*p == '!'), GLOB_NAME, &ignored, err))
			return err_wrap(err, "invalid glob pattern '%s'", p);
	}
	return 0;
}

/* The root's patterns and the task's. */
static struct texts joined(struct arena *a, const struct texts *root, const struct texts *own)
{
	struct texts ret = { NULL, 0 };
	uint32_t i;

	if (!root->n || !own->n)
		return root->n ? *root : *own;
	for (i = 0; i < root->n; i++)
		texts_add(a, &ret, root->at[i]);
	for (i = 0; i < own->n; i++)
		texts_add(a, &ret, own->at[i]);
	return ret;
}

static int resolve_rules(const struct workspace *w, const struct package *p, const struct task_config *c, struct cache_rules *ret, struct err *err)
{
	if (!c->cache || c->group)
		return 0;
	if (check_names(w->arena, &c->env, err) || check_names(w->arena, &c->untracked, err))
		return -1;
	ret->on = true;
	ret->env = joined(w->arena, &w->env, &c->env);
	ret->untracked = joined(w->arena, &w->untracked, &c->untracked);
	ret->trusted = c->trusted;
	ret->deaf = c->deaf;
	if (resolve_globs(w, p, &c->input, false, &ret->input, err))
		return -1;
	return resolve_globs(w, p, &c->output, true, &ret->output, err);
}

/* --- tasks --- */

/* The working directory as shown: `..` stays, an absolute one inside the root becomes relative. */
static const char *task_cwd(const struct workspace *w, const char *package, const char *cwd)
{
	const char *below;
	char *joined;
	size_t n;

	while (cwd[0] == '.' && (cwd[1] == '/' || !cwd[1]))
		cwd += cwd[1] ? 2 : 1;
	if (!*cwd)
		return package;
	joined = path_join(w->arena, package, cwd);
	for (n = strlen(joined); n > 1 && joined[n - 1] == '/'; n--)
		joined[n - 1] = '\0';
	below = joined[0] == '/' ? path_below(w->root, joined) : NULL;
	return below ? below : joined;
}

/* "pkg#task": made for every task, so not by printf. */
static const char *label(struct arena *a, const char *package, const char *name)
{
	size_t n = strlen(package), m = strlen(name);
	char *out = arena_alloc(a, n + m + 2);

	memcpy(out, package, n);
	out[n] = '#';
	memcpy(out + n + 1, name, m);
	return out;
}

/* A task, and the data that is needed until all tasks are known. */
struct entry {
	struct task task;                  /* first: struct package lists it */
	const struct task_config *settings;
};

static struct entry *entry_of(const struct task *t)
{
	return (struct entry *)(uintptr_t)t;
}

/* A path of READY_FILE starts at the package. */
static const struct ready *ready_in(struct loading *l, const struct package *p, const struct ready *as_written)
{
	struct ready *ret;

	if (!as_written || as_written->kind != READY_FILE)
		return as_written;
	ret = arena_copy(l->w.arena, as_written, sizeof *as_written);
	ret->text = path_clean(l->w.arena, path_join(l->w.arena, p->dir, as_written->text));
	return ret;
}

static int add_task(struct loading *l, struct package *p, const char *name, enum task_source source, const struct task_config *own, struct err *err)
{
	struct entry *e = arena_alloc(l->w.arena, sizeof *e);
	const struct task_config *c = settings_of(&l->settings, name, own, &e->task.asks_for_cache);
	struct task *t = &e->task;

	e->settings = c;
	t->package = p;
	t->name = name;
	t->label = p->name[0] ? label(l->w.arena, p->name, name) : name;
	t->source = source;
	t->cwd = c->cwd[0] || source == TASK_FROM_CONFIG ? task_cwd(&l->w, p->path, c->cwd) : p->path;
	t->persistent = c->persistent;
	t->ready = ready_in(l, p, c->ready);
	t->group = c->group;
	t->description = c->description;
	t->timeout_ms = c->timeout_ms;
	t->retries = c->retries;
	t->weight = c->weight;
	if (source == TASK_FROM_CONFIG) {
		t->command = c->command;
		t->command_is_array = c->command_is_array || c->group;
	}
	p->tasks[p->tasks_n++] = t;
	if (resolve_rules(&l->w, p, c, &t->rules, err))
		return err_wrap(err, "Failed to resolve task config for task %s", t->label);
	return 0;
}

/* The package's entry of this name that has no command of its own. NULL: there is none. */
static const struct task_config *script_settings(const struct config *c, const char *name)
{
	uint32_t i;

	for (i = 0; i < c->tasks_n; i++)
		if (!(c->tasks[i].given & 1u << KEY_COMMAND) && !c->tasks[i].group && strcmp(c->tasks[i].name, name) == 0)
			return &c->tasks[i];
	return NULL;
}

static int add_script(struct loading *l, struct package *p, const struct member *m, const struct script *s, struct err *err)
{
	if (add_task(l, p, s->name, TASK_FROM_SCRIPT, script_settings(m->config, s->name), err))
		return -1;
	texts_add(l->w.arena, &((struct task *)(uintptr_t)p->tasks[p->tasks_n - 1])->command, s->command);
	return 0;
}

/* An entry without a command gives a script its settings: there must be one. */
static int check_script(const struct package *p, const struct task_config *c, struct err *err)
{
	uint32_t i;

	for (i = 0; i < p->tasks_n; i++)
		if (p->tasks[i]->source == TASK_FROM_SCRIPT && strcmp(p->tasks[i]->name, c->name) == 0)
			return 0;
	return err_set(err, ERR_USER, "Task %s%s%s has no `command`, and package.json has no script of that name. "
		       "Add one of them, or `\"group\": true` for a name that only stands for others", p->name, p->name[0] ? "#" : "", c->name);
}

static int compare_tasks(const void *a, const void *b)
{
	const struct task *s = *(const struct task *const *)a, *t = *(const struct task *const *)b;

	return strcmp(s->name, t->name);
}

/* Does the user's `untrackedEnv` name a variable that a pattern lets through? Then it wins. */
static bool is_untracked(struct arena *a, const struct texts *untracked, const char *pattern)
{
	size_t n = strlen(pattern);
	const char *example = pattern[n - 1] == '*' ? arena_printf(a, "%.*sX", (int)n - 1, pattern) : pattern;
	const struct glob *g;
	uint32_t i;

	for (i = 0; i < untracked->n; i++)
		if (untracked->at[i][0] != '!' && glob_make(a, untracked->at[i], GLOB_NAME, &g, NULL) == 0 &&
		    glob_match(g, example, strlen(example)))
			return true;
	return false;
}

/* Does the name, or pattern, begin as one of these patterns do? */
static bool starts_with_any(const struct texts *patterns, const char *name)
{
	uint32_t i;

	for (i = 0; i < patterns->n; i++)
		if (strncmp(patterns->at[i], name, strlen(patterns->at[i]) - 1) == 0)
			return true;
	return false;
}

/* Adds the patterns as if they stood in `env`: variables that a framework compiles into its results count. */
static void add_frameworks(struct loading *l, const struct texts *frameworks, struct cache_rules *rules)
{
	static const char *const everywhere[] = { "NODE_ENV", "VERCEL_ENV", "VERCEL_TARGET_ENV" };
	struct arena *a = l->w.arena;
	struct texts env = { 0 };
	uint32_t i;

	if (!rules->on || !l->w.framework_env)
		return;
	for (i = 0; i < rules->env.n; i++)
		texts_add(a, &env, rules->env.at[i]);
	for (i = 0; i < COUNT(everywhere) + frameworks->n; i++) {
		const char *pattern = i < COUNT(everywhere) ? everywhere[i] : frameworks->at[i - COUNT(everywhere)];

		if (!is_untracked(a, &rules->untracked, pattern))
			texts_add(a, &env, pattern);
	}
	for (i = 0; i < rules->untracked.n && env.n > rules->env.n; i++)
		if (rules->untracked.at[i][0] != '!' && starts_with_any(frameworks, rules->untracked.at[i]))
			texts_add(a, &env, arena_printf(a, "!%s", rules->untracked.at[i]));
	rules->env = env;
}

static int package_tasks(struct loading *l, uint32_t i, struct err *err)
{
	const struct member *m = &l->members[i];
	struct package *p = &l->packages[i];
	uint32_t k;

	p->tasks = arena_array(l->w.arena, (size_t)m->config->tasks_n + m->manifest->scripts_n + 1, sizeof *p->tasks);
	for (k = 0; k < m->config->tasks_n; k++) {
		const struct task_config *c = &m->config->tasks[k];

		if ((c->group || c->given & 1u << KEY_COMMAND) && add_task(l, p, c->name, TASK_FROM_CONFIG, c, err))
			return -1;
	}
	for (k = 0; k < m->manifest->scripts_n; k++)
		if (add_script(l, p, m, &m->manifest->scripts[k], err))
			return -1;
	for (k = 0; k < m->config->tasks_n; k++) {
		const struct task_config *c = &m->config->tasks[k];

		if (!c->group && !(c->given & 1u << KEY_COMMAND) && check_script(p, c, err))
			return -1;
	}
	for (k = 0; k < p->tasks_n; k++)
		add_frameworks(l, &m->manifest->frameworks, &((struct task *)(uintptr_t)p->tasks[k])->rules);
	if (p->tasks_n > 1)
		qsort(p->tasks, p->tasks_n, sizeof *p->tasks, compare_tasks);
	for (k = 1; k < p->tasks_n; k++)
		if (strcmp(p->tasks[k - 1]->name, p->tasks[k]->name) == 0)
			return err_set(err, ERR_USER, "Task %s conflicts with a package.json script of the same name. "
				       "Remove the script from package.json or rename the task", p->tasks[k]->label);
	return 0;
}

/* --- dependsOn --- */

struct needs {
	struct need *at;
	uint32_t n;
	struct texts absent;               /* tasks that the package lacks: each stands for others once */
};

static void add_need(struct arena *a, struct needs *list, const struct task *t, bool derived)
{
	uint32_t i;

	for (i = 0; i < list->n; i++)
		if (list->at[i].task == t) {
			list->at[i].derived &= derived;
			return;
		}
	list->at = arena_grow(a, list->at, list->n, sizeof *list->at);
	list->at[list->n].derived = derived;
	list->at[list->n++].task = t;
}

static int ambiguous(const struct loading *l, const char *name, uint32_t first, struct err *err)
{
	struct arena *a = l->w.arena;
	const char *list = "";
	uint32_t i;

	for (i = first; i; i = l->next_same[i - 1])
		list = arena_printf(a, "%s%s\"%s\"", list, *list ? ", " : "", workspace_shown_dir(&l->w, a, l->packages[i - 1].path));
	return err_set(err, ERR_USER, "Package '%s' is ambiguous among multiple packages: [%s]", name, list);
}

/* The package of "pkg#task"; the nameless one has the empty name. */
static int find_package(const struct loading *l, const char *name, const struct package **ret, struct err *err)
{
	uint32_t i = (uint32_t)(uintptr_t)map_gets(&l->names, name), k;

	if (!name[0])
		for (k = l->w.packages_n; k-- > 0;)
			if (!l->packages[k].name[0])
				i = k + 1;
	if (!i)
		return err_set(err, ERR_USER, "Package '%s' not found", name);
	if (name[0] && l->next_same[i - 1])
		return ambiguous(l, name, i, err);
	*ret = &l->packages[i - 1];
	return 0;
}

/* Does any package have a task of this name? */
static bool anyone_has(const struct loading *l, const char *name)
{
	uint32_t i = 0;

	while (i < l->w.packages_n && !workspace_task(&l->packages[i], name))
		i++;
	return i < l->w.packages_n;
}

static bool has_text(const struct texts *list, const char *text)
{
	uint32_t i = 0;

	while (i < list->n && strcmp(list->at[i], text) != 0)
		i++;
	return i < list->n;
}

/* "^task": which packages are meant is asked when the task is. */
static int above_need(struct loading *l, struct task *t, const char *name, struct err *err)
{
	if (!anyone_has(l, name))
		return err_set(err, ERR_USER, "Task '%s' not found in any package", name);
	if (!has_text(&t->above, name))
		texts_add(l->w.arena, &t->above, name);
	return 0;
}

static int one_need(struct loading *l, struct task *t, const struct depends_on *d, struct needs *list, struct err *err);

/* The package has no task of this name: waits for the tasks that the defaults name, if any other package has one. */
static int absent_need(struct loading *l, struct task *t, const char *name, struct needs *list, struct err *err)
{
	const struct task_config *c = settings_default(&l->settings, name);
	uint32_t i;

	if (!anyone_has(l, name))
		return err_set(err, ERR_USER, "Task '%s' not found in any package", name);
	if (has_text(&list->absent, name))
		return 0;
	texts_add(l->w.arena, &list->absent, name);
	for (i = 0; c && i < c->depends_n; i++)
		if (one_need(l, t, &c->depends[i], list, err))
			return -1;
	return 0;
}

static int text_need(struct loading *l, struct task *t, const struct depends_on *d, struct needs *list, struct err *err)
{
	const char *text = d->text, *hash = strrchr(text, '#'), *name = hash ? hash + 1 : text;
	const struct package *p = t->package;
	const struct task *found;

	if (text[0] == '^')
		return above_need(l, t, text + 1, err);
	if (hash && find_package(l, arena_strn(l->w.arena, text, (size_t)(hash - text)), &p, err))
		return -1;
	found = workspace_task(p, name);
	if (!found && !hash && d->inherited)
		return absent_need(l, t, name, list, err);
	if (!found)
		return err_set(err, ERR_USER, "Task '%s' not found in package %s", name, p->name);
	if (found == t && list->absent.n)
		return 0;
	add_need(l->w.arena, list, found, false);
	return 0;
}

static int one_need(struct loading *l, struct task *t, const struct depends_on *d, struct needs *list, struct err *err)
{
	const struct task *found;
	uint32_t k;

	if (!d->from)
		return text_need(l, t, d, list, err);
	for (k = 0; k < t->package->needs_n; k++) {
		if (!(t->package->needs[k].types & d->from))
			continue;
		found = workspace_task(t->package->needs[k].to, d->text);
		if (found)
			add_need(l->w.arena, list, found, true);
	}
	return 0;
}

static int task_needs(struct loading *l, struct task *t, const struct task_config *c, struct err *err)
{
	struct needs list = { 0 };
	uint32_t i;

	for (i = 0; i < c->depends_n; i++)
		if (one_need(l, t, &c->depends[i], &list, err))
			return err_wrap(err, "Failed to lookup dependency '%s' for task %s", c->depends[i].text, t->label);
	for (i = 0; i < list.n; i++)
		if (list.at[i].task->persistent && !list.at[i].task->ready)
			return err_set(err, ERR_USER, "Task %s depends on the persistent task %s, which does not say when it is ready: "
				       "give it `ready`", t->label, list.at[i].task->label);
	t->needs = list.at;
	t->needs_n = list.n;
	return 0;
}

static int all_needs(struct loading *l, struct err *err)
{
	uint32_t i;

	for (i = 0; i < l->w.tasks_n; i++) {
		struct entry *e = entry_of(l->w.tasks[i]);

		if (e->settings->depends_n && task_needs(l, &e->task, e->settings, err))
			return -1;
	}
	return 0;
}

static int make_tasks(struct loading *l, struct err *err)
{
	uint32_t i, k, n = 0;

	for (i = 0; i < l->members_n; i++) {
		if (package_tasks(l, i, err))
			return -1;
		n += l->packages[i].tasks_n;
	}
	l->w.tasks = arena_array(l->w.arena, n ? n : 1, sizeof *l->w.tasks);
	for (i = 0; i < l->members_n; i++)
		for (k = 0; k < l->packages[i].tasks_n; k++) {
			((struct task *)(uintptr_t)l->packages[i].tasks[k])->index = l->w.tasks_n;
			l->w.tasks[l->w.tasks_n++] = l->packages[i].tasks[k];
		}
	return all_needs(l, err);
}

int tasks_make(struct loading *l, struct err *err)
{
	int r;

	if (check_names(l->w.arena, &l->w.env, err) || check_names(l->w.arena, &l->w.untracked, err))
		return err_wrap(err, "Failed to resolve `env` and `untrackedEnv` of the root's vite-task.json");
	settings_init(&l->settings, l->root_config, l->w.arena);
	r = make_tasks(l, err);
	settings_free(&l->settings);
	return r;
}
