# Stock `vite build`, nothing configured: a hit on the second run, a miss for all that
# a fresh build would notice.
. "${0%/*}/../../lib/functions.sh" || exit
requires_npm vite
workspace
mkdir -p src node_modules/dep
ln -s "$NPM/vite" node_modules/vite
file package.json '{"name":"app","private":true,"type":"module"}'
file vite-task.json '{"tasks":{"build":{"command":"node node_modules/vite/bin/vite.js build"}}}'
file index.html '<!doctype html><body><script type="module" src="/src/main.ts"></script></body>'
file src/main.ts "import { a } from './a'; import { d } from 'dep'; console.log(a, d, import.meta.env.VITE_X);"
file src/a.ts 'export const a: string = "from ts";'
file node_modules/dep/package.json '{"name":"dep","version":"1.0.0","type":"module","main":"index.js"}'
file node_modules/dep/index.js 'export const d = 1;'

run() { capture vt run build; }
hits() { run; like "$1" "$(steps)" "*cache hit, replaying"; [ "$rc" = 0 ] || ok "$1: exit code" 1; }
misses() { run; has "$1" "$(steps)" "cache miss: $2"; [ "$rc" = 0 ] || _show stderr "$err$out"; }

run
is "the first run works" "$rc" 0
hasnt "and is kept" "$out" "not cached"
hits "the second run is a hit"
built=$(cat dist/assets/*.js)

# the one that upstream gets wrong
file src/a.js 'export const a = "from js";'
misses "a file that shadows another misses" "'a.js' added in 'src'"
has "and is in the build" "$(cat dist/assets/*.js)" "from js"
hits "then hits"
rm src/a.js
run
like "taken away again: it runs, for dist is as the later source made it" "$(steps)" "*cache miss: 'dist/assets/*' would not be there, executing"

file src/a.ts 'export const a: string = "edited";'
misses "an edited file" "'src/a.ts' modified"
hits "then hits"
file node_modules/dep/index.js 'export const d = 2;'
misses "an edited dependency" "'node_modules/dep/index.js' modified"
mkdir public; echo x >public/robots.txt
misses "a public directory appears" "'public' added in workspace root"
echo y >public/more.txt
misses "a public file appears" "'more.txt' added in 'public'"
echo VITE_X=1 >.env
misses "an .env file appears" "'.env' added in workspace root"
echo VITE_X=2 >.env
misses "it changes" "'.env' modified"
file vite.config.js 'export default { define: { __X__: 1 } };'
misses "a configuration appears" "'vite.config.js' added in workspace root"
hits "then hits: its temporary copy is no input"
mv src/a.ts src/a.tsx
misses "a renamed file" "'"
file tsconfig.json '{"compilerOptions":{"target":"es2015"}}'
misses "a tsconfig appears" "'tsconfig.json' added in workspace root"
hits "then hits"
file README.md 'nobody reads me'; file src/unused.ts 'x'
hits "what it does not look at changes nothing"
touch src/main.ts index.html
hits "nor does a new time alone"
rm public/more.txt
misses "a public file goes" "'more.txt' removed from 'public'"
rm src/main.ts
run
is "a missing entry fails as ever" "$rc" 1
finish
