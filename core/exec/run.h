/* exec: the life of a step; the only room that starts anything. Uses cache, ipc,
 * report (event.h), plug (tracer, through cache's choice), plan, fact, os. */
#ifndef EXEC_RUN_H
#define EXEC_RUN_H

#include <stdbool.h>

#include "base/err.h"
#include "report/event.h"

struct cache;
struct env;
struct file_places;
struct loop;
struct plan;
struct plug;
struct workspace;

struct exec_setup {
	struct loop *loop;
	const struct workspace *workspace;
	const struct plan *plan;
	struct cache *cache;           /* NULL: no step is cached */
	struct plug *plug;             /* for the tracer */
	const struct env *env;         /* the session's, for the channel's folder */
	const struct file_places *places;
	enum log_mode mode;            /* decides stdio of uncached steps */
	const struct listener *listeners;
	uint32_t listeners_n;
	/* How many bytes wait for the terminal: above 1 MiB exec pauses reading. NULL: never. */
	size_t (*waiting)(void *ctx);
	void *ctx;
};

/* Runs the plan to its end on the loop. Returns the exit code (exec.md 5.5, decisions.md 18). */
int exec_run(const struct exec_setup *setup);
#endif
