/* drained: waits until the reader of our standard output has read all of it, so that it sees later
 * what is written elsewhere afterwards. Exits with 1 after 120 s, or if stdout is no pipe. */
#include "config.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "tool.h"

#define LIMIT 120 /* seconds */

int main(void) {
	int left;
	for (double end = now() + LIMIT; now() < end; pause_ms(1)) {
		if (ioctl(STDOUT_FILENO, FIONREAD, &left) != 0) return 1;
		if (left == 0) return 0;
	}
	return 1;
}
