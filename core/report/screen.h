/* What the user sees: two streams, each coloured or not. Everything is written
 * coloured; a stream without colours has them taken out on its way. */
#ifndef REPORT_SCREEN_H
#define REPORT_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/env.h"

struct loop;
struct screen;

/* Colours on a stream? The rules of the environment, then whether it is a terminal. */
bool screen_has_colours(const struct env *env, bool tty);

struct screen *screen_open(struct loop *l, bool colours_out, bool colours_err);
/* stream: 1 or 2. Gathered, and written when the loop comes round or before the
 * other stream is written to: both may be the same terminal. */
void screen_write(struct screen *s, int stream, const void *data, size_t size);
/* Does what was written to the stream end with a newline? Colours behind it do not count. */
bool screen_at_line_start(const struct screen *s, int stream);
int screen_flush(struct screen *s);                        /* hands over now; 0, or an errno once stdout has failed */
size_t screen_waiting(const struct screen *s);             /* bytes not yet with the kernel */
void screen_on_drained(struct screen *s, void (*fn)(void *ctx), void *ctx);
int screen_close(struct screen *s);                        /* flushes all, frees; an errno if something was lost */

/* Styled text: ESC[<codes>m ... ESC[0m. */
struct buf;
void screen_style(struct buf *b, const char *codes, const char *text);
void screen_stylef(struct buf *b, const char *codes, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
#endif
