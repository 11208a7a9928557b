import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals } from "@std/assert";
import { Collector } from "./collector.ts";

const EDGE = "http://127.0.0.1:1";
const ADMIN = "http://127.0.0.1:2";
const UPSTREAM = "http://127.0.0.1:3";
const topology = {
  instances: [
    {
      name: "edge",
      role: "balancer",
      origin: EDGE,
      ownOrigin: EDGE,
      adminOrigin: ADMIN,
      tier: 0,
      calls: ["api_gateway_1"],
    },
    {
      name: "api_gateway_1",
      role: "gateway",
      origin: UPSTREAM,
      ownOrigin: UPSTREAM,
      tier: 1,
      calls: [],
    },
  ],
};

/** A balancer with one upstream, as its processes answer. */
class FakeBalancer {
  draining = false;
  weight = 1;
  alive = true;
  /** How often it was asked for its state. */
  asked = 0;

  readonly call = ({ url }: Request): Promise<Response> => {
    if (url === `${UPSTREAM}/metrics`) return Promise.resolve(new Response(""));
    if (!this.alive) return Promise.reject(new TypeError("refused"));
    if (url === `${EDGE}/metrics`) return Promise.resolve(new Response(this.#measures()));
    this.asked++;
    const { draining, weight } = this;
    const upstream = { id: "one", url: UPSTREAM, draining, weight };
    return Promise.resolve(Response.json({ strategy: "round-robin", upstreams: [upstream] }));
  };

  #measures(): string {
    const states = { up: 1, draining: this.draining ? 1 : 0, weight: this.weight };
    const lines = Object.entries(states).map(([name, value]) =>
      `flotilla_balancer_upstream_${name}{upstream="one"} ${value}\n`
    );
    return `flotilla_balancer_requests_total 0\nflotilla_balancer_ready 1\n${lines.join("")}`;
  }
}

function collect(balancer: FakeBalancer): Collector {
  const { call } = balancer;
  return new Collector({ topology: () => topology, call, adminToken: "token", clock: new ManualClock() });
}

function controlIn({ view }: Collector) {
  return view.instances.find(({ instance }) => instance.name === "api_gateway_1")?.upstream?.control;
}

Deno.test("Collector.look() asks a balancer for its state when its measures say that it has changed, and sees it at once", async () => {
  const balancer = new FakeBalancer();
  using collector = collect(balancer);
  for (let look = 0; look < 3; look++) await collector.look();
  assertEquals([balancer.asked, controlIn(collector)?.weight], [1, 1]);
  balancer.draining = true;
  await collector.look();
  assertEquals([balancer.asked, controlIn(collector)?.draining], [2, true]);
  balancer.weight = 2.5;
  await collector.look();
  assertEquals([balancer.asked, controlIn(collector)?.weight], [3, 2.5]);
});

Deno.test("Collector.look() forgets the state of a balancer that does not answer, and asks again when it does", async () => {
  const balancer = new FakeBalancer();
  using collector = collect(balancer);
  await collector.look();
  balancer.alive = false;
  await collector.look();
  assertEquals(controlIn(collector), undefined);
  balancer.alive = true;
  await collector.look();
  assertEquals([balancer.asked, controlIn(collector)?.weight], [2, 1]);
});
