/* vt-client.h - ask the task runner vt from inside a task.
 *
 * Permission to use, copy, modify, and/or distribute this software for any
 * purpose with or without fee is hereby granted.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH
 * REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND
 * FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
 * INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS
 * OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER
 * TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF
 * THIS SOFTWARE. (0BSD)
 *
 * A tool that vt caches tells vt what it depended on, so that a later change makes
 * vt run it again:
 *
 *     vt_client *c;
 *     char *value;
 *
 *     if (vt_client_open(NULL, 0, &c) == VT_CLIENT_OK) {
 *             if (vt_client_get_env(c, "MODE", 1, &value, NULL) == VT_CLIENT_OK) {
 *                     ... value ...
 *                     vt_client_free(value);
 *             }
 *             vt_client_close(c);
 *     }
 *
 * Every function but close may be called from any thread; calls on one client wait
 * for each other. After fork() a client opens a connection of its own. Nothing here
 * writes to the terminal, ends the process or raises a signal. Calls block until vt
 * has answered; a vt that has ended is noticed at once. See vt-client(3). */
#ifndef VT_CLIENT_H
#define VT_CLIENT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define VT_CLIENT_API __attribute__((visibility("default")))
#else
#define VT_CLIENT_API
#endif

typedef struct vt_client vt_client;

/* What the functions return. errno says more about the negative ones. */
#define VT_CLIENT_OK         0
#define VT_CLIENT_NONE       1  /* open: the process is not inside a task of vt; get_env: the variable is not set */
#define VT_CLIENT_FAILED    -1  /* vt could not be reached, or has ended; an answer is not known */
#define VT_CLIENT_MEMORY    -2  /* out of memory; the client stays usable */
#define VT_CLIENT_ARGUMENT  -3  /* an argument cannot be sent; nothing was sent */
#define VT_CLIENT_PATTERN   -4  /* get_envs: the pattern is not valid */
#define VT_CLIENT_LIMIT     -5  /* vt refuses: too much was asked for */

#define VT_CLIENT_GLOB       0  /* get_envs: `*` any run, `?` one byte, [..], {a,b}, `\` escapes */
#define VT_CLIENT_PREFIX     1  /* get_envs: names that start with the text, literally */

/* Connects. `endpoint`: the value of VP_RUN_IPC_NAME; NULL takes it from the environment.
 * `timeout_ms`: the longest wait for one answer; 0: until it comes or vt has ended. */
VT_CLIENT_API int vt_client_open(const char *endpoint, int timeout_ms, vt_client **ret);
/* Takes NULL. No other call may be under way. */
VT_CLIENT_API void vt_client_close(vt_client *);

/* The task's automatic inputs (outputs) should not hold what is at or below this
 * path; a relative one is seen from the current directory. It need not exist. */
VT_CLIENT_API int vt_client_ignore_input(vt_client *, const char *path);
VT_CLIENT_API int vt_client_ignore_output(vt_client *, const char *path);
/* Asks vt not to keep the result of this run. */
VT_CLIENT_API int vt_client_disable_cache(vt_client *);
/* The variable as vt knows it, whatever the task's own environment holds. With
 * `tracked`, another value means another run. The value is bytes, ended by a NUL
 * that is not counted; *ret_value is freed by vt_client_free; ret_size may be NULL. */
VT_CLIENT_API int vt_client_get_env(vt_client *, const char *name, int tracked, char **ret_value, size_t *ret_size);
/* Calls `each` for every variable that matches, sorted by the bytes of the names.
 * With `tracked`, another set or another value means another run. What is not 0
 * from `each` ends it and is returned. `each` may use the client. */
VT_CLIENT_API int vt_client_get_envs(vt_client *, int kind, const char *text, int tracked,
				     int (*each)(void *ctx, const char *name, const char *value, size_t value_size), void *ctx);
/* Returns when vt has noted everything said before. */
VT_CLIENT_API int vt_client_sync(vt_client *);

VT_CLIENT_API void vt_client_free(void *value);
/* A few words about a result, in English, never NULL. */
VT_CLIENT_API const char *vt_client_words(int result);

#ifdef __cplusplus
}
#endif
#endif
