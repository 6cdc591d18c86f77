/* workspace: the packages, tasks and settings of the repository, read once. Uses os, text, base.
 *
 * Everything here belongs to the workspace's arena and never changes after
 * workspace_load. Paths of packages, task directories and globs are relative to
 * the root, with '/', clean unless said otherwise; "" is the root itself. */
#ifndef WORKSPACE_WORKSPACE_H
#define WORKSPACE_WORKSPACE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"

struct cJSON;
struct env_pair;
struct glob;
struct patterns;
struct package;
struct task;

/* One pattern of `input` or `output`, seen from the root. */
struct file_pattern {
	const char *text;
	const struct glob *glob;   /* compiled once; any thread may match with it */
	const char *base;          /* the leading components without magic: every path that matches begins so */
	size_t base_size;
	bool all_below;            /* the pattern ends in a slash and two stars */
	bool implied;              /* not written: all below what another pattern of `output` may name as a folder */
};

/* Sorted by text, each text once. */
struct file_patterns {
	struct file_pattern *at;
	uint32_t n;
};

/* `input` or `output` of a task. */
struct globs {
	bool automatic;            /* { "auto": true }, or `input` omitted */
	bool given;                /* the key was written; false: omitted */
	struct file_patterns yes, no;       /* `no` without its '!' */
};

struct cache_rules {
	bool on;                   /* false: the task said cache: false; the rest is empty then */
	struct texts env;          /* patterns in the key, as written */
	struct texts untracked;    /* `untrackedEnv` as written (the built-in list is added by plan) */
	struct globs input, output;
	struct texts trusted;      /* `trustedSockets` of the task: "unix:PATH", "tcp:PORT" */
	bool deaf;                 /* `heedOptOut` is false: a tool's disableCache() is not heeded */
};

/* The condition under which a persistent task can be used. */
enum ready_kind { READY_OUTPUT, READY_PORT, READY_HTTP, READY_FILE };

struct ready {
	enum ready_kind kind;
	const char *text;          /* OUTPUT: what it prints; HTTP: the URL; FILE: the absolute path; PORT: NULL */
	uint16_t port;             /* PORT: a TCP port of this machine */
	uint32_t timeout_ms;       /* from its start */
};

enum task_source { TASK_FROM_CONFIG, TASK_FROM_SCRIPT };

/* A resolved `dependsOn` entry: this task waits for that one. */
struct need {
	const struct task *task;
	bool derived;              /* of a package that this one depends on ("from"); else named itself */
};

struct task {
	const struct package *package;
	const char *name;
	const char *label;         /* "pkg#task", or "task" where the package has no name */
	const char *cwd;           /* root-relative as displayed: `..` kept */
	struct texts command;      /* the array form; one item for a string */
	bool command_is_array;     /* its items run one after the other */
	bool group;                /* the task has no command and only stands for the tasks that it waits for */
	const char *description;   /* or NULL */
	struct need *needs;
	uint32_t needs_n;
	struct texts above;        /* "^task": names of tasks in packages that this one depends on; see query/graph */
	struct cache_rules rules;
	bool persistent;           /* its last element runs until it is ended; never cached */
	const struct ready *ready; /* of a persistent task: its condition of being ready; NULL: none */
	bool asks_for_cache;       /* a script whose settings turn caching on, although scripts are not cached */
	uint32_t timeout_ms;       /* for each of its commands; 0: none */
	uint32_t retries;          /* how often a command that failed is run again */
	uint32_t weight;           /* how many of the places for commands it takes, at least 1 */
	enum task_source source;
	uint32_t index;            /* place in workspace->tasks */
};

enum edge_type { EDGE_NORMAL = 1, EDGE_DEV = 2, EDGE_PEER = 4 };

struct edge {
	const struct package *to;
	unsigned types;            /* enum edge_type bits: parallel edges are one */
};

struct package {
	const char *name;          /* "": nameless */
	const char *path;          /* "" for the root */
	const char *version;       /* or NULL */
	const char *dir;           /* absolute */
	const struct env_pair *variables;  /* variables that its scripts get from package.json: npm_package_name and the like */
	uint32_t variables_n;
	const char *link;          /* root-relative: the symbolic link it was found through, when `path` is its real place; else NULL */
	const char *outside;       /* absolute: its real place, when `path` is a link that leads out of the root; else NULL */
	struct edge *needs;        /* in order of the other's index */
	uint32_t needs_n;
	const struct task **tasks; /* sorted by name */
	uint32_t tasks_n;
	uint32_t index;            /* place in workspace->packages */
};

struct workspace {
	const char *root;          /* absolute, real, no trailing slash (but for "/") */
	const struct package *packages;    /* sorted by path bytes; the root package last unless a glob found it */
	uint32_t packages_n;
	const struct package *root_package;
	const struct task **tasks;         /* all tasks, by package then name */
	uint32_t tasks_n;
	bool cache_scripts, cache_tasks;   /* the root's `cache` */
	bool hooks;                        /* enablePrePostScripts */
	bool framework_env;                /* the variables of frameworks count */
	struct texts env, untracked;       /* the root's `env` and `untrackedEnv`: part of each task's rules, too */
	struct texts trusted;              /* the root's `trustedSockets` */
	struct texts tool_caches;          /* the root's `toolCaches`: root-relative patterns, "!x" takes away */
	const struct cJSON *plugins;       /* root key `plugins`, or NULL; lives as long as the workspace */
	const char *config_file;           /* absolute path of the root's vite-task.json, for messages; NULL: none */
	const struct patterns *patterns;   /* which folders are packages, for workspace_would_hold; NULL: none but the root */
	struct texts warnings;             /* one line each, told once a run: settings that do not mean what they seem to */
	const char *stray;                 /* absolute: the folder around `cwd` that has a package.json and is no member; NULL: none */
	struct arena *arena;       /* all of it lives here */
};

/* Finds the root from `cwd` (absolute) upwards. *ret_root in `a`. */
int workspace_find(const char *cwd, struct arena *a, const char **ret_root, struct err *err);
/* Reads everything, validates everything. */
int workspace_load(const char *cwd, struct workspace **ret, struct err *err);
/* ... and tells the root before it reads the packages, so that the caller can read other files meanwhile. */
int workspace_load_from(const char *cwd, void (*rooted)(void *ctx, const char *root), void *ctx,
			struct workspace **ret, struct err *err);
void workspace_free(struct workspace *w);
/* The package that contains an absolute directory: the nearest known one above it. Never NULL inside the root. */
const struct package *workspace_package_at(const struct workspace *w, const char *dir);
/* Exactly the package at this root-relative path, or NULL. */
const struct package *workspace_package(const struct workspace *w, const char *path);
/* Would a package in this root-relative folder be one of the workspace's? */
bool workspace_would_hold(const struct workspace *w, const char *path);
/* A folder in which packages may come, and how many levels of folders below it; "" is the root. */
struct workspace_place {
	const char *base;
	uint32_t levels;           /* UINT32_MAX: any */
};
uint32_t workspace_places(const struct workspace *w, struct arena *a, struct workspace_place **ret);
const struct task *workspace_task(const struct package *p, const char *name);   /* NULL: none */

/* Compiles `text` and adds it; file_patterns_sort makes the list whole. -1: it is not a pattern. */
int file_patterns_add(struct arena *a, struct file_patterns *list, const char *text, struct err *err);
void file_patterns_sort(struct file_patterns *list);
/* Does any of the patterns match this root-relative path? [any] */
bool file_patterns_match(const struct file_patterns *list, const char *path, size_t size);
/* Does one of `yes` match, and none of `no`? [any] */
bool globs_match(const struct globs *g, const char *path, size_t size);
#endif
