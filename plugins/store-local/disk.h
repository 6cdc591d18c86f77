/* disk: the one that a folder is on: how large it is, and what is left of it. */
#ifndef STORE_LOCAL_DISK_H
#define STORE_LOCAL_DISK_H

#include <stdint.h>

struct disk {
	uint64_t size, available;      /* bytes; available: to everybody, not to root alone */
};

/* -1: it does not tell, or takes nothing at all. */
int disk_ask(int dir, struct disk *ret);
/* What of `want` bytes would have to be made room for. 0 also if the disk does not tell. */
uint64_t disk_missing(int dir, uint64_t want);
/* a + b; a * b; or the largest number there is. */
uint64_t disk_sum(uint64_t a, uint64_t b);
uint64_t disk_product(uint64_t a, uint64_t b);
#endif
