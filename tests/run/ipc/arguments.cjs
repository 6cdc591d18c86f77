// Calls the client with every odd argument, and prints one line each, as `call -> result`.
const c = require(process.env.VP_RUN_NODE_CLIENT_PATH).load();
const tell = (words, fn) => {
	let r;
	try {
		r = fn();
		r = r === undefined ? 'undefined' : JSON.stringify(r);
	} catch (e) {
		r = `${e.constructor.name} ${e.code ?? e.message}`;
	}
	console.log(`${words} -> ${r}`);
};
tell('ignoreInput()', () => c.ignoreInput());
tell('ignoreInput(5)', () => c.ignoreInput(5));
tell('ignoreInput(null)', () => c.ignoreInput(null));
tell('ignoreOutput()', () => c.ignoreOutput());
tell('ignoreOutput({})', () => c.ignoreOutput({}));
tell('ignoreInput(NUL)', () => c.ignoreInput('a\0b'));
tell('ignoreInput(dir)', () => c.ignoreInput('/dir', 7));
tell('getEnv()', () => c.getEnv());
tell('getEnv(5)', () => c.getEnv(5));
tell('getEnv(A)', () => c.getEnv('A'));
tell('getEnv(empty)', () => c.getEnv(''));
tell('getEnv(A=1)', () => c.getEnv('A=1'));
tell('getEnv(NUL)', () => c.getEnv('A\0B'));
tell('getEnv(surrogate)', () => c.getEnv('\ud800'));
for (const o of [undefined, null, 5, 'x', {}, { tracked: undefined }, { tracked: true, more: 1 }, { tracked: false }])
	tell(`getEnv(A, ${JSON.stringify(o)})`, () => c.getEnv('A', o, 'extra'));
for (const o of [{ tracked: null }, { tracked: 1 }, { tracked: 'no' }]) {
	tell(`getEnv(A, ${JSON.stringify(o)})`, () => c.getEnv('A', o));
	tell(`getEnvs(A, ${JSON.stringify(o)})`, () => c.getEnvs('A', o));
}
tell('getEnvs()', () => c.getEnvs());
tell('getEnvs(5)', () => c.getEnvs(5));
tell('getEnvs(null)', () => c.getEnvs(null));
tell('getEnvs({})', () => c.getEnvs({}));
tell('getEnvs({prefix:5})', () => c.getEnvs({ prefix: 5 }));
tell('getEnvs(V_*)', () => c.getEnvs('V_*'));
tell('getEnvs({prefix:V_})', () => c.getEnvs({ prefix: 'V_' }));
tell('getEnvs({prefix:V*})', () => c.getEnvs({ prefix: 'V*' }));
tell('getEnvs(NUL)', () => c.getEnvs('V\0*'));
tell('getEnvs(__proto__)', () => Object.keys(c.getEnvs({ prefix: '__proto' })));
tell('getEnv(BYTES)', () => c.getEnv('BYTES'));
tell('getEnvs(BYTES)', () => c.getEnvs('BYTES'));
tell('options that throw', () => c.getEnv('A', { get tracked() { throw new RangeError('mine'); } }));
tell('unbound', () => (0, c.getEnv)('A'));
tell('inherited', () => Object.create(c).getEnv('A'));
tell('constructed', () => new c.constructor().getEnv('A'));
tell('own property', () => { c.later = 1; return c.later; });
tell('disableCache(1)', () => c.disableCache(1));
tell('load(anything)', () => [undefined, { version: 9 }, 5].map((o) => require(process.env.VP_RUN_NODE_CLIENT_PATH).load(o).getEnv('A')));
