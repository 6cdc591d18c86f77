/* A command. Words that vt reads itself must be the same when they are quoted and read again. */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "text/words.h"

static void check_word(struct arena *a, const char *word)
{
	struct words again;

	if (!words_parse(arena_printf(a, "x %s", words_quote(word, a)), a, &again))
		return;                    /* a=b goes to a shell */
	must(again.n == 1 && again.at[0].argv.n == 2);
	must(strcmp(again.at[0].argv.at[1], word) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *command = arena_strn(a, (const char *)data, size);
	struct words w;
	uint32_t i, k;

	if (words_parse(command, a, &w)) {
		must(w.n > 0);
		for (i = 0; i < w.n; i++) {
			must(w.at[i].argv.n > 0 && w.at[i].argv.at[0][0]);
			must(strstr(command, w.at[i].source));
			for (k = 0; k < w.at[i].argv.n; k++)
				check_word(a, w.at[i].argv.at[k]);
		}
	}
	arena_free(a);
	return 0;
}
