/* Shared by ledger.c and ledger_file.c alone. */
#ifndef EFFECT_LEDGER_INSIDE_H
#define EFFECT_LEDGER_INSIDE_H

#include <pthread.h>

#include "base/map.h"
#include "effect/ledger.h"

enum {
	LEDGER_RUNS = 32,          /* runs of its step that neither left nor carried the path, after which a line goes */
	LEDGER_RENEW = 8           /* runs after which a line that is carried is written anew */
};

struct line {
	const char *at;            /* the path and, behind it, the state; in the ledger's memory, or in the file's text */
	uint64_t clock;            /* struct left's */
	ledger_who step, maker;    /* struct left's; step 0: the line was dropped */
	uint32_t run;              /* number of the last run of its step that left or carried the path */
	uint32_t next, before;     /* of the same task: numbers of lines from 1; 0: none */
	uint16_t path_size, state_size;
};

struct who {
	struct ledger_step name;
	uint32_t task;             /* index into tasks */
	uint32_t runs;             /* runs that changed a path */
	uint32_t piece;            /* its number in the piece being written; 0: none yet */
};

struct ledger {
	pthread_rwlock_t lock;     /* guards all below */
	int dir;                   /* the file's folder; borrowed */
	char *file;                /* its name there */
	struct arena *arena;
	struct line *lines;        /* oldest first */
	bool *dirty;               /* of each line: the file lacks it; NULL: it lacks none */
	uint32_t lines_n, lines_room;
	uint32_t *slots;           /* hash table of paths: numbers of lines from 1; 0: free */
	uint32_t slots_n;          /* a power of two, or 0 */
	struct map folders;        /* every folder above a line */
	struct bytes folder;       /* of the newest line */
	struct map whos;           /* struct ledger_step -> number */
	struct map tasks;          /* digest -> index + 1 */
	struct who *who;           /* from 1 */
	uint32_t *of;              /* by task: the number of its first line, or 0 */
	uint32_t who_n, who_room, tasks_n, tasks_room;
	uint64_t clock, file_clock;
	uint64_t read_to;          /* bytes of the file that were read */
	uint64_t used;             /* bytes that the present lines would take */
	bool loaded, torn;
	bool told;                 /* the file has a clock of this run */
};

static inline struct bytes line_path(const struct line *line)
{
	return (struct bytes){ line->at, line->path_size };
}

static inline bool line_is_dirty(const struct ledger *l, uint32_t i)
{
	return l->dirty && l->dirty[i];
}

/* ledger.c. The caller holds the lock. */
struct left line_left(const struct line *line);
ledger_who ledger_number(struct ledger *l, const struct ledger_step *step);
/* The number of the path's line, from 1, also of a dropped one; 0: there is none. */
uint32_t ledger_find(const struct ledger *l, struct bytes path);
/* Makes room for more lines. */
void ledger_reserve(struct ledger *l, uint32_t more);
/* Sets the line of a path; `at` is kept. Returns its number, from 1. */
uint32_t ledger_set(struct ledger *l, const struct left *left, const char *at, uint32_t run);
void ledger_drop(struct ledger *l, uint32_t number);
void ledger_mark(struct ledger *l, uint32_t number);      /* dirty */

/* ledger_file.c. The same. */
void ledger_save(struct ledger *l);                        /* adds to the file what it lacks */
size_t ledger_line_size(const struct left *left);          /* bytes in the file */
#endif
