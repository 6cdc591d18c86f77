# Sourced after functions.sh by the tests of installed trees.
#
#   stage FOLDER           # installs this build there; FOLDER then has bin, lib, libexec and share
stage() {
	local to=$1 bin
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$abs_top_builddir" install DESTDIR="$T/stage" >"$T/install.log" 2>&1 ||
		{ cat "$T/install.log" >&2; exit 99; }
	bin=$(find "$T/stage" -path '*/bin/vt')
	mkdir -p "${to%/*}"
	mv "${bin%/bin/vt}" "$to"
	rm -rf "$T/stage"
}
#   bundled_tree           # $TREE is what `make bundled` makes; skips the test where this machine cannot
bundled_tree() {
	TREE=$abs_top_builddir/package/tree
	mkdir -p "$abs_top_builddir/package"
	# tests that want it at the same time build it once
	flock -w 3000 "$abs_top_builddir/package/lock" env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
		sh -c 'make -s -C "$1" bundled; echo $? >"$2"' sh "$abs_top_builddir" "$T/rc" >"$T/bundled.log" 2>&1 </dev/null
	case $(cat "$T/rc") in
	0) ;;
	*) if grep -q '^make.*Error 77' "$T/bundled.log"; then skip_all "$(sed -n 's/^bundled: //p' "$T/bundled.log" | tail -n 1)"; fi
		cat "$T/bundled.log" >&2
		exit 99 ;;
	esac
}
#   any_tree               # $TREE is the bundled tree, or where that cannot be made, this build installed
any_tree() {
	local reason
	if reason=$(bundled_tree; echo made); [ "$reason" = made ]; then bundled_tree
	else
		printf '# no bundled tree: %s\n' "${reason#*SKIP }"
		TREE=$T/tree
		stage "$TREE"
	fi
}
