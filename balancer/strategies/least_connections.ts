import type { Strategy } from "../strategy.ts";
import type { Upstream } from "../upstream.ts";
import { type HeapNode, IndexedHeap } from "./indexed_heap.ts";

interface Load extends HeapNode {
  /** Virtual time of the next turn among equally loaded ones. */
  turn: number;
}

/**
 * Takes the upstream with the fewest requests in flight for its weight. Among equals they take turns,
 * weighted too (start-time fair queueing, Goyal, Vin, Cheng 1996): a quiet system is balanced as by
 * round-robin. O(log n) a pick.
 */
export function leastConnections(): Strategy {
  const heap = new IndexedHeap<Load>(byLoad);
  let loads = new Map<Upstream, Load>();
  let now = 0;

  function changed(upstream: Upstream): void {
    const load = loads.get(upstream);
    if (load !== undefined) heap.update(load);
  }

  return {
    name: "least-connections",
    rebuild(upstreams) {
      const before = loads;
      loads = new Map();
      heap.clear();
      for (const upstream of upstreams) {
        const load: Load = { upstream, turn: before.get(upstream)?.turn ?? now, position: -1 };
        loads.set(upstream, load);
        heap.push(load);
      }
    },
    pick(_request, eligible) {
      const load = heap.first(eligible);
      if (load === undefined) return undefined;
      now = Math.max(now, load.turn);
      load.turn = now + 1 / load.upstream.effectiveWeight;
      heap.update(load);
      return load.upstream;
    },
    began: changed,
    ended: changed,
  };
}

function byLoad(a: Load, b: Load): number {
  return a.upstream.inFlight / a.upstream.effectiveWeight -
      b.upstream.inFlight / b.upstream.effectiveWeight ||
    a.turn - b.turn;
}
