/* ci: writes folds, annotations and tables into the log and the page of a CI job, in the format of its system. */
#ifndef REPORT_CI_H
#define REPORT_CI_H

#include <stdint.h>

#include "base/buf.h"
#include "base/env.h"

struct summary;

enum ci { CI_NONE, CI_GITHUB, CI_GITLAB, CI_AZURE };

/* The system whose job this is, by its variables. */
enum ci ci_of(const struct env *env);

/* Adds the line that begins a folded part of the log. `number`: unique in the run; `seconds`: since 1970. */
void ci_fold(enum ci ci, const char *title, uint32_t number, int64_t seconds, struct buf *b);
/* Adds the line that ends it; the same number and title. */
void ci_unfold(enum ci ci, const char *title, uint32_t number, int64_t seconds, struct buf *b);
/* Adds an annotation for each step that failed, with its last lines; GitHub only. */
void ci_annotate(enum ci ci, const struct summary *s, struct buf *b);
/* Adds the run as a table in Markdown, for the job's page. */
void ci_table(const struct summary *s, struct buf *b);
#endif
