# What is an input, what a product, what forbids keeping: the order of things decides.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file package.json '{"name":"app","private":true}'
task() { printf '{"tasks":{"t":{"command":"sh t.sh"%s}}}\n' "${1-}" >vite-task.json; }
run() { capture vt run t; }
hits() { run; like "$1" "$(steps)" "*cache hit, replaying"; }
misses() { run; has "$1" "$(steps)" "cache miss: $2"; }
fresh() { rm -rf .vt "$W"/[a-z]*dir out* in*; echo 1 >in; task; }

fresh; echo 'cat in >out; cat out' >t.sh
run; hits "its own product, read back, is no input"
rm out; hits "nor is it when somebody removes it"
gone "and a hit brings nothing back by itself" out
run; echo changed >out; misses "somebody changed it: a run would not leave that" "'out' is not as this task left it"
echo 2 >in; misses "what it read is one" "'in' modified"
run; echo 1 >in; misses "an older state, but what it left is of the newer" "'out' is not as this task left it"

fresh; echo 'cat in; echo x >>in' >t.sh
run; has "read and written: not kept" "$out" "not cached because it modified its input"
capture vt run --last-details; has "the path is named" "$out" "read and wrote 'in'"
run; has "so it runs again" "$(steps)" '$ sh t.sh'
hasnt "always" "$out" "cache hit"

for how in 'exec 3<>in' 'exec 3>>in'; do
	fresh; echo "$how" >t.sh
	run; hits "opened for reading and writing, or at its end, and left as it was: read ($how)"
	echo 2 >in; misses "... and an input" "'in' modified"
done

fresh; echo 'sed s/1/2/ in >in.tmp; mv in.tmp in' >t.sh
run; has "edited by way of a temporary file: the same" "$out" "not cached because it modified its input"

fresh; echo 'cat in >in.new; cat in.new; rm in.new' >t.sh
run; hits "a temporary file leaves nothing behind"

fresh; echo '[ -e outflag ] && cat outflag; cat in' >t.sh
run; hits "a missing file that was looked for"
echo x >outflag; misses "appears" "'outflag' added in workspace root"
hits "then hits"
rm outflag; hits "its absence is still known"

fresh; echo 'mv in outflag; cat outflag' >t.sh
run; misses "an input that the task takes away" "'in' removed from workspace root"
hits "... is away"
echo 2 >in; misses "comes again" "'in' added in workspace root"
is "and is taken" "$(cat outflag)" 2

fresh; mkdir indir newdir; echo 1 >indir/x; echo 2 >newdir/x; ln -s indir outlink
echo 'cat outlink/x; ln -sfn newdir outlink' >t.sh
run; has "read through a link that is then led elsewhere: not kept" "$out" "not cached because it modified its input"

fresh; mkdir indir newdir; echo 2 >newdir/x; ln -s indir outlink; ln -s outlink outlink2
echo 'cp in indir/x; cat outlink2/x' >t.sh
run; hits "its own product, read back by way of links"
ln -sfn newdir outlink; misses "is another file when one of them leads elsewhere" "'outlink' modified"
is "it is" "$(printf '%s' "$out" | grep -x '[12]')" 2
rm outlink outlink2

fresh; mkdir indir newdir; echo 1 >indir/x; echo 2 >newdir/x; echo 'cat indir/x; mv indir olddir; mv newdir indir' >t.sh
run; has "read in a directory that is then another: the same" "$out" "not cached because it modified its input"

fresh; mkdir indir; touch indir/a; echo 'ls indir; echo x >indir/made' >t.sh
run; hits "a listed directory, without what the task made in it"
touch indir/b; misses "a new name" "'b' added in 'indir'"
run; rm indir/a; misses "a lost name" "'a' removed from 'indir'"
echo changed >indir/b; hits "contents of listed files do not count"
mkdir indir/Dist; misses "dist is a name like others" "'Dist' added in 'indir'"
touch indir/.DS_Store; hits ".DS_Store is none"

fresh; mkdir outdir; echo 'rm -rf outdir; mkdir outdir; cp in outdir/x; ls outdir' >t.sh
run; run; hits "an emptied output directory settles"

fresh; echo 'mkdir tdir; cp in tdir/x; rm -rf outdir; mv tdir outdir; cat outdir/x' >t.sh
run; hits "a directory published by a rename is a product"
echo 2 >in; misses "its source is not" "'in' modified"

fresh; mkdir "$T/bin"; printf '#!/bin/sh\ncat "$@"\n' >"$T/bin/kat"; chmod +x "$T/bin/kat"
echo 'kat in' >t.sh
PATH=$T/bin:$PATH run; PATH=$T/bin:$PATH hits "a program that it starts"
echo '# another' >>"$T/bin/kat"
PATH=$T/bin:$PATH misses "is another" "program 'kat' changed"
mkdir "$T/first"; printf '#!/bin/sh\ncat "$@"; echo first\n' >"$T/first/kat"; chmod +x "$T/first/kat"
PATH=$T/first:$T/bin:$PATH misses "another comes before it" "program 'kat' changed"
has "and is run" "$out" first
rm -r "$T/bin" "$T/first"

fresh; echo 'mkdir -p indir; ls indir; cat in' >t.sh; mkdir indir; touch indir/a
run; touch indir/b; misses "mkdir -p of what is there makes no product of it" "'b' added in 'indir'"

fresh; echo 'cat in; sleep 0.3; echo 2 >in2; cat in2 >/dev/null' >t.sh
run; hits "written, then read: a product"

fresh; echo "cat in; : >'$T/read'; until [ -e '$T/edited' ]; do sleep 0.05; done" >t.sh
(until [ -e "$T/read" ]; do sleep 0.05; done; echo 2 >in; : >"$T/edited") & run; wait
has "changed by somebody while it ran: not kept" "$out" "'in' changed while the task ran"

fresh; echo 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21; do cd -P d*; done; cat in' >t.sh
name=$(printf 'd%.0s' {1..200})
deep() { (for ((i = 0; i < 21; i++)); do mkdir -p "$name"; cd -P "$name" || exit; done; echo "$1" >in); }
deep 1
run; has "deeper than any path can be: not kept" "$out" "went deeper than the longest path"
rm -rf d*

if [ -e "$abs_top_builddir/plugins/output-restore/.libs/vt-output-restore.so" ]; then
	fresh; task ',"output":["outdir/**"]'
	echo 'mkdir -p outdir; [ -e outdir/x ] && cat outdir/x; cat in >outdir/x' >t.sh
	run; run; hits "an output glob settles what is read and written"
	rm -rf outdir; hits "and is restored"
	is "whole" "$(cat outdir/x)" 1
else skip "an output glob" "output-restore is not built"; fi
finish
