/* backend: the plugins and the cache of one command, each opened when first needed. */
#ifndef CMD_BACKEND_H
#define CMD_BACKEND_H

#include <stdbool.h>

#include "choose/user_config.h"
#include "cmd/cmd.h"
#include "far/key.h"
#include "far/worktree.h"
#include "os/installation.h"

struct cache;
struct cache_prefetch;
struct plug;
struct repeated;
struct workspace;

struct backend {
	const struct session *session;
	bool dry;                      /* the cache is only read */
	bool informs;                  /* what plugins report at VT_REPORT_INFO is shown; set after backend_init */
	bool lists;                    /* the cache tells the inputs and outputs of hits; set after backend_init */
	bool explains;                 /* the cache tells all that changed; likewise */
	const struct workspace *workspace;     /* set by the command after loading it; the calls below need it */
	struct arena *arena;           /* installation, cache_dir */
	struct installation installation;
	struct user_config user;
	struct far_keys keys;          /* the keys that results are shared by; filled with the plugins */
	struct worktree_share share;   /* of the repository's worktrees; filled with the plugins */
	const char *cache_dir;
	struct plug *plug;             /* NULL: not opened yet */
	struct cache *cache;           /* NULL: not opened, or nothing can be kept */
	bool cache_opened;             /* opening was tried; cache tells the outcome */
	struct cache_prefetch *prefetch;       /* files read for the cache; NULL: none, or the cache owns them */
	struct repeated *repeated;     /* what the runs of --watch share; NULL: there is one run */
	_Atomic int code;              /* the run's exit code once all tasks ended; -1 before */
};

void backend_init(struct backend *b, const struct session *s, bool dry);
/* Starts a thread that reads the cache's files while the workspace is loaded, if they are
 * large enough to be worth it. */
void backend_prefetch(struct backend *b, const char *root);
/* Reads the plugins' settings; loads no plugin. May be called again. */
int backend_plugins(struct backend *b, struct err *err);
/* Finds what the worktrees of the workspace's repository share, and makes `keys` theirs where there is no key of a team. What
 * cannot be shared costs a warning. */
void backend_share(const struct session *s, const struct workspace *w, const struct user_config *user, const char *cache_dir, bool dry,
		   struct arena *a, struct far_keys *keys, struct worktree_share *ret);
/* Opens the cache; it stays NULL where none can be used. -1: a plugin that the configuration
 * names cannot be used. */
int backend_cache(struct backend *b, struct err *err);
/* For plan_world.changed_since; ctx: a struct backend. */
int backend_changed_since(struct backend *b, const char *reference, struct arena *a, struct texts *ret, struct err *err);
/* For plan_world.relocked. */
bool backend_relocked(struct backend *b, const char *reference, const char *path, const char *asked, bool *ret);
/* Closes cache and plugins, which may take time and warn; installation and cache_dir stay. */
void backend_close_cache(struct backend *b);
void backend_close(struct backend *b);
#endif
