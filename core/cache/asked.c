#include "config.h"

#include "cache/asked.h"

#include <stdlib.h>
#include <string.h>

#include "cache/inside.h"
#include "cache/key.h"
#include "plan/step.h"
#include "plug/stores.h"
#include "record/blob.h"
#include "workspace/workspace.h"

enum { ASKED_RESULT_MAX = 256 << 20 };

bool cache_last_run(struct cache *c, const struct step *step, struct arena *a, struct last_run *ret)
{
	struct digest id;

	key_step(step, &id);
	return cache_ready(c) && last_run_get(c->dir.inner_fd, &id, a, ret);
}

void cache_each_run(struct cache *c, struct arena *a, bool (*fn)(void *ctx, const struct digest *step, const struct last_run *run), void *ctx)
{
	if (cache_ready(c))
		last_run_each(c->dir.inner_fd, a, fn, ctx);
}

/* ---- who left a path ------------------------------------------------------------ */

struct naming {
	const struct ledger_step *who;
	struct leaver *ret;
};

static bool is_named(void *ctx, const struct digest *step, const struct last_run *run)
{
	struct naming *n = ctx;

	(void)step;
	if (!digest_equal(&run->who, &n->who->step) || !digest_equal(&run->task, &n->who->task))
		return true;
	n->ret->label = run->label;
	n->ret->command = run->command;
	return false;
}

bool cache_leaver(struct cache *c, struct bytes path, const struct step *const *steps, uint32_t n, struct arena *a, struct leaver *ret)
{
	struct ledger_step who;
	struct left left;
	uint32_t i;

	*ret = (struct leaver){ 0 };
	if (!cache_ready(c) || !ledger_get(c->ledger, path, &left) || !left.step)
		return false;
	for (i = 0; i < n; i++)
		if (steps[i]->rules && key_who(c, steps[i]) == left.step) {
			ret->step = steps[i];
			return true;
		}
	ledger_name(c->ledger, left.step, &who);
	last_run_each(c->dir.inner_fd, a, is_named, &(struct naming){ &who, ret });
	return true;
}

/* ---- results --------------------------------------------------------------------- */

static bool is_variable(const struct fact *f)
{
	return f->kind == FACT_ENV || f->kind == FACT_ASKED || f->kind == FACT_ENV_GLOB || f->kind == FACT_ENV_PREFIX;
}

static void describe(struct arena *a, const struct facts *key, const struct result *r, struct kept_result *ret)
{
	uint32_t i;

	for (i = 0; i < key->n; i++)
		ret->variables += is_variable(&key->at[i]);
	ret->ms = r->ms;
	ret->printed = r->output_size;
	ret->inputs = r->before.n;
	for (i = 0; i < r->after.n; i++) {
		if (is_variable(&r->after.at[i]))
			ret->variables++;
		else
			ret->inputs++;
	}
	ret->outputs = r->outputs.n;
	ret->left = r->effects.n;
	ret->files.at = arena_array(a, r->outputs.n + 1, sizeof *ret->files.at);
	for (i = 0; i < r->outputs.n; i++)
		ret->files.at[ret->files.n++] = arena_strn(a, r->outputs.at[i].name.data, r->outputs.at[i].name.size);
}

uint32_t cache_results_of(struct cache *c, const struct step *step, struct arena *a, struct kept_result **ret, struct err *err)
{
	struct facts key;
	struct digest id;
	struct entry entry;
	uint32_t i, n = 0;

	*ret = arena_array(a, ENTRY_MOST, sizeof **ret);
	if (!cache_ready(c))
		return 0;
	if (key_make(c, step, a, &key, err) < 0)
		return UINT32_MAX;
	facts_digest(&key, &id);
	if (blob_entry(c->blobs, &id, &entry) != 0)
		return 0;
	for (i = 0; i < entry.n; i++) {
		struct result r;
		void *bytes;
		size_t size;

		if (blob_get(c->blobs, &entry.results[i], ASKED_RESULT_MAX, &bytes, &size) != 0)
			continue;
		if (result_decode((struct bytes){ bytes, size }, &id, a, &r) == 0) {
			(*ret)[n].id = entry.results[i];
			describe(a, &key, &r, &(*ret)[n++]);
		}
		free(bytes);
	}
	return n;
}

/* ---- verifying -------------------------------------------------------------------- */

/* Takes all and keeps nothing: blob_fetch checks what passes. */
static vt_status swallow(vt_sink *sink, vt_call *call, const void *data, size_t size)
{
	(void)call, (void)data;
	sink->got += size;
	return VT_OK;
}

static vt_status swallow_again(vt_sink *sink, vt_call *call)
{
	(void)call;
	sink->got = 0;
	return VT_OK;
}

static bool blob_is_good(struct cache *c, const vt_id *id, uint64_t *bytes)
{
	vt_sink sink = { .struct_size = sizeof sink, .write = swallow, .restart = swallow_again, .most = UINT64_MAX };
	bool good = blob_fetch(c->blobs, NULL, id, &sink) == VT_OK;

	*bytes += good ? sink.got : 0;
	return good;
}

static bool is_zero(const vt_id *id)
{
	static const vt_id zero;

	return memcmp(id, &zero, sizeof zero) == 0;
}

/* Counts what a result needs and is not among the good blobs. */
static void check_needs(const struct result *r, const struct map *good, struct cache_verified *ret)
{
	uint32_t i;

	ret->missing += r->output_size && !is_zero(&r->output) && !map_get(good, &r->output, sizeof r->output);
	for (i = 0; i < r->blobs_n; i++)
		ret->missing += !map_get(good, &r->blobs[i], sizeof r->blobs[i]);
}

static void check_entry(struct cache *c, const vt_id *name, const struct map *good, struct cache_verified *ret)
{
	struct arena *a = arena_new();
	struct digest key;
	struct entry entry;
	uint32_t i;

	memcpy(key.byte, name->byte, sizeof key.byte);
	if (blob_entry(c->blobs, &key, &entry) != 0) {
		ret->damaged++;
		arena_free(a);
		return;
	}
	ret->entries++;
	for (i = 0; i < entry.n; i++) {
		struct result r;
		void *bytes;
		size_t size;

		if (blob_get(c->blobs, &entry.results[i], ASKED_RESULT_MAX, &bytes, &size) != 0) {
			ret->missing++;
			continue;
		}
		if (result_decode((struct bytes){ bytes, size }, &key, a, &r) == 0) {
			ret->results++;
			check_needs(&r, good, ret);
		} else {
			ret->damaged++;
		}
		free(bytes);
	}
	arena_free(a);
}

int cache_verify(struct cache *c, struct cache_verified *ret, struct err *err)
{
	vt_id *blobs = NULL, *entries = NULL;
	size_t blobs_n = 0, entries_n = 0, i;
	struct map good = { 0 };
	bool listed;

	*ret = (struct cache_verified){ 0 };
	if (!cache_ready(c))
		return 0;
	map_init(&good);
	listed = stores_list(c->setup.plug, VT_SPACE_BLOB, 0, &blobs, &blobs_n) == VT_OK &&
		 stores_list(c->setup.plug, VT_SPACE_ENTRY, 0, &entries, &entries_n) == VT_OK;
	for (i = 0; listed && i < blobs_n; i++) {
		if (blob_is_good(c, &blobs[i], &ret->bytes)) {
			*map_put(&good, &blobs[i], sizeof blobs[i]) = c;
			ret->blobs++;
		} else {
			ret->damaged++;
		}
	}
	for (i = 0; listed && i < entries_n; i++)
		check_entry(c, &entries[i], &good, ret);
	map_free(&good);
	free(blobs);
	free(entries);
	return listed ? 0 : err_set(err, ERR_USER, "no store can list what it holds");
}
