/* walk: visits the objects of a folder, and removes those above its bounds. [work] */
#ifndef WALK_H
#define WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "vt-plugin.h"

/* One object: DIR/SPACE/ab/NAME. */
struct object {
	uint32_t space;
	vt_id name;
	int64_t used_s;            /* when it was put or used last; seconds since 1970 */
	uint64_t size;
	int folder;                /* its folder; open during the visit */
	char file[72];             /* its name there */
};

/* Calls `visit` for each object until that returns false. false: stopped, by it or by vt. Files that are no
 * objects are passed over. */
bool walk(int dir, vt_call *call, bool (*visit)(void *ctx, const struct object *object), void *ctx);
/* Removes what is older than `age_s`, and then the longest unused until the rest is below `size`. */
void walk_collect(int dir, vt_call *call, int64_t now_s, int64_t age_s, uint64_t size);
/* DIR/SPACE/ab/NAME without DIR, in room for 96 bytes. */
void walk_path(uint32_t space, const vt_id *name, char ret[96]);
#endif
