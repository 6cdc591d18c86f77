/* The list of outputs and the packs of small files, whole and hostile: what is read stays
 * within the bytes, and nothing grows beyond what the list says. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zstd.h>

#include "output-restore/manifest.h"
#include "output-restore/pack.h"

static vt_bytes text(const char *s)
{
	return (vt_bytes){ s, strlen(s) };
}

/* A small file, an empty one, a large one, a link, an empty folder; one pack, or none and no small file. */
static struct bytes_out some_manifest(uint32_t packs_n)
{
	const struct pack pack = { .id = { { 3 } }, .raw = 100 };
	const struct item items[] = {
		{ .meta = { VT_META_FILE, 0644, 5 }, .path = text("dist/empty"), .packed = true },
		{ .meta = { VT_META_FILE, 0755, -7 }, .path = text("dist/large"), .size = 1 << 20, .blob = { { 9 } } },
		{ .meta = { VT_META_LINK, 0777, 1 }, .path = text("dist/link"), .target = text("small") },
		{ .meta = { VT_META_DIR, 0700, 2 }, .path = text("dist/void") },
		{ .meta = { VT_META_FILE, 0600, 3 }, .path = text("dist/small"), .size = 60, .packed = true, .at = 40 },
	};
	const uint32_t n = packs_n ? 5 : 4;
	struct bytes_out all = { 0 }, ret = { 0 };
	uint32_t i;

	for (i = 0; i < n; i++)
		manifest_item(&all, &items[i]);
	manifest_whole(&ret, &pack, packs_n, n, &all);
	assert_false(ret.failed);
	free(all.data);
	return ret;
}

/* How many items can be read; -1: not all that were announced. */
static int read_all(const void *data, size_t size, struct item *last)
{
	struct manifest m;
	uint32_t i;
	int ret = -1;

	if (manifest_open((vt_bytes){ data, size }, &m) < 0)
		return -1;
	for (i = 0; i < m.items_n && manifest_next(&m, last) == 0; i++) {
		assert_in_range(last->meta.mode, 0, 0777);
		if (last->packed && last->size) {
			assert_in_range(last->pack, 0, m.packs_n - 1);
			assert_in_range(last->at + last->size, 0, m.packs[last->pack].raw);
			assert_in_range(m.packs[last->pack].raw, 0, MANIFEST_PACK_RAW + MANIFEST_SMALL);
		}
	}
	if (i == m.items_n)
		ret = (int)i;
	manifest_close(&m);
	return ret;
}

static void entries_that_were_written_are_read(void **state)
{
	struct bytes_out b = some_manifest(1);
	struct item last;

	(void)state;
	assert_int_equal(read_all(b.data, b.size, &last), 5);
	assert_memory_equal(last.path.data, "dist/small", last.path.size);
	assert_int_equal(last.at, 40);
	free(b.data);
}

static void an_empty_file_needs_no_pack(void **state)
{
	struct bytes_out b = some_manifest(0);
	struct item last;

	(void)state;
	assert_int_equal(read_all(b.data, b.size, &last), 4);
	free(b.data);
}

static void damaged_bytes_are_refused_or_harmless(void **state)
{
	struct bytes_out b = some_manifest(1);
	struct item last;
	size_t i;
	int bit;

	(void)state;
	for (i = 0; i < b.size; i++) {
		char *cut = malloc(i ? i : 1);         /* an exact size: checkers catch a read past the end */

		memcpy(cut, b.data, i);
		assert_int_equal(read_all(cut, i, &last), -1);
		free(cut);
	}
	for (i = 0; i < b.size; i++)
		for (bit = 0; bit < 8; bit++) {
			char *flipped = malloc(b.size);

			memcpy(flipped, b.data, b.size);
			flipped[i] ^= (char)(1 << bit);
			(void)read_all(flipped, b.size, &last);
			free(flipped);
		}
	free(b.data);
}

/* A cache that hands out the same bytes for every name. */
struct giving {
	vt_restoring service;
	const char *data;
	size_t size;
};

static vt_status give(vt_restoring *service, vt_call *call, const vt_id *id, vt_sink *into)
{
	const struct giving *g = (const struct giving *)service;
	size_t i, n;

	(void)id;
	for (i = 0; i < g->size; i += n) {
		vt_status status;

		n = g->size - i < 1000 ? g->size - i : 1000;
		status = into->write(into, call, g->data + i, n);
		if (status != VT_OK)
			return status;
	}
	return VT_OK;
}

static vt_status fetch(const char *raw, size_t size, uint32_t promised, size_t beyond, char **ret)
{
	size_t room = ZSTD_compressBound(size) + beyond;
	char *frame = calloc(1, room);
	struct giving g = { .service = { .fetch = give }, .data = frame };
	const struct pack pack = { .raw = promised };
	vt_status status;

	g.size = ZSTD_compress(frame, room, raw, size, 1);
	assert_false(ZSTD_isError(g.size));
	g.size += beyond;
	status = pack_fetch(&g.service, NULL, &pack, ret);
	free(frame);
	return status;
}

static void a_pack_is_as_large_as_the_list_says(void **state)
{
	const size_t large = 50 << 20;
	char *raw = calloc(1, large), *got = NULL;

	(void)state;
	memcpy(raw, "begin", 5);
	assert_int_equal(fetch(raw, 1000, 1000, 0, &got), VT_OK);
	assert_memory_equal(got, raw, 1000);
	free(got);
	assert_int_equal(fetch(raw, 1000, 1001, 0, &got), VT_FAILED);
	assert_int_equal(fetch(raw, 1000, 999, 0, &got), VT_FAILED);
	/* a few bytes that would become many */
	assert_int_equal(fetch(raw, large, 1000, 0, &got), VT_FAILED);
	/* bytes behind the frame, a few and without end */
	assert_int_equal(fetch(raw, 1000, 1000, 10, &got), VT_FAILED);
	assert_int_equal(fetch(raw, 1000, 1000, large, &got), VT_FAILED);
	free(raw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_that_were_written_are_read),
		cmocka_unit_test(an_empty_file_needs_no_pack),
		cmocka_unit_test(damaged_bytes_are_refused_or_harmless),
		cmocka_unit_test(a_pack_is_as_large_as_the_list_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
