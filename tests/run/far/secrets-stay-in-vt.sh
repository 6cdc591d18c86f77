# A key of the team stays in vt: not in what its tasks, its other processes, a core file or a file of the cache hold.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/far.sh" || exit
workspace
file package.json '{"name":"root"}'
SECRET=$(printf '%064d' 4321)
file look.sh ': >started
until [ -e go ]; do sleep 0.01; done
env >env
for p in $PPID $(sed -n "s/^PPid:[^0-9]*//p" /proc/$PPID/status) $(cat ../vt); do
	{ tr "\0" "\n" <"/proc/$p/environ"; } 2>/dev/null
done >environs
{ cat "/proc/$(cat ../vt)/maps"; } >maps 2>/dev/null
exit 0'
config '"look": {"command": "sh look.sh", "cache": false}, "kept": {"command": "cat in.txt; env", "input": ["in.txt"]}'
file in.txt in
mkdir -p -m 700 "$T/home/.config/vt" "$T/far"
printf '{"plugins": {"options": {"main": {"dir": "%s", "log": "%s"}}}}\n' "$T/far" "$T/log" >"$T/home/.config/vt/config.json"
as_somebody
# started TASK: starts the task in the background; $vt is the process of vt
started() {
	rm -f started go
	(ulimit -c unlimited 2>/dev/null; with VT_TEAM_KEY="$SECRET" VT_SIGN_KEY="$SECRET" vt run "$1") >"$T/out" 2>"$T/err" </dev/null &
	job=$!
	until_true [ -e started ] || exit 99
	vt=$(for p in /proc/[0-9]*; do [[ $(readlink "$p/exe" 2>/dev/null) == */core/vt && $(readlink "$p/cwd") = "$W" ]] && echo "${p#/proc/}"; done)
	echo "$vt" >"$T/vt"
}
started look
is "vt is found" "$(wc -w <<<"$vt")" 1
: >go
wait $job
is "the task succeeds" "$? $(<"$T/err")" "0 "
is "the task's environment: no key of the team" "$(grep -c "$SECRET" env)" 0
if [ "$(id -u)" = 0 ]; then
	is "the environments of vt's processes, as the task can read them: no key" "$(grep -c "$SECRET" environs) $(wc -c <maps)" "0 0"
else
	is "the environments of vt's processes, as the task can read them: no key" "$(grep -c "$SECRET" environs)" 0
fi
capture with VT_TEAM_KEY="$SECRET" VT_SIGN_KEY="$SECRET" vt run kept
is "a cached task runs" "$rc$err" 0
is "no file of the cache or the store has it" "$(grep -rla "$SECRET" .vt "$T/far" | wc -l)" 0
pattern=$(</proc/sys/kernel/core_pattern)
if [[ $pattern == core* ]]; then
	started look
	kill -SEGV "$vt"
	: >go
	wait $job
	is "a crash of vt: no core file" "$(ls | grep -c '^core')" 0
else
	skip "a crash of vt: no core file" "cores go elsewhere here: $pattern"
fi
finish
