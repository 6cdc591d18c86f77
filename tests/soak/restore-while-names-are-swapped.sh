# Names are swapped for links out of the workspace while outputs are put back: nothing outside changes.
. "${0%/*}/soak.sh" || exit
campaign 15 500 "nothing outside of the workspace is touched"
