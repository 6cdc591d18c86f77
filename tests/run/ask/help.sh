# The manual and the schemas are found beside the program, and shown with man, with a pager, or as plain text.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
. "$abs_top_srcdir/tests/lib/installed.sh"
cd "$T" || exit 99
is "no word: vt --help" "$(vt help)" "$(vt --help)"
for c in run cache plugins help; do is "a command: vt $c --help" "$(vt help $c)" "$(vt $c --help)"; done
capture vt help vt
is "a page: exit 0" "$rc$err" 0
has "... in plain text" "$out" "vt - run the tasks of a monorepo, and replay what has not changed"
hasnt "... without macros" "$out" $'\n.'
is "a page with its section: shown" "$(vt help vt-plugin.3 | sed -n 2p)" "    vt-plugin - every call between vt and its plugins"
is "two pages of one name: the introduction is shown" "$(vt help vt-plugin)" "$(vt help vt-plugin.7)"
for s in vite-task vt-run vt-events; do
	is "the schema $s: shown" "$(vt help $s.schema.json)" "$(cat "$abs_top_srcdir/core/man/$s.schema.json")"
done
capture vt help vite-tsak.json
is "an unknown page: an error" "$rc $(printf '%s\n' "$err" | head -n 3)" "2 error: no command and no page is called 'vite-tsak.json'

  tip: a similar name exists: 'vite-task.json'"
capture vt help vt run
is "one word too many: an error" "$rc ${err%%$'\n'*}" "2 error: unexpected argument 'run' found"
capture vt help --path
is "the path without a page: an error" "$rc $(printf '%s\n' "$err" | head -n 2)" "2 error: the following required arguments were not provided:
  <PAGE>"
has "completion: pages" "$(vt completion words -- help vite)" "vite-task.schema.json"
has "completion: commands" "$(vt completion words -- help doc)" "doctor	"

# each installed tree shows its own pages, at any path
stage "$T/first/vt"
mkdir "$T/sp ace ö"
mv "$T/first/vt" "$T/sp ace ö/vt's"
tree="$(cd -P "$T/sp ace ö/vt's" && pwd)"
VT="$tree/bin/vt"
is "a moved tree: the path of a schema" "$(vt help --path vite-task.schema.json)" "$tree/share/vt/vite-task.schema.json"
is "... the path of a page" "$(vt help --path vite-task.json)" "$tree/share/man/man5/vite-task.json.5"
for p in vt.1 vite-task.json.5 vt-config.5 vt-migrate.7 vt-plugin.7 vt-plugin.3 vt-client.3; do
	there "... $p is there" "$(vt help --path $p)"
	[ "$(vt help $p | wc -l)" -gt 20 ]; ok "... and is shown" $?
done
echo changed >>"$tree/share/vt/manual/vt.1.txt"
is "the text of a command: shown" "$(vt help vt | tail -n 1)" changed
gzip "$tree/share/man/man1/vt.1"
is "a compressed page: shown" "$(vt help --path vt)" "$tree/share/man/man1/vt.1.gz"
rm -r "$tree/share/man"
is "no pages for man: the plain text is shown" "$(vt help --path vt) $(vt help vt | tail -n 1)" "$tree/share/vt/manual/vt.1.txt changed"
rm -r "$tree/share/vt"
capture vt help vt
is "a tree without a manual: an error" "$rc $err" "1 error: 'vt.1' is not installed with this vt: it is not below '$tree/share/man'; install vt again, with its manual"
capture vt help --path vt-run.schema.json
is "a tree without schemas: an error" "$rc $err" "1 error: 'vt-run.schema.json' is not installed with this vt: it is not below '$tree/share/vt'; install vt again, with its manual"

# on a terminal
VT=$abs_top_builddir/core/vt
programs() {                                 # programs NAME...: a PATH with these programs of the system alone
	rm -rf "$T/bin"
	mkdir "$T/bin"
	for p; do ln -s "$(type -P "$p")" "$T/bin/$p"; done
}
page=$(readlink -f "$abs_top_srcdir/core/man/vt-config.5")
programs cat
printf '#!/bin/sh\necho "man was given $1 $(/bin/readlink -f "$2")"\n' >"$T/bin/man"
chmod +x "$T/bin/man"
with PATH="$T/bin" terminal vt help vt-config
has "a terminal: man shows the page" "$out" "man was given -l $page"
printf '#!/bin/sh\nexit 3\n' >"$T/bin/man"
with PATH="$T/bin" PAGER='cat -A' terminal vt help vt-config
has "man that fails: the pager shows the text" "$out" 'NAME$'
touch "$T/bin/man.REAL"
printf '#!/bin/sh\necho no manual here\n' >"$T/bin/man"
with PATH="$T/bin" PAGER='cat -A' terminal vt help vt-config
hasnt "a program that stands in for man: not used" "$out" "no manual here"
rm "$T/bin/man" "$T/bin/man.REAL"
printf '#!/bin/sh\necho "less was given $1"\n' >"$T/bin/less"
chmod +x "$T/bin/less"
with PATH="$T/bin" terminal vt help vt-config
like "no PAGER: less" "$out" "*less was given */manual/vt-config.5.txt*"
rm "$T/bin/less"
with PATH="$T/bin" terminal vt help vt-config
has "no pager at all: the text is printed" "$out" "config.json - the user's settings"
hasnt "... without an error" "$out" "less was given"
if command -v man >/dev/null; then
	with MANPAGER=cat PAGER=cat LC_ALL=C terminal vt help vt
	is "the real man shows the real page" "$rc $(printf '%s\n' "$out" | sed 's/.\x08//g; s/\x1b\[[0-9;]*m//g' | grep -c 'SYNOPSIS\|DESCRIPTION')" "0 2"
else
	skip "the real man shows the real page" "man is not installed"
fi
# Ctrl-C goes to the pager: vt waits until the pager ends
printf '#!/bin/sh\ntrap "echo the pager ends; exit 0" INT\necho the pager waits\nwhile :; do /bin/sleep 0.1; done\n' >"$T/bin/less"
chmod +x "$T/bin/less"
terminal_options=(--when "the pager waits" '\x03')
with PATH="$T/bin" terminal vt help vt-config
has "Ctrl-C reaches the pager" "$out" "the pager ends"
is "... vt ends after it" "$rc" 0
finish
