/* mac: the state of a variable. Values are never stored: a state is BLAKE2b-256 over name, NUL and
 * value, keyed with 32 random bytes of the cache. */
#ifndef FACT_MAC_H
#define FACT_MAC_H

#include "base/digest.h"

struct mac {
	uint8_t key[DIGEST_KEY_SIZE];
};

/* Reads the key file `name` (mode 0600) in the folder `dir`, or makes it of `first` (NULL: of random bytes); of two processes that make it at once the
 * first wins. Replaces what is no key: a file of another size, a link, a pipe. -1 with errno. */
int mac_load(int dir, const char *name, const struct mac *first, struct mac *ret);
void mac_value(const struct mac *m, const char *name, size_t size, const char *value, struct digest *ret);
#endif
