import { assertEquals, assertRejects } from "@std/assert";
import { eventually, ManualClock } from "@flotilla/runtime/testing";
import { WorkerLab } from "../testing/worker_lab.ts";
import { type GuardedAnswer, guardedFetch, type GuardedRequest } from "./guarded_fetch.ts";
import { httpTask } from "./http.ts";
import { AddressRefusedError, isPublicAddress } from "./public_address.ts";
import { signWebhook } from "./webhook_signature.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const net = (await Deno.permissions.query({ name: "net" })).state === "granted";

/** A receiver that answers as it is told to, and keeps what it got. */
function receiver(answers: readonly GuardedAnswer[] = []) {
  const calls: { url: string; request: GuardedRequest }[] = [];
  const send = (url: URL, request: GuardedRequest) => {
    calls.push({ url: url.href, request });
    return Promise.resolve(answers[calls.length - 1] ?? { status: 204, text: "" });
  };
  return { calls, send };
}

Deno.test("http sends JSON signed as Standard Webhooks has it, with the task's id as the message's", async () => {
  await using lab = await WorkerLab.open();
  const { calls, send } = receiver([{ status: 200, text: "thanks" }]);
  const worker = lab.worker([httpTask({ send })]);
  worker.start();
  const body = { hello: "world" };
  const id = await lab.send(worker, { task: "http", url: "https://example.com/hook", body, secret: SECRET });
  const done = await lab.until(worker, id, ["succeeded"]);
  assertEquals(done.result, { status: 200, body: "thanks" });
  const [call] = calls;
  const { "webhook-id": message, "webhook-timestamp": timestamp = "", "webhook-signature": signature } =
    call?.request.headers ?? {};
  assertEquals([call?.url, message, call?.request.body], [
    "https://example.com/hook",
    id,
    JSON.stringify(body),
  ]);
  assertEquals(signature, await signWebhook(SECRET, { id, timestamp, body: JSON.stringify(body) }));
});

Deno.test("http tries again after any answer but 2xx, and never after 410", async () => {
  await using lab = await WorkerLab.open();
  const { send } = receiver([{ status: 302, text: "" }, { status: 410, text: "" }]);
  // Time stands, so that what waits for its next try is seen waiting.
  const worker = lab.worker([httpTask({ send })], { clock: new ManualClock(Date.now()) });
  worker.start();
  const input = { task: "http", url: "https://example.com/" };
  const moved = await lab.until(worker, await lab.send(worker, input), ["retrying"]);
  assertEquals(Object(moved.error).message, "example.com answered 302");
  const gone = await lab.until(worker, await lab.send(worker, input), ["failed"]);
  assertEquals([Object(gone.error).message, gone.attempt], ["example.com answered 410", 1]);
});

Deno.test("a task with notify tells its end as a task of its own", async () => {
  await using lab = await WorkerLab.open();
  const { calls, send } = receiver();
  const worker = lab.worker([httpTask({ send })]);
  worker.start();
  const notify = { url: "https://example.com/told", secret: SECRET };
  const id = await lab.send(worker, { task: "http", url: "https://example.com/", notify });
  await eventually(() => calls.length === 2);
  const { type, data } = JSON.parse(calls[1]?.request.body ?? "{}");
  assertEquals([calls[1]?.url, type, data.id, data.status], [notify.url, "task.succeeded", id, "succeeded"]);
});

const request: GuardedRequest = {
  method: "POST",
  headers: {},
  body: "{}",
  signal: AbortSignal.timeout(60_000),
};

Deno.test("guardedFetch() refuses addresses of private networks, however they are written", async () => {
  const fetch = guardedFetch({ resolve: () => Promise.reject(new Error("must not be looked up")) });
  const urls = [
    "http://127.0.0.1/",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://[::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::a00:1]/",
    "http://[2002:a00:1::]/",
    "http://169.254.169.254/latest/meta-data",
    "http://0.0.0.0/",
    "http://user:password@8.8.8.8/",
  ];
  for (const url of urls) await assertRejects(() => fetch(new URL(url), request), AddressRefusedError);
});

Deno.test("guardedFetch() refuses a name when any of its addresses is private", async () => {
  const addresses = [{ address: "93.184.215.14", family: 4 }, { address: "10.0.0.1", family: 4 }];
  const fetch = guardedFetch({ resolve: () => Promise.resolve(addresses) });
  await assertRejects(
    () => fetch(new URL("http://example.com/"), request),
    AddressRefusedError,
    "example.com",
  );
});

Deno.test("http fails at once when its address is refused", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([httpTask()]);
  worker.start();
  const failed = await lab.until(worker, await lab.send(worker, { task: "http", url: "http://127.0.0.1/" }), [
    "failed",
  ]);
  assertEquals(failed.attempt, 1);
});

Deno.test({
  name: "guardedFetch() connects to the address it has judged, whatever the name says next",
  ignore: !net,
  async fn() {
    const hosts: (string | null)[] = [];
    await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (incoming) => {
      hosts.push(incoming.headers.get("host"));
      return new Response("x".repeat(100_000), { status: 201 });
    });
    let lookups = 0;
    const fetch = guardedFetch({
      allowPrivate: true,
      resolve: () => Promise.resolve([{ address: ++lookups === 1 ? "127.0.0.1" : "127.0.0.99", family: 4 }]),
    });
    const { status } = await fetch(new URL(`http://rebinding.test:${server.addr.port}/`), request);
    assertEquals([status, lookups, hosts], [201, 1, [`rebinding.test:${server.addr.port}`]]);
  },
});

Deno.test("isPublicAddress() knows the special-purpose addresses", () => {
  const special = [
    "10.1.2.3",
    "100.64.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
  ];
  const special6 = [
    "::",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
    "3fff::1",
    "::ffff:8.8.8.8",
  ];
  assertEquals([...special, ...special6].filter(isPublicAddress), []);
  const fine = ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"];
  assertEquals(fine.filter(isPublicAddress), fine);
});
