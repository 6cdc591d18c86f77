/* The inside of the room: values that the configuration gives, and where they stand. */
#ifndef CHOOSE_OPTIONS_H
#define CHOOSE_OPTIONS_H

#include <stdbool.h>

#include "choose/choice.h"

/* Where the options of a map go. */
struct option_map {
	const struct choice_config *config;        /* the configuration that it stands in, for messages */
	struct choice *choice;     /* the component that gets them */
	const char *skip;          /* a key of the first level that is no option; NULL: none */
	bool user;                 /* the file is the user's */
	bool credentials;          /* the options are a map of `credentials` there */
};

/* Says that the value at a place is wrong, after where that is. Returns -1. */
int choice_wrong(const struct choice_config *config, bool user, const char *place, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void option_clear(struct option_value *o);
/* Adds an option, taking over what `o` owns. A later value replaces an earlier one, but the workspace's never replaces
 * the user's. -1: out of memory, or too many. */
int option_put(struct choice *c, struct option_value *o);
/* Adds what a map holds, with dotted keys behind `prefix`. -1: err. */
int option_flatten(const struct option_map *f, const struct cJSON *map, const char *prefix, const char *place, int depth, struct err *err);
#endif
