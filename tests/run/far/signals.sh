# A signal ends vt within seconds, whatever a far store does; finished tasks keep their exit status and their results.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/far.sh" || exit
workspace
file package.json '{"name":"root"}'
file in.txt one
config '"t": {"command": "cp in.txt out", "input": ["in.txt"], "output": ["out"]}'
# interrupted FAULT FILE: runs with the fault, sends SIGINT once FILE is not empty; $rc, and $ms until the end
interrupted() {
	user "\"fault\": \"$1\", \"timeout\": \"5m\", \"budget\": \"5m\"${3:+, $3}"
	quiet
	"$LIMIT" 60 PATH="$PATH" HOME="$T/home" XDG_CONFIG_HOME="$T/home/.config" XDG_RUNTIME_DIR="$T/run" VT_PLUGIN_PATH="$VT_PLUGIN_PATH" ${TSAN_OPTIONS+"TSAN_OPTIONS=$TSAN_OPTIONS"} ${ASAN_OPTIONS+"ASAN_OPTIONS=$ASAN_OPTIONS"} \
		"$VT" run t >"$T/out" 2>"$T/err" </dev/null &
	until_true test -s "$2"
	local pid from
	pid=$(pgrep -P $! -x vt || echo $!)
	until_true grep -q "$4" "$T/log"
	from=$EPOCHREALTIME
	kill -INT "$pid"
	wait $!
	rc=$? ms=$(((${EPOCHREALTIME/./} - ${from/./}) / 1000)) out=$(<"$T/out")
}
for polite in true false; do
	rm -rf .vt out
	interrupted hang "$T/log" "\"polite\": $polite" get
	is "SIGINT during a look-up (polite: $polite): status 130" "$rc" 130
	ok "... within five seconds ($ms ms)" $((ms > 5000))
	rm -rf .vt out
	interrupted hang-put "$T/out" "\"polite\": $polite" put
	is "SIGINT while results are sent (polite: $polite): the status of the tasks" "$rc $(cat out)" "0 one"
	ok "... within five seconds ($ms ms)" $((ms > 5000))
	user '"fault": "down"'; rm -f out
	capture vt run t
	is "... and nothing is lost in the near store" "$rc $(hits) $(cat out)" "0 1 one"
done
finish
