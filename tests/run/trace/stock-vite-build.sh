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
is "the first build works" "$rc" 0
hasnt "the first build is kept" "$out" "not cached"
hits "the second run is a hit"
built=$(cat dist/assets/*.js)

# a case that upstream gets wrong
file src/a.js 'export const a = "from js";'
misses "a file that shadows another: a miss" "'a.js' added in 'src'"
has "... the build has it" "$(cat dist/assets/*.js)" "from js"
hits "... then a hit"
rm src/a.js
run
like "... taken away again: the task runs, because dist is of the later source" "$(steps)" "*cache miss: 'dist/assets/*' would not be there, executing"

file src/a.ts 'export const a: string = "edited";'
misses "an edited file: a miss" "'src/a.ts' modified"
hits "... then a hit"
file node_modules/dep/index.js 'export const d = 2;'
misses "an edited dependency: a miss" "'node_modules/dep/index.js' modified"
mkdir public; echo x >public/robots.txt
misses "a new public directory: a miss" "'public' added in workspace root"
echo y >public/more.txt
misses "a new public file: a miss" "'more.txt' added in 'public'"
echo VITE_X=1 >.env
misses "a new .env file: a miss" "'.env' added in workspace root"
echo VITE_X=2 >.env
misses "a changed .env file: a miss" "'.env' modified"
file vite.config.js 'export default { define: { __X__: 1 } };'
misses "a new configuration: a miss" "'vite.config.js' added in workspace root"
hits "... then a hit, because its temporary copy is no input"
mv src/a.ts src/a.tsx
misses "a renamed file: a miss" "'"
file tsconfig.json '{"compilerOptions":{"target":"es2015"}}'
misses "a new tsconfig: a miss" "'tsconfig.json' added in workspace root"
hits "... then a hit"
file README.md 'nobody reads me'; file src/unused.ts 'x'
hits "a file that the build does not look at: a hit"
touch src/main.ts index.html
hits "a new time of a file: a hit"
rm public/more.txt
misses "a removed public file: a miss" "'more.txt' removed from 'public'"
rm src/main.ts
run
is "a missing entry: fails as without vt" "$rc" 1
finish
