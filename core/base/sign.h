/* sign: signatures (Ed25519), from libsodium. A secret is 32 random bytes; the public key follows from it. */
#ifndef BASE_SIGN_H
#define BASE_SIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

enum { SIGN_SECRET_SIZE = 32, SIGN_PUBLIC_SIZE = 32, SIGN_SIZE = 64 };

void sign_public(const uint8_t secret[SIGN_SECRET_SIZE], uint8_t ret[SIGN_PUBLIC_SIZE]);
void sign_make(const uint8_t secret[SIGN_SECRET_SIZE], struct bytes text, uint8_t ret[SIGN_SIZE]);
bool sign_is_good(const uint8_t public[SIGN_PUBLIC_SIZE], struct bytes text, const uint8_t signature[SIGN_SIZE]);
#endif
