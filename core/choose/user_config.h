/* user_config: the user's settings, $XDG_CONFIG_HOME/vt/config.json. The file is an object with the
 * key `plugins`, as in the root's vite-task.json; only here may it have `paths` (more plugins),
 * `credentials` (by origin) and options marked as user-only. */
#ifndef CHOOSE_USER_CONFIG_H
#define CHOOSE_USER_CONFIG_H

#include "base/err.h"

struct cJSON;
struct env;
struct json_doc;

struct user_config {
	char *file;                        /* owned; the path, whether it exists or not; NULL: HOME is not set */
	struct json_doc *doc;              /* owned; NULL: the file does not exist */
	const struct cJSON *plugins;       /* in doc; NULL: the file has no such key */
	char *ignored;                     /* owned; why the file was not read, a sentence for a warning; NULL: it was, or does not exist */
};

/* Reads the file; it need not exist. A file that stands below `root` (the workspace; NULL: there is none), or that
 * another user can change, is ignored. -1: it is wrong. */
int user_config_read(const struct env *env, const char *root, struct user_config *ret, struct err *err);
void user_config_free(struct user_config *c);
#endif
