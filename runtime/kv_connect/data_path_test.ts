import { assertEquals, assertRejects } from "@std/assert";
import { eventually } from "../eventually.ts";
import { ManualClock } from "../manual_clock.ts";
import { connectKv, type ConnectKvOptions } from "./connect_kv.ts";
import { KvOutcomeUnknownError, KvRefusedError, KvUnavailableError } from "./kv_errors.ts";
import {
  answer,
  metadataAnswer,
  type Scripted,
  scriptServer,
  type SeenRequest,
} from "./testdata/scripted_server.ts";

const ignore = (await Deno.permissions.query({ name: "net" })).state !== "granted";

/** A read that found nothing, and a write that was done. */
const READ = new Uint8Array([1 << 3 | 2, 0, 4 << 3, 1, 8 << 3, 1]);
const WRITTEN = new Uint8Array([1 << 3, 1, 2 << 3 | 2, 10, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
const OUTPUT = { snapshot_read: READ, atomic_write: WRITTEN };

/** What a store does with every request that the script has nothing to say of. */
function usual({ operation }: SeenRequest): Scripted {
  if (operation === "snapshot_read" || operation === "atomic_write") {
    return { answer: answer(200, OUTPUT[operation]) };
  }
  return { answer: metadataAnswer() };
}

async function connect(url: string, options: Partial<ConnectKvOptions> = {}): Promise<Deno.Kv> {
  const kv = await connectKv(url, { accessToken: "the-access-token", ...options });
  if (kv === undefined) throw new TypeError("Cannot connect");
  return kv;
}

function test(name: string, run: () => Promise<void>): void {
  Deno.test(name, { ignore }, run);
}

test("connectKv() sends the fields that KV Connect asks for", async () => {
  await using server = scriptServer(usual);
  using kv = await connect(server.url);
  await kv.get(["a"]);
  const [exchange, read] = server.seen;
  assertEquals(exchange?.fields.get("authorization"), "Bearer the-access-token");
  const fields = ["authorization", "content-type", "x-denokv-version", "x-denokv-database-id"];
  assertEquals(fields.map((name) => read?.fields.get(name)), [
    "Bearer the-token",
    "application/x-protobuf",
    "3",
    "3f3e1d0e-5a5f-4c7b-8f0c-2f6f2a9d1e11",
  ]);
});

test("connectKv() reads and writes over one connection, which is kept", async () => {
  await using server = scriptServer(usual);
  let connections = 0;
  const counted = (address: { hostname: string; port: number }) => {
    connections++;
    return Deno.connect(address);
  };
  using kv = await connect(server.url, { connect: counted });
  await kv.get(["a"]);
  assertEquals((await kv.set(["a"], 1)).versionstamp, "00000000000000010000");
  await kv.get(["a"]);
  assertEquals(connections, 1);
});

for (
  const [criterion, scripted] of Object.entries<Scripted>({
    "is lost before an answer": { hangUp: true },
    "is lost in the head of an answer": { answer: "HTTP/1.1 200 OK\r\ncont", hangUp: true },
    "is lost in an answer": { answer: "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12", hangUp: true },
    "answers what is no HTTP": { answer: "SSH-2.0\r\n\r\n" },
    "fails": { answer: answer(500, "odd") },
  })
) {
  const once = (request: SeenRequest, before: number) =>
    request.operation !== "" && before === 0 ? scripted : usual(request);

  test(`A read is asked for again when the server ${criterion}`, async () => {
    await using server = scriptServer(once);
    using kv = await connect(server.url);
    assertEquals((await kv.get(["a"])).value, null);
    assertEquals(server.operations(), ["snapshot_read", "snapshot_read"]);
  });

  test(`A write is not sent again when the server ${criterion}`, async () => {
    await using server = scriptServer(once);
    using kv = await connect(server.url);
    await assertRejects(() => kv.set(["a"], 1), KvOutcomeUnknownError);
    assertEquals(server.operations(), ["atomic_write"]);
    // The next finds the server again.
    assertEquals((await kv.set(["a"], 1)).ok, true);
  });
}

test("A write is sent again when the server says that nothing was done, and later", async () => {
  const later = answer(503, "not now", "retry-after: 1\r\n");
  await using server = scriptServer((request, before) =>
    request.operation === "atomic_write" && before === 0 ? { answer: later } : usual(request)
  );
  using kv = await connect(server.url);
  assertEquals((await kv.set(["a"], 1)).ok, true);
  assertEquals(server.operations(), ["atomic_write", "atomic_write"]);
});

test("A write goes over another connection when the server has ended the one that was kept", async () => {
  await using server = scriptServer((request) => ({
    ...usual(request),
    hangUp: request.operation === "atomic_write",
  }));
  let closed = 0;
  const watched = async (address: { hostname: string; port: number }) => {
    const conn = await Deno.connect(address);
    const close = conn.close.bind(conn);
    return Object.assign(conn, { close: () => (closed++, close()) });
  };
  using kv = await connect(server.url, { connect: watched });
  for (let n = 0; n < 5; n++) {
    const before = closed;
    assertEquals((await kv.set(["a"], n)).ok, true);
    await eventually(() => closed > before, { what: "the end of the connection to come" });
  }
  assertEquals(server.operations().length, 5);
});

test("connectKv() throws KvRefusedError for a wrong token, with what the server says", async () => {
  await using server = scriptServer(() => ({ answer: answer(401, "Invalid access token.") }));
  const error = await assertRejects(
    () => connect(server.url),
    KvRefusedError,
    "status 401: Invalid access token.",
  );
  assertEquals(error.status, 401);
});

test("connectKv() throws KvUnavailableError when nobody listens", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  await assertRejects(() => connect(`http://127.0.0.1:${port}`), KvUnavailableError, "cannot be reached");
});

for (
  const [criterion, changes] of Object.entries({
    "of another version": { version: 4 },
    "without an endpoint for consistent reads": { endpoints: [{ url: "/v3", consistency: "eventual" }] },
    "with a token that cannot be sent": { token: "two words" },
    "without an end": { expiresAt: "never" },
  })
) {
  test(`connectKv() throws KvRefusedError for metadata ${criterion}`, async () => {
    await using server = scriptServer(() => ({ answer: metadataAnswer(changes) }));
    await assertRejects(() => connect(server.url), KvRefusedError);
  });
}

test("connectKv() leaves a server that has TLS before its operations to Deno's client", async () => {
  const endpoints = [{ url: "https://kv.example/v3", consistency: "strong" }];
  await using server = scriptServer(() => ({ answer: metadataAnswer({ endpoints }) }));
  assertEquals(await connectKv(server.url, { accessToken: "t" }), undefined);
});

test("An operation asks for a new token when the old one is not taken any more", async () => {
  let token = 1;
  await using server = scriptServer((request) => {
    if (request.operation === "") return { answer: metadataAnswer({ token: `token-${token}` }) };
    const valid = request.fields.get("authorization") === `Bearer token-${token}`;
    return valid ? usual(request) : { answer: answer(401, "expired") };
  });
  using kv = await connect(server.url);
  await kv.set(["a"], 1);
  token = 2;
  assertEquals((await kv.set(["a"], 1)).ok, true);
  assertEquals(server.seen.map(({ operation }) => operation), [
    "",
    "atomic_write",
    "atomic_write",
    "",
    "atomic_write",
  ]);
});

test("An operation throws KvRefusedError when a new token is not taken either", async () => {
  await using server = scriptServer((request) =>
    request.operation === "" ? usual(request) : { answer: answer(403, "not yours") }
  );
  using kv = await connect(server.url);
  await assertRejects(() => kv.get(["a"]), KvRefusedError, "status 403: not yours");
});

test("An operation asks for metadata anew when they have expired", async () => {
  const clock = new ManualClock();
  const expiresAt = new Date(clock.now() + 60_000).toISOString();
  await using server = scriptServer((request) =>
    request.operation === "" ? { answer: metadataAnswer({ expiresAt }) } : usual(request)
  );
  using kv = await connect(server.url, { clock });
  await kv.get(["a"]);
  assertEquals(server.seen.length, 2);
  await clock.advance(60_000);
  await kv.get(["a"]);
  assertEquals(server.seen.map(({ operation }) => operation).slice(2), ["", "snapshot_read"]);
});

test("An operation throws KvUnavailableError when the server is away for too long", async () => {
  const server = scriptServer(usual);
  using kv = await connect(server.url, { patience: 60 });
  await server[Symbol.asyncDispose]();
  await assertRejects(() => kv.get(["a"]), KvUnavailableError);
  await assertRejects(() => kv.set(["a"], 1), KvUnavailableError);
});

test("Reads and writes wait for a server that comes back", async () => {
  const first = scriptServer(usual);
  using kv = await connect(first.url);
  using hasty = await connect(first.url, { patience: 0 });
  await first[Symbol.asyncDispose]();
  await assertRejects(() => hasty.get(["a"]), KvUnavailableError);
  const waiting = [kv.get(["a"]), kv.get(["a"]).then(() => kv.set(["a"], 1))];
  await assertRejects(() => hasty.set(["a"], 1), KvUnavailableError);
  await using second = scriptServer(usual, Number(new URL(first.url).port));
  await Promise.all(waiting);
  assertEquals(second.operations().at(-1), "atomic_write");
});

test("A connection that cannot be opened in time is given up, and closed when it comes late", async () => {
  await using server = scriptServer(usual);
  const clock = new ManualClock();
  const late = Promise.withResolvers<Deno.TcpConn>();
  using kv = await connect(server.url, { clock, patience: 0, connect: () => late.promise });
  const read = assertRejects(() => kv.get(["a"]), KvUnavailableError);
  await clock.advance(2_000);
  await read;
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(server.url).port) });
  late.resolve(conn);
  await late.promise;
  await assertRejects(() => conn.read(new Uint8Array(1)), Deno.errors.BadResource);
});

test("A request that is not answered in time is given up, and its connection closed", async () => {
  const clock = new ManualClock();
  await using server = scriptServer((request) => request.operation === "" ? usual(request) : {});
  using kv = await connect(server.url, { clock, answerTimeout: 3_000 });
  const written = assertRejects(() => kv.set(["a"], 1), KvOutcomeUnknownError);
  await eventually(() => server.operations().length === 1);
  await clock.advance(5_000);
  await written;
});

test("A write is not sent when its turn comes after its time", async () => {
  const clock = new ManualClock();
  await using server = scriptServer((request) => request.operation === "" ? usual(request) : {});
  using kv = await connect(server.url, { clock, patience: 2_000, answerTimeout: 3_000, maxConnections: 1 });
  const first = assertRejects(() => kv.set(["a"], 1), KvOutcomeUnknownError);
  const second = assertRejects(() => kv.set(["b"], 1), KvUnavailableError);
  await eventually(() => server.operations().length === 1);
  await clock.advance(4_000);
  await first;
  await second;
  assertEquals(server.operations(), ["atomic_write"]);
});

test("close() ends what is under way, and what comes after", async () => {
  await using server = scriptServer((request) => request.operation === "" ? usual(request) : {});
  const kv = await connect(server.url);
  const read = assertRejects(() => kv.get(["a"]), Deno.errors.BadResource);
  const write = assertRejects(() => kv.set(["a"], 1), Deno.errors.BadResource);
  await new Promise((resolve) => setTimeout(resolve));
  kv.close();
  kv.close();
  await read;
  await write;
  await assertRejects(() => kv.get(["a"]), Deno.errors.BadResource, "closed");
});
