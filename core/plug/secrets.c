#include "config.h"

#include "plug/secrets.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/env.h"
#include "plug/inside.h"

enum {
	SECRET_LEAST = 4,              /* bytes of a secret that is masked, and of its beginning at the end of a text */
	VARIABLE_LEAST = 8,            /* bytes of a variable's value */
	SECRET_MOST = 8192
};

struct text {
	char *at;
	size_t size;
};

static const char mask[] = "***";

/* Masks n bytes at a place. */
static void cover(struct text *t, size_t place, size_t n)
{
	const size_t m = sizeof mask - 1;

	memcpy(t->at + place, mask, m);
	memmove(t->at + place + m, t->at + place + n, t->size - place - n);
	t->size -= n - m;
}

static void mask_bytes(struct text *t, const char *secret, size_t n)
{
	const char *found;
	size_t k;

	if (n < SECRET_LEAST || n > SECRET_MOST)
		return;
	while ((found = memmem(t->at, t->size, secret, n)))
		cover(t, (size_t)(found - t->at), n);
	for (k = n - 1 < t->size ? n - 1 : t->size; k >= SECRET_LEAST; k--)
		if (memcmp(t->at + t->size - k, secret, k) == 0) {
			cover(t, t->size - k, k);
			return;
		}
}

static void add_base64(struct buf *b, const char *data, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = (const uint8_t *)data;
	size_t i;

	for (i = 0; i < n; i += 3) {
		uint32_t bits = (uint32_t)p[i] << 16 | (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0);

		buf_byte(b, digits[bits >> 18]);
		buf_byte(b, digits[bits >> 12 & 63]);
		if (i + 1 < n)
			buf_byte(b, digits[bits >> 6 & 63]);
		if (i + 2 < n)
			buf_byte(b, digits[bits & 63]);
	}
}

/* In base64: `before`, which is a user and a colon or empty, and the secret. Without the padding, which tells nothing. */
static void mask_base64(struct text *t, const char *before, const char *secret)
{
	struct buf plain, coded;

	buf_init(&plain, SECRET_MOST);
	buf_init(&coded, 2 * SECRET_MOST);
	buf_text(&plain, before);
	if (*before)
		buf_byte(&plain, ':');
	buf_text(&plain, secret);
	add_base64(&coded, plain.data, plain.size);
	if (!plain.full)
		mask_bytes(t, coded.data, coded.size);
	buf_free(&plain);
	buf_free(&coded);
}

static void mask_secret(struct text *t, const struct component *c, const char *secret)
{
	uint32_t i;

	/* the longer forms first: the shorter one may stand in them */
	for (i = 0; i < c->choice.options_n; i++)
		if (c->choice.options[i].text != secret)
			mask_base64(t, c->choice.options[i].text, secret);
	mask_base64(t, "", secret);
	mask_bytes(t, secret, strlen(secret));
}

/* The password in SCHEME://USER:PASSWORD@HOST. */
static void mask_of_url(struct text *t, const char *url)
{
	const char *from = strstr(url, "://"), *end, *at, *colon;

	if (!from)
		return;
	from += 3;
	end = from + strcspn(from, "/?#");
	at = memrchr(from, '@', (size_t)(end - from));
	colon = at ? memchr(from, ':', (size_t)(at - from)) : NULL;
	if (colon)
		mask_bytes(t, colon + 1, (size_t)(at - colon - 1));
}

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);

	return n >= k && strcmp(name + n - k, end) == 0;
}

static bool is_called_like_a_secret(const char *name)
{
	return strstr(name, "PASSWORD") || strstr(name, "SECRET") || ends_with(name, "_TOKEN") || ends_with(name, "_KEY");
}

static void mask_variables(struct text *t, const struct component *c)
{
	struct arena *a = arena_new();
	struct env_list all = env_list(c->plug->setup.env, a);
	uint32_t i;

	for (i = 0; i < all.n; i++)
		if (is_called_like_a_secret(all.at[i].name) && strlen(all.at[i].value) >= VARIABLE_LEAST)
			mask_secret(t, c, all.at[i].value);
	arena_free(a);
}

size_t secrets_mask(const struct component *c, char *text, size_t size)
{
	struct text t = { text, size };
	uint32_t i;

	for (i = 0; i < c->choice.options_n; i++) {
		const struct option_value *v = &c->choice.options[i];
		const vt_option *o = c->made ? component_option(c->made, v->key) : NULL;

		if (o && (o->flags & VT_OPTION_SECRET))
			mask_secret(&t, c, v->text);
		else
			mask_of_url(&t, v->text);
	}
	if (c->plug && c->plug->setup.env)
		mask_variables(&t, c);
	return t.size;
}
