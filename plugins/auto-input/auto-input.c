/* auto-input: makes every file that a task read an input of its result. */
#include "config.h"

#include "classify.h"

static vt_status infer(void *self, vt_call *call, const vt_step *step, const vt_seen *seen, uint32_t n, vt_findings *into)
{
	(void)self;
	if (!(step->flags & VT_STEP_INPUT_AUTO))
		return VT_OK;
	return classify(seen, n, call, into);
}

static const vt_part_ops ops = {
	.struct_size = sizeof ops,
	.infer = infer,
};

static const vt_component component = {
	.struct_size = sizeof component,
	.kind = VT_KIND_PART,
	.name = "auto-input",
	.summary = "automatic inputs: what a task read, looked for and listed",
	.threads = VT_THREADS_MANY,
	.roles = VT_ROLE_INPUT,
	.format = 3,
	.ops = &ops,
};

VT_PLUGIN("auto-input", "0.1.0", "automatic inputs", "MIT", NULL, &component);
