/* watch: waits until a path changes that a step of the last run depends on. Uses exec, cache, fact, plan and
 * workspace (structs), os, text, base.
 *
 * watch: a session of runs. On the loop.
 *
 *   watch_new ──► watch_begin ──► a run, which tells the watcher ──► watch_end ──► watch_wait ──┐
 *                     ▲                                                                        │ something changed
 *                     └────────────────────────────────────────────────────────────────────────┘
 */
#ifndef WATCH_WATCH_H
#define WATCH_WATCH_H

#include <stdbool.h>

#include "base/mem.h"

struct exec_watcher;
struct loop;
struct watch;
struct workspace;

struct watch_setup {
	struct loop *loop;
	const char *root;              /* absolute: the folder whose files are watched; copied */
	const char *cache_dir;         /* absolute: never watched; copied */
	struct texts own;              /* absolute, without links: files and folders that vt writes itself: never watched; copied */
	const char *user_config;       /* absolute: a file that counts as configuration, or NULL; copied */
	void (*warn)(void *ctx, const char *text);
	void *ctx;                     /* of warn */
};

struct watch *watch_new(const struct watch_setup *setup);
void watch_free(struct watch *w);

/* A run is about to begin. */
void watch_begin(struct watch *w);
/* For exec_setup; good until watch_free. */
const struct exec_watcher *watch_watcher(struct watch *w);
/* The run is over. `workspace`: its workspace; NULL: it could not be read. `all`: any file of it may decide which packages
 * run. */
void watch_end(struct watch *w, const struct workspace *workspace, bool all);

/* Waits on the loop. false: a signal came (watch_signal tells). */
bool watch_wait(struct watch *w);
/* What has changed, in words: "'packages/a/src/x' changed (and 2 more)"; good until the next wait. */
const char *watch_reason(const struct watch *w);
/* During a run: did the configuration change before it, or may it have? */
bool watch_is_config(const struct watch *w);
/* Ends the wait, because a signal came. */
void watch_interrupt(struct watch *w);
#endif
