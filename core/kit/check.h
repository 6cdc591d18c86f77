/* kit: judges plugins. Uses plug, choose, os, text, base, vt-plugin.h.
 *
 * check: tries whether a plugin keeps its promises, for `vt plugins check` and vt-plugin-check. Each
 * trial runs in its own process, with random data, failing helpers, cancellation and two threads,
 * and reports each fault as a sentence. */
#ifndef KIT_CHECK_H
#define KIT_CHECK_H

#include <stdbool.h>

#include "plug/setup.h"

struct env;

struct check_told {
	uint32_t trials, faults;           /* counted by check_file */
	uint64_t seed;                     /* of all random data; VT_CHECK_SEED repeats it */
	/* Called for each trial and each fault. component: its name, "" for the file itself. */
	void (*line)(void *ctx, const char *component, bool good, const char *text);
	void *ctx;
};

/* Tries all components of a file. `options`: "KEY=VALUE" each. env: VT_CHECK_SEED, VT_PLUGIN_PATIENCE. A trial that hangs is
 * the last. A component that does not come to life is tried no further. -1: the file cannot be tried. */
int check_file(const char *file, const char *const *options, uint32_t options_n, const struct env *env, struct check_told *told, struct err *err);

/* ---- for check_*.c only ----------------------------------------------------- */

enum { CHECK_PUTS = 512 };

struct check {
	int fd;                            /* the trial writes its lines there */
	struct plug *plug;
	struct component *component;
	const char *folder;                /* of this trial; empty at its start */
	uint64_t random;                   /* state of check_random */
	vt_id common;                      /* random, and the same in both processes of CHECK_TWO_PROCESSES */
	bool failed;                       /* a fault was reported */
	bool noted;                        /* a line that is no fault was written: none that all is well follows */
	bool forked;                       /* the trial itself started processes, and waited for them */
	bool declined;                     /* a store took something by VT_NONE: what it should be then is not asked */
	vt_id put[CHECK_PUTS];             /* what the trial put, to be dropped at its end */
	uint32_t put_space[CHECK_PUTS];
	uint32_t put_n;
};

struct check_trial {
	const char *what;                  /* "stores: an unknown name is not there" */
	uint32_t kind;
	void (*run)(struct check *);
	enum check_how {
		CHECK_PLAIN,
		CHECK_HANGING_SERVER,      /* its option of type "url" leads to a server that accepts nothing; left out without one */
		CHECK_DRIPPING_SERVER,     /* ... to one that sends a byte five times in a second */
		CHECK_TWO_PROCESSES        /* two at once, each with a component of its own */
	} how;
};

/* Reports a fault unless `good`. The sentence says what was expected and what came. Returns good. */
bool check_that(struct check *k, bool good, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A line for the user that is no fault. */
void check_note(struct check *k, const char *text);
void check_drop_all(struct check *k);      /* check_bytes.c: what the trial put */
void check_random(struct check *k, void *ret, size_t size);
const char *check_status(vt_status s);     /* its name, "VT_OK" */
extern const struct check_trial check_stores[], check_works[], check_parts[], check_fingerprints[], check_traces[];   /* each ends with `what` NULL */
#endif
