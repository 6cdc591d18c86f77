# A task makes something, looks at it, and takes it away again; a later task leaves something under the same name. In the next run
# that stands there from the start. Each run is compared with the same commands by hand, in a twin of the workspace.
. "${0%/*}/../../lib/functions.sh" || exit
# shape COMMAND LATER: three runs, with outputs that are found and with declared ones
shape() {
	local outputs run hand made
	for outputs in '' ',"output":["tmp/**","link","f","d/**"]'; do
		rm -rf "$T/twin"; workspace
		mkdir src; echo one >src/a; echo two >src/b
		file package.json '{"name":"r"}'
		file vite-task.json '{"tasks":{"first":{"command":"./first.sh"},"later":{"command":"./later.sh","dependsOn":["first"]'"$outputs"'}}}'
		file first.sh "#!/bin/bash"$'\n'"$1"; file later.sh "#!/bin/bash"$'\n'"$2"; chmod +x ./*.sh
		cp -a . "$T/twin"
		for run in first second third; do
			hand=$(cd "$T/twin" && { ./first.sh && ./later.sh; } 2>&1)
			vt run later >"$T/out" 2>&1 </dev/null
			made=$(grep -v '^[~$]\|^---$\|^vt run:\|^$' "$T/out")
			is "$1; then $2${outputs:+, declared}: the $run run prints the same as by hand" "${made//$W/}" "${hand//$T\/twin/}"
			is "... and leaves the same" "$(left .)" "$(left "$T/twin")"
		done
	done
}
left() { (cd "$1" && find . -path ./.vt -prune -o -printf '%p %y %l\n' | sort; find . -path ./.vt -prune -o -type f -print0 | sort -z | xargs -0r md5sum); }

# folders
shape 'mkdir tmp; ls tmp; rmdir tmp; true' 'mkdir -p tmp; echo x >tmp/x'
shape 'rm -rf tmp; mkdir tmp; cp src/a tmp/q; ls tmp; rm -rf tmp' 'mkdir -p tmp; echo x >tmp/x'
shape 'mkdir -p tmp; cp -r src tmp/; find tmp -type f | sort; rm -rf tmp' 'mkdir -p tmp/src; echo x >tmp/src/extra'
shape 'mkdir -p d/in; ls d; rm -r d' 'mkdir -p d; echo x >d/x'
shape 'mkdir -p d/in; ls d/in; rm -r d/in; ls d' 'mkdir -p d/in; echo x >d/in/x'
shape 'mkdir -p tmp; mv src/a tmp/a; ls tmp; mv tmp/a src/a; rmdir tmp 2>/dev/null; true' 'mkdir -p tmp; echo x >tmp/x'
shape 'mkdir tmp 2>/dev/null && echo made || echo was there; rm -rf tmp' 'mkdir -p tmp'
shape 'for i in 1 2; do [ -d tmp ] && echo again; mkdir -p tmp; done; rm -rf tmp' 'mkdir -p tmp'
shape 'mkdir tmp; cd tmp; echo z >z; cd ..; mv tmp d 2>&1; ls d; rm -rf d tmp' 'mkdir -p d; echo x >d/x'
shape 'ln -sf src link; ls link/; rm link' 'ln -sfn . link'
# files that are opened, and not cut off
shape 'touch f; wc -c <f; rm f' 'echo longer >f'
shape 'truncate -s +1 f; wc -c <f; rm f' 'printf abc >f'
shape 'dd if=src/a of=f conv=notrunc status=none; cat f; rm f' 'printf 0123456789 >f'
shape 'echo x >>f; cat f; rm f' 'echo y >f'
shape 'exec 3<>f; echo hi >&3; cat f; rm f' 'echo longer >f'
# files that are made only where none is
shape 'set -C; echo x 2>/dev/null >f && echo made || echo was there; rm -f f' 'echo y >f'
shape 'mv -n src/b f; cat f; mv -f f src/b' 'echo y >f'
shape 'cp -n src/a f; cat f; rm f' 'echo y >f'
shape 'ln src/a f 2>/dev/null; stat -c %h src/a; rm -f f' 'echo x >f'
finish
