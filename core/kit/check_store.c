/* Trials of stores. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "kit/check.h"
#include "plug/inside.h"

enum { BIG = 3 << 20 };

/* A source over bytes that can fail, end early, or ask for the end of the call. */
struct bytes_source {
	vt_source source;
	const unsigned char *data;
	size_t size;
	size_t fail_at;                    /* SIZE_MAX: never */
	size_t end_at, stop_at;
	volatile int stop;
};

static vt_status source_read(vt_source *s, vt_call *call, uint64_t at, void *buffer, size_t size, size_t *ret)
{
	static const char text[] = "the source broke (this is a trial)";
	struct bytes_source *b = (struct bytes_source *)s;
	size_t end = b->size < b->end_at ? b->size : b->end_at, left = at < end ? end - (size_t)at : 0, n = size < left ? size : left;

	if (at >= b->fail_at) {
		call->report(call, VT_REPORT_ERROR, "trial", (vt_bytes){ text, sizeof text - 1 });
		return VT_FAILED;
	}
	if (at >= b->stop_at)
		b->stop = 1;
	n = n > 8192 ? 8192 : n;
	if (n)
		memcpy(buffer, b->data + at, n);
	*ret = n;
	return VT_OK;
}

static struct bytes_source source_of(const void *data, size_t size)
{
	return (struct bytes_source){ .source = { .struct_size = sizeof(vt_source), .read = source_read, .size = size }, .data = data, .size = size,
		.fail_at = SIZE_MAX, .end_at = SIZE_MAX, .stop_at = SIZE_MAX };
}

/* A sink that compares what comes, or fails. */
struct compare_sink {
	vt_sink sink;
	const unsigned char *want;
	size_t size, at, fail_at;
	bool differs;
};

static vt_status sink_write(vt_sink *s, vt_call *call, const void *data, size_t size)
{
	static const char text[] = "the sink is full (this is a trial)";
	struct compare_sink *c = (struct compare_sink *)s;

	if (c->at + size > c->fail_at) {
		call->report(call, VT_REPORT_ERROR, "trial", (vt_bytes){ text, sizeof text - 1 });
		return VT_FAILED;
	}
	if (!c->want || c->at + size > c->size || memcmp(c->want + c->at, data, size))
		c->differs = true;
	c->at += size;
	s->got = c->at;
	return VT_OK;
}

static vt_status sink_restart(vt_sink *s, vt_call *call)
{
	struct compare_sink *c = (struct compare_sink *)s;

	(void)call;
	c->at = s->got = 0;
	c->differs = false;
	return VT_OK;
}

static vt_status get(struct check *k, uint32_t space, const vt_id *id, struct compare_sink *into)
{
	struct plug_call call;

	into->sink = (vt_sink){ .struct_size = sizeof(vt_sink), .write = sink_write, .restart = sink_restart, .most = UINT64_MAX };
	call_begin(&call, k->component, "get");
	return call_end(&call, k->component->made->ops.store.get(k->component->self, &call.call, space, id, &into->sink));
}

static vt_status put(struct check *k, uint32_t space, const vt_id *id, struct bytes_source *from)
{
	struct plug_call call;

	call_begin(&call, k->component, "put");
	call.stop = &from->stop;
	return call_end(&call, k->component->made->ops.store.put(k->component->self, &call.call, space, id, &from->source));
}

static const char *space_word(uint32_t space)
{
	return space == VT_SPACE_BLOB ? "a blob" : "an entry";
}

static bool absent(struct check *k, uint32_t space, const vt_id *id, const char *when)
{
	struct compare_sink into = { .fail_at = SIZE_MAX };
	vt_status s = get(k, space, id, &into);

	return check_that(k, s == VT_NONE, "get of %s %s answers %s, expected VT_NONE", space_word(space), when, check_status(s)) &&
		check_that(k, !into.at, "get of %s %s writes %zu bytes, expected none", space_word(space), when, into.at);
}

static bool present(struct check *k, uint32_t space, const vt_id *id, const void *data, size_t size, const char *when)
{
	struct compare_sink into = { .want = data, .size = size, .fail_at = SIZE_MAX };
	vt_status s = get(k, space, id, &into);

	return check_that(k, s == VT_OK, "get of %s %s answers %s, expected VT_OK", space_word(space), when, check_status(s)) &&
		check_that(k, into.at == size && !into.differs, "get of %s %s gives %zu bytes that are not the %zu that were put",
			   space_word(space), when, into.at, size);
}

static bool put_ok(struct check *k, uint32_t space, const vt_id *id, const void *data, size_t size)
{
	struct bytes_source from = source_of(data, size);
	vt_status s = put(k, space, id, &from);

	return check_that(k, s == VT_OK, "put of %s of %zu bytes answers %s, expected VT_OK", space_word(space), size, check_status(s));
}

static void unknown(struct check *k)
{
	vt_id id;

	check_random(k, &id, sizeof id);
	absent(k, VT_SPACE_BLOB, &id, "that was never put");
	absent(k, VT_SPACE_ENTRY, &id, "that was never put");
}

static void there_and_back(struct check *k)
{
	static const size_t sizes[] = { 0, 1, 4095, 65537, BIG };
	unsigned char *data = malloc(BIG);
	vt_id id;
	size_t i;

	for (i = 0; data && i < COUNT(sizes); i++) {
		check_random(k, &id, sizeof id);
		check_random(k, data, sizes[i]);
		if (put_ok(k, VT_SPACE_BLOB, &id, data, sizes[i]))
			present(k, VT_SPACE_BLOB, &id, data, sizes[i], "after its put");
		if (sizes[i] < 70000 && put_ok(k, VT_SPACE_ENTRY, &id, data, sizes[i]))
			present(k, VT_SPACE_ENTRY, &id, data, sizes[i], "after its put");
	}
	free(data);
}

static void spaces(struct check *k)
{
	vt_id id;

	check_random(k, &id, sizeof id);
	put_ok(k, VT_SPACE_BLOB, &id, "blob", 4);
	absent(k, VT_SPACE_ENTRY, &id, "whose name only a blob has");
	put_ok(k, VT_SPACE_ENTRY, &id, "an entry", 8);
	present(k, VT_SPACE_BLOB, &id, "blob", 4, "whose name an entry has too");
}

static void last_wins(struct check *k)
{
	vt_id id;

	check_random(k, &id, sizeof id);
	put_ok(k, VT_SPACE_ENTRY, &id, "first, and longer", 17);
	put_ok(k, VT_SPACE_ENTRY, &id, "second", 6);
	present(k, VT_SPACE_ENTRY, &id, "second", 6, "that was put twice");
	put_ok(k, VT_SPACE_BLOB, &id, "same", 4);
	put_ok(k, VT_SPACE_BLOB, &id, "same", 4);
	present(k, VT_SPACE_BLOB, &id, "same", 4, "that was put twice");
}

static void dropped(struct check *k)
{
	struct plug_call call;
	vt_status s;
	vt_id id;
	uint32_t space;

	if (!k->component->made->ops.store.drop)
		return;
	check_random(k, &id, sizeof id);
	for (space = VT_SPACE_BLOB; space <= VT_SPACE_ENTRY; space += VT_SPACE_ENTRY - VT_SPACE_BLOB) {
		put_ok(k, space, &id, "away", 4);
		call_begin(&call, k->component, "drop");
		s = call_end(&call, k->component->made->ops.store.drop(k->component->self, &call.call, space, &id, VT_DROP_ASKED));
		check_that(k, s == VT_OK, "drop of %s answers %s, expected VT_OK", space_word(space), check_status(s));
		absent(k, space, &id, "that was dropped");
		call_begin(&call, k->component, "drop");
		s = call_end(&call, k->component->made->ops.store.drop(k->component->self, &call.call, space, &id, VT_DROP_ASKED));
		check_that(k, s == VT_OK || s == VT_NONE, "drop of %s that is not there answers %s, expected VT_OK or VT_NONE",
			   space_word(space), check_status(s));
	}
}

static void broken_source(struct check *k)
{
	unsigned char *data = malloc(BIG);
	struct bytes_source from;
	vt_status s;
	vt_id id;
	uint32_t space;

	if (!data)
		return;
	check_random(k, data, BIG);
	for (space = VT_SPACE_BLOB; space <= VT_SPACE_ENTRY; space += VT_SPACE_ENTRY - VT_SPACE_BLOB) {
		size_t size = space == VT_SPACE_BLOB ? BIG : 40000;

		check_random(k, &id, sizeof id);
		from = source_of(data, size);
		from.fail_at = size / 2;
		s = put(k, space, &id, &from);
		check_that(k, s != VT_OK, "put of %s answers VT_OK although its source failed midway", space_word(space));
		absent(k, space, &id, "whose put failed midway");
		check_random(k, &id, sizeof id);
		from = source_of(data, size);
		from.end_at = size / 2;
		s = put(k, space, &id, &from);
		check_that(k, s != VT_OK, "put of %s answers VT_OK although its source ended before its size", space_word(space));
		absent(k, space, &id, "whose source ended early");
	}
	free(data);
}

static void full_sink(struct check *k)
{
	unsigned char data[20000];
	struct compare_sink into = { .want = data, .size = sizeof data, .fail_at = 5000 };
	vt_status s;
	vt_id id;

	check_random(k, &id, sizeof id);
	check_random(k, data, sizeof data);
	if (!put_ok(k, VT_SPACE_BLOB, &id, data, sizeof data))
		return;
	s = get(k, VT_SPACE_BLOB, &id, &into);
	check_that(k, s != VT_OK && s != VT_NONE, "get answers %s although the sink took nothing more", check_status(s));
	present(k, VT_SPACE_BLOB, &id, data, sizeof data, "after a get that was broken off");
}

static void cancelled(struct check *k)
{
	unsigned char *data = malloc(BIG);
	struct bytes_source from = source_of(data, BIG);
	vt_status s;
	vt_id id;

	if (!data)
		return;
	check_random(k, &id, sizeof id);
	check_random(k, data, BIG);
	from.stop_at = BIG / 4;
	s = put(k, VT_SPACE_BLOB, &id, &from);
	check_that(k, s == VT_CANCELLED || s == VT_OK, "put answers %s when vt asks it to stop, expected VT_CANCELLED or VT_OK",
		   check_status(s));
	if (s == VT_OK)
		present(k, VT_SPACE_BLOB, &id, data, BIG, "that was put to its end");
	else
		absent(k, VT_SPACE_BLOB, &id, "whose put was cancelled");
	free(data);
}

struct worker {
	struct check check;
	vt_id shared;
	uint64_t seed;
};

static void *work(void *ctx)
{
	struct worker *w = ctx;
	unsigned char data[3000];
	vt_id id;
	int i;

	w->check.random = w->seed;
	for (i = 0; i < 60 && !w->check.failed; i++) {
		size_t size = (size_t)(i * 47) % sizeof data;

		check_random(&w->check, &id, sizeof id);
		check_random(&w->check, data, size);
		if (put_ok(&w->check, VT_SPACE_BLOB, &id, data, size))
			present(&w->check, VT_SPACE_BLOB, &id, data, size, "put by one of two threads");
		put_ok(&w->check, VT_SPACE_BLOB, &w->shared, "shared", 6);
		present(&w->check, VT_SPACE_BLOB, &w->shared, "shared", 6, "that two threads put");
	}
	return NULL;
}

static void two_threads(struct check *k)
{
	struct worker w[2] = { { .check = *k, .seed = 11 }, { .check = *k, .seed = 77 } };
	pthread_t thread[2];
	int i;

	check_random(k, &w[0].shared, sizeof w[0].shared);
	w[1].shared = w[0].shared;
	for (i = 0; i < 2; i++)
		if (pthread_create(&thread[i], NULL, work, &w[i]))
			return;
	for (i = 0; i < 2; i++) {
		pthread_join(thread[i], NULL);
		k->failed = k->failed || w[i].check.failed;
	}
}

static void ending(struct check *k)
{
	const vt_store_ops *ops = &k->component->made->ops.store;
	struct plug_call call;
	vt_status s;
	vt_id id;

	check_random(k, &id, sizeof id);
	put_ok(k, VT_SPACE_BLOB, &id, "used", 4);
	if (ops->used) {
		call_begin(&call, k->component, "used");
		s = call_end(&call, ops->used(k->component->self, &call.call, &id, 1));
		check_that(k, s == VT_OK || s == VT_NONE, "used answers %s, expected VT_OK", check_status(s));
		call_begin(&call, k->component, "used");
		s = call_end(&call, ops->used(k->component->self, &call.call, NULL, 0));
		check_that(k, s == VT_OK || s == VT_NONE, "used of no blobs answers %s, expected VT_OK", check_status(s));
	}
	if (ops->settle) {
		call_begin(&call, k->component, "settle");
		s = call_end(&call, ops->settle(k->component->self, &call.call));
		check_that(k, s == VT_OK || s == VT_NONE, "settle answers %s, expected VT_OK", check_status(s));
	}
	present(k, VT_SPACE_BLOB, &id, "used", 4, "after settle");
}

/* Spaces of a newer interface are served by their bits. */
static void other_space(struct check *k)
{
	static const uint32_t odd[] = { VT_SPACE_RESULT, 8 | VT_SPACE_BLOB | VT_SPACE_UNNAMED, 64 | VT_SPACE_ENTRY };
	size_t i;
	vt_id id;

	for (i = 0; i < COUNT(odd); i++) {
		check_random(k, &id, sizeof id);
		put_ok(k, odd[i], &id, "of another space", 16);
		present(k, odd[i], &id, "of another space", 16, "of a space that only its bits describe");
		absent(k, VT_SPACE_ENTRY, &id, "whose name another space has");
		if (!(odd[i] & VT_SPACE_MUTABLE))
			continue;
		put_ok(k, odd[i], &id, "again", 5);
		present(k, odd[i], &id, "again", 5, "of a mutable space, put twice");
	}
}

const struct check_trial check_stores[] = {
	{ "an unknown name is not there", VT_KIND_STORE, unknown },
	{ "what was put comes back", VT_KIND_STORE, there_and_back },
	{ "blobs and entries are two spaces", VT_KIND_STORE, spaces },
	{ "an entry's last writer wins, a blob may be put again", VT_KIND_STORE, last_wins },
	{ "what was dropped is gone", VT_KIND_STORE, dropped },
	{ "a put is whole or nothing", VT_KIND_STORE, broken_source },
	{ "a get whose sink fails does no harm", VT_KIND_STORE, full_sink },
	{ "a put ends when it is asked to", VT_KIND_STORE, cancelled },
	{ "two threads at once", VT_KIND_STORE, two_threads },
	{ "used and settle", VT_KIND_STORE, ending },
	{ "a space of a newer interface is served by its bits", VT_KIND_STORE, other_space },
	{ NULL, 0, NULL },
};
