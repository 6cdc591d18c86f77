#include "config.h"

#include "plan/step.h"

#include <string.h>

#include "plan/planner.h"
#include "text/path.h"
#include "vt-plugin.h"
#include "workspace/workspace.h"

const char *step_dir(const struct planner *p, const char *cwd)
{
	const char *root = p->world->workspace->root;

	return *cwd ? path_clean(p->a, path_join(p->a, root, cwd)) : root;
}

const char *step_shown_dir(const struct planner *p, const char *cwd)
{
	const char *root = p->world->workspace->root;

	if (cwd[0] == '/')
		return cwd;
	return arena_concat(p->a, strcmp(root, "/") == 0 ? "" : root, "/", cwd, NULL);
}

/* Makes a step with the members that every item of a command has. */
static struct step *step_new(struct planner *p, const struct working *w, const struct action *action, struct item *ret)
{
	struct step *step = ret->step = arena_alloc(p->a, sizeof *step);

	step->task = w->task;
	step->call = w->call;
	step->hook = w->hook;
	step->ordinal = p->ordinal++;
	step->shown = action->shown;
	step->cwd = w->cwd;
	step->dir = step_dir(p, w->cwd);
	step->element = action->element;
	step->piece = action->piece;
	step->extra = action->extra;
	step->argv = action->argv;
	return step;
}

int step_cd(struct planner *p, struct working *w, const struct action *action, struct item *ret)
{
	const char *to = action->argv.n > 1 ? action->argv.at[1] : view_get(w->view, "HOME");

	if (action->argv.n > 2) {
		err_set(p->err, ERR_USER, "Too many args for 'cd' command");
		return err_wrap(p->err, "Failed to execute 'cd' command");
	}
	if (!to || (action->argv.n < 2 && !*to)) {
		err_set(p->err, ERR_USER, "No home directory found for 'cd' command with no arguments");
		return err_wrap(p->err, "Failed to execute 'cd' command");
	}
	ret->kind = ITEM_CD;
	step_new(p, w, action, ret)->enters = true;
	if (to[0] == '/') {
		const char *below = path_below(p->world->workspace->root, path_clean(p->a, to));

		w->cwd = below ? below : to;
	} else {
		w->cwd = path_join(p->a, w->cwd, to);
	}
	ret->step->dir = step_dir(p, w->cwd);
	return 0;
}

/* Do the directories of a PATH mean the same from everywhere? */
static bool is_absolute_path(const char *path)
{
	for (;;) {
		if (*path != '/')
			return false;
		if (!(path = strchr(path, ':')))
			return true;
		path++;
	}
}

/* "dir/./tool" is "dir/tool"; a ".." may pass through a link and stays. */
static const char *ask(const struct planner *p, const char *name, const char *dir, const char *path)
{
	const char *found = p->world->find_program(p->world->ctx, name, dir, path, p->a);

	return !found || strstr(found, "/../") ? found : path_clean(p->a, found);
}

/* Asks the package's own folder each time, and the rest of PATH once per name. */
static const char *find(struct planner *p, const struct working *w, const char *name, const char *dir)
{
	const char *rest = view_package_rest(w->env), *found;
	size_t size;
	char *key;
	void **place;

	if (strchr(name, '/') || !rest || !is_absolute_path(rest))
		return ask(p, name, dir, view_package_path(w->env));
	if ((found = ask(p, name, dir, view_package_bin(w->env))))
		return found;
	size = sizeof rest + strlen(name);
	key = arena_alloc(p->a, size);
	memcpy(key, &rest, sizeof rest);
	memcpy(key + sizeof rest, name, size - sizeof rest);
	place = map_put(&p->programs, key, size);
	if (!*place) {
		found = ask(p, name, dir, rest);
		*place = found ? (void *)found : arena_str(p->a, "");
	}
	found = *place;
	return *found ? found : NULL;
}

/* Looks for the program. One that is missing may be made by an earlier step: then vt looks again. */
static void find_program(struct planner *p, const struct working *w, const struct action *action, struct step *step)
{
	const char *name = action->argv.at[0];
	bool own = false;
	uint32_t i;

	for (i = 0; i < action->assignments_n; i++)
		if (strcmp(action->assignments[i].name, "PATH") == 0) {
			step->path = action->assignments[i].value;
			own = true;
		}
	step->program = own ? ask(p, name, step->dir, step->path) : find(p, w, name, step->dir);
}

/* A cached step must have its place in the workspace, so that it means the same on another
 * machine: why the step has none, or NULL. */
static const char *out_of_place(struct planner *p, const struct step *step)
{
	if (step->task->package->outside)
		return arena_printf(p->a, "its package lies outside of the workspace, in %s", step->task->package->outside);
	if (!path_below(p->world->workspace->root, step->dir))
		return arena_printf(p->a, "it runs outside of the workspace, in %s", step->dir);
	return NULL;
}

static vt_bytes text_bytes(const char *s)
{
	return (vt_bytes){ s, strlen(s) };
}

static const vt_bytes *list_bytes(struct arena *a, const struct texts *t)
{
	vt_bytes *ret = arena_array(a, t->n ? t->n : 1, sizeof *ret);
	uint32_t i;

	for (i = 0; i < t->n; i++)
		ret[i] = text_bytes(t->at[i]);
	return ret;
}

/* The root's and the task's; a path that is relative starts at the root. */
static const vt_bytes *trusted_sockets(struct planner *p, const struct step *step, uint32_t *ret_n)
{
	const struct workspace *w = p->world->workspace;
	const struct texts lists[] = { w->trusted, step->rules->trusted };
	vt_bytes *ret = arena_array(p->a, lists[0].n + lists[1].n + 1, sizeof *ret);
	uint32_t i, k, n = 0;

	for (i = 0; i < 2; i++)
		for (k = 0; k < lists[i].n; k++) {
			const char *s = lists[i].at[k];

			if (strncmp(s, "unix:", 5) == 0 && s[5] != '/' && s[5] != '@')
				s = arena_printf(p->a, "unix:%s", path_join(p->a, w->root, s + 5));
			ret[n++] = text_bytes(s);
		}
	*ret_n = n;
	return ret;
}

/* Only of a step that is cached: its directory is below the root. */
static const vt_step *describe(struct planner *p, const struct step *step)
{
	const char *root = p->world->workspace->root;
	vt_step *ret = arena_alloc(p->a, sizeof *ret);

	*ret = (vt_step){
		.struct_size = sizeof *ret,
		.flags = (step->rules->input.automatic ? VT_STEP_INPUT_AUTO : 0) |
			 (!step->rules->output.given ? VT_STEP_OUTPUT_AUTO : 0) |
			 (step->rules->output.yes.n ? VT_STEP_OUTPUT : 0),
		.task = text_bytes(step->task->label),
		.root = text_bytes(root),
		.cwd = text_bytes(path_below(root, step->dir)),
		.argv = list_bytes(p->a, &step->argv),
		.argc = step->argv.n,
		.declared = list_bytes(p->a, &step->declared),
		.declared_count = step->declared.n,
	};
	ret->trusted = trusted_sockets(p, step, &ret->trusted_count);
	return ret;
}

static bool is_never_cached(const struct plan_world *world, const struct action *action)
{
	return action->never_cached ||
	       (action->runner_command && world->never_cached && world->never_cached(world->ctx, action->runner_command));
}

int step_make(struct planner *p, const struct working *w, const struct action *action, struct item *ret)
{
	struct step *step = step_new(p, w, action, ret);
	struct spawn_env env;

	if (action->kind == ACTION_ECHO) {
		ret->kind = ITEM_ECHO;
		step->echo = command_echo(&action->argv, p->a);
		return 0;
	}
	ret->kind = ITEM_STEP;
	step->rules = w->cached && !is_never_cached(p->world, action) ? &w->task->rules : NULL;
	step->uncached = step->rules ? out_of_place(p, step) : NULL;
	if (step->uncached)
		step->rules = NULL;
	step->forced = step->rules && w->forced;
	step->path = view_package_path(w->env);
	step->shell = action->kind == ACTION_SHELL;
	if (step->shell)
		step->program = STEP_SHELL;
	else
		find_program(p, w, action, step);
	if (spawn_env_make(w->env,
			   &(struct spawn_for){ w->task, step->dir, step->rules != NULL, action->asks_for_script, action->assignments, action->assignments_n },
			   &env, p->err) < 0)
		return err_wrap(p->err, "Failed to resolve environment variables of task %s", w->task->label);
	step->spawn_env = env.spawn;
	step->full_env = env.full;
	step->declared = env.declared;
	step->given = env.given;
	step->untracked = env.untracked;
	if (step->rules)
		step->described = describe(p, step);
	return 0;
}
