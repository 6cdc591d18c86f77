/* ledger: the lines in memory. ledger_file.c reads and writes them. */
#include "config.h"

#include "effect/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "effect/ledger_inside.h"
#include "fact/fact.h"

struct ledger *ledger_new(int dir, const char *name)
{
	struct ledger *l = xcalloc(1, sizeof *l);

	pthread_rwlock_init(&l->lock, NULL);
	l->dir = dir;
	l->file = xstrdup(name);
	l->arena = arena_new();
	map_init(&l->folders);
	map_init(&l->whos);
	map_init(&l->tasks);
	l->who_n = 1;
	return l;
}

void ledger_close(struct ledger *l, bool save)
{
	if (!l)
		return;
	if (save && l->loaded)
		ledger_save(l);
	free(l->lines);
	free(l->dirty);
	free(l->slots);
	map_free(&l->folders);
	map_free(&l->whos);
	map_free(&l->tasks);
	free(l->who);
	free(l->of);
	arena_free(l->arena);
	pthread_rwlock_destroy(&l->lock);
	free(l->file);
	free(l);
}

/* ---- steps ---------------------------------------------------------------- */

static uint32_t task_number(struct ledger *l, const struct digest *task)
{
	void **at = map_put(&l->tasks, task->byte, sizeof task->byte);

	if (*at)
		return (uint32_t)(uintptr_t)*at - 1;
	if (l->tasks_n == l->tasks_room) {
		l->tasks_room = l->tasks_room ? l->tasks_room * 2 : 64;
		l->of = xrealloc(l->of, l->tasks_room, sizeof *l->of);
	}
	l->of[l->tasks_n++] = 0;
	*at = (void *)(uintptr_t)l->tasks_n;
	return l->tasks_n - 1;
}

ledger_who ledger_number(struct ledger *l, const struct ledger_step *step)
{
	void *known = map_get(&l->whos, step, sizeof *step), **at;
	struct ledger_step *name;
	uint32_t i;

	if (known)
		return (ledger_who)(uintptr_t)known;
	name = arena_copy(l->arena, step, sizeof *step);
	if (l->who_n >= l->who_room) {
		l->who_room = l->who_room ? l->who_room * 2 : 64;
		l->who = xrealloc(l->who, l->who_room, sizeof *l->who);
	}
	i = l->who_n++;
	l->who[i] = (struct who){ .name = *name };
	l->who[i].task = task_number(l, &name->task);
	at = map_put(&l->whos, name, sizeof *name);
	*at = (void *)(uintptr_t)i;
	return i;
}

ledger_who ledger_step(struct ledger *l, const struct ledger_step *step)
{
	ledger_who ret;

	pthread_rwlock_wrlock(&l->lock);
	ret = ledger_number(l, step);
	pthread_rwlock_unlock(&l->lock);
	return ret;
}

void ledger_name(struct ledger *l, ledger_who who, struct ledger_step *ret)
{
	pthread_rwlock_rdlock(&l->lock);
	*ret = l->who[who].name;
	pthread_rwlock_unlock(&l->lock);
}

/* ---- the table of lines ---------------------------------------------------- */

struct left line_left(const struct line *line)
{
	return (struct left){
		.path = line_path(line), .state = { line->at + line->path_size, line->state_size },
		.step = line->step, .maker = line->maker, .clock = line->clock,
	};
}

/* The slot of the path's line, or the free one where it would be. */
static uint32_t slot_of(const struct ledger *l, struct bytes path)
{
	const uint32_t mask = l->slots_n - 1;
	uint32_t i;

	for (i = (uint32_t)map_hash(path.data, path.size) & mask; l->slots[i]; i = (i + 1) & mask) {
		const struct line *line = &l->lines[l->slots[i] - 1];

		if (line->path_size == path.size && memcmp(line->at, path.data, path.size) == 0)
			return i;
	}
	return i;
}

uint32_t ledger_find(const struct ledger *l, struct bytes path)
{
	return l->slots_n ? l->slots[slot_of(l, path)] : 0;
}

void ledger_reserve(struct ledger *l, uint32_t more)
{
	const uint32_t wanted = l->lines_n + more;
	uint32_t i, room;

	if (wanted > l->lines_room) {
		room = l->lines_room > 0 && wanted < 2 * l->lines_room ? 2 * l->lines_room : wanted;
		l->lines = xrealloc(l->lines, room, sizeof *l->lines);
		if (l->dirty) {
			l->dirty = xrealloc(l->dirty, room, sizeof *l->dirty);
			memset(l->dirty + l->lines_room, 0, (room - l->lines_room) * sizeof *l->dirty);
		}
		l->lines_room = room;
	}
	if (wanted < l->slots_n / 2)
		return;
	for (room = l->slots_n ? l->slots_n : 64; wanted >= room / 2; room *= 2)
		;
	free(l->slots);
	l->slots = xcalloc(room, sizeof *l->slots);
	l->slots_n = room;
	for (i = 0; i < l->lines_n; i++)
		l->slots[slot_of(l, line_path(&l->lines[i]))] = i + 1;
}

static void note_folders(struct ledger *l, struct bytes path)
{
	const char *slash = memrchr(path.data, '/', path.size);
	size_t size = slash ? (size_t)(slash - (const char *)path.data) : 0;
	void **at;

	if (l->folder.data && size == l->folder.size && memcmp(path.data, l->folder.data, size) == 0)
		return;                /* the line before has the same folder */
	l->folder = (struct bytes){ path.data, size };
	while (path.size) {
		slash = memrchr(path.data, '/', path.size);
		path.size = slash ? (size_t)(slash - (const char *)path.data) : 0;
		at = map_put(&l->folders, path.data, path.size);
		if (*at)
			return;
		*at = l;
	}
}

static uint32_t *first_of(struct ledger *l, const struct line *line)
{
	return &l->of[l->who[line->step].task];
}

static void unlink_line(struct ledger *l, struct line *line)
{
	*(line->before ? &l->lines[line->before - 1].next : first_of(l, line)) = line->next;
	if (line->next)
		l->lines[line->next - 1].before = line->before;
	l->used -= ledger_line_size(&(struct left){ .path.size = line->path_size, .state.size = line->state_size });
}

static void link_line(struct ledger *l, uint32_t number)
{
	struct line *line = &l->lines[number - 1];
	uint32_t *first = first_of(l, line);

	line->next = *first;
	line->before = 0;
	if (line->next)
		l->lines[line->next - 1].before = number;
	*first = number;
	l->used += ledger_line_size(&(struct left){ .path.size = line->path_size, .state.size = line->state_size });
}

uint32_t ledger_set(struct ledger *l, const struct left *left, const char *at, uint32_t run)
{
	uint32_t *slot, number;
	struct line *line;

	ledger_reserve(l, 1);
	slot = &l->slots[slot_of(l, left->path)];
	number = *slot;
	if (number && l->lines[number - 1].step)
		unlink_line(l, &l->lines[number - 1]);
	if (!number) {
		number = *slot = ++l->lines_n;
		if (l->dirty)
			l->dirty[number - 1] = false;
	}
	line = &l->lines[number - 1];
	*line = (struct line){
		.at = at, .clock = left->clock, .step = left->step, .maker = left->maker, .run = run,
		.path_size = (uint16_t)left->path.size, .state_size = (uint16_t)left->state.size,
	};
	note_folders(l, line_path(line));
	link_line(l, number);
	return number;
}

void ledger_drop(struct ledger *l, uint32_t number)
{
	unlink_line(l, &l->lines[number - 1]);
	l->lines[number - 1].step = 0;
}

void ledger_mark(struct ledger *l, uint32_t number)
{
	if (!l->dirty)
		l->dirty = xcalloc(l->lines_room, sizeof *l->dirty);
	l->dirty[number - 1] = true;
}

/* ---- for the other rooms ------------------------------------- */

void ledger_put(struct ledger *l, const struct left *left)
{
	struct left now = *left;
	char *at;

	if (left->path.size > UINT16_MAX || left->state.size > UINT16_MAX)
		return;                /* longer than any path or link */
	pthread_rwlock_wrlock(&l->lock);
	now.clock = l->clock;
	at = arena_array(l->arena, left->path.size + left->state.size + 1, 1);
	memcpy(at, left->path.data, left->path.size);
	if (left->state.size)
		memcpy(at + left->path.size, left->state.data, left->state.size);
	now.path.data = at;
	ledger_mark(l, ledger_set(l, &now, at, l->who[left->step].runs));
	pthread_rwlock_unlock(&l->lock);
}

bool ledger_get(struct ledger *l, struct bytes path, struct left *ret)
{
	const struct line *line = NULL;
	uint32_t number;

	pthread_rwlock_rdlock(&l->lock);
	number = ledger_find(l, path);
	if (number && l->lines[number - 1].step) {
		line = &l->lines[number - 1];
		*ret = line_left(line);
	}
	pthread_rwlock_unlock(&l->lock);
	return line != NULL;
}

bool ledger_below(struct ledger *l, struct bytes folder)
{
	bool ret;

	pthread_rwlock_rdlock(&l->lock);
	ret = map_get(&l->folders, folder.data, folder.size) != NULL;
	pthread_rwlock_unlock(&l->lock);
	return ret;
}

uint32_t ledger_of_task(struct ledger *l, ledger_who step, struct arena *a, struct left **ret)
{
	uint32_t n = 0, i = 0, at;

	pthread_rwlock_rdlock(&l->lock);
	for (at = l->of[l->who[step].task]; at; at = l->lines[at - 1].next)
		n++;
	*ret = arena_array(a, n + 1, sizeof **ret);
	for (at = l->of[l->who[step].task]; at; at = l->lines[at - 1].next)
		(*ret)[i++] = line_left(&l->lines[at - 1]);
	pthread_rwlock_unlock(&l->lock);
	return n;
}

/* Notes in the step's line that this run, too, left or carried the path. */
static void renew(struct ledger *l, uint32_t number, ledger_who step)
{
	struct line *line = &l->lines[number - 1];

	if (line->step != step || l->who[step].runs - line->run < LEDGER_RENEW)
		return;
	line->run = l->who[step].runs;
	ledger_mark(l, number);
}

void ledger_ran(struct ledger *l, ledger_who step, const struct facts *left)
{
	struct bytes last = { "", 0 };
	uint32_t i, number;

	pthread_rwlock_wrlock(&l->lock);
	l->who[step].runs++;
	for (i = 0; i < left->n; i++) {
		struct bytes path = left->at[i].name;
		const char *slash;

		if ((number = ledger_find(l, path)) != 0)
			renew(l, number, step);
		/* its folders: a folder that holds something is no effect of its own */
		while ((slash = memrchr(path.data, '/', path.size)) != NULL) {
			path.size = (size_t)(slash - (const char *)path.data);
			if (path.size == last.size && memcmp(path.data, last.data, last.size) == 0)
				break;
			if ((number = ledger_find(l, path)) != 0)
				renew(l, number, step);
		}
		path = left->at[i].name;
		slash = memrchr(path.data, '/', path.size);
		last = (struct bytes){ path.data, slash ? (size_t)(slash - (const char *)path.data) : 0 };
	}
	pthread_rwlock_unlock(&l->lock);
}

uint64_t ledger_clock(struct ledger *l)
{
	uint64_t ret;

	pthread_rwlock_rdlock(&l->lock);
	ret = l->clock;
	pthread_rwlock_unlock(&l->lock);
	return ret;
}
