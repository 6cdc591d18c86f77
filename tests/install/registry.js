// registry.js FOLDER: a registry of npm on this machine, with the tarballs in FOLDER. Prints its URL.
'use strict';
const { createHash } = require('crypto');
const { execFileSync } = require('child_process');
const { readdirSync, readFileSync } = require('fs');
const { join } = require('path');

const folder = process.argv[2];
const packages = new Map();
for (const file of readdirSync(folder).filter(name => name.endsWith('.tgz'))) {
	const bytes = readFileSync(join(folder, file));
	const manifest = JSON.parse(execFileSync('tar', ['-xzOf', join(folder, file), 'package/package.json']));
	packages.set(manifest.name, { file, bytes, manifest });
}
const server = require('http').createServer((request, response) => {
	const path = decodeURIComponent(request.url.split('?')[0]).slice(1);
	const tarball = [...packages.values()].find(p => path === `tarballs/${p.file}`);
	const found = packages.get(path);
	if (tarball) return response.end(tarball.bytes);
	if (!found) return response.writeHead(404).end('{}');
	const { bytes, manifest, file } = found;
	const dist = {
		tarball: `http://127.0.0.1:${server.address().port}/tarballs/${file}`,
		shasum: createHash('sha1').update(bytes).digest('hex'),
		integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
	};
	response.setHeader('content-type', 'application/json');
	response.end(JSON.stringify({
		name: manifest.name,
		'dist-tags': { latest: manifest.version },
		versions: { [manifest.version]: { ...manifest, dist } },
		time: { [manifest.version]: '2020-01-01T00:00:00.000Z' },
	}));
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
