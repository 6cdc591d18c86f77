/* trace-linux: sees what the processes of a task do to files, on Linux.
 *
 * All processes of the task inherit one system call filter. The kernel asks before each
 * listed call; the thread in listen.c answers "go on" and notes the call. The plugin
 * hands the filter over as data: vt's supervisor installs it, and answers for processes
 * that outlive the step. */
#include "config.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "filter.h"
#include "procs.h"
#include "settle.h"
#include "trace.h"
#include "vt-plugin.h"

enum { TOUCHED_FIRST = 256 };         /* threads: room made before the listening thread starts, as in notes_prepare */

/* The component. */
struct tracer {
	bool killable;                 /* the kernel lets a received call be interrupted by nothing but a kill */
	bell_spare spare;              /* steps take it and give it back */
	char home[PATH_MAX];           /* the user's folder, without links; "": not known */
	char shim[PATH_MAX];           /* library that is loaded into the task's programs; "": none */
};

/* ---- sentences --------------------------------------------------------------- */

static void say(vt_call *call, uint32_t level, const char *code, const char *text)
{
	call->report(call, level, code, (vt_bytes){ text, strlen(text) });
}

static void sentence(const struct watch *w, char *ret, size_t size)
{
	const char *name = w->escape_name[0] ? w->escape_name : "?";
	int value = (int)w->escape_value;

	switch (w->escape) {
	case ESCAPE_NO_LISTENER:
		if (value == EBUSY)
			snprintf(ret, size, "another tracer already holds the system calls of this process tree"
				 " (an outer vt, a container manager, WSL)");
		else if (value == EACCES || value == EPERM)
			snprintf(ret, size, "a sandbox forbids system call filters");
		else if (value == ENOSYS || value == EINVAL)
			snprintf(ret, size, "the kernel has no system call notifications (Linux 5.5 or newer is needed)");
		else
			snprintf(ret, size, "no system call filter could be installed: %s", strerror(value));
		break;
	case ESCAPE_FOREIGN:
		snprintf(ret, size, "process %u (%s) uses another system call interface than this machine's own",
			 w->escape_process, name);
		break;
	case ESCAPE_MEMORY:
		snprintf(ret, size, "the memory of process %u (%s) cannot be read: %s",
			 w->escape_process, name, strerror(value));
		break;
	case ESCAPE_MOUNTS:
		snprintf(ret, size, "process %u (%s) sees other mounts than vt does", w->escape_process, name);
		break;
	case ESCAPE_HANDLE:
		snprintf(ret, size, "process %u (%s) opened a file by handle, without a name", w->escape_process, name);
		break;
	case ESCAPE_LONG:
		snprintf(ret, size, "process %u (%s) went deeper than the longest path", w->escape_process, name);
		break;
	case ESCAPE_ROOT:
		snprintf(ret, size, "process %u (%s) opened a file below a root of its own", w->escape_process, name);
		break;
	case ESCAPE_SETUID:
		snprintf(ret, size, "process %u (%s) started a set-uid program, which a traced task cannot do with all rights",
			 w->escape_process, name);
		break;
	case ESCAPE_STRAGGLER:
		if (!w->escape_process)
			snprintf(ret, size, "a background process is still running");
		else
			snprintf(ret, size, "background process %u (%s) is still running", w->escape_process, name);
		break;
	case ESCAPE_PEER:
		snprintf(ret, size, "it asked process '%s', which was there before (see trustedSockets)", name);
		break;
	case ESCAPE_LISTENER:
		snprintf(ret, size, "process %u (%s) asked to be told of system calls, as vt already is: give the task \"input\","
			 " or do not cache it", w->escape_process, name);
		break;
	case ESCAPE_INTERRUPTED:
		snprintf(ret, size, "a signal interrupted a call that waited for vt, and process %u (%s), which has handlers"
			 " that do not restart calls, runs without vt's shim", w->escape_process, name);
		break;
	case ESCAPE_INTERRUPTED_WITHIN:
		snprintf(ret, size, "a signal interrupted a call of the C library that waited for vt, and process %u (%s) has handlers"
			 " that do not restart calls", w->escape_process, name);
		break;
	case ESCAPE_INTERRUPTIBLE:
		snprintf(ret, size, "a signal may have interrupted a call that waited for vt: process %u (%s), which has handlers"
			 " that do not restart calls, runs without vt's shim, and the kernel refuses to tell of its last call: %s",
			 w->escape_process, name, strerror(value));
		break;
	case ESCAPE_LOG:
		snprintf(ret, size, "a program wrote into the memory that it shares with vt");
		break;
	case ESCAPE_FULL:
		snprintf(ret, size, "it touched more paths than can be remembered");
		break;
	default:
		snprintf(ret, size, "the tracer failed: %s", strerror(value));
		break;
	}
}

/* ---- a step's life ----------------------------------------------------------- */

void watch_free(struct watch *w)
{
	int listener = atomic_load(&w->listener);

	if (listener >= 0)
		close(listener);
	if (w->wake >= 0)
		close(w->wake);
	settle_free(w->settling);
	path_world_close(&w->world);
	ground_close(&w->ground);
	gates_free(&w->gates);
	log_free(&w->log);
	peers_free(&w->peers);
	stamps_free(&w->stamps);
	notes_free(&w->notes);
	notes_free(&w->states);
	free(w->touched.at);
	free(w->home);
	free(w->root);
	free(w);
}

static struct watch *watch_new(struct tracer *t, const vt_step *step)
{
	struct watch *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->wake = -1;
	atomic_init(&w->listener, -1);
	w->no_new_privs = -1;
	notes_init(&w->notes);
	notes_init(&w->states);
	w->ground.root = -1;
	w->killable = t->killable;
	w->bell.spare = &t->spare;
	w->home = t->home[0] ? strdup(t->home) : NULL;
	if (t->shim[0]) {
		w->gates.shim = strrchr(t->shim, '/') + 1;
		w->gates.shim_length = strlen(w->gates.shim);
	}
	path_world_init(&w->world, NULL);
	w->log.fd = -1;
	w->root_length = step->root.size;
	while (w->root_length > 1 && ((const char *)step->root.data)[w->root_length - 1] == '/')
		w->root_length--;
	w->root = malloc(w->root_length + 1);
	w->touched.at = calloc(TOUCHED_FIRST, sizeof *w->touched.at);
	w->touched.size = w->touched.at ? TOUCHED_FIRST : 0;
	if (!w->root || !w->touched.at || !notes_prepare(&w->notes) || !stamps_init(&w->stamps) || !peers_init(&w->peers, step)) {
		watch_free(w);
		return NULL;
	}
	memcpy(w->root, step->root.data, w->root_length);
	w->root[w->root_length] = '\0';
	w->world.root = w->root;
	log_init(&w->log, w->root, t->shim[0]);
	ground_init(&w->ground, w->root, w->root_length);
	return w;
}

static vt_status hand_over(vt_call *call, vt_spawn *spawn, uint32_t how, uint32_t event, uint64_t gate)
{
	struct sock_filter program[FILTER_MAX];
	uint32_t n = filter_make(event, gate ? gate + SHIM_GATE_BEHIND : 0, program);

	return spawn->filter(spawn, call, how, (vt_bytes){ program, n * sizeof *program });
}

static void cancel(void *self, void *watch)
{
	struct watch *w = watch;

	(void)self;
	atomic_store(&w->abandoned, true);
	listen_stop(w);
	if (listen_abandon(w))
		watch_free(w);
}

static vt_status start(void *self, vt_call *call, const vt_step *step, vt_spawn *spawn, void **ret_watch)
{
	struct tracer *t = self;
	struct watch *w = watch_new(t, step);
	char text[512];
	vt_status status;
	int error;

	if (!procs_are_ours()) {
		say(call, VT_REPORT_ERROR, "proc", "/proc shows the processes of another namespace; mount it anew there");
		if (w)
			watch_free(w);
		return VT_FAILED;
	}
	if (!w) {
		say(call, VT_REPORT_ERROR, "memory", "out of memory");
		return VT_FAILED;
	}
	/* the thread comes first: a task that waits for an answer cannot be refused any more */
	error = listen_start(w);
	if (error) {
		watch_escape(w, ESCAPE_THREAD, error, 0);
		sentence(w, text, sizeof text);
		say(call, VT_REPORT_ERROR, "thread", text);
		watch_free(w);
		return VT_FAILED;
	}
	status = hand_over(call, spawn, VT_FILTER_NOTIFY, SECCOMP_RET_USER_NOTIF, w->log.gate);
	if (status == VT_OK)
		status = hand_over(call, spawn, VT_FILTER_PTRACE, SECCOMP_RET_TRACE, 0);
	/* a failure only means that a signal can make the trace incomplete */
	if (status == VT_OK && t->shim[0] && VT_HAS(spawn, preload))
		(void)spawn->preload(spawn, call, (vt_bytes){ t->shim, strlen(t->shim) });
	if (status != VT_OK) {
		cancel(self, w);
		return status;
	}
	*ret_watch = w;
	return VT_OK;
}

static vt_status attach(void *self, vt_call *call, void *watch, uint32_t how, int32_t listener)
{
	struct watch *w = watch;
	char text[512];

	(void)self;
	w->how = how;
	if (how != VT_FILTER_NOTIFY && how != VT_FILTER_PTRACE) {
		watch_escape(w, ESCAPE_NO_LISTENER, listener < 0 ? -listener : ENOSYS, 0);
		sentence(w, text, sizeof text);
		say(call, VT_REPORT_INFO, "unavailable", text);
		return VT_UNSUPPORTED;
	}
	listen_to(w, listener);
	return VT_OK;
}

/* Does this link of a process lead into the workspace? */
static bool leads_inside(const struct watch *w, int dir, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir, name, target, sizeof target);

	return n > 0 && watch_has(w, target, (size_t)n);
}

/* Does the process stand in the workspace, or hold something of it open? */
static bool holds(void *ctx, uint32_t process)
{
	const struct watch *w = ctx;
	char file[64];
	const struct dirent *entry;
	bool ret = false;
	DIR *fds;

	snprintf(file, sizeof file, "/proc/%u/cwd", process);
	if (leads_inside(w, AT_FDCWD, file))
		return true;
	snprintf(file, sizeof file, "/proc/%u/fd", process);
	fds = opendir(file);
	while (fds && !ret && (entry = readdir(fds)) != NULL)
		ret = leads_inside(w, dirfd(fds), entry->d_name);
	if (fds)
		closedir(fds);
	return ret;
}

/* A background process makes the trace incomplete if it named a file of the workspace,
 * stands in the workspace, or holds something of it open. */
static void find_straggler(struct watch *w)
{
	uint32_t i, process;

	for (i = 0; i < w->touched.size; i++)
		if (w->touched.at[i] && procs_lives(w->touched.at[i])) {
			watch_escape(w, ESCAPE_STRAGGLER, 0, w->touched.at[i]);
			return;
		}
	process = procs_below(w->above, holds, w);
	if (process)
		watch_escape(w, ESCAPE_STRAGGLER, 0, process);
}

static vt_status stop(void *self, vt_call *call, void *watch, vt_notes *into)
{
	struct watch *w = watch;
	vt_status status = VT_OK;
	char text[512];

	(void)self;
	listen_stop(w);
	if (!w->alone && w->how)
		find_straggler(w);
	listen_settled(w);
	if (!w->settling)
		w->settling = settle_find(w);
	if (w->settling)
		status = settle_tell(w->settling, call, into);
	else
		watch_escape(w, ESCAPE_FULL, 0, 0);
	listen_end(w);
	snprintf(text, sizeof text, "%llu calls traced, %llu written down by the shim, %u things noted",
		 (unsigned long long)w->events, (unsigned long long)w->log.records, w->notes.n);
	say(call, VT_REPORT_DEBUG, "traced", text);
	if (status == VT_OK && w->escape) {
		sentence(w, text, sizeof text);
		say(call, VT_REPORT_INFO, "incomplete", text);
		status = VT_NONE;
	}
	watch_free(w);
	return status;
}

static const vt_tracer_ops ops = {
	.struct_size = sizeof ops,
	.start = start,
	.attach = attach,
	.stop = stop,
	.cancel = cancel,
};

/* ---- the component ----------------------------------------------------------- */

/* WAIT_KILLABLE_RECV is there since Linux 5.19. */
static bool kernel_waits(void)
{
	struct utsname u;
	unsigned major = 0, minor = 0;

	return uname(&u) == 0 && sscanf(u.release, "%u.%u", &major, &minor) == 2 && (major > 5 || (major == 5 && minor >= 19));
}

/* Is a loader for another word length installed for which no shim was built? It would
 * complain about the shim in each of its programs. */
static bool loader_without_shim(const char *folder)
{
	static const struct { const char *loader, *built; } others[] = {
#if defined(__x86_64__)
		{ "/lib/ld-linux.so.2", "other" }, { "/libx32/ld-linux-x32.so.2", "x32" },
#else
		{ "/lib/ld-linux-armhf.so.3", "other" }, { "/lib/ld-linux.so.3", "other" },
#endif
	};
	char file[PATH_MAX + 64];
	size_t i;

	for (i = 0; i < sizeof others / sizeof *others; i++) {
		snprintf(file, sizeof file, "%s/%s", folder, others[i].built);
		if (access(others[i].loader, F_OK) == 0 && access(file, F_OK) != 0)
			return true;
	}
	return false;
}

/* The shim lies beside this plugin, or, before it is installed, one folder up. */
static void find_shim(struct tracer *t)
{
	static const char *const places[] = { "/shim.d", "/../shim.d" };
	char folder[PATH_MAX], file[PATH_MAX + 128];
	const char *slash;
	Dl_info info;
	size_t i;

	t->shim[0] = '\0';
	if (!dladdr((void *)(uintptr_t)&find_shim, &info) || !info.dli_fname || (slash = strrchr(info.dli_fname, '/')) == NULL)
		return;
	for (i = 0; i < sizeof places / sizeof *places; i++) {
		snprintf(folder, sizeof folder, "%.*s%s", (int)(slash - info.dli_fname), info.dli_fname, places[i]);
		/* the loader puts the folder's name in place of $LIB; musl takes it as it is, and finds it */
		snprintf(file, sizeof file, "%s/$LIB/" SHIM_FILE, folder);
		if (folder[0] == '/' && strlen(file) < sizeof t->shim && access(file, F_OK) == 0) {
			if (!loader_without_shim(folder))
				memcpy(t->shim, file, strlen(file) + 1);
			return;
		}
	}
}

static void find_home(struct tracer *t)
{
	const char *home = getenv("HOME");

	if (!home || home[0] != '/' || !realpath(home, t->home))
		t->home[0] = '\0';
}

static vt_status create(const vt_host *host, vt_call *call, void **ret_self)
{
	struct tracer *t = calloc(1, sizeof *t);

	(void)host;
	if (!t) {
		say(call, VT_REPORT_ERROR, "memory", "out of memory");
		return VT_FAILED;
	}
	t->killable = kernel_waits();
	atomic_init(&t->spare, 0);
	find_home(t);
	*ret_self = t;
	return VT_OK;
}

static vt_status set(void *self, vt_call *call, const char *key, vt_bytes value)
{
	struct tracer *t = self;

	(void)call;
	if (strcmp(key, "shim") == 0 && value.size == 1 && *(const char *)value.data == '1')
		find_shim(t);
	return VT_OK;
}

static void destroy(void *self)
{
	struct tracer *t = self;

	bell_spare_free(&t->spare);
	free(t);
}

static bool kernel_offers(uint32_t action)
{
	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

static const char *status(void *self, vt_call *call)
{
	(void)self;
	(void)call;
	return kernel_offers(SECCOMP_RET_USER_NOTIF) ? "seccomp" : kernel_offers(SECCOMP_RET_TRACE) ? "ptrace" : "none";
}

static const vt_option shim_option = {
	.struct_size = sizeof shim_option,
	.name = "shim",
	.type = "bool",
	.fallback = "true",
	.help = "load a library into each program of a task: its calls need not wait for vt, and no signal interrupts them",
};

static const vt_option *const options[] = { &shim_option, NULL };

static const vt_component component = {
	.struct_size = sizeof component,
	.kind = VT_KIND_TRACER,
	.name = "trace-linux",
	.summary = "sees what a task's processes read, look for, list and write",
	.threads = VT_THREADS_MANY,
	.format = 1,
	.options = options,
	.create = create,
	.set = set,
	.destroy = destroy,
	.status = status,
	.ops = &ops,
};

VT_PLUGIN("trace-linux", "0.1.0", "tracing with seccomp on Linux", "MIT", NULL, &component);
