/* What is there: every file that could be a plugin, described. Each trusted one is
 * opened in a child process of its own, so that one that crashes is a row. */
#ifndef KIT_LIST_H
#define KIT_LIST_H

#include "plug/setup.h"

struct cJSON;

struct list {
	struct cJSON *json;        /* the answer of `vt plugins list --json` */
	struct list_use *uses;     /* what the configuration chose; owned */
	uint32_t uses_n;
};

struct list_use {
	char *name;                /* of the component */
	const char *kind;          /* "store" ... */
	bool named;                /* by the configuration, so that it must be ready */
	bool ready;
	char *status;              /* its own word ("seccomp"); NULL */
	char *why;                 /* not ready: why, as a sentence; NULL */
};

/* Forks: only before threads. -1: the configuration is wrong. */
int list_make(const struct plug_setup *setup, struct list *ret, struct err *err);
void list_free(struct list *l);
#endif
