/* stamps: looks at the files that the task has written, while it goes on. */
#include "config.h"

#include "stamps.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "event.h"
#include "procs.h"
#include "trace.h"
#include "vt-plugin.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define MS INT64_C(1000000)

enum {
	FIRST_MS = 50,           /* from a write to the first look */
	MOST_MS = 2000,          /* between two looks */
	SHARE = 100,             /* a look that took 1 ms is followed by 100 ms without one */
	STAMPS_MAX = 1 << 16,    /* files */
	CALLS_MAX = 1 << 16,     /* threads */
	AT_ONCE = 1024,          /* files in one look */
	LOG_TRIES = 3,
	RAN_TICKS = 3,           /* a thread that still is in a call may be taken for one outside for a tick at most */
};

static int64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 * MS + t.tv_nsec;
}

/* The thread's first malloc would make a heap arena: others' memory only grows. */
bool stamps_init(struct stamps *s)
{
	*s = (struct stamps){ .room = 64, .calls_size = 64, .distance_ns = FIRST_MS * MS };
	s->at = malloc(s->room * sizeof *s->at);
	s->waiting = malloc(s->room * sizeof *s->waiting);
	s->calls = calloc(s->calls_size, sizeof *s->calls);
	return s->at && s->waiting && s->calls;
}

void stamps_free(struct stamps *s)
{
	free(s->at);
	free(s->waiting);
	free(s->calls);
	holders_free(&s->holders);
}

/* ---- when ------------------------------------------------------------------------- */

static void set_timer(struct stamps *s, int64_t after_ns)
{
	struct itimerspec when = { 0 };

	if (!s->has_timer)
		return;
	/* again and again: a signal just before the wait is lost */
	when.it_value = when.it_interval = (struct timespec){ .tv_sec = after_ns / (1000 * MS), .tv_nsec = after_ns % (1000 * MS) };
	timer_settime(s->timer, 0, &when, NULL);
}

static void make_timer(struct watch *w)
{
	struct stamps *s = &w->stamps;
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = WAKE_SIGNAL };

	if (s->has_timer || !w->wakes || w->how != VT_FILTER_NOTIFY)
		return;
	event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
	s->has_timer = timer_create(CLOCK_MONOTONIC, &event, &s->timer) == 0;
}

static void plan_look(struct watch *w, int64_t now)
{
	struct stamps *s = &w->stamps;

	make_timer(w);
	s->due_ns = now + s->distance_ns;
	if (s->due_ns < s->earliest_ns)
		s->due_ns = s->earliest_ns;
	set_timer(s, s->due_ns - now);
}

static void plan_none(struct stamps *s)
{
	s->due_ns = 0;
	s->distance_ns = FIRST_MS * MS;
	set_timer(s, 0);
}

static void give_up(struct stamps *s)
{
	s->off = true;
	s->n = s->waiting_n = 0;
	plan_none(s);
}

bool stamps_due(const struct stamps *s)
{
	return s->due_ns && now_ns(CLOCK_MONOTONIC) >= s->due_ns;
}

int stamps_wait_ms(const struct stamps *s)
{
	int64_t left;

	if (!s->due_ns)
		return -1;
	left = s->due_ns - now_ns(CLOCK_MONOTONIC);
	return left <= 0 ? 0 : (int)(left / MS + 1);
}

void stamps_end(struct stamps *s)
{
	if (s->has_timer)
		timer_delete(s->timer);
	s->has_timer = false;
	s->due_ns = 0;
	s->ended = true;
}

/* ---- calls that may not be over ------------------------------------------------------ */

static struct stamp_call *call_of(const struct stamps *s, uint32_t tid)
{
	uint32_t slot = tid * 0x9e3779b1u & (s->calls_size - 1);

	while (s->calls[slot].tid && s->calls[slot].tid != tid)
		slot = (slot + 1) & (s->calls_size - 1);
	return &s->calls[slot];
}

void stamps_called(struct stamps *s, uint32_t tid)
{
	if (s->calls_n)
		call_of(s, tid)->over = true;
}

/* Keeps the calls that are not over, in a table of this size. */
static bool keep_calls(struct stamps *s, uint32_t size)
{
	struct stamp_call *before = s->calls;
	const uint32_t n = s->calls_size;
	uint32_t i;

	s->calls = calloc(size, sizeof *s->calls);
	if (!s->calls) {
		s->calls = before;
		return false;
	}
	s->calls_size = size;
	s->calls_n = 0;
	for (i = 0; i < n; i++)
		if (before[i].tid && !before[i].over) {
			*call_of(s, before[i].tid) = before[i];
			s->calls_n++;
		}
	free(before);
	return true;
}

void stamps_changing(struct stamps *s, uint32_t tid, int number)
{
	struct stamp_call *call;

	if (s->off)
		return;
	if (s->calls_n * 2 >= s->calls_size && (s->calls_size >= CALLS_MAX || !keep_calls(s, s->calls_size * 2))) {
		give_up(s);
		return;
	}
	call = call_of(s, tid);
	s->calls_n += !call->tid;
	*call = (struct stamp_call){ .tid = tid, .number = (int16_t)number };
}

/* Has the thread run for a while outside of the kernel since an earlier look? */
static bool has_run(struct stamp_call *call)
{
	const uint64_t ran = procs_ran(call->tid);

	if (!call->timed) {
		call->timed = true;
		call->ran = ran;
	}
	return ran >= call->ran + RAN_TICKS;
}

/* Is the thread gone, does it wait in another call, or has it run since? */
static bool is_over(struct stamp_call *call)
{
	char path[64], text[32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%u/syscall", call->tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return !procs_lives(call->tid);
	n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return !procs_lives(call->tid);
	text[n] = '\0';
	if (text[0] == 'r')              /* "running" */
		return has_run(call);
	/* -1: it waits, and not in a call */
	return strtol(text, NULL, 10) != call->number;
}

static bool calls_are_over(struct stamps *s)
{
	bool ret = true;
	uint32_t i;

	for (i = 0; i < s->calls_size && s->calls_n; i++) {
		struct stamp_call *call = &s->calls[i];

		if (call->tid && !call->over)
			ret &= call->over = is_over(call);
	}
	keep_calls(s, s->calls_size);
	return ret;
}

/* ---- what was written --------------------------------------------------------------- */

void stamps_blind(struct stamps *s)
{
	s->blind = ++s->turn;
}

static bool make_room(struct stamps *s)
{
	struct stamp *at;
	uint32_t *waiting;

	if (s->n < s->room)
		return true;
	if (s->room >= STAMPS_MAX)
		return false;
	at = realloc(s->at, s->room * 2 * sizeof *at);
	if (at)
		s->at = at;
	waiting = realloc(s->waiting, s->room * 2 * sizeof *waiting);
	if (waiting)
		s->waiting = waiting;
	if (at && waiting)
		s->room *= 2;
	return at && waiting;
}

static void wait_for_look(struct watch *w, uint32_t i)
{
	struct stamps *s = &w->stamps;

	s->at[i].looks = 0;
	s->waiting[s->waiting_n++] = i;
	if (!s->due_ns && !s->ended)
		plan_look(w, now_ns(CLOCK_MONOTONIC));
}

void stamps_wrote(struct watch *w, const char *path, size_t length, bool content)
{
	struct stamps *s = &w->stamps;
	uint32_t index = s->off ? 0 : notes_name(&w->notes, path, length);
	struct name *name = &w->notes.names[index];

	s->turn++;
	if (!index) {
		s->blind = s->turn;
		return;
	}
	name->wrote = s->turn;
	if (name->stamp) {
		if (s->at[name->stamp - 1].looks == STAMPED)
			wait_for_look(w, name->stamp - 1);
		return;
	}
	if (!content || !watch_has(w, path, length) || !make_room(s))
		return;
	s->at[s->n] = (struct stamp){ .name = index };
	name->stamp = ++s->n;
	wait_for_look(w, s->n - 1);
}

/* ---- looking ------------------------------------------------------------------------ */

bool stamps_state(struct watch *w, const char *path, struct stamp_state *ret)
{
	const char *name = path;
	struct statx st;

	if (watch_has(w, path, strlen(path)))
		for (name += w->ground.root_length; *name == '/'; name++)
			;
	if (!*name || statx(w->ground.root, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &st) != 0 ||
	    !S_ISREG(st.stx_mode) || st.stx_nlink != 1 || !look_is_quick(&w->ground, st.stx_dev_major, st.stx_dev_minor))
		return false;
	*ret = (struct stamp_state){
		.device = (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor, .inode = st.stx_ino, .size = st.stx_size,
		.mtime_ns = st.stx_mtime.tv_sec * 1000 * MS + st.stx_mtime.tv_nsec,
	};
	return true;
}

bool stamp_states_agree(const struct stamp_state *a, const struct stamp_state *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size && a->mtime_ns == b->mtime_ns;
}

/* Looks at one file. False: it waits no more. */
static bool look_at_file(struct watch *w, struct stamp *stamp)
{
	struct stamps *s = &w->stamps;
	const struct name *name = &w->notes.names[stamp->name];
	struct stamp_state state;

	if (!stamps_state(w, name->text, &state)) {
		w->notes.names[stamp->name].stamp = 0;    /* until it is written again */
		return false;
	}
	if (holders_have(&s->holders, state.inode)) {
		stamp->looks = 0;
	} else if (stamp->looks && stamps_holds(w, stamp) && stamp_states_agree(&state, &stamp->state)) {
		stamp->looks = STAMPED;
		return false;
	} else {
		stamp->looks = 1;
		stamp->state = state;
		stamp->turn = s->turn;
	}
	return true;
}

static void look_at_files(struct watch *w)
{
	struct stamps *s = &w->stamps;
	uint32_t i, n = s->waiting_n < AT_ONCE ? s->waiting_n : AT_ONCE;

	s->looks++;
	for (i = 0; i < n && s->waiting_n; i++) {
		struct stamp *stamp;

		if (s->next >= s->waiting_n)
			s->next = 0;
		stamp = &s->at[s->waiting[s->next]];
		if (stamp->look == s->looks || look_at_file(w, stamp))
			s->next++;
		else
			s->waiting[s->next] = s->waiting[--s->waiting_n];
		stamp->look = s->looks;
	}
}

/* A program sets times by a descriptor, which may be open for reading only: all stamps are taken again. */
static void look_at_times(struct watch *w)
{
	struct stamps *s = &w->stamps;
	uint32_t told = log_times_set(&w->log), i;

	if (told == s->times_set)
		return;
	s->times_set = told;
	stamps_blind(s);
	for (i = 0; i < s->n; i++)
		if (s->at[i].looks == STAMPED && w->notes.names[s->at[i].name].stamp == i + 1)
			wait_for_look(w, i);
}

/* Is every call over that the log tells of? */
static bool log_is_at_rest(struct watch *w)
{
	int i;

	for (i = 0; i < LOG_TRIES; i++) {
		event_read_log(w);
		if (log_is_read(&w->log))
			return true;
	}
	return false;
}

/* An overlay tells other inodes of mapped files than of the same files when they are asked for. */
static bool hides_maps(const struct watch *w)
{
	struct statfs fs;

	return fstatfs(w->ground.root, &fs) != 0 || (unsigned long)fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

void stamps_look(struct watch *w)
{
	struct stamps *s = &w->stamps;
	const int64_t began = now_ns(CLOCK_THREAD_CPUTIME_ID);
	int64_t now;

	if (w->ground.careful || w->world.rooted || w->escape || w->ground.root < 0 || !w->above || (s->maps && hides_maps(w))) {
		give_up(s);
		return;
	}
	if (log_is_at_rest(w) && calls_are_over(s)) {
		look_at_times(w);
		if (holders_look(&s->holders, w->above, s->maps))
			look_at_files(w);
	}
	now = now_ns(CLOCK_MONOTONIC);
	s->earliest_ns = now + SHARE * (now_ns(CLOCK_THREAD_CPUTIME_ID) - began);
	if (!s->waiting_n) {
		plan_none(s);
		return;
	}
	s->distance_ns = s->distance_ns * 2 < MOST_MS * MS ? s->distance_ns * 2 : MOST_MS * MS;
	plan_look(w, now);
}

bool stamps_holds(struct watch *w, const struct stamp *stamp)
{
	const struct stamps *s = &w->stamps;

	return w->notes.names[stamp->name].wrote <= stamp->turn && s->blind <= stamp->turn && log_times_set(&w->log) == s->times_set;
}
