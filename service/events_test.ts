import { assertEquals, assertGreater, assertMatch } from "@std/assert";
import { eventually } from "@flotilla/runtime/testing";
import { type CallInit, type ServicePair, startPair, userNamed } from "./service_fixture.ts";

interface Event {
  id?: string;
  event?: string;
  data?: Record<string, unknown> & { id: string; version: number };
  comment?: string;
}

/** Reads server-sent events one by one. */
class EventReader implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(response: Response) {
    assertEquals(response.headers.get("content-type"), "text/event-stream");
    if (response.body === null) throw new TypeError("Expected a body");
    this.#reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  }

  async next(): Promise<Event | undefined> {
    while (!/\r?\n\r?\n/.test(this.#text)) {
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += value;
    }
    const [block = "", ...rest] = this.#text.split(/\r?\n\r?\n/);
    this.#text = this.#text.slice(this.#text.length - rest.join("\n\n").length);
    const event: Event = {};
    for (const line of block.split(/\r?\n/)) {
      const [, name = "", value = ""] = /^([^:]*): ?(.*)$/.exec(line) ?? [];
      if (name === "") event.comment = value;
      else if (name === "data") event.data = JSON.parse(value);
      else if (name === "id" || name === "event") event[name] = value;
    }
    return event;
  }

  async take(count: number): Promise<Event[]> {
    const events: Event[] = [];
    while (events.length < count) {
      const event = await this.next();
      if (event === undefined) break;
      events.push(event);
    }
    return events;
  }

  async [Symbol.asyncDispose]() {
    await this.#reader.cancel();
  }
}

async function open(
  pair: ServicePair,
  path = "/data/events",
  init: CallInit & { from?: "one" | "two" } = {},
) {
  const reader = new EventReader(await pair.call(pair[init.from ?? "one"], path, init));
  const first = await reader.next();
  return Object.assign(reader, { start: first?.id ?? "" });
}

const put = async (pair: ServicePair, id: string, value: unknown, more: object = {}, as = userNamed("ann")) =>
  await (await pair.call(pair.two, `/data/${id}`, { method: "PUT", body: { value, ...more }, as })).body
    ?.cancel();

const brief = (
  { event, data }: Event,
) => [event, data?.id, (data?.["data"] as { value?: unknown } | undefined)?.value];

Deno.test("GET /data/events tells changes made through another service, in order", async () => {
  await using pair = await startPair();
  await using events = await open(pair);
  await put(pair, "a", 1);
  assertEquals(brief(await events.next() ?? {}), ["put", "a", 1]);
  await put(pair, "a", 2);
  await pair.call(pair.two, "/data/a", { method: "DELETE" });
  const [changed, deleted] = await events.take(2);
  assertEquals([changed?.event, deleted?.event, deleted?.data?.id], ["put", "delete", "a"]);
});

Deno.test("GET /data/events begins with an id, so that nothing is missed when the stream breaks at once", async () => {
  await using pair = await startPair();
  const first = await open(pair);
  await first[Symbol.asyncDispose]();
  assertMatch(first.start, /^1-[0-9a-f]{8}$/);
  await put(pair, "a", 1);
  await using again = await open(pair, "/data/events", {
    headers: { "last-event-id": first.start },
    from: "two",
  });
  assertEquals(brief(await again.next() ?? {}), ["put", "a", 1]);
});

Deno.test("GET /data/events goes on behind Last-Event-ID without a gap or a repetition", async () => {
  await using pair = await startPair();
  await using events = await open(pair);
  for (let n = 0; n < 30; n++) await put(pair, `r${n % 3}`, n);
  const all = await events.take(30);
  assertEquals(all.map(({ data }) => data?.version), Array.from({ length: 30 }, (_, n) => n + 2));
  await using later = await open(pair, "/data/events", { headers: { "last-event-id": all[9]?.id ?? "" } });
  assertEquals((await later.take(20)).map(({ id }) => id), all.slice(10).map(({ id }) => id));
});

Deno.test("GET /data/events goes on from the database's log in a service that was just started", async () => {
  await using pair = await startPair();
  await using events = await open(pair);
  await put(pair, "a", 1);
  await put(pair, "b", 2);
  await pair.call(pair.one, "/data");
  await using fresh = await startPair({ database: pair.database });
  await using again = new EventReader(
    await fresh.call(fresh.one, "/data/events", { headers: { "last-event-id": events.start } }),
  );
  assertEquals((await again.take(3)).map(({ data }) => data?.id), [undefined, "a", "b"]);
});

Deno.test("GET /data/events tells of a reset when the log no longer goes back that far", async () => {
  await using pair = await startPair({ keptChanges: 5 });
  await using fresh = await startPair({ database: pair.database, keptChanges: 5 });
  const { start } = await open(pair).then(async (reader) => {
    await reader[Symbol.asyncDispose]();
    return reader;
  });
  for (let n = 0; n < 10; n++) await put(pair, "a", n);
  await using events = await open(fresh, "/data/events", { headers: { "last-event-id": start } });
  const reset = await events.next();
  assertEquals([reset?.event, reset?.id?.split("-")[0]], ["reset", "11"]);
  await put(fresh, "b", 1);
  assertEquals(brief(await events.next() ?? {}), ["put", "b", 1]);
});

Deno.test("GET /data/events tells of a reset to who comes from another life of the database", async () => {
  await using pair = await startPair();
  for (const id of ["1-00000000", "99-00000000"]) {
    await using events = await open(pair, "/data/events", { headers: { "last-event-id": id } });
    assertEquals((await events.next())?.event, "reset");
  }
});

Deno.test("GET /data/events refuses a Last-Event-ID that it never gave", async () => {
  await using pair = await startPair();
  const response = await pair.call(pair.one, "/data/events", { headers: { "last-event-id": "yesterday" } });
  assertEquals(response.status, 422);
  await response.body?.cancel();
});

Deno.test("GET /data/:id/events tells of that record alone, also before it exists", async () => {
  await using pair = await startPair();
  await using events = await open(pair, "/data/a/events");
  await put(pair, "ab", 1);
  await put(pair, "a", 2);
  assertEquals(brief(await events.next() ?? {}), ["put", "a", 2]);
});

Deno.test("GET /data/events?prefix tells of records that begin so", async () => {
  await using pair = await startPair();
  await using events = await open(pair, "/data/events?prefix=user:");
  await put(pair, "a", 1);
  await put(pair, "user:1", 2);
  assertEquals(brief(await events.next() ?? {}), ["put", "user:1", 2]);
});

Deno.test("GET /data/events tells only what the caller may see, and that a record went out of sight", async () => {
  await using pair = await startPair();
  await using events = await open(pair, "/data/events", { as: userNamed("bob") });
  await put(pair, "hidden", 1, { access: "private" });
  await put(pair, "seen", 2);
  await put(pair, "seen", 3, { access: "private" });
  await put(pair, "seen", 4);
  await put(pair, "seen", 5, { sharedWith: ["bob"] });
  const told = (await events.take(3)).map(({ event, data }) => [event, data?.id, data?.version]);
  assertEquals(told, [["put", "seen", 3], ["delete", "seen", 4], ["put", "seen", 6]]);
});

Deno.test("GET /data/events tells that it lives when nothing happens", async () => {
  await using pair = await startPair();
  await using events = await open(pair);
  let told: Event | undefined;
  void events.next().then((event) => told = event);
  await eventually(async () => {
    await pair.clock.advance(15_000);
    return told;
  });
  assertEquals(told?.comment, "still here");
});

Deno.test("GET /data/:id/events tells that it lives, and where it stands, while only other records change", async () => {
  await using pair = await startPair();
  await using events = await open(pair, "/data/a/events");
  let told: Event | undefined;
  void events.next().then((event) => told = event);
  let changes = 0;
  await eventually(async () => {
    await put(pair, "other", changes++);
    await pair.call(pair.one, "/data");
    await pair.clock.advance(5_000);
    return told;
  });
  assertEquals(told?.comment, "still here");
  const [seq] = told?.id?.split("-") ?? [];
  assertGreater(Number(seq), 1);
  await using again = await open(pair, "/data/a/events", { headers: { "last-event-id": told?.id ?? "" } });
  await put(pair, "a", "now");
  assertEquals(brief(await again.next() ?? {}), ["put", "a", "now"]);
});

Deno.test("GET /data/events ends when the service drains", async () => {
  await using pair = await startPair();
  await using events = await open(pair);
  const next = events.next();
  pair.one.drain();
  assertEquals(await next, undefined);
});
