#include "config.h"

#include "far/key.h"

#include <string.h>

#include "base/buf.h"
#include "base/env.h"
#include "text/json.h"

enum { SIGNED_MAX = 1 << 16 };         /* bytes of a text that is signed */

static void derive(const uint8_t team[DIGEST_KEY_SIZE], const char *what, uint8_t ret[DIGEST_KEY_SIZE])
{
	struct digest_state s;
	struct digest d;

	digest_begin(&s, team);
	digest_add(&s, what, strlen(what) + 1);
	digest_end(&s, &d);
	memcpy(ret, d.byte, sizeof d.byte);
}

static int take_hex(const char *name, const char *text, uint8_t ret[32], struct err *err)
{
	struct digest d;

	if (digest_unhex(text, &d) < 0)
		return err_set(err, ERR_USER, "%s must be 64 hexadecimal digits; `vt cache key new` makes some", name);
	memcpy(ret, d.byte, sizeof d.byte);
	return 0;
}

/* Reads a secret from the environment or the configuration. 1: there is none. */
static int secret(const struct env *env, const char *variable, const cJSON *sharing, const char *key, uint8_t ret[32], struct err *err)
{
	const char *word = env_get(env, variable);
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(sharing, key);
	char name[64] = "sharing.";

	if (word && word[0])
		return take_hex(variable, word, ret, err);
	if (!item)
		return 1;
	strncat(name, key, sizeof name - strlen(name) - 1);
	if (!cJSON_IsString(item))
		return err_set(err, ERR_USER, "`%s` in the user's configuration must be a text; found %s", name, json_kind(item));
	return take_hex(name, item->valuestring, ret, err);
}

static int read_trust(const cJSON *sharing, struct far_keys *k, struct err *err)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(sharing, "trust"), *item;

	if (list && !cJSON_IsArray(list))
		return err_set(err, ERR_USER, "`sharing.trust` in the user's configuration must be a list of public keys; found %s", json_kind(list));
	cJSON_ArrayForEach(item, list) {
		if (k->trust_n == FAR_TRUST_MAX)
			return err_set(err, ERR_USER, "`sharing.trust` in the user's configuration has more than %d keys", FAR_TRUST_MAX);
		if (!cJSON_IsString(item) || take_hex("sharing.trust", item->valuestring, k->trust[k->trust_n++], err) < 0)
			return err_set(err, ERR_USER, "`sharing.trust` in the user's configuration must hold public keys of 64 hexadecimal digits; `vt cache key show-public` tells one");
	}
	return 0;
}

static int check_keys(const cJSON *sharing, struct err *err)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, sharing)
		if (strcmp(item->string, "key") != 0 && strcmp(item->string, "sign") != 0 && strcmp(item->string, "trust") != 0)
			return err_set(err, ERR_USER, "unknown key `sharing.%s` in the user's configuration; known are key, sign, trust", item->string);
	return 0;
}

int far_keys_read(const struct env *env, const cJSON *sharing, struct far_keys *ret, struct err *err)
{
	uint8_t team[DIGEST_KEY_SIZE];
	int r;

	*ret = (struct far_keys){ 0 };
	if (check_keys(sharing, err) < 0 || read_trust(sharing, ret, err) < 0)
		return -1;
	r = secret(env, "VT_SIGN_KEY", sharing, "sign", ret->secret, err);
	ret->signs = r == 0;
	if (r < 0)
		return -1;
	if (ret->signs && ret->trust_n < FAR_TRUST_MAX)
		sign_public(ret->secret, ret->trust[ret->trust_n++]);
	r = secret(env, "VT_TEAM_KEY", sharing, "key", team, err);
	if (r < 0)
		return -1;
	ret->keyed = r == 0;
	if (ret->keyed) {
		derive(team, "vt states 1", ret->state);
		derive(team, "vt names 1", ret->names);
		derive(team, "vt seals 1", ret->seals);
		memset(team, 0, sizeof team);
	}
	return 0;
}

void far_keys_of_worktrees(const uint8_t key[DIGEST_KEY_SIZE], struct far_keys *ret)
{
	*ret = (struct far_keys){ .keyed = true };
	memcpy(ret->state, key, sizeof ret->state);
	derive(key, "vt names 1", ret->names);
	derive(key, "vt seals 1", ret->seals);
}

/* The domain and each field, each with its length before it. */
static void join(struct buf *b, const char *domain, const struct bytes *fields, uint32_t n)
{
	uint32_t i;

	buf_init(b, SIGNED_MAX);
	buf_sized(b, (struct bytes){ domain, strlen(domain) });
	for (i = 0; i < n; i++)
		buf_sized(b, fields[i]);
}

static void digest_joined(const uint8_t *key, const struct buf *b, struct digest *ret)
{
	struct digest_state s;

	digest_begin(&s, key);
	digest_add(&s, b->data, b->size);
	digest_end(&s, ret);
}

void far_name(const struct far_keys *k, const char *domain, const struct bytes *fields, uint32_t n, struct digest *ret)
{
	struct buf b;

	join(&b, domain, fields, n);
	digest_joined(k->keyed ? k->names : NULL, &b, ret);
	buf_free(&b);
}

void proof_make(const struct far_keys *k, const char *domain, const struct bytes *fields, uint32_t n, struct proof *ret)
{
	struct digest d;
	struct buf b;

	*ret = (struct proof){ .kind = PROOF_NONE };
	join(&b, domain, fields, n);
	if (k->keyed) {
		digest_joined(k->seals, &b, &d);
		memcpy(ret->bytes, d.byte, sizeof d.byte);
		ret->kind = PROOF_SEAL;
		ret->size = sizeof d.byte;
	} else if (k->signs) {
		sign_public(k->secret, ret->bytes);
		sign_make(k->secret, (struct bytes){ b.data, b.size }, ret->bytes + SIGN_PUBLIC_SIZE);
		ret->kind = PROOF_SIGNATURE;
		ret->size = SIGN_PUBLIC_SIZE + SIGN_SIZE;
	}
	buf_free(&b);
}

static bool is_trusted(const struct far_keys *k, const uint8_t *public)
{
	uint32_t i;

	for (i = 0; i < k->trust_n; i++)
		if (memcmp(k->trust[i], public, SIGN_PUBLIC_SIZE) == 0)
			return true;
	return false;
}

bool proof_is_good(const struct far_keys *k, bool unsealed, const char *domain, const struct bytes *fields, uint32_t n, const struct proof *p)
{
	struct digest d;
	struct buf b;
	bool ret = false;

	if (unsealed && !k->keyed && !k->trust_n)
		return true;
	join(&b, domain, fields, n);
	if (k->keyed && p->kind == PROOF_SEAL && p->size == sizeof d.byte) {
		digest_joined(k->seals, &b, &d);
		ret = digest_same(d.byte, p->bytes);
	} else if (!k->keyed && p->kind == PROOF_SIGNATURE && p->size == SIGN_PUBLIC_SIZE + SIGN_SIZE) {
		ret = is_trusted(k, p->bytes) && sign_is_good(p->bytes, (struct bytes){ b.data, b.size }, p->bytes + SIGN_PUBLIC_SIZE);
	}
	buf_free(&b);
	return ret || unsealed;
}
