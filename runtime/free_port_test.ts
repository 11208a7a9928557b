import { assert, assertEquals } from "@std/assert";
import { freePort } from "./free_port.ts";

const ignore = (await Deno.permissions.query({ name: "net" })).state !== "granted";

Deno.test("freePort() gives a port that one can listen on, and that no client is given", { ignore }, () => {
  const port = freePort();
  using listener = Deno.listen({ hostname: "127.0.0.1", port });
  assertEquals(listener.addr.port, port);
  assert(port < 32_768, `${port} is given to clients`);
});
