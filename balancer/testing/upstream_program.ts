/** A server for tests to kill and to freeze: it says its name, and waits for as long as the query asks. */
const [name = "upstream"] = Deno.args;

const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
  const { searchParams, pathname } = new URL(request.url);
  const wait = Number(searchParams.get("wait") ?? 0);
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  const body = pathname === "/echo" ? request.body : name;
  return new Response(body, { headers: { "x-served-by": name } });
});
await Deno.stdout.write(new TextEncoder().encode(`${server.addr.port}\n`));
