#include "config.h"

#include "cache/save.h"

#include "cache/inside.h"

int save_outputs(struct cache *c, const struct step *step, const struct texts *outputs, struct batch *batch, struct arena *a,
		 struct result *r, struct err *err)
{
	(void)c;
	(void)step;
	(void)outputs;
	(void)batch;
	(void)a;
	(void)r;
	(void)err;
	return 0;
}

int cache_restore(struct cache *c, const struct step *step, struct found *found, const char **ret_why)
{
	(void)c;
	(void)step;
	(void)found;
	(void)ret_why;
	return 0;
}
