# Packages, tasks, options and their values are completed in real shells: bash, zsh and fish.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm web ui
file package.json '{"name":"root","scripts":{"all":"echo all"}}'
file packages/web/package.json '{"name":"web","scripts":{"build":"echo b","build:dev":"echo dev","test":"echo t"}}'
file packages/ui/package.json '{"name":"@scope/ui","scripts":{"lint":"echo l"}}'
mkdir -p "$T/bin"; ln -s "$VT" "$T/bin/vt"
# offers WORD...: prints the candidates that vt offers for the last word
offers() { vt completion words -- "$@" | cut -f 1 | tr '\n' ' '; }
is "the first word: commands" "$(offers pl)" "plugins "
is "a task of the package here" "$(offers run al)" "all "
is "tasks of other packages, by their full names" "$(offers run web#)" "web#build web#build:dev web#test "
is "with -r tasks of all packages, by their short names" "$(offers run -r l)" "lint "
is "packages" "$(offers run -F @)" "@scope/ui "
is "folders of packages" "$(offers run --filter ./)" "./packages/ui ./packages/web ./ "
is "options" "$(offers run --paral)" "--parallel "
is "values" "$(offers run --log g)" "grouped "
is "values behind =" "$(offers run --log=g)" "--log=grouped "
is "verbs of a command" "$(offers cache v)" "verify "
is "... each a word, once" "$(offers cache '')" "clean stat ls show verify push pull key "
is "the words behind a verb" "$(offers cache key '')$(offers cache verify '')" "new show-public "
is "the task of a verb" "$(offers cache show al)$(offers cache pull al)$(offers cache verify al)" "all all "
is "the words behind a task are the task's" "$(offers run all x)" ""
is "... but not of run-many" "$(offers run-many all al)" "all "
is "another folder" "$(offers run -C packages/web buil)" "build build:dev "
like "each word has its meaning" "$(vt completion words -- run --paral)" "--parallel	Ignore the order*"
for c in $(vt --help | sed -n '/^Commands:/,/^$/{s/^  \([a-z-]*\) .*/\1/p}'); do
	vt "$c" --help | sed -n '/^Options:/,/^$/p' | grep -oE '^ +(-[A-Za-z0], )?--[a-z][a-z-]+' | grep -oE -- '--.*' | sort -u >"$T/told"
	is "each option of vt $c is offered" "$(comm -23 "$T/told" <(offers "$c" -- | tr ' ' '\n' | sort))" ""
done
# names and commands with characters that a terminal or a shell interprets
mkdir "$T/odd" && cd "$T/odd" || exit 99
printf '{"name":"odd","scripts":{"esc\\u001b[31m":"x","c1\\u009b31m":"x","del\\u007f":"x","bidi\\u202e":"x","$(touch pwned)":"a","`touch pwned`":"b","a;touch pwned":"c","q\\"\\u0027":"d",
	"%%{touch pwned%%}":"e","*":"f","hundred":"100%% %%{\\u001b]0;x\\u0007%%} \\u009b31m \\u202e"}}' >package.json
vt completion words -- run '' >"$T/odd.words"
is "no name that a terminal obeys is offered" "$(grep -cE '^(esc|c1|del|bidi)' "$T/odd.words") $(LC_ALL=C tr -d '\n\t -~' <"$T/odd.words" | wc -c)" "0 0"
is "the others are, as they are" "$(cut -f 1 "$T/odd.words" | grep -c 'touch pwned')" 8
cd / || exit 99
capture vt completion words -- run x
is "outside of a workspace: nothing is offered, without an error" "$rc $out$err" "0 "
cd "$W" || exit 99
for s in bash:vt zsh:_vt fish:vt.fish; do
	is "what is installed for ${s%%:*} is what vt prints" "$(vt completion "${s%%:*}")" "$(<"$abs_top_srcdir/core/ask/completion/${s#*:}")"
done
capture vt completion tcsh
is "another shell: an error" "$rc $(head -2 <<<"$err")" "2 error: invalid value 'tcsh' for '<SHELL>'
  [possible values: bash, zsh, fish]"

# keys: complete the words behind vt, then turn `vt` at the front of the line into `say`, which prints them
keys='vt run --para\x09--log=gr\x09web#build:\x09\x01\x1bdsay\x05'
# type_in SHELL... -- KEYS: prints the words of the line that the shell runs after the keys and a return
type_in() {
	local shell=()
	while [ "$1" != -- ]; do shell+=("$1"); shift; done
	base_env PATH="$T/bin:$PATH" TERM=xterm "$abs_top_builddir/tests/lib/terminal" --when 'prompt> ' "$2\\r" --when 'said<' '' --when 'prompt> ' 'exit\r' -- "${shell[@]}" >"$T/out" 2>"$T/err"
	tr -d '\r' <"$T/out" | sed 's/\x1b\[[0-9;?]*[a-zA-Z]//g' | sed -n 's/.*said<\(.*\)>.*/\1/p' | tail -n 1
}
if command -v bash >/dev/null; then
	cat >"$T/bashrc" <<-R
	PS1='prompt> '
	source <(vt completion bash)
	say() { echo "said<\$*>"; }
	R
	bash_line() { bash --norc -c '
		COMP_WORDBREAKS=$1; source <("$2" completion bash)
		COMP_LINE="$2 $3"; COMP_POINT=${#COMP_LINE}
		_vt; printf "%s\n" "${COMPREPLY[@]}"' bash "$1" "$VT" "$2"; }
	breaks=$' \t\n"\'@><=;|&(:'
	is "bash: a task with a colon, of which bash replaces the end" "$(bash_line "$breaks" 'run web#build:')" "dev"
	is "bash: a scoped package, of which bash replaces the end" "$(bash_line "$breaks" 'run -F @sc')" "scope/ui"
	is "bash: a value behind =" "$(bash_line "$breaks" 'run --log=gr')" "grouped"
	is "bash: without these characters whole words" "$(bash_line $' \t\n' 'run web#build:')" "web#build:dev"
	cd "$T/odd" || exit 99
	is "bash: a name is put on the line in quotes" "$(bash_line "$breaks" 'run $(')" '\$\(touch\ pwned\)'
	is "... and is one word, as it was" "$(eval "printf '%s|' $(bash_line "$breaks" 'run $(')")" '$(touch pwned)|'
	for name in '$(' '`' 'a;' '%' '*' 'q'; do eval "printf '%s\n' $(bash_line "$breaks" "run $name")"; done >"$T/said" 2>&1
	gone "... and nothing of it runs" pwned
	cd "$W" || exit 99
	is "bash: typed on a terminal" "$(type_in bash --rcfile "$T/bashrc" -i -- "$keys")" "run --parallel --log=grouped web#build:dev"
fi
if command -v zsh >/dev/null; then
	mkdir -p "$T/zdot" "$T/zfunc"
	cp "$abs_top_srcdir/core/ask/completion/_vt" "$T/zfunc/"
	zrc() { cat >"$T/zdot/.zshrc" <<-R
	PROMPT='prompt> ' RPS1=
	$1
	say() { echo "said<\$*>"; }
	R
	}
	zrc 'fpath=($ZDOTDIR/../zfunc $fpath); autoload -Uz compinit; compinit -u -D'
	is "zsh: installed, typed on a terminal" "$(ZDOTDIR= type_in env ZDOTDIR="$T/zdot" zsh -i -- "$keys")" "run --parallel --log=grouped web#build:dev"
	cd "$T/odd" || exit 99
	is "zsh: a name is put on the line in quotes" "$(ZDOTDIR= type_in env ZDOTDIR="$T/zdot" zsh -i -- 'vt run a\x09\x01\x1bdsay\x05')" "run a;touch pwned"
	hasnt "zsh: what it shows of a command it does not obey" "$(type_in env ZDOTDIR="$T/zdot" zsh -i -- 'vt run \x09\x15say\x05'; cat -v "$T/out")" $'\x1b]0;x'
	gone "... and nothing of it runs" pwned
	cd "$W" || exit 99
	zrc 'autoload -Uz compinit; compinit -u -D; source <(vt completion zsh)'
	is "zsh: sourced, typed on a terminal" "$(type_in env ZDOTDIR="$T/zdot" zsh -i -- "$keys")" "run --parallel --log=grouped web#build:dev"
else
	skip "zsh: typed on a terminal" "zsh is not installed"
fi
if command -v fish >/dev/null; then
	fish_line() { base_env PATH="$T/bin:$PATH" fish --no-config -c 'source '"$abs_top_srcdir"'/core/ask/completion/vt.fish; complete -C $argv[1]' -- "$1" 2>&1; }
	is "fish: a task with a colon" "$(fish_line 'vt run web#build:')" "web#build:dev	echo dev"
	is "fish: a scoped package" "$(fish_line 'vt run -F @sc')" "@scope/ui	packages/ui"
	like "fish: an option with its meaning" "$(fish_line 'vt run --paral')" "--parallel	Ignore the order*"
	is "fish: files where vt offers nothing" "$(fish_line 'vt run --events pnpm-w')" "pnpm-workspace.yaml"
else
	skip "fish: complete -C" "fish is not installed"
fi
finish
