#include "config.h"

#include "cmd/run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/texts.h"
#include "cmd/backend.h"
#include "cmd/npm.h"
#include "cmd/pick.h"
#include "cmd/places.h"
#include "cmd/show.h"
#include "exec/services.h"
#include "os/file.h"
#include "os/loop.h"
#include "os/signals.h"
#include "plan/plan.h"
#include "query/options.h"
#include "record/directory.h"
#include "report/events.h"
#include "report/live.h"
#include "report/screen.h"
#include "report/warnings.h"
#include "text/path.h"
#include "together/shard.h"
#include "watch/watch.h"
#include "workspace/workspace.h"

static int run(const struct session *s, int argc, char **argv);
static int run_many(const struct session *s, int argc, char **argv);

const struct command command_run = {
	.name = "run", .summary = "Run tasks", .usage = options_usage, .help = options_arguments, .help_shared = options_help, .run = run,
};

const struct command command_run_many = {
	.name = "run-many", .summary = "Run several tasks in one run", .usage = options_usage_many, .help = options_arguments_many, .help_shared = options_help,
	.run = run_many,
};

static const char *find_program(void *ctx, const char *name, const char *dir, const char *path, struct arena *a)
{
	const struct backend *b = ctx;

	return file_find_program(name, dir, path, b->session->programs, a);
}

static int changed_since(void *ctx, const char *reference, struct arena *a, struct texts *ret, struct err *err)
{
	return backend_changed_since(ctx, reference, a, ret, err);
}

static const struct npm *npm(void *ctx)
{
	const struct backend *b = ctx;

	return npm_find(b->session, b->workspace->root, b->session->arena);
}

static void note(void *ctx, const char *text)
{
	const struct backend *b = ctx;

	warnings_note(b->session->warnings, text);
}

static bool never_cached(void *ctx, const char *name)
{
	const struct command *c = command_find(name);

	(void)ctx;
	return c && c->flags & COMMAND_NEVER_CACHED;
}

static bool relocked(void *ctx, const char *reference, const char *path, const char *asked, bool *ret)
{
	return backend_relocked(ctx, reference, path, asked, ret);
}

/* Does the current package lack the task, and no option selects packages? Then the user gets a list
 * to choose from. */
static bool wants_list(const struct session *s, const struct workspace *w, const struct query_options *o)
{
	if (options_scoped(o) || o->tasks.n > 1 || strchr(o->task, '#') || o->limited || o->parallel || o->dry_run)
		return false;
	return !workspace_task(workspace_package_at(w, s->cwd), o->task);
}

int run_make_plan(struct backend *b, const struct query_options *options, struct arena *a, struct plan **ret, struct err *err)
{
	const struct session *s = b->session;
	struct plan_world world = {
		.workspace = b->workspace, .cwd = s->cwd, .cpus = os_cpus(), .env = s->env, .find_program = find_program,
		.changed_since = changed_since, .relocked = relocked, .never_cached = never_cached, .warn = note, .ctx = b,
		.above = npm_above(b->workspace->root, s->arena),
		.node_options = npm_node_options(s, b->workspace->root, s->arena),
		.npm = npm,
	};

	return plan_make(&world, options, a, ret, err);
}

int run_cut_plan(struct backend *b, const struct query_options *o, struct arena *a, struct plan *plan, struct err *err)
{
	const struct session *s = b->session;
	struct shard_times times = { 0 };
	int r = o->shard_times ? shard_times_read(o->shard_times[0] == '/' ? o->shard_times : path_join(a, s->cwd, o->shard_times), a, &times, err) : 0;

	if (r == 0 && shard_cut(plan, o->shard - 1, o->shards, o->shard_times ? &times : NULL, a) == 0)
		warnings_note(s->warnings, arena_printf(b->arena, "vt run: no task is in part %u of %u", o->shard, o->shards));
	shard_times_free(&times);
	return r;
}

static int run_task(struct backend *b, const struct query_options *options)
{
	const struct session *s = b->session;
	struct arena *a = arena_new();
	struct plan *plan = NULL;
	struct err err = { 0 };
	int code;

	if (run_make_plan(b, options, a, &plan, &err) < 0 || (options->shards && run_cut_plan(b, options, a, plan, &err) < 0))
		code = cmd_fail(s, &err);
	else if (options->dry_run)
		code = show_dry_run(b, plan, options);
	else
		code = run_plan(b, plan, options);
	arena_free(a);
	return code;
}

/* Warns if the package.json here is not a member: tasks are taken from the package around it. */
static void tell_stray(const struct backend *b, const struct query_options *options)
{
	const struct workspace *w = b->workspace;
	const char *name;

	if (!w->stray || options->recursive || options->workspace_root || options->filters.n || options->affected ||
	    (options->task && strchr(options->task, '#')))
		return;
	name = workspace_package_at(w, w->stray)->name;
	warnings_add(b->session->warnings,
		     arena_printf(b->arena, "%s/package.json is not a package of the workspace %s: no pattern of its packages matches the folder; "
				  "tasks are looked for in the package around it%s%s", w->stray, w->root, name[0] ? ", " : "", name));
}

/* Words behind the task are the task's. */
static void tell_misplaced(const struct backend *b, const struct query_options *options)
{
	const char *word = options_misplaced(options);

	if (word && options->tasks.n == 1 && !options->many)
		warnings_note(b->session->warnings, arena_printf(b->arena, "hint: '%s' stands behind the task and is handed to it; "
			      "options of vt stand before it: vt run %s %s", word, word, options->task));
}

static int run_in(struct backend *b, struct query_options *options)
{
	const struct session *s = b->session;
	const struct workspace *w = b->workspace;
	const struct task *picked = NULL;
	struct err err = { 0 };
	uint32_t i;

	for (i = 0; i < w->warnings.n; i++)
		warnings_add(s->warnings, w->warnings.at[i]);
	tell_stray(b, options);
	tell_misplaced(b, options);
	if (!options->task && options->json)
		return show_graph(s, w);
	if (options_mistaken(options, w)) {
		options_unexpected(options, &err);
		return cmd_fail(s, &err);
	}
	if (!options->task || wants_list(s, w, options)) {
		int code = pick_task(s, w, options->task, &picked);

		if (!picked)
			return code;
		options->picked = picked->package;
		options->task = picked->name;
		options->tasks = (struct texts){ &options->task, 1 };
	}
	return run_task(b, options);
}

static int last_details(const struct session *s)
{
	struct err err = { 0 };
	const char *root;

	if (workspace_find(s->cwd, s->arena, &root, &err) < 0)
		return cmd_fail(s, &err);
	return run_last_details(s, root);
}

static void rooted(void *ctx, const char *root)
{
	backend_prefetch(ctx, root);
}

/* The workspace of the last run, if nothing of it has changed. */
static int load(struct backend *b, struct repeated *again, struct workspace **ret, struct err *err)
{
	if (again && again->workspace && !watch_is_config(again->watch)) {
		*ret = again->workspace;
		backend_prefetch(b, again->workspace->root);
		return 0;
	}
	if (again) {
		workspace_free(again->workspace);
		again->workspace = NULL;
	}
	if (workspace_load_from(b->session->cwd, rooted, b, ret, err) < 0)
		return -1;
	if (again)
		again->workspace = *ret;
	return 0;
}

/* `again`: what the runs of --watch share, or NULL. */
static int run_options(const struct session *s, struct query_options *o, struct repeated *again)
{
	struct workspace *w = NULL;
	struct backend backend;
	struct err err = { 0 };
	int code;

	if (o->last_details)
		return last_details(s);
	if (!o->task && !options_bare(o)) {
		err_set(&err, ERR_USER, "No task specifier provided for 'run' command");
		return cmd_fail(s, &err);
	}
	backend_init(&backend, s, o->dry_run);
	backend.lists = o->verbose > 1;
	backend.informs = o->verbose > 0;
	backend.repeated = again;
	if (load(&backend, again, &w, &err) < 0) {
		code = cmd_fail(s, &err);
	} else {
		backend.workspace = w;
		if (w->packages_n >= 64)
			file_memo_near(s->programs, w->root);
		code = run_in(&backend, o);
	}
	if (again)
		watch_end(again->watch, w, o->affected || o->filters.n);
	backend_close(&backend);
	if (!again)
		workspace_free(w);
	return code;
}

/* ---- --watch ---- */

/* One run of many: nothing of it stays in memory. */
static int run_once_more(const struct command *c, const struct session *s, int argc, char **argv, struct repeated *again)
{
	struct session here = *s;
	struct query_options o;
	struct err err = { 0 };
	int code;

	here.arena = arena_new();
	here.warnings = warnings_new();
	here.programs = file_memo_new();
	again->shown = false;
	watch_begin(again->watch);
	if (options_parse((uint32_t)argc - 1, (const char *const *)argv + 1, c == &command_run_many, here.arena, &o, &err) < 0)
		code = cmd_fail(&here, &err);
	else
		code = run_options(&here, &o, again);
	warnings_flush(here.warnings);
	warnings_free(here.warnings);
	file_memo_free(here.programs);
	arena_free(here.arena);
	return code;
}

static void on_signal(void *ctx, int signum, bool typed)
{
	struct repeated *again = ctx;

	again->signum = signum;
	again->typed = typed;
	watch_interrupt(again->watch);
}

static void tell_waiting(const struct repeated *again)
{
	static const char text[] = "\033[90mvt run: waiting for changes; Ctrl-C ends it\033[0m\n";

	if (!again->screen)
		return;
	screen_write(again->screen, 1, text, sizeof text - 1);
	screen_flush(again->screen);
}

static int repeat(const struct command *c, const struct session *s, int argc, char **argv, struct repeated *again)
{
	bool first = true;
	int code;

	for (;;) {
		code = run_once_more(c, s, argc, argv, again);
		warnings_flush(s->warnings);
		if (again->signum)
			break;
		if (first || again->shown)
			tell_waiting(again);
		first = false;
		if (!watch_wait(again->watch))
			break;
		again->reason = watch_reason(again->watch);
	}
	if (again->services)
		services_finish(again->services, again->signum, again->typed && again->signum == SIGINT);
	return again->signum == SIGINT ? code : 128 + again->signum;
}

/* Nothing runs: it is shown at once. */
static void tell_watch(void *ctx, const char *text)
{
	struct warnings *w = ctx;

	warnings_add(w, text);
	warnings_flush(w);
}

/* Adds a file as watch knows it: absolute, without links. NULL is fine. */
static void add_own(const struct session *s, struct texts *own, const char *path)
{
	const char *real, *folder;

	if (!path)
		return;
	path = path_join(s->arena, s->cwd, path);
	real = file_real(path, s->arena);
	folder = real ? NULL : file_real(path_dir(s->arena, path), s->arena);
	if (folder)
		real = path_join(s->arena, folder, path_base(path));
	if (real)
		texts_add(s->arena, own, real);
}

/* The files that vt writes itself: reports, and what it prints, if that goes to a file. */
static struct texts own_files(const struct session *s, const struct query_options *o)
{
	struct texts ret = { 0 };

	add_own(s, &ret, o->summary_file);
	add_own(s, &ret, o->profile);
	add_own(s, &ret, o->events);
	if (o->events)
		add_own(s, &ret, arena_printf(s->arena, "%s" EVENTS_LOGS, o->events));
	add_own(s, &ret, "/proc/self/fd/1");
	add_own(s, &ret, "/proc/self/fd/2");
	return ret;
}

static int watch_open(const struct session *s, const struct query_options *o, struct repeated *again, struct err *err)
{
	struct watch_setup setup = { .warn = tell_watch, .ctx = s->warnings };
	struct user_config user = { 0 };

	if (workspace_find(s->cwd, s->arena, &setup.root, err) < 0 ||
	    directory_place(s->env, setup.root, s->arena, &setup.cache_dir, err) < 0 || loop_new(&again->loop, err) < 0)
		return -1;
	/* the run tells its errors */
	user_config_read(places_env(s), setup.root, &user, NULL);
	setup.user_config = user.file;
	setup.own = own_files(s, o);
	setup.loop = again->loop;
	again->watch = watch_new(&setup);
	user_config_free(&user);
	return 0;
}

static int run_watch(const struct command *c, const struct session *s, const struct query_options *o, int argc, char **argv)
{
	struct repeated again = { 0 };
	struct signals *signals;
	struct err err = { 0 };
	int code;

	if (watch_open(s, o, &again, &err) < 0)
		return cmd_fail(s, &err);
	signals = signals_catch(again.loop, on_signal, &again, NULL);
	code = repeat(c, s, argc, argv, &again);
	services_free(again.services);
	watch_free(again.watch);
	workspace_free(again.workspace);
	live_free(again.live);
	if (again.screen)
		screen_close(again.screen);
	signals_release(signals);
	loop_free(again.loop);
	return code;
}

static int run_words(const struct command *c, const struct session *s, int argc, char **argv)
{
	struct session here = *s;
	struct query_options o;
	struct err err = { 0 };

	if (options_parse((uint32_t)argc - 1, (const char *const *)argv + 1, c == &command_run_many, s->arena, &o, &err) < 0)
		return cmd_fail(s, &err);
	if (o.help) {
		command_help(c, stdout);
		return 0;
	}
	if (o.dir && cmd_enter(&here, o.dir, &err) < 0)
		return cmd_fail(s, &err);
	return o.watch ? run_watch(c, &here, &o, argc, argv) : run_options(&here, &o, NULL);
}

static int run(const struct session *s, int argc, char **argv)
{
	return run_words(&command_run, s, argc, argv);
}

static int run_many(const struct session *s, int argc, char **argv)
{
	return run_words(&command_run_many, s, argc, argv);
}
