/* checksum: finds torn writes and rotten bits in vt's own files; it does not stop an attacker.
 * XXH3-64, ten times as fast as a digest. `seed` chains several pieces. */
#ifndef BASE_CHECKSUM_H
#define BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

uint64_t checksum(const void *data, size_t size, uint64_t seed);
/* The name that a tracer gives to a file's content (VT_SEEN_BEFORE): XXH3-128, canonical, of what the descriptor has
 * from its place on. -1 with errno: it cannot be read. */
int checksum_content(int fd, unsigned char ret[16]);
#endif
