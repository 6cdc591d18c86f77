// part-value-cc: the same part in C++17. Exceptions end at the boundary: each
// function vt calls is noexcept, and a failure is a status with a report.
//
//     c++ -std=c++17 -shared -fPIC $(pkg-config --cflags vt-plugin) part-value.cc -o vt-part-value-cc.so
//
// SPDX-License-Identifier: 0BSD
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>
#include <sys/utsname.h>
#include <vt-plugin.h>

namespace {

vt_bytes bytes_of(std::string_view s) { return {s.data(), s.size()}; }

vt_status fail(vt_call *call, const char *code, std::string_view text) noexcept
{
	call->report(call, VT_REPORT_ERROR, code, bytes_of(text));
	return VT_FAILED;
}

class Part {
public:
	std::string field;

	std::string_view value() const
	{
		if (field == "sysname") return names.sysname;
		if (field == "machine") return names.machine;
		return field == "release" ? std::string_view(names.release) : std::string_view();
	}
	bool look() { return uname(&names) == 0 && !value().empty(); }

private:
	struct utsname names {};
};

vt_status create(const vt_host *, vt_call *call, void **ret_self) noexcept
{
	*ret_self = new (std::nothrow) Part;
	return *ret_self ? VT_OK : fail(call, "memory", "out of memory");
}

vt_status set(void *self, vt_call *call, const char *, vt_bytes value) noexcept
try {
	static_cast<Part *>(self)->field.assign(static_cast<const char *>(value.data), value.size);
	return VT_OK;
} catch (...) {
	return fail(call, "memory", "out of memory");
}

vt_status start(void *self, vt_call *call) noexcept
{
	return static_cast<Part *>(self)->look() ? VT_OK : fail(call, "field", "field is sysname, release or machine");
}

void destroy(void *self) noexcept { delete static_cast<Part *>(self); }

vt_status key(void *self, vt_call *call, const vt_step *, vt_findings *findings) noexcept
{
	return findings->add(findings, call, VT_FACT_VALUE, bytes_of("kernel"), bytes_of(static_cast<Part *>(self)->value()));
}

// C++17 has no designated initialisers: members are named where they are set.
const vt_option field = [] {
	vt_option o {};
	o.struct_size = sizeof o;
	o.name = "field";
	o.type = "string";
	o.fallback = "release";
	o.help = "sysname, release or machine";
	return o;
}();
const vt_option *const options[] = {&field, nullptr};

const vt_part_ops ops = [] {
	vt_part_ops o {};
	o.struct_size = sizeof o;
	o.key = key;
	return o;
}();

const vt_component component = [] {
	vt_component c {};
	c.struct_size = sizeof c;
	c.kind = VT_KIND_PART;
	c.name = "part-value-cc";
	c.summary = "the kernel's name as part of every key";
	c.threads = VT_THREADS_MANY;
	c.format = 1;
	c.options = options;
	c.create = create;
	c.set = set;
	c.start = start;
	c.destroy = destroy;
	c.ops = &ops;
	return c;
}();
} // namespace

VT_PLUGIN("part-value-cc", "1.0", "an example", "0BSD", nullptr, &component);
