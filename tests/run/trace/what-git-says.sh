# The checked-out commit counts for a task that asked for it, and for no other.
. "${0%/*}/../../lib/functions.sh" || exit
requires git
workspace
file package.json '{"name":"app","private":true}'
file .gitignore .vt
export GIT_CONFIG_GLOBAL="$T/gitconfig"; printf '[user]\n\tname = x\n\temail = x@y\n[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n' >"$T/gitconfig"
cp "$T/gitconfig" "$T/home/.gitconfig"
git init -q . && git add -A && git commit -qm one && git tag -am v1 v1
commit() { git commit -q --allow-empty -m "$1"; }
task() { printf '{"tasks":{"t":{"command":"%s"}}}\n' "$1" >vite-task.json; rm -rf .vt; capture vt run t; capture vt run t; }
hits() { capture vt run t; has "$1" "$(steps)" "cache hit, replaying"; }
misses() { capture vt run t; has "$1" "$(steps)" "cache miss"; }

for asks in 'git log -1 --format=%s' 'git describe' 'git rev-parse HEAD' 'git status --short --branch'; do
	task "$asks"; hits "$asks: a hit"
	commit next; misses "$asks: a miss after a commit"
	hits "$asks: then a hit"
done
task 'git describe --tags'; git tag newer; misses "a new tag: a miss"
task 'git log -1 --format=%s'; git pack-refs --all; capture vt run t; commit again; misses "a commit where the names are packed: a miss"
git checkout -q --detach; task 'git log -1 --format=%s'; hits "a detached head: a hit"
commit apart; misses "a commit on a detached head: a miss"
task 'git rev-parse HEAD'; hits "a detached head, its name: a hit"
commit aside; misses "a commit on it, its name: a miss"
task 'git rev-parse --show-toplevel'; commit beside; hits "a commit on a detached head, for a task that looks for the root alone: a hit"
git checkout -q main

for looks in 'git rev-parse --show-toplevel' 'git ls-files' 'git check-ignore x || true'; do
	task "sh -c '$looks'"; commit more; hits "$looks: a hit after a commit"
done

# where the folder of git lies outside the workspace
outside() {                          # "story": the workspace is the current folder
	local asks
	for asks in 'git log -1 --format=%s' 'git describe --tags' 'git rev-parse HEAD'; do
		task "$asks"; hits "$1, $asks: a hit"
		commit next; misses "$1, $asks: a miss after a commit"; is "... prints what it does without vt" "$(sed -n 2p <<<"$out")" "$($asks)"
		hits "... then a hit"
	done
	task 'git describe --tags'; git tag "t$RANDOM"; misses "$1, a new tag: a miss"
	git pack-refs --all; task 'git rev-parse HEAD'; hits "$1, packed names: a hit"
	commit packed; misses "$1, a commit where the names are packed: a miss"
	git checkout -q --detach; task 'git rev-parse HEAD'; hits "$1, a detached head: a hit"
	commit apart; misses "$1, a commit on it: a miss"
	task 'git ls-files'; hits "$1, git ls-files: a hit"; commit beside; hits "$1, git ls-files: a hit after a commit"
}
mkdir js; echo .vt >js/.gitignore; file js/package.json '{"name":"js","private":true}'; cd js || exit; outside "a workspace in a folder of the repository"
git checkout -q main; git worktree add -q -b side "$T/side" && cd "$T/side" && { file package.json '{"name":"app","private":true}'; outside "a worktree"; }
cd "$W" && git -c protocol.file.allow=always submodule --quiet add "$W" sub 2>/dev/null && cd sub && { file package.json '{"name":"sub","private":true}'; outside "a submodule"; }
finish
