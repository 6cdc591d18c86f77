#include "config.h"

#include "kit/describe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/file.h"
#include "os/loop.h"       /* for os_now_ns */
#include "plug/inside.h"
#include "text/json.h"

enum { ANSWER_MAX = 1 << 20, DESCRIBE_MS = 5000 };

/* ---- in a child ------------------------------------------------------------ */

static void child_prepare(int ms)
{
	struct rlimit none = { 0, 0 };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &none);
	if (null >= 0) {
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
	}
	alarm((unsigned)ms / 1000 + 2);
}

/* Reads until the end, the deadline or the limit. false: the child must be killed. */
static bool answer_read(int fd, int ms, char *ret, size_t *ret_size)
{
	int64_t end = os_now_ns() + (int64_t)ms * 1000000;
	size_t n = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = (end - os_now_ns()) / 1000000;
		ssize_t got;

		if (left <= 0 || n == ANSWER_MAX)
			return false;
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		got = read(fd, ret + n, ANSWER_MAX - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	*ret_size = n;
	return true;
}

/* What a plugin may die of; NULL: something else. (glibc has names since 2.32.) */
static const char *signal_name(int number)
{
	static const char *const names[] = {
		[SIGHUP] = "HUP", [SIGINT] = "INT", [SIGQUIT] = "QUIT", [SIGILL] = "ILL", [SIGTRAP] = "TRAP", [SIGABRT] = "ABRT",
		[SIGBUS] = "BUS", [SIGFPE] = "FPE", [SIGKILL] = "KILL", [SIGUSR1] = "USR1", [SIGSEGV] = "SEGV", [SIGUSR2] = "USR2",
		[SIGPIPE] = "PIPE", [SIGALRM] = "ALRM", [SIGTERM] = "TERM", [SIGXCPU] = "XCPU", [SIGXFSZ] = "XFSZ", [SIGSYS] = "SYS",
	};

	return number < (int)(sizeof names / sizeof *names) && names[number] ? names[number] : "?";
}

static char *death_words(int status, bool late, int ms)
{
	char *text = NULL;
	int n = 0;

	if (late)
		n = asprintf(&text, "it did not answer within %d s", ms / 1000);
	else if (WIFSIGNALED(status))
		n = asprintf(&text, "killed by SIG%s", signal_name(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		n = asprintf(&text, "it ended the program with status %d", WEXITSTATUS(status));
	return n < 0 ? NULL : text;
}

char *describe_in_child(void (*fn)(int fd, void *ctx), void *ctx, int ms, size_t *ret_size, char **ret_why)
{
	char *answer = malloc(ANSWER_MAX + 1);
	int pipes[2], status = 0;
	bool whole = false;
	pid_t pid;

	*ret_why = NULL;
	*ret_size = 0;
	if (!answer || pipe2(pipes, O_CLOEXEC)) {
		free(answer);
		return NULL;
	}
	fflush(NULL);      /* else the child would print it again */
	pid = fork();
	if (pid == 0) {
		close(pipes[0]);
		child_prepare(ms);
		fn(pipes[1], ctx);
		_exit(0);
	}
	close(pipes[1]);
	if (pid > 0) {
		whole = answer_read(pipes[0], ms, answer, ret_size);
		if (!whole)
			kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	close(pipes[0]);
	answer[*ret_size] = '\0';
	if (pid < 0)
		*ret_why = strdup(strerror(errno));
	else
		*ret_why = death_words(status, !whole, ms);
	return answer;
}

/* ---- the plugin as JSON ---------------------------------------------------- */

struct cJSON *describe_reason(const char *code, const char *text)
{
	cJSON *r = cJSON_CreateObject();

	cJSON_AddStringToObject(r, "code", code);
	cJSON_AddStringToObject(r, "text", text);
	return r;
}

/* A plugin's text as valid UTF-8, bounded; NULL stays null. */
static void add_text(cJSON *to, const char *key, const char *s)
{
	struct buf quoted;
	cJSON *item;

	buf_init(&quoted, 8192);
	if (!s || json_quote(&quoted, s, strnlen(s, 1024)) || !(item = cJSON_Parse(buf_str(&quoted))))
		item = cJSON_CreateNull();
	cJSON_AddItemToObject(to, key, item);
	buf_free(&quoted);
}

static cJSON *option_json(const vt_option *o)
{
	cJSON *j = cJSON_CreateObject();

	add_text(j, "name", o->name);
	add_text(j, "type", o->type);
	add_text(j, "default", (o->flags & VT_OPTION_SECRET) ? NULL : o->fallback);
	cJSON_AddBoolToObject(j, "required", (o->flags & VT_OPTION_REQUIRED) != 0);
	cJSON_AddBoolToObject(j, "secret", (o->flags & VT_OPTION_SECRET) != 0);
	cJSON_AddBoolToObject(j, "userOnly", (o->flags & (VT_OPTION_USER_ONLY | VT_OPTION_SECRET)) != 0);
	add_text(j, "help", o->help);
	return j;
}

static cJSON *component_json(const struct load_component *c)
{
	static const char *const threads[] = { "one", "many" };
	const char *names[16];
	cJSON *j = cJSON_CreateObject(), *list;
	uint32_t n = ops_names(c, names, 16), i;

	cJSON_AddStringToObject(j, "kind", kind_word(c->about.kind));
	add_text(j, "name", c->about.name);
	add_text(j, "summary", c->about.summary);
	cJSON_AddStringToObject(j, "threads", threads[c->about.threads <= VT_THREADS_MANY ? c->about.threads : 0]);
	list = cJSON_AddArrayToObject(j, "has");
	for (i = 0; i < n; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(names[i]));
	list = cJSON_AddArrayToObject(j, "options");
	for (i = 0; i < c->options_n; i++)
		cJSON_AddItemToArray(list, option_json(&c->options[i]));
	return j;
}

static bool all_disabled(const struct plugin *p)
{
	uint32_t i;

	for (i = 0; i < p->components_n; i++)
		if (!(p->components[i].about.flags & VT_COMPONENT_DISABLED))
			return false;
	return p->components_n > 0;
}

/* Adds what is known of a plugin, refused or not. */
static void plugin_json(cJSON *j, const struct plugin *p, const struct refusal *why)
{
	static const char *const states[] = { "ready", "refused", "broken" };
	cJSON *abi, *list;
	char built[16];
	uint32_t i;

	if (why->state == LOAD_READY && all_disabled(p)) {
		const char *summary = p->components[0].about.summary;

		cJSON_AddStringToObject(j, "state", "disabled");
		cJSON_AddItemToObject(j, "reason", describe_reason("disabled", summary ? summary : "disabled"));
	} else {
		cJSON_AddStringToObject(j, "state", states[why->state]);
		cJSON_AddItemToObject(j, "reason", why->state == LOAD_READY ? cJSON_CreateNull() : describe_reason(why->code, why->text));
	}
	if (!p || !p->about.struct_size)
		return;
	snprintf(built, sizeof built, "%u.%u", p->about.abi_major, p->about.abi_minor);
	abi = cJSON_AddObjectToObject(j, "abi");
	cJSON_AddStringToObject(abi, "built", built);
	cJSON_AddNumberToObject(abi, "needs", p->about.host_minor_needed);
	cJSON_AddNumberToObject(abi, "struct_size", p->said_size);
	if (p->about.abi_major != VT_ABI_MAJOR)
		return;
	add_text(j, "version", p->about.version);
	add_text(j, "license", p->about.license);
	add_text(j, "homepage", p->about.homepage);
	list = cJSON_AddArrayToObject(j, "components");
	for (i = 0; i < p->components_n; i++)
		if (p->components[i].about.name)
			cJSON_AddItemToArray(list, component_json(&p->components[i]));
}

/* Starts the chosen components of the plugin and asks each for its status word. */
static void status_json(cJSON *j, const struct plugin *p, const struct plug_setup *setup)
{
	cJSON *status = cJSON_AddObjectToObject(j, "status");
	struct plug_setup quiet = *setup;
	struct err err = { 0 };
	struct plug *plug;
	uint32_t i;

	quiet.warn = NULL;
	if (plug_new(&quiet, &plug, &err))
		return;
	for (i = 0; i < p->components_n; i++) {
		const struct load_component *c = &p->components[i];
		struct component *alive;
		struct plug_call call;
		const char *word;
		char why[700];

		if (!c->about.status || (c->about.flags & VT_COMPONENT_DISABLED))
			continue;
		alive = plug_named(plug, c->about.name);
		if (alive) {
			call_begin(&call, alive, "status");
			word = c->about.status(alive->self, &call.call);
			call_end(&call, VT_OK);
			add_text(status, c->about.name, word ? word : "");
		} else if (c->about.kind == VT_KIND_TRACER) {
			plug_tracer_why(plug, why, sizeof why);
			cJSON_AddItemToObject(status, c->about.name, describe_reason("unusable", why));
		}
	}
	plug_free(plug);
}

struct question {
	const struct candidate *file;
	const struct plug_setup *setup;
};

static void child_answer(int fd, void *ctx)
{
	const struct question *q = ctx;
	cJSON *j = cJSON_CreateObject();
	struct plugin *p = NULL;
	struct refusal why;
	char *text;

	plugin_load(q->file->real, q->file->name, q->file->pinned ? &q->file->sha256 : NULL, &p, &why);
	plugin_json(j, p, &why);
	if (why.state == LOAD_READY)
		status_json(j, p, q->setup);
	text = cJSON_PrintUnformatted(j);
	if (text)
		(void)file_write_all(fd, text, strlen(text));      /* the reader tells what is missing */
}

struct cJSON *describe(const struct candidate *file, const struct plug_setup *setup)
{
	struct question q = { file, setup };
	char *why, *text;
	size_t size;
	cJSON *j = NULL;

	text = describe_in_child(child_answer, &q, DESCRIBE_MS, &size, &why);
	if (text && !why)
		j = cJSON_Parse(text);
	if (!cJSON_IsString(cJSON_GetObjectItemCaseSensitive(j, "state"))) {
		cJSON_Delete(j);
		j = cJSON_CreateObject();
		cJSON_AddStringToObject(j, "state", "broken");
		cJSON_AddItemToObject(j, "reason", describe_reason("crash", why ? why : "it answered nothing"));
	}
	free(why);
	free(text);
	return j;
}
