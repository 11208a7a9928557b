import { ManualClock } from "@flotilla/runtime/testing";
import { type Balancer, type BalancerOptions, createBalancer } from "../balancer.ts";
import { type FakeHandler, FakeTransport } from "./fake_transport.ts";
import { seededRandom } from "@flotilla/runtime";

/** A balancer in memory, over one pretended upstream for each handler. */
export interface TestBalancer extends AsyncDisposable {
  readonly balancer: Balancer;
  readonly clock: ManualClock;
  readonly transport: FakeTransport;
  /** Sends a request as a client at this address. */
  send(path: string, init?: RequestInit & { peer?: string }): Promise<Response>;
}

/** How {@linkcode testBalancer} differs from the defaults. */
export interface TestBalancerOptions extends Partial<BalancerOptions> {
  checks?: Readonly<Record<string, FakeHandler>>;
  clock?: ManualClock;
}

/** Makes one whose upstreams have passed their first check. */
export async function testBalancer(
  handlers: Readonly<Record<string, FakeHandler | undefined>>,
  options: TestBalancerOptions = {},
): Promise<TestBalancer> {
  const { checks, clock = new ManualClock(), ...rest } = options;
  const known = Object.entries(handlers).flatMap(([id, handler]) =>
    handler === undefined ? [] : [[id, handler]]
  );
  const transport = new FakeTransport(Object.fromEntries(known), checks);
  const upstreams = Object.keys(handlers).map((id) => ({ id, url: `http://${id}.test` }));
  const balancer = createBalancer({ upstreams, transport, clock, random: seededRandom(1), ...rest });
  await clock.advance(upstreams.length * 2);
  return {
    balancer,
    clock,
    transport,
    send(path, { peer = "203.0.113.9", ...init } = {}) {
      const remoteAddr = { transport: "tcp", hostname: peer, port: 1 } as const;
      return balancer.fetch(new Request(`http://balancer.test${path}`, init), { remoteAddr });
    },
    [Symbol.asyncDispose]: () => balancer.close(),
  };
}
