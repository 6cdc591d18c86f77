/* send: sends results of the near stores to a far store, on the sender's thread (sender.c):
 *
 *     what is there? ──► missing blobs ──► body, name set ──► RESULT ──► STEP      of up to GROUP results together
 *
 * so that a reader of a STEP finds all that it names. A result with an object that the store declined is not sent there. At
 * the end of the run STEPs are read once more: another machine may have written one meanwhile. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "far/bundle.h"
#include "far/inside.h"
#include "record/entry.h"

enum {
	GROUP = SENDER_GROUP,
	STEPS_AT_ONCE = 4 * GROUP,     /* STEPs that are read again together: several calls at once */
	WAVE_BYTES = 32 << 20,         /* bytes of blobs in memory */
	SMALL_BYTES = 8 << 20,         /* bytes of small blobs that are kept for STEPs, in one run */
	WAVE_BUNDLES = 64              /* bundles that are sent together: a large one is an open file */
};

/* A result on its way. */
struct offer {
	vt_id body;
	void *data;                    /* bytes of the body; owned */
	size_t size;
	struct result r;               /* points into data */
	struct buf set;                /* the encoded name set */
	vt_id set_id;
	struct far_hint hint;
	vt_id step_name;
	const struct far_known *known; /* answers of the look-up for its step */
	bool skip;                     /* it cannot be sent */
	bool sent;                     /* the store has all of it but its hint */
	bool failed;                   /* the store did not take it */
	bool there;                    /* the store has the result, and a STEP with its hint */
};

struct group {
	struct far_sender *sender;
	struct far *far;
	struct far_store *store;
	struct arena *arena;
	struct offer offers[GROUP];
	uint32_t n;
	struct map declined;           /* names of objects that the store declined; keys in arena */
};

/* A STEP as this run wrote it. */
struct sent_step {
	vt_id name;
	struct far_hint hint;
	vt_id set_id;
	struct bytes set;              /* in the sender's arena; empty: too large to stand in a STEP */
	const struct far_known *known; /* answers of the look-up; used for the first writing */
};

static bool is_there(const struct far_sender *s, const vt_id *name)
{
	return map_get(&s->there, name->byte, sizeof name->byte) != NULL;
}

static void note_there(struct far_sender *s, const vt_id *name)
{
	if (!is_there(s, name))
		*map_put(&s->there, arena_copy(s->arena, name->byte, sizeof name->byte), sizeof name->byte) = s;
}

/* ---- what stands in a STEP, too --------------------------------------------------------------- */

/* Keeps a copy of small bytes for the bundle in a STEP, up to SMALL_BYTES in all. */
static void note_small(struct far_sender *s, const vt_id *name, const struct blob_bytes *b)
{
	struct blob_bytes *copy;

	if (!b->data || b->size > FAR_INLINE_BUNDLE || s->small_bytes + b->size > SMALL_BYTES ||
	    map_get(&s->small, name->byte, sizeof name->byte))
		return;
	copy = arena_alloc(s->arena, sizeof *copy);
	*copy = (struct blob_bytes){ .fd = -1, .size = b->size, .data = arena_copy(s->arena, b->data, (size_t)b->size) };
	*map_put(&s->small, arena_copy(s->arena, name->byte, sizeof name->byte), sizeof name->byte) = copy;
	s->small_bytes += b->size;
}

/* Keeps a copy of a small bundle for the STEP. */
static void note_bundle(struct group *g, struct offer *o, const struct blob_bytes *bundle)
{
	struct bytes before, after;

	if (bundle->size > FAR_INLINE_BUNDLE || !bundle_around(bundle, o->size, &before, &after))
		return;
	o->hint.before = (struct bytes){ arena_copy(g->arena, before.data, before.size), before.size };
	o->hint.after = (struct bytes){ arena_copy(g->arena, after.data, after.size), after.size };
}

/* Makes the small bundle of a result that is sent as blobs, if copies of these were kept. */
static void join_bundle(struct group *g, struct offer *o)
{
	vt_id *names = arena_array(g->arena, o->r.blobs_n + 1, sizeof *names);
	struct blob_bytes *bytes = arena_array(g->arena, o->r.blobs_n + 1, sizeof *bytes), bundle;
	uint32_t i, n = o->r.blobs_n;

	if (n)
		memcpy(names, o->r.blobs, n * sizeof *names);
	if (o->r.output_size)
		names[n++] = o->r.output;
	for (i = 0; i < n; i++) {
		const struct blob_bytes *b = map_get(&g->sender->small, names[i].byte, sizeof names[i].byte);

		if (!b)
			return;
		bytes[i] = *b;
	}
	if (bundle_join(g->far->setup.blobs, g->far->setup.keys, &o->hint.result, &o->body, (struct bytes){ o->data, o->size }, names, bytes, n,
			FAR_INLINE_BUNDLE, &bundle) != 0)
		return;
	note_bundle(g, o, &bundle);
	blob_bytes_clear(&bundle);
}

/* ---- what is to be sent --------------------------------------------------------------- */

/* Reads the result to send. false: the near stores have lost it, or it may not leave this machine. */
static bool open_offer(struct group *g, struct offer *o)
{
	struct digest d;
	size_t size;

	buf_init(&o->set, FAR_BODY_MAX);
	if (blob_get(g->far->setup.blobs, &o->body, FAR_BODY_MAX, &o->data, &size) != 0)
		return false;
	o->size = size;
	if (result_decode((struct bytes){ o->data, size }, NULL, g->arena, &o->r) < 0 || far_refusal(g->far->setup.keys, &o->r.after, g->arena) ||
	    far_set_encode(&o->r.after, &o->set) < 0)
		return false;
	digest_of(o->set.data, o->set.size, &d);
	memcpy(o->set_id.byte, d.byte, sizeof d.byte);
	o->hint.body = o->body;
	far_result_name(g->far->setup.keys, &o->r.key, &o->r.before, &o->r.after, &o->hint.result);
	far_step_name(g->far->setup.keys, &o->r.key, &o->step_name);
	o->known = far_known_of(g->far, &o->r.key);
	return true;
}

static void close_offer(struct offer *o)
{
	free(o->data);
	buf_free(&o->set);
}

/* Skips results whose RESULT the store has: then it has all of them, perhaps without the hint, unless a look-up missed a blob. */
static void skip_known_results(struct group *g)
{
	struct far_get *items;
	uint32_t whose[GROUP], i, n = 0;
	vt_id said;

	if (!far_store_reads(g->store))
		return;
	items = xcalloc(GROUP, sizeof *items);
	for (i = 0; i < g->n; i++) {
		/* a store without the STEP a moment ago has no RESULT */
		if (g->offers[i].skip || far_is_lacking(g->far, &g->offers[i].hint.result) ||
		    (g->offers[i].known->asked[g->sender->store] && !g->offers[i].known->step[g->sender->store]->hints_n))
			continue;
		items[n] = (struct far_get){ .space = VT_SPACE_RESULT, .name = g->offers[i].hint.result, .most = FAR_RESULT_MAX, .in_memory = true };
		whose[n++] = i;
	}
	far_store_get(g->store, items, n);
	for (i = 0; i < n; i++) {
		struct offer *o = &g->offers[whose[i]];

		if (items[i].status != VT_OK)
			continue;
		if (far_result_decode(g->far->setup.keys, false, &o->hint.result, (struct bytes){ items[i].bytes.data, (size_t)items[i].bytes.size }, &said) == 0) {
			o->sent = true;
			o->hint.body = said;   /* the body of another run with the same facts is as good */
		}
		blob_bytes_clear(&items[i].bytes);
	}
	free(items);
}

/* ---- blobs ------------------------------------------------------------------------------- */

/* Lists the blobs of all offers, each once, that the store may lack. */
static uint32_t list_blobs(struct group *g, vt_id **ret)
{
	struct map seen;
	uint32_t i, k, n = 0, room = 0;

	map_init(&seen);
	for (i = 0; i < g->n; i++)
		room += 1 + g->offers[i].r.blobs_n;
	*ret = arena_array(g->arena, room + 1, sizeof **ret);
	for (i = 0; i < g->n; i++) {
		const struct offer *o = &g->offers[i];

		for (k = 0; !o->skip && !o->sent && k < o->r.blobs_n + 1; k++) {
			const vt_id *name = k < o->r.blobs_n ? &o->r.blobs[k] : &o->r.output;

			if ((k == o->r.blobs_n && !o->r.output_size) || is_there(g->sender, name) || map_get(&seen, name->byte, sizeof name->byte))
				continue;
			(*ret)[n] = *name;
			*map_put(&seen, (*ret)[n].byte, sizeof name->byte) = g;
			n++;
		}
	}
	map_free(&seen);
	return n;
}

/* Leaves out blobs that the store says it has. Returns how many are left. */
static uint32_t leave_out_there(struct group *g, vt_id *names, uint32_t n)
{
	uint8_t *has = arena_array(g->arena, n + 1, 1);
	uint32_t i, k = 0;

	if (far_store_has(g->store, VT_SPACE_BLOB, names, n, has) != VT_OK)
		return n;
	for (i = 0; i < n; i++)
		if (has[i])
			note_there(g->sender, &names[i]);
		else
			names[k++] = names[i];
	return k;
}

static void put_wave(struct group *g, struct far_put *items, uint32_t n)
{
	uint32_t i;

	far_store_put(g->store, items, n);
	for (i = 0; i < n; i++) {
		if (items[i].status == VT_OK)
			note_there(g->sender, &items[i].name);
		else if (items[i].status == VT_NONE)
			*map_put(&g->declined, arena_copy(g->arena, items[i].name.byte, sizeof items[i].name.byte), sizeof items[i].name.byte) = g;
	}
}

/* Leaves out an offer with an object that is not in the store. That is a failure, unless the store declined the object. */
static void leave_out(struct group *g, struct offer *o, const vt_id *name)
{
	o->skip = true;
	o->failed = !map_get(&g->declined, name->byte, sizeof name->byte);
}

/* Reads blobs from the near stores and sends them, as many at a time as memory may hold. */
static void send_blobs(struct group *g, const vt_id *names, uint32_t n)
{
	struct far_put *items = xcalloc(n ? n : 1, sizeof *items);
	uint64_t below = far_store_below(g->store), bytes = 0;
	uint32_t i, k = 0;

	for (i = 0; i < n && far_store_writes(g->store); i++) {
		struct blob_bytes b = { .fd = -1 };

		if (blob_read(g->far->setup.blobs, &names[i], &b) != 0)
			continue;
		if (b.size > below) {
			*map_put(&g->declined, names[i].byte, sizeof names[i].byte) = g;
			blob_bytes_clear(&b);
			continue;
		}
		note_small(g->sender, &names[i], &b);
		bytes += b.data ? b.size : 0;
		items[k++] = (struct far_put){ .space = VT_SPACE_BLOB, .name = names[i], .bytes = b };
		if (bytes < WAVE_BYTES && k < 1024)
			continue;
		put_wave(g, items, k);
		k = 0;
		bytes = 0;
	}
	put_wave(g, items, k);
	free(items);
}

/* Leaves out offers with a blob that is not in the store. */
static void check_blobs(struct group *g)
{
	uint32_t i, k;

	for (i = 0; i < g->n; i++) {
		struct offer *o = &g->offers[i];

		for (k = 0; !o->skip && !o->sent && k < o->r.blobs_n + 1; k++) {
			if (k == o->r.blobs_n && !o->r.output_size)
				continue;
			if (!is_there(g->sender, k < o->r.blobs_n ? &o->r.blobs[k] : &o->r.output))
				leave_out(g, o, k < o->r.blobs_n ? &o->r.blobs[k] : &o->r.output);
		}
	}
}

/* ---- body, name set, RESULT ------------------------------------------------------------------ */

static struct blob_bytes copy_of(const void *data, size_t size)
{
	struct blob_bytes ret = { .fd = -1, .size = size, .data = xmalloc(size + 1) };

	if (size)
		memcpy(ret.data, data, size);
	return ret;
}

static void send_bodies(struct group *g)
{
	struct far_put *items = xcalloc(2 * GROUP, sizeof *items);
	uint32_t i, n = 0;

	for (i = 0; i < g->n; i++) {
		const struct offer *o = &g->offers[i];

		if (o->skip || o->sent)
			continue;
		if (!is_there(g->sender, &o->body))
			items[n++] = (struct far_put){ .space = VT_SPACE_BLOB, .name = o->body, .bytes = copy_of(o->data, o->size) };
		if (!is_there(g->sender, &o->set_id))
			items[n++] = (struct far_put){ .space = VT_SPACE_BLOB, .name = o->set_id, .bytes = copy_of(o->set.data, o->set.size) };
	}
	put_wave(g, items, n);
	for (i = 0; i < g->n; i++)
		if (!g->offers[i].skip && !g->offers[i].sent && !is_there(g->sender, &g->offers[i].body))
			leave_out(g, &g->offers[i], &g->offers[i].body);
	free(items);
}

static void send_results(struct group *g)
{
	struct far_put *items = xcalloc(GROUP, sizeof *items);
	uint32_t whose[GROUP], i, n = 0;
	struct buf b;

	for (i = 0; i < g->n; i++) {
		struct offer *o = &g->offers[i];

		if (o->skip || o->sent)
			continue;
		buf_init(&b, FAR_RESULT_MAX);
		far_result_encode(g->far->setup.keys, &o->hint.result, &o->hint.body, &b);
		items[n] = (struct far_put){ .space = VT_SPACE_RESULT, .name = o->hint.result, .bytes = copy_of(b.data, b.size) };
		whose[n++] = i;
		buf_free(&b);
	}
	far_store_put(g->store, items, n);
	for (i = 0; i < n; i++)
		if (items[i].status != VT_OK) {
			g->offers[whose[i]].skip = true;
			g->offers[whose[i]].failed = items[i].status != VT_NONE;
		} else {
			join_bundle(g, &g->offers[whose[i]]);
		}
	free(items);
}

/* ---- bundles ---------------------------------------------------------------------------------- */

/* Skips bundles that a STEP names, unless a look-up missed them. The hint must be proven, and is proven again by this run's keys. */
static void skip_known_bundles(struct group *g)
{
	uint32_t i, k;

	for (i = 0; i < g->n; i++) {
		struct offer *o = &g->offers[i];
		const struct far_step *step = o->skip ? NULL : o->known->step[g->sender->store];

		for (k = 0; step && !o->sent && k < step->hints_n; k++) {
			if (memcmp(step->hints[k].result.byte, o->hint.result.byte, sizeof(vt_id)) != 0 ||
			    far_is_lacking(g->far, &o->hint.result) || !far_hint_is_proven(g->far->setup.keys, false, &step->hints[k]))
				continue;
			o->sent = true;
			o->hint = step->hints[k];      /* the body of another run with the same facts is as good */
		}
	}
}

static void put_bundles(struct group *g, struct far_put *items, const uint32_t *whose, uint32_t n)
{
	uint32_t i;

	far_store_put(g->store, items, n);
	for (i = 0; i < n; i++)
		if (items[i].status != VT_OK) {
			g->offers[whose[i]].skip = true;
			g->offers[whose[i]].failed = items[i].status != VT_NONE;
		}
}

/* false: the bundle cannot be made, or is larger than the store takes. */
static bool make_bundle(struct group *g, struct offer *o, struct blob_bytes *ret)
{
	vt_id *names = arena_array(g->arena, o->r.blobs_n + 1, sizeof *names);
	uint32_t n = o->r.blobs_n;
	int r;

	if (n)
		memcpy(names, o->r.blobs, n * sizeof *names);
	if (o->r.output_size)
		names[n++] = o->r.output;
	r = bundle_make(g->far->setup.blobs, g->far->setup.keys, &o->hint.result, &o->body, (struct bytes){ o->data, o->size }, names, n,
			far_store_below(g->store), ret);
	o->skip = r != 0;
	o->failed = r == 1;
	return r == 0;
}

static void send_bundles(struct group *g)
{
	struct far_put *items = xcalloc(WAVE_BUNDLES, sizeof *items);
	uint32_t whose[WAVE_BUNDLES], i, n = 0;
	struct blob_bytes bundle;
	uint64_t bytes = 0;

	for (i = 0; i < g->n && far_store_writes(g->store); i++) {
		struct offer *o = &g->offers[i];

		if (o->skip || o->sent || !make_bundle(g, o, &bundle))
			continue;
		note_bundle(g, o, &bundle);
		bytes += bundle.data ? bundle.size : 0;
		items[n] = (struct far_put){ .space = VT_SPACE_RESULT, .name = o->hint.result, .bytes = bundle };
		whose[n++] = i;
		if (bytes < WAVE_BYTES && n < WAVE_BUNDLES)
			continue;
		put_bundles(g, items, whose, n);
		n = 0;
		bytes = 0;
	}
	put_bundles(g, items, whose, n);
	/* the store takes nothing more in this run: the rest was not sent */
	for (; i < g->n; i++) {
		g->offers[i].failed = !g->offers[i].skip && !g->offers[i].sent;
		g->offers[i].skip = !g->offers[i].sent;
	}
	free(items);
}

/* ---- STEP ------------------------------------------------------------------------------------------ */

/* Puts the hints in front of the STEPs and writes those that changed. STEPs: those of the look-up; `again`: read once more. */
static void write_steps(struct far_sender *s, struct sent_step *const *steps, uint32_t n, bool again, bool *ret_failed)
{
	struct far_store *store = s->far->stores[s->store];
	struct far_get *now = xcalloc(n ? n : 1, sizeof *now), *its;
	struct far_put *puts = xcalloc(n ? n : 1, sizeof *puts);
	uint32_t *whose = xcalloc(n ? n : 1, sizeof *whose), i, k = 0, asked = 0;
	struct far_step step;
	struct buf b;

	for (i = 0; i < n; i++)
		if (again || !steps[i]->known->asked[s->store])
			now[asked++] = (struct far_get){ .space = VT_SPACE_ENTRY, .name = steps[i]->name, .most = FAR_STEP_MAX, .in_memory = true, .status = VT_NONE };
	if (far_store_reads(store))
		far_store_get(store, now, asked);
	for (i = 0, its = now; i < n; i++) {
		const bool knew = !again && steps[i]->known->asked[s->store];

		ret_failed[i] = false;
		step = knew ? *steps[i]->known->step[s->store] : far_no_step;
		if (!knew && its->status == VT_OK)
			(void)far_step_decode(s->far->setup.keys, &steps[i]->name, (struct bytes){ its->bytes.data, (size_t)its->bytes.size }, &step);
		if (far_step_front(&step, &steps[i]->hint, &steps[i]->set_id, steps[i]->set)) {
			buf_init(&b, FAR_STEP_MAX);
			far_step_encode(s->far->setup.keys, &steps[i]->name, &step, &b);
			puts[k] = (struct far_put){ .space = VT_SPACE_ENTRY, .name = steps[i]->name, .bytes = copy_of(b.data, b.size) };
			whose[k++] = i;
			buf_free(&b);
		}
		if (!knew && its->status == VT_OK)
			blob_bytes_clear(&its->bytes);
		its += !knew;
	}
	far_store_put(store, puts, k);
	for (i = 0; i < k; i++)
		ret_failed[whose[i]] = puts[i].status < 0;
	free(now);
	free(puts);
	free(whose);
}

/* A copy in the sender's arena; empty: the bytes are too large for a STEP. */
static struct bytes keep_for_step(struct far_sender *s, struct bytes b, size_t most)
{
	if (!b.size || b.size > most)
		return (struct bytes){ "", 0 };
	return (struct bytes){ arena_copy(s->arena, b.data, b.size), b.size };
}

/* Puts the body and the rest of its bundle into the hint. A store without bundles has a large body as a blob already. */
static void put_into_step(struct far_sender *s, const struct offer *o, struct far_hint *hint)
{
	const struct bytes none = { "", 0 };
	const size_t most = far_holds_bundles(s->far, s->store) ? FAR_INLINE_MAX : FAR_INLINE_BUNDLE;

	hint->bytes = keep_for_step(s, o->sent ? o->hint.bytes : (struct bytes){ o->data, o->size }, most);
	hint->before = hint->bytes.size ? keep_for_step(s, o->hint.before, FAR_INLINE_BUNDLE) : none;
	hint->after = hint->before.size ? keep_for_step(s, o->hint.after, FAR_INLINE_BUNDLE) : none;
}

/* The STEP of an offer, with its hint. Several offers may share a STEP: the last is the newest. */
static struct sent_step *step_of(struct far_sender *s, const struct offer *o)
{
	struct sent_step *step = map_get(&s->steps, o->step_name.byte, sizeof o->step_name.byte);

	if (!step) {
		step = arena_alloc(s->arena, sizeof *step);
		step->name = o->step_name;
		*map_put(&s->steps, step->name.byte, sizeof step->name.byte) = step;
	}
	step->hint = o->hint;
	far_hint_prove(s->far->setup.keys, &step->hint);
	step->set_id = o->set_id;
	step->known = o->known;
	put_into_step(s, o, &step->hint);
	step->set = keep_for_step(s, (struct bytes){ o->set.data, o->set.size }, FAR_INLINE_MAX);
	return step;
}

static void send_steps(struct group *g)
{
	struct sent_step *steps[GROUP] = { NULL };
	bool failed[GROUP];
	uint32_t whose[GROUP], i, k, n = 0;

	for (i = 0; i < g->n; i++) {
		if (g->offers[i].skip)
			continue;
		steps[n] = step_of(g->sender, &g->offers[i]);
		whose[n] = i;
		for (k = 0; k < n && steps[k] != steps[n]; k++)
			;
		n += k == n;
	}
	write_steps(g->sender, steps, n, false, failed);
	for (i = 0; i < n; i++)
		g->offers[whose[i]].failed = failed[i];
	/* offers that share a STEP share its outcome */
	for (i = 0; i < g->n; i++)
		for (k = 0; k < n && !g->offers[i].skip; k++)
			if (memcmp(steps[k]->name.byte, g->offers[i].step_name.byte, sizeof steps[k]->name.byte) == 0)
				g->offers[i].there = !failed[k];
}

/* Writes hints again that another machine overwrote: it may have read a STEP before this run wrote it, and written it afterwards. */
void sender_complete_steps(struct far_sender *s)
{
	struct sent_step *steps[STEPS_AT_ONCE];
	bool failed[STEPS_AT_ONCE];
	uint32_t i, n = 0;

	for (i = 0; i < s->steps.n && far_store_writes(s->far->stores[s->store]); i++) {
		steps[n++] = s->steps.at[i].value;
		if (n < STEPS_AT_ONCE && i + 1 < s->steps.n)
			continue;
		write_steps(s, steps, n, true, failed);
		n = 0;
	}
}

/* ---- all of it ---------------------------------------------------------------------------------------- */

static struct group *group_new(struct far_sender *s, const vt_id *bodies, uint32_t n)
{
	struct group *g = xcalloc(1, sizeof *g);

	*g = (struct group){ .sender = s, .far = s->far, .store = s->far->stores[s->store], .arena = arena_new() };
	map_init(&g->declined);
	for (; g->n < n; g->n++) {
		g->offers[g->n].body = bodies[g->n];
		g->offers[g->n].skip = !open_offer(g, &g->offers[g->n]);
	}
	return g;
}

uint32_t sender_send(struct far_sender *s, const vt_id *bodies, uint32_t bodies_n, bool *there)
{
	struct group *g = group_new(s, bodies, bodies_n);
	uint32_t i, n, failed = 0;
	vt_id *names;

	if (far_holds_bundles(g->far, s->store)) {
		skip_known_bundles(g);
		send_bundles(g);
	} else {
		skip_known_results(g);
		n = list_blobs(g, &names);
		n = leave_out_there(g, names, n);
		send_blobs(g, names, n);
		check_blobs(g);
		send_bodies(g);
		send_results(g);
	}
	send_steps(g);
	for (i = 0; i < g->n; i++) {
		there[i] = g->offers[i].there;
		failed += g->offers[i].failed;
		close_offer(&g->offers[i]);
	}
	map_free(&g->declined);
	arena_free(g->arena);
	free(g);
	return failed;
}
