#include "config.h"

#include "far/format.h"

#include <string.h>
#include <unistd.h>

#include "base/cursor.h"
#include "os/file.h"
#include "record/entry.h"
#include "text/path.h"

static const char step_magic[4] = "vtS3", result_magic[4] = "vtP1";

static struct bytes id_bytes(const vt_id *id)
{
	return (struct bytes){ id->byte, sizeof id->byte };
}

static bool same(const vt_id *a, const vt_id *b)
{
	return memcmp(a->byte, b->byte, sizeof a->byte) == 0;
}

/* ---- names ------------------------------------------------------------------------ */

void far_step_name(const struct far_keys *k, const struct digest *key, vt_id *ret)
{
	const struct bytes fields[] = { { key->byte, sizeof key->byte } };
	struct digest d;

	far_name(k, "vt far step 2", fields, 1, &d);
	memcpy(ret->byte, d.byte, sizeof ret->byte);
}

void far_result_name(const struct far_keys *k, const struct digest *key, const struct facts *before, const struct facts *after, vt_id *ret)
{
	struct digest b, a, d;
	const struct bytes fields[] = { { key->byte, sizeof key->byte }, { b.byte, sizeof b.byte }, { a.byte, sizeof a.byte } };

	facts_digest(before, &b);
	facts_digest(after, &a);
	far_name(k, "vt far result 1", fields, COUNT(fields), &d);
	memcpy(ret->byte, d.byte, sizeof ret->byte);
}

/* ---- STEP --------------------------------------------------------------------------- */

static void put_proof(struct buf *b, const struct proof *p)
{
	buf_byte(b, p->kind);
	buf_sized(b, (struct bytes){ p->bytes, p->size });
}

static bool get_proof(struct cursor *c, struct proof *p)
{
	const uint8_t *kind = cursor_take(c, 1);
	struct bytes bytes = cursor_sized(c);

	if (c->bad || bytes.size > sizeof p->bytes) {
		c->bad = true;
		return false;
	}
	*p = (struct proof){ .kind = *kind, .size = (uint8_t)bytes.size };
	memcpy(p->bytes, bytes.data, bytes.size);
	return true;
}

void far_step_encode(const struct far_keys *k, const vt_id *name, const struct far_step *s, struct buf *ret)
{
	struct bytes fields[2] = { id_bytes(name) };
	struct digest all;
	struct proof proof;
	uint32_t i;

	buf_add(ret, step_magic, sizeof step_magic);
	buf_num(ret, s->hints_n);
	for (i = 0; i < s->hints_n; i++) {
		buf_add(ret, s->hints[i].result.byte, sizeof(vt_id));
		buf_add(ret, s->hints[i].body.byte, sizeof(vt_id));
		put_proof(ret, &s->hints[i].proof);
		buf_sized(ret, s->hints[i].bytes);
		buf_sized(ret, s->hints[i].before);
		buf_sized(ret, s->hints[i].after);
	}
	buf_num(ret, s->sets_n);
	for (i = 0; i < s->sets_n; i++)
		buf_add(ret, s->sets[i].byte, sizeof(vt_id));
	buf_sized(ret, s->newest);
	digest_of(ret->data, ret->size, &all);
	fields[1] = (struct bytes){ all.byte, sizeof all.byte };
	proof_make(k, "vt far step 2", fields, 2, &proof);
	put_proof(ret, &proof);
}

int far_step_decode(const struct far_keys *k, const vt_id *name, struct bytes b, struct far_step *ret)
{
	struct cursor c = cursor_of(b);
	const void *magic = cursor_take(&c, sizeof step_magic), *p;
	struct bytes fields[2] = { id_bytes(name) };
	struct digest all;
	struct proof proof;
	uint32_t i;

	*ret = (struct far_step){ 0 };
	if (!magic || memcmp(magic, step_magic, sizeof step_magic) != 0)
		return -1;
	ret->hints_n = cursor_count(&c, FAR_HINTS);
	for (i = 0; i < ret->hints_n && (p = cursor_take(&c, 2 * sizeof(vt_id))); i++) {
		memcpy(ret->hints[i].result.byte, p, sizeof(vt_id));
		memcpy(ret->hints[i].body.byte, (const uint8_t *)p + sizeof(vt_id), sizeof(vt_id));
		if (!get_proof(&c, &ret->hints[i].proof))
			return -1;
		ret->hints[i].bytes = cursor_sized(&c);
		ret->hints[i].before = cursor_sized(&c);
		ret->hints[i].after = cursor_sized(&c);
	}
	ret->sets_n = cursor_count(&c, FAR_SETS);
	for (i = 0; i < ret->sets_n && (p = cursor_take(&c, sizeof(vt_id))); i++)
		memcpy(&ret->sets[i], p, sizeof(vt_id));
	ret->newest = cursor_sized(&c);
	if (c.bad)
		return -1;
	digest_of(b.data, (size_t)(c.at - (const uint8_t *)b.data), &all);
	fields[1] = (struct bytes){ all.byte, sizeof all.byte };
	if (!get_proof(&c, &proof) || c.at != c.end)
		return -1;
	/* hints need no signature: the results that they name carry their own. Name sets do: this machine looks at the files that they name */
	if ((k->keyed || k->trust_n) && !proof_is_good(k, false, "vt far step 2", fields, 2, &proof)) {
		if (k->keyed)
			return -1;
		ret->sets_n = 0;
	}
	for (i = 0; i < ret->hints_n; i++) {
		digest_of(ret->hints[i].bytes.data, ret->hints[i].bytes.size, &all);
		if (memcmp(all.byte, ret->hints[i].body.byte, sizeof all.byte) != 0)
			ret->hints[i].bytes.size = 0;
		if (!ret->hints[i].bytes.size)
			ret->hints[i].before.size = ret->hints[i].after.size = 0;
	}
	digest_of(ret->newest.data, ret->newest.size, &all);
	if (ret->newest.size && (!ret->sets_n || memcmp(all.byte, ret->sets[0].byte, sizeof all.byte) != 0))
		ret->newest.size = 0;
	return 0;
}

/* Leaves out bodies that do not fit, and all bundles but the newest. */
static void trim(struct far_step *s)
{
	const struct bytes none = { "", 0 };
	size_t size = 0, rest;
	uint32_t i;

	for (i = 0; i < s->hints_n; i++) {
		struct far_hint *hint = &s->hints[i];

		if (hint->bytes.size > FAR_INLINE_MAX - size)
			hint->bytes = none;
		size += hint->bytes.size;
		rest = hint->before.size + hint->after.size;
		if (i || !hint->bytes.size || rest > FAR_INLINE_MAX - size)
			hint->before = hint->after = none;
		else
			size += rest;
	}
	/* the body has all names of the set */
	if (s->hints[0].bytes.size || s->newest.size > FAR_INLINE_MAX - size)
		s->newest = (struct bytes){ "", 0 };
}

bool far_step_front(struct far_step *s, const struct far_hint *hint, const vt_id *set, struct bytes set_bytes)
{
	bool ret = !s->hints_n || !same(&s->hints[0].result, &hint->result) || !same(&s->hints[0].body, &hint->body) ||
		   !s->sets_n || !same(&s->sets[0], set);
	struct far_hint front = *hint;
	uint32_t i;

	for (i = 0; i < s->hints_n && !same(&s->hints[i].result, &hint->result); i++)
		;
	if (i < s->hints_n && !front.bytes.size && same(&s->hints[i].body, &front.body)) {
		front.bytes = s->hints[i].bytes;
		front.before = s->hints[i].before;
		front.after = s->hints[i].after;
	}
	if (i == s->hints_n && s->hints_n < FAR_HINTS)
		s->hints_n++;
	if (i == FAR_HINTS)
		i--;
	memmove(&s->hints[1], &s->hints[0], i * sizeof s->hints[0]);
	s->hints[0] = front;
	for (i = 0; i < s->sets_n && !same(&s->sets[i], set); i++)
		;
	if (i == s->sets_n && s->sets_n < FAR_SETS)
		s->sets_n++;
	if (i == FAR_SETS)
		i--;
	memmove(&s->sets[1], &s->sets[0], i * sizeof s->sets[0]);
	s->sets[0] = *set;
	s->newest = set_bytes;
	trim(s);
	return ret;
}

void far_step_join(struct far_step *s, const struct far_step *other)
{
	uint32_t i, k;

	for (i = 0; i < other->hints_n && s->hints_n < FAR_HINTS; i++) {
		for (k = 0; k < s->hints_n && !same(&s->hints[k].result, &other->hints[i].result); k++)
			;
		if (k == s->hints_n)
			s->hints[s->hints_n++] = other->hints[i];
	}
	for (i = 0; i < other->sets_n && s->sets_n < FAR_SETS; i++) {
		for (k = 0; k < s->sets_n && !same(&s->sets[k], &other->sets[i]); k++)
			;
		if (k == s->sets_n)
			s->sets[s->sets_n++] = other->sets[i];
	}
}

/* ---- RESULT ------------------------------------------------------------------------- */

void far_hint_prove(const struct far_keys *k, struct far_hint *hint)
{
	const struct bytes fields[] = { id_bytes(&hint->result), id_bytes(&hint->body) };

	proof_make(k, "vt far result 1", fields, COUNT(fields), &hint->proof);
}

bool far_hint_is_proven(const struct far_keys *k, bool unsealed, const struct far_hint *hint)
{
	const struct bytes fields[] = { id_bytes(&hint->result), id_bytes(&hint->body) };

	return proof_is_good(k, unsealed, "vt far result 1", fields, COUNT(fields), &hint->proof);
}

void far_result_encode(const struct far_keys *k, const vt_id *name, const vt_id *body, struct buf *ret)
{
	const struct bytes fields[] = { id_bytes(name), id_bytes(body) };
	struct proof proof;

	proof_make(k, "vt far result 1", fields, COUNT(fields), &proof);
	buf_add(ret, result_magic, sizeof result_magic);
	buf_add(ret, body->byte, sizeof body->byte);
	put_proof(ret, &proof);
}

int far_result_decode(const struct far_keys *k, bool unsealed, const vt_id *name, struct bytes b, vt_id *ret_body)
{
	struct cursor c = cursor_of(b);
	const void *magic = cursor_take(&c, sizeof result_magic), *body = cursor_take(&c, sizeof(vt_id));
	struct bytes fields[2] = { id_bytes(name) };
	struct proof proof;

	if (!body || memcmp(magic, result_magic, sizeof result_magic) != 0 || !get_proof(&c, &proof) || c.at != c.end)
		return -1;
	memcpy(ret_body, body, sizeof *ret_body);
	fields[1] = id_bytes(ret_body);
	return proof_is_good(k, unsealed, "vt far result 1", fields, 2, &proof) ? 0 : -1;
}

/* ---- name sets ------------------------------------------------------------------------ */

/* Is the file in a folder of the system? Names of files there tell nothing of a user. */
static bool is_of_system(struct bytes name)
{
	static const char *const folders[] = { "/usr/", "/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/", "/libx32/", "/opt/", "/nix/store/", "/gnu/store/" };
	uint32_t i;

	if (name.size < 2 || !path_is_safe((const char *)name.data + 1, name.size - 1))
		return false;
	for (i = 0; i < COUNT(folders); i++)
		if (name.size > strlen(folders[i]) && memcmp(name.data, folders[i], strlen(folders[i])) == 0)
			return true;
	return false;
}

int far_set_encode(const struct facts *after, struct buf *ret)
{
	struct arena *a = arena_new();
	struct facts names = { .at = arena_array(a, after->n + 1, sizeof *names.at), .n = after->n };
	uint32_t i;
	int r;

	for (i = 0; i < after->n; i++) {
		names.at[i] = after->at[i];
		if (names.at[i].kind != FACT_VALUE)
			names.at[i].state = (struct bytes){ "", 0 };
	}
	r = facts_encode(&names, ret);
	arena_free(a);
	return r;
}

/* Is its name that of a shared library: *.so, or *.so.*? */
static bool is_library(const char *path)
{
	const char *so = strstr(path_base(path), ".so");

	return so && (!so[3] || so[3] == '.');
}

/* May a name set name this file? The set makes this machine look at the file, and the store sees a name that is made from its
 * state. So no set may name files that only the user should see. */
static bool may_be_looked_at(const struct fact *f, struct arena *a)
{
	const char *path;

	if (f->kind == FACT_OUTSIDE)
		return is_of_system(f->name);
	if (f->kind != FACT_PROGRAM || is_of_system(f->name))
		return true;
	path = arena_strn(a, f->name.data, f->name.size);
	return path[0] != '/' || is_library(path) || file_is_executable(path) || access(path, F_OK) < 0;
}

int far_set_decode(struct bytes b, struct arena *a, struct facts *ret)
{
	uint32_t i;

	if (facts_decode(b, a, ret) < 0)
		return -1;
	for (i = 0; i < ret->n; i++)
		if (!may_be_looked_at(&ret->at[i], a))
			return -1;
	return 0;
}

/* ---- what may travel -------------------------------------------------------------------- */

static bool is_variable(const struct fact *f)
{
	return f->kind == FACT_ENV || f->kind == FACT_ASKED || f->kind == FACT_ENV_GLOB || f->kind == FACT_ENV_PREFIX;
}

const char *far_refusal(const struct far_keys *k, const struct facts *after, struct arena *a)
{
	uint32_t i;

	for (i = 0; i < after->n; i++) {
		const struct fact *f = &after->at[i];

		if (f->kind == FACT_OUTSIDE && !is_of_system(f->name))
			return arena_printf(a, "it read %.*s outside the workspace", (int)f->name.size, (const char *)f->name.data);
		if (is_variable(f) && f->state.size && !k->keyed)
			return arena_printf(a, "it depends on the variable '%.*s', and there is no team key", (int)f->name.size, (const char *)f->name.data);
	}
	return NULL;
}
