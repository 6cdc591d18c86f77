# Results from before there was a far store can be sent, and results of others can be got without a run; they are shared by a
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
is "a run without a far store: succeeds" "$rc$err" 0
capture vt cache push
is "push without a far store: an error" "$rc $err" "1 error: no store of other machines is configured, or none works"
config ''
user
capture vt cache push
is "push: sends what was made before there was a store" "$rc $err $out" "0  2 results sent or there already"
quiet
capture vt cache push
is "push again: sends nothing" "$rc $err $out $(calls put)" "0  2 results sent or there already 0"
capture vt cache push --since 1
is "push --since 1: sends what was used today" "$rc $out" "0 2 results sent or there already"
"$abs_top_builddir/tests/plugins/age-store" .vt/store-2 9
capture vt cache push --since 3
is "push --since 3, nothing used since: sends nothing" "$rc $out" "0 0 results sent or there already"
capture vt cache push --since soon
has "push --since with a word: an error" "$rc $err" "2 error: invalid value 'soon' for '--since <DAYS>'"

clone B
rm -rf packages/*/out
capture vt cache pull t
is "pull in another clone: gets the results" "$rc $err $out" "0  2 of 2 steps came, 0 hit already"
is "... runs nothing, and restores nothing" "$(ls packages/*/out 2>/dev/null)" ""
capture vt cache pull t
is "pull again: gets nothing" "$rc $out" "0 0 of 2 steps came, 2 hit already"
# pulled WORDS...: pulls in a fresh clone
pulled() { rm -rf "$T/P"; clone P; capture vt cache pull "$@"; cd "$T/B"; }
pulled --filter a t
is "pull with a filter: the results of those packages" "$rc $err $out" "0  1 of 1 steps came, 0 hit already"
pulled a#t b#t
is "pull of several tasks: their results" "$rc $err $out" "0  2 of 2 steps came, 0 hit already"
pulled -C packages/b -w t
has "... said from another folder" "$rc $err$out" "1 error:"
pulled --shard 1/2 t
is "pull of a shard: the results of that part" "$rc $err $out" "0  1 of 1 steps came, 0 hit already"
pulled --watch t
is "pull with an option of running: an error" "$rc $err" "2 error: '--watch' has no meaning for \`vt cache pull\`, which runs nothing"
pulled
has "pull without a task: an error" "$rc $err" "2 error: the following required arguments were not provided:"
user '"fault": "down"'
quiet
capture vt run -r t
is "after a pull: the store is not asked" "$rc$err $(hits) $(calls) $(cat packages/*/out/x | tr -d '\n')" "0 2 0 ab"
capture vt run -r --dry-run t
is "a dry run: the store is not asked" "$rc $(calls)" "0 0"
clone C; quiet
capture vt run -r --dry-run t
is "... in a fresh clone, either" "$rc $(calls) $(ls .vt 2>/dev/null)" "0 0 "

# open sharing: results are signed, and taken from trusted keys
one=$(vt cache key new) two=$(vt cache key new)
is "key new: 64 digits, and others each time" "${#one} $([ "$one" != "$two" ] && echo other)" "64 other"
user '' "\"sign\": \"$one\""
public=$(vt cache key show-public)
like "key show-public: another text" "${#public} $public" "64 *"
is "... also of the secret in the environment" "$(with VT_SIGN_KEY=$one vt cache key show-public)" "$public"
rm -rf "$T/far"
cd "$W" || exit 99
capture vt cache push
is "a signer: its results are sent" "$rc $out" "0 2 results sent or there already"
reader() { user '' "$1"; rm -rf "$T/D"; clone D; rm -rf packages/*/out; capture vt run -r t; }
reader "\"trust\": [\"$public\"]"
is "a reader who trusts the signer: hits" "$rc$err $(hits)" "0 2"
reader "\"trust\": [\"$(with VT_SIGN_KEY=$two vt cache key show-public)\"]"
is "a reader who trusts another signer: no hit" "$rc $(hits)" "0 0"
has "... and a line tells why" "$err" "warning: plugin 'main': a result there is not signed by anybody whom \`sharing.trust\` names: it is left aside"
reader ''
is "a reader who trusts nobody: no hit" "$rc $(hits)" "0 0"
user '"unsealed": true' ''; rm -rf "$T/D"; clone D; rm -rf packages/*/out; capture vt run -r t
is "a reader who takes unsigned results: hits" "$rc$err $(hits)" "0 2"
reader "\"key\": \"$KEY\""
is "a team with a key: no hit" "$rc$err $(hits)" "0 0"
reader "\"trust\": [\"xyz\"]"
has "a public key of another form: an error" "$rc $err" "1 error: \`sharing.trust\` in the user's configuration must hold public keys of 64 hexadecimal digits"
reader "\"kee\": \"\""
has "an unknown key of the map: an error" "$rc $err" "1 error: unknown key \`sharing.kee\` in the user's configuration; known are key, sign, trust"
user
with VT_TEAM_KEY=secret capture vt run -r t
is "a wrong secret: the error does not show it" "$rc $err" "1 error: VT_TEAM_KEY must be 64 hexadecimal digits; \`vt cache key new\` makes some"
file vite-task.json '{"tasks": {"kept": "env", "not": {"command": "env", "cache": false}}}'
for task in kept not; do
	with VT_TEAM_KEY=$KEY VT_SIGN_KEY=$one capture vt run $task
	hasnt "a task does not get the secrets ($task)" "$rc$out" "_KEY="
done
file vite-task.json '{"plugins": {"sharing": {"key": "0"}}}'
user
capture vt run -r t
has "keys in the workspace's configuration: an error" "$rc $err" "1 error: vite-task.json:1:25: \`plugins.sharing\` is taken from the user's configuration only"
finish
