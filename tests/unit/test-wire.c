/* The frames: golden vectors both ways, and bytes that are no frames. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/wire.h"

static const unsigned char token[WIRE_TOKEN] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static size_t unhex(const char *hex, unsigned char *ret)
{
	size_t n = 0;
	unsigned b;

	for (; *hex; hex++)
		if (*hex != ' ') {
			assert_int_equal(sscanf(hex, "%2x", &b), 1);
			ret[n++] = (unsigned char)b;
			hex++;
		}
	return n;
}

static void same(const unsigned char *at, size_t size, const char *hex)
{
	unsigned char want[256];

	assert_int_equal(size, unhex(hex, want));
	assert_memory_equal(at, want, size);
}

/* Reads the vector's head; its payload is left in f->in. */
static void read_as(const char *hex, unsigned type, unsigned flags, unsigned char *bytes, struct wire_frame *f)
{
	size_t size = unhex(hex, bytes);

	assert_int_equal(wire_head(bytes, f), (int64_t)size - WIRE_HEAD);
	assert_int_equal(f->type, type);
	assert_int_equal(f->flags, flags);
	f->in = (struct wire_in){ bytes + WIRE_HEAD, size - WIRE_HEAD, 0 };
}

static void is_str(struct wire_in *in, const char *want)
{
	uint32_t n;
	const char *s = wire_get_str(in, &n);

	assert_int_equal(n, strlen(want));
	assert_memory_equal(s, want, n);
}

static const char HELLO[] = "1c000000 01000000 56544931 0100 0100 000102030405060708090a0b0c0d0e0f";
static const char HELLO_OK[] = "0c000000 81000000 0100 0000 00001000";
static const char GET_NODE_ENV[] = "10000000 05010000 08000000 4e4f44455f454e56";
static const char GET_A[] = "09000000 05000000 01000000 41";
static const char VALUE[] = "12000000 85010000 0a000000 70726f64756374696f6e";
static const char UNSET[] = "04000000 85000000";
static const char PREFIX[] = "0e000000 06010000 01 05000000 564954455f";
static const char GLOB[] = "10000000 06000000 00 07000000 50524f42455f2a";
static const char LIST[] = "1b000000 86000000 02000000 01000000 41 01000000 31 01000000 42 00000000";
static const char IGNORE[] = "0f000000 02000000 07000000 2f772f64697374";
static const char DISABLE[] = "04000000 04000000";
static const char SYNC[] = "04000000 07000000";
static const char SYNC_OK[] = "04000000 87000000";
static const char ERROR[] = "12000000 ff000000 0300 08000000 62616420676c6f62";

static size_t with_str(unsigned char *at, unsigned type, unsigned flags, int kind, const char *text)
{
	struct wire_out o;

	wire_begin(&o, at, 256, type, flags);
	if (kind >= 0)
		wire_u8(&o, (unsigned)kind);
	if (text)
		wire_str(&o, text, strlen(text));
	return wire_end(&o);
}

static void golden_vectors_are_written(void **state)
{
	unsigned char b[256];
	struct wire_out o;

	(void)state;
	same(b, wire_hello(b, sizeof b, token), HELLO);
	wire_begin(&o, b, sizeof b, WIRE_HELLO_OK, 0);
	wire_u16(&o, 1);
	wire_u16(&o, 0);
	wire_u32(&o, WIRE_MAX_REQUEST);
	same(b, wire_end(&o), HELLO_OK);
	same(b, with_str(b, WIRE_GET_ENV, WIRE_TRACKED, -1, "NODE_ENV"), GET_NODE_ENV);
	same(b, with_str(b, WIRE_GET_ENV, 0, -1, "A"), GET_A);
	same(b, with_str(b, WIRE_ENV_VALUE, WIRE_SET, -1, "production"), VALUE);
	same(b, with_str(b, WIRE_ENV_VALUE, 0, -1, NULL), UNSET);
	same(b, with_str(b, WIRE_GET_ENVS, WIRE_TRACKED, WIRE_PREFIX, "VITE_"), PREFIX);
	same(b, with_str(b, WIRE_GET_ENVS, 0, WIRE_GLOB, "PROBE_*"), GLOB);
	wire_begin(&o, b, sizeof b, WIRE_ENV_LIST, 0);
	wire_u32(&o, 2);
	wire_str(&o, "A", 1);
	wire_str(&o, "1", 1);
	wire_str(&o, "B", 1);
	wire_str(&o, "", 0);
	same(b, wire_end(&o), LIST);
	same(b, with_str(b, WIRE_IGNORE_INPUT, 0, -1, "/w/dist"), IGNORE);
	same(b, with_str(b, WIRE_DISABLE_CACHE, 0, -1, NULL), DISABLE);
	same(b, with_str(b, WIRE_SYNC, 0, -1, NULL), SYNC);
	same(b, with_str(b, WIRE_SYNC_OK, 0, -1, NULL), SYNC_OK);
	wire_begin(&o, b, sizeof b, WIRE_ERROR, 0);
	wire_u16(&o, WIRE_E_GLOB);
	wire_str(&o, "bad glob", 8);
	same(b, wire_end(&o), ERROR);
}

static void golden_vectors_are_read(void **state)
{
	unsigned char b[256];
	struct wire_frame f;

	(void)state;
	read_as(HELLO, WIRE_HELLO, 0, b, &f);
	assert_memory_equal(wire_get_raw(&f.in, 4), "VTI1", 4);
	assert_int_equal(wire_get_u16(&f.in), 1);
	assert_int_equal(wire_get_u16(&f.in), 1);
	assert_memory_equal(wire_get_raw(&f.in, WIRE_TOKEN), token, WIRE_TOKEN);
	assert_true(wire_done(&f.in));

	read_as(HELLO_OK, WIRE_HELLO_OK, 0, b, &f);
	assert_int_equal(wire_get_u16(&f.in), 1);
	assert_int_equal(wire_get_u16(&f.in), 0);
	assert_int_equal(wire_get_u32(&f.in), WIRE_MAX_REQUEST);
	assert_true(wire_done(&f.in));

	read_as(GET_NODE_ENV, WIRE_GET_ENV, WIRE_TRACKED, b, &f);
	is_str(&f.in, "NODE_ENV");
	assert_true(wire_done(&f.in));
	read_as(VALUE, WIRE_ENV_VALUE, WIRE_SET, b, &f);
	is_str(&f.in, "production");
	assert_true(wire_done(&f.in));
	read_as(PREFIX, WIRE_GET_ENVS, WIRE_TRACKED, b, &f);
	assert_int_equal(wire_get_u8(&f.in), WIRE_PREFIX);
	is_str(&f.in, "VITE_");
	assert_true(wire_done(&f.in));
	read_as(LIST, WIRE_ENV_LIST, 0, b, &f);
	assert_int_equal(wire_get_u32(&f.in), 2);
	is_str(&f.in, "A");
	is_str(&f.in, "1");
	is_str(&f.in, "B");
	is_str(&f.in, "");
	assert_true(wire_done(&f.in));
	read_as(ERROR, WIRE_ERROR, 0, b, &f);
	assert_int_equal(wire_get_u16(&f.in), WIRE_E_GLOB);
	is_str(&f.in, "bad glob");
	assert_true(wire_done(&f.in));
}

static void what_is_too_short_or_too_long_is_bad(void **state)
{
	unsigned char b[256];
	struct wire_frame f;
	uint32_t n;

	(void)state;
	read_as(GET_NODE_ENV, WIRE_GET_ENV, WIRE_TRACKED, b, &f);
	f.in.left--;                                 /* the str reaches past the end */
	wire_get_str(&f.in, &n);
	assert_int_equal(n, 0);
	assert_false(wire_done(&f.in));

	read_as(GET_NODE_ENV, WIRE_GET_ENV, WIRE_TRACKED, b, &f);
	f.in.left++;                                 /* something behind it */
	wire_get_str(&f.in, &n);
	assert_int_equal(n, 8);
	assert_false(wire_done(&f.in));

	read_as(GET_A, WIRE_GET_ENV, 0, b, &f);
	b[WIRE_HEAD + 4] = 0;                        /* a NUL inside */
	wire_get_str(&f.in, &n);
	assert_false(wire_done(&f.in));

	f.in = (struct wire_in){ b, 3, 0 };
	assert_int_equal(wire_get_u32(&f.in), 0);
	assert_true(f.in.bad);
	assert_int_equal(wire_get_u8(&f.in), 0);     /* stays bad */
}

static void a_head_with_a_used_zero_or_no_room_for_itself_is_none(void **state)
{
	struct wire_frame f;

	(void)state;
	assert_int_equal(wire_head((const unsigned char *)"\4\0\0\0\7\0\0\0", &f), 0);
	assert_int_equal(wire_head((const unsigned char *)"\4\0\0\0\7\0\1\0", &f), -1);
	assert_int_equal(wire_head((const unsigned char *)"\4\0\0\0\7\0\0\1", &f), -1);
	assert_int_equal(wire_head((const unsigned char *)"\3\0\0\0\7\0\0\0", &f), -1);
	assert_int_equal(wire_head((const unsigned char *)"\377\377\377\377\7\0\0\0", &f), (int64_t)UINT32_MAX - 4);
}

static void a_frame_that_does_not_fit_is_measured_not_written(void **state)
{
	unsigned char b[16];
	struct wire_out o;

	(void)state;
	memset(b, 0xaa, sizeof b);
	wire_begin(&o, b, 12, WIRE_GET_ENV, 0);
	wire_str(&o, "NAME", 4);
	assert_int_equal(o.size, WIRE_HEAD + 8);
	assert_int_equal(wire_end(&o), 0);
	assert_int_equal(b[12], 0xaa);
}

static void names_of_endpoints_are_read_back(void **state)
{
	char path[WIRE_MAX_PATH + 8] = "/run/vt/";
	unsigned char back[WIRE_TOKEN];
	uint32_t pid = 0;
	size_t i;
	static const char *const bad[] = {
		"", "x", "s00000001-000102030405060708090a0b0c0d0e0f", "/", "/run/vt/",
		"/run/s00000001-000102030405060708090a0b0c0d0e0", "/run/s00000001-000102030405060708090a0b0c0d0e0f0",
		"/run/S00000001-000102030405060708090a0b0c0d0e0f", "/run/s0000000g-000102030405060708090a0b0c0d0e0f",
		"/run/s00000001+000102030405060708090a0b0c0d0e0f", "/run/s00000001-000102030405060708090A0b0c0d0e0f",
		"/run/s00000001-000102030405060708090a0b0c0d0e0f/connect",
	};

	(void)state;
	wire_name(path + strlen(path), 0x1234abcd, token);
	assert_string_equal(path, "/run/vt/s1234abcd-000102030405060708090a0b0c0d0e0f");
	assert_int_equal(wire_parse_name(path, &pid, back), 0);
	assert_int_equal(pid, 0x1234abcd);
	assert_memory_equal(back, token, sizeof token);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(wire_parse_name(bad[i], &pid, back), -1);
	memset(path, 'x', sizeof path);
	path[0] = '/';
	path[WIRE_MAX_PATH - WIRE_NAME] = '/';
	wire_name(path + WIRE_MAX_PATH - WIRE_NAME + 1, 1, token);
	assert_int_equal(wire_parse_name(path, &pid, back), -1);       /* one byte too long for a socket */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_vectors_are_written),
		cmocka_unit_test(golden_vectors_are_read),
		cmocka_unit_test(what_is_too_short_or_too_long_is_bad),
		cmocka_unit_test(a_head_with_a_used_zero_or_no_room_for_itself_is_none),
		cmocka_unit_test(a_frame_that_does_not_fit_is_measured_not_written),
		cmocka_unit_test(names_of_endpoints_are_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
