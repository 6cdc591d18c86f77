/* What a command needs of the plugins and the cache, opened when it is needed. */
#ifndef CMD_OPEN_H
#define CMD_OPEN_H

#include "cmd/cmd.h"
#include "os/file.h"
#include "plug/user_config.h"

struct cache;
struct cache_ahead;
struct plug;
struct workspace;

struct open {
	const struct session *session;
	const struct workspace *workspace;     /* set by the command once it is loaded, before what follows */
	struct file_places places;
	struct user_config user;
	const char *cache_dir;
	struct plug *plug;             /* NULL: not opened yet */
	struct cache *cache;           /* NULL: not opened, or nothing can be kept */
	struct cache_ahead *ahead;     /* read already for the cache to come; NULL: nothing, or the cache has it */
	_Atomic int code;              /* what the run comes to, once all tasks are done; -1 before */
};

void open_init(struct open *o, const struct session *s);
/* Begins to read what the cache will need, while the plan is made. */
void open_ahead(struct open *o);
/* The plugins' settings; loads none of them. Again and again is fine. */
int open_plugins(struct open *o, struct err *err);
/* A cache to look into that changes nothing. It stays NULL where none can be used; -1: a
 * plugin that the configuration names cannot be used. */
int open_cache_dry(struct open *o, struct err *err);
/* The cache of a run; the same. */
int open_cache(struct open *o, struct err *err);
/* For plan_world.changed_since; ctx: a struct open. */
int open_changed_since(struct open *o, const char *reference, struct arena *a, struct texts *ret, struct err *err);
void open_close(struct open *o);
#endif
