/* auto-output: a disabled stub that holds the place of automatic output tracking. `vt plugins
 * list` shows that it is not available, and no instance is ever created. Where `output` is
 * omitted a hit replays the terminal output and restores no file. */
#include "vt-plugin.h"

static const vt_part_ops ops = { .struct_size = sizeof ops };

static vt_status create(const vt_host *host, vt_call *call, void **ret_self)
{
	(void)host;
	(void)call;
	(void)ret_self;
	return VT_UNSUPPORTED;
}

static void destroy(void *self)
{
	(void)self;
}

static const vt_component component = {
	.struct_size = sizeof component,
	.kind = VT_KIND_PART,
	.name = "auto-output",
	.summary = "automatic output tracking is not available in this version",
	.threads = VT_THREADS_MANY,
	.flags = VT_COMPONENT_DISABLED,
	.roles = VT_ROLE_OUTPUT,
	.create = create,
	.destroy = destroy,
	.ops = &ops,
};

static const vt_component *const components[] = { &component, NULL };

static const vt_plugin plugin = {
	.struct_size = sizeof plugin,
	.abi_major = VT_ABI_MAJOR,
	.abi_minor = VT_ABI_MINOR,
	.name = "auto-output",
	.version = "0.1.0",
	.summary = "automatic output tracking (disabled stub)",
	.license = "MIT",
	.homepage = "",
	.components = components,
};

const vt_plugin *vt_plugin_entry(uint32_t host_major)
{
	return host_major == VT_ABI_MAJOR ? &plugin : NULL;
}
