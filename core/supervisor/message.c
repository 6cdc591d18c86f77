#include "config.h"

#include "supervisor/message.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

int message_send(int sock, const void *data, size_t size, const int *fds, int fds_n)
{
	union { struct cmsghdr align; char bytes[CMSG_SPACE(sizeof(int) * MESSAGE_FDS)]; } control;
	struct iovec v = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (fds_n > 0) {
		memset(&control, 0, sizeof control);
		m.msg_control = control.bytes;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)fds_n);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)fds_n);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * (size_t)fds_n);
	}
	while (sendmsg(sock, &m, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

/* Takes the fds of a packet out of its control data; what is more than max is closed. */
static int take_fds(struct msghdr *m, int *ret_fds, int max)
{
	struct cmsghdr *c;
	int n = 0, fd;
	size_t i, many;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		many = (c->cmsg_len - CMSG_LEN(0)) / sizeof fd;
		for (i = 0; i < many; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (n < max)
				ret_fds[n++] = fd;
			else
				close(fd);
		}
	}
	return n;
}

ssize_t message_receive(int sock, void *data, size_t size, int *ret_fds, int max, int *ret_n)
{
	union { struct cmsghdr align; char bytes[CMSG_SPACE(sizeof(int) * MESSAGE_FDS)]; } control;
	struct iovec v = { .iov_base = data, .iov_len = size };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes };
	ssize_t r;

	*ret_n = 0;
	/* ECONNRESET: the other end left without reading all we sent; what it sent is still to come. */
	while ((r = recvmsg(sock, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC)) < 0)
		if (errno != EINTR && errno != ECONNRESET)
			return -1;
	*ret_n = take_fds(&m, ret_fds, max);
	if ((m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0)
		return r;
	while (*ret_n > 0)
		close(ret_fds[--*ret_n]);
	if ((m.msg_flags & MSG_TRUNC) == 0) {
		*ret_n = -1;
		return r;
	}
	errno = EMSGSIZE;
	return -1;
}

/* ---- START ----------------------------------------------------------------- */

struct cursor {
	char *at, *end;
};

static char *next_string(struct cursor *c)
{
	char *s = c->at, *nul = memchr(s, '\0', (size_t)(c->end - s));

	if (!nul)
		return NULL;
	c->at = nul + 1;
	return s;
}

static int next_strings(struct cursor *c, char **list, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (!(list[i] = next_string(c)))
			return -1;
	list[n] = NULL;
	return 0;
}

static int next_filter(struct cursor *c, struct message_filter *ret, const void **ret_program)
{
	size_t left = (size_t)(c->end - c->at), padded;

	if (left < sizeof *ret)
		return -1;
	memcpy(ret, c->at, sizeof *ret);
	padded = sizeof *ret + (((size_t)ret->size + 7) & ~(size_t)7);
	if (padded > left)
		return -1;
	*ret_program = c->at + sizeof *ret;
	c->at += padded;
	return 0;
}

int message_parse_start(const struct message_start *head, char *rest, struct start *ret)
{
	struct cursor c = { rest, rest + head->size };
	size_t pointers = (size_t)head->argv_n + head->env_n + head->untraced_n + 3;
	uint32_t i;

	memset(ret, 0, sizeof *ret);
	ret->head = head;
	if (head->filters_n > MESSAGE_FILTERS || pointers > head->size + 3)
		return EBADMSG;
	for (i = 0; i < head->filters_n; i++)
		if (next_filter(&c, &ret->filter[i], &ret->program_of[i]) < 0)
			return EBADMSG;
	ret->program = next_string(&c);
	ret->dir = ret->program ? next_string(&c) : NULL;
	if (!ret->dir)
		return EBADMSG;
	ret->mapping_size = (pointers + 1) * sizeof(char *);
	ret->mapping = mmap(NULL, ret->mapping_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ret->mapping == MAP_FAILED)
		return ENOMEM;
	ret->argv = (char **)ret->mapping + 1;
	ret->env = ret->argv + head->argv_n + 1;
	ret->untraced = head->untraced ? ret->env + head->env_n + 1 : ret->env;
	if (next_strings(&c, ret->argv, head->argv_n) < 0 || next_strings(&c, ret->env, head->env_n) < 0 ||
	    (head->untraced && next_strings(&c, ret->untraced, head->untraced_n) < 0)) {
		munmap(ret->mapping, ret->mapping_size);
		return EBADMSG;
	}
	return 0;
}
