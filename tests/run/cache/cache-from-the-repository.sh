# A repository may bring any file below .vt. vt reaches the cache level by level, follows no link, waits for nothing,
# and trusts no folder that git could have made.
. "${0%/*}/../../lib/functions.sh" || exit
requires git python3
umask 022
commit() { git init -q . && git add -A -f && git -c user.name=a -c user.email=a@b commit -qm x || exit 99; }
cloned() { rm -rf "$T/victim"; git clone -q "$W" "$T/victim" 2>/dev/null && cd "$T/victim" || exit 99; }
precious() { rm -rf "$T/precious"; mkdir -p "$T/precious/thesis/chapters" "$T/precious/photos"; echo precious >"$T/precious/thesis/chapters/1"; echo x >"$T/precious/photos/1"; echo 12 >"$T/precious/key"; seen=$(state); }
state() { (cd "$T/precious" && find . -printf '%P %y %m %s\n' | sort); }
safe() { is "$1: the target of the link is untouched" "$(state)" "$seen"; }
refused() { is "$1: one line says why" "$rc:$(printf '%s\n' "$err" | grep -c .)" 0:1; has "$1: ... and what to do" "$err" "; remove it"; }
project() {
	workspace
	file package.json '{"name":"r"}'
	file lib.js honest
	file vite-task.json '{"tasks":{"build":{"command":"sh b.sh","input":["lib.js","b.sh"],"output":["dist/**"]},"hello":"/bin/echo hello"}}'
	file b.sh 'mkdir -p dist; cp lib.js dist/out.js; echo built'
}

# a whole cache with a wrong result, committed
project
vt run build >/dev/null
echo EVIL >dist/out.js; sed -i 's/cp lib.js/cp lib.js/' b.sh; rm -rf .vt
file b.sh 'mkdir -p dist; cp lib.js dist/out.js; [ ! -e evil ] || echo EVIL >dist/out.js; echo built'
touch evil; vt run build >/dev/null; is "the wrong result is kept" "$(cat dist/out.js)" EVIL
rm -rf dist evil
commit; cloned
is "git makes the folder open to others" "$(stat -c %a .vt .vt/v2 | tr '\n' ' ')" "755 755 "
capture vt run build
hasnt "a cache that came with a clone: no hit" "$out" "cache hit"
is "... the built file is honest" "$(cat dist/out.js)" honest
refused "a cache that came with a clone"
capture vt run --dry-run build; refused "... told by a dry run"
capture vt cache clean
is "... vt cache clean removes it" "$rc:$(ls -d .vt 2>/dev/null)" 0:
vt run build >/dev/null; capture vt run build
has "... and then there is a cache" "$out" "cache hit"

# ... a folder kept by tar keeps its modes and is used
tar cf "$T/kept.tar" .vt; rm -rf .vt; tar xf "$T/kept.tar"
capture vt run build
has "a folder kept by tar is used" "$out:$err" "cache hit"
chmod 750 .vt; capture vt run build; refused "a folder that is open to the group"; chmod 700 .vt
chmod 701 .vt/v2; capture vt run build; refused "a folder inside that is open to others"; chmod 700 .vt/v2

# a umask that makes git create private folders: the index of git shows that they are committed
umask 077
for how in "index.version 2" "index.version 3" "index.version 4" "core.splitIndex true" sha256; do
	for place in . sub/deep; do
		project
		[ $place = . ] || { mkdir -p $place; mv package.json lib.js vite-task.json b.sh $place; cd $place || exit 99; }
		touch .aaa .vs .vtx; file b.sh 'mkdir -p dist; cp lib.js dist/out.js; [ ! -e evil ] || echo EVIL >dist/out.js; echo built'
		touch evil; vt run build >/dev/null; rm -rf dist evil
		cd "$W" || exit 99
		format=() with_git=()
		if [ "$how" = sha256 ]; then format=(--object-format=sha256); else with_git=(-c "${how/ /=}"); fi
		git "${with_git[@]}" init -q "${format[@]}" . 2>/dev/null || { skip "$how" "this git cannot"; continue; }
		git add -A -f && git -c user.name=a -c user.email=a@b commit -qm x || exit 99
		rm -rf "$T/victim"; git "${with_git[@]}" clone -q "$W" "$T/victim" 2>/dev/null
		cd "$T/victim/$place" || exit 99
		[ "$how" = sha256 ] || { git "${with_git[@]}" update-index --force-write-index 2>/dev/null; touch .aaa; git "${with_git[@]}" add .aaa; }
		is "$how, $place: the folder is private" "$(stat -c %a .vt .vt/v2 | tr '\n' ' ')" "700 700 "
		capture vt run build
		is "$how, $place: what is built is honest" "$rc:$(cat dist/out.js)" 0:honest
		hasnt "$how, $place: no hit" "$out" "cache hit"
		refused "$how, $place"
		# removes .vt from the index, and joins the split index, so that its shared part loses .vt too
		git rm -rqf --cached .vt; git update-index --no-split-index; rm -rf .vt dist; vt run build >/dev/null; capture vt run build
		has "$how, $place: out of the index and made anew it is used" "$out:$err" "cache hit"
	done
done
umask 022

# a link in the place of each level: under the modes git makes, and under vt's own
for mode in git own; do
	for link in .vt .vt/v2 .vt/v2/tmp .vt/store-2 .vt/plugins; do
		project; precious
		mkdir -p "${link%/*}"; rm -rf "$link"; ln -s "$T/precious" "$link"
		commit; cloned
		[ $mode = git ] || [ $link = .vt ] || find .vt -type d -exec chmod 700 {} +
		for do in "run hello" "run build" "run build" "run --dry-run build" "cache stat" "run --last-details" "cache clean" "run build"; do
			capture vt $do
			[ $rc -le 1 ] || is "$mode, $link, vt $do: ends" "$rc" 0
		done
		is "$mode, $link is a link: the task runs" "$rc:$(cat dist/out.js)" 0:honest
		safe "$mode, $link is a link"
	done
done

# under vt's own modes each name in .vt is a link, a pipe, a folder, a socket: vt does not hang, and writes nothing outside
project
vt run build >/dev/null; head -c 100000 /dev/zero >big
file vite-task.json '{"tasks":{"build":{"command":"sh b.sh","input":["lib.js","b.sh"],"output":["dist/**"]},"hello":"/bin/echo hello"}}'
file b.sh 'mkdir -p dist; cp lib.js dist/out.js; cp big dist/big; echo built'
vt run build >/dev/null; vt run build >/dev/null
for name in v2 v2/key v2/stat v2/history v2/ledger v2/counts v2/tmp v2/clock store-2 store-2/log store-2/lock store-2/index store-2/about store-2/about.new store-2/log.new \
	store-2/index.new store-2/files plugins last-summary .gitignore CACHEDIR.TAG; do
	cp -a .vt "$T/good"
	for kind in link pipe folder socket; do
		precious
		rm -rf ".vt/$name"
		case $kind in
		link) ln -s "$T/precious$([ -e "$T/good/$name" ] && [ ! -d "$T/good/$name" ] && echo /key)" ".vt/$name" ;;
		pipe) mkfifo -m 600 ".vt/$name" ;;
		folder) mkdir -m 700 ".vt/$name" ;;
		socket) python3 -c 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' ".vt/$name" ;;
		esac
		echo "$name $kind" >lib.js
		bad=
		for do in "run --dry-run build" "run build" "run build" "cache stat" "run --last-details" "run --cache hello" "cache clean"; do
			VT_TIMEOUT=20 capture vt $do
			[ $rc -le 1 ] || bad="$bad vt $do: $rc"
			case $do:$rc:$(cat dist/out.js) in "run build":0:"$name $kind") ;; "run build"*) bad="$bad vt $do: $rc $(cat dist/out.js)" ;; esac
		done
		is "$name is a $kind: every command ends and is right" "$bad" ""
		[ $kind != link ] || safe "$name is a link"
		rm -rf .vt; cp -a "$T/good" .vt
	done
	rm -rf "$T/good"
done
finish
