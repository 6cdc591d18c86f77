/* list: every file that could be a plugin, described. Each trusted file is loaded in its own child
 * process, so that one that crashes is a row of the list. */
#ifndef KIT_LIST_H
#define KIT_LIST_H

#include "plug/setup.h"

struct cJSON;

struct list {
	struct cJSON *json;        /* owned; what `vt plugins list --json` prints */
	struct list_use *uses;     /* owned; the components that the configuration chose */
	uint32_t uses_n;
};

struct list_use {
	char *name;                /* of the component */
	char *file;                /* owned; of the plugin that it is taken from: the one of its name, else the first that has it; NULL: none */
	const char *kind;          /* "store" ... */
	bool named;                /* the configuration names it, so that it must be ready */
	bool ready;
	char *status;              /* owned; its status word ("seccomp"); NULL: none */
	char *why;                 /* owned; why it is not ready; NULL: it is, or unknown */
};

/* Makes the list. It forks, so it must be called before any thread is started. -1: the configuration
 * is wrong. */
int list_make(const struct plug_setup *setup, struct list *ret, struct err *err);
void list_free(struct list *l);
#endif
