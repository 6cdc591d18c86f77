# Text of others reaches the terminal through text/shown.h (or screen_style, words_*, cmd_line, which use it).
# Calls that print past it stand in shown.txt: their text is vt's own, JSON, or a task's output.
. "${0%/*}/../lib/functions.sh" || exit
cd "$abs_top_srcdir" || exit 99
# Each call on one line; then those that print text which is not a literal.
prints() {
	local f
	for f in core/main.c core/report/*.c core/ask/*.c core/cmd/*.c core/exec/*.c; do
		sed -e ':a' -e '/,$/{N;s/,\n[ \t]*/, /;ba' -e '}' "$f" | sed -nE "
			s/^[ \t]*//
			/(^|[^a-z_])(printf|fprintf|buf_printf)\(.*%[-.*0-9]*s/bprint
			/(^|[^a-z_])(puts|fputs|buf_text|fwrite|buf_add)\(/!d
			h
			s/\"([^\"\\\\]|\\\\.)*\"/L/g
			/(puts|fputs|buf_text)\(([^,()]*, )?([^,?]* \? )?L( : L)?(, std[a-z]*|, to)?\)/d
			g
			:print
			s|^|$f: |p"
	done
}
# JSON quotes on its own, and a client's answers are data
prints | grep -vE '^core/(cmd/show_json|report/(last|account|events|profile)|cmd/client)\.c: ' | LC_ALL=C sort -u >"$T/prints"
grep -vE '^(#|$)' tests/lint/shown.txt | LC_ALL=C sort -u >"$T/known"
is "nothing is printed past text/shown.h but what shown.txt has" "$(LC_ALL=C comm -23 "$T/prints" "$T/known")" ""
is "shown.txt has nothing that is gone" "$(LC_ALL=C comm -13 "$T/prints" "$T/known")" ""
# the check itself: a name that is printed as it is would be found
mkdir -p "$T/tree/core/report" "$T/tree/core/ask" "$T/tree/core/cmd" "$T/tree/core/exec"
cd "$T/tree" || exit 99
touch core/main.c core/exec/run.c core/ask/c.c
printf '\tprintf("hello %%s\\n",\n\t       name);\n' >core/cmd/a.c
printf '\tbuf_text(b, task->name);\n\tbuf_text(b, "own");\n\tbuf_text(b, n ? "one" : "two");\n\tfputs("own", to);\n' >core/report/b.c
is "a name that is printed past it is found" "$(prints)" 'core/report/b.c: buf_text(b, task->name);
core/cmd/a.c: printf("hello %s\n", name);'
finish
