# The place of auto-output is complete: a part that tracks outputs automatically, built from
# the public header, makes a hit restore what the task wrote.
. "${0%/*}/../../lib/functions.sh" || exit
run() { with VT_PLUGIN_PATH="$abs_top_builddir/tests/plugins/.libs" vt run "$@"; }
workspace
file package.json '{"name":"root"}'
file in.txt one
config() { file vite-task.json "{\"plugins\": {\"parts\": {\"track-outputs\": $1}}, \"tasks\": {
	\"t\": {\"command\": \"sh make.sh\"}}}"; }
file make.sh 'mkdir -p dist; cp in.txt dist/out.txt; cp in.txt dist/draft; mv dist/draft dist/final.txt; cp in.txt dist/gone; rm dist/gone'
config false
run t >/dev/null
capture run t
case $out in *"cache hit"*) ;; *) skip_all "automatic inputs cannot be traced here" ;; esac
rm -r dist
capture run t
case $out in *"cache hit"*) gone "without the part: a hit restores nothing" dist/out.txt ;; *) ok "without the part: a product that was looked for and is gone makes a miss" 0 ;; esac
config true
rm -rf dist
run t >/dev/null
rm -rf dist
capture run t
has "with the part: the second run is a hit" "$out" "cache hit"
is "... the file that was written is restored" "$(cat dist/out.txt 2>&1)" one
is "... a renamed file has its last name" "$(cat dist/final.txt 2>&1)" one
gone "... a removed file is not restored" dist/gone
gone "... the earlier name of a renamed file is not restored" dist/draft
finish
