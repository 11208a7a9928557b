import { setImmediate } from "node:timers";
import { assert, assertEquals, assertLess } from "@std/assert";
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

Deno.test("Acceptor.run() lets others have their turn while many connections wait to be accepted", async () => {
  using deadlines = new Deadlines();
  let accepted = 0;
  const all = Promise.withResolvers<void>();
  const acceptor = new Acceptor(crowded(1_000), {
    deadlines,
    hasRoom: () => true,
    onConnection: () => ++accepted === 1_000 && all.resolve(),
  });
  const others: number[] = [];
  const turn = () => {
    others.push(accepted);
    if (accepted < 1_000) setImmediate(turn);
  };
  setImmediate(turn);
  const running = acceptor.run();
  await all.promise;
  const longest = others.map((count, index) => count - (others[index - 1] ?? 0)).reduce(
    (a, b) => Math.max(a, b),
    0,
  );
  assert(others.length > 10);
  assertLess(longest, 100);
  acceptor.stop();
  acceptor.stop();
  await running;
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
