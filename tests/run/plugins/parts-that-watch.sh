# A part that watches all steps sees the accesses of those with declared input, outside the workspace, too; and may refuse them.
. "${0%/*}/../../lib/functions.sh" || exit
requires ${CC%% *}
mkdir -p "$T/p"
cat >"$T/hermetic.c" <<'X'
#include <string.h>
#include <vt-plugin.h>

static vt_status infer(void *self, vt_call *call, const vt_step *step, const vt_seen *seen, uint32_t n, vt_findings *findings)
{
	static const char text[] = "it wrote outside the workspace";
	uint32_t i;

	(void)self, (void)step;
	for (i = 0; i < n; i++)
		if (seen[i].op == VT_SEEN_WRITE && (seen[i].flags & VT_SEEN_OUTSIDE) && memmem(seen[i].name.data, seen[i].name.size, "/elsewhere/", 11))
			return findings->refuse(findings, call, VT_REFUSE_OTHER, (vt_bytes){ text, sizeof text - 1 });
	return VT_OK;
}

static const vt_part_ops ops = { .struct_size = sizeof ops, .infer = infer };
static const vt_component component = { .struct_size = sizeof component, .kind = VT_KIND_PART, .name = "hermetic",
	.threads = VT_THREADS_MANY, .flags = VT_COMPONENT_WATCH_ALL, .format = 1, .ops = &ops };
VT_PLUGIN("hermetic", "1", NULL, NULL, NULL, &component);
X
$CC -D_GNU_SOURCE -Wall -Wextra -Werror -shared -fPIC -I"$abs_top_srcdir/plugin-api" "$T/hermetic.c" -o "$T/p/vt-hermetic.so" || exit 99
workspace
mkdir -p "$T/elsewhere"
file package.json '{"name":"root"}'
file in.txt one
file vite-task.json "{\"plugins\": {\"parts\": {\"hermetic\": true}}, \"tasks\": {
	\"good\": {\"command\": \"cp in.txt out.txt\", \"input\": [\"in.txt\"], \"output\": [\"out.txt\"]},
	\"bad\": {\"command\": \"cp in.txt $T/elsewhere/x\", \"input\": [\"in.txt\"]},
	\"moved\": {\"command\": \"sh -c 'cp in.txt tmp.txt; mv tmp.txt $T/elsewhere/y'\", \"input\": [\"in.txt\"]},
	\"auto\": {\"command\": \"cp in.txt $T/elsewhere/z\"}}}"
run() { with VT_PLUGIN_PATH="$T/p" capture vt run "$@"; }
run good
if [[ $out$err == *"cannot be watched"* ]]; then skip_all "nothing can be traced here"; fi
run good
has "a step with declared input that stays inside: kept" "$rc $out" "cache hit"
for task in bad moved auto; do
	run $task; run $task
	hasnt "$task, a step that writes outside: not kept" "$out" "cache hit"
	run --last-details
	has "$task: the reason is told" "$out" "it wrote outside the workspace"
done
with VT_PLUGIN_PATH="$T/p" capture vt run bad
sed -i 's/"hermetic": true/"hermetic": false/' vite-task.json
capture vt run bad; capture vt run bad
has "without the part: such a step is kept" "$out" "cache hit"

# a part that does not watch all steps
cat >"$T/recorder.c" <<'X'
#include <stdio.h>
#include <vt-plugin.h>

static vt_status infer(void *self, vt_call *call, const vt_step *step, const vt_seen *seen, uint32_t n, vt_findings *findings)
{
	FILE *f = fopen(RECORD, "we");
	uint32_t i;

	(void)self, (void)call, (void)step, (void)findings;
	for (i = 0; f && i < n; i++)
		fprintf(f, "%s%s %.*s\n", seen[i].op == VT_SEEN_READ ? "read" : seen[i].op == VT_SEEN_WRITE ? "write" : "other",
			seen[i].flags & VT_SEEN_OUTSIDE ? " outside" : "", (int)seen[i].name.size, (const char *)seen[i].name.data);
	return f && fclose(f) == 0 ? VT_OK : VT_FAILED;
}

static const vt_part_ops ops = { .struct_size = sizeof ops, .infer = infer };
static const vt_component component = { .struct_size = sizeof component, .kind = VT_KIND_PART, .name = "recorder",
	.threads = VT_THREADS_MANY, .format = 1, .ops = &ops };
VT_PLUGIN("recorder", "1", NULL, NULL, NULL, &component);
X
$CC -D_GNU_SOURCE -DRECORD="\"$T/record\"" -Wall -Wextra -Werror -shared -fPIC -I"$abs_top_srcdir/plugin-api" "$T/recorder.c" -o "$T/p/vt-recorder.so" || exit 99
echo far >"$T/elsewhere/there"
file vite-task.json "{\"plugins\": {\"parts\": {\"recorder\": true}}, \"tasks\": {
	\"given\": {\"command\": \"cp $T/elsewhere/there in.txt\", \"input\": [\"in.txt\"]},
	\"found\": {\"command\": \"sh -c 'cat in.txt $T/elsewhere/there >$T/elsewhere/made'\"}}}"
run given
is "a step with declared input: the part sees no file of it" "$rc $(cat "$T/record")" "0 "
run found
has "of one that is watched, what it read in the workspace" "$rc $(cat "$T/record")" "read in.txt"
has "... the programs outside" "$(cat "$T/record")" "/cat"
hasnt "... not each file that it read there" "$(cat "$T/record")" "$T/elsewhere/there"
hasnt "... and not what it wrote there" "$(cat "$T/record")" "$T/elsewhere/made"
finish
