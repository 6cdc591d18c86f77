#include "config.h"

#include "base/digest.h"

#include <sodium.h>
#include <string.h>

_Static_assert(sizeof(crypto_generichash_state) <= sizeof(struct digest_state), "room for libsodium's state");

int digest_init(void)
{
	return sodium_init() < 0 ? -1 : 0;
}

static crypto_generichash_state *state_of(struct digest_state *s)
{
	return (crypto_generichash_state *)(void *)s->opaque;
}

void digest_begin(struct digest_state *s, const uint8_t *key)
{
	crypto_generichash_init(state_of(s), key, key ? DIGEST_KEY_SIZE : 0, DIGEST_SIZE);
}

void digest_add(struct digest_state *s, const void *data, size_t size)
{
	crypto_generichash_update(state_of(s), data, size);
}

void digest_end(struct digest_state *s, struct digest *ret)
{
	crypto_generichash_final(state_of(s), ret->byte, DIGEST_SIZE);
}

void digest_of(const void *data, size_t size, struct digest *ret)
{
	crypto_generichash(ret->byte, DIGEST_SIZE, data, size, NULL, 0);
}

int digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->byte, b->byte, DIGEST_SIZE) == 0;
}

void digest_hex(const struct digest *d, char ret[DIGEST_HEX_SIZE])
{
	sodium_bin2hex(ret, DIGEST_HEX_SIZE, d->byte, DIGEST_SIZE);
}

void digest_sha256(const void *data, size_t size, struct digest *ret)
{
	crypto_hash_sha256(ret->byte, data, size);
}

int digest_unhex(const char *hex, struct digest *ret)
{
	struct digest d;
	size_t n;

	if (sodium_hex2bin(d.byte, sizeof d.byte, hex, strlen(hex), NULL, &n, NULL) || n != sizeof d.byte)
		return -1;
	*ret = d;
	return 0;
}

void digest_random(void *ret, size_t size)
{
	randombytes_buf(ret, size);
}
