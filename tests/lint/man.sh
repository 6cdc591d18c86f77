# Man pages: well-formed, and every option of --help has an entry.
. "${0%/*}/../lib/functions.sh" || exit
requires mandoc
cd "$abs_top_srcdir" || exit 99
for m in core/man/*.[1-9] plugin-api/*.[1-9] plugin-api/client/*.[1-9]; do
	[ -f "$m" ] || continue
	is "mandoc has nothing against $m" "$(mandoc -Tlint -Wwarning "$m" 2>&1)" ""
done
# a word a line, sorted; quotes and dashes as ASCII has them, bullets and numbers of lists left out
words() { sed "s/•//g; s/.\x08//g; s/‘/'/g; s/’/'/g; s/“/\"/g; s/”/\"/g; s/–/-/g; s/\xc2\xa0/ /g" | tr -s ' \t\n' '\n\n\n' | grep . | grep -vxE '[o*]|[0-9]\.' | sort; }
for m in core/man/*.[1-9] plugin-api/*.[1-9] plugin-api/client/*.[1-9]; do
	is "the plain text of $m has the words that mandoc prints" "$(diff <(mandoc -T utf8 -O width=500 "$m" | sed '1d;$d' | words) \
		<(words <"$abs_top_builddir/share/vt/manual/${m##*/}.txt"))" ""
done
is "vt help lists every page and schema" "$(vt help --help | sed -n '/^Pages:/,/^$/{s/^  \([^ ]*\) .*/\1/p}' | sort | paste -sd' ')" \
	"$(ls core/man/*.[1-9] core/man/*.json plugin-api/*.[1-9] plugin-api/client/*.[1-9] | sed 's,.*/,,; /plugin\.3/!s/\.[1-9]$//' | sort | paste -sd' ')"
for c in $(vt --help | sed -n '/^Commands:/,/^$/{s/^  \([a-z-]*\) .*/\1/p}'); do
	capture vt $c --help
	for o in $(printf '%s\n' "$out" | grep -oE -- '--[a-z][a-z-]+' | sort -u); do
		[ "$o" = --help ] && continue
		grep -qE -- "(Fl|,) -${o#--}( |,|$)" core/man/vt.1; ok "vt(1) tells $o of vt $c" $?
	done
done
finish
