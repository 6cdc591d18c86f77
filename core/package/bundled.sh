#!/bin/sh
# bundled.sh SOURCE FOLDER: builds vt for any distribution with glibc 2.31 or newer.
#
#   SOURCE   an unpacked release (make distdir), or a tarball of one (make dist)
#   FOLDER   gets bin, lib, libexec and share; what was there before is removed, and left as it is
#            if it was built from this very source; FOLDER.extra gets a folder for each plugin that
#            has TLS in it or loads more than libc
#
# It is built in a tree of Debian 11, made by debootstrap from the mirror that apt uses here,
# and kept in $VT_DEBIAN_11 (FOLDER.debian-11) for the next time. In that tree the name and the
# time of each file are fixed, so that the same source gives the same bytes. Needs root, and the
# mirror the first time. Ends with 77 where a machine has not what it takes.
set -eu
source=$(realpath "$1")
out=$(realpath -m "$2")
tree=$(realpath -m "${VT_DEBIAN_11:-$out.debian-11}")
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
unset CDPATH MAKEFLAGS MFLAGS MAKELEVEL
umask 022
say() { echo "bundled: $*" >&2; }
lacking() { say "$*"; exit 77; }

of_source() { { cat "$0"; if [ -d "$source" ]; then (cd "$source" && find . -type f -print0 | sort -z | xargs -0 sha256sum); else cat "$source"; fi; } | sha256sum; }
this=$(of_source)
[ "$this" != "$(cat "$out.source" 2>/dev/null)" ] || { say "$out is of this source"; exit 0; }

case $(uname -m) in x86_64) ;; *) lacking "built for x86_64 alone so far; this is $(uname -m)" ;; esac

# how libraries are built from source here: another way makes another tree
libraries_sum() { sed -n '/^libraries()/,/^EO[F]$/p' "$0" | sha256sum | cut -c 1-16; }

# ---- the tree of Debian 11 -----------------------------------------------------
# what bootstrap asks for, but autotools, and libcjson and libgit2, which are built below
needed=$( { [ -d "$source" ] && cat "$source/bootstrap" || tar -xOf "$source" --wildcards '*/bootstrap'; } |
	sed -n "/^need_build='/,/'\$/p" | tr -d "'" | sed 's/^need_build=//' | tr -s ' \t\n' '\n' |
	grep -vxE 'autoconf|automake|libtool|libcjson-dev|libgit2-dev|libcurl4-openssl-dev|') || { say "$source has no bootstrap"; exit 1; }
packages="$(echo $needed) zlib1g-dev libhttp-parser-dev libnode-dev cmake dpkg-dev patch"
inside() { chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root DEBIAN_FRONTEND=noninteractive "$@"; }
mirror_of() {                                  # mirror_of LABEL: Debian, Debian-Security
	apt-get indextargets --format '$(CREATED_BY) $(LABEL) $(REPO_URI)' 2>/dev/null | awk -v label="$1" '$1 == "Packages" && $2 == label { print $3; exit }'
}
make_tree() {
	[ "$(id -u)" = 0 ] || lacking "a tree of Debian 11 is made by root alone"
	command -v debootstrap >/dev/null || lacking "debootstrap is not installed"
	main=$(mirror_of Debian) security=$(mirror_of Debian-Security)
	[ -n "$main" ] || lacking "apt knows no mirror of Debian here (where it should, run apt-get update)"
	rm -rf "$tree" "$tree.new"
	say "making a tree of Debian 11 in $tree"
	mkdir -p "$tree.new"
	debootstrap --variant=minbase bullseye "$tree.new" "$main" >"$tree.log" 2>&1 || {
		tail -n 3 "$tree.log" >&2; rm -rf "$tree.new"; lacking "debootstrap cannot make it here; its log is $tree.log"; }
	{
		echo "deb $main bullseye main"
		echo "deb-src $main bullseye main"
		[ -z "$security" ] || printf 'deb %s bullseye-security main\ndeb-src %s bullseye-security main\n' "$security" "$security"
	} >"$tree.new/etc/apt/sources.list"
	for f in resolv.conf hosts; do [ ! -f /etc/$f ] || cp /etc/$f "$tree.new/etc/$f"; done
	[ ! -d /etc/apt/apt.conf.d ] || grep -rhE '^ *Acquire::[a-z]+::[Pp]roxy' /etc/apt/apt.conf /etc/apt/apt.conf.d 2>/dev/null >"$tree.new/etc/apt/apt.conf.d/90proxy" || :
	mv "$tree.new" "$tree"
	# what comes with security updates counts
	inside sh -euc 'apt-get update -qq; apt-get upgrade -y -qq; apt-get install -y -qq --no-install-recommends "$@"' sh $packages >>"$tree.log" 2>&1 &&
		libraries >>"$tree.log" 2>&1 || { tail -n 5 "$tree.log" >&2; rm -rf "$tree"; lacking "the tree cannot be filled; its log is $tree.log"; }
	echo "$packages; libraries: $(libraries_sum)" >"$tree/ready"
}
# Debian has no archive of cJSON; that of libgit2 wants TLS and SSH, and that of curl what ten protocols
# need, which nothing here uses: all three are built from Debian's source packages, with its patches.
libraries() {
	inside sh -eu <<'EOF'
mkdir -p /libs/src
cd /libs/src
# unpack NAME: the source that Debian has, in ./NAME. A mirror may lack some file of a version, so
# all versions are asked for; what counts is that the sums are those of the signed lists.
unpack() {
	apt-cache showsrc "$1" | awk '/^Version:/ { print $2 }' | sort -Vru >"$1.versions"
	while read -r version; do apt-get source -qq --download-only "$1=$version" || :; done <"$1.versions"
	apt-cache showsrc "$1" | awk '/^Checksums-Sha256:/ { on = 1; next } /^[^ ]/ { on = 0 } on && $3 ~ /tar/ { print $1 "  " $3 }' | sort -u >"$1.all"
	orig=$(ls "$1"_*.orig.tar.* | sort -V | tail -n 1)
	debian=$(ls "${orig%.orig.tar.*}"-*.debian.tar.* | sort -V | tail -n 1)
	for f in "$orig" "$debian"; do grep -F "  $f" "$1.all"; done >"$1.sums"
	sha256sum -c "$1.sums"
	mkdir "$1"
	tar -C "$1" --strip-components=1 -xf "$orig"
	tar -C "$1" -xf "$debian"
	for p in $(grep -v '^#' "$1/debian/patches/series"); do patch -d "$1" -p1 <"$1/debian/patches/$p"; done
	echo "$1 ${debian%.debian.tar.*}" >>/libs/from-source
}
unpack cjson
unpack libgit2
unpack curl
mkdir -p /libs/lib/pkgconfig /libs/include/cjson
cd cjson
gcc -O2 -fPIC -ffunction-sections -fdata-sections -c cJSON.c -lm
ar crD /libs/lib/libcjson.a cJSON.o
cp cJSON.h /libs/include/cjson
version=$(sed -n 's/^#define CJSON_VERSION_[A-Z]* \([0-9]*\)$/\1/p' cJSON.h | paste -sd.)
printf 'Name: libcjson\nDescription: JSON\nVersion: %s\nLibs: -L/libs/lib -lcjson -lm\nCflags: -I/libs/include\n' "$version" >/libs/lib/pkgconfig/libcjson.pc
cd ../libgit2
mkdir build
cd build
cmake -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/libs -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
	-DCMAKE_C_FLAGS='-O2 -ffunction-sections -fdata-sections' -DBUILD_SHARED_LIBS=OFF -DBUILD_CLAR=OFF -DENABLE_REPRODUCIBLE_BUILDS=ON \
	-DUSE_HTTPS=OFF -DUSE_SSH=OFF -DUSE_NTLMCLIENT=OFF -DUSE_GSSAPI=OFF -DUSE_ICONV=OFF -DREGEX_BACKEND=regcomp -DUSE_HTTP_PARSER=system ..
make -j"$(nproc)"
make install
# certificates are those that OpenSSL finds (SSL_CERT_FILE, SSL_CERT_DIR): each distribution has a place of its own
cd ../../curl
mkdir build
cd build
cmake -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/libs -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
	-DCMAKE_C_FLAGS='-O2 -ffunction-sections -fdata-sections' -DBUILD_SHARED_LIBS=OFF -DBUILD_CURL_EXE=OFF -DBUILD_TESTING=OFF -DENABLE_MANUAL=OFF \
	-DHTTP_ONLY=ON -DCMAKE_USE_OPENSSL=ON -DCMAKE_USE_LIBSSH2=OFF -DUSE_NGHTTP2=OFF -DUSE_LIBIDN2=OFF -DCURL_ZLIB=OFF -DCURL_BROTLI=OFF \
	-DCURL_CA_BUNDLE=none -DCURL_CA_PATH=none -DCURL_CA_FALLBACK=ON ..
make -j"$(nproc)"
make install
version=$(sed -n 's/^#define LIBCURL_VERSION "\(.*\)"$/\1/p' ../include/curl/curlver.h)
printf 'Name: libcurl\nDescription: HTTP\nVersion: %s\nLibs: -L/libs/lib -lcurl -lssl -lcrypto -ldl -lpthread\nCflags: -I/libs/include\n' "$version" >/libs/lib/pkgconfig/libcurl.pc
EOF
}
[ "$(cat "$tree/ready" 2>/dev/null)" = "$packages; libraries: $(libraries_sum)" ] || make_tree

# ---- vt in it ------------------------------------------------------------------
rm -rf "$tree/build" "$tree/installed"
mkdir "$tree/build"
if [ -d "$source" ]; then cp -a "$source/." "$tree/build"
else tar -C "$tree/build" --strip-components=1 -xf "$source"; fi
say "building"
inside VT_NEEDED="$(echo $needed)" sh -eu >"$tree.log" 2>&1 <<'EOF' || { tail -n 30 "$tree.log" >&2; say "the build failed; all of it is in $tree.log"; exit 1; }
cd /build
chmod -R u+w .
export PKG_CONFIG_PATH=/libs/lib/pkgconfig SOURCE_DATE_EPOCH=0
./configure --quiet --prefix=/usr/local --libdir=/usr/local/lib --libexecdir=/usr/local/libexec --enable-bundled --disable-dependency-tracking \
	CFLAGS='-O2 -ffunction-sections -fdata-sections -fstack-protector-strong -D_FORTIFY_SOURCE=2' LDFLAGS='-Wl,--gc-sections,-z,relro,-z,now,-z,noseparate-code'
make -j"$(nproc)" all
make install DESTDIR=/installed
cd /installed/usr/local
find . -name '*.la' -delete
find . -type f ! -path '*/shim.d/*' -exec sh -c 'head -c 4 "$1" | grep -q ELF && strip --strip-unneeded -R .comment "$1"' sh {} \;
# a plugin with TLS, or one that loads more than libc, is not for everybody: it gets a tree of its own
for so in lib/vt/plugins-1/vt-*.so; do
	needs=$(objdump -p "$so" | sed -n 's/^ *NEEDED *//p' | grep -vE '^(lib(c|m|dl|pthread|rt)\.so\.[0-9]|ld-linux)' || :)
	[ -n "$needs" ] || grep -q 'OpenSSL [0-9]' "$so" || continue
	name=${so##*/vt-}
	extra=/installed/extra/${name%.so}
	mkdir -p "$extra/lib/vt/plugins-1"
	mv "$so" "$extra/lib/vt/plugins-1"
	printf '%s' "$needs" >"$extra/needs"
done
# whose code is in it, and under which licences
doc=share/doc/vt/bundled
mkdir -p $doc
{
	dpkg-query -W -f '${Package} ${Version}\n' zlib1g-dev libhttp-parser-dev $VT_NEEDED | grep -- '-dev '
	cat /libs/from-source
} | while read -r name version; do
	printf '%s %s\n' "$name" "${version#"$name"_}" >>$doc/versions
	for f in "/libs/src/$name/debian/copyright" "/usr/share/doc/$name/copyright"; do
		if [ -f "$f" ]; then cp "$f" "$doc/$name.copyright"; break; fi
	done
done
EOF
rm -rf "$out" "$out.source" "$out.extra"
mkdir -p "${out%/*}"
cp -a "$tree/installed/usr/local" "$out"
[ ! -d "$tree/installed/extra" ] || cp -a "$tree/installed/extra" "$out.extra"
rm -rf "$tree/build" "$tree/installed"
echo "$this" >"$out.source"
say "built $out"
