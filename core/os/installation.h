/* installation: where the parts of this vt stand. A tree of an installed vt may be moved, copied or mounted elsewhere:
 * each part is looked for where it stands as seen from the real path of the program, then where vt was configured to
 * be. A build tree has an order of its own. [any] */
#ifndef OS_INSTALLATION_H
#define OS_INSTALLATION_H

#include "base/err.h"
#include "base/mem.h"

/* All paths are absolute and live in the arena. */
struct installation {
	const char *executable;        /* real path of this program */
	const char *prefix;            /* the folder that holds the program and all parts; NULL: the parts stand elsewhere */
	const char *supervisor;        /* vt-supervisor */
	const char *plugins;           /* the system folder of plugins */
	const char *addon;             /* vt-node.node; NULL: built without it */
	const char *man;               /* holds man1, man5 ... with the manual pages */
	const char *data;              /* holds the schemas, and manual with the pages as plain text */
};

/* -1: the program's own path cannot be found out. */
int installation_find(struct arena *a, struct installation *ret, struct err *err);
#endif
