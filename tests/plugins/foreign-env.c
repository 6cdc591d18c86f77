/* A part by a third party that answers for variables in the place of env-tracking. */
#include <string.h>

#include "vt-plugin.h"

static const vt_bytes none = { NULL, 0 };

static vt_status key(void *self, vt_call *call, const vt_step *step, vt_findings *findings)
{
	const vt_bytes name = { "foreign-env", 11 }, value = { "was here", 8 };
	uint32_t i;
	vt_status r = findings->add(findings, call, VT_FACT_VALUE, name, value);

	(void)self;
	for (i = 0; r == VT_OK && i < step->declared_count; i++)
		r = findings->add(findings, call, VT_FACT_ENV, step->declared[i], none);
	return r;
}

static vt_status infer(void *self, vt_call *call, const vt_step *step, const vt_seen *seen, uint32_t n,
		       vt_findings *findings)
{
	vt_status r = VT_OK;
	uint32_t i;

	(void)self;
	(void)step;
	for (i = 0; r == VT_OK && i < n; i++) {
		if (seen[i].op == VT_SEEN_ENV)
			r = findings->add(findings, call, VT_FACT_ENV, seen[i].name, none);
		else if (seen[i].op == VT_SEEN_ENV_GLOB)
			r = findings->add(findings, call, VT_FACT_ENV_GLOB, seen[i].name, none);
		else if (seen[i].op == VT_SEEN_ENV_PREFIX)
			r = findings->add(findings, call, VT_FACT_ENV_PREFIX, seen[i].name, none);
	}
	return r;
}

static const vt_part_ops ops = { .struct_size = sizeof ops, .key = key, .infer = infer };

static const vt_component component = {
	.struct_size = sizeof component,
	.kind = VT_KIND_PART,
	.name = "foreign-env",
	.summary = "variables, by somebody else",
	.threads = VT_THREADS_MANY,
	.roles = VT_ROLE_ENV,
	.format = 1,
	.ops = &ops,
};

VT_PLUGIN("foreign-env", "1.0", "variables, by somebody else", "0BSD", NULL, &component);
