#!/bin/sh
# npm.sh SOURCE TREE FOLDER VERSION: packs an installed tree for npm, pnpm and yarn.
#
#   TREE     with bin, lib, libexec and share: what bundled.sh makes, or any other
#   FOLDER   gets the tarballs, and the unpacked packages below FOLDER/unpacked
#
# $NPM_NAME is the package that people ask for, $NPM_SCOPE has those of the platforms. A plugin
# with TLS, or one that loads more than libc, is in a package of its own. The bytes depend on the tree alone.
set -eu
source=$1 tree=$2 out=$3 version=$4
name=${NPM_NAME:-vt} scope=${NPM_SCOPE:-@vt}
here=$source/core/package/npm
export LC_ALL=C
umask 022
case $(uname -m) in x86_64) cpu=x64 ;; aarch64) cpu=arm64 ;; *) echo "npm.sh: npm has no name for $(uname -m)" >&2; exit 1 ;; esac
platform=linux-$cpu-gnu

rm -rf "$out"
mkdir -p "$out/unpacked"
# json NAME SUMMARY MORE: a package.json; MORE are further members
json() {
	printf '{\n\t"name": "%s",\n\t"version": "%s",\n\t"description": "%s",\n\t"license": "MIT",\n\t"preferUnplugged": true,\n%s\n}\n' "$1" "$version" "$2" "$3"
}
# for one platform alone; npm has no word for older processors, kernels or libcs
here_only='	"os": ["linux"],
	"cpu": ["'$cpu'"],
	"libc": ["glibc"]'
pack() {                                       # pack FOLDER TARBALL
	find "$1" -type f -exec chmod a+r,u+w,go-w {} +
	tar -C "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=go=rX --transform 's,^\.,package,' -cf - . | gzip -n9 >"$out/$2.tgz"
	printf '%s\t%s KiB packed, %s KiB unpacked\n' "$2.tgz" "$(($(wc -c <"$out/$2.tgz") / 1024))" "$(du -sk --apparent-size "$1" | cut -f1)"
}
file_name() { printf '%s-%s' "$1" "$version" | sed 's/^@//; s,/,-,'; }

# ---- the platform's --------------------------------------------------------------
to=$out/unpacked/$platform
mkdir -p "$to/lib" "$to/include" "$to/share"
# npm keeps no links: `vt plugins check` does what the link vt-plugin-check does
mkdir -p "$to/bin"
cp "$tree/bin/vt" "$to/bin"
cp -RL "$tree/libexec" "$to"
libdir=$(cd "$tree" && find lib* -type d -name plugins-1)
mkdir -p "$to/${libdir%/*}"
cp -RL "$tree/${libdir%/*}/." "$to/${libdir%/*}"
rm -f "$to/${libdir%/*}"/plugins-1/shim.d/own "$to/${libdir%/*}"/plugins-1/shim.d/plain
cp "$tree/include/vt-plugin.h" "$to/include"
# `vt help` shows the plain text of the pages; those for man are in the package that people ask for
cp -R "$tree/share/vt" "$to/share"
[ ! -d "$tree/share/doc/vt/bundled" ] || cp -R "$tree/share/doc/vt/bundled" "$to/share/licenses"
cp "$source/LICENSE" "$to"
json "$scope/$platform" "The program vt for Linux, $cpu, glibc" "$here_only" >"$to/package.json"
printf '# %s/%s\n\nThe program of the package `%s` for one platform; install that one.\n' "$scope" "$platform" "$name" >"$to/README.md"
pack "$to" "$(file_name "$scope/$platform")"

# ---- plugins of their own --------------------------------------------------------
for dir in "$tree".extra/*/; do
	[ -d "$dir" ] || continue
	plugin=$(basename "$dir")
	to=$out/unpacked/$plugin-$platform
	mkdir -p "$to"
	cp -RL "$dir/." "$to"
	cp "$source/LICENSE" "$to"
	so=$(cd "$to" && find . -name "vt-$plugin.so" | sed 's,^\./,,')
	json "$scope/$plugin-$platform" "The plugin $plugin of vt for Linux, $cpu, glibc" "$here_only" >"$to/package.json"
	{
		printf '# %s/%s\n\n' "$scope" "$plugin-$platform"
		printf 'The plugin `%s` of vt.' "$plugin"
		[ ! -s "$to/needs" ] || printf ' It loads libraries of the system: %s.' "$(paste -sd' ' "$to/needs")"
		grep -q 'OpenSSL [0-9]' "$to/$so" && printf ' TLS is in it. It trusts the certificates in `/usr/lib/ssl/certs`; where the system keeps\nthem elsewhere, name them by `SSL_CERT_FILE` or the option `ca`.'
		printf '\n\n'
		printf 'vt loads no plugin that a repository brings along. Install this one outside of it (`npm install -g`),\nor name its bytes in `~/.config/vt/config.json`:\n\n'
		printf '    { "plugins": { "paths": [{ "file": "/path/to/%s", "sha256": "%s" }] } }\n' "$so" "$(sha256sum "$to/$so" | cut -d' ' -f1)"
	} >"$to/README.md"
	rm -f "$to/needs"
	pack "$to" "$(file_name "$scope/$plugin-$platform")"
done

# ---- the one that people ask for ---------------------------------------------------
to=$out/unpacked/main
mkdir -p "$to/bin" "$to/man"
cp "$here/vt.js" "$to/bin"
chmod 755 "$to/bin/vt.js"
cp "$here/index.js" "$to"
sed "s,@NAME@,$name,g" "$here/README.md" >"$to/README.md"
cp "$source/LICENSE" "$to"
cp "$tree/share/vt/vite-task.schema.json" "$to"
for page in vt.1 vite-task.json.5 vt-config.5; do cp "$tree/share/man/man${page##*.}/$page" "$to/man"; done
json "$name" "A caching task runner for workspaces of packages" "	\"bin\": { \"vt\": \"bin/vt.js\" },
	\"main\": \"index.js\",
	\"man\": [\"man/vt.1\", \"man/vite-task.json.5\", \"man/vt-config.5\"],
	\"engines\": { \"node\": \">=16\" },
	\"optionalDependencies\": { \"$scope/$platform\": \"$version\" }" >"$to/package.json"
pack "$to" "$(file_name "$name")"
