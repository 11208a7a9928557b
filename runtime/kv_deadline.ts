import { type Clock, systemClock } from "./clock.ts";
import { ListIterator } from "./kv_connect/list_iterator.ts";
import { overrideKv } from "./override_kv.ts";

/** A KV operation did not end in time; a write may still come into effect. */
export class KvTimeoutError extends Error {
  override readonly name = "KvTimeoutError";
}

/** How {@linkcode withDeadline} waits. */
export interface KvDeadlineOptions {
  /** Milliseconds that one operation may take. @default 2_000 */
  timeout?: number;
  /** @default {@linkcode systemClock} */
  clock?: Clock;
}

/**
 * The same database with a deadline on every read and write: a client of a KV Connect server waits for one that is away,
 * Deno's own for ever, and would hold a request as long.
 *
 * A write that timed out may be sent, or come into effect, later. Give every write a check, so that one that comes late
 * changes nothing that has changed since.
 *
 * Each operation throws {@linkcode KvTimeoutError} when the time is over.
 */
export function withDeadline(kv: Deno.Kv, options: KvDeadlineOptions = {}): Deno.Kv {
  const { timeout = 2_000, clock = systemClock } = options;
  const limit = <T>(operation: Promise<T>): Promise<T> => inTime(operation, timeout, clock);
  return overrideKv(kv, {
    get: <T>(...args: Parameters<Deno.Kv["get"]>) => limit(kv.get<T>(...args)),
    getMany: <T extends readonly unknown[]>(
      keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
      readOptions?: { consistency?: Deno.KvConsistencyLevel },
    ) => limit(kv.getMany<T>(keys, readOptions)),
    set: (...args) => limit(kv.set(...args)),
    delete: (key) => limit(kv.delete(key)),
    atomic: () => limitCommit(kv.atomic(), limit),
    list: <T>(...args: Parameters<Deno.Kv["list"]>) => limitNext(kv.list<T>(...args), limit),
  });
}

type Limit = <T>(operation: Promise<T>) => Promise<T>;

function limitCommit(operation: Deno.AtomicOperation, limit: Limit): Deno.AtomicOperation {
  const commit = operation.commit.bind(operation);
  operation.commit = () => limit(commit());
  return operation;
}

function limitNext<T>(iterator: Deno.KvListIterator<T>, limit: Limit): Deno.KvListIterator<T> {
  const next = iterator.next.bind(iterator);
  const atHand = () => iterator instanceof ListIterator && iterator.atHand;
  iterator.next = () => atHand() ? next() : limit(next());
  return iterator;
}

function inTime<T>(operation: Promise<T>, timeout: number, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new KvTimeoutError(`The database did not answer within ${timeout} ms`));
    const timer = clock.setTimeout(giveUp, timeout);
    operation.finally(() => timer.cancel()).then(resolve, reject);
  });
}
