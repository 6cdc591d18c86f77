/* far: results that leave the machine. Uses base, os, choose, plug, fact, record, vt-plugin.h.
 *
 * key: which machines may share results. Three ways, and the proof that each gives of a result:
 *
 *     keyed   one secret for the team. Names are MACs under it and results are sealed by it: without it
 *             nothing can be found, guessed or forged. States of variables agree on all machines.
 *     open    results are signed; readers name the public keys that they trust. Every machine may read.
 *     neither nothing is proven: results are taken only from a store for which the user says `unsealed`.
 *
 * The secrets are the user's: `sharing` in the user's configuration, or VT_TEAM_KEY and VT_SIGN_KEY. */
#ifndef FAR_KEY_H
#define FAR_KEY_H

#include <stdbool.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/sign.h"

struct cJSON;
struct env;

enum { FAR_TRUST_MAX = 16 };

struct far_keys {
	bool keyed;                    /* the user has a team key; the next three are derived from it */
	uint8_t state[DIGEST_KEY_SIZE];        /* makes the states of variables, in place of the cache's own key */
	uint8_t names[DIGEST_KEY_SIZE];
	uint8_t seals[DIGEST_KEY_SIZE];
	bool signs;                    /* secret is set */
	uint8_t secret[SIGN_SECRET_SIZE];
	uint8_t trust[FAR_TRUST_MAX][SIGN_PUBLIC_SIZE];        /* the public keys that are trusted, besides the own one */
	uint32_t trust_n;
};

/* Reads `sharing` of the user's configuration (NULL: there is none) and the environment, which wins. -1: a value is
 * wrong; err never shows it. */
int far_keys_read(const struct env *env, const struct cJSON *sharing, struct far_keys *ret, struct err *err);
/* The keys for the worktrees of one repository, which share with each other alone: their states are made with `key` itself. */
void far_keys_of_worktrees(const uint8_t key[DIGEST_KEY_SIZE], struct far_keys *ret);

/* A name in far stores: a MAC, or a SHA-256, over a domain and fields. */
void far_name(const struct far_keys *k, const char *domain, const struct bytes *fields, uint32_t n, struct digest *ret);

/* A proof that the fields belong together. */
enum proof_kind { PROOF_NONE, PROOF_SEAL, PROOF_SIGNATURE };
enum { PROOF_MAX = SIGN_PUBLIC_SIZE + SIGN_SIZE };
struct proof {
	uint8_t kind;                  /* enum proof_kind */
	uint8_t size;                  /* size of bytes */
	uint8_t bytes[PROOF_MAX];      /* a seal; or a public key and its signature */
};
void proof_make(const struct far_keys *k, const char *domain, const struct bytes *fields, uint32_t n, struct proof *ret);
/* Do these keys accept the proof? `unsealed`: none is needed. */
bool proof_is_good(const struct far_keys *k, bool unsealed, const char *domain, const struct bytes *fields, uint32_t n, const struct proof *p);
#endif
