# Scripts get from vt the variables that npm gives them: their package's own, also when npm started vt, and also cached.
. "${0%/*}/../../lib/functions.sh" || exit
requires npm node
workspace
show='node -e \"for (const k of Object.keys(process.env).sort()) if (/^(npm_(package_|lifecycle_|execpath|node_execpath)|NODE$|INIT_CWD|PWD)/.test(k)) console.log(k + String.fromCharCode(61) + process.env[k])\"'
file package.json '{"name":"root","version":"9.9.9","workspaces":["packages/*","packages/a/inner"],"config":{"only":"root"},"scripts":{"all":"vt run -r v","tasks":"vt run -r task"}}'
file packages/a/package.json '{"name":"@s/a","version":"1.2.3","config":{"port":8080,"deep":{"list":[1,"b"],"none":null,"on":true}},"engines":{"node":">=1"},
"bin":{"tool":"./tool.js"},"scripts":{"v":"'"$show"'","c":"cat in && echo $npm_package_version $npm_package_config_port","prehook":"echo pre $npm_lifecycle_event","hook":"echo mid $npm_lifecycle_event",
"moved":"mkdir -p x && cd x && env","bins":"where"}}'
file packages/a/vite-task.json '{"tasks":{"task":{"command":"sh -c '"'env | grep -E ^npm_package_ || echo nothing'"'","cache":false}}}'
file packages/a/inner/package.json '{"name":"inner","version":"0.0.1","scripts":{"where":"where"}}'
file packages/a/in input
echo >packages/a/tool.js
variables() { grep -E '^(npm_|NODE=|INIT_CWD|PWD)' <<<"$out"; }

(cd packages/a && with npm_config_loglevel=error base_env npm run v 2>&1) | grep -E '^(npm_|NODE=|INIT_CWD|PWD)' >"$T/npm"
cd packages/a; capture vt run v; cd ../..
is "a script gets what npm gives" "$(variables)" "$(cat "$T/npm")"
ln -s "$VT" "$T/vt"
capture with PATH="$T:$PATH" npm_config_loglevel=error base_env npm run all
is "below npm run: the package's own values, not the root's" "$(variables | grep -v ^INIT_CWD)" "$(grep -v ^INIT_CWD "$T/npm")"
capture with PATH="$T:$PATH" npm_config_loglevel=error base_env npm run tasks
has "... a task of another package gets none of them" "$out" nothing
capture vt run -F @s/a hook
is "each part of a script has its own name" "$(grep -E '^(pre|mid) ' <<<"$out")" "pre prehook
mid hook"
capture with OLDPWD=/tmp PWD=/tmp vt run -F @s/a moved
is "PWD is the folder of the command, and OLDPWD is not set" "$(grep -E '^(OLD)?PWD=' <<<"$out")" "PWD=$W/packages/a/x"

# the programs of every folder above, the nearest first
tool() { mkdir -p "$1/node_modules/.bin"; printf '#!/bin/sh\necho from %s\n' "$2" >"$1/node_modules/.bin/where"; chmod +x "$1/node_modules/.bin/where"; }
tool . root
capture vt run -F inner where
has "programs of the root are found" "$out" "from root"
tool packages/a a
capture vt run -F inner where
has "... of a package around it" "$out" "from a"
tool packages between; rm -r packages/a/node_modules
capture vt run -F inner where
has "... of a folder between" "$out" "from between"
tool packages/a/inner itself
capture vt run -F inner where
has "... its own come first" "$out" "from itself"
outside=$W
workspace w/below; W=$outside/below
file package.json '{"name":"b","scripts":{"where":"where"}}'; file pnpm-workspace.yaml ''
capture vt run where
has "... and above the workspace" "$out" "from root"
chmod 777 ../node_modules/.bin
capture vt run where
is "... unless everybody may put programs there" "$rc" 127
cd ..; W=$outside; chmod 755 node_modules/.bin

# cached
capture vt run --cache -F @s/a c
has "a cached script: has the values" "$out" "1.2.3 8080"
capture vt run --cache -F @s/a c
has "... hits the second time" "$out" "◉ cache hit"
sed -i 's/1\.2\.3/1.2.4/' packages/a/package.json
capture vt run --cache -F @s/a c
has "... another version makes another key" "$out" "○ cache miss: env 'npm_package_version' changed"
has "... and another result" "$out" "1.2.4 8080"
capture with npm_package_version=7 npm_lifecycle_event=other vt run --cache -F @s/a c
has "... what npm says around vt changes nothing" "$out" "◉ cache hit"

# Yarn's Plug'n'Play, as yarn sets it up for scripts
workspace "pnp root"
file package.json '{"name":"p","scripts":{"node":"node -p \"global.pnp + process.env.NODE_OPTIONS\"","tool":"tool"}}'
file .pnp.cjs 'global.pnp = "hooked ";'
capture with NODE_OPTIONS=--no-deprecation vt run node
is "Plug'n'Play: node finds packages by it" "$(grep ^hooked <<<"$out")" "hooked --no-deprecation --require \"$W/.pnp.cjs\""
capture vt run --cache node
has "... also in a cached script" "$out" "hooked --require"
capture with NODE_OPTIONS="--require \"$W/.pnp.cjs\"" vt run node
is "... once" "$(grep ^hooked <<<"$out")" "hooked --require \"$W/.pnp.cjs\""
capture vt run tool
has "a folder that has no place on PATH: told" "$rc $out" "Yarn's Plug'n'Play keeps the programs of packages in no folder: write \`yarn tool\`"

# tools that read in package.json what to do
if [ -d "$NPM/wireit" ] && [ -d "$NPM/npm-run-all" ]; then
	workspace tools
	ln -s "$NPM" node_modules
	file package.json '{"name":"t","version":"3.0.0","scripts":{"one":"wireit","two":"wireit","x:a":"echo xa","x:b":"echo xb","both":"run-s x:a x:b","side":"run-p x:*","star":"npm-run-all x:b x:a"},
"wireit":{"one":{"command":"echo this is one"},"two":{"command":"echo this is two"}}}'
	for cache in --no-cache --cache --cache; do
		for s in one two; do
			capture vt run $cache $s
			has "wireit $cache: $s" "$rc $out" "this is $s"
		done
		for s in both side star; do
			capture vt run $cache $s
			ok "npm-run-all $cache: $s" $(( rc + ! $(grep -c '^xa' <<<"$out") + ! $(grep -c '^xb' <<<"$out") ))
		done
	done
else
	skip "wireit and npm-run-all" "they are not installed (npm install --prefix npm wireit npm-run-all)"
fi
finish
