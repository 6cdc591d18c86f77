#include "config.h"

#include "plug/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/loop.h"       /* for os_now_ns */
#include "plug/inside.h"
#include "plug/secrets.h"
#include "text/shown.h"

enum {
	LIVE = 0x76746361,
	TEXT_ROOM = sizeof ((struct plug_call *)0)->text,
	LINE_ROOM = 4 * TEXT_ROOM      /* a secret is looked for in more than is shown */
};

/* Copies any bytes as one line that may be shown; lines become one. `c`: whose secrets it must not have; or NULL. */
static void clean(const struct component *c, char *ret, size_t room, const char *data, size_t size)
{
	char line[LINE_ROOM];
	size_t i;

	while (size && (data[size - 1] == '\n' || data[size - 1] == ' '))
		size--;
	for (i = 0; i < size && i < sizeof line; i++)
		line[i] = data[i] == '\n' || data[i] == '\t' || data[i] == '\r' ? ' ' : data[i];
	shown_cut(ret, room, line, c ? secrets_mask(c, line, i) : i);
}

static void call_report(vt_call *call, uint32_t level, const char *code, vt_bytes text)
{
	struct plug_call *c = (struct plug_call *)call;

	call_check(call, 0, "vt_call.report");
	pthread_mutex_lock(&c->component->report_lock);
	if (level <= VT_REPORT_ERROR && level >= c->level && text.data) {
		c->level = level;
		clean(NULL, c->code, sizeof c->code, code ? code : "", code ? strnlen(code, sizeof c->code) : 0);
		clean(c->component, c->text, sizeof c->text, text.data, text.size);
	}
	pthread_mutex_unlock(&c->component->report_lock);
}

static int call_stopping(vt_call *call)
{
	struct plug_call *c = (struct plug_call *)call;

	call_check(call, 0, "vt_call.stopping");
	return (c->stop && __atomic_load_n(c->stop, __ATOMIC_RELAXED)) || (c->deadline_ns != INT64_MAX && os_now_ns() >= c->deadline_ns);
}

static int64_t call_left_ms(vt_call *call)
{
	struct plug_call *c = (struct plug_call *)call;
	int64_t left;

	call_check(call, 0, "vt_call.left_ms");
	if (c->deadline_ns == INT64_MAX)
		return INT64_MAX;
	left = c->deadline_ns - os_now_ns();
	return left > 0 ? left / 1000000 : 0;
}

void call_init(struct plug_call *c, struct component *component, const char *operation)
{
	*c = (struct plug_call){
		.call = { .struct_size = sizeof c->call, .report = call_report, .stopping = call_stopping, .left_ms = call_left_ms },
		.component = component,
		.operation = operation,
		.scene = { .who = component->choice.name, .what = operation },
		.deadline_ns = INT64_MAX,
		.thread = pthread_self(),
		.live = LIVE,
	};
}

static void begin(struct plug_call *c, struct component *component, const char *operation, bool watched)
{
	call_init(c, component, operation);
	c->watched = watched;
	if (component->serial)
		pthread_mutex_lock(&component->call_lock);
	if (watched)
		watchdog_begin(component->plug, c);
	crash_enter(&c->scene);
}

void call_begin(struct plug_call *c, struct component *component, const char *operation)
{
	begin(c, component, operation, true);
}

void call_begin_unwatched(struct plug_call *c, struct component *component, const char *operation)
{
	begin(c, component, operation, false);
}

vt_status call_end(struct plug_call *c, vt_status status)
{
	struct component *component = c->component;

	crash_leave(&c->scene);
	if (c->watched)
		watchdog_end(component->plug, c);
	if (component->serial)
		pthread_mutex_unlock(&component->call_lock);
	c->live = 0;
	switch (status) {
	case VT_OK:
	case VT_NONE:
	case VT_CANCELLED:
	case VT_UNSUPPORTED:
		break;
	case VT_DOWN:
	case VT_FAILED:
		if (!c->text[0] || c->level < VT_REPORT_WARNING) {
			snprintf(c->code, sizeof c->code, "silent");
			snprintf(c->text, sizeof c->text, "%s failed without saying why", c->operation);
			c->level = VT_REPORT_ERROR;
		}
		break;
	default:
		snprintf(c->code, sizeof c->code, "status");
		snprintf(c->text, sizeof c->text, "%s answered %d, which means nothing", c->operation, (int)status);
		c->level = VT_REPORT_ERROR;
		status = VT_FAILED;
	}
	if (c->level == VT_REPORT_INFO && c->text[0] && !atomic_load(&component->abandoned))
		plug_inform_about(component, c->text);
	/* an error beside a success is for the caller, not for the user */
	if (status >= 0 && c->level == VT_REPORT_WARNING && c->text[0] && !atomic_load(&component->abandoned))
		plug_warn_about(component, c->text);
	return status;
}

vt_status sink_is_full(const vt_sink *sink, vt_call *call)
{
	char text[100];
	int n = snprintf(text, sizeof text, "it gives more than %llu bytes", (unsigned long long)sink->most);

	if (call)
		call->report(call, VT_REPORT_ERROR, "too-large", (vt_bytes){ text, (size_t)n });
	return VT_FAILED;
}

void call_check(vt_call *call, int own_thread, const char *function)
{
	struct plug_call *c = (struct plug_call *)call;

#ifdef VT_DEBUG
	bool good = c && c->live == LIVE && (!own_thread || pthread_equal(c->thread, pthread_self()));
	char name[TEXT_ROOM];

	if (!c)
		fprintf(stderr, "vt: %s called without a call\n", function);
	else if (c->live != LIVE)
		fprintf(stderr, "vt: %s called outside of a call\n", function);
	else if (!good) {
		shown_cut(name, sizeof name, c->component->choice.name, strlen(c->component->choice.name));
		fprintf(stderr, "vt: %s called from another thread than %s of '%s' runs on\n", function, c->operation, name);
	}
	if (!good)
		abort();
#else
	(void)own_thread;
	(void)function;
#endif
	if (c)
		atomic_fetch_add_explicit(&c->signs, 1, memory_order_relaxed);
}
