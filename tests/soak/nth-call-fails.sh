# Allocations, opens, threads and messages of vt fail, one at a time, over a whole miss, a whole hit and a hit from a far store.
. "${0%/*}/soak.sh" || exit
requires ${CC%% *}
ldd "$VT" 2>/dev/null | grep -q asan && skip_all "a sanitizer has allocations of its own"
campaign 60 100000 "vt goes on, or ends with a sentence; the next run is right"
