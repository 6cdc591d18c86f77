/* kit: judges plugins. Uses plug, choose, os, text, base, vt-plugin.h.
 *
 * check: tries whether a plugin keeps its promises, for `vt plugins check` and vt-plugin-check. Each
 * trial runs in its own process, with random data, failing helpers, cancellation and two threads,
 * and reports each fault as a sentence. */
#ifndef KIT_CHECK_H
#define KIT_CHECK_H

#include <stdbool.h>

#include "plug/setup.h"

struct check_told {
	uint32_t trials, faults;           /* counted by check_file */
	/* Called for each trial and each fault. component: its name, "" for the file itself. */
	void (*line)(void *ctx, const char *component, bool good, const char *text);
	void *ctx;
};

/* Tries all components of a file. `options`: "KEY=VALUE" each. -1: the file cannot be tried. */
int check_file(const char *file, const char *const *options, uint32_t options_n, struct check_told *told, struct err *err);

/* ---- for check_*.c only ----------------------------------------------------- */

struct check {
	int fd;                            /* the trial writes its lines there */
	struct plug *plug;
	struct component *component;
	const char *folder;                /* of this trial; empty at its start */
	uint64_t random;                   /* state of check_random; starts the same in every run */
	bool failed;                       /* a fault was reported */
};

struct check_trial {
	const char *what;                  /* "stores: an unknown name is not there" */
	uint32_t kind;
	void (*run)(struct check *);
};

/* Reports a fault unless `good`. The sentence says what was expected and what came. Returns good. */
bool check_that(struct check *k, bool good, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void check_random(struct check *k, void *ret, size_t size);
const char *check_status(vt_status s);     /* its name, "VT_OK" */
extern const struct check_trial check_stores[], check_parts[], check_others[];   /* each ends with `what` NULL */
#endif
