#include "config.h"

#include "service/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "os/loop.h"
#include "workspace/workspace.h"

enum {
	PROBE_HEAD = 64,           /* bytes of an answer's first line that are read */
	PROBE_LEAST_MS = 250,      /* how long the last look before the end of the time may take */
	PROBE_NOT_FOUND = 400      /* a server that answers with this status or a higher one is not ready */
};

/* The parts of a URL. */
struct url {
	char host[256], port[8];
	const char *path;          /* the path behind the host; may be "" */
};

void probe_file(const char *path, struct probe_file *ret)
{
	struct stat st;

	*ret = (struct probe_file){ 0 };
	if (stat(path, &st) < 0)
		return;
	ret->there = true;
	ret->device = st.st_dev;
	ret->inode = st.st_ino;
	ret->mtime_ns = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
	ret->ctime_ns = st.st_ctim.tv_sec * INT64_C(1000000000) + st.st_ctim.tv_nsec;
}

static bool file_came(const char *path, const struct probe_file *before)
{
	struct probe_file now;

	probe_file(path, &now);
	return now.there && (!before->there || now.device != before->device || now.inode != before->inode ||
			     now.mtime_ns != before->mtime_ns || now.ctime_ns != before->ctime_ns);
}

/* ---- connections ---- */

static bool wait_for(int fd, short events, int64_t until_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left = until_ms - os_now_ms();

	return left > 0 && poll(&p, 1, (int)left) == 1;
}

/* A connected socket. -1: no process answers there. */
static int connect_to(const struct addrinfo *a, int64_t until_ms)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;
	socklen_t n = sizeof error;

	if (fd < 0)
		return -1;
	if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
		return fd;
	if (errno == EINPROGRESS && wait_for(fd, POLLOUT, until_ms) && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 && error == 0)
		return fd;
	close(fd);
	return -1;
}

/* Connects to the first of the host's addresses that answers. */
static int connect_host(const char *host, const char *port, int64_t until_ms)
{
	struct addrinfo wanted = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV }, *list, *a;
	int fd = -1;

	if (getaddrinfo(host, port, &wanted, &list) != 0)
		return -1;
	for (a = list; a && fd < 0; a = a->ai_next)
		fd = connect_to(a, until_ms);
	freeaddrinfo(list);
	return fd;
}

/* Connects to the port of this machine by IPv4 or IPv6: a server may listen on one of them alone. */
static int connect_port(uint16_t port, int64_t until_ms)
{
	char text[8];
	int fd;

	snprintf(text, sizeof text, "%u", port);
	fd = connect_host("127.0.0.1", text, until_ms);
	return fd < 0 ? connect_host("::1", text, until_ms) : fd;
}

/* Connects to a host. The name of this machine stands for both families, whatever its table of names says. */
static int connect_url(const struct url *url, int64_t until_ms)
{
	int fd = connect_host(url->host, url->port, until_ms);

	return fd < 0 && strcasecmp(url->host, "localhost") == 0 ? connect_host("::1", url->port, until_ms) : fd;
}

/* ---- HTTP ---- */

static bool url_parse(const char *url, struct url *ret)
{
	const char *host = url + strlen("http://"), *end;
	size_t n;

	if (*host == '[') {
		host++;
		end = strchrnul(host, ']');
	} else {
		end = host + strcspn(host, ":/?#");
	}
	n = (size_t)(end - host);
	if (n == 0 || n >= sizeof ret->host)
		return false;
	memcpy(ret->host, host, n);
	ret->host[n] = '\0';
	end += *end == ']';
	memcpy(ret->port, "80", 3);
	if (*end == ':') {
		n = strspn(++end, "0123456789");
		if (n == 0 || n >= sizeof ret->port)
			return false;
		memcpy(ret->port, end, n);
		ret->port[n] = '\0';
		end += n;
	}
	ret->path = end;
	return true;
}

static bool send_all(int fd, const char *data, size_t size, int64_t until_ms)
{
	ssize_t n;

	while (size > 0) {
		n = send(fd, data, size, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR) && wait_for(fd, POLLOUT, until_ms))
			continue;
		if (n <= 0)
			return false;
		data += n;
		size -= (size_t)n;
	}
	return true;
}

/* The status of "HTTP/1.1 200 OK", or 0. */
static int read_status(int fd, int64_t until_ms)
{
	char head[PROBE_HEAD + 1];
	size_t have = 0;
	ssize_t n;
	int status = 0;

	do {
		if (!wait_for(fd, POLLIN, until_ms))
			return 0;
		n = recv(fd, head + have, PROBE_HEAD - have, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return 0;
		have += (size_t)n;
		head[have] = '\0';
	} while (have < PROBE_HEAD && !strchr(head, '\n'));
	return sscanf(head, "HTTP/%*u.%*u %3d", &status) == 1 ? status : 0;
}

static bool answers(const char *text, int64_t until_ms)
{
	struct url url;
	struct buf b;
	bool six;
	int fd, status = 0;

	if (!url_parse(text, &url))
		return false;
	fd = connect_url(&url, until_ms);
	if (fd < 0)
		return false;
	six = strchr(url.host, ':') != NULL;
	buf_init(&b, 1 << 16);
	buf_printf(&b, "GET %s%.*s HTTP/1.1\r\nHost: %s%s%s:%s\r\nUser-Agent: vt\r\nAccept: */*\r\nConnection: close\r\n\r\n",
		   *url.path == '/' ? "" : "/", (int)strcspn(url.path, "#"), url.path, six ? "[" : "", url.host, six ? "]" : "", url.port);
	if (send_all(fd, b.data, b.size, until_ms))
		status = read_status(fd, until_ms);
	buf_free(&b);
	close(fd);
	return status >= 100 && status < PROBE_NOT_FOUND;
}

/* ---- for readiness ---- */

bool probe_taken(const struct ready *ready)
{
	int64_t until = os_now_ms() + PROBE_MS;
	struct url url;
	int fd = -1;

	if (ready->kind == READY_PORT)
		fd = connect_port(ready->port, until);
	else if (ready->kind == READY_HTTP && url_parse(ready->text, &url))
		fd = connect_url(&url, until);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

bool probe_look(const struct ready *ready, const struct probe_file *before, int64_t until_ms)
{
	int64_t until = os_now_ms() + PROBE_MS;
	int fd;

	until_ms = until_ms < os_now_ms() + PROBE_LEAST_MS ? os_now_ms() + PROBE_LEAST_MS : until_ms;
	until = until < until_ms ? until : until_ms;
	switch (ready->kind) {
	case READY_OUTPUT:
		return false;
	case READY_FILE:
		return file_came(ready->text, before);
	case READY_HTTP:
		return answers(ready->text, until);
	case READY_PORT:
		break;
	}
	fd = connect_port(ready->port, until);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}
