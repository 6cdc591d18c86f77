# Each script is a story that is run: it says in its first line what it promises, finds
# functions.sh beside itself, ends with its plan, and stands in an .inc file.
. "${0%/*}/../lib/functions.sh" || exit
cd "$abs_top_srcdir" || exit 99
scripts=$(grep -lE '^(finish|own_mounts)$|^finish' tests/run/*/*.sh tests/lint/*.sh)
listed=$(cat tests/run/*.inc tests/lint/Makefile.inc)
untold= unfound= unlisted=
for s in $scripts; do
	head -n 1 "$s" | grep -q '^# [A-Z`a-z-].* ' || untold+="$s "
	sed -n '2,12p' "$s" | grep -qE '^\. "\$\{0%/\*\}/(\.\./(\.\./)?lib/functions|plan|asking-tools)\.sh" \|\| exit$' || unfound+="$s "
	[[ $listed =~ (^|[[:space:]])"$s"([[:space:]]|$) ]] || unlisted+="$s "
done
ok "there are scripts" $(($(wc -w <<<"$scripts") < 100))
is "the first line of each is a sentence" "$untold" ""
is "each finds functions.sh beside itself, or stops" "$unfound" ""
is "each is run" "$unlisted" ""
is "each listed script exists" "$(grep -hoE 'tests/(run|lint)/[a-z/-]+\.sh' tests/run/*.inc tests/lint/Makefile.inc | sort -u | while read -r s; do [ -f "$s" ] || echo "$s"; done)" ""
finish
