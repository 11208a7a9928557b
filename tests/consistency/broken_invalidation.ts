/**
 * A database whose change log names other records than those that changed: a service that reads it takes what it has
 * cached for right. It is how a test shows that the checker sees broken invalidation.
 */
export function misnamedChanges(kv: Deno.Kv): Deno.Kv {
  return new Proxy(kv, {
    get(target, name) {
      if (name === "list") return (...args: Parameters<Deno.Kv["list"]>) => misname(target.list(...args));
      const own: unknown = Reflect.get(target, name, target);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}

async function* misname(
  entries: AsyncIterable<Deno.KvEntry<unknown>>,
): AsyncGenerator<Deno.KvEntry<unknown>> {
  for await (const entry of entries) {
    const { key, value } = entry;
    const isChange = key[1] === "change" && typeof value === "object" && value !== null;
    yield isChange ? { ...entry, value: { ...value, id: "another" } } : entry;
  }
}

/** A cache that says of every value that it is from a moment ago: what is outdated looks as new. */
export function restampedValues(kv: Deno.Kv): Deno.Kv {
  let newest = 0;
  const restamp = (entry: Deno.KvEntryMaybe<unknown>): Deno.KvEntryMaybe<unknown> => {
    const asOf = member(entry.value, "asOf");
    const seq = member(asOf, "seq");
    if (entry.versionstamp === null || typeof entry.value !== "object") return entry;
    if (typeof asOf !== "object" || typeof seq !== "number") return entry;
    newest = Math.max(newest, seq);
    return { ...entry, value: { ...entry.value, asOf: { ...asOf, seq: newest } } };
  };
  return new Proxy(kv, {
    get(target, name) {
      if (name === "getMany") return async (keys: Deno.KvKey[]) => (await target.getMany(keys)).map(restamp);
      const own: unknown = Reflect.get(target, name, target);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
