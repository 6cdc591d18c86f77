/* Trials of stores at work: many objects, large ones, several threads and processes, servers that do not answer. */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "kit/check_bytes.h"
#include "os/loop.h"           /* for os_now_ns */
#include "plug/inside.h"

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
		check_name(k, VT_SPACE_BLOB, data[i], sizeof data[i], &names[i]);
		from[i] = source_of(data[i], sizeof data[i]);
		from[i].thread = pthread_self();
		puts[i] = (vt_put_item){ .name = names[i], .from = &from[i].source, .status = 77 };
	}
	check_random(k, &names[MANY], sizeof names[MANY]);
	if (ops->put_many) {
		for (i = 0; i < MANY; i++)
			check_note_put(k, VT_SPACE_BLOB, &names[i]);
		call_begin(&call, k->component, "put_many");
		s = call_end(&call, ops->put_many(k->component->self, &call.call, VT_SPACE_BLOB, puts, MANY));
		if (s == VT_NONE || s == VT_UNSUPPORTED || !check_that(k, s == VT_OK, "put_many answers %s, expected VT_OK", check_status(s)))
			return;
		if (puts[0].status == VT_NONE || puts[0].status == VT_UNSUPPORTED)
			return;
		for (i = 0; i < MANY; i++) {
			check_that(k, !from[i].astray, "put_many reads a source from another thread");
			check_that(k, puts[i].status == VT_OK, "put_many gives an item the status %s, expected VT_OK", check_status(puts[i].status));
		}
		check_present(k, VT_SPACE_BLOB, &names[7], data[7], sizeof data[7], "that put_many put");
	} else {
		for (i = 0; i < MANY; i++)
			if (!check_put_ok(k, VT_SPACE_BLOB, &names[i], data[i], sizeof data[i]))
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
		into[i] = (struct compare_sink){ .want = i < MANY ? data[i] : NULL, .size = sizeof data[0], .fail_at = SIZE_MAX };
		sink_begin(&into[i]);
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

	if (!check_that(k, !ops->lease == !ops->release, "it has one of lease and release, and not the other"))
		return;
	if (!ops->lease) {
		check_note(k, "it has no lease: not tried");
		return;
	}
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

/* A line of /proc/self/status, as "VmHWM:", in KiB; 0: it is not told. */
static long memory_kib(const char *what)
{
	char line[200];
	long ret = 0;
	FILE *f = fopen("/proc/self/status", "re");

	while (f && !ret && fgets(line, sizeof line, f))
		if (strncmp(line, what, strlen(what)) == 0)
			ret = strtol(line + strlen(what), NULL, 10);
	if (f)
		fclose(f);
	return ret;
}

/* From now on the peak is of what comes. false: this machine cannot tell. */
static bool forget_peak(void)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
	bool ret = fd >= 0 && write(fd, "5", 1) == 1;

	if (fd >= 0)
		close(fd);
	return ret;
}

/* The memory that the call took. A store that keeps its objects in memory may keep the blob that was `put`, but no second one. */
static void bounded(struct check *k, const char *call, bool put, long before_kib)
{
	long peak = memory_kib("VmHWM:") - before_kib, stays = put ? memory_kib("VmRSS:") - before_kib : 0;

	check_that(k, peak - (stays > LARGE / 2048 ? stays : 0) < LARGE_ROOM / 1024, "%s of a blob of 100 MiB takes %ld MiB of memory", call, peak / 1024);
}

static void name_large(vt_source *from, vt_id *ret)
{
	struct digest_state state;
	unsigned char piece[65536];
	struct digest d;
	uint64_t at;
	size_t n;

	digest_begin(&state, NULL);
	for (at = 0; large_read(from, NULL, at, piece, sizeof piece, &n) == VT_OK && n; at += n)
		digest_add(&state, piece, n);
	digest_end(&state, &d);
	memcpy(ret->byte, d.byte, sizeof d.byte);
}

static void large(struct check *k)
{
	vt_source from = { .struct_size = sizeof from, .read = large_read, .size = LARGE };
	struct large_sink into = { .sink = { .struct_size = sizeof into.sink, .write = large_write, .most = LARGE } };
	const vt_store_ops *ops = &k->component->made->ops.store;
	struct plug_call call;
	bool told;
	long before;
	vt_status s;
	vt_id id;

	name_large(&from, &id);
	told = forget_peak();
	before = memory_kib("VmRSS:");
	call_begin(&call, k->component, "put");
	s = call_end(&call, ops->put(k->component->self, &call.call, VT_SPACE_BLOB, &id, &from));
	if (told)
		bounded(k, "put", true, before);
	if (s != VT_OK)
		return;                        /* the store may have no room for the object */
	check_note_put(k, VT_SPACE_BLOB, &id);
	told = forget_peak();
	before = memory_kib("VmRSS:");
	call_begin(&call, k->component, "get");
	s = call_end(&call, ops->get(k->component->self, &call.call, VT_SPACE_BLOB, &id, &into.sink));
	check_that(k, s == VT_OK && into.sink.got == LARGE && !into.differs, "get of a blob of 100 MiB answers %s and %llu bytes, expected all that was put",
		   check_status(s), (unsigned long long)into.sink.got);
	if (told)
		bounded(k, "get", false, before);
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
		check_name(&w->check, VT_SPACE_BLOB, data, size, &id);
		if (check_put_ok(&w->check, VT_SPACE_BLOB, &id, data, size))
			check_present(&w->check, VT_SPACE_BLOB, &id, data, size, "put by one of two threads");
		if (check_put_ok(&w->check, VT_SPACE_BLOB, &w->shared, &w->entry, sizeof w->entry))
			check_present(&w->check, VT_SPACE_BLOB, &w->shared, &w->entry, sizeof w->entry, "that two threads put");
		if (check_put_ok(&w->check, VT_SPACE_ENTRY, &w->entry, "the same from both", 18))
			check_present(&w->check, VT_SPACE_ENTRY, &w->entry, "the same from both", 18, "that two threads put at once");
	}
	return NULL;
}

/* One of two processes. */
static void at_once(struct check *k)
{
	struct worker w = { .check = *k, .seed = k->random };
	uint32_t i;

	w.entry = k->common;
	check_name(k, VT_SPACE_BLOB, &w.entry, sizeof w.entry, &w.shared);
	work(&w);
	k->failed = k->failed || w.check.failed;
	/* the objects of both stay until the other process has looked */
	for (i = 0; i < w.check.put_n; i++)
		if (memcmp(&w.check.put[i], &w.shared, sizeof w.shared) != 0 && memcmp(&w.check.put[i], &w.entry, sizeof w.entry) != 0)
			check_drop(k, w.check.put_space[i], &w.check.put[i]);
	k->put[0] = w.shared;
	k->put_space[0] = VT_SPACE_BLOB;
	k->put[1] = w.entry;
	k->put_space[1] = VT_SPACE_ENTRY;
	k->put_n = 2;
}

/* A get from a server that never comes to an end: within the time that vt gives, and a little. */
static void get_in_time(struct check *k, const char *from)
{
	struct compare_sink into = { .fail_at = SIZE_MAX };
	int64_t began = os_now_ns();
	struct plug_call call;
	vt_status s;
	vt_id id;

	check_random(k, &id, sizeof id);
	sink_begin(&into);
	call_begin(&call, k->component, "get");
	call.deadline_ns = began + INT64_C(2000000000);
	s = call_end(&call, k->component->made->ops.store.get(k->component->self, &call.call, VT_SPACE_BLOB, &id, &into.sink));
	check_that(k, s < 0, "get from a server that %s answers %s", from, check_status(s));
	check_that(k, os_now_ns() - began < INT64_C(4000000000), "get from a server that %s takes %d s, and left_ms() gave it 2", from,
		   (int)((os_now_ns() - began) / 1000000000));
}

static void hanging(struct check *k)
{
	get_in_time(k, "accepts nothing");
}

static void dripping(struct check *k)
{
	get_in_time(k, "sends a byte now and then");
}

static void two_threads(struct check *k)
{
	struct worker w[2] = { { .check = *k, .seed = 11 }, { .check = *k, .seed = 77 } };
	pthread_t thread[2];
	int i;

	w[0].seed ^= k->random;
	w[1].seed ^= k->random;
	check_random(k, &w[0].entry, sizeof w[0].entry);
	check_name(k, VT_SPACE_BLOB, &w[0].entry, sizeof w[0].entry, &w[0].shared);
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
	check_name(k, VT_SPACE_BLOB, data, sizeof data, &id);
	there = check_put_ok(k, VT_SPACE_BLOB, &id, data, sizeof data);
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
		check_present(k, VT_SPACE_BLOB, &id, data, sizeof data, "after settle");
}

const struct check_trial check_works[] = {
	{ "many at once are as one by one", VT_KIND_STORE, many, CHECK_PLAIN },
	{ "a lease has one owner", VT_KIND_STORE, leases, CHECK_PLAIN },
	{ "a large blob goes through", VT_KIND_STORE, large, CHECK_PLAIN },
	{ "two threads at once", VT_KIND_STORE, two_threads, CHECK_PLAIN },
	{ "two processes at once", VT_KIND_STORE, at_once, CHECK_TWO_PROCESSES },
	{ "a server that hangs", VT_KIND_STORE, hanging, CHECK_HANGING_SERVER },
	{ "a server that drips", VT_KIND_STORE, dripping, CHECK_DRIPPING_SERVER },
	{ "used and settle", VT_KIND_STORE, ending, CHECK_PLAIN },
	{ NULL, 0, NULL, CHECK_PLAIN },
};
