# Planning in a clone executes nothing of it: not its programs, not what its package managers or its git folder name.
. "${0%/*}/../../lib/functions.sh" || exit
requires git
workspace
mkdir -p node_modules/.bin packages/a
file package.json '{"name":"r","workspaces":["packages/*"],"packageManager":"yarn@4.0.0","scripts":{"build":"tool --x","prebuild":"./evil"}}'
file packages/a/package.json '{"name":"a","scripts":{"build":"tool"}}'
file vite-task.json '{"tasks":{"watched":{"command":"tool $(./evil) `./evil`"}}}'
file turbo.json '{"tasks":{"build":{"outputs":["dist/**"]}}}'
file .yarnrc.yml 'yarnPath: evil'
file .pnpmfile.cjs "require('fs').writeFileSync('$T/ran', '')"
cp .pnpmfile.cjs .pnp.cjs
file .gitattributes '* filter=x'
for f in node_modules/.bin/tool node_modules/.bin/git node_modules/.bin/node node_modules/.bin/man evil; do printf '#!/bin/sh\n: >"%s"\n' "$T/ran" >$f; chmod +x $f; done
git init -q . && git add -f . && git -c user.name=a -c user.email=a@b commit -qm x || exit 99
mkdir -p "$W/hooks"; cp evil hooks/post-index-change
for key in core.fsmonitor diff.external core.pager core.sshCommand core.editor filter.x.clean filter.x.smudge filter.x.process; do git config "$key" "$W/evil"; done
git config core.hooksPath "$W/hooks"
file packages/a/new 'changed since'
touch package.json
watched() { "$@"; }
if command -v strace >/dev/null && strace -f -qq -e trace=execve -e status=successful -o "$T/calls" true 2>/dev/null; then
	# strace notes each program that is started: vt starts none at all
	watched() { strace -f -qq -e trace=execve -e status=successful -o "$T/calls" "$@"; }
fi
while read -r words; do
	: >"$T/calls"
	watched "$LIMIT" 60 PATH="$W/node_modules/.bin:$PATH" HOME="$T/home" XDG_RUNTIME_DIR="$T/run" "$VT" $words >"$T/out" 2>"$T/err" </dev/null
	is "vt $words starts nothing" "$(ls "$T/ran" 2>/dev/null; grep execve "$T/calls" | grep -vF "execve(\"$LIMIT\"" | grep -vF "execve(\"$VT\"")" ""
	rm -f "$T/ran"
done <<'WORDS'
run
run --dry-run -r build
run --dry-run --affected=HEAD -r build
run --dry-run --json -r build
graph build
why build
inputs build
outputs build
doctor
cache stat
cache ls
cache verify
plugins list
plugins info fingerprint-git
completion words -- run b
import turbo
help --path vt-config
WORDS
finish
