/* stream: pipes, sockets and the terminal; reading with callbacks, queued writing. */
#ifndef OS_STREAM_H
#define OS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct loop;
struct stream;
struct listening;

struct stream_events {
	void (*on_bytes)(void *ctx, const void *data, size_t size);
	void (*on_end)(void *ctx, int error);     /* once: 0 at end of file, else an errno (read or write) */
};

/* Takes over the fd (pipe, socket or fifo). Not reading yet. */
struct stream *stream_open(struct loop *l, int fd, const struct stream_events *events, void *ctx, struct err *err);
void stream_read_start(struct stream *s);
void stream_read_stop(struct stream *s);          /* pauses; start again with the above */
/* Copies and queues. The write happens in order, without blocking the loop. */
void stream_write(struct stream *s, const void *data, size_t size);
size_t stream_queued(const struct stream *s);     /* bytes not yet with the kernel */
void stream_close(struct stream *s);              /* no callback after it; frees; unwritten bytes are dropped; NULL is fine */

/* A private listening AF_UNIX stream socket at `path` (0600). on_connect: an fd, now
 * the callee's, or -errno: no descriptor is left, and accepting stops until listen_hold(s, false). */
struct listening *listen_start(struct loop *l, const char *path, void (*on_connect)(void *ctx, int fd), void *ctx, struct err *err);
/* Accepts and hands over all connections that wait in the backlog. */
void listen_drain(struct listening *s);
void listen_hold(struct listening *s, bool hold);  /* true: new connections wait in the backlog */
void listen_stop(struct listening *s);            /* closes; does not unlink; frees */
int peer_uid(int fd, uint32_t *ret);              /* SO_PEERCRED; -1: unknown */

/* vt's own output, fd 1 or 2: queued, in order, never blocks the loop for long; the
 * rest is flushed (blocking) by output_close. Terminals and files are written at once. */
struct output;
struct output *output_open(struct loop *l, int fd);
int output_write(struct output *o, const void *data, size_t size);   /* 0; an errno once writing has failed */
size_t output_queued(const struct output *o);
unsigned output_columns(const struct output *o);   /* of the terminal; 0: it is none, or does not tell */
void output_on_drained(struct output *o, void (*fn)(void *ctx), void *ctx);  /* whenever the queue becomes empty again */
int output_close(struct output *o);               /* flushes everything, frees; an errno if something was lost */
#endif
