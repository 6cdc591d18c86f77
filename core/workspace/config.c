#include "config.h"

#include <string.h>

#include "text/glob.h"
#include "workspace/reading.h"

/* vite-task.json: typed, each complaint at its place. `null` counts as absent. */

static int read_entries(struct reading *r, const cJSON *node, bool defaults, struct task_config **ret, uint32_t *ret_n)
{
	const cJSON *item;

	if (!cJSON_IsObject(node))
		return json_fail_type(r->doc, node, r->err, "a map");
	*ret = arena_array(r->a, (size_t)cJSON_GetArraySize(node), sizeof **ret);
	for (item = node->child; item; item = item->next)
		if (config_task(r, item, defaults, &(*ret)[(*ret_n)++]))
			return -1;
	return 0;
}

static int read_global_cache(struct reading *r, const cJSON *node, struct config *c)
{
	static const char *const names[] = { "scripts", "tasks", NULL };
	const cJSON *item;
	int i;

	if (cJSON_IsBool(node)) {
		c->cache_scripts = c->cache_tasks = cJSON_IsTrue(node);
		return 0;
	}
	if (!cJSON_IsObject(node))
		return json_fail_type(r->doc, node, r->err, "a boolean or a map of `scripts` and `tasks`");
	for (item = node->child; item; item = item->next) {
		i = config_field(r, item, names);
		if (i < 0)
			return -1;
		if (!cJSON_IsNull(item) && config_bool(r, item, i ? &c->cache_tasks : &c->cache_scripts))
			return -1;
	}
	return 0;
}

static int root_only(struct reading *r, const char *name)
{
	if (r->is_root)
		return 0;
	r->plain = true;
	return err_set(r->err, ERR_USER, "`%s` can only be set in the workspace root config, but found in %s", name, r->dir_shown);
}

/* "$schema" is for editors, in every package. */
static bool is_schema(const cJSON *item)
{
	return strcmp(item->string, "$schema") == 0;
}

static int read_tool_caches(struct reading *r, const cJSON *node, struct texts *ret)
{
	const cJSON *item;
	const struct glob *ignored;

	if (config_texts(r, node, ret))
		return -1;
	for (item = node->child; item; item = item->next)
		if (glob_make(r->a, item->valuestring + (item->valuestring[0] == '!'), GLOB_PATH, &ignored, NULL) < 0)
			return json_fail(r->doc, item, r->err, "found \"%s\", expected a pattern", item->valuestring);
	return 0;
}

enum file_key {
	FILE_CACHE, FILE_TASKS, FILE_HOOKS, FILE_PLUGINS, FILE_TRUSTED, FILE_TOOL_CACHES, FILE_FRAMEWORK_ENV, FILE_ENV, FILE_UNTRACKED_ENV,
	FILE_TASK_DEFAULTS
};

static const char *const file_names[] = {
	[FILE_CACHE] = "cache", [FILE_TASKS] = "tasks", [FILE_HOOKS] = "enablePrePostScripts", [FILE_PLUGINS] = "plugins",
	[FILE_TRUSTED] = "trustedSockets", [FILE_TOOL_CACHES] = "toolCaches", [FILE_FRAMEWORK_ENV] = "frameworkEnv",
	[FILE_ENV] = "env", [FILE_UNTRACKED_ENV] = "untrackedEnv", [FILE_TASK_DEFAULTS] = "taskDefaults", NULL
};

static int read_file_key(struct reading *r, const cJSON *item, enum file_key key, struct config *c)
{
	switch (key) {
	case FILE_CACHE:
		return read_global_cache(r, item, c);
	case FILE_TASKS:
		return read_entries(r, item, false, &c->tasks, &c->tasks_n);
	case FILE_TASK_DEFAULTS:
		return read_entries(r, item, true, &c->defaults, &c->defaults_n);
	case FILE_HOOKS:
		return config_bool(r, item, &c->hooks);
	case FILE_TRUSTED:
		return config_sockets(r, item, false, &c->trusted);
	case FILE_TOOL_CACHES:
		return read_tool_caches(r, item, &c->tool_caches);
	case FILE_FRAMEWORK_ENV:
		return config_bool(r, item, &c->framework_env);
	case FILE_ENV:
		return config_texts(r, item, &c->env);
	case FILE_UNTRACKED_ENV:
		return config_texts(r, item, &c->untracked);
	case FILE_PLUGINS:
		if (!cJSON_IsObject(item))
			return json_fail_type(r->doc, item, r->err, "a map");
		c->plugins = item;
	}
	return 0;
}

static int read_file(struct reading *r, struct config *c)
{
	const cJSON *root = json_root(r->doc), *item;
	int i;

	if (!cJSON_IsObject(root))
		return json_fail_type(r->doc, root, r->err, "a map of `tasks` and other keys");
	for (item = root->child; item; item = item->next) {
		if (is_schema(item)) {
			if (!cJSON_IsString(item))
				return json_fail_type(r->doc, item, r->err, "a string");
			continue;
		}
		i = config_field(r, item, file_names);
		if (i < 0)
			return -1;
		if (!cJSON_IsNull(item) && read_file_key(r, item, (enum file_key)i, c))
			return -1;
	}
	/* errors of a key itself come before errors of its place */
	for (item = root->child; item; item = item->next)
		if (strcmp(item->string, file_names[FILE_TASKS]) != 0 && !is_schema(item) && !cJSON_IsNull(item) && root_only(r, item->string))
			return -1;
	return 0;
}

int config_read(const char *file, const struct bytes *text, const char *dir_shown, bool is_root, struct arena *a, struct config *ret, struct err *err)
{
	struct config c = { .cache_tasks = true, .hooks = true, .framework_env = true };
	struct reading r = { .dir_shown = dir_shown, .is_root = is_root, .a = a, .err = err };
	struct json_doc *doc = NULL;
	int result = 0;

	if (text) {
		result = json_read(file, text->data, text->size, JSON_COMMENTS, &doc, err);
		r.doc = doc;
		if (!result)
			result = read_file(&r, &c);
	}
	if (!result && c.plugins) {
		c.doc = doc;
		doc = NULL;
	}
	json_free(doc);
	if (result && !r.plain)
		err_wrap(err, "Failed to load task config file for package at %s", dir_shown);
	if (!result)
		*ret = c;
	return result;
}
