# Man pages: well-formed, and every option of --help has an entry.
. "${0%/*}/../lib/functions.sh" || exit
requires mandoc
cd "$abs_top_srcdir" || exit 99
for m in core/man/*.[1-9] plugin-api/*.[1-9] plugin-api/client/*.[1-9]; do
	[ -f "$m" ] || continue
	is "mandoc has nothing against $m" "$(mandoc -Tlint -Wwarning "$m" 2>&1)" ""
done
for c in $(vt --help | sed -n '/^Commands:/,/^$/{s/^  \([a-z-]*\) .*/\1/p}'); do
	capture vt $c --help
	for o in $(printf '%s\n' "$out" | grep -oE -- '--[a-z][a-z-]+' | sort -u); do
		[ "$o" = --help ] && continue
		grep -qE -- "(Fl|,) -${o#--}( |,|$)" core/man/vt.1; ok "vt(1) tells $o of vt $c" $?
	done
done
finish
