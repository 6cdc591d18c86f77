/* size: numbers of bytes as people write them. */
#ifndef STORE_LOCAL_SIZE_H
#define STORE_LOCAL_SIZE_H

#include <stdbool.h>
#include <stdint.h>

enum { SIZE_TEXT = 32 };

bool size_read(const char *text, uint64_t *ret);               /* "1.5 GiB", at most 1e18; false: it is none */
const char *size_write(uint64_t n, char ret[SIZE_TEXT]);       /* ret: "1.5 GiB" */
#endif
