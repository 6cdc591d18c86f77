/* Facts, their differences, MACs, the stat index and what was seen, in memory and on real files. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fact/change.h"
#include "fact/known.h"
#include "fact/mac.h"
#include "fact/seen.h"
#include "fact/stat_cache.h"
#include "os/file.h"
#include "workspace/workspace.h"

static struct arena *a;
static char folder[] = "/tmp/vt-fact-XXXXXX";

static int set_up(void **state)
{
	(void)state;
	a = arena_new();
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(a);
	return file_remove_tree(folder, NULL);
}

static const char *in_folder(const char *name)
{
	return arena_printf(a, "%s/%s", folder, name);
}

static struct bytes raw(const char *data, size_t size)
{
	return (struct bytes){ data, size };
}

static void add(struct facts *f, unsigned kind, const char *name, struct bytes state)
{
	facts_add(f, a, &(struct fact){ .kind = (uint16_t)kind, .name = bytes_text(name), .state = state });
}

/* The changes as text: "+A -b *c", with kinds. */
static const char *told(const struct changes *c)
{
	char *ret = arena_str(a, "");
	uint32_t i;

	for (i = 0; i < c->n; i++)
		ret = arena_printf(a, "%s%s%u%c%.*s%s", ret, i ? " " : "", c->at[i].kind, "+-*"[c->at[i].what], (int)c->at[i].name.size,
				   (const char *)c->at[i].name.data, c->at[i].tracked ? "!" : "");
	return ret;
}

static const char *compared(struct facts *then, struct facts *now)
{
	struct changes c;

	facts_sort(then);
	facts_sort(now);
	change_list(then, now, CHANGES_TOLD, a, &c);
	return told(&c);
}

static void a_list_is_sorted_and_holds_each_fact_once(void **state)
{
	struct facts f = { 0 };
	char name[8];
	int i;

	(void)state;
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "n%d", i * 7 % 100);
		add(&f, FACT_FILE + i % 2, name, raw("c", 1));
	}
	facts_sort(&f);
	assert_int_equal(f.n, 100);            /* each of 100 names, always with the same kind */
	for (i = 1; i < (int)f.n; i++)
		assert_true(fact_order(&f.at[i - 1], &f.at[i]) < 0);
	assert_non_null(facts_find(&f, FACT_FILE, bytes_text("n14"), raw("", 0)));
	assert_null(facts_find(&f, FACT_FILE, bytes_text("nothing"), raw("", 0)));
}

static void the_first_of_two_equal_facts_stays(void **state)
{
	struct facts f = { 0 };

	(void)state;
	add(&f, FACT_FILE, "x", raw("c1", 2));
	add(&f, FACT_FILE, "x", raw("c2", 2));
	facts_sort(&f);
	assert_int_equal(f.n, 1);
	assert_memory_equal(f.at[0].state.data, "c1", 2);
}

static void the_digest_tells_where_a_name_ends(void **state)
{
	struct facts one = { 0 }, two = { 0 };
	struct digest x, y;

	(void)state;
	add(&one, FACT_FILE, "ab", raw("c", 1));
	add(&two, FACT_FILE, "a", raw("bc", 2));
	facts_digest(&one, &x);
	facts_digest(&two, &y);
	assert_false(digest_equal(&x, &y));
}

static void declared_variables_are_told_first_and_the_added_last(void **state)
{
	struct facts then = { 0 }, now = { 0 };

	(void)state;
	add(&then, FACT_ENV, "B", raw("1", 1));
	add(&then, FACT_ENV, "C", raw("1", 1));
	add(&then, FACT_ARGS, "", raw("x\0", 2));
	add(&now, FACT_ENV, "A", raw("1", 1));
	add(&now, FACT_ENV, "C", raw("2", 1));
	add(&now, FACT_ARGS, "", raw("y\0", 2));
	assert_string_equal(compared(&then, &now), "1-B 1*C 1+A 4*");
}

static void an_untracked_pattern_is_told_by_its_name(void **state)
{
	struct facts then = { 0 }, now = { 0 };

	(void)state;
	add(&then, FACT_UNTRACKED, "", raw("A\0OLD\0", 6));
	add(&now, FACT_UNTRACKED, "", raw("A\0NEW\0", 6));
	assert_string_equal(compared(&then, &now), "2-OLD 2+NEW");
}

static void a_file_is_modified_added_or_removed(void **state)
{
	struct facts then = { 0 }, now = { 0 };
	char text[80];

	(void)state;
	add(&then, FACT_FILE, "a", raw("c1", 2));
	add(&now, FACT_FILE, "a", raw("c2", 2));
	add(&then, FACT_FILE, "b", raw("", 0));
	add(&now, FACT_FILE, "b", raw("c", 1));
	add(&then, FACT_FILE, "c", raw("c", 1));
	add(&now, FACT_FILE, "c", raw("", 0));
	add(&then, FACT_FILE, "d", raw("c", 1));
	add(&now, FACT_FILE, "d", raw("d", 1));        /* became a folder */
	add(&then, FACT_FILE, "e", raw("c", 1));
	add(&now, FACT_FILE, "e", raw("x", 1));        /* cannot be read any more */
	snprintf(text, sizeof text, "%d*a %d+b %d-c %d+d %d-e", FACT_FILE, FACT_FILE, FACT_FILE, FACT_FILE, FACT_FILE);
	assert_string_equal(compared(&then, &now), text);
}

static void a_listing_is_told_by_its_entries_once(void **state)
{
	struct facts then = { 0 }, now = { 0 };
	char text[80];

	(void)state;
	add(&then, FACT_FILE, "src/new", raw("", 0));
	add(&now, FACT_FILE, "src/new", raw("c", 1));
	add(&then, FACT_LIST, "src", raw("da\0fgone\0fkind\0f", 16));
	add(&now, FACT_LIST, "src", raw("da\0fkind\0dnew\0f", 15));
	snprintf(text, sizeof text, "%d+src/new %d-src/gone %d+src/kind", FACT_FILE, FACT_LIST, FACT_LIST);
	assert_string_equal(compared(&then, &now), text);
}

static void what_tools_asked_for_stops_at_its_first_difference(void **state)
{
	static char pairs_then[] = "B\0" "11111111111111111111111111111111" "C\0" "11111111111111111111111111111111";
	static char pairs_now[] = "A\0" "11111111111111111111111111111111" "B\0" "21111111111111111111111111111111";
	struct facts then = { 0 }, now = { 0 };
	struct changes c;

	(void)state;
	add(&then, FACT_ENV_GLOB, "*", raw(pairs_then, 68));
	add(&now, FACT_ENV_GLOB, "*", raw(pairs_now, 68));
	add(&then, FACT_ENV_PREFIX, "X", raw("", 0));
	add(&now, FACT_ENV_PREFIX, "X", raw(pairs_now, 68));
	facts_sort(&then);
	facts_sort(&now);
	change_list(&then, &now, CHANGES_TOLD, a, &c);
	assert_string_equal(told(&c), "1+A!");
	assert_true(c.partial);
	change_list(&then, &now, CHANGES_ALL, a, &c);
	assert_string_equal(told(&c), "1+A! 1*B! 1-C! 1+B!");
	assert_false(c.partial);
}

static void one_difference_is_enough_for_a_lookup(void **state)
{
	struct facts then = { 0 }, now = { 0 };
	struct changes c;

	(void)state;
	add(&then, FACT_FILE, "a", raw("c1", 2));
	add(&then, FACT_FILE, "b", raw("c1", 2));
	add(&now, FACT_FILE, "a", raw("c2", 2));
	add(&now, FACT_FILE, "b", raw("c2", 2));
	change_list(&then, &now, CHANGES_FIRST, a, &c);
	assert_int_equal(c.n, 1);
	assert_true(c.partial);
}

/* ---- MACs ------------------------------------------------------------------- */

static void a_value_is_bound_to_its_name_and_its_cache(void **state)
{
	struct mac one, two;
	struct digest x, y;
	struct stat st;

	(void)state;
	assert_int_equal(mac_load(AT_FDCWD, in_folder("key"), NULL, &one), 0);
	assert_int_equal(stat(in_folder("key"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 32);
	assert_int_equal(mac_load(AT_FDCWD, in_folder("other"), NULL, &two), 0);
	mac_value(&one, "A", 1, "secret", &x);
	mac_value(&one, "B", 1, "secret", &y);
	assert_false(digest_equal(&x, &y));
	mac_value(&two, "A", 1, "secret", &y);
	assert_false(digest_equal(&x, &y));
	mac_value(&one, "A", 1, "", &y);
	assert_false(digest_equal(&x, &y));
	assert_int_equal(mac_load(AT_FDCWD, in_folder("key"), NULL, &two), 0);
	mac_value(&two, "A", 1, "secret", &y);
	assert_true(digest_equal(&x, &y));
	assert_false(mac_keys_differ((struct bytes){ x.byte, sizeof x.byte }, (struct bytes){ y.byte, sizeof y.byte }));
	assert_false(mac_keys_differ((struct bytes){ x.byte, sizeof x.byte }, (struct bytes){ "", 0 }));
	assert_int_equal(mac_load(AT_FDCWD, in_folder("other"), NULL, &two), 0);
	mac_value(&two, "A", 1, "secret", &y);
	assert_true(mac_keys_differ((struct bytes){ x.byte, sizeof x.byte }, (struct bytes){ y.byte, sizeof y.byte }));
	mac_use(&two, one.key);
	mac_value(&two, "A", 1, "secret", &y);
	assert_true(digest_equal(&x, &y));
	assert_int_equal(mac_load(AT_FDCWD, in_folder("given"), &one, &two), 0);
	assert_memory_equal(one.key, two.key, sizeof one.key);
	assert_int_equal(mac_load(AT_FDCWD, in_folder("other"), &one, &two), 0);
	assert_memory_not_equal(one.key, two.key, sizeof one.key);
}

static void a_damaged_key_file_is_replaced(void **state)
{
	struct mac m;
	struct stat st;

	(void)state;
	assert_int_equal(file_write(in_folder("key"), "short", 5, 0600, NULL), 0);
	assert_int_equal(mac_load(AT_FDCWD, in_folder("key"), NULL, &m), 0);
	assert_int_equal(stat(in_folder("key"), &st), 0);
	assert_int_equal(st.st_size, 32);
}

/* ---- the stat index ------------------------------------------------------------ */

#define OLD INT64_C(1700000000123456789)

static struct stamp stamp_at(uint64_t inode, int64_t ns)
{
	return (struct stamp){ .device = 1, .inode = inode, .size = 5, .mtime_ns = ns, .ctime_ns = ns };
}

static struct stat_cache *stat_index(const char *backend)
{
	struct stat_cache *s = stat_cache_new(AT_FDCWD, in_folder("stat"));

	stat_cache_use(s, backend);
	return s;
}

static bool stat_cache_get(struct stat_cache *s, const struct stamp *stamp, vt_id *ret)
{
	struct stat_answer one;

	stat_cache_ask(s, stamp, 1, &one);
	if (one.known)
		*ret = one.id;
	return one.known;
}

/* An index that is not asked for is not read: the file at the first question counts. */
static void no_question_reads_no_index(void **state)
{
	struct stat_cache *s = stat_index("content 1");
	struct stamp st = stamp_at(9, OLD);
	vt_id id = { { 4 } }, got;

	(void)state;
	unlink(in_folder("stat"));
	stat_cache_put(s, &st, &id, OLD + 1000000000);
	stat_cache_close(s, true);
	s = stat_index("content 1");
	stat_cache_ask(s, NULL, 0, NULL);
	unlink(in_folder("stat"));
	assert_false(stat_cache_get(s, &st, &got));
	stat_cache_close(s, false);
}

static void an_unchanged_file_is_known_in_the_next_run(void **state)
{
	struct stat_cache *s = stat_index("content 1");
	struct stamp st = stamp_at(7, OLD), other = st;
	vt_id id = { { 1, 2, 3 } }, got;

	(void)state;
	assert_false(stat_cache_get(s, &st, &got));
	stat_cache_put(s, &st, &id, OLD + 1000000000);
	stat_cache_close(s, true);
	s = stat_index("content 1");
	assert_true(stat_cache_get(s, &st, &got));
	assert_memory_equal(&got, &id, sizeof id);
	other.ctime_ns++;
	assert_false(stat_cache_get(s, &other, &got));
	other = st;
	other.size++;
	assert_false(stat_cache_get(s, &other, &got));
	stat_cache_close(s, true);
}

static void a_file_that_just_changed_is_not_remembered(void **state)
{
	struct stat_cache *s = stat_index("content 1");
	struct stamp st = stamp_at(7, OLD), whole = stamp_at(8, INT64_C(1700000000000000000));
	vt_id id = { { 1 } }, got;

	(void)state;
	stat_cache_put(s, &st, &id, OLD + 1000000);
	assert_false(stat_cache_get(s, &st, &got));
	stat_cache_put(s, &st, &id, OLD + 100000000);
	assert_true(stat_cache_get(s, &st, &got));
	/* a file system with whole seconds needs a longer wait */
	stat_cache_put(s, &whole, &id, whole.mtime_ns + 1500000000);
	assert_false(stat_cache_get(s, &whole, &got));
	stat_cache_close(s, true);
}

static void another_backend_or_a_damaged_index_knows_nothing(void **state)
{
	struct stat_cache *s = stat_index("content 1");
	struct stamp st = stamp_at(7, OLD);
	vt_id id = { { 1 } }, got;
	int fd;

	(void)state;
	stat_cache_put(s, &st, &id, OLD + 1000000000);
	stat_cache_close(s, true);
	s = stat_index("git 1");
	assert_false(stat_cache_get(s, &st, &got));
	stat_cache_close(s, false);
	fd = open(in_folder("stat"), O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, 120), 1);
	close(fd);
	s = stat_index("content 1");
	assert_false(stat_cache_get(s, &st, &got));
	stat_cache_close(s, false);
	assert_int_equal(truncate(in_folder("stat"), 90), 0);
	s = stat_index("content 1");
	assert_false(stat_cache_get(s, &st, &got));
	stat_cache_close(s, false);
}

static off_t index_size(void)
{
	struct stat st;

	assert_int_equal(stat(in_folder("stat"), &st), 0);
	return st.st_size;
}

static void know(struct stat_cache *s, uint32_t from, uint32_t to, uint8_t what)
{
	vt_id id = { { what } };
	struct stamp st;
	uint32_t i;

	for (i = from; i < to; i++) {
		st = stamp_at(i, OLD);
		stat_cache_put(s, &st, &id, OLD + 1000000000);
	}
}

/* First byte of the id that the file has in the next run; 0: none. */
static uint8_t known_as(struct stat_cache *s, uint32_t inode)
{
	struct stamp st = stamp_at(inode, OLD);
	vt_id got;

	return stat_cache_get(s, &st, &got) ? got.byte[0] : 0;
}

static void a_run_writes_as_much_as_it_found_changed(void **state)
{
	enum { HEAD = 56, RECORD = 80 };
	struct stat_cache *s;
	off_t size;
	int round;

	(void)state;
	unlink(in_folder("stat"));
	s = stat_index("content 1");
	know(s, 1, 5001, 1);
	stat_cache_close(s, true);
	size = index_size();
	assert_int_equal(size, HEAD + RECORD * 5000);
	/* one file, of those that are known, and a new one */
	for (round = 2; round < 5; round++) {
		s = stat_index("content 1");
		know(s, 7, 8, (uint8_t)round);
		know(s, 6000, 6001, (uint8_t)round);
		stat_cache_close(s, true);
		assert_int_equal(index_size(), size + (HEAD + RECORD * 2) * (round - 1));
		s = stat_index("content 1");
		assert_int_equal(known_as(s, 7), round);
		assert_int_equal(known_as(s, 6000), round);
		assert_int_equal(known_as(s, 8), 1);
		stat_cache_close(s, true);
	}
	/* an incomplete end: the records before it are known, and the next run writes the whole file again */
	assert_int_equal(truncate(in_folder("stat"), index_size() - 1), 0);
	s = stat_index("content 1");
	assert_int_equal(known_as(s, 7), 3);
	know(s, 6001, 6002, 9);
	stat_cache_close(s, true);
	assert_int_equal(index_size(), HEAD + RECORD * 5002);
	s = stat_index("content 1");
	assert_int_equal(known_as(s, 7), 3);
	assert_int_equal(known_as(s, 6001), 9);
	stat_cache_close(s, false);
	/* a file with many additions does not grow without bound */
	for (round = 0; round < 8; round++) {
		s = stat_index("content 1");
		know(s, 1, 3001, (uint8_t)(10 + round));
		stat_cache_close(s, true);
	}
	assert_true(index_size() < RECORD * (5002 + 5002 / 4 + 4096 + 16));
	s = stat_index("content 1");
	assert_int_equal(known_as(s, 1), 17);
	assert_int_equal(known_as(s, 3001), 1);
	stat_cache_close(s, false);
}

/* A run that adds after another run did: the next run reads both. */
static void two_runs_at_once_both_add(void **state)
{
	struct stat_cache *s, *other;

	(void)state;
	unlink(in_folder("stat"));
	s = stat_index("content 1");
	know(s, 1, 11, 1);
	stat_cache_close(s, true);
	s = stat_index("content 1");
	other = stat_index("content 1");
	know(s, 20, 21, 2);
	know(other, 30, 31, 3);
	stat_cache_close(s, true);
	stat_cache_close(other, true);
	s = stat_index("content 1");
	assert_int_equal(known_as(s, 1), 1);
	assert_int_equal(known_as(s, 20), 2);
	assert_int_equal(known_as(s, 30), 3);
	stat_cache_close(s, false);
}

static void many_files_are_all_known(void **state)
{
	struct stat_cache *s = stat_index("content 1");
	struct stamp st;
	vt_id id = { { 0 } }, got;
	uint32_t i;

	(void)state;
	for (i = 1; i < 20000; i++) {
		st = stamp_at(i, OLD);
		memcpy(id.byte, &i, sizeof i);
		stat_cache_put(s, &st, &id, OLD + 1000000000);
	}
	stat_cache_close(s, true);
	s = stat_index("content 1");
	for (i = 1; i < 20000; i++) {
		st = stamp_at(i, OLD);
		assert_true(stat_cache_get(s, &st, &got));
		assert_memory_equal(got.byte, &i, sizeof i);
	}
	stat_cache_close(s, false);
}

/* ---- what was seen ------------------------------------------------------------------ */

static struct globs input, output;

/* `input` without gen/, `output` of dist/; both in the test's arena. */
static void begin_globs(void)
{
	input = (struct globs){ .automatic = true, .given = true };
	output = (struct globs){ .given = true };
	assert_int_equal(file_patterns_add(a, &input.no, "gen/**", NULL), 0);
	assert_int_equal(file_patterns_add(a, &output.yes, "dist/**", NULL), 0);
}

static void see(struct seen *s, unsigned op, const char *name, const char *other)
{
	seen_add(s, &(vt_seen){ .op = (uint16_t)op, .name = { name, strlen(name) }, .other = { other, strlen(other) } });
}

static const char *seen_text(const struct seen *s)
{
	char *ret = arena_str(a, "");
	uint32_t i;

	for (i = 0; i < s->n; i++)
		ret = arena_printf(a, "%s%s%u:%.*s%s%.*s%s", ret, i ? " " : "", s->at[i].op, (int)s->at[i].name.size,
				   (const char *)s->at[i].name.data, s->at[i].other.size ? ">" : "", (int)s->at[i].other.size,
				   (const char *)s->at[i].other.data, s->at[i].flags & VT_SEEN_OUTPUT ? "!" : s->at[i].flags & VT_SEEN_REMOVED ? "-" : "");
	return ret;
}

static void paths_are_made_relative_and_what_does_not_count_is_dropped(void **state)
{
	struct seen s;

	(void)state;
	begin_globs();
	seen_init(&s, "/w", "/w/.vt", &input, &output);
	see(&s, VT_SEEN_READ, "/w/src/a", "");
	see(&s, VT_SEEN_READ, "/w/src/a", "");
	see(&s, VT_SEEN_READ, "/w/src/../src//b", "");
	see(&s, VT_SEEN_READ, "/workspace/x", "");
	see(&s, VT_SEEN_PROBE, "/etc/passwd", "");
	see(&s, VT_SEEN_EXEC, "/usr/bin/node", "");
	see(&s, VT_SEEN_READ, "/w/.git/HEAD", "");
	see(&s, VT_SEEN_READ, "/w/p/.git/HEAD", "");
	see(&s, VT_SEEN_READ, "/w/.gitignore", "");
	see(&s, VT_SEEN_WRITE, "/w/.vt/v1/key", "");
	see(&s, VT_SEEN_READ, "/w/gen/x", "");
	see(&s, VT_SEEN_WRITE, "/w/dist/x", "");
	see(&s, VT_SEEN_LIST, "/w", "");
	see(&s, VT_SEEN_READ, "relative", "");
	assert_string_equal(seen_text(&s), "1:src/a 1:src/b 1:/workspace/x 6:/usr/bin/node 1:p/.git/HEAD 1:.gitignore 2:dist/x! 4:");
	assert_null(s.untraced);
	seen_free(&s);
}

static void writes_of_other_programs_are_kept_apart(void **state)
{
	static const char *const names[] = { "/w/dist/x", "/w/gen/x", "/w/.vt/x", "/tmp/x" };
	struct seen s;
	uint32_t i;

	(void)state;
	begin_globs();
	seen_init(&s, "/w", "/w/.vt", &input, &output);
	see(&s, VT_SEEN_WRITE, "/w/dist/x", "");
	for (i = 0; i < 4; i++)
		seen_add(&s, &(vt_seen){ .op = VT_SEEN_WRITE, .flags = VT_SEEN_FOREIGN, .name = { names[i], strlen(names[i]) } });
	assert_string_equal(seen_text(&s), "2:dist/x!");
	assert_int_equal(s.foreign.n, 1);
	assert_non_null(map_get(&s.foreign, "dist/x", 6));
	assert_int_equal(s.left_out.n, 0);
	seen_free(&s);
}

static void half_a_rename_is_something_that_came_or_went(void **state)
{
	struct seen s;

	(void)state;
	begin_globs();
	seen_init(&s, "/w", "/w/.vt", &input, &output);
	see(&s, VT_SEEN_RENAME, "/w/a", "/w/b");
	see(&s, VT_SEEN_RENAME, "/tmp/x", "/w/c");
	see(&s, VT_SEEN_RENAME, "/w/d", "/tmp/y");
	see(&s, VT_SEEN_RENAME, "/w/gen/x", "/w/e");
	assert_string_equal(seen_text(&s), "5:a>b 2:c 2:d- 2:e");
	seen_free(&s);
}

static void names_are_taken_whole_and_their_number_is_bounded(void **state)
{
	struct seen s;
	char name[32];
	int i;

	(void)state;
	begin_globs();
	seen_init(&s, "/w", "/w/.vt", &input, &output);
	seen_env(&s, VT_SEEN_ENV, "NODE_ENV", 8);
	seen_env(&s, VT_SEEN_ENV, "NODE_ENV", 8);
	seen_env(&s, VT_SEEN_ENV_GLOB, "NODE_ENV", 8);
	assert_string_equal(seen_text(&s), "7:NODE_ENV 8:NODE_ENV");
	for (i = 0; i < 110000; i++) {
		snprintf(name, sizeof name, "N%d", i);
		seen_env(&s, VT_SEEN_ENV, name, strlen(name));
	}
	assert_non_null(s.broken);
	assert_true(s.n < 105000);
	seen_free(&s);
}

static void add_type(struct facts *f, const char *name, const char *state)
{
	facts_lend(f, a, FACT_TYPE, bytes_text(name), bytes_text(state));
}

static void what_is_known_is_not_looked_at_again(void **state)
{
	struct state_world w = { .root = folder, .cache_dir = "/nowhere", .root_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	struct facts facts = { .n = 0 };
	struct known known = { .facts.n = 0 };
	bool known_old[] = { true, false, true }, old[4] = { false, false, false, true };

	(void)state;
	/* of these a look would find other states */
	add_type(&known.facts, "a", "of a");
	add_type(&known.facts, "b/c", "of b/c");
	add_type(&known.facts, "z", "of z");
	known.old = known_old;
	close(open(in_folder("b"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	mkdir(in_folder("d"), 0700);
	add_type(&facts, "a", "");
	add_type(&facts, "b", "");
	add_type(&facts, "b/c", "");
	add_type(&facts, "d", "");
	assert_int_equal(known_fill(&known, &w, NULL, &facts, 0, old, a, NULL), 0);
	assert_string_equal(arena_strn(a, facts.at[0].state.data, facts.at[0].state.size), "of a");
	assert_string_equal(arena_strn(a, facts.at[1].state.data, facts.at[1].state.size), "f");
	assert_string_equal(arena_strn(a, facts.at[2].state.data, facts.at[2].state.size), "of b/c");
	assert_string_equal(arena_strn(a, facts.at[3].state.data, facts.at[3].state.size), "d");
	assert_true(old[0] && !old[1] && !old[2] && old[3]);
	assert_int_equal(known_fill(&(struct known){ .old = NULL }, &w, NULL, &facts, 0, NULL, a, NULL), 0);
	assert_int_equal(facts.at[0].state.size, 0);
	close(w.root_fd);
}

static void names_that_come_in_order_are_found_as_any(void **state)
{
	static const char *const asked[] = { "n10", "n11", "n12", "n14", "no", "n13", "n9", "n19", "n19", "a", "n10", "n11" };
	struct facts f = { 0 }, none = { 0 };
	uint32_t i, at = 0, nowhere = 0;

	(void)state;
	for (i = 10; i < 20; i++)
		add(&f, FACT_FILE, arena_printf(a, "n%u", i), raw("", 0));
	facts_sort(&f);
	for (i = 0; i < COUNT(asked); i++) {
		assert_ptr_equal(facts_find_next(&f, &at, FACT_FILE, bytes_text(asked[i]), raw("", 0)),
				 facts_find(&f, FACT_FILE, bytes_text(asked[i]), raw("", 0)));
		assert_null(facts_find_next(&f, &at, FACT_PROBE, bytes_text(asked[i]), raw("", 0)));
		assert_null(facts_find_next(&none, &nowhere, FACT_FILE, bytes_text(asked[i]), raw("", 0)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(what_is_known_is_not_looked_at_again),
		TEST(names_that_come_in_order_are_found_as_any),
		TEST(a_list_is_sorted_and_holds_each_fact_once),
		TEST(the_first_of_two_equal_facts_stays),
		TEST(the_digest_tells_where_a_name_ends),
		TEST(declared_variables_are_told_first_and_the_added_last),
		TEST(an_untracked_pattern_is_told_by_its_name),
		TEST(a_file_is_modified_added_or_removed),
		TEST(a_listing_is_told_by_its_entries_once),
		TEST(what_tools_asked_for_stops_at_its_first_difference),
		TEST(one_difference_is_enough_for_a_lookup),
		TEST(a_value_is_bound_to_its_name_and_its_cache),
		TEST(a_damaged_key_file_is_replaced),
		TEST(no_question_reads_no_index),
		TEST(an_unchanged_file_is_known_in_the_next_run),
		TEST(a_file_that_just_changed_is_not_remembered),
		TEST(another_backend_or_a_damaged_index_knows_nothing),
		TEST(a_run_writes_as_much_as_it_found_changed),
		TEST(two_runs_at_once_both_add),
		TEST(many_files_are_all_known),
		TEST(paths_are_made_relative_and_what_does_not_count_is_dropped),
		TEST(writes_of_other_programs_are_kept_apart),
		TEST(half_a_rename_is_something_that_came_or_went),
		TEST(names_are_taken_whole_and_their_number_is_bounded),
	};

	if (digest_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
