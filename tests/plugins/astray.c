/* Components that call one service from a thread that is not their call's. Option `from` names
 * the service; in all else the components behave. For debug builds,
 * which end with that service's name. */
#include <pthread.h>
#include <string.h>

#include "vt-plugin.h"

static char from[64];

/* A call that the other thread makes. */
struct stray {
	void (*fn)(struct stray *);
	vt_call *call;
	void *service;
};

static void *run(void *ctx)
{
	struct stray *s = ctx;

	s->fn(s);
	return NULL;
}

static void stray(const char *name, void (*fn)(struct stray *), vt_call *call, void *service)
{
	struct stray s = { fn, call, service };
	pthread_t t;

	if (strcmp(from, name) || pthread_create(&t, NULL, run, &s))
		return;
	pthread_join(t, NULL);
}

static const vt_bytes word = { "x", 1 };

static void sink_write(struct stray *s) { ((vt_sink *)s->service)->write(s->service, s->call, "x", 1); }
static void source_read(struct stray *s)
{
	char byte;
	size_t n;

	((vt_source *)s->service)->read(s->service, s->call, 0, &byte, 1, &n);
}
static void findings_add(struct stray *s) { ((vt_findings *)s->service)->add(s->service, s->call, VT_FACT_VALUE, word, word); }
static void findings_output(struct stray *s) { ((vt_findings *)s->service)->output(s->service, s->call, word); }
static void findings_refuse(struct stray *s) { ((vt_findings *)s->service)->refuse(s->service, s->call, VT_REFUSE_OTHER, word); }
static void saving_open(struct stray *s)
{
	vt_source *source;
	vt_meta meta;

	((vt_saving *)s->service)->open(s->service, s->call, word, &source, &meta);
}
static void saving_write(struct stray *s) { ((vt_saving *)s->service)->write(s->service, s->call, "x", 1); }
static void restoring_create(struct stray *s)
{
	vt_meta meta = { VT_META_FILE, 0644, 0 };
	vt_sink *sink;

	((vt_restoring *)s->service)->create(s->service, s->call, word, &meta, &sink);
}
static void restoring_fetch(struct stray *s)
{
	vt_sink sink = { .struct_size = sizeof sink };
	vt_id id = { { 0 } };

	((vt_restoring *)s->service)->fetch(s->service, s->call, &id, &sink);
}
static void spawn_setenv(struct stray *s) { ((vt_spawn *)s->service)->setenv(s->service, s->call, word, word); }
static void notes_add(struct stray *s)
{
	vt_seen seen = { .op = VT_SEEN_PROBE, .name = { "/x", 2 } };

	((vt_notes *)s->service)->add(s->service, s->call, &seen, 1);
}
static void notes_refuse(struct stray *s) { ((vt_notes *)s->service)->refuse(s->service, s->call, word); }
/* services that any thread may call: nothing happens */
static void call_any(struct stray *s)
{
	s->call->report(s->call, VT_REPORT_INFO, "fine", word);
	s->call->stopping(s->call);
	s->call->left_ms(s->call);
}

/* ---- a store that never has anything ----------------------------------------- */

static vt_status get(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_sink *into)
{
	(void)self, (void)space, (void)name;
	stray("vt_sink.write", sink_write, call, into);
	stray("vt_call", call_any, call, NULL);
	return VT_NONE;
}

static vt_status put(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_source *source)
{
	char buffer[4096];
	uint64_t at = 0;
	size_t n = 1;

	(void)self, (void)space, (void)name;
	stray("vt_source.read", source_read, call, source);
	for (; n; at += n)
		if (source->read(source, call, at, buffer, sizeof buffer, &n))
			return VT_FAILED;
	return VT_OK;
}

/* ---- a part that finds nothing ------------------------------------------------ */

static vt_status infer(void *self, vt_call *call, const vt_step *step, const vt_seen *seen, uint32_t n, vt_findings *f)
{
	(void)self, (void)step, (void)seen, (void)n;
	stray("vt_findings.add", findings_add, call, f);
	stray("vt_findings.output", findings_output, call, f);
	stray("vt_findings.refuse", findings_refuse, call, f);
	return VT_OK;
}

static vt_status save(void *self, vt_call *call, const vt_step *step, const vt_bytes *outputs, uint32_t n, vt_saving *s)
{
	vt_source *source;
	vt_meta meta;
	vt_id id;
	uint32_t i;

	(void)self, (void)step;
	stray("vt_saving.open", saving_open, call, s);
	stray("vt_saving.write", saving_write, call, s);
	for (i = 0; i < n; i++)
		if (s->open(s, call, outputs[i], &source, &meta) || s->keep(s, call, source, &id))
			return VT_FAILED;
	return s->write(s, call, "x", 1);
}

static vt_status restore(void *self, vt_call *call, const vt_step *step, vt_restoring *r)
{
	(void)self, (void)step;
	stray("vt_restoring.create", restoring_create, call, r);
	stray("vt_restoring.fetch", restoring_fetch, call, r);
	return VT_OK;
}

/* ---- a tracer that sees nothing ------------------------------------------------ */

static vt_status trace(void *self, vt_call *call, const vt_step *step, vt_spawn *spawn, void **ret_watch)
{
	(void)step;
	stray("vt_spawn.setenv", spawn_setenv, call, spawn);
	*ret_watch = self;
	return VT_OK;
}

static vt_status attach(void *self, vt_call *call, void *watch, uint32_t how, int32_t listener)
{
	(void)self, (void)call, (void)watch, (void)how, (void)listener;
	return VT_OK;
}

static vt_status stop(void *self, vt_call *call, void *watch, vt_notes *into)
{
	(void)self, (void)watch;
	stray("vt_notes.add", notes_add, call, into);
	stray("vt_notes.refuse", notes_refuse, call, into);
	return VT_OK;
}

static void cancel(void *self, void *watch)
{
	(void)self, (void)watch;
}

/* ---- life -------------------------------------------------------------------- */

static vt_status create(const vt_host *host, vt_call *call, void **ret_self)
{
	(void)host, (void)call;
	*ret_self = from;
	return VT_OK;
}

static vt_status set(void *self, vt_call *call, const char *key, vt_bytes value)
{
	(void)self, (void)call, (void)key;
	memcpy(from, value.data, value.size < sizeof from ? value.size : sizeof from - 1);
	return VT_OK;
}

static const vt_option option = { .struct_size = sizeof option, .name = "from", .type = "string", .help = "which service" };
static const vt_option *const options[] = { &option, NULL };
static const vt_store_ops store_ops = { .struct_size = sizeof store_ops, .get = get, .put = put };
static const vt_part_ops part_ops = { .struct_size = sizeof part_ops, .infer = infer, .save = save, .restore = restore };
static const vt_tracer_ops tracer_ops = { .struct_size = sizeof tracer_ops, .start = trace, .attach = attach, .stop = stop, .cancel = cancel };

#define COMPONENT(its_kind, its_name, its_ops, its_roles) { .struct_size = sizeof(vt_component), .kind = its_kind, .name = its_name, \
	.threads = VT_THREADS_MANY, .roles = its_roles, .options = options, .create = create, .set = set, .ops = its_ops }
static const vt_component store = COMPONENT(VT_KIND_STORE, "astray-store", &store_ops, 0);
static const vt_component part = COMPONENT(VT_KIND_PART, "astray-part", &part_ops, VT_ROLE_INPUT | VT_ROLE_ARCHIVE);
static const vt_component tracer = COMPONENT(VT_KIND_TRACER, "astray-tracer", &tracer_ops, 0);

VT_PLUGIN("astray", "1", NULL, NULL, NULL, &store, &part, &tracer);
