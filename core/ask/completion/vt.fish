# Completion of vt for fish: packages, tasks and options, as `vt` itself tells them.
# Installed where fish finds it; else: vt completion fish | source
function __vt_complete
	set -l words (commandline -opc)
	set -l current (commandline -ct)
	set -l found ($words[1] completion words -- $words[2..-1] "$current" 2>/dev/null)
	if test (count $found) -gt 0
		string join \n -- $found
	else
		__fish_complete_path "$current"
	end
end
complete -c vt -f -a '(__vt_complete)'
