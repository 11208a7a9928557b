import http from "node:http";
import httpProxy from "http-proxy";

const [port, upstream] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${upstream}`, agent, xfwd: true });
proxy.on("error", (_error, _request, response) => response.writeHead?.(502).end());
http.createServer((request, response) => proxy.web(request, response)).listen(Number(port), "127.0.0.1");
