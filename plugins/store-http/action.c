#include "action.h"

#include <string.h>

#include "layout.h"

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_SIZED = 2, WIRE_32 = 5 };

static const char object_path[] = "vt-object";

/* ---- writing ------------------------------------------------------------------------ */

static uint8_t *put_varint(uint8_t *to, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		*to++ = (uint8_t)(n | 0x80);
	*to++ = (uint8_t)n;
	return to;
}

/* A field whose content has a size. */
static uint8_t *put_sized(uint8_t *to, unsigned field, const void *data, size_t size)
{
	to = put_varint(to, field << 3 | WIRE_SIZED);
	to = put_varint(to, size);
	memcpy(to, data, size);
	return to + size;
}

size_t action_encode(const struct action *a, uint8_t ret[ACTION_WRITTEN_MOST])
{
	uint8_t digest[80], file[112], *d, *f;
	char hash[65];

	id_text(&a->blob, hash);
	d = put_sized(digest, 1, hash, 64);
	d = put_varint(d, 2 << 3 | WIRE_VARINT);
	d = put_varint(d, a->size);
	f = put_sized(file, 1, object_path, sizeof object_path - 1);
	f = put_sized(f, 2, digest, (size_t)(d - digest));
	/* exit_code 0 is not written */
	return (size_t)(put_sized(ret, 2, file, (size_t)(f - file)) - ret);
}

/* ---- reading -------------------------------------------------------------------------- */

struct reader {
	const uint8_t *at, *end;
	bool bad;
};

struct field {
	uint64_t number, value;    /* value of a varint */
	unsigned wire;
	struct reader content;     /* bytes of a sized field */
};

static uint64_t get_varint(struct reader *r)
{
	uint64_t ret = 0;
	unsigned shift;

	for (shift = 0; shift < 64 && r->at < r->end; shift += 7) {
		ret |= (uint64_t)(*r->at & 0x7f) << shift;
		if (!(*r->at++ & 0x80))
			return ret;
	}
	r->bad = true;
	return 0;
}

static struct reader get_bytes(struct reader *r, uint64_t size)
{
	struct reader ret = { r->at, r->at, false };

	if (r->bad || size > (uint64_t)(r->end - r->at)) {
		r->bad = true;
		return ret;
	}
	r->at += size;
	ret.end = r->at;
	return ret;
}

static bool get_field(struct reader *r, struct field *ret)
{
	uint64_t tag;

	if (r->bad || r->at == r->end)
		return false;
	tag = get_varint(r);
	ret->number = tag >> 3;
	ret->wire = tag & 7;
	switch (ret->wire) {
	case WIRE_VARINT:
		ret->value = get_varint(r);
		break;
	case WIRE_64:
		get_bytes(r, 8);
		break;
	case WIRE_32:
		get_bytes(r, 4);
		break;
	case WIRE_SIZED:
		ret->content = get_bytes(r, get_varint(r));
		break;
	default:
		r->bad = true;
	}
	return !r->bad;
}

static bool read_hash(const struct reader *r, vt_id *ret)
{
	int i;

	if (r->end - r->at != 64)
		return false;
	for (i = 0; i < 64; i++) {
		uint8_t c = r->at[i], digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;

		if (digit == 16)
			return false;
		ret->byte[i / 2] = (uint8_t)(ret->byte[i / 2] << 4 | digit);
	}
	return true;
}

static bool read_digest(struct reader r, struct action *ret)
{
	struct field f;
	bool hash = false;

	ret->size = 0;
	while (get_field(&r, &f))
		if (f.number == 1 && f.wire == WIRE_SIZED)
			hash = read_hash(&f.content, &ret->blob);
		else if (f.number == 2 && f.wire == WIRE_VARINT)
			ret->size = f.value;
	return hash && !r.bad;
}

/* Reads an output file. Is it the object? */
static bool read_file(struct reader r, struct action *ret)
{
	bool ours = false, digest = false;
	struct field f;

	while (get_field(&r, &f))
		if (f.number == 1 && f.wire == WIRE_SIZED)
			ours = (size_t)(f.content.end - f.content.at) == sizeof object_path - 1 &&
			       memcmp(f.content.at, object_path, sizeof object_path - 1) == 0;
		else if (f.number == 2 && f.wire == WIRE_SIZED)
			digest = read_digest(f.content, ret);
	return ours && digest && !r.bad;
}

bool action_decode(const void *data, size_t size, struct action *ret)
{
	struct reader r = { data, (const uint8_t *)data + size, false };
	struct action file;
	struct field f;
	bool found = false;

	while (get_field(&r, &f))
		if (!found && f.number == 2 && f.wire == WIRE_SIZED && read_file(f.content, &file)) {
			*ret = file;
			found = true;
		}
	return found && !r.bad;
}
