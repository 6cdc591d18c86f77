# Sourced by the channel's tests: a workspace with tools that ask the runner, either
# by the real npm client (`by node`) or by `vt client` (`by sh`).
. "${BASH_SOURCE[0]%/*}/../../lib/functions.sh" || exit

tools() {                      # tools: into the workspace at $W
	mkdir -p node_modules/.bin
	ln -sfn "$VT" node_modules/.bin/vt
	[ ! -d "$NPM/@voidzero-dev" ] || ln -sfn "$NPM/@voidzero-dev" node_modules/@voidzero-dev
	cat >fetch_env.mjs <<'JS'
import { getEnv } from '@voidzero-dev/vite-task-client';
const names = process.argv.slice(2).filter((a) => a !== '--untracked');
const o = process.argv.includes('--untracked') ? { tracked: false } : undefined;
console.log('served ' + names.map((n) => `${n}=${getEnv(n, o) ?? '(unset)'}`).join(' '));
console.log('process.env ' + names.map((n) => `${n}=${process.env[n] ?? '(unset)'}`).join(' '));
JS
	cat >fetch_envs.mjs <<'JS'
import { getEnvs } from '@voidzero-dev/vite-task-client';
const q = process.argv.includes('--prefix') ? { prefix: 'PROBE_' } : 'PROBE_*';
const o = process.argv.includes('--untracked') ? { tracked: false } : undefined;
for (const [k, v] of Object.entries(getEnvs(q, o))) console.log(`${k}=${v}`);
JS
	cat >disable_cache.mjs <<'JS'
import { disableCache } from '@voidzero-dev/vite-task-client';
disableCache();
console.log('opted out');
JS
	cat >ignore.mjs <<'JS'
import { ignoreInput, ignoreOutput } from '@voidzero-dev/vite-task-client';
for (const p of process.argv.slice(2)) { ignoreInput(p); ignoreOutput(p); }
JS
	cat >fetch_env.sh <<'SH'
flag=; [ "$1" != --untracked ] || { flag=--untracked; shift; }
served=served own=process.env
for n; do
	if v=$(vt client get-env $flag "$n"); then served="$served $n=$v"; else served="$served $n=(unset)"; fi
	eval "own=\"\$own $n=\${$n-(unset)}\""
done
echo "$served"; echo "$own"
SH
	cat >fetch_envs.sh <<'SH'
query='--glob PROBE_*' flag=
for a; do case $a in --prefix) query='--prefix PROBE_' ;; --untracked) flag=--untracked ;; esac; done
set -f
vt client get-envs $flag $query
SH
	printf 'vt client disable-cache\necho opted out\n' >disable_cache.sh
	printf 'vt client ignore-input "$@"; vt client ignore-output "$@"\n' >ignore.sh
}
tool() { case $BY in node) echo "node $1.mjs" ;; *) echo "sh $1.sh" ;; esac; }    # tool fetch_env
by_all() {                     # by_all STORY: with each client there is
	for BY in sh node; do
		if [ $BY = node ] && ! { command -v node && [ -d "$NPM/@voidzero-dev/vite-task-client" ] && [ -f "$abs_top_builddir/plugin-api/client/vt-node.node" ]; } >/dev/null; then
			skip "the stories with the npm client" "Node, the addon or @voidzero-dev/vite-task-client is not here"
			continue
		fi
		"$1"
	done
}
# the status of the first step of the last capture: cold, hit, miss(REASON), disabled
status() { steps | head -n 1 | sed -E 's/^.*◉ cache hit, replaying$/hit/; t; s/^.*○ cache miss: (.*), executing$/miss(\1)/; t; s/^.*⊘ cache disabled$/disabled/; t; s/^.*$/cold/'; }
printed() { printf '%s\n' "$out" | sed -n '2,/^$/p' | sed '/^$/d'; }
# step STORY WANTED [A=1...] vt run ...: runs it, compares its status
step() {
	local story=$1 want=$2
	shift 2
	capture with "$@"
	is "$BY: $story" "$(status) $rc" "$want 0"
}
details() { base_env "$VT" run --last-details; }
