#include "config.h"

#include "report/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "text/path.h"

enum { SINK_WAIT_MS = 5000 };          /* for a reader that takes nothing */

struct sink {
	int fd;
	bool is_file;
	int error;                     /* the first errno */
	char *path;
};

static int open_path(const char *path, bool append)
{
	/* O_NONBLOCK: a named pipe without a reader is an error, not a wait without end */
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (append ? O_APPEND : 0);
	int own = -1;
	char more;

	if (sscanf(path, "/dev/fd/%d%c", &own, &more) != 1)
		own = strcmp(path, "/dev/stdout") == 0 ? 1 : strcmp(path, "/dev/stderr") == 0 ? 2 : -1;
	/* opening /dev/stdout anew would overwrite a file there from its beginning */
	return own >= 0 ? fcntl(own, F_DUPFD_CLOEXEC, 3) : open(path, flags, 0666);
}

int sink_open(const char *cwd, const char *path, bool append, struct sink **ret, struct err *err)
{
	struct arena *a = arena_new();
	const char *whole = path[0] == '/' ? path : path_join(a, cwd, path);
	struct sink *s = xcalloc(1, sizeof *s);
	struct stat st;

	s->path = xstrdup(whole);
	arena_free(a);
	s->fd = open_path(s->path, append);
	if (s->fd < 0 && errno == ENXIO)
		err_set(err, ERR_USER, "Cannot write to the pipe '%s': nobody reads it", path);
	else if (s->fd < 0 || fstat(s->fd, &st) < 0)
		err_errno(err, errno, "Cannot write the file '%s'", path);
	else if ((s->is_file = S_ISREG(st.st_mode) && strncmp(s->path, "/dev/", 5) != 0) && !append && ftruncate(s->fd, 0) < 0)
		err_errno(err, errno, "Cannot write the file '%s'", path);
	if (err->n) {
		sink_close(s, NULL);
		return -1;
	}
	*ret = s;
	return 0;
}

const char *sink_path(const struct sink *s)
{
	return s->path;
}

bool sink_is_file(const struct sink *s)
{
	return s->is_file;
}

static bool has_room(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, SINK_WAIT_MS) > 0;
}

void sink_write(struct sink *s, const void *data, size_t size)
{
	const char *at = data;
	ssize_t n;

	while (size > 0 && s->error == 0) {
		n = write(s->fd, at, size);
		if (n >= 0) {
			at += n;
			size -= (size_t)n;
		} else if (errno == EAGAIN) {
			s->error = has_room(s->fd) ? 0 : ETIMEDOUT;
		} else if (errno != EINTR) {
			s->error = errno;
		}
	}
}

int sink_close(struct sink *s, struct err *err)
{
	int e;

	if (!s)
		return 0;
	if (s->fd >= 0 && close(s->fd) < 0 && !s->error)
		s->error = errno;
	e = s->error;
	if (e && err)
		err_errno(err, e, "Cannot write all of '%s'", s->path);
	free(s->path);
	free(s);
	return e ? -1 : 0;
}
