#include "config.h"

#include "choose/find.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/env.h"
#include "choose/trust.h"
#include "os/file.h"
#include "text/json.h"
#include "text/path.h"

enum { PLACES_MAX = 64, PINS_MAX = 64, CANDIDATES_MAX = 512, NAME_MAX_SIZE = 64 };

struct find {
	char *root;                /* real, or NULL */
	char *prefix;              /* of vt's own tree, real; NULL: none */
	struct find_place places[PLACES_MAX];
	uint32_t places_n;
	bool looked;               /* `used` and `reason` of the places are set */
	struct pin {               /* a file with the SHA-256 that it must have */
		char *path;        /* absolute, as configured */
		struct digest sha256;
	} pins[PINS_MAX];
	uint32_t pins_n;
	/* What the last check accepted: a folder as named, and a real path with every folder above it.
	 * Both are not checked again for the next file of the same owners, because a run loads its
	 * plugins within milliseconds. */
	char *good_folder, *good_path;
	const struct trust_owners *good_owners;        /* in this struct */
	/* the users who may own a plugin; n 0: not determined yet */
	struct trust_owners owners[FIND_ENV + 1], pinned, own;
};

static void place_add(struct find *f, const char *path, enum find_origin origin)
{
	char *copy;

	if (f->places_n == PLACES_MAX || !(copy = strdup(path)))
		return;
	f->places[f->places_n++] = (struct find_place){ .path = copy, .origin = origin };
}

static void place_add_below(struct find *f, const char *base, const char *rest, enum find_origin origin)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s%s", base, rest) < (int)sizeof path)
		place_add(f, path, origin);
}

/* Adds the entries of VT_PLUGIN_PATH. They are absolute; an empty one is skipped. */
static void places_from_env(struct find *f, const char *list)
{
	while (list && *list) {
		size_t n = strcspn(list, ":");

		if (n && n < PATH_MAX && *list == '/') {
			char path[PATH_MAX];

			memcpy(path, list, n);
			path[n] = '\0';
			place_add(f, path, FIND_ENV);
		}
		list += n + (list[n] == ':');
	}
}

/* Adds {"file": "/abs/vt-x.so", "sha256": "..."}. */
static int pin_add(struct find *f, const struct find_setup *s, const cJSON *item, const char *path, struct err *err)
{
	const cJSON *sha256 = cJSON_GetObjectItemCaseSensitive(item, "sha256");
	struct pin *pin = &f->pins[f->pins_n % PINS_MAX];

	if (f->pins_n == PINS_MAX)
		return err_set(err, ERR_USER, "%s: `plugins.paths` may name %d files at most", s->config_file, PINS_MAX);
	if (cJSON_GetArraySize(item) != 2 || !cJSON_IsString(sha256) || digest_unhex(sha256->valuestring, &pin->sha256))
		return err_set(err, ERR_USER, "%s: `plugins.paths`: '%.200s' needs its `sha256`, 64 hexadecimal digits as sha256sum prints them, "
			       "and nothing else", s->config_file, path);
	if (!(pin->path = strdup(path)))
		return err_set(err, ERR_SYSTEM, "out of memory");
	f->pins_n++;
	return 0;
}

static int places_from_config(struct find *f, const struct find_setup *s, struct err *err)
{
	const cJSON *item;

	if (!s->paths)
		return 0;
	if (!cJSON_IsArray(s->paths))
		return err_set(err, ERR_USER, "%s: `plugins.paths` must be a list of absolute paths", s->config_file);
	cJSON_ArrayForEach(item, s->paths) {
		const cJSON *path = cJSON_IsObject(item) ? cJSON_GetObjectItemCaseSensitive(item, "file") : item;

		if (!cJSON_IsString(path) || path->valuestring[0] != '/')
			return err_set(err, ERR_USER, "%s: `plugins.paths` may hold absolute paths only; found %s",
				       s->config_file, json_kind(path ? path : item));
		if (path != item && pin_add(f, s, item, path->valuestring, err))
			return -1;
		place_add(f, path->valuestring, FIND_CONFIG);
	}
	return 0;
}

int find_new(const struct find_setup *s, struct find **ret, struct err *err)
{
	struct find *f = calloc(1, sizeof *f);
	const char *data = env_get(s->env, "XDG_DATA_HOME"), *home = env_get(s->env, "HOME");

	if (!f)
		return err_set(err, ERR_SYSTEM, "out of memory");
	f->root = s->root ? realpath(s->root, NULL) : NULL;
	f->prefix = s->system_prefix ? strdup(s->system_prefix) : NULL;
	if (s->system_dir)
		place_add(f, s->system_dir, FIND_SYSTEM);
	if (data && data[0] == '/')
		place_add_below(f, data, "/vt/plugins-1", FIND_USER);
	else if (home && home[0] == '/')
		place_add_below(f, home, "/.local/share/vt/plugins-1", FIND_USER);
	if (places_from_config(f, s, err)) {
		find_free(f);
		return -1;
	}
	if (!getauxval(AT_SECURE))
		places_from_env(f, env_get(s->env, "VT_PLUGIN_PATH"));
	*ret = f;
	return 0;
}

void find_free(struct find *f)
{
	uint32_t i;

	if (!f)
		return;
	for (i = 0; i < f->places_n; i++) {
		free(f->places[i].path);
		free(f->places[i].reason);
	}
	for (i = 0; i < f->pins_n; i++)
		free(f->pins[i].path);
	free(f->good_folder);
	free(f->good_path);
	free(f->prefix);
	free(f->root);
	free(f);
}

const char *find_origin_word(enum find_origin origin)
{
	static const char *const words[] = { "system", "user", "config", "env" };

	return words[origin];
}

bool find_name_is_good(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return n && n <= NAME_MAX_SIZE && !name[n] && name[0] != '.' && name[0] != '_' && name[0] != '-';
}

/* ---- trust ----------------------------------------------------------------- */

/* Is this file (real path, found in a place of this origin) a part of vt's own tree? */
static bool is_own(const struct find *f, enum find_origin origin, const char *real)
{
	return origin == FIND_SYSTEM && f->prefix && path_below(f->prefix, real);
}

/* Fills ret with the users who may change a part of vt's own tree. */
static const struct trust_owners *owners_of_own(struct find *f)
{
	char program[PATH_MAX];

	if (f->own.n == 0 && file_real_in("/proc/self/exe", program))
		f->own = trust_program(program, f->prefix);
	return &f->own;
}

/* A pinned file has the content that the user has seen; its owner does not matter. */
static const struct trust_owners *owners_of(struct find *f, enum find_origin origin, bool pinned)
{
	struct trust_owners *o = pinned ? &f->pinned : &f->owners[origin];
	struct stat st;

	if (o->n)
		return o;
	*o = trust_user();
	/* the owner of vt's own file can replace vt itself */
	if (origin == FIND_SYSTEM && !stat("/proc/self/exe", &st))
		o->uid[o->n++] = st.st_uid;
	/* root works in another user's checkout, as in a container */
	if (pinned && geteuid() == 0 && f->root && !stat(f->root, &st))
		o->uid[o->n++] = st.st_uid;
	return o;
}

/* Is this folder (absolute, real) good_path or above it, or above all that is vt's own? */
static bool is_known(const void *ctx, const char *folder)
{
	const struct find *f = ctx;
	size_t n = strlen(folder);

	if (f->good_owners == &f->own && strcmp(folder, f->prefix) != 0 && path_below(folder, f->prefix))
		return true;
	return f->good_path && strncmp(f->good_path, folder, n) == 0 && (n == 1 || f->good_path[n] == '/' || !f->good_path[n]);
}

/* Checks `path` (absolute, real) and every folder above it that was not accepted before. */
static int chain_check(const struct find *f, const char *path, const struct trust_owners *who, const char **ret_code, char **ret_reason)
{
	return trust_chain(path, who, is_known, f, ret_code, ret_reason);
}

/* Remembers a path that was accepted. Without memory it will be checked again. */
static void good_is(char **slot, const char *path)
{
	free(*slot);
	*slot = path ? strdup(path) : NULL;
}

/* Checks the folder that holds the file or link: a user who can write there can redirect the link. */
static int folder_check(struct find *f, const char *path, const struct trust_owners *who, const char **ret_code, char **ret_reason)
{
	char folder[PATH_MAX], real[PATH_MAX], *slash;
	int rc;

	if (snprintf(folder, sizeof folder, "%s", path) >= (int)sizeof folder)
		return -1;
	slash = strrchr(folder, '/');
	slash[slash == folder] = '\0';
	if (f->good_folder && strcmp(f->good_folder, folder) == 0)
		return 0;
	if (!file_real_in(folder, real)) {
		*ret_code = "unreadable";
		return asprintf(ret_reason, "'%s': %s", folder, strerror(errno)) < 0 ? -1 : 1;
	}
	rc = chain_check(f, real, who, ret_code, ret_reason);
	if (rc == 0)
		good_is(&f->good_folder, folder);
	return rc;
}

/* The pin of this real file, whatever path the user wrote; NULL: none. */
static const struct pin *pin_of(const struct find *f, const char *real)
{
	uint32_t i;

	for (i = 0; i < f->pins_n; i++) {
		char *its = realpath(f->pins[i].path, NULL);
		bool same = its && strcmp(its, real) == 0;

		free(its);
		if (same)
			return &f->pins[i];
	}
	return NULL;
}

/* May this absolute path be loaded? 0; 1: no, *ret_code and *ret_reason (owned) say why; -1: out of memory. */
static int trust(struct find *f, const char *path, enum find_origin origin, const struct pin **ret_pin, char **ret_real,
		 const char **ret_code, char **ret_reason)
{
	const struct trust_owners *who;
	char real[PATH_MAX];
	bool own;
	int rc;

	if (!file_real_in(path, real)) {
		*ret_code = "unreadable";
		return asprintf(ret_reason, "%s", strerror(errno)) < 0 ? -1 : 1;
	}
	*ret_pin = pin_of(f, real);
	own = is_own(f, origin, real);
	who = own ? owners_of_own(f) : owners_of(f, origin, *ret_pin != NULL);
	/* the system's folder came with vt, but a link there may lead out of vt's tree; any other place could be set
	 * by a cloned repository */
	if (!own && (origin != FIND_SYSTEM || f->prefix) && f->root && !*ret_pin && (path_below(f->root, real) || path_below(f->root, path))) {
		*ret_code = "workspace";
		return (*ret_reason = strdup("inside the workspace")) ? 1 : -1;
	}
	if (f->good_owners != who) {
		good_is(&f->good_folder, NULL);
		good_is(&f->good_path, NULL);
		f->good_owners = who;
	}
	rc = chain_check(f, real, who, ret_code, ret_reason);
	if (rc)
		return rc;
	good_is(&f->good_path, real);
	rc = folder_check(f, path, who, ret_code, ret_reason);
	if (rc == 0 && !(*ret_real = strdup(real)))
		rc = -1;
	return rc;
}

/* ---- looking --------------------------------------------------------------- */

void candidate_clear(struct candidate *c)
{
	free(c->path);
	free(c->real);
	free(c->name);
	free(c->reason);
	*c = (struct candidate){ 0 };
}

void candidates_clear(struct candidates *c)
{
	uint32_t i;

	for (i = 0; i < c->n; i++)
		candidate_clear(&c->at[i]);
	free(c->at);
	*c = (struct candidates){ 0 };
}

/* The name in "vt-NAME.so", owned; NULL: the file is not named like a plugin. */
static char *name_of(const char *file)
{
	size_t n = strlen(file);

	if (n < 7 || strncmp(file, "vt-", 3) || strcmp(file + n - 3, ".so"))
		return NULL;
	return strndup(file + 3, n - 6);
}

/* Makes the candidate of an existing file. 0, or -1: out of memory. */
static int candidate_make(struct find *f, const char *path, enum find_origin origin, struct candidate *ret)
{
	const char *slash = strrchr(path, '/');
	struct candidate c = { .origin = origin, .path = strdup(path), .name = name_of(slash ? slash + 1 : path) };
	const struct pin *pin = NULL;
	int rc;

	if (!c.name)
		c.name = strdup("");
	if (!c.path || !c.name) {
		candidate_clear(&c);
		return -1;
	}
	rc = trust(f, path, origin, &pin, &c.real, &c.code, &c.reason);
	if (pin) {
		c.pinned = true;
		c.sha256 = pin->sha256;
	}
	if (rc == 0 && !find_name_is_good(c.name)) {
		c.code = "file-name";
		c.reason = strdup("a plugin's file is named vt-NAME.so, in small letters");
		rc = c.reason ? 1 : -1;
	}
	if (rc < 0) {
		candidate_clear(&c);
		return -1;
	}
	c.state = rc ? CANDIDATE_SKIPPED : CANDIDATE_TRUSTED;
	*ret = c;
	return 0;
}

/* Is this place a file, not a folder? */
static bool place_is_file(const struct find_place *p)
{
	struct stat st;

	return p->origin != FIND_SYSTEM && p->origin != FIND_USER && !stat(p->path, &st) && !S_ISDIR(st.st_mode);
}

int find_named(struct find *f, const char *name, struct candidate *ret)
{
	struct candidate best = { 0 }, c;
	char path[PATH_MAX];
	struct stat st;
	uint32_t i;

	if (!find_name_is_good(name)) {
		*ret = best;
		return 1;
	}
	for (i = 0; i < f->places_n; i++) {
		const struct find_place *p = &f->places[i];

		if (place_is_file(p)) {
			const char *slash = strrchr(p->path, '/');
			char *its = name_of(slash + 1);
			bool same = its && strcmp(its, name) == 0;

			free(its);
			if (!same || snprintf(path, sizeof path, "%s", p->path) >= (int)sizeof path)
				continue;
		} else if (snprintf(path, sizeof path, "%s/vt-%s.so", p->path, name) >= (int)sizeof path) {
			continue;
		}
		if (lstat(path, &st))
			continue;
		if (candidate_make(f, path, p->origin, &c)) {
			candidate_clear(&best);
			return -1;
		}
		if (c.state == CANDIDATE_TRUSTED) {
			candidate_clear(&best);
			*ret = c;
			return 0;
		}
		if (best.path)
			candidate_clear(&c);
		else
			best = c;
	}
	*ret = best;
	return 1;
}

const struct find_place *find_places(struct find *f, uint32_t *ret_n)
{
	uint32_t i;

	for (i = 0; !f->looked && i < f->places_n; i++) {
		struct find_place *p = &f->places[i];
		struct stat st;

		if (p->path[0] != '/')
			p->reason = strdup("not an absolute path");
		else
			p->used = !stat(p->path, &st);
	}
	f->looked = true;
	*ret_n = f->places_n;
	return f->places;
}

static int candidates_add(struct candidates *all, struct candidate *c)
{
	struct candidate *grown;

	if (all->n == CANDIDATES_MAX) {
		candidate_clear(c);
		return 0;
	}
	grown = realloc(all->at, (all->n + 1) * sizeof *grown);
	if (!grown) {
		candidate_clear(c);
		return -1;
	}
	all->at = grown;
	all->at[all->n++] = *c;
	return 0;
}

static int place_list(struct find *f, const struct find_place *p, struct candidates *all)
{
	char path[PATH_MAX];
	struct candidate c;
	struct dirent *e;
	DIR *dir;
	int rc = 0;

	if (place_is_file(p))
		return candidate_make(f, p->path, p->origin, &c) ? -1 : candidates_add(all, &c);
	dir = opendir(p->path);
	if (!dir)
		return 0;
	while (rc == 0 && (e = readdir(dir))) {
		char *name = name_of(e->d_name);
		bool fits = snprintf(path, sizeof path, "%s/%s", p->path, e->d_name) < (int)sizeof path;

		if (name && fits)
			rc = candidate_make(f, path, p->origin, &c) ? -1 : candidates_add(all, &c);
		free(name);
	}
	closedir(dir);
	return rc;
}

static int candidate_order(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->origin != y->origin)
		return x->origin < y->origin ? -1 : 1;
	return strcmp(x->name, y->name) ? strcmp(x->name, y->name) : strcmp(x->path, y->path);
}

/* Marks all but the first trusted file of each name; files are in the order of their places. */
static int shadow(struct candidates *all)
{
	uint32_t i, k;

	for (i = 0; i < all->n; i++) {
		struct candidate *c = &all->at[i];

		for (k = 0; k < i && c->state == CANDIDATE_TRUSTED; k++) {
			if (all->at[k].state != CANDIDATE_TRUSTED || strcmp(all->at[k].name, c->name))
				continue;
			c->state = CANDIDATE_SHADOWED;
			c->code = "shadowed";
			if (asprintf(&c->reason, "by %s", all->at[k].path) < 0) {
				c->reason = NULL;
				return -1;
			}
		}
	}
	return 0;
}

int find_all(struct find *f, struct candidates *ret)
{
	struct candidates all = { 0 };
	int rc = 0;
	uint32_t i;

	for (i = 0; rc == 0 && i < f->places_n; i++)
		rc = place_list(f, &f->places[i], &all);
	if (rc == 0)
		rc = shadow(&all);
	if (rc) {
		candidates_clear(&all);
		return -1;
	}
	if (all.n)
		qsort(all.at, all.n, sizeof *all.at, candidate_order);
	*ret = all;
	return 0;
}
