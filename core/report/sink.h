/* sink: a file for a report of the run, named on the command line. Opened before the first
 * task starts, so that a place which cannot be written to ends vt at once. */
#ifndef REPORT_SINK_H
#define REPORT_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct sink;

/* `path`: relative to `cwd`, or absolute. Empties a file, unless `append`; a pipe or a device is only
 * opened. A named pipe must have its reader. */
int sink_open(const char *cwd, const char *path, bool append, struct sink **ret, struct err *err);
const char *sink_path(const struct sink *s);               /* absolute */
bool sink_is_file(const struct sink *s);
/* Waits for a slow reader for a few seconds at most; then, and after an error, nothing more is written. */
void sink_write(struct sink *s, const void *data, size_t size);
/* Closes and frees; NULL is fine. -1: err: a part was not written. */
int sink_close(struct sink *s, struct err *err);
#endif
