/* env-tracking: names the variables that a step depends on: those that its task declares, and
 * those that its tools ask for. It never sees a value. */
#include <string.h>

#include "vt-plugin.h"

static vt_status key(void *self, vt_call *call, const vt_step *step, vt_findings *findings)
{
	static const vt_bytes nothing = { "", 0 };
	vt_status status = VT_OK;
	uint32_t i;

	(void)self;
	for (i = 0; status == VT_OK && i < step->declared_count; i++)
		status = findings->add(findings, call, VT_FACT_ENV, step->declared[i], nothing);
	return status;
}

static int is_declared(const vt_step *step, vt_bytes name)
{
	uint32_t i;

	for (i = 0; i < step->declared_count; i++)
		if (step->declared[i].size == name.size &&
		    (name.size == 0 || memcmp(step->declared[i].data, name.data, name.size) == 0))
			return 1;
	return 0;
}

/* Leaves out declared variables, which are in the key already. A query is one fact, whatever it matched. */
static vt_status infer_one(vt_call *call, const vt_step *step, const vt_seen *seen, vt_findings *findings)
{
	static const vt_bytes nothing = { "", 0 };

	switch (seen->op) {
	case VT_SEEN_ENV:
		return is_declared(step, seen->name) ? VT_OK : findings->add(findings, call, VT_FACT_ENV, seen->name, nothing);
	case VT_SEEN_ENV_GLOB:
		return findings->add(findings, call, VT_FACT_ENV_GLOB, seen->name, nothing);
	case VT_SEEN_ENV_PREFIX:
		return findings->add(findings, call, VT_FACT_ENV_PREFIX, seen->name, nothing);
	default:
		return VT_OK;
	}
}

static vt_status infer(void *self, vt_call *call, const vt_step *step, const vt_seen *seen, uint32_t n, vt_findings *findings)
{
	vt_status status = VT_OK;
	uint32_t i;

	(void)self;
	for (i = 0; status == VT_OK && i < n; i++)
		status = infer_one(call, step, &seen[i], findings);
	return status;
}

static const vt_part_ops ops = { .struct_size = sizeof ops, .key = key, .infer = infer };

static const vt_component component = {
	.struct_size = sizeof component,
	.kind = VT_KIND_PART,
	.name = "env-tracking",
	.summary = "declared variables, and those that tools ask for",
	.threads = VT_THREADS_MANY,
	.roles = VT_ROLE_ENV,
	.format = 1,
	.ops = &ops,
};

VT_PLUGIN("env-tracking", "0.1.0", "tracks environment variables", "MIT", NULL, &component);
