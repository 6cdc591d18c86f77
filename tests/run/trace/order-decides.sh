# The order of calls decides which file is an input, which a product, and which forbids keeping.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file package.json '{"name":"app","private":true}'
task() { printf '{"tasks":{"t":{"command":"sh t.sh"%s}}}\n' "${1-}" >vite-task.json; }
run() { capture vt run t; }
hits() { run; like "$1" "$(steps)" "*cache hit, replaying"; }
misses() { run; has "$1" "$(steps)" "cache miss: $2"; }
fresh() { rm -rf .vt "$W"/[a-z]*dir out* in*; echo 1 >in; task; }

fresh; echo 'cat in >out; cat out' >t.sh
run; hits "a product that is read back: no input"
rm out; hits "a removed product: still a hit"
gone "... and the hit does not restore it" out
run; echo changed >out; misses "a product that somebody changed: a miss" "'out' is not as this task left it"
echo 2 >in; misses "a changed input: a miss" "'in' modified"
run; echo 1 >in; misses "an earlier state of the input: a miss, because the product is of the later one" "'out' is not as this task left it"

fresh; echo 'cat in; echo x >>in' >t.sh
run; has "a file that is read and written: not kept" "$out" "not cached because it modified its input"
capture vt run --last-details; has "... the summary names the file" "$out" "read and wrote 'in'"
run; has "... the task runs again" "$(steps)" '$ sh t.sh'
hasnt "... each time" "$out" "cache hit"

for how in 'exec 3<>in' 'exec 3>>in'; do
	fresh; echo "$how" >t.sh
	run; hits "opened for reading and writing or at its end, and left as it was: a hit ($how)"
	echo 2 >in; misses "... and the file is an input" "'in' modified"
done

fresh; echo 'sed s/1/2/ in >in.tmp; mv in.tmp in' >t.sh
run; has "a file edited by way of a temporary one: not kept" "$out" "not cached because it modified its input"

fresh; echo 'cat in >in.new; cat in.new; rm in.new' >t.sh
run; hits "a temporary file: leaves no input behind"

fresh; echo '[ -e outflag ] && cat outflag; cat in' >t.sh
run; hits "a missing file that was looked for: a hit while it is missing"
echo x >outflag; misses "... a miss when it appears" "'outflag' added in workspace root"
hits "... a hit when it stays"
rm outflag; hits "... a hit when it is missing again"

fresh; echo 'mv in outflag; cat outflag' >t.sh
run; misses "an input that the task takes away: a miss at first" "'in' removed from workspace root"
hits "... a hit while it is away"
echo 2 >in; misses "... a miss when it comes again" "'in' added in workspace root"
is "... and the task takes it again" "$(cat outflag)" 2

fresh; mkdir indir newdir; echo 1 >indir/x; echo 2 >newdir/x; ln -s indir outlink
echo 'cat outlink/x; ln -sfn newdir outlink' >t.sh
run; has "a file read through a link that the task then leads elsewhere: not kept" "$out" "not cached because it modified its input"

fresh; mkdir indir newdir; echo 2 >newdir/x; ln -s indir outlink; ln -s outlink outlink2
echo 'cp in indir/x; cat outlink2/x' >t.sh
run; hits "a product read back through links: no input"
ln -sfn newdir outlink; misses "... a miss when one of them leads elsewhere" "'outlink' modified"
is "... and the task reads the other file" "$(printf '%s' "$out" | grep -x '[12]')" 2
rm outlink outlink2

fresh; mkdir indir newdir; echo 1 >indir/x; echo 2 >newdir/x; echo 'cat indir/x; mv indir olddir; mv newdir indir' >t.sh
run; has "a file read in a directory that the task then replaces: not kept" "$out" "not cached because it modified its input"

fresh; mkdir indir; touch indir/a; echo 'ls indir; echo x >indir/made' >t.sh
run; hits "a listed directory: a hit with what the task made in it"
touch indir/b; misses "... a miss with a new name" "'b' added in 'indir'"
run; rm indir/a; misses "... a miss without one of its names" "'a' removed from 'indir'"
echo changed >indir/b; hits "... a hit when the content of a listed file changes"
mkdir indir/Dist; misses "... a miss with a directory called Dist" "'Dist' added in 'indir'"
touch indir/.DS_Store; hits "... a hit with .DS_Store"

fresh; mkdir outdir; echo 'rm -rf outdir; mkdir outdir; cp in outdir/x; ls outdir' >t.sh
run; run; hits "an output directory that is emptied first: a hit in the end"

fresh; echo 'mkdir tdir; cp in tdir/x; rm -rf outdir; mv tdir outdir; cat outdir/x' >t.sh
run; hits "a directory put in place by a rename: a product"
echo 2 >in; misses "... and its source is an input" "'in' modified"

fresh; mkdir "$T/bin"; printf '#!/bin/sh\ncat "$@"\n' >"$T/bin/kat"; chmod +x "$T/bin/kat"
echo 'kat in' >t.sh
PATH=$T/bin:$PATH run; PATH=$T/bin:$PATH hits "a program that the task starts: a hit"
echo '# another' >>"$T/bin/kat"
PATH=$T/bin:$PATH misses "... a miss when it changes" "program 'kat' changed"
mkdir "$T/first"; printf '#!/bin/sh\ncat "$@"; echo first\n' >"$T/first/kat"; chmod +x "$T/first/kat"
PATH=$T/first:$T/bin:$PATH misses "... a miss when another one comes earlier on PATH" "program 'kat' changed"
has "... which then runs" "$out" first
rm -r "$T/bin" "$T/first"

fresh; echo 'mkdir -p indir; ls indir; cat in' >t.sh; mkdir indir; touch indir/a
run; touch indir/b; misses "mkdir -p of a directory that is there: no product" "'b' added in 'indir'"

fresh; echo 'cat in; sleep 0.3; echo 2 >in2; cat in2 >/dev/null' >t.sh
run; hits "a file written, then read: a product"

fresh; echo "cat in; : >'$T/read'; until [ -e '$T/edited' ]; do sleep 0.05; done" >t.sh
(until [ -e "$T/read" ]; do sleep 0.05; done; echo 2 >in; : >"$T/edited") & run; wait
has "an input that somebody changes while the task runs: not kept" "$out" "'in' changed while the task ran"

fresh; echo 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21; do cd -P d*; done; cat in' >t.sh
name=$(printf 'd%.0s' {1..200})
deep() { (for ((i = 0; i < 21; i++)); do mkdir -p "$name"; cd -P "$name" || exit; done; echo "$1" >in); }
deep 1
run; has "a working directory deeper than the longest path: not kept" "$out" "went deeper than the longest path"
rm -rf d*

if [ -e "$abs_top_builddir/plugins/output-restore/.libs/vt-output-restore.so" ]; then
	fresh; task ',"output":["outdir/**"]'
	echo 'mkdir -p outdir; [ -e outdir/x ] && cat outdir/x; cat in >outdir/x' >t.sh
	run; run; hits "an output that is read and written: a hit in the end"
	rm -rf outdir; hits "... also when it is gone"
	is "... and then it is restored whole" "$(cat outdir/x)" 1
else skip "an output glob" "output-restore is not built"; fi
finish
