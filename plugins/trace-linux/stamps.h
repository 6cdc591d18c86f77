/* stamps: the states of the files that the task has written and holds open no more, taken while
 * the task goes on. A file that differs from its stamp at the end, and that no later call of the
 * task can have changed, was changed by another program.
 *
 *   a call writes it --> waiting --> seen at rest --> stamped
 *                          ^              |              |
 *                          +--------------+--------------+  a call writes it again, or a process holds it
 *
 * A call is noted before the kernel makes it. So a look stamps nothing while such a call may not
 * be over; and a file is stamped only where two looks in a row find it the same and at rest, because
 * a descriptor may pass from one process to another during a look.
 *
 * Looks are made by the listening thread, at growing distances and for at most a hundredth of its
 * time, as long as a file waits for one. */
#ifndef TRACE_STAMPS_H
#define TRACE_STAMPS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "holders.h"

struct watch;

/* What a file is known by. Its ctime moves when another program links the file. */
struct stamp_state {
	uint64_t device, inode, size;
	int64_t mtime_ns;
};

enum { STAMPED = 2 };

struct stamp {
	struct stamp_state state;
	uint32_t name;           /* an index of the watch's notes */
	uint32_t turn;           /* stamps.turn at the first of the looks that found the state */
	uint32_t look;           /* the number of the last look at it */
	uint8_t looks;           /* how many found it at rest; STAMPED: it waits no more */
};

/* The last call of a thread that may change a file, from before the call on. */
struct stamp_call {
	uint32_t tid;            /* 0: free */
	int16_t number;          /* of the system call */
	bool timed;              /* a look has taken the next */
	uint64_t ran;            /* the thread's time outside of the kernel, in clock ticks */
	bool over;               /* the thread has called again */
};

struct stamps {
	struct stamp *at;
	uint32_t *waiting;       /* indices of `at` */
	struct stamp_call *calls;    /* open addressing over threads */
	uint32_t n, waiting_n, room;
	uint32_t next;           /* the waiting file where the next look begins */
	uint32_t calls_n, calls_size;
	uint32_t looks;          /* how many were made */
	uint32_t turn;           /* how many calls that change a file were noted */
	uint32_t blind;          /* the turn of the last call of which the file is not known */
	uint32_t times_set;      /* how often the shim had told that a program sets times by descriptor */
	bool maps;               /* a file was opened so that it can be mapped for writing */
	bool off;                /* nothing can be stamped */
	bool ended;              /* no look comes any more */
	struct holders holders;
	int64_t due_ns;          /* when the next look is made; 0: not before another write */
	int64_t distance_ns;     /* from the last look to this one */
	int64_t earliest_ns;     /* no look before, so that looks take only their share of the time */
	timer_t timer;           /* ends the thread's wait when a look is due ... */
	bool has_timer;          /* ... if there is one */
};

/* Makes the first room, before the listening thread starts. */
bool stamps_init(struct stamps *stamps);
void stamps_free(struct stamps *stamps);

/* All that follows is the listening thread's. */

/* Notes that a thread has made a call. */
void stamps_called(struct stamps *stamps, uint32_t tid);
/* Notes that its newest call may change a file, and may not be over. */
void stamps_changing(struct stamps *stamps, uint32_t tid, int number);

/* Notes a call that may change the file of this name. `content`: it may leave a file there. */
void stamps_wrote(struct watch *w, const char *path, size_t length, bool content);
/* Notes one that may change any file. */
void stamps_blind(struct stamps *stamps);

/* Is a look due? */
bool stamps_due(const struct stamps *stamps);
/* Milliseconds until a look is due; -1: none is. */
int stamps_wait_ms(const struct stamps *stamps);
void stamps_look(struct watch *w);
/* No look comes any more; the stamps stay. */
void stamps_end(struct stamps *stamps);

/* After the end: the state at a path now. False: no regular file with one name is there. */
bool stamps_state(struct watch *w, const char *path, struct stamp_state *ret);
bool stamp_states_agree(const struct stamp_state *a, const struct stamp_state *b);
/* Is it a stamp that no later call of the same name, or of no name, has made void? */
bool stamps_holds(struct watch *w, const struct stamp *stamp);
#endif
