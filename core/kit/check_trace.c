/* Trials of tracers. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "kit/check.h"
#include "kit/check_step.h"
#include "plug/inside.h"

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

enum { RECORDS_MAX = 4096, FILTER_MAX = 4096 };

/* ---- what a tracer is handed ---------------------------------------------------- */

struct trial_spawn {
	vt_spawn spawn;                    /* first */
	struct sock_filter *filter;        /* the one for notifications; NULL: none was given */
	uint32_t filter_n;
};

static vt_status spawn_setenv(vt_spawn *s, vt_call *call, vt_bytes name, vt_bytes value)
{
	(void)s;
	(void)call;
	(void)value;
	return name.size ? VT_OK : VT_FAILED;
}

static vt_status spawn_filter(vt_spawn *spawn, vt_call *call, uint32_t how, vt_bytes program)
{
	struct trial_spawn *s = (struct trial_spawn *)spawn;

	(void)call;
	if (!program.size || program.size % sizeof *s->filter || program.size / sizeof *s->filter > FILTER_MAX)
		return VT_FAILED;
	if (how != VT_FILTER_NOTIFY || s->filter)
		return VT_OK;
	s->filter_n = (uint32_t)(program.size / sizeof *s->filter);
	s->filter = xmalloc(program.size);
	memcpy(s->filter, program.data, program.size);
	return VT_OK;
}

static vt_status spawn_preload(vt_spawn *s, vt_call *call, vt_bytes file)
{
	(void)s;
	(void)call;
	return file.size ? VT_OK : VT_FAILED;
}

struct trial_notes {
	vt_notes notes;                    /* first */
	struct arena *arena;               /* of the names */
	vt_seen at[RECORDS_MAX];
	uint32_t n;
	bool refused;
};

static vt_bytes copied(struct arena *a, vt_bytes b)
{
	return (vt_bytes){ arena_strn(a, b.size ? b.data : "", b.size), b.size };
}

static vt_status notes_add(vt_notes *notes, vt_call *call, const vt_seen *seen, uint32_t n)
{
	struct trial_notes *t = (struct trial_notes *)notes;

	(void)call;
	for (; n && t->n < RECORDS_MAX; n--, seen++) {
		t->at[t->n] = *seen;
		t->at[t->n].name = copied(t->arena, seen->name);
		t->at[t->n++].other = copied(t->arena, seen->other);
	}
	return VT_OK;
}

static vt_status notes_refuse(vt_notes *notes, vt_call *call, vt_bytes sentence)
{
	(void)call;
	((struct trial_notes *)notes)->refused = true;
	return sentence.size ? VT_OK : VT_FAILED;
}

static struct trial_spawn spawn_make(void)
{
	return (struct trial_spawn){ .spawn = { .struct_size = sizeof(vt_spawn), .setenv = spawn_setenv, .filter = spawn_filter,
						.preload = spawn_preload } };
}

static struct trial_notes *notes_make(void)
{
	struct trial_notes *t = xcalloc(1, sizeof *t);

	t->notes = (vt_notes){ .struct_size = sizeof(vt_notes), .add = notes_add, .refuse = notes_refuse };
	t->arena = arena_new();
	return t;
}

static void notes_free(struct trial_notes *t)
{
	arena_free(t->arena);
	free(t);
}

/* Starts a watch. false: the tracer cannot watch here, or a fault was reported. */
static bool watch_start(struct check *k, struct trial_spawn *spawn, void **ret_watch)
{
	struct plug_call call;
	struct trial_step step;
	vt_status s;

	step_make(&step, k->folder);
	call_begin(&call, k->component, "start");
	s = call_end(&call, k->component->made->ops.tracer.start(k->component->self, &call.call, &step.step, &spawn->spawn, ret_watch));
	if (s == VT_UNSUPPORTED || s == VT_NONE)
		return false;
	return check_that(k, s == VT_OK, "start answers %s (%s)", check_status(s), call.text);
}

static vt_status watch_stop(struct check *k, void *watch, struct trial_notes *notes, char text[513])
{
	struct plug_call call;
	vt_status s;

	call_begin(&call, k->component, "stop");
	s = call_end(&call, k->component->made->ops.tracer.stop(k->component->self, &call.call, watch, &notes->notes));
	snprintf(text, 513, "%s", call.text);
	return s;
}

/* ---- a child that never ran -------------------------------------------------------- */

/* The watch of a child that never started, or that got no filter. */
static void tracer_life(struct check *k)
{
	const vt_tracer_ops *ops = &k->component->made->ops.tracer;
	struct plug_call call;
	int round;

	for (round = 0; round < 3; round++) {
		struct trial_spawn spawn = spawn_make();
		struct trial_notes *notes;
		void *watch = NULL;
		char text[513];
		vt_status s;
		bool began = watch_start(k, &spawn, &watch);

		free(spawn.filter);
		if (!began)
			return;
		if (round) {
			call_begin(&call, k->component, "attach");
			call_end(&call, ops->attach(k->component->self, &call.call, watch, VT_FILTER_NONE, -ENOSYS));
		}
		if (round < 2) {
			ops->cancel(k->component->self, watch);
			continue;
		}
		notes = notes_make();
		s = watch_stop(k, watch, notes, text);
		check_that(k, s != VT_OK, "stop answers VT_OK although no filter was installed: nothing can have been seen");
		check_that(k, s != VT_NONE || text[0], "stop does not report why the trace is incomplete");
		notes_free(notes);
	}
}

/* ---- a child that does some of everything ------------------------------------------ */

/* Between the trial and its child. */
struct shared {
	atomic_int listener;               /* the child's descriptor + 1; < 0: -errno; 0: not yet */
	atomic_int go;                     /* 1: the tracer listens */
};

static void make_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd >= 0 && write(fd, text, strlen(text)) < 0)
		_exit(1);
	if (fd >= 0)
		close(fd);
}

static void read_file(const char *name)
{
	char buffer[64];
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, buffer, sizeof buffer) < 0)
		_exit(1);
	if (fd >= 0)
		close(fd);
}

/* What the child does, in its folder. */
static void do_everything(void)
{
	struct stat st;

	read_file("read");
	read_file("./folder/../link");
	(void)!stat("missing", &st);
	read_file("not-there");
	close(open("folder", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	make_file("made", "new");
	make_file("changed", "other");
	(void)!renameat2(AT_FDCWD, "changed", AT_FDCWD, "made", RENAME_NOREPLACE);
	unlink("removed");
	(void)!rename("old", "new");
}

/* Runs in the child. Makes no call that a filter may hold back before somebody listens. */
static void run_filtered(const struct trial_spawn *spawn, struct shared *shared)
{
	struct sock_fprog program = { .len = (unsigned short)spawn->filter_n, .filter = spawn->filter };
	long fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	atomic_store(&shared->listener, fd < 0 ? -errno : (int)fd + 1);
	while (!atomic_load(&shared->go))
		;
	do_everything();
	_exit(0);
}

/* The listener of the child, as a descriptor of this process; -1: this machine gives none. */
static int take_listener(pid_t child, struct shared *shared)
{
	int its, pidfd, ret;

	while (!(its = atomic_load(&shared->listener)))
		usleep(1000);
	if (its < 0)
		return -1;
	pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	ret = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, its - 1, 0);
	if (pidfd >= 0)
		close(pidfd);
	return ret;
}

/* The place of the first record of a name, with one of the operations (a bit each) and all of the flags; -1: there is none. */
static int32_t record_of(const struct trial_notes *t, uint32_t ops, uint16_t flags, const char *folder, const char *name)
{
	char path[PATH_MAX + 100];
	size_t n = (size_t)snprintf(path, sizeof path, "%s/%s", folder, name);
	uint32_t i;

	for (i = 0; i < t->n; i++)
		if (ops & 1u << t->at[i].op && (t->at[i].flags & flags) == flags && t->at[i].name.size == n && memcmp(t->at[i].name.data, path, n) == 0)
			return (int32_t)i;
	return -1;
}

static void judge_records(struct check *k, const struct trial_notes *t, const char *folder)
{
	enum { READ = 1 << VT_SEEN_READ, WRITE = 1 << VT_SEEN_WRITE, PROBE = 1 << VT_SEEN_PROBE, LIST = 1 << VT_SEEN_LIST,
		RENAME = 1 << VT_SEEN_RENAME, BEFORE = 1 << VT_SEEN_BEFORE };
	int32_t read = record_of(t, READ, 0, folder, "read"), made = record_of(t, WRITE, 0, folder, "made"), renamed, before;

	check_that(k, read >= 0, "a file that was read is not told");
	check_that(k, record_of(t, READ | PROBE, 0, folder, "link") >= 0,
		   "a file that was read by way of a link is not told by the name that was used: nobody would see that the link leads elsewhere");
	check_that(k, record_of(t, READ | PROBE, 0, folder, "missing") >= 0, "a file that was looked for in vain is not told");
	check_that(k, record_of(t, READ | PROBE, 0, folder, "not-there") >= 0, "a file that was opened in vain is not told");
	check_that(k, record_of(t, LIST, 0, folder, "folder") >= 0, "a folder that was opened for reading is not told as VT_SEEN_LIST");
	check_that(k, made > read, "a file that was made is not told as written, or before what happened earlier");
	before = record_of(t, BEFORE, VT_SEEN_ABSENT, folder, "made");
	check_that(k, before >= 0 && before < made, "before the first record of a file that was made VT_SEEN_BEFORE does not say, by VT_SEEN_ABSENT, that nothing was there");
	before = record_of(t, BEFORE, 0, folder, "changed");
	check_that(k, before >= 0 && before < record_of(t, WRITE, 0, folder, "changed") && t->at[before].other.size,
		   "before the first record of a file that was changed VT_SEEN_BEFORE does not say what was there");
	check_that(k, record_of(t, WRITE, VT_SEEN_REMOVED, folder, "removed") >= 0, "a file that was removed is not told as written and removed");
	check_that(k, record_of(t, RENAME, 0, folder, "changed") < 0, "a renaming that failed is told as one");
	renamed = record_of(t, RENAME, 0, folder, "old");
	check_that(k, renamed >= 0 && t->at[renamed].other.size > 4 && memcmp((const char *)t->at[renamed].other.data + t->at[renamed].other.size - 4, "/new", 4) == 0,
		   "a file that was renamed is not told as VT_SEEN_RENAME with both names");
}

/* Lets a process of the trial run under the filter, and judges what the tracer saw. */
static void follow_child(struct check *k, const struct trial_spawn *spawn, void *watch, const char *folder)
{
	const vt_tracer_ops *ops = &k->component->made->ops.tracer;
	struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct trial_notes *notes;
	struct plug_call call;
	char text[513];
	int listener, status;
	pid_t child;
	vt_status s;

	child = shared == MAP_FAILED ? -1 : fork();
	if (child == 0)
		run_filtered(spawn, shared);
	k->forked = true;
	listener = child < 0 ? -1 : take_listener(child, shared);
	if (listener < 0) {
		check_note(k, "this machine gives no listener: it is not tried on a process");
		if (child > 0 && kill(child, SIGKILL) == 0)
			waitpid(child, NULL, 0);
		ops->cancel(k->component->self, watch);
		return;
	}
	call_begin(&call, k->component, "attach");
	s = call_end(&call, ops->attach(k->component->self, &call.call, watch, VT_FILTER_NOTIFY, listener));
	check_that(k, s == VT_OK, "attach answers %s (%s)", check_status(s), call.text);
	atomic_store(&shared->go, 1);
	waitpid(child, &status, 0);
	munmap(shared, sizeof *shared);
	check_that(k, WIFEXITED(status) && WEXITSTATUS(status) == 0, "a process under its filter does not end well (status %d)", status);
	notes = notes_make();
	s = watch_stop(k, watch, notes, text);
	if (check_that(k, s == VT_OK && !notes->refused, "stop answers %s (%s) after a process that read and wrote some files", check_status(s), text))
		judge_records(k, notes, folder);
	notes_free(notes);
}

static void tracer_sees(struct check *k)
{
	struct trial_spawn spawn = spawn_make();
	char *folder = realpath(k->folder, NULL);
	int cwd = open(".", O_PATH | O_CLOEXEC);
	void *watch = NULL;

	if (cwd < 0 || !folder || chdir(folder) || mkdir("folder", 0700) || symlink("read", "link"))
		_exit(1);
	make_file("read", "text");
	make_file("changed", "text");
	make_file("removed", "text");
	make_file("old", "text");
	if (watch_start(k, &spawn, &watch)) {
		if (spawn.filter) {
			follow_child(k, &spawn, watch, folder);
		} else {
			check_note(k, "it gives no filter for notifications: it is not tried on a process");
			k->component->made->ops.tracer.cancel(k->component->self, watch);
		}
	}
	free(spawn.filter);
	free(folder);
	if (fchdir(cwd))
		_exit(1);
	close(cwd);
}

const struct check_trial check_traces[] = {
	{ "a watch can be called off, and one that saw nothing says so", VT_KIND_TRACER, tracer_life, CHECK_PLAIN },
	{ "what a process does is told, by the names that it used", VT_KIND_TRACER, tracer_sees, CHECK_PLAIN },
	{ NULL, 0, NULL, CHECK_PLAIN },
};
