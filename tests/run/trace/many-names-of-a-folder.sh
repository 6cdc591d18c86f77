# Many names of one folder are told like a few of them: files, folders, links and missing names.
# The tracer lists such a folder, and reads no more of it than the names are worth.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/run/trace/lib.sh"

odd=$(printf 'x%.0s' {1..255})
# world FILES: makes a folder in the workspace and one outside, each with as many files, links, a folder and a pipe
world() {
	local d
	cd "$W" && rm -rf many product far "$T/elsewhere" && mkdir many "$T/elsewhere" && ln -s "$T/elsewhere" far || exit
	for d in many "$T/elsewhere"; do
		(cd "$d" && seq -f f%g "$1" | xargs touch && mkdir folder && mkfifo pipe && touch "$odd" "with space" .hidden && ln -s f1 to-file && ln -s folder to-folder &&
			ln -s none to-nothing && ln -s to-itself to-itself && ln -s "$T/elsewhere/f2" to-far && ln -s "$W/product" to-product) || exit
	done
}
# touched NAME...: the records, sorted, of a task that writes a file and then looks for and reads each name
touched() {
	rm -f product
	traced sh -c 'echo x >product; for n in far/f1 "$@"; do [ -e "$n" ]; [ -p "$n" ] || true <"$n"; done 2>/dev/null; exit 0' sh "$@"
	[ "$rc $end" = "0 complete" ] || _show "the task" "$rc $end $err"
	printf '%s\n' "$seen" | sed "s|	$T/elsewhere|	ELSEWHERE|" | sort -u
}
# same FILES STEP: touches each STEP-th file and all else five names at a time, then every name at once, and compares
same() {
	local d i names=() all=() few=
	world "$1"
	for d in many far "$T/elsewhere"; do
		for i in folder pipe to-file to-folder to-nothing to-itself to-far to-product missing "with space" .hidden "$odd"; do names+=("$d/$i"); done
		for ((i = 1; i <= $1; i++)); do all+=("$d/f$i"); ((i % $2)) || names+=("$d/f$i"); done
	done
	for ((i = 0; i < ${#names[@]}; i += 5)); do few+=$(touched "${names[@]:i:5}")$'\n'; done
	printf '%s' "$few" | sort -u | awk -F'\t' -v OFS='\t' -v files="$1" '
		$3 ~ /\/f[0-9]+$/ { d = $3; sub(/f[0-9]+$/, "", d); for (i = 1; i <= files; i++) { $3 = d "f" i; print } next } { print }' | sort -u >"$T/few"
	touched "${names[@]}" "${all[@]}" >"$T/all"
	is "$1 files: told as few of them are" "$(diff "$T/few" "$T/all")" ""
	is "... every file is read" "$(grep -cE '^READ	-	(many|far|ELSEWHERE)/f[0-9]+$' "$T/all")" $((3 * $1))
	is "... links to what the task wrote: read by the file's name" "$(grep -E '^READ	.*/to-product$' "$T/all")$(grep -c '^READ	-	product$' "$T/all")" 1
	is "... only files out of the workspace count" "$(cut -f 3 "$T/all" | grep -xcE 'ELSEWHERE/(folder|pipe|to-folder|to-nothing|missing)')" 0
}

workspace
same 300 30
same 5000 1000

# asked: of the folder `many`: single looks; bytes of it that were listed
asked() {
	awk -v p="\"$PWD/many" 'index($0, p "/.\"") && / = [0-9]+$/ { fd = $NF } /^getdents/ && $0 ~ "\\(" fd "," { bytes += $NF } /^close/ { fd = "none" }
		/stat/ && index($0, p "/") { looks++ } END { print looks + 0, bytes + 0 }' "$T"/calls.*
}
# On another file system a listing is not believed.
case $(stat -f -c %T "$W") in ext2/ext3 | xfs | btrfs | f2fs | tmpfs) believed=1 ;; *) believed= ;; esac
if [ $believed ] && command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	# settling is done by a thread of its own; the task calls by other names
	HOST_OPTIONS="-ff -o $T/calls -e trace=%file,%desc $HOST" HOST=strace
	for n in 40 300; do
		rm -f "$T"/calls.*
		eval "touched many/f{1..$n}" >/dev/null; read -r looks bytes <<<"$(asked)"
		ok "$n of 5000 names: little more is listed than the names are worth" $((bytes == 0 || bytes > n * 256))
	done
	rm -f "$T"/calls.*
	touched many/f{1..5000} >/dev/null; read -r looks bytes <<<"$(asked)"
	is "all of 5000 names: no look at one" "$looks" 0
else skip "what is listed" "strace may not trace here, or the workspace is on another file system"; fi
finish
