# Ids of different paths are never compared: a fingerprint whose ids depend on the path works like any other.
. "${0%/*}/../../lib/functions.sh" || exit
requires ${CC%% *}
mkdir -p "$T/p"
cat >"$T/by-path.c" <<'X'
#include <stdio.h>
#include <string.h>
#include <vt-plugin.h>

/* The path counts, and of text files the carriage returns do not. */
static vt_status digest(void *self, vt_call *call, vt_bytes root, const vt_file *files, uint32_t n, vt_id *ret)
{
	uint32_t i, k;

	(void)self, (void)call;
	for (i = 0; i < n; i++) {
		const vt_bytes p = files[i].path;
		int text = p.size > 4 && memcmp((const char *)p.data + p.size - 4, ".txt", 4) == 0, c;
		unsigned long long h = 14695981039346656037ull;
		char path[4096];
		FILE *f;

		if (((const char *)p.data)[0] == '/')
			snprintf(path, sizeof path, "%.*s", (int)p.size, (const char *)p.data);
		else
			snprintf(path, sizeof path, "%.*s/%.*s", (int)root.size, (const char *)root.data, (int)p.size, (const char *)p.data);
		memset(&ret[i], 0, sizeof ret[i]);
		f = fopen(path, "re");
		if (!f)
			continue;
		for (k = 0; k < p.size; k++)
			h = (h ^ ((const unsigned char *)p.data)[k]) * 1099511628211ull;
		while ((c = getc(f)) != EOF)
			if (!text || c != '\r')
				h = (h ^ (unsigned)c) * 1099511628211ull;
		fclose(f);
		for (k = 0; k < sizeof ret[i].byte; k++)
			ret[i].byte[k] = (unsigned char)((h >> k % 8 * 8) + k + 1);
	}
	return VT_OK;
}

static const vt_fingerprint_ops ops = { .struct_size = sizeof ops, .digest = digest };
static const vt_component component = { .struct_size = sizeof component, .kind = VT_KIND_FINGERPRINT, .name = "fingerprint-by-path",
	.threads = VT_THREADS_MANY, .ops = &ops };
VT_PLUGIN("fingerprint-by-path", "1", NULL, NULL, NULL, &component);
X
$CC -D_GNU_SOURCE -Wall -Wextra -Werror -shared -fPIC -I"$abs_top_srcdir/plugin-api" "$T/by-path.c" -o "$T/p/vt-fingerprint-by-path.so" || exit 99
capture vt plugins check "$T/p/vt-fingerprint-by-path.so"
is "the plugin keeps its promises" "$rc $(printf '%s\n' "$out" | grep WRONG)" "0 "
workspace
file package.json '{"name":"root"}'
mkdir a b
printf 'same\n' | tee a/x.txt a/x.bin b/x.txt >b/x.bin
file vite-task.json '{"plugins": {"fingerprint": "fingerprint-by-path"}, "tasks": {
	"copy": {"command": "cp -r a/. out", "input": ["a/**"], "output": ["out/**"]},
	"use": {"command": "sh -c \"cat out/x.txt b/x.txt >used; cp out/x.bin copy.bin; mv copy.bin moved.bin\"", "output": ["used", "moved.bin"], "dependsOn": ["copy"]}}}'
run() { with VT_PLUGIN_PATH="$T/p" capture vt run use; }
hits() { printf '%s\n' "$out" | grep -c '◉ cache hit'; }
mkdir out
run; first=$rc
if [[ $out$err == *"automatic input tracking is not available"* ]]; then skip_all "nothing can be traced here"; fi
run
is "the same files: hits" "$first $rc $(hits)" "0 0 2"
rm -rf out/* used moved.bin
run
is "restored files: as the task left them, and read by the next task" "$rc $(hits) $(cat used moved.bin | tr '\n' ' ')" "0 2 same same same "
printf 'same\r\n' | tee b/x.txt >a/x.txt
run
is "bytes that the rule of one path leaves out: no change" "$rc $(hits)" "0 2"
printf 'same\r\n' >a/x.bin
run
is "the same bytes under another path: a miss" "$rc $(hits)" "0 0"
cp a/x.txt a/y.txt
run
has "one more file: a miss" "$out" "cache miss: 'y.txt' added in 'a', executing"
finish
