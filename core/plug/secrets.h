/* secrets: masks the secrets of a plugin in its texts. A server may answer with the request that it got, and such an answer would
 * bring a token into a log. */
#ifndef PLUG_SECRETS_H
#define PLUG_SECRETS_H

#include <stddef.h>

struct component;

/* Puts *** in the place of each secret that the component has in text[0..size): its secret options, passwords in its URLs, and variables
 * of the environment that are called like secrets; as they are and in base64; also where the end of the text cuts one off. Secrets
 * of fewer than 4 bytes stay. Returns the new size, which is not larger. [any] */
size_t secrets_mask(const struct component *c, char *text, size_t size);
#endif
