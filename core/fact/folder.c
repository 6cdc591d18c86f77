#include "config.h"

#include "fact/folder.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { FOLDER_MANY = 8 };

void folder_init(struct folder *f, int root)
{
	f->root = root;
	f->fd = -1;
	f->size = 0;
}

void folder_leave(struct folder *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	f->size = 0;
}

/* Opens the folder of f->path, if enough of the names stand there. They are sorted: what the first and the last of some begin
 * with, all of them do. */
static void open_folder(struct folder *f, const struct fact *names)
{
	const struct bytes *last = &names[FOLDER_MANY - 1].name;
	char *slash = strrchr(f->path, '/');
	const size_t size = slash ? (size_t)(slash - f->path) + 1 : 0;

	if (size <= 1 || !slash[1] || last->size <= size || memcmp(f->path, last->data, size) != 0)
		return;
	*slash = '\0';
	f->fd = openat(f->root, f->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	*slash = '/';
	if (f->fd >= 0)
		f->size = size;
}

bool folder_enter(struct folder *f, const struct fact *names, uint32_t left)
{
	const struct bytes name = names[0].name;
	const bool stays = f->size && name.size > f->size && memcmp(name.data, f->path, f->size) == 0;

	if (name.size >= sizeof f->path)
		return false;
	if (!stays)
		folder_leave(f);
	memcpy(f->path, name.data, name.size);
	f->path[name.size] = '\0';
	if (!stays && left >= FOLDER_MANY)
		open_folder(f, names);
	return true;
}

int folder_at(const struct folder *f, const char **ret)
{
	*ret = f->path + f->size;
	return f->size ? f->fd : f->root;
}
