'use strict';
// Where the program vt is: require('PACKAGE').path, to start it without Node.
const { join, dirname } = require('path');
const { optionalDependencies } = require('./package.json');

const wanted = `${process.platform}-${process.arch}`;

function find() {
	for (const name of Object.keys(optionalDependencies)) {
		if (!name.split('/').pop().startsWith(`${wanted}-`)) continue;
		try {
			return join(dirname(require.resolve(`${name}/package.json`)), 'bin', 'vt');
		} catch {
			// not installed: another libc, or optional packages were left out
		}
	}
	return null;
}

exports.path = find();
exports.explain = () => {
	const names = Object.keys(optionalDependencies).filter(name => name.split('/').pop().startsWith(`${wanted}-`));
	if (names.length === 0) return `there is no vt for ${wanted} yet; there is one for: ${Object.keys(optionalDependencies).join(', ')}`;
	return `${names.join(' or ')} is not installed: install again without leaving out optional dependencies; it needs a libc of its name`;
};
