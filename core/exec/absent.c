/* Stands in for the rooms cache and ipc until they have moved in: then this file goes. */
#include "config.h"

#include <string.h>

#include "base/env.h"
#include "cache/cache.h"
#include "ipc/endpoint.h"
#include "ipc/server.h"

#define WEAK __attribute__((weak))

WEAK int cache_place(const struct env *env, const char *root, struct arena *a, const char **ret, struct err *err)
{
	const char *dir = env_get(env, "VT_CACHE_DIR");

	(void)err;
	*ret = dir && *dir ? dir : arena_printf(a, "%s/.vt", root);
	return 0;
}

WEAK struct cache *cache_open(const struct cache_setup *setup)
{
	(void)setup;
	return NULL;
}

WEAK bool cache_works(const struct cache *c)
{
	return c != NULL;
}

WEAK void cache_close(struct cache *c)
{
	(void)c;
}

WEAK void cache_lookup(struct cache *c, const struct step *step, bool dry, struct found *ret)
{
	(void)c, (void)step, (void)dry;
	memset(ret, 0, sizeof *ret);
	ret->state = FOUND_NOTHING;
}

WEAK int cache_restore(struct cache *c, const struct step *step, struct found *found, const char **ret_why)
{
	(void)c, (void)step, (void)found, (void)ret_why;
	return -1;
}

WEAK void found_free(struct found *found)
{
	(void)found;
}

WEAK void cache_before_run(struct cache *c, const struct step *step, struct found *found, struct cache_plan_for_step *ret)
{
	(void)c, (void)step, (void)found;
	memset(ret, 0, sizeof *ret);
}

WEAK void cache_save(struct cache *c, const struct step *step, struct found *found, const struct ran *ran, struct kept *ret)
{
	(void)c, (void)step, (void)found, (void)ran;
	memset(ret, 0, sizeof *ret);
}

WEAK int endpoint_new(const struct env *session, const char *addon, struct endpoint **ret, struct err *err)
{
	(void)session, (void)addon, (void)ret;
	return err_set(err, ERR_SYSTEM, "there is no channel yet");
}

WEAK void endpoint_free(struct endpoint *e)
{
	(void)e;
}

WEAK const char *endpoint_addon(const struct endpoint *e)
{
	(void)e;
	return NULL;
}

WEAK int server_start(struct loop *l, struct endpoint *e, const struct env *full, struct seen *seen, struct server **ret, struct err *err)
{
	(void)l, (void)e, (void)full, (void)seen, (void)ret;
	return err_set(err, ERR_SYSTEM, "there is no channel yet");
}

WEAK const char *server_name(const struct server *s)
{
	(void)s;
	return NULL;
}

WEAK void server_stop(struct server *s, void (*done)(void *ctx), void *ctx)
{
	(void)s;
	done(ctx);
}

WEAK void server_free(struct server *s)
{
	(void)s;
}
