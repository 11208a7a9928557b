// deno-lint-ignore-file no-console -- a terminal program
import { flag, listFlag, number, portSchema, readFlags } from "@flotilla/runtime";
import { z } from "zod";
import { describeMachine } from "../machine.ts";
import { medians } from "../medians.ts";
import { keepSection } from "../results_file.ts";
import {
  type Layout,
  measureFull,
  type Measurement,
  measurePaced,
  PACED_SECONDS,
  PACED_WARM_UP_SECONDS,
} from "./measure.ts";
import { installNodePeers, PEERS } from "./peers.ts";
import { BY_PROCESSOR_TIME, BY_RATE, comparison, table, YARDSTICK } from "./report.ts";
import { startUpstream } from "./upstream.ts";
import { WORKLOADS } from "./workloads.ts";

const flags = readFlags({
  name: "deno task bench-balancer",
  summary: "measures the balancer beside nginx, HAProxy, Caddy and two proxies on Node, in one run",
}, {
  port: flag(portSchema.default(18_080), { help: "port of the upstream; the peers take the next one" }),
  seconds: flag(number(z.number().int().min(1)).default(2), { help: "length of one measurement" }),
  rounds: flag(number(z.number().int().min(1)).default(3), {
    help: "how often everything is measured; the median counts",
  }),
  peer: listFlag(z.enum(PEERS.map(({ name }) => name)), { help: "measure these only" }),
  workload: listFlag(z.enum(WORKLOADS.map(({ name }) => name)), { help: "measure these only" }),
  keep: flag(z.enum(["yes", "no"]).default("yes"), { help: "write bench/RESULTS.md" }),
});

const folder = await Deno.makeTempDir({ prefix: "flotilla-bench-" });
// nginx's workers, when started by root, are another user.
await Deno.chmod(folder, 0o755);
const layout: Layout = {
  folder,
  upstreamPort: flags.port,
  peerPort: flags.port + 1,
  peerCore: 0,
  clientCore: 1,
  seconds: flags.seconds,
};
const peers = PEERS.filter(({ name }) =>
  flags.peer.length === 0 || flags.peer.includes(name) || name === YARDSTICK
);
const workloads = WORKLOADS.filter(({ name }) =>
  flags.workload.length === 0 || flags.workload.includes(name)
);

try {
  if (peers.some(({ name }) => /^Node|^@fastify/.test(name))) await installNodePeers(folder);
  await using _upstream = await startUpstream({ folder, port: layout.upstreamPort, core: layout.clientCore });
  const full = medians(await inRounds((peer) => measureFull(peer, workloads, layout)), groupOf);
  const comparisons = [BY_RATE, BY_PROCESSOR_TIME].map((scale) => comparison(full, scale));
  const tables = [...comparisons, ...workloads.map(({ name }) => table(name, full))];
  const [small] = workloads;
  const yardstick = full.find(({ peer, workload }) => peer === YARDSTICK && workload === small?.name);
  if (small !== undefined && yardstick !== undefined) {
    const rate = Math.round(yardstick.requestsPerSecond / 2);
    const paced = await inRounds(async (peer) => [await measurePaced(peer, small, { layout, rate })]);
    tables.push(
      `At about ${rate} requests a second, half of what nginx does, for ${PACED_SECONDS} s on connections of their own, after ` +
        `${PACED_WARM_UP_SECONDS} s of the same. Latency is what counts here: the round with the middle p99.`,
    );
    tables.push(table(small.name, medians(paced, groupOf, ({ p99 }) => p99)));
  }
  const machine = await describeMachine({
    nginx: ["nginx", "-v"],
    HAProxy: ["haproxy", "-v"],
    Caddy: ["caddy", "version"],
    Node: ["node", "--version"],
  });
  const command = ["deno task bench-balancer", ...Deno.args].join(" ");
  const rounds = `${flags.rounds} rounds of ${flags.seconds} s each; the one with the middle rate counts.`;
  const text = [machine, `\`${command}\`: ${rounds}`, ...tables].join("\n\n");
  console.log(`\n${text}`);
  if (flags.keep === "yes") await keepSection("Balancer", text);
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function inRounds(
  measure: (peer: typeof peers[number]) => Promise<Measurement[]>,
): Promise<Measurement[]> {
  const rounds: Measurement[] = [];
  for (let round = 1; round <= flags.rounds; round++) {
    for (const peer of peers) {
      const measured = await measure(peer);
      rounds.push(...measured);
      for (const { workload, requestsPerSecond, microseconds, p50, p99, errors } of measured) {
        const cost = `${Math.round(requestsPerSecond)}/s, ${microseconds.toFixed(1)} µs`;
        const latency = `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
        console.log(`${peer.name}, ${workload}: ${cost}, ${latency}, ${errors} errors`);
      }
    }
  }
  return rounds;
}

function groupOf({ peer, workload }: Measurement): string {
  return `${peer}, ${workload}`;
}
