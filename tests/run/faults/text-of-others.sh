# Names from the repository, plugins and tools hold control characters: a terminal obeys none of them.
. "${0%/*}/../../lib/functions.sh" || exit
requires python3
_limited 300 python3 "$(dirname "$_from/${0#"$_from"/}")/text-of-others.py" "$VT" "$T"
