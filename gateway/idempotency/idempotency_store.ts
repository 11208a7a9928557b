import { type Clock, commitChecked, systemClock } from "@flotilla/runtime";
import { generate } from "@std/uuid/v7";
import { z } from "zod";
import { type Entry, entrySchema, type KeptAnswer } from "./kept_answer.ts";

/** A request that carries a key. */
export interface KeyedRequest {
  /** Whose key it is: one caller's keys mean nothing to another. */
  readonly owner: string;
  readonly key: string;
  readonly fingerprint: string;
}

/** How a request with a key is to be dealt with. */
export type Begun =
  | { readonly kind: "run"; readonly run: Run }
  | { readonly kind: "answered"; readonly answer: KeptAnswer }
  /** The first one has not been answered yet. */
  | { readonly kind: "running" }
  /** The key was used for another request. */
  | { readonly kind: "mismatch" };

/** One try at a request, for which nobody else tries until it is settled or its time is over. */
export interface Run {
  /** The id for what the request makes: the same for each try. */
  readonly id: string;
  /** 1 for the first. */
  readonly tries: number;
  /** Keeps the answer for those who repeat the request. */
  settle(answer: KeptAnswer): Promise<void>;
  /** Gives the request up: whoever repeats it tries again. */
  release(): Promise<void>;
}

/** Keeps answers by the keys of their requests. */
export interface IdempotencyStore {
  begin(request: KeyedRequest): Promise<Begun>;
}

/** How {@linkcode createIdempotencyStore} keeps. */
export interface IdempotencyOptions {
  /** Milliseconds that an answer is kept. @default 86_400_000 */
  life?: number;
  /** Milliseconds after which a try that was neither settled nor released is taken to be lost. @default 30_000 */
  lease?: number;
  /** @default `systemClock` */
  clock?: Clock;
  /** Makes the ids of what requests make. @default UUIDs of version 7, which sort by time */
  makeId?: () => string;
}

/** Bytes of an answer in one entry of the database, which takes 65,536. */
const PART = 60_000;
/** A race is lost to somebody who has begun or ended, after which there is no more to race for. */
const ROUNDS = 8;

/**
 * Keeps answers in a database that all gateways share. Every write carries a check, so that one that comes late does
 * nothing.
 */
export function createIdempotencyStore(kv: Deno.Kv, options: IdempotencyOptions = {}): IdempotencyStore {
  const { life = 86_400_000, lease = 30_000, clock = systemClock } = options;
  const { makeId = () => generate(clock.now()) } = options;

  async function read(path: Deno.KvKey): Promise<{ entry: Entry | undefined; check: Deno.AtomicCheck }> {
    const { key, value, versionstamp } = await kv.get(path);
    const { data } = entrySchema.safeParse(value);
    const entry = data !== undefined && data.expires > clock.now() ? data : undefined;
    return { entry, check: { key, versionstamp } };
  }

  async function readAnswer(path: Deno.KvKey, entry: Entry): Promise<KeptAnswer | undefined> {
    if (entry.state.kind !== "answered") return undefined;
    const { run, status, fields, parts } = entry.state;
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for (let part = 0; part < parts; part++) {
      const { value } = await kv.get(partKey(path, run, part));
      const { data } = partSchema.safeParse(value);
      if (data === undefined) return undefined;
      chunks.push(new Uint8Array(data));
    }
    return { status, fields, content: new Uint8Array(await new Blob(chunks).arrayBuffer()) };
  }

  function runOf(path: Deno.KvKey, entry: Entry, run: string): Run {
    async function replace(state: Entry["state"], parts: readonly Uint8Array[]): Promise<void> {
      const { entry: now, check } = await read(path);
      if (now?.state.kind !== "running" || now.state.run !== run) return;
      const expireIn = Math.max(1, entry.expires - clock.now());
      const operation = kv.atomic().check(check).set(path, { ...entry, state }, { expireIn });
      for (const [part, bytes] of parts.entries()) {
        operation.set(partKey(path, run, part), bytes, { expireIn });
      }
      await operation.commit();
    }
    return {
      id: entry.id,
      tries: entry.tries,
      settle({ status, fields, content }) {
        const parts = split(content);
        return replace({ kind: "answered", run, status, fields, parts: parts.length }, parts);
      },
      release: () => replace({ kind: "open" }, []),
    };
  }

  async function judge(path: Deno.KvKey, entry: Entry, request: KeyedRequest): Promise<Begun | undefined> {
    if (entry.fingerprint !== request.fingerprint) return { kind: "mismatch" };
    if (entry.state.kind === "running" && entry.state.until > clock.now()) return { kind: "running" };
    const answer = await readAnswer(path, entry);
    return answer === undefined ? undefined : { kind: "answered", answer };
  }

  return {
    async begin(request) {
      const path = ["gateway", "idempotency", request.owner, request.key];
      const run = crypto.randomUUID();
      for (let round = 0; round < ROUNDS; round++) {
        const { entry, check } = await read(path);
        // The answer to the write of an earlier round may have been lost.
        if (entry?.state.kind === "running" && entry.state.run === run) {
          return { kind: "run", run: runOf(path, entry, run) };
        }
        const judged = entry === undefined ? undefined : await judge(path, entry, request);
        if (judged !== undefined) return judged;
        const now = clock.now();
        const begun: Entry = {
          fingerprint: request.fingerprint,
          id: entry?.id ?? makeId(),
          tries: (entry?.tries ?? 0) + 1,
          expires: entry?.expires ?? now + life,
          state: { kind: "running", run, until: now + lease },
        };
        const operation = kv.atomic().check(check)
          .set(path, begun, { expireIn: Math.max(1, begun.expires - now) });
        if (await commitChecked(operation)) return { kind: "run", run: runOf(path, begun, run) };
      }
      return { kind: "running" };
    },
  };
}

const partSchema = z.instanceof(Uint8Array);

function partKey(path: Deno.KvKey, run: string, part: number): Deno.KvKey {
  return [...path, run, part];
}

function split(content: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let start = 0; start < content.byteLength; start += PART) {
    parts.push(content.slice(start, start + PART));
  }
  return parts;
}
