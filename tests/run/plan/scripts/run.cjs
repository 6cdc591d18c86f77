// Runs script lines by vt and as `npm run` runs them, by `sh -c` with npm's variables, and compares
// their output, their exit status and the files they leave.
//   node run.cjs VT FIXTURE LINES SCRATCH SHARD SHARDS NPM SEED
// NPM: how many lines are also run by `npm run` itself (`all` for all). One line for each difference.
'use strict';
const fs = require('fs'), path = require('path'), { spawnSync } = require('child_process');
const [vt, fixture, linesFile, scratch, shard, shards, npmShare, seed] = process.argv.slice(2);
const dir = path.join(scratch, 'w' + shard), home = path.join(scratch, 'home');
const base = { PATH: process.env.PATH, HOME: home, LC_ALL: 'C', npm_config_loglevel: 'silent', npm_config_update_notifier: 'false' };

function readCases(text) {
	const cases = [];
	for (const line of text.split('\n')) {
		const more = /^ +(args|pre|post): (.*)$/.exec(line);
		if (more) cases[cases.length - 1][more[1]] = more[2];
		else if (line && line[0] !== '#') cases.push({ line, args: '' });
	}
	return cases;
}

// the words of an `args:` line
function words(text) {
	const r = spawnSync('sh', ['-c', `set -f; set -- ${text}; for a; do printf '%s\\0' "$a"; done`], { encoding: 'utf8', env: { HOME: '/nowhere' } });
	return r.stdout.split('\0').slice(0, -1);
}

function reset(c) {
	fs.rmSync(dir, { recursive: true, force: true });
	fs.cpSync(fixture, dir, { recursive: true, verbatimSymlinks: true });
	const scripts = { x: c.line };
	if (c.pre !== undefined) scripts.prex = c.pre;
	if (c.post !== undefined) scripts.postx = c.post;
	fs.writeFileSync(path.join(dir, 'package.json'), JSON.stringify({
		name: '@corpus/pkg', version: '1.2.3', private: true, config: { port: 8080 }, engines: { node: '>=1' }, scripts }) + '\n');
}

function files() {
	const found = [];
	(function walk(at) {
		for (const name of fs.readdirSync(path.join(dir, at)).sort()) {
			const rel = path.join(at, name), full = path.join(dir, rel);
			if (rel === '.vt' || rel === 'package-lock.json') continue;
			const st = fs.lstatSync(full);
			const what = st.isSymbolicLink() ? '-> ' + fs.readlinkSync(full) : st.isDirectory() ? 'folder' : fs.readFileSync(full, 'latin1');
			found.push(`${rel} ${(st.mode & 0o777).toString(8)} ${what}`);
			if (st.isDirectory()) walk(rel);
		}
	})('');
	return found.join('\n');
}

const shell = /(^|\n)(\/bin\/)?sh: \d+: /g;
function outcome(r) {
	return { out: r.stdout.replace(shell, '$1sh: ').replace(/\n/g, ''), err: r.stderr.replace(shell, '$1sh: ').replace(/\n/g, ''), code: r.status, files: files() };
}

const options = { cwd: dir, encoding: 'utf8', timeout: 60000, stdio: ['ignore', 'pipe', 'pipe'] };

function byShell(c, env) {
	const quoted = words(c.args).map(a => " '" + a.replace(/'/g, "'\\''") + "'").join('');
	const parts = [['prex', c.pre], ['x', c.line + quoted], ['postx', c.post]].filter(p => p[1] !== undefined);
	const all = { stdout: '', stderr: '', status: 0 };
	reset(c);
	for (const [event, script] of parts) {
		const own = Object.assign({}, env, { npm_lifecycle_event: event, npm_lifecycle_script: event === 'x' ? c.line : script });
		const r = spawnSync('sh', ['-c', script], Object.assign({ env: own }, options));
		all.stdout += r.stdout; all.stderr += r.stderr; all.status = r.status;
		if (r.status !== 0) break;
	}
	return outcome(all);
}

function byNpm(c) {
	const args = words(c.args);
	reset(c);
	return outcome(spawnSync('npm', ['run', '-s', 'x'].concat(args.length ? ['--'] : [], args), Object.assign({ env: base }, options)));
}

// vt's own lines, and its message about a program that it cannot start
function byVt(c) {
	reset(c);
	const r = spawnSync(vt, ['run', '--log=interleaved', 'x'].concat(words(c.args)), Object.assign({ env: base }, options));
	r.stdout = r.stdout.replace(/\n---\nvt run:[^]*$/, '\n').split('\n').filter(l => !/^(~\/[^$]*)?\$ .* ⊘ cache disabled$/.test(l) && !/^✗ /.test(l)).join('\n');
	r.stderr = r.stderr.replace(/^hint: '--[^']*' stands behind the task .*\n/m, '');
	return outcome(r);
}

function differences(c, who, want, got) {
	const ret = [];
	for (const what of ['code', 'out', 'err', 'files']) {
		// a shell and vt have their own words for a program that cannot be started
		if (what === 'err' && (want.code === 126 || want.code === 127 || /not found/.test(want.err))) continue;
		if (want[what] !== got[what])
			ret.push(`${who}: \`${c.line}\`${c.args ? ' with ' + c.args : ''}: ${what}: ${JSON.stringify(got[what]).slice(0, 400)}, not ${JSON.stringify(want[what]).slice(0, 400)}`);
	}
	return ret;
}

let random = Number(seed);
function next() { random = (random * 1103515245 + 12345) % 2147483648; return random; }

const cases = readCases(fs.readFileSync(linesFile, 'utf8')).filter((c, i) => i % shards == shard);
reset({ line: `node -e "require('fs').writeFileSync('${scratch}/env${shard}', JSON.stringify(process.env))"` });
spawnSync('npm', ['run', '-s', 'x'], Object.assign({ env: base }, options));
const env = JSON.parse(fs.readFileSync(`${scratch}/env${shard}`, 'utf8'));
const asked = npmShare === 'all' ? cases.map((c, i) => i) : Array.from({ length: Number(npmShare) }, () => next() % cases.length);
const wrong = [];
cases.forEach((c, i) => {
	const want = byShell(c, env);
	wrong.push(...differences(c, 'vt', want, byVt(c)));
	if (asked.includes(i)) wrong.push(...differences(c, 'npm', want, byNpm(c)));
});
process.stdout.write(wrong.map(w => w + '\n').join('') + `compared ${cases.length} ${asked.length}\n`);
