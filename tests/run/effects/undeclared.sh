# Without `output` a hit needs the products in place; products that the user removed may stay missing, and one line says so.
. "${0%/*}/../../lib/functions.sh" || exit
status() { printf '%s\n' "$out" | awk '/[$] play / { printf "%s", /cache hit, replaying/ ? "h" : "r" }'; }
mkdir "$T/bin"
cp "$abs_top_builddir/tests/lib/play" "$T/bin/play"
PATH=$T/bin:$PATH
project() {                    # project TASKS
	rm -rf "$T/w"; workspace
	file package.json '{"name":"w"}'
	file vite-task.json "{\"tasks\":{$1},\"cache\":true}"
	file src/a 0
}
summary() { printf '%s\n' "$out" | grep ' missing; '; }

project '"t":"play s1 read:src/a write:dist/x:t write:dist/y:t"'
vt run t >/dev/null
rm -r dist
capture vt run t
is "two files that the user removed: a hit" "$(status)" h
is "... one line tells it" "$(summary)" 'w#t: 2 files it made are missing; declare "output" to have them put back'
gone "... no file is restored" dist
file dist/x 0
capture vt run t
is "one of the files in another state: the task runs" "$(status)" r
has "... the reason names it" "$out" "'dist/x' is not as this task left it"
capture vt run t
is "... then a hit" "$(status)" h
rm dist/y
capture vt run t
is "one file that the user removed: the line counts one" "$(summary)" 'w#t: 1 file it made is missing; declare "output" to have it put back'

project '"a":"play s1 read:src/a write:ga/x:t","b":"play s2 read:src/a write:gb/x:t","c":"play s3 read:src/a write:gc/x:t",
	"all":{"command":"true","cache":false,"dependsOn":["c"]}'
for t in a b c; do vt run $t >/dev/null; done
rm -r g?
capture vt run-many a b c
is "several tasks with removed files: all hit" "$(status)" hhh
like "... one line tells the first and how many more" "$(summary)" 'w#[abc]: 1 file it made is missing; declare "output" to have it put back … and 2 more tasks'
capture vt run all
is "a task that waits for the file: its maker runs" "$(status)" r
there "... and the file is there" gc/x

project '"t":{"command":"play s1 read:src/a ifelse:src/b:dist/x:dist/y:t"}'
vt run t >/dev/null
echo >src/b
vt run t >/dev/null
rm src/b
capture vt run t
is "a file of another state, which a run would not leave: the task runs" "$(status)" r
has "... the reason names it" "$out" "'dist/x' would not be there"

# with `output` other products may be missing without a line, and are not restored
project '"t":{"command":"play s1 read:src/a write:dist/x:t write:log:t","output":["dist"]}'
vt run t >/dev/null
rm -r dist log
capture vt run t
is "a folder as output: a hit" "$(status)" h
there "... restores all below it" dist/x
gone "... and no other file" log
is "... without a line about the others" "$(summary)" ""
finish
