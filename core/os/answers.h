/* answers: asks folders, one after the other, whether they answer. A process of its own asks, because it waits in the kernel if the
 * server of a file system is silent. Paths that lead to no server need no question. */
#ifndef OS_ANSWERS_H
#define OS_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

struct answers;
struct answers *answers_ask(const char *const *paths, uint32_t n);       /* borrows the paths */
/* Waits for the answer of paths[i], which may be that it does not exist; each i once, upwards. All have patience_ms together; those
 * behind a silent one have as much again. If no process can ask, all count as answering. */
bool answers_wait(struct answers *a, uint32_t i, int patience_ms);
void answers_free(struct answers *a);                    /* does not wait */
#endif
