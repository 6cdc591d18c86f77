/* value: the text of an option as the configuration has it, and as a plugin gets it. */
#ifndef PLUG_VALUE_H
#define PLUG_VALUE_H

/* What `type` expects instead of the text, for a message; NULL: the text fits, and *ret is the text for `set`,
 * malloc'ed: bytes of a "size", milliseconds of a "duration", 0 or 1 of a "bool", and everything else as written. */
const char *value_canonical(const char *type, const char *text, char **ret);
#endif
