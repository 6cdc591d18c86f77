/* shim-log: the memory that the tracer shares with programs that run with the shim. They write
 * down what they look at, read and change; the tracer reads it before it answers any other call.
 *
 *   page 0     struct shim_log
 *   page 1     the gate: the instructions that a call is made with, to be mapped where
 *              the filter lets calls go on without asking
 *   states     of each cell
 *   cells      records; one takes a row of cells, around the end if need be
 *
 *   head - tail: cells in use.  A record's life, in the state of its first cell:
 *
 *     0 ------------> ASKED ------------> DONE ------------> 0
 *       the path is         the call is         the tracer has noted it,
 *       written; the        over; how it        and moves the tail
 *       call comes next     went is known
 *
 * A record is ASKED before its call is made. So the tracer reads the record before it lets
 * a later change happen. A call for which there is no room, whose path cannot be told, or that finds the log
 * closed, asks the tracer.
 *
 * Nothing here is trusted: the tracer bounds all it reads. */
#ifndef TRACE_SHIM_LOG_H
#define TRACE_SHIM_LOG_H

#include <stdint.h>

#define SHIM_LOG_MAGIC 0x346d696873747600u   /* changes with every change below */

/* Opening this path asks the tracer for the log; without a tracer it does not exist. */
#define SHIM_LOG_PATH "/dev/null/vt-shim-log"

enum {
	SHIM_PAGE = 4096,
	SHIM_CELL = 64,                      /* bytes */
	SHIM_CELLS = 2048,                   /* a power of two */
	SHIM_RECORD_CELLS = 16,              /* the most that one record takes */
	SHIM_STATES_AT = 2 * SHIM_PAGE,      /* offsets, bytes */
	SHIM_CELLS_AT = SHIM_STATES_AT + SHIM_CELLS * 4,
	SHIM_LOG_SIZE = SHIM_CELLS_AT + SHIM_CELLS * SHIM_CELL,
	SHIM_HEAD = 16,                      /* bytes of a record before its path */
	SHIM_PATH_MAX = SHIM_RECORD_CELLS * SHIM_CELL - SHIM_HEAD,   /* of both paths */
	SHIM_ROOT_MAX = 3072,                /* a longer root of the workspace: no gate */
};

/* A state: how far, what came of the call, and how many cells. */
enum { SHIM_FREE, SHIM_ASKED, SHIM_DONE, SHIM_STAGE = 3 };
enum { SHIM_WORKED = 0, SHIM_ABSENT = 1 << 4, SHIM_FAILED = 2 << 4, SHIM_RESULT = 3 << 4 };
enum { SHIM_UNKNOWN = 3 << 4 };              /* the tracer's: the call is not over */
#define SHIM_STATE(stage, result, cells) ((uint32_t)(stage) | (uint32_t)(result) | (uint32_t)(cells) << 8)
#define SHIM_STATE_CELLS(state) ((state) >> 8)

struct shim_log {
	uint64_t magic;
	uint64_t gate;                       /* the address of the gate's page in a program */
	uint32_t closed;                     /* not 0: no record is written any more */
	uint32_t interrupted;                /* calls that waited for the tracer, were interrupted, and were made again */
	uint32_t times_set;                  /* counts calls that set times by a descriptor, before and after each */
	uint32_t unused[9];
	uint64_t head;                       /* cells that were ever taken; in a line of its own */
	uint64_t unused_too[7];
	uint64_t tail;                       /* cells that are free again; the tracer's */
	uint32_t root_length;
	char root[SHIM_ROOT_MAX];            /* the workspace, ended by NUL */
};

/* The state of a path before the call, and whether it must be told. */
enum {
	SHIM_BEFORE_NOT_TOLD,                /* the call only reads it, or it is outside the workspace */
	SHIM_BEFORE_ABSENT,                  /* nothing was there: to be told */
	SHIM_BEFORE_FOLDER,                  /* a folder was there: to be told */
	SHIM_BEFORE_TOLD_ABSENT,             /* nothing was there, and ... */
	SHIM_BEFORE_TOLD_THERE,              /* something was there; what came first was told already */
	SHIM_BEFORE_THERE,                   /* something was there, so the call changes nothing */
	SHIM_BEFORE_END,
};

struct shim_record {
	uint32_t process;                    /* of execve: the thread */
	uint16_t number;                     /* of the system call */
	uint16_t length;                     /* of the path, absolute, without NUL */
	uint32_t extra;                      /* the call's flags */
	uint16_t other_length;               /* of the second path, or of the text of a link; it follows the first */
	uint8_t before[2];                   /* of each path: SHIM_BEFORE_* */
};

/* endbr64; syscall; ret. The kernel tells the filter the address behind the instruction. */
#define SHIM_GATE_CODE "\xf3\x0f\x1e\xfa\x0f\x05\xc3"
enum { SHIM_GATE_BEHIND = 6 };
#endif
