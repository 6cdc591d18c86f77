# Processes of a run are killed and stopped in all combinations: vt ends, nothing of the task lives on, the next run is right.
. "${0%/*}/soak.sh" || exit
requires setsid
campaign 14 500 "vt ends, no descendant lives on, the next run is right"
