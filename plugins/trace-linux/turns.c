/* turns: judges calls in windows. A shell takes over again and again, but each of its
 * children once: only two threads that both come back work side by side. */
#include "config.h"

#include "turns.h"

#include <string.h>

enum {
	COMES_BACK = 3,          /* a thread that takes over so often in a window comes back */
	QUIET_WINDOWS = 8,       /* so many without turns, and the threads no longer take turns */
};

static void judge(struct turns *t)
{
	uint32_t i, n = 0;

	for (i = 0; i < TURNS_SLOTS; i++)
		n += t->slots[i].n >= COMES_BACK;
	t->quiet = n > 1 ? 0 : t->quiet + 1;
	t->mixed = n > 1 || (t->mixed && t->quiet < QUIET_WINDOWS);
	memset(t->slots, 0, sizeof t->slots);
	t->calls = 0;
}

/* Counts that the thread takes over from another one; of more than TURNS_SLOTS threads the first ones count. */
static void take_over(struct turns *t, uint32_t tid)
{
	uint32_t i;

	for (i = 0; i < TURNS_SLOTS && t->slots[i].n && t->slots[i].tid != tid; i++)
		;
	if (i == TURNS_SLOTS)
		return;
	t->slots[i].tid = tid;
	t->slots[i].n++;
}

void turns_count(struct turns *t, uint32_t tid)
{
	if (tid != t->last)
		take_over(t, tid);
	t->last = tid;
	if (++t->calls == TURNS_WINDOW)
		judge(t);
}
