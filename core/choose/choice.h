/* What the configuration chooses: pure, from the workspace's `plugins` and the
 * user's, whose word counts key by key. */
#ifndef CHOOSE_CHOICE_H
#define CHOOSE_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct cJSON;

/* One configured option. */
struct option_value {
	char *key;                 /* owned; dotted: "retry.times" */
	char *text;                /* owned; as the plugin's `set` gets it */
	char *place;               /* owned; its path below `plugins`, for choice_where: "stores[0].url" */
	bool from_user;
	bool from_credentials;     /* bound to the origin of the component's url */
};

struct choice {
	char *name;                /* owned; of the component */
	uint32_t kind;             /* VT_KIND_* it must be; 0: any */
	bool named;                /* the configuration names it, so it must work */
	bool from_user;            /* ... the user's */
	char *place;               /* owned; ... where below `plugins`; NULL: a default */
	struct option_value *options;      /* owned; each key once */
	uint32_t options_n;
};

/* In the order tracer, fingerprint, stores (as configured), parts (by name). */
struct choices {
	struct choice *at;
	uint32_t n;
};

struct choice_config {
	const char *root;                          /* or NULL; messages name files as seen from there */
	const struct cJSON *workspace, *user;      /* or NULL */
	const char *workspace_file, *user_file;    /* or NULL */
};

int choices_read(const struct choice_config *config, struct choices *ret, struct err *err);
void choices_free(struct choices *c);
void choice_free(struct choice *c);
/* Adds what `options` of either file says about a component that was not chosen. -1: out of memory, err. */
int choice_options(const struct choice_config *config, struct choice *c, struct err *err);
/* Adds the credentials that the user bound to the origin of `url`. */
int choice_credentials(const struct choice_config *config, struct choice *c, const char *url, struct err *err);
bool choice_same_origin(const char *url, const char *other);
/* "vite-task.json:3:14" of a place below `plugins`; the caller frees it; NULL: out of memory. */
char *choice_where(const struct choice_config *config, bool user, const char *place);
#endif
