/* choice: the components that the configuration chooses. Pure: reads the `plugins` of the workspace
 * and of the user. Where both have a key, the user's counts. */
#ifndef CHOOSE_CHOICE_H
#define CHOOSE_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct cJSON;

/* One configured option of a component. */
struct option_value {
	char *key;                 /* owned; dotted: "retry.times" */
	char *text;                /* owned; the value as the plugin's `set` gets it */
	char *place;               /* owned; its path below `plugins`, for choice_where: "stores[0].url" */
	bool from_user;            /* from the user's file, not the workspace's */
	bool from_credentials;     /* from the user's `credentials` for the origin of the component's url */
};

enum store_mode { STORE_READ = 1, STORE_WRITE = 2, STORE_BOTH = 3 };

/* What vt itself answers for in the entry of a store. 0: not set. */
struct store_rules {
	enum store_mode mode;      /* STORE_BOTH unless set; the user's alone */
	bool optional;             /* vt runs without the store where it is missing */
	bool unsealed;             /* takes results without a proof, too; the user's alone */
	uint64_t timeout_ms;       /* for one item to begin or to end */
	uint64_t budget_ms, budget_bytes;      /* for what is still to be sent at the end of a run */
	uint64_t below;            /* larger objects are not sent */
};

struct choice {
	char *name;                /* owned; of the component */
	char *as;                  /* owned; what this entry is called, where one store is listed twice; NULL: as its component */
	struct store_rules store;  /* of a store */
	uint32_t kind;             /* VT_KIND_* that it must have; 0: any */
	bool named;                /* a configuration file names it: vt must not run without it */
	bool from_user;            /* the file that names it is the user's */
	char *place;               /* owned; where in that file, below `plugins`; NULL: a default chose it */
	struct option_value *options;      /* owned; each key once */
	uint32_t options_n;
};

/* In the order tracer, fingerprint, stores (as configured), parts (by name). */
struct choices {
	struct choice *at;
	uint32_t n;
};

struct choice_config {
	const char *root;                          /* messages show paths relative to it; NULL: absolute */
	const struct cJSON *workspace, *user;      /* their `plugins`; NULL: none */
	const char *workspace_file, *user_file;    /* for messages; NULL: there is no such file */
	const char *worktrees;                     /* where worktrees share results (far/worktree.h); NULL: nowhere */
};

/* Reads both files. -1: a value is wrong; err says which and where. */
int choices_read(const struct choice_config *config, struct choices *ret, struct err *err);
/* Adds vt's own store, with the options that the files give to it. */
int choices_add_local(const struct choice_config *config, struct choices *all, struct err *err);
/* May the worktrees of a repository share results? Not where `worktrees` says no, and where `stores` are listed only with the
 * key of a team: what the list has takes its results only so. */
bool choice_worktrees(const struct choice_config *config, bool keyed);
void choices_free(struct choices *c);
const char *choice_label(const struct choice *c);      /* what the user calls it */
void choice_free(struct choice *c);
/* Adds the options that either file gives to a component that it did not choose. -1: err. */
int choice_options(const struct choice_config *config, struct choice *c, struct err *err);
/* Adds the options under `credentials` in the user's file for the origin of `url`. -1: err. */
int choice_credentials(const struct choice_config *config, struct choice *c, const char *url, struct err *err);
bool choice_same_origin(const char *url, const char *other);      /* same scheme, host and port? */
/* Where a place below `plugins` stands: "vite-task.json:3:14". The caller frees it; NULL: out of memory. */
char *choice_where(const struct choice_config *config, bool user, const char *place);
#endif
