#include "config.h"

#include "plan/chain.h"

#include <string.h>

#include "plan/planner.h"
#include "query/runners.h"
#include "text/path.h"
#include "workspace/workspace.h"

/* "/w/packages/a#build:/w/packages/b#build": directories of packages and names of tasks, ':' and
 * '%' in them as %3A and %25. */
static const char variable[] = "VT_TASK_CHAIN";

enum { SCRIPTS_DEEP = 64 };        /* scripts that call each other */

static const char *escape(struct arena *a, const char *text)
{
	char *out, *to;

	if (!strpbrk(text, ":%"))
		return text;
	out = to = arena_alloc(a, strlen(text) * 3 + 1);
	for (; *text; text++) {
		if (*text == ':' || *text == '%')
			to = stpcpy(to, *text == ':' ? "%3A" : "%25");
		else
			*to++ = *text;
	}
	return out;
}

static const char *entry(struct arena *a, const struct task *task)
{
	return escape(a, arena_printf(a, "%s#%s", task->package->dir, task->name));
}

static const char *calls(const struct call *call, const char *before, struct arena *a)
{
	if (call->by)
		before = calls(call->by, before, a);
	return before && *before ? arena_printf(a, "%s:%s", before, entry(a, call->task)) : entry(a, call->task);
}

const char *chain_value(const struct step *step, struct arena *a)
{
	return calls(step->call, env_get(step->spawn_env, variable), a);
}

/* The next entry of a chain; false: there is none. */
static bool next_entry(const char **chain, const char **ret, size_t *ret_n)
{
	if (!*chain || !**chain)
		return false;
	*ret = *chain;
	*ret_n = strcspn(*chain, ":");
	*chain += *ret_n + ((*chain)[*ret_n] == ':');
	return true;
}

/* How messages have an entry: the label of one of this workspace's tasks, else as it is. */
static const char *shown(const struct planner *p, const char *text, size_t n)
{
	const struct workspace *w = p->world->workspace;
	uint32_t i;

	for (i = 0; i < w->tasks_n; i++) {
		const char *one = entry(p->a, w->tasks[i]);

		if (strlen(one) == n && memcmp(one, text, n) == 0)
			return w->tasks[i]->label;
	}
	return arena_strn(p->a, text, n);
}

int chain_check(struct planner *p, const struct task *task)
{
	const char *chain = env_get(p->world->env, variable), *at, *own, *path = "";
	uint32_t times = 0;
	size_t n;

	if (!chain)
		return 0;
	own = entry(p->a, task);
	while (next_entry(&chain, &at, &n)) {
		times += n == strlen(own) && memcmp(at, own, n) == 0;
		if (times)
			path = arena_printf(p->a, "%s%s -> ", path, shown(p, at, n));
	}
	if (times < 2)
		return 0;
	return err_set(p->err, ERR_USER, "The task %s runs itself without end: %s%s", task->label, path, task->label);
}

bool chain_asks(struct planner *p, const struct task *task)
{
	const char *chain = env_get(p->world->env, variable), *last = chain ? strrchr(chain, ':') : NULL;

	return chain && strcmp(last ? last + 1 : chain, entry(p->a, task)) == 0;
}

/* --- scripts --- */

/* The task of the package that an action comes to, by a package manager or by vt; or NULL. */
static const struct task *script_of(const struct package *package, const struct action *action)
{
	const struct query_options *o = action->nested;
	const struct task *task;
	const char *name;

	if (action->kind == ACTION_RUN)
		return options_scoped(o) || strchr(o->task, '#') ? NULL : workspace_task(package, o->task);
	if (action->kind != ACTION_PROGRAM || !(name = runners_script(&action->argv)))
		return NULL;
	task = workspace_task(package, name);
	return task && task->source == TASK_FROM_SCRIPT ? task : NULL;
}

/* The script that a task's command runs first, if it begins with one. */
static const struct task *first_script(struct planner *p, const struct task *task)
{
	static const struct texts none = { NULL, 0 };
	struct actions actions;
	uint32_t i = 0;

	command_read(&task->command, &none, p->a, &actions);
	while (i < actions.n && actions.at[i].kind == ACTION_ECHO)
		i++;
	return i < actions.n ? script_of(task->package, &actions.at[i]) : NULL;
}

int chain_check_scripts(struct planner *p, const struct working *w, const struct action *action)
{
	const struct task *path[SCRIPTS_DEEP] = { w->task }, *next;
	uint32_t n = 1, i;
	const char *text = "";

	if (action->kind == ACTION_RUN || action->element || !(next = script_of(w->task->package, action)) || first_script(p, w->task) != next)
		return 0;
	for (; next && n < SCRIPTS_DEEP; next = first_script(p, next)) {
		for (i = 0; i < n && path[i] != next; i++)
			;
		if (i < n) {
			for (; i < n; i++)
				text = arena_printf(p->a, "%s%s -> ", text, path[i]->label);
			return err_set(p->err, ERR_USER, "The task %s runs itself without end: %s%s", next->label, text, next->label);
		}
		path[n++] = next;
	}
	return 0;
}
