/* choose: which plugins are used. Uses os, text, base, vt-plugin.h; runs none.
 *
 * find: the places where plugins may lie, and whether a file found there is trusted.
 *
 *     system   beside the program             user   $XDG_DATA_HOME/vt/plugins-1
 *     config   `paths` of the user's file     env    VT_PLUGIN_PATH
 *
 * in this order: of two files with one name the first counts. Relative paths and bare names do not
 * count. A file is trusted if it and every folder above it belong to root or the user and no other user
 * can write to them; one of vt's own tree if no user can write to it who cannot write to vt. A
 * file below the workspace that is not vt's own is trusted only if `paths` lists it with its
 * SHA-256, which plugin_load checks. Finding a plugin never runs it. */
#ifndef CHOOSE_FIND_H
#define CHOOSE_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

struct cJSON;
struct env;

enum find_origin { FIND_SYSTEM, FIND_USER, FIND_CONFIG, FIND_ENV };

struct find_place {
	char *path;                /* absolute; a folder, or one file */
	enum find_origin origin;
	bool used;                 /* the place exists and may be read */
	char *reason;              /* owned; why it is not used; NULL: used, or it does not exist */
};

struct find_setup {
	const char *root;          /* real path of the workspace; NULL: there is none */
	const char *system_dir;    /* absolute */
	const char *system_prefix; /* the folder with vt's program and its parts; NULL: system_dir is as any other folder */
	const struct env *env;     /* VT_PLUGIN_PATH, XDG_DATA_HOME, HOME */
	const struct cJSON *paths; /* the user's `paths`; NULL: none */
	const char *config_file;   /* for messages */
};

enum candidate_state { CANDIDATE_TRUSTED, CANDIDATE_SKIPPED, CANDIDATE_SHADOWED };

struct candidate {
	char *path;                /* as found */
	char *real;                /* real path, to be loaded; NULL unless trusted */
	char *name;                /* between "vt-" and ".so" */
	bool pinned;               /* the file must have this SHA-256 */
	struct digest sha256;
	enum find_origin origin;
	enum candidate_state state;
	/* SKIPPED, SHADOWED: why */
	const char *code;          /* a stable word, for JSON */
	char *reason;              /* a clause, for people */
};

struct candidates {
	struct candidate *at;
	uint32_t n;
};

struct find;

/* Notes the places; reads none of them yet. -1: `paths` is wrong. */
int find_new(const struct find_setup *setup, struct find **ret, struct err *err);
void find_free(struct find *f);
const struct find_place *find_places(struct find *f, uint32_t *ret_n);   /* all, with used and reason */
/* The first trusted vt-NAME.so. 0: *ret. 1: there is none; if ret->path is set, *ret is a file that
 * was skipped, with the reason. -1: out of memory. Free *ret with candidate_clear. */
int find_named(struct find *f, const char *name, struct candidate *ret);
/* All files that could be plugins, by origin, then name. */
int find_all(struct find *f, struct candidates *ret);
void candidate_clear(struct candidate *c);
void candidates_clear(struct candidates *c);
const char *find_origin_word(enum find_origin origin);
bool find_name_is_good(const char *name);      /* a-z 0-9 . _ - , at most 64, begins with a letter or digit */
#endif
