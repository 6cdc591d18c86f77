#include "config.h"

#include "client-inside.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire.h"

/* What one request says besides its type. */
struct request {
	unsigned type, flags;
	int kind;                       /* of GET_ENVS; -1: no kind */
	const char *before, *text;      /* one str, in two pieces; text NULL: no payload */
};

static size_t put(const struct request *r, void *at, size_t room)
{
	size_t before = r->before ? strlen(r->before) : 0;
	struct wire_out o;

	wire_begin(&o, at, room, r->type, r->flags);
	if (r->kind >= 0)
		wire_u8(&o, (unsigned)r->kind);
	if (r->text) {
		size_t size = strlen(r->text);

		if (size > UINT32_MAX / 2 || before > UINT32_MAX / 2)
			return SIZE_MAX;
		wire_u32(&o, (uint32_t)(before + size));
		wire_raw(&o, r->before, before);
		wire_raw(&o, r->text, size);
	}
	return room ? wire_end(&o) : o.size;
}

/* Sends one complete frame. The client is held. */
static int say(vt_client *c, const struct request *r)
{
	unsigned char few[512], *frame = few;
	size_t size = put(r, NULL, 0);
	int ret;

	if (size == SIZE_MAX || size - WIRE_LENGTH > c->max_request) {
		errno = E2BIG;
		return VT_CLIENT_ARGUMENT;
	}
	if (size > sizeof few) {
		frame = malloc(size);
		if (!frame)
			return VT_CLIENT_MEMORY;
	}
	put(r, frame, size);
	ret = client_send(c, frame, size, client_deadline(c));
	if (frame != few) {
		int error = errno;

		free(frame);
		errno = error;
	}
	return ret;
}

static int say_alone(vt_client *c, const struct request *r)
{
	int ret = client_enter(c);

	if (!ret)
		ret = say(c, r);
	client_leave(c);
	return ret;
}

static int refused(vt_client *c, struct wire_frame *f)
{
	unsigned code = wire_get_u16(&f->in);
	uint32_t size;

	wire_get_str(&f->in, &size);
	if (!wire_done(&f->in))
		return client_broken(c, EPROTO);
	switch (code) {
	case WIRE_E_GLOB:
		errno = EINVAL;
		return VT_CLIENT_PATTERN;
	case WIRE_E_LIMIT:
		errno = EOVERFLOW;
		return VT_CLIENT_LIMIT;
	default:
		return client_broken(c, EPROTO);
	}
}

/* Skips an answer for which there is no memory, so that the stream stays usable. */
static int skip(vt_client *c, size_t size, int64_t until)
{
	unsigned char some[4096];

	while (size) {
		size_t n = size < sizeof some ? size : sizeof some;

		if (client_receive(c, some, n, until) < 0)
			return VT_CLIENT_FAILED;
		size -= n;
	}
	errno = ENOMEM;
	return VT_CLIENT_MEMORY;
}

/* Receives an answer of that type into a new block, *ret_block, with a spare byte. The client is held. */
static int hear(vt_client *c, unsigned type, struct wire_frame *f, unsigned char **ret_block)
{
	int64_t until = client_deadline(c), size;
	unsigned char head[WIRE_HEAD], *block;
	int ret;

	if (client_receive(c, head, sizeof head, until) < 0)
		return VT_CLIENT_FAILED;
	size = wire_head(head, f);
	if (size < 0 || size > WIRE_MAX_REPLY || (f->type != type && f->type != WIRE_ERROR))
		return client_broken(c, EPROTO);
	block = malloc((size_t)size + 1);
	if (!block)
		return skip(c, (size_t)size, until);
	if (client_receive(c, block, (size_t)size, until) < 0) {
		ret = VT_CLIENT_FAILED;
		goto out;
	}
	f->in = (struct wire_in){ block, (size_t)size, 0 };
	if (f->type == WIRE_ERROR) {
		ret = refused(c, f);
		goto out;
	}
	*ret_block = block;
	return 0;
out:
	{
		int error = errno;

		free(block);
		errno = error;
	}
	return ret;
}

static int ignore(vt_client *c, unsigned type, const char *path)
{
	char here[PATH_MAX + 1];
	struct request r = { .type = type, .kind = -1, .text = path };

	if (!path || !*path) {
		errno = EINVAL;
		return VT_CLIENT_ARGUMENT;
	}
	if (*path != '/') {
		size_t n;

		if (!getcwd(here, sizeof here - 1) || *here != '/')
			return VT_CLIENT_ARGUMENT;
		n = strlen(here);
		if (n > 1)
			memcpy(here + n, "/", 2);
		r.before = here;
	}
	return say_alone(c, &r);
}

int vt_client_ignore_input(vt_client *c, const char *path)
{
	return ignore(c, WIRE_IGNORE_INPUT, path);
}

int vt_client_ignore_output(vt_client *c, const char *path)
{
	return ignore(c, WIRE_IGNORE_OUTPUT, path);
}

int vt_client_disable_cache(vt_client *c)
{
	return say_alone(c, &(struct request){ .type = WIRE_DISABLE_CACHE, .kind = -1 });
}

int vt_client_sync(vt_client *c)
{
	struct wire_frame f;
	unsigned char *block = NULL;
	int ret = client_enter(c);

	if (!ret)
		ret = say(c, &(struct request){ .type = WIRE_SYNC, .kind = -1 });
	if (!ret)
		ret = hear(c, WIRE_SYNC_OK, &f, &block);
	if (!ret && !wire_done(&f.in))
		ret = client_broken(c, EPROTO);
	client_leave(c);
	free(block);
	return ret;
}

int vt_client_get_env(vt_client *c, const char *name, int tracked, char **ret_value, size_t *ret_size)
{
	struct request r = { .type = WIRE_GET_ENV, .flags = tracked ? WIRE_TRACKED : 0, .kind = -1, .text = name };
	struct wire_frame f;
	unsigned char *block = NULL;
	const char *value = "";
	uint32_t size = 0;
	int ret = name ? client_enter(c) : VT_CLIENT_ARGUMENT;

	if (!name) {
		errno = EINVAL;
		return ret;
	}
	if (!ret)
		ret = say(c, &r);
	if (!ret)
		ret = hear(c, WIRE_ENV_VALUE, &f, &block);
	if (!ret) {
		if (f.flags & WIRE_SET)
			value = wire_get_str(&f.in, &size);
		if (!wire_done(&f.in) || (f.flags & ~(unsigned)WIRE_SET))
			ret = client_broken(c, EPROTO);
		else if (!(f.flags & WIRE_SET))
			ret = VT_CLIENT_NONE;
	}
	client_leave(c);
	if (ret) {
		int error = errno;

		free(block);
		errno = error;
		return ret;
	}
	/* the answer's own block becomes the value */
	memmove(block, value, size);
	block[size] = 0;
	*ret_value = (char *)block;
	if (ret_size)
		*ret_size = size;
	return VT_CLIENT_OK;
}

/* Checks that the answer is a well-formed list; changes nothing. (A second walk then turns each
 * length into the NUL that ends the text before it.) */
static int list_is_whole(struct wire_in in)
{
	uint32_t n = wire_get_u32(&in), size, i;

	for (i = 0; i < n && !in.bad; i++) {
		wire_get_str(&in, &size);
		wire_get_str(&in, &size);
	}
	return wire_done(&in);
}

static int walk(struct wire_in in, int (*each)(void *, const char *, const char *, size_t), void *ctx)
{
	uint32_t n = wire_get_u32(&in), i, name_size, value_size;
	int ret = 0;

	for (i = 0; i < n && !ret; i++) {
		char *name = (char *)(uintptr_t)wire_get_str(&in, &name_size);
		char *value = (char *)(uintptr_t)wire_get_str(&in, &value_size);
		char *end = value + value_size;
		char kept = *end;       /* the next pair's length, or the spare byte of the block */

		name[name_size] = 0;    /* was the value's length, which has been read */
		*end = 0;
		ret = each(ctx, name, value, value_size);
		*end = kept;
	}
	return ret;
}

int vt_client_get_envs(vt_client *c, int kind, const char *text, int tracked,
		       int (*each)(void *ctx, const char *name, const char *value, size_t value_size), void *ctx)
{
	struct request r = { .type = WIRE_GET_ENVS, .flags = tracked ? WIRE_TRACKED : 0, .kind = kind, .text = text };
	struct wire_frame f;
	unsigned char *block = NULL;
	int ret;

	if (!text || !each || (kind != VT_CLIENT_GLOB && kind != VT_CLIENT_PREFIX)) {
		errno = EINVAL;
		return VT_CLIENT_ARGUMENT;
	}
	ret = client_enter(c);
	if (!ret)
		ret = say(c, &r);
	if (!ret)
		ret = hear(c, WIRE_ENV_LIST, &f, &block);
	if (!ret && (f.flags || !list_is_whole(f.in)))
		ret = client_broken(c, EPROTO);
	client_leave(c);
	if (!ret) {
		block[f.in.left] = 0;
		ret = walk(f.in, each, ctx);
	}
	{
		int error = errno;

		free(block);
		errno = error;
	}
	return ret;
}

void vt_client_free(void *value)
{
	free(value);
}

const char *vt_client_words(int result)
{
	switch (result) {
	case VT_CLIENT_OK:
		return "done";
	case VT_CLIENT_NONE:
		return "nothing there";
	case VT_CLIENT_FAILED:
		return "the task runner cannot be reached";
	case VT_CLIENT_MEMORY:
		return "out of memory";
	case VT_CLIENT_ARGUMENT:
		return "an argument cannot be sent to the task runner";
	case VT_CLIENT_PATTERN:
		return "invalid glob pattern";
	case VT_CLIENT_LIMIT:
		return "the task runner's limit is reached";
	default:
		return "unknown result";
	}
}
