/* exec: finds the files that the kernel opens itself when a program starts: the interpreter
 * of a script, the loader of a dynamic program. No system call names them. */
#include "config.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trace.h"
#include "vt-plugin.h"

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

enum {
	SCRIPTS_MAX = 5,      /* as the kernel */
	LINE_MAX_SCRIPT = 256,
};

/* Looking a file up, asking its type and reading it may wait for a file system that
 * the task itself serves, which may wait for vt. What the kernel has in its cache has no such
 * danger, nor has a file system that no process serves. */
static int open_at_hand(const char *path, int flags, bool may_block)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC), .resolve = RESOLVE_CACHED };
	long fd;

	if (may_block)
		return open(path, flags | O_CLOEXEC);
	fd = syscall(__NR_openat2, AT_FDCWD, path, &how, sizeof how);
	if (fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != EACCES && errno != ELOOP)
		errno = EAGAIN;
	return (int)fd;
}

/* 0, or -1 with errno; EAGAIN: only a call that may wait could tell. */
static int stat_at_hand(struct watch *w, const char *path, bool may_block, struct statx *ret)
{
	int fd = open_at_hand(path, O_PATH, may_block), r;

	if (fd < 0)
		return -1;
	r = statx(fd, "", AT_EMPTY_PATH | (may_block ? 0 : AT_STATX_DONT_SYNC), STATX_BASIC_STATS, ret);
	close(fd);
	if (r == 0 && !may_block && !look_is_quick(&w->ground, ret->stx_dev_major, ret->stx_dev_minor)) {
		errno = EAGAIN;
		return -1;
	}
	return r;
}

static bool loses_rights(struct watch *w, uint32_t tid, const struct statx *st)
{
	char file[64], text[4096];
	const char *line;
	ssize_t n;
	int fd;

	if (!(st->stx_mode & S_ISUID && st->stx_uid != geteuid()) &&
	    !(st->stx_mode & S_ISGID && st->stx_mode & S_IXGRP && st->stx_gid != getegid()))
		return false;
	if (w->no_new_privs < 0) {
		snprintf(file, sizeof file, "/proc/%u/status", tid);
		fd = open(file, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
		if (fd >= 0)
			close(fd);
		if (n < 0)
			return false;        /* the process is gone; its next call tells */
		text[n] = '\0';
		line = strstr(text, "\nNoNewPrivs:");
		w->no_new_privs = line && strtol(line + 12, NULL, 10) == 1;
	}
	return w->no_new_privs == 1;
}

/* The interpreter that a script's first line names, in `head`, or NULL. */
static char *script_interpreter(char *head, size_t n)
{
	char *p = head + 2, *end;

	if (n < 3 || head[0] != '#' || head[1] != '!')
		return NULL;
	head[n < LINE_MAX_SCRIPT ? n : LINE_MAX_SCRIPT] = '\0';
	p += strspn(p, " \t");
	end = p + strcspn(p, " \t\n");
	*end = '\0';
	return *p ? p : NULL;
}

/* The loader that a program asks for: copied into ret. */
#define LOADER(bits) \
static bool loader##bits(int fd, const char *head, size_t n, char *ret, size_t size) \
{ \
	Elf##bits##_Ehdr e; \
	Elf##bits##_Phdr p; \
	unsigned i; \
	\
	if (n < sizeof e) \
		return false; \
	memcpy(&e, head, sizeof e); \
	if (e.e_phentsize != sizeof p) \
		return false; \
	for (i = 0; i < e.e_phnum && i < 64; i++) { \
		if (pread(fd, &p, sizeof p, (off_t)(e.e_phoff + i * sizeof p)) != (ssize_t)sizeof p) \
			return false; \
		if (p.p_type != PT_INTERP) \
			continue; \
		if (p.p_filesz < 2 || p.p_filesz > size || \
		    pread(fd, ret, p.p_filesz, (off_t)p.p_offset) != (ssize_t)p.p_filesz) \
			return false; \
		ret[p.p_filesz - 1] = '\0'; \
		return ret[0] != '\0'; \
	} \
	return false; \
}
LOADER(32)
LOADER(64)

/* Notes what the kernel opens by this name, and copies it, absolute, into ret. */
static bool note_named(struct watch *w, uint32_t tid, const char *name, const char *folder, char ret[PATH_MAX])
{
	char text[PATH_MAX];
	struct path path;

	if (folder && name[0] != '/') {
		if (snprintf(text, sizeof text, "%s/%s", folder, name) >= (int)sizeof text)
			return false;
		name = text;
	}
	/* the thread runs its new program by now, or still the old one; its working directory is the same */
	if (path_of_text(&w->world, (pid_t)tid, name, &path) != PATH_OK)
		return false;
	notes_add(&w->notes, VT_SEEN_EXEC, 0, tid, path.text, path.length, NULL, 0);
	memcpy(ret, path.text, path.length + 1);
	return true;
}

bool exec_note(struct watch *w, uint32_t tid, const char *path, const char *folder, bool may_block)
{
	char head[LINE_MAX_SCRIPT + 1], loader[PATH_MAX], next[PATH_MAX], *name;
	struct statx st;
	ssize_t n;
	int fd, i;

	for (i = 0; i < SCRIPTS_MAX; i++) {
		if (stat_at_hand(w, path, may_block, &st) != 0)
			return errno != EAGAIN;
		if (!S_ISREG(st.stx_mode))
			return true;
		if (i == 0 && loses_rights(w, tid, &st)) {
			w->notes.at[w->notes.n - 1].flags |= VT_SEEN_SETUID;
			watch_escape(w, ESCAPE_SETUID, 0, tid);
		}
		fd = open_at_hand(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, may_block);
		if (fd < 0)
			return errno != EAGAIN;
		n = pread(fd, head, sizeof head - 1, 0);
		name = n > 0 ? script_interpreter(head, (size_t)n) : NULL;
		if (!name && n > EI_NIDENT && memcmp(head, ELFMAG, SELFMAG) == 0 &&
		    (head[EI_CLASS] == ELFCLASS32 ? loader32 : loader64)(fd, head, (size_t)n, loader, sizeof loader))
			note_named(w, tid, loader, folder, next);
		close(fd);
		if (!name || !note_named(w, tid, name, folder, next))
			return true;
		path = next;
	}
	return true;
}
