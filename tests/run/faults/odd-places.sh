# Outputs behind links, a full or closed stdout, no current directory.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file package.json '{"name":"root"}'
file vite-task.json '{"tasks":{"t":{"command":"sh t.sh","input":["src/**"],"output":["dist/**"]},"much":"sh much.sh"}}'
file src/a a
file t.sh 'mkdir -p dist && cp src/a dist/a'
file much.sh 'i=0; while [ $i -lt 3000 ]; do echo "line $i"; i=$((i + 1)); done'

# a link in the place of the output folder: vt writes nothing through it, and says why
mkdir "$T/outside" real
ln -s real dist
capture vt run t
rm real/a
capture vt run t
hasnt "outputs behind a link: no hit, for they are not kept" "$out" "cache hit"
there "... they are in place" real/a
capture vt run --last-details
has "... the reason is told" "$out" "→ Not cached: the output folder 'dist' is a symbolic link"
rm -r dist real
capture vt run t
capture vt run t
has "without the link: a hit" "$out" "cache hit"
rm -r dist; ln -s "$T/outside" dist
file t.sh 'test -L dist'
capture vt run t
gone "a link that came later: nothing is written through it" "$T/outside/a"
has "... the task runs, and the reason is told" "$out" "cannot write below 'dist': there is a symbolic link on the way"

# output that cannot be written makes vt fail
vt run much >/dev/full 2>"$T/err"; rc=$?
is "a full stdout: exit 1" "$rc" 1
is "... one line tells it" "$(grep -c '^error: Cannot write to standard output: No space left on device$' "$T/err")" 1
for what in "run --json" "run --dry-run t"; do
	vt $what >/dev/full 2>"$T/err"; rc=$?
	is "vt $what, a full stdout: exit 1 and one line" "$rc:$(cat "$T/err")" "1:error: Cannot write to standard output: No space left on device"
done
set -o pipefail
line=$(vt run much 2>"$T/err" | head -1)
is "a reader that leaves: gets what it read" "$line" '$ sh much.sh'
is "... no error is printed" "$(cat "$T/err")" ""
set +o pipefail
vt run much <&- >&- 2>&-; rc=$?
is "closed stdin, stdout and stderr: the task runs" "$rc" 0
capture vt run much
has "... its output is stored as ever" "$out" "cache hit, replaying
line 0"
is "... without a warning" "$err" ""

# a failure of the cache costs hits, never a task
rm -rf .vt
file big.sh 'head -c 3000 /dev/zero | tr "\0" x; ulimit -f'
file vite-task.json '{"tasks":{"big":"sh big.sh"}}'
limited() { (ulimit -f 1; vt run big) | cat; return "${PIPESTATUS[0]}"; }
capture limited
is "files may not grow: the task runs" "$rc" 0
like "... prints all, and has the limit" "$out" "*xxx2"
rm -rf .vt
limited() { (ulimit -f 0; vt run big) | cat; return "${PIPESTATUS[0]}"; }
capture limited
is "files may not grow by one byte: the task runs" "$rc:${out: -1}" "0:0"
capture vt run big
has "... also the next time" "$out" "xxx"
is "... to its end" "$rc" 0

mkdir lost; cd lost || exit 99; rmdir ../lost
capture vt --version
is "no current directory: --version works" "$rc" 0
capture vt run t
is "... and vt run is an error" "$err" "error: Cannot tell the current directory: No such file or directory"
cd "$W" || exit 99
finish
