#include "config.h"

#include "choose/user_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "base/mem.h"
#include "choose/trust.h"
#include "os/file.h"
#include "text/json.h"

enum { CONFIG_MAX = 1 << 20 };

static char *config_place(const struct env *env)
{
	const char *config = env_get(env, "XDG_CONFIG_HOME"), *home = env_get(env, "HOME");
	char *path = NULL;
	int n = -1;

	if (config && config[0] == '/')
		n = asprintf(&path, "%s/vt/config.json", config);
	else if (home && home[0] == '/')
		n = asprintf(&path, "%s/.config/vt/config.json", home);
	return n < 0 ? NULL : path;
}

static int config_check(struct user_config *c, struct err *err)
{
	const cJSON *root = json_root(c->doc), *item;

	if (!cJSON_IsObject(root))
		return json_fail(c->doc, root, err, "found %s, expected a map", json_kind(root));
	cJSON_ArrayForEach(item, root) {
		if (strcmp(item->string, "plugins"))
			return json_fail(c->doc, item, err, "unknown key `%s`; the one known here is `plugins`", item->string);
		if (!cJSON_IsObject(item))
			return json_fail(c->doc, item, err, "`plugins` must be a map; found %s", json_kind(item));
		c->plugins = item;
	}
	return 0;
}

/* Is the file the user's own? 0; 1: no, c->ignored says why; -1. */
static int config_trust(struct user_config *c, const char *root, struct err *err)
{
	char *reason = NULL, *real = root ? realpath(root, NULL) : NULL;
	int r = trust_own_file(c->file, real, &reason);

	free(real);
	if (r == 1 && asprintf(&c->ignored, "%s is not read, for it may not be yours: %s", c->file, reason) < 0) {
		c->ignored = NULL;
		r = -1;
	}
	free(reason);
	return r < 0 ? err_set(err, ERR_SYSTEM, "%s cannot be checked: out of memory", c->file) : r;
}

int user_config_read(const struct env *env, const char *root, struct user_config *ret, struct err *err)
{
	struct user_config c = { .file = config_place(env) };
	struct arena *a;
	struct bytes text;
	int rc;

	*ret = c;
	if (!c.file)
		return 0;
	a = arena_new();
	rc = file_read(c.file, CONFIG_MAX, a, &text, err);
	if (rc == 0)
		rc = config_trust(&c, root, err);
	if (rc == 0)
		rc = json_read(c.file, text.data, text.size, JSON_COMMENTS, &c.doc, err);
	if (rc == 0)
		rc = config_check(&c, err);
	arena_free(a);
	if (rc < 0) {
		user_config_free(&c);
		*ret = (struct user_config){ 0 };
		return -1;
	}
	*ret = c;
	return 0;
}

void user_config_free(struct user_config *c)
{
	if (c->doc)
		json_free(c->doc);
	free(c->file);
	free(c->ignored);
	*c = (struct user_config){ 0 };
}
