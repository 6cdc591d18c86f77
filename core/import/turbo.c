#include "config.h"

#include "import/turbo.h"

#include <string.h>

#include "os/file.h"
#include "query/runners.h"
#include "text/path.h"
#include "workspace/load.h"
#include "workspace/workspace.h"

enum { TURBO_FILE_MAX = 8 << 20 };     /* bytes of a turbo.json */

static const cJSON *get(const cJSON *map, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(map, key);
}

/* ---- reading ---- */

static int parse(struct turbo *t, const char *file, struct bytes text, struct turbo_file *ret)
{
	if (json_read(file, text.data, text.size, JSON_COMMENTS, &ret->doc, t->err))
		return -1;
	if (!cJSON_IsObject(json_root(ret->doc)))
		return json_fail_type(ret->doc, json_root(ret->doc), t->err, "a map");
	ret->tasks = get(json_root(ret->doc), "tasks");
	if (!ret->tasks)
		ret->tasks = get(json_root(ret->doc), "pipeline");
	if (ret->tasks && !cJSON_IsObject(ret->tasks))
		return json_fail_type(ret->doc, ret->tasks, t->err, "a map of tasks");
	return 0;
}

static int read_one(struct turbo *t, const char *dir, const char *rel, const char *name, struct turbo_file *ret)
{
	const char *file = path_join(t->im->a, dir, name);
	struct bytes text;
	int r = file_read(file, TURBO_FILE_MAX, t->im->a, &text, t->err);

	if (r != 0)
		return r;
	if (ret->doc)
		return err_set(t->err, ERR_USER, "Found both turbo.json and turbo.jsonc in %s; one of them has to go", dir);
	ret->shown = path_join(t->im->a, rel, name);
	return parse(t, file, text, ret) < 0 ? workspace_hide(t->im->workspace->root, file, t->err) : 0;
}

/* 1: the folder has none. */
static int read_turbo(struct turbo *t, const char *dir, const char *rel, struct turbo_file *ret)
{
	return read_one(t, dir, rel, "turbo.json", ret) < 0 || read_one(t, dir, rel, "turbo.jsonc", ret) < 0 ? -1 : ret->doc ? 0 : 1;
}

static int read_all(struct turbo *t)
{
	const struct workspace *w = t->im->workspace;
	uint32_t i;
	int r = read_turbo(t, w->root, "", &t->root);

	if (r > 0)
		return err_set(t->err, ERR_USER, "There is no turbo.json in %s, the root of the workspace", w->root);
	if (r == 0 && !t->root.tasks)
		return json_fail(t->root.doc, json_root(t->root.doc), t->err, "found neither `tasks` nor `pipeline`, expected the tasks of turbo");
	for (i = 0; i < w->packages_n && r == 0; i++)
		if (&w->packages[i] != w->root_package && read_turbo(t, w->packages[i].dir, w->packages[i].path, &t->packages[i]) < 0)
			return -1;
	return r;
}

const cJSON *turbo_general(const struct turbo *t, const char *task)
{
	return get(t->root.tasks, task);
}

static bool is_script(const struct package *p, const char *name)
{
	const struct task *task = workspace_task(p, name);

	return task && task->source == TASK_FROM_SCRIPT;
}

bool turbo_has_script(const struct turbo *t, const char *task)
{
	const struct workspace *w = t->im->workspace;
	uint32_t i;

	for (i = 0; i < w->packages_n; i++)
		if (&w->packages[i] != w->root_package && is_script(&w->packages[i], task))
			return true;
	return false;
}

/* ---- the tasks ---- */

static cJSON *child_map(cJSON *map, const char *key)
{
	cJSON *ret = cJSON_GetObjectItemCaseSensitive(map, key);

	return ret ? ret : cJSON_AddObjectToObject(map, key);
}

/* Lays the package's own entry over the general one, key by key. */
static void lay_over(struct turbo *t, const struct package *p, const char *name, cJSON *settings)
{
	cJSON *entry = child_map(child_map(import_file(t->im, p), "tasks"), name), *item;

	while ((item = settings->child)) {
		cJSON_DetachItemViaPointer(settings, item);
		cJSON_DeleteItemFromObjectCaseSensitive(entry, item->string);
		cJSON_AddItemToObject(entry, arena_str(t->im->a, item->string), item);
	}
	cJSON_Delete(settings);
	/* settings that turn the cache off stand alone */
	if (cJSON_IsFalse(get(entry, "cache")) || cJSON_IsTrue(get(entry, "persistent"))) {
		static const char *const cached[] = { "env", "untrackedEnv", "input", "output" };
		size_t i;

		for (i = 0; i < COUNT(cached); i++)
			cJSON_DeleteItemFromObjectCaseSensitive(entry, cached[i]);
	}
}

static const struct package *package_of(const struct turbo *t, const char *name)
{
	const struct workspace *w = t->im->workspace;
	uint32_t i;

	if (strcmp(name, "//") == 0)
		return w->root_package;
	for (i = 0; i < w->packages_n; i++)
		if (strcmp(w->packages[i].name, name) == 0)
			return &w->packages[i];
	return NULL;
}

/* "package#task" takes the place of the general task. */
static void import_special(struct turbo *t, const cJSON *task)
{
	const char *hash = strrchr(task->string, '#'), *name = hash + 1;
	const struct package *p = package_of(t, arena_strn(t->im->a, task->string, (size_t)(hash - task->string)));
	const char *where = arena_printf(t->im->a, "%s, %s", t->root.shown, task->string);

	if (!p || !is_script(p, name)) {
		import_note(t->im, "%s: there is no such %s: left out", where, p ? "script" : "package");
		return;
	}
	lay_over(t, p, name, turbo_settings(t, task, where, turbo_has_script(t, name) ? turbo_general(t, name) : NULL, false));
}

/* Notes a task for which no package has a script: it only stands for its dependencies. */
static void tell_phantom(struct turbo *t, const cJSON *task, const char *where)
{
	const cJSON *item = get(task, "dependsOn");
	const char *names = "";

	for (item = item ? item->child : NULL; item; item = item->next)
		if (cJSON_IsString(item) && !strpbrk(item->valuestring, "^#$") && turbo_has_script(t, item->valuestring))
			names = arena_printf(t->im->a, "%s %s", names, item->valuestring);
	import_note(t->im, "%s: no package has a script of that name: it makes no task, and what waited for it waits for what it waited for%s%s%s", where,
		    *names ? "; for `turbo run` of it write `vt run-many -r" : "", names, *names ? "`" : "");
}

static void import_general(struct turbo *t, const cJSON *task)
{
	const struct workspace *w = t->im->workspace;
	const char *where = arena_printf(t->im->a, "%s, %s", t->root.shown, task->string);
	cJSON *settings;

	if (!turbo_has_script(t, task->string)) {
		tell_phantom(t, task, where);
		return;
	}
	settings = turbo_settings(t, task, where, NULL, false);
	cJSON_AddItemToObject(child_map(import_file(t->im, w->root_package), "taskDefaults"), task->string, settings);
	/* turbo does not run the root's scripts */
	if (is_script(w->root_package, task->string) && !get(t->root.tasks, arena_printf(t->im->a, "//#%s", task->string))) {
		cJSON *own = cJSON_CreateObject();

		cJSON_AddFalseToObject(own, "cache");
		if (get(settings, "dependsOn"))
			cJSON_AddItemToObject(own, "dependsOn", cJSON_CreateArray());
		if (get(settings, "persistent"))
			cJSON_AddFalseToObject(own, "persistent");
		lay_over(t, w->root_package, task->string, own);
		if (!runners_everywhere(&workspace_task(w->root_package, task->string)->command, task->string, t->im->a))
			import_note(t->im, "%s: turbo does not run the root's own script of that name, vt run -r does; --filter '!%s' leaves it out", where,
				    w->root_package->name[0] ? w->root_package->name : "{.}");
	}
}

/* Does the entry say nothing but that the package has no such task? */
static bool is_taken_out(const cJSON *task)
{
	return cJSON_IsFalse(get(task, "extends")) && !task->child->next;
}

/* The configuration of a package. */
static void import_package(struct turbo *t, const struct package *p)
{
	const struct turbo_file *file = &t->packages[p->index];
	const cJSON *task, *extends = get(json_root(file->doc), "extends");
	uint32_t n = 0;

	for (task = extends ? extends->child : NULL; task; task = task->next)
		n += !(cJSON_IsString(task) && strcmp(task->valuestring, "//") == 0);
	if (n)
		import_note(t->im, "%s: \"extends\" names other packages: their settings are to be copied by hand", file->shown);
	for (task = json_root(file->doc)->child; task; task = task->next)
		if (task != file->tasks && task != extends && strcmp(task->string, "$schema") != 0)
			import_note(t->im, "%s: \"%s\" has no counterpart", file->shown, task->string);
	for (task = file->tasks ? file->tasks->child : NULL; task; task = task->next) {
		const char *where = arena_printf(t->im->a, "%s, %s", file->shown, task->string);
		const cJSON *over = turbo_general(t, task->string);

		if (!is_script(p, task->string))
			import_note(t->im, "%s: the package has no script of that name: left out", where);
		else if (is_taken_out(task))
			import_note(t->im, "%s: \"extends\": false alone takes the task from the package, which has no counterpart: vt runs the script", where);
		else if (cJSON_IsFalse(get(task, "extends")))
			lay_over(t, p, task->string, turbo_settings(t, task, where, over, false));
		else
			lay_over(t, p, task->string, turbo_settings(t, task, where, over, true));
	}
}

/* ---- the rest of the root's file ---- */

static const struct { const char *key, *text; } root_keys[] = {
	{ "globalDependencies", "a file that a task reads counts for this task by itself" },
	{ "globalDotEnv", "a file that a task reads counts for this task by itself" },
	{ "concurrency", "it is said for a run: --concurrency-limit, or VP_RUN_CONCURRENCY_LIMIT" },
	{ "cacheDir", "the environment names another folder: VT_CACHE_DIR" },
	{ "cacheMaxAge", "what is stored is bounded by size: vt-config(5)" },
	{ "cacheMaxSize", "what is stored is bounded by size: vt-config(5)" },
	{ "remoteCache", "far stores are said in the user's settings: vt-config(5)" },
	{ "boundaries", NULL }, { "tags", NULL },
};

/* Keys that say nothing about tasks. */
static const char *const silent[] = {
	"$schema", "tasks", "pipeline", "ui", "daemon", "envMode", "globalEnv", "globalPassThroughEnv", "noUpdateNotifier", "agentGuidance",
	"dangerouslyDisablePackageManagerCheck", "futureFlags", "experimentalSpaces", "telemetry", "extends", NULL
};

static void tell_root(struct turbo *t)
{
	const cJSON *item;
	const char *const *known;
	size_t i;

	for (item = json_root(t->root.doc)->child; item; item = item->next) {
		for (known = silent; *known && strcmp(*known, item->string) != 0; )
			known++;
		if (*known)
			continue;
		for (i = 0; i < COUNT(root_keys) && strcmp(root_keys[i].key, item->string) != 0; )
			i++;
		import_note(t->im, "%s: \"%s\" has no counterpart%s%s", t->root.shown, item->string,
			    i < COUNT(root_keys) && root_keys[i].text ? ": " : "", i < COUNT(root_keys) && root_keys[i].text ? root_keys[i].text : "");
	}
}

static void import_variables(struct turbo *t)
{
	const cJSON *root = json_root(t->root.doc), *mode = get(root, "envMode");
	cJSON *file = import_file(t->im, t->im->workspace->root_package), *untracked;

	if (get(root, "globalEnv") && get(root, "globalEnv")->child)
		cJSON_AddItemToObject(file, "env", turbo_names(t, get(root, "globalEnv")));
	untracked = turbo_names(t, get(root, "globalPassThroughEnv"));
	if (cJSON_IsString(mode) && strcmp(mode->valuestring, "loose") == 0)
		cJSON_AddItemToArray(untracked, cJSON_CreateString("*"));
	if (untracked->child)
		cJSON_AddItemToObject(file, "untrackedEnv", untracked);
	else
		cJSON_Delete(untracked);
}

/* Notes scripts that call turbo itself. */
static void tell_scripts(struct turbo *t)
{
	const struct package *root = t->im->workspace->root_package;
	const char *names = "";
	uint32_t i;

	for (i = 0; i < root->tasks_n; i++)
		if (root->tasks[i]->source == TASK_FROM_SCRIPT && strstr(root->tasks[i]->command.at[0], "turbo"))
			names = arena_printf(t->im->a, "%s%s%s", names, *names ? ", " : "", root->tasks[i]->name);
	if (*names)
		import_note(t->im, "package.json: scripts call turbo (%s): write `vt run -r TASK` for `turbo run TASK`, `vt run-many -r TASK TASK` for several", names);
}

static void convert(struct turbo *t)
{
	const struct workspace *w = t->im->workspace;
	const cJSON *task;
	uint32_t i;

	import_variables(t);
	for (task = t->root.tasks->child; task; task = task->next)
		if (!strchr(task->string, '#'))
			import_general(t, task);
	for (task = t->root.tasks->child; task; task = task->next)
		if (strchr(task->string, '#'))
			import_special(t, task);
	for (i = 0; i < w->packages_n; i++)
		if (t->packages[i].doc)
			import_package(t, &w->packages[i]);
	tell_root(t);
	tell_scripts(t);
}

/* Leaves out packages outside of the workspace: a link in the repository may lead to any folder of the user. */
static void leave_out_outside(struct import *im)
{
	const struct workspace *w = im->workspace;
	uint32_t i;

	for (i = 0; i < w->packages_n; i++) {
		if (!im->files[i] || !w->packages[i].outside)
			continue;
		cJSON_Delete(im->files[i]);
		im->files[i] = NULL;
		import_note(im, "%s: the package lies outside of the workspace: left out", w->packages[i].path);
	}
}

int turbo_import(struct import *im, struct err *err)
{
	struct turbo t = { .im = im, .err = err };
	uint32_t i;
	int r;

	t.packages = arena_array(im->a, im->workspace->packages_n, sizeof *t.packages);
	r = read_all(&t);
	if (r == 0)
		convert(&t);
	leave_out_outside(im);
	json_free(t.root.doc);
	for (i = 0; i < im->workspace->packages_n; i++)
		json_free(t.packages[i].doc);
	return r;
}
