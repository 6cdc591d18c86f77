/* words: an answer of a server in words for a user. */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

/* "403 Forbidden: ..." `text`: how the answer's body begins. */
void answer_words(long code, const char *text, char *to, size_t room);
#endif
