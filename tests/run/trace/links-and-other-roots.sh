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
was "what was only read keeps the name that was used" READ node_modules/p/source
was "a way in from outside leads inside" READ packages/p/source
was "what the task wrote has one name" READ packages/p/dist/out
was "so have directories with products" LIST packages/p/dist
wasnt "and no other" READ node_modules/p/dist/out
mkdir real; ln -s real/deep linked; mkdir real/deep; touch real/sibling sibling
traced cat linked/../sibling
was ".. goes up from where the link leads" READ real/sibling

workspace
mkdir src; echo one >src/a; echo two >src/b
traced sh -c 'd=$(mktemp -d); ln -s "$PWD/src" $d/s; cat $d/s/a; ls $d/s; [ -e $d/s/none ]; rm -r $d; ln -s src/b t; cat t; rm t'
well "links that the task makes and removes"
was "by way of a folder elsewhere" READ src/a
was "listed" LIST src
was "looked for" PROBE src/none
was "a link to a file" READ src/b
traced sh -c 'mkdir way; ln -s ../src way/s; cat way/s/b; rm -r way'
was "by way of a folder in the workspace" READ src/b
wasnt "its name is nobody's" READ way/s/b

if [ "$(id -u)" = 0 ]; then
	workspace
	mkdir -p root; touch root/in-the-root root/in-the-root-2
	traced "$CASE" chroot
	well "another root"
	was "its names are told from ours" READ root/in-the-root root/in-the-root-2
else skip "another root" "only root may change it"; fi

if command -v bwrap >/dev/null && bwrap --bind / / true 2>/dev/null; then
	workspace
	touch input
	traced bwrap --bind / / cat input
	well "bubblewrap with everything in place"
	was "its file" READ input
	traced bwrap --ro-bind / / --tmpfs /tmp/ --bind "$W" "$W" --proc /proc --dev /dev cat input
	is "bubblewrap with a temporary folder of its own: runs" "$rc" 0
	is "... and is followed" "$end" complete
	was "... its file" READ input
	traced bwrap --bind / / --bind "$W" /mnt cat /mnt/input
	well "bubblewrap that moves the workspace elsewhere"
	was "... its file" READ input
	mkdir below; touch below/input
	traced bwrap --bind / / --bind "$W/below" /mnt cat /mnt/input
	is "bubblewrap that moves a part of it elsewhere: runs" "$rc" 0
	like "... and is not trusted" "$end" "incomplete*sees other mounts than vt does"
else skip "bubblewrap" "it does not work here"; fi
finish
