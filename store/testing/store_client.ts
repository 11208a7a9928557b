import { openKv } from "@deno/kv";
import { assertEquals } from "@std/assert";
import { type ReadRange, WRITE_STATUS } from "@flotilla/runtime/kv_connect";
import type { Entry } from "../datapath.ts";
import type { Operation } from "../protocol.ts";
import { createStore, type Store, type StoreOptions } from "../store.ts";
import {
  type ClientWrite,
  decodeSnapshotReadOutput,
  decodeWatchOutput,
  decodeWriteOutput,
  encodeAtomicWrite,
  encodeSnapshotRead,
  encodeWatch,
} from "./datapath_client.ts";

/** The access token of stores in tests. */
export const TEST_TOKEN = "a-token-for-tests-only";

const encoder = new TextEncoder();

/** A text as the bytes of a key. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** The range that holds one key. */
export function pointOf(key: Uint8Array): ReadRange {
  const end = new Uint8Array(key.length + 1);
  end.set(key);
  return { start: key, end, limit: 1, reverse: false };
}

/** Makes a store for a test, in memory unless told otherwise, and a client that calls it without any network. */
export function testStore(
  options: Partial<StoreOptions> = {},
): { store: Store; client: StoreClient } & AsyncDisposable {
  const store = createStore({ accessToken: TEST_TOKEN, ...options });
  return { store, client: new StoreClient(store), [Symbol.asyncDispose]: () => store.close() };
}

/** Speaks the data path of a store as protobuf, with what no client of Deno's would send. */
export class StoreClient {
  readonly #store: Store;
  #databaseId: string | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The metadata exchange, with a body as it is. */
  exchange(body: string | null, headers: Record<string, string> = {}): Promise<Response> {
    return this.#store.fetch(
      new Request("http://store.test/", {
        method: "POST",
        headers: { authorization: `Bearer ${TEST_TOKEN}`, ...headers },
        body,
      }),
    );
  }

  async databaseId(): Promise<string> {
    const response = await this.exchange('{"supportedVersions":[3]}');
    return this.#databaseId ??= (await response.json()).databaseId;
  }

  /** A request of the data path, with a message as it is. */
  async post(
    operation: Operation,
    message: Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return await this.#store.fetch(
      new Request(`http://store.test/v3/${operation}`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${TEST_TOKEN}`,
          "x-denokv-version": "3",
          "x-denokv-database-id": await this.databaseId(),
          ...headers,
        },
        body: message,
      }),
    );
  }

  async read(...ranges: ReadRange[]): Promise<Entry[][]> {
    const response = await this.post("snapshot_read", encodeSnapshotRead(ranges));
    await assertStatus(response, 200);
    return decodeSnapshotReadOutput(await response.bytes());
  }

  async get(key: Uint8Array): Promise<Entry | undefined> {
    return (await this.read(pointOf(key)))[0]?.[0];
  }

  /** The version of a write that was committed, or the checks that failed. */
  async write(write: ClientWrite): Promise<number | readonly number[]> {
    const response = await this.post("atomic_write", encodeAtomicWrite(write));
    await assertStatus(response, 200);
    const { status, version, failedChecks } = decodeWriteOutput(await response.bytes());
    return status === WRITE_STATUS.success && version !== undefined ? version : failedChecks;
  }

  /** Sets a key to bytes. */
  async set(key: Uint8Array, data: Uint8Array, expireAt = 0): Promise<number> {
    const version = await this.write({
      mutations: [{ key, type: 1, value: { data, encoding: 3 }, expireAt }],
    });
    if (typeof version !== "number") throw new TypeError("Cannot set: the write was not committed");
    return version;
  }

  /** A write that is not done: its status and text. */
  async refused(write: ClientWrite): Promise<{ status: number; text: string }> {
    const response = await this.post("atomic_write", encodeAtomicWrite(write));
    return { status: response.status, text: (await response.text()).trim() };
  }

  async watch(...keys: Uint8Array[]): Promise<WatchReader> {
    const response = await this.post("watch", encodeWatch(keys));
    await assertStatus(response, 200);
    if (response.body === null) throw new TypeError("Cannot watch: the answer has no body");
    return new WatchReader(response.body);
  }
}

/** Reads the frames of a watch. */
export class WatchReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
  }

  /** The entries of the next frame, `"alive"` for an empty one, `"end"` at the end. Each chunk is one frame here. */
  async next(): Promise<(Entry | undefined)[] | "alive" | "end"> {
    const { done, value } = await this.#reader.read();
    if (done) return "end";
    const length = new DataView(value.buffer, value.byteOffset).getUint32(0, true);
    assertEquals(value.length, 4 + length);
    return length === 0 ? "alive" : decodeWatchOutput(value.subarray(4));
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

/** Opens a store with `@deno/kv`, its requests handed over without a network. */
export async function openWithNpmClient(store: Store): Promise<Awaited<ReturnType<typeof openKv>>> {
  const fetcher = async (input: string, init: RequestInit): Promise<Response> => {
    const response = await store.fetch(new Request(input, init));
    // The client resolves endpoints against it; only an answer from the network has one.
    return Object.defineProperty(response, "url", { value: input });
  };
  return await openKv("http://store.test/", { implementation: "remote", accessToken: TEST_TOKEN, fetcher });
}

async function assertStatus(response: Response, status: number): Promise<void> {
  if (response.status !== status) throw new Error(`Got ${response.status}: ${await response.text()}`);
}
