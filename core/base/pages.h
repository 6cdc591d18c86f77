/* What mem.c and pages.c share. Nobody else includes it. */
#ifndef BASE_PAGES_H
#define BASE_PAGES_H

#include <stdbool.h>

_Noreturn void out_of_memory(void);
bool pages_stay(void);         /* mem_ends was called: nothing is given back */
#endif
