# In a debug build a service that is called from the wrong thread ends vt with its name.
. "${0%/*}/../../lib/functions.sh" || exit
grep -q '^#define VT_DEBUG 1' "$abs_top_builddir/config.h" || skip_all "needs --enable-debug"
requires ${CC%% *}
mkdir "$T/p"
$CC -shared -fPIC -pthread -Wall -Wextra -I"$abs_top_srcdir/plugin-api" "$abs_top_srcdir/tests/plugins/astray.c" -o "$T/p/vt-astray.so" || exit 99
workspace
file package.json '{"name":"root"}'
# astray KIND SERVICE OPERATION: the second of two runs ends, or the first
astray() {
	local plugins
	case $1 in
	store) plugins="\"stores\": [{\"use\": \"astray-store\", \"from\": \"$2\"}, \"store-local\"]" ;;
	part) plugins="\"parts\": {\"auto-input\": false, \"output-restore\": false, \"astray-part\": {\"from\": \"$2\"}}" ;;
	tracer) plugins="\"tracer\": \"astray-tracer\", \"options\": {\"astray-tracer\": {\"from\": \"$2\"}}" ;;
	esac
	rm -rf .vt out.txt
	file in.txt one
	file vite-task.json "{\"plugins\": {$plugins}, \"tasks\": {
		\"kept\": {\"command\": \"cp in.txt out.txt\", \"input\": [\"in.txt\"], \"output\": [\"out.txt\"]},
		\"traced\": {\"command\": \"cat in.txt\"}}}"
	with VT_PLUGIN_PATH="$T/p" capture vt run kept
	[ $rc -ne 0 ] || { rm -f out.txt; with VT_PLUGIN_PATH="$T/p" capture vt run kept; }
	[ $rc -ne 0 ] || with VT_PLUGIN_PATH="$T/p" capture vt run traced
	if [ -n "$3" ]; then
		is "$2 from a wrong thread: vt ends, and names it" "$rc $(printf '%s\n' "$err" | grep '^vt: ')" \
			"134 vt: $2 called from another thread than $3 of 'astray-$1' runs on"
	else
		is "$2 from any thread: allowed" "$rc $(printf '%s\n' "$err" | grep '^vt: ')" "0 "
	fi
}
astray store vt_sink.write get
astray store vt_source.read put
astray store vt_call ""
astray part vt_findings.add infer
astray part vt_findings.output infer
astray part vt_findings.refuse infer
astray part vt_saving.open save
astray part vt_saving.write save
astray part vt_restoring.create restore
astray part vt_restoring.fetch restore
astray tracer vt_spawn.setenv start
astray tracer vt_notes.add stop
finish
