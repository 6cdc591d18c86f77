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
