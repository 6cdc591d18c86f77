#include "config.h"

#include "fact/mac.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 0; 1: there is none; 2: it is no key; -1 with errno. */
static int read_key(int dir, const char *name, struct mac *ret)
{
	uint8_t bytes[DIGEST_KEY_SIZE + 1];
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)            /* ELOOP: a link. ENXIO: a socket */
		return errno == ENOENT ? 1 : errno == ELOOP || errno == ENXIO ? 2 : -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		n = read(fd, bytes, sizeof bytes);
	close(fd);
	if (n != DIGEST_KEY_SIZE)
		return 2;
	memcpy(ret->key, bytes, DIGEST_KEY_SIZE);
	return 0;
}

/* first: the key to make; NULL: a random one. */
static int make_key(int dir, const char *name, const struct mac *first, int replace)
{
	char temp[4096];
	uint8_t bytes[DIGEST_KEY_SIZE];
	uint32_t unique;
	int fd, n, failed, number;
	ssize_t written;

	if (first)
		memcpy(bytes, first->key, sizeof bytes);
	else
		digest_random(bytes, sizeof bytes);
	digest_random(&unique, sizeof unique);
	n = snprintf(temp, sizeof temp, "%s.%08x", name, unique);
	if (n < 0 || (size_t)n >= sizeof temp) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	written = write(fd, bytes, sizeof bytes);
	failed = written != (ssize_t)sizeof bytes;
	number = failed && written >= 0 ? ENOSPC : errno;
	failed |= close(fd) != 0;
	errno = number;
	if (!failed)
		failed = replace ? renameat(dir, temp, dir, name) != 0 : linkat(dir, temp, dir, name, 0) != 0 && errno != EEXIST;
	number = errno;
	unlinkat(dir, temp, 0);
	errno = number;
	return failed ? -1 : 0;
}

int mac_load(int dir, const char *name, const struct mac *first, struct mac *ret)
{
	int r = read_key(dir, name, ret);

	if (r > 0) {
		if (make_key(dir, name, first, r == 2) < 0)
			return -1;
		r = read_key(dir, name, ret);
		if (r > 0)
			errno = r == 1 ? ENOENT : EINVAL;      /* another process removes the cache */
	}
	if (r == 0)
		mac_use(ret, ret->key);
	return r == 0 ? 0 : -1;
}

void mac_use(struct mac *m, const uint8_t key[DIGEST_KEY_SIZE])
{
	static const char what[] = "vt key name 1";
	struct digest_state s;
	struct digest d;

	if (m->key != key)
		memcpy(m->key, key, sizeof m->key);
	digest_begin(&s, m->key);
	digest_add(&s, what, sizeof what);
	digest_end(&s, &d);
	memcpy(m->name, d.byte, sizeof m->name);
}

bool mac_keys_differ(struct bytes a, struct bytes b)
{
	enum { AT = DIGEST_SIZE - MAC_NAME_SIZE };

	return a.size == DIGEST_SIZE && b.size == DIGEST_SIZE &&
	       memcmp((const uint8_t *)a.data + AT, (const uint8_t *)b.data + AT, MAC_NAME_SIZE) != 0;
}

void mac_value(const struct mac *m, const char *name, size_t size, const char *value, struct digest *ret)
{
	struct digest_state s;

	digest_begin(&s, m->key);
	digest_add(&s, name, size);
	digest_add(&s, "", 1);
	digest_add(&s, value, strlen(value));
	digest_end(&s, ret);
	memcpy(ret->byte + sizeof ret->byte - sizeof m->name, m->name, sizeof m->name);
}
