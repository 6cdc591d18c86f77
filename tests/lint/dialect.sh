# vt and its plugins speak one dialect of C: declarations come first (the compiler's
# warning tells the rest of that), a comparison says `== 0`, a pointer is asked by itself.
. "${0%/*}/../lib/functions.sh" || exit
cd "$abs_top_srcdir" || exit 99
lines() { grep -nE "$1" -r core plugins plugin-api --include='*.[ch]' || true; }
type='(const )?(u?int[0-9a-z_]*|size_t|ssize_t|bool|char|unsigned|long|(struct|enum) [a-z_]+|vt_[a-z_]+|cJSON)'
is "a for declares nothing" "$(lines "for \\($type [*]*[a-z_]+( =|;)")" ""
is "strcmp and its kin are compared with == 0" "$(lines '!(strcmp|strncmp|memcmp|strcasecmp|strncasecmp)\(')" ""
is "a condition says p or !p" "$(lines '(if|while) \(([a-z_]+(->|\.))*[a-z_]+ [!=]= NULL[ )]')" ""
finish
