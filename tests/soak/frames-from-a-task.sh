# A task sends frames of any kind down its channel: vt goes on serving, and the exit code is the task's.
. "${0%/*}/soak.sh" || exit
campaign 600 7000 "vt goes on serving and tells the truth"
