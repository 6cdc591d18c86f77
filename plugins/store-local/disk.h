/* disk: how large the disk below a folder is, and how much of it is free. */
#ifndef STORE_LOCAL_DISK_H
#define STORE_LOCAL_DISK_H

#include <stdint.h>

struct disk {
	uint64_t size, available;      /* bytes; available: what a user without privileges can still write */
};

/* -1: the file system has no figures, or is read-only. */
int disk_ask(int dir, struct disk *ret);
/* How many of `want` bytes are not available. 0 also where the disk has no figures. */
uint64_t disk_missing(int dir, uint64_t want);
/* a + b, and a * b; UINT64_MAX if that is too large. */
uint64_t disk_sum(uint64_t a, uint64_t b);
uint64_t disk_product(uint64_t a, uint64_t b);
#endif
