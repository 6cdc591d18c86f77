# Each limit of a process is tried from tiny upwards: vt works, or says why not.
. "${0%/*}/soak.sh" || exit
campaign 60 5000 "vt works or says why not"
