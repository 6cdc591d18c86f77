# The packages for npm work in fresh workspaces of npm, pnpm and yarn 4, and leave nothing when they are removed.
. "${0%/*}/../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
. "$abs_top_srcdir/tests/lib/managers.sh"
. "$abs_top_srcdir/tests/lib/installed.sh"
requires node npm
any_tree
sh "$abs_top_srcdir/core/package/npm.sh" "$abs_top_srcdir" "$TREE" "$T/packages" 1.2.3 >"$T/sizes" || exit 99
sed 's/^/# /' "$T/sizes"
is "nothing runs when they are installed" "$(grep -l '"\(pre\|post\)\?install"\|"scripts"' "$T"/packages/unpacked/*/package.json)" ""
is "the same tree gives the same bytes" "$(sh "$abs_top_srcdir/core/package/npm.sh" "$abs_top_srcdir" "$TREE" "$T/again" 1.2.3 >/dev/null; cd "$T/packages" && sha256sum ./*.tgz)" "$(cd "$T/again" && sha256sum ./*.tgz)"
rm -rf "$T/again"
[ "$(du -sk --apparent-size "$T"/packages/unpacked/linux-* | cut -f1)" -le 5120 ] || [[ $TREE != */package/tree ]]
ok "the largest is not larger than 5 MiB" $?
is "no page is there twice" "$(find "$T"/packages/unpacked/linux-* -name '*.[1-9]')" ""
program=$(echo "$T"/packages/unpacked/linux-*/bin/vt)
for p in vt.1 vite-task.json.5 vt-config.5 vt-migrate.7 vt-plugin.7 vt-plugin.3 vt-client.3; do
	is "vt help: shows $p" "$("$program" help $p)" "$("$TREE/bin/vt" help $p)"
done

# a registry on this machine, asked as the real one would be
node "$abs_top_srcdir/tests/install/registry.js" "$T/packages" >"$T/url" &
registry=$!
cleanup 'kill $registry'
until_true [ -s "$T/url" ] || exit 99
url=$(cat "$T/url")
ask() { _limited 300 npm_config_registry="$url" npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false \
	npm_config_store_dir="$T/pnpm-store" npm_config_manage_package_manager_versions=false YARN_NPM_REGISTRY_SERVER="$url" \
	YARN_UNSAFE_HTTP_WHITELIST=127.0.0.1 YARN_ENABLE_TELEMETRY=false YARN_ENABLE_GLOBAL_CACHE=false YARN_ENABLE_COLORS=false \
	YARN_ENABLE_IMMUTABLE_INSTALLS=false YARN_NPM_MINIMAL_AGE_GATE=0 ${linker:+YARN_NODE_LINKER=$linker} "$@"; }
# sources NAME: a workspace of two packages in an odd folder
sources() {
	workspace "$1 ö ws"
	file package.json '{"name":"root","private":true,"workspaces":["packages/*"],"scripts":{"all":"vt run -r build && echo done","dev":"vt run wait","wait":"tidy","signals":"signals"}}'
	pnpm a b
	file packages/b/package.json '{"name":"b","version":"1.0.0","dependencies":{"a":"1.0.0"}}'
	file packages/a/package.json '{"name":"a","version":"1.0.0"}'
	[ "$1" != pnpm ] || file packages/b/package.json '{"name":"b","version":"1.0.0","dependencies":{"a":"workspace:*"}}'
	for p in a b; do
		file packages/$p/vite-task.json '{"tasks":{"build":{"command":"cp in out","output":["out"]}}}'
		file packages/$p/in "$p"
	done
}
hits() { printf '%s\n' "$out" | grep -c 'cache hit, replaying'; }
# builds STORY COMMAND...: a run, and a run that hits
builds() {
	local story=$1; shift
	rm -rf .vt packages/*/out
	capture ask "$@" run -r build
	is "$story: the tasks run" "$rc $(hits) $(cat packages/a/out packages/b/out 2>&1)" "0 0 a"$'\n'b || printf '%s\n' "$out$err" | sed 's/^/# /'
	rm -f packages/a/out
	capture ask "$@" run -r build
	is "$story: both are found again, with what they made" "$rc $(printf '%s\n' "$out" | grep -c ': 2/2 cache hit') $(cat packages/a/out)" "0 1 a" || printf '%s\n' "$out$err" | sed 's/^/# /'
}
left() { find . -type d -empty -name @vt -delete; find . -path ./.vt -prune -o \( -ipath '*vt*' -o -lname '*vt*' \) -print | grep -vE '^\./(\.yarn/(cache|install-state)|\.pnp\.)|pnpm-lock'; }

sources npm
capture ask npm install -D vt
is "npm installs it" "$rc" 0 || printf '%s\n' "$err" | sed 's/^/# /'
builds npx npx vt
capture ask npm run all
is "a script calls it" "$rc $(hits)" "0 2"
direct=$(ask node -p 'require("vt").path')
builds "without Node" "$direct"
like "the program is the platform's" "$direct" "$W/node_modules/@vt/linux-*-gnu/bin/vt"
capture ask npx vt run nothing-of-the-kind
is "the status is the program's" "$rc" 1
capture ask npx vt
is "no command: the usage, and the program's status" "$rc $(printf '%s\n' "$err" | grep -c 'Usage: vt <COMMAND>')" "2 1"
mv node_modules/@vt "$T/away"
capture ask npx vt run -r build
like "without the platform's package it says what to do" "$rc ${err##*$'\n'}" "1 error: @vt/linux-*-gnu is not installed: install again without leaving out optional dependencies*"
mv "$T/away" node_modules/@vt

# Ctrl-C and signals through the script
tool tidy 'trap "sleep 0.5; echo tidied; exit 0" INT TERM; echo ready; i=0; while [ $i -lt 3000 ]; do sleep 0.1; i=$((i+1)); done'
tool signals 'grep SigIgn: /proc/self/status'
terminal_options=(--when ready '\x03')
nodes=("$(type -P node)")
new=$(echo "$NPM"/../other-node/node_modules/node-linux-*/bin/node)
[ ! -x "$new" ] || nodes+=("$new")
for n in "${nodes[@]}"; do
	how="beside Node"
	[ "$("$n" -p 'typeof process.execve')" != function ] || how="in place of Node"
	VT=$n terminal vt node_modules/vt/bin/vt.js run wait
	has "$how: Ctrl-C lets a task end by itself" "$out" tidied
	is "$how: ... once, with its status" "$(printf '%s\n' "$out" | grep -c tidied) $rc" "1 0"
	env -i PATH="$PATH" HOME="$T/home" "$n" node_modules/vt/bin/vt.js run wait >"$T/waits" 2>&1 &
	pid=$!
	until_true grep -qs ready "$T/waits"
	kill -TERM $pid
	wait $pid; rc=$?
	has "$how: TERM reaches it" "$(cat "$T/waits")" tidied
	rm "$T/waits"
	is "$how: ... and the status is the program's" "$rc" 143
	capture ask "$direct" run signals
	plain=$out
	capture ask "$n" node_modules/vt/bin/vt.js run signals
	is "$how: tasks ignore the signals that they ignore without Node" "$out" "$plain"
done
if [ ${#nodes[@]} = 1 ]; then skip "another Node" "there is none besides this one (./bootstrap check installs it)"; fi

capture ask npm uninstall vt
is "npm removes it" "$rc" 0
is "... and nothing is left" "$(left)" ""

sources pnpm
if has_manager pnpm; then
	capture ask node "$PNPM" add -D -w vt
	is "pnpm installs it" "$rc" 0 || printf '%s\n' "$out$err" | sed 's/^/# /'
	builds pnpm node "$PNPM" exec vt
	capture ask node "$PNPM" run all
	is "pnpm: a script calls it" "$rc $(hits)" "0 2"
	capture ask node "$PNPM" remove -w vt
	is "pnpm removes it" "$rc" 0
	is "... and nothing is left" "$(left | grep -v '^./node_modules/.pnpm')" ""
else
	skip "pnpm" "pnpm is not installed (./bootstrap check installs it)"
fi
for linker in node-modules pnp pnpm; do
	has_manager yarn || { skip "yarn" "yarn is not installed (./bootstrap check installs it)"; break; }
	sources "yarn $linker"
	: >yarn.lock
	capture ask node "$YARN" add -D vt
	is "yarn ($linker) installs it" "$rc" 0 || printf '%s\n' "$out$err" | sed 's/^/# /'
	builds "yarn ($linker)" node "$YARN" vt
	capture ask node "$YARN" all
	is "yarn ($linker): a script calls it" "$rc $(hits)" "0 2"
	capture ask node "$YARN" remove vt
	is "yarn ($linker) removes it" "$rc" 0
	is "... and nothing is left" "$(left)" ""
done
finish
