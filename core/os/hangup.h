/* hangup: tells when nobody is at the other side of a descriptor any more (POLLHUP). On the loop. */
#ifndef OS_HANGUP_H
#define OS_HANGUP_H

struct hangup;
struct loop;

/* Calls `fn` once, on the loop, after the descriptor hung up; what can be read from it stays there. `fd` remains the caller's, who
 * may close it at once. NULL: it cannot be watched. */
struct hangup *hangup_watch(struct loop *l, int fd, void (*fn)(void *ctx), void *ctx);
void hangup_stop(struct hangup *h);                /* before `fn` was called; NULL is fine */
#endif
