/* secrets: what a plugin was given and must not tell. A server may answer with what it was sent: the text of such an answer
 * would lead a token into a log. */
#ifndef PLUG_SECRETS_H
#define PLUG_SECRETS_H

#include <stddef.h>

struct component;

/* Puts *** in the place of each secret that the component has in text[0..size): its secret options, passwords in its URLs, and variables
 * of the environment that are called like secrets; as they are and in base64; also where the end of the text cuts one off. Secrets
 * of fewer than 4 bytes stay. Returns the new size, which is not larger. [any] */
size_t secrets_mask(const struct component *c, char *text, size_t size);
#endif
