# R1, R2: the unmodified npm client, with the runner's channel and without one.
. "${0%/*}/../../lib/functions.sh" || exit
requires_npm @voidzero-dev/vite-task-client
A=$abs_top_builddir/plugin-api/client/vt-node.node
[ -f "$A" ] || skip_all "built without the addon"
cd "$T" || exit 99
own_modules
cat >tool.mjs <<'JS'
import * as c from '@voidzero-dev/vite-task-client';
const s = (v) => JSON.stringify(v === undefined ? 'undefined' : v);
console.log([c.getEnv('A'), c.getEnvs('V_*'), c.getEnvs({ prefix: 'V_' }), c.ignoreInput('i'), c.ignoreOutput('o'), c.disableCache()].map(s).join(' '));
JS
nothing='"undefined" {} {} "undefined" "undefined" "undefined" 0'
alone() { capture base_env A=1 V_A=2 "$@" node tool.mjs; }
alone
is "R1: outside of a task all five functions do nothing" "$out $rc" "$nothing"
alone VP_RUN_NODE_CLIENT_PATH=/nonexistent
is "R1: ... also with a path that leads nowhere" "$out $rc" "$nothing"
echo garbage >garbage.node
alone VP_RUN_NODE_CLIENT_PATH="$T/garbage.node"
is "R1: ... or with a path to garbage" "$out $rc" "$nothing"
alone VP_RUN_NODE_CLIENT_PATH="$A"
is "R1: ... or without a channel" "$out $rc" "$nothing"
capture base_env A=1 V_A=2 timeout 300 "$abs_top_builddir/tests/run/ipc/serve" -a "$A" -r report node tool.mjs
is "R2: inside of a task all five functions work" "$out $rc" '"1" {"V_A":"2"} {"V_A":"2"} "undefined" "undefined" "undefined" 0'
is "R2: ... and the runner hears them" "$(grep -v ^MS report)" "ENV A
GLOB V_*
PREFIX V_
INPUT $T/i
OUTPUT $T/o
OPTED-OUT
EXIT 0"
finish
