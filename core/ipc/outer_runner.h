/* outer: the runner around this one, where this vt was started by a cached task of another
 * vt. What decides here must decide there, or the outer step would hit where the inner one
 * would not: so the outer runner is asked every tracked question as well.
 *
 * One connection for the run, made when there is something to tell. A thread tells it, for
 * the outer runner may be slow, stopped or gone, and nothing here waits for it. The run ends
 * when outer_runner_is_busy is false: then the outer runner has noted everything, or has been told
 * not to keep its step, or cannot be reached (10 s without an answer) and keeps nothing.
 * All functions are called on the loop's thread; none blocks. */
#ifndef IPC_OUTER_RUNNER_H
#define IPC_OUTER_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct env;
struct facts;
struct loop;
struct outer_runner;
struct texts;

/* NULL: there is none. on_idle: called on the loop when outer_runner_is_busy has become false. */
struct outer_runner *outer_runner_new(struct loop *l, const struct env *session, void (*on_idle)(void *ctx), void *ctx);
/* Frees at once; what was not told yet is not told any more. NULL is fine, as below. */
void outer_runner_free(struct outer_runner *o);
/* Something was not told yet. */
bool outer_runner_is_busy(const struct outer_runner *o);
/* A tracked question, asked once for each op and name. VT_SEEN_ENV, _GLOB or _PREFIX. */
void outer_runner_env(struct outer_runner *o, uint16_t op, const char *name, size_t size);
void outer_runner_opt_out(struct outer_runner *o);
/* The patterns of the setting `env`: the variables they match are in the step's key. */
void outer_runner_patterns(struct outer_runner *o, const struct texts *patterns);
/* The variables and queries among them; of a hit: those of its key and its result. */
void outer_runner_facts(struct outer_runner *o, const struct facts *facts);
#endif
