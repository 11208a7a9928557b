/// <reference lib="deno.worker" />
// A data service of one answer, on a thread of its own; tells the port that it listens on.
const page = JSON.stringify({
  cached: true,
  data: [{ id: "welcome", value: { text: "x".repeat(64) } }],
  next: null,
});
const server = Deno.serve(
  { port: 0, hostname: "127.0.0.1", onListen: () => {} },
  () => new Response(page, { headers: { "content-type": "application/json", "x-served-by": "service_1" } }),
);
self.postMessage(server.addr.port);
