/* log: the memory in which programs with the shim write what they look at, read and change,
 * from the tracer's side. shim-log.h says how it is laid out. Used by the listening thread. */
#ifndef TRACE_LOG_H
#define TRACE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim-log.h"

struct log {
	const char *root;        /* the workspace; lent */
	uint64_t gate;           /* where the filter lets calls through; 0: nowhere, and there is no log */
	int fd;                  /* -1: no program has asked for it yet */
	struct shim_log *shared;
	uint64_t tail;           /* the tracer's copy of the shared tail, which programs may overwrite */
	uint64_t records;        /* number of records that were read */
	bool closed;
	bool damaged;            /* a program has written what the shim never writes */
	bool noted[SHIM_CELLS];  /* the record that begins in this cell has been read */
};

/* Chooses where the gate is. `root`: of the workspace; lent. */
void log_init(struct log *log, const char *root, bool wanted);
void log_free(struct log *log);

/* Is the log asked for by opening this path? */
bool log_is_asked(const char *path, size_t length);

/* Answers the call `id` of the listener with a descriptor of the log. False: the call has no answer yet. */
bool log_offer(struct log *log, int listener, uint64_t id);

/* How many interruptions the shim has told of. */
uint32_t log_interruptions(const struct log *log);

/* How often the shim has told that a program sets times by a descriptor. */
uint32_t log_times_set(const struct log *log);

/* Is everything read, and every call over that programs have written down? */
bool log_is_read(const struct log *log);

/* Tells programs to write nothing more. */
void log_close(struct log *log);

/* Calls `each` for the records that were not read yet, in order. `path`, `other`: ended by NUL.
 * `result`: SHIM_WORKED, SHIM_ABSENT, SHIM_FAILED, or SHIM_UNKNOWN: the call is not over. */
typedef bool log_each(void *ctx, const struct shim_record *record, const char *path, const char *other, uint32_t result);
void log_read(struct log *log, log_each *each, void *ctx);
#endif
