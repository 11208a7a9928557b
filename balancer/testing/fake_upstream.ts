import type { PickContext } from "../attempt.ts";
import type { Health } from "../health.ts";
import { type Eligible, EVERY_UPSTREAM, type Strategy } from "../strategy.ts";
import type { Upstream } from "../upstream.ts";

/** An upstream that exists only for strategies to choose it. */
export class FakeUpstream implements Upstream {
  readonly id: string;
  readonly origin: string;
  readonly hostname: string;
  readonly port = 80;
  readonly secure = false;
  readonly weight: number;
  effectiveWeight: number;
  inFlight = 0;
  readonly queued = 0;
  readonly draining = false;
  readonly health: Health = { kind: "up", since: 0 };

  constructor(id: string, weight = 1) {
    this.id = id;
    this.hostname = id;
    this.origin = `http://${id}`;
    this.weight = weight;
    this.effectiveWeight = weight;
  }
}

/** One upstream for each weight. */
export function fakeUpstreams(weights: readonly number[]): FakeUpstream[] {
  return weights.map((weight, index) => new FakeUpstream(`upstream-${index}`, weight));
}

/** A request of this client. */
export function requestOf(address: string, headers: Readonly<Record<string, string>> = {}): PickContext {
  return { address, header: (name) => headers[name] };
}

/** What the strategy picks, out of those it was built from. */
export function pickFrom(
  upstreams: readonly FakeUpstream[],
  options: { strategy: Strategy; request?: PickContext; eligible?: Eligible },
): FakeUpstream | undefined {
  const { strategy, request = requestOf("192.0.2.1"), eligible = EVERY_UPSTREAM } = options;
  const picked = strategy.pick(request, eligible);
  return upstreams.find((upstream) => upstream === picked);
}

/** Begins a request as the balancer does. */
export function begin(strategy: Strategy, upstream: FakeUpstream): void {
  upstream.inFlight++;
  strategy.began?.(upstream);
}

/** Ends one. */
export function end(strategy: Strategy, upstream: FakeUpstream): void {
  upstream.inFlight--;
  strategy.ended?.(upstream);
}
