/* A fuzz target is one function, as libFuzzer calls it. Each is linked with
 * driver.c for `make check` (seeds and a bounded number of changed ones, with any
 * compiler), and with libFuzzer for `make fuzz`. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A condition that must hold for every input; works with NDEBUG too. */
#define must(what) do { if (!(what)) { fprintf(stderr, "# %s:%d: %s does not hold\n", __FILE__, __LINE__, #what); abort(); } } while (0)
#endif
