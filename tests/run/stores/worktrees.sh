# The worktrees of one git repository share results, without a word of configuration and with no other folder.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
requires git
[ -e "$abs_top_builddir/plugins-1/vt-store-folder.so" ] || skip_all "store-folder is left out of this build"
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b HOME=$T/home
workspace main
file package.json '{"name":"root"}'
file .gitignore out
file in.txt text
file vite-task.json '{"tasks": {"build": {"command": "mkdir -p out; cp in.txt out/a; date +%N >>out/a", "input": ["in.txt"], "output": ["out/**"]},
	"mode": {"command": "echo in ${#MODE}", "input": ["in.txt"], "env": ["MODE"]}}}'
git init -q . && git add . && git commit -qm first || exit 99
SHARES=$T/home/.cache/vt/worktrees
shares() { ls "$SHARES" 2>/dev/null | wc -l; }

# a repository with one worktree
capture with MODE=kanarienvogel vt run mode
is "a repository without worktrees: runs" "$rc$err" 0
capture vt run build
is "... and makes its results" "$rc$err" 0
made=$(<out/a)
gone "... no shared folder is made" "$T/home/.cache"

# the first run in a new worktree
git worktree add -q "$T/second" -b second || exit 99
cd "$T/second" || exit 99
capture vt run build
is "the first build in a second worktree: hits" "$rc$(hits)" 01
has "... the line tells from where" "$out" "cache hit (worktrees), replaying"
is "... with the first one's output" "$(<out/a)" "$made"
capture with MODE=kanarienvogel vt run mode
is "a step with a set variable: hits" "$rc$err$(hits)" 01
capture with MODE=zeisig vt run mode
has "... not with another value" "$out" "env 'MODE' changed"
is "the repository has one folder" "$(shares)" 1
is "... for the user alone" "$(find "$T/home/.cache/vt" -perm /077 | wc -l)" 0
is "... without a value" "$(grep -rla kanarienvogel "$SHARES" "$T/second/.vt" | wc -l)" 0
capture vt run build
is "a result that came: kept in the worktree" "$rc$(grep -c '(worktrees)' <<<"$out")$(hits)" 001

# in every direction
file in.txt other; capture vt run build
is "a new result of the second worktree: made" "$rc$err$(hits)" 00
made=$(<out/a)
cd "$T/main" && file in.txt other && capture vt run build
is "... hits in the first" "$rc$err$(hits) $(<out/a)" "01 $made"
capture with MODE=kanarienvogel vt run mode
has "an earlier result: still hits in the first" "$err$out" "echo in"
file in.txt text; capture with MODE=kanarienvogel vt run mode
is "... also with its variable" "$rc$err$(hits)" 01
git worktree add -q "$T/third" && cd "$T/third" && capture vt run build
is "a third worktree: hits" "$rc$err$(hits)" 01
mkdir -p "$T/third/sub/app" && cd "$T/third/sub/app" && file package.json '{"name":"app"}' && file pnpm-workspace.yaml 'packages: []' && file in.txt text && cp "$T/main/vite-task.json" .
capture vt run build; is "a workspace below the top of a worktree: runs" "$rc$err" 0
cp -r "$T/third/sub" "$T/second/sub"; rm -rf "$T/second/sub/app/.vt" "$T/second/sub/app/out"; cd "$T/second/sub/app" && capture vt run build
is "... and shares its results" "$rc$err$(hits)" 01

# switched off, and listed
cd "$T/second" && rm -rf .vt out; git checkout -q in.txt
mkdir -p -m 700 "$T/home/.config/vt"; file "$T/home/.config/vt/config.json" '{"plugins": {"worktrees": false}}'
capture vt run build
is "the user's configuration: switches sharing off" "$rc$err$(hits)" 00
file "$T/home/.config/vt/config.json" '{}'
rm -rf .vt out; sed -i 's/^{/{"plugins": {"worktrees": false}, /' vite-task.json
capture vt run build
is "the repository's configuration: switches sharing off" "$rc$err$(hits)" 00
git checkout -q vite-task.json; sed -i 's/^{/{"plugins": {"worktrees": 1}, /' vite-task.json
capture vt run build
has "another word: an error" "$err" "vite-task.json:1:27: \`plugins.worktrees\` must be true or false; found"
git checkout -q vite-task.json; rm -rf .vt out
file "$T/home/.config/vt/config.json" '{"plugins": {"stores": ["store-local"]}}'
capture vt run build
is "a list of stores: those alone are used" "$rc$err$(hits)" 00
file "$T/home/.config/vt/config.json" "{\"plugins\": {\"stores\": [\"store-local\"], \"sharing\": {\"key\": \"$KEY\"}}}"
capture vt run build
file in.txt keyed; capture vt run build; cd "$T/main" && file in.txt keyed && capture vt run build
is "a list of stores with a team key: the worktrees are used" "$rc$err$(hits)" 01
file "$T/home/.config/vt/config.json" '{"plugins": {"options": {"worktrees": {"size": "50 MB", "age": "1d"}}}}'
cd "$T/second" && git checkout -q in.txt && rm -rf out .vt && capture vt run build
is "size and age of the folder: can be set" "$rc$err$(hits)" 01
capture vt doctor
has "vt doctor: shows the folder" "$out" "worktrees (far) answers in"
capture vt plugins list
like "vt plugins list: shows the store" "$out" "*store-folder*in use*"
file "$T/home/.config/vt/config.json" '{}'

# a folder that may not be the user's
other() { rm -rf "$T/second/.vt" "$T/second/out"; cd "$T/second" && capture vt run build; }
chmod 770 "$SHARES"/*; other
is "a folder that others may write to: not used" "$rc$(hits) $(grep -c . <<<"$err")" "00 1"
has "... and one line tells why" "$err" "others can use"
chmod 700 "$SHARES"/*; mv "$SHARES" "$T/moved"; ln -s "$T/moved" "$SHARES"; other
is "a folder behind a link: not used" "$rc$(hits) $(grep -c . <<<"$err")" "00 1"
rm "$SHARES"; mv "$T/moved" "$SHARES"
with XDG_CACHE_HOME=$T/second other
is "a folder in the workspace: not used" "$rc$(hits)" 00
gone "... and nothing is made there" "$T/second/vt"
other; is "the former folder again: used" "$rc$err$(hits)" 01
other() { rm -rf .vt out; capture vt run build; }

# a clone whose .git says that it is a worktree of another user's repository
n=$(shares)
clone_at() { rm -rf "$T/hostile"; mkdir "$T/hostile"; cp "$T/main/package.json" "$T/main/vite-task.json" "$T/hostile"; cd "$T/hostile" && echo text >in.txt; }
for what in "gitdir: $T/main/.git/worktrees/second" "gitdir: $T/main/.git" "gitdir: ../main/.git/worktrees/third" "gitdir: " "gitdir: /" "nothing" "gitdir: $T/main/.git/worktrees/../worktrees/second"; do
	clone_at; printf '%s\n' "$what" >.git; other
	is "$what: shares nothing" "$rc$err$(hits)" 00
done
clone_at; ln -s "$T/second/.git" .git; other
is "a link to such a repository: shares nothing" "$rc$err$(hits)" 00
clone_at; mkdir -p fake/worktrees/x; echo "gitdir: fake/worktrees/x" >.git; echo ../.. >fake/worktrees/x/commondir; echo "$T/hostile/.git" >fake/worktrees/x/gitdir; other
is "a clone that brings a repository: shares with itself alone" "$rc$err$(hits)" 00
clone_at; mkdir -p fake/worktrees/x; echo "gitdir: fake/worktrees/x" >.git; echo "$T/main/.git" >fake/worktrees/x/commondir; echo "$T/hostile/.git" >fake/worktrees/x/gitdir; other
is "... and with no other that it names" "$rc$err$(hits)" 00
clone_at; mkfifo .git; other
is "a pipe: not waited for" "$rc$err$(hits)" 00
clone_at; head -c 100000 /dev/zero >.git; other
is "a file of another form: not waited for" "$rc$err$(hits)" 00
if [ "$(id -u)" = 0 ]; then
	cd "$T/second" && chown 65534 "$T/main/.git" && other; chown 0 "$T/main/.git"
	is "a repository of another user: shares nothing" "$rc$err$(hits)" 00
else
	skip "a repository of another user" "only root can make one"
fi
mv "$T/third" "$T/elsewhere" && cd "$T/elsewhere" && other
is "a worktree that git has forgotten: shares nothing" "$rc$err$(hits)" 00

# many at the same time, and the rest that stays when the repository goes
rm -rf "$SHARES" "$T/main/.vt"
for i in 1 2 3 4 5 6; do git -C "$T/main" worktree add -q "$T/m$i" -b "m$i" || exit 99; done
for i in 1 2 3 4 5 6; do (cd "$T/m$i" && with MODE=fink vt run mode >"$T/m$i.out" 2>&1 || echo failed) & done | grep -c failed >"$T/failed"; wait
is "six worktrees at once: all run" "$(<"$T/failed")" 0
is "... have one folder with one key" "$(shares) $(find "$SHARES" -name 'key*' | wc -l)" "1 1"
for i in 1 2 3 4 5 6; do rm -rf "$T/m$i/.vt"; cd "$T/m$i" && capture with MODE=fink vt run mode; is "... worktree $i hits" "$rc$err$(hits)" 01; done
touch -d '40 days ago' "$SHARES"/*
mv "$T/main" "$T/main2"; workspace main3; file package.json '{"name":"root"}'; cp "$T/main2/vite-task.json" .; file in.txt text
git init -q . && git add . && git commit -qm first && git worktree add -q "$T/new" || exit 99
cd "$T/new" && capture vt run build
is "another repository: its own folder" "$rc$(shares)" 01
finish
