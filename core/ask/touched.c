/* vt inputs, vt outputs: what the last run of a task touched, by folder, and by name with --all. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "ask/asking.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/texts.h"
#include "cache/asked.h"
#include "plan/step.h"
#include "report/live.h"
#include "report/screen.h"
#include "text/json.h"
#include "text/path.h"
#include "text/shown.h"
#include "workspace/workspace.h"

enum { HELP, ALL, JSON, RECURSIVE, FILTER, CACHE };

static const struct args_option options[] = {
	[HELP] = COMMAND_OPTION_HELP,
	[ALL] = { .name = "all" },
	[JSON] = { .name = "json" },
	[RECURSIVE] = { .name = "recursive", .letter = 'r' },
	[FILTER] = { .name = "filter", .letter = 'F', .value = "FILTER" },
	[CACHE] = { .name = "cache" },
};

#define HELP_TEXT \
	"Arguments:\n" \
	"  <TASK>                 `task` or `package#task`\n" \
	"  [ADDITIONAL_ARGS]...   What `vt run` would hand to its last command\n" \
	"\n" \
	"Options:\n" \
	"      --all              Print each name, not only how many there are in each folder\n" \
	"      --json             Print JSON, with each name\n" \
	"  -r, --recursive        In all packages\n" \
	"  -F, --filter <FILTER>  In matching packages, as `vt run`\n" \
	"      --cache            As for `vt run --cache`\n" \
	"  -h, --help             Print help\n"

static int run_inputs(const struct session *s, int argc, char **argv);
static int run_outputs(const struct session *s, int argc, char **argv);

const struct command command_inputs = {
	.name = "inputs", .summary = "Show what the last run of a task read", .usage = "vt inputs [OPTIONS] <TASK> [-- ADDITIONAL_ARGS...]",
	.run = run_inputs, .options = options, .options_n = COUNT(options), .flags = COMMAND_NEVER_CACHED, .help = HELP_TEXT,
};

const struct command command_outputs = {
	.name = "outputs", .summary = "Show what the last run of a task left", .usage = "vt outputs [OPTIONS] <TASK> [-- ADDITIONAL_ARGS...]",
	.run = run_outputs, .options = options, .options_n = COUNT(options), .flags = COMMAND_NEVER_CACHED, .help = HELP_TEXT,
};

/* ---- which names, and where they belong ---------------------------------------------- */

struct showing {
	struct asking *k;
	bool inputs;                   /* else outputs */
	bool all;
	struct buf b;
	bool marked;                   /* some line has the mark for undeclared paths */
};

static bool is_wanted(const struct showing *w, const struct touched *t)
{
	if (t->how & (TOUCHED_ENV | TOUCHED_NET))
		return false;
	if (!w->inputs)
		return t->how & TOUCHED_WROTE;
	if (t->how & TOUCHED_OWN)
		return false;
	return t->how & (TOUCHED_READ | TOUCHED_DECLARED | TOUCHED_LISTED);
}

static bool is_below(const char *folder, const char *path)
{
	size_t n = strlen(folder);

	return n == 0 || (strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0'));
}

/* The innermost package around a root-relative path. */
static const struct package *package_of(const struct workspace *w, const char *path)
{
	const struct package *best = w->root_package;
	uint32_t i;

	for (i = 0; i < w->packages_n; i++) {
		const struct package *p = &w->packages[i];

		if (p->path[0] && is_below(p->path, path) && strlen(p->path) >= strlen(best->path))
			best = p;
	}
	return best;
}

/* Does `from` depend on `to`, directly or not? */
static bool depends_on(const struct workspace *w, const struct package *from, const struct package *to)
{
	bool *seen = xcalloc(w->packages_n + 1, sizeof *seen), found = false;
	const struct package **stack = xcalloc(w->packages_n + 1, sizeof *stack);
	uint32_t n = 0, i;

	stack[n++] = from;
	seen[from->index] = true;
	while (n && !found) {
		const struct package *p = stack[--n];

		found = p == to;
		for (i = 0; i < p->needs_n; i++)
			if (!seen[p->needs[i].to->index]) {
				seen[p->needs[i].to->index] = true;
				stack[n++] = p->needs[i].to;
			}
	}
	free(stack);
	free(seen);
	return found;
}

/* Is the path outside the task's package, and covered neither by `input` or `output` nor by a dependency between the packages?
 * Tools may keep files in node_modules. */
static bool is_undeclared(const struct showing *w, const struct step *step, const char *path)
{
	const struct package *own = step->task->package, *of;

	if (path[0] == '/')
		return false;
	of = package_of(w->k->workspace, path);
	if (of == own || strstr(path, "node_modules"))
		return false;
	if (step->rules && globs_match(w->inputs ? &step->rules->input : &step->rules->output, path, strlen(path)))
		return false;
	return !w->inputs || !depends_on(w->k->workspace, own, of);
}

/* The folder that a path is counted in: up to node_modules; a package's own first folder; outside of the
 * workspace two levels. Ends in a slash. */
static const char *folder_of(const struct showing *w, const char *path)
{
	struct arena *a = w->k->arena;
	const char *modules = strstr(path, "node_modules/"), *slash, *more;
	const struct package *p;
	size_t n;

	if (modules)
		return arena_strn(a, path, (size_t)(modules - path) + strlen("node_modules/"));
	if (path[0] == '/') {
		slash = strchr(path + 1, '/');
		more = slash ? strchr(slash + 1, '/') : NULL;
		slash = more ? more : slash;
		return arena_strn(a, path, slash ? (size_t)(slash - path) + 1 : strlen(path));
	}
	p = package_of(w->k->workspace, path);
	n = p->path[0] ? strlen(p->path) + 1 : 0;
	if (strlen(path) < n)
		return arena_printf(a, "%s/", path);
	slash = strchr(path + n, '/');
	if (slash)
		return arena_strn(a, path, (size_t)(slash - path) + 1);
	return n ? arena_strn(a, path, n) : "./";
}

/* ---- the text ---------------------------------------------------------------------------- */

struct folder {
	const char *name;
	uint32_t n, undeclared;
	struct texts names;            /* with --all */
};

static int by_name(const void *x, const void *y)
{
	const struct folder *const *a = x, *const *b = y;

	return strcmp((*a)->name, (*b)->name);
}

static void add_folder(struct showing *w, const struct step *step, const struct folder *f)
{
	uint32_t i;

	w->marked = w->marked || f->undeclared;
	buf_printf(&w->b, "%s %6u  ", f->undeclared ? "!" : " ", f->n);
	shown_text(&w->b, f->name);
	if (f->undeclared && f->undeclared != f->n)
		buf_printf(&w->b, "  (%u of them)", f->undeclared);
	buf_byte(&w->b, '\n');
	for (i = 0; i < f->names.n; i++) {
		buf_printf(&w->b, "%s          ", is_undeclared(w, step, f->names.at[i]) ? "!" : " ");
		shown_text(&w->b, f->names.at[i]);
		buf_byte(&w->b, '\n');
	}
}

static void add_folders(struct showing *w, const struct step *step, const struct last_run *run)
{
	struct arena *a = w->k->arena;
	struct map folders;
	struct folder **sorted;
	uint32_t i;

	map_init(&folders);
	for (i = 0; i < run->n; i++) {
		const char *name = arena_strn(a, run->at[i].name.data, run->at[i].name.size), *folder;
		struct folder *f;

		if (!is_wanted(w, &run->at[i]) || !*name)
			continue;
		folder = folder_of(w, name);
		f = map_gets(&folders, folder);
		if (!f) {
			f = arena_alloc(a, sizeof *f);
			f->name = folder;
			*map_puts(&folders, folder) = f;
		}
		f->n++;
		f->undeclared += is_undeclared(w, step, name);
		if (w->all)
			texts_add(a, &f->names, name);
	}
	sorted = arena_array(a, folders.n + 1, sizeof *sorted);
	for (i = 0; i < folders.n; i++)
		sorted[i] = folders.at[i].value;
	qsort(sorted, folders.n, sizeof *sorted, by_name);
	for (i = 0; i < folders.n; i++)
		add_folder(w, step, sorted[i]);
	if (!folders.n)
		buf_text(&w->b, w->inputs ? "  it read no file that vt saw\n" : "  it left no file that vt saw\n");
	map_free(&folders);
}

/* A library that a program loads, by its name. */
static bool is_library(const char *name)
{
	const char *so = strstr(path_base(name), ".so");

	return so && (so[3] == '\0' || so[3] == '.');
}

/* One of the lists besides the files. */
struct sort {
	const char *title, *key;
	unsigned how;
};

static const struct sort looked_for = { "not there", "lookedFor", TOUCHED_ABSENT };

static const struct sort sorts[] = {
	{ "programs", "programs", TOUCHED_RAN },
	{ "env", "env", TOUCHED_ENV },
	{ "network", "network", TOUCHED_NET },
};

/* Was the path only looked for, and absent? */
static bool is_absent(const struct touched *t)
{
	return (t->how & TOUCHED_ABSENT) && !(t->how & ~(unsigned)(TOUCHED_PROBED | TOUCHED_ABSENT));
}

/* The names of a sort, each once. `brief`: programs by their base names, without libraries. */
static struct texts names_of(struct showing *w, const struct last_run *run, const struct sort *sort, bool brief)
{
	struct texts all = { 0 }, names = { 0 };
	uint32_t i;

	for (i = 0; i < run->n; i++) {
		const char *name = arena_strn(w->k->arena, run->at[i].name.data, run->at[i].name.size);

		if (!(run->at[i].how & sort->how) || (sort == &looked_for && !is_absent(&run->at[i])) || (brief && sort->how == TOUCHED_RAN && is_library(name)))
			continue;
		texts_add(w->k->arena, &all, brief && sort->how == TOUCHED_RAN ? path_base(name) : name);
	}
	texts_sort(&all);
	for (i = 0; i < all.n; i++)
		if (i == 0 || strcmp(all.at[i], all.at[i - 1]) != 0)
			texts_add(w->k->arena, &names, all.at[i]);
	return names;
}

static uint32_t count_of(const struct last_run *run, unsigned how, unsigned without)
{
	uint32_t i, n = 0;

	for (i = 0; i < run->n; i++)
		n += (run->at[i].how & how) == how && !(run->at[i].how & without);
	return n;
}

/* Programs, variables and what was only asked about, in a line each. */
static void add_rest(struct showing *w, const struct last_run *run)
{
	const unsigned more = TOUCHED_READ | TOUCHED_LISTED | TOUCHED_DECLARED | TOUCHED_WROTE | TOUCHED_RAN;
	struct texts gone;
	uint32_t probed = count_of(run, TOUCHED_PROBED, more | TOUCHED_ABSENT), absent = count_of(run, TOUCHED_ABSENT, more), i;
	size_t s;

	for (s = 0; s < COUNT(sorts); s++) {
		struct texts names = names_of(w, run, &sorts[s], !w->all);

		for (i = 0; i < names.n; i++) {
			if (i == 0)
				buf_printf(&w->b, "  %s: ", sorts[s].title);
			else
				buf_text(&w->b, ", ");
			shown_text(&w->b, names.at[i]);
		}
		if (names.n)
			buf_byte(&w->b, '\n');
	}
	if (probed || absent)
		buf_printf(&w->b, "  only asked about: %u that %s there, %u that %s not\n", probed, probed == 1 ? "is" : "are", absent,
			   absent == 1 ? "is" : "are");
	if (!w->all)
		return;
	gone = names_of(w, run, &looked_for, false);
	for (i = 0; i < gone.n; i++) {
		buf_text(&w->b, i ? "           " : "  not there:\n           ");
		shown_text(&w->b, gone.at[i]);
		buf_byte(&w->b, '\n');
	}
}

static void add_removed(struct showing *w, const struct last_run *run)
{
	uint32_t i, n = 0;

	for (i = 0; i < run->n; i++)
		n += (run->at[i].how & TOUCHED_REMOVED) != 0;
	if (n)
		buf_printf(&w->b, "  removed again, or taken away: %u of them\n", n);
}

static void add_step(struct showing *w, const struct step *step, const struct last_run *run)
{
	screen_stylef(&w->b, "1", "%s", step->task->label);
	buf_text(&w->b, "  ");
	live_command(step, &w->b);
	buf_byte(&w->b, '\n');
	if (!run) {
		buf_text(&w->b, step->rules ? "  its last run here is not known\n" : "  it is not cached, and its files are not watched\n");
		return;
	}
	buf_printf(&w->b, "  last ran %s%s%s\n", asking_time(w->k->arena, run->started_ns),
		   run->traced ? "" : w->inputs ? "; its files were not watched: only what `input` names is known"
						: "; its files were not watched: only what `output` names is known",
		   run->partial ? "; it touched more than is listed" : "");
	add_folders(w, step, run);
	if (w->inputs)
		add_rest(w, run);
	else
		add_removed(w, run);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void json_names(struct showing *w, const struct step *step, const struct last_run *run)
{
	bool any = false;
	uint32_t i;

	for (i = 0; i < run->n; i++) {
		const struct touched *t = &run->at[i];
		const char *name = arena_strn(w->k->arena, t->name.data, t->name.size);

		if (!is_wanted(w, t) || !*name)
			continue;
		buf_text(&w->b, any ? ",\n{\"path\":" : "\n{\"path\":");
		json_quote(&w->b, name, strlen(name));
		if (is_undeclared(w, step, name))
			buf_text(&w->b, ",\"undeclared\":true");
		if (!w->inputs && (t->how & TOUCHED_REMOVED))
			buf_text(&w->b, ",\"removed\":true");
		buf_byte(&w->b, '}');
		any = true;
	}
}

static void json_sort(struct showing *w, const struct last_run *run, const struct sort *sort)
{
	struct texts names = names_of(w, run, sort, false);
	uint32_t i;

	buf_printf(&w->b, ",\"%s\":[", sort->key);
	for (i = 0; i < names.n; i++) {
		buf_text(&w->b, i ? "," : "");
		json_quote(&w->b, names.at[i], strlen(names.at[i]));
	}
	buf_byte(&w->b, ']');
}

static void json_rest(struct showing *w, const struct last_run *run)
{
	size_t s;

	for (s = 0; s < COUNT(sorts); s++)
		json_sort(w, run, &sorts[s]);
	json_sort(w, run, &looked_for);
}

static void json_step(struct showing *w, const struct step *step, const struct last_run *run)
{
	const char *package = step->task->package->path[0] ? step->task->package->path : ".";

	buf_text(&w->b, "{\"task\":");
	json_quote(&w->b, step->task->label, strlen(step->task->label));
	buf_text(&w->b, ",\"package\":");
	json_quote(&w->b, package, strlen(package));
	buf_text(&w->b, ",\"command\":");
	json_quote(&w->b, step->shown, strlen(step->shown));
	if (!run) {
		buf_text(&w->b, ",\"known\":false}");
		return;
	}
	buf_printf(&w->b, ",\"known\":true,\"startedMs\":%lld,\"watched\":%s,\"partial\":%s,\"%s\":[", (long long)(run->started_ns / 1000000),
		   run->traced ? "true" : "false", run->partial ? "true" : "false", w->inputs ? "inputs" : "outputs");
	json_names(w, step, run);
	buf_byte(&w->b, ']');
	if (w->inputs)
		json_rest(w, run);
	buf_byte(&w->b, '}');
}

/* ---- the commands ------------------------------------------------------------------------------ */

static int show(struct asking *k, bool inputs, bool all, bool json)
{
	struct showing w = { .k = k, .inputs = inputs, .all = all };
	bool any = false;
	uint32_t i;

	buf_init(&w.b, SIZE_MAX / 2);
	buf_text(&w.b, json ? "{\"version\":1,\"steps\":[" : "");
	for (i = 0; i < k->steps_n; i++) {
		const struct step *step = k->steps[i].step;
		struct last_run run;
		bool known;

		if (!k->steps[i].requested)
			continue;
		known = step->rules && k->backend.cache && cache_last_run(k->backend.cache, step, k->arena, &run);
		if (any)
			buf_text(&w.b, json ? ",\n" : "\n");
		any = true;
		if (json)
			json_step(&w, step, known ? &run : NULL);
		else
			add_step(&w, step, known ? &run : NULL);
	}
	if (json)
		buf_text(&w.b, "]}\n");
	else if (w.marked)
		buf_text(&w.b, inputs ? "\n! outside the package and undeclared: neither `input` nor a package that it depends on has it\n"
				      : "\n! outside the package and not in `output`\n");
	return asking_print(k->session, &w.b);
}

static int run(const struct command *c, const struct session *s, int argc, char **argv)
{
	struct command_line line;
	struct query_options o;
	struct asking k;
	struct err err = { 0 };
	int code = command_read_line(c, s, argc, argv, &line);

	if (code >= 0)
		return code;
	if (asking_words(&line, &o, &err) < 0)
		return cmd_fail(s, &err);
	asking_choose(&line, &(struct asking_options){ RECURSIVE, FILTER, CACHE }, &o);
	if (asking_open(&k, s, &err) < 0 || asking_plan(&k, &o, true, &err) < 0)
		code = cmd_fail(s, &err);
	else
		code = show(&k, c == &command_inputs, command_line_has(&line, ALL), command_line_has(&line, JSON));
	asking_close(&k);
	return code;
}

static int run_inputs(const struct session *s, int argc, char **argv)
{
	return run(&command_inputs, s, argc, argv);
}

static int run_outputs(const struct session *s, int argc, char **argv)
{
	return run(&command_outputs, s, argc, argv);
}
