# Random plans, some with failures, run by two to four runners and by one alone: the same exit status, the same files.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/together.sh" || exit
seed
redis_starts main
team "\"url\": \"unix://$T/main.sock\""
# makes the workspace: packages that need some of the packages before them, and read their outputs
random_workspace() {
	local n=$((3 + RANDOM % 6)) i k needs reads body
	workspace
	file package.json '{"name":"root","workspaces":["packages/*"]}'
	project store-redis ''
	for ((i = 0; i < n; i++)); do
		needs='' reads=in
		for ((k = 0; k < i; k++)); do
			[ $((RANDOM % 3)) = 0 ] || continue
			needs+="${needs:+,}\"p$k\":\"*\"" reads+=" ../p$k/dist/out"
		done
		file packages/p$i/package.json "{\"name\":\"p$i\",\"dependencies\":{$needs}}"
		file packages/p$i/in "in $i of $1"
		body="mkdir -p dist; sleep 0.0$((RANDOM % 10)); cat $reads >dist/out"
		[ $((RANDOM % 12)) != 0 ] || body+="; exit 3"
		case $((RANDOM % 6)) in
		0) settings='"cache":false' ;;                     # what it leaves stays where it runs
		1) settings='"output":[]' ;;                       # so does what is not declared
		*) settings='"output":["dist/**"]' ;;
		esac
		file packages/p$i/vite-task.json "{\"tasks\":{\"build\":{\"command\":\"sh -c '$body'\",$settings}}}"
	done
}
# files_of NAME: the content of outputs of a checkout, the last task's and all that it needs
files_of() { (cd "$T/$1" && find packages -path '*/dist/*' -type f | LC_ALL=C sort | xargs -r sha256sum); }
for round in 1 2 3 4 5 6; do
	random_workspace $round
	rm -rf "$T"/alone "$T"/[A-D]
	names=(A B C D)
	names=("${names[@]:0:$((2 + RANDOM % 3))}")
	options=(-r --concurrency-limit $((1 + RANDOM % 3)))
	[ $((RANDOM % 2)) = 0 ] || options+=(--continue)
	(clone alone)
	(cd "$T/alone" && sed -i 's/, {"use".*}\]/]/' vite-task.json && vt run "${options[@]}" build >/dev/null 2>"$T/alone.err"; echo $? >"$T/alone.rc")
	pids=()
	for n in "${names[@]}"; do
		more=(); [ $n != A ] || more=(--together-index 0)
		runner $n "${options[@]}" --together=round$round "${more[@]}" build
		pids+=($!)
	done
	wait "${pids[@]}"
	is "round $round (${#names[@]} runners, ${options[*]}): the exit status is that of a run alone" \
		"$(for n in "${names[@]}"; do rc_of $n; done | sort -u | xargs)" "$(cat "$T/alone.rc")"
	if [ "$(cat "$T/alone.rc")" = 0 ]; then
		# with all kept or needed outputs in place: A has the files of a run alone
		same=0
		files_of alone >"$T/files"
		while read -r sum path; do
			grep -qxF "$sum  $path" "$T/files" || same=1
		done < <(for n in "${names[@]}"; do files_of $n; done | sort -u)
		ok "round $round: each file is that of a run alone" $same || for n in "${names[@]}"; do files_of $n; cat "$T/$n.out" "$T/$n.err"; done | sed 's/^/# /'
		is "round $round: no file is missing" "$(for n in "${names[@]}"; do files_of $n; done | sort -u)" "$(sort -u "$T/files")"
		isnt "the first runner has files to compare" "$(files_of A)" ""
	fi
done
finish
