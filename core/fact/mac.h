/* mac: what stands for the value of a variable. Values are never stored: a state
 * is BLAKE2b-256, keyed with the cache's own 32 random bytes, over name, NUL, value. */
#ifndef FACT_MAC_H
#define FACT_MAC_H

#include "base/digest.h"
#include "base/err.h"

struct mac {
	uint8_t key[DIGEST_KEY_SIZE];
};

/* Reads the key file (0600), or makes it; of two that make it at once the first wins. */
int mac_load(const char *file, struct mac *ret, struct err *err);
void mac_value(const struct mac *m, const char *name, size_t size, const char *value, struct digest *ret);
#endif
