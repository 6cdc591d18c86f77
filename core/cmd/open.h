/* What a command needs of the plugins and the cache, opened when it is needed. */
#ifndef CMD_OPEN_H
#define CMD_OPEN_H

#include <pthread.h>
#include <stdbool.h>

#include "choose/user_config.h"
#include "cmd/cmd.h"
#include "os/file.h"

struct cache;
struct cache_prefetch;
struct plug;
struct workspace;

struct open {
	const struct session *session;
	bool dry;                      /* the cache is to be looked into only: nothing is made or changed there */
	const struct workspace *workspace;     /* set by the command once it is loaded, before what follows */
	struct arena *arena;           /* places, cache_dir */
	struct file_places places;
	struct user_config user;
	const char *cache_dir;
	struct plug *plug;             /* NULL: not opened yet */
	struct cache *cache;           /* NULL: not opened, or nothing can be kept */
	bool cache_opened;             /* it was tried, with whatever outcome */
	struct cache_prefetch *prefetch;     /* of the cache to come; NULL: nothing was prefetched, or the cache has taken it */
	pthread_t opener;              /* opens all that is above; nobody else looks at it before it was waited for */
	bool opening;                  /* it was not waited for */
	_Atomic int code;              /* what the run comes to, once all tasks are done; -1 before */
};

void open_init(struct open *o, const struct session *s, bool dry);
/* Begins to read what the cache of this workspace will need, while the workspace is loaded;
 * when there is enough of it to be worth a thread. */
void open_read_ahead(struct open *o, const char *root);
/* If so: begins to open the plugins and the cache, while the plan is made. What is wrong is
 * told by the calls below. */
void open_ahead(struct open *o);
/* The plugins' settings; loads none of them. Again and again is fine. */
int open_plugins(struct open *o, struct err *err);
/* The cache stays NULL where none can be used; -1: a plugin that the configuration names
 * cannot be used. */
int open_cache(struct open *o, struct err *err);
/* For plan_world.changed_since; ctx: a struct open. */
int open_changed_since(struct open *o, const char *reference, struct arena *a, struct texts *ret, struct err *err);
/* What may take its time, and has to be told to somebody; the places stay known. */
void open_close_cache(struct open *o);
void open_close(struct open *o);
#endif
