/* track-outputs: automatic outputs in one page. What a run wrote and left is its output, where the
 * task says nothing of `output`.
 *
 *     cc -shared -fPIC $(pkg-config --cflags vt-plugin) track-outputs.c -o vt-track-outputs.so
 *     vite-task.json: "plugins": { "parts": { "track-outputs": true } }
 *
 * vt looks at each path that was written once the run is over, and adds a record with VT_SEEN_LEFT behind
 * those of the run: what was removed again, renamed or moved along with its folder is sorted out.
 *
 * SPDX-License-Identifier: 0BSD */
#include <vt-plugin.h>

static vt_status infer(void *self, vt_call *call, const vt_step *step, const vt_seen *seen, uint32_t n, vt_findings *findings)
{
	vt_status status = VT_OK;
	uint32_t i;

	(void)self;
	for (i = 0; i < n && status == VT_OK && (step->flags & VT_STEP_OUTPUT_AUTO); i++)
		if ((seen[i].flags & VT_SEEN_LEFT) && !(seen[i].flags & (VT_SEEN_REMOVED | VT_SEEN_DIRECTORY)))
			status = findings->output(findings, call, seen[i].name);
	return status;
}

static const vt_part_ops ops = { .struct_size = sizeof ops, .infer = infer };

static const vt_component component = {
	.struct_size = sizeof component, .kind = VT_KIND_PART, .name = "track-outputs",
	.summary = "what a run left is its output", .threads = VT_THREADS_MANY,
	.roles = VT_ROLE_OUTPUT, .format = 1, .ops = &ops,
};

VT_PLUGIN("track-outputs", "1.0", "an example", "0BSD", NULL, &component);
