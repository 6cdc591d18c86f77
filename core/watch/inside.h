/* Shared by the files of this room alone. */
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
struct writes;

enum interest_how {
	INTEREST_ENTRY,                /* the path itself: it comes, goes, or changes */
	INTEREST_NAMES,                /* a folder's names */
	INTEREST_BELOW                 /* all below a folder that `filter` lets through */
};

enum interest_filter {
	FILTER_GLOBS,                  /* files that the globs match */
	FILTER_PACKAGE,                /* files of the package, and of no package in it */
	FILTER_MANIFESTS               /* package.json */
};

struct interest {
	enum interest_how how;
	enum interest_filter filter;
	const char *path;              /* absolute */
	const struct globs *globs;
	uint32_t levels;               /* BELOW: how many levels of folders count, at most */
	bool there;                    /* ENTRY: the path existed */
	bool unsure;                   /* ENTRY: it is not known whether something was there */
	const struct fact *listing;    /* NAMES: a FACT_LIST with the names that the step found, in the record's arena; NULL: unknown */
};

/* All that one step, or the configuration, depends on. Lives as long as the session, or until its step is gone. */
struct record {
	struct record *next;
	char *name;                    /* the name of its step; NULL: the configuration */
	struct arena *arena;           /* interests and what they point to */
	struct interest *at;
	uint32_t n;
	uint64_t sum;                  /* of the facts; 0: there are none */
	bool good;                     /* the step ended well */
	int exit_code;                 /* of a step that ran and failed; 0: it did not */
	bool setuid;                   /* the step starts a set-uid program, which a tracer would break */
	bool dirty;                    /* something it depends on changed since */
	bool touched;                  /* ... during the present run */
	bool used;                     /* the present run has it */
	bool fresh;                    /* the present run made it anew */
	bool cached;                   /* the cache is asked for its step */
	bool service;                  /* its step is persistent; such a record stays to the end of the session */
	bool asleep;                   /* ... and runs, or nothing needs it: no change concerns it */
};

/* An interest in a path, and its record. */
struct reader {
	struct reader *next;
	struct record *record;
	const struct interest *interest;
};

struct node {
	const char *path;              /* absolute */
	size_t size;
	struct reader *readers;
	bool entry, names, below;      /* whether a reader wants this kind of interest */
	struct stamp stamp;            /* polling: the stamp of the last look */
	bool there;
	uint64_t sum;                  /* polling, below: the sum of the names and stamps of all files */
};

/* A folder that the kernel watches, or would watch if it existed. */
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

/* A set of paths, cleared in one go. */
struct paths {
	struct arena *arena;
	struct map set;
};

/* The state in which the steps of a run left a path. */
struct left {
	struct stamp stamp;            /* all 0: the path does not exist, or is a folder */
	bool there, folder;
	uint32_t step;                 /* watch->steps of the last step that wrote it */
	uint32_t steps;                /* how many steps wrote it */
	bool edited;                   /* a step read its content before it wrote */
};

enum { WATCH_FAR = 1000000 };      /* levels without a limit */

enum {
	WATCH_LOOPS = 3,               /* runs in a row, by the tasks' own writing as it seems, after which its paths start no more */
	WATCH_LOOPS_KNOWN = 10         /* the same if the writing of all tasks is known, so that the change should be an edit */
};

struct watch {
	struct watch_setup setup;
	struct arena *arena;           /* the session's */
	struct exec_watcher *watcher;
	struct record *records;
	struct map by_name;            /* records by name; built again when one goes */
	struct record *config;
	bool config_changed;           /* changed before the present run: all cached steps are looked up */
	bool root_changed;             /* ... at the root: all steps run */
	struct arena *scratch;         /* for the present run */
	bool renewed;                  /* an interest came or went: the index is built again */
	/* the index */
	struct arena *index;
	bool built;                    /* index_build was called */
	struct paths early;            /* folders of packages that are watched since a step of the first run began */
	struct map nodes;              /* by path */
	uint32_t below_n;              /* nodes with `below` */
	struct map dirs;               /* by path; */
	struct map watches;            /* by number: struct dir */
	struct map packages;           /* absolute folders of packages */
	struct notify *notify;         /* NULL: polling */
	bool told;                     /* the user was told that there are too few watches */
	/* the present run */
	bool running;
	int64_t started_ns;            /* by the clock that gives files their times */
	struct paths written;          /* written by traced steps: path -> struct left */
	struct paths writers;          /* folders of packages in which untraced steps ran */
	struct paths blind;            /* of these, folders of steps with some untraced writing */
	uint32_t steps;                /* how many steps the watcher was told of */
	struct map arrivals;           /* how often a file's writer closed it during the run, or it was moved there: path -> number */
	struct paths rewritten;        /* of the session: read by a step, and written more than once in a run */
	struct paths changed;          /* paths of interest that changed during the run, or since */
	struct queued *queue, **queue_end;     /* events of the kernel during the run */
	uint32_t queued_n;
	struct paths named;            /* names that came or went during the run, as far as the kernel told */
	struct paths edits;            /* paths of `changed` in packages of untraced steps */
	struct paths habits;           /* paths that changed during the run, of interest or not, as far as the kernel told */
	struct paths own;              /* paths that untraced steps wrote in any run of the session */
	struct map folders;            /* folders that git was asked about in this run: &folder_tracked if it has files below, else &folder_untracked */
	bool first;                    /* the present run is the session's first: only packages in which a step ran are watched during it */
	uint32_t loops;                /* how many runs in a row only habits started */
	bool muted_told;
	bool again;                    /* a step was not kept because an input changed while it ran */
	bool was_again;                /* the present run was started for that */
	bool lost;                     /* events were lost: anything may have changed */
	/* persistent tasks */
	struct writes *writes;         /* the paths that they change */
	bool serving;                  /* one was started */
	bool unseen;                   /* what one of them changes is not known */
	struct paths servers;          /* folders of their packages */
	struct paths suspects;         /* changed by them, and perhaps by a user, too: path -> struct suspect (served.c) */
	struct paths held;             /* files that they had open for writing at the last look */
	uint64_t mark;                 /* of `writes`, when the last run was over: events of later changes may still come */
	int64_t began_ms;              /* monotonic: when the present run began */
	struct timer *served_timer;    /* to the next look at the suspects */
	int64_t waits_ms;              /* when the present wait began */
	/* waiting */
	struct timer *timer;
	struct timer *poll;
	bool polling;                  /* a worker is looking */
	struct paths unfinished;       /* changed paths whose writers have not closed them */
	uint32_t unfinished_n;         /* of them */
	int64_t first_ms, last_ms;     /* times of the first and the last change of this wait; 0: no change */
	bool awake, interrupted;
	char *reason;
};

/* interest.c */
/* A step's name, the same in each run: its task and its number in the task. */
char *step_name(struct arena *a, const struct step *step);
/* The absolute path of a name; in `a`. */
const char *absolute(const struct watch *w, struct arena *a, struct bytes name);
/* Fills a record from a trail. Returns whether its interests are those of before. */
bool record_fill(struct watch *w, struct record *r, const struct step *step, const struct step_trail *trail);
void record_config(struct watch *w, const struct workspace *workspace, bool all);
void record_clear(struct record *r);
/* Adds all files of the package in this folder. */
void record_package(struct watch *w, struct record *r, const char *dir);
/* Notes the folders of all packages. */
void packages_list(struct watch *w, const struct workspace *workspace);

/* index.c */
void index_build(struct watch *w);
void index_free(struct watch *w);
/* Watches the package in this folder from now on, before it is known what the steps depend on. */
void index_early(struct watch *w, const char *dir);
/* Calls `visit` for each file below a folder that the interest wants, in the order of the folders' names. */
void index_files(const struct watch *w, const struct interest *i, const char *path, void (*visit)(void *ctx, const char *path), void *ctx);
/* Tells the readers of a node with this kind of interest. */
void index_tell(struct watch *w, const struct node *n, enum interest_how how, const char *path);
/* A path came, went or changed: tells its readers. */
void index_touch(struct watch *w, const char *path, unsigned what);
/* Does a filter let a path through? */
bool interest_wants(const struct watch *w, const struct interest *i, const char *path);
/* May a folder be entered? */
bool interest_enters(const struct watch *w, const struct interest *i, const char *path);

/* writer.c */
/* Notes the paths that the step wrote, and their states: adds to w->written, w->writers and w->blind. */
void note_written(struct watch *w, const struct step *step, const struct step_trail *trail);
/* The kernel told that a file was written to its end during the run. */
void note_arrival(struct watch *w, const char *path, unsigned what);
/* Did a traced step write the path, or remove it with a folder above it, and is it as the step left it? */
bool writer_wrote(struct watch *w, const char *path);
/* A step made or removed a folder above the path: if the path is not there, the step left it so. */
void writer_emptied(struct watch *w, const char *path);
/* A path changed that the record depends on, during a wait or a run. */
void tell_record(struct watch *w, struct record *r, const struct interest *i, const char *path);
/* Wakes for changes that may be a persistent task's or a user's, unless they seem to follow from the runs. Returns whether there was one. */
void tell_doubtful(struct watch *w, struct record *r, const char *path);
/* Is the path, or a folder above it, in the set? */
bool paths_above(const struct paths *p, const char *path);
/* A run begins. */
void writer_begin(struct watch *w);

/* missed.c */
/* Finds paths and names that changed since the run began, before they were watched, and that none of its steps wrote.
 * `all`: for all records, not only for those that the run filled anew. */
void missed_find(struct watch *w, bool all);

/* served.c */
/* A persistent step of the package in `dir` runs. */
void served_add(struct watch *w, const char *dir, bool followed);
/* Has a persistent task changed the path a moment ago, or had it open at the last look? */
bool served_has(const struct watch *w, const char *path);
/* May a persistent task have changed the path? */
bool served_doubts(struct watch *w, const char *path);
/* Takes the change for a persistent task's, until more is known. false: none has changed the path. */
bool served_suspects(struct watch *w, struct record *r, const char *path);
/* The record is about to be freed. */
void served_forget(struct watch *w, const struct record *r);
/* The kernel told that a file was written to its end. */
void served_arrived(struct watch *w, const char *path, unsigned what);
/* May a change that comes now follow from the last run? */
bool served_is_soon(const struct watch *w);
void served_begin(struct watch *w);        /* a run begins */
void served_end(struct watch *w);          /* ... and is over */
void served_wait(struct watch *w);         /* a wait begins */
void served_stop(struct watch *w);         /* ... and is over */

/* poll.c */
void poll_baseline(struct watch *w);
void poll_start(struct watch *w);
void poll_stop(struct watch *w);

/* watch.c */
void watch_changed(struct watch *w, const char *path);     /* a path of interest changed during a wait */
/* Tells, once, that a path starts no more runs. */
void watch_mute(struct watch *w, const char *path);
void paths_init(struct paths *p);
void paths_add(struct paths *p, const char *path);
bool paths_have(const struct paths *p, const char *path);
void paths_clear(struct paths *p);
#endif
