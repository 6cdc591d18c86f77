#include "config.h"

#include "effect/record.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/texts.h"
#include "effect/cover.h"
#include "workspace/workspace.h"

/* Did the path come or change since the start? */
static bool is_young(const struct record *r, struct bytes path)
{
	struct stat st;
	struct stamp stamp;

	if (fstatat(r->world->root_fd, arena_strn(r->arena, path.data, path.size), &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	stamp_of(&st, &stamp);
	return stamp.mtime_ns >= r->started_ns || stamp.ctime_ns >= r->started_ns;
}

static bool is_mine(const struct record *r, const struct fact *f)
{
	struct left line;
	uint32_t later;

	return ledger_get(r->ledger, f->name, &line) && bytes_order(line.state, f->state) == 0 &&
	       eyes_whose(r->eyes, &line, &later) != WHOSE_OTHER;
}

static void add_line(struct record *r, const struct fact *f)
{
	r->lines = arena_grow(r->arena, r->lines, r->lines_n, sizeof *r->lines);
	r->lines[r->lines_n++] = (struct left){ .path = f->name, .state = f->state, .step = r->eyes->own, .maker = r->eyes->own };
}

int record_declared(struct record *r, const struct globs *output, struct err *err)
{
	struct texts matched;
	struct facts now = { 0 };
	uint32_t i;

	if (!output->yes.n)
		return 0;
	if (state_matches(r->world, output, r->arena, &matched, err) < 0)
		return -1;
	for (i = 0; i < matched.n; i++)
		facts_name(&now, r->arena, FACT_LEFT, matched.at[i], strlen(matched.at[i]));
	facts_sort(&now);
	if (state_fill(r->world, NULL, &now, r->arena, err) < 0)
		return -1;
	for (i = 0; i < now.n; i++) {
		struct fact *f = &now.at[i];
		const bool young = is_young(r, f->name), mine = is_mine(r, f);

		if ((!young && !mine) || cover_cache(r->cover, f->name))
			continue;
		f->detail = effect_detail(r->arena, r->world->root_fd, f->name, young ? EFFECT_MADE : EFFECT_CARRIED | EFFECT_MADE);
		facts_add(&r->effects, r->arena, f);
		if (young && !mine)
			add_line(r, f);
	}
	return 0;
}
