/* vt-plugin-check FILE [KEY=VALUE...]: `vt plugins check` as a program, for authors of plugins. */
#include "config.h"

#include <unistd.h>

#include "base/digest.h"
#include "cmd/cmd.h"
#include "report/warnings.h"

extern char **environ;
extern const struct command command_plugin_check;

int main(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct session s = { .arena = a, .env = env_from(a, environ), .cwd = "/", .stderr_tty = isatty(2),
		.warnings = warnings_new() };
	char name[] = "vt-plugin-check", *alone[] = { name, NULL };
	int rc;

	digest_init();
	rc = command_plugin_check.run(&s, argc ? argc : 1, argc ? argv : alone);
	warnings_free(s.warnings);
	arena_free(a);
	return rc;
}
