import { setImmediate } from "node:timers";
import { assertEquals, assertLess } from "@std/assert";
import { eventually } from "@flotilla/runtime/testing";
import { type AcceptedConnection, Acceptor } from "./acceptor.ts";
import { Deadlines } from "./deadlines.ts";
import { memoryPair } from "./testing/memory_connection.ts";

/** A source at which so many connections wait, and no more come. */
function crowded(waiting: number) {
  const none = Promise.withResolvers<AcceptedConnection>();
  none.promise.catch(() => {});
  const [, connection] = memoryPair();
  return {
    accept: () => waiting-- > 0 ? Promise.resolve(connection) : none.promise,
    close: () => none.reject(new Deno.errors.BadResource("The listener was closed")),
    addr: { transport: "tcp", hostname: "127.0.0.1", port: 8000 } as const,
  };
}

const net = (await Deno.permissions.query({ name: "net" })).state === "granted";
const LOOPBACK = { hostname: "127.0.0.1", port: 0 };

/** Two ends of a connection over loopback. */
async function pair() {
  using listener = Deno.listen(LOOPBACK);
  const { port } = listener.addr;
  return await Promise.all([Deno.connect({ ...LOOPBACK, port }), listener.accept()]);
}

Deno.test({
  name: "Acceptor.run() lets those that are open have their turn while many connections wait to be accepted",
  ignore: !net,
  async fn() {
    using deadlines = new Deadlines();
    const [near, far] = await pair();
    const listener = Deno.listen(LOOPBACK);
    const { port } = listener.addr;
    const clients = await Promise.all(
      Array.from({ length: 100 }, () => Deno.connect({ ...LOOPBACK, port })),
    );
    const accepted: AcceptedConnection[] = [];
    const onConnection = (connection: AcceptedConnection) => void accepted.push(connection);
    const acceptor = new Acceptor(listener, { deadlines, hasRoom: () => true, onConnection });
    const reading = far.read(new Uint8Array(1)).then(() => accepted.length);
    await near.write(new Uint8Array(1));
    const running = acceptor.run();
    assertLess(await reading, 100);
    await eventually(() => accepted.length === 100);
    acceptor.stop();
    acceptor.stop();
    await running;
    for (const connection of [near, far, ...clients, ...accepted]) connection.close();
  },
});

Deno.test("Acceptor.run() accepts no more than there is room for", async () => {
  using deadlines = new Deadlines();
  let open = 0;
  const acceptor = new Acceptor(crowded(10), {
    deadlines,
    hasRoom: () => open < 3,
    onConnection: () => open++,
  });
  const running = acceptor.run();
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  await turn();
  assertEquals(open, 3);
  open--;
  acceptor.roomMade();
  await turn();
  assertEquals(open, 3);
  acceptor.stop();
  await running;
});
