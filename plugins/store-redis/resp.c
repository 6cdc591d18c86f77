#include "resp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESP_MOST = 512 << 20 };    /* bytes of one bulk string, as Redis has it */

/* ---- commands -------------------------------------------------------------------- */

int resp_flush(struct resp *r, vt_call *call, struct trouble *t)
{
	size_t n = r->out_n;

	r->out_n = 0;
	return n ? net_send(r->net, call, r->out, n, t) : 0;
}

static int put(struct resp *r, vt_call *call, const void *data, size_t size, struct trouble *t)
{
	if (size > sizeof r->out - r->out_n && resp_flush(r, call, t) < 0)
		return -1;
	if (size > sizeof r->out)
		return net_send(r->net, call, data, size, t);
	if (size)
		memcpy(r->out + r->out_n, data, size);
	r->out_n += size;
	return 0;
}

static int put_head(struct resp *r, vt_call *call, char kind, uint64_t n, struct trouble *t)
{
	char head[32];
	int size = snprintf(head, sizeof head, "%c%llu\r\n", kind, (unsigned long long)n);

	return put(r, call, head, (size_t)size, t);
}

int resp_command(struct resp *r, vt_call *call, uint32_t words, struct trouble *t)
{
	return put_head(r, call, '*', words, t);
}

int resp_word(struct resp *r, vt_call *call, const void *data, size_t size, struct trouble *t)
{
	return put_head(r, call, '$', size, t) < 0 || put(r, call, data, size, t) < 0 ? -1 : put(r, call, "\r\n", 2, t);
}

int resp_text(struct resp *r, vt_call *call, const char *text, struct trouble *t)
{
	return resp_word(r, call, text, strlen(text), t);
}

int resp_number(struct resp *r, vt_call *call, uint64_t number, struct trouble *t)
{
	char text[32];

	snprintf(text, sizeof text, "%llu", (unsigned long long)number);
	return resp_text(r, call, text, t);
}

int resp_source(struct resp *r, vt_call *call, vt_source *from, struct trouble *t)
{
	char piece[16 << 10];
	uint64_t at = 0;
	size_t n;

	if (put_head(r, call, '$', from->size, t) < 0)
		return -1;
	while (at < from->size) {
		if (from->read(from, call, at, piece, sizeof piece, &n) != VT_OK || n == 0 || n > from->size - at) {
			trouble_set(t, "what is to be kept cannot be read whole");
			return -1;
		}
		if (put(r, call, piece, n, t) < 0)
			return -1;
		at += n;
	}
	return put(r, call, "\r\n", 2, t);
}

/* ---- replies --------------------------------------------------------------------- */

static int fill(struct resp *r, vt_call *call, struct trouble *t)
{
	long n;

	if (r->in_at == r->in_end)
		r->in_at = r->in_end = 0;
	if (r->in_end == sizeof r->in) {
		memmove(r->in, r->in + r->in_at, r->in_end - r->in_at);
		r->in_end -= r->in_at;
		r->in_at = 0;
	}
	n = net_receive(r->net, call, r->in + r->in_end, sizeof r->in - r->in_end, t);
	if (n < 0)
		return -1;
	r->in_end += (size_t)n;
	return 0;
}

static int wrong(struct trouble *t)
{
	trouble_set(t, "the answer is not one of a Redis server");
	return -1;
}

/* A line without its end, cut where `ret` is too small; a line that is longer than the buffer is trouble. */
static int read_line(struct resp *r, vt_call *call, char *ret, size_t room, struct trouble *t)
{
	const char *start, *end;
	size_t n;

	while (!(end = memchr(r->in + r->in_at, '\n', r->in_end - r->in_at))) {
		if (r->in_end - r->in_at >= sizeof r->in)
			return wrong(t);
		if (fill(r, call, t) < 0)
			return -1;
	}
	start = r->in + r->in_at;
	r->in_at += (size_t)(end - start) + 1;
	n = (size_t)(end - start);
	if (n == 0 || start[n - 1] != '\r')
		return wrong(t);
	n--;
	if (n >= room)
		n = room - 1;
	memcpy(ret, start, n);
	ret[n] = '\0';
	return 0;
}

static int read_number(const char *text, int64_t *ret)
{
	char *end;

	*ret = strtoll(text, &end, 10);
	return end == text || *end ? -1 : 0;
}

int resp_reply(struct resp *r, vt_call *call, struct reply *ret, struct trouble *t)
{
	char line[sizeof ret->text + 1];

	if (resp_flush(r, call, t) < 0 || read_line(r, call, line, sizeof line, t) < 0)
		return -1;
	memcpy(ret->text, line[0] ? line + 1 : line, sizeof ret->text);
	ret->number = 0;
	switch (line[0]) {
	case '+':
		ret->kind = REPLY_STATUS;
		return 0;
	case '-':
		ret->kind = REPLY_ERROR;
		return 0;
	case ':':
		ret->kind = REPLY_NUMBER;
		return read_number(ret->text, &ret->number) < 0 ? wrong(t) : 0;
	case '$':
	case '*':
		if (read_number(ret->text, &ret->number) < 0 || ret->number > RESP_MOST)
			return wrong(t);
		ret->kind = ret->number < 0 ? REPLY_NOTHING : line[0] == '$' ? REPLY_BULK : REPLY_ARRAY;
		return 0;
	}
	return wrong(t);
}

/* Reads up to `most` of the bytes that have arrived; waits for the first. */
static int take(struct resp *r, vt_call *call, size_t most, const char **ret, size_t *ret_n, struct trouble *t)
{
	if (r->in_at == r->in_end && fill(r, call, t) < 0)
		return -1;
	*ret = r->in + r->in_at;
	*ret_n = r->in_end - r->in_at < most ? r->in_end - r->in_at : most;
	r->in_at += *ret_n;
	return 0;
}

static int end_of_bulk(struct resp *r, vt_call *call, struct trouble *t)
{
	const char *at;
	size_t n, i;

	for (i = 0; i < 2; i++)
		if (take(r, call, 1, &at, &n, t) < 0)
			return -1;
		else if (*at != "\r\n"[i])
			return wrong(t);
	return 0;
}

int resp_bulk(struct resp *r, vt_call *call, int64_t size, vt_sink *into, vt_status *ret, struct trouble *t)
{
	vt_status status = VT_OK;
	const char *at;
	size_t n;

	for (; size > 0; size -= (int64_t)n) {
		if (take(r, call, (size_t)size, &at, &n, t) < 0)
			return -1;
		if (into && status == VT_OK)
			status = into->write(into, call, at, n);
	}
	if (ret)
		*ret = status;
	return end_of_bulk(r, call, t);
}

int resp_bytes(struct resp *r, vt_call *call, const struct reply *reply, void *to, size_t size, struct trouble *t)
{
	char *out = to;
	const char *at;
	size_t n;

	if (reply->kind != REPLY_BULK || (uint64_t)reply->number != size)
		return wrong(t);
	for (; size; size -= n, out += n) {
		if (take(r, call, size, &at, &n, t) < 0)
			return -1;
		memcpy(out, at, n);
	}
	return end_of_bulk(r, call, t);
}
