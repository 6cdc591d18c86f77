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

/* Names are sorted: what the first and the last of some begin with, all of them do. */
void folder_enter(struct folder *f, const struct fact *names, uint32_t left)
{
	const struct bytes *first = &names[0].name, *last;
	const char *slash;
	size_t size;

	if (f->size && first->size > f->size && memcmp(first->data, f->name, f->size) == 0)
		return;
	folder_leave(f);
	if (left < FOLDER_MANY || !first->size || !(slash = memrchr(first->data, '/', first->size)))
		return;
	last = &names[FOLDER_MANY - 1].name;
	size = (size_t)(slash - (const char *)first->data) + 1;
	if (size >= sizeof f->name || size == 1 || size == first->size || last->size <= size || memcmp(first->data, last->data, size) != 0)
		return;
	memcpy(f->name, first->data, size - 1);
	f->name[size - 1] = '\0';
	f->fd = openat(f->root, f->name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	f->name[size - 1] = '/';
	if (f->fd >= 0)
		f->size = size;
}

int folder_at(const struct folder *f, const char *path, const char **ret)
{
	*ret = path + f->size;
	return f->size ? f->fd : f->root;
}
