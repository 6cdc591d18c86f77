#include "config.h"

#include "base/digest.h"

#include <nettle/sha2.h>
#include <nettle/version.h>
#include <sodium.h>
#include <string.h>

_Static_assert(sizeof(crypto_generichash_state) <= sizeof(((struct digest_state *)0)->opaque), "room for libsodium's state");
_Static_assert(sizeof(struct sha256_ctx) <= sizeof(((struct digest_state *)0)->opaque), "room for nettle's state");

int digest_init(void)
{
	return sodium_init() < 0 ? -1 : 0;
}

static crypto_generichash_state *mac_of(struct digest_state *s)
{
	return (crypto_generichash_state *)(void *)s->opaque;
}

static struct sha256_ctx *sha_of(struct digest_state *s)
{
	return (struct sha256_ctx *)(void *)s->opaque;
}

void digest_begin(struct digest_state *s, const uint8_t *key)
{
	s->keyed = key != NULL;
	if (key)
		crypto_generichash_init(mac_of(s), key, DIGEST_KEY_SIZE, DIGEST_SIZE);
	else
		sha256_init(sha_of(s));
}

void digest_add(struct digest_state *s, const void *data, size_t size)
{
	if (s->keyed)
		crypto_generichash_update(mac_of(s), data, size);
	else
		sha256_update(sha_of(s), size, data);
}

void digest_end(struct digest_state *s, struct digest *ret)
{
	if (s->keyed)
		crypto_generichash_final(mac_of(s), ret->byte, DIGEST_SIZE);
	else
#if NETTLE_VERSION_MAJOR >= 4
		sha256_digest(sha_of(s), ret->byte);
#else
		sha256_digest(sha_of(s), DIGEST_SIZE, ret->byte);
#endif
}

void digest_of(const void *data, size_t size, struct digest *ret)
{
	struct digest_state s;

	digest_begin(&s, NULL);
	digest_add(&s, data, size);
	digest_end(&s, ret);
}

int digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->byte, b->byte, DIGEST_SIZE) == 0;
}

int digest_same(const uint8_t *a, const uint8_t *b)
{
	return sodium_memcmp(a, b, DIGEST_SIZE) == 0;
}

void digest_hex(const struct digest *d, char ret[DIGEST_HEX_SIZE])
{
	sodium_bin2hex(ret, DIGEST_HEX_SIZE, d->byte, DIGEST_SIZE);
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
