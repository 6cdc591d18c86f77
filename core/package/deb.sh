#!/bin/sh
# deb.sh SOURCE FOLDER VERSION: builds Debian's packages from an unpacked release.
#
# FOLDER gets the source package, the packages and lintian's report. Which plugins there are,
# and what they are built with, is what the release says. $DEBFULLNAME and $DEBEMAIL maintain it.
# Ends with 77 where a machine has not what it takes.
set -eu
source=$(realpath "$1")
out=$2 version=$3
template=$source/core/package/debian
export LC_ALL=C
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR
umask 022
command -v dh >/dev/null && command -v dpkg-buildpackage >/dev/null || { echo "deb: debhelper is not installed" >&2; exit 77; }
rm -rf "$out"
mkdir -p "$out"
work=$out/vt-$version
cp -a "$source" "$work"
chmod -R u+w "$work"
debian=$work/debian
cp -a "$template" "$debian"
rm -f "$debian"/plugin-*

by="${DEBFULLNAME:-The maintainers of vt} <${DEBEMAIL:-vt@packages.debian.org}>"
needed=$(sed -n "/^need_build='/,/'\$/p" "$source/bootstrap" | tr -d "'" | sed 's/^need_build=//' | tr -s ' \t\n' '\n' |
	grep -vxE 'gcc|make|autoconf|automake|libtool|pkg-config|libc6-dev|' | paste -sd, | sed 's/,/, /g')
sed -i "s|@MAINTAINER@|$by|; s|@BUILD@|$needed|" "$debian/control"
license() { sed -n '/^Permission/,$p' "$source/LICENSE" | sed 's/^$/./; s/^/ /'; }
{
	sed '/@LICENSE@/,$d' "$debian/copyright" | sed "s|@COPYRIGHT@|$(sed -n 's/^Copyright (c) //p' "$source/LICENSE" | head -n 1)|"
	license
} >"$debian/copyright.new"
mv "$debian/copyright.new" "$debian/copyright"
printf 'vt (%s) unstable; urgency=medium\n\n  * See NEWS.\n\n -- %s  %s\n' "$version" "$by" \
	"$(date -uR -d "@${SOURCE_DATE_EPOCH:-$(stat -c %Y "$source/NEWS")}")" >"$debian/changelog"

# a plugin that loads a library of its own is a package of its own
for words in "$template"/plugin-*; do
	plugin=$(head -n 1 "$words") package=vt-${words##*/}
	[ -d "$source/plugins/$plugin" ] || continue
	printf '\nPackage: %s\nArchitecture: linux-any\nDepends: vt (= ${binary:Version}), ${shlibs:Depends}, ${misc:Depends}\n%s\n' \
		"$package" "$(sed 1d "$words")" >>"$debian/control"
	echo "usr/lib/*/vt/plugins-1/vt-$plugin.so" >"$debian/$package.install"
done

(cd "$work" && dpkg-buildpackage -us -uc -j"$(nproc)") >"$out/build.log" 2>&1 || { tail -n 30 "$out/build.log" >&2; exit 1; }
rm -rf "$work"
if command -v lintian >/dev/null; then
	# its status counts what is overridden, too
	lintian --allow-root --show-overrides "$out"/*.changes >"$out/lintian.log" 2>&1 || :
	if grep '^E:' "$out/lintian.log" >&2; then exit 1; fi
fi
ls "$out"/*.deb
