# Outputs behind links, a full or closed stdout, no current directory.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file package.json '{"name":"root"}'
file vite-task.json '{"tasks":{"t":{"command":"sh t.sh","input":["src/**"],"output":["dist/**"]},"much":"sh much.sh"}}'
file src/a a
file t.sh 'mkdir -p dist && cp src/a dist/a'
file much.sh 'i=0; while [ $i -lt 3000 ]; do echo "line $i"; i=$((i + 1)); done'

# a link where the outputs are: nothing is written through it, nothing is forgotten
mkdir "$T/outside" real
ln -s real dist
capture vt run t
rm real/a
capture vt run t
hasnt "outputs behind a link are not kept: no hit without them" "$out" "cache hit"
there "and they are there" real/a
capture vt run --last-details
has "the reason is told" "$out" "→ Not cached: the output folder 'dist' is a symbolic link"
rm -r dist real
capture vt run t
capture vt run t
has "without the link it is a hit" "$out" "cache hit"
rm -r dist; ln -s "$T/outside" dist
file t.sh 'test -L dist'
capture vt run t
gone "nothing is put back through a link that came later" "$T/outside/a"
has "but run, with the reason" "$out" "cannot write below 'dist': there is a symbolic link on the way"

# what cannot be shown is not a success
vt run much >/dev/full 2>"$T/err"; rc=$?
is "a full stdout: exit 1" "$rc" 1
is "and one line says so" "$(grep -c '^error: Cannot write to standard output: No space left on device$' "$T/err")" 1
for what in "run --json" "run --dry-run t"; do
	vt $what >/dev/full 2>"$T/err"; rc=$?
	is "$what, too" "$rc:$(cat "$T/err")" "1:error: Cannot write to standard output: No space left on device"
done
set -o pipefail
line=$(vt run much 2>"$T/err" | head -1)
is "a reader that leaves gets what it read" "$line" '$ sh much.sh'
is "and nobody is scolded" "$(cat "$T/err")" ""
set +o pipefail
vt run much <&- >&- 2>&-; rc=$?
is "nothing to read from or write to: the task runs" "$rc" 0
capture vt run much
has "and nothing was written where it does not belong" "$out" "cache hit, replaying
line 0"
is "... or told" "$err" ""

# the cache may cost its use, never a task
rm -rf .vt
file big.sh 'head -c 3000 /dev/zero | tr "\0" x; ulimit -f'
file vite-task.json '{"tasks":{"big":"sh big.sh"}}'
limited() { (ulimit -f 1; vt run big) | cat; return "${PIPESTATUS[0]}"; }
capture limited
is "files may not grow: the task runs" "$rc" 0
like "whole, and under its limit" "$out" "*xxx2"
rm -rf .vt
limited() { (ulimit -f 0; vt run big) | cat; return "${PIPESTATUS[0]}"; }
capture limited
is "not even by one byte: the same" "$rc:${out: -1}" "0:0"
capture vt run big
has "and afterwards as well" "$out" "xxx"
is "to the end" "$rc" 0

mkdir lost; cd lost || exit 99; rmdir ../lost
capture vt --version
is "without a current directory there is a version" "$rc" 0
capture vt run t
is "but no run" "$err" "error: Cannot tell the current directory: No such file or directory"
cd "$W" || exit 99
finish
