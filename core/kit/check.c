#include "config.h"

#include "kit/check.h"

#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/env.h"
#include "kit/describe.h"
#include "kit/manners.h"
#include "os/file.h"
#include "os/loop.h"       /* for os_now_ns */
#include "plug/inside.h"
#include "text/json.h"

enum {
	TRIAL_MS = 20000,          /* of one trial, unless VT_PLUGIN_PATIENCE says */
	PATIENCE_MAX = 3600,       /* seconds */
	ALL_TRIALS = 15,           /* all of them together get the time of so many */
	FAULTS_MAX = 8
};

struct kit {
	const char *real;          /* real path of the file */
	char name[PATH_MAX];       /* NAME of vt-NAME.so */
	cJSON *config;             /* {"options": {component: {...}}}, made of the KEY=VALUE */
	char folder[64];           /* temporary; each trial gets one below it */
	cJSON *urls;               /* names of options of type url, of all components */
	int trial_ms;
	int64_t end_ns;            /* no trial begins after it */
	uint32_t left_out;         /* trials that did not begin, for the time was over */
	bool hangs;                /* a trial did not end: it was the last */
	bool stillborn;            /* the component does not come to life */
	const struct env *env;
	struct check_told *told;
};

const char *check_status(vt_status s)
{
	switch (s) {
	case VT_OK:
		return "VT_OK";
	case VT_NONE:
		return "VT_NONE";
	case VT_FAILED:
		return "VT_FAILED";
	case VT_CANCELLED:
		return "VT_CANCELLED";
	case VT_UNSUPPORTED:
		return "VT_UNSUPPORTED";
	case VT_DOWN:
		return "VT_DOWN";
	default:
		return "a status that means nothing";
	}
}

bool check_that(struct check *k, bool good, const char *fmt, ...)
{
	char line[700];
	va_list ap;
	int n;

	if (good)
		return true;
	k->failed = true;
	line[0] = '-';
	va_start(ap, fmt);
	n = vsnprintf(line + 1, sizeof line - 2, fmt, ap);
	va_end(ap);
	n = n > (int)sizeof line - 3 ? (int)sizeof line - 3 : n;
	line[n + 1] = '\n';
	if (write(k->fd, line, (size_t)n + 2) < 0)
		_exit(1);
	return false;
}

void check_note(struct check *k, const char *text)
{
	char line[300];
	int n = snprintf(line, sizeof line, "=%.280s\n", text);

	k->noted = true;
	if (write(k->fd, line, (size_t)n) < 0)
		_exit(1);
}

void check_random(struct check *k, void *ret, size_t size)
{
	unsigned char *p = ret;

	while (size--) {
		k->random ^= k->random << 13;
		k->random ^= k->random >> 7;
		k->random ^= k->random << 17;
		*p++ = (unsigned char)(k->random >> 24);
	}
}

/* ---- one trial in one process ----------------------------------------------- */

struct trial_run {
	const struct kit *kit;
	const struct check_trial *trial;   /* NULL: only start and end the component */
	const char *component;
	char folder[96];
};

static void said_nothing(void *ctx, const char *text)
{
	(void)ctx;
	(void)text;
}

/* Returns the text without the place in a file, and tells how to give a missing option: options come from the command line. */
static const char *without_place(char text[600])
{
	static const char place[] = "vite-task.json: ";
	char *name = strstr(text, "needs the option `");
	char key[120];

	if (name && sscanf(name, "needs the option `%119[^`]", key) == 1)
		snprintf(text + strlen(text), 600 - strlen(text), "; give it: vt-plugin-check FILE %s=...", key);
	return strncmp(text, place, sizeof place - 1) == 0 ? text + sizeof place - 1 : text;
}

/* Starts the component, or reports a fault that says why it does not start. */
static bool trial_begin(struct check *k, const struct trial_run *r)
{
	struct plug_setup setup = { .cache_dir = r->folder, .env = r->kit->env, .user_config = r->kit->config,
		.user_config_file = "KEY=VALUE", .warn = said_nothing };
	struct err err = { 0 };
	struct refusal why;

	if (plug_new(&setup, &k->plug, &err) || plug_adopt(k->plug, r->kit->real, r->kit->name, &why))
		return check_that(k, false, "it could not be loaded twice");
	k->component = plug_named(k->plug, r->component);
	if (!k->component) {
		char text[600];

		plug_named_why(k->plug, r->component, text, sizeof text);
		return check_that(k, false, "it does not come to life: %s", without_place(text));
	}
	return true;
}

/* Answers each connection, one byte after the other, without an end. Ends with the trial. */
static void drip(int fd)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nX-Drip: ";
	int clients[64], n = 0, i;
	size_t at = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		struct pollfd waits = { .fd = fd, .events = POLLIN };

		if (poll(&waits, 1, 200) > 0 && n < (int)COUNT(clients) && (clients[n] = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
			n++;
		for (i = 0; i < n; i++)
			(void)send(clients[i], at < sizeof text - 1 ? &text[at] : "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		at += n > 0;
	}
}

/* Makes the option of type url lead to a socket that accepts nothing, or that drips. false: there is no such option. */
static bool to_nowhere(const struct trial_run *r, pid_t *ret_server)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	cJSON *its = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(r->kit->config, "options"), r->component);
	const cJSON *option, *value;
	socklen_t size = sizeof here;
	char url[100];
	int fd;

	cJSON_ArrayForEach(option, r->kit->urls)
		if ((value = cJSON_GetObjectItemCaseSensitive(its, option->valuestring)) != NULL)
			break;
	if (!option)
		return false;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof here) || listen(fd, 64) || getsockname(fd, (struct sockaddr *)&here, &size))
		return false;
	snprintf(url, sizeof url, "%.*s://127.0.0.1:%d/", (int)strcspn(value->valuestring, ":"), value->valuestring, ntohs(here.sin_port));
	cJSON_ReplaceItemInObjectCaseSensitive(its, option->valuestring, cJSON_CreateString(url));
	if (r->trial->how != CHECK_DRIPPING_SERVER)
		return true;
	*ret_server = fork();
	if (*ret_server == 0)
		drip(fd);
	return *ret_server > 0;
}

static bool needs_server(const struct trial_run *r)
{
	return r->trial && (r->trial->how == CHECK_HANGING_SERVER || r->trial->how == CHECK_DRIPPING_SERVER);
}

static void run_trial(int fd, void *ctx)
{
	const struct trial_run *r = ctx;
	struct check k = { .fd = fd, .folder = r->folder, .random = (r->kit->told->seed + r->kit->told->trials) * 0x9e3779b97f4a7c15u | 1 };
	struct manners before;
	int status, generation;
	pid_t other = 0, server = 0;

	if (needs_server(r) && !to_nowhere(r, &server)) {
		check_note(&k, "no option of the type url is given: not tried");
		return;
	}
	check_random(&k, &k.common, sizeof k.common);
	if (r->trial && r->trial->how == CHECK_TWO_PROCESSES && (other = fork()) == 0)
		k.random ^= 0x5bd1e995;
	manners_note(&before);
	if (trial_begin(&k, r)) {
		if (r->trial)
			r->trial->run(&k);
		if (k.forked)
			before.ended = manners_faults();
		if (other > 0 && waitpid(other, &status, 0) == other) {
			check_that(&k, WIFEXITED(status), "one of two processes at once was killed by a signal");
			before.ended = manners_faults();
		}
		if (r->trial && (other || r->trial->how != CHECK_TWO_PROCESSES))
			check_drop_all(&k);
		if (!r->trial)
			manners_check(&k, &before, "while it comes to life", true);
		plug_free(k.plug);
		manners_check(&k, &before, r->trial ? "during this" : "in its life", false);
	}
	if (r->trial && r->trial->how == CHECK_TWO_PROCESSES) {
		if (!other)
			_exit(0);
	}
	if (server) {
		kill(server, SIGKILL);
		waitpid(server, &status, 0);
	}
	if (!k.failed && !k.noted && write(fd, "+\n", 2) < 0)
		_exit(1);
	/* what it left behind would keep the pipe open; a child's children come here when it ends */
	for (generation = 0; generation < 4; generation++)
		manners_end_children();
}

/* Is this line among those before it? */
static bool repeated(const char *answer, const char *line)
{
	const char *l;

	for (l = answer; l < line; l += strlen(l) + 1)
		if (strcmp(l, line) == 0)
			return true;
	return false;
}

/* Passes on the first few lines of the child, each once. */
static void tell_lines(struct kit *kit, const char *component, const char *what, char *answer, const char *why)
{
	char text[900], *line, *end;
	int said = 0;

	kit->stillborn = strstr(answer, "-it does not come to life") != NULL;
	for (line = answer; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (said == FAULTS_MAX || repeated(answer, line))
			continue;
		said++;
		kit->told->faults += line[0] == '-';
		snprintf(text, sizeof text, "%s%s%s", what, line[0] == '+' ? "" : ": ", line[0] == '+' ? "" : line + 1);
		kit->told->line(kit->told->ctx, component, line[0] != '-', text);
	}
	if (!why && said)
		return;
	kit->told->faults++;
	snprintf(text, sizeof text, "%s: %s", what, why ? why : "it ended the program");
	kit->told->line(kit->told->ctx, component, false, text);
}

/* false: a fault. */
static bool try_one(struct kit *kit, const char *component, const struct check_trial *trial)
{
	const uint32_t faults = kit->told->faults;
	struct trial_run r = { .kit = kit, .trial = trial, .component = component };
	char *answer, *why;
	size_t size;

	snprintf(r.folder, sizeof r.folder, "%s/%u", kit->folder, kit->told->trials++);
	if (mkdir(r.folder, 0700))
		return false;
	answer = describe_in_child(run_trial, &r, kit->trial_ms, &size, &why);
	kit->hangs = why && strncmp(why, "it did not answer within", 24) == 0;
	tell_lines(kit, component, trial ? trial->what : "it comes to life and goes, and leaves the program as it was",
		   answer ? answer : (char[]){ "" }, why);
	free(answer);
	free(why);
	return kit->told->faults == faults;
}

/* false: the time of all trials is over. */
static bool may_begin(struct kit *kit)
{
	const bool ret = os_now_ns() < kit->end_ns;

	kit->left_out += !ret;
	return ret;
}

static void try_all(struct kit *kit, const char *component, const char *kind)
{
	static const struct check_trial *const lists[] = { check_stores, check_works, check_parts, check_fingerprints, check_traces };
	uint32_t i;
	const struct check_trial *t;

	if (!may_begin(kit) || (!try_one(kit, component, NULL) && kit->stillborn))
		return;
	for (i = 0; i < COUNT(lists); i++)
		for (t = lists[i]; t->what && !kit->hangs; t++)
			if (strcmp(kind_word(t->kind), kind) == 0 && may_begin(kit))
				try_one(kit, component, t);
}

static void tell_left_out(const struct kit *kit)
{
	char text[200];

	if (!kit->left_out)
		return;
	kit->told->faults++;
	snprintf(text, sizeof text, "%u trials were left out, for all had %d s together; VT_PLUGIN_PATIENCE=%d gives them twice as long",
		 kit->left_out, kit->trial_ms / 1000 * ALL_TRIALS, kit->trial_ms / 500);
	kit->told->line(kit->told->ctx, "", false, text);
}

/* ---- the file --------------------------------------------------------------- */

static void run_load(int fd, void *ctx)
{
	const struct kit *kit = ctx;
	struct check k = { .fd = fd };
	struct plugin *p = NULL;
	struct manners before;
	struct refusal why;

	manners_note(&before);
	if (check_that(&k, !plugin_load(kit->real, kit->name, NULL, &p, &why), "%s", why.text))
		manners_check(&k, &before, "while it is loaded", false);
	if (!k.failed && write(fd, "+\n", 2) < 0)
		_exit(1);
}

static int kit_options(struct kit *kit, cJSON *components, const char *const *options, uint32_t n, struct err *err)
{
	cJSON *all = cJSON_AddObjectToObject(kit->config, "options"), *c;
	uint32_t i;

	for (i = 0; i < n; i++) {
		const char *eq = strchr(options[i], '=');
		char key[256];

		if (!eq || eq == options[i] || (size_t)(eq - options[i]) >= sizeof key)
			return err_set(err, ERR_USAGE, "'%s' is not KEY=VALUE", options[i]);
		snprintf(key, sizeof key, "%.*s", (int)(eq - options[i]), options[i]);
		cJSON_ArrayForEach(c, components) {
			const char *name = cJSON_GetObjectItemCaseSensitive(c, "name")->valuestring;
			cJSON *its = cJSON_GetObjectItemCaseSensitive(all, name), *o;

			if (!its)
				its = cJSON_AddObjectToObject(all, name);
			cJSON_ArrayForEach(o, cJSON_GetObjectItemCaseSensitive(c, "options"))
				if (strcmp(cJSON_GetObjectItemCaseSensitive(o, "type")->valuestring, "url") == 0)
					cJSON_AddItemToArray(kit->urls, cJSON_CreateString(cJSON_GetObjectItemCaseSensitive(o, "name")->valuestring));
			cJSON_ArrayForEach(o, cJSON_GetObjectItemCaseSensitive(c, "options"))
				if (strcmp(cJSON_GetObjectItemCaseSensitive(o, "name")->valuestring, key) == 0)
					cJSON_AddStringToObject(its, key, eq + 1);
		}
	}
	return 0;
}

static int kit_name(struct kit *kit, struct err *err)
{
	const char *base = strrchr(kit->real, '/') + 1;
	size_t n = strlen(base);

	if (n < 7 || strncmp(base, "vt-", 3) || strcmp(base + n - 3, ".so"))
		return err_set(err, ERR_USER, "'%s': a plugin's file is named vt-NAME.so", base);
	snprintf(kit->name, sizeof kit->name, "%.*s", (int)n - 6, base + 3);
	return 0;
}

static int check_run(struct kit *kit, const char *const *options, uint32_t options_n, struct err *err)
{
	struct plug_setup setup = { .env = kit->env };
	const cJSON *c, *components;
	char *answer, *why;
	size_t size;
	cJSON *said;
	int rc;

	kit->told->trials++;
	answer = describe_in_child(run_load, kit, kit->trial_ms, &size, &why);
	tell_lines(kit, "", "it can be loaded, and loading it does nothing else", answer ? answer : (char[]){ "" }, why);
	free(answer);
	free(why);
	if (kit->told->faults)
		return 0;
	said = describe(&(struct candidate){ .real = (char *)kit->real, .name = (char *)kit->name }, &setup);
	components = cJSON_GetObjectItemCaseSensitive(said, "components");
	rc = kit_options(kit, (cJSON *)components, options, options_n, err);
	cJSON_ArrayForEach(c, components) {
		if (rc || kit->hangs)
			break;
		/* a disabled component is never created: there is nothing to try */
		if (strcmp(cJSON_GetObjectItemCaseSensitive(said, "state")->valuestring, "disabled"))
			try_all(kit, cJSON_GetObjectItemCaseSensitive(c, "name")->valuestring,
				cJSON_GetObjectItemCaseSensitive(c, "kind")->valuestring);
	}
	tell_left_out(kit);
	cJSON_Delete(said);
	return rc;
}

/* A whole number in the environment; 0: none. */
static uint64_t env_number(const struct env *env, const char *name)
{
	const char *word = env_get(env, name);
	char *end;
	uint64_t n = word ? strtoull(word, &end, 10) : 0;

	return word && *word && !*end ? n : 0;
}

int check_file(const char *file, const char *const *options, uint32_t options_n, const struct env *env, struct check_told *told, struct err *err)
{
	struct kit kit = { .told = told, .config = cJSON_CreateObject(), .urls = cJSON_CreateArray() };
	uint64_t patience = env_number(env, "VT_PLUGIN_PATIENCE");
	struct arena *a = arena_new();
	char *none[] = { NULL }, *real = realpath(file, NULL);
	int rc;

	kit.trial_ms = !patience ? TRIAL_MS : 1000 * (int)(patience < PATIENCE_MAX ? patience : PATIENCE_MAX);
	kit.end_ns = os_now_ns() + (int64_t)kit.trial_ms * ALL_TRIALS * 1000000;
	told->seed = env_number(env, "VT_CHECK_SEED");
	while (!told->seed) {
		digest_random(&told->seed, sizeof told->seed);
		told->seed %= 1000000000;
	}
	kit.env = env_from(a, none);
	kit.real = real;
	snprintf(kit.folder, sizeof kit.folder, "/tmp/vt-check-XXXXXX");
	if (!real)
		rc = err_set(err, ERR_USER, "'%s' cannot be read", file);
	else
		rc = kit_name(&kit, err);
	if (rc == 0 && !mkdtemp(kit.folder))
		rc = err_set(err, ERR_SYSTEM, "'%s' cannot be made", kit.folder);
	if (rc == 0) {
		rc = check_run(&kit, options, options_n, err);
		file_remove_tree(kit.folder, NULL);
	}
	cJSON_Delete(kit.config);
	cJSON_Delete(kit.urls);
	free(real);
	arena_free(a);
	return rc;
}
