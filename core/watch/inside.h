/* What the files of this room share. Nobody else includes it. */
#ifndef WATCH_INSIDE_H
#define WATCH_INSIDE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/map.h"
#include "fact/stat_cache.h"
#include "watch/watch.h"

struct fact;
struct globs;
struct notify;
struct package;
struct step;
struct step_trail;

enum interest_how {
	INTEREST_ENTRY,                /* the path itself: it comes, goes, or changes */
	INTEREST_NAMES,                /* a folder's names */
	INTEREST_BELOW                 /* all below a folder that `filter` lets through */
};

enum interest_filter {
	FILTER_GLOBS,                  /* what the globs match */
	FILTER_PACKAGE,                /* files of the package, and of no package in it */
	FILTER_MANIFESTS               /* package.json */
};

struct interest {
	enum interest_how how;
	enum interest_filter filter;
	const char *path;              /* absolute */
	const struct globs *globs;
	uint32_t levels;               /* BELOW: of folders, at most */
	bool there;                    /* ENTRY: something was there */
	bool unsure;                   /* ENTRY: it is not known whether something was there */
	const struct fact *listing;    /* NAMES: a FACT_LIST with the names that the step found, in the record's arena; NULL: unknown */
};

/* What one step depends on, or the configuration. Lives as long as the session, unless its step is gone. */
struct record {
	struct record *next;
	char *name;                    /* which step; NULL: the configuration */
	struct arena *arena;           /* interests and what they point to */
	struct interest *at;
	uint32_t n;
	uint64_t sum;                  /* of the facts; 0: there are none */
	bool good;                     /* the step ended well */
	int exit_code;                 /* it ran, and failed with this; 0: it did not */
	bool setuid;                   /* it starts a set-uid program, which a tracer would break */
	bool dirty;                    /* something it depends on changed since */
	bool touched;                  /* ... during the present run */
	bool used;                     /* the present run has it */
	bool fresh;                    /* the present run made it anew */
	bool cached;                   /* the cache is asked for its step */
};

/* Who is interested in a path. */
struct reader {
	struct reader *next;
	struct record *record;
	const struct interest *interest;
};

struct node {
	const char *path;              /* absolute */
	size_t size;
	struct reader *readers;
	bool entry, names, below;      /* what they want */
	struct stamp stamp;            /* polling: how it was when it was looked at last */
	bool there;
	uint64_t sum;                  /* polling, below: of the names and stamps of all files */
};

/* A folder that the kernel watches, or would if it were there. */
struct dir {
	const char *path;
	int watch;                     /* -1: none */
};

/* An event that waits for the end of the run. */
struct queued {
	struct queued *next;
	unsigned what;
	char path[];
};

/* A list of paths that is forgotten in one go. */
struct paths {
	struct arena *arena;
	struct map set;
};

/* What the steps of a run left at a path. */
struct left {
	struct stamp stamp;            /* all 0: nothing was there, or a folder */
	bool there, folder;
	uint32_t step;                 /* watch->steps of the last one that wrote it */
	uint32_t steps;                /* so many of them did */
	bool edited;                   /* one of them read what was there before it wrote */
};

enum { WATCH_FAR = 1000000 };      /* levels without a limit */

enum {
	WATCH_LOOPS = 3,               /* runs in a row that nothing but the tasks' own writing started, as it seems */
	WATCH_LOOPS_KNOWN = 10         /* the same where it is known what the tasks wrote, so that the change should be an edit */
};

struct watch {
	struct watch_setup setup;
	struct arena *arena;           /* the session's */
	struct exec_watcher *watcher;
	struct record *records;
	struct map by_name;            /* of records; made anew when one goes */
	struct record *config;
	bool config_changed;           /* before the present run: so all that is cached is looked up */
	bool root_changed;             /* ... at the root: so all is */
	struct arena *scratch;         /* the present run's */
	bool renewed;                  /* an interest came or went: the index is stale */
	/* the index */
	struct arena *index;
	struct map nodes;              /* by path */
	uint32_t below_n;              /* nodes with `below` */
	struct map dirs;               /* by path; */
	struct map watches;            /* by number: struct dir */
	struct map packages;           /* absolute folders of packages */
	struct notify *notify;         /* NULL: polling */
	bool told;                     /* that there are too few watches */
	/* the present run */
	bool running;
	int64_t started_ns;            /* by the clock that gives files their times */
	struct paths written;          /* by steps of which it is known: path -> struct left */
	struct paths writers;          /* folders of packages in which unwatched steps ran */
	struct paths blind;            /* of these, where not all is known that they wrote */
	uint32_t steps;                /* that have been told of */
	struct map arrivals;           /* how often a file's writer closed it during the run, or it was moved there: path -> number */
	struct paths rewritten;        /* of the session: read and written by a step, more often than once in a run */
	struct paths changed;          /* what changed during the run, or since: paths of interest */
	struct queued *queue, **queue_end;     /* what the kernel told meanwhile */
	uint32_t queued_n;
	struct paths named;            /* names that came or went meanwhile, as far as the kernel told */
	struct paths edits;            /* of `changed`, those in packages of unwatched steps */
	struct paths habits;           /* what the run wrote, of interest or not, as far as the kernel told */
	struct paths own;              /* what unwatched steps wrote in any run of the session */
	struct map folders;            /* asked about during this run: &folder_tracked if git has files below, else &folder_untracked */
	bool first;                    /* the present run is the session's first: nothing was watched in it */
	uint32_t loops;                /* so many runs in a row were started by nothing but habits */
	bool muted_told;
	bool again;                    /* a step could not be kept because what it depends on changed meanwhile */
	bool was_again;                /* that is why this run is */
	bool lost;                     /* anything may have changed */
	/* waiting */
	struct timer *timer;
	struct timer *poll;
	bool polling;                  /* a worker looks */
	struct paths unfinished;       /* changed paths whose writers have not closed them */
	uint32_t unfinished_n;         /* of them */
	int64_t first_ms, last_ms;     /* when the first and the last change of this wait came; 0: none did */
	bool awake, interrupted;
	char *reason;
};

/* interest.c */
/* Which step of which task, whatever run it is in. */
char *step_name(struct arena *a, const struct step *step);
/* The absolute path of a name; in `a`. */
const char *absolute(const struct watch *w, struct arena *a, struct bytes name);
/* Fills a record from a trail. Returns whether it is what it was. */
bool record_fill(struct watch *w, struct record *r, const struct step *step, const struct step_trail *trail);
void record_config(struct watch *w, const struct workspace *workspace, bool all);
void record_clear(struct record *r);

/* index.c */
void index_build(struct watch *w);
void index_free(struct watch *w);
/* Tells those who are interested in a node in this way. */
void index_tell(struct watch *w, const struct node *n, enum interest_how how, const char *path);
/* A path came, went or changed: tells those who are interested. */
void index_touch(struct watch *w, const char *path, unsigned what);
/* Does a filter let a path through? */
bool interest_wants(const struct watch *w, const struct interest *i, const char *path);
/* May a folder be entered? */
bool interest_enters(const struct watch *w, const struct interest *i, const char *path);

/* writer.c */
/* What the step wrote, and how that was left: adds to w->written, w->writers and w->blind. */
void note_written(struct watch *w, const struct step *step, const struct step_trail *trail);
/* The kernel told that a file was written to its end during the run. */
void note_arrival(struct watch *w, const char *path, unsigned what);
/* Something changed that a record depends on: while it is waited, or during the run. */
void tell_record(struct watch *w, struct record *r, const struct interest *i, const char *path);
/* A run begins. */
void writer_begin(struct watch *w);

/* missed.c */
/* Finds what changed since the run began and was written by none of its steps: paths and names of which no event told, as
 * the watches came later. `all`: not only for the records that the run made anew. */
void missed_find(struct watch *w, bool all);

/* poll.c */
void poll_baseline(struct watch *w);
void poll_start(struct watch *w);
void poll_stop(struct watch *w);

/* watch.c */
void watch_changed(struct watch *w, const char *path);     /* a path of interest, while it is waited */
/* Tells that a path starts no more runs, once. */
void watch_mute(struct watch *w, const char *path);
void paths_init(struct paths *p);
void paths_add(struct paths *p, const char *path);
bool paths_have(const struct paths *p, const char *path);
void paths_clear(struct paths *p);
#endif
