/* Trials of stores: one object after the other. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kit/check_bytes.h"
#include "plug/inside.h"

static void unknown(struct check *k)
{
	vt_id id;

	check_random(k, &id, sizeof id);
	check_absent(k, VT_SPACE_BLOB, &id, "that was never put");
	check_absent(k, VT_SPACE_ENTRY, &id, "that was never put");
}

static void there_and_back(struct check *k)
{
	static const size_t sizes[] = { 0, 1, 4095, 65537, CHECK_BIG };
	unsigned char *data = malloc(CHECK_BIG);
	bool took = false;
	vt_id id;
	size_t i;

	for (i = 0; data && i < COUNT(sizes); i++) {
		check_random(k, data, sizes[i]);
		check_name(k, VT_SPACE_BLOB, data, sizes[i], &id);
		if (check_put_ok(k, VT_SPACE_BLOB, &id, data, sizes[i])) {
			took = true;
			check_present(k, VT_SPACE_BLOB, &id, data, sizes[i], "after its put");
		}
		check_random(k, &id, sizeof id);
		if (sizes[i] < 65536 && check_put_ok(k, VT_SPACE_ENTRY, &id, data, sizes[i]))
			check_present(k, VT_SPACE_ENTRY, &id, data, sizes[i], "after its put");
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
	check_name(k, VT_SPACE_BLOB, data, sizeof data, &id);
	if (!check_put_ok(k, VT_SPACE_BLOB, &id, data, sizeof data))
		return;
	check_absent(k, VT_SPACE_ENTRY, &id, "whose name only a blob has");
	check_put_ok(k, VT_SPACE_ENTRY, &id, "an entry", 8);
	check_present(k, VT_SPACE_BLOB, &id, data, sizeof data, "whose name an entry has too");
}

static void last_wins(struct check *k)
{
	unsigned char data[40];
	vt_id id;

	check_random(k, &id, sizeof id);
	if (check_put_ok(k, VT_SPACE_ENTRY, &id, "first, and longer", 17) && check_put_ok(k, VT_SPACE_ENTRY, &id, "second", 6))
		check_present(k, VT_SPACE_ENTRY, &id, "second", 6, "that was put twice");
	check_random(k, data, sizeof data);
	check_name(k, VT_SPACE_BLOB, data, sizeof data, &id);
	if (check_put_ok(k, VT_SPACE_BLOB, &id, data, sizeof data) && check_put_ok(k, VT_SPACE_BLOB, &id, data, sizeof data))
		check_present(k, VT_SPACE_BLOB, &id, data, sizeof data, "that was put twice");
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
		check_name(k, both[i], data, sizeof data, &id);
		if (!check_put_ok(k, both[i], &id, data, sizeof data))
			continue;
		s = check_drop(k, both[i], &id);
		check_that(k, s == VT_OK || s == VT_NONE, "drop of %s answers %s, expected VT_OK, or VT_NONE where it declines", space_word(both[i]), check_status(s));
		if (s == VT_OK)
			check_absent(k, both[i], &id, "that was dropped");
		s = check_drop(k, both[i], &id);
		check_that(k, s == VT_OK || s == VT_NONE, "drop of %s that is not there answers %s, expected VT_OK or VT_NONE",
			   space_word(both[i]), check_status(s));
	}
}

static void broken_source(struct check *k)
{
	unsigned char *data = malloc(CHECK_BIG);
	struct bytes_source from;
	vt_status s;
	vt_id id;
	uint32_t space;

	if (!data)
		return;
	check_random(k, data, CHECK_BIG);
	for (space = VT_SPACE_BLOB; space <= VT_SPACE_ENTRY; space += VT_SPACE_ENTRY - VT_SPACE_BLOB) {
		size_t size = space == VT_SPACE_BLOB ? CHECK_BIG : 40000;

		check_random(k, data, 64);
		check_name(k, space, data, size, &id);
		from = source_of(data, size);
		from.fail_at = size / 2;
		s = check_put(k, space, &id, &from);
		check_that(k, s != VT_OK, "put of %s answers VT_OK although its source failed midway", space_word(space));
		check_absent(k, space, &id, "whose put failed midway");
		check_random(k, data, 64);
		check_name(k, space, data, size, &id);
		from = source_of(data, size);
		from.end_at = size / 2;
		s = check_put(k, space, &id, &from);
		check_that(k, s != VT_OK, "put of %s answers VT_OK although its source ended before its size", space_word(space));
		check_absent(k, space, &id, "whose source ended early");
	}
	free(data);
}

/* After any failed put, the next of the same name is as the first. */
static void again(struct check *k)
{
	unsigned char *data = malloc(CHECK_BIG);
	struct bytes_source from;
	vt_id id;
	int i;

	if (!data)
		return;
	check_random(k, data, CHECK_BIG);
	check_name(k, VT_SPACE_BLOB, data, CHECK_BIG, &id);
	for (i = 0; i < 3; i++) {
		from = source_of(data, CHECK_BIG);
		from.fail_at = i == 0 ? CHECK_BIG / 2 : SIZE_MAX;
		from.end_at = i == 1 ? CHECK_BIG / 2 : SIZE_MAX;
		from.stop_at = i == 2 ? CHECK_BIG / 2 : SIZE_MAX;
		check_put(k, VT_SPACE_BLOB, &id, &from);
	}
	if (check_put_ok(k, VT_SPACE_BLOB, &id, data, CHECK_BIG))
		check_present(k, VT_SPACE_BLOB, &id, data, CHECK_BIG, "that was put again after a put that failed");
	free(data);
}

static void full_sink(struct check *k)
{
	unsigned char data[20000];
	struct compare_sink into = { .want = data, .size = sizeof data, .fail_at = 5000 };
	vt_status s;
	vt_id id;

	check_random(k, data, sizeof data);
	check_name(k, VT_SPACE_BLOB, data, sizeof data, &id);
	if (!check_put_ok(k, VT_SPACE_BLOB, &id, data, sizeof data))
		return;
	s = check_get(k, VT_SPACE_BLOB, &id, &into);
	check_that(k, s != VT_OK && s != VT_NONE, "get answers %s although the sink took nothing more", check_status(s));
	check_present(k, VT_SPACE_BLOB, &id, data, sizeof data, "after a get that was broken off");
}

/* A server may have had all bytes already when the put was asked to end. */
static void absent_or_whole(struct check *k, const vt_id *id, const unsigned char *data)
{
	struct compare_sink into = { .want = data, .size = CHECK_BIG, .fail_at = SIZE_MAX };
	vt_status s = check_get(k, VT_SPACE_BLOB, id, &into);

	check_that(k, s == VT_NONE || (s == VT_OK && into.at == CHECK_BIG && !into.differs),
		   "get of a blob whose put was cancelled answers %s with %zu bytes, expected VT_NONE, or all of it", check_status(s), into.at);
}

static void cancelled(struct check *k)
{
	unsigned char *data = malloc(CHECK_BIG);
	struct bytes_source from;
	vt_status s;
	vt_id id;

	if (!data)
		return;
	check_random(k, data, CHECK_BIG);
	check_name(k, VT_SPACE_BLOB, data, CHECK_BIG, &id);
	from = source_of(data, CHECK_BIG);
	from.stop_at = CHECK_BIG / 4;
	s = check_put(k, VT_SPACE_BLOB, &id, &from);
	if (s == VT_NONE || s == VT_UNSUPPORTED) {
		free(data);
		return;
	}
	check_that(k, s == VT_CANCELLED || s == VT_OK, "put answers %s when vt asks it to stop, expected VT_CANCELLED or VT_OK",
		   check_status(s));
	if (s == VT_OK)
		check_present(k, VT_SPACE_BLOB, &id, data, CHECK_BIG, "that was put to its end");
	else
		absent_or_whole(k, &id, data);
	free(data);
}

/* A get that is asked to stop ends, or gives all of it. */
static void cancelled_get(struct check *k)
{
	unsigned char *data = malloc(CHECK_BIG);
	volatile int stop = 0;
	struct compare_sink into = { .want = data, .size = CHECK_BIG, .fail_at = SIZE_MAX, .stop = &stop };
	vt_status s;
	vt_id id;

	if (!data)
		return;
	check_random(k, data, CHECK_BIG);
	check_name(k, VT_SPACE_BLOB, data, CHECK_BIG, &id);
	if (check_put_ok(k, VT_SPACE_BLOB, &id, data, CHECK_BIG)) {
		s = check_get(k, VT_SPACE_BLOB, &id, &into);
		check_that(k, s == VT_CANCELLED || (s == VT_OK && into.at == CHECK_BIG), "get answers %s when vt asks it to stop, expected VT_CANCELLED, or all of it",
			   check_status(s));
		check_present(k, VT_SPACE_BLOB, &id, data, CHECK_BIG, "after a get that was asked to stop");
	}
	free(data);
}

/* Counts a name among those that are listed. */
struct list_sink {
	vt_sink sink;
	vt_id wanted, last;                /* last: the present one, as far as it came */
	uint32_t found;
};

static vt_status list_write(vt_sink *sink, vt_call *call, const void *data, size_t size)
{
	struct list_sink *l = (struct list_sink *)sink;
	const uint8_t *at = data;

	(void)call;
	for (; size; size--, at++) {
		l->last.byte[sink->got++ % sizeof l->last] = *at;
		if (sink->got % sizeof l->last == 0)
			l->found += memcmp(&l->last, &l->wanted, sizeof l->wanted) == 0;
	}
	return VT_OK;
}

static void listed(struct check *k)
{
	const vt_store_ops *ops = &k->component->made->ops.store;
	struct list_sink into = { .sink = { .struct_size = sizeof into.sink, .write = list_write, .most = UINT64_MAX } };
	struct plug_call call;
	vt_status s;

	check_random(k, &into.wanted, sizeof into.wanted);
	if (!ops->list) {
		check_note(k, "it has no list: not tried");
		return;
	}
	if (!check_put_ok(k, VT_SPACE_RESULT, &into.wanted, "a result", 8))
		return;
	call_begin(&call, k->component, "list");
	s = call_end(&call, ops->list(k->component->self, &call.call, VT_SPACE_RESULT, time(NULL) - 3600, &into.sink));
	if (s == VT_UNSUPPORTED)
		return;
	check_that(k, s == VT_OK, "list answers %s, expected VT_OK", check_status(s));
	check_that(k, into.sink.got % sizeof(vt_id) == 0, "list writes %llu bytes, which are no names of 32", (unsigned long long)into.sink.got);
	check_that(k, s != VT_OK || into.found == 1, "list names what was put a moment ago %u times, expected once", into.found);
}

/* Spaces of a newer interface are served by their bits. */
static void other_space(struct check *k)
{
	static const uint32_t odd[] = { VT_SPACE_RESULT, 8 | VT_SPACE_BLOB | VT_SPACE_UNNAMED, 64 | VT_SPACE_ENTRY };
	size_t i;
	vt_id id;

	for (i = 0; i < COUNT(odd); i++) {
		check_random(k, &id, sizeof id);
		if (!check_put_ok(k, odd[i], &id, "of another space", 16))
			continue;
		check_present(k, odd[i], &id, "of another space", 16, "of a space that only its bits describe");
		check_absent(k, VT_SPACE_ENTRY, &id, "whose name another space has");
		if (!(odd[i] & VT_SPACE_MUTABLE))
			continue;
		check_put_ok(k, odd[i], &id, "again", 5);
		check_present(k, odd[i], &id, "again", 5, "of a mutable space, put twice");
	}
}

const struct check_trial check_stores[] = {
	{ "an unknown name is not there", VT_KIND_STORE, unknown, CHECK_PLAIN },
	{ "what was put comes back", VT_KIND_STORE, there_and_back, CHECK_PLAIN },
	{ "blobs and entries are two spaces", VT_KIND_STORE, spaces, CHECK_PLAIN },
	{ "an entry's last writer wins, a blob may be put again", VT_KIND_STORE, last_wins, CHECK_PLAIN },
	{ "what was dropped is gone", VT_KIND_STORE, dropped, CHECK_PLAIN },
	{ "a put is whole or nothing", VT_KIND_STORE, broken_source, CHECK_PLAIN },
	{ "a put can be tried again", VT_KIND_STORE, again, CHECK_PLAIN },
	{ "a get whose sink fails does no harm", VT_KIND_STORE, full_sink, CHECK_PLAIN },
	{ "a put ends when it is asked to", VT_KIND_STORE, cancelled, CHECK_PLAIN },
	{ "a get ends when it is asked to", VT_KIND_STORE, cancelled_get, CHECK_PLAIN },
	{ "what was put is listed", VT_KIND_STORE, listed, CHECK_PLAIN },
	{ "a space of a newer interface is served by its bits", VT_KIND_STORE, other_space, CHECK_PLAIN },
	{ NULL, 0, NULL, CHECK_PLAIN },
};
