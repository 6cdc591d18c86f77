/* One rogue per -D: a plugin that breaks one promise. NAME is its name; the file must
 * be named like it unless ROGUE_OTHER_FILE. Each has its sentence in rogue-plugins.sh. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vt-plugin.h"

static vt_status fail(vt_call *call, const char *text)
{
	call->report(call, VT_REPORT_ERROR, "rogue", (vt_bytes){ text, strlen(text) });
	return VT_FAILED;
}

#ifdef ROGUE_LONG_REPORT
static char long_text[1 << 20];
#endif
#ifdef ROGUE_STRAY_THREAD
static vt_call *stray_call;
static void *stray(void *ctx)
{
	(void)ctx;
	sleep(1);
	fail(stray_call, "too late");
	return NULL;
}
#endif

/* with ROGUE_SAYS_SO the file `began` tells that a call is under way that does not end by itself */
#ifdef ROGUE_SAYS_SO
static void say_so(void)
{
	FILE *f = fopen("began", "w");

	if (!f || fputs("on\n", f) < 0 || fclose(f))
		abort();
}
#define SAY_SO() say_so()
#else
#define SAY_SO() ((void)0)
#endif

#ifdef ROGUE_NULL
static void *volatile nowhere;
#endif
#ifdef ROGUE_DEEP
static int deeper(vt_call *call, volatile int n)
{
	volatile char room[4096] = { 0 };

	return n > 0 ? deeper(call, n + 1) + room[n % 4096] : 0;
}
#endif

static vt_status get(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_sink *into)
{
	int i;

	(void)self, (void)space, (void)name, (void)into;
#if defined ROGUE_STATUS
	(void)call;
	return 77;
#elif defined ROGUE_SILENT
	(void)call;
	return VT_FAILED;
#elif defined ROGUE_NEVER_RETURNS
	SAY_SO();
	for (;;)
		sleep(1);
#elif defined ROGUE_LONG_REPORT
	memset(long_text, 'x', sizeof long_text);
	memcpy(long_text, "bad\x1b[31m\n", 9);
	call->report(call, VT_REPORT_ERROR, "a-code-that-is-much-longer-than-what-is-kept-of-it", (vt_bytes){ long_text, sizeof long_text });
	return VT_FAILED;
#elif defined ROGUE_SLOW
	for (i = 0; i < 40; i++) {
		usleep(100000);
		call->left_ms(call);
	}
	return VT_NONE;
#elif defined ROGUE_CRASH
	(void)call;
	raise(11);
	return VT_NONE;
#elif defined ROGUE_GET_EXITS
	(void)call;
	exit(3);
#elif defined ROGUE_NULL
	(void)call;
	return *(volatile vt_status *)nowhere;
#elif defined ROGUE_DEEP
	return deeper(call, 1);
#elif defined ROGUE_POLLS
	SAY_SO();
	while (!call->stopping(call))
		usleep(10000);
	return VT_CANCELLED;
#elif defined ROGUE_PRINTS
	(void)call;
	puts("hello from a rogue");
	return VT_NONE;
#else
	(void)call;
	return VT_NONE;
#endif
}

static vt_status put(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_source *from)
{
	char buffer[4096];
	uint64_t at = 0;
	size_t n = 1;

	(void)self, (void)space, (void)name;
#ifdef ROGUE_PUT_NEVER_RETURNS
	SAY_SO();
	for (;;)
		sleep(1);
#endif
#ifdef ROGUE_PUT_CRASH
	abort();
#endif
	for (; n; at += n)
		if (from->read(from, call, at, buffer, sizeof buffer, &n))
			return VT_FAILED;
	return VT_OK;
}

static vt_status create(const vt_host *host, vt_call *call, void **ret_self)
{
	static int self;

	(void)host, (void)call;
	*ret_self = &self;
#ifdef ROGUE_CREATE_CRASH
	abort();
#endif
#ifdef ROGUE_CREATE_FAILS
	return fail(call, "there is no room for me");
#endif
#ifdef ROGUE_STRAY_THREAD
	pthread_t t;

	stray_call = call;
	pthread_create(&t, NULL, stray, NULL);
	pthread_detach(t);
#endif
#ifdef ROGUE_WHERE
	char text[300];
	Dl_info where;

	dladdr(&self, &where);
	snprintf(text, sizeof text, "I run from %s", where.dli_fname);
	call->report(call, VT_REPORT_WARNING, "where", (vt_bytes){ text, strlen(text) });
#endif
#ifdef ROGUE_FD
	if (dup(0) < 0)
		return fail(call, "dup");
#endif
#ifdef ROGUE_EXITS
	exit(0);
#endif
	return VT_OK;
}

static void destroy(void *self)
{
	(void)self, (void)fail;
#ifdef ROGUE_DESTROY_NEVER_RETURNS
	for (;;)
		sleep(1);
#endif
#ifdef ROGUE_DESTROY_CRASH
	abort();
#endif
}

#ifdef ROGUE_CONSTRUCTOR
__attribute__((constructor)) static void born(void)
{
	abort();
}
#endif
#ifdef ROGUE_LOUD_CONSTRUCTOR
__attribute__((constructor)) static void born(void)
{
	if (write(1, "boo\n", 4) < 0)
		abort();
}
#endif

static const vt_store_ops ops = {
	.struct_size = sizeof ops,
#ifndef ROGUE_NO_GET
	.get = get,
#endif
	.put = put,
};

#ifdef ROGUE_TRACER_NEVER_RETURNS
static vt_status tracer_start(void *self, vt_call *call, const vt_step *step, vt_spawn *spawn, void **ret_watch)
{
	(void)self, (void)call, (void)step, (void)spawn, (void)ret_watch;
	SAY_SO();
	for (;;)
		sleep(1);
}

static vt_status tracer_attach(void *self, vt_call *call, void *watch, uint32_t how, int32_t listener)
{
	(void)self, (void)call, (void)watch, (void)how, (void)listener;
	return VT_OK;
}

static vt_status tracer_stop(void *self, vt_call *call, void *watch, vt_notes *into)
{
	(void)self, (void)call, (void)watch, (void)into;
	return VT_OK;
}

static void tracer_cancel(void *self, void *watch)
{
	(void)self, (void)watch;
}

static const vt_tracer_ops tracer_ops = {
	.struct_size = sizeof tracer_ops,
	.start = tracer_start,
	.attach = tracer_attach,
	.stop = tracer_stop,
	.cancel = tracer_cancel,
};
#endif

#if defined ROGUE_OPTION_TWICE
static const vt_option odd[] = { { sizeof odd[0], 0, "a", "string", NULL, NULL }, { sizeof odd[0], 0, "a", "bool", NULL, NULL } };
#elif defined ROGUE_OPTION_TAKEN
static const vt_option odd[] = { { sizeof odd[0], 0, "a", "string", NULL, NULL }, { sizeof odd[0], 0, "timeout", "duration", NULL, NULL } };
#elif defined ROGUE_OPTION_TYPE
static const vt_option odd[] = { { sizeof odd[0], 0, "a", "string", NULL, NULL }, { sizeof odd[0], 0, "b", "float", NULL, NULL } };
#elif defined ROGUE_OPTION_FALLBACK
static const vt_option odd[] = { { sizeof odd[0], 0, "a", "string", NULL, NULL }, { sizeof odd[0], 0, "b", "size", "much", NULL } };
#elif defined ROGUE_OPTION_NO_NAME
static const vt_option odd[] = { { sizeof odd[0], 0, "a", "string", NULL, NULL }, { sizeof odd[0], 0, "", "string", NULL, NULL } };
#elif defined ROGUE_OPTION_NO_SET
static const vt_option odd[] = { { sizeof odd[0], 0, "a", "string", NULL, NULL }, { sizeof odd[0], 0, "b", "string", NULL, NULL } };
#else
#define NO_OPTIONS
#endif
#ifndef NO_OPTIONS
static const vt_option *const odd_options[] = { &odd[0], &odd[1], NULL };

static vt_status set(void *self, vt_call *call, const char *key, vt_bytes value)
{
	(void)self, (void)call, (void)key, (void)value;
	return VT_OK;
}
#endif

static const vt_component component = {
	.struct_size = sizeof component,
#ifndef NO_OPTIONS
	.options = odd_options,
#ifndef ROGUE_OPTION_NO_SET
	.set = set,
#endif
#endif
#ifdef ROGUE_KIND
	.kind = 99,
#elif defined ROGUE_TRACER_NEVER_RETURNS
	.kind = VT_KIND_TRACER,
#else
	.kind = VT_KIND_STORE,
#endif
#ifdef ROGUE_COMPONENT_NAME
	.name = "Bad Name\x1b",
#else
	.name = NAME,
#endif
	.summary = "breaks a promise",
#ifdef ROGUE_FLAG
	.flags = 1u << 20,
#endif
	.create = create,
	.destroy = destroy,
#ifdef ROGUE_TRACER_NEVER_RETURNS
	.ops = &tracer_ops,
#else
	.ops = &ops,
#endif
};

static const vt_component *const components[] = { &component, NULL };

static const vt_plugin plugin = {
#if defined ROGUE_SIZE_0
	.struct_size = 0,
#elif defined ROGUE_SIZE_4G
	.struct_size = 0xfffffffc,
#else
	.struct_size = sizeof plugin,
#endif
#ifdef ROGUE_MAJOR
	.abi_major = 9,
#else
	.abi_major = VT_ABI_MAJOR,
#endif
	.abi_minor = VT_ABI_MINOR,
#ifdef ROGUE_MINOR
	.host_minor_needed = 99,
#endif
#ifndef ROGUE_NO_NAME
	.name = NAME,
#endif
	.version = "1.0",
	.components = components,
};

#ifdef ROGUE_NO_ENTRY
VT_EXPORT const vt_plugin *other_entry(uint32_t host_major)
#else
VT_EXPORT const vt_plugin *vt_plugin_entry(uint32_t host_major)
#endif
{
#ifdef ROGUE_ENTRY_NULL
	return NULL;
#endif
#ifdef ROGUE_ENTRY_CRASH
	abort();
#endif
#ifdef ROGUE_ENTRY_NEVER_RETURNS
	for (;;)
		sleep(1);
#endif
	(void)host_major;
	return &plugin;
}
