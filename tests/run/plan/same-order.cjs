// For same-order.sh.
//   make MANAGER N SEED   workspaces 1 to N in the current folder, with random dependencies without cycles
//   compare MANAGER N     the answer of vt (K/vt.json) with the manager's order (K/order, K/edges.json): one line for each difference
const fs = require("fs");
const [what, manager, n, seed] = process.argv.slice(2);

function random(state) {                     // a number below 1 (mulberry32)
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

// The values a manager may have for a package of the workspace, and those that mean no such package.
function values(manager, p, ranges) {
	const major = p.version.split(".")[0];
	const all = ["file:../" + p.dir];
	if (manager !== "npm") all.push("workspace:*", "workspace:^", "workspace:~");
	if (manager === "yarn") all.push("workspace:packages/" + p.dir, "npm:^" + major, "npm:" + p.version);
	if (manager !== "pnpm" || ranges) all.push("^" + major + ".0.0", "*", p.version, ">=" + major, major + ".x || ^99");
	if (manager === "pnpm") all.push("../" + p.dir, "workspace:" + p.name + "@*", "^99.0.0", "npm:" + p.name + "@^" + major, "latest", ...(ranges ? [] : ["^" + major, "*"]));
	return manager === "yarn" ? all.slice(1) : all;      // yarn copies what file: names, and sets no order
}

function make(folder, next) {
	const pick = list => list[Math.floor(next() * list.length)];
	const names = ["alpha", "beta", "@s/gamma", "delta", "epsilon", "@s/zeta", "eta", "theta", "iota", "kappa"].sort(() => next() - 0.5);
	const packages = names.slice(0, 4 + Math.floor(next() * 7)).map(name => ({
		name, dir: name.replace("@s/", "s-"), version: `${1 + Math.floor(next() * 3)}.${Math.floor(next() * 5)}.0`, manifest: {},
	}));
	const ranges = pick([null, "yaml", "npmrc", "no"]);
	packages.forEach((p, i) => {
		p.manifest = { name: p.name, version: p.version, scripts: { order: "echo RAN " + p.dir } };
		for (const to of packages.slice(0, i)) {
			if (next() > 0.35) continue;
			const kinds = ["dependencies", "devDependencies", "optionalDependencies"];
			if (manager !== "yarn") kinds.push("peerDependencies");
			const kind = pick(kinds);
			let value = pick(values(manager, to, ranges === "yaml" || ranges === "npmrc"));
			if (kind === "peerDependencies" && manager === "npm") value = "*";
			if (kind === "optionalDependencies" && manager === "yarn") value = "workspace:*";
			// an alias has a name of its own
			const name = value.includes("@*") || (value.startsWith("file:") && next() < 0.3) ? "alias-" + to.dir : to.name;
			(p.manifest[kind] ??= {})[name] = value;
		}
	});
	fs.mkdirSync(folder);
	const root = { name: "root", version: "1.0.0", private: true };
	if (manager === "pnpm") {
		fs.writeFileSync(folder + "/pnpm-workspace.yaml", `packages: ["packages/*"]\n${ranges === "yaml" ? "linkWorkspacePackages: true\n" : ranges === "no" ? "linkWorkspacePackages: false\n" : ""}`);
		if (ranges) fs.writeFileSync(folder + "/.npmrc", `link-workspace-packages=${ranges === "yaml" ? "false" : "true"}\n`);
	} else {
		root.workspaces = ["packages/*"];
		if (manager === "yarn") fs.writeFileSync(folder + "/yarn.lock", "");
	}
	fs.writeFileSync(folder + "/package.json", JSON.stringify(root, null, 1));
	for (const p of packages) {
		fs.mkdirSync(`${folder}/packages/${p.dir}`, { recursive: true });
		fs.writeFileSync(`${folder}/packages/${p.dir}/package.json`, JSON.stringify(p.manifest, null, 1));
	}
}

const read = file => fs.readFileSync(file, "utf8");
const ran = file => read(file).split("\n").map(l => /(?<!echo )RAN (\S+)$/.exec(l)).filter(Boolean).map(m => m[1]);

// Per package, those it waits for, as vt has them.
function edgesOfVt(k) {
	const graph = JSON.parse(read(`${k}/vt.json`)).packages, edges = {};
	for (const [path, p] of Object.entries(graph))
		if (path !== ".") edges[path.slice("packages/".length)] = (p.dependencies || []).map(d => d.slice("packages/".length)).sort();
	return edges;
}

// pnpm runs level by level; yarn takes, one after the other, the first that may run.
function levels(edges) {
	const level = {}, of = p => level[p] ??= 1 + Math.max(0, ...edges[p].map(of));
	Object.keys(edges).forEach(of);
	return level;
}
function firstRunnable(edges) {
	const left = Object.keys(edges).sort(), order = [];
	while (left.length) order.push(...left.splice(left.findIndex(p => edges[p].every(d => order.includes(d))), 1));
	return order;
}

function compare(k) {
	const edges = edgesOfVt(k), text = JSON.stringify(edges), all = Object.keys(edges).sort().join();
	const vt = ran(`${k}/vt.order`), done = new Set();
	if ([...vt].sort().join() !== all) return `vt ran ${vt}`;
	for (const p of vt) {
		if (!edges[p].every(d => done.has(d))) return `vt ran ${p} before ${edges[p]}: ${vt}`;
		done.add(p);
	}
	if (manager === "npm") {
		const dirs = {}, theirs = {};
		for (const p of Object.keys(edges)) dirs[JSON.parse(read(`${k}/packages/${p}/package.json`)).name] = p;
		for (const p of JSON.parse(read(`${k}/edges.json`)))
			theirs[p.location.slice("packages/".length)] = p.to.map(t => dirs[t.replace(/^.*node_modules\//, "").replace(/^alias-s-/, "@s/").replace(/^alias-/, "")]).sort();
		for (const p of Object.keys(edges))
			if (String(theirs[p]) !== String(edges[p])) return `${p}: npm links ${theirs[p]}, vt ${edges[p]}`;
		return null;
	}
	const order = ran(`${k}/order`);
	if ([...order].sort().join() !== all) return `${manager} ran ${order}, of ${all}`;
	if (manager === "pnpm") {
		const level = levels(edges);
		const at = order.findIndex((p, i) => i && level[order[i - 1]] > level[p]);
		return at < 0 ? null : `pnpm ran ${order}; in vt ${order[at]} stands before ${order[at - 1]}: ${text}`;
	}
	const expected = firstRunnable(edges);
	return String(expected) === String(order) ? null : `yarn ran ${order}; with vt's edges it would be ${expected}: ${text}`;
}

if (what === "make") {
	const next = random(Number(seed));
	for (let k = 1; k <= n; k++) make(String(k), next);
} else {
	let edges = 0;
	for (let k = 1; k <= n; k++) {
		const difference = compare(k);
		if (difference) console.log(`${k}: ${difference}`);
		edges += Object.values(edgesOfVt(k)).flat().length;
	}
	console.error(edges);
}
