/* query: which tasks a `vt run` asks for. Pure. Uses workspace (structs), text, base.
 *
 * options: the words of `vt run`, on the command line and inside commands. */
#ifndef QUERY_OPTIONS_H
#define QUERY_OPTIONS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"

struct args_option;
struct package;
struct workspace;

/* What becomes of other tasks when one has failed: they are ended; those that do not depend on it are run; all are run. */
enum option_continue { OPTION_CONTINUE_NO, OPTION_CONTINUE_DEPENDENCIES_SUCCESSFUL, OPTION_CONTINUE_ALWAYS };

enum option_cache { OPTION_CACHE_DEFAULT, OPTION_CACHE_ON, OPTION_CACHE_OFF };

/* In the order of report's enum log_mode. */
enum option_log { OPTION_LOG_INTERLEAVED, OPTION_LOG_LABELED, OPTION_LOG_GROUPED };

/* In the order of report's enum shown. */
enum option_shown { OPTION_SHOWN_FULL, OPTION_SHOWN_NEW, OPTION_SHOWN_ERRORS, OPTION_SHOWN_NONE };

/* How many tasks run at once: a number, or a part of the processors. */
struct option_limit {
	uint32_t n;                        /* at least 1; with `percent`: of the processors, in hundredths */
	bool percent;
};

enum {
	OPTION_SHARDS_MAX = 10000,         /* parts of a run */
	OPTION_TOGETHER_MAX = 256          /* bytes of the name of a shared run */
};

struct query_options {
	/* which packages */
	bool recursive, transitive, workspace_root;
	struct texts filters;              /* the values of --filter, as typed */
	bool fail_if_no_match;
	const char *affected;              /* the reference of --affected; "": the default branch; NULL: not given */
	const struct package *picked;      /* the package of the task chosen from the list; NULL: none was chosen */
	/* which tasks, and how many run at once */
	const char *task;                  /* [package#]task as typed, the first of several; NULL: none was given */
	struct texts tasks;                /* all of them: more than one only for `vt run-many` */
	bool many;                         /* the words are those of `vt run-many` */
	bool unknown;                      /* task begins with a dash and is no option; see options_mistaken */
	struct texts extra;                /* the words after the task; of `vt run-many`, behind `--` */
	bool ignore_depends_on, parallel;
	bool limited;                      /* --concurrency-limit was given */
	struct option_limit limit;         /* its value */
	enum option_cache cache;
	bool force;                        /* run steps that would hit, too, and store their results */
	bool continue_given;
	enum option_continue on_failure;
	const char *dir;                   /* -C: the folder in which vt acts as if it were called there; NULL: the present one */
	/* how the run is shown */
	uint32_t verbose;                  /* number of v's */
	enum option_log log;
	bool log_given;
	enum option_shown shown;           /* --output-logs; with -q and without it: ERRORS */
	bool shown_given;
	bool quiet;                        /* no progress line; a summary only of a run that failed */
	bool ci_summary;                   /* a table for the page of the CI job */
	const char *summary_file, *profile, *events;       /* files as typed; NULL: not given */
	bool watch;                        /* run again whenever something changes */
	/* several machines */
	uint32_t shard, shards;            /* --shard: this part, from 1, of `shards`; 0: all of it */
	const char *shard_times;           /* a file with durations, as typed; NULL: not given */
	const char *together;              /* the name of the run that several runners share; "": CI's own; NULL: it is not shared */
	uint32_t together_index;           /* --together-index: which of them this one is, from 0; UINT32_MAX: not given */
	bool help, last_details, dry_run, json;
};

extern const char options_usage[], options_usage_many[];           /* "vt run [OPTIONS] ..." */
extern const char options_arguments[], options_arguments_many[], options_help[];   /* arguments; options and environment */

const struct args_option *options_list(uint32_t *ret_n);       /* for completion */

/* Reads the words after `run`, or `run-many` (`many`). -1: ERR_USAGE, with the whole text that follows "error: ". */
int options_parse(uint32_t argc, const char *const *argv, bool many, struct arena *a, struct query_options *ret, struct err *err);
/* "4", "50%", "auto". NULL: *ret is set; else why it is none of them. */
const char *options_read_limit(const char *text, struct option_limit *ret);
/* The first word behind the task, but not behind `--`, that is the long name of an option of vt. NULL: none is. */
const char *options_misplaced(const struct query_options *o);
/* Is `task` a misspelt option? Not if a task of the workspace has exactly that name. */
bool options_mistaken(const struct query_options *o, const struct workspace *w);
/* Sets err to the usage error about a mistaken option. Returns -1. */
int options_unexpected(const struct query_options *o, struct err *err);
/* The same in one line, for a command inside a task. Returns 1. */
int options_unexpected_inside(const struct query_options *o, struct err *err);
/* Does an option select packages? */
bool options_scoped(const struct query_options *o);
/* Is no option given but --cache and --json? Then `vt run` without a task lists the tasks. */
bool options_bare(const struct query_options *o);
#endif
