/* import: makes vite-task.json files from the configuration of other runners, and lists what has no
 * counterpart. Changes nothing but what `vt import --write` writes. Uses cmd (struct command, session),
 * workspace, query (what commands of other runners mean), os, text, base.
 *
 * What is made is one cJSON tree for each package's file. */
#ifndef IMPORT_IMPORT_H
#define IMPORT_IMPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

struct cJSON;
struct package;
struct workspace;

/* The result of an import. */
struct import {
	const struct workspace *workspace;
	struct arena *a;
	struct cJSON **files;              /* per package, by its index: the vite-task.json; NULL: none. Owned. */
	struct texts notes;                /* settings without a counterpart, a line each */
};

/* Notes something that the user has to know; each text once. */
void import_note(struct import *im, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The package's file, made when it is first asked for. */
struct cJSON *import_file(struct import *im, const struct package *p);
/* print.c: the text of a file: two spaces for each level, lists in one line. */
void import_print(const struct cJSON *node, struct buf *b);
#endif
