# Objects that an outsider or an attacker puts into a far store: none is a hit, and the writer learns nothing.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/far.sh" || exit
requires python3
forge() { PYTHONDONTWRITEBYTECODE=1 python3 "$abs_top_srcdir/tests/lib/forge.py" "$@" || exit 99; }
workspace
file package.json '{"name":"root"}'
config '"build": {"command": "mkdir -p out; cp in.txt out/a; echo built", "input": ["in.txt"], "output": ["out/**"]}'
file in.txt zero
SECRET=$(printf '%064d' 3) OTHER=$(printf '%064d' 4)
public() { user '' "\"sign\": \"$1\""; vt cache key show-public; }
P=$(public "$SECRET") Q=$(public "$OTHER")
b() { rm -rf .vt out; [ $# = 0 ] || file in.txt "$1"; capture vt run build; }
made() { cat out/a; }

# results signed with a key that the reader does not trust, or not signed
user '' "\"sign\": \"$OTHER\""; b
is "a signer whom not all trust: sends a result" "$rc$err" 0
clone R; user '' "\"trust\": [\"$P\"]"; b
is "a reader who does not trust the signer: no hit" "$rc$(hits) $(made)" "00 zero"
has "... and a line tells why" "$err" "a result there is not signed by anybody whom \`sharing.trust\` names: it is left aside"
user '' "\"trust\": [\"$Q\"]"; b
is "a reader who trusts the signer: a hit" "$rc$err$(hits)" 01
rm -rf "$T/far"; cd "$W"; user '"unsealed": true' ''; b
is "a writer without a signature: sends results" "$rc$err" 0
isnt "... which are in the store" "$(ls "$T/far" | grep -c ^3-)" 0
cd "$T/R"; user '' "\"trust\": [\"$P\"]"; b
is "a reader who trusts signatures: takes none of them" "$rc$(hits) $(made)" "00 zero"
user; b
is "a team with a key: takes none of them" "$rc$err$(hits) $(made)" "00 zero"

# two teams on one server, of which one copies its objects over those of the other
rm -rf "$T/far"; cd "$W"; user; b; cp -r "$T/far" "$T/far.one"
user '' "\"key\": \"$OTHER\""; b
is "two teams on one server: each has its own results" "$rc$err$(hits)" 00
mkdir "$T/far.two"; (cd "$T/far" && for f in *; do [ -e "$T/far.one/$f" ] || cp "$f" "$T/far.two"; done)
cd "$T/R"; b; is "... the other team hits them" "$rc$err$(hits)" 01
user; b; is "... and the first team hits its own" "$rc$err$(hits)" 01
forge swap "$T/far" "$T/far.two"
b
is "a result that another team sealed: no hit" "$rc$(hits) $(made)" "00 zero"
has "... and one line tells why" "$err" "not sealed by the team's key"

# name sets that name files outside the repository: the names that are asked for must tell nothing of the files
# asked KEY FACT...: tells whether these names depend on the content of $secret, after a miss: STEP leads only to the set
asked() {
	local key=$1 text
	shift
	for text in one two; do
		rm -rf "$T/far"; cp -r "$T/far.$from" "$T/far"; forge names "$T/far" "$key" "$@"
		echo "$text" >"$secret"; chmod "${mode-600}" "$secret"
		: >"$T/names"; b; grep '^3-' "$T/names" | sort >"$T/names.$text"
		[ "$rc$(hits)" = 00 ] || { echo "rc $rc hits $(hits)"; return; }
	done
	if cmp -s "$T/names.one" "$T/names.two"; then echo nothing; else echo "its content"; fi
}
mkdir "$T/private"
secret=$T/private/id_key
from=one; user "\"names\": \"$T/names\""
is "a name set of the team that names a file of the user: its content is not asked for" "$(asked "$KEY" "21:$secret:")" nothing
is "... by a way through the folders of the system: not asked for" "$(asked "$KEY" "21:/usr/..$secret:")" nothing
is "... as a program: not asked for" "$(asked "$KEY" "16:$secret:")" nothing
is "... as a program on PATH: not asked for" "$(asked "$KEY" "16:$secret:p")" nothing
is "... behind a real program: not asked for" "$(asked "$KEY" "16:/bin/sh:p" "16:$secret:")" nothing
is "... by a path that leaves the workspace: not asked for" "$(asked "$KEY" "12:../private/id_key:")" nothing
secret=$T/R/in2.txt
is "a name set that names a file of the workspace: its content is asked for" "$(asked "$KEY" "12:in2.txt:")" "its content"
secret=$T/private/tool
mode=700
is "... as a program: asked for" "$(asked "$KEY" "16:$secret:")" "its content"
mode=600
secret=$T/R/.env
cd "$W"; rm -rf "$T/far"; user '' "\"sign\": \"$SECRET\""; b; cp -r "$T/far" "$T/far.open"
cd "$T/R"; from=open; user "\"names\": \"$T/names\"" "\"trust\": [\"$P\"]"
is "a name set without a signature: a file of the workspace is not asked for" "$(asked - "12:.env:")" nothing
finish
