/* size: writes numbers of bytes such as "1.5 GiB". */
#ifndef STORE_LOCAL_SIZE_H
#define STORE_LOCAL_SIZE_H

#include <stdint.h>

enum { SIZE_TEXT = 32 };

const char *size_write(uint64_t n, char ret[SIZE_TEXT]);       /* returns ret */
#endif
