# After each change vt shows what a fresh run would show. Each story
# has a task (nothing configured), a start, and changes one after the other.
. "${0%/*}/../../lib/functions.sh" || exit

# story NAME START COMMAND CHANGE...
story() {
	local name=$1 start=$2 command=$3 n=0 c fresh
	shift 3
	workspace
	file package.json '{"name":"root"}'
	file vite-task.json '{"tasks":{"t":"sh t.sh"}}'
	file t.sh "$command"
	eval "$start"
	capture vt run t
	capture vt run t
	has "$name: hits before any change" "$out" "cache hit"
	for c; do
		n=$((n + 1))
		eval "$c"
		rm -rf "$T/copy"; cp -a . "$T/copy"
		capture vt run t
		mv "$W" "$T/seen"; mv "$T/copy" "$W"; cd "$W" || exit 99
		fresh=$(sh t.sh 2>&1)
		rm -rf "$W"; mv "$T/seen" "$W"; cd "$W" || exit 99
		has "$name: change $n is seen" "$out$err
" "
$fresh
"
	done
}
story "names by a shell pattern" 'mkdir d; echo 1 >d/a' 'cat d/*' 'echo 2 >d/b' 'rm d/b' 'mv d/a d/c; echo 3 >d/c'
story "another content of the same size and time" 'echo aaaa >f' 'cat f' 'cp -p f r; echo bbbb >f; touch -r r f' \
	"cp -p f r; printf 'cccc\n' | dd of=f conv=notrunc 2>/dev/null; touch -r r f" 'echo dddd >n; touch -r f n; mv n f'
story "a file becomes a directory, a link, a file" 'echo a >f' 'cat f 2>&1; ls f' 'rm f; mkdir f' ': >f/x' 'rm -r f; ln -s g f' 'echo hi >g'
story "missing names appear" : 'test -e a/b/c && echo yes || echo no' 'mkdir -p a/b' ': >a/b/c' 'rm -r a; : >a' 'rm a; mkdir -p x/b; : >x/b/c; ln -s x a'
story "a link to nothing" 'ln -s target l' 'cat l 2>/dev/null || echo none' 'echo t >target' 'rm l; ln -s other l' 'mkdir other'
story "a file behind two links" 'mkdir a; echo 1 >a/f; ln -s a b; ln -s b c' 'cat c/f' 'echo 2 >a/f' 'mkdir z; echo 3 >z/f; ln -sfn z b' 'ln -sfn a c'
story "a file by a name with .." 'mkdir -p a/b; echo 1 >a/f' 'cat a/b/../f' 'echo 2 >a/f' 'mkdir -p q/r; echo 9 >q/f; rmdir a/b; ln -s ../q/r a/b' 'rm a/b; mkdir -p s/t a/b; echo 8 >a/f'
story "a file through a link outside" 'mkdir -p in "$T/beyond"; echo 1 >in/f; ln -sfn "$W/in" "$T/beyond/l"' "cat $T/beyond/l/f" 'echo 2 >in/f'
story "a hard link" 'echo 1 >f; ln f g' 'cat g' 'echo 2 >f' 'rm f; echo 3 >g'
story "the right to execute" "printf '#!/bin/sh\necho hi\n' >x; chmod +x x" './x 2>/dev/null || echo no' 'chmod -x x' 'chmod +x x'
story "a test for that right" ': >x' 'test -x x && echo x || echo no; find . -name x -perm -u+x' 'chmod +x x'
story "a script's include" 'echo "echo 1" >i' '. ./i' 'echo "echo 2" >i'
story "an earlier folder of PATH" "mkdir bin; printf '#!/bin/sh\necho one\n' >bin/p; chmod +x bin/p" 'PATH=$PWD/first:$PWD/bin:$PATH p' \
	"printf '#!/bin/sh\necho two\n' >bin/p" 'mkdir first; cp bin/p first/p; echo "echo three" >>first/p'
story "a folder copied" 'mkdir d; echo 1 >d/a' 'rm -rf e; cp -r d e; cat e/*' 'echo 2 >d/b' 'rm d/a' 'ln -s b d/l'
story "a folder moved into place" 'mkdir new; echo 1 >new/f' 'rm -rf dist; cp -r new tmp; mv tmp dist; cat dist/f' 'echo 2 >new/f'
story "an exclusive lock" : 'set -C; { echo 1 >lock; } 2>/dev/null && echo got || echo busy; rm -f lock' ': >lock'
story "odd names" 'mkdir d; : >d/a' 'ls -b d' ': >"d/a
b"' ": >\$'d/\\xff\\xfe'" ': >d/-rf' 'mv d/a "d/ "'
if command -v gcc >/dev/null; then
	story "a header earlier on the way" 'mkdir i1 i2; echo "#define V 1" >i2/v.h; printf "#include \"v.h\"\nV\n" >m.c' 'gcc -E -P -Ii1 -Ii2 m.c' \
		'echo "#define V 2" >i1/v.h' 'echo "#define V 3" >v.h' 'rm v.h i1/v.h' 'rm -r i1; ln -s i2 i1'
fi
if command -v node >/dev/null; then
	story "a module found earlier" 'echo 1 >x.json; echo "console.log(require(\"./x\"))" >m.cjs' 'node m.cjs' 'echo "module.exports=2" >x.js' 'echo "module.exports=3" >x'
	story "a package behind a link" 'mkdir -p p/x node_modules; echo "module.exports=1" >p/x/index.js; ln -s ../p/x node_modules/x; echo "console.log(require(\"x\"))" >m.cjs' 'node m.cjs' \
		'echo "module.exports=2" >p/x/index.js' 'echo "{\"main\":\"o.js\"}" >p/x/package.json; echo "module.exports=3" >p/x/o.js' 'rm node_modules/x; mkdir node_modules/x; echo "module.exports=4" >node_modules/x/index.js'
fi
finish
