/* digest: names bytes by their content with SHA-256, from nettle; keyed digests (MACs) are BLAKE2b-256 (RFC 7693), from
 * libsodium. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>

#include "base/mem.h"

enum { DIGEST_SIZE = 32, DIGEST_KEY_SIZE = 32, DIGEST_HEX_SIZE = 2 * DIGEST_SIZE + 1 };

struct digest {
	uint8_t byte[DIGEST_SIZE];
};

/* A digest under way; may be copied. */
struct digest_state {
	_Alignas(64) unsigned char opaque[384];        /* the library's own */
	bool keyed;                                    /* a MAC */
};

int digest_init(void);                                            /* once, in main, before threads; -1: no randomness */
void digest_begin(struct digest_state *s, const uint8_t *key);    /* key: DIGEST_KEY_SIZE bytes, or NULL */
void digest_add(struct digest_state *s, const void *data, size_t size);
void digest_end(struct digest_state *s, struct digest *ret);
void digest_of(const void *data, size_t size, struct digest *ret);
int digest_equal(const struct digest *a, const struct digest *b);
int digest_same(const uint8_t *a, const uint8_t *b);               /* of two MACs, in a time that tells nothing of where they differ */
void digest_hex(const struct digest *d, char ret[DIGEST_HEX_SIZE]);
int digest_unhex(const char *hex, struct digest *ret);             /* -1: not 64 hexadecimal digits */
void digest_random(void *ret, size_t size);                       /* unpredictable bytes */
#endif
