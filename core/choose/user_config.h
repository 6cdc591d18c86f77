/* The user's own settings, $XDG_CONFIG_HOME/vt/config.json: one object with the key
 * `plugins`, as in the root's vite-task.json, and in it what only a user may say:
 * `paths` (more plugins), `credentials` (by origin), user-only options. */
#ifndef CHOOSE_USER_CONFIG_H
#define CHOOSE_USER_CONFIG_H

#include "base/err.h"

struct cJSON;
struct env;
struct json_doc;

struct user_config {
	char *file;                        /* where it is or would be; NULL: there is no home */
	struct json_doc *doc;              /* NULL: there is no such file */
	const struct cJSON *plugins;       /* in doc; NULL: not given */
};

/* An absent file is not an error. -1: it is there and wrong. */
int user_config_read(const struct env *env, struct user_config *ret, struct err *err);
void user_config_free(struct user_config *c);
#endif
