# The tutorial's store is a working store, and the manual knows every name of the header.
. "${0%/*}/../../lib/functions.sh" || exit
requires ${CC%% *}
api=$abs_top_srcdir/plugin-api
cd "$T"
sed -n '/^\/\* store-small.c \*\//,/^\.Ed/p' "$api/vt-plugin.7" | sed '/^\.Ed/d; s/\\e/\\/g' >store-small.c
is "the tutorial's store is the installed example" "$(diff store-small.c "$api/example/store-small.c")" ""
for name in store-small:90 part-small:60; do
	n=$(wc -l <"$api/example/${name%:*}.c")
	ok "${name%:*} is short ($n lines)" $((n >= ${name#*:}))
done
$CC -Wall -Wextra -Werror -shared -fPIC -I"$api" store-small.c -o vt-store-small.so 2>errors
ok "the tutorial's store builds without a warning" $? || sed 's/^/# /' errors
capture vt plugins check vt-store-small.so
is "the tutorial's store keeps its promises" "$rc $(printf '%s\n' "$out" | grep WRONG)" "0 "
# spoilt SED-SCRIPT TRIAL SENTENCE: the tutorial's store with one mistake, and the sentence of the trials
spoilt() {
	sed "$1; s/store-small/spoilt/" store-small.c >spoilt.c
	$CC -shared -fPIC -I"$api" spoilt.c -o vt-spoilt.so 2>errors || sed 's/^/# /' errors
	capture vt plugins check vt-spoilt.so
	like "a store that $2: a trial fails" "$rc $out" "1 *WRONG  spoilt: $3*"
}
spoilt 's/%s.XXXXXX/%s.new/; s/mkostemp(temporary, /open(temporary, O_WRONLY | O_CREAT | O_EXCL | /; s/O_EXCL | O_CLOEXEC)/O_EXCL | O_CLOEXEC, 0600)/; s/unlink(temporary)/(void)0/' \
	"takes nothing after a put that failed" "a put can be tried again: put of a blob of 3145728 bytes answers VT_FAILED, expected VT_OK"
spoilt '0,/buffer.65536.;/s//*unused = NULL; static _Thread_local char buffer[100 << 20];/' \
	"takes a whole blob into memory" "a large blob goes through: get of a blob of 100 MiB takes 1?? MiB of memory"
for page in vt-plugin.7 vt-plugin.3; do
	if command -v mandoc >/dev/null; then is "$page is clean" "$(mandoc -Tlint -Wwarning "$api/$page")" ""; else skip "$page is clean" "mandoc is not installed"; fi
done
missing=
for name in $(grep -oE '\(\*[a-z_]+\)\(' "$api/vt-plugin.h" | tr -d '()*' | sort -u); do
	grep -qE "(Fn|It Fn) $name( |\$)" "$api/vt-plugin.3" || missing="$missing $name"
done
is "every call of the header stands in vt-plugin(3)" "$missing" ""
missing=
for name in $(awk '$1 == "#define" && $2 ~ /^VT_(OK|NONE|FAILED|CANCELLED|UNSUPPORTED|KIND|ROLE|OPTION|SPACE|STEP|THREADS|COMPONENT)/ { print $2 }' "$api/vt-plugin.h"); do
	grep -q "$name" "$api/vt-plugin.3" || missing="$missing $name"
done
is "every constant that a plugin writes: in the manual" "$missing" ""
finish
