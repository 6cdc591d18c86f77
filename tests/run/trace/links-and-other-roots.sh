# One file may have several names: links, other roots, other mounts.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/run/trace/lib.sh"

workspace
mkdir -p packages/p/dist node_modules
ln -s ../packages/p node_modules/p
echo x >packages/p/source
ln -s "$W" "$T/way-in"
ln -s "$W/packages/p/source" "$T/one-file"
traced sh -c "cat node_modules/p/source $T/way-in/packages/p/source $T/one-file >/dev/null; echo y >packages/p/dist/out; cat node_modules/p/dist/out; ls node_modules/p/dist"
well "links"
was "a file that was only read: by the name that was used" READ node_modules/p/source
was "a link outside that leads in: the name inside" READ packages/p/source
was "a file that the task wrote: by its real name" READ packages/p/dist/out
was "a directory with products: by its real name" LIST packages/p/dist
wasnt "... and by no other" READ node_modules/p/dist/out
mkdir real; ln -s real/deep linked; mkdir real/deep; touch real/sibling sibling
traced cat linked/../sibling
was ".. behind a link: goes up from where the link leads" READ real/sibling

workspace
mkdir src; echo one >src/a; echo two >src/b
traced sh -c 'd=$(mktemp -d); ln -s "$PWD/src" $d/s; cat $d/s/a; ls $d/s; [ -e $d/s/none ]; rm -r $d; ln -s src/b t; cat t; rm t'
well "links that the task makes and removes"
was "a file behind a link to a folder elsewhere: read" READ src/a
was "a folder behind a link: listed" LIST src
was "a missing name behind a link: looked for" PROBE src/none
was "a link to a file: read" READ src/b
traced sh -c 'mkdir way; ln -s ../src way/s; cat way/s/b; rm -r way'
was "a file behind a link to a folder in the workspace: read" READ src/b
wasnt "... and not by a name of its own" READ way/s/b

if [ "$(id -u)" = 0 ]; then
	workspace
	mkdir -p root; touch root/in-the-root root/in-the-root-2
	traced "$CASE" chroot
	well "another root"
	was "names in another root: told as vt sees them" READ root/in-the-root root/in-the-root-2
else skip "another root" "only root may change it"; fi

if command -v bwrap >/dev/null && bwrap --bind / / true 2>/dev/null; then
	workspace
	touch input
	traced bwrap --bind / / cat input
	well "bubblewrap with everything in place"
	was "... its file is read" READ input
	traced bwrap --ro-bind / / --tmpfs /tmp/ --bind "$W" "$W" --proc /proc --dev /dev cat input
	is "bubblewrap with a temporary folder of its own: the task runs" "$rc" 0
	is "... its reads are followed" "$end" complete
	was "... its file" READ input
	traced bwrap --bind / / --bind "$W" /mnt cat /mnt/input
	well "bubblewrap that moves the workspace elsewhere"
	was "... its file" READ input
	mkdir below; touch below/input
	traced bwrap --bind / / --bind "$W/below" /mnt cat /mnt/input
	is "bubblewrap that mounts a part of it elsewhere: the task runs" "$rc" 0
	like "... it is not kept" "$end" "incomplete*sees other mounts than vt does"
else skip "bubblewrap" "it does not work here"; fi
finish
