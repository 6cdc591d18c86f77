/* turbo: from turbo.json and the package configurations of Turborepo. */
#ifndef IMPORT_TURBO_H
#define IMPORT_TURBO_H

#include <stdbool.h>

#include "import/import.h"
#include "text/json.h"

/* Fills `im`. -1: err, and what was made is not to be used. */
int turbo_import(struct import *im, struct err *err);

/* ---- shared by turbo.c and turbo_task.c ---- */

/* A turbo.json that was read. */
struct turbo_file {
	struct json_doc *doc;              /* owned; NULL: there is none */
	const char *shown;                 /* its name from the root, for notes */
	const cJSON *tasks;                /* `tasks`, or `pipeline` of version 1; or NULL */
};

struct turbo {
	struct import *im;
	struct turbo_file root;
	struct turbo_file *packages;       /* by index; the root's is empty */
	struct err *err;
};

/* The root's task of this name that holds for all packages, or NULL. */
const cJSON *turbo_general(const struct turbo *t, const char *task);
/* Does a package other than the root have such a script? */
bool turbo_has_script(const struct turbo *t, const char *task);

/* turbo_task.c: the settings of one task of turbo.json as vt has them. `where`: how notes call it. `inherits`: what it says is laid
 * over the defaults, key by key; else, where it is a package's, it takes their place (`over`: the defaults' task, or NULL). */
cJSON *turbo_settings(struct turbo *t, const cJSON *task, const char *where, const cJSON *over, bool inherits);
/* A list of names with `$TURBO_EXTENDS$` as vt has it. */
cJSON *turbo_names(struct turbo *t, const cJSON *list);
#endif
