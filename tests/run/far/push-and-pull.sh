# What was made before there was a far store can be sent, and what others made can be got without a run; results are shared by a
# team's key, or by signatures.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/far.sh" || exit
workspace
pnpm a b
for p in a b; do
	file packages/$p/in.txt $p
	file packages/$p/vite-task.json '{"tasks": {"t": {"command": "mkdir -p out && cp in.txt out/x && echo did $MODE", "input": ["in.txt"], "output": ["out/**"]}}}'
done
file vite-task.json '{}'
capture vt run -r t
is "a run without a far store" "$rc$err" 0
capture vt cache push
is "without one nothing can be sent" "$rc $err" "1 error: no store of other machines is configured, or none works"
config ''
user
capture vt cache push
is "what was made before is sent" "$rc $err $out" "0  2 results sent or there already"
quiet
capture vt cache push
is "and once only" "$rc $err $out $(calls put)" "0  2 results sent or there already 0"
capture vt cache push --since 1
is "what was used today" "$rc $out" "0 2 results sent or there already"
"$abs_top_builddir/tests/plugins/age-store" .vt/store-2 9
capture vt cache push --since 3
is "nothing was used in three days" "$rc $out" "0 0 results sent or there already"
capture vt cache push --since soon
has "a number of days is one" "$rc $err" "2 error: invalid value 'soon' for '--since <DAYS>'"

clone B
rm -rf packages/*/out
capture vt cache pull t
is "another clone gets it" "$rc $err $out" "0  2 of 2 steps came, 0 hit already"
is "and runs nothing, and puts nothing back" "$(ls packages/*/out 2>/dev/null)" ""
capture vt cache pull t
is "a second time there is nothing to get" "$rc $out" "0 0 of 2 steps came, 2 hit already"
# pulled WORDS... in a fresh clone
pulled() { rm -rf "$T/P"; clone P; capture vt cache pull "$@"; cd "$T/B"; }
pulled --filter a t
is "only for the packages of a filter" "$rc $err $out" "0  1 of 1 steps came, 0 hit already"
pulled a#t b#t
is "for several tasks" "$rc $err $out" "0  2 of 2 steps came, 0 hit already"
pulled -C packages/b -w t
has "... said from another folder" "$rc $err$out" "1 error:"
pulled --shard 1/2 t
is "for a part of the run" "$rc $err $out" "0  1 of 1 steps came, 0 hit already"
pulled --watch t
is "an option of running is refused" "$rc $err" "2 error: '--watch' has no meaning for \`vt cache pull\`, which runs nothing"
pulled
has "a task must be named" "$rc $err" "2 error: the following required arguments were not provided:"
user '"fault": "down"'
quiet
capture vt run -r t
is "then the store is not needed" "$rc$err $(hits) $(calls) $(cat packages/*/out/x | tr -d '\n')" "0 2 0 ab"
capture vt run -r --dry-run t
is "a dry run asks nobody" "$rc $(calls)" "0 0"
clone C; quiet
capture vt run -r --dry-run t
is "... in a fresh clone, either" "$rc $(calls) $(ls .vt 2>/dev/null)" "0 0 "

# open: results are signed, and taken from those who are trusted
one=$(vt cache key new) two=$(vt cache key new)
is "a new secret is 64 digits, and another each time" "${#one} $([ "$one" != "$two" ] && echo other)" "64 other"
user '' "\"sign\": \"$one\""
public=$(vt cache key show-public)
like "its public key is another text" "${#public} $public" "64 *"
is "... as the environment's, too" "$(with VT_SIGN_KEY=$one vt cache key show-public)" "$public"
rm -rf "$T/far"
cd "$W" || exit 99
capture vt cache push
is "signed results are sent" "$rc $out" "0 2 results sent or there already"
reader() { user '' "$1"; rm -rf "$T/D"; clone D; rm -rf packages/*/out; capture vt run -r t; }
reader "\"trust\": [\"$public\"]"
is "who trusts the signer takes them" "$rc$err $(hits)" "0 2"
reader "\"trust\": [\"$(with VT_SIGN_KEY=$two vt cache key show-public)\"]"
is "who trusts another does not" "$rc $(hits)" "0 0"
has "and is told" "$err" "warning: plugin 'main': a result there is not signed by anybody whom \`sharing.trust\` names: it is left aside"
reader ''
is "nor who trusts nobody" "$rc $(hits)" "0 0"
user '"unsealed": true' ''; rm -rf "$T/D"; clone D; rm -rf packages/*/out; capture vt run -r t
is "unless the user takes what comes" "$rc$err $(hits)" "0 2"
reader "\"key\": \"$KEY\""
is "a team does not see them" "$rc$err $(hits)" "0 0"
reader "\"trust\": [\"xyz\"]"
has "a public key is one" "$rc $err" "1 error: \`sharing.trust\` in the user's configuration must hold public keys of 64 hexadecimal digits"
reader "\"kee\": \"\""
has "a key of the map is known" "$rc $err" "1 error: unknown key \`sharing.kee\` in the user's configuration; known are key, sign, trust"
user
with VT_TEAM_KEY=secret capture vt run -r t
is "a wrong secret is not shown" "$rc $err" "1 error: VT_TEAM_KEY must be 64 hexadecimal digits; \`vt cache key new\` makes some"
file vite-task.json '{"tasks": {"kept": "env", "not": {"command": "env", "cache": false}}}'
for task in kept not; do
	with VT_TEAM_KEY=$KEY VT_SIGN_KEY=$one capture vt run $task
	hasnt "a task does not get the secrets ($task)" "$rc$out" "_KEY="
done
file vite-task.json '{"plugins": {"sharing": {"key": "0"}}}'
user
capture vt run -r t
has "the workspace may not set keys" "$rc $err" "1 error: vite-task.json:1:25: \`plugins.sharing\` is taken from the user's configuration only"
finish
