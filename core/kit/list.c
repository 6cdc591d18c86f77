#include "config.h"

#include "kit/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "choose/choice.h"
#include "choose/find.h"
#include "kit/describe.h"
#include "text/json.h"

static void move(cJSON *to, const char *key, cJSON *from)
{
	cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(from, key);

	cJSON_AddItemToObject(to, key, item ? item : cJSON_CreateNull());
}

static struct cJSON *places_json(struct find *f)
{
	cJSON *list = cJSON_CreateArray();
	const struct find_place *p;
	uint32_t n, i;

	p = find_places(f, &n);
	for (i = 0; i < n; i++) {
		cJSON *j = cJSON_CreateObject();

		cJSON_AddStringToObject(j, "path", p[i].path);
		cJSON_AddStringToObject(j, "origin", find_origin_word(p[i].origin));
		cJSON_AddBoolToObject(j, "used", p[i].used);
		cJSON_AddItemToArray(list, j);
	}
	return list;
}

/* Notes for each chosen component whether this row has it and whether it works. */
static void note_uses(struct list *l, const cJSON *row, const cJSON *status)
{
	const char *state = cJSON_GetObjectItemCaseSensitive(row, "state")->valuestring;
	const cJSON *reason = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(row, "reason"), "text"), *c;
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(row, "name"), *file = cJSON_GetObjectItemCaseSensitive(row, "file");
	uint32_t i;

	for (i = 0; i < l->uses_n; i++) {
		struct list_use *u = &l->uses[i];
		const cJSON *word = cJSON_GetObjectItemCaseSensitive(status, u->name);
		const bool of_its_name = strcmp(name->valuestring, u->name) == 0;
		bool in_here = of_its_name;

		cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(row, "components"))
			in_here = in_here || strcmp(cJSON_GetObjectItemCaseSensitive(c, "name")->valuestring, u->name) == 0;
		if (!in_here || strcmp(state, "shadowed") == 0 || strcmp(state, "skipped") == 0 || (u->file && !of_its_name))
			continue;
		free(u->file);
		u->file = strdup(file->valuestring);
		u->ready = strcmp(state, "ready") == 0 && !cJSON_IsObject(word);
		free(u->status);
		u->status = cJSON_IsString(word) && word->valuestring[0] ? strdup(word->valuestring) : NULL;
		if (cJSON_IsObject(word))
			reason = cJSON_GetObjectItemCaseSensitive(word, "text");
		free(u->why);
		u->why = u->ready || !reason ? NULL : strdup(reason->valuestring);
	}
}

static cJSON *row_make(struct list *l, const struct candidate *c, const struct plug_setup *setup)
{
	cJSON *row = cJSON_CreateObject(), *said = NULL, *status = NULL;

	cJSON_AddStringToObject(row, "name", c->name);
	if (c->state == CANDIDATE_TRUSTED) {
		said = describe(c, setup);
		move(row, "version", said);
	} else {
		cJSON_AddNullToObject(row, "version");
	}
	cJSON_AddStringToObject(row, "file", c->path);
	cJSON_AddStringToObject(row, "origin", find_origin_word(c->origin));
	if (!said) {
		cJSON_AddStringToObject(row, "state", c->state == CANDIDATE_SKIPPED ? "skipped" : "shadowed");
		cJSON_AddItemToObject(row, "reason", describe_reason(c->code, c->reason));
		said = cJSON_CreateObject();
	} else {
		move(row, "state", said);
		move(row, "reason", said);
	}
	move(row, "abi", said);
	move(row, "license", said);
	move(row, "homepage", said);
	status = cJSON_DetachItemFromObjectCaseSensitive(said, "components");
	cJSON_AddItemToObject(row, "components", status ? status : cJSON_CreateArray());
	note_uses(l, row, cJSON_GetObjectItemCaseSensitive(said, "status"));
	cJSON_Delete(said);
	return row;
}

static int uses_make(struct list *l, const struct choices *all, struct err *err)
{
	uint32_t i;

	l->uses = calloc(all->n + 1, sizeof *l->uses);
	if (!l->uses)
		return err_set(err, ERR_SYSTEM, "out of memory");
	for (i = 0; i < all->n; i++) {
		struct list_use *u = &l->uses[l->uses_n];

		*u = (struct list_use){ .name = strdup(all->at[i].name), .kind = kind_word(all->at[i].kind), .named = all->at[i].named };
		if (!u->name)
			return err_set(err, ERR_SYSTEM, "out of memory");
		l->uses_n++;
	}
	return 0;
}

int list_make(const struct plug_setup *setup, struct list *ret, struct err *err)
{
	struct choice_config config = { .root = setup->root, .workspace = setup->workspace_config, .user = setup->user_config,
		.workspace_file = setup->workspace_config_file, .user_file = setup->user_config_file, .worktrees = setup->worktrees };
	struct find_setup where = { .root = setup->root, .system_dir = setup->system_dir, .system_prefix = setup->system_prefix, .env = setup->env,
		.paths = cJSON_GetObjectItemCaseSensitive(setup->user_config, "paths"), .config_file = setup->user_config_file };
	struct candidates all = { 0 };
	struct choices choices = { 0 };
	struct list l = { 0 };
	struct find *f = NULL;
	cJSON *abi, *rows;
	int rc;
	uint32_t i;

	rc = choices_read(&config, &choices, err);
	if (rc == 0)
		rc = uses_make(&l, &choices, err);
	if (rc == 0)
		rc = find_new(&where, &f, err);
	if (rc == 0 && find_all(f, &all))
		rc = err_set(err, ERR_SYSTEM, "out of memory");
	choices_free(&choices);
	if (rc) {
		find_free(f);
		list_free(&l);
		return -1;
	}
	l.json = cJSON_CreateObject();
	abi = cJSON_AddObjectToObject(l.json, "abi");
	cJSON_AddNumberToObject(abi, "major", VT_ABI_MAJOR);
	cJSON_AddNumberToObject(abi, "minor", VT_ABI_MINOR);
	cJSON_AddItemToObject(l.json, "paths", places_json(f));
	rows = cJSON_AddArrayToObject(l.json, "plugins");
	for (i = 0; i < all.n; i++)
		cJSON_AddItemToArray(rows, row_make(&l, &all.at[i], setup));
	candidates_clear(&all);
	find_free(f);
	*ret = l;
	return 0;
}

void list_free(struct list *l)
{
	uint32_t i;

	for (i = 0; i < l->uses_n; i++) {
		free(l->uses[i].name);
		free(l->uses[i].file);
		free(l->uses[i].status);
		free(l->uses[i].why);
	}
	free(l->uses);
	cJSON_Delete(l->json);
	*l = (struct list){ 0 };
}
