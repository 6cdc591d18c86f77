#include "config.h"

#include "report/events.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "os/loop.h"
#include "plan/step.h"
#include "report/sink.h"
#include "text/json.h"
#include "text/strip.h"
#include "workspace/workspace.h"

enum { LOG_NAME = 80 };                /* bytes of a label in a log's name */

/* A running step that has printed something. Few run at a time, so a list will do. */
struct log {
	struct log *next;
	const struct step *step;
	char name[LOG_NAME + 32];
	struct strip strip[2];
};

struct events {
	struct events_setup setup;
	char *folder;                  /* absolute */
	int fd;                        /* of the folder */
	struct log *logs;
	struct buf line;               /* scratch */
	int error;                     /* the first errno of a log */
};

/* ---- the logs ---- */

static bool is_log(const char *name)
{
	size_t digits = strspn(name, "0123456789"), size = strlen(name);

	return digits >= 4 && name[digits] == '-' && size > 4 && strcmp(name + size - 4, ".log") == 0;
}

static void remove_logs(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (is_log(e->d_name))
			unlinkat(folder, e->d_name, 0);
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
}

static int open_folder(struct events *v, struct err *err)
{
	bool beside = sink_is_file(v->setup.sink);

	if (asprintf(&v->folder, beside ? "%s" EVENTS_LOGS : "%s/vt-logs-XXXXXX",
		     beside ? sink_path(v->setup.sink) : v->setup.temporary ? v->setup.temporary : "/tmp") < 0)
		return err_errno(err, ENOMEM, "Cannot make the folder of the logs");
	if (beside ? mkdir(v->folder, 0777) < 0 && errno != EEXIST : !mkdtemp(v->folder))
		return err_errno(err, errno, "Cannot make the folder '%s' for what the tasks print", v->folder);
	v->fd = open(v->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (v->fd < 0)
		return err_errno(err, errno, "Cannot open the folder '%s' for what the tasks print", v->folder);
	remove_logs(v->fd);
	return 0;
}

/* "0003-web-build.log" */
static void name_log(struct log *l)
{
	char label[LOG_NAME + 1];
	const char *from = l->step->task->label;
	size_t n = 0;

	for (; *from && n < LOG_NAME; from++)
		label[n++] = isalnum((unsigned char)*from) || strchr("._", *from) ? *from : '-';
	label[n] = '\0';
	snprintf(l->name, sizeof l->name, "%04u-%s.log", l->step->ordinal + 1, label);
}

static struct log **find_log(struct events *v, const struct step *step)
{
	struct log **at = &v->logs;

	while (*at && (*at)->step != step)
		at = &(*at)->next;
	return at;
}

static void output(struct events *v, const struct event *e)
{
	struct log **at = find_log(v, e->step);
	struct buf plain;
	size_t done = 0;
	ssize_t n = 0;
	int fd;

	if (e->output.size == 0)
		return;
	if (!*at) {
		*at = xcalloc(1, sizeof **at);
		(*at)->step = e->step;
		name_log(*at);
	}
	/* opened for each piece, because many steps may run at once and descriptors are few */
	fd = openat(v->fd, (*at)->name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
	buf_init(&plain, SIZE_MAX / 2);
	strip_add(&(*at)->strip[e->stream == 2], e->output.data, e->output.size, &plain);
	while (fd >= 0 && done < plain.size && (n = write(fd, plain.data + done, plain.size - done)) > 0)
		done += (size_t)n;
	if ((fd < 0 || n < 0) && !v->error)
		v->error = errno;
	if (fd >= 0)
		close(fd);
	buf_free(&plain);
}

/* ---- the lines ---- */

static void begin(struct events *v, const char *event)
{
	buf_clear(&v->line);
	buf_printf(&v->line, "{\"event\":\"%s\",\"time\":%lld", event, (long long)(os_real_ns() / 1000000));
}

static void end(struct events *v)
{
	buf_text(&v->line, "}\n");
	sink_write(v->setup.sink, v->line.data, v->line.size);
}

static void run_started(struct events *v)
{
	begin(v, "runStarted");
	buf_text(&v->line, ",\"version\":1,\"vt\":\"" PACKAGE_VERSION "\"");
	account_text(&v->line, "workspaceRoot", v->setup.start->root);
	account_text(&v->line, "logs", v->folder);
	buf_printf(&v->line, ",\"steps\":%u", v->setup.total);
	end(v);
}

static void started(struct events *v, const struct step *step)
{
	const char *package = step->task->package->path;

	begin(v, "started");
	buf_printf(&v->line, ",\"id\":%u", step->ordinal + 1);
	account_text(&v->line, "task", step->task->label);
	account_text(&v->line, "package", *package ? package : ".");
	account_text(&v->line, "command", step->shown);
	account_text(&v->line, "cwd", *step->cwd ? step->cwd : ".");
	end(v);
}

static void finished(struct events *v, const struct event *e)
{
	struct log **at = find_log(v, e->step), *log = *at;
	struct arena *a = arena_new();
	struct summary_step step;

	summary_step_of(a, e->step, e->outcome, false, &step);
	begin(v, "finished");
	buf_printf(&v->line, ",\"id\":%u,", e->step->ordinal + 1);
	account_step(&step, v->setup.start->zero_ns, &v->line);
	if (log)
		account_text(&v->line, "log", arena_printf(a, "%s/%s", v->folder, log->name));
	else
		buf_text(&v->line, ",\"log\":null");
	end(v);
	if (log) {
		*at = log->next;
		free(log);
	}
	arena_free(a);
}

static void run_finished(struct events *v, int exit_code)
{
	begin(v, "runFinished");
	buf_printf(&v->line, ",\"exitCode\":%d,\"durationMs\":%lld,", exit_code,
		   (long long)((os_now_ns() - v->setup.start->zero_ns) / 1000000));
	account_counts(v->setup.summary, &v->line);
	end(v);
}

static void on_event(void *self, const struct event *e)
{
	struct events *v = self;

	switch (e->kind) {
	case EVENT_STARTED:
		started(v, e->step);
		break;
	case EVENT_OUTPUT:
		output(v, e);
		break;
	case EVENT_FINISHED:
		finished(v, e);
		break;
	case EVENT_RUN_FINISHED:
		run_finished(v, e->exit_code);
		break;
	case EVENT_ENDED:
	case EVENT_SPAN:
	case EVENT_STILL_FAILING:
	case EVENT_WARNING:
		break;
	}
}

struct listener events_listener(struct events *v)
{
	return (struct listener){ on_event, v };
}

int events_new(const struct events_setup *setup, struct events **ret, struct err *err)
{
	struct events *v = xcalloc(1, sizeof *v);

	v->setup = *setup;
	v->fd = -1;
	buf_init(&v->line, SIZE_MAX / 2);
	if (open_folder(v, err) < 0) {
		events_free(v, NULL);
		return -1;
	}
	run_started(v);
	*ret = v;
	return 0;
}

int events_free(struct events *v, struct err *err)
{
	struct log *l;
	int e;

	if (!v)
		return 0;
	while ((l = v->logs)) {
		v->logs = l->next;
		free(l);
	}
	e = v->error;
	if (e && err)
		err_errno(err, e, "Cannot write all of what the tasks printed to '%s'", v->folder);
	if (v->fd >= 0)
		close(v->fd);
	buf_free(&v->line);
	free(v->folder);
	free(v);
	return e ? -1 : 0;
}
