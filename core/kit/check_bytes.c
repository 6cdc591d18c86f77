#include "config.h"

#include "kit/check_bytes.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "plug/inside.h"

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

struct bytes_source source_of(const void *data, size_t size)
{
	return (struct bytes_source){ .source = { .struct_size = sizeof(vt_source), .read = source_read, .size = size }, .data = data, .size = size,
		.fail_at = SIZE_MAX, .end_at = SIZE_MAX, .stop_at = SIZE_MAX };
}

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

void sink_begin(struct compare_sink *into)
{
	into->sink = (vt_sink){ .struct_size = sizeof(vt_sink), .write = sink_write, .restart = sink_restart, .most = UINT64_MAX };
	into->thread = pthread_self();
}

void check_note_put(struct check *k, uint32_t space, const vt_id *id)
{
	if (k->put_n == CHECK_PUTS)
		return;
	k->put[k->put_n] = *id;
	k->put_space[k->put_n++] = space;
}

vt_status check_get(struct check *k, uint32_t space, const vt_id *id, struct compare_sink *into)
{
	struct plug_call call;
	vt_status s;

	sink_begin(into);
	call_begin(&call, k->component, "get");
	call.stop = into->stop;
	s = call_end(&call, k->component->made->ops.store.get(k->component->self, &call.call, space, id, &into->sink));
	check_that(k, !into->astray, "get writes to its sink from another thread");
	return s;
}

vt_status check_put(struct check *k, uint32_t space, const vt_id *id, struct bytes_source *from)
{
	struct plug_call call;
	vt_status s;

	check_note_put(k, space, id);
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

void check_name(struct check *k, uint32_t space, const void *data, size_t size, vt_id *ret)
{
	struct digest d;

	if (space & VT_SPACE_UNNAMED) {
		check_random(k, ret, sizeof *ret);
		return;
	}
	digest_of(data, size, &d);
	memcpy(ret->byte, d.byte, sizeof d.byte);
}

const char *space_word(uint32_t space)
{
	return space == VT_SPACE_BLOB ? "a blob" : "an entry";
}

bool check_absent(struct check *k, uint32_t space, const vt_id *id, const char *when)
{
	struct compare_sink into = { .fail_at = SIZE_MAX };
	vt_status s = check_get(k, space, id, &into);

	return check_that(k, s == VT_NONE, "get of %s %s answers %s, expected VT_NONE", space_word(space), when, check_status(s)) &&
		check_that(k, !into.at, "get of %s %s writes %zu bytes, expected none", space_word(space), when, into.at);
}

bool check_present(struct check *k, uint32_t space, const vt_id *id, const void *data, size_t size, const char *when)
{
	struct compare_sink into = { .want = data, .size = size, .fail_at = SIZE_MAX };
	vt_status s = check_get(k, space, id, &into);

	return check_that(k, s == VT_OK, "get of %s %s answers %s, expected VT_OK", space_word(space), when, check_status(s)) &&
		check_that(k, into.at == size && !into.differs, "get of %s %s gives %zu bytes that are not the %zu that were put",
			   space_word(space), when, into.at, size);
}

bool check_put_ok(struct check *k, uint32_t space, const vt_id *id, const void *data, size_t size)
{
	struct bytes_source from = source_of(data, size);
	vt_status s = check_put(k, space, id, &from);

	/* a store may decline any object, without a word */
	if (s == VT_NONE || s == VT_UNSUPPORTED) {
		k->declined = true;
		return false;
	}
	return check_that(k, s == VT_OK, "put of %s of %zu bytes answers %s, expected VT_OK", space_word(space), size, check_status(s));
}

vt_status check_drop(struct check *k, uint32_t space, const vt_id *id)
{
	struct plug_call call;

	if (!k->component->made->ops.store.drop)
		return VT_NONE;
	call_begin(&call, k->component, "drop");
	return call_end(&call, k->component->made->ops.store.drop(k->component->self, &call.call, space, id, VT_DROP_ASKED));
}
