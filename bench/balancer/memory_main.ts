// deno-lint-ignore-file no-console -- a terminal program
import { flag, number, readFlags } from "@flotilla/runtime";
import { dirname, fromFileUrl } from "@std/path";
import { z } from "zod";
import { describeMachine } from "../machine.ts";
import { answering, type Pinned, runPinned, startPinned } from "../pinned.ts";
import { v8Flags } from "../../tasks/v8_flags.ts";
import { keepSection } from "../results_file.ts";

const flags = readFlags({
  name: "deno task bench-memory",
  summary: "tells how much memory the balancer needs for slow readers and for idle connections",
}, {
  streams: flag(number(z.number().int().min(1)).default(1_000), {
    help: "concurrent downloads of 10 MB, read slowly",
  }),
  idle: flag(number(z.number().int().min(1)).default(5_000), { help: "idle keep-alive connections" }),
  keep: flag(z.enum(["yes", "no"]).default("yes"), { help: "write bench/RESULTS.md" }),
});

const PORT = 18_095;
const UPSTREAM = 18_096;
const HOST = "127.0.0.1";
const MEGABYTE = 1_048_576;
const ROOT = dirname(dirname(dirname(fromFileUrl(import.meta.url))));

const rows = [
  await measured("just started", () => Promise.resolve([])),
  await measured(`${flags.idle} idle keep-alive connections`, openIdle),
  await measured(`${flags.streams} downloads of 10 MB, 64 kB a second each`, () => openDownloads()),
];
const text = [
  await describeMachine({}),
  "Resident memory of the balancer's process, the highest it was.",
  ["| with | MB |", "| --- | ---: |", ...rows].join("\n"),
].join("\n\n");
console.log(text);
if (flags.keep === "yes") await keepSection("Memory", text);

async function measured(what: string, open: () => Promise<Deno.TcpConn[]>): Promise<string> {
  await using _upstream = startUpstream();
  await using balancer = startBalancer();
  await answering(`http://${HOST}:${PORT}/`, balancer);
  const connections = await open();
  const peak = await highestMemory(balancer.pid);
  for (const connection of connections) connection.close();
  return `| ${what} | ${Math.round(peak / MEGABYTE)} |`;
}

/** Serves 10 MB at `/large`, as fast as it is taken. */
function startUpstream(): Pinned {
  const program = `
    const chunk = new Uint8Array(65_536);
    Deno.serve({ port: ${UPSTREAM}, hostname: "${HOST}", onListen() {} }, (request) => {
      if (!request.url.endsWith("/large")) return new Response("ok");
      let left = 160;
      return new Response(new ReadableStream({ pull(c) { left-- > 0 ? c.enqueue(chunk.slice()) : c.close(); } }));
    });`;
  return startPinned([Deno.execPath(), "eval", program], { core: 1 });
}

function startBalancer(): Pinned {
  return startPinned([
    ...[
      Deno.execPath(),
      "run",
      "--no-prompt",
      ...v8Flags("balancer"),
      `--allow-net=${HOST}:${PORT},${HOST}:${UPSTREAM}`,
      "--allow-env",
    ],
    ...[`${ROOT}/balancer/main.ts`, "--port", String(PORT), "--upstream", `http://${HOST}:${UPSTREAM}`],
    ...["--log-level", "error"],
  ], { core: 0 });
}

async function openIdle(): Promise<Deno.TcpConn[]> {
  const connections: Deno.TcpConn[] = [];
  for (let index = 0; index < flags.idle; index++) {
    const connection = await request("/");
    await connection.read(new Uint8Array(4_096));
    connections.push(connection);
  }
  return connections;
}

/** Begins all downloads and reads from each a little every second, for as many seconds as are given. */
async function openDownloads(seconds = 10): Promise<Deno.TcpConn[]> {
  const connections = await Promise.all(Array.from({ length: flags.streams }, () => request("/large")));
  const end = performance.now() + seconds * 1_000;
  for (const connection of connections) void readSlowly(connection, end);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  return connections;
}

async function readSlowly(connection: Deno.TcpConn, end: number): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    while (performance.now() < end && await connection.read(buffer) !== null) {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  } catch {
    // It was closed when the time was over.
  }
}

async function request(path: string): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: HOST, port: PORT });
  await connection.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`));
  return connection;
}

async function highestMemory(pid: number): Promise<number> {
  // Deno reads nothing of another process under /proc without every permission there is.
  const status = await runPinned(["cat", `/proc/${pid}/status`], {});
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN) * 1_024;
}
