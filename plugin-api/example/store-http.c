/* store-http: a remote store in one file: objects of a plain web server that takes PUT (nginx with dav_methods),
 * HTTP/1.1 without TLS. It shows what a store over a network owes vt: it is far, it can be stopped, it never waits
 * longer than it is given, it reads no more than it was promised, and it needs nothing but this header.
 *
 *     cc -shared -fPIC $(pkg-config --cflags vt-plugin) store-http.c -o vt-store-http-plain.so
 *     config.json: "plugins": { "options": { "store-http-plain": { "url": "http://10.0.0.1:8080/vt" } } }
 *     vite-task.json: "plugins": { "stores": ["store-local", { "use": "store-http-plain", "optional": true }] }
 *
 * SPDX-License-Identifier: 0BSD */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vt-plugin.h>

enum { PIECE = 65536, HEAD = 8192 };

struct store {
	char host[64], path[512], token[512];
	struct sockaddr_in address;
};

static vt_status fail(vt_call *call, const char *code, const char *text)
{
	call->report(call, VT_REPORT_ERROR, code, (vt_bytes){ text, strlen(text) });
	return VT_FAILED;
}

/* Waits for the socket, at most left_ms, and asks stopping() meanwhile. */
static vt_status wait_for(vt_call *call, int fd, short what)
{
	struct pollfd p = { .fd = fd, .events = what };

	for (;;) {
		int64_t left = call->left_ms(call);

		if (call->stopping(call) || left <= 0)
			return VT_CANCELLED;
		if (poll(&p, 1, left < 100 ? (int)left : 100) > 0)
			return VT_OK;
	}
}

static vt_status send_all(vt_call *call, int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size) {
		ssize_t n = send(fd, at, size, MSG_DONTWAIT | MSG_NOSIGNAL);
		vt_status status = VT_OK;

		if (n < 0 && errno == EAGAIN)
			status = wait_for(call, fd, POLLOUT);
		else if (n < 0)
			return fail(call, "closed", "the server closed the connection");
		if (status != VT_OK)
			return status;
		at += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return VT_OK;
}

/* *ret 0: the end. */
static vt_status receive(vt_call *call, int fd, void *buffer, size_t size, size_t *ret)
{
	for (;;) {
		ssize_t n = recv(fd, buffer, size, MSG_DONTWAIT);
		vt_status status;

		*ret = n > 0 ? (size_t)n : 0;
		if (n >= 0)
			return VT_OK;
		if (errno != EAGAIN)
			return fail(call, "closed", "the server closed the connection");
		status = wait_for(call, fd, POLLIN);
		if (status != VT_OK)
			return status;
	}
}

static vt_status open_connection(struct store *s, vt_call *call, int *ret)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;
	socklen_t size = sizeof error;
	vt_status status = VT_OK;

	if (fd < 0)
		return fail(call, "system", "no socket can be had");
	if (connect(fd, (struct sockaddr *)&s->address, sizeof s->address) < 0 && errno == EINPROGRESS)
		status = wait_for(call, fd, POLLOUT);
	if (status == VT_OK && (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error))
		status = fail(call, "connect", "the server does not answer");
	if (status != VT_OK)
		close(fd);
	*ret = fd;
	return status;
}

struct answer {
	int fd, code;
	int64_t length;                /* of the body; -1: not said */
	char head[HEAD + 1];
	size_t size, body;             /* bytes in head; where the body begins in it */
};

static vt_status ask(struct store *s, vt_call *call, const char *method, uint32_t space, const vt_id *name, vt_source *body, struct answer *ret)
{
	char request[2048], piece[PIECE], *end = NULL, *line;
	uint64_t at = 0;
	size_t n = 1;
	int i, k = snprintf(request, sizeof request, "%s %s/%u-", method, s->path, space);
	vt_status status = open_connection(s, call, &ret->fd);

	if (status != VT_OK)
		return status;
	for (i = 0; i < 32; i++)
		k += snprintf(request + k, sizeof request - (size_t)k, "%02x", name->byte[i]);
	k += snprintf(request + k, sizeof request - (size_t)k, " HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s%s%sContent-Length: %llu\r\n\r\n", s->host,
		      s->token[0] ? "Authorization: Bearer " : "", s->token, s->token[0] ? "\r\n" : "", body ? (unsigned long long)body->size : 0);
	status = send_all(call, ret->fd, request, (size_t)k);
	while (status == VT_OK && body && at < body->size && n) {
		status = body->read(body, call, at, piece, sizeof piece, &n);
		if (status == VT_OK)
			status = send_all(call, ret->fd, piece, n);
		at += n;
	}
	if (status == VT_OK && body && at < body->size)
		status = fail(call, "short", "the source ended early");
	ret->size = 0;
	for (n = 1; status == VT_OK && !end && n && ret->size < HEAD; ret->size += n) {
		status = receive(call, ret->fd, ret->head + ret->size, HEAD - ret->size, &n);
		ret->head[ret->size + n] = '\0';
		end = strstr(ret->head, "\r\n\r\n");
	}
	if (status == VT_OK && (!end || sscanf(ret->head, "HTTP/1.%*d %d", &ret->code) != 1))
		status = fail(call, "protocol", "the server does not speak HTTP");
	if (status != VT_OK) {
		close(ret->fd);
		return status;
	}
	*end = '\0';
	ret->body = (size_t)(end - ret->head) + 4;
	ret->length = -1;
	for (line = strstr(ret->head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
		if (strncasecmp(line + 2, "Content-Length:", 15) == 0)
			ret->length = atoll(line + 17);
	return VT_OK;
}

/* Gives up a server that denies access for the rest of the run. */
static vt_status refused(vt_call *call, int code)
{
	fail(call, "http", code == 401 || code == 403 ? "access is denied" : "the server answers with an error");
	return code == 401 || code == 403 ? VT_DOWN : VT_FAILED;
}

static vt_status get(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_sink *into)
{
	char piece[PIECE];
	struct answer a;
	vt_status status = ask(self, call, "GET", space, name, NULL, &a);
	uint64_t left;
	size_t n;

	if (status != VT_OK)
		return status;
	if (a.code != 200)
		status = a.code == 404 ? VT_NONE : refused(call, a.code);
	else if (a.length < 0 || (uint64_t)a.length > into->most)
		status = fail(call, "length", "the server sends more than was put there, or does not say how much");
	left = status == VT_OK ? (uint64_t)a.length : 0;
	n = a.size - a.body < left ? a.size - a.body : (size_t)left;
	if (status == VT_OK && n)
		status = into->write(into, call, a.head + a.body, n);
	for (left -= status == VT_OK ? n : 0; status == VT_OK && left; left -= n) {
		status = receive(call, a.fd, piece, left < PIECE ? (size_t)left : PIECE, &n);
		if (status == VT_OK && !n)
			status = fail(call, "short", "the server stopped in the middle");
		if (status == VT_OK)
			status = into->write(into, call, piece, n);
	}
	close(a.fd);
	return status;
}

static vt_status put(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_source *from)
{
	struct answer a;
	vt_status status = ask(self, call, "PUT", space, name, from, &a);

	if (status != VT_OK)
		return status;
	close(a.fd);
	/* a read-only server declines the object, and no report is made */
	return a.code / 100 == 2 ? VT_OK : a.code == 403 || a.code == 405 || a.code == 413 ? VT_NONE : refused(call, a.code);
}

static vt_status wants(void *self, vt_call *call, vt_wants *ret)
{
	(void)self, (void)call;
	ret->flags = VT_WANTS_FAR;
	ret->parallel = 16;
	return VT_OK;
}

static vt_status create(const vt_host *host, vt_call *call, void **ret_self)
{
	(void)host;
	*ret_self = calloc(1, sizeof(struct store));
	return *ret_self ? VT_OK : fail(call, "memory", "out of memory");
}

static vt_status set(void *self, vt_call *call, const char *key, vt_bytes value)
{
	struct store *s = self;
	char url[700] = "";
	unsigned port = 0;

	if (value.size >= (strcmp(key, "token") == 0 ? sizeof s->token : sizeof url))
		return fail(call, "option", "it is too long");
	memcpy(strcmp(key, "token") == 0 ? s->token : url, value.data, value.size);
	if (strcmp(key, "url") != 0)
		return VT_OK;
	s->address.sin_family = AF_INET;
	if (sscanf(url, "http://%63[0-9.]:%5u%511s", s->host, &port, s->path) < 2 || inet_pton(AF_INET, s->host, &s->address.sin_addr) != 1)
		return fail(call, "option", "it must be as http://ADDRESS:PORT/PATH, the address in numbers");
	s->address.sin_port = htons((uint16_t)port);
	return VT_OK;
}

static const vt_option url = { .struct_size = sizeof url, .name = "url", .type = "url", .flags = VT_OPTION_REQUIRED, .help = "http://ADDRESS:PORT/PATH" };
static const vt_option token = { .struct_size = sizeof token, .name = "token", .type = "string", .flags = VT_OPTION_SECRET, .help = "sent as Bearer" };
static const vt_option *const options[] = { &url, &token, NULL };
static const vt_store_ops ops = { .struct_size = sizeof ops, .get = get, .put = put, .wants = wants };
static const vt_component component = {
	.struct_size = sizeof component, .kind = VT_KIND_STORE, .name = "store-http-plain", .summary = "a web server that takes PUT",
	.threads = VT_THREADS_MANY, .options = options, .create = create, .set = set, .destroy = free, .ops = &ops,
};

VT_PLUGIN("store-http-plain", "1.0", "an example", "0BSD", NULL, &component);
