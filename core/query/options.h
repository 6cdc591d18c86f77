/* query: pure; which tasks a `vt run` asks for. Uses workspace (structs), text, base.
 *
 * options: the words of `vt run`, on the command line and inside commands. */
#ifndef QUERY_OPTIONS_H
#define QUERY_OPTIONS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"

struct package;
struct workspace;

enum option_cache { OPTION_CACHE_DEFAULT, OPTION_CACHE_ON, OPTION_CACHE_OFF };

/* In the order of report's enum log_mode. */
enum option_log { OPTION_LOG_INTERLEAVED, OPTION_LOG_LABELED, OPTION_LOG_GROUPED };

struct query_options {
	/* which packages */
	bool recursive, transitive, workspace_root;
	struct texts filters;              /* the values of --filter, as typed */
	bool fail_if_no_match;
	const char *affected;              /* since the merge base with this reference; "": the default branch; NULL: not asked */
	const struct package *picked;      /* chosen from the list: exactly this package; else NULL */
	/* which tasks, and how many at once */
	const char *task;                  /* [package#]task as typed; NULL: none was given */
	bool unknown;                      /* task begins as an option and is none of vt's: see options_mistaken */
	struct texts extra;                /* everything after it */
	bool ignore_depends_on, parallel;
	bool limited;                      /* --concurrency-limit was given */
	uint32_t limit;                    /* then at least 1 */
	enum option_cache cache;
	/* how it is told */
	uint32_t verbose;                  /* how many v's */
	enum option_log log;
	bool log_given;
	bool help, last_details, dry_run, json;
};

extern const char options_usage[];         /* "vt run [OPTIONS] ..." */
extern const char options_help[];          /* arguments, options, environment */

/* argv: the words after `run`. -1: ERR_USAGE; the whole text that is to follow "error: ". */
int options_parse(uint32_t argc, const char *const *argv, struct arena *a, struct query_options *ret, struct err *err);
/* Is `task` a misspelt option? A task of the workspace that has exactly this name is none. */
bool options_mistaken(const struct query_options *o, const struct workspace *w);
/* Sets err to the usage error about a mistaken option. Returns -1. */
int options_unexpected(const struct query_options *o, struct err *err);
/* The same in one line, for a command inside a task. Returns 1. */
int options_unexpected_inside(const struct query_options *o, struct err *err);
/* Is there a flag that says which packages? */
bool options_scoped(const struct query_options *o);
/* Is any option but --cache given? Then the list of tasks is not offered. */
bool options_bare(const struct query_options *o);
/* "["run", "-r"]": words as they stand in messages. */
char *options_show(const char *first, const struct texts *words, struct arena *a);
#endif
