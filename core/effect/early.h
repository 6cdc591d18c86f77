/* early: looks at what a run touched while its end is not reported yet. Which of it counts the parts say after a good run; the guess
 * here is what they mostly say. A wrong guess costs a look and changes nothing. */
#ifndef EFFECT_EARLY_H
#define EFFECT_EARLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct arena;
struct known;
struct seen;
struct state_world;

/* No process of the run may be left. *ret: what was found; nothing, if *in_vain was set meanwhile, by another thread, or a look
 * failed. Its names are borrowed from `seen`. */
void early_look(const struct state_world *w, const struct seen *seen, int64_t since_ns, const _Atomic bool *in_vain, struct arena *a,
		struct known *ret);
#endif
