import { assert, assertEquals } from "@std/assert";
import { freePort, isFree } from "./free_port.ts";

const ignore = (await Deno.permissions.query({ name: "net" })).state !== "granted";

Deno.test("freePort() gives a port that one can listen on, and that no client is given", { ignore }, () => {
  const port = freePort();
  using listener = Deno.listen({ hostname: "127.0.0.1", port });
  assertEquals(listener.addr.port, port);
  assert(port < 32_768, `${port} is given to clients`);
});

Deno.test({
  name: "isFree() tells whether something listens on a port",
  ignore,
  fn() {
    const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const { port } = listener.addr;
    assert(!isFree(port));
    listener.close();
    assert(isFree(port));
  },
});
