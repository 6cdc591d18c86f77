/* mac: the state of a variable. Values are never stored: a state is BLAKE2b-256 over name, NUL and
 * value, keyed with 32 random bytes of the cache or with the team's key. Its last four bytes are the key's
 * name instead: states of two keys say nothing about whether the value changed. */
#ifndef FACT_MAC_H
#define FACT_MAC_H

#include <stdbool.h>

#include "base/digest.h"
#include "base/mem.h"

enum { MAC_NAME_SIZE = 4 };            /* bytes of a key's name */

struct mac {
	uint8_t key[DIGEST_KEY_SIZE];
	uint8_t name[MAC_NAME_SIZE];   /* a MAC under the key itself: tells nothing of it */
};

void mac_use(struct mac *m, const uint8_t key[DIGEST_KEY_SIZE]);
/* Are both states of variables, made with different keys? */
bool mac_keys_differ(struct bytes a, struct bytes b);

/* Reads the key file `name` (mode 0600) in the folder `dir`, or makes it of `first` (NULL: of random bytes); of two processes that make it at once the
 * first wins. Replaces what is no key: a file of another size, a link, a pipe. -1 with errno. */
int mac_load(int dir, const char *name, const struct mac *first, struct mac *ret);
void mac_value(const struct mac *m, const char *name, size_t size, const char *value, struct digest *ret);
#endif
