/* history: the key facts of each step's last hit or stored run, which explain a changed key, and
 * the duration of that run, by which long steps start early. It is one file, read when first
 * needed and replaced at the end when it changed. [any] */
#ifndef RECORD_HISTORY_H
#define RECORD_HISTORY_H

#include <stdbool.h>

#include "fact/fact.h"

struct history;

struct history *history_new(int dir, const char *name);    /* `dir`: the file's folder, borrowed */
/* Reads the file, unless it was read. */
void history_load(struct history *h);
/* Tells the step's last key; facts in `a`. false: the step is not known. */
bool history_get(struct history *h, const struct digest *step, struct arena *a, struct digest *ret_key, struct facts *ret);
/* `ms`: the duration of the recorded run. */
void history_put(struct history *h, const struct digest *step, const struct digest *key, const struct facts *facts, int64_t ms);
/* The same duration in eighths of a second, rounded to a power of two, so that it seldom changes;
 * 0: less than one, or not known. */
uint64_t history_duration(struct history *h, const struct digest *step);
/* The step ran a set-uid program: later runs are neither traced nor stored. */
void history_set_setuid(struct history *h, const struct digest *step);
bool history_is_setuid(struct history *h, const struct digest *step);
/* Why the last run of the step, under this key, was not stored. */
void history_put_reason(struct history *h, const struct digest *step, const struct digest *key, const char *reason);
/* The reason, in `a`; NULL: none is known, or not under this key. */
const char *history_reason(struct history *h, const struct digest *step, const struct digest *key, struct arena *a);
uint64_t history_steps(struct history *h);
void history_free(struct history *h, bool save);
#endif
