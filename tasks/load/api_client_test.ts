import { assertEquals, assertRejects } from "@std/assert";
import { type ApiClient, LoadError, signIn } from "./api_client.ts";

const request = { method: "GET", path: "/data", headers: {}, body: undefined };

function client(answer: (request: Request) => Response | Promise<Response>): Promise<ApiClient> {
  return signIn("http://flotilla", {
    fetch: async (request) =>
      new URL(request.url).pathname === "/auth/login" ? Response.json({ token: "T" }) : await answer(request),
  });
}

Deno.test("ApiClient.send() sends the token, and reads who answered and whether from a cache", async () => {
  const headers = { "x-served-by": "api_gateway_1", "x-upstream-served-by": "service_2" };
  const { send } = await client((request) => {
    assertEquals(request.headers.get("authorization"), "Bearer T");
    return Response.json({ cached: true, data: [] }, { headers });
  });
  assertEquals(await send(request), {
    kind: "answer",
    status: 200,
    gateway: "api_gateway_1",
    upstream: "service_2",
    cached: true,
    task: undefined,
  });
});

Deno.test("ApiClient.send() tells the task that was started, and answers though there was no answer", async () => {
  const started = await client(() => Response.json({ id: "t1" }, { status: 202 }));
  assertEquals({ ...await started.send(request) }.kind, "answer");
  assertEquals(Object(await started.send(request)).task, "t1");
  const broken = await client(() => Promise.reject(new TypeError("connection reset")));
  assertEquals(await broken.send(request), { kind: "none", reason: "TypeError" });
});

Deno.test("signIn() throws LoadError when it is refused, and when nobody answers", async () => {
  const refusing = () => Promise.resolve(new Response("no", { status: 401 }));
  await assertRejects(() => signIn("http://flotilla", { fetch: refusing }), LoadError, "as admin: 401 no");
  const absent = () => Promise.reject(new TypeError("refused"));
  await assertRejects(() => signIn("http://flotilla", { fetch: absent }), LoadError, "is the system running");
});
