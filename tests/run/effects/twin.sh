# Changes by people and tools to inputs and products between runs: after each run workspace and terminal are as the command
# alone leaves them in a twin of the workspace.
. "${0%/*}/../../lib/functions.sh" || exit
requires git perl
PATH=$(dirname "$VT"):$PATH            # nested runs
tree() {                       # names, kinds, who may execute, where links lead, contents; folders only if empty
	(cd "$1" && find . -mindepth 1 \( -name .vt -o -name .git -o -name vite-task.json -o -name package.json \) -prune -o \
		\( -type l -printf '%p -> %l\n' -o -type d -empty -printf '%p/\n' -o -type f -perm -100 -printf '%p x ' -exec cksum {} \; \
		-o -type f -printf '%p ' -exec cksum {} \; -o ! -type d -printf '%p %y\n' \) | sed 's/ \.\/[^ ]*$//' | sort)
}
said() { grep -v '^\$ \|^$\|^---\|^vt run:\|it made \(is\|are\) missing' <<<"$1" | sed 's/ *◉.*//'; }
# story NAME COMMAND EVENT...: each event is done in both workspaces; "run" runs COMMAND, "run!" must not be a hit, "run=" must
# be one; "task NAME": that task of $more, uncached ones too. $more: other tasks, "NAME: COMMAND" in JSON
more=
story() {
	local name=$1 command=$2 event output n differs was
	shift 2
	for output in '' ",\"output\":[${covers:-\"dist/**\"}]"; do
		[ -n "$output" ] || [ -z "${declared-}" ] || continue
		n=0
		workspace
		rm -rf "$T/twin"; mkdir -p "$T/twin"
		file package.json '{"name":"w"}'
		file vite-task.json "{\"tasks\":{\"t\":{\"command\":\"sh t.sh\"$output}${more:+,$more}}}"
		differs=
		for event in "echo 0 >src; echo 0 >other; mkdir -p in; echo 0 >in/a; cat >t.sh <<'SH'
$command
SH" "$@"; do
			n=$((n + 1))
			case $event in
			run*)
				capture vt run t
				was=$(cd "$T/twin" && sh t.sh 2>/dev/null)
				[ "$(said "$out")" = "$was" ] || differs+=" | $n: says '$(said "$out")', not '$was'"
				case $event$out in
				run!*'cache hit, replaying'*) differs+=" | $n: a hit" ;;
				run=*'cache hit, replaying'*) ;;
				run=*) differs+=" | $n: no hit" ;;
				esac ;;
			task*) capture vt run "${event#task }"; (cd "$T/twin" && sh "${event#task }.sh" >/dev/null 2>&1) ;;
			*) (eval "$event") >/dev/null 2>&1; (cd "$T/twin" && eval "$event") >/dev/null 2>&1 ;;
			esac
			cmp -s <(tree .) <(tree "$T/twin") || differs+=" | $n ($event): $(diff <(tree .) <(tree "$T/twin") | head -4 | tr '\n' ' ')"
		done
		is "$name${output:+, declared}" "$differs" ""
	done
}

make='mkdir -p dist; cat src >dist/a; echo made; cat src'
story "an output is a link to a source" 'mkdir -p dist; ln -sfn ../src dist/cur; cat dist/cur' run run= 'echo 1 >src' run! run= 'rm dist/cur; cp src dist/cur' run! run=
story "the output folder becomes a link to a folder" "$make" run run= 'mv dist real; ln -s real dist' run 'echo 1 >src' run! run 'rm dist; mv real dist' run run=
story "the output folder becomes a link to another folder" "$make" run run= 'mv dist real; mkdir new; ln -s new dist' run! run 'echo 1 >src' run! run
story "an edit of the same size and times" "$make" run run= 'cp -p src keep; echo 1 >src; touch -r keep src' run! run=
story "an edit of a product, of the same size and times" "$make" run run= 'cp -p dist/a keep; echo 1 >dist/a; touch -r keep dist/a' run! run=
story "inputs that trade places with their times" 'mkdir -p dist; cat src >dist/a; cat src other' 'echo 1 >other; touch -r src other' run run= 'mv src t; mv other src; mv t other' run! run= 'mv src t; mv other src; mv t other' run
story "an older version is copied over an input" "$make" 'cp -p src old; touch -d 2001-01-01 old' run 'echo 1 >src' run! run= 'cp -p old src' run run=
story "a product is a second name of the source" 'mkdir -p dist; ln -f src dist/a; cat src' run run= 'echo 1 >src' run! run= 'echo 2 >dist/a' run! run= 'echo 0 >src' run run
story "... and is cut loose" 'mkdir -p dist; ln -f src dist/a; cat src' run run= 'rm src; echo 1 >src' run! run= 'sed -i s/1/0/ dist/a' run! run
story "a source is replaced by a link with the same content" "$make" run run= 'mv src real; ln -s real src' run 'echo 1 >real' run! run=
story "a folder on the way is another one with files alike" 'mkdir -p dist; cat l/a >dist/a; cat l/a' 'mkdir in2; echo 1 >in2/a; touch -r in/a in2/a; ln -s in l' run run= 'ln -sfn in2 l' run! run= 'ln -sfn in l' run run=
story "a product is another kind of thing" 'rm -rf dist; if grep -q 1 src; then echo file >dist; else mkdir -p dist; echo 1 >dist/a; fi; cat src' run run= 'echo 1 >src' run! run 'echo 0 >src' run run 'rm -rf dist; mkdir -p dist/a/b' run! run
declared=1 covers='"dist","dist/**"' story "... and output covers it" 'rm -rf dist; if grep -q 1 src; then echo file >dist; else mkdir -p dist; echo 1 >dist/a; fi; cat src' run run= 'echo 1 >src' run! run= 'echo 0 >src' run run 'rm -rf dist; mkdir -p dist/a/b' run run= 'rm -rf dist' run= run=
story "a product loses its x" 'mkdir -p dist; cp src dist/a; chmod +x dist/a; echo made' run run= 'chmod -x dist/a' run run=
story "a product gets an x" 'mkdir -p dist; [ -x dist/a ] && echo x; cat src >dist/a; echo made' run run= 'chmod +x dist/a' run! run
declared=1 story "empty folders" 'mkdir -p dist/e/f; cat src' run run= 'rmdir dist/e/f' run run= 'rm -rf dist; echo x >dist' run! 'rm dist' run run= 'echo x >dist/e/f/user' run
story "a folder of products holds something of the user" 'rm -rf dist/e; mkdir -p dist/e; cat src >dist/e/a; cat src' run run= 'echo u >dist/e/u' run! run= 'mkdir dist/e/d' run! run=
declared=1 story "git brings another state of source and product" "$make" 'git init -q; git config user.email a@b; git config user.name a; git add -f src t.sh; git commit -qm 0; git branch zero; echo 1 >src; git commit -qam 1' \
	run run= 'git add -f dist; git commit -qm dist' run 'git checkout -q zero' run! run 'git checkout -qf -' run run 'git stash -q; git checkout -q zero' run run=
story "rsync or cp -a brings an older product" "$make" run run= 'cp -a dist old; echo 1 >src' run! run= 'cp -a old/. dist/' run run= 'echo 0 >src; rm -rf dist; cp -a old dist' run run=
story "output covers a source: rewritten in place" 'grep -q z src || echo z >>src; cat src' run run 'echo 1 >src' run! run run=
covers='"src"' story "... and is declared" 'grep -q z src || echo z >>src; cat src' run run 'echo 1 >src' run! run run= 'echo 0 >src' run run
covers='"**"' story "output covers everything" "$make; cat in/a" run run= 'echo 1 >in/a' run! run= 'echo 1 >src' run! run= 'echo 0 >in/a' run! run 'echo 0 >src' run run= 'echo new >in/b' run run=
covers='"in/**"' story "output covers a folder of sources, and the task sorts it" 'mkdir -p in; cat in/*; for f in in/*; do sort -o $f $f; done' run run 'printf "b\na\n" >in/b' run! run run 'rm in/b' run run
story "names through /proc, doubled slashes and dots" 'mkdir -p dist; cat /proc/self/cwd/src .//in/./a in/../other >dist/a; cat dist/a' run run= 'echo 1 >src' run! run= 'echo 1 >in/a' run! run= 'echo 1 >other' run! run= 'mv in in2; ln -s in2 in' run run
story "a name that is looked for appears as a link to nothing" 'mkdir -p dist; if [ -e conf ]; then cat conf; else echo none; fi >dist/a; cat dist/a' run run= 'ln -s conf.real conf' run run 'echo c >conf.real' run! run= 'rm conf' run run=
story "a folder that is listed gets and loses names" 'mkdir -p dist; ls in >dist/list; cat dist/list' run run= 'touch in/b' run! run= 'mv in/b in/c' run! run= 'rm in/c' run run= 'ln -s a in/d' run! run=
story "a product that is a link to a folder" 'mkdir -p dist/one; cat src >dist/one/a; ln -sfn one dist/cur; cat dist/cur/a' run run= 'rm dist/cur; mkdir dist/cur; echo u >dist/cur/u' run! run 'rm -rf dist/cur' run 'echo 1 >src' run! run=
story "a source that is a pipe for a while" 'mkdir -p dist; [ -f src ] && cat src >dist/a; [ -p src ] && echo pipe; echo made' run run= 'rm src; mkfifo src' run! 'rm src; echo 0 >src' run run
story "a source that is a folder for a while" 'mkdir -p dist; [ -f src ] && cat src >dist/a; [ -d src ] && echo folder; echo made' run run= 'rm src; mkdir src' run! run 'rmdir src; echo 0 >src' run run=
story "an input is moved away and back" "$make" run run= 'mv src t; mv t src' run= 'mv in x; mv x in' run= 'mv src t; echo 0 >src' run
story "a temporary file with the name of a source" 'mkdir -p dist; cat tmp 2>/dev/null; cat src >tmp; sort tmp >dist/a; rm tmp; echo made' run run= 'echo 1 >tmp' run! run=
story "a link that the task turns" 'mkdir -p dist; ln -sfn "$(cat src)" dist/l; cat dist/l 2>/dev/null; echo made' 'echo ../other >src' run run= 'echo 1 >other' run! run= 'echo ../in/a >src' run! run= 'echo ../other >src' run run 'echo 1 >in/a' run run
moves='perl -e "rename shift, shift"'
story "a folder of products cannot become a file" "ls in; $moves dist src; test -e dist/z || { mkdir -p dist; echo k >dist/z; }" run 'echo 1 >in/new' run! run= 'echo 2 >in/more' run! run=
story "a folder of products cannot become a full folder" "ls in; $moves dist full; test -e dist/z || { mkdir -p dist; echo k >dist/z; }" 'mkdir full; echo u >full/x' run 'echo 1 >in/new' run! run=
story "a folder of inputs cannot become a file" "$moves in src; cat in/a; ls in" run run= 'echo 1 >in/a' run! run= 'echo 1 >in/new' run! run=
story "a folder of inputs cannot become a full folder" "$moves in full; cat in/a; ls in" 'mkdir full; echo u >full/x' run run= 'echo 1 >in/a' run! run= 'echo 1 >in/new' run! run= 'rm full/x' run!
story "a folder cannot become a part of itself" "$moves in in/b; cat in/a; ls in" run run= 'echo 1 >in/a' run! run=
story "products by rename of a folder" 'rm -rf dist tmp; mkdir tmp; cat src >tmp/a; mv tmp dist; cat src' run run= 'echo 1 >src' run! run= 'echo u >dist/u' run! run= 'mkdir tmp' run! run=
story "a folder of somebody is moved into the product" 'rm -rf dist; mkdir dist; [ -d in ] && mv in dist/in; cat dist/in/a 2>/dev/null; cat src' run run run 'mkdir in; echo 1 >in/a' run! run run
# with other tasks: each is a script NAME.sh, in the twin run by hand
task() { printf '"%s":{"command":"sh %s.sh"%s}' "$1" "$1" "${2:+,$2}"; }
more=$(task c '"cache":false') story "an uncached task renames over a product" "$make" "echo 'echo c >new; mv new dist/a' >c.sh" run run= 'task c' run! run= 'task c' 'echo 1 >src' run! run run=
more=$(task c '"cache":false') story "an uncached task takes products away" "$make" "echo 'rm -rf dist' >c.sh" run run= 'task c' run run 'task c' 'echo 1 >src' run! 'task c' run
more=$(task c '"cache":false') story "an uncached task changes an input and back" "$make" "echo 'cp -p src k; echo 7 >src; cat k >src; touch -r k src' >c.sh" run run= 'task c' run=
more=$(task m '"output":["moved/**"]') story "a product is moved into another task's folder" "$make" "echo 'mkdir -p moved; mv dist/a moved/b; cat moved/b' >m.sh" run 'task m' run 'task m' run 'echo 1 >src' run! 'task m' run 'task m' 'echo 0 >src' run 'task m'
more=$(task p '"output":["dist/**"]') story "two tasks write into one folder" "$make" "echo 'mkdir -p dist; cat other >dist/a; cat in/a >dist/p; cat other' >p.sh" run 'task p' run 'task p' run 'echo 1 >other' 'task p' run 'echo 0 >other' 'task p' run run= 'rm -f dist/p' 'task p'
more=$(task f) story "another task changes the product in place" "$make" "echo 'grep -q z dist/a || echo z >>dist/a; cat dist/a' >f.sh" run 'task f' run 'task f' 'task f' 'echo 1 >src' run! 'task f' run 'task f'
more=$(task f) story "another task reads the product, which somebody edits" "$make" "echo 'cat dist/a >copy; cat dist/a' >f.sh" run 'task f' 'echo u >dist/a' 'task f' run 'task f' 'echo 1 >src' 'task f' run! 'task f'
more=$(task l) story "another task lists the products" "$make" "echo 'mkdir -p dist; ls dist >list; cat list' >l.sh" 'task l' run 'task l' 'task l' 'touch dist/u' 'task l' run 'rm dist/u' 'task l' run 'echo 1 >src' run 'task l'
more=$(task n) story "a nested run takes a product away" 'mkdir -p dist; cat src >dist/a; cat src >dist/b; if command -v vt >/dev/null && [ -d .vt ]; then vt run n >/dev/null 2>&1; else sh n.sh >/dev/null; fi; echo made' "echo 'rm -f dist/b; cat other >dist/n' >n.sh" run run 'echo 1 >other' run! run 'echo 1 >src' run! run 'echo u >dist/b' run run 'echo 0 >src' run
more=$(task n) story "a nested run changes what the outer one made" 'mkdir -p dist; cat src >dist/a; if [ -d .vt ]; then vt run n >/dev/null 2>&1; else sh n.sh >/dev/null; fi; cat dist/a; echo made' "echo 'sed -i s/^/n/ dist/a; cat in/a' >n.sh" run run 'echo 1 >in/a' run run 'echo 1 >src' run! run 'echo 0 >src' run run
more=$(task d '"output":["dist/**"]'),$(task u '"dependsOn":["t"]') story "a dependent reads what a hit leaves" "$make" "echo 'cat dist/a 2>/dev/null >copy; ls dist >>copy; cat copy' >u.sh; echo 'mkdir -p dist; echo d >dist/d' >d.sh" run 'task u' 'task d' 'task u' 'echo 1 >src' run 'task u' 'echo 0 >src' run 'task u' 'task d' 'task u'
finish
