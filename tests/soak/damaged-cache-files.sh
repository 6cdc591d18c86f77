# Every file of the cache is changed at random, half of them with their checks made right again: no crash, no hang, no wrong
# content but what was forged, nothing elsewhere.
. "${0%/*}/soak.sh" || exit
VT=${SOAK_VT:-$VT}
campaign 40 7000 "no crash, no hang, nothing wrong"
