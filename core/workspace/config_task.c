#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/texts.h"
#include "workspace/reading.h"

int config_field(struct reading *r, const cJSON *node, const char *const *names)
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

int config_bool(struct reading *r, const cJSON *node, bool *ret)
{
	if (!cJSON_IsBool(node))
		return json_fail_type(r->doc, node, r->err, "a boolean");
	*ret = cJSON_IsTrue(node);
	return 0;
}

int config_texts(struct reading *r, const cJSON *node, struct texts *ret)
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

/* Does a list contain INHERITED? */
static bool list_joins(const cJSON *node)
{
	const cJSON *item;

	for (item = cJSON_IsArray(node) ? node->child : NULL; item; item = item->next)
		if (cJSON_IsString(item) && strcmp(item->valuestring, INHERITED) == 0)
			return true;
	return false;
}

/* --- input and output --- */

static int read_glob_object(struct reading *r, const cJSON *node, struct glob_entries *list, bool output)
{
	static const char *const names[] = { "pattern", "base", "auto", NULL };
	const cJSON *got[3] = { NULL }, *item;
	bool automatic = false;
	int i;

	for (item = node->child; item; item = item->next) {
		i = config_field(r, item, names);
		if (i < 0)
			return -1;
		got[i] = item;
	}
	if (got[2] && (got[0] || got[1]))
		return json_fail_key(r->doc, got[2], r->err, "found `auto` beside `%s`, expected it alone", got[0] ? "pattern" : "base");
	if (got[2]) {
		if (config_bool(r, got[2], &automatic))
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
		i = config_field(r, item, names);
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

int config_sockets(struct reading *r, const cJSON *node, bool inherits, struct texts *ret)
{
	const cJSON *item;
	const char *s;

	if (config_texts(r, node, ret))
		return -1;
	for (item = node->child; item; item = item->next) {
		s = item->valuestring;
		if (inherits && strcmp(s, INHERITED) == 0)
			continue;
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
		return config_texts(r, node, &t->env);
	case 1:
		return config_texts(r, node, &t->untracked);
	case 2:
		return read_globs(r, node, &t->input, false);
	case 3:
		return read_globs(r, node, &t->output, true);
	default:
		return config_sockets(r, node, true, &t->trusted);
	}
}

static int read_heed(struct reading *r, const cJSON *node, struct task_config *t)
{
	bool heed = true;

	if (config_bool(r, node, &heed))
		return -1;
	t->deaf = !heed;
	t->given |= 1u << KEY_HEED_OPT_OUT;
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
		i = config_field(r, item, inside_names);
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
		t->given |= 1u << (KEY_ENV + i);
		t->joins |= list_joins(item);
	}
	return 0;
}

static int read_command(struct reading *r, const cJSON *node, struct task_config *t)
{
	if (cJSON_IsArray(node)) {
		t->command_is_array = true;
		return config_texts(r, node, &t->command);
	}
	if (!cJSON_IsString(node))
		return json_fail_type(r->doc, node, r->err, "a string or a sequence of strings");
	t->command.at = arena_alloc(r->a, sizeof *t->command.at);
	t->command.at[0] = arena_str(r->a, node->valuestring);
	t->command.n = 1;
	return 0;
}

/* --- how it is run --- */

/* A whole number from 1 (or `least`) to `most`. */
static int read_count(struct reading *r, const cJSON *node, uint32_t least, uint32_t most, uint32_t *ret)
{
	double n = cJSON_IsNumber(node) ? node->valuedouble : -1;

	if (n < least || n > most || n != (uint32_t)n)
		return json_fail(r->doc, node, r->err, "found %s, expected a whole number from %u to %u", json_kind(node), least, most);
	*ret = (uint32_t)n;
	return 0;
}

static int read_duration(struct reading *r, const cJSON *node, uint32_t *ret_ms)
{
	if (!cJSON_IsString(node) || !duration_read(node->valuestring, ret_ms))
		return json_fail(r->doc, node, r->err, "found %s, expected a duration such as \"90s\", \"10m\" or \"1h30m\"", json_kind(node));
	return 0;
}

/* `got`: by enum task_key. */
static int read_persistent(struct reading *r, const cJSON *const *got, struct task_config *t)
{
	const cJSON *ready = got[KEY_READY];
	struct ready *ret = NULL;
	int i;

	if (got[KEY_PERSISTENT] && config_bool(r, got[KEY_PERSISTENT], &t->persistent))
		return -1;
	if (ready && !t->persistent)
		return json_fail_key(r->doc, ready, r->err, "found `ready`, expected `\"persistent\": true` beside it");
	if (!t->persistent)
		return 0;
	for (i = 0; i < 1 + CACHE_NAMES; i++) {
		const cJSON *cached = got[KEY_CACHE + i];

		if (cached && !cJSON_IsFalse(cached))
			return json_fail_key(r->doc, cached, r->err, "found `%s` beside `\"persistent\": true`, expected only one of them: a persistent task is never cached",
					     i ? cache_names[i - 1] : "cache");
	}
	t->cache = false;
	if (ready && ready_read(r->doc, ready, r->a, &ret, r->err))
		return -1;
	t->ready = ret;
	return 0;
}

/* --- all of it --- */

static int read_text(struct reading *r, const cJSON *node, const char **ret)
{
	if (!cJSON_IsString(node))
		return json_fail_type(r->doc, node, r->err, "a string");
	*ret = arena_str(r->a, node->valuestring);
	return 0;
}

/* As enum task_key has them. */
static const char *const task_names[] = {
	"command", "group", "cwd", "dependsOn", "description", "timeout", "retries", "weight",
	"persistent", "ready", "cache", "env", "untrackedEnv", "input", "output", "trustedSockets", NULL
};

static int read_key(struct reading *r, const cJSON *node, enum task_key key, struct task_config *t)
{
	switch (key) {
	case KEY_COMMAND:
		return read_command(r, node, t);
	case KEY_GROUP:
		return config_bool(r, node, &t->group);
	case KEY_CWD:
		return read_text(r, node, &t->cwd);
	case KEY_DEPENDS_ON:
		return read_depends(r, node, t);
	case KEY_DESCRIPTION:
		return read_text(r, node, &t->description);
	case KEY_TIMEOUT:
		return read_duration(r, node, &t->timeout_ms);
	case KEY_RETRIES:
		return read_count(r, node, 0, RETRIES_MAX, &t->retries);
	case KEY_WEIGHT:
		return read_count(r, node, 1, WEIGHT_MAX, &t->weight);
	case KEY_PERSISTENT:
	case KEY_READY:
	case KEY_CACHE:
		return 0;          /* read last: they look at the others */
	default:
		return read_cache_field(r, node, (int)key - KEY_ENV, t);
	}
}

/* A group has only `dependsOn`. */
static int check_group(struct reading *r, const cJSON *const *got)
{
	int i;

	for (i = 0; task_names[i]; i++)
		if (got[i] && i != KEY_GROUP && i != KEY_DEPENDS_ON && i != KEY_DESCRIPTION)
			return json_fail_key(r->doc, got[i], r->err, "found `%s` in a group, expected `dependsOn` and `description` alone", task_names[i]);
	return 0;
}

static int read_keys(struct reading *r, const cJSON *node, bool defaults, struct task_config *t)
{
	const cJSON *got[KEY_HEED_OPT_OUT] = { NULL }, *item;
	int i;

	for (item = node->child; item; item = item->next) {
		i = config_field(r, item, task_names);
		if (i < 0)
			return -1;
		if (!cJSON_IsNull(item))
			got[i] = item;
	}
	for (i = 0; task_names[i]; i++) {
		if (!got[i])
			continue;
		if (defaults && (i == KEY_COMMAND || i == KEY_GROUP))
			return json_fail_key(r->doc, got[i], r->err, "found `%s` in `taskDefaults`, expected settings alone: they make no task", task_names[i]);
		if (read_key(r, got[i], (enum task_key)i, t))
			return -1;
		t->given |= 1u << i;
		t->joins |= i != KEY_COMMAND && list_joins(got[i]);
	}
	for (i = 0; defaults && (uint32_t)i < t->depends_n; i++)
		t->depends[i].inherited = true;
	if (t->group && check_group(r, got))
		return -1;
	if (got[KEY_CACHE] && read_cache(r, got[KEY_CACHE], got + KEY_ENV, t))
		return -1;
	return read_persistent(r, got, t);
}

int config_task(struct reading *r, const cJSON *node, bool defaults, struct task_config *ret)
{
	*ret = (struct task_config){ .name = arena_str(r->a, node->string), .cwd = "", .cache = true, .weight = 1 };
	ret->input.automatic = true;
	if (!defaults && (cJSON_IsString(node) || cJSON_IsArray(node))) {
		ret->given = 1u << KEY_COMMAND;
		return read_command(r, node, ret);
	}
	if (!cJSON_IsObject(node))
		return json_fail_type(r->doc, node, r->err, defaults ? "a map of settings" : "a map, a string or a sequence of strings");
	return read_keys(r, node, defaults, ret);
}
