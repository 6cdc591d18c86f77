# The arrows between the rooms run one way: every #include "room/..." of core is
# allowed by rooms.txt, or the test names the line.
. "${0%/*}/../lib/functions.sh" || exit
cd "$abs_top_srcdir" || exit 99
check() {                      # check FILE...: prints the forbidden ones
	awk -v rooms="${ROOMS:-tests/lint/rooms.txt}" '
	BEGIN {
		while ((getline line < rooms) > 0) {
			if (line ~ /^#/ || line !~ /:/) continue
			split(line, half, ":"); n = split(half[2], may, " ")
			known[half[1]] = 1
			for (i = 1; i <= n; i++) allowed[half[1] "|" may[i]] = 1
		}
		kin["vt-plugin.h"] = "plugin"; kin["client/wire.h"] = "wire"
		kin["client/vt-client.h"] = "client"; kin["supervisor/message.h"] = "message"
	}
	/^[ \t]*#[ \t]*include[ \t]*"/ {
		split($0, q, "\""); inc = q[2]
		n = split(FILENAME, dir, "/"); room = dir[n - 1]
		if (inc == "config.h" || n < 2 || room == "core") next
		split(inc, part, "/"); to = part[1]
		if (to == room) next
		if (inc in kin) to = kin[inc]
		if (!((room "|" to) in allowed) && !((room "|" inc) in allowed))
			print FILENAME ":" FNR ": " room " may not include \"" inc "\""
	}' "$@"
}
found=$(check core/*/*.[ch])
is "no room includes what it must not know" "$found" ""
mkdir -p "$T/core/query"
echo '#include "os/file.h"' >"$T/core/query/bad.c"
has "a wrong arrow is found" "$(check "$T/core/query/bad.c")" 'query may not include "os/file.h"'

# libraries stay where they are used
only() {                       # only HEADER FOLDER...: nobody else includes it
	local h=$1 f; shift
	f=$(grep -rlE "#include <$h" core plugins plugin-api --include='*.[ch]' || true)
	for d; do f=$(printf '%s\n' "$f" | grep -v "^$d" || true); done
	is "<$h> is included by $* only" "$f" ""
}
only 'uv\.h' core/os/ core/process/
only 'cjson/' core/text/json core/workspace/ core/choose/ core/plug/ core/kit/ core/cmd/ core/import/ core/report/last
only 'yaml\.h' core/text/yaml
only 'sodium\.h' core/base/digest core/base/sign
only 'nettle' core/base/digest plugins/store-http/sign
only 'zstd' plugins/
only 'xxhash' plugins/ core/base/checksum
only 'git2' plugins/fingerprint-git/
only 'openssl' plugins/store-redis/
only 'curl' plugins/store-http/
# plugins are built with the public header alone
is "plugins include nothing of core" "$(grep -nE '#include "' -r plugins --include='*.[ch]' | grep -vE '"(vt-plugin\.h|[a-z-]+\.h)"' || true)" ""

# only main reads the live environment and ends the program
calls() { grep -nE "(^|[^_a-zA-Z.>])($1)[ \t]*\(" -r core --include='*.c' | grep -vE "^core/($2)" | grep -vE ':[ \t]*(/\*|\*|//)' || true; }
is "getenv and environ are read in main.c only" "$(calls 'getenv|secure_getenv|setenv|putenv|unsetenv' 'main\.c|supervisor/'; grep -nwE 'environ' -r core --include='*.c' | grep -vE '^core/(main\.c|supervisor/)' | grep -vE ':[ \t]*(/\*|\*)|"' || true)" ""
is "no unbounded or shell calls" "$(calls 'strcpy|strcat|sprintf|vsprintf|gets|system|popen|tmpnam|mktemp' 'none')" ""
is "exit is called in main.c, cmd and mem.c, in children that try something out, and where vt crashes" "$(calls 'exit|_exit' 'main\.c|cmd/|base/mem\.c|os/crash\.c|supervisor/|kit/(check|describe)|os/answers\.c|ask/machine\.c')" ""
is "each room says what it is" "$(for r in base text os process workspace query plan choose plug kit fact record cache ipc report exec cmd; do grep -lq "^/\* $r: " core/$r/*.h || echo $r; done)" ""
finish
