# JSON in the man pages can be copied: rendered by each formatter, every object in them parses.
. "${0%/*}/../lib/functions.sh" || exit
requires python3
cd "$abs_top_srcdir" || exit 99
# Objects are texts between braces with a colon in them; quotes may be round anywhere else.
cat >"$T/objects.py" <<'P'
import json, re, sys
text = sys.stdin.read()
text = re.sub(r'\x1b\[[0-9;]*m', '', text)
text = re.sub(r'.\x08', '', text)
found, wrong = 0, []
for start in (m.start() for m in re.finditer(r'\{', text)):
	depth, end = 0, start
	for end in range(start, len(text)):
		depth += {'{': 1, '}': -1}.get(text[end], 0)
		if depth == 0:
			break
	piece = re.sub(r'\s+', ' ', text[start:end + 1])
	if ':' not in piece or ';' in piece or depth:          # sets of a pattern, C
		continue
	found += 1
	try:
		json.loads(piece)
	except ValueError as e:
		wrong.append('%s: %s' % (piece, e))
print('\n'.join(wrong))
print(found, file=sys.stderr)
P
any=
for how in "mandoc -Tutf8" "mandoc -Tascii" "groff -Tutf8 -mdoc" "groff -Tascii -mdoc"; do
	command -v ${how%% *} >/dev/null || continue
	any=1
	for m in core/man/vite-task.json.5 core/man/vt-config.5 core/man/vt.1 plugin-api/*.[1-9] plugin-api/client/*.[1-9]; do
		[ -f "$m" ] || continue
		$how "$m" 2>/dev/null | python3 "$T/objects.py" >"$T/wrong" 2>"$T/found"
		is "$how $m" "$(cat "$T/wrong")" ""
		[[ $m != *.5 ]] || ok "... which shows some" $(($(cat "$T/found") == 0))
	done
done
[ -n "$any" ] || skip "JSON in man pages" "neither mandoc nor groff is installed"
finish
