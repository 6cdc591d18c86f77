# Each command and each setting that vt-migrate(7) names for those of another runner is accepted.
. "${0%/*}/../../lib/functions.sh" || exit
requires git
page=$abs_top_srcdir/core/man/vt-migrate.7
workspace
file pnpm-workspace.yaml 'packages: ["packages/*"]'
for p in a app b lib web; do file packages/$p/package.json "{\"name\":\"$p\",\"scripts\":{\"build\":\"echo build\",\"test\":\"echo test\",\"lint\":\"echo lint\"}}"; done
scripts=; for s in a b c clean build lint test types; do scripts+="${scripts:+,}\"$s\":\"echo $s\""; done
file package.json "{\"name\":\"root\",\"scripts\":{$scripts}}"
git init -q -b main . && git add -A && git -c user.name=x -c user.email=x@x commit -qm all && git checkout -q -b mine
n=0
while read -r line; do
	n=$((n + 1)) bad=
	while read -r command; do
		read -ra words <<<"${command#vt }"
		capture vt "${words[@]}"
		[ "$rc" = 0 ] || bad+="$command: $rc $err"$'\n'
	done <<<"${line// && /$'\n'}"
	is "$line" "$bad" ""
done < <(sed -n 's/^\.It .* Ta \(vt .*\)/\1/p' "$page")
ok "the page has more than fifteen examples" $((n <= 15))
# options that the page names alone, with tasks behind them
while read -r option; do
	read -ra words <<<"$option"
	capture vt run-many -r "${words[@]}" build test
	is "$option" "$rc $err" "0 "
done < <(sed -n 's/^\.It .* Ta \(--.*\)/\1/p' "$page")
# the settings of the tables: the JSON behind Ta, in a task
while read -r setting; do
	file vite-task.json "{\"tasks\":{\"it\":{\"command\":\"echo it\",$setting}}}"
	case $setting in '"group"'*) file vite-task.json "{\"tasks\":{\"it\":{$setting,\"dependsOn\":[\"lint\"]}}}" ;; '"ready"'*) file vite-task.json "{\"tasks\":{\"it\":{\"command\":\"echo it\",\"persistent\":true,$setting}}}" ;; esac
	capture vt run --json
	is "$setting" "$rc $err" "0 "
done < <(sed -n 's/\\(dq/"/g; s/^\.It .* Ta \(nothing, or \)\{0,1\}\("[a-zA-Z]*": .*\)/\2/p' "$page" | sed 's/, for scripts$//')
# the example
sed -n '/^\.Bd -literal/,/^\.Ed/{/^\./!p}' "$page" >vite-task.json
capture vt run check
is "the group of the page" "$rc" 0
finish
