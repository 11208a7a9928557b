import { assertEquals } from "@std/assert";
import { eventually } from "@flotilla/runtime/testing";
import { createBalancer } from "./balancer.ts";
import { tcpTransport } from "./http1/tcp_transport.ts";
import { STRATEGY_NAMES } from "./strategies.ts";
import { fetchTransport } from "./transports/fetch.ts";

const granted = async (name: "net" | "run" | "read") =>
  (await Deno.permissions.query({ name })).state === "granted";
const ignore = !(await granted("net") && await granted("run") && await granted("read"));

interface Process extends AsyncDisposable {
  readonly url: string;
  kill(signal: Deno.Signal): void;
}

async function start(name: string): Promise<Process> {
  const program = new URL("./testing/upstream_program.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--allow-net=127.0.0.1", program, name],
    stdout: "piped",
    stderr: "null",
    stdin: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  return {
    url: `http://127.0.0.1:${value.trim()}`,
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch { /* it is dead already */ }
      await child.status;
      await reader.cancel();
    },
  };
}

/** Sends requests at a steady rate until told to stop; gives their statuses. */
function load(send: () => Promise<Response>, options: { every: number }) {
  const statuses: Promise<number>[] = [];
  const timer = setInterval(() => {
    statuses.push(
      send().then(async (response) => {
        await response.body?.cancel();
        return response.status;
      }),
    );
  }, options.every);
  return {
    get count() {
      return statuses.length;
    },
    async stop(): Promise<number[]> {
      clearInterval(timer);
      return await Promise.all(statuses);
    },
  };
}

const get = () => new Request("http://balancer.test/?wait=20");
const post = () => new Request("http://balancer.test/?wait=20", { method: "POST", body: "hello" });

const cases = [
  ...STRATEGY_NAMES.map((strategy) => ({ strategy, create: fetchTransport })),
  { strategy: "round-robin", create: tcpTransport },
] as const;

for (const { strategy, create } of cases) {
  for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
    Deno.test({
      name:
        `${strategy}, ${create.name}: fetch() fails no GET when one of three upstreams gets ${signal} under load`,
      ignore,
      async fn() {
        await using a = await start("a");
        await using b = await start("b");
        await using c = await start("c");
        await using balancer = createBalancer({ upstreams: [a, b, c], strategy, transport: create() });
        await eventually(() => balancer.snapshot().upstreams.every(({ health }) => health.kind === "up"));
        const reads = load(() => balancer.fetch(get()), { every: 5 });
        const writes = load(() => balancer.fetch(post()), { every: 20 });
        await eventually(() => reads.count >= 40);
        a.kill(signal);
        await eventually(() => balancer.snapshot().upstreams[0]?.health.kind === "down");
        const seen = reads.count;
        await eventually(() => reads.count >= seen + 40);
        if (signal === "SIGSTOP") a.kill("SIGCONT");
        assertEquals((await reads.stop()).filter((status) => status !== 200), []);
        // A POST may fail that was inside it; one that never reached it (503) may not.
        const writeStatuses = new Set(await writes.stop());
        assertEquals(writeStatuses.difference(new Set([200, 502, 504])), new Set());
      },
    });
  }
}
