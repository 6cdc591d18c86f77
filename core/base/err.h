/* err: an error and its causes. The function that meets the error sets the innermost sentence;
 * a caller may put a sentence of context in front; cmd prints all of them once. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

struct arena;

enum err_code {
	ERR_NONE = 0,
	ERR_USER,          /* the user can mend it: exit 1 */
	ERR_USAGE,         /* the words of the command line: exit 2 */
	ERR_SYSTEM         /* the machine refused: exit 1 */
};

enum { ERR_DEPTH = 8 };

struct err {
	enum err_code code;
	int n;
	int number;                /* errno of the innermost, or 0 */
	char *text[ERR_DEPTH];     /* owned; [0] is the outermost sentence, the last the innermost cause */
};

/* Sets the innermost sentence of a fresh error. Always returns -1. `err` may be NULL. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Puts a sentence in front of an error. Always returns -1. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Like err_set, with ": <words of errno>" behind it. */
int err_errno(struct err *err, int number, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void err_clear(struct err *err);
/* All sentences, outermost first, joined by ": "; the caller frees it. */
char *err_join(const struct err *err);
/* The same in `a`; clears err. */
const char *err_take(struct err *err, struct arena *a);
#endif
