/* reader: many small files, read by two: the owner takes them from the first on, and
 * a thread reads them meanwhile from the last to the first. Where they meet, each has
 * read what it had time for; nobody waits but for one file at most. */
#ifndef OS_READER_H
#define OS_READER_H

#include "base/err.h"
#include "base/mem.h"

struct reader;

struct reader_setup {
	const char *const *paths;      /* n of them, borrowed until reader_free */
	uint32_t n;
	size_t max;                    /* bytes of one file, as in file_read */
	/* [the thread] What the owner wants of a text, or NULL: then it gets the text. NULL: it always does. */
	void *(*make)(void *ctx, uint32_t i, struct bytes text);
	void *ctx;
};

struct reader *reader_start(const struct reader_setup *setup);
/* file_read(paths[i], max, a, ret, err); each only once. The bytes live as long as both `a`
 * and the reader. Or, 0 and not NULL, *ret_made: then there are no bytes. */
int reader_take(struct reader *r, uint32_t i, struct arena *a, struct bytes *ret, void **ret_made, struct err *err);
void reader_free(struct reader *r);            /* NULL is fine */
#endif
