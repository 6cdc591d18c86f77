#include "config.h"

#include "fact/mac.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int read_key(const char *file, struct mac *ret)
{
	uint8_t bytes[DIGEST_KEY_SIZE + 1];
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? 1 : -1;
	n = read(fd, bytes, sizeof bytes);
	close(fd);
	if (n != DIGEST_KEY_SIZE) {
		errno = EINVAL;
		return 2;
	}
	memcpy(ret->key, bytes, DIGEST_KEY_SIZE);
	return 0;
}

static int make_key(const char *file, int replace)
{
	char temp[4096];
	uint8_t bytes[DIGEST_KEY_SIZE];
	uint32_t unique;
	int fd, n, failed, number;

	digest_random(bytes, sizeof bytes);
	digest_random(&unique, sizeof unique);
	n = snprintf(temp, sizeof temp, "%s.%08x", file, unique);
	if (n < 0 || (size_t)n >= sizeof temp) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	failed = write(fd, bytes, sizeof bytes) != (ssize_t)sizeof bytes;
	failed |= close(fd) != 0;
	if (!failed)
		failed = replace ? rename(temp, file) != 0 : link(temp, file) != 0 && errno != EEXIST;
	number = errno;
	unlink(temp);
	errno = number;
	return failed ? -1 : 0;
}

int mac_load(const char *file, struct mac *ret, struct err *err)
{
	int r = read_key(file, ret);

	if (r > 0) {
		if (make_key(file, r == 2) < 0)
			return err_errno(err, errno, "cannot write '%s'", file);
		r = read_key(file, ret);
	}
	return r == 0 ? 0 : err_errno(err, errno, "cannot read '%s'", file);
}

void mac_value(const struct mac *m, const char *name, size_t size, const char *value, struct digest *ret)
{
	struct digest_state s;

	digest_begin(&s, m->key);
	digest_add(&s, name, size);
	digest_add(&s, "", 1);
	digest_add(&s, value, strlen(value));
	digest_end(&s, ret);
}
