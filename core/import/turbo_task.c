/* turbo_task: the keys of one task. */
#include "config.h"

#include "import/turbo.h"

#include <string.h>

#include "workspace/workspace.h"

static const cJSON *get(const cJSON *map, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(map, key);
}

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

static bool has_text(const cJSON *list, const char *text)
{
	const cJSON *item;

	for (item = list->child; item; item = item->next)
		if (cJSON_IsString(item) && strcmp(item->valuestring, text) == 0)
			return true;
	return false;
}

static void add_text(cJSON *list, const char *text)
{
	if (!has_text(list, text))
		cJSON_AddItemToArray(list, cJSON_CreateString(text));
}

static bool extends(const char *text)
{
	return strcmp(text, "$TURBO_EXTENDS$") == 0;
}

cJSON *turbo_names(struct turbo *t, const cJSON *list)
{
	cJSON *ret = cJSON_CreateArray();
	const cJSON *item;

	(void)t;
	for (item = list ? list->child : NULL; item; item = item->next)
		if (cJSON_IsString(item))
			add_text(ret, extends(item->valuestring) ? "..." : item->valuestring);
	return ret;
}

/* ---- files ---- */

/* A pattern, or one that starts at the root. */
static void add_pattern(struct turbo *t, cJSON *list, const char *text)
{
	static const char root[] = "$TURBO_ROOT$/";
	bool no = text[0] == '!';
	cJSON *item;

	if (strncmp(text + no, root, sizeof root - 1) != 0) {
		add_text(list, text);
		return;
	}
	text += sizeof root - 1 + no;
	item = cJSON_CreateObject();
	cJSON_AddStringToObject(item, "pattern", arena_concat(t->im->a, no ? "!" : "", text, NULL));
	cJSON_AddStringToObject(item, "base", "workspace");
	cJSON_AddItemToArray(list, item);
}

static cJSON *outputs(struct turbo *t, const cJSON *list)
{
	cJSON *ret = cJSON_CreateArray();
	const cJSON *item;

	for (item = list->child; item; item = item->next)
		if (cJSON_IsString(item) && extends(item->valuestring))
			add_text(ret, "...");
		else if (cJSON_IsString(item))
			add_pattern(t, ret, item->valuestring);
	return ret;
}

/* Files that a task reads count in any case; the patterns add files and exclude files. */
static cJSON *inputs(struct turbo *t, const cJSON *list, const char *where)
{
	cJSON *ret = cJSON_CreateArray(), *automatic = cJSON_CreateObject();
	const cJSON *item;
	bool default_files = false;

	cJSON_AddTrueToObject(automatic, "auto");
	cJSON_AddItemToArray(ret, automatic);
	for (item = list->child; item; item = item->next) {
		if (!cJSON_IsString(item))
			continue;
		if (strcmp(item->valuestring, "$TURBO_DEFAULT$") == 0)
			default_files = true;
		else if (extends(item->valuestring))
			add_text(ret, "...");
		else
			add_pattern(t, ret, item->valuestring);
	}
	if (!default_files)
		import_note(t->im, "%s: \"inputs\" are watched files, too: what the command reads counts beside what the list names", where);
	return ret;
}

/* ---- dependsOn ---- */

static bool is_task(const struct turbo *t, const char *package, const char *task)
{
	const struct workspace *w = t->im->workspace;
	uint32_t i;

	for (i = 0; i < w->packages_n; i++)
		if (strcmp(w->packages[i].name, package) == 0 && workspace_task(&w->packages[i], task))
			return true;
	return false;
}

static void add_depends(struct turbo *t, cJSON *list, const char *text, bool above, const char *where, cJSON *phantoms);

/* No package has a script of this name: tasks that wait for it wait for its dependencies instead. */
static void add_phantom(struct turbo *t, cJSON *list, const char *name, bool above, const char *where, cJSON *phantoms)
{
	const cJSON *task = turbo_general(t, name), *item;

	if (!task)
		import_note(t->im, "%s: depends on \"%s\", which no package has: left out", where, name);
	/* each such name is replaced once */
	if (has_text(phantoms, arena_concat(t->im->a, above ? "^" : "", name, NULL)))
		return;
	add_text(phantoms, arena_concat(t->im->a, above ? "^" : "", name, NULL));
	for (item = task ? get(task, "dependsOn") : NULL, item = item ? item->child : NULL; item; item = item->next)
		if (cJSON_IsString(item))
			add_depends(t, list, item->valuestring, above, where, phantoms);
}

static void add_named(struct turbo *t, cJSON *list, const char *text, const char *hash, const char *where)
{
	const char *root = t->im->workspace->root_package->name;
	const char *package = arena_strn(t->im->a, text, (size_t)(hash - text));

	if (strcmp(package, "//") == 0)
		package = root;
	if (is_task(t, package, hash + 1))
		add_text(list, arena_printf(t->im->a, "%s#%s", package, hash + 1));
	else
		import_note(t->im, "%s: depends on \"%s\", which is not there: left out", where, text);
}

/* `above`: the name that this one replaces had a "^". */
static void add_depends(struct turbo *t, cJSON *list, const char *text, bool above, const char *where, cJSON *phantoms)
{
	const char *hash = strrchr(text, '#'), *name = text + (text[0] == '^');

	if (text[0] == '$')
		return;                    /* a variable, in version 1 */
	above |= text[0] == '^';
	if (hash)
		add_named(t, list, text, hash, where);
	else if (turbo_has_script(t, name))
		add_text(list, above ? arena_printf(t->im->a, "^%s", name) : name);
	else
		add_phantom(t, list, name, above, where, phantoms);
}

static cJSON *depends_on(struct turbo *t, const cJSON *from, const char *where)
{
	cJSON *ret = cJSON_CreateArray(), *phantoms = cJSON_CreateArray();
	const cJSON *item;

	for (item = from->child; item; item = item->next)
		if (cJSON_IsString(item) && extends(item->valuestring))
			add_text(ret, "...");
		else if (cJSON_IsString(item))
			add_depends(t, ret, item->valuestring, false, where, phantoms);
	cJSON_Delete(phantoms);
	return ret;
}

/* ---- variables ---- */

/* `env`, and what version 1 has in `dependsOn`. NULL: nothing is said. */
static cJSON *env(struct turbo *t, const cJSON *task)
{
	const cJSON *list = get(task, "env"), *item = get(task, "dependsOn");
	cJSON *ret = turbo_names(t, list);

	for (item = item ? item->child : NULL; item; item = item->next)
		if (cJSON_IsString(item) && item->valuestring[0] == '$' && !extends(item->valuestring))
			add_text(ret, item->valuestring + 1);
	if (list || ret->child)
		return ret;
	cJSON_Delete(ret);
	return NULL;
}

/* ---- the whole ---- */

/* Keys that are taken over, and those that need none. */
static const char *const known[] = {
	"dependsOn", "env", "passThroughEnv", "outputs", "inputs", "cache", "persistent", "description", "extends", "$comment", NULL
};

static void tell_rest(struct turbo *t, const cJSON *task, const char *where)
{
	static const struct { const char *key, *text; } rest[] = {
		{ "outputLogs", "which output is shown is said for a whole run: --output-logs" },
		{ "outputMode", "which output is shown is said for a whole run: --output-logs" },
		{ "interactive", "a task that is not cached reads from the terminal without being asked to" },
		{ "interruptible", "vt run does not start a persistent task again" },
		{ "with", "run them together: vt run-many, or a group with `dependsOn`" },
		{ "dotEnv", "files that a task reads count by themselves" },
	};
	const cJSON *item;
	size_t i;

	for (item = task->child; item; item = item->next) {
		if (is_one_of(item->string, known))
			continue;
		for (i = 0; i < COUNT(rest) && strcmp(rest[i].key, item->string) != 0; )
			i++;
		import_note(t->im, "%s: \"%s\" has no counterpart%s%s", where, item->string, i < COUNT(rest) ? ": " : "",
			    i < COUNT(rest) ? rest[i].text : "");
	}
}

/* Switches off the settings of `over` that the task does not have, because it takes its place. */
static void neutralize(const cJSON *over, const cJSON *task, bool cached, cJSON *ret)
{
	static const struct { const char *turbo, *vt; } lists[] = {
		{ "dependsOn", "dependsOn" }, { "env", "env" }, { "passThroughEnv", "untrackedEnv" }, { "outputs", "output" }, { "inputs", "input" },
	};
	size_t i;

	for (i = 0; i < COUNT(lists); i++) {
		cJSON *automatic;

		if (get(task, lists[i].turbo) || !get(over, lists[i].turbo) || get(ret, lists[i].vt) || (i > 0 && !cached))
			continue;
		cJSON_AddItemToObject(ret, lists[i].vt, cJSON_CreateArray());
		if (strcmp(lists[i].vt, "input") != 0)
			continue;
		automatic = cJSON_CreateObject();
		cJSON_AddTrueToObject(automatic, "auto");
		cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(ret, "input"), automatic);
	}
	if (cJSON_IsTrue(get(over, "persistent")) && !get(task, "persistent"))
		cJSON_AddFalseToObject(ret, "persistent");
	if (cached && !get(ret, "output") && !get(ret, "input") && !get(ret, "cache"))
		cJSON_AddTrueToObject(ret, "cache");
}

cJSON *turbo_settings(struct turbo *t, const cJSON *task, const char *where, const cJSON *over, bool inherits)
{
	cJSON *ret = cJSON_CreateObject(), *variables = env(t, task);
	bool persistent = cJSON_IsTrue(get(task, "persistent")), cached = !cJSON_IsFalse(get(task, "cache")) && !persistent;

	if (cJSON_IsString(get(task, "description")))
		cJSON_AddStringToObject(ret, "description", get(task, "description")->valuestring);
	if (cJSON_IsArray(get(task, "dependsOn")))
		cJSON_AddItemToObject(ret, "dependsOn", depends_on(t, get(task, "dependsOn"), where));
	if (persistent)
		cJSON_AddTrueToObject(ret, "persistent");
	else if (!cached)
		cJSON_AddFalseToObject(ret, "cache");
	if (cached && variables)
		cJSON_AddItemToObject(ret, "env", variables);
	else
		cJSON_Delete(variables);
	if (cached && cJSON_IsArray(get(task, "passThroughEnv")))
		cJSON_AddItemToObject(ret, "untrackedEnv", turbo_names(t, get(task, "passThroughEnv")));
	if (cached && cJSON_IsArray(get(task, "inputs")) && get(task, "inputs")->child)
		cJSON_AddItemToObject(ret, "input", inputs(t, get(task, "inputs"), where));
	if (cached && cJSON_IsArray(get(task, "outputs")) && (get(task, "outputs")->child || (over && get(over, "outputs"))))
		cJSON_AddItemToObject(ret, "output", outputs(t, get(task, "outputs")));
	tell_rest(t, task, where);
	if (over && !inherits)
		neutralize(over, task, cached, ret);
	/* a script is cached only where its settings say so */
	if (cached && (!inherits || !over || cJSON_IsTrue(get(task, "cache"))) && !get(ret, "output") && !get(ret, "input") && !get(ret, "cache"))
		cJSON_AddTrueToObject(ret, "cache");
	return ret;
}
