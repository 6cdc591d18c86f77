# Sourced after functions.sh by tests of --watch.
#
#   watching run -r build           # starts vt with --watch; waits until its first run is over
#   upto TEXT                       # waits until it has printed TEXT since the last call; $seen: all since then
#   again                           # the same for the next run's end
#   watched INT                     # ends it with a signal; $rc
#   edit FILE TEXT                  # writes a file in one step, however loaded the machine is
#   place FROM TO                   # the same for a folder that was made outside the workspace, in $T
#   ran                             # the steps in $seen, without labels and what the cache said
waits='vt run: waiting for changes; Ctrl-C ends it'
_watchers=()
cleanup '[ -z "${_watchers-}" ] || kill -9 "${_watchers[@]}" 2>/dev/null'
watch_start() {
	rm -f "$T/watcher"; : >"$T/log"; _read=0
	base_env sh -c 'echo $$ >"$0"; exec "$@"' "$T/watcher" "$VT" "$1" --watch "${@:2}" >>"$T/log" 2>&1 </dev/null &
	_job=$!
	until_true [ -s "$T/watcher" ]
	watcher=$(cat "$T/watcher")
	_watchers+=("$watcher")
}
watching() { watch_start "$@"; again; }
# $seen: what the log has from $_read on, to its present end, which is the next $_read
_look() { _end=$(stat -c %s "$T/log"); seen=$(tail -c +$((_read + 1)) "$T/log" | head -c $((_end - _read))); }
_came() { _look; [[ $seen == *"$1"* ]]; }
upto() { until_true _came "$1"; local r=$?; _read=$_end; return $r; }
again() { upto "$waits"; }
# _still: succeeds if the last run is over, and nothing was printed for a second
_still() { local n; n=$(stat -c %s "$T/log"); sleep 1; [ "$n" = "$(stat -c %s "$T/log")" ] && [[ $(tail -n 1 "$T/log") == "$waits" ]]; }
settled() { until_true _still; _look; _read=$_end; }
watched() { kill -"$1" "$watcher"; wait "$_job"; rc=$?; _look; _read=$_end; }
edit() { printf '%s\n' "$2" >"$T/edited" && mv "$T/edited" "$1"; }
place() { mv "$T/$1" "$2"; }
ran() {
	local line mark
	while IFS= read -r line; do
		[[ $line =~ ^(\[[^]]*\]\ )?(~/[^$]*)?\$\  ]] || continue
		line=${line#\[*\] }
		for mark in ⊘ ○ ◉; do line=${line%% $mark *}; done
		printf '%s,' "$line"
	done <<<"$seen"
}
