/* vt-plugin-check FILE [KEY=VALUE...]: `vt plugins check` as a program, for authors of plugins. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "cmd/cmd.h"
#include "report/warnings.h"

extern char **environ;

int main(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct session s = { .arena = a, .env = env_from(a, environ), .cwd = "/", .stderr_tty = isatty(2),
		.warnings = warnings_new() };
	char **words = arena_array(a, (size_t)argc + 2, sizeof *words);
	int rc;

	digest_init();
	words[0] = arena_str(a, "plugins");
	words[1] = arena_str(a, "check");
	memcpy(words + 2, argv + 1, sizeof *words * ((size_t)argc - (argc > 0)));
	rc = command_find("plugins")->run(&s, argc + (argc > 0), words);
	warnings_free(s.warnings);
	arena_free(a);
	return rc;
}
