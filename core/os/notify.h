/* notify: the kernel tells what changes in folders (inotify). On the loop. */
#ifndef OS_NOTIFY_H
#define OS_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct notify;

enum notify_what {
	NOTIFY_CONTENT = 1,        /* the entry was written, or its mode or times changed */
	NOTIFY_NAME = 2,           /* the entry came or went */
	NOTIFY_FOLDER = 4,         /* the entry is a folder */
	NOTIFY_GONE = 8,           /* the watch is over: the folder is gone, or was moved away */
	NOTIFY_WRITING = 32,       /* some of the entry's bytes were written; its writer still has it open */
	NOTIFY_CREATED = 128,      /* the entry was made here, not moved here; its writer may still have it open */
	NOTIFY_CLOSED = 64,        /* a writer of the entry closed it */
	NOTIFY_MOVED = 256,        /* the entry was moved here */
	NOTIFY_LOST = 16           /* more happened than the kernel kept: anything may have changed; no watch, no name */
};

/* `on_event`: `watch` is notify_add's answer; `name` is in that folder, NULL: it is the folder itself. NULL with errno: the
 * kernel gives no more instances. */
struct notify *notify_new(struct loop *l, void (*on_event)(void *ctx, int watch, unsigned what, const char *name), void *ctx);
void notify_free(struct notify *n);                        /* NULL is fine */
/* Watches what is in a folder, not below it. The same number for the same folder. -errno: ENOSPC says that there are too few
 * watches, ENOENT and ENOTDIR that there is no folder. */
int notify_add(struct notify *n, const char *dir);
void notify_remove(struct notify *n, int watch);
/* Tells all events until now, at once. */
void notify_drain(struct notify *n);
#endif
