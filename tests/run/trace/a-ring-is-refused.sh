# io_uring does work that no tracer sees: it does not exist in a traced task, and programs
# that would like to use it fall back to calls.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/run/trace/lib.sh"
: "${CC:=cc}"

workspace
touch by-the-ring
file p.c '#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
int main(void)
{
	struct io_uring ring;
	struct io_uring_cqe *cqe;
	int r = io_uring_queue_init(8, &ring, 0);
	if (r == -ENOSYS || r == -EPERM) {
		puts(r == -ENOSYS ? "no ring" : "forbidden");
		return open("by-the-ring", O_RDONLY) < 0;
	}
	if (r < 0)
		return 2;
	io_uring_prep_openat(io_uring_get_sqe(&ring), AT_FDCWD, "by-the-ring", O_RDONLY, 0);
	if (io_uring_submit(&ring) != 1 || io_uring_wait_cqe(&ring, &cqe) || cqe->res < 0)
		return 3;
	puts("ring");
	return 0;
}'
$CC p.c -o p -luring 2>"$T/err" || skip_all "liburing's headers are not installed"
echo "# untraced: $(./p)"
traced ./p
is "a program that would like a ring: works" "$rc" 0
is "... it was told that there is none" "$(cat "$T/out")" "no ring"
is "... the trace is complete" "$end" complete
was "... the file that it opened by calls is read" READ by-the-ring
finish
