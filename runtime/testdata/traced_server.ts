// Serves itself three requests and prints the traces that their handlers saw a span of. Argument: how many may begin one.
import { ManualClock } from "../manual_clock.ts";
import { TraceGate } from "../trace_gate.ts";
import { activeSpan } from "../tracing.ts";
import { skipUnsampledRequests } from "../unsampled_requests.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";

skipUnsampledRequests();
skipUnsampledRequests(new TraceGate(Number(Deno.args[0]), new ManualClock()));
const server = Deno.serve(
  { port: 0, hostname: "127.0.0.1", onListen: () => {} },
  async () => {
    await Promise.resolve();
    return Response.json(activeSpan()?.traceId ?? null);
  },
);
const seen: unknown[] = [];
for (const flags of [undefined, "00", "01"]) {
  const headers = new Headers();
  if (flags !== undefined) headers.set("traceparent", `00-${TRACE}-b7ad6b7169203331-${flags}`);
  seen.push(JSON.parse(await ask(headers)));
}
// deno-lint-ignore no-console -- what it prints is what it is for
console.log(JSON.stringify(seen));
await server.shutdown();

/** Asks by a plain connection: `fetch` would begin a trace of its own. */
async function ask(headers: Headers): Promise<string> {
  using connection = await Deno.connect({ port: server.addr.port, hostname: "127.0.0.1" });
  const fields = [...headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  await connection.write(
    new TextEncoder().encode(`GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${fields}\r\n`),
  );
  const answer = await new Response(connection.readable).text();
  return answer.slice(answer.indexOf("\r\n\r\n") + 4);
}
