/* cache: decides whether a step hits (lookup), puts the outputs of a hit back (restore) and
 * decides whether a run is stored (save). Uses record, fact, plug, plan (struct step),
 * workspace (structs), os, text, base; knows neither exec nor ipc nor report.
 *
 * lookup, restore and save block; exec calls them on workers, at the same time for
 * different steps. No function here skips a task, fails it, or changes its exit code:
 * a doubtful result is a miss, told in one warning. */
#ifndef CACHE_CACHE_H
#define CACHE_CACHE_H

#include <stdbool.h>

#include "base/err.h"
#include "fact/change.h"
#include "fact/seen.h"

struct cache;
struct cache_prefetch;
struct env;
struct far;
struct file_memo;
struct plan;
struct plan_node;
struct plug;
struct step;
struct workspace;

struct cache_setup {
	const struct workspace *workspace;
	const char *dir;               /* absolute cache directory (directory_place) */
	const struct env *env;         /* the session's */
	struct plug *plug;             /* the chosen components, alive on demand (plug/setup.h) */
	void (*warn)(void *ctx, const char *text);   /* [any] one line; may be told a text again */
	void *ctx;
	struct cache_prefetch *prefetch;  /* of the same dir, or NULL; cache_open takes it over */
	struct file_memo *programs;    /* borrowed; NULL: PATH is asked each time */
	const struct far_keys *keys;   /* borrowed: the keys that results are shared by; NULL: far stores are not used */
	void (*progress)(void *ctx, const char *text);         /* a line while the end waits for far stores; may be NULL */
	bool dry;                      /* nothing is made or changed on disk */
	bool lists;                    /* -vv: lookups tell the inputs and outputs of hits */
	bool explains;                 /* vt why: a miss under another key is also compared with the results under the last one, and
	                                * all changed variables are told */
};

/* Reads the stat index, the history and the ledger on a thread, by descriptors of its own, while the plan is still being made.
 * `dir`: from directory_place; `root`: the workspace's. NULL: the index is too small to be worth a thread, or the directory may not
 * be used. */
struct cache_prefetch *cache_prefetch_start(const char *dir, const char *root);
/* Waits for the thread and frees. NULL is fine. */
void cache_prefetch_free(struct cache_prefetch *p);
/* Never fails: an unusable directory means one warning and no hits. */
struct cache *cache_open(const struct cache_setup *setup);
/* The steps that will be run: where they miss, far stores are asked for all of them together. Borrowed until the close. */
void cache_plan(struct cache *c, const struct plan *plan);
/* Gets what far stores have for the plan into the near ones, and runs nothing. Counts all steps, those that hit near before, and those that came. */
void cache_pull(struct cache *c, uint32_t *ret_steps, uint32_t *ret_near, uint32_t *ret_came);
/* Does a store work that is far? */
bool cache_has_far(struct cache *c);
/* The far stores; NULL: none works. Borrowed until the close. */
struct far *cache_far_stores(struct cache *c);
/* [work] Another machine has run the node's steps, after the run has begun: gets their results near, where they fit. What is to be
 * there before the node runs is there. */
void cache_get_again(struct cache *c, const struct plan_node *node);
/* Waits until all that was saved is near, and offered to far stores. [work] */
void cache_flush(struct cache *c);
/* Sends what is kept near and was used since then (seconds since 1970) to far stores, and waits for that. Counts the results, and those
 * that a store did not take. -1: err. */
int cache_push(struct cache *c, int64_t since_s, uint32_t *ret_n, uint32_t *ret_failed, struct err *err);
/* Can results be stored? false: steps run uncached; the reason was told. */
bool cache_works(const struct cache *c);
/* A step's child has ended, cached or not: forgets what was remembered of the machine, such as programs on PATH.
 * `known`: what the step left behind is known (struct kept). */
void cache_something_ran(struct cache *c, bool known);
/* Waits until all results are published, saves the stat index and the history, settles the stores, frees. */
void cache_close(struct cache *c);
int cache_tmp(struct cache *c);        /* this process's folder for unfinished files; borrowed; -1: there is none; [any] */

/* A run that opens no cache changes files unseen all the same: the cache in `dir`
 * (directory_place), if there is one, is told. */
void cache_not_watched(const char *dir, const char *root);

enum found_state {
	FOUND_HIT,
	FOUND_MISS,                    /* `why` tells */
	FOUND_NOTHING,                 /* no entry and no history */
	FOUND_ERROR                    /* lookup was impossible; the task runs and is not stored: `trouble` */
};

/* Bytes of terminal output; the result of a step that prints more is not kept. */
#define CACHE_TERMINAL_MAX ((size_t)1 << 30)

/* The answer of a lookup, for restore or save. Owned by the caller, filled by lookup. */
struct found {
	enum found_state state;
	struct arena *arena;           /* its own */
	struct changes why;
	const char *trouble;
	const char *origin;            /* HIT: the far store that it came from in this run; NULL: it was near. Good until the close */
	int64_t saved_ms;              /* HIT: the duration of the recorded run; MISS: of the nearest, or 0 */
	const void *output;            /* HIT: the recorded terminal output, verified: capture.h's format */
	size_t output_size;
	bool output_mapped;            /* output is a file in memory's place: its pages may be given back */
	/* paths of the hit, if the setup wants lists; or of the stored run; in order */
	struct texts inputs, outputs;
	struct texts effects;          /* the same of what else it left; removed paths end with " (removed)" */
	const char *because;           /* MISS, although nothing that it read changed: what it left is not there (a sentence), or NULL */
	uint32_t missing;              /* HIT: files it made that were removed, and that are not restored */
	struct facts asked;            /* HIT: the variables its key and its recorded run asked for */
	struct found_inside *inside;   /* cache's own: key facts, globbed facts, the result */
};

/* The steps of one chain (of a task, one after the other), looked up in order: each finds what
 * the hits before it would leave. Not thread-safe. */
struct cache_chain;
struct cache_chain *cache_chain_new(struct cache *c);
void cache_chain_free(struct cache_chain *chain);            /* NULL is fine */
/* `dry`: change nothing on disk, need no output bytes (the dry run). `chain`: NULL: it is looked
 * up and decided alone. The found of a hit must stay where it is until the chain is decided. */
void cache_lookup(struct cache *c, const struct step *step, bool dry, struct cache_chain *chain, struct found *ret);
/* Is this absolute path a folder, as the chain's hits leave it? */
bool cache_chain_has_folder(struct cache_chain *chain, const char *dir);
/* How many of the chain's hits stand, from the first on: what they leave is in place, or can be put
 * there. The first that does not is a miss from now on; what comes after that is to be looked up
 * anew. `most`: no more may, for the one after them must run. `last`: nothing of the run comes
 * after its hits. */
uint32_t cache_chain_decide(struct cache_chain *chain, uint32_t most, bool last);
/* After that: was something not in place, or did a hit not stand, because of what another step did? Together with
 * that step's hit the answer may be another. */
bool cache_chain_is_contested(const struct cache_chain *chain);
bool cache_chain_is_contested_by(struct cache_chain *chain, const struct step *step);
/* The same of a step that was looked up alone. */
bool cache_found_is_contested(const struct found *found);
/* [loop] Counts this lookup as a hit or a miss, for `vt cache stat`. */
void cache_count(struct cache *c, const struct found *found);
/* Are all outputs of the hit in place, and nothing stale beside them? Then a restore would change
 * nothing. Costs one stat for each file. */
bool cache_in_place(struct cache *c, const struct found *found);
/* For a dry run: would a restore change more than times? Reads the files that the stat index
 * does not know. */
bool cache_would_change(struct cache *c, const struct found *found);
/* Puts the outputs of a hit back. 0; -1: the step must run (told in *ret_why, in found's arena). */
int cache_restore(struct cache *c, const struct step *step, struct found *found, const char **ret_why);
void found_free(struct found *found);

/* What a result depends on, and what it leaves; part of found. Empty lists: there is none. */
struct trail {
	struct facts before, after;    /* what declared inputs matched; what the run asked for */
	struct facts outputs, effects; /* paths */
	struct texts removed;          /* paths that the restore of a hit takes away */
};
/* Of a hit: did its run leave nothing but what is kept? */
bool cache_is_whole(const struct found *found);
/* The facts of the key, sorted, with states; NULL: there is none. Borrowed. */
const struct facts *cache_key(const struct found *found);
/* Of a hit, or of a run that cache_save has seen: what was kept, or else what declared inputs matched. */
void cache_trail(const struct found *found, struct trail *ret);

/* What exec has to know before it starts the step. */
struct cache_plan_for_step {
	bool trace;                    /* start a tracer: an INPUT or OUTPUT part wants its notes */
	const char *not_kept;          /* why it will not be stored in any case: the detail line's text after "Not cached: ", or NULL */
};
void cache_before_run(struct cache *c, const struct step *step, struct found *found, struct cache_plan_for_step *ret);

/* [loop] The step's child is about to start: from now on it may write files that another step's patterns cover. */
void cache_starts(struct cache *c, const struct step *step, struct found *found);

/* Fills ret[ordinal] of each step with the duration of its last recorded run, in eighths of a
 * second, rounded to a power of two, 0 for less than one; leaves it alone where none is known. */
void cache_durations(struct cache *c, const struct plan *plan, uint64_t *ret);

/* Now, by the clock of the workspace's file system: what is written after the call has a later time, as far as that clock tells. [any] */
int64_t cache_moment(struct cache *c);
/* The same when no process of a step is left, and its files are perhaps still open. 0: it cannot be told. [any] */
int64_t cache_gone_moment(struct cache *c);

/* What exec knows when the child has ended. */
struct ran {
	int exit_code;                 /* 128 + n for signals */
	bool cancelled;                /* Ctrl-C, fail-fast, a signal: never stored */
	bool pipe_held;                /* something still held a pipe 10 s after exit */
	int64_t started_ns;            /* real time clock, just before the spawn */
	int64_t ended_ns;              /* cache_moment or cache_gone_moment when all its processes had ended; 0: not known */
	int64_t ms;                    /* how long the child ran */
	struct seen *seen;
	const void *output;            /* captured terminal output, capture.h's format; borrowed for the call */
	size_t output_size;
	bool output_mapped;            /* as found.output_mapped */
};

enum kept_why {
	KEPT_STORED,
	KEPT_COMMUNICATION, KEPT_OPTED_OUT, KEPT_CANCELLED, KEPT_EXIT_CODE, KEPT_UNTRACED, KEPT_CHANGED,
	KEPT_READ_AND_WROTE, KEPT_PIPE_HELD, KEPT_STORE_FAILED, KEPT_OTHER
};

struct kept {
	enum kept_why why;
	bool known;                    /* all that it left behind is known */
	bool whole;                    /* STORED: nothing that it left is missing from its result */
	struct digest result;          /* STORED: the result's blob */
	const char *not_shared;        /* STORED: why far stores do not get it; NULL: they do, or there are none; in found's arena */
	const char *text;              /* the detail line after "Not cached: "; NULL when stored, cancelled or by exit code; in found's arena */
};

/* Looks at what the step touched, when none of its processes is left and its end is not reported yet: cache_save then asks the disk
 * for less. *in_vain: another thread sets it when nothing will be kept. */
void cache_look_early(struct cache *c, const struct step *step, struct found *found, const struct seen *seen, const _Atomic bool *in_vain);

/* Decides whether the result is stored, and copies what belongs to it. After it returns, the
 * workspace may change again; publishing goes on in the background. */
void cache_save(struct cache *c, const struct step *step, struct found *found, const struct ran *ran, struct kept *ret);
#endif
