/* gate: makes calls without asking the tracer, and writes them down for it (shim-log.h).
 *
 * Takes no lock and no memory; may be used in signal handlers and between vfork and exec. */
#ifndef TRACE_SHIM_GATE_H
#define TRACE_SHIM_GATE_H

#include <stdint.h>

struct shim_log;

enum { GATE_KNOWN = 8192 };              /* hashes in `known`; a power of two */

/* ---- gate.c ---- */

/* Allows the gate: the functions that it stands in for are the C library's own. Called before main. */
void gate_allow(void);

/* Makes all calls ask the tracer from now on: this program may see other files under the same names. */
void gate_leave(void);

/* Tells the tracer that a call which waited for it was interrupted, and is made again now. */
void gate_tell_interruption(void);

/* Has this program opened the gate? */
int gate_is_open(void);

/* The log, for a call by the gate; NULL: the call must ask the tracer. `ret_known`: hashes of the records of this
 * process. */
struct shim_log *gate_log(uint64_t **ret_known);

/* The number of this process, or, between vfork and exec, of the one that has its memory. The gate is open. */
uint32_t gate_process(void);

/* Makes a call by the open gate. */
long gate_make(long number, long a, long b, long c, long d, long e);

/* ---- record.c: each returns 0 if the call was not made and must ask the tracer; `ret`: the kernel's answer ---- */

/* A call that only looks or reads. `at`: the first argument is a folder's descriptor,
 * the second the path; else the path comes first. `extra`: the call's flags. */
int gate_call(long *ret, long number, int at, unsigned extra, long a, long b, long c, long d, long e);

/* Is the path no pipe or device, so that opening it never waits? Also answered without an open gate. */
int gate_opens_at_once(int dir, const char *path);

/* Is the path a folder, and no link to one? Writes no record; 0 where the gate is not open. */
int gate_is_folder(const char *path);

/* A call that changes what its path names. */
enum {
	GATE_CHANGES = 1,                /* the call changes this path; without it the path is only read */
	GATE_MAKES = 2,                  /* the call fails, and changes nothing, if the path exists */
	GATE_FOLLOWS = 4,                /* a link at the end is followed */
	GATE_FOLDER = 8,                 /* the path may be a folder */
	GATE_OPENS = 16,
};
struct gate_path {
	int dir;
	const char *path;                /* NULL: there is no second one */
	unsigned how;                    /* GATE_* */
};
struct gate_change {
	long number;                     /* of the system call */
	unsigned extra;                  /* its flags */
	struct gate_path path[2];
	const char *target;              /* of the link that is made; NULL: it makes none. Then there is one path */
	long args[5];
};
int gate_change(long *ret, const struct gate_change *change);

/* Starts a program. Returns only if that failed, or was not tried: 0. */
int gate_execute(long *ret, const char *path, char *const *argv, char *const *env);

/* Sets the times of an open file, as utimensat does, and counts the call. */
int gate_set_times(long *ret, int fd, const void *times);
#endif
