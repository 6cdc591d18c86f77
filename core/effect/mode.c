#include "config.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "effect/record.h"

enum { DETAIL_MODE = 1, DETAIL_SIZE = 3 };     /* place of the mode, and size of a detail that has one */

struct bytes effect_detail(struct arena *a, int root_fd, struct bytes path, unsigned bits)
{
	unsigned char *detail = arena_alloc(a, DETAIL_SIZE);
	struct stat st;

	detail[0] = (unsigned char)bits;
	if (fstatat(root_fd, arena_strn(a, path.data, path.size), &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return (struct bytes){ detail, DETAIL_MODE };
	detail[DETAIL_MODE] = st.st_mode & 0xff;
	detail[DETAIL_MODE + 1] = st.st_mode >> 8 & 0xf;
	return (struct bytes){ detail, DETAIL_SIZE };
}

int effect_mode(struct bytes detail)
{
	const unsigned char *p = detail.data;

	return detail.size == DETAIL_SIZE ? p[DETAIL_MODE] | p[DETAIL_MODE + 1] << 8 : -1;
}
