#include "url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undoes %XX. -1: no room, a NUL, or a broken escape. */
static int decode(const char *from, size_t n, char *to, size_t room)
{
	size_t i, k = 0;

	for (i = 0; i < n; i++) {
		int c = (unsigned char)from[i];

		if (c == '%') {
			if (i + 2 >= n || hex(from[i + 1]) < 0 || hex(from[i + 2]) < 0)
				return -1;
			c = hex(from[i + 1]) << 4 | hex(from[i + 2]);
			i += 2;
		}
		if (c == 0 || k + 1 >= room)
			return -1;
		to[k++] = (char)c;
	}
	to[k] = '\0';
	return 0;
}

static const char *read_database(const char *text, unsigned *ret)
{
	char *end;
	unsigned long n;

	if (!*text)
		return NULL;
	n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || n > 65535)
		return "its database is no number";
	*ret = (unsigned)n;
	return NULL;
}

static const char *read_unix(const char *path, struct redis_url *ret)
{
	const char *query = strstr(path, "?db=");

	ret->address.is_unix = true;
	if (path[0] != '/' || decode(path, query ? (size_t)(query - path) : strlen(path), ret->address.host, sizeof ret->address.host) < 0)
		return "its path is not absolute, or too long";
	return query ? read_database(query + 4, &ret->database) : NULL;
}

static const char *read_credentials(const char *from, const char *end, struct redis_url *ret)
{
	const char *colon = memchr(from, ':', (size_t)(end - from));

	if (!colon)
		return "it has a user without a password";
	if (decode(from, (size_t)(colon - from), ret->user, sizeof ret->user) < 0 ||
	    decode(colon + 1, (size_t)(end - colon - 1), ret->password, sizeof ret->password) < 0)
		return "its user or password is not written as in a URL, or too long";
	return NULL;
}

/* HOST, HOST:PORT or [ADDRESS]:PORT */
static const char *read_host(const char *from, size_t n, struct redis_url *ret)
{
	const char *end = from + n, *host = from, *after, *p;

	if (n && *from == '[') {
		host = from + 1;
		after = memchr(host, ']', (size_t)(end - host));
		if (!after)
			return "its address lacks a ]";
		n = (size_t)(after - host);
		after++;
	} else {
		after = memchr(from, ':', n);
		if (!after)
			after = end;
		n = (size_t)(after - from);
	}
	if (n == 0 || n >= sizeof ret->address.host)
		return "it has no host, or too long a one";
	memcpy(ret->address.host, host, n);
	if (after == end) {
		strcpy(ret->address.port, "6379");
		return NULL;
	}
	for (p = after + 1; p < end && *p >= '0' && *p <= '9'; p++)
		;
	n = (size_t)(end - after - 1);
	if (*after != ':' || p != end || n == 0 || n > 5)
		return "its port is no number";
	memcpy(ret->address.port, after + 1, n);
	return NULL;
}

const char *redis_url_read(const char *text, struct redis_url *ret)
{
	const char *rest, *at, *slash, *why;

	memset(ret, 0, sizeof *ret);
	if (strncmp(text, "unix://", 7) == 0)
		return read_unix(text + 7, ret);
	ret->address.is_tls = strncmp(text, "rediss://", 9) == 0;
	if (!ret->address.is_tls && strncmp(text, "redis://", 8) != 0)
		return "it begins with none of redis://, rediss:// and unix://";
	rest = text + (ret->address.is_tls ? 9 : 8);
	slash = rest + strcspn(rest, "/");
	for (at = slash; at > rest && *at != '@'; at--)
		;
	if (*at == '@') {
		why = read_credentials(rest, at, ret);
		if (why)
			return why;
		rest = at + 1;
	}
	why = read_host(rest, (size_t)(slash - rest), ret);
	return why || !*slash ? why : read_database(slash + 1, &ret->database);
}
