/* wire: the frames of the channel between vt and runner-aware tools ("VTIPC/1"),
 * in the caller's buffers. Private to vt and its client; no stable interface.
 *
 *     u32 length of what follows | u8 type | u8 flags | u16 zero | payload
 *
 * All integers little-endian. A str is a u32 length and that many bytes, none of
 * them NUL. One request at a time is answered, in order. The first frame is HELLO,
 * and its sender waits for HELLO_OK. */
#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>
#include <stdint.h>

enum wire_type {
	WIRE_HELLO         = 0x01,   /* "VTI1", u16 min version, u16 max version, 16 bytes token */
	WIRE_IGNORE_INPUT  = 0x02,   /* str absolute path; no reply */
	WIRE_IGNORE_OUTPUT = 0x03,   /* the same */
	WIRE_DISABLE_CACHE = 0x04,   /* empty; no reply */
	WIRE_GET_ENV       = 0x05,   /* flag TRACKED; str name */
	WIRE_GET_ENVS      = 0x06,   /* flag TRACKED; u8 kind, str text */
	WIRE_SYNC          = 0x07,   /* empty: all earlier frames were applied once SYNC_OK is here */
	WIRE_HELLO_OK      = 0x81,   /* u16 version, u16 zero, u32 largest request */
	WIRE_ENV_VALUE     = 0x85,   /* flag SET; str value if set */
	WIRE_ENV_LIST      = 0x86,   /* u32 n, n pairs of str, sorted by name */
	WIRE_SYNC_OK       = 0x87,
	WIRE_ERROR         = 0xff    /* u16 code, str message */
};

enum { WIRE_TRACKED = 1, WIRE_SET = 1 };                  /* flags */
enum { WIRE_GLOB = 0, WIRE_PREFIX = 1 };                  /* kinds of GET_ENVS */
enum wire_error {
	WIRE_E_HELLO = 1,      /* version or token; the connection is closed */
	WIRE_E_PROTOCOL = 2,   /* malformed frame; the connection is closed */
	WIRE_E_GLOB = 3,       /* stays usable */
	WIRE_E_LIMIT = 4
};

enum {
	WIRE_VERSION = 1,
	WIRE_LENGTH = 4,                       /* bytes of the length field */
	WIRE_HEAD = 8,                         /* with type, flags and zero */
	WIRE_TOKEN = 16,
	WIRE_HELLO_SIZE = WIRE_HEAD + 8 + WIRE_TOKEN,
	WIRE_MAX_REQUEST = 1 << 20,            /* the largest `length` of a request */
	WIRE_MAX_REPLY = 64 << 20,
	WIRE_MAX_PATH = 103                    /* bytes of an endpoint's name: what sockaddr_un holds */
};

/* Writing. Counts bytes past `room` without writing them: room 0 measures. */
struct wire_out {
	unsigned char *at;
	size_t size, room;
};

void wire_begin(struct wire_out *o, void *at, size_t room, unsigned type, unsigned flags);
void wire_u8(struct wire_out *o, unsigned v);
void wire_u16(struct wire_out *o, unsigned v);
void wire_u32(struct wire_out *o, uint32_t v);
void wire_raw(struct wire_out *o, const void *data, size_t size);
void wire_str(struct wire_out *o, const void *data, size_t size);
size_t wire_end(struct wire_out *o);       /* fills in the length; returns the frame's size, 0: it did not fit */

/* Reading. Past the end, or at a str with a NUL, `bad` is set and zeros come out. */
struct wire_in {
	const unsigned char *at;
	size_t left;
	int bad;
};

struct wire_frame {
	unsigned type, flags;
	struct wire_in in;                     /* the payload */
};

/* `head`: WIRE_HEAD bytes. Returns the payload's size; -1: no frame begins like that (zero is not, or too short). */
int64_t wire_head(const unsigned char *head, struct wire_frame *ret);
uint32_t wire_length(const unsigned char *at);             /* WIRE_LENGTH bytes */
unsigned wire_get_u8(struct wire_in *in);
unsigned wire_get_u16(struct wire_in *in);
uint32_t wire_get_u32(struct wire_in *in);
const unsigned char *wire_get_raw(struct wire_in *in, size_t size);
const char *wire_get_str(struct wire_in *in, uint32_t *ret_size);  /* not terminated; never NULL */
int wire_done(const struct wire_in *in);   /* well formed and nothing left over */

/* Complete frames that both sides or the tests need. Return the size; 0: it does not fit. */
size_t wire_hello(void *at, size_t room, const unsigned char token[WIRE_TOKEN]);

/* An endpoint's name: /absolute/s<8 hex pid>-<32 hex token>. */
enum { WIRE_NAME = 1 + 8 + 1 + 2 * WIRE_TOKEN };
void wire_name(char ret[WIRE_NAME + 1], uint32_t pid, const unsigned char token[WIRE_TOKEN]);
int wire_parse_name(const char *path, uint32_t *ret_pid, unsigned char ret_token[WIRE_TOKEN]);  /* -1: no such name */

#endif
