import { parseExposition } from "@flotilla/runtime";
import { signIn, startSystem, type System } from "@flotilla/tests";
import type { Contender, Sources } from "./contender.ts";
import { loadedRecords } from "./records.ts";

/** What `deno task up` starts, fifteen processes; clients may send as much as they like. */
const SYSTEM = {
  groupFlags: { api_gateway: { "caller-limit": "off", "address-limit": "off" } },
  environment: { FLOTILLA_LOG_LEVEL: "error" },
} as const;

/**
 * Flotilla with its databases in `data`, which must have been loaded.
 *
 * @param data the folder
 */
export function flotilla(data: string): Contender {
  return {
    name: "Flotilla",
    async start() {
      const system = await startSystem({ ...SYSTEM, data });
      return {
        origin: system.origin,
        token: (await signIn(system.origin)).token,
        sources: () => sourcesOf(system),
        async [Symbol.asyncDispose]() {
          await system.stop();
          await system[Symbol.asyncDispose]();
        },
      };
    },
  };
}

/** What the data services tell of their caches. */
async function sourcesOf(system: System): Promise<Sources> {
  const services = system.names.filter((name) => /^service_\d+$/.test(name));
  const texts = await Promise.all(services.map(async (name) => {
    return await (await fetch(`${system.originOf(name)}/metrics`)).text();
  }));
  const samples = texts.flatMap((text) => parseExposition(text));
  const sum = (what: "hits" | "misses", layer: string) =>
    samples
      .filter(({ name, labels }) =>
        name === `flotilla_service_cache_${what}_total` && labels["kind"] === "record" &&
        labels["layer"] === layer
      )
      .reduce((total, { value }) => total + value, 0);
  return { near: sum("hits", "near"), shared: sum("hits", "shared"), database: sum("misses", "shared") };
}

/** What an import did. */
export interface Loaded {
  readonly records: number;
  readonly seconds: number;
}

/** Imports all records into the databases in `data`, as a user would: `POST /data/import`. */
export async function loadFlotilla(data: string): Promise<Loaded> {
  await using system = await startSystem({ ...SYSTEM, data });
  const begun = performance.now();
  let records = 0;
  for (const part of parts(loadedRecords(), 20_000)) records += await importPart(system, part);
  const seconds = (performance.now() - begun) / 1_000;
  await system.stop();
  return { records, seconds };
}

/** One import has a minute, so it is made in parts. */
function* parts<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let part: T[] = [];
  for (const item of items) {
    part.push(item);
    if (part.length < size) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}

async function importPart(system: System, records: readonly unknown[]): Promise<number> {
  const { token } = await signIn(system.origin);
  const response = await fetch(`${system.origin}/data/import`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/jsonl" },
    body: records.map((record) => `${JSON.stringify({ ...Object(record), access: "public" })}\n`).join(""),
  });
  const text = await response.text();
  const { created = 0 }: { created?: number } = response.ok ? JSON.parse(text) : {};
  if (created !== records.length) throw new Error(`Cannot load: ${response.status} ${text.slice(0, 500)}`);
  return created;
}
