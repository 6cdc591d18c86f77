/* Trials of stores. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/digest.h"
#include "kit/check.h"
#include "os/loop.h"           /* for os_now_ns */
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
	pthread_t thread;                  /* of the call */
	bool astray;                       /* it was read on another one */
};

static vt_status source_read(vt_source *s, vt_call *call, uint64_t at, void *buffer, size_t size, size_t *ret)
{
	static const char text[] = "the source broke (this is a trial)";
	struct bytes_source *b = (struct bytes_source *)s;
	size_t end = b->size < b->end_at ? b->size : b->end_at, left = at < end ? end - (size_t)at : 0, n = size < left ? size : left;

	b->astray |= !pthread_equal(b->thread, pthread_self());
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
	volatile int *stop;                /* set when the first bytes came; NULL: never */
	pthread_t thread;                  /* of the call */
	bool astray;                       /* it was written on another one */
};

static vt_status sink_write(vt_sink *s, vt_call *call, const void *data, size_t size)
{
	static const char text[] = "the sink is full (this is a trial)";
	struct compare_sink *c = (struct compare_sink *)s;

	c->astray |= !pthread_equal(c->thread, pthread_self());
	if (c->stop)
		*c->stop = 1;
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
	vt_status s;

	into->sink = (vt_sink){ .struct_size = sizeof(vt_sink), .write = sink_write, .restart = sink_restart, .most = UINT64_MAX };
	into->thread = pthread_self();
	call_begin(&call, k->component, "get");
	call.stop = into->stop;
	s = call_end(&call, k->component->made->ops.store.get(k->component->self, &call.call, space, id, &into->sink));
	check_that(k, !into->astray, "get writes to its sink from another thread");
	return s;
}

static vt_status put(struct check *k, uint32_t space, const vt_id *id, struct bytes_source *from)
{
	struct plug_call call;
	vt_status s;

	if (k->put_n < CHECK_PUTS) {
		k->put[k->put_n] = *id;
		k->put_space[k->put_n++] = space;
	}
	from->thread = pthread_self();
	call_begin(&call, k->component, "put");
	call.stop = &from->stop;
	s = call_end(&call, k->component->made->ops.store.put(k->component->self, &call.call, space, id, &from->source));
	check_that(k, !from->astray, "put reads its source from another thread");
	return s;
}

void check_drop_all(struct check *k)
{
	struct plug_call call;

	if (k->component->made->about.kind != VT_KIND_STORE || !k->component->made->ops.store.drop)
		return;
	while (k->put_n) {
		k->put_n--;
		call_begin(&call, k->component, "drop");
		call_end(&call, k->component->made->ops.store.drop(k->component->self, &call.call, k->put_space[k->put_n], &k->put[k->put_n], VT_DROP_ASKED));
	}
}

/* A name that nothing had before: of a blob it follows from its bytes, which are random. */
static void name_of(struct check *k, uint32_t space, const void *data, size_t size, vt_id *ret)
{
	struct digest d;

	if (space & VT_SPACE_UNNAMED) {
		check_random(k, ret, sizeof *ret);
		return;
	}
	digest_of(data, size, &d);
	memcpy(ret->byte, d.byte, sizeof d.byte);
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

	/* it may decline whatever it likes, without a word */
	if (s == VT_NONE || s == VT_UNSUPPORTED) {
		k->declined = true;
		return false;
	}
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
	bool took = false;
	vt_id id;
	size_t i;

	for (i = 0; data && i < COUNT(sizes); i++) {
		check_random(k, data, sizes[i]);
		name_of(k, VT_SPACE_BLOB, data, sizes[i], &id);
		if (put_ok(k, VT_SPACE_BLOB, &id, data, sizes[i])) {
			took = true;
			present(k, VT_SPACE_BLOB, &id, data, sizes[i], "after its put");
		}
		check_random(k, &id, sizeof id);
		if (sizes[i] < 65536 && put_ok(k, VT_SPACE_ENTRY, &id, data, sizes[i]))
			present(k, VT_SPACE_ENTRY, &id, data, sizes[i], "after its put");
	}
	if (k->declined && !took && !k->failed)
		check_note(k, "it takes nothing: what is put and comes back is not tried");
	free(data);
}

static void spaces(struct check *k)
{
	unsigned char data[40];
	vt_id id;

	check_random(k, data, sizeof data);
	name_of(k, VT_SPACE_BLOB, data, sizeof data, &id);
	if (!put_ok(k, VT_SPACE_BLOB, &id, data, sizeof data))
		return;
	absent(k, VT_SPACE_ENTRY, &id, "whose name only a blob has");
	put_ok(k, VT_SPACE_ENTRY, &id, "an entry", 8);
	present(k, VT_SPACE_BLOB, &id, data, sizeof data, "whose name an entry has too");
}

static void last_wins(struct check *k)
{
	unsigned char data[40];
	vt_id id;

	check_random(k, &id, sizeof id);
	if (put_ok(k, VT_SPACE_ENTRY, &id, "first, and longer", 17) && put_ok(k, VT_SPACE_ENTRY, &id, "second", 6))
		present(k, VT_SPACE_ENTRY, &id, "second", 6, "that was put twice");
	check_random(k, data, sizeof data);
	name_of(k, VT_SPACE_BLOB, data, sizeof data, &id);
	if (put_ok(k, VT_SPACE_BLOB, &id, data, sizeof data) && put_ok(k, VT_SPACE_BLOB, &id, data, sizeof data))
		present(k, VT_SPACE_BLOB, &id, data, sizeof data, "that was put twice");
}

static vt_status drop(struct check *k, uint32_t space, const vt_id *id)
{
	struct plug_call call;

	if (!k->component->made->ops.store.drop)
		return VT_NONE;
	call_begin(&call, k->component, "drop");
	return call_end(&call, k->component->made->ops.store.drop(k->component->self, &call.call, space, id, VT_DROP_ASKED));
}

static void dropped(struct check *k)
{
	static const uint32_t both[] = { VT_SPACE_BLOB, VT_SPACE_ENTRY };
	unsigned char data[40];
	vt_status s;
	vt_id id;
	size_t i;

	for (i = 0; k->component->made->ops.store.drop && i < COUNT(both); i++) {
		check_random(k, data, sizeof data);
		name_of(k, both[i], data, sizeof data, &id);
		if (!put_ok(k, both[i], &id, data, sizeof data))
			continue;
		s = drop(k, both[i], &id);
		check_that(k, s == VT_OK || s == VT_NONE, "drop of %s answers %s, expected VT_OK, or VT_NONE where it declines", space_word(both[i]), check_status(s));
		if (s == VT_OK)
			absent(k, both[i], &id, "that was dropped");
		s = drop(k, both[i], &id);
		check_that(k, s == VT_OK || s == VT_NONE, "drop of %s that is not there answers %s, expected VT_OK or VT_NONE",
			   space_word(both[i]), check_status(s));
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

		check_random(k, data, 64);
		name_of(k, space, data, size, &id);
		from = source_of(data, size);
		from.fail_at = size / 2;
		s = put(k, space, &id, &from);
		check_that(k, s != VT_OK, "put of %s answers VT_OK although its source failed midway", space_word(space));
		absent(k, space, &id, "whose put failed midway");
		check_random(k, data, 64);
		name_of(k, space, data, size, &id);
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

	check_random(k, data, sizeof data);
	name_of(k, VT_SPACE_BLOB, data, sizeof data, &id);
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
	check_random(k, data, BIG);
	name_of(k, VT_SPACE_BLOB, data, BIG, &id);
	from.stop_at = BIG / 4;
	s = put(k, VT_SPACE_BLOB, &id, &from);
	if (s == VT_NONE || s == VT_UNSUPPORTED) {
		free(data);
		return;
	}
	check_that(k, s == VT_CANCELLED || s == VT_OK, "put answers %s when vt asks it to stop, expected VT_CANCELLED or VT_OK",
		   check_status(s));
	if (s == VT_OK)
		present(k, VT_SPACE_BLOB, &id, data, BIG, "that was put to its end");
	else
		absent(k, VT_SPACE_BLOB, &id, "whose put was cancelled");
	free(data);
}

/* A get that is asked to stop ends, or gives all of it. */
static void cancelled_get(struct check *k)
{
	unsigned char *data = malloc(BIG);
	volatile int stop = 0;
	struct compare_sink into = { .want = data, .size = BIG, .fail_at = SIZE_MAX, .stop = &stop };
	vt_status s;
	vt_id id;

	if (!data)
		return;
	check_random(k, data, BIG);
	name_of(k, VT_SPACE_BLOB, data, BIG, &id);
	if (put_ok(k, VT_SPACE_BLOB, &id, data, BIG)) {
		s = get(k, VT_SPACE_BLOB, &id, &into);
		check_that(k, s == VT_CANCELLED || (s == VT_OK && into.at == BIG), "get answers %s when vt asks it to stop, expected VT_CANCELLED, or all of it",
			   check_status(s));
		present(k, VT_SPACE_BLOB, &id, data, BIG, "after a get that was asked to stop");
	}
	free(data);
}

/* ---- many at once ------------------------------------------------------------ */

enum { MANY = 40 };

static void many(struct check *k)
{
	const vt_store_ops *ops = &k->component->made->ops.store;
	unsigned char data[MANY][100];
	struct bytes_source from[MANY];
	struct compare_sink into[MANY + 1];
	vt_put_item puts[MANY];
	vt_get_item gets[MANY + 1];
	vt_id names[MANY + 1];
	uint8_t has[MANY + 1];
	struct plug_call call;
	vt_status s;
	size_t i;

	for (i = 0; i < MANY; i++) {
		check_random(k, data[i], sizeof data[i]);
		name_of(k, VT_SPACE_BLOB, data[i], sizeof data[i], &names[i]);
		from[i] = source_of(data[i], sizeof data[i]);
		from[i].thread = pthread_self();
		puts[i] = (vt_put_item){ .name = names[i], .from = &from[i].source, .status = 77 };
	}
	check_random(k, &names[MANY], sizeof names[MANY]);
	if (ops->put_many) {
		call_begin(&call, k->component, "put_many");
		s = call_end(&call, ops->put_many(k->component->self, &call.call, VT_SPACE_BLOB, puts, MANY));
		if (s == VT_NONE || s == VT_UNSUPPORTED || !check_that(k, s == VT_OK, "put_many answers %s, expected VT_OK", check_status(s)))
			return;
		if (puts[0].status == VT_NONE || puts[0].status == VT_UNSUPPORTED)
			return;
		for (i = 0; i < MANY; i++) {
			k->put[k->put_n] = names[i];
			k->put_space[k->put_n++] = VT_SPACE_BLOB;
			check_that(k, puts[i].status == VT_OK, "put_many gives an item the status %s, expected VT_OK", check_status(puts[i].status));
		}
		present(k, VT_SPACE_BLOB, &names[7], data[7], sizeof data[7], "that put_many put");
	} else {
		for (i = 0; i < MANY; i++)
			if (!put_ok(k, VT_SPACE_BLOB, &names[i], data[i], sizeof data[i]))
				return;
	}
	if (ops->has) {
		call_begin(&call, k->component, "has");
		s = call_end(&call, ops->has(k->component->self, &call.call, VT_SPACE_BLOB, names, MANY + 1, has));
		check_that(k, s == VT_OK, "has answers %s, expected VT_OK", check_status(s));
		check_that(k, s != VT_OK || (has[0] == 1 && has[MANY - 1] == 1), "has says that what was put is not there");
		check_that(k, s != VT_OK || has[MANY] == 0, "has says that what was never put is there");
	}
	if (!ops->get_many)
		return;
	for (i = 0; i <= MANY; i++) {
		into[i] = (struct compare_sink){ .want = i < MANY ? data[i] : NULL, .size = sizeof data[0], .fail_at = SIZE_MAX, .thread = pthread_self() };
		into[i].sink = (vt_sink){ .struct_size = sizeof(vt_sink), .write = sink_write, .restart = sink_restart, .most = UINT64_MAX };
		gets[i] = (vt_get_item){ .name = names[i], .into = &into[i].sink, .status = 77 };
	}
	into[3].fail_at = 10;                  /* one sink is full: the others are served */
	call_begin(&call, k->component, "get_many");
	s = call_end(&call, ops->get_many(k->component->self, &call.call, VT_SPACE_BLOB, gets, MANY + 1));
	check_that(k, s == VT_OK, "get_many answers %s, expected VT_OK", check_status(s));
	for (i = 0; s == VT_OK && i < MANY; i++) {
		if (i == 3)
			check_that(k, gets[i].status < 0, "get_many gives %s to an item whose sink took nothing more", check_status(gets[i].status));
		else
			check_that(k, gets[i].status == VT_OK && into[i].at == sizeof data[0] && !into[i].differs && !into[i].astray,
				   "get_many gives %s and %zu bytes, expected VT_OK and what was put", check_status(gets[i].status), into[i].at);
	}
	check_that(k, s != VT_OK || gets[MANY].status == VT_NONE, "get_many gives %s to an item that was never put, expected VT_NONE",
		   check_status(gets[MANY].status));
}

/* ---- leases -------------------------------------------------------------------- */

static vt_status lease(struct check *k, const vt_id *name, const vt_id *owner, uint32_t ttl_ms, vt_id *has)
{
	struct plug_call call;

	memset(has, 0, sizeof *has);
	call_begin(&call, k->component, "lease");
	return call_end(&call, k->component->made->ops.store.lease(k->component->self, &call.call, name, owner, ttl_ms, has));
}

static vt_status release(struct check *k, const vt_id *name, const vt_id *owner)
{
	struct plug_call call;

	call_begin(&call, k->component, "release");
	return call_end(&call, k->component->made->ops.store.release(k->component->self, &call.call, name, owner));
}

static void leases(struct check *k)
{
	const vt_store_ops *ops = &k->component->made->ops.store;
	vt_id name, one, two, has;
	vt_status s;
	int i;

	if (!check_that(k, !ops->lease == !ops->release, "it has one of lease and release, and not the other") || !ops->lease)
		return;
	check_random(k, &name, sizeof name);
	check_random(k, &one, sizeof one);
	check_random(k, &two, sizeof two);
	s = lease(k, &name, &one, 60000, &has);
	if (s == VT_UNSUPPORTED)
		return;
	check_that(k, s == VT_OK, "lease of a free name answers %s, expected VT_OK", check_status(s));
	s = lease(k, &name, &two, 60000, &has);
	check_that(k, s == VT_NONE && memcmp(&has, &one, sizeof has) == 0, "lease of a taken name answers %s, expected VT_NONE and whose it is", check_status(s));
	s = lease(k, &name, &one, 60000, &has);
	check_that(k, s == VT_OK, "an owner that prolongs its lease gets %s, expected VT_OK", check_status(s));
	s = release(k, &name, &two);
	check_that(k, s == VT_NONE, "release by somebody else answers %s, expected VT_NONE", check_status(s));
	s = release(k, &name, &one);
	check_that(k, s == VT_OK, "release answers %s, expected VT_OK", check_status(s));
	s = lease(k, &name, &two, 200, &has);
	check_that(k, s == VT_OK, "lease of a released name answers %s, expected VT_OK", check_status(s));
	for (i = 0; i < 100 && (s = lease(k, &name, &one, 60000, &has)) == VT_NONE; i++)
		usleep(50000);
	check_that(k, s == VT_OK, "a lease of 200 ms has not ended after five seconds");
	release(k, &name, &one);
}

/* ---- large ones ------------------------------------------------------------------ */

enum { LARGE = 100 << 20, LARGE_ROOM = 48 << 20 };

/* Bytes that follow from their place. */
static vt_status large_read(vt_source *s, vt_call *call, uint64_t at, void *buffer, size_t size, size_t *ret)
{
	size_t left = at < s->size ? (size_t)(s->size - at) : 0, i;

	(void)call;
	size = size < left ? size : left;
	size = size < 65536 ? size : 65536;
	for (i = 0; i < size; i++)
		((unsigned char *)buffer)[i] = (unsigned char)((at + i) * 7 >> 3);
	*ret = size;
	return VT_OK;
}

struct large_sink {
	vt_sink sink;
	bool differs;
};

static vt_status large_write(vt_sink *s, vt_call *call, const void *data, size_t size)
{
	struct large_sink *l = (struct large_sink *)s;
	size_t i;

	(void)call;
	for (i = 0; i < size; i += 4097)
		l->differs |= ((const unsigned char *)data)[i] != (unsigned char)((s->got + i) * 7 >> 3);
	s->got += size;
	return VT_OK;
}

static long peak_kib(void)
{
	struct rusage u;

	return getrusage(RUSAGE_SELF, &u) ? 0 : u.ru_maxrss;
}

static void large(struct check *k)
{
	vt_source from = { .struct_size = sizeof from, .read = large_read, .size = LARGE };
	struct large_sink into = { .sink = { .struct_size = sizeof into.sink, .write = large_write, .most = LARGE } };
	struct digest_state state;
	struct plug_call call;
	unsigned char piece[65536];
	struct digest d;
	uint64_t at;
	long before;
	vt_status s;
	size_t n;
	vt_id id;

	digest_begin(&state, NULL);
	for (at = 0; large_read(&from, NULL, at, piece, sizeof piece, &n) == VT_OK && n; at += n)
		digest_add(&state, piece, n);
	digest_end(&state, &d);
	memcpy(id.byte, d.byte, sizeof d.byte);
	before = peak_kib();
	call_begin(&call, k->component, "put");
	s = call_end(&call, k->component->made->ops.store.put(k->component->self, &call.call, VT_SPACE_BLOB, &id, &from));
	if (s != VT_OK)
		return;                        /* it may have no room for it */
	k->put[k->put_n] = id;
	k->put_space[k->put_n++] = VT_SPACE_BLOB;
	call_begin(&call, k->component, "get");
	s = call_end(&call, k->component->made->ops.store.get(k->component->self, &call.call, VT_SPACE_BLOB, &id, &into.sink));
	check_that(k, s == VT_OK && into.sink.got == LARGE && !into.differs, "get of a blob of 100 MiB answers %s and %llu bytes, expected all that was put",
		   check_status(s), (unsigned long long)into.sink.got);
	if (!k->component->host.folder || peak_kib() - before > LARGE / 1024 * 2)
		return;
	check_that(k, peak_kib() - before < LARGE_ROOM / 1024 || peak_kib() - before > LARGE / 1024 * 3 / 4, "a blob of 100 MiB takes %ld MiB of memory",
		   (peak_kib() - before) / 1024);
}

struct worker {
	struct check check;
	vt_id shared;
	vt_id entry;
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

		check_random(&w->check, data, size);
		name_of(&w->check, VT_SPACE_BLOB, data, size, &id);
		if (put_ok(&w->check, VT_SPACE_BLOB, &id, data, size))
			present(&w->check, VT_SPACE_BLOB, &id, data, size, "put by one of two threads");
		if (put_ok(&w->check, VT_SPACE_BLOB, &w->shared, &w->entry, sizeof w->entry))
			present(&w->check, VT_SPACE_BLOB, &w->shared, &w->entry, sizeof w->entry, "that two threads put");
		if (put_ok(&w->check, VT_SPACE_ENTRY, &w->entry, "the same from both", 18))
			present(&w->check, VT_SPACE_ENTRY, &w->entry, "the same from both", 18, "that two threads put at once");
	}
	return NULL;
}

/* One of two processes. */
static void at_once(struct check *k)
{
	struct worker w = { .check = *k, .seed = k->random };
	uint32_t i;

	memset(&w.entry, 7, sizeof w.entry);
	name_of(k, VT_SPACE_BLOB, &w.entry, sizeof w.entry, &w.shared);
	work(&w);
	k->failed = k->failed || w.check.failed;
	/* what both put stays until the other has looked */
	for (i = 0; i < w.check.put_n; i++)
		if (memcmp(&w.check.put[i], &w.shared, sizeof w.shared) != 0 && memcmp(&w.check.put[i], &w.entry, sizeof w.entry) != 0)
			drop(k, w.check.put_space[i], &w.check.put[i]);
	k->put[0] = w.shared;
	k->put_space[0] = VT_SPACE_BLOB;
	k->put[1] = w.entry;
	k->put_space[1] = VT_SPACE_ENTRY;
	k->put_n = 2;
}

/* A server that accepts nothing: within the time that vt gives, and a little. */
static void hanging(struct check *k)
{
	struct compare_sink into = { .fail_at = SIZE_MAX };
	int64_t began = os_now_ns();
	struct plug_call call;
	vt_status s;
	vt_id id;

	check_random(k, &id, sizeof id);
	into.thread = pthread_self();
	into.sink = (vt_sink){ .struct_size = sizeof(vt_sink), .write = sink_write, .restart = sink_restart, .most = UINT64_MAX };
	call_begin(&call, k->component, "get");
	call.deadline_ns = began + INT64_C(2000000000);
	s = call_end(&call, k->component->made->ops.store.get(k->component->self, &call.call, VT_SPACE_BLOB, &id, &into.sink));
	check_that(k, s < 0, "get from a server that accepts nothing answers %s", check_status(s));
	check_that(k, os_now_ns() - began < INT64_C(4000000000), "get from a server that accepts nothing takes %d s, and left_ms() gave it 2",
		   (int)((os_now_ns() - began) / 1000000000));
}

static void two_threads(struct check *k)
{
	struct worker w[2] = { { .check = *k, .seed = 11 }, { .check = *k, .seed = 77 } };
	pthread_t thread[2];
	int i;

	w[0].seed ^= k->random;
	w[1].seed ^= k->random;
	check_random(k, &w[0].entry, sizeof w[0].entry);
	name_of(k, VT_SPACE_BLOB, &w[0].entry, sizeof w[0].entry, &w[0].shared);
	w[1].shared = w[0].shared;
	w[1].entry = w[0].entry;
	for (i = 0; i < 2; i++)
		if (pthread_create(&thread[i], NULL, work, &w[i]))
			return;
	for (i = 0; i < 2; i++) {
		pthread_join(thread[i], NULL);
		k->failed = k->failed || w[i].check.failed;
	}
	for (i = 0; i < 2; i++)
		check_drop_all(&w[i].check);
}

static void ending(struct check *k)
{
	const vt_store_ops *ops = &k->component->made->ops.store;
	unsigned char data[40];
	struct plug_call call;
	bool there;
	vt_status s;
	vt_id id;

	check_random(k, data, sizeof data);
	name_of(k, VT_SPACE_BLOB, data, sizeof data, &id);
	there = put_ok(k, VT_SPACE_BLOB, &id, data, sizeof data);
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
	if (there)
		present(k, VT_SPACE_BLOB, &id, data, sizeof data, "after settle");
}

/* Spaces of a newer interface are served by their bits. */
static void other_space(struct check *k)
{
	static const uint32_t odd[] = { VT_SPACE_RESULT, 8 | VT_SPACE_BLOB | VT_SPACE_UNNAMED, 64 | VT_SPACE_ENTRY };
	size_t i;
	vt_id id;

	for (i = 0; i < COUNT(odd); i++) {
		check_random(k, &id, sizeof id);
		if (!put_ok(k, odd[i], &id, "of another space", 16))
			continue;
		present(k, odd[i], &id, "of another space", 16, "of a space that only its bits describe");
		absent(k, VT_SPACE_ENTRY, &id, "whose name another space has");
		if (!(odd[i] & VT_SPACE_MUTABLE))
			continue;
		put_ok(k, odd[i], &id, "again", 5);
		present(k, odd[i], &id, "again", 5, "of a mutable space, put twice");
	}
}

const struct check_trial check_stores[] = {
	{ "an unknown name is not there", VT_KIND_STORE, unknown, CHECK_PLAIN },
	{ "what was put comes back", VT_KIND_STORE, there_and_back, CHECK_PLAIN },
	{ "blobs and entries are two spaces", VT_KIND_STORE, spaces, CHECK_PLAIN },
	{ "an entry's last writer wins, a blob may be put again", VT_KIND_STORE, last_wins, CHECK_PLAIN },
	{ "what was dropped is gone", VT_KIND_STORE, dropped, CHECK_PLAIN },
	{ "a put is whole or nothing", VT_KIND_STORE, broken_source, CHECK_PLAIN },
	{ "a get whose sink fails does no harm", VT_KIND_STORE, full_sink, CHECK_PLAIN },
	{ "a put ends when it is asked to", VT_KIND_STORE, cancelled, CHECK_PLAIN },
	{ "a get ends when it is asked to", VT_KIND_STORE, cancelled_get, CHECK_PLAIN },
	{ "many at once are as one by one", VT_KIND_STORE, many, CHECK_PLAIN },
	{ "a lease has one owner", VT_KIND_STORE, leases, CHECK_PLAIN },
	{ "a large blob goes through", VT_KIND_STORE, large, CHECK_PLAIN },
	{ "two threads at once", VT_KIND_STORE, two_threads, CHECK_PLAIN },
	{ "two processes at once", VT_KIND_STORE, at_once, CHECK_TWO_PROCESSES },
	{ "a server that hangs", VT_KIND_STORE, hanging, CHECK_HANGING_SERVER },
	{ "used and settle", VT_KIND_STORE, ending, CHECK_PLAIN },
	{ "a space of a newer interface is served by its bits", VT_KIND_STORE, other_space, CHECK_PLAIN },
	{ NULL, 0, NULL, CHECK_PLAIN },
};
