/* Shared by the files of this room while a workspace is loaded;
 * for them alone. */
#ifndef WORKSPACE_LOAD_H
#define WORKSPACE_LOAD_H

#include "base/map.h"
#include "text/json.h"
#include "workspace/workspace.h"

enum {
	WORKSPACE_FILE_MAX = 8 << 20   /* bytes of one package.json, vite-task.json, pnpm-workspace.yaml */
};

struct script {
	const char *name, *command;
};

/* One entry of a dependency map that may mean another package. */
struct dependency {
	const char *name, *value;
	enum edge_type type;
};

struct manifest {
	const char *name;              /* "": none */
	const char *version;           /* or NULL */
	struct env_pair *variables;    /* struct package's */
	uint32_t variables_n;
	struct script *scripts;        /* in order of the file */
	uint32_t scripts_n;
	struct dependency *dependencies; /* of all kinds; only those that may name a member */
	uint32_t dependencies_n;
	struct texts frameworks;       /* patterns of the variables that its frameworks compile into their results */
};

struct glob_entry {
	const char *pattern;           /* as written, with its '!' */
	bool from_root;                /* base: "workspace" */
};

struct glob_entries {
	bool given, automatic;         /* the key was written; with "auto": true */
	struct glob_entry *at;
	uint32_t n;
};

/* A `dependsOn` entry: "task", "pkg#task", or a task of dependencies. */
struct depends_on {
	const char *text;              /* the task alone when `from` is set */
	unsigned from;                 /* enum edge_type bits; 0: a plain text */
	bool inherited;                /* of taskDefaults: in a package without such a task it means the tasks that it would wait for */
};

/* The keys of a task, in the order in which they are read; 1 << key is its bit in `given`. */
enum task_key {
	KEY_COMMAND, KEY_GROUP, KEY_CWD, KEY_DEPENDS_ON, KEY_DESCRIPTION, KEY_TIMEOUT, KEY_RETRIES, KEY_WEIGHT,
	KEY_PERSISTENT, KEY_READY, KEY_CACHE, KEY_ENV, KEY_UNTRACKED_ENV, KEY_INPUT, KEY_OUTPUT, KEY_TRUSTED_SOCKETS,
	KEY_HEED_OPT_OUT               /* inside `cache` only */
};

enum {
	RETRIES_MAX = 100,
	WEIGHT_MAX = 1000000
};

/* In a list: all items of the list that the task would have without it. */
#define INHERITED "..."

/* An entry of `tasks` or `taskDefaults`, or both together (settings.c). */
struct task_config {
	const char *name;              /* in taskDefaults it may be a pattern */
	unsigned given;                /* the keys that were written: bits of enum task_key */
	bool joins;                    /* a list of it has INHERITED */
	struct texts command;          /* one text for a string */
	bool command_is_array;
	bool group;
	const char *cwd;               /* as written, "" by default */
	struct depends_on *depends;
	uint32_t depends_n;
	const char *description;       /* or NULL */
	uint32_t timeout_ms;           /* 0: none */
	uint32_t retries;
	uint32_t weight;               /* 1 by default */
	bool cache;                    /* false: the task said so */
	struct texts env, untracked;   /* patterns, as written */
	struct texts trusted;          /* trustedSockets */
	bool deaf;                     /* heedOptOut is false */
	struct glob_entries input, output;
	bool persistent;
	struct ready *ready;           /* NULL: not given; the path of READY_FILE as written */
};

struct config {
	bool cache_scripts, cache_tasks, hooks; /* the root's `cache` and `enablePrePostScripts` */
	struct texts env, untracked;   /* the root's `env` and `untrackedEnv`: patterns for all tasks */
	struct texts trusted;          /* the root's `trustedSockets` */
	struct texts tool_caches;      /* the root's `toolCaches` */
	bool framework_env;            /* the root's `frameworkEnv`; true where it is not given */
	const cJSON *plugins;          /* lives in doc */
	struct json_doc *doc;          /* kept only for plugins */
	struct task_config *tasks;
	uint32_t tasks_n;
	struct task_config *defaults;  /* the root's `taskDefaults`, in order */
	uint32_t defaults_n;
};

/* The root's taskDefaults, by the names of tasks. */
struct settings {
	struct task_config *defaults;  /* the root's */
	const struct glob **globs;     /* per default: its name as a pattern; NULL: it is none */
	uint32_t n;
	struct map found;              /* name of a task -> its default + 1 */
	struct arena *a;
};

enum root_kind { ROOT_PNPM, ROOT_NPM, ROOT_SINGLE };

struct root {
	const char *dir;
	enum root_kind kind;
	struct bytes yaml;             /* ROOT_PNPM: the text of pnpm-workspace.yaml */
	bool ranges;                   /* a plain range means a member whose version it fits; known before members are read */
	struct json_doc *manifest;     /* its package.json, where it was read on the way; owned */
};

/* A folder that may be a member. */
struct found {
	const char *path;              /* root-relative: its real place, or where the link stands if that is outside */
	const char *link;              /* as found; NULL: the same as path */
	const char *outside;           /* absolute: its real place outside of the root; NULL: inside */
};

/* A package as found; becomes a struct package once all are known and sorted. */
struct member {
	const char *path;              /* root-relative; "" is the root */
	const char *link, *outside;    /* struct package's */
	struct manifest *manifest;
	struct config *config;         /* NULL: not read yet */
};

struct loading {
	struct workspace w;            /* first: workspace_free casts back */
	struct json_doc *config;       /* the root's vite-task.json, if it has plugins; lives as long as w */
	struct arena *beside;          /* memory of the second thread of members.c, or NULL; lives as long as w */
	/* the rest: only while loading */
	const struct config *root_config;
	struct settings settings;
	struct root root;
	int root_fd;                   /* its folder: paths from there are shorter */
	struct member *members;        /* as they are found */
	uint32_t members_n;
	struct package *packages;      /* = w.packages, to be filled */
	struct map names;              /* name -> index + 1 of the first package with it */
	uint32_t *next_same;           /* index -> index + 1 of the next package with the same name; 0: none */
	struct arena *scratch;         /* texts of files just being read */
};

/* manifest.c: `ranges`: struct root's */
int manifest_read(const struct json_doc *doc, const char *file, bool ranges, struct arena *a, struct manifest *ret, struct err *err);
int manifest_from(const char *file, struct bytes text, bool ranges, struct arena *a, struct manifest *ret, struct err *err);
/* Reads and parses a package.json; 1: there is none. */
int manifest_open(const char *file, struct arena *scratch, struct json_doc **ret, struct err *err);

/* patterns.c: which folders are packages, and what else the root says */
struct pattern {
	const char *written;           /* as the root has it */
	const struct glob *glob;       /* with a star for each !(...) */
	const struct glob **but;       /* for each !(...): the paths that it takes away */
	uint32_t but_n;
	const char *base;              /* where a walk starts: clean, root-relative */
	bool literal;                  /* the pattern is its base alone */
	bool no;                       /* '!' in front */
	bool open;                     /* the pattern has two stars: any depth */
};

struct patterns {
	struct pattern *at;
	uint32_t n;
	bool any_no;
};

/* Fills w.patterns and root.ranges. */
int patterns_read(struct loading *l, struct err *err);
bool pattern_match(const struct pattern *p, const char *path);
bool pattern_may_enter(const struct pattern *p, const char *path);     /* may something below match? */
bool pattern_is_open(const struct pattern *p);
/* Does no exclusion take away a path that a pattern matches? */
bool patterns_want(const struct patterns *patterns, const char *path);

/* discover.c */
int discover_root(const char *cwd, struct arena *a, struct root *ret, struct err *err);
int discover_members(struct loading *l, struct err *err);
struct member *member_add(struct loading *l, const char *path, struct manifest *manifest);

/* members.c: adds the folders that are members, with the settings of their files but for the root's vite-task.json */
int members_read(struct loading *l, const struct found *found, uint32_t n, struct err *err);

/* config.c: `text` NULL: there is no file */
int config_read(const char *file, const struct bytes *text, const char *dir_shown, bool is_root, struct arena *a, struct config *ret, struct err *err);

/* ready.c: `ready` of a task */
int ready_read(const struct json_doc *doc, const cJSON *node, struct arena *a, struct ready **ret, struct err *err);
/* "90s", "500ms", "1h30m": ms, 1 to UINT32_MAX. false: it is none of these. */
bool duration_read(const char *text, uint32_t *ret_ms);
/* settings.c */
void settings_init(struct settings *s, const struct config *root, struct arena *a);
void settings_free(struct settings *s);
/* The default for tasks of a name: the entry of this very name, else the first whose pattern fits. NULL: there is none. */
const struct task_config *settings_default(struct settings *s, const char *name);
/* `own`: the package's entry; NULL: there is none. *ret_asks: as struct task's asks_for_cache. In the arena. */
const struct task_config *settings_of(struct settings *s, const char *name, const struct task_config *own, bool *ret_asks);

/* edges.c */
/* The path behind the protocol, if the value names a folder; else NULL. */
const char *edges_path_value(const char *value);
int edges_make(struct loading *l, struct err *err);

/* tasks.c */
int tasks_make(struct loading *l, struct err *err);

/* workspace.c */
/* Reads the vite-task.json of a member. 0; 1: there is none, and *ret has the defaults; -1 */
int config_open(const struct loading *l, const char *path, struct arena *a, struct arena *scratch, struct config *ret, struct err *err);
void workspace_warn(struct workspace *w, const char *text);    /* `text` lives as long as w */
/* The absolute directory as messages have it: the root's ends with a slash. */
const char *workspace_shown_dir(const struct workspace *w, struct arena *a, const char *path);
/* Removes quotes of a file's text from an error, "FILE:LINE:COLUMN: ...", if the file lies behind a link that leaves `root`:
 * a repository must not make vt print files that are not its own. Returns -1. */
int workspace_hide(const char *root, const char *file, struct err *err);
#endif
