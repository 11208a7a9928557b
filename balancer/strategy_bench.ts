/** What a pick costs, with the request's begin and end: `deno bench balancer/strategy_bench.ts`. */
import { createStrategy, STRATEGY_NAMES } from "./strategies.ts";
import { EVERY_UPSTREAM } from "./strategy.ts";
import { begin, end, fakeUpstreams, requestOf } from "./testing/fake_upstream.ts";

const requests = Array.from({ length: 1_024 }, (_, i) => requestOf(`10.0.${i >> 8}.${i & 255}`));

for (const name of STRATEGY_NAMES) {
  for (const size of [2, 100, 10_000]) {
    const strategy = createStrategy(name);
    const upstreams = new Map(fakeUpstreams(Array(size).fill(1)).map((upstream) => [upstream.id, upstream]));
    strategy.rebuild([...upstreams.values()]);
    let next = 0;
    Deno.bench({
      name: `${name}, ${size} upstreams`,
      group: name,
      fn() {
        const request = requests[next++ & 1_023] ?? requestOf("10.0.0.0");
        const picked = upstreams.get(strategy.pick(request, EVERY_UPSTREAM)?.id ?? "");
        if (picked === undefined) throw new Error("Nothing was picked");
        begin(strategy, picked);
        strategy.answered?.(picked, 1);
        end(strategy, picked);
      },
    });
  }
}
