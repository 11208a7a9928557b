import { assertEquals } from "@std/assert";
import { eventually } from "@flotilla/runtime/testing";
import { createBalancer } from "./balancer.ts";
import { ConnectionPool } from "./http1/connection_pool.ts";
import { Deadlines } from "./http1/deadlines.ts";
import { dial } from "./http1/sockets.ts";
import { tcpTransport } from "./http1/tcp_transport.ts";
import { TrunkDialer } from "./http1/trunk_dialer.ts";
import { STRATEGY_NAMES } from "./strategies.ts";
import { fetchTransport } from "./transports/fetch.ts";
import type { Transport } from "./transports/transport.ts";

const granted = async (name: "net" | "run" | "read") =>
  (await Deno.permissions.query({ name })).state === "granted";
const ignore = !(await granted("net") && await granted("run") && await granted("read"));

interface Process extends AsyncDisposable {
  readonly url: string;
  kill(signal: Deno.Signal): void;
}

async function start(name: string, file = "upstream_program.ts"): Promise<Process> {
  const program = new URL(`./testing/${file}`, import.meta.url).pathname;
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

/** Sends over trunks, which are closed with the transport. */
function trunkTransport(): Transport {
  const deadlines = new Deadlines();
  const trunks = new TrunkDialer({ dial, deadlines });
  const transport = tcpTransport({ pool: new ConnectionPool({ dial: trunks.dial, deadlines }) });
  const close = () => {
    transport.close();
    trunks[Symbol.dispose]();
    deadlines[Symbol.dispose]();
  };
  return { ...transport, close };
}

const cases = [
  ...STRATEGY_NAMES.map((strategy) => ({ strategy, create: fetchTransport, program: "upstream_program.ts" })),
  { strategy: "round-robin", create: tcpTransport, program: "upstream_program.ts" },
  { strategy: "round-robin", create: trunkTransport, program: "trunk_upstream_program.ts" },
] as const;

for (const { strategy, create, program } of cases) {
  for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
    Deno.test({
      name:
        `${strategy}, ${create.name}: fetch() fails no GET when one of three upstreams gets ${signal} under load`,
      ignore,
      async fn() {
        await using a = await start("a", program);
        await using b = await start("b", program);
        await using c = await start("c", program);
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
