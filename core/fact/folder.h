/* folder: looks at one name after the other. Where many stand in one folder it is kept open:
 * the kernel need not go down to it again for each. */
#ifndef FACT_FOLDER_H
#define FACT_FOLDER_H

#include <limits.h>
#include <stddef.h>

#include "fact/fact.h"

struct folder {
	int root;                      /* of the tree that names are relative to; borrowed */
	int fd;                        /* of the folder that is open, or -1 */
	size_t size;                   /* of its name, with the slash; 0: none is open */
	char name[PATH_MAX];           /* the first `size` bytes are the folder's name, with the slash */
};

void folder_init(struct folder *f, int root);
/* Comes before a look at names[0]: opens its folder if some names that follow stand there, too, and closes
 * another one. `left` names follow, this one too; in the order of names, or the open folder is of less use. */
void folder_enter(struct folder *f, const struct fact *names, uint32_t left);
/* The path to look at for the last name that was entered, and the folder that it is relative to. */
int folder_at(const struct folder *f, const char *path, const char **ret);
void folder_leave(struct folder *f);
#endif
