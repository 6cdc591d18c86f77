# Which files count, by the patterns of `input` alone.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
pnpm app shared '[lib]'
put() { file "packages/app/$1" "${2-x}"; }
reset() { put src/main.ts; put src/utils.ts; put src/main.test.ts; put src/deep/er.ts; put dist/out.js; file packages/shared/src/s.ts x; file packages/shared/dist/d.js x; file src/root.ts x; }
reset
task() { file packages/app/vite-task.json "{\"tasks\":{\"t\":{\"command\":\"/bin/true\",\"input\":$1}}}"; capture vt run app#t; capture vt run app#t; has "$1: hit" "$out" '◉ cache hit'; }
miss() { capture vt run app#t; has "$1" "$out" "○ cache miss: $2, executing"; reset; capture vt run app#t; has "... and back: a hit" "$out" '◉ cache hit'; }
hit() { capture vt run app#t; has "$1" "$out" '◉ cache hit'; reset; }

task '["src/**"]'
put src/main.ts y; miss "below src" "'packages/app/src/main.ts' modified"
put src/deep/er.ts y; miss "deep below src" "'packages/app/src/deep/er.ts' modified"
put src/.hidden h; capture vt run app#t; has "dot files count" "$out" "'.hidden' added in 'packages/app/src'"; rm packages/app/src/.hidden
put dist/out.js y; hit "beside src"
file src/root.ts y; hit "the root's own src is another"
task '["src/**","!src/**/*.test.ts"]'
put src/main.test.ts y; hit "a file that a negative excludes"
put src/utils.ts y; miss "a file that the negative does not exclude" "'packages/app/src/utils.ts' modified"
task '["src/main.ts"]'
put src/utils.ts y; hit "one file named, another changed"
task '["src/"]'
put src/deep/er.ts z; miss "a trailing slash is everything below" "'packages/app/src/deep/er.ts' modified"
put src/main.ts z; miss "... and right in it" "'packages/app/src/main.ts' modified"
put dist/out.js z; hit "... and nothing beside it"
task '["src"]'
put src/main.ts y; hit "a folder without one matches nothing"
rm -rf packages/app/src; hit "... not even its own end"
task '["../shared/src/**"]'
file packages/shared/src/s.ts y; miss "another package's" "'packages/shared/src/s.ts' modified"
file packages/shared/dist/d.js y; hit "... and nothing else of that package"
task '["../shared/**","!../shared/dist/**"]'
file packages/shared/src/s.ts y; miss "all of another package" "'packages/shared/src/s.ts' modified"
file packages/shared/dist/d.js y; hit "... its excluded products"
task '[{"pattern":"src/**","base":"workspace"}]'
file src/root.ts y; miss "from the root" "'src/root.ts' modified"
task '[]'
put src/main.ts y; hit "no inputs at all"
task '["!src/**"]'
put dist/out.js y; hit "negatives alone select nothing"

file 'packages/[lib]/src/main.ts' x
file 'packages/[lib]/vite-task.json' '{"tasks":{"t":{"command":"/bin/true","input":["src/**"]}}}'
capture vt run '[lib]#t'; capture vt run '[lib]#t'
has "the folder a pattern names is no input itself: a hit" "$out" '◉ cache hit'
file 'packages/[lib]/src/main.ts' y
capture vt run '[lib]#t'
has "... and miss" "$out" "'packages/[lib]/src/main.ts' modified"

ln -s main.ts packages/app/src/link; ln -s ../shared/src packages/app/lnkd; ln -s ../../shared/src packages/app/src/inner
task '["src/**","src/link"]'
ln -sfn utils.ts packages/app/src/link; hit "a link is no input"
file packages/shared/src/s.ts y; hit "two stars do not follow a link to a folder"
task '["lnkd/**"]'
file packages/shared/src/s.ts y; miss "a link in the pattern's own prefix: followed" "'packages/app/lnkd/s.ts' modified"

file packages/app/vite-task.json '{"tasks":{"t":{"command":"/bin/true","input":["**"]}}}'
capture vt run app#t; touch packages/app/src/main.ts; capture vt run app#t
has "a new time alone changes nothing" "$out" '◉ cache hit'
chmod 000 packages/app/src/utils.ts
capture vt run app#t
is "an unreadable input is no error" "$rc" 0
chmod 644 packages/app/src/utils.ts
finish
