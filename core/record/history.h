/* history: the key facts of each step's last hit or stored run, so that a changed
 * key can be explained, and how long it took, so that long ones can start early. A
 * core-owned file, read when first needed, written by rename at the end when something
 * changed. [any] */
#ifndef RECORD_HISTORY_H
#define RECORD_HISTORY_H

#include <stdbool.h>

#include "fact/fact.h"

struct history;

struct history *history_new(const char *file);
/* Reads the file, unless that was done. */
void history_load(struct history *h);
/* What the step's key was; facts in `a`. false: nothing is known of it. */
bool history_get(struct history *h, const struct digest *step, struct arena *a, struct digest *ret_key, struct facts *ret);
/* `ms`: the duration of the recorded run. */
void history_put(struct history *h, const struct digest *step, const struct digest *key, const struct facts *facts, int64_t ms);
/* That duration in eighths of a second, as a power of two, so that it is the same the next
 * time; 0: less than one, or not known. */
uint64_t history_duration(struct history *h, const struct digest *step);
/* The step runs a set-uid program: from now on it is neither traced nor kept. */
void history_set_setuid(struct history *h, const struct digest *step);
bool history_is_setuid(struct history *h, const struct digest *step);
uint64_t history_steps(struct history *h);
void history_free(struct history *h, bool save);
#endif
