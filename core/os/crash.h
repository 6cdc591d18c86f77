/* crash: the last words of a program that crashes.
 *
 * A crash (SIGSEGV, abort() and the like), or an exit() inside a scene, is told in one line that names
 * the scene, and the terminal gets its settings back. Before crash_done it ends the program as
 * such a crash does; after it, with the code given, because the work was done. */
#ifndef OS_CRASH_H
#define OS_CRASH_H

#include <stdbool.h>

/* Foreign code that a thread runs. Scenes nest. */
struct crash_scene {
	const char *who;               /* a plugin's name; lives until crash_leave */
	const char *what;              /* the operation; likewise */
	bool behind;                   /* no task waits for it: the run may come to its end before the program does */
	struct crash_scene *outer;     /* set by crash_enter */
};

/* Begins to tell. Signals that have a handler already (a sanitizer's) are left alone. Once is enough. */
void crash_catch(void);
void crash_enter(struct crash_scene *s);       /* [any] of this thread */
void crash_leave(struct crash_scene *s);       /* the last one that was entered */
void crash_done(int code);                     /* [any]; -1: there is something to be done again */
/* From here on this program holds secrets: it leaves no core file, and no other process of the user reads its memory or environment.
 * Programs that it starts are free of this. */
void crash_hide_memory(void);
#endif
