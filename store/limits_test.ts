import { assertEquals, assertStringIncludes } from "@std/assert";
import { LIMITS, MUTATION, type ReadRange } from "@flotilla/runtime/kv_connect";
import type { WireMutation } from "./datapath.ts";
import { MAX_BODY_BYTES } from "./limits.ts";
import { type ClientWrite, encodeSnapshotRead, encodeWatch } from "./testing/datapath_client.ts";
import { bytes, type StoreClient, testStore } from "./testing/store_client.ts";

const absent = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ key: bytes(`none ${n}`), versionstamp: new Uint8Array() }));

const set = (key: Uint8Array, size: number, type: number = MUTATION.set): Partial<WireMutation> => ({
  key,
  type,
  value: { data: new Uint8Array(size), encoding: 3 },
});

const sets = (count: number, size: number, keySize = 8) =>
  Array.from({ length: count }, (_, n) => set(bytes(`${n}`.padStart(keySize, "k")), size));

/** Each limit, a write that is just within it, and one that is just beyond it. */
const WRITES: Readonly<Record<string, { within: ClientWrite; beyond: ClientWrite; text: string }>> = {
  "100 checks": {
    within: { checks: absent(LIMITS.checks) },
    beyond: { checks: absent(LIMITS.checks + 1) },
    text: "Too many checks",
  },
  "1,000 mutations": {
    within: { mutations: sets(LIMITS.mutations, 1) },
    beyond: { mutations: sets(LIMITS.mutations + 1, 1) },
    text: "Too many mutations",
  },
  "a value of 65,536 bytes": {
    within: { mutations: [set(bytes("k"), LIMITS.valueBytes)] },
    beyond: { mutations: [set(bytes("k"), LIMITS.valueBytes + 1)] },
    text: "A value exceeds the value size limit",
  },
  "a key of 2,048 bytes": {
    within: { mutations: [set(new Uint8Array(LIMITS.writeKeyBytes).fill(1), 1)] },
    beyond: { mutations: [set(new Uint8Array(LIMITS.writeKeyBytes + 1).fill(1), 1)] },
    text: "A key exceeds the key size limit",
  },
  "a checked key of 2,049 bytes": {
    within: { checks: [{ key: new Uint8Array(LIMITS.readKeyBytes), versionstamp: new Uint8Array() }] },
    beyond: { checks: [{ key: new Uint8Array(LIMITS.readKeyBytes + 1), versionstamp: new Uint8Array() }] },
    text: "A key exceeds the key size limit",
  },
  "a suffixed key of 2,048 bytes with its suffix": {
    within: { mutations: [set(new Uint8Array(2_026).fill(1), 1, MUTATION.setSuffixVersionstampedKey)] },
    beyond: { mutations: [set(new Uint8Array(2_027).fill(1), 1, MUTATION.setSuffixVersionstampedKey)] },
    text: "A key exceeds the key size limit",
  },
  "819,200 bytes in all": {
    within: { mutations: [...sets(12, 65_528), set(bytes("12345678"), 819_200 - 12 * 65_536 - 8)] },
    beyond: { mutations: [...sets(12, 65_528), set(bytes("12345678"), 819_200 - 12 * 65_536 - 7)] },
    text: "The total size of the atomic write is too large: 819201 bytes",
  },
  "81,920 bytes of keys": {
    within: { mutations: sets(40, 1, 2_048) },
    beyond: { mutations: [...sets(40, 1, 2_048), set(bytes("k"), 1)] },
    text: "The total size of the atomic write is too large",
  },
};

for (const [limit, { within, beyond, text }] of Object.entries(WRITES)) {
  Deno.test(`The store commits ${limit} and refuses more`, async () => {
    await using context = testStore();
    assertEquals(typeof await context.client.write(within), "number");
    const refusal = await context.client.refused(beyond);
    assertEquals(refusal.status, 400);
    assertStringIncludes(refusal.text, text);
  });
}

Deno.test("The store refuses an empty key", async () => {
  await using context = testStore();
  const refusal = { status: 400, text: "A key cannot be empty." };
  assertEquals(await context.client.refused({ mutations: [set(new Uint8Array(), 1)] }), refusal);
  assertEquals(
    await context.client.refused({ checks: [{ key: new Uint8Array(), versionstamp: new Uint8Array() }] }),
    refusal,
  );
});

Deno.test("The store refuses to enqueue", async () => {
  await using context = testStore();
  const refusal = { status: 400, text: "Enqueue operations are not supported in KV Connect." };
  assertEquals(await context.client.refused({ enqueues: 1 }), refusal);
});

const ranges = (count: number, limit: number): ReadRange[] =>
  Array.from({ length: count }, () => ({ start: bytes("a"), end: bytes("b"), limit, reverse: false }));
const reaching = (length: number): ReadRange[] => [
  { start: new Uint8Array(length), end: new Uint8Array(length).fill(255), limit: 1, reverse: false },
];

for (
  const [limit, [within, beyond, text]] of Object.entries<[ReadRange[], ReadRange[], string]>({
    "10 ranges": [ranges(10, 1), ranges(11, 1), "Too many read ranges"],
    "1,000 entries": [ranges(2, 500), [...ranges(1, 500), ...ranges(1, 501)], "The total number of entries"],
    "a limit of 1": [
      ranges(1, 1),
      ranges(1, 0),
      "The read range limit of the snapshot read request is invalid",
    ],
    "a bound of 2,049 bytes": [reaching(2_049), reaching(2_050), "A key exceeds the key size limit"],
  })
) {
  Deno.test(`The store reads ${limit} and refuses other reads`, async () => {
    await using context = testStore();
    assertEquals((await context.client.read(...within)).length, within.length);
    await assertRefused(context.client, "snapshot_read", encodeSnapshotRead(beyond), text);
  });
}

Deno.test("The store refuses a negative limit", async () => {
  await using context = testStore();
  await assertRefused(context.client, "snapshot_read", encodeSnapshotRead(ranges(1, -1)), "invalid: -1");
});

Deno.test("The store watches 10 keys and refuses more", async () => {
  await using context = testStore();
  const keys = Array.from({ length: 11 }, (_, n) => bytes(`k${n}`));
  const watch = await context.client.watch(...keys.slice(1));
  assertEquals((await watch.next()).length, 10);
  await watch.cancel();
  await assertRefused(context.client, "watch", encodeWatch(keys), "Too many keys watched");
});

for (const operation of ["snapshot_read", "atomic_write", "watch"] as const) {
  Deno.test(`The store answers 400 to a ${operation} that is no protobuf`, async () => {
    await using context = testStore();
    await assertRefused(
      context.client,
      operation,
      new Uint8Array([1 << 3 | 2, 99]),
      "Request protobuf is invalid",
    );
  });
}

Deno.test("The store answers 413 to a body that is larger than any request, told or not", async () => {
  await using context = testStore();
  const told = await context.client.post("atomic_write", new Uint8Array(1), {
    "content-length": `${MAX_BODY_BYTES + 1}`,
  });
  const untold = await context.client.post("atomic_write", new Uint8Array(MAX_BODY_BYTES + 1));
  assertEquals([told.status, untold.status], [413, 413]);
  await told.body?.cancel();
  await untold.body?.cancel();
});

async function assertRefused(
  client: StoreClient,
  operation: "snapshot_read" | "atomic_write" | "watch",
  message: Uint8Array<ArrayBuffer>,
  text: string,
): Promise<void> {
  const response = await client.post(operation, message);
  assertEquals(response.status, 400);
  assertStringIncludes(await response.text(), text);
}
