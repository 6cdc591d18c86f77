# The objects of a far store are changed at random, half of them sealed again as a member of the team could: no crash, no hang, no wrong
# content but what was forged, nothing elsewhere.
. "${0%/*}/soak.sh" || exit
VT=${SOAK_VT:-$VT}
campaign 40 3000 "no crash, no hang, nothing wrong"
