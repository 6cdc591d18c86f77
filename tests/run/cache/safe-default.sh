# A result is not kept if a part that it needs is switched off: that costs hits, never a wrong output.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file package.json '{"name":"r"}'
task() { file vite-task.json "{$2\"tasks\":{\"t\":{\"command\":\"sh t.sh\",$1}}}"; }
off() { printf '"plugins":{"parts":{"%s":false}},' "$1"; }
file t.sh 'mkdir -p dist; echo "X=$X" | tee dist/x'
task '"input":[],"env":["X"]' "$(off env-tracking)"
with X=1 capture vt run -v t
has "env without env-tracking: not kept, one line" "$out" 'Not cached: environment tracking is not available'
with X=2 capture vt run t
is "... and no old result is replayed" "$rc:$(printf '%s\n' "$out" | sed -n 2p)" 0:X=2
task '"input":[],"env":["X"]' ''
with X=1 capture vt run t
task '"input":[],"env":["X"]' "$(off env-tracking)"
with X=3 capture vt run t
is "... even if results are stored" "$(printf '%s\n' "$out" | sed -n 2p)" X=3
task '"input":[],"output":["dist/**"]' "$(off output-restore)"
capture vt run -v t
has "output without output-restore: not kept" "$out" 'Not cached: keeping `output` is not available'
rm -rf dist; capture vt run t
there "... so the output is made again" dist/x
task '"output":[]' "$(off auto-input)"
capture vt run -v t
has "automatic inputs without auto-input: not kept" "$out" 'Not cached: automatic input tracking is not available ('
has "... and what to do" "$out" '). Configure `input` to enable caching.'
task '"input":[]' '"plugins":{"parts":{"auto-input":false,"env-tracking":false,"output-restore":false}},'
capture vt run t; capture vt run t
has "a task that needs no tracking hits" "$out" '◉ cache hit'
finish
