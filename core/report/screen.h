/* screen: stdout and stderr. Callers write coloured text; a stream without colours has them removed on
 * the way. */
#ifndef REPORT_SCREEN_H
#define REPORT_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/env.h"

struct loop;
struct screen;

/* Does a stream get colours? The environment decides first, then whether it is a terminal. */
bool screen_has_colours(const struct env *env, bool tty);

struct screen *screen_open(struct loop *l, bool colours_out, bool colours_err);
/* stream: 1 or 2. Gathers the text; hands it over at the next turn of the loop, and before text for
 * the other stream, because both may be the same terminal. */
void screen_write(struct screen *s, int stream, const void *data, size_t size);
/* Did the last text for the stream end with a newline? Colour sequences behind it do not count. */
bool screen_at_line_start(const struct screen *s, int stream);
/* Writes a line for a CI system unchanged, also without colours. */
void screen_mark(struct screen *s, int stream, const void *data, size_t size);

/* The foot: one line below all that was written, on a terminal only. It is erased before other text and drawn again
 * behind it, unless a line is unfinished; so it never stands between two pieces of output. */
void screen_foot_on(struct screen *s, bool stdout_tty, bool stderr_tty);   /* which streams are terminals; one of them is */
unsigned screen_foot_room(const struct screen *s);         /* columns that the foot may take */
void screen_foot(struct screen *s, const char *text);      /* shown from now on; one line that fits; NULL: none */
int screen_flush(struct screen *s);                        /* hands over now; 0, or the errno of the first failed write to stdout */
size_t screen_waiting(const struct screen *s);             /* bytes that the kernel has not taken yet */
void screen_on_drained(struct screen *s, void (*fn)(void *ctx), void *ctx);
int screen_close(struct screen *s);                        /* writes all, frees; an errno if output was lost */

/* Adds text, as it may be shown, between ESC[<codes>m and ESC[0m. */
struct buf;
void screen_style(struct buf *b, const char *codes, const char *text);
void screen_stylef(struct buf *b, const char *codes, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
#endif
