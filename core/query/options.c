#include "config.h"

#include "query/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/texts.h"
#include "text/args.h"
#include "workspace/workspace.h"

#define TRY "\n\nFor more information, try '--help'."

const char options_usage[] = "vt run [OPTIONS] [TASK_SPECIFIER] [ADDITIONAL_ARGS]...";
const char options_usage_many[] = "vt run-many [OPTIONS] <TASK_SPECIFIER>... [-- ADDITIONAL_ARGS...]";

const char options_arguments[] =
"Arguments:\n"
"  [TASK_SPECIFIER]      `task` or `package#task`; without it the tasks are listed\n"
"  [ADDITIONAL_ARGS]...  Handed to the last command of the task; options of vt come before the task\n";

const char options_arguments_many[] =
"Arguments:\n"
"  <TASK_SPECIFIER>...   Several `task` or `package#task`, in one run\n"
"  [ADDITIONAL_ARGS]...  Handed to the last command of each of these tasks\n";

const char options_help[] =
"\n"
"Options:\n"
"  -r, --recursive              Run the task in all packages, in the order of their dependencies\n"
"  -t, --transitive             Run the task in this package and the packages it depends on\n"
"  -w, --workspace-root         Run the task in the root package\n"
"  -F, --filter <FILTERS>       Run the task in matching packages; may be repeated\n"
"                                 name, @scope/*   packages by name\n"
"                                 ./dir, {dir/*}   packages by directory\n"
"                                 x..., ...x       x and its dependencies, x and its dependents\n"
"                                 x^..., ...^x     the same without x\n"
"                                 [ref], [ref...]  packages changed since a git reference, since the\n"
"                                                  merge base with it; also x[ref], {dir}[ref], ...[ref]\n"
"                                 !x               not these\n"
"      --affected[=<REF>]       Run the task in packages changed since the merge base with <REF>\n"
"                               (the default branch) and in their dependents; of what -w and\n"
"                               --filter select, if they are given\n"
"      --fail-if-no-match       Fail if a filter matches no package\n"
"      --ignore-depends-on, --only\n"
"                               Leave `dependsOn` out\n"
"      --continue[=<WHAT>]      After a failure run what does not depend on it; <WHAT>:\n"
"                                 dependencies-successful (the default), always: all of it\n"
"      --force                  Run what would hit, too, and store it\n"
"  -v, --verbose                Print the full summary; -vv with the files of each task\n"
"      --cache                  Cache every task and script that does not say `cache: false`\n"
"      --no-cache               Cache nothing\n"
"      --log <LOG>              How output is shown [possible values: interleaved, labeled, grouped]\n"
"      --output-logs <WHICH>    Which output is shown: of all tasks, of those that ran, of those that\n"
"                               failed, of none [possible values: full, new-only, errors-only, none]\n"
"  -q, --quiet                  Show only what fails: `--output-logs errors-only`, no progress line, and\n"
"                               no summary of a run that succeeds\n"
"      --concurrency-limit <N>  How many tasks run at once; 50% of the processors; auto: all of\n"
"                               them [default: 4]\n"
"      --parallel               Ignore the order between tasks and run all at once\n"
"      --watch                  Run again, whenever something changes, what depends on it; persistent\n"
"                               tasks are left running; Ctrl-C ends it\n"
"      --dry-run                Show what would run and what is cached, run nothing\n"
"      --json                   Print JSON: packages and tasks, or with --dry-run the plan\n"
"      --last-details           Print the full summary of the last run\n"
"      --ci-summary             Add a table of the run to the page of the GitHub job\n"
"      --summary-file <FILE>    Write a summary of the run, as JSON\n"
"      --events <FILE>          Write a line of JSON for each start and end of a command, as they come,\n"
"                               and keep what each printed in a file of its own\n"
"      --profile <FILE>         Write where the time went, as a Chrome trace\n"
"      --together[=<ID>]        Share the work with other runners of the same run, through a far store;\n"
"                               <ID> names the run; default: the run and attempt of the CI job\n"
"      --together-index <N>     Which of these runners this one is; 0 ends with all results in place\n"
"      --shard <I/N>            Run the part <I> of <N>: each requested task is in exactly one of them\n"
"      --shard-times <FILE>     Part them by the durations in <FILE>, from --summary-file or\n"
"                               `vt cache stat --json`\n"
"  -C, --cwd <DIR>              As if vt were called in that folder\n"
"  -h, --help                   Print help\n"
"\n"
"Environment:\n"
"  VP_RUN_CONCURRENCY_LIMIT     The default of --concurrency-limit\n"
"  VT_CACHE_DIR                 Where the cache is (absolute); default: .vt in the workspace root\n";

enum option {
	RECURSIVE, TRANSITIVE, WORKSPACE_ROOT, FILTER, AFFECTED, FAIL_IF_NO_MATCH, IGNORE_DEPENDS_ON, VERBOSE, CACHE, NO_CACHE,
	ONLY, CONTINUE, FORCE, CWD, LOG, LIMIT, PARALLEL, DRY_RUN, JSON, LAST_DETAILS, OUTPUT_LOGS, QUIET, CI_SUMMARY, SUMMARY_FILE, PROFILE, EVENTS, WATCH,
	TOGETHER, TOGETHER_INDEX, SHARD, SHARD_TIMES, HELP, OPTIONS
};

#define CONTINUE_VALUES "dependencies-successful, always"
#define LOG_MODES "interleaved, labeled, grouped"
#define SHOWN "full, new-only, errors-only, none"

static const struct args_option options[OPTIONS] = {
	[RECURSIVE] = { .name = "recursive", .letter = 'r' },
	[TRANSITIVE] = { .name = "transitive", .letter = 't' },
	[WORKSPACE_ROOT] = { .name = "workspace-root", .letter = 'w' },
	[FILTER] = { .name = "filter", .letter = 'F', .value = "FILTERS", .often = true },
	[AFFECTED] = { .name = "affected", .value = "REF", .may = true },
	[FAIL_IF_NO_MATCH] = { .name = "fail-if-no-match" },
	[IGNORE_DEPENDS_ON] = { .name = "ignore-depends-on" },
	[ONLY] = { .name = "only" },
	[CONTINUE] = { .name = "continue", .value = "WHAT", .possible = CONTINUE_VALUES, .may = true },
	[FORCE] = { .name = "force" },
	[CWD] = { .name = "cwd", .letter = 'C', .value = "DIR" },
	[VERBOSE] = { .name = "verbose", .letter = 'v', .often = true },
	[CACHE] = { .name = "cache" },
	[NO_CACHE] = { .name = "no-cache" },
	[LOG] = { .name = "log", .value = "LOG", .possible = LOG_MODES },
	[LIMIT] = { .name = "concurrency-limit", .value = "CONCURRENCY_LIMIT" },
	[PARALLEL] = { .name = "parallel" },
	[DRY_RUN] = { .name = "dry-run" },
	[JSON] = { .name = "json" },
	[LAST_DETAILS] = { .name = "last-details" },
	[OUTPUT_LOGS] = { .name = "output-logs", .value = "WHICH", .possible = SHOWN },
	[QUIET] = { .name = "quiet", .letter = 'q' },
	[CI_SUMMARY] = { .name = "ci-summary" },
	[SUMMARY_FILE] = { .name = "summary-file", .value = "FILE" },
	[PROFILE] = { .name = "profile", .value = "FILE" },
	[EVENTS] = { .name = "events", .value = "FILE" },
	[WATCH] = { .name = "watch" },
	[TOGETHER] = { .name = "together", .value = "ID", .may = true },
	[TOGETHER_INDEX] = { .name = "together-index", .value = "N" },
	[SHARD] = { .name = "shard", .value = "I/N" },
	[SHARD_TIMES] = { .name = "shard-times", .value = "FILE" },
	[HELP] = { .name = "help", .letter = 'h' },
};

_Static_assert((int)OPTIONS <= (int)ARGS_OPTIONS_MAX, "args.seen has a bit for each option");

const struct args_option *options_list(uint32_t *ret_n)
{
	*ret_n = OPTIONS;
	return options;
}

struct parsing {
	struct query_options o;
	struct args args;
	struct arena *a;
	struct err *err;
};

const char *options_read_limit(const char *text, struct option_limit *ret)
{
	const char *s = text + (*text == '+' && text[1]);
	uint64_t n = 0;
	bool percent;

	if (strcmp(text, "auto") == 0) {
		*ret = (struct option_limit){ .n = 100, .percent = true };
		return NULL;
	}
	if (!*s)
		return "cannot parse integer from empty string";
	for (; *s && (*s != '%' || s[1] || s == text); s++) {
		if (*s < '0' || *s > '9')
			return "invalid digit found in string";
		if (n > (UINT64_MAX - 9) / 10)
			return "number too large to fit in target type";
		n = n * 10 + (uint64_t)(*s - '0');
	}
	percent = *s == '%';
	*ret = (struct option_limit){ .n = n == 0 ? 1 : n >= UINT32_MAX ? UINT32_MAX - 1 : (uint32_t)n, .percent = percent };
	return NULL;
}

static int read_limit(struct parsing *p, const char *value)
{
	const char *why = options_read_limit(value, &p->o.limit);

	if (why)
		return err_set(p->err, ERR_USAGE, "invalid value '%s' for '--concurrency-limit <CONCURRENCY_LIMIT>': %s" TRY, value, why);
	p->o.limited = true;
	return 0;
}

static int read_continue(struct parsing *p, const char *value)
{
	p->o.continue_given = true;
	p->o.on_failure = OPTION_CONTINUE_DEPENDENCIES_SUCCESSFUL;
	if (value && strcmp(value, "always") == 0)
		p->o.on_failure = OPTION_CONTINUE_ALWAYS;
	else if (value && strcmp(value, "dependencies-successful") != 0)
		return err_set(p->err, ERR_USAGE, "invalid value '%s' for '--continue[=<WHAT>]'\n  [possible values: " CONTINUE_VALUES "]" TRY, value);
	return 0;
}

static int read_log(struct parsing *p, const char *value)
{
	static const char *const modes[] = { "interleaved", "labeled", "grouped" };
	uint32_t i;

	for (i = 0; i < COUNT(modes); i++)
		if (strcmp(value, modes[i]) == 0) {
			p->o.log = (enum option_log)i;
			p->o.log_given = true;
			return 0;
		}
	return err_set(p->err, ERR_USAGE, "invalid value '%s' for '--log <LOG>'\n  [possible values: " LOG_MODES "]" TRY, value);
}

static int read_shown(struct parsing *p, const char *value)
{
	static const char *const which[] = { "full", "new-only", "errors-only", "none" };
	uint32_t i;

	for (i = 0; i < COUNT(which); i++)
		if (strcmp(value, which[i]) == 0) {
			p->o.shown = (enum option_shown)i;
			p->o.shown_given = true;
			return 0;
		}
	return err_set(p->err, ERR_USAGE, "invalid value '%s' for '--output-logs <WHICH>'\n  [possible values: " SHOWN "]" TRY, value);
}

static int read_file(struct parsing *p, enum option which, const char *value, const char **ret)
{
	if (!*value)
		return err_set(p->err, ERR_USAGE, "invalid value '' for '--%s <FILE>': the name of a file is needed" TRY, options[which].name);
	*ret = arena_str(p->a, value);
	return 0;
}

/* A number of decimal digits, at most `max`; *at moves behind it. false: there is none. */
static bool read_number(const char **at, uint32_t max, uint32_t *ret)
{
	const char *s = *at;
	uint64_t n = 0;

	for (; *s >= '0' && *s <= '9' && n <= max; s++)
		n = n * 10 + (uint64_t)(*s - '0');
	if (s == *at || n > max)
		return false;
	*at = s;
	*ret = (uint32_t)n;
	return true;
}

static int read_shard(struct parsing *p, const char *value)
{
	const char *s = value;

	if (read_number(&s, OPTION_SHARDS_MAX, &p->o.shard) && *s++ == '/' && read_number(&s, OPTION_SHARDS_MAX, &p->o.shards) && !*s &&
	    p->o.shard >= 1 && p->o.shard <= p->o.shards)
		return 0;
	return err_set(p->err, ERR_USAGE, "invalid value '%s' for '--shard <I/N>': two numbers are needed, such as 1/4: which part, from 1, and of how many (at most %d)" TRY,
		       value, OPTION_SHARDS_MAX);
}

static int read_together(struct parsing *p, const char *value)
{
	const char *s;

	p->o.together = value ? arena_str(p->a, value) : "";
	for (s = p->o.together; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			break;
	if ((value && !*value) || *s || strlen(p->o.together) > OPTION_TOGETHER_MAX)
		return err_set(p->err, ERR_USAGE, "invalid value for '--together[=<ID>]': 1 to %d printable characters are needed, the same for all runners of one run" TRY,
			       OPTION_TOGETHER_MAX);
	return 0;
}

static int read_index(struct parsing *p, const char *value)
{
	const char *s = value;

	if (read_number(&s, OPTION_SHARDS_MAX, &p->o.together_index) && !*s)
		return 0;
	return err_set(p->err, ERR_USAGE, "invalid value '%s' for '--together-index <N>': a number from 0 to %d is needed" TRY, value, OPTION_SHARDS_MAX);
}

static int cache_flag(struct parsing *p, enum option_cache flag)
{
	if (p->o.cache != OPTION_CACHE_DEFAULT && p->o.cache != flag) {
		const char *first = p->o.cache == OPTION_CACHE_ON ? "--cache" : "--no-cache";

		return err_set(p->err, ERR_USAGE, "the argument '%s' cannot be used with '%s'\n\n"
			       "Usage: vt run %s <TASK_SPECIFIER> [ADDITIONAL_ARGS]..." TRY,
			       first, p->o.cache == OPTION_CACHE_ON ? "--no-cache" : "--cache", first);
	}
	p->o.cache = flag;
	return 0;
}

/* Notes one option; `value` is NULL for a flag. */
static int take(struct parsing *p, enum option which, const char *value)
{
	struct query_options *o = &p->o;

	switch (which) {
	case RECURSIVE: o->recursive = true; break;
	case TRANSITIVE: o->transitive = true; break;
	case WORKSPACE_ROOT: o->workspace_root = true; break;
	case FILTER:
		texts_add(p->a, &o->filters, arena_str(p->a, value));
		break;
	case AFFECTED: o->affected = value ? arena_str(p->a, value) : ""; break;
	case FAIL_IF_NO_MATCH: o->fail_if_no_match = true; break;
	case IGNORE_DEPENDS_ON:
	case ONLY: o->ignore_depends_on = true; break;
	case CONTINUE: return read_continue(p, value);
	case FORCE: o->force = true; break;
	case CWD: o->dir = arena_str(p->a, value); break;
	case VERBOSE: o->verbose++; break;
	case CACHE: return cache_flag(p, OPTION_CACHE_ON);
	case NO_CACHE: return cache_flag(p, OPTION_CACHE_OFF);
	case LOG: return read_log(p, value);
	case LIMIT: return read_limit(p, value);
	case PARALLEL: o->parallel = true; break;
	case DRY_RUN: o->dry_run = true; break;
	case JSON: o->json = true; break;
	case LAST_DETAILS: o->last_details = true; break;
	case OUTPUT_LOGS: return read_shown(p, value);
	case QUIET: o->quiet = true; break;
	case CI_SUMMARY: o->ci_summary = true; break;
	case SUMMARY_FILE: return read_file(p, which, value, &o->summary_file);
	case PROFILE: return read_file(p, which, value, &o->profile);
	case EVENTS: return read_file(p, which, value, &o->events);
	case WATCH: o->watch = true; break;
	case TOGETHER: return read_together(p, value);
	case TOGETHER_INDEX: return read_index(p, value);
	case SHARD: return read_shard(p, value);
	case SHARD_TIMES: return read_file(p, which, value, &o->shard_times);
	case HELP:
	case OPTIONS: break;
	}
	return 0;
}

/* The options of runs that several machines share. */
static int check_shared(struct parsing *p)
{
	const struct query_options *o = &p->o;

	if (o->shard_times && !o->shards)
		return args_wrong(&p->args, p->err, "the argument '--shard-times <FILE>' needs '--shard <I/N>'");
	if (o->together_index != UINT32_MAX && !o->together)
		return args_wrong(&p->args, p->err, "the argument '--together-index <N>' needs '--together[=<ID>]'");
	if (o->together && o->shards)
		return args_wrong(&p->args, p->err, "the argument '--together[=<ID>]' cannot be used with '--shard <I/N>': each parts the work in its own way");
	if (o->together && (o->watch || o->dry_run))
		return args_wrong(&p->args, p->err, o->watch ? "the argument '--together[=<ID>]' cannot be used with '--watch': its runs have no end that others could wait for"
							     : "the argument '--together[=<ID>]' cannot be used with '--dry-run': it shares what runs");
	return 0;
}

/* Fails for options that exclude each other. */
static int check(struct parsing *p)
{
	static const enum option reports[] = { CI_SUMMARY, SUMMARY_FILE, PROFILE, EVENTS };
	size_t i;

	if (p->o.last_details && (p->o.task || p->args.seen & ~(UINT64_C(1) << LAST_DETAILS | UINT64_C(1) << CWD)))
		return args_wrong(&p->args, p->err, "the argument '--last-details' cannot be used with one or more of the other specified arguments");
	for (i = 0; p->o.dry_run && i < COUNT(reports); i++)
		if (p->args.seen & UINT64_C(1) << reports[i])
			return args_wrong(&p->args, p->err, "the argument '--%s%s' cannot be used with '--dry-run': it tells of what ran",
					  options[reports[i]].name, options[reports[i]].value ? " <FILE>" : "");
	if (p->o.watch && (p->o.dry_run || p->o.json))
		return args_wrong(&p->args, p->err, "the argument '--watch' cannot be used with '--%s': it tells of what ran", p->o.dry_run ? "dry-run" : "json");
	if (check_shared(p) < 0)
		return -1;
	if (p->o.watch && !p->o.task)
		return args_wrong(&p->args, p->err, "the argument '--watch' needs a task");
	/* the user mends a failure while the rest goes on */
	if (p->o.watch && !p->o.continue_given) {
		p->o.continue_given = true;
		p->o.on_failure = OPTION_CONTINUE_DEPENDENCIES_SUCCESSFUL;
	}
	if (p->o.json && p->o.task && !p->o.dry_run)
		return err_set(p->err, ERR_USAGE, "the argument '--json' with a task needs '--dry-run'; without a task it prints packages and tasks\n\n"
			       "Usage: vt run --dry-run --json <TASK_SPECIFIER> [ADDITIONAL_ARGS]..." TRY);
	return 0;
}

static struct texts rest_of(const struct parsing *p)
{
	struct texts ret = { NULL, 0 };
	uint32_t k;

	for (k = p->args.at; k < p->args.argc; k++)
		texts_add(p->a, &ret, arena_str(p->a, p->args.argv[k]));
	return ret;
}

/* The task, and behind it what is handed to it. */
static int take_task(struct parsing *p, int which)
{
	p->o.task = arena_str(p->a, p->args.value);
	texts_add(p->a, &p->o.tasks, p->o.task);
	p->o.unknown = which == ARGS_UNKNOWN;
	p->o.extra = rest_of(p);
	return ARGS_END;
}

/* One of several tasks, or what is handed to all of them. Returns what args_next says of the next word. */
static int take_one_of_many(struct parsing *p, int which)
{
	if (which == ARGS_UNKNOWN) {
		args_unexpected(&p->args, p->args.value, p->err);
		return ARGS_WRONG;
	}
	if (p->args.ended) {
		p->args.at--;
		p->o.extra = rest_of(p);
		return ARGS_END;
	}
	texts_add(p->a, &p->o.tasks, arena_str(p->a, p->args.value));
	p->o.task = p->o.tasks.at[0];
	return args_next(&p->args, p->err);
}

int options_parse(uint32_t argc, const char *const *argv, bool many, struct arena *a, struct query_options *ret, struct err *err)
{
	struct parsing p = {
		.args = { .options = options, .options_n = OPTIONS, .usage = many ? options_usage_many : options_usage, .argc = argc, .argv = argv },
		.a = a, .err = err,
	};
	int which = args_next(&p.args, err);

	p.o.many = many;
	p.o.together_index = UINT32_MAX;
	while (which != ARGS_END && which != ARGS_WRONG && which != HELP) {
		if (which == ARGS_WORD || which == ARGS_UNKNOWN) {
			which = many ? take_one_of_many(&p, which) : take_task(&p, which);
			continue;
		}
		if (take(&p, (enum option)which, p.args.value) < 0)
			return -1;
		which = args_next(&p.args, err);
	}
	if (which == ARGS_WRONG)
		return -1;
	if (which == HELP) {
		p.o.help = true;
		*ret = p.o;
		return 0;
	}
	if (check(&p) < 0)
		return -1;
	if (p.o.quiet && !p.o.shown_given)
		p.o.shown = OPTION_SHOWN_ERRORS;
	if (many && !p.o.task && !p.o.last_details)
		return args_wrong(&p.args, err, "the following required arguments were not provided:\n  <TASK_SPECIFIER>...");
	*ret = p.o;
	return 0;
}

/* Is the word the name of an option of vt? A letter means something to many programs. */
static bool is_option(const char *word)
{
	size_t n = strcspn(word, "="), i;

	for (i = 0; i < OPTIONS && strncmp(word, "--", 2) == 0; i++)
		if (strlen(options[i].name) == n - 2 && strncmp(word + 2, options[i].name, n - 2) == 0 && (!word[n] || options[i].value))
			return true;
	return false;
}

const char *options_misplaced(const struct query_options *o)
{
	uint32_t i;

	for (i = 0; i < o->extra.n && strcmp(o->extra.at[i], "--") != 0; i++)
		if (is_option(o->extra.at[i]))
			return o->extra.at[i];
	return NULL;
}

bool options_mistaken(const struct query_options *o, const struct workspace *w)
{
	uint32_t i;

	for (i = 0; o->unknown && i < w->tasks_n; i++)
		if (strcmp(w->tasks[i]->name, o->task) == 0 || strcmp(w->tasks[i]->label, o->task) == 0)
			return false;
	return o->unknown;
}

int options_unexpected(const struct query_options *o, struct err *err)
{
	struct args args = { .options = options, .options_n = OPTIONS, .usage = options_usage };

	return args_unexpected(&args, o->task, err);
}

int options_unexpected_inside(const struct query_options *o, struct err *err)
{
	const char *near = args_nearest(options, OPTIONS, o->task);

	err_set(err, ERR_USER, "unexpected argument '%s' found%s%s%s", o->task, near ? "; a similar argument exists: '--" : "",
		near ? near : "", near ? "'" : "");
	return 1;
}

bool options_scoped(const struct query_options *o)
{
	return o->recursive || o->transitive || o->workspace_root || o->filters.n || o->affected || o->picked;
}

bool options_bare(const struct query_options *o)
{
	return !options_scoped(o) && !o->fail_if_no_match && !o->ignore_depends_on && !o->parallel && !o->limited &&
	       o->cache != OPTION_CACHE_OFF && !o->verbose && !o->log_given && !o->dry_run && !o->shown_given && !o->quiet && !o->ci_summary &&
	       !o->summary_file && !o->profile && !o->events && !o->force && !o->shards && !o->together &&
	       !o->continue_given;
}
