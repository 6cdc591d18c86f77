#!/bin/sh
# setup.sh DEST [NODE_MODULES]: a fresh copy of the example. With Vite in
# NODE_MODULES the app is built by Vite, else by the C compiler.
set -eu
from=$(cd "$(dirname "$0")" && pwd -P)
rm -rf "$1"
mkdir -p "$1"
cp -R "$from/ws/." "$1"
chmod -R u+w "$1"
if [ -n "${2:-}" ] && [ -d "$2/vite" ] && command -v node >/dev/null; then
	rm -rf "$1/apps/plain"
	# a link to each package: files that Vite keeps beside them stay in this copy
	mkdir "$1/node_modules"
	ln -s "$2"/* "$2/.bin" "$1/node_modules/"
else
	rm -rf "$1/apps/web"
fi
