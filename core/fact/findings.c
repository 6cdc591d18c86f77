#include "config.h"

#include "fact/findings.h"

#include <string.h>

#include "base/texts.h"
#include "plug/call.h"
#include "text/path.h"

enum { FINDINGS_MOST = 4000000 };

static vt_status no(vt_call *call, const char *text)
{
	call->report(call, VT_REPORT_ERROR, "name", (vt_bytes){ text, strlen(text) });
	return VT_FAILED;
}

/* Maps a plugin's kind to the core's; 0: unknown. A variable is FACT_ENV in the key, FACT_ASKED after a run. */
static uint16_t kind_of(const struct findings *f, uint32_t fact)
{
	switch (fact) {
	case VT_FACT_ENV:
		return f->key ? FACT_ENV : FACT_ASKED;
	case VT_FACT_ENV_GLOB:
		return FACT_ENV_GLOB;
	case VT_FACT_ENV_PREFIX:
		return FACT_ENV_PREFIX;
	case VT_FACT_FILE:
		return FACT_FILE;
	case VT_FACT_TYPE:
		return FACT_TYPE;
	case VT_FACT_LIST:
		return FACT_LIST;
	case VT_FACT_PROGRAM:
		return FACT_PROGRAM;
	case VT_FACT_OUTSIDE:
		return FACT_OUTSIDE;
	case VT_FACT_VALUE:
		return FACT_VALUE;
	case VT_FACT_PROBE:
		return FACT_PROBE;
	default:
		return 0;
	}
}

static bool name_is_good(uint16_t kind, vt_bytes name)
{
	const char *p = name.data;

	if (name.size && memchr(p, 0, name.size))
		return false;
	switch (kind) {
	case FACT_FILE:
	case FACT_PROBE:
	case FACT_TYPE:
	case FACT_LIST:
		return !name.size || path_is_safe(p, name.size);
	case FACT_PROGRAM:
	case FACT_OUTSIDE:
		return name.size > 1 && name.size < 4096 && p[0] == '/';
	case FACT_ENV:
	case FACT_ASKED:
		return name.size > 0;
	default:
		return true;
	}
}

static vt_status add(vt_findings *service, vt_call *call, uint32_t what, vt_bytes name, vt_bytes detail)
{
	struct findings *f = (struct findings *)service;
	struct fact fact = { .kind = kind_of(f, what), .name = { name.data, name.size } };

	call_check(call, 1, "vt_findings.add");
	if (!fact.kind)
		return VT_UNSUPPORTED;
	if (!name_is_good(fact.kind, name))
		return no(call, "a finding has a name that cannot be");
	if (f->facts.n >= FINDINGS_MOST)
		return no(call, "too many findings");
	if (fact.kind == FACT_LIST || fact.kind == FACT_FILE)
		fact.detail = (struct bytes){ detail.data, detail.size };
	if (fact.kind == FACT_VALUE) {
		fact.detail = bytes_text(f->part);
		fact.state = (struct bytes){ detail.data, detail.size };
	}
	facts_add(&f->facts, f->arena, &fact);
	return VT_OK;
}

static vt_status output(vt_findings *service, vt_call *call, vt_bytes path)
{
	struct findings *f = (struct findings *)service;

	call_check(call, 1, "vt_findings.output");
	if (f->key)
		return no(call, "an output is named before the run");
	if (!path_is_safe(path.data, path.size))
		return no(call, "an output has a name that cannot be");
	if (f->outputs.n >= FINDINGS_MOST)
		return no(call, "too many outputs");
	texts_add(f->arena, &f->outputs, arena_strn(f->arena, path.data, path.size));
	return VT_OK;
}

static vt_status refuse(vt_findings *service, vt_call *call, uint32_t why, vt_bytes name)
{
	struct findings *f = (struct findings *)service;

	call_check(call, 1, "vt_findings.refuse");
	if (f->key)
		return no(call, "a refusal before the run");
	if (f->why)
		return VT_OK;
	f->why = why ? why : VT_REFUSE_OTHER;
	f->refused = arena_strn(f->arena, name.data, name.size < 4096 ? name.size : 4096);
	return VT_OK;
}

void findings_init(struct findings *f, struct arena *a, const char *part, bool key)
{
	*f = (struct findings){
		.service = { .struct_size = sizeof(vt_findings), .add = add, .output = output, .refuse = refuse },
		.arena = a,
		.part = part,
		.key = key,
	};
}
