/* manners: what of the process a plugin must not change. */
#ifndef KIT_MANNERS_H
#define KIT_MANNERS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct check;

struct manners {
	char cwd[PATH_MAX];        /* the current directory */
	char locale[256];          /* of all categories, as setlocale tells it */
	mode_t mask;               /* the umask */
	unsigned fds[8];           /* a bit per open fd below 256 */
	int threads, children;     /* how many; of all threads */
	long ended;                /* page faults of children that ended and were waited for: more than 0 for each */
	int output;                /* a file in the place of standard output and error */
	uint32_t signals[3];       /* blocked, ignored, caught: a bit for each but those that the C library uses itself */
};

/* Notes the present state, and puts a file in the place of standard output and error. */
void manners_note(struct manners *m);
/* Reports each difference as a fault. when: "while it is loaded"; may_thread: threads and open files are no fault. */
void manners_check(struct check *k, const struct manners *before, const char *when, bool may_thread);
/* A number that grows with each child that ends and is waited for. */
long manners_faults(void);
/* Kills the children of this process, and waits until they have ended. */
void manners_end_children(void);
#endif
