/* check_step: a made-up step, for trials. */
#ifndef KIT_CHECK_STEP_H
#define KIT_CHECK_STEP_H

#include <string.h>

#include "vt-plugin.h"

static inline vt_bytes text_bytes(const char *s)
{
	return (vt_bytes){ s, strlen(s) };
}

struct trial_step {
	vt_step step;
	vt_bytes argv[2], declared[2];
};

static inline void step_make(struct trial_step *s, const char *root)
{
	*s = (struct trial_step){ .argv = { text_bytes("make"), text_bytes("all") }, .declared = { text_bytes("CC"), text_bytes("NODE_ENV") } };
	s->step = (vt_step){ .struct_size = sizeof s->step, .flags = VT_STEP_INPUT_AUTO | VT_STEP_OUTPUT, .task = text_bytes("app#build"),
		.root = text_bytes(root), .cwd = text_bytes("packages/app"), .argv = s->argv, .argc = 2, .declared_count = 2,
		.declared = s->declared };
}
#endif
