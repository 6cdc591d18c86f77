/* What mem.c and pages.c share. Nobody else includes it. */
#ifndef BASE_PAGES_H
#define BASE_PAGES_H

#include <stdbool.h>
#include <stddef.h>

_Noreturn void out_of_memory(void);
/* Which of the `n` sizes least, 2 * least, 4 * least, ... it is; -1: none. */
int size_number(size_t size, size_t least, int n);
bool pages_stay(void);         /* mem_ends was called: nothing is given back */
#endif
