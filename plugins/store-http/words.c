#include "words.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *word_of(long code)
{
	switch (code) {
	case 301: case 302: case 303: case 307: case 308: return " (it sends the request elsewhere)";
	case 400: return " Bad Request";
	case 401: return " Unauthorized: `token` or `user` and `password` are missing or wrong";
	case 403: return " Forbidden";
	case 404: return " Not Found";
	case 405: return " Method Not Allowed";
	case 409: return " Conflict: is there a folder of this address?";
	case 411: return " Length Required";
	case 429: return " Too Many Requests";
	case 500: return " Internal Server Error";
	case 502: return " Bad Gateway";
	case 503: return " Service Unavailable";
	case 504: return " Gateway Timeout";
	case 507: return " Insufficient Storage";
	default: return "";
	}
}

/* The words of an error's body that tell a reader something: markup and controls are left out. */
static void plain_words(const char *text, char *to, size_t room)
{
	bool tag = false, space = true;
	size_t n = 0;

	for (; *text && n + 1 < room; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '<' || c == '>') {
			tag = c == '<';
			c = ' ';
		}
		if (tag || (c <= ' ' && space))
			continue;
		space = c <= ' ';
		to[n++] = c <= ' ' ? ' ' : c < 127 ? (char)c : '?';
	}
	while (n && to[n - 1] == ' ')
		n--;
	to[n] = '\0';
}

void answer_words(long code, const char *text, char *to, size_t room)
{
	char body[160];
	size_t n;

	plain_words(text, body, sizeof body);
	n = (size_t)snprintf(to, room, "%ld%s", code, word_of(code));
	/* a page that repeats the status line */
	if (n >= room || !body[0] || strncmp(body, to, n) == 0)
		return;
	snprintf(to + n, room - n, ": %s", body);
}
