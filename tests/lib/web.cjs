// A web server for tests of store-http: keeps what is PUT, in memory, and does what its words say.
//
//   node web.cjs PORT [WORD...]
//
// busy CODE SECONDS    each object's first GET, HEAD and PUT get CODE (429, 503), with Retry-After: SECONDS
// refuse METHOD CODE TEXT  requests of this method get CODE, with TEXT
// never CODE           each request for an object gets CODE, with Retry-After: 30
// away URL CODE        each GET is redirected to URL and its path
// token TEXT           a request without this Bearer gets 401
// endless              a GET sends bytes without end
// short                a GET sends half of the object, and closes
// page                 a GET gets a page for people, with 200
// gather N             no GET is answered before N of them wait for it
// proxy                takes requests for other servers, and notes them
// heads                notes each request's head in JSON, too
// Each line of its output is a request: METHOD URL length=CONTENT-LENGTH auth=AUTHORIZATION at=MILLISECONDS
const http = require("http"), [port, ...words] = process.argv.slice(2);
const word = (name) => words.includes(name), after = (name, n = 1) => words[words.indexOf(name) + n];
const kept = new Map();
const put_off = new Set();
let waiting = word("gather") ? [] : null;
function body(q, then) {
  const pieces = [];
  q.on("data", (piece) => pieces.push(piece));
  q.on("end", () => then(Buffer.concat(pieces)));
}
function pass_on(q, r) {
  const to = new URL(q.url);
  body(q, (bytes) => {
    const on = http.request({ host: to.hostname, port: to.port, path: to.pathname, method: q.method, headers: q.headers }, (a) => {
      r.writeHead(a.statusCode, a.headers);
      a.pipe(r);
    });
    on.on("error", () => r.writeHead(502).end());
    on.end(bytes);
  });
}
function answer(q, r) {
  const it = kept.get(q.url);
  if (word("away") && q.method === "GET") return r.writeHead(+after("away", 2), { location: after("away") + q.url }).end();
  if (word("page") && q.method === "GET") return r.writeHead(200, { "content-type": "text/html" }).end("<h1>Sign in</h1>");
  if (word("endless") && q.method === "GET") {
    const more = () => { while (!r.destroyed && r.write(Buffer.alloc(1 << 16, 120))); };
    return r.writeHead(200), r.on("drain", more), more();
  }
  if (word("refuse") && q.method === after("refuse")) return q.resume(), r.writeHead(+after("refuse", 2)).end(after("refuse", 3));
  if (q.method === "PUT") return body(q, (bytes) => { kept.set(q.url, bytes); r.writeHead(201).end(); });
  if (q.method === "DELETE") return r.writeHead(kept.delete(q.url) ? 204 : 404).end();
  if (!it) return r.writeHead(404).end();
  if (word("short") && q.method === "GET" && it.length > 1) {
    r.writeHead(200, { "content-length": it.length });
    return r.write(it.subarray(0, it.length >> 1), () => r.destroy());
  }
  r.writeHead(200, { "content-length": it.length }).end(q.method === "HEAD" ? undefined : it);
}
http.createServer((q, r) => {
  console.log(`${q.method} ${q.url} length=${q.headers["content-length"] ?? "none"} auth=${q.headers.authorization ?? "none"} at=${Date.now()}`);
  if (word("heads")) console.log(JSON.stringify({ method: q.method, path: q.url, headers: q.headers }));
  if (q.url === "/") return r.writeHead(204).end();
  if (word("proxy") && q.url.startsWith("http:")) return pass_on(q, r);
  if (word("token") && q.headers.authorization !== "Bearer " + after("token")) return q.resume(), r.writeHead(401).end("no");
  if (word("never")) return q.resume(), r.writeHead(+after("never"), { "retry-after": 30 }).end();
  if (word("busy") && !put_off.has(q.method + q.url)) {
    put_off.add(q.method + q.url);
    return q.resume(), r.writeHead(+after("busy"), { "retry-after": after("busy", 2) }).end();
  }
  if (!waiting || q.method !== "GET") return answer(q, r);
  waiting.push(() => answer(q, r));
  if (waiting.length < +after("gather")) return;
  const all = waiting;
  waiting = null;
  all.forEach((one) => one());
}).listen(+port, "127.0.0.1");
