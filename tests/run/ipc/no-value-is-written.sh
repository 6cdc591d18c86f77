# No value of a variable is in any file, log or message: a canary that no tool prints.
. "${0%/*}/asking-tools.sh" || exit
canary=kanarienvogel-$$-geheim
workspace
tools
file package.json '{"name":"w","private":true}'
file vite-task.json '{"tasks":{
	"declared":{"command":"true","cache":true,"env":["SECRET"]},
	"tracked":{"command":"sh quiet.sh","cache":true},
	"prefix":{"command":"OWN=nothing sh quiet.sh","cache":true},
	"bad":{"command":"sh bad.sh","cache":true,"input":[]}}}'
echo 'vt client get-env SECRET >/dev/null; vt client get-envs --prefix SEC >/dev/null; vt client get-envs --glob "*" >/dev/null' >quiet.sh
echo 'vt client get-env SECRET >/dev/null; vt client get-envs --glob "{x" 2>/dev/null; exit 0' >bad.sh
for v in 1 2; do
	for t in declared tracked prefix bad; do
		with SECRET="$canary$v" vt run -vv $t >>"$T/said" 2>&1 </dev/null
		with SECRET="$canary$v" vt run --dry-run --json $t >>"$T/said" 2>&1 </dev/null
		with SECRET="$canary$v" vt run --dry-run $t >>"$T/said" 2>&1 </dev/null
	done
done
vt run --last-details >>"$T/said" 2>&1
vt cache stat >>"$T/said" 2>&1
has "the runs printed something" "$(cat "$T/said")" "env 'SECRET' changed"
is "no value is in what the runs printed" "$(grep -c kanarienvogel "$T/said")" 0
is "no value is in the cache" "$(grep -rla kanarienvogel .vt | head -n 3)" ""
is "no value is elsewhere below the workspace or the private folders" "$(grep -rla kanarienvogel "$T" --exclude-dir=node_modules | head -n 3)" ""
is "the cache is not empty" "$(find .vt -type f -size +0 | head -n 1 | wc -l)" 1
# packed bytes hide a text from grep: compressed files are unpacked first
if command -v zstd >/dev/null; then
	is "no value is in the packed files of the cache" "$(find .vt -type f -exec zstd -dcq {} \; 2>/dev/null | grep -c kanarienvogel)" 0
fi
finish
