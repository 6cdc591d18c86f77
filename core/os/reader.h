/* reader: many small files, read by two: the owner takes them from the first on, and
 * a thread reads them meanwhile from the last to the first. Where they meet, each has
 * read what it had time for; nobody waits but for one file at most. */
#ifndef OS_READER_H
#define OS_READER_H

#include "base/err.h"
#include "base/mem.h"

struct reader;

/* `paths`: n of them, borrowed until reader_free. `max`: bytes of one file, as in file_read. */
struct reader *reader_start(const char *const *paths, uint32_t n, size_t max);
/* file_read(paths[i], max, a, ret, err); each only once. The bytes live as long as both `a`
 * and the reader. */
int reader_take(struct reader *r, uint32_t i, struct arena *a, struct bytes *ret, struct err *err);
void reader_free(struct reader *r);            /* NULL is fine */
#endif
