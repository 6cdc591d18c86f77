#include "config.h"

#include "query/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define TRY "\n\nFor more information, try '--help'."
#define USAGE_TAIL " [TASK_SPECIFIER] [ADDITIONAL_ARGS]..." TRY

const char options_help[] =
"Run tasks\n"
"\n"
"Usage: vt run [OPTIONS] [TASK_SPECIFIER] [ADDITIONAL_ARGS]...\n"
"\n"
"Arguments:\n"
"  [TASK_SPECIFIER]      `task` or `package#task`; without it the tasks are listed\n"
"  [ADDITIONAL_ARGS]...  Handed to the last command of the task; options of vt come before the task\n"
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
"      --ignore-depends-on      Leave `dependsOn` out\n"
"  -v, --verbose                Print the full summary; -vv with the files of each task\n"
"      --cache                  Cache every task and script that does not say `cache: false`\n"
"      --no-cache               Cache nothing\n"
"      --log <LOG>              How output is shown [possible values: interleaved, labeled, grouped]\n"
"      --concurrency-limit <N>  How many tasks run at once [default: 4]\n"
"      --parallel               Ignore the order between tasks and run all at once\n"
"      --dry-run                Show what would run and what is cached, run nothing\n"
"      --json                   Print JSON: packages and tasks, or with --dry-run the plan\n"
"      --last-details           Print the full summary of the last run\n"
"  -h, --help                   Print help\n"
"\n"
"Environment:\n"
"  VP_RUN_CONCURRENCY_LIMIT     The default of --concurrency-limit\n"
"  VT_CACHE_DIR                 Where the cache is (absolute); default: .vt in the workspace root\n";

enum option {
	RECURSIVE, TRANSITIVE, WORKSPACE_ROOT, FILTER, AFFECTED, FAIL_IF_NO_MATCH, IGNORE_DEPENDS_ON, VERBOSE, CACHE, NO_CACHE,
	LOG, LIMIT, PARALLEL, DRY_RUN, JSON, LAST_DETAILS, HELP, OPTIONS
};

static const struct {
	const char *name;
	const char *value;         /* what its value is called; NULL: a flag */
	char letter;
	bool often;                /* may be repeated */
	bool may;                  /* the value may be left out, so it stands behind `=` */
} options[OPTIONS] = {
	[RECURSIVE] = { "recursive", NULL, 'r', false, false },
	[TRANSITIVE] = { "transitive", NULL, 't', false, false },
	[WORKSPACE_ROOT] = { "workspace-root", NULL, 'w', false, false },
	[FILTER] = { "filter", "FILTERS", 'F', true, false },
	[AFFECTED] = { "affected", "REF", 0, false, true },
	[FAIL_IF_NO_MATCH] = { "fail-if-no-match", NULL, 0, false, false },
	[IGNORE_DEPENDS_ON] = { "ignore-depends-on", NULL, 0, false, false },
	[VERBOSE] = { "verbose", NULL, 'v', true, false },
	[CACHE] = { "cache", NULL, 0, false, false },
	[NO_CACHE] = { "no-cache", NULL, 0, false, false },
	[LOG] = { "log", "LOG", 0, false, false },
	[LIMIT] = { "concurrency-limit", "CONCURRENCY_LIMIT", 0, false, false },
	[PARALLEL] = { "parallel", NULL, 0, false, false },
	[DRY_RUN] = { "dry-run", NULL, 0, false, false },
	[JSON] = { "json", NULL, 0, false, false },
	[LAST_DETAILS] = { "last-details", NULL, 0, false, false },
	[HELP] = { "help", NULL, 'h', false, false },
};

struct parsing {
	struct query_options o;
	uint32_t times[OPTIONS];
	struct arena *a;
	struct err *err;
};

static int read_limit(struct parsing *p, const char *value)
{
	const char *why = NULL, *s = value + (*value == '+' && value[1]);
	uint64_t n = 0;

	if (!*s)
		why = "cannot parse integer from empty string";
	for (; *s && !why; s++) {
		if (*s < '0' || *s > '9')
			why = "invalid digit found in string";
		else if (n > (UINT64_MAX - 9) / 10)
			why = "number too large to fit in target type";
		else
			n = n * 10 + (uint64_t)(*s - '0');
	}
	if (why)
		return err_set(p->err, ERR_USAGE, "invalid value '%s' for '--concurrency-limit <CONCURRENCY_LIMIT>': %s" TRY, value, why);
	p->o.limited = true;
	p->o.limit = n == 0 ? 1 : n >= UINT32_MAX ? UINT32_MAX - 1 : (uint32_t)n;
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
	return err_set(p->err, ERR_USAGE, "invalid value '%s' for '--log <LOG>'\n  [possible values: interleaved, labeled, grouped]" TRY, value);
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

/* " <VALUE>", as options are shown. */
static const char *shown_value(struct parsing *p, enum option which)
{
	if (!options[which].value)
		return "";
	return arena_printf(p->a, options[which].may ? "[=<%s>]" : " <%s>", options[which].value);
}

/* One option is taken; value is NULL for flags. */
static int take(struct parsing *p, enum option which, const char *value)
{
	struct query_options *o = &p->o;

	if (p->times[which]++ && !options[which].often)
		return err_set(p->err, ERR_USAGE, "the argument '--%s%s' cannot be used multiple times\n\n"
			       "Usage: vt run [OPTIONS]" USAGE_TAIL, options[which].name, shown_value(p, which));
	switch (which) {
	case RECURSIVE: o->recursive = true; break;
	case TRANSITIVE: o->transitive = true; break;
	case WORKSPACE_ROOT: o->workspace_root = true; break;
	case FILTER:
		o->filters.at = arena_grow(p->a, o->filters.at, o->filters.n, sizeof *o->filters.at);
		o->filters.at[o->filters.n++] = arena_str(p->a, value);
		break;
	case AFFECTED: o->affected = value ? arena_str(p->a, value) : ""; break;
	case FAIL_IF_NO_MATCH: o->fail_if_no_match = true; break;
	case IGNORE_DEPENDS_ON: o->ignore_depends_on = true; break;
	case VERBOSE: o->verbose++; break;
	case CACHE: return cache_flag(p, OPTION_CACHE_ON);
	case NO_CACHE: return cache_flag(p, OPTION_CACHE_OFF);
	case LOG: return read_log(p, value);
	case LIMIT: return read_limit(p, value);
	case PARALLEL: o->parallel = true; break;
	case DRY_RUN: o->dry_run = true; break;
	case JSON: o->json = true; break;
	case LAST_DETAILS: o->last_details = true; break;
	case HELP: o->help = true; break;
	case OPTIONS: break;
	}
	return 0;
}

static enum option by_letter(char c)
{
	int i = 0;

	while (i < OPTIONS && (!c || options[i].letter != c))
		i++;
	return (enum option)i;
}

static int need_value(struct parsing *p, enum option which)
{
	return err_set(p->err, ERR_USAGE, "a value is required for '--%s%s' but none was supplied%s" TRY, options[which].name,
		       shown_value(p, which), which == LOG ? "\n  [possible values: interleaved, labeled, grouped]" : "");
}

/* The value in the next word; words that look like options are none. */
static const char *next_value(uint32_t argc, const char *const *argv, uint32_t *i)
{
	if (*i + 1 >= argc || (argv[*i + 1][0] == '-' && argv[*i + 1][1]))
		return NULL;
	return argv[++*i];
}

/* 1: the word is no option; 0: taken; -1. */
static int long_option(struct parsing *p, uint32_t argc, const char *const *argv, uint32_t *i)
{
	const char *word = argv[*i] + 2, *eq = strchr(word, '='), *value = NULL;
	size_t n = eq ? (size_t)(eq - word) : strlen(word);
	int which = 0;

	while (which < OPTIONS && (strlen(options[which].name) != n || strncmp(options[which].name, word, n) != 0))
		which++;
	if (which == OPTIONS)
		return 1;
	if (!options[which].value) {
		if (eq)
			return err_set(p->err, ERR_USAGE, "unexpected value '%s' for '--%s' found; no more were expected\n\n"
				       "Usage: vt run [OPTIONS]" USAGE_TAIL, eq + 1, options[which].name);
		return take(p, (enum option)which, NULL);
	}
	if (options[which].may && !eq)
		return take(p, (enum option)which, NULL);
	if (options[which].may && !eq[1])
		return need_value(p, (enum option)which);
	value = eq ? eq + 1 : next_value(argc, argv, i);
	return value ? take(p, (enum option)which, value) : need_value(p, (enum option)which);
}

/* -rv, -Fname, -F=name: a word with an unknown letter is no option at all. */
static int short_options(struct parsing *p, uint32_t argc, const char *const *argv, uint32_t *i)
{
	const char *word = argv[*i] + 1, *s;

	for (s = word; *s; s++) {
		enum option which = by_letter(*s);

		if (which == OPTIONS)
			return 1;
		if (options[which].value)
			break;
	}
	for (s = word; *s; s++) {
		enum option which = by_letter(*s);
		const char *value;

		if (!options[which].value) {
			if (take(p, which, NULL) < 0)
				return -1;
			continue;
		}
		if (s[1])
			value = s + 1 + (s[1] == '=');
		else
			value = next_value(argc, argv, i);
		return value ? take(p, which, value) : need_value(p, which);
	}
	return 0;
}

/* What cannot stand together. */
static int check(struct parsing *p)
{
	uint32_t i, others = p->o.task != NULL;

	for (i = 0; i < OPTIONS; i++)
		others += i != LAST_DETAILS && p->times[i];
	if (p->o.last_details && others)
		return err_set(p->err, ERR_USAGE, "the argument '--last-details' cannot be used with one or more of the other specified arguments\n\n"
			       "Usage: vt run [OPTIONS]" USAGE_TAIL);
	if (p->o.json && p->o.task && !p->o.dry_run)
		return err_set(p->err, ERR_USAGE, "the argument '--json' with a task needs '--dry-run'; without a task it prints packages and tasks\n\n"
			       "Usage: vt run --dry-run --json <TASK_SPECIFIER> [ADDITIONAL_ARGS]..." TRY);
	return 0;
}

int options_parse(uint32_t argc, const char *const *argv, struct arena *a, struct query_options *ret, struct err *err)
{
	struct parsing p = { .a = a, .err = err };
	uint32_t i = 0, k;

	for (; i < argc && !p.o.help; i++) {
		int r = 1;

		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if (strncmp(argv[i], "--", 2) == 0)
			r = long_option(&p, argc, argv, &i);
		else if (argv[i][0] == '-' && argv[i][1])
			r = short_options(&p, argc, argv, &i);
		if (r < 0)
			return -1;
		if (r > 0)
			break;
	}
	if (p.o.help) {
		*ret = p.o;
		return 0;
	}
	if (i < argc) {
		p.o.task = arena_str(a, argv[i++]);
		p.o.extra.at = arena_array(a, argc - i, sizeof *p.o.extra.at);
		for (k = i; k < argc; k++)
			p.o.extra.at[p.o.extra.n++] = arena_str(a, argv[k]);
	}
	if (check(&p) < 0)
		return -1;
	*ret = p.o;
	return 0;
}

bool options_scoped(const struct query_options *o)
{
	return o->recursive || o->transitive || o->workspace_root || o->filters.n || o->affected || o->picked;
}

bool options_bare(const struct query_options *o)
{
	return !options_scoped(o) && !o->fail_if_no_match && !o->ignore_depends_on && !o->parallel && !o->limited &&
	       o->cache != OPTION_CACHE_OFF && !o->verbose && !o->log_given && !o->dry_run;
}

char *options_show(const char *first, const struct texts *words, struct arena *a)
{
	struct buf b;
	char *ret;
	uint32_t i;
	const char *s;

	buf_init(&b, 1 << 20);
	buf_byte(&b, '[');
	for (i = 0; i < words->n + (first != NULL); i++) {
		const char *word = first ? (i ? words->at[i - 1] : first) : words->at[i];

		buf_text(&b, i ? ", \"" : "\"");
		for (s = word; *s; s++) {
			if (*s == '"' || *s == '\\')
				buf_byte(&b, '\\');
			if (*s == '\n' || *s == '\t')
				buf_text(&b, *s == '\n' ? "\\n" : "\\t");
			else
				buf_byte(&b, *s);
		}
		buf_byte(&b, '"');
	}
	buf_byte(&b, ']');
	ret = arena_str(a, buf_str(&b));
	buf_free(&b);
	return ret;
}
