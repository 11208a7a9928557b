import Fastify from "fastify";
import proxy from "@fastify/http-proxy";

const [port, upstream] = process.argv.slice(2);
const app = Fastify({ bodyLimit: 16 * 1024 * 1024 });
app.register(proxy, {
  upstream: `http://127.0.0.1:${upstream}`,
  undici: { connections: 128, pipelining: 1 },
});
await app.listen({ port: Number(port), host: "127.0.0.1" });
