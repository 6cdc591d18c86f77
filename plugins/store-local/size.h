/* size: reads and writes numbers of bytes such as "1.5 GiB". */
#ifndef STORE_LOCAL_SIZE_H
#define STORE_LOCAL_SIZE_H

#include <stdbool.h>
#include <stdint.h>

enum { SIZE_TEXT = 32 };

bool size_read(const char *text, uint64_t *ret);               /* at most 1e18; false: the text is no size */
const char *size_write(uint64_t n, char ret[SIZE_TEXT]);       /* returns ret */
#endif
