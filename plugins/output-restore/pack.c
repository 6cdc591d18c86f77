#include "pack.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

/* zstd's fastest level: a user should notice neither storing nor restoring */
enum { PACK_LEVEL = 1 };

struct memory_source {
	vt_source source;
	const char *data;
};

static vt_status read_memory(vt_source *source, vt_call *call, uint64_t at, void *buffer, size_t size, size_t *ret)
{
	struct memory_source *m = (struct memory_source *)source;

	(void)call;
	if (at > source->size)
		at = source->size;
	if (size > source->size - at)
		size = (size_t)(source->size - at);
	memcpy(buffer, m->data + at, size);
	*ret = size;
	return VT_OK;
}

vt_status pack_keep(vt_saving *saving, vt_call *call, const struct bytes_out *raw, struct pack *ret)
{
	size_t room = ZSTD_compressBound(raw->size), size;
	char *data = malloc(room);
	struct memory_source from = { .source = { .struct_size = sizeof(vt_source), .read = read_memory }, .data = data };
	vt_status status = VT_FAILED;

	if (!data)
		return VT_FAILED;
	size = ZSTD_compress(data, room, raw->data, raw->size, PACK_LEVEL);
	if (!ZSTD_isError(size)) {
		from.source.size = size;
		ret->raw = (uint32_t)raw->size;
		status = saving->keep(saving, call, &from.source, &ret->id);
	}
	free(data);
	return status;
}

struct memory_sink {
	vt_sink sink;
	char *data;
	size_t size, room;
};

static vt_status write_memory(vt_sink *sink, vt_call *call, const void *data, size_t size)
{
	struct memory_sink *m = (struct memory_sink *)sink;

	(void)call;
	if (size > m->room - m->size)
		return VT_FAILED;
	memcpy(m->data + m->size, data, size);
	m->size += size;
	sink->got = m->size;
	return VT_OK;
}

static vt_status write_memory_anew(vt_sink *sink, vt_call *call)
{
	(void)call;
	((struct memory_sink *)sink)->size = 0;
	sink->got = 0;
	return VT_OK;
}

vt_status pack_fetch(vt_restoring *restoring, vt_call *call, const struct pack *p, char **ret)
{
	struct memory_sink into = {
		.sink = { .struct_size = sizeof(vt_sink), .write = write_memory, .restart = write_memory_anew, .most = ZSTD_compressBound(p->raw) },
		.room = ZSTD_compressBound(p->raw),
	};
	char *raw = malloc(p->raw + 1);
	vt_status status = VT_FAILED;

	into.data = malloc(into.room + 1);
	if (into.data && raw)
		status = restoring->fetch(restoring, call, &p->id, &into.sink);
	if (status == VT_OK && ZSTD_decompress(raw, p->raw, into.data, into.size) != p->raw)
		status = VT_FAILED;
	free(into.data);
	if (status != VT_OK) {
		free(raw);
		return status;
	}
	*ret = raw;
	return VT_OK;
}
