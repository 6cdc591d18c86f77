/* kit: judges plugins. Uses plug, choose, os, text, base, vt-plugin.h.
 *
 * check: does a plugin keep its promises? Behind `vt plugins check` and vt-plugin-check:
 * each trial runs in a process of its own, against random data,
 * failing helpers, cancellation and two threads, and says in words what is wrong. */
#ifndef KIT_CHECK_H
#define KIT_CHECK_H

#include <stdbool.h>

#include "plug/setup.h"

struct check_told {
	uint32_t trials, faults;
	/* One line per trial and fault. component: its name, "" for the file itself. */
	void (*line)(void *ctx, const char *component, bool good, const char *text);
	void *ctx;
};

/* `options`: "KEY=VALUE" each, for components that need some. -1: it could not be tried at all. */
int check_file(const char *file, const char *const *options, uint32_t options_n, struct check_told *told, struct err *err);

/* ---- for check_*.c only ----------------------------------------------------- */

struct check {
	int fd;                            /* where lines go */
	struct plug *plug;
	struct component *component;
	const char *folder;                /* of this trial, empty at first */
	uint64_t random;                   /* state of check_random; the same in every run */
	bool failed;
};

struct check_trial {
	const char *what;                  /* "stores: an unknown name is not there" */
	uint32_t kind;
	void (*run)(struct check *);
};

/* A fault, unless `good`; the sentence says what was expected and what came. Returns good. */
bool check_that(struct check *k, bool good, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void check_random(struct check *k, void *ret, size_t size);
const char *check_status(vt_status s);     /* "VT_OK" */
extern const struct check_trial check_stores[], check_parts[], check_others[];   /* end with what NULL */
#endif
