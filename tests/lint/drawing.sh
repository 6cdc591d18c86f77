# The list of files in core/README.md is the tree, and no room has outgrown its drawing.
. "${0%/*}/../lib/functions.sh" || exit
cd "$abs_top_srcdir" || exit 99
MOST=14                              # source files of one room
# drawn README: room/name of each line of its list
drawn() { sed -n '/^```files$/,/^```$/p' "$1" | awk '/^[a-z]/ { room = $1 } /^  [a-z]/ { print room "/" $1 }' | LC_ALL=C sort; }
# built FOLDER: room/name of each source file
built() { (cd "$1" && ls -- */*.c | sed 's/\.c$//' | LC_ALL=C sort); }
# compare README FOLDER: the files that only one of them has
compare() {
	comm -13 <(drawn "$1") <(built "$2") | sed "s|\(.*\)/\(.*\)|$1 has no line '  \2' below '\1' for core/\1/\2.c|"
	comm -23 <(drawn "$1") <(built "$2") | sed "s|\(.*\)/\(.*\)|$1 has the line '  \2' below '\1', and core/\1/\2.c is not there|"
}
# crowded FOLDER: rooms with more files than that
crowded() { built "$1" | cut -d / -f 1 | uniq -c | awk -v most=$MOST '$1 > most { print $2 " has " $1 " source files, " most " at most: which two rooms is it?" }'; }
is "each source file has its line, each line its file" "$(compare core/README.md core)" ""
is "no room has more than $MOST source files" "$(crowded core)" ""
is "each room has its arrows in rooms.txt" "$(comm -23 <(drawn core/README.md | cut -d / -f 1 | uniq) <(sed -n 's/^\([a-z]*\):.*/\1/p' tests/lint/rooms.txt | LC_ALL=C sort))" ""

# the lint finds what it looks for
mkdir -p "$T/core/one" "$T/core/two"
touch "$T/core/one"/{a,b}.c "$T/core/two"/{a,b,c,d,e,f,g,h,i,j,k,l,m,n,o}.c
{ echo '```files'; echo one; echo '  a  x'; echo '  gone  x'; echo two; for f in a b c d e f g h i j k l m n o; do echo "  $f  x"; done; echo '```'; } >"$T/README.md"
is "a missing line and a line too many are named" "$(compare "$T/README.md" "$T/core" | sed "s|$T/||")" "README.md has no line '  b' below 'one' for core/one/b.c
README.md has the line '  gone' below 'one', and core/one/gone.c is not there"
is "a crowded room is named" "$(crowded "$T/core")" "two has 15 source files, 14 at most: which two rooms is it?"
finish
