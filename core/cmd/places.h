/* places: the folders for vt's own files that the environment names, HOME, TMPDIR and their kin. A folder on a network or FUSE
 * file system whose server is silent stops every process that touches it. So a process of its own asks them first, and vt goes
 * on without the folders that do not answer. */
#ifndef CMD_PLACES_H
#define CMD_PLACES_H

struct env;
struct places;
struct session;

/* `env` outlives the places. Asks no folder yet. */
struct places *places_new(const struct env *env);
void places_free(struct places *p);                        /* NULL is fine */
/* The session's environment for vt's own files: without the variables whose folders do not answer, each told by
 * a warning once. Waits for three seconds, and as much again behind each that is silent. Tasks get session->env. [any] */
const struct env *places_env(const struct session *s);
#endif
