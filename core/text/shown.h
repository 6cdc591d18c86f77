/* shown: text of others in a line of vt's own. A name, command or value that comes from the repository, a
 * plugin or a tool may hold bytes that a terminal obeys: they are written as \n, \t, \r or \x1b. So is each
 * byte that is not UTF-8, because a terminal may read it as a control, and each character that turns
 * the direction of text (\u202e). Text that was shown once stays as it is. Pure. */
#ifndef TEXT_SHOWN_H
#define TEXT_SHOWN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

/* Bytes of the first character of data[0..size), size > 0. *ret_safe: it may be shown as it is. */
size_t shown_next(const char *data, size_t size, bool *ret_safe);

void shown_add(struct buf *b, const void *data, size_t size);
void shown_text(struct buf *b, const char *text);
/* Formats, then shows all of it: an own newline does not belong into fmt. */
void shown_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void shown_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* Shows as much as fits into ret[0..room), NUL included, and ends with a whole character. */
void shown_cut(char *ret, size_t room, const void *data, size_t size);
/* `text` itself, if all of it may be shown, or a copy in a. */
const char *shown_in(struct arena *a, const char *text);
/* Adds JSON that was written by others, with \u009b for a control that JSON allows in a string. */
void shown_json(struct buf *b, const char *json);
#endif
