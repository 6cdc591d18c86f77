/* Waits until whoever reads our standard output has read all of it: what is written elsewhere
 * after that comes later. Exits with 1 if that takes 20 s, or if it is no pipe. */
#include "config.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "tool.h"

#define LIMIT 20 /* seconds */

int main(void) {
	int left;
	for (double end = now() + LIMIT; now() < end; pause_ms(1)) {
		if (ioctl(STDOUT_FILENO, FIONREAD, &left) != 0) return 1;
		if (left == 0) return 0;
	}
	return 1;
}
