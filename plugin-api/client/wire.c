#include "wire.h"

#include <string.h>

void wire_raw(struct wire_out *o, const void *data, size_t size)
{
	if (size && o->size <= o->room && size <= o->room - o->size)
		memcpy(o->at + o->size, data, size);
	o->size += size;
}

void wire_u8(struct wire_out *o, unsigned v)
{
	unsigned char b = (unsigned char)v;

	wire_raw(o, &b, 1);
}

void wire_u16(struct wire_out *o, unsigned v)
{
	unsigned char b[2] = { (unsigned char)v, (unsigned char)(v >> 8) };

	wire_raw(o, b, sizeof b);
}

void wire_u32(struct wire_out *o, uint32_t v)
{
	unsigned char b[4] = { (unsigned char)v, (unsigned char)(v >> 8), (unsigned char)(v >> 16), (unsigned char)(v >> 24) };

	wire_raw(o, b, sizeof b);
}

void wire_str(struct wire_out *o, const void *data, size_t size)
{
	wire_u32(o, (uint32_t)size);
	wire_raw(o, data, size);
}

void wire_begin(struct wire_out *o, void *at, size_t room, unsigned type, unsigned flags)
{
	o->at = at;
	o->room = room;
	o->size = 0;
	wire_u32(o, 0);
	wire_u8(o, type);
	wire_u8(o, flags);
	wire_u16(o, 0);
}

size_t wire_end(struct wire_out *o)
{
	struct wire_out length = { o->at, 0, o->room };

	if (o->size > o->room || o->size > UINT32_MAX)
		return 0;
	wire_u32(&length, (uint32_t)(o->size - WIRE_LENGTH));
	return o->size;
}

const unsigned char *wire_get_raw(struct wire_in *in, size_t size)
{
	static const unsigned char none[1];
	const unsigned char *at = in->at;

	if (in->bad || size > in->left) {
		in->bad = 1;
		return NULL;
	}
	if (!at)
		return none;    /* an empty text, never NULL */
	in->at += size;
	in->left -= size;
	return at;
}

unsigned wire_get_u8(struct wire_in *in)
{
	const unsigned char *b = wire_get_raw(in, 1);

	return b ? b[0] : 0;
}

unsigned wire_get_u16(struct wire_in *in)
{
	const unsigned char *b = wire_get_raw(in, 2);

	return b ? b[0] | (unsigned)b[1] << 8 : 0;
}

uint32_t wire_get_u32(struct wire_in *in)
{
	const unsigned char *b = wire_get_raw(in, 4);

	return b ? wire_length(b) : 0;
}

const char *wire_get_str(struct wire_in *in, uint32_t *ret_size)
{
	uint32_t size = wire_get_u32(in);
	const unsigned char *at = wire_get_raw(in, size);

	if (at && memchr(at, 0, size))
		in->bad = 1;
	*ret_size = in->bad ? 0 : size;
	return in->bad ? "" : (const char *)at;
}

int wire_done(const struct wire_in *in)
{
	return !in->bad && in->left == 0;
}

uint32_t wire_length(const unsigned char *b)
{
	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

int64_t wire_head(const unsigned char *head, struct wire_frame *ret)
{
	uint32_t length = wire_length(head);

	ret->type = head[4];
	ret->flags = head[5];
	if (length < WIRE_HEAD - WIRE_LENGTH || head[6] || head[7])
		return -1;
	return (int64_t)length - (WIRE_HEAD - WIRE_LENGTH);
}

size_t wire_hello(void *at, size_t room, const unsigned char token[WIRE_TOKEN])
{
	struct wire_out o;

	wire_begin(&o, at, room, WIRE_HELLO, 0);
	wire_raw(&o, "VTI1", 4);
	wire_u16(&o, WIRE_VERSION);
	wire_u16(&o, WIRE_VERSION);
	wire_raw(&o, token, WIRE_TOKEN);
	return wire_end(&o);
}

static const char digits[] = "0123456789abcdef";

void wire_name(char ret[WIRE_NAME + 1], uint32_t pid, const unsigned char token[WIRE_TOKEN])
{
	int i;

	*ret++ = 's';
	for (i = 28; i >= 0; i -= 4)
		*ret++ = digits[pid >> i & 15];
	*ret++ = '-';
	for (i = 0; i < WIRE_TOKEN; i++) {
		*ret++ = digits[token[i] >> 4];
		*ret++ = digits[token[i] & 15];
	}
	*ret = 0;
}

static int digit(char c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

int wire_parse_name(const char *path, uint32_t *ret_pid, unsigned char ret_token[WIRE_TOKEN])
{
	const char *name = strrchr(path, '/');
	int i;

	if (path[0] != '/' || strlen(path) > WIRE_MAX_PATH)
		return -1;
	name++;
	if (strlen(name) != WIRE_NAME || name[0] != 's' || name[9] != '-')
		return -1;
	*ret_pid = 0;
	for (i = 1; i < 9; i++) {
		if (digit(name[i]) < 0)
			return -1;
		*ret_pid = *ret_pid << 4 | (uint32_t)digit(name[i]);
	}
	for (i = 0; i < WIRE_TOKEN; i++) {
		int high = digit(name[10 + 2 * i]), low = digit(name[11 + 2 * i]);

		if (high < 0 || low < 0)
			return -1;
		ret_token[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}
