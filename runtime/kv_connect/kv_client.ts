import { type Clock, systemClock } from "../clock.ts";
import { sampledTraceparent } from "../tracing.ts";
import { AtomicOperation, COMMIT_VERSIONSTAMP } from "./atomic_operation.ts";
import { DataPath, type DataPathOptions } from "./data_path.ts";
import type { ReadRange } from "./datapath.ts";
import { decodeKey, encodeKey } from "./key_codec.ts";
import { assertRanges, assertReadableKey, assertWatchable } from "./limits.ts";
import { ListIterator } from "./list_iterator.ts";
import { readSnapshot, readWriteOutcome, snapshotRead, watch, type WireEntry } from "./messages.ts";
import type { Metadata } from "./metadata.ts";
import { ReadBatch } from "./read_batch.ts";
import { decodeValue } from "./stored_value.ts";
import { Watcher } from "./watcher.ts";

/** A database behind a KV Connect server, to be used as any `Deno.Kv`. */
export class KvClient implements Deno.Kv {
  readonly #path: DataPath;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #reads: ReadBatch;

  /** @param exchange learns where the database is, when `metadata` do not hold any more */
  constructor(metadata: Metadata, exchange: () => Promise<Metadata>, options: DataPathOptions = {}) {
    const path = new DataPath(metadata, exchange, options);
    this.#path = path;
    this.#clock = options.clock ?? systemClock;
    this.#reads = new ReadBatch((ranges, parent) =>
      path.call("snapshot_read", snapshotRead(ranges), { read: readSnapshot, parent })
    );
  }

  async get<T = unknown>(key: Deno.KvKey, _options?: ReadOptions): Promise<Deno.KvEntryMaybe<T>> {
    const [found] = await this.#reads.read([pointOf(key)], sampledTraceparent());
    return entryMaybe<T>(key, found?.[0]);
  }

  async getMany<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
    _options?: ReadOptions,
  ): Promise<{ [K in keyof T]: Deno.KvEntryMaybe<T[K]> }> {
    assertRanges(keys.length);
    const ranges = keys.map(pointOf);
    const found = ranges.length === 0 ? [] : await this.#reads.read(ranges, sampledTraceparent());
    return tuple<T>(keys.map((key, index) => entryMaybe(key, found[index]?.[0])));
  }

  async set(
    key: Deno.KvKey,
    value: unknown,
    options?: { expireIn?: number },
  ): Promise<Deno.KvCommitResult> {
    const result = await this.atomic().set(key, value, options).commit();
    if (!result.ok) throw new TypeError("Failed to set value");
    return result;
  }

  async delete(key: Deno.KvKey): Promise<void> {
    const result = await this.atomic().delete(key).commit();
    if (!result.ok) throw new TypeError("Failed to delete value");
  }

  list<T = unknown>(selector: Deno.KvListSelector, options: Deno.KvListOptions = {}): Deno.KvListIterator<T> {
    return new ListIterator<T>(selector, options, async ({ first, end, limit, reverse }) => {
      const range: ReadRange = { start: first, end, limit, reverse };
      const [found = []] = await this.#reads.read([range], sampledTraceparent());
      return found.map((entry) => entryOf<T>(decodeKey(entry.key), entry));
    });
  }

  atomic(): Deno.AtomicOperation {
    const commit = (message: Parameters<DataPath["call"]>[1]) =>
      this.#path.call("atomic_write", message, { read: readWriteOutcome, parent: sampledTraceparent() });
    return new AtomicOperation(commit, () => this.#clock.now());
  }

  watch<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
    _options?: { raw?: boolean },
  ): ReadableStream<{ [K in keyof T]: Deno.KvEntryMaybe<T[K]> }> {
    const encoded = keys.map((key) => encodeKey(key));
    assertWatchable(encoded);
    const message = watch(encoded);
    const watcher = new Watcher({
      keys: keys.length,
      open: (sink, onEnd) => this.#path.stream(message, sink, onEnd),
      clock: this.#clock,
      closing: this.#closing.signal,
    });
    return new ReadableStream({
      async pull(controller) {
        const entries = await watcher.next();
        if (entries === undefined) return controller.close();
        controller.enqueue(tuple<T>(entries.map((entry, index) => entryMaybe(keys[index] ?? [], entry))));
      },
      cancel: () => watcher.stop(),
    }, { highWaterMark: 0 });
  }

  /** Rejects with a `TypeError`: KV Connect has no queues. */
  enqueue(): Promise<Deno.KvCommitResult> {
    return Promise.reject(new TypeError("Cannot enqueue: a KV Connect server has no queues"));
  }

  /** Rejects with a `TypeError`: KV Connect has no queues. */
  listenQueue(): Promise<void> {
    return Promise.reject(new TypeError("Cannot listen: a KV Connect server has no queues"));
  }

  commitVersionstamp(): symbol {
    return COMMIT_VERSIONSTAMP;
  }

  /** Ends what is under way; harmless when it is closed. */
  close(): void {
    this.#closing.abort();
    this.#path[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A server that is up to date answers every read: there is nothing to choose. */
interface ReadOptions {
  consistency?: Deno.KvConsistencyLevel;
}

/** The range that holds one key. */
function pointOf(key: Deno.KvKey): ReadRange {
  const end = encodeKey(key, 0);
  const start = end.subarray(0, -1);
  assertReadableKey(start);
  return { start, end, limit: 1, reverse: false };
}

function entryMaybe<T>(key: Deno.KvKey, found: WireEntry | undefined): Deno.KvEntryMaybe<T> {
  return found === undefined ? { key, value: null, versionstamp: null } : entryOf<T>(key, found);
}

/** What is stored is what the caller says it is, as with every `Deno.Kv`: nobody else can know. */
function entryOf<T>(key: Deno.KvKey, found: WireEntry): Deno.KvEntry<T> {
  return { key, value: decodeValue(found) as T, versionstamp: found.versionstamp.toHex() };
}

/** As many as keys were asked for, which the compiler cannot count. */
function tuple<T extends readonly unknown[]>(
  entries: Deno.KvEntryMaybe<unknown>[],
): { [K in keyof T]: Deno.KvEntryMaybe<T[K]> } {
  return entries as { [K in keyof T]: Deno.KvEntryMaybe<T[K]> };
}
