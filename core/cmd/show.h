/* show: what `vt run` prints instead of running: packages and tasks, a dry run. */
#ifndef CMD_SHOW_H
#define CMD_SHOW_H

#include "cmd/cmd.h"

struct backend;
struct buf;
struct dry_run;
struct plan;
struct query_options;
struct workspace;

enum { SHOW_MAX = 1 << 30 };           /* bytes printed, at most */

/* `--json` alone: packages and tasks as JSON. Returns the exit code. */
int show_graph(const struct session *s, const struct workspace *w);
/* `--dry-run`, as text or with `--json` as JSON. Returns the exit code. */
int show_dry_run(struct backend *b, const struct plan *plan, const struct query_options *options);

/* ---- for show_*.c only ---- */

/* Sets *ret to the dry run as JSON; to be freed. */
void show_dry_json(const struct workspace *w, const struct plan *plan, const struct dry_run *dry, struct buf *ret);
/* Prints b and a newline on stdout, frees b. Returns the exit code. */
int show_print(const struct session *s, struct buf *b);
#endif
