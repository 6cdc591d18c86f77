/* choose: which plugins are used. Uses os, text, base, vt-plugin.h; runs none.
 *
 * find: the places plugins may come from, and whether a file found there is trusted.
 *
 *     system   beside the program             user   $XDG_DATA_HOME/vt/plugins-1
 *     config   `paths` of the user's file     env    VT_PLUGIN_PATH
 *
 * in this order: of two files with one name the first counts. Nothing below the
 * workspace, no relative path, no bare name. A file counts only if it and every
 * directory above it belong to root or the user and nobody else can write there.
 * A file below the workspace counts only if `paths` lists that file with its SHA-256;
 * whoever loads it checks the bytes. Finding code never runs code. */
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
	bool used;                 /* it is there and may be looked into */
	char *reason;              /* why not; NULL: used, or simply not there */
};

struct find_setup {
	const char *root;          /* the workspace, real; or NULL */
	const char *system_dir;
	const struct env *env;
	const struct cJSON *paths; /* the user's `paths`, or NULL */
	const char *config_file;   /* for messages */
};

enum candidate_state { CANDIDATE_TRUSTED, CANDIDATE_SKIPPED, CANDIDATE_SHADOWED };

struct candidate {
	char *path;                /* as found */
	char *real;                /* what is loaded; NULL unless trusted */
	char *name;                /* between "vt-" and ".so" */
	bool pinned;               /* it is loaded only if its bytes have this SHA-256 */
	struct digest sha256;
	enum find_origin origin;
	enum candidate_state state;
	const char *code;          /* SKIPPED, SHADOWED: a stable word */
	char *reason;              /* ... and in plain words */
};

struct candidates {
	struct candidate *at;
	uint32_t n;
};

struct find;

/* Notes the places; looks at none of them yet. -1: `paths` is wrong. */
int find_new(const struct find_setup *setup, struct find **ret, struct err *err);
void find_free(struct find *f);
const struct find_place *find_places(struct find *f, uint32_t *ret_n);   /* looked at, for lists */
/* The first trusted vt-NAME.so. 0; 1: there is none, and *ret, if its path is set, is one that
 * was skipped and why; -1: out of memory. Free *ret with candidate_clear. */
int find_named(struct find *f, const char *name, struct candidate *ret);
/* All of them, by origin, then name. */
int find_all(struct find *f, struct candidates *ret);
void candidate_clear(struct candidate *c);
void candidates_clear(struct candidates *c);
const char *find_origin_word(enum find_origin origin);
bool find_name_is_good(const char *name);      /* a-z 0-9 . _ - , at most 64, begins with a letter or digit */
#endif
