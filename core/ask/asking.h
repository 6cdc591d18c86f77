/* ask: commands that answer questions and change nothing in the workspace: why, inputs, outputs, graph, cache,
 * doctor, completion, help. Uses cmd (session, backend, plans), cache/asked, report (words), and below.
 *
 * asking: what most of them need: the workspace, the plan of a task, its steps, the cache opened for reading. */
#ifndef ASK_ASKING_H
#define ASK_ASKING_H

#include "cmd/backend.h"
#include "cmd/cmd.h"
#include "query/options.h"

struct buf;
struct plan;
struct step;

/* A step of the plan, in plan order. */
struct asked_step {
	const struct step *step;
	uint32_t node;                 /* of the plan's top, whose item it is or is below */
	bool requested;                /* its task was named; false: it only runs before one that was */
};

struct asking {
	const struct session *session;
	struct arena *arena;
	struct backend backend;
	struct workspace *workspace;
	struct plan *plan;
	struct asked_step *steps;      /* echos and folders left out; by the plan's order */
	uint32_t steps_n;
	const struct step **all;       /* the same steps, for cache_leaver */
};

/* Reads the workspace. -1: err. To be closed in any case. */
int asking_open(struct asking *k, const struct session *s, struct err *err);
/* Plans what `options` ask for, and opens the cache for reading; k->backend.cache is NULL where there is none yet. */
int asking_plan(struct asking *k, struct query_options *options, bool cache, struct err *err);
void asking_close(struct asking *k);

/* Reads the words of such a command: the first is the task, the others are its arguments. -1: there is no task. */
int asking_words(const struct command_line *line, struct query_options *ret, struct err *err);

/* The options that choose what is asked about, by their places among a command's options; `cache` -1: it has none. */
struct asking_options {
	int recursive, filter, cache;
};
/* Adds to `ret` what these options ask for. */
void asking_choose(const struct command_line *line, const struct asking_options *at, struct query_options *ret);

/* "2026-11-28 15:04:12", local time, in `a`. */
const char *asking_time(struct arena *a, int64_t real_ns);
/* Prints b on stdout as it is, or without colours where it has none; frees it. Returns the exit code. */
int asking_print(const struct session *s, struct buf *b);
#endif
