#include "config.h"

#include <string.h>

#include "base/texts.h"
#include "text/glob.h"
#include "workspace/load.h"

/* vite-task.json: typed, each complaint at its place. `null` counts as absent. */
struct reading {
	const struct json_doc *doc;
	const char *dir_shown;
	bool is_root;
	bool plain;                    /* the error is a sentence of its own, without the file's name in front */
	struct arena *a;
	struct err *err;
};

/* The field of `node` among `names`: its index, or -1 with an error. */
static int field(struct reading *r, const cJSON *node, const char *const *names)
{
	char expected[256];
	size_t n = 0;
	int i;

	for (i = 0; names[i]; i++)
		if (strcmp(node->string, names[i]) == 0)
			return i;
	expected[0] = '\0';
	for (i = 0; names[i] && n + strlen(names[i]) + 5 < sizeof expected; i++) {
		n += (size_t)(stpcpy(stpcpy(stpcpy(expected + n, i ? ", `" : "`"), names[i]), "`") - (expected + n));
	}
	return json_fail_key(r->doc, node, r->err, "unknown field `%s`, expected %s%s", node->string, i > 1 ? "one of " : "", expected);
}

static int read_bool(struct reading *r, const cJSON *node, bool *ret)
{
	if (!cJSON_IsBool(node))
		return json_fail_type(r->doc, node, r->err, "a boolean");
	*ret = cJSON_IsTrue(node);
	return 0;
}

static int read_texts(struct reading *r, const cJSON *node, struct texts *ret)
{
	const cJSON *item;

	if (!cJSON_IsArray(node))
		return json_fail_type(r->doc, node, r->err, "a sequence");
	for (item = node->child; item; item = item->next) {
		if (!cJSON_IsString(item))
			return json_fail_type(r->doc, item, r->err, "a string");
		texts_add(r->a, ret, arena_str(r->a, item->valuestring));
	}
	return 0;
}

/* --- input and output --- */

static int read_glob_object(struct reading *r, const cJSON *node, struct glob_entries *list, bool output)
{
	static const char *const names[] = { "pattern", "base", "auto", NULL };
	const cJSON *got[3] = { NULL }, *item;
	bool automatic = false;
	int i;

	for (item = node->child; item; item = item->next) {
		i = field(r, item, names);
		if (i < 0)
			return -1;
		got[i] = item;
	}
	if (got[2] && (got[0] || got[1]))
		return json_fail_key(r->doc, got[2], r->err, "found `auto` beside `%s`, expected it alone", got[0] ? "pattern" : "base");
	if (got[2]) {
		if (read_bool(r, got[2], &automatic))
			return -1;
		if (automatic && output)
			return json_fail_key(r->doc, got[2], r->err,
				"found `{ \"auto\": true }` in `output`, expected globs: outputs are not tracked automatically in this release (the plugin auto-output is a stub)");
		list->automatic |= automatic;
		return 0;
	}
	for (i = 0; i < 2; i++) {
		if (!got[i])
			return json_fail(r->doc, node, r->err, "missing field `%s`, expected `pattern` and `base`, or `auto`", names[i]);
		if (!cJSON_IsString(got[i]))
			return json_fail_type(r->doc, got[i], r->err, "a string");
	}
	if (strcmp(got[1]->valuestring, "package") != 0 && strcmp(got[1]->valuestring, "workspace") != 0)
		return json_fail(r->doc, got[1], r->err, "found %s, expected \"package\" or \"workspace\"", json_kind(got[1]));
	list->at = arena_grow(r->a, list->at, list->n, sizeof *list->at);
	list->at[list->n].pattern = arena_str(r->a, got[0]->valuestring);
	list->at[list->n++].from_root = got[1]->valuestring[0] == 'w';
	return 0;
}

static int read_globs(struct reading *r, const cJSON *node, struct glob_entries *ret, bool output)
{
	struct glob_entries list = { .given = true };
	const cJSON *item;

	if (!cJSON_IsArray(node))
		return json_fail_type(r->doc, node, r->err, "a sequence");
	for (item = node->child; item; item = item->next) {
		if (cJSON_IsObject(item)) {
			if (read_glob_object(r, item, &list, output))
				return -1;
			continue;
		}
		if (!cJSON_IsString(item))
			return json_fail_type(r->doc, item, r->err, "a glob, `{ \"pattern\", \"base\" }` or `{ \"auto\" }`");
		list.at = arena_grow(r->a, list.at, list.n, sizeof *list.at);
		list.at[list.n].pattern = arena_str(r->a, item->valuestring);
		list.at[list.n++].from_root = false;
	}
	*ret = list;
	return 0;
}

/* --- dependsOn --- */

static int read_from(struct reading *r, const cJSON *node, unsigned *ret)
{
	static const char *const names[] = { "dependencies", "devDependencies", "peerDependencies" };
	static const char expected[] = "`dependencies`, `devDependencies`, `peerDependencies` or a sequence of these";
	const cJSON *item = cJSON_IsArray(node) ? node->child : node;
	size_t i;

	if (!item)
		return json_fail(r->doc, node, r->err, "found an empty sequence, expected %s", expected);
	for (; item; item = item == node ? NULL : item->next) {
		if (!cJSON_IsString(item))
			return json_fail_type(r->doc, item, r->err, expected);
		for (i = 0; i < COUNT(names); i++)
			if (strcmp(item->valuestring, names[i]) == 0)
				break;
		if (i == COUNT(names))
			return json_fail(r->doc, item, r->err, "found %s, expected %s", json_kind(item), expected);
		*ret |= 1u << i;           /* as enum edge_type has them */
	}
	return 0;
}

static int read_depends_object(struct reading *r, const cJSON *node, struct depends_on *d)
{
	static const char *const names[] = { "task", "from", NULL };
	const cJSON *item;
	int i;

	for (item = node->child; item; item = item->next) {
		i = field(r, item, names);
		if (i < 0)
			return -1;
		if (i == 1) {
			if (read_from(r, item, &d->from))
				return -1;
		} else if (!cJSON_IsString(item)) {
			return json_fail_type(r->doc, item, r->err, "a string");
		} else {
			d->text = arena_str(r->a, item->valuestring);
		}
	}
	if (!d->text || !d->from)
		return json_fail(r->doc, node, r->err, "missing field `%s`, expected `task` and `from`", d->text ? "from" : "task");
	return 0;
}

static int read_depends(struct reading *r, const cJSON *node, struct task_config *t)
{
	const cJSON *item;

	if (!cJSON_IsArray(node))
		return json_fail_type(r->doc, node, r->err, "a sequence");
	for (item = node->child; item; item = item->next) {
		struct depends_on *d;

		t->depends = arena_grow(r->a, t->depends, t->depends_n, sizeof *t->depends);
		d = &t->depends[t->depends_n++];
		memset(d, 0, sizeof *d);
		if (cJSON_IsString(item))
			d->text = arena_str(r->a, item->valuestring);
		else if (!cJSON_IsObject(item))
			return json_fail_type(r->doc, item, r->err, "a task or `{ \"task\", \"from\" }`");
		else if (read_depends_object(r, item, d))
			return -1;
	}
	return 0;
}

/* --- a task --- */

/* The settings of the cache may stand on the task or under `cache`. */
static const char *const cache_names[] = { "env", "untrackedEnv", "input", "output", "trustedSockets", NULL };
/* Under `cache` there is one more. */
static const char *const inside_names[] = { "env", "untrackedEnv", "input", "output", "trustedSockets", "heedOptOut", NULL };
enum { CACHE_NAMES = sizeof cache_names / sizeof *cache_names - 1 };

/* "unix:PATH" or "tcp:PORT" each. */
static int read_sockets(struct reading *r, const cJSON *node, struct texts *ret)
{
	const cJSON *item;
	const char *s;

	if (read_texts(r, node, ret))
		return -1;
	for (item = node->child; item; item = item->next) {
		s = item->valuestring;
		if (strncmp(s, "unix:", 5) == 0 && s[5])
			continue;
		if (strncmp(s, "tcp:", 4) == 0 && s[4] && strlen(s) <= 9 && strspn(s + 4, "0123456789") == strlen(s + 4))
			continue;
		return json_fail(r->doc, item, r->err, "found \"%s\", expected `unix:PATH` or `tcp:PORT`", s);
	}
	return 0;
}

static int read_cache_field(struct reading *r, const cJSON *node, int which, struct task_config *t)
{
	switch (which) {
	case 0:
		return read_texts(r, node, &t->env);
	case 1:
		return read_texts(r, node, &t->untracked);
	case 2:
		return read_globs(r, node, &t->input, false);
	case 3:
		return read_globs(r, node, &t->output, true);
	default:
		return read_sockets(r, node, &t->trusted);
	}
}

static int read_heed(struct reading *r, const cJSON *node, struct task_config *t)
{
	bool heed = true;

	if (read_bool(r, node, &heed))
		return -1;
	t->deaf = !heed;
	return 0;
}

static int read_cache(struct reading *r, const cJSON *node, const cJSON *const top[CACHE_NAMES], struct task_config *t)
{
	const cJSON *item;
	int i;

	if (cJSON_IsTrue(node))
		return 0;
	if (cJSON_IsFalse(node)) {
		t->cache = false;
		for (i = 0; i < CACHE_NAMES; i++)
			if (top[i])
				return json_fail_key(r->doc, top[i], r->err, "found `%s` beside `\"cache\": false`, expected only one of them", cache_names[i]);
		return 0;
	}
	if (!cJSON_IsObject(node))
		return json_fail_type(r->doc, node, r->err, "a boolean or an object of cache settings");
	for (item = node->child; item; item = item->next) {
		i = field(r, item, inside_names);
		if (i < 0)
			return -1;
		if (cJSON_IsNull(item))
			continue;
		if (i == CACHE_NAMES) {
			if (read_heed(r, item, t))
				return -1;
			continue;
		}
		if (top[i])
			return json_fail_key(r->doc, item, r->err, "found `%s` both on the task and under `cache`, expected it once", cache_names[i]);
		if (read_cache_field(r, item, i, t))
			return -1;
	}
	return 0;
}

static int read_command(struct reading *r, const cJSON *node, struct task_config *t)
{
	if (cJSON_IsArray(node)) {
		t->command_is_array = true;
		return read_texts(r, node, &t->command);
	}
	if (!cJSON_IsString(node))
		return json_fail_type(r->doc, node, r->err, "a string or a sequence of strings");
	t->command.at = arena_alloc(r->a, sizeof *t->command.at);
	t->command.at[0] = arena_str(r->a, node->valuestring);
	t->command.n = 1;
	return 0;
}

/* `cached`: `cache`, and the keys it holds. */
static int read_persistent(struct reading *r, const cJSON *persistent, const cJSON *ready, const cJSON *const cached[1 + CACHE_NAMES],
			   struct task_config *t)
{
	int i;

	if (persistent && read_bool(r, persistent, &t->persistent))
		return -1;
	if (ready && !t->persistent)
		return json_fail_key(r->doc, ready, r->err, "found `ready`, expected `\"persistent\": true` beside it");
	if (!t->persistent)
		return 0;
	for (i = 0; i < 1 + CACHE_NAMES; i++)
		if (cached[i] && !cJSON_IsFalse(cached[i]))
			return json_fail_key(r->doc, cached[i], r->err, "found `%s` beside `\"persistent\": true`, expected only one of them: a persistent task is never cached",
					     i ? cache_names[i - 1] : "cache");
	t->cache = false;
	return ready ? ready_read(r->doc, ready, r->a, &t->ready, r->err) : 0;
}

static int read_task_fields(struct reading *r, const cJSON *node, struct task_config *t)
{
	static const char *const names[] = { "command", "cwd", "dependsOn", "cache", "env", "untrackedEnv", "input", "output", "trustedSockets",
		"persistent", "ready", NULL };
	const cJSON *got[4 + CACHE_NAMES + 2] = { NULL }, *item;
	int i;

	for (item = node->child; item; item = item->next) {
		i = field(r, item, names);
		if (i < 0)
			return -1;
		if (!cJSON_IsNull(item))
			got[i] = item;
	}
	if (!got[0])
		return json_fail_key(r->doc, node, r->err, "missing field `command`, expected it in the task");
	if (read_command(r, got[0], t))
		return -1;
	if (got[1] && !cJSON_IsString(got[1]))
		return json_fail_type(r->doc, got[1], r->err, "a string");
	if (got[1])
		t->cwd = arena_str(r->a, got[1]->valuestring);
	if (got[2] && read_depends(r, got[2], t))
		return -1;
	for (i = 0; i < CACHE_NAMES; i++)
		if (got[4 + i] && read_cache_field(r, got[4 + i], i, t))
			return -1;
	if (got[3] && read_cache(r, got[3], got + 4, t))
		return -1;
	return read_persistent(r, got[4 + CACHE_NAMES], got[5 + CACHE_NAMES], got + 3, t);
}

static int read_tasks(struct reading *r, const cJSON *node, struct config *c)
{
	const cJSON *item;
	int n;

	if (!cJSON_IsObject(node))
		return json_fail_type(r->doc, node, r->err, "a map");
	n = cJSON_GetArraySize(node);
	c->tasks = arena_array(r->a, (size_t)n + 1, sizeof *c->tasks);
	for (item = node->child; item; item = item->next) {
		struct task_config *t = &c->tasks[c->tasks_n++];

		t->name = arena_str(r->a, item->string);
		t->cwd = "";
		t->cache = true;
		t->input.automatic = true;
		if (cJSON_IsString(item) || cJSON_IsArray(item)) {
			if (read_command(r, item, t))
				return -1;
		} else if (!cJSON_IsObject(item)) {
			return json_fail_type(r->doc, item, r->err, "a map, a string or a sequence of strings");
		} else if (read_task_fields(r, item, t)) {
			return -1;
		}
	}
	return 0;
}

/* --- the file --- */

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
		i = field(r, item, names);
		if (i < 0)
			return -1;
		if (!cJSON_IsNull(item) && read_bool(r, item, i ? &c->cache_tasks : &c->cache_scripts))
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

	if (read_texts(r, node, ret))
		return -1;
	for (item = node->child; item; item = item->next)
		if (glob_make(r->a, item->valuestring + (item->valuestring[0] == '!'), GLOB_PATH, &ignored, NULL) < 0)
			return json_fail(r->doc, item, r->err, "found \"%s\", expected a pattern", item->valuestring);
	return 0;
}

static int read_file(struct reading *r, struct config *c)
{
	static const char *const names[] = { "cache", "tasks", "enablePrePostScripts", "plugins", "trustedSockets", "toolCaches", "frameworkEnv", NULL };
	const cJSON *root = json_root(r->doc), *item;
	int i, result = 0;

	if (!cJSON_IsObject(root))
		return json_fail_type(r->doc, root, r->err, "a map of `cache`, `tasks`, `enablePrePostScripts` and `plugins`");
	for (item = root->child; item && !result; item = item->next) {
		if (is_schema(item)) {
			if (!cJSON_IsString(item))
				return json_fail_type(r->doc, item, r->err, "a string");
			continue;
		}
		i = field(r, item, names);
		if (i < 0)
			return -1;
		if (cJSON_IsNull(item))
			continue;
		if (i == 1)
			result = read_tasks(r, item, c);
		else if (i == 0)
			result = read_global_cache(r, item, c);
		else if (i == 2)
			result = read_bool(r, item, &c->hooks);
		else if (i == 4)
			result = read_sockets(r, item, &c->trusted);
		else if (i == 5)
			result = read_tool_caches(r, item, &c->tool_caches);
		else if (i == 6)
			result = read_bool(r, item, &c->framework_env);
		else if (!cJSON_IsObject(item))
			return json_fail_type(r->doc, item, r->err, "a map");
		else
			c->plugins = item;
	}
	/* what is wrong in itself comes before what stands in the wrong place */
	for (item = root->child; item && !result; item = item->next)
		if (strcmp(item->string, "tasks") != 0 && !is_schema(item) && !cJSON_IsNull(item))
			result = root_only(r, item->string);
	return result;
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
