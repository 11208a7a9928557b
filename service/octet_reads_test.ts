import { ASSERTION_HEADER, createAssertionSigner } from "@flotilla/auth/verify";
import { hostListener } from "@flotilla/balancer/host";
import { assertEquals, assertMatch } from "@std/assert";
import { startPair, userNamed } from "./service_fixture.ts";

const net = (await Deno.permissions.query({ name: "net" })).state === "granted";
const KEY = "an internal key of 32 characters";

/** Requests of one service, each sent as octets and as an object. */
interface Question {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly as?: string;
}

const QUESTIONS: Readonly<Record<string, Question>> = {
  "a record that was read before": { path: "/data/public" },
  "a record with letters of all lengths": { path: "/data/letters" },
  "a long record": { path: "/data/long" },
  "a record of one's own": { path: "/data/private", as: "ann" },
  "another's record": { path: "/data/private", as: "bob" },
  "a record that does not exist": { path: "/data/none" },
  "an id that cannot be": { path: "/data/-" },
  "a path below a record": { path: "/data/public/none" },
  "a query": { path: "/data/public?x=1" },
  "a version that the reader has": { path: "/data/public", headers: { "if-none-match": '"2"' } },
  "a version that is not there": { path: "/data/public", headers: { "if-match": '"77"' } },
  "what the database holds": { path: "/data/public", headers: { "cache-control": "no-cache" } },
  "the head alone": { path: "/data/public", method: "HEAD" },
  "all records": { path: "/data" },
};

async function outcome(response: Response): Promise<unknown> {
  const fields = Object.fromEntries(
    [...response.headers].filter(([name]) => !["date", "content-length", "x-request-id"].includes(name)),
  );
  return {
    status: response.status,
    fields,
    text: (await response.text()).replace(/"request_id":"[^"]*"/, ""),
  };
}

Deno.test({
  name: "OctetReads answer as the role's fetch does, whatever is asked",
  ignore: !net,
  async fn(t) {
    await using pair = await startPair({ realTime: true });
    const signer = createAssertionSigner({ key: KEY, issuer: "test", clock: pair.clock });
    const { one } = pair;
    const records = [
      { id: "private", access: "private", value: ["private"] },
      { id: "public", access: "public", value: ["public"] },
      { id: "letters", access: "public", value: "a ü 字 😀" },
      { id: "long", access: "public", value: "字".repeat(20_000) },
    ];
    for (const body of records) {
      const made = await pair.call(one, "/data", { body, as: userNamed("ann") });
      assertEquals(made.status, 201);
    }
    let replies = 0;
    const listener = hostListener(one, {
      open(knock) {
        const reply = one.open(knock);
        if (reply !== undefined) replies++;
        return reply;
      },
    });
    const socket = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const serving = listener.serve(socket);
    const client = Deno.createHttpClient({});
    for (const [title, { path, method = "GET", headers = {}, as = "bob" }] of Object.entries(QUESTIONS)) {
      await t.step(title, async () => {
        const all = {
          ...headers,
          [ASSERTION_HEADER]: await signer.sign(userNamed(as)),
          "x-request-id": "r-1",
        };
        const plain = async () =>
          await one.fetch(new Request(`http://service${path}`, { method, headers: all }));
        await outcome(await plain());
        const expected = await outcome(await plain());
        const url = `http://127.0.0.1:${socket.addr.port}${path}`;
        const got = await fetch(url, { method, headers: all, client });
        assertMatch(got.headers.get("date") ?? "", / GMT$/);
        assertEquals(got.headers.get("x-request-id"), "r-1");
        assertEquals(await outcome(got), expected);
      });
    }
    await t.step("the plain ones as octets", () => assertEquals(replies, 6));
    await t.step(
      "a record that was not read before, in the database and then in the shared cache",
      async () => {
        for (const id of ["first", "second", "third", "fourth"]) {
          const made = await pair.call(pair.two, "/data", { body: { id, value: 1, access: "public" } });
          assertEquals(made.status, 201);
        }
        const headers = { [ASSERTION_HEADER]: await signer.sign(userNamed("bob")), "x-request-id": "r-1" };
        const told = async (response: Response) => {
          const { cached, data: { value } } = await response.json();
          return [response.headers.get("cache-status"), cached, value];
        };
        const octets = (id: string) =>
          fetch(`http://127.0.0.1:${socket.addr.port}/data/${id}`, { headers, client });
        assertEquals(await told(await octets("first")), await told(await pair.call(one, "/data/second")));
        for (const id of ["third", "fourth"]) await (await pair.call(pair.two, `/data/${id}`)).body?.cancel();
        assertEquals(await told(await octets("third")), await told(await pair.call(one, "/data/fourth")));
        assertEquals(replies, 8);
      },
    );
    client.close();
    await listener.close();
    await serving;
  },
});
