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

static vt_status create(const vt_host *host, vt_call *call, void **ret_self)
{
	static char nothing;

	(void)host;
	(void)call;
	*ret_self = &nothing;
	return VT_OK;
}

static void destroy(void *self)
{
	(void)self;
}

static const vt_component component = {
	.struct_size = sizeof component,
	.kind = VT_KIND_PART,
	.name = "auto-input",
	.summary = "automatic inputs: what a task read, looked for and listed",
	.threads = VT_THREADS_MANY,
	.roles = VT_ROLE_INPUT,
	.format = 2,
	.create = create,
	.destroy = destroy,
	.ops = &ops,
};

static const vt_component *const components[] = { &component, NULL };

static const vt_plugin plugin = {
	.struct_size = sizeof plugin,
	.abi_major = VT_ABI_MAJOR,
	.abi_minor = VT_ABI_MINOR,
	.name = "auto-input",
	.version = "0.1.0",
	.summary = "automatic inputs",
	.license = "MIT",
	.homepage = "",
	.components = components,
};

const vt_plugin *vt_plugin_entry(uint32_t host_major)
{
	return host_major == VT_ABI_MAJOR ? &plugin : NULL;
}
