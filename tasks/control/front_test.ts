import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals } from "@std/assert";
import type { PlannedProcess } from "../plan.ts";
import { BalancerClient } from "./balancer_client.ts";
import { Front } from "./front.ts";

function instance(port: number): PlannedProcess {
  return { name: `s_${port}`, group: "s", role: "service", host: "127.0.0.1", port, flags: [], calls: [] };
}

/** A balancer that has two upstreams, of which the first has so many requests in flight. */
function balancerWith(
  state: { inFlight: number; inRotation: boolean; failures?: number },
  clock: ManualClock,
) {
  const upstream = (port: number, more: object) => {
    const place = `127.0.0.1:${port}`;
    return {
      id: place,
      url: `http://${place}`,
      draining: false,
      weight: 1,
      inFlight: 9,
      inRotation: true,
      ...more,
    };
  };
  const fetch = () => {
    if ((state.failures ?? 0) > 0) {
      state.failures = (state.failures ?? 0) - 1;
      return Promise.reject(new TypeError("refused"));
    }
    const { inFlight, inRotation } = state;
    return Promise.resolve(
      Response.json({ upstreams: [upstream(1, { inFlight, inRotation }), upstream(2, {})] }),
    );
  };
  return new BalancerClient({ name: "edge", origin: "http://edge.test", token: "", fetch, clock });
}

Deno.test("untilIdle() waits for the instances' own requests, and tells how many there are", async () => {
  const clock = new ManualClock();
  const state = { inFlight: 3, inRotation: false };
  const front = new Front({ balancers: [balancerWith(state, clock)], instances: [instance(1)], clock });
  const told: number[] = [];
  const idle = front.untilIdle(10_000, (inFlight) => told.push(inFlight));
  await clock.advance(300);
  state.inFlight = 1;
  await clock.advance(300);
  state.inFlight = 0;
  await clock.advance(100);
  assertEquals([await idle, told], [true, [3, 1, 0]]);
});

Deno.test("untilIdle() gives up in time", async () => {
  const clock = new ManualClock();
  const front = new Front({
    balancers: [balancerWith({ inFlight: 1, inRotation: false }, clock)],
    instances: [instance(1)],
    clock,
  });
  const idle = front.untilIdle(1_000, () => {});
  await clock.advance(1_000);
  assertEquals(await idle, false);
});

Deno.test("untilSent() waits until every balancer sends requests, and bears one that is away for a moment", async () => {
  const clock = new ManualClock();
  const state = { inFlight: 0, inRotation: false, failures: 5 };
  const front = new Front({ balancers: [balancerWith(state, clock)], instances: [instance(1)], clock });
  const sent = front.untilSent(5_000);
  await clock.advance(1_000);
  state.inRotation = true;
  await clock.advance(100);
  assertEquals(await sent, true);
});
