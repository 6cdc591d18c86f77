/* calls: says what each system call means, from its arguments alone. */
#include "config.h"

#include "calls.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include "vt-plugin.h"

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1u
#endif
#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2u
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

#if defined(__x86_64__)
#define NUMBERS(x, i, a) { x, i }
const uint32_t call_audit_arch[ARCH_COUNT] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386 };
#elif defined(__aarch64__)
#define NUMBERS(x, i, a) { a, NO }
const uint32_t call_audit_arch[ARCH_COUNT] = { AUDIT_ARCH_AARCH64, 0 };
#else
#error "the call table has no numbers for this architecture"
#endif

const struct call calls[CALLS_COUNT] = {
#define X(name, x, i, a, does, dirfd, path, extra) \
	{ #name, NUMBERS(x, i, a), does, dirfd, path, extra },
	CALLS(X)
#undef X
};

const struct call *call_find(uint32_t arch, int32_t number)
{
	int a, i;

	for (a = 0; a < ARCH_COUNT; a++) {
		if (!call_audit_arch[a] || call_audit_arch[a] != arch)
			continue;
		for (i = 0; i < CALLS_COUNT; i++)
			if (calls[i].number[a] == number && number >= 0)
				return &calls[i];
	}
	return NULL;
}

static void act(struct call_meaning *m, uint16_t op, uint16_t flags, uint8_t path)
{
	m->act[m->acts].op = op;
	m->act[m->acts].flags = flags;
	m->act[m->acts].path = path;
	m->acts++;
}

/* Flags of i386 and x86-64 agree, and so do those of arm and aarch64. */
static void decode_open(uint64_t flags, struct call_meaning *m)
{
	uint16_t seen = 0;
	bool writes = (flags & O_ACCMODE) != O_RDONLY;

	m->maps = (flags & O_ACCMODE) == O_RDWR;
	m->content = writes || (flags & (O_TRUNC | O_CREAT));
	if (flags & O_DIRECTORY)
		seen |= VT_SEEN_DIRECTORY;
	if (flags & O_NOFOLLOW)
		seen |= VT_SEEN_NOFOLLOW;
	if (flags & O_PATH) {
		act(m, VT_SEEN_PROBE, seen, 0);
	} else if ((flags & O_TMPFILE) == O_TMPFILE) {
		/* the file has no name; linkat may give it one */
		act(m, VT_SEEN_PROBE, VT_SEEN_DIRECTORY, 0);
	} else if ((flags & O_CREAT) && (flags & O_EXCL)) {
		act(m, VT_SEEN_PROBE, VT_SEEN_NOFOLLOW, 0);
		act(m, VT_SEEN_WRITE, VT_SEEN_NOFOLLOW, 0);
		m->depends = DEPENDS_WRITE;
	} else if (flags & O_TRUNC) {
		/* the old content is gone before anything is read */
		act(m, VT_SEEN_WRITE, seen, 0);
	} else if (!writes && (flags & O_DIRECTORY)) {
		act(m, VT_SEEN_LIST, seen, 0);
	} else {
		/* what is written into a file that is not cut off lies among its old content */
		act(m, VT_SEEN_READ, seen, 0);
		if (writes)
			act(m, VT_SEEN_WRITE, seen, 0);
		if (flags & O_CREAT)
			m->depends = DEPENDS_READ;
	}
}

static uint16_t follows(const struct call *c, uint64_t at)
{
	return c->extra != NO && (at & AT_SYMLINK_NOFOLLOW) ? VT_SEEN_NOFOLLOW : 0;
}

static void two_paths(const struct call *c, const uint64_t *args, struct call_meaning *m)
{
	int step = c->dirfd == NO ? 1 : 2;

	m->path[1].dirfd = c->dirfd == NO ? AT_FDCWD : (int32_t)args[c->dirfd + step];
	m->path[1].address = args[c->path + step];
	m->paths = 2;
}

void call_decode(const struct call *c, const uint64_t *args, uint64_t how, struct call_meaning *m)
{
	uint64_t extra = c->extra == NO ? 0 : args[c->extra];

	memset(m, 0, sizeof *m);
	if (c->path != NO) {
		m->paths = 1;
		m->path[0].dirfd = c->dirfd == NO ? AT_FDCWD : (int32_t)args[c->dirfd];
		m->path[0].address = args[c->path];
	}
	switch (c->does) {
	case DOES_OPEN:
		decode_open((uint32_t)extra, m);
		break;
	case DOES_OPEN_HOW:
		decode_open(how, m);
		break;
	case DOES_CREAT:
		m->content = true;
		act(m, VT_SEEN_WRITE, 0, 0);
		break;
	case DOES_CUT:
		m->content = true;
		act(m, VT_SEEN_READ, 0, 0);
		act(m, VT_SEEN_WRITE, 0, 0);
		break;
	case DOES_EXEC:
		m->exec = true;
		m->path[0].empty_is_fd = extra & AT_EMPTY_PATH;
		act(m, VT_SEEN_EXEC, follows(c, extra), 0);
		break;
	case DOES_FD_STAT:
		m->path[0].empty_is_fd = (extra & AT_EMPTY_PATH) && m->path[0].dirfd == AT_FDCWD;
		act(m, VT_SEEN_PROBE, follows(c, extra), 0);
		break;
	case DOES_PROBE:
		m->path[0].empty_is_fd = extra & AT_EMPTY_PATH;
		act(m, VT_SEEN_PROBE, follows(c, extra), 0);
		break;
	case DOES_LPROBE:
		m->path[0].empty_is_fd = c->dirfd != NO;
		act(m, VT_SEEN_PROBE, VT_SEEN_NOFOLLOW, 0);
		break;
	case DOES_HANDLE_AT:
		m->path[0].empty_is_fd = extra & AT_EMPTY_PATH;
		act(m, VT_SEEN_PROBE, extra & AT_SYMLINK_FOLLOW ? 0 : VT_SEEN_NOFOLLOW, 0);
		break;
	case DOES_CHDIR:
		act(m, VT_SEEN_PROBE, VT_SEEN_DIRECTORY, 0);
		break;
	case DOES_WRITE:
		m->path[0].empty_is_fd = extra & AT_EMPTY_PATH;
		act(m, VT_SEEN_WRITE, VT_SEEN_ATTRIBUTE | follows(c, extra), 0);
		break;
	case DOES_LWRITE:
		act(m, VT_SEEN_WRITE, VT_SEEN_ATTRIBUTE | VT_SEEN_NOFOLLOW, 0);
		break;
	case DOES_SYMLINK:
		m->target = args[0];
		/* fall through */
	case DOES_MAKE:
	case DOES_BIND:
		m->bind = c->does == DOES_BIND;
		m->paths = 1;
		act(m, VT_SEEN_PROBE, VT_SEEN_NOFOLLOW, 0);
		act(m, VT_SEEN_WRITE, VT_SEEN_NOFOLLOW, 0);
		m->depends = DEPENDS_WRITE;
		break;
	case DOES_MKDIR:
		act(m, VT_SEEN_WRITE, VT_SEEN_DIRECTORY | VT_SEEN_NOFOLLOW, 0);
		m->depends = DEPENDS_MKDIR;
		break;
	case DOES_RMDIR:
		act(m, VT_SEEN_WRITE, VT_SEEN_REMOVED | VT_SEEN_DIRECTORY | VT_SEEN_NOFOLLOW, 0);
		break;
	case DOES_UNLINK:
		m->content = true;
		act(m, VT_SEEN_WRITE, VT_SEEN_REMOVED | VT_SEEN_NOFOLLOW |
		    (extra & AT_REMOVEDIR ? VT_SEEN_DIRECTORY : 0), 0);
		break;
	case DOES_LINK:
		two_paths(c, args, m);
		m->path[0].empty_is_fd = extra & AT_EMPTY_PATH;
		if (!(extra & AT_EMPTY_PATH))
			act(m, VT_SEEN_READ, extra & AT_SYMLINK_FOLLOW ? 0 : VT_SEEN_NOFOLLOW, 0);
		act(m, VT_SEEN_PROBE, VT_SEEN_NOFOLLOW, 1);
		act(m, VT_SEEN_WRITE, VT_SEEN_NOFOLLOW, 1);
		m->depends = DEPENDS_WRITE;
		break;
	case DOES_RENAME:
		two_paths(c, args, m);
		m->content = true;
		m->keeps = extra & RENAME_NOREPLACE;
		m->depends = extra & RENAME_EXCHANGE ? DEPENDS_NOT : DEPENDS_RENAME;
		if (extra & RENAME_EXCHANGE) {
			/* both names stay: each gets the file of the other */
			act(m, VT_SEEN_READ, VT_SEEN_NOFOLLOW, 0);
			act(m, VT_SEEN_READ, VT_SEEN_NOFOLLOW, 1);
		}
		if (m->keeps)
			act(m, VT_SEEN_PROBE, VT_SEEN_NOFOLLOW, 1);
		act(m, VT_SEEN_RENAME, VT_SEEN_NOFOLLOW, 0);
		if (extra & RENAME_EXCHANGE)
			act(m, VT_SEEN_RENAME, VT_SEEN_NOFOLLOW, 1);
		break;
	case DOES_BY_HANDLE:
		m->by_handle = true;
		break;
	case DOES_CHROOT:
		m->chroot = true;
		break;
	case DOES_MOUNT:
		m->mount = true;
		break;
	case DOES_CLONE_TREE:
		m->path[0].empty_is_fd = extra & AT_EMPTY_PATH;
		m->by_handle = extra & 1;    /* OPEN_TREE_CLONE */
		act(m, VT_SEEN_PROBE, follows(c, extra), 0);
		break;
	case DOES_CONNECT:
		m->connect = true;
		break;
	case DOES_SIGNAL:
		m->action = extra;
		break;
	case DOES_SEND:
		m->sends = true;
		break;
	case DOES_FILTER:
		m->listens = true;           /* the filter tells of no other */
		break;
	default:
		break;
	}
}
