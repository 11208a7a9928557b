/**
 * An upstream whose behaviour can be changed while it runs: `deno run faulty_upstream.ts PORT`. It answers after 1 ms;
 * `POST /mode/slow` makes that 2 s, `POST /mode/failing` answers 500, `POST /mode/well` puts it right. Health checks
 * always find it well, so that what is measured is what the balancer learns from its requests.
 */
const port = Number(Deno.args[0]);
let mode = "well";

Deno.serve({ port, hostname: "127.0.0.1", onListen() {} }, async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/readyz") return new Response("ready");
  if (pathname.startsWith("/mode/")) {
    mode = pathname.slice("/mode/".length);
    return new Response(mode);
  }
  await new Promise((resolve) => setTimeout(resolve, mode === "slow" ? 2_000 : 1));
  return new Response(mode, {
    status: mode === "failing" ? 500 : 200,
    headers: { "x-upstream": String(port) },
  });
});
