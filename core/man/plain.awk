# plain.awk: makes plain text of a manual page, for machines that have no man. Understands what the
# pages of vt use of mdoc(7); tests/lint/man.sh compares the words with those that mandoc prints.
#
#     awk -f plain.awk page.1
BEGIN {
	WIDTH = 78
	split("Ap Ar Bq Brq Cm Dq Dv Em Ev Fa Fl Fn Ft Ic In Li Nm No Ns Oc Oo Op Pa Pc Po Pq Ql Sx Sy Ta Va Vt Xr", names, " ")
	for (i in names)
		MACRO[names[i]] = 1
	split("Bq Brq Dq Op Pq Ql", names, " ")
	for (i in names)
		ENCLOSES[names[i]] = 1
	OPENS["Bq"] = "["; OPENS["Brq"] = "{"; OPENS["Dq"] = "\""; OPENS["Op"] = "["; OPENS["Pq"] = "("; OPENS["Ql"] = "'"
	CLOSES["Bq"] = "]"; CLOSES["Brq"] = "}"; CLOSES["Dq"] = "\""; CLOSES["Op"] = "]"; CLOSES["Pq"] = ")"; CLOSES["Ql"] = "'"
	TAB = "\001"                           # between the cells of a row
	BLANK = "\002"                         # a blank at which no line ends
	depth = 0                              # of lists and displays
	indent[0] = 4
}

# ---- a paragraph ------------------------------------------------------------------------

function spaces(n) { return sprintf("%" n "s", "") }

# An empty line before what follows, unless there is one, or nothing yet.
function gap() { wants_gap = printed }

function out(text) {
	if (wants_gap)
		print ""
	wants_gap = 0
	printed = 1
	sub(/ +$/, "", text)
	gsub(BLANK, " ", text)
	print text
}

# Prints what was collected, filled, with `first` in front of the first line in place of the indent.
function flush(   words, n, i, line, lead) {
	if (text == "")
		return
	lead = spaces(indent[depth])
	line = first != "" ? first : lead
	first = ""
	if (literal) {
		out(lead text)
	} else {
		n = split(text, words, " ")
		for (i = 1; i <= n; i++) {
			if (i > 1 && length(line " " words[i]) > WIDTH) {
				out(line)
				line = lead words[i]
			} else {
				line = line (i > 1 && line != lead ? " " : "") words[i]
			}
		}
		out(line)
	}
	text = ""
	joined = 1
}

# joined: nothing separates the next word from what stands before.
function add(word) {
	text = text (joined || text == "" ? "" : " ") word
	joined = 0
}
function add_behind(word) { joined = 1; add(word) }
function add_before(word) { add(word); joined = 1 }

# ---- words ----------------------------------------------------------------------------------

function plain(s) {
	gsub(/\\\(dq/, "\"", s); gsub(/\\&/, "", s); gsub(/\\-/, "-", s); gsub(/\\ /, BLANK, s)
	gsub(/\\\(en/, "-", s); gsub(/\\e/, "\\", s)
	return s
}

# Splits a macro's line into word[1..words_n]; is_quoted[i]: it is no macro.
function split_line(s,   c, w) {
	words_n = 0
	while (s != "") {
		sub(/^[ \t]+/, "", s)
		if (s == "")
			break
		words_n++
		if (substr(s, 1, 1) == "\"") {
			s = substr(s, 2)
			c = index(s, "\"")
			w = c ? substr(s, 1, c - 1) : s
			s = c ? substr(s, c + 1) : ""
			gsub(/ /, BLANK, w)
			is_quoted[words_n] = 1
		} else {
			match(s, /^([^ \t\\]|\\.)+/)
			w = substr(s, 1, RLENGTH)
			s = substr(s, RLENGTH + 1)
			is_quoted[words_n] = 0
		}
		word[words_n] = w
	}
}

function is_macro(i) { return !is_quoted[i] && (word[i] in MACRO) }
function is_end_mark(i) { return word[i] ~ /^[.,:;)?!\]]$/ }
function is_begin_mark(i) { return word[i] ~ /^[(\[]$/ }

function add_word(i) {
	if (is_end_mark(i))
		add_behind(word[i])
	else if (is_begin_mark(i))
		add_before(word[i])
	else
		add(plain(word[i]))
}

# The last of the words from i on that belongs to the macro before them: up to the next macro, without end marks.
function last_of(i, n,   last) {
	for (last = i - 1; last < n && !is_macro(last + 1); last++)
		;
	while (last >= i && is_end_mark(last))
		last--
	return last
}

# The last of the words from i to `last` before an end mark.
function arguments_of(i, last) {
	for (; i <= last && !is_end_mark(i); i++)
		;
	return i - 1
}

function joined_words(i, last, between,   s, k) {
	for (k = i; k <= last; k++)
		s = s (k > i ? between : "") plain(word[k])
	return s
}

# Reads the words from i to n, macros among them.
function read_words(i, n,   m, last, k) {
	while (i <= n) {
		if (!is_macro(i)) {
			add_word(i++)
			continue
		}
		m = word[i++]
		if (m in ENCLOSES) {
			for (last = n; last >= i && is_end_mark(last); last--)
				;
			add_before(OPENS[m])
			read_words(i, last)
			add_behind(CLOSES[m])
			i = last + 1
			continue
		}
		last = last_of(i, n)
		if (m == "Ns") joined = 1
		else if (m == "Ap") { add_behind("'"); joined = 1 }
		else if (m == "Ta") { add_behind(TAB); joined = 1 }
		else if (m == "Oo") add_before("[")
		else if (m == "Po") add_before("(")
		else if (m == "Oc") add_behind("]")
		else if (m == "Pc") add_behind(")")
		else if (m == "Xr") { add(word[i] "(" word[i + 1] ")"); i += 2 }
		else if (m == "In") { add((synopsis ? "#include " : "") "<" word[i] ">"); i++ }
		else if (m == "Fn") { last = arguments_of(i + 1, last); add(plain(word[i]) "(" joined_words(i + 1, last, "," BLANK) ")" (synopsis ? ";" : "")); i = last + 1 }
		else if (m == "Nm" && last < i) add(page)
		else if (m == "Ar" && last < i) add("file ...")
		else if (m == "Fl" && last < i) add("-")
		else for (; i <= last; i++) {
			if (m == "Fl" && word[i] != "|" && !is_end_mark(i)) add("-" plain(word[i]))
			else add_word(i)
		}
	}
}

# ---- lists and displays -------------------------------------------------------------------

function begin(what, more) {
	flush()
	kind[depth + 1] = what
	indent[depth + 1] = indent[depth] + more
	depth++
}

function begin_list(   i) {
	compact[depth + 1] = 0
	columns[depth + 1] = 0
	count[depth + 1] = 0
	for (i = 2; i <= words_n; i++) {
		if (word[i] == "-compact") compact[depth + 1] = 1
		else if (word[i] == "-offset" || word[i] == "-width") i++
		else if (word[1] == "-column") column[depth + 1, ++columns[depth + 1]] = length(plain(word[i])) + 2
	}
	if (word[1] == "-column") { gap(); compact[depth + 1] = 1 }
	begin(word[1], word[1] == "-tag" ? 8 : word[1] == "-enum" ? 3 : word[1] == "-bullet" ? 2 : 0)
	if (compact[depth]) gap()
}

function row(   cells, n, i, line) {
	n = split(text, cells, TAB)
	for (i = 1; i <= n; i++) {
		gsub(/^ +| +$/, "", cells[i])
		line = line cells[i] (i == n ? "" : spaces(column[depth, i] > length(cells[i]) + 1 ? column[depth, i] - length(cells[i]) : 2))
	}
	out(spaces(indent[depth]) line)
	text = ""
	joined = 1
}

function item() {
	flush()
	if (!compact[depth] && kind[depth] != "-column")
		gap()
	count[depth]++
	if (kind[depth] == "-bullet") first = spaces(indent[depth] - 2) "* "
	if (kind[depth] == "-enum") first = spaces(indent[depth] - 3) sprintf("%-3s", count[depth] ".")
	joined = 1
	read_words(1, words_n)
	if (kind[depth] == "-column") row()
	if (kind[depth] == "-tag") {
		indent[depth] -= 8
		flush()
		indent[depth] += 8
	}
}

# ---- lines ------------------------------------------------------------------------------------

/^\.\\"/ { next }
!/^\./ {
	if (literal) { text = plain($0); gsub(/ /, BLANK, text); if (text == "") out(""); flush(); next }
	line = plain($0)
	n = split(line, parts, /[ \t]+/)
	for (i = 1; i <= n; i++)
		if (parts[i] != "") add(parts[i])
	next
}
{
	macro = $1
	sub(/^\./, "", macro)
	rest = $0
	sub(/^\.[A-Za-z]+[ \t]*/, "", rest)
	split_line(rest)
}
macro ~ /^(Dd|Os)$/ { next }
macro == "Dt" { title = tolower(word[1]); next }
macro == "Sh" || macro == "Ss" {
	flush()
	gap()
	synopsis = rest == "SYNOPSIS"
	joined = 1
	read_words(1, words_n)
	text = (macro == "Ss" ? "  " : "") text
	out(text)
	text = ""
	joined = 1
	next
}
macro == "Pp" { flush(); gap(); next }
macro == "Nd" { add("-"); read_words(1, words_n); next }
macro == "Bl" { begin_list(); next }
macro == "It" { item(); next }
macro == "El" { flush(); depth--; next }
macro == "Bd" {
	flush()
	gap()
	begin("display", rest ~ /-offset/ ? 4 : 0)
	literal = word[1] == "-literal"
	next
}
macro == "Ed" { flush(); literal = 0; depth--; gap(); next }
macro == "Dl" {
	flush()
	gap()
	begin("display", 4)
	read_words(1, words_n)
	flush()
	depth--
	gap()
	next
}
macro == "Fo" { flush(); add_before(plain(word[1]) "("); arguments = 1; next }
macro == "Fc" { arguments = 0; add_behind(")" (synopsis ? ";" : "")); flush(); next }
macro == "Fa" && arguments { if (arguments++ > 1) add_behind(","); add(joined_words(1, words_n, " ")); next }
{
	if (macro == "Nm" && words_n && page == "")
		page = word[1]
	# a form of the command begins a line, and so does a function
	if (synopsis && macro ~ /^(Nm|Ft|In)$/) flush()
	if (synopsis && macro == "Fn" && text !~ /\(/) { joined = 0 }
	sub(/^\./, "")
	split_line($0)
	read_words(1, words_n)
	if (synopsis && macro ~ /^(Fn|In)$/) flush()
	if (literal) flush()
}
END { flush() }
