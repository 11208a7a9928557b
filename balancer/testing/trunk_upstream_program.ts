/** A server as `upstream_program.ts` is one, to which connections may come over a trunk. */
import { hostListener } from "../host.ts";
import { listen } from "../http1/sockets.ts";

const [name = "upstream"] = Deno.args;
const socket = listen({ port: 0 });
const listener = hostListener({
  async fetch({ url }) {
    const wait = Number(new URL(url).searchParams.get("wait") ?? 0);
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    return new Response(name, { headers: { "x-served-by": name } });
  },
}, { acceptTrunks: true });
const port = socket.addr.transport === "tcp" ? socket.addr.port : 0;
await Deno.stdout.write(new TextEncoder().encode(`${port}\n`));
await listener.serve(socket);
