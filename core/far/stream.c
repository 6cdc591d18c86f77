/* stream: asks for STEPs in order while the caller still adds others, and takes the answers in that order. */
#include "config.h"

#include <stdlib.h>

#include "far/inside.h"

/* The STEPs of one call of the store. */
struct chunk {
	struct far_known **steps;
	struct far_get *items;
	uint32_t n;
	struct far_call *call;         /* NULL: not begun, or answered and taken */
};

struct far_stream {
	struct far *far;
	uint32_t store;
	uint32_t size;                 /* steps in a chunk, at most */
	bool reads;                    /* the store may be asked */
	struct chunk *chunks;
	uint32_t n, room;
	uint32_t taken;                /* how many chunks in front are taken */
	bool found;                    /* one of these had a STEP */
	void (*nothing)(void *ctx, struct far_known *k);
	void *ctx;
};

struct far_stream *far_stream_new(struct far *f, uint32_t store, uint32_t n, void (*nothing)(void *ctx, struct far_known *k), void *ctx)
{
	struct far_stream *s = xcalloc(1, sizeof *s);

	*s = (struct far_stream){ .far = f, .store = store, .nothing = nothing, .ctx = ctx };
	s->size = far_store_batch(f->stores[store], n);
	s->reads = far_store_reads(f->stores[store]);
	return s;
}

static struct chunk *chunk_new(struct far_stream *s)
{
	struct chunk *c;

	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->chunks = xrealloc(s->chunks, s->room, sizeof *s->chunks);
	}
	c = &s->chunks[s->n++];
	*c = (struct chunk){ .steps = xcalloc(s->size, sizeof *c->steps), .items = xcalloc(s->size, sizeof *c->items) };
	return c;
}

void far_stream_flush(struct far_stream *s)
{
	struct chunk *c = s->n ? &s->chunks[s->n - 1] : NULL;

	if (c && c->n && !c->call && s->taken < s->n)
		c->call = far_store_get_begin(s->far->stores[s->store], c->items, c->n);
}

void far_stream_add(struct far_stream *s, struct far_known *k)
{
	struct chunk *c = s->n ? &s->chunks[s->n - 1] : NULL;

	if (k->asked[s->store])
		return;
	k->asked[s->store] = true;
	if (!s->reads)
		return;
	if (!c || c->n == s->size)
		c = chunk_new(s);
	c->items[c->n] = (struct far_get){ .space = VT_SPACE_ENTRY, .name = k->name, .most = FAR_STEP_MAX, .in_memory = true };
	c->steps[c->n++] = k;
	k->chunk = s->n;
	if (c->n == s->size)
		far_stream_flush(s);
}

/* Takes the answer of a chunk: STEPs, and the newest results that they hold. */
static void take(struct far_stream *s, struct chunk *c)
{
	uint32_t i;

	if (c->call)
		far_store_get_end(s->far->stores[s->store], c->call, c->items, c->n);
	c->call = NULL;
	for (i = 0; i < c->n; i++) {
		c->steps[i]->chunk = 0;
		if (far_take_step(s->far, s->store, c->steps[i], &c->items[i])) {
			far_take_hint_at_hand(s->far, s->store, c->steps[i]);
			s->found = true;
		} else if (c->items[i].status == VT_NONE) {
			s->nothing(s->ctx, c->steps[i]);
		}
	}
}

void far_stream_await(struct far_stream *s, const struct far_known *k)
{
	while (k->chunk)
		take(s, &s->chunks[s->taken++]);
}

bool far_stream_finds(struct far_stream *s)
{
	far_stream_flush(s);
	while (!s->found && s->taken < s->n)
		take(s, &s->chunks[s->taken++]);
	return s->found;
}

void far_stream_free(struct far_stream *s)
{
	uint32_t i;

	far_stream_flush(s);
	while (s->taken < s->n)
		take(s, &s->chunks[s->taken++]);
	for (i = 0; i < s->n; i++) {
		free(s->chunks[i].steps);
		free(s->chunks[i].items);
	}
	free(s->chunks);
	free(s);
}
