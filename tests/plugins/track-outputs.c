/* track-outputs: automatic output tracking for real, from the installed header alone: the
 * proof that the place of the stub auto-output is complete. What a run wrote and did not
 * take away again is its output, when vt asks (the task's `output` is omitted). */
#include <stdlib.h>
#include <string.h>

#include "vt-plugin.h"

/* The paths written so far; a small run's worth, searched from the end. */
struct written {
	const vt_seen **at;        /* whose name it is */
	uint32_t n;
};

static int same(vt_bytes a, vt_bytes b)
{
	return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static vt_bytes path_of(const vt_seen *s)
{
	return s->op == VT_SEEN_RENAME ? s->other : s->name;
}

static void forget(struct written *w, vt_bytes path)
{
	uint32_t i, k = 0;

	for (i = 0; i < w->n; i++)
		if (!same(path_of(w->at[i]), path))
			w->at[k++] = w->at[i];
	w->n = k;
}

static vt_status infer(void *self, vt_call *call, const vt_step *step, const vt_seen *seen, uint32_t n, vt_findings *findings)
{
	struct written w = { calloc(n ? n : 1, sizeof *w.at), 0 };
	vt_status status = VT_OK;
	uint32_t i;

	(void)self;
	if (!w.at) {
		static const char text[] = "out of memory";

		call->report(call, VT_REPORT_ERROR, "memory", (vt_bytes){ text, sizeof text - 1 });
		return VT_FAILED;
	}
	for (i = 0; i < n && (step->flags & VT_STEP_OUTPUT_AUTO); i++) {
		if (seen[i].op != VT_SEEN_WRITE && seen[i].op != VT_SEEN_RENAME)
			continue;
		forget(&w, seen[i].name);
		if (seen[i].op == VT_SEEN_RENAME)
			forget(&w, seen[i].other);
		if (seen[i].flags & (VT_SEEN_REMOVED | VT_SEEN_DIRECTORY) || !path_of(&seen[i]).size)
			continue;
		w.at[w.n++] = &seen[i];
	}
	for (i = 0; i < w.n && status == VT_OK; i++)
		status = findings->output(findings, call, path_of(w.at[i]));
	free(w.at);
	return status;
}

static const vt_part_ops ops = { .struct_size = sizeof ops, .infer = infer };

static const vt_component component = {
	.struct_size = sizeof component,
	.kind = VT_KIND_PART,
	.name = "track-outputs",
	.summary = "what a run wrote is its output",
	.threads = VT_THREADS_MANY,
	.roles = VT_ROLE_OUTPUT,
	.format = 1,
	.ops = &ops,
};

VT_PLUGIN("track-outputs", "1.0", NULL, NULL, NULL, &component);
