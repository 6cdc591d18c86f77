/* trace-host: runs a command under a tracer plugin and prints what was seen.
 *
 *   trace-host [-r ROOT] [-o FILE] [-n|-f|-p|-s] [-t FILE] PLUGIN.so COMMAND [ARGUMENT...]
 *
 * One record a line: OP FLAGS PATH [OTHER], tabs between, control characters and
 * backslashes as \ooo. Then "complete", or "incomplete" and why. -n: no filter is
 * installed. -f: the plugin gets no listener; what a call costs at least is done here,
 * receive, read, go on, and nothing noted: the floor that no tracer of this kind gets
 * below. -s: the shim is off. -p: no signal is caught, so that the tracer must poll. -t: a line is
 * added to FILE, CPU time of all processes, this one too, wall time and that of `stop`,
 * in microseconds; then records are not printed, which would take longer than they did
 * to make. The exit status is the command's.
 *
 * The smallest host there is: it installs the filter in a child, hands over the
 * listener and goes on answering for what outlives the command. */
#define _GNU_SOURCE
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "turns.h"
#include "vt-plugin.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1UL
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

static FILE *out;
static int quiet;
static struct sock_filter program[4096];
static size_t program_size;
static char complaint[600], preloaded[PATH_MAX];

static void report(vt_call *call, uint32_t level, const char *code, vt_bytes text)
{
	(void)call;
	if (level >= VT_REPORT_INFO)
		snprintf(complaint, sizeof complaint, "%s: %.*s", code, (int)text.size, (const char *)text.data);
	else if (getenv("TRACE_HOST_DEBUG"))
		fprintf(stderr, "%s: %.*s\n", code, (int)text.size, (const char *)text.data);
}

static int stopping(vt_call *call)
{
	(void)call;
	return 0;
}

static int64_t left_ms(vt_call *call)
{
	(void)call;
	return INT64_MAX;
}

static vt_status take_filter(vt_spawn *spawn, vt_call *call, uint32_t how, vt_bytes bytes)
{
	(void)spawn;
	(void)call;
	if (how == VT_FILTER_NOTIFY && bytes.size <= sizeof program) {
		memcpy(program, bytes.data, bytes.size);
		program_size = bytes.size;
	}
	return VT_OK;
}

static vt_status take_preload(vt_spawn *spawn, vt_call *call, vt_bytes file)
{
	(void)spawn;
	(void)call;
	snprintf(preloaded, sizeof preloaded, "%.*s", (int)file.size, (const char *)file.data);
	return VT_OK;
}

/* Behind what is to be loaded anyway. */
static void preload(void)
{
	const char *before = getenv("LD_PRELOAD");
	char both[2 * PATH_MAX];

	snprintf(both, sizeof both, "%s%s%s", before ? before : "", before && *before ? ":" : "", preloaded);
	setenv("LD_PRELOAD", both, 1);
}

static void print_bytes(vt_bytes b)
{
	const unsigned char *p = b.data;
	size_t i;

	for (i = 0; i < b.size; i++)
		if (p[i] < 32 || p[i] == '\\' || p[i] == 127)
			fprintf(out, "\\%03o", p[i]);
		else
			putc(p[i], out);
}

/* "c" and its id in hexadecimal, "l" and its target, or the letters alone. */
static void print_state(vt_bytes b)
{
	const unsigned char *p = b.data;

	if (*p != 'c') {
		print_bytes(b);
		return;
	}
	putc('c', out);
	for (size_t i = 1; i <= 16; i++)
		fprintf(out, "%02x", p[i]);
	print_bytes((vt_bytes){ p + 33, b.size - 33 });
}

static vt_status take_notes(vt_notes *notes, vt_call *call, const vt_seen *seen, uint32_t n)
{
	static const char *const ops[] = { "?", "READ", "WRITE", "PROBE", "LIST", "RENAME", "EXEC" };
	uint32_t i;

	(void)notes;
	(void)call;
	for (i = 0; i < n && !quiet; i++) {
		uint16_t f = seen[i].flags;

		fprintf(out, "%s\t%s%s%s%s%s%s\t", seen[i].op == VT_SEEN_BEFORE ? "BEFORE" : ops[seen[i].op <= VT_SEEN_EXEC ? seen[i].op : 0],
			f & VT_SEEN_REMOVED ? "r" : "", f & VT_SEEN_DIRECTORY ? "d" : "", f & VT_SEEN_NOFOLLOW ? "l" : "",
			f & VT_SEEN_SETUID ? "s" : "", f & VT_SEEN_ATTRIBUTE ? "a" : "", f ? "" : "-");
		print_bytes(seen[i].name);
		if (seen[i].op == VT_SEEN_BEFORE && !(f & VT_SEEN_THERE))
			fputs(f & VT_SEEN_ABSENT ? "\tabsent" : "\tunknown", out);
		else if (seen[i].op == VT_SEEN_BEFORE) {
			putc('\t', out);
			print_state(seen[i].other);
		} else if (seen[i].other.size) {
			putc('\t', out);
			print_bytes(seen[i].other);
		}
		putc('\n', out);
	}
	return VT_OK;
}

static void on_wake(int signum)
{
	(void)signum;
}

static void die(const char *what)
{
	fprintf(stderr, "trace-host: %s: %s\n", what, errno ? strerror(errno) : "");
	exit(125);
}

/* As a shell would find it: the search must not be in the trace. */
static const char *find(const char *name)
{
	static char path[PATH_MAX];
	const char *p = getenv("PATH"), *end;

	if (strchr(name, '/'))
		return name;
	for (p = p ? p : "/bin"; *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, ':');
		snprintf(path, sizeof path, "%.*s/%s", (int)(end - p), p, name);
		if (!access(path, X_OK))
			return path;
	}
	errno = ENOENT;
	die(name);
	return NULL;
}

static void send_fd(int socket, int fd)
{
	union { struct cmsghdr h; char room[CMSG_SPACE(sizeof(int))]; } c = { .h = { 0 } };
	struct iovec v = { &fd, sizeof fd };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	if (fd >= 0) {
		m.msg_control = &c;
		m.msg_controllen = sizeof c.room;
		c.h.cmsg_len = CMSG_LEN(sizeof fd);
		c.h.cmsg_level = SOL_SOCKET;
		c.h.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&c.h), &fd, sizeof fd);
	}
	if (sendmsg(socket, &m, 0) < 0)
		_exit(125);
}

/* The listener, or the negative errno that came instead of it. */
static int receive_fd(int socket)
{
	union { struct cmsghdr h; char room[CMSG_SPACE(sizeof(int))]; } c;
	int fd;
	struct iovec v = { &fd, sizeof fd };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof c.room };

	if (recvmsg(socket, &m, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof fd)
		die("no word from the child");
	if (CMSG_FIRSTHDR(&m))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
	return fd;
}

static int install(void)
{
	size_t i;

	static const unsigned long flags[] = {
		SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
		SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		SECCOMP_FILTER_FLAG_NEW_LISTENER,
	};
	struct sock_fprog p = { (unsigned short)(program_size / sizeof *program), program };
	long fd = -1;

	for (i = 0; i < sizeof flags / sizeof *flags; i++) {
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags[i], &p);
		if (fd < 0 && errno == EACCES && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
			fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags[i], &p);
		if (fd >= 0 || errno != EINVAL)
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}

static pid_t spawn(int filtered, char **argv, int *listener)
{
	const char *path = find(argv[0]);
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		die("socketpair");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		if (filtered) {
			int fd = install();

			send_fd(pair[1], fd);
			if (fd >= 0)
				close(fd);
			if (fd >= 0 && *preloaded)
				preload();
		}
		execv(path, argv);
		_exit(127);
	}
	close(pair[1]);
	*listener = filtered ? receive_fd(pair[0]) : -1;
	close(pair[0]);
	return pid;
}

/* As the tracer does: without it threads that work side by side gather on one processor. */
static void wake_on_callers_cpu(int listener, int on)
{
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, on ? SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP : 0UL);
}

/* Answers until no process is left under the filter. */
static void *answer_least(void *arg)
{
	struct { struct seccomp_notif n; char more[400]; } in;
	int listener = *(const int *)arg;
	struct turns turns = { .calls = 0 };
	char path[256];

	for (;;) {
		struct seccomp_notif_resp reply = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
		struct pollfd p = { .fd = listener, .events = POLLIN };
		struct iovec to = { path, sizeof path }, from;

		memset(&in, 0, sizeof in);
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &in)) {
			if (poll(&p, 1, 0) > 0 && !(p.revents & POLLIN))
				return NULL;
			continue;
		}
		turns_count(&turns, in.n.pid);
		/* the path is one of the two arguments; its page is likely in memory */
		from.iov_base = (void *)(uintptr_t)in.n.data.args[in.n.data.args[0] < 4096 || in.n.data.args[0] > INT64_MAX ||
							       (int32_t)in.n.data.args[0] == AT_FDCWD];
		from.iov_len = 4096 - (uintptr_t)from.iov_base % 4096;
		from.iov_len = from.iov_len < sizeof path ? from.iov_len : sizeof path;
		(void)!process_vm_readv((pid_t)in.n.pid, &to, 1, &from, 1, 0);
		reply.id = in.n.id;
		if (turns.mixed)
			wake_on_callers_cpu(listener, 0);
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
		if (turns.mixed)
			wake_on_callers_cpu(listener, 1);
	}
}

/* What the supervisor does for processes that outlive a step. */
static void answer_on(int listener)
{
	struct { struct seccomp_notif n; char more[400]; } in;
	struct seccomp_notif_resp reply;
	struct pollfd p = { .fd = listener, .events = POLLIN };

	if (fork())
		return;
	setsid();
	while (poll(&p, 1, 60000) > 0 && (p.revents & POLLIN)) {
		memset(&in, 0, sizeof in);
		memset(&reply, 0, sizeof reply);
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &in))
			continue;
		reply.id = in.n.id;
		reply.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
	}
	_exit(0);
}

static long long cpu_us(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000LL + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static long long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void add_times(const char *file, long long wall, long long stop)
{
	FILE *f = fopen(file, "ae");

	if (!f)
		die(file);
	fprintf(f, "%lld %lld %lld\n", cpu_us(RUSAGE_SELF) + cpu_us(RUSAGE_CHILDREN), wall, stop);
	fclose(f);
}

int main(int argc, char **argv)
{
	struct vt_call call = { .struct_size = sizeof call, .report = report, .stopping = stopping, .left_ms = left_ms };
	vt_host host = { .struct_size = sizeof host, .abi_major = VT_ABI_MAJOR, .version = "test" };
	vt_spawn edits = { .struct_size = sizeof edits, .filter = take_filter, .preload = take_preload };
	const char *shim = "1";
	vt_notes notes = { .struct_size = sizeof notes, .add = take_notes };
	vt_step step = { .struct_size = sizeof step, .flags = VT_STEP_INPUT_AUTO };
	const vt_plugin *(*entry)(uint32_t);
	const vt_component *c;
	const vt_tracer_ops *ops;
	char root[PATH_MAX] = "";
	const char *file = NULL, *times = NULL;
	struct sigaction wake = { .sa_handler = on_wake };
	int option, filtered = 1, least = 0, listener, copy, status;
	pthread_t floor;
	long long begin, end;
	vt_status result;
	void *so, *self, *watch = NULL;
	pid_t pid;

	while ((option = getopt(argc, argv, "+r:o:nfpst:")) != -1)
		switch (option) {
		case 'r': snprintf(root, sizeof root, "%s", optarg); break;
		case 'o': file = optarg; break;
		case 'n': filtered = 0; break;
		case 'f': least = 1; break;
		case 's': shim = "0"; break;
		case 'p': wake.sa_handler = SIG_DFL; break;
		case 't': times = optarg; quiet = 1; break;
		default: return 2;
		}
	if (argc - optind < 2)
		return 2;
	if (!*root && !getcwd(root, sizeof root))
		die("getcwd");
	out = file ? fopen(file, "we") : fdopen(dup(2), "w");
	if (!out)
		die(file);
	so = dlopen(argv[optind], RTLD_NOW | RTLD_LOCAL);
	if (!so) {
		fprintf(stderr, "trace-host: %s\n", dlerror());
		return 125;
	}
	*(void **)&entry = dlsym(so, "vt_plugin_entry");
	c = entry(VT_ABI_MAJOR)->components[0];
	ops = c->ops;
	step.root = (vt_bytes){ root, strlen(root) };
	sigaction(SIGURG, &wake, NULL);
	/* surviving processes stay below this one, as below vt's supervisor */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (c->create(&host, &call, &self) != VT_OK || (c->set && c->set(self, &call, "shim", (vt_bytes){ shim, strlen(shim) }) != VT_OK) || ops->start(self, &call, &step, &edits, &watch) != VT_OK)
		die(complaint);
	begin = now_us();
	pid = spawn(filtered, argv + optind + 1, &listener);
	copy = listener >= 0 ? fcntl(listener, F_DUPFD_CLOEXEC, 3) : -1;
	if (least) {
		wake_on_callers_cpu(listener, 1);
		if (listener < 0 || pthread_create(&floor, NULL, answer_least, &listener))
			die("the floor");
	} else if (filtered)
		ops->attach(self, &call, watch, listener >= 0 ? VT_FILTER_NOTIFY : VT_FILTER_NONE, listener);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	end = now_us();
	if (least)
		pthread_join(floor, NULL);
	if (filtered && !least) {
		result = ops->stop(self, &call, watch, &notes);
		fprintf(out, result == VT_OK ? "complete\n" : "incomplete\t%s\n", complaint);
	} else {
		ops->cancel(self, watch);
	}
	if (times)
		add_times(times, now_us() - begin, now_us() - end);
	fclose(out);
	if (copy >= 0)
		answer_on(copy);
	c->destroy(self);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
