#include "config.h"

#include "base/sign.h"

#include <sodium.h>

_Static_assert(SIGN_SECRET_SIZE == crypto_sign_SEEDBYTES, "a secret is libsodium's seed");
_Static_assert(SIGN_PUBLIC_SIZE == crypto_sign_PUBLICKEYBYTES, "public keys have one size");
_Static_assert(SIGN_SIZE == crypto_sign_BYTES, "signatures have one size");

void sign_public(const uint8_t secret[SIGN_SECRET_SIZE], uint8_t ret[SIGN_PUBLIC_SIZE])
{
	uint8_t whole[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(ret, whole, secret);
	sodium_memzero(whole, sizeof whole);
}

void sign_make(const uint8_t secret[SIGN_SECRET_SIZE], struct bytes text, uint8_t ret[SIGN_SIZE])
{
	uint8_t whole[crypto_sign_SECRETKEYBYTES], public[SIGN_PUBLIC_SIZE];

	crypto_sign_seed_keypair(public, whole, secret);
	crypto_sign_detached(ret, NULL, text.data, text.size, whole);
	sodium_memzero(whole, sizeof whole);
}

bool sign_is_good(const uint8_t public[SIGN_PUBLIC_SIZE], struct bytes text, const uint8_t signature[SIGN_SIZE])
{
	return crypto_sign_verify_detached(signature, text.data, text.size, public) == 0;
}
