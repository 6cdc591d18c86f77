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
#   packed TARGET          # makes bundled or deb; skips the test where this machine cannot
packed() {
	mkdir -p "$abs_top_builddir/package"
	# tests that want it at the same time build it once
	flock -w 3000 "$abs_top_builddir/package/lock" env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
		sh -c 'make -s -C "$1" "$2"; echo $? >"$3"' sh "$abs_top_builddir" "$1" "$T/rc" >"$T/packed.log" 2>&1 </dev/null
	[ "$(cat "$T/rc")" != 0 ] || return 0
	if grep -q '^make.*Error 77' "$T/packed.log"; then skip_all "$(sed -n "s/^$1: //p" "$T/packed.log" | tail -n 1)"; fi
	cat "$T/packed.log" >&2
	exit 99
}
#   bundled_tree           # $TREE is what `make bundled` makes; skips the test where this machine cannot
bundled_tree() {
	packed bundled
	TREE=$abs_top_builddir/package/tree
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
