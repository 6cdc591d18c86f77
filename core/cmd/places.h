/* places: the folders for vt's own files that the environment names, HOME, TMPDIR and their kin. One on a network or FUSE
 * file system whose server is silent stops whoever touches it; so they are asked in a process of their own before
 * vt touches them, and vt does without those that do not answer. */
#ifndef CMD_PLACES_H
#define CMD_PLACES_H

struct env;
struct places;
struct session;

/* `env` outlives the places. Asks nobody yet. */
struct places *places_new(const struct env *env);
void places_free(struct places *p);                        /* NULL is fine */
/* The session's environment for what vt itself reads and writes: without the variables whose folders do not answer, each told by
 * a warning once. Waits for three seconds, and as much again behind each that is silent. Tasks get session->env. [any] */
const struct env *places_env(const struct session *s);
#endif
