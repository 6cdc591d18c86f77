/* The runner around this one: a `vt` that a cached task of another vt started. What
 * decides here must decide there, or the outer step would hit where the inner one
 * would not: so the outer runner is asked every tracked question as well.
 *
 * A server tells it what tools ask by itself (through its endpoint). Whoever runs
 * steps tells it what the step's configuration asks, and what a recorded result
 * asked that is taken for a hit. Each call returns when the outer runner has noted
 * it; all on the loop's thread. */
#ifndef IPC_OUTER_H
#define IPC_OUTER_H

#include <stddef.h>
#include <stdint.h>

struct env;
struct facts;
struct outer;
struct texts;

struct outer *outer_new(const struct env *session);       /* NULL: there is none. Connects when it has something to say. */
void outer_free(struct outer *o);                         /* NULL is fine, also below */
void outer_env(struct outer *o, uint16_t op, const char *name, size_t size);   /* VT_SEEN_ENV, _GLOB, _PREFIX; each once */
void outer_opt_out(struct outer *o);
/* The patterns of the setting `env`: what matches them is in the step's key. */
void outer_patterns(struct outer *o, const struct texts *patterns);
/* The variables and queries among them; of a hit: its key's and its result's. */
void outer_facts(struct outer *o, const struct facts *facts);
#endif
