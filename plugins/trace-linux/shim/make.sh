#!/bin/sh
# make.sh SOURCES NAME FOLDER: builds the shim from the folder SOURCES into FOLDER, with $CC
# and $CPPFLAGS.
#
# LD_PRELOAD names it as FOLDER/$LIB/NAME. Each loader puts its own folder in place of $LIB, so
# that programs of another word length find a library of their own kind, which only keeps itself
# out of the list of libraries (objects.c); where that cannot be built, the tracer loads nothing if
# such a loader is installed. musl takes the name as it is written.
#
# The C library has dlsym, but glibc before 2.34 has it in libdl, which most programs do not
# load: built there, the shim asks for it. musl has no such library; what stands under the
# name as it is written asks for nothing.
set -e
sources=$1 name=$2 out=$3
flags='-O2 -g0 -std=gnu11 -fPIC -shared -nostdlib -fno-builtin -fno-stack-protector -fasynchronous-unwind-tables
	-fvisibility=hidden -fno-sanitize=all -Wl,-s,-z,relro,-z,now,-z,noseparate-code'
# no calls of memcpy in the place of loops
loops=-fno-tree-loop-distribute-patterns
$CC $loops -E -x c /dev/null >/dev/null 2>&1 || loops=
# the gate is called from within a function: what lies below the stack is not its own
case $($CC -dumpmachine) in
x86_64*) gate=-mno-red-zone ;;
*) gate= ;;
esac
rm -rf "$out"
mkdir -p "$out"
# build FILE MORE...
build() {
	file=$1
	shift
	# shellcheck disable=SC2086
	$CC $CPPFLAGS -Wall -Wextra $flags $loops $gate -I"$sources/.." -DSHIM_FILE="\"$name\"" -o "$out/$file" "$sources"/*.c "$@"
}
# lacks_dlsym FLAG...: makes a libdl for the linker, where the C library has no dlsym
lacks_dlsym() {
	[ -n "$libdl" ] || return 1
	# what matters is the name: no symbol, and so no version, is taken from it
	# shellcheck disable=SC2086
	echo 'int vt_is_not_libdl;' | $CC "$@" $flags -Wl,-soname,libdl.so.2 -o "$out/libdl.so.2" -x c -
}
# build_list FLAG FILE: for programs of another word length
build_list() {
	asks=
	! lacks_dlsym "$1" 2>/dev/null || asks="-Wl,--no-as-needed $out/libdl.so.2"
	# shellcheck disable=SC2086
	$CC "$1" $CPPFLAGS $flags $loops -o "$out/$2" "$sources/objects.c" $asks 2>/dev/null
	built=$?
	rm -f "$out/libdl.so.2"
	return $built
}
plain=own
libdl=$(printf '#include <features.h>\n#if defined __GLIBC__ && !__GLIBC_PREREQ(2, 34)\nlibdl\n#endif\n' | $CC $CPPFLAGS -E -P - 2>/dev/null | grep libdl) || libdl=
if lacks_dlsym; then
	build own -Wl,--no-as-needed "$out/libdl.so.2"
	rm "$out/libdl.so.2"
	plain=plain
	build plain
else
	build own
fi

# put FILE FOLDER...: the first that asks for a folder has it
put() {
	file=$1
	shift
	for dir; do
		[ -e "$out/$dir/$name" ] && continue
		mkdir -p "$out/$dir"
		up=$(printf '%s\n' "$dir" | sed 's|[^/]*|..|g')
		ln -s "$up/$file" "$out/$dir/$name"
	done
}

case $($CC -dumpmachine) in
x86_64*)
	loader=/lib64/ld-linux-x86-64.so.2
	put own lib/x86_64-linux-gnu lib64 ;;
aarch64*)
	loader=/lib/ld-linux-aarch64.so.1
	put own lib/aarch64-linux-gnu lib64 ;;
esac
put $plain '$LIB'
# where somebody let a shell expand the name once too often
ln -s own "$out/$name"
lib=$($loader --list-diagnostics 2>/dev/null | sed -n 's/^dl_dst_lib="\(.*\)"$/\1/p') || lib=
[ -z "$lib" ] || put own "$lib"
# "lib" is the folder of 32 bits where that of 64 is lib64; elsewhere it is that of loaders
# from another distribution (Nix, Homebrew)
case $lib in
lib64) ;;
'') [ ! -d /lib/x86_64-linux-gnu ] || put own lib ;;
*) put own lib ;;
esac

case $($CC -dumpmachine) in
x86_64*)
	build_list -m32 other && put other lib/i386-linux-gnu lib32 lib
	build_list -mx32 x32 && put x32 lib/x86_64-linux-gnux32 libx32
	;;
esac
touch "$out"
