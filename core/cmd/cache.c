#include "config.h"

#include "cmd/cmd.h"

int cmd_cache(const struct session *s, int argc, char **argv)
{
	struct err err = { 0 };

	(void)argc, (void)argv;
	err_set(&err, ERR_SYSTEM, "this build has no `vt cache` yet");
	return cmd_fail(s, &err);
}
