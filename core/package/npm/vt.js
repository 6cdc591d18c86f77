#!/usr/bin/env node
'use strict';
// Starts the program vt in place of Node, where Node can do that; else beside it.
const { path, explain } = require('../index.js');

function fail(text) {
	process.stderr.write(`error: ${text}\n`);
	process.exit(1);
}

// The program gets each signal that Node gets, and Node ends as the program did.
function beside(program, args) {
	const child = require('child_process').spawn(program, args, { stdio: 'inherit' });
	const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
	const pass = signal => child.kill(signal);
	for (const signal of signals) process.on(signal, pass);
	child.on('error', error => fail(`${program} cannot be started: ${error.message}`));
	child.on('exit', (code, signal) => {
		for (const s of signals) process.removeListener(s, pass);
		if (signal) process.kill(process.pid, signal);
		else process.exit(code);
	});
}

// Node ignores these; a listener that goes again leaves them as they are in a new process.
function signalsAsNew() {
	for (const signal of ['SIGPIPE', 'SIGXFSZ']) {
		const nothing = () => {};
		process.on(signal, nothing);
		process.removeListener(signal, nothing);
	}
}

if (!path) fail(explain());
if (process.execve) {
	signalsAsNew();
	process.execve(path, ['vt', ...process.argv.slice(2)], process.env);
}
beside(path, process.argv.slice(2));
