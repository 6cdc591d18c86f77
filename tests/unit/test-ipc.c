/* The channel: a real server on a real loop, the real client and raw sockets on
 * threads and in processes beside it. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/env.h"
#include "client/vt-client.h"
#include "client/wire.h"
#include "fact/seen.h"
#include "ipc/endpoint.h"
#include "ipc/server.h"
#include "os/file.h"
#include "os/loop.h"

/* One step's channel, and a story that uses it. */
struct stage {
	struct arena *arena;
	const struct env *env;         /* source of the answers */
	struct loop *loop;
	struct endpoint *endpoint;
	struct server *server;
	struct seen seen;
	const char *name;              /* of the endpoint */
	void (*story)(struct stage *);
	_Atomic(const char *) wrong;   /* the first CHECK that did not hold */
	bool finished;
	int64_t stopped_ms, done_ms;
	bool done_at_once;             /* the server ended before a timer of 0 ms that was started after server_stop */
};

/* cmocka's own cannot be used on another thread. */
#define STRING2(x) #x
#define STRING(x) STRING2(x)
#define CHECK(s, what) do { if (!(what) && !(s)->wrong) (s)->wrong = "line " STRING(__LINE__) ": " #what; } while (0)

static char folder[64];

/* The end of a forked child. All well means SIGKILL, so that valgrind does not look
 * for leaks in what fork left of the parent's threads. */
static _Noreturn void leave(int code)
{
	if (!code)
		raise(SIGKILL);
	_exit(code);
}

static int left(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return 99;
	return WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status) == SIGKILL ? 0 : 128 + WTERMSIG(status);
}

static const struct env *session(struct arena *a)
{
	return env_with(a, NULL, &(struct env_pair){ "XDG_RUNTIME_DIR", folder }, 1);
}

static void on_done(void *ctx)
{
	struct stage *s = ctx;

	s->done_ms = os_now_ms();
	s->finished = true;
	server_free(s->server);
	s->server = NULL;
}

static void look(void *ctx)
{
	struct stage *s = ctx;

	s->done_at_once = s->finished;
}

static void stop(void *ctx)
{
	struct stage *s = ctx;

	s->stopped_ms = os_now_ms();
	server_stop(s->server, on_done, s);
	timer_start(s->loop, 0, look, s);
}

static void *tell(void *ctx)
{
	struct stage *s = ctx;

	s->story(s);
	loop_post(s->loop, stop, s);
	return NULL;
}

static void open_stage(struct stage *s, const struct env_pair *env, uint32_t n)
{
	struct err err = { 0 };

	memset(s, 0, sizeof *s);
	s->arena = arena_new();
	s->env = env_with(s->arena, NULL, env, n);
	assert_int_equal(loop_new(&s->loop, &err), 0);
	assert_int_equal(endpoint_new(session(s->arena), NULL, &s->endpoint, &err), 0);
	seen_init(&s->seen, "/w", NULL, NULL, NULL);
	assert_int_equal(server_start(s->loop, s->endpoint, NULL, s->env, &s->seen, &s->server, &err), 0);
	s->name = arena_str(s->arena, server_name(s->server));
}

static void run_stage(struct stage *s, void (*story)(struct stage *))
{
	pthread_t thread;

	s->story = story;
	assert_int_equal(pthread_create(&thread, NULL, tell, s), 0);
	while (!s->finished)
		loop_run(s->loop);
	pthread_join(thread, NULL);
	if (s->wrong)
		fail_msg("%s", s->wrong);
}

static void close_stage(struct stage *s)
{
	struct stat st;

	assert_int_equal(stat(s->name, &st), -1);        /* nothing is left of the endpoint */
	server_free(s->server);
	loop_free(s->loop);
	endpoint_free(s->endpoint);
	seen_free(&s->seen);
	arena_free(s->arena);
}

/* Everything noted, as "op:name" joined by spaces. */
static const char *noted(struct stage *s)
{
	static const char *const words[] = { [VT_SEEN_ENV] = "env", [VT_SEEN_ENV_GLOB] = "glob", [VT_SEEN_ENV_PREFIX] = "prefix",
					     [VT_SEEN_IGNORE_INPUT] = "input", [VT_SEEN_IGNORE_OUTPUT] = "output" };
	const char *ret = "";
	uint32_t i;

	for (i = 0; i < s->seen.n; i++)
		ret = arena_printf(s->arena, "%s%s%s:%.*s", ret, i ? " " : "", words[s->seen.at[i].op], (int)s->seen.at[i].name.size,
				   (const char *)s->seen.at[i].name.data);
	return ret;
}

static const struct env_pair usual[] = {
	{ "A", "1" }, { "EMPTY", "" }, { "VITE_B", "b" }, { "VITE_A", "a" }, { "VITEX", "x" }, { "NO\377UTF", "n" }, { "BYTES", "\377\1" },
};

static void play(void (*story)(struct stage *), struct stage *s)
{
	open_stage(s, usual, COUNT(usual));
	run_stage(s, story);
}

/* ---- answers ----------------------------------------------------------------- */

static int collect(void *ctx, const char *name, const char *value, size_t size)
{
	char *to = ctx;

	snprintf(to + strlen(to), 200 - strlen(to), "%s=%.*s;", name, (int)size, value);
	return 0;
}

static bool list_is(vt_client *c, int kind, const char *text, int tracked, const char *want)
{
	char got[200] = "";

	return vt_client_get_envs(c, kind, text, tracked, collect, got) == VT_CLIENT_OK && strcmp(got, want) == 0;
}

static bool env_is(vt_client *c, const char *name, int tracked, const char *want)
{
	char *value;
	size_t size;
	int r = vt_client_get_env(c, name, tracked, &value, &size);
	bool same;

	if (r != VT_CLIENT_OK)
		return r == VT_CLIENT_NONE && !want;
	same = want && size == strlen(want) && memcmp(value, want, size + 1) == 0;
	vt_client_free(value);
	return same;
}

static void ask_all(struct stage *s)
{
	vt_client *c = NULL;

	CHECK(s, vt_client_open(s->name, 0, &c) == VT_CLIENT_OK);
	CHECK(s, env_is(c, "A", 1, "1"));
	CHECK(s, env_is(c, "EMPTY", 1, ""));
	CHECK(s, env_is(c, "UNSET", 1, NULL));
	CHECK(s, env_is(c, "ONLY_LIVE", 1, NULL));
	CHECK(s, env_is(c, "VITE_A", 0, "a"));
	CHECK(s, env_is(c, "BYTES", 0, "\377\1"));
	CHECK(s, env_is(c, "", 1, NULL));
	CHECK(s, env_is(c, "A=1", 1, NULL));
	CHECK(s, env_is(c, "A", 1, "1"));
	CHECK(s, list_is(c, VT_CLIENT_PREFIX, "VITE_", 1, "VITE_A=a;VITE_B=b;"));
	CHECK(s, list_is(c, VT_CLIENT_PREFIX, "V*", 0, ""));
	CHECK(s, list_is(c, VT_CLIENT_GLOB, "VITE*", 0, "VITEX=x;VITE_A=a;VITE_B=b;"));
	CHECK(s, list_is(c, VT_CLIENT_GLOB, "{A,EMPTY}", 1, "A=1;EMPTY=;"));
	CHECK(s, list_is(c, VT_CLIENT_GLOB, "a", 1, ""));
	CHECK(s, list_is(c, VT_CLIENT_GLOB, "NO*", 0, ""));
	CHECK(s, list_is(c, VT_CLIENT_PREFIX, "", 0, "A=1;BYTES=\377\1;EMPTY=;VITEX=x;VITE_A=a;VITE_B=b;"));
	CHECK(s, vt_client_sync(c) == VT_CLIENT_OK);
	vt_client_close(c);
}

static void answers_come_from_the_given_map_and_tracked_questions_are_noted_once(void **state)
{
	struct stage s;

	(void)state;
	setenv("ONLY_LIVE", "1", 1);
	setenv("A", "live", 1);
	play(ask_all, &s);
	assert_string_equal(noted(&s), "env:A env:EMPTY env:UNSET env:ONLY_LIVE env: env:A=1 prefix:VITE_ glob:{A,EMPTY} glob:a");
	assert_null(s.seen.broken);
	assert_false(s.seen.opted_out);
	close_stage(&s);
}

static void ask_untracked_then_tracked(struct stage *s)
{
	vt_client *c = NULL;

	CHECK(s, vt_client_open(s->name, 0, &c) == VT_CLIENT_OK);
	CHECK(s, env_is(c, "A", 0, "1"));
	CHECK(s, env_is(c, "A", 1, "1"));
	CHECK(s, env_is(c, "A", 0, "1"));
	CHECK(s, list_is(c, VT_CLIENT_PREFIX, "VITE_A", 1, "VITE_A=a;"));
	CHECK(s, list_is(c, VT_CLIENT_GLOB, "VITE_A", 1, "VITE_A=a;"));
	vt_client_close(c);
}

static void a_tracked_name_stays_tracked_and_one_text_as_glob_and_prefix_is_two_queries(void **state)
{
	struct stage s;

	(void)state;
	play(ask_untracked_then_tracked, &s);
	assert_string_equal(noted(&s), "env:A prefix:VITE_A glob:VITE_A");
	close_stage(&s);
}

static void ignore_paths(struct stage *s)
{
	vt_client *c = NULL;

	CHECK(s, vt_client_open(s->name, 0, &c) == VT_CLIENT_OK);
	CHECK(s, vt_client_ignore_input(c, "/w/dist") == VT_CLIENT_OK);
	CHECK(s, vt_client_ignore_input(c, "/w/dist") == VT_CLIENT_OK);
	CHECK(s, vt_client_ignore_output(c, "a/../b") == VT_CLIENT_OK);
	CHECK(s, vt_client_ignore_output(c, "") == VT_CLIENT_ARGUMENT && errno == EINVAL);
	vt_client_close(c);
}

static void ignored_paths_are_absolute_when_they_arrive(void **state)
{
	char here[4096];
	struct stage s;

	(void)state;
	play(ignore_paths, &s);
	assert_non_null(getcwd(here, sizeof here));
	assert_string_equal(noted(&s), arena_printf(s.arena, "input:/w/dist output:%s/a/../b", here));
	assert_null(s.seen.broken);
	close_stage(&s);
}

static int count(void *ctx, const char *name, const char *value, size_t size)
{
	(void)name;
	(void)value;
	*(size_t *)ctx += size;
	return 0;
}

static void ask_large(struct stage *s)
{
	vt_client *c = NULL;
	size_t total = 0;
	char *value;
	size_t size = 0;

	CHECK(s, vt_client_open(s->name, 0, &c) == VT_CLIENT_OK);
	CHECK(s, vt_client_get_envs(c, VT_CLIENT_PREFIX, "BIG_", 1, count, &total) == VT_CLIENT_OK);
	CHECK(s, total == 10 * 120000);
	CHECK(s, vt_client_get_env(c, "BIG_3", 1, &value, &size) == VT_CLIENT_OK && size == 120000 && strlen(value) == size);
	vt_client_free(value);
	vt_client_close(c);
}

static void ten_large_values_come_in_one_answer(void **state)
{
	struct env_pair pairs[10];
	char names[10][16], *value = xmalloc(120001);
	struct stage s;
	int i;

	(void)state;
	memset(value, 'v', 120000);
	value[120000] = 0;
	for (i = 0; i < 10; i++) {
		snprintf(names[i], sizeof names[i], "BIG_%d", i);
		pairs[i] = (struct env_pair){ names[i], value };
	}
	open_stage(&s, pairs, 10);
	run_stage(&s, ask_large);
	assert_null(s.seen.broken);
	close_stage(&s);
	free(value);
}

static void ask_too_much(struct stage *s)
{
	vt_client *c = NULL;
	char *long_text = malloc(2 << 20);

	memset(long_text, 'x', 2 << 20);
	long_text[(2 << 20) - 1] = 0;
	CHECK(s, vt_client_open(s->name, 0, &c) == VT_CLIENT_OK);
	CHECK(s, vt_client_get_env(c, long_text, 1, NULL, NULL) == VT_CLIENT_ARGUMENT && errno == E2BIG);
	CHECK(s, env_is(c, "A", 1, "1"));
	long_text[(1 << 20) - 8] = 0;                   /* just fits */
	CHECK(s, env_is(c, long_text, 1, NULL));
	vt_client_close(c);
	free(long_text);
}

static void a_name_too_long_to_send_is_refused_and_the_client_stays_usable(void **state)
{
	struct stage s;

	(void)state;
	play(ask_too_much, &s);
	assert_null(s.seen.broken);
	assert_int_equal(s.seen.n, 2);
	close_stage(&s);
}

static void ask_bad_glob(struct stage *s)
{
	vt_client *c = NULL;

	CHECK(s, vt_client_open(s->name, 0, &c) == VT_CLIENT_OK);
	CHECK(s, vt_client_get_envs(c, VT_CLIENT_GLOB, "{unclosed\x1b[31m", 1, count, NULL) == VT_CLIENT_PATTERN);
	CHECK(s, env_is(c, "A", 1, "1"));
	vt_client_close(c);
	CHECK(s, vt_client_open(s->name, 0, &c) == VT_CLIENT_OK);
	CHECK(s, list_is(c, VT_CLIENT_GLOB, "VITE_*", 1, "VITE_A=a;VITE_B=b;"));
	vt_client_close(c);
}

static void a_bad_glob_fails_that_question_only_but_the_run_is_not_kept(void **state)
{
	struct stage s;

	(void)state;
	play(ask_bad_glob, &s);
	assert_string_equal(s.seen.broken, "invalid glob pattern from the task: \"{unclosed\\x1b[31m\"");
	close_stage(&s);
}

/* ---- coming and going -------------------------------------------------------- */

static int raw_connect(const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(a.sun_path, name, strlen(name) + 1);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static size_t raw_hello(const char *name, unsigned char *at)
{
	unsigned char token[WIRE_TOKEN];
	uint32_t pid;

	wire_parse_name(name, &pid, token);
	return wire_hello(at, WIRE_HELLO_SIZE, token);
}

static void a_message_is_heard_although_its_sender_left_before_it_was_accepted(void **state)
{
	unsigned char hello[WIRE_HELLO_SIZE];
	struct stage s;
	int fd;

	(void)state;
	open_stage(&s, usual, COUNT(usual));
	/* the loop does not run: no connection is accepted until the step has ended */
	fd = raw_connect(s.name);
	assert_int_equal(write(fd, hello, raw_hello(s.name, hello)), sizeof hello);
	assert_int_equal(write(fd, "\4\0\0\0\4\0\0\0", 8), 8);
	close(fd);
	stop(&s);
	while (!s.finished)
		loop_run(s.loop);
	assert_true(s.seen.opted_out);
	close_stage(&s);
}

static void opt_out_by_processes(struct stage *s)
{
	int i;

	for (i = 0; i < 500; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			vt_client *c;

			if (vt_client_open(s->name, 0, &c) != VT_CLIENT_OK || vt_client_disable_cache(c) != VT_CLIENT_OK)
				leave(1);
			leave(0);               /* killed at once */
		}
		CHECK(s, left(pid) == 0);
			}
}

static void an_opt_out_outlives_its_process(void **state)
{
	struct stage s;

	(void)state;
	play(opt_out_by_processes, &s);
	assert_true(s.seen.opted_out);
	assert_null(s.seen.broken);
	close_stage(&s);
}

static int stays;

static void stay_connected(struct stage *s)
{
	unsigned char hello[WIRE_HELLO_SIZE];

	stays = raw_connect(s->name);
	CHECK(s, write(stays, hello, raw_hello(s->name, hello)) == sizeof hello);
}

static void a_client_that_stays_connected_is_waited_for_two_seconds_and_the_run_is_not_kept(void **state)
{
	struct stage s;

	(void)state;
	play(stay_connected, &s);
	assert_string_equal(s.seen.broken, "a background process was still connected when the task ended");
	assert_in_range(s.done_ms - s.stopped_ms, 1900, 60000);
	close(stays);
	close_stage(&s);
}

static void nobody(struct stage *s)
{
	(void)s;
}

static void an_unused_channel_costs_no_waiting(void **state)
{
	struct stage s;

	(void)state;
	play(nobody, &s);
	assert_true(s.done_at_once);
	assert_null(s.seen.broken);
	close_stage(&s);
}

static void on_never(void *ctx)
{
	(void)ctx;
	fail();
}

static void a_server_can_be_dropped_at_any_time(void **state)
{
	unsigned char hello[WIRE_HELLO_SIZE];
	struct stage s;
	int fd;

	(void)state;
	open_stage(&s, usual, COUNT(usual));
	fd = raw_connect(s.name);
	assert_int_equal(write(fd, hello, raw_hello(s.name, hello)), sizeof hello);
	server_stop(s.server, on_never, NULL);
	server_free(s.server);
	s.server = NULL;
	loop_run(s.loop);
	close(fd);
	close_stage(&s);
}

static void call_a_dead_server(struct stage *s)
{
	vt_client *c = NULL;
	int out[2], status;
	pid_t runner;
	char name[WIRE_MAX_PATH + 1] = "";

	(void)s;
	/* a runner of its own, to be killed */
	CHECK(s, pipe(out) == 0);
	runner = fork();
	if (runner == 0) {
		struct stage own;

		open_stage(&own, usual, COUNT(usual));
		if (write(out[1], own.name, strlen(own.name)) < 0)
			leave(1);
		loop_run(own.loop);
		leave(2);
	}
	close(out[1]);
	CHECK(s, read(out[0], name, sizeof name - 1) > 0);
	close(out[0]);
	CHECK(s, vt_client_open(name, 0, &c) == VT_CLIENT_OK);
	CHECK(s, env_is(c, "A", 1, "1"));
	kill(runner, SIGKILL);
	waitpid(runner, &status, 0);
	CHECK(s, vt_client_get_env(c, "A", 1, NULL, NULL) == VT_CLIENT_FAILED && (errno == ECONNRESET || errno == EPIPE));
	CHECK(s, vt_client_get_env(c, "A", 1, NULL, NULL) == VT_CLIENT_FAILED);
	CHECK(s, vt_client_disable_cache(c) == VT_CLIENT_FAILED);
	vt_client_close(c);
	c = NULL;
	CHECK(s, vt_client_open(name, 0, &c) == VT_CLIENT_FAILED && errno == ECONNREFUSED);
	{
		/* the next endpoint sweeps what the killed runner left */
		struct arena *a = arena_new();
		struct endpoint *e;
		struct stat st;

		CHECK(s, stat(name, &st) == 0);
		CHECK(s, endpoint_new(session(a), NULL, &e, NULL) == 0);
		CHECK(s, stat(name, &st) < 0);
		CHECK(s, stat(s->name, &st) == 0);       /* but not the folder of a living runner */
		endpoint_free(e);
		arena_free(a);
	}
}

static void a_killed_runner_is_an_error_and_its_endpoint_is_swept(void **state)
{
	struct stage s;

	(void)state;
	signal(SIGPIPE, SIG_DFL);
	play(call_a_dead_server, &s);
	signal(SIGPIPE, SIG_IGN);
	close_stage(&s);
}

static void open_strange_names(struct stage *s)
{
	vt_client *c = NULL;
	char *bad = arena_str(s->arena, s->name);

	unsetenv("VP_RUN_IPC_NAME");
	CHECK(s, vt_client_open(NULL, 0, &c) == VT_CLIENT_NONE);
	CHECK(s, vt_client_open("", 0, &c) == VT_CLIENT_NONE);
	CHECK(s, vt_client_open("/etc/passwd", 0, &c) == VT_CLIENT_NONE);
	bad[strlen(bad) - 1] = bad[strlen(bad) - 1] == '0' ? '1' : '0';
	CHECK(s, vt_client_open(bad, 0, &c) == VT_CLIENT_FAILED && errno == ENOENT);
	setenv("VP_RUN_IPC_NAME", s->name, 1);
	CHECK(s, vt_client_open(NULL, 0, &c) == VT_CLIENT_OK);
	vt_client_close(c);
	/* the right place with the token of an earlier endpoint */
	CHECK(s, symlink(s->name, bad) == 0);
	CHECK(s, vt_client_open(bad, 0, &c) == VT_CLIENT_FAILED && errno == ECONNREFUSED);
	unlink(bad);
}

static void names_that_lead_nowhere_mean_no_runner_or_an_error(void **state)
{
	struct stage s;

	(void)state;
	play(open_strange_names, &s);
	assert_null(s.seen.broken);
	close_stage(&s);
}

/* ---- what is no frame -------------------------------------------------------- */

struct nonsense {
	const char *what;
	const char *bytes;
	size_t size;
	bool greet;
	const char *broken;            /* NULL: nothing is wrong */
};

#define BYTES(s) s, sizeof(s) - 1
static const struct nonsense nonsense[] = {
	{ "nothing", BYTES(""), true, NULL },
	{ "nothing at all", BYTES(""), false, NULL },
	{ "half a length", BYTES("\4\0"), true, "failed to read message from the task" },
	{ "half a head", BYTES("\4\0\0\0\4\0"), true, "failed to read message from the task" },
	{ "half a frame", BYTES("\x10\0\0\0\5\1\0\0\10\0\0\0NODE"), true, "failed to read message from the task" },
	{ "an oversized length", BYTES("\377\377\377\177\5\1\0\0"), true, "invalid message from the task" },
	{ "a length just over the limit", BYTES("\1\0\20\0\5\1\0\0"), true, "invalid message from the task" },
	{ "a length below its own head", BYTES("\3\0\0\0\4\0\0"), true, "invalid message from the task" },
	{ "an unknown type", BYTES("\4\0\0\0\x55\0\0\0"), true, "invalid message from the task" },
	{ "a reply", BYTES("\4\0\0\0\x87\0\0\0"), true, "invalid message from the task" },
	{ "an unknown flag", BYTES("\11\0\0\0\5\2\0\0\1\0\0\0A"), true, "invalid message from the task" },
	{ "a flag where none is", BYTES("\4\0\0\0\4\1\0\0"), true, "invalid message from the task" },
	{ "a zero that is none", BYTES("\4\0\0\0\4\0\1\0"), true, "invalid message from the task" },
	{ "trailing bytes", BYTES("\5\0\0\0\4\0\0\0x"), true, "invalid message from the task" },
	{ "a str past its frame", BYTES("\11\0\0\0\5\1\0\0\2\0\0\0A"), true, "invalid message from the task" },
	{ "a NUL in a name", BYTES("\12\0\0\0\5\1\0\0\2\0\0\0A\0"), true, "invalid message from the task" },
	{ "an unknown kind", BYTES("\12\0\0\0\6\1\0\0\2\1\0\0\0A"), true, "invalid message from the task" },
	{ "a relative path", BYTES("\14\0\0\0\2\0\0\0\4\0\0\0dist"), true, "non-absolute path from the task: \"dist\"" },
	{ "an empty path", BYTES("\10\0\0\0\3\0\0\0\0\0\0\0"), true, "non-absolute path from the task: \"\"" },
	{ "a second hello", BYTES("\4\0\0\0\1\0\0\0"), true, "invalid message from the task" },
	{ "no hello", BYTES("\4\0\0\0\4\0\0\0"), false, "invalid message from the task" },
	{ "another protocol", BYTES("GET / HTTP/1.1\r\n\r\n"), false, "invalid message from the task" },
};

static const struct nonsense *now;

static void say_nonsense(struct stage *s)
{
	unsigned char hello[WIRE_HELLO_SIZE], ok[WIRE_HEAD + 8];
	int fd = raw_connect(s->name);
	vt_client *c = NULL;

	if (now->greet) {
		CHECK(s, write(fd, hello, raw_hello(s->name, hello)) == sizeof hello);
		CHECK(s, read(fd, ok, sizeof ok) == sizeof ok);
	}
	CHECK(s, send(fd, now->bytes, now->size, MSG_NOSIGNAL) == (ssize_t)now->size);
	shutdown(fd, SHUT_WR);
	/* the other connections are served */
	CHECK(s, vt_client_open(s->name, 0, &c) == VT_CLIENT_OK);
	CHECK(s, env_is(c, "A", 1, "1"));
	vt_client_close(c);
	while (read(fd, ok, sizeof ok) > 0)
		;
	close(fd);
}

static void nonsense_breaks_its_connection_and_the_run_is_not_kept(void **state)
{
	struct stage s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(nonsense); i++) {
		now = &nonsense[i];
		play(say_nonsense, &s);
		print_message("# %s\n", now->what);
		if (now->broken)
			assert_string_equal(s.seen.broken ? s.seen.broken : "(kept)", now->broken);
		else
			assert_null(s.seen.broken);
		assert_false(s.seen.opted_out);
		assert_string_equal(noted(&s), "env:A");
		close_stage(&s);
	}
}

static void say_noise(struct stage *s)
{
	unsigned seed = 1;
	int i, k;

	for (i = 0; i < 400; i++) {
		unsigned char bytes[WIRE_HELLO_SIZE + 200];
		size_t n = i % 4 ? raw_hello(s->name, bytes) : 0, more = (size_t)(rand_r(&seed) % 200);
		int fd = raw_connect(s->name);

		for (k = 0; k < (int)more; k++)
			bytes[n + (size_t)k] = (unsigned char)(rand_r(&seed) >> 8);
		if (i % 4 > 1 && more > 8) {
			/* a good head with random bytes behind it */
			struct wire_out o;

			wire_begin(&o, bytes + n, more, 1 + (unsigned)rand_r(&seed) % 7, (unsigned)rand_r(&seed) % 2);
			o.size = more;
			wire_end(&o);
		}
		CHECK(s, send(fd, bytes, n + more, MSG_NOSIGNAL) >= 0);
		close(fd);
	}
}

static void noise_never_hurts_the_runner(void **state)
{
	struct stage s;

	(void)state;
	play(say_noise, &s);
	assert_non_null(s.seen.broken);
	close_stage(&s);
}

static void ask_and_never_read(struct stage *s)
{
	unsigned char frames[WIRE_HELLO_SIZE + 256];
	size_t n = raw_hello(s->name, frames);
	struct wire_out o;
	int fd = raw_connect(s->name), i;
	vt_client *c = NULL;

	CHECK(s, write(fd, frames, n) == (ssize_t)n);
	wire_begin(&o, frames, sizeof frames, WIRE_GET_ENVS, 0);
	wire_u8(&o, WIRE_PREFIX);
	wire_str(&o, "BIG_", 4);
	n = wire_end(&o);
	for (i = 0; i < 80; i++)
		if (send(fd, frames, n, MSG_NOSIGNAL) < 0)
			break;
	CHECK(s, vt_client_open(s->name, 0, &c) == VT_CLIENT_OK);
	CHECK(s, env_is(c, "SMALL", 1, NULL));
	vt_client_close(c);
	close(fd);
}

static void a_client_that_never_reads_its_answers_is_dropped(void **state)
{
	struct env_pair big = { "BIG_", NULL };
	char *value = xmalloc((1 << 20) + 1);
	struct stage s;

	(void)state;
	memset(value, 'v', 1 << 20);
	value[1 << 20] = 0;
	big.value = value;
	open_stage(&s, &big, 1);
	run_stage(&s, ask_and_never_read);
	assert_string_equal(s.seen.broken, "failed to send response to the task");
	close_stage(&s);
	free(value);
}

static void crowd(struct stage *s)
{
	enum { MANY = 1034, MOST = 1024 };
	static int fds[MANY];
	unsigned char hello[WIRE_HELLO_SIZE], ok[WIRE_HEAD + 8];
	size_t n = raw_hello(s->name, hello);
	struct pollfd p;
	int i;

	for (i = 0; i < MANY; i++) {
		fds[i] = raw_connect(s->name);
		CHECK(s, fds[i] >= 0 && write(fds[i], hello, n) == (ssize_t)n);
	}
	for (i = 0; i < MOST; i++)
		CHECK(s, read(fds[i], ok, sizeof ok) == sizeof ok);
	p = (struct pollfd){ .fd = fds[MOST], .events = POLLIN };
	CHECK(s, poll(&p, 1, 200) == 0);                 /* waits */
	for (i = 0; i < MANY - MOST; i++)
		close(fds[i]);
	for (; i < MANY; i++) {
		if (i >= MOST)
			CHECK(s, read(fds[i], ok, sizeof ok) == sizeof ok);
		close(fds[i]);
	}
}

static void more_than_1024_connections_wait_and_are_served_in_the_end(void **state)
{
	struct rlimit limit;
	struct stage s;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < 4096)
		skip();
	limit.rlim_cur = 4096;
	setrlimit(RLIMIT_NOFILE, &limit);
	play(crowd, &s);
	assert_null(s.seen.broken);
	close_stage(&s);
}

static void come_as_another_user(struct stage *s)
{
	pid_t pid;

	/* even with open folders: the server checks the caller */
	chmod(folder, 0755);
	chmod(arena_printf(s->arena, "%s/vt", folder), 0755);
	chmod(s->name, 0666);
	pid = fork();
	if (pid == 0) {
		vt_client *c;

		if (setgid(65534) < 0 || setuid(65534) < 0)
			leave(2);
		leave(vt_client_open(s->name, 0, &c) == VT_CLIENT_FAILED && (errno == ECONNRESET || errno == EPIPE) ? 0 : 3);
	}
	CHECK(s, left(pid) == 0);
	chmod(arena_printf(s->arena, "%s/vt", folder), 0700);
}

static void another_user_is_not_let_in(void **state)
{
	struct stage s;

	(void)state;
	if (geteuid() != 0)
		skip();
	play(come_as_another_user, &s);
	assert_null(s.seen.broken);
	assert_int_equal(s.seen.n, 0);
	close_stage(&s);
}

static uint64_t copies_before;

static void ask_singly(struct stage *s)
{
	vt_client *c = NULL;
	int i;

	copies_before = env_copies();
	CHECK(s, vt_client_open(s->name, 0, &c) == VT_CLIENT_OK);
	for (i = 0; i < 100; i++)
		CHECK(s, env_is(c, "A", 1, "1"));
	CHECK(s, env_copies() == copies_before);
	vt_client_close(c);
}

static void R17_answering_copies_no_environment(void **state)
{
	struct stage s;

	(void)state;
	play(ask_singly, &s);
	close_stage(&s);
}

/* ---- one client, many users -------------------------------------------------- */

static vt_client *shared;
static struct stage *shared_stage;

static void *ask_often(void *ctx)
{
	int i;

	(void)ctx;
	for (i = 0; i < 200; i++) {
		CHECK(shared_stage, env_is(shared, "A", 1, "1"));
		CHECK(shared_stage, list_is(shared, VT_CLIENT_PREFIX, "VITE_", 1, "VITE_A=a;VITE_B=b;"));
		CHECK(shared_stage, vt_client_ignore_input(shared, "/w/x") == VT_CLIENT_OK);
	}
	return NULL;
}

static void share_one_client(struct stage *s)
{
	pthread_t threads[6];
	size_t i;

	shared_stage = s;
	CHECK(s, vt_client_open(s->name, 0, &shared) == VT_CLIENT_OK);
	for (i = 0; i < COUNT(threads); i++)
		pthread_create(&threads[i], NULL, ask_often, NULL);
	for (i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	vt_client_close(shared);
}

static void threads_share_one_client(void **state)
{
	struct stage s;

	(void)state;
	play(share_one_client, &s);
	assert_string_equal(noted(&s), "env:A prefix:VITE_ input:/w/x");
	assert_null(s.seen.broken);
	close_stage(&s);
}

static void fork_with_a_client(struct stage *s)
{
	vt_client *c = NULL;
	pid_t pid;
	int i;

	CHECK(s, vt_client_open(s->name, 0, &c) == VT_CLIENT_OK);
	pid = fork();
	if (pid == 0) {
		for (i = 0; i < 100; i++)
			if (!env_is(c, "VITE_A", 1, "a"))
				leave(1);
		vt_client_close(c);
		leave(0);
	}
	for (i = 0; i < 100; i++)
		CHECK(s, env_is(c, "A", 1, "1"));
	CHECK(s, left(pid) == 0);
	CHECK(s, env_is(c, "A", 1, "1"));
	vt_client_close(c);
}

static void a_forked_client_talks_for_itself(void **state)
{
	struct stage s;

	(void)state;
	play(fork_with_a_client, &s);
	assert_null(s.seen.broken);
	assert_int_equal(s.seen.n, 2);
	close_stage(&s);
}

/* ---- without sockets --------------------------------------------------------- */

/* From now on this process gets EPERM for socket(AF_UNIX, ...), as in some sandboxes. */
static void forbid_sockets(void)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	static const struct sock_fprog program = { COUNT(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(77);
}

/* Runs a story in a process of its own without sockets; its exit code. */
static int play_without_sockets(void (*story)(struct stage *), const char *want_noted, const char *want_broken)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		struct stage s;
		struct stat st;
		pthread_t thread;

		forbid_sockets();
		open_stage(&s, usual, COUNT(usual));
		if (stat(s.name, &st) < 0 || !S_ISDIR(st.st_mode) || (st.st_mode & 0777) != 0700)
			leave(2);
		s.story = story;
		pthread_create(&thread, NULL, tell, &s);
		while (!s.finished)
			loop_run(s.loop);
		pthread_join(thread, NULL);
		if (s.wrong) {
			fprintf(stderr, "%s\n", s.wrong);
			leave(3);
		}
		if (stat(s.name, &st) == 0)
			leave(4);
		if (want_noted && strcmp(noted(&s), want_noted) != 0) {
			fprintf(stderr, "noted: %s\n", noted(&s));
			leave(5);
		}
		if (strcmp(s.seen.broken ? s.seen.broken : "", want_broken) != 0) {
			fprintf(stderr, "broken: %s\n", s.seen.broken ? s.seen.broken : "(not)");
			leave(6);
		}
		leave(0);
	}
	return left(pid);
}

static void leave_half_a_frame(struct stage *s)
{
	pid_t pid = fork();
	int fd;

	if (pid == 0) {
		vt_client *c;

		/* the client's own fd is not for us: find the FIFO it writes to */
		if (vt_client_open(s->name, 0, &c) != VT_CLIENT_OK)
			leave(1);
		for (fd = 3; fd < 64; fd++) {
			int flags = fcntl(fd, F_GETFL);
			char link[32], to[256] = "";

			snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
			if (flags >= 0 && (flags & O_ACCMODE) == O_WRONLY && readlink(link, to, sizeof to - 1) > 0 && strstr(to, ".req"))
				if (write(fd, "\4\0\0", 3) != 3)
					leave(2);
		}
		leave(0);
	}
	CHECK(s, left(pid) == 0);
}

static void without_sockets_fifos_serve(void **state)
{
	int r;

	(void)state;
	r = play_without_sockets(ask_all, "env:A env:EMPTY env:UNSET env:ONLY_LIVE env: env:A=1 prefix:VITE_ glob:{A,EMPTY} glob:a", "");
	if (r == 77)
		skip();
	assert_int_equal(r, 0);
	assert_int_equal(play_without_sockets(opt_out_by_processes, "", ""), 0);
	assert_int_equal(play_without_sockets(share_one_client, "env:A prefix:VITE_ input:/w/x", ""), 0);
	assert_int_equal(play_without_sockets(fork_with_a_client, NULL, ""), 0);
	assert_int_equal(play_without_sockets(leave_half_a_frame, "", "failed to read message from the task"), 0);
	assert_int_equal(play_without_sockets(nobody, "", ""), 0);
}

static void fifo_runner_dies(struct stage *s)
{
	(void)s;
	call_a_dead_server(s);
}

static void behind_fifos_a_killed_runner_is_noticed_too(void **state)
{
	int r;

	(void)state;
	signal(SIGPIPE, SIG_DFL);
	r = play_without_sockets(fifo_runner_dies, NULL, "");
	if (r == 77)
		skip();
	assert_int_equal(r, 0);
}

/* ---- folders and the addon --------------------------------------------------- */

static char *made(struct arena *a, const char *name, mode_t mode)
{
	char *path = arena_printf(a, "%s/%s", folder, name);

	assert_int_equal(file_mkdirs(path, 0700, NULL), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

/* The folder chosen when XDG_RUNTIME_DIR and TMPDIR are these. */
static char *chosen(struct arena *a, const char *runtime, const char *tmp)
{
	struct env_pair pairs[] = { { "XDG_RUNTIME_DIR", runtime }, { "TMPDIR", tmp } };
	struct endpoint *e = NULL;
	char *ret;

	assert_int_equal(endpoint_new(env_with(a, NULL, pairs, 2), NULL, &e, NULL), 0);
	ret = arena_str(a, endpoint_dir(e));
	endpoint_free(e);
	return ret;
}

static void folders_that_others_can_write_to_are_passed_over(void **state)
{
	struct arena *a = arena_new();
	char *good = made(a, "good", 0700), *tmp = made(a, "tmp", 0700), *longer;
	char *fallback = arena_printf(a, "%s/vt-%u", tmp, (unsigned)geteuid()), *long_name;

	(void)state;
	assert_string_equal(chosen(a, good, tmp), arena_printf(a, "%s/vt", good));
	assert_string_equal(chosen(a, "/nonexistent/x", tmp), fallback);
	assert_string_equal(chosen(a, "relative", tmp), fallback);
	made(a, "open/vt", 0777);
	assert_string_equal(chosen(a, arena_printf(a, "%s/open", folder), tmp), fallback);
	made(a, "link", 0700);
	assert_int_equal(symlink(good, arena_printf(a, "%s/link/vt", folder)), 0);
	assert_string_equal(chosen(a, arena_printf(a, "%s/link", folder), tmp), fallback);
	assert_string_equal(chosen(a, made(a, "everybody", 0777), tmp), fallback);
	long_name = arena_alloc(a, 80);
	memset(long_name, 'l', 79);
	longer = made(a, long_name, 0700);
	assert_string_equal(chosen(a, longer, tmp), fallback);
	if (geteuid() == 0) {
		char *foreign = made(a, "foreign/vt", 0700);

		assert_int_equal(chown(foreign, 12345, 12345), 0);
		assert_string_equal(chosen(a, arena_printf(a, "%s/foreign", folder), tmp), fallback);
	}
	arena_free(a);
}

static struct endpoint *with_addon(struct arena *a, const char *addon)
{
	struct endpoint *e = NULL;

	return endpoint_new(session(a), addon, &e, NULL) == 0 ? e : NULL;
}

static void the_addon_is_offered_in_place_or_as_a_verified_copy(void **state)
{
	struct arena *a = arena_new();
	char *dir = made(a, "lib", 0755), *addon = arena_printf(a, "%s/vt-node.node", dir), *copy;
	struct endpoint *e;
	struct bytes got;
	struct stat st;

	(void)state;
	assert_null(with_addon(a, addon));               /* missing: tools would silently say nothing */
	assert_int_equal(file_write(addon, "\177ELF addon", 10, 0644, NULL), 0);
	e = with_addon(a, addon);
	assert_string_equal(endpoint_addon(e), addon);
	endpoint_free(e);

	assert_int_equal(chmod(addon, 0666), 0);         /* anybody could change it: a copy */
	e = with_addon(a, addon);
	assert_non_null(e);
	copy = arena_str(a, endpoint_addon(e));
	assert_non_null(strstr(copy, "/vt/vt-node-"));
	assert_int_equal(stat(copy, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	endpoint_free(e);

	assert_int_equal(file_write(copy, "junk addon", 10, 0600, NULL), 0);   /* the same size */
	e = with_addon(a, addon);
	assert_string_equal(endpoint_addon(e), copy);
	endpoint_free(e);
	assert_int_equal(file_read(copy, 100, a, &got, NULL), 0);
	assert_int_equal(got.size, 10);
	assert_memory_equal(got.data, "\177ELF addon", 10);

	assert_int_equal(unlink(copy), 0);               /* a link in its place is not followed */
	assert_int_equal(symlink("/etc/passwd", copy), 0);
	e = with_addon(a, addon);
	assert_non_null(e);
	endpoint_free(e);
	assert_int_equal(lstat(copy, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	arena_free(a);
}

static int make_folder(void **state)
{
	(void)state;
	if (digest_init() < 0)
		return -1;
	strcpy(folder, "/tmp/vt-ipc-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
	(void)state;
	return file_remove_tree(folder, NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_come_from_the_given_map_and_tracked_questions_are_noted_once),
		cmocka_unit_test(a_tracked_name_stays_tracked_and_one_text_as_glob_and_prefix_is_two_queries),
		cmocka_unit_test(ignored_paths_are_absolute_when_they_arrive),
		cmocka_unit_test(ten_large_values_come_in_one_answer),
		cmocka_unit_test(a_name_too_long_to_send_is_refused_and_the_client_stays_usable),
		cmocka_unit_test(a_bad_glob_fails_that_question_only_but_the_run_is_not_kept),
		cmocka_unit_test(a_message_is_heard_although_its_sender_left_before_it_was_accepted),
		cmocka_unit_test(an_opt_out_outlives_its_process),
		cmocka_unit_test(a_client_that_stays_connected_is_waited_for_two_seconds_and_the_run_is_not_kept),
		cmocka_unit_test(an_unused_channel_costs_no_waiting),
		cmocka_unit_test(a_server_can_be_dropped_at_any_time),
		cmocka_unit_test(a_killed_runner_is_an_error_and_its_endpoint_is_swept),
		cmocka_unit_test(names_that_lead_nowhere_mean_no_runner_or_an_error),
		cmocka_unit_test(nonsense_breaks_its_connection_and_the_run_is_not_kept),
		cmocka_unit_test(noise_never_hurts_the_runner),
		cmocka_unit_test(a_client_that_never_reads_its_answers_is_dropped),
		cmocka_unit_test(more_than_1024_connections_wait_and_are_served_in_the_end),
		cmocka_unit_test(another_user_is_not_let_in),
		cmocka_unit_test(R17_answering_copies_no_environment),
		cmocka_unit_test(threads_share_one_client),
		cmocka_unit_test(a_forked_client_talks_for_itself),
		cmocka_unit_test(without_sockets_fifos_serve),
		cmocka_unit_test(behind_fifos_a_killed_runner_is_noticed_too),
		cmocka_unit_test(folders_that_others_can_write_to_are_passed_over),
		cmocka_unit_test(the_addon_is_offered_in_place_or_as_a_verified_copy),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
