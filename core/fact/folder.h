/* folder: looks at one name after the other. Where many stand in one folder it is kept open:
 * the kernel need not go down to it again for each. */
#ifndef FACT_FOLDER_H
#define FACT_FOLDER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "fact/fact.h"

struct folder {
	int root;                      /* of the tree that names are relative to; borrowed */
	int fd;                        /* of the folder that is open, or -1 */
	size_t size;                   /* of its name, with the slash; 0: none is open */
	char path[PATH_MAX];           /* the name that was entered last; it begins with the folder's */
};

void folder_init(struct folder *f, int root);
/* Takes names[0], to look at it: opens its folder if some names that follow stand there, too, and closes another one.
 * `left` names follow, this one too; in the order of names, or the open folder is of less use. false: it is too long. */
bool folder_enter(struct folder *f, const struct fact *names, uint32_t left);
/* The name to look at for the one that was entered last, and the folder that it is relative to. */
int folder_at(const struct folder *f, const char **ret);
void folder_leave(struct folder *f);
#endif
