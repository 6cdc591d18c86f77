/* value: the text of an option as the configuration has it, and as a plugin gets it. */
#ifndef CHOOSE_VALUE_H
#define CHOOSE_VALUE_H

/* The options of each store's entry that vt answers for; no plugin may have one of these names. Ends with NULL. */
extern const char *const value_store_options[];
/* What `type` expects instead of the text, for a message; NULL: the text fits, and *ret is the text for `set`,
 * malloc'ed: bytes of a "size", milliseconds of a "duration", 0 or 1 of a "bool", and everything else as written. */
const char *value_canonical(const char *type, const char *text, char **ret);
#endif
