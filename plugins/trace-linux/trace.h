/* trace: what the files of this plugin share. */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "bell.h"
#include "gates.h"
#include "log.h"
#include "look.h"
#include "notes.h"
#include "paths.h"
#include "peers.h"
#include "stamps.h"
#include "turns.h"

/* Why a trace says too little. The first one counts. */
enum escape {
	ESCAPE_NONE,
	ESCAPE_NO_LISTENER,      /* value: errno */
	ESCAPE_FOREIGN,          /* an architecture without a table; value: AUDIT_ARCH_* */
	ESCAPE_MEMORY,           /* value: errno */
	ESCAPE_MOUNTS,
	ESCAPE_HANDLE,
	ESCAPE_LONG,
	ESCAPE_ROOT,
	ESCAPE_SETUID,
	ESCAPE_STRAGGLER,
	ESCAPE_INTERRUPTED,
	ESCAPE_INTERRUPTED_WITHIN,
	ESCAPE_INTERRUPTIBLE,    /* value: errno */
	ESCAPE_PEER,
	ESCAPE_LISTENER,
	ESCAPE_LOG,
	ESCAPE_FULL,
	ESCAPE_THREAD,           /* value: errno */
};

enum { WAKE_SIGNAL = SIGURG };    /* ends the thread's wait; ignored by default */

/* A flag of notes alone: exec_note has not looked into this EXEC yet. */
#define NOTE_LATER 0x8000u

/* Numbers of threads that named a path in the workspace. */
struct touched {
	uint32_t *at;            /* open addressing, 0: free */
	uint32_t n, size;
};

struct settling;

/* One step, from start to stop. */
struct watch {
	char *root;              /* the workspace, absolute */
	size_t root_length;
	char *home;              /* the user's folder; NULL: not known */
	uint32_t how;            /* VT_FILTER_*, set by attach */
	atomic_bool abandoned;   /* cancelled: the thread ends at once; set before `ended` */
	bool listening;          /* the thread exists */
	bool killable;           /* a received call is interrupted by nothing but the end of its process */
	bool places;             /* the kernel wakes on the CPU of the waker, if asked to; set before `listener` */
	bool wakes;              /* a signal ends the thread's wait in RECV; else the thread polls */
	pthread_t thread;
	size_t notice_size;      /* bytes: the kernel's struct seccomp_notif ... */
	size_t answer_size;      /* ... and seccomp_notif_resp, or the most there is room for */
	int wake;                /* an eventfd: one of the next two has changed */
	atomic_int listener;     /* -1 before attach */
	atomic_bool ended;       /* the step has ended */
	atomic_uint left;        /* 1: the thread no longer waits without an end; a futex */
	atomic_uint heard;       /* 1: the notes are whole, and the thread no longer writes them; a futex */
	atomic_uint found;       /* 1: the thread has found what the notes mean, or leaves it to stop; a futex */
	atomic_bool parted;      /* the thread has ended; or a cancelled step left it, and it frees the watch */
	atomic_bool settled;     /* the thread may end */

	/* the thread's own until it has ended */
	struct notes notes;
	struct notes states;     /* of paths before they were written, and where made links lead: names only */
	bool links_made;
	struct ground ground;
	struct gates gates;
	struct bell bell;        /* armed while a signal can disturb a process without the shim */
	struct log log;
	struct peers peers;
	struct stamps stamps;
	uint32_t filters;        /* system call filters that the task's first process has; 0: not known */
	uint32_t above;          /* the process that started the task's first; 0: not known yet */
	struct path_world world;
	struct touched touched;
	struct turns turns;
	int no_new_privs;        /* of the task: -1 not looked at yet */
	enum escape escape;
	int64_t escape_value;
	uint32_t escape_process;
	char escape_name[64];    /* comm of the process, or the path's end */
	bool alone;              /* every process of the task is gone */
	struct settling *settling;   /* what the notes mean; NULL: not found yet */
	uint64_t events;
};

/* listen.c */
int listen_start(struct watch *w);             /* makes the thread: 0 or an errno */
void listen_to(struct watch *w, int listener);
void listen_stop(struct watch *w);             /* waits until the thread writes no more notes: at most the grace time */
void listen_settled(struct watch *w);          /* after that: waits until it looks at no more files */
bool listen_abandon(struct watch *w);          /* after listen_stop, of a cancelled step. False: the thread waits for a file, and frees w */
void listen_end(struct watch *w);              /* ends the thread, which answers surviving processes until then */
void watch_escape_named(struct watch *w, enum escape why, uint32_t process, const char *name);
void watch_escape(struct watch *w, enum escape why, int64_t value, uint32_t process);
bool watch_has(const struct watch *w, const char *path, size_t length);   /* the workspace's root, or a path below it */

/* exec.c: notes the files that the kernel opens itself when a program starts. The EXEC of
 * `path` is the newest note. `folder`: where the thread stood; NULL: where it stands. False: only
 * a call that may wait could tell; ask later. */
bool exec_note(struct watch *w, uint32_t tid, const char *path, const char *folder, bool may_block);

/* tracer.c */
void watch_free(struct watch *w);
#endif
